"""The cheapest berths, cranes, gate lanes and chambers that carry a target at a service level.

Formulas screen, simulation chooses, fresh seeds confirm: every combination near the formulas' optimum is simulated on
equal draws, the doubtful ones more often, and the winner is estimated again on draws that did not choose it.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import InfeasibleError, ScenarioError
from qujiang.methods.output_analysis import Interval, t_interval
from qujiang.port import gate
from qujiang.port.options import Option, UnitCosts, Units, built_with, optimum, options_of
from qujiang.port.problem import PortProblem
from qujiang.port.ratios import ratios_of, ratios_on, ratios_spread, year_of
from qujiang.port.service_level import exact_ratio, one_unit_more
from qujiang.port.stages import stages

FIRST, MORE, FRESH = 4, 24, 30
#: Mean wait of a lorry in the worst minutes of the day at which a gate is large enough [h].
LORRY_WAIT_H = 0.25


@dataclass(frozen=True, slots=True)
class SizeResult:
    """The cheapest design found; ``wait_ratio`` is from fresh seeds, ``exact`` by formula, ``cost_yuan`` of what is new.

    ``gains`` says how much one unit more would lower the wait over service (paired, same draws).
    """

    target_t_per_year: float
    wait_ratio_asked: float
    units: tuple[Units, ...]
    lanes: dict[str, int]
    chambers: int | None
    cost_yuan: float
    wait_ratio: Interval
    exact: float | None
    gains: dict[str, Interval]
    designs: int
    replications: int
    problem: PortProblem
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "target_t_per_year": self.target_t_per_year,
            "wait_ratio_asked": self.wait_ratio_asked,
            "calls_per_year": self.problem.calls_per_year,
            "cost_yuan": self.cost_yuan,
            "cost_status": "assumed",
            "units": [asdict(unit) for unit in self.units],
            "berth_count": sum(unit.berth_count for unit in self.units),
            "crane_count": sum(unit.crane_count for unit in self.units),
            "gate_lanes": self.lanes,
            "chambers": self.chambers,
            "wait_over_service": self.wait_ratio.mean,
            "wait_over_service_low": self.wait_ratio.low,
            "wait_over_service_high": self.wait_ratio.high,
            "holds": self.wait_ratio.mean <= self.wait_ratio_asked,
            "exact_wait_over_service": self.exact,
            "gains": [
                {"unit": name, "wait_over_service_saved": gain.mean, "saved_low": gain.low, "saved_high": gain.high}
                for name, gain in self.gains.items()
            ],
            "designs": self.designs,
            "replications": self.replications,
            "seconds": self.seconds,
            "assumptions": list(self.problem.assumptions),
        }


def size(
    problem: PortProblem,
    target_t_per_year: float,
    wait_ratio: float = 0.1,
    *,
    costs: UnitCosts | None = None,
    seed: int = 1,
    designs: int = 600,
    workers: int = 2,
) -> SizeResult:
    """Find the cheapest additions with which the port carries the target at the level.

    Parameters
    ----------
    problem
        The port as it is; its mix of calls is scaled to the target.
    target_t_per_year
        Tonnes in and out a year.
    wait_ratio
        Mean wait for a berth over mean time at the berth, all calls.
    designs
        Combinations that are simulated at most.

    Raises
    ------
    InfeasibleError
        The lock, or the berths that may be added, cannot carry the target; the smallest clash is named.
    """
    begin = time.perf_counter()
    if not (math.isfinite(target_t_per_year) and target_t_per_year > 0):
        raise ScenarioError(f"target = {target_t_per_year:g}: must be tonnes a year above 0")
    if not (math.isfinite(wait_ratio) and wait_ratio > 0):
        raise ScenarioError(f"wait ratio = {wait_ratio:g}: must be above 0 (mean wait over mean service)")
    costs = UnitCosts() if costs is None else costs
    asked = problem.scaled(target_t_per_year / problem.t_per_year)
    asked, chambers, lock_cost = _with_chambers(asked, costs)
    asked, lanes, lane_cost = _with_lanes(asked, costs)
    choices = [options_of(asked, pool, costs) for pool in _used(asked)]
    start = _descend(asked, choices, optimum(choices, wait_ratio), wait_ratio, seed, workers)
    candidates = _candidates(choices, start, designs)
    problems = [built_with(asked, [option.units for option in row]) for row in candidates]
    spent = [sum(option.cost_yuan for option in row) for row in candidates]
    order, counts = _choose(problems, spent, wait_ratio, seed, workers)
    chosen, confirmed = _confirm(problems, order, wait_ratio, seed, workers)
    best, units = problems[chosen], tuple(option.units for option in candidates[chosen])
    gains = _gains(best, seed, workers)
    return SizeResult(
        target_t_per_year=target_t_per_year,
        wait_ratio_asked=wait_ratio,
        units=units,
        lanes=lanes,
        chambers=chambers,
        cost_yuan=spent[chosen] + lock_cost + lane_cost,
        wait_ratio=confirmed,
        exact=exact_ratio(best),
        gains=gains,
        designs=len(problems),
        replications=int(counts.sum()),
        problem=best,
        seconds=time.perf_counter() - begin,
    )


# -- what may be built -------------------------------------------------------------------------------------------------


def _with_chambers(problem: PortProblem, costs: UnitCosts) -> tuple[PortProblem, int | None, float]:
    """More chambers until the lock is below 0.8 of what it can do; a lock that never is clashes with the target."""
    lock = problem.lock
    if lock is None:
        return problem, None, 0.0
    for count in range(lock.chamber_count, lock.chamber_count + 4):
        wider = replace(problem, lock=replace(lock, chamber_count=count))
        if next(stage.offered for stage in stages(wider) if stage.station == "lock") < 0.8:
            return wider, count, (count - lock.chamber_count) * costs.chamber_yuan
    offered = next(stage.offered for stage in stages(problem) if stage.station == "lock")
    raise InfeasibleError(
        f"{problem.t_per_year:g} t a year is beyond the lock: it would be asked for {offered:.2f} times what {lock.chamber_count} chamber(s) pass"
    )


def _with_lanes(problem: PortProblem, costs: UnitCosts) -> tuple[PortProblem, dict[str, int], float]:
    """Gate lanes until a lorry waits at most LORRY_WAIT_H in the worst minutes of the day."""
    gates, lanes, cost = [], {}, 0.0
    for row in problem.gates:
        wider = row
        for count in range(row.lane_count, row.lane_count + 100):
            wider = replace(row, lane_count=count)
            day = gate.gate_day(wider, problem.hours_h_per_year)
            if day.worst_wait_h is not None and day.worst_wait_h <= LORRY_WAIT_H:
                break
        gates.append(wider)
        lanes[row.terminal] = wider.lane_count
        cost += (wider.lane_count - row.lane_count) * costs.lane_yuan
    return replace(problem, gates=tuple(gates)), lanes, cost


def _used(problem: PortProblem) -> list[str]:
    return [stage.name for stage in stages(problem) if stage.station == "crane"]


# -- screening ---------------------------------------------------------------------------------------------------------


def _descend(
    problem: PortProblem, choices: list[list[Option]], start: list[Option], wait_ratio: float, seed: int, workers: int
) -> list[Option]:
    """From the formulas' optimum to the level as simulated: units are added until it holds, then taken away while it does."""
    vessels = year_of(problem, range(FIRST), seed)

    def ratio(row: list[Option]) -> float:
        return float(ratios_spread(built_with(problem, [option.units for option in row]), vessels, workers).mean())

    row, seen = list(start), ratio(start)
    for _ in range(40):
        if seen <= wait_ratio:
            break
        steps = [
            step for step in _steps(choices, row) if sum(o.cost_yuan for o in step) > sum(o.cost_yuan for o in row)
        ]
        if not steps:
            break
        row = min(
            steps, key=lambda step: (sum(o.wait - wait_ratio * o.service for o in step), sum(o.cost_yuan for o in step))
        )
        seen = ratio(row)
    for _ in range(60):
        cost = sum(option.cost_yuan for option in row)
        steps = [step for step in _steps(choices, row) if sum(o.cost_yuan for o in step) < cost]
        tried = [(step, ratio(step)) for step in steps]
        holding = [(sum(o.cost_yuan for o in step), found, step) for step, found in tried if found <= wait_ratio]
        if not holding:
            return row
        row = min(holding, key=lambda entry: entry[:2])[2]
    return row


