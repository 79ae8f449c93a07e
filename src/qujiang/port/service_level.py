"""Capacity at a service level: the largest throughput at which vessels wait at most so long, with its interval.

The level is the mean wait for a berth over the mean time at the berth, all calls together. Designs and throughputs are
compared on equal draws: a vessel keeps its luck when the port or the flow changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import InfeasibleError
from qujiang.methods.output_analysis import Interval, student_quantile, t_interval
from qujiang.port.problem import Berth, PortProblem
from qujiang.port.ratios import ratios_spread, year_of
from qujiang.port.stages import stages

REPLICATIONS = 20


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest throughput at the level [t/year]; ``exact`` is the formulas' answer for the same port and mix.

    ``gains`` says what one unit more of each kind adds [t/year], by the same search on equal draws.
    """

    throughput: Interval
    wait_ratio: float
    exact_t_per_year: float | None
    binds: str
    gains: dict[str, Interval]
    replications: int


def wait_ratios(problem: PortProblem, replications: Iterable[int], *, seed: int) -> NDArray[np.float64]:
    """Mean wait over mean service of each replication [1]; inf where some stage cannot keep up."""
    return ratios_spread(problem, year_of(problem, replications, seed))


def exact_ratio(problem: PortProblem) -> float | None:
    """The same level by formula: every berth stage exact; None where one has no formula, inf where one is overloaded."""
    wait = service = 0.0
    for stage in stages(problem):
        if stage.overloaded:
            return math.inf
        if stage.station == "berth":
            if stage.exact_wait_h is None or stage.service_h is None:
                return None
            calls = sum(problem.kinds[k].calls_per_year for k in stage.kinds)
            wait, service = wait + calls * stage.exact_wait_h, service + calls * stage.service_h
    return wait / service


def exact_capacity_t_per_year(problem: PortProblem, wait_ratio: float) -> float | None:
    """Largest throughput by formula, the mix of calls kept; None where there is no formula."""
    ratio = exact_ratio(_at(problem, 0.01))
    if ratio is None:
        return None
    low, high = 0.0, _break_point(problem)
    for _ in range(60):
        middle = (low + high) / 2
        found = exact_ratio(problem.scaled(middle))
        low, high = (middle, high) if found is not None and found <= wait_ratio else (low, middle)
    return low * problem.t_per_year


def _at(problem: PortProblem, share: float) -> PortProblem:
    return problem.scaled(share * _break_point(problem))


def _break_point(problem: PortProblem) -> float:
    """Factor on all flows at which the first stage has no room left."""
    return 1 / max(stage.offered for stage in stages(problem))


def _search(
    problem: PortProblem, wait_ratio: float, seed: int, replications: int
) -> tuple[float, NDArray[np.float64], float]:
    """Factor at the level, each replication's ratio there, and the slope of the mean ratio in the factor.

    Equal draws make each replication's ratio rise with the factor, so the mean rises too; the root is closed in on from
    the formulas' answer, on the logarithm of the ratio.
    """
    runs, top = range(replications), _break_point(problem)

    def ratios_at(factor: float) -> NDArray[np.float64]:
        return wait_ratios(problem.scaled(factor), runs, seed=seed)

    def surplus(ratios: NDArray[np.float64]) -> float:
        return min(math.log(max(float(ratios.mean()), 1e-12) / wait_ratio), 5.0)

    exact = exact_capacity_t_per_year(problem, wait_ratio)
    low = high = 0.7 * top if exact is None else exact / problem.t_per_year
    at_low = at_high = ratios_at(low)
    while surplus(at_low) > 0:
        if low < 1e-3 * top:
            return 0.0, at_low, 0.0
        high, at_high, low = low, at_low, low * 0.97
        at_low = ratios_at(low)
    while surplus(at_high) <= 0:
        low, at_low, high = high, at_high, min(high * 1.03, (high + top) / 2)
        at_high = ratios_at(high)
    for _ in range(12):
        share = -surplus(at_low) / (surplus(at_high) - surplus(at_low))
        middle = low + min(max(share, 0.02), 0.98) * (high - low)
        at_middle = ratios_at(middle)
        if surplus(at_middle) > 0:
            high, at_high = middle, at_middle
        else:
            low, at_low = middle, at_middle
        if -surplus(at_low) < 5e-4 or high - low < 1e-4 * top:
            break
    below = ratios_at(0.99 * low)
    return low, at_low, float((at_low.mean() - below.mean()) / (0.01 * low))


