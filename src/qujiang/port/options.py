"""What one pool may be given, what that costs, and the wait that formulas promise for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qujiang.errors import InfeasibleError
from qujiang.methods.queues import wait_between
from qujiang.port.problem import MOST_BERTHS, PortProblem
from qujiang.port.service_level import with_units
from qujiang.port.stages import stages

MOST_MORE = 10


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What one unit more costs [yuan]; assumed: the sum of a documented port of 14 berths was 53 million a berth."""

    berth_yuan: float = 45e6
    crane_yuan: float = 8e6
    lane_yuan: float = 1.5e6
    chamber_yuan: float = 1.5e9


@dataclass(frozen=True, slots=True)
class Units:
    """What one pool has in a design, and how many more that is."""

    pool: str
    berth_count: int
    crane_count: int
    more_berths: int
    more_cranes: int
    gang_most: int


@dataclass(frozen=True, slots=True)
class Option:
    units: Units
    cost_yuan: float
    wait: float  # Σ calls · wait over service sums are added over pools
    service: float


def options_of(problem: PortProblem, pool: str, costs: UnitCosts) -> list[Option]:
    """Berths and cranes that one pool may get, from one crane a berth to two, each with the wait that formulas give.

    One and two cranes a berth have a formula. Between them cranes are shared and the wait is read off the straight line:
    good enough to say what to simulate. Pools that cannot keep up are left out.
    """
    have = next(p.crane_count for p in problem.pools if p.name == pool)
    berths = sum(berth.pool == pool for berth in problem.berths)
    answer = []
    for count in range(berths, min(berths + MOST_MORE, MOST_BERTHS) + 1):
        one = _exact_sums(built_with(problem, [Units(pool, count, max(have, count), 0, 0, 1)]), pool)
        two = _exact_sums(built_with(problem, [Units(pool, count, 2 * count, 0, 0, 2)]), pool)
        for cranes in range(max(have, count), max(have, 2 * count) + 1):
            found = (
                one
                if cranes == count
                else two
                if cranes >= 2 * count
                else _between(one, two, cranes, problem.hours_h_per_year)
            )
            if found is None:
                continue
            units = Units(pool, count, cranes, count - berths, cranes - have, 1 if cranes == count else 2)
            cost = units.more_berths * costs.berth_yuan + units.more_cranes * costs.crane_yuan
            answer.append(Option(units, cost, *found))
    if not answer:
        raise InfeasibleError(
            f"{pool}: even {berths + MOST_MORE} berths with two cranes each cannot carry its part of the target"
        )
    return answer


def _between(
    one: tuple[float, float] | None, two: tuple[float, float] | None, cranes: int, hours_h: float
) -> tuple[float, float] | None:
    """Wait and service with shared cranes: a vessel gets about as many as there are for each berth in use, at most two."""
    if two is None:
        return None
    if one is None:
        one = (50 * two[0] + two[1], 2 * two[1])  # one crane a berth cannot keep up: any long wait
    gang = 1.5
    for _ in range(30):
        share = gang - 1
        busy = (one[1] + share * (two[1] - one[1])) / hours_h
        gang = min(2.0, max(1.0, 0.5 * gang + 0.5 * cranes / busy))
    share = gang - 1
    return math.exp((1 - share) * math.log(one[0] + 1e-9) + share * math.log(two[0] + 1e-9)), one[1] + share * (
        two[1] - one[1]
    )


def _exact_sums(problem: PortProblem, pool: str) -> tuple[float, float] | None:
    """Σ calls·wait and Σ calls·service of a pool's berths [h/year]; None where they cannot keep up or have no formula."""
    own = {b for b, berth in enumerate(problem.berths) if berth.pool == pool}
    wait = service = 0.0
    for stage in stages(problem):
        if stage.station == "crane" and stage.name == pool and stage.overloaded:
            return None
        if stage.station == "berth" and any(
            problem.why_not(problem.kinds[stage.kinds[0]], problem.berths[b]) is None for b in own
        ):
            if stage.overloaded or stage.service_h is None:
                return None
            exact = stage.exact_wait_h
            if exact is None:
                exact = stage.service_h * wait_between("M", int(stage.servers), stage.offered, 0.5)
            calls = sum(problem.kinds[k].calls_per_year for k in stage.kinds)
            wait += calls * exact
            service += calls * stage.service_h
    return wait, service


def built_with(problem: PortProblem, units: Sequence[Units]) -> PortProblem:
    for unit in units:
        problem = with_units(problem, unit.pool, unit.berth_count, unit.crane_count, gang_most=unit.gang_most)
    return problem


def optimum(choices: list[list[Option]], wait_ratio: float) -> list[Option]:
    """Cheapest combination whose summed wait is within the level by formula; pools are merged one by one."""
    merged: list[tuple[float, float, list[Option]]] = [(0.0, 0.0, [])]
    for options in choices:
        grown = [
            (cost + option.cost_yuan, excess + option.wait - wait_ratio * option.service, [*row, option])
            for cost, excess, row in merged
            for option in frontier(options, wait_ratio)
        ]
        grown.sort(key=lambda entry: entry[:2])
        merged, least = [], math.inf
        for entry in grown:
            if entry[1] < least:
                merged.append(entry)
                least = entry[1]
    for _, excess, row in merged:
        if excess <= 0:
            return row
    worst = max(merged[-1][2], key=lambda option: option.wait / option.service)
    raise InfeasibleError(
        f"{worst.units.pool}: with {worst.units.berth_count} berths vessels still wait {worst.wait / worst.service:.3g} services; "
        f"asked for {wait_ratio:g} (allow a longer wait or a smaller target)"
    )


def frontier(options: list[Option], wait_ratio: float) -> list[Option]:
    """Options of which none is both cheaper and shorter to wait for than another."""
    kept, least = [], math.inf
    for option in sorted(options, key=lambda o: (o.cost_yuan, o.wait - wait_ratio * o.service)):
        if option.wait - wait_ratio * option.service < least:
            kept.append(option)
            least = option.wait - wait_ratio * option.service
    return kept
