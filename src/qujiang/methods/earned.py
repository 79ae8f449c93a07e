"""Earned value and earned schedule, lights of progress, and the critical path.

References
----------
Lipke (2003), Schedule is different, The Measurable News: earned schedule ES and SPI(t) = ES / AT, which does not run to 1 when a late
project ends; Kelley and Walker (1959) for the critical path; 银川 2025-03 for the lights: 10 to 30 points behind is yellow, more is red;
a start missed by its month is yellow, by three months red
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def find_circle(after: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """One circle among dependencies, first name repeated at its end, or None. ``after[x]`` names what x waits for.

    >>> find_circle({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})
    ('a', 'b', 'c', 'a')
    """
    done: set[str] = set()
    for start in after:
        trail: list[str] = []
        waits = [iter([start])]
        while waits:
            name = next(waits[-1], None)
            if name is None:
                waits.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                return (*trail[trail.index(name) :], name)
            elif name not in done:
                trail.append(name)
                waits.append(iter(after.get(name, ())))
    return None


@dataclass(frozen=True, slots=True)
class Path:
    """Earliest and latest days of every task from the start of all, slack, and the critical tasks in order."""

    earliest_start_days: dict[str, float]
    latest_start_days: dict[str, float]
    slack_days: dict[str, float]
    critical: tuple[str, ...]
    length_days: float


def critical_path(duration_days: Mapping[str, float], after: Mapping[str, Sequence[str]]) -> Path:
    """The critical path of tasks: the longest chain of durations.

    Parameters
    ----------
    duration_days
        Days of each task.
    after
        What each task waits for; tasks without an entry wait for nothing.

    Raises
    ------
    ValueError
        A circle, which is shown, or a task without a duration.

    Examples
    --------
    >>> path = critical_path({"a": 3, "b": 2, "c": 4}, {"c": ["a", "b"]})
    >>> path.critical, path.length_days, path.slack_days["b"]
    (('a', 'c'), 7.0, 1.0)
    """
    order = _ordered(duration_days, after)
    start: dict[str, float] = {}
    for name in order:
        start[name] = max((start[other] + duration_days[other] for other in after.get(name, ())), default=0.0)
    length = max((start[name] + duration_days[name] for name in order), default=0.0)
    latest: dict[str, float] = {name: length - duration_days[name] for name in order}
    for name in reversed(order):
        for other in after.get(name, ()):
            latest[other] = min(latest[other], latest[name] - duration_days[other])
    slack = {name: latest[name] - start[name] for name in order}
    critical = tuple(sorted((name for name in order if slack[name] <= 1e-9), key=lambda name: start[name]))
    return Path(start, latest, slack, critical, float(length))


def _ordered(duration_days: Mapping[str, float], after: Mapping[str, Sequence[str]]) -> list[str]:
    missing = sorted({other for others in after.values() for other in others} | set(after)) if after else []
    missing = [name for name in missing if name not in duration_days]
    if missing:
        raise ValueError(f"no duration of {', '.join(missing)}")
    circle = find_circle(after)
    if circle:
        raise ValueError(f"the tasks wait for each other in a circle: {' -> '.join(circle)}")
    order: list[str] = []
    placed: set[str] = set()
    waiting = list(duration_days)
    while waiting:
        ready = [name for name in waiting if all(other in placed for other in after.get(name, ()))]
        order += ready
        placed |= set(ready)
        waiting = [name for name in waiting if name not in placed]
    return order
