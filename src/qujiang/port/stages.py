"""Stages of a port: what each is asked to do, how loaded it is by arithmetic alone, and its exact wait where one exists."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qujiang.methods.queues import wait_between
from qujiang.port.problem import CallKind, PortProblem


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage before the simulation.

    ``offered`` is the work it gets over what it can do [1]; at 1 and above no steady wait exists. ``exact_wait_h`` is the
    wait of its queue alone with Poisson arrivals, None where no formula fits (several cargoes with different berths, a
    shared crane pool, a closure).
    """

    station: str
    name: str
    servers: float
    offered: float
    kinds: tuple[int, ...]
    service_h: float | None = None
    exact_wait_h: float | None = None

    @property
    def overloaded(self) -> bool:
        return self.offered >= 1

    @property
    def memory_h(self) -> float:
        """About how long the queue remembers how it began [h]: 1.5·S/(n(1 - u)²), the heavy-traffic relaxation time."""
        if self.service_h is None or self.station == "rail":
            return 0.0
        return math.inf if self.overloaded else 1.5 * self.service_h / (self.servers * (1 - self.offered) ** 2)


def stages(problem: PortProblem) -> tuple[Stage, ...]:
    """Every stage of the chain, from the lock to the gate."""
    return (
        *_lock(problem),
        *_berths(problem),
        *_cranes(problem),
        *_yards(problem),
        *_customs(problem),
        *_rail(problem),
    )


def berth_hold_h(problem: PortProblem, kind: CallKind) -> float:
    """Mean time at the berth without waiting there [h], with the largest gang that its pool and berths allow."""
    pool = _pool_of(problem, kind)
    gang = min(kind.gang_most, pool.crane_count)
    return kind.berthing_h + kind.mean_t / (pool.rate_t_per_h * gang**pool.interference_exponent)


def hold_cv2(problem: PortProblem, kinds: list[CallKind]) -> float:
    """Variance over mean squared of the time at the berth, over a mix of kinds [1]."""
    first = second = calls = 0.0
    for kind in kinds:
        handling = berth_hold_h(problem, kind) - kind.berthing_h
        spread = (kind.call_high_t - kind.call_low_t) ** 2 / 12 / max(kind.mean_t, 1e-300) ** 2
        chance = 1 / kind.handling_stages if kind.handling_stages else 0.0
        factor2 = (1 + spread) * (1 + chance)
        first += kind.calls_per_year * (kind.berthing_h + handling)
        second += kind.calls_per_year * (kind.berthing_h**2 + 2 * kind.berthing_h * handling + handling**2 * factor2)
        calls += kind.calls_per_year
    return second / calls / (first / calls) ** 2 - 1


def open_share(problem: PortProblem, what: str, which: str) -> float:
    """Part of the run's year in which a resource is not closed outright."""
    closed = sum(
        min(c.to_h, problem.hours_h_per_year) - min(c.from_h, problem.hours_h_per_year)
        for c in problem.closures
        if c.what == what and c.which == which and c.capacity == 0
    )
    return 1 - closed / problem.hours_h_per_year


def closed_wait_h(problem: PortProblem, what: str, which: str) -> float:
    """Mean wait of one who comes at a random hour of the run's year, for openings alone [h]: Σ closed²/2 over the year."""
    closed = [
        min(c.to_h, problem.hours_h_per_year) - min(c.from_h, problem.hours_h_per_year)
        for c in problem.closures
        if c.what == what and c.which == which and c.capacity == 0
    ]
    return sum(hours**2 for hours in closed) / 2 / problem.hours_h_per_year


def openings(problem: PortProblem, stage: Stage) -> dict[str, float]:
    """How much of the time a stage works, and what waiting for its openings alone takes [h]."""
    what = {"berth": "berths", "crane": "cranes"}.get(stage.station, stage.station)
    which = problem.kinds[stage.kinds[0]].terminal if stage.station == "berth" else stage.name
    return {
        "open_share": open_share(problem, what, which),
        "closed_wait_h": closed_wait_h(problem, what, which),
    }


def _pool_of(problem: PortProblem, kind: CallKind):
    berth = next(berth for berth in problem.berths if problem.why_not(kind, berth) is None)
    return next(pool for pool in problem.pools if pool.name == berth.pool)


def _lock(problem: PortProblem) -> list[Stage]:
    lock = problem.lock
    if lock is None:
        return []
    room = (
        sum(kind.calls_per_year * kind.lock_size for kind in problem.kinds) / problem.hours_h_per_year
        + lock.others_per_h
    )
    carried = lock.chamber_count * lock.chamber_size / (2 * lock.lockage_h) * open_share(problem, "lock", "lock")
    return [Stage("lock", "lock", lock.chamber_count, room / carried, tuple(range(len(problem.kinds))), lock.lockage_h)]


