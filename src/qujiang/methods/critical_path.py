"""The critical path of tasks that wait for each other, their floats, and circles among them.

References
----------
Kelley and Walker (1959), Critical-path planning and scheduling, Proc. Eastern Joint Computer Conference, 160-173
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Days that count as none, relative to the length of the whole.
_TIE = 1e-9


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
    """The answer of ``critical_path``, all days counted from the start of all.

    ``slack_days`` (total float) is how late a task may be without the whole being late; ``free_days`` (free float) how late without any task that
    waits for it being late. ``critical`` are the tasks without slack, by their start; ``chain`` is one longest chain of them.
    """

    earliest_start_days: dict[str, float]
    latest_start_days: dict[str, float]
    slack_days: dict[str, float]
    free_days: dict[str, float]
    critical: tuple[str, ...]
    chain: tuple[str, ...]
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
    >>> path.chain, path.length_days, path.slack_days["b"]
    (('a', 'c'), 7.0, 1.0)
    """
    order = order_tasks(duration_days, after)
    start: dict[str, float] = {}
    for name in order:
        start[name] = max((start[other] + duration_days[other] for other in after.get(name, ())), default=0.0)
    end = {name: start[name] + duration_days[name] for name in order}
    length = max(end.values(), default=0.0)
    latest = {name: length - duration_days[name] for name in order}
    free = {name: length - end[name] for name in order}
    for name in reversed(order):
        for other in after.get(name, ()):
            latest[other] = min(latest[other], latest[name] - duration_days[other])
            free[other] = min(free[other], start[name] - end[other])
    slack = {name: latest[name] - start[name] for name in order}
    critical = tuple(
        sorted((name for name in order if slack[name] <= _TIE * (1 + length)), key=lambda name: start[name])
    )
    return Path(start, latest, slack, free, critical, _chain(end, after, length), float(length))


def _chain(end: Mapping[str, float], after: Mapping[str, Sequence[str]], length: float) -> tuple[str, ...]:
    """Back from a last task, always to the one that it waited for longest."""
    last = next((name for name, day in end.items() if day >= length - _TIE * (1 + length)), None)
    found: list[str] = []
    while last is not None:
        found.append(last)
        last = max(after.get(last, ()), key=lambda name: end[name], default=None)
    return tuple(reversed(found))


def order_tasks(duration_days: Mapping[str, object], after: Mapping[str, Sequence[str]]) -> list[str]:
    """The tasks in an order in which each stands behind what it waits for.

    Raises
    ------
    ValueError
        A circle, which is shown, or something waited for that is no task.

    Examples
    --------
    >>> order_tasks({"c": 1, "a": 2}, {"c": ["a"]})
    ['a', 'c']
    """
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
