"""The cockpit's data: every number with status and source, maps that add up, differences that are differences."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from qujiang.district import District
from qujiang.errors import NotFoundError
from qujiang.plan import test_futures as run_futures
from qujiang.plan.years import flows_by_year
from qujiang.report import layers
from qujiang.report.cockpit import FORMAT, cockpit, lead, read_cockpit
from qujiang.report.coverage import DETOUR_RATIO, EARTH_M, MINUTES, SPEED_M_PER_MIN, circle, radius_m
from qujiang.report.differences import differences
from tests.report.conftest import a_measure


@pytest.fixture(scope="module")
def district() -> District:
    return District.open()


def answered(district: District, scenario: str | None = None) -> tuple[Any, dict[str, Any]]:
    overlaid = district if scenario is None else district.with_scenario(scenario)
    result = run_futures(district, scenario, count=128)
    years = flows_by_year(district, overlaid, {row["name"]: row["after"] for row in result.calibration})
    return result, cockpit(result, overlaid, years)


@pytest.fixture(scope="module")
def plan(district):
    return answered(district)


@pytest.fixture(scope="module")
def changed(district):
    return answered(district, "fuchunjiang-second-chamber")


def figures(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        if {"value", "unit", "status", "source"} <= data.keys():
            yield data
        for value in data.values():
            yield from figures(value)
    elif isinstance(data, list):
        for value in data:
            yield from figures(value)


def test_it_is_plain_json_that_reads_back(plan) -> None:
    content = plan[1]
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_an_answer_of_another_format_is_refused_with_both_formats_named(plan) -> None:
    content = plan[1]
    assert read_cockpit(json.dumps(content)) == content
    for other, said in ((FORMAT + 1, f"format {FORMAT + 1} and this program reads format {FORMAT}"), (None, "unknown")):
        with pytest.raises(NotFoundError, match=said):
            read_cockpit(json.dumps(content | {"format": other}).encode())
    with pytest.raises(NotFoundError, match="run it again"):
        read_cockpit("[1]")


def test_every_figure_tells_unit_status_and_a_source_that_is_explained(plan) -> None:
    content = plan[1]
    found = list(figures(content["landmarks"]))
    assert len(found) > 100
    for figure in found:
        assert figure["unit"] and figure["status"] in ("documented", "derived", "assumed")
        assert figure["source"] and set(figure["source"]) <= content["sources"].keys(), figure


def test_figures_are_those_of_the_result(plan) -> None:
    result, content = plan
    for landmark, told in zip(result.landmarks, content["landmarks"], strict=True):
        assert told["status"] == landmark.status
        for measure, shown in zip(landmark.measures, told["measures"], strict=True):
            for name, value in (("today", measure.today), ("target", measure.target), ("base", measure.median),
                                ("low", measure.low), ("high", measure.high), ("probability", measure.probability)):  # fmt: skip
                assert (shown[name] or {}).get("value") == value, (measure.id, name)
            if measure.binds and measure.binds[0].gain > 0:
                assert shown["binds"][0]["gain"]["value"] == measure.binds[0].gain
            documented = shown["today"] is not None and shown["today"]["status"] == "documented"
            assert documented == (measure.today is not None and measure.today_status == "documented")


def test_the_leading_measure_is_the_one_that_decides() -> None:
    def measure(name: str, status: str, probability: float | None = None, counts: bool = True):
        return a_measure(
            name, name, name, "ratio", 1.0, 2.0, 1.5, status=status, probability=probability, counts=counts
        )

    met, on_track, blind = measure("a", "met", 0.9), measure("b", "on_track", 0.8), measure("c", "untestable")
    off, worse, aside = (
        measure("d", "off_track", 0.3),
        measure("e", "off_track", 0.1),
        measure("f", "off_track", 0.0, False),
    )
    assert lead([met, on_track]) == on_track
    assert lead([met, on_track, blind]) == blind
    assert lead([met, off, blind, worse, aside]) == worse
    assert lead([aside]) == aside
    assert lead([]) is None


def test_flows_of_the_map_sum_to_those_of_the_model(plan) -> None:
    result, content = plan
    year = content["map"]["years"][-1]
    layer = layers.flows(content, year, least_share=0)
    total = sum(feature["properties"]["total_t"] for feature in layer["features"])
    exact = result.tables["freight/links"]["flow_t_per_year"].sum()
    assert total == pytest.approx(exact, abs=0.5 * sum(len(link["cargo"]) for link in content["map"]["links"]))
    by_cargo = sum(
        feature["properties"]["total_t"]
        for cargo in content["map"]["cargoes"]
        for feature in layers.flows(content, year, cargo=cargo, least_share=0)["features"]
    )
    assert by_cargo == total
    thin = layers.flows(content, year)
    assert len(thin["features"]) + thin["left_out"]["links"] == len(layer["features"])
    widths = [feature["properties"]["total_t"] for feature in thin["features"]]
    assert widths == sorted(widths) and widths[-1] == thin["largest_t"]


def test_flows_of_a_year_or_cargo_that_is_not_there_are_told(plan) -> None:
    content = plan[1]
    with pytest.raises(NotFoundError, match="there are 2024, 2025"):
        layers.flows(content, 1999)
    with pytest.raises(NotFoundError, match="gold"):
        layers.flows(content, 2027, cargo="gold")


def test_every_layer_is_geojson(plan, changed, district) -> None:
    content, other = plan[1], changed[1]
    made = [
        layers.flows(content, 2027), layers.locks(content, 2027), layers.places(content), layers.terminals(content),
        layers.venues(content), layers.coverage(content), layers.outlines(district.folder),
        layers.flow_differences(content, other, 2027), layers.lock_differences(content, other, 2027),
    ]  # fmt: skip
    for layer in made:
        assert layer["type"] == "FeatureCollection" and layer["features"]
        for feature in layer["features"]:
            assert feature["type"] == "Feature" and isinstance(feature["properties"], dict)
            for lon, lat in points(feature["geometry"]["coordinates"]):
                assert -180 <= lon <= 180 and -90 <= lat <= 90


def points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], int | float):
        yield coordinates[0], coordinates[1]
    else:
        for part in coordinates:
            yield from points(part)


def haversine_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, p)) for p in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(h))


@pytest.mark.parametrize(("lon", "lat"), [(118.95, 28.97), (0.0, 0.0), (-70.0, -55.0), (25.0, 69.0)])
def test_a_circle_is_closed_turns_left_and_has_one_radius(lon: float, lat: float) -> None:
    metres = radius_m()
    assert metres == MINUTES * SPEED_M_PER_MIN / DETOUR_RATIO
    ring = circle(lon, lat, metres)
    assert ring[0] == ring[-1]
    for point in ring:
        assert haversine_m((lon, lat), (point[0], point[1])) == pytest.approx(metres, abs=0.2)  # 6 decimals are 0.1 m
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2
    assert area > 0  # RFC 7946: outer rings run counter-clockwise


def test_coverage_says_that_it_is_an_approximation(plan) -> None:
    layer = layers.coverage(plan[1])
    assert layer["status"] == "assumed" and "approximation" in layer["how"]["en"] and "近似" in layer["how"]["zh"]
    open_ones = [v for v in plan[1]["map"]["venues"] if v["state"] == "open" and v["lon"] is not None]
    assert len(layer["features"]) == len(open_ones) > 0


def test_an_answer_does_not_differ_from_itself(plan) -> None:
    content = plan[1]
    table = differences(content, content)
    assert table["comparable_futures"]
    assert not any(row["changed"] for part in ("measures", "limits", "locks", "figures") for row in table[part])
    assert layers.flow_differences(content, content, 2027)["features"] == []


def test_differences_are_after_less_before(plan, changed) -> None:
    (before, first), (after, second) = plan, changed
    table = differences(first, second)
    old = {row["lock"]: row["load_share"] for row in before.locks}
    new = {row["lock"]: row["load_share"] for row in after.locks}
    row = next(row for row in table["locks"] if row["lock"] == "fuchunjiang")
    assert row["changed"] and row["load_share"]["change"] == pytest.approx(new["fuchunjiang"] - old["fuchunjiang"])
    assert row["load_share"]["change"] < 0  # twice the lockages
    backward = differences(second, first)
    for there, back in zip(table["measures"], backward["measures"], strict=True):
        change = there["base"]["change"]
        assert back["base"]["change"] == (None if change is None else -change)
    flows = layers.flow_differences(first, second, 2027)
    assert flows["features"] and all(f["properties"]["change_t"] for f in flows["features"])
