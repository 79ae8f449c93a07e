"""Earned schedule and lights at their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.methods import earned


def test_a_project_that_ends_late_stays_late() -> None:
    """Planned 100 days, done after 125: SPI runs to EV / PV = 1, SPI(t) to 100 / 125."""
    assert earned.schedule_index([0.0, 1.0], [0.0, 100.0], 1.0, 125.0) == 0.8
    assert earned.cost_index(1.0, 100.0, 125.0) == 0.8
    assert earned.schedule_index([0.0, 1.0], [0.0, 100.0], 0.0, 0.0) is None
    assert earned.cost_index(0.5, 100.0, 0.0) is None


@given(st.floats(1.0, 1000.0), st.floats(0.0, 1.0))
def test_progress_as_planned_is_on_schedule(days: float, share: float) -> None:
    assert earned.earned_schedule([0.0, 1.0], [0.0, days], share) == pytest.approx(share * days)
    if share > 0.001:
        assert earned.schedule_index([0.0, 1.0], [0.0, days], share, share * days) == pytest.approx(1.0)


def test_the_schedule_follows_the_curve_of_the_plan() -> None:
    plan, days = [0.0, 0.1, 0.1, 0.6, 1.0], [0, 30, 60, 90, 120]
    assert earned.earned_schedule(plan, days, 0.1) == 30.0  # the earliest day that had it
    assert earned.earned_schedule(plan, days, 0.35) == 75.0
    assert earned.earned_schedule(plan, days, 1.0) == 120.0
    with pytest.raises(ValueError, match="does not fall"):
        earned.earned_schedule([0.0, 0.5, 0.4], [0, 1, 2], 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        earned.earned_schedule([0.0, 1.0], [0, 1], 40.0)


@pytest.mark.parametrize(
    "behind,light", [(-20, "green"), (9.99, "green"), (10, "yellow"), (30, "yellow"), (30.01, "red"), (80, "red")]
)
def test_lights_change_at_ten_and_thirty_points(behind: float, light: str) -> None:
    assert earned.progress_light(0.8, 0.8 - behind / 100) == light


def test_earned_schedule_by_its_published_steps() -> None:
    """Lipke (2003): ES = C + (EV - PV(C)) / (PV(C+1) - PV(C)), C whole periods whose plan is earned; SPI(t) = ES / AT; IEAC(t) = PD / SPI(t)."""
    planned = [0.0, 105.0, 305.0, 640.0, 1000.0, 1380.0, 1750.0, 2000.0]  # PV, money by the end of months 0 to 7
    earned_money, month = 1235.0, 6.0
    whole = max(n for n, value in enumerate(planned) if value <= earned_money)
    by_hand = whole + (earned_money - planned[whole]) / (planned[whole + 1] - planned[whole])
    shares = [value / planned[-1] for value in planned]
    found = earned.earned_schedule(shares, range(8), earned_money / planned[-1])
    assert found == pytest.approx(by_hand) == pytest.approx(4.0 + 235.0 / 380.0)
    index = earned.schedule_index(shares, range(8), earned_money / planned[-1], month)
    assert index == pytest.approx(by_hand / 6.0)
    assert earned.expected_duration_days(7.0, index) == pytest.approx(7.0 / (by_hand / 6.0))


@given(st.floats(1.0, 1000.0), st.floats(1.0, 1000.0))
def test_at_the_end_the_expected_duration_is_what_was_taken(planned: float, taken: float) -> None:
    index = earned.schedule_index([0.0, 1.0], [0.0, planned], 1.0, taken)
    assert earned.expected_duration_days(planned, index) == pytest.approx(taken)
    assert earned.expected_duration_days(planned, 0.0) is None
    assert earned.expected_duration_days(planned, None) is None
