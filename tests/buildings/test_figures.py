"""Closed forms of the field's figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.buildings.figures import (
    TAX_EDGES_YUAN_PER_M2,
    band,
    herfindahl,
    remaining_years,
    share,
    top_share,
    weighted_mean,
)

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
AREAS = st.lists(st.floats(1.0, 1e5), min_size=1, max_size=30)


def test_wale_by_hand() -> None:
    assert weighted_mean([1.0, 3.0], [1_000.0, 3_000.0]) == 2.5
    on = date(2025, 1, 1)
    years = [remaining_years(on, date(2025, 12, 31)), remaining_years(on, date(2027, 12, 31))]
    assert years == [1.0, 3.0]
    assert (
        weighted_mean([*years, remaining_years(on, date(2024, 3, 1))], [1_000.0, 3_000.0, 1_000.0]) == 2.0
    )  # holding over: 0
    assert weighted_mean([], []) is None


@pytest.mark.parametrize(("areas", "hhi"), [([50, 30, 20], 3_800), ([1, 1, 1, 1], 2_500), ([7], 10_000), ([], None)])
def test_concentration_by_hand(areas: list[float], hhi: float | None) -> None:
    assert herfindahl(areas) == hhi


def test_top_share_by_hand() -> None:
    assert top_share([5, 4, 3, 2, 1, 5]) == 19 / 20
    assert top_share([]) is None
    assert share(1.0, 0.0) is None


@given(AREAS)
def test_concentration_lies_between_equal_shares_and_one_firm(areas: list[float]) -> None:
    hhi, top = herfindahl(areas), top_share(areas)
    assert hhi is not None and top is not None
    assert 10_000 / len(areas) * (1 - 1e-9) <= hhi <= 10_000 * (1 + 1e-9)
    assert min(1.0, 5 / len(areas)) * (1 - 1e-9) <= top <= 1 + 1e-9


@given(DAYS, st.integers(0, 30), DAYS)
def test_remaining_years_count_anniversaries_and_never_fall(on: date, years: int, other: date) -> None:
    if (on.month, on.day) != (2, 29):
        assert remaining_years(on, on.replace(year=on.year + years) - timedelta(days=1)) == years
    left = remaining_years(on, other)
    assert left == 0.0 if other < on else left > 0.0
    assert remaining_years(on, other + timedelta(days=1)) >= left
    assert abs(left - max(0, (other - on).days + 1) / 365.25) < 0.01


@given(st.floats(0, 1e5))
def test_a_band_holds_its_value(value: float) -> None:
    low, _, high = band(value, TAX_EDGES_YUAN_PER_M2).replace(",", "").replace("+", "..inf").partition("..")
    assert float(low) <= value < float(high)