def _steps(choices: list[list[Option]], row: list[Option]) -> list[list[Option]]:
    """Rows that differ by one crane, or by one berth with or without a crane, in one pool."""
    answer = []
    for place, options in enumerate(choices):
        here = row[place].units
        for option in options:
            berths, cranes = option.units.berth_count - here.berth_count, option.units.crane_count - here.crane_count
            if (berths, cranes) != (0, 0) and abs(berths) <= 1 and abs(cranes) <= 1:
                answer.append([*row[:place], option, *row[place + 1 :]])
    return answer


def _candidates(choices: list[list[Option]], start: list[Option], most: int) -> list[tuple[Option, ...]]:
    """Designs about the starting point in make and cost: at each cost the ones with the shortest wait by formula."""
    near = [
        [
            option
            for option in options
            if abs(option.units.berth_count - begin.units.berth_count) <= 1
            and abs(option.units.crane_count - begin.units.crane_count) <= 2
        ]
        for options, begin in zip(choices, start, strict=True)
    ]
    near = [sorted(row, key=lambda o: abs(o.cost_yuan - b.cost_yuan))[:12] for row, b in zip(near, start, strict=True)]
    limit = sum(option.cost_yuan for option in start)
    grids = [np.array([getattr(option, name) for option in row]) for name in ("cost_yuan", "wait") for row in near]
    shape = [len(row) for row in near]
    cost, wait = np.zeros(shape), np.zeros(shape)
    for axis in range(len(near)):
        view = [1] * len(near)
        view[axis] = -1
        cost = cost + grids[axis].reshape(view)
        wait = wait + grids[len(near) + axis].reshape(view)
    flat_cost, flat_wait = np.round(cost.ravel(), 2), wait.ravel()
    levels = np.unique(flat_cost)
    levels = levels[np.argsort(np.abs(levels - limit), kind="stable")]
    each = max(3, math.ceil(most / 20))
    chosen: list[int] = []
    for level in levels:
        own = np.flatnonzero(flat_cost == level)
        chosen += own[np.argsort(flat_wait[own], kind="stable")[:each]].tolist()
        if len(chosen) >= most:
            break
    rows = [tuple(near[axis][k] for axis, k in enumerate(np.unravel_index(place, shape))) for place in chosen[:most]]
    if tuple(start) not in rows:
        rows.append(tuple(start))
    return sorted(rows, key=lambda row: (sum(o.cost_yuan for o in row), sum(o.wait for o in row)))