def capacity(
    problem: PortProblem,
    wait_ratio: float = 0.1,
    *,
    seed: int = 1,
    replications: int = REPLICATIONS,
    gains: bool = True,
) -> Capacity:
    """Find the largest throughput at a service level, the mix of calls kept.

    Parameters
    ----------
    problem
        Any throughput: its mix counts, its level does not.
    wait_ratio
        Mean wait for a berth over mean time at the berth, all calls.
    gains
        Also search with one berth, and with one crane, more in every pool.

    Raises
    ------
    InfeasibleError
        The port keeps its vessels waiting longer even when almost nobody comes.
    """
    factor, ratios, slope = _search(problem, wait_ratio, seed, replications)
    if factor <= 0 or slope <= 0:
        raise InfeasibleError(
            f"a wait of {wait_ratio:g} services is exceeded at any throughput; look for a closure or a missing crane"
        )
    half = student_quantile(replications - 1, 0.95) * float(ratios.std(ddof=1)) / math.sqrt(replications) / slope
    found = factor * problem.t_per_year
    interval = Interval(found, found - half * problem.t_per_year, found + half * problem.t_per_year, replications)
    best = _gains(problem, wait_ratio, seed, factor, ratios) if gains else {}
    worst = max(stages(problem.scaled(factor)), key=lambda stage: stage.offered)
    binds = max(best, key=lambda name: best[name].mean) if best else f"{worst.station} {worst.name}"
    return Capacity(interval, wait_ratio, exact_capacity_t_per_year(problem, wait_ratio), binds, best, replications)


def _gains(
    problem: PortProblem, wait_ratio: float, seed: int, factor: float, ratios: NDArray[np.float64]
) -> dict[str, Interval]:
    """What one berth with its crane, and one crane alone, adds to the throughput at the level [t/year]."""
    gains = {}
    for name, larger in one_unit_more(problem):
        more, there, slope = _search(larger, wait_ratio, seed, len(ratios))
        noise = (there - ratios) / slope if slope > 0 else np.zeros(len(ratios))
        gain = (more - factor - (noise - noise.mean())) * problem.t_per_year
        gains[name] = t_interval(gain)
    return gains


def one_unit_more(problem: PortProblem) -> list[tuple[str, PortProblem]]:
    """(what was added, the port with it): a berth with a crane, and a second crane for vessels, in every pool in use."""
    answer = []
    for pool in problem.pools:
        berths = sum(berth.pool == pool.name for berth in problem.berths)
        if not any(stage.name == pool.name for stage in stages(problem) if stage.station == "crane"):
            continue
        answer.append((f"berth {pool.name}", with_units(problem, pool.name, berths + 1, pool.crane_count + 1)))
        answer.append((f"crane {pool.name}", with_units(problem, pool.name, berths, pool.crane_count + 1, gang_most=2)))
    return answer


def with_units(
    problem: PortProblem, pool: str, berth_count: int, crane_count: int, *, gang_most: int | None = None
) -> PortProblem:
    """The port with so many berths and cranes in one pool; new berths are copies of its last one."""
    own = [berth for berth in problem.berths if berth.pool == pool]
    names = {berth.name for berth in own}
    new = [replace(own[-1], name=f"{pool} new {k + 1}") for k in range(max(0, berth_count - len(own)))]
    kept = {berth.name for berth in own[:berth_count]}
    berths: list[Berth] = []
    for berth in problem.berths:
        if berth.name not in names or berth.name in kept:
            berths.append(berth)
        if berth is own[-1]:
            berths += new
    kinds = problem.kinds
    if gang_most is not None:
        served = {berth.name for berth in own}
        kinds = tuple(
            replace(kind, gang_most=gang_most)
            if any(b.name in served and problem.why_not(kind, b) is None for b in own)
            else kind
            for kind in problem.kinds
        )
    pools = tuple(replace(p, crane_count=crane_count) if p.name == pool else p for p in problem.pools)
    return replace(problem, berths=tuple(berths), pools=pools, kinds=kinds)
