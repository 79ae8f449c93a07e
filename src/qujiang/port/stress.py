"""What if: the same vessels through a port in trouble.

Every question compares two ports on equal draws, vessel by vessel, over one year from an empty port; the difference is
what the trouble costs, to those favoured and to the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qujiang.errors import ScenarioError
from qujiang.methods.output_analysis import Interval, correlation, t_interval
from qujiang.port.arrivals import drawn
from qujiang.port.path import follow
from qujiang.port.problem import Closure, PortProblem
from qujiang.port.simulate import turnaround_h
from qujiang.port.stages import stages

REPLICATIONS = 12
WEEK_H = 168.0


@dataclass(frozen=True, slots=True)
class Stress:
    """One question: what time in port it adds [h] to the vessels it names, and to all others.

    ``worst`` is the longest time in port it causes in a year, a mean over replications; ``correlation`` of the two ports'
    yearly means says how much equal draws help. None where a stage cannot keep up.
    """

    name: str
    meaning: str
    added_h: Interval | None
    added_to_others_h: Interval | None
    worst_h: float | None
    correlation: float | None
    state: str

    def as_dict(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"name": self.name, "meaning": self.meaning, "state": self.state}
        for key, interval in (("added_h", self.added_h), ("added_to_others_h", self.added_to_others_h)):
            answer[key] = None if interval is None else interval.mean
            answer[f"{key}_low"] = None if interval is None else interval.low
            answer[f"{key}_high"] = None if interval is None else interval.high
        answer["worst_h"], answer["correlation"] = self.worst_h, self.correlation
        return answer


def compare(
    problem: PortProblem,
    other: PortProblem,
    name: str,
    meaning: str,
    *,
    chosen: Sequence[int] = (),
    seed: int = 1,
    workers: int = 2,
) -> Stress:
    """Run both ports on the same vessels; ``chosen`` kinds are told apart from the others (none: all are meant)."""
    if any(stage.overloaded for stage in (*stages(problem), *stages(other))):
        return Stress(name, meaning, None, None, None, None, "overloaded")
    count = max(400, round(problem.calls_per_year))

    def one(replication: int) -> tuple[float, float, float, float, float]:
        calls = drawn(problem, count, seed, replication)
        before, after = turnaround_h(follow(problem, calls)), turnaround_h(follow(other, calls))
        kind = calls.kind[calls.side < 0]
        member = np.isin(kind, list(chosen)) if chosen else np.ones(len(kind), np.bool_)
        added = after - before
        rest = float(added[~member].mean()) if (~member).any() else math.nan
        return float(added[member].mean()), rest, float(after.max()), float(before.mean()), float(after.mean())

    with ThreadPoolExecutor(workers) as pool:
        found = np.array(list(pool.map(one, range(REPLICATIONS))))
    others = None if np.isnan(found[:, 1]).any() else t_interval(found[:, 1])
    return Stress(
        name,
        meaning,
        t_interval(found[:, 0]),
        others,
        float(found[:, 2].mean()),
        correlation(found[:, 3], found[:, 4]),
        "steady",
    )


def crane_lost(problem: PortProblem, pool: str, from_h: float = 0.0, hours: float | None = None) -> PortProblem:
    """One crane of a pool out of work, by default for the whole year."""
    have = next((p.crane_count for p in problem.pools if p.name == pool), 0)
    if have < 1:
        raise ScenarioError(f"crane lost: there is no pool {pool}")
    until = 3 * problem.hours_h_per_year if hours is None else from_h + hours
    return replace(problem, closures=(*problem.closures, Closure("cranes", pool, from_h, until, have - 1)))


def flood_week(problem: PortProblem, from_h: float | None = None, hours: float = WEEK_H) -> PortProblem:
    """No vessel berths at any terminal and the cranes rest; what was begun goes on afterwards."""
    begin = problem.hours_h_per_year / 2 if from_h is None else from_h
    closures = [
        Closure("berths", group, begin, begin + hours) for group in dict.fromkeys(b.group for b in problem.berths)
    ]
    closures += [Closure("cranes", pool.name, begin, begin + hours) for pool in problem.pools]
    return replace(problem, closures=(*problem.closures, *closures))


def lock_overhaul(problem: PortProblem, days: float, from_h: float = 0.0) -> PortProblem:
    """The lock in front closed for its yearly overhaul."""
    if problem.lock is None:
        raise ScenarioError("lock overhaul: put a lock in front of the port first")
    return replace(problem, closures=(*problem.closures, Closure("lock", "lock", from_h, from_h + 24 * days)))


def priority(problem: PortProblem, chosen: Sequence[int]) -> PortProblem:
    """The chosen kinds of call berth before all others; nobody is sent away from a berth."""
    kinds = tuple(replace(kind, priority=0.0 if k in chosen else 1.0) for k, kind in enumerate(problem.kinds))
    return replace(problem, kinds=kinds)


def cover_days(stock_t: float, draw_t_per_day: float) -> float:
    """Days that a reserve lasts when nothing comes in."""
    if not draw_t_per_day > 0 or stock_t < 0:
        raise ScenarioError("reserve: needs a stock from 0 and a draw-down above 0 t a day")
    return stock_t / draw_t_per_day


def reserve_short_share(stock_t: float, draw_t_per_day: float, mean_closure_days: float) -> float:
    """Probability that a closure outlasts the reserve, closures being exponential with that mean [1].

    >>> round(reserve_short_share(1000, 50, 10), 4)
    0.1353
    """
    return math.exp(-cover_days(stock_t, draw_t_per_day) / mean_closure_days)


def stress(problem: PortProblem, *, seed: int = 1, overhaul_days: float = 15.0) -> list[Stress]:
    """The standing questions: a crane lost where it hurts most, a flood week, priority for boxes, the lock's overhaul."""
    busiest = max((stage for stage in stages(problem) if stage.station == "crane"), key=lambda stage: stage.offered)
    kinds = list(busiest.kinds)
    answers = [
        compare(
            problem,
            crane_lost(problem, busiest.name),
            "crane_lost",
            f"one crane of {busiest.name} lost for a year",
            chosen=kinds,
            seed=seed,
        ),
        compare(problem, flood_week(problem), "flood_week", "berths and cranes stand for a week", seed=seed),
    ]
    if len(kinds) > 1:
        first = [min(kinds, key=lambda k: problem.kinds[k].calls_per_year)]
        meaning = f"{problem.kinds[first[0]].name} berths before all others"
        answers.append(compare(problem, priority(problem, first), "priority", meaning, chosen=first, seed=seed))
    if problem.lock is not None:
        meaning = f"the lock closed for {overhaul_days:g} days"
        answers.append(
            compare(problem, lock_overhaul(problem, overhaul_days, 24 * 30), "lock_overhaul", meaning, seed=seed)
        )
    return answers
