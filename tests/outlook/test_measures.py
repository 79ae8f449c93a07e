"""Measures judged on the plan's figures, and every way of not being judged."""

from __future__ import annotations

import pytest

from qujiang.district import observations as series
from qujiang.errors import DataError
from qujiang.outlook import measures as m

from .frames import measures, observations, seen

SEEN = series.read(
    observations(seen("2025-01", "2025-08", 7.786e9, 3.5), seen("2023-01", "2023-11", 86.98e9, 10.1, area="衢州市"))
)
RETAIL = {"id": "m31", "today_value": 11.7e9, "target_value": 12.9e9}


def judged(row: dict, given: dict[str, float] | None = None, now_year: int = 2025) -> m.MeasureState:
    (state,) = m.judge_all(measures(row), given, SEEN, now_year=now_year, area="衢江区")
    return state


def test_retail_sales_grow_less_than_their_target_asks() -> None:
    state = judged(RETAIL)
    assert state.years_left == 2
    assert state.required_growth_percent_per_year == pytest.approx(5.003, abs=5e-4)
    assert state.base_value == pytest.approx(11.7e9 * 1.035**2)
    assert (state.base_status, state.state, state.arrow, state.light) == ("derived", "off_track", "moderate", "yellow")
    assert state.ratio == pytest.approx(3.5 / 5.003, abs=1e-4)
    assert state.gap_value == pytest.approx(1.2e9)
    assert state.earliest_year == 2028  # ln(12.9/11.7)/ln(1.035) = 2.84 years after 2025
    assert "3.5 % a year (nominal; s001: retail_sales of 衢江区, 2025-01..2025-08)" in state.rests_on[0]
    assert state.rests_on[1] == "today's value is derived"


def test_the_ten_million_tonnes_take_their_base_value_from_freight() -> None:
    row = {"id": "m11", "today_value": 4.2e6, "target_value": 10e6, "model": "freight_throughput", "landmark_no": 1}
    state = judged(row, {"m11": 5.0e6}, now_year=2024)
    assert state.required_growth_percent_per_year == pytest.approx(33.53, abs=5e-3)
    assert (state.state, state.base_value, state.base_status) == ("off_track", 5.0e6, "derived")
    assert state.ratio == pytest.approx(0.8 / 5.8)
    assert (state.arrow, state.arrow_method) == ("limited", "linear, base value at the target year")
    assert judged(row, {"m11": 10e6}).state == "on_track"
    alone = judged(row)
    assert (alone.state, alone.base_value, alone.arrow) == ("unknown", None, "not available")
    assert alone.reason == "not computed here: freight model, throughput"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"today_value": None}, "no figure of today"),
        ({"target_value": None}, "no target"),
        ({"target_year": None}, "no target year"),
        (
            {"today_value": None, "target_value": None, "target_year": None},
            "no figure of today; no target; no target year",
        ),
        ({"today_value": None, "model": "access"}, "today's figure is computed by a room that is not built (access)"),
    ],
)
def test_what_is_missing_is_said_and_never_filled_in(change: dict, reason: str) -> None:
    state = judged(RETAIL | change, {"m31": 99e9})
    assert (state.state, state.reason, state.light) == ("untestable", reason, "grey")
    assert (state.base_value, state.required_growth_percent_per_year, state.gap_value, state.earliest_year) == (
        None,
    ) * 4
    for name, value in change.items():
        if name != "model":
            assert getattr(state, name) is value


def test_a_target_not_to_rise_is_met_by_the_value_carried_forward() -> None:
    row = {"id": "m14", "today_value": 17.0, "target_value": 17.0, "bound": "<=", "model": "carried"}
    state = judged(row)
    assert (state.state, state.arrow, state.base_status, state.earliest_year) == ("met", "achieved", "assumed", 2025)
    assert state.rests_on == ("no evidence of growth: today's value carried forward",)
    lost = judged(row | {"model": "freight_water_cost"}, {"m14": 24.0})
    assert (lost.state, lost.arrow) == ("off_track", "not available")
    assert lost.reason.startswith("met today, but lost by 2027")


