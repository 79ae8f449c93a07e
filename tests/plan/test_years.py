"""Flows of every year: equal to the plan's own at both ends, growing as each cargo does in between."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest

from qujiang.plan import test_plan as run_plan
from qujiang.plan.years import MOST_YEARS, flows_by_year, years_between


@pytest.fixture(scope="module")
def fitted(result) -> dict[str, float]:
    return {row["name"]: row["after"] for row in result.calibration}


@pytest.fixture(scope="module")
def years(district, fitted):
    return flows_by_year(district, district, fitted)


def by_link(flows) -> dict[tuple[str, str, str], float]:
    total: dict[tuple[str, str, str], float] = defaultdict(float)
    for (mode, a, b, _), tonnes in flows.links.items():
        total[mode, a, b] += tonnes
    return total


def test_the_ends_are_those_of_the_plan(years, result) -> None:
    assert years[0].year == result.district["base_year"] and years[-1].year == result.district["target_year"]
    assert years[0].throughput_t_per_year == pytest.approx(result.figures["throughput_model_base_t_per_year"])
    assert years[-1].throughput_t_per_year == pytest.approx(_target_t(result))
    links = {
        (row["mode"], row["from_place"], row["to_place"]): row["flow_t_per_year"]
        for row in result.tables["freight/links"].to_dicts()
    }
    assert by_link(years[-1]) == pytest.approx(links)
    assert [dict(row) for row in years[-1].locks] == [dict(row) for row in result.locks]


def _target_t(result) -> float:
    """The model's tonnes of the target year: the documented ones with the pivot taken out."""
    figures = result.figures
    pivot = figures["throughput_today_t_per_year"] / figures["throughput_model_base_t_per_year"]
    return figures["throughput_target_t_per_year"] / pivot


def _ends(flows) -> dict[tuple[str, str], float]:
    """Tonnes of each cargo that end at a place less those that begin there, whatever way they go."""
    net: dict[tuple[str, str], float] = defaultdict(float)
    for (_, a, b, cargo), tonnes in flows.links.items():
        net[a, cargo] -= tonnes
        net[b, cargo] += tonnes
    return net


def test_every_cargo_grows_at_both_its_ends_by_its_own_rate(years, district) -> None:
    """Waits turn cargo to other ways; what begins and ends at a place still grows as its demand, (1 + g) a year."""
    growth = dict(zip(district["demand_growth"]["cargo"], district["demand_growth"]["growth_percent"], strict=True))
    first = _ends(years[0])
    assert len(years[0].links) > 1000
    for later in years[1:]:
        for (place, cargo), tonnes in _ends(later).items():
            grown = first[place, cargo] * (1 + growth[cargo] / 100) ** (later.year - years[0].year)
            assert tonnes == pytest.approx(grown, rel=1e-6, abs=1e-3)


def test_tonnes_are_conserved_at_every_place(years, result) -> None:
    """What enters a place by all modes and does not leave it ends there; over all places that sums to nothing."""
    net: dict[str, float] = defaultdict(float)
    for (_, a, b, _), tonnes in years[0].links.items():
        net[a] -= tonnes
        net[b] += tonnes
    assert math.fsum(net.values()) == pytest.approx(0, abs=1e-3)
    produced = -math.fsum(value for value in net.values() if value < 0)
    ended = math.fsum(value for value in net.values() if value > 0)
    assert produced == pytest.approx(ended)


def test_a_scenario_is_in_force_from_the_first_later_year_on(district, fitted, years, scenario) -> None:
    path = scenario('[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = 2.0')
    doubled = flows_by_year(district, district.with_scenario(path), fitted)
    assert doubled[0].links == pytest.approx(years[0].links)
    for once, twice in zip(years[1:], doubled[1:], strict=True):
        ends = _ends(twice)
        for key, tonnes in _ends(once).items():
            assert ends[key] == pytest.approx(2 * tonnes, rel=1e-6, abs=1e-3)
    last = run_plan(district, path)
    assert doubled[-1].throughput_t_per_year == pytest.approx(_target_t(last))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(2024, 2024, [2024]), (2025, 2024, [2025]), (2024, 2027, [2024, 2025, 2026, 2027])],
)
def test_years_between(first: int, last: int, expected: list[int]) -> None:
    assert years_between(first, last) == expected


def test_a_far_target_keeps_both_ends_and_few_years() -> None:
    found = years_between(2024, 2060)
    assert (found[0], found[-1], len(found)) == (2024, 2060, MOST_YEARS)
    assert found == sorted(set(found))