def _berths(problem: PortProblem) -> list[Stage]:
    answer = []
    for kinds, berths in _connected(problem):
        rows = [problem.kinds[k] for k in kinds]
        loads = [kind.calls_per_year / problem.hours_h_per_year * berth_hold_h(problem, kind) for kind in rows]
        fits = [frozenset(b for b in berths if problem.why_not(kind, problem.berths[b]) is None) for kind in rows]
        alone = [sum(load for load, other in zip(loads, fits, strict=True) if other <= fit) / len(fit) for fit in fits]
        share = open_share(problem, "berths", problem.berths[berths[0]].group)
        offered = max([sum(loads) / len(berths), *alone]) / share
        calls = sum(kind.calls_per_year for kind in rows)
        hold = sum(loads) * problem.hours_h_per_year / calls if calls else 0.0
        pools = {problem.berths[b].pool for b in berths}
        spare = all(
            pool.crane_count >= len(berths) * max(kind.gang_most for kind in rows)
            for pool in problem.pools
            if pool.name in pools
        )
        simple = len(set(fits)) == 1 and spare and problem.gap_stages == 1 and share == 1 and _rank_is_free(rows)
        exact = (
            hold * wait_between("M", len(berths), offered, hold_cv2(problem, rows))
            if simple and 0 < offered < 1
            else None
        )
        name = " ".join(dict.fromkeys(f"{problem.berths[b].group} {problem.berths[b].berth_type}" for b in berths))
        answer.append(Stage("berth", name, len(berths), offered, kinds, hold, exact))
    return answer


def _rank_is_free(kinds: list[CallKind]) -> bool:
    """Whether ranks leave the mean wait of all calls as it is: none differ, or all calls take alike long.

    Where service times are drawn from one law, who goes first changes who waits, not how many (Kleinrock's law).
    """
    laws = {
        (kind.berthing_h, kind.call_low_t, kind.call_high_t, kind.handling_stages, kind.gang_most) for kind in kinds
    }
    return len({kind.priority for kind in kinds}) == 1 or len(laws) == 1


def _connected(problem: PortProblem) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Kinds and berths that meet each other, directly or through others; kinds without calls are left out."""
    groups: list[tuple[set[int], set[int]]] = []
    for k, kind in enumerate(problem.kinds):
        if kind.calls_per_year <= 0:
            continue
        kinds, berths = {k}, {b for b, berth in enumerate(problem.berths) if problem.why_not(kind, berth) is None}
        for group in [g for g in groups if g[1] & berths]:
            groups.remove(group)
            kinds |= group[0]
            berths |= group[1]
        groups.append((kinds, berths))
    return [(tuple(sorted(kinds)), tuple(sorted(berths))) for kinds, berths in groups]


def _cranes(problem: PortProblem) -> list[Stage]:
    answer = []
    for pool in problem.pools:
        kinds = tuple(
            k
            for k, kind in enumerate(problem.kinds)
            if kind.calls_per_year > 0 and _pool_of(problem, kind).name == pool.name
        )
        if not kinds:
            continue
        hours = 0.0
        for kind in (problem.kinds[k] for k in kinds):
            gang = min(kind.gang_least, pool.crane_count)
            hours += kind.t_per_year * gang / (pool.rate_t_per_h * gang**pool.interference_exponent)
        offered = hours / problem.hours_h_per_year / pool.crane_count / open_share(problem, "cranes", pool.name)
        answer.append(Stage("crane", pool.name, pool.crane_count, offered, kinds))
    return answer


def _yards(problem: PortProblem) -> list[Stage]:
    answer = []
    for yard in problem.yards:
        kinds = tuple(k for k, kind in enumerate(problem.kinds) if kind.yard == yard.name and kind.calls_per_year > 0)
        if kinds:
            stock = sum(
                problem.kinds[k].t_per_year * problem.kinds[k].yard_share * problem.kinds[k].dwell_h for k in kinds
            )
            answer.append(
                Stage("yard", yard.name, yard.capacity_t, stock / problem.hours_h_per_year / yard.capacity_t, kinds)
            )
    return answer


def _customs(problem: PortProblem) -> list[Stage]:
    kinds = tuple(k for k, kind in enumerate(problem.kinds) if kind.inspected_share > 0 and kind.calls_per_year > 0)
    if not kinds:
        return []
    hours = sum(
        problem.kinds[k].calls_per_year * problem.kinds[k].inspected_share * problem.kinds[k].inspection_h
        for k in kinds
    )
    share = open_share(problem, "customs", "customs")
    return [
        Stage(
            "customs",
            "customs",
            problem.inspectors,
            hours / problem.hours_h_per_year / problem.inspectors / share,
            kinds,
        )
    ]


def _rail(problem: PortProblem) -> list[Stage]:
    kinds = tuple(k for k, kind in enumerate(problem.kinds) if kind.rail_share > 0 and kind.calls_per_year > 0)
    if not kinds or problem.rail is None:
        return []
    tonnes = sum(problem.kinds[k].t_per_year * problem.kinds[k].yard_share * problem.kinds[k].rail_share for k in kinds)
    offered = tonnes / problem.hours_h_per_year * problem.rail.gap_h / problem.rail.train_t
    return [Stage("rail", "rail", 1, offered, kinds, problem.rail.gap_h)] if math.isfinite(offered) else []