def test_a_carried_value_below_its_target_is_off_track_without_an_arrow() -> None:
    state = judged(RETAIL | {"model": "carried", "today_value": 240.0, "target_value": 300.0})
    assert (state.state, state.arrow, state.base_value, state.earliest_year) == (
        "off_track",
        "not available",
        240.0,
        None,
    )


def test_a_strict_bound_is_not_met_by_equality() -> None:
    row = {"today_value": 1.0, "target_value": 1.0, "model": "carried", "bound": ">"}
    assert judged(row).state == "off_track"
    assert judged(row | {"bound": ">="}).state == "met"


def test_a_falling_target_knows_its_direction() -> None:
    shrinking = series.read(observations(seen("2025", "2025", 2000.0, -6.0, basis="year", indicator="area_per_tenant")))
    row = {"today_value": 2000.0, "target_value": 1600.0, "bound": "<=", "model_argument": "area_per_tenant"}
    (state,) = m.judge_all(measures(row), None, shrinking, now_year=2025)
    assert state.required_growth_percent_per_year == pytest.approx(-10.557, abs=5e-4)
    assert state.ratio == pytest.approx(6 / 10.557, abs=1e-4)
    assert (state.gap_value, state.arrow, state.earliest_year) == (400.0, "limited", 2029)


def test_no_growth_leads_out_of_zero() -> None:
    state = judged(RETAIL | {"today_value": 0.0})
    assert state.required_growth_percent_per_year is None
    assert (state.state, state.arrow) == ("off_track", "not available")


def test_a_growth_that_nobody_published_is_unknown() -> None:
    assert judged(RETAIL | {"model_argument": "nights"}).reason == "no published growth of nights in 衢江区"
    (state,) = m.judge_all(measures(RETAIL), None, SEEN, now_year=2025)
    assert (state.state, state.reason) == ("unknown", "retail_sales has several areas: 衢江区, 衢州市")
    (state,) = m.judge_all(measures(RETAIL), now_year=2025)
    assert state.reason == "no observations to take a growth from"
    assert judged(RETAIL | {"model": "none"}).reason == "no model of where it goes"


def test_growth_is_counted_from_the_year_of_todays_figure() -> None:
    early, late = judged(RETAIL, now_year=2024), judged(RETAIL, now_year=2027)
    assert (early.years_left, early.today_year, late.years_left) == (3, 2025, 0)
    assert (
        early.required_growth_percent_per_year
        == late.required_growth_percent_per_year
        == pytest.approx(5.003, abs=5e-4)
    )
    assert late.base_value == pytest.approx(11.7e9 * 1.035**2)
    told = measures(RETAIL).with_columns(today_year=2026)
    (state,) = m.judge_all(told, None, SEEN, now_year=2025, area="衢江区")
    assert (state.today_year, state.base_value) == (2026, pytest.approx(11.7e9 * 1.035))


def test_in_the_target_year_no_time_is_left() -> None:
    state = judged(RETAIL | {"model": "carried"}, now_year=2027)
    assert (state.years_left, state.required_growth_percent_per_year, state.state) == (0, None, "off_track")


def test_faulty_measures_are_told_together() -> None:
    faulty = measures(
        RETAIL,
        RETAIL | {"target_year": 2024},
        RETAIL | {"bound": "="},
        RETAIL | {"today_low_value": 5.0, "today_high_value": 4.0},
    )
    with pytest.raises(DataError) as caught:
        m.judge_all(faulty, None, SEEN, now_year=2025)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [
        (3, "target_year"),
        (4, "bound"),
        (5, "today_low_value"),
    ]
    assert "ask as of 2024" in caught.value.faults[0].mend


def test_the_port_trade_goal_is_never_foreign_trade() -> None:
    goal = {
        "id": "m15",
        "name_zh": "百亿贸易",
        "today_value": None,
        "target_value": 1e10,
        "model": "none",
        "counts": False,
    }
    state = judged(goal)
    assert (state.state, state.reason, state.counts) == ("untestable", "no figure of today", False)
