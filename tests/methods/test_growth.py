"""Growth, required growth and arrows against worked numbers and their own identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.methods import growth

# base, now, target, years gone, years in all, bound, r, class, linear ratio, score: methods/outlook.md section 3.
# Open SDG (after Statistics Canada): CAGR method; thresholds 0.95, 0.60, 0; tolerance half the last printed digit.
ARROWS = [
    (50.0, 60.0, 100.0, 3, 6, ">=", 0.5117, "limited", 0.4000, -0.368),
    (4.0, 4.2, 10.0, 2, 5, ">=", 0.1228, "limited", 0.0833, -1.988),
    (80.0, 70.0, 60.0, 2, 5, "<=", 1.1551, "substantial", 1.2500, 3.965),
    (50.0, 48.0, 80.0, 2, 5, ">=", -0.2050, "deterioration", -0.1667, -3.354),
]


@pytest.mark.parametrize(("base", "now", "target", "gone", "whole", "bound", "r", "name", "linear", "points"), ARROWS)
def test_published_arrows(
    base: float,
    now: float,
    target: float,
    gone: int,
    whole: int,
    bound: str,
    r: float,
    name: str,
    linear: float,
    points: float,
) -> None:
    ratio = growth.cagr_ratio(base, now, target, gone, whole, bound=bound)
    assert ratio == pytest.approx(r, abs=5e-5)
    assert growth.arrow(float(ratio)) == name
    assert growth.linear_ratio(base, now, target, gone, whole) == pytest.approx(linear, abs=5e-5)
    assert growth.score(ratio) == pytest.approx(points, abs=5e-4)


@pytest.mark.parametrize(
    ("base", "now", "published", "computed", "agreed"),
    [
        (69_737, 74_426, 6.7, 6.724, True),  # retail January-February 2022, 亿元
        (74_426, 77_067, 3.5, 3.548, True),  # 2023: agrees by rounding
        (66_064, 69_737, 6.4, 5.560, False),  # 2021 on 2019: the base was revised in silence
    ],
)
def test_published_growth_of_retail_sales(
    base: float, now: float, published: float, computed: float, agreed: bool
) -> None:
    found = growth.growth_percent(base, now)
    assert found == pytest.approx(computed, abs=5e-4)
    assert growth.agrees(published, float(found)) is agreed


def test_the_implied_base_of_2019_and_the_two_year_mean() -> None:
    assert growth.implied_base(69_737.0, 6.4) == pytest.approx(65_542, abs=0.5)
    assert growth.cagr_percent(1.0, 1.064, 2.0) == pytest.approx(3.150, abs=5e-4)
    assert growth.agrees(3.2, float(growth.cagr_percent(1.0, 1.064, 2.0)))


def test_retail_sales_of_2024_follow_from_those_of_2025() -> None:
    assert growth.implied_base(77.86, 3.5) == pytest.approx(75.23, abs=0.005)


def test_fifty_to_four_hundred_and_twenty_is_plus_740_percent() -> None:
    assert growth.growth_percent(50.0, 420.0) == pytest.approx(740.0, abs=1e-9)


def test_what_ten_million_tonnes_ask() -> None:
    assert growth.required_growth_percent_per_year(4.2e6, 10e6, 3) == pytest.approx(33.53, abs=5e-3)
    assert growth.compound(4.2e6, 33.53145, 3) == pytest.approx(10e6, rel=1e-5)


@pytest.mark.parametrize(
    ("base", "target", "years", "reason"),
    [
        (0.0, 10.0, 2.0, "the base is zero"),
        (-5.0, 10.0, 2.0, "the sign changes on the way"),
        (5.0, -1.0, 2.0, "the sign changes on the way"),
        (5.0, 0.0, 2.0, "no growth reaches zero"),
        (-5.0, -1.0, 2.0, "the base is negative"),
        (5.0, 10.0, 0.0, "no time is left"),
        (5.0, 10.0, -1.0, "no time is left"),
        (math.nan, 10.0, 2.0, "a number is missing"),
    ],
)
def test_what_has_no_growth_is_refused(base: float, target: float, years: float, reason: str) -> None:
    assert math.isnan(growth.required_growth_percent_per_year(base, target, years))
    assert growth.refusal(base, target, years) == reason


def test_a_target_of_zero_counts_as_a_thousandth_in_the_arrow() -> None:
    at_zero = growth.cagr_ratio(10.0, 5.0, 0.0, 1, 2, bound="<=")
    assert at_zero == growth.cagr_ratio(10.0, 5.0, 0.001, 1, 2, bound="<=")
    assert growth.arrow(float(growth.cagr_ratio(0.0, 5.0, 10.0, 1, 2, bound=">="))) == "not available"


def test_classes_change_at_their_thresholds() -> None:
    edges = {
        0.95: "substantial",
        0.9499: "moderate",
        0.60: "moderate",
        0.5999: "limited",
        0.0: "limited",
        -1e-9: "deterioration",
    }
    assert {r: growth.arrow(r) for r in edges} == edges
    assert growth.arrow(math.nan) == "not available"
    assert growth.arrow(-3.0, achieved=True) == "achieved"


def test_without_a_target_thresholds_shrink_near_a_limit() -> None:
    assert growth.arrow_without_target(1.5, bound=">=") == "substantial"
    assert growth.arrow_without_target(-0.6, bound="<=") == "moderate"
    assert growth.arrow_without_target(1.0, bound=">=") == "moderate"
    assert (
        growth.arrow_without_target(1.0, bound=">=", base_to_limit_ratio=0.9) == "substantial"
    )  # 1.5 x (1 - 0.6264) = 0.56
    assert growth.arrow_without_target(-0.1, bound=">=", base_to_limit_ratio=1.0) == "deterioration"


def test_the_score_is_zero_between_limited_and_moderate_and_cut_at_five() -> None:
    assert growth.score(0.6) == pytest.approx(0.0, abs=5e-5)
    np.testing.assert_array_equal(growth.score([9.0, -9.0]), [5.0, -5.0])


@pytest.mark.parametrize(
    ("value", "pace", "target", "bound", "year"),
    [
        (4.2, 6.0, 10.0, ">=", 2039),  # ln(10/4.2)/ln(1.06) = 14.89 years after 2024
        (4.2, 33.6, 10.0, ">=", 2027),
        (100.0, 10.0, 121.0, ">=", 2026),  # exactly two years
        (100.0, 10.0, 121.0, ">", 2027),
        (100.0, -10.0, 81.0, "<=", 2026),
        (100.0, 3.0, 90.0, ">=", 2024),  # met already
    ],
)
def test_earliest_year(value: float, pace: float, target: float, bound: str, year: int) -> None:
    assert growth.earliest_year(value, 2024, pace, target, bound=bound) == year


def test_a_value_that_moves_away_never_arrives() -> None:
    assert math.isnan(growth.earliest_year(4.2, 2024, -1.0, 10.0, bound=">="))
    assert math.isnan(growth.earliest_year(4.2, 2024, 0.0, 10.0, bound=">="))
    assert math.isnan(growth.earliest_year(20.0, 2024, 1.0, 10.0, bound="<="))


positive = st.floats(1.0, 1e6)
years = st.integers(1, 30)


@given(positive, positive, years)
def test_required_growth_leads_to_the_target(today: float, target: float, left: int) -> None:
    asked = growth.required_growth_percent_per_year(today, target, left)
    assert growth.compound(today, asked, left) == pytest.approx(target, rel=1e-7)  # -99.99… % costs digits


@given(positive, st.floats(-99.0, 500.0))
def test_the_implied_base_grows_back(now: float, percent: float) -> None:
    assert growth.compound(growth.implied_base(now, percent), percent, 1) == pytest.approx(now, rel=1e-9)


@given(positive, st.floats(0.1, 80.0), positive, st.sampled_from([">=", ">"]))
def test_the_earliest_year_is_met_and_the_year_before_is_not(
    value: float, pace: float, target: float, bound: str
) -> None:
    year = growth.earliest_year(value, 2024, pace, target, bound=bound)
    slack = 1 + 1e-6
    assert growth.compound(value, pace, year - 2024) * slack >= target
    if year > 2024:
        assert growth.compound(value, pace, year - 2025) <= target * slack


@given(positive, positive, positive, st.integers(1, 5), st.integers(0, 5))
def test_ratios_do_not_depend_on_the_unit(base: float, now: float, target: float, gone: int, left: int) -> None:
    small = growth.linear_ratio(base, now, target, gone, gone + left)
    large = growth.linear_ratio(base * 1e4, now * 1e4, target * 1e4, gone, gone + left)
    assert large == pytest.approx(small, rel=1e-6, nan_ok=True)


def test_bounds_and_gaps_know_their_direction() -> None:
    assert growth.is_met(17.0, 17.0, "<=") and not growth.is_met(1.0, 1.0, ">")
    assert growth.gap(4.2, 10.0, ">=") == pytest.approx(5.8)
    assert growth.gap(80.0, 60.0, "<=") == 20.0
    with pytest.raises(ValueError, match="must be one of"):
        growth.is_met(1.0, 1.0, "=")


def test_arrays_keep_their_shape() -> None:
    assert growth.required_growth_percent_per_year(np.ones((2, 3)), 2.0, 1.0).shape == (2, 3)
    assert growth.cagr_ratio(np.ones(4), 2.0, 3.0, 1.0, 2.0, bound=">=").shape == (4,)
