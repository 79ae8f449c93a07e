"""Levers: read from any district's tables, and chosen values as an overlay that the district itself accepts."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qujiang.district import District
from qujiang.district.scenario import read_scenario
from qujiang.errors import DataError
from qujiang.plan import test_plan as run_plan
from qujiang.plan.levers import GROUPS, chosen_overlay, levers, step_of
from qujiang.tables.values import write
from qujiang.words import Both

NAMES = Both('an "English" name', "中文名")


@pytest.fixture(scope="module")
def found(district):
    return levers(district)


def laid(district: District, text: str, folder: Path) -> District:
    path = folder / "tried.toml"
    path.write_text(text, encoding="utf-8")
    return district.with_scenario(path)


def chosen(district, found, values, **more) -> str:
    return chosen_overlay(found, values, district, names=NAMES, reason="a test", **more)


def test_levers_say_what_they_are(found, district) -> None:
    assert {lever.group for lever in found} == set(GROUPS)
    assert [lever.group for lever in found] == sorted((x.group for x in found), key=GROUPS.index)
    assert len({lever.id for lever in found}) == len(found) > 150
    for lever in found:
        assert lever.low <= lever.now <= lever.high, lever.id
        assert lever.low < lever.high and lever.step > 0
        assert lever.status in ("documented", "derived", "assumed") and lever.source and lever.unit
        assert lever.name.en.strip() and lever.name.zh.strip()


def test_bounds_are_the_numbers_own_range_where_it_has_one(found, district) -> None:
    ranges = {(r["table"], r["row_id"], r["column"]): (r["low"], r["high"]) for r in district.assumptions().to_dicts()}
    ranged = [lever for lever in found if lever.ranged]
    assert len(ranged) > 100
    for lever in ranged:
        low, high = ranges.get((lever.table, lever.row, lever.column), (None, None))
        if low is not None and not lever.whole:
            assert (lever.low, lever.high) == pytest.approx((low, high))
    capacity = next(lever for lever in found if lever.table == "terminals" and not lever.ranged)
    assert (capacity.low, capacity.high) == (capacity.now / 2, capacity.now * 2)


def test_locks_are_only_those_that_are_asked_for(district) -> None:
    some = levers(district, ["fuchunjiang"])
    assert {lever.row for lever in some if lever.table == "locks"} == {"fuchunjiang"}


def test_nothing_chosen_is_no_scenario(found, district) -> None:
    assert chosen(district, found, {}) == ""
    assert chosen(district, found, {lever.id: lever.now for lever in found}) == ""


@pytest.mark.parametrize("end", ["low", "high"])
def test_everything_at_one_end_is_accepted_and_changes_each_number_as_asked(found, district, tmp_path, end) -> None:
    values = {lever.id: getattr(lever, end) for lever in found}
    after = laid(district, chosen(district, found, values), tmp_path)
    again = {lever.id: lever.now for lever in levers(after)}
    for name, value in values.items():
        assert again[name] == pytest.approx(value), name


@given(data=st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_choice_within_bounds_is_accepted_and_changes_nothing_else(found, district, tmp_path, data) -> None:
    picked = data.draw(st.lists(st.sampled_from(found), min_size=1, max_size=6, unique_by=lambda lever: lever.id))
    values = {}
    for lever in picked:
        part = data.draw(st.integers(0, 20))
        value = lever.low + (lever.high - lever.low) * part / 20
        values[lever.id] = float(round(value)) if lever.whole else value
    text = chosen(district, found, values)
    if not text:
        assert all(math.isclose(values[lever.id], lever.now) for lever in picked)
        return
    after = laid(district, text, tmp_path)
    changed = {(c.table, c.row_id) for c in after.changes}
    allowed = {(lever.table, lever.row) for lever in picked}
    if any(lever.column == "berth_count" for lever in picked):
        allowed |= {("terminals", name) for name in district["terminals"]["id"]}
    assert changed <= allowed
    for lever in levers(after):
        assert lever.now == pytest.approx(values.get(lever.id, lever.now))


def test_a_range_moves_along(found, district, tmp_path) -> None:
    values = {"rates/diesel_price/rate_value": 9.0, "demand_growth/dg02/growth_percent": 3.0}
    after = laid(district, chosen(district, found, values), tmp_path)
    cells = {(c.row_id, c.column): (float(c.before), float(c.after)) for c in after.changes}
    low, high = (cells["diesel_price", name] for name in ("low_value", "high_value"))
    assert low[1] / low[0] == pytest.approx(9.0 / 7.2) == high[1] / high[0]  # a price: by its part
    low, high = (cells["dg02", f"growth_{end}_percent"] for end in ("low", "high"))
    assert low[1] - low[0] == pytest.approx(2.0) == high[1] - high[0]  # a growth: by points


def test_berths_of_a_kind_keep_the_sums_of_the_terminal(found, district, tmp_path) -> None:
    kind = next(lever for lever in found if lever.column == "berth_count")
    after = laid(district, chosen(district, found, {kind.id: kind.now + 2}), tmp_path)
    terminal = dict(district["berths"].select("id", "terminal").iter_rows())[kind.row]
    counts = [dict(d["terminals"].select("id", "berth_count").iter_rows()) for d in (district, after)]
    assert counts[1][terminal] == counts[0][terminal] + 2


def test_every_faulty_value_is_told_at_once(found, district) -> None:
    whole = next(lever for lever in found if lever.whole)
    bad = {
        "rates/no_such/rate_value": 1.0,
        "rates/diesel_price/rate_value": math.nan,
        whole.id: whole.now + 0.5,
        "locks/fuchunjiang/lockages_per_year": -1.0,
        "demand_growth/dg02/growth_percent": True,
    }
    with pytest.raises(DataError) as told:
        chosen(district, found, bad)
    assert [fault.column for fault in told.value.faults] == list(bad)
    assert all(fault.rule and fault.mend for fault in told.value.faults)


def test_a_scenario_of_the_district_comes_first(found, district, tmp_path) -> None:
    path = district.folder / "scenarios" / "fuchunjiang-second-chamber.toml"
    scenario, faults = read_scenario(path)
    assert scenario is not None and not faults
    text = chosen(district, found, {"locks/fuchunjiang/vessels_per_lockage_count": 8.0}, built_on=[scenario])
    assert tomllib.loads(text)["name_en"] == NAMES.en
    after = laid(district, text, tmp_path)
    row = after["locks"].filter(after["locks"]["id"] == "fuchunjiang").to_dicts()[0]
    assert (row["chamber_count"], row["vessels_per_lockage_count"]) == (2, 8.0)
    alone = laid(district, chosen(district, found, {}, built_on=[scenario]), tmp_path)
    before = district.with_scenario(path)
    assert all(
        (write(alone["locks"][c]) == write(before["locks"][c])).fill_null(True).all() for c in alone["locks"].columns
    )


def test_a_lever_acts_on_the_plan(found, district, result, tmp_path) -> None:
    """More demand cannot bring less cargo; a target below what is reached is met."""
    growth = {lever.id: lever.now + 5 for lever in found if lever.table == "demand_growth"}
    values = growth | {"measures/m11/target_value": 4_300_000.0}
    laid(district, chosen(district, found, values), tmp_path)
    after = run_plan(district, str(tmp_path / "tried.toml"))
    key = "throughput_model_target_t_per_year"
    assert after.figures[key] > 1.1 * result.figures[key]
    port = {m.id: m for landmark in after.landmarks for m in landmark.measures}["m11"]
    assert (port.target, port.status) == (4_300_000.0, "on_track")


def test_a_district_without_freight_has_the_levers_that_it_has(district) -> None:
    bare = District(replace(district.info, port_place=None), {k: f.clear() for k, f in district.frames.items()}, {})
    assert levers(bare) == ()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.28, 0.5), (1.6e6, 6.4e6), (-5, 5), (3, 3)])
def test_steps_are_round_and_neither_few_nor_many(low: float, high: float) -> None:
    step = step_of(low, high)
    assert float(f"{step:.0e}") == step
    if high > low:
        assert 40 <= round((high - low) / step, 6) <= 100
