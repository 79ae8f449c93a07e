"""Earned value and earned schedule, and lights of progress.

References
----------
Lipke (2003), Schedule is different, The Measurable News: earned schedule ES and SPI(t) = ES / AT, which does not run to 1 when a late
project ends, and IEAC(t) = PD / SPI(t), the days that the whole takes at the pace so far; 银川 2025-03 for the lights: 10 to 30 points behind is yellow, more is red;
a start missed by its month is yellow, by three months red
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

Light = Literal["green", "yellow", "red", "grey"]


def earned_schedule(planned_share: ArrayLike, at_days: ArrayLike, earned_share: float) -> float:
    """The day on which the plan was to have earned what is earned now [days from the start].

    Parameters
    ----------
    planned_share
        Cumulative planned progress [1] at ``at_days``, rising from 0 to 1; shape (points,).
    at_days
        Days from the planned start, rising.
    earned_share
        Progress made [1].

    Examples
    --------
    >>> float(earned_schedule([0.0, 0.25, 0.5, 1.0], [0, 30, 60, 120], 0.4))
    48.0
    """
    plan, days = np.asarray(planned_share, dtype=np.float64), np.asarray(at_days, dtype=np.float64)
    if plan.shape != days.shape or plan.size < 2 or (np.diff(days) <= 0).any() or (np.diff(plan) < 0).any():
        raise ValueError("a plan needs at least two days in order, and progress that does not fall")
    if not 0.0 <= earned_share <= 1.0:
        raise ValueError(f"earned_share = {earned_share} must lie between 0 and 1")
    reached = int(np.searchsorted(plan, earned_share, side="left"))
    if reached == 0:
        return float(days[0])
    if reached == plan.size:
        return float(days[-1])
    part = (earned_share - plan[reached - 1]) / (plan[reached] - plan[reached - 1])
    return float(days[reached - 1] + part * (days[reached] - days[reached - 1]))


def schedule_index(
    planned_share: ArrayLike, at_days: ArrayLike, earned_share: float, elapsed_days: float
) -> float | None:
    """SPI(t) = earned schedule over time gone [1]; None before the start. Below 1 is late, also after the planned end.

    >>> schedule_index([0.0, 1.0], [0.0, 100.0], 0.9, 120.0)
    0.75
    """
    return earned_schedule(planned_share, at_days, earned_share) / elapsed_days if elapsed_days > 0 else None


def expected_duration_days(planned_days: float, index: float | None) -> float | None:
    """IEAC(t) = planned duration over SPI(t) [days]: what the whole takes at the pace so far; None without an index above 0.

    At the end of a late project it is the time that was taken: 100 days planned, 125 taken.

    >>> expected_duration_days(100.0, schedule_index([0.0, 1.0], [0.0, 100.0], 1.0, 125.0))
    125.0
    """
    return planned_days / index if index is not None and index > 0 else None


def cost_index(earned_share: float, budget_yuan: float, spent_yuan: float) -> float | None:
    """CPI = earned over spent money [1]; None while nothing is spent."""
    return earned_share * budget_yuan / spent_yuan if spent_yuan > 0 else None


def progress_light(planned_share: float, earned_share: float) -> Light:
    """Green up to 10 points behind the plan, yellow from 10 to 30, red above 30; both edges are yellow.

    >>> progress_light(0.5, 0.41), progress_light(0.5, 0.4), progress_light(0.5, 0.2), progress_light(0.5, 0.19)
    ('green', 'yellow', 'yellow', 'red')
    """
    behind = round((planned_share - earned_share) * 100.0, 9)
    return "green" if behind < 10.0 else "yellow" if behind <= 30.0 else "red"


def delay_light(months_late: int) -> Light:
    """Green in time, yellow from one whole month late, red from three.

    >>> delay_light(0), delay_light(1), delay_light(2), delay_light(3)
    ('green', 'yellow', 'yellow', 'red')
    """
    return "green" if months_late < 1 else "yellow" if months_late < 3 else "red"
