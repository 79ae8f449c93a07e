"""How much the port can carry: four notions side by side, and why they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qujiang.errors import ScenarioError
from qujiang.methods.queues import servers_needed
from qujiang.port.capacity import BerthPool, berth_pools, design_code_capacity_t_per_year, queueing_capacity_t_per_year
from qujiang.port.problem import PortProblem
from qujiang.port.rows import port_problem
from qujiang.port.service_level import capacity
from qujiang.port.stages import berth_hold_h

if TYPE_CHECKING:
    import polars as pl


def notions(
    district: Mapping[str, pl.DataFrame],
    wait_ratio: float = 0.1,
    *,
    calls: pl.DataFrame | None = None,
    seed: int = 1,
    gains: bool = True,
) -> dict[str, Any]:
    """Documented, design-code, queueing and simulated capacity of the port [t/year], JSON-ready.

    ``queueing_by_kind`` lets every kind of berth at every terminal stand at the level alone, whatever the mix of cargo;
    ``exact`` and ``capacity`` (simulated) keep today's mix; ``queueing_any_berth`` lets any berth take any cargo.
    """
    if not wait_ratio > 0:
        raise ScenarioError(f"wait ratio = {wait_ratio:g}: must be above 0 (mean wait over mean service)")
    problem = port_problem(district, calls=calls)
    terminals = list(dict.fromkeys(berth.group for berth in problem.berths))
    pools = [pool for pool in berth_pools(district) if pool.terminal in terminals]
    documented = [row["capacity_t_per_year"] for row in district["terminals"].to_dicts() if row["id"] in terminals]
    call_t = problem.t_per_year / problem.calls_per_year
    found = capacity(problem, wait_ratio, seed=seed, gains=gains)
    return {
        "wait_ratio": wait_ratio,
        "capacity_t_per_year": found.throughput.mean,
        "capacity_t_per_year_low": found.throughput.low,
        "capacity_t_per_year_high": found.throughput.high,
        "exact_t_per_year": found.exact_t_per_year,
        "documented_t_per_year": None if None in documented else sum(documented),
        "design_code_t_per_year": sum(map(design_code_capacity_t_per_year, pools)),
        "queueing_by_kind_t_per_year": sum(queueing_capacity_t_per_year(pool, call_t, wait_ratio) for pool in pools),
        "queueing_any_berth_t_per_year": _any_berth(problem, pools, call_t, wait_ratio),
        "berths": len(problem.berths),
        "berths_for_10_mt_any_berth": _berths_for(problem, 10e6, wait_ratio),
        "binds": found.binds,
        "explained": _explained(problem, pools, call_t),
        "gains": [
            {
                "unit": name,
                "gain_t_per_year": gain.mean,
                "gain_t_per_year_low": gain.low,
                "gain_t_per_year_high": gain.high,
            }
            for name, gain in found.gains.items()
        ],
        "replications": found.replications,
        "seed": seed,
        "assumptions": list(problem.assumptions),
    }


def _mean_hold_h(problem: PortProblem) -> float:
    return sum(kind.calls_per_year * berth_hold_h(problem, kind) for kind in problem.kinds) / problem.calls_per_year


def _any_berth(problem: PortProblem, pools: list[BerthPool], call_t: float, wait_ratio: float) -> float:
    """All berths as one queue with today's mean time at the berth: an upper bound, what separate kinds of berth cost."""
    from qujiang.methods.queues import utilisation_allowed

    allowed = utilisation_allowed("M", "E2", len(problem.berths), wait_ratio)
    return allowed * len(problem.berths) * problem.hours_h_per_year / _mean_hold_h(problem) * call_t


def _berths_for(problem: PortProblem, target_t_per_year: float, wait_ratio: float) -> int:
    calls = problem.calls_per_year * target_t_per_year / problem.t_per_year
    return servers_needed("M", "E2", calls / problem.hours_h_per_year * _mean_hold_h(problem), wait_ratio)


def _explained(problem: PortProblem, pools: list[BerthPool], call_t: float) -> list[str]:
    code_t = sum(pool.berth_count * pool.design_call_t for pool in pools) / sum(pool.berth_count for pool in pools)
    use = sum(pool.berth_count * pool.design_utilisation_share for pool in pools) / sum(
        pool.berth_count for pool in pools
    )
    return [
        f"the design code fixes a use of {use:.2f} and calls of {code_t:.0f} t; it says nothing about waiting",
        f"queueing takes calls of {call_t:.0f} t, so less berthing time a tonne, and lets use follow from the wait",
        "few berths of one kind must stand idle more for the same wait: kinds and terminals apart cost the rest",
    ]