# -- simulation --------------------------------------------------------------------------------------------------------


def _choose(
    problems: list[PortProblem], spent: list[float], wait_ratio: float, seed: int, workers: int
) -> tuple[list[int], NDArray[np.int64]]:
    """Designs in the order of trust: cheapest first among those within the level.

    All are run FIRST times; those that may be within the level and are not dearer than one that surely is go on, and
    replications go where the level is close (N_i ∝ s_i²/(mean_i - level)²).
    """
    ratios = ratios_of(problems, year_of(problems[0], range(FIRST), seed), workers)
    mean, error = ratios.mean(axis=1), ratios.std(axis=1, ddof=1) / math.sqrt(FIRST) + 1e-12
    counts = np.full(len(problems), FIRST)
    surely = mean + 3 * error <= wait_ratio
    limit = min((spent[k] for k in np.flatnonzero(surely)), default=math.inf)
    doubtful = [k for k in range(len(problems)) if mean[k] - 3 * error[k] <= wait_ratio and spent[k] <= limit]
    doubtful.sort(key=lambda k: (spent[k], mean[k]))
    doubtful = doubtful[:40]
    if not doubtful:
        raise InfeasibleError(
            f"no design near the formulas' optimum waits {wait_ratio:g} services or less in the simulation"
        )
    weight = np.array([(error[k] / max(abs(mean[k] - wait_ratio), 0.02 * wait_ratio)) ** 2 for k in doubtful])
    extra = np.clip(np.round(len(doubtful) * MORE / 2 * weight / weight.sum()), 2, MORE).astype(int)
    vessels = year_of(problems[0], range(FIRST, FIRST + int(extra.max())), seed)
    for k, more in zip(doubtful, extra, strict=True):
        further = ratios_on(problems[k], vessels[:more])
        mean[k] = (mean[k] * FIRST + further.sum()) / (FIRST + more)
        counts[k] += more
    within = [k for k in doubtful if mean[k] <= wait_ratio]
    return (within or sorted(doubtful, key=lambda k: mean[k])), counts


def _confirm(
    problems: list[PortProblem], order: list[int], wait_ratio: float, seed: int, workers: int
) -> tuple[int, Interval]:
    """The first design in the order that stands on fresh seeds; the least wait seen where none does."""
    tried: list[tuple[float, int, Interval]] = []
    vessels = year_of(problems[0], range(10_000, 10_000 + FRESH), seed)
    for k in order[:8]:
        interval = t_interval(ratios_spread(problems[k], vessels, workers))
        if interval.mean <= wait_ratio:
            return k, interval
        tried.append((interval.mean, k, interval))
    _, k, interval = min(tried)
    return k, interval


def _gains(problem: PortProblem, seed: int, workers: int) -> dict[str, Interval]:
    """Wait over service saved by one unit more, paired on fresh draws."""
    vessels = year_of(problem, range(20_000, 20_010), seed)
    larger = one_unit_more(problem)
    found = ratios_of([problem, *(other for _, other in larger)], vessels, workers)
    return {name: t_interval(found[0] - found[k + 1]) for k, (name, _) in enumerate(larger)}
