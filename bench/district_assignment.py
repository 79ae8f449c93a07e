"""All cargoes of the bundled district at equilibrium: cold, warm and from a neighbour; CPU milliseconds of one process.

    python bench/district_assignment.py [--repeats 5] [--futures 200]

``cold`` starts from nothing in a running interpreter with the problem built: chains are made into arrays and solved.
``warm`` is the year 2027 from the base year's answer; ``neighbour`` another future of the same year, its demand drawn within
3 % and diesel within 5 %, from the first one's answer. Conservation, gap and capacities are recomputed inside the times.
The last rows look for chains anew until none is cheaper. Nothing here is compiled. Nothing is timed inside tests.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # one thread: CPU time is then the work itself

import numpy as np  # noqa: E402

from qujiang.district import District  # noqa: E402
from qujiang.district.economy import effective_growth  # noqa: E402
from qujiang.freight.congestion import build_congestion  # noqa: E402
from qujiang.freight.district_flows import base_year  # noqa: E402
from qujiang.freight.equilibrium import KINDS, EquilibriumResult, equilibrate  # noqa: E402
from qujiang.freight.problem import FreightProblem  # noqa: E402


def timed(what: str, ask: Callable[[], EquilibriumResult], repeats: int, target: str = "") -> EquilibriumResult:
    """One line: least and median CPU time of the repeats, and the proof of the last answer."""
    seconds, answers = [], []
    for _ in range(max(repeats, 1)):
        begun = time.process_time()
        answers.append(ask())
        seconds.append(time.process_time() - begun)
    answer = answers[-1]
    bound = f"{answer.lower_bound:.10g}" if answer.lower_bound is not None else "none"
    print(
        f"{what:<40}{min(seconds) * 1e3:9.1f} ({statistics.median(seconds) * 1e3:8.1f}) ms   gap {answer.relative_gap:8.1e}   "
        f"conservation {answer.checked.conservation_error:7.1e}   bound {bound:>6}   steps {answer.steps:3d}   {target}"
    )
    return answer


def another(problem: FreightProblem, rng: np.random.Generator) -> FreightProblem:
    """A neighbouring future: every flow and the price of diesel a little different."""
    demand = problem.demand_t_per_year * rng.uniform(0.97, 1.03, len(problem.demand_t_per_year))
    rates = problem.rates.with_values(diesel_price=problem.rates["diesel_price"] * rng.uniform(0.95, 1.05))
    return replace(problem, demand_t_per_year=demand, rates=rates)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--futures", type=int, default=200)
    options = arguments.parse_args()
    district = District.open()
    begun = time.process_time()
    base = base_year(district)
    print(f"base year read, calibrated and fitted: {time.process_time() - begun:.2f} s CPU")
    now = base.problem
    print(
        f"{len(now.origin)} flows of {len(set(now.forms.cargo))} cargoes x {len(now.season_share)} seasons, {len(now.chains)} chains"
    )
    here = build_congestion(now, district, base.locks)
    later = now.grown(district["demand"], effective_growth(district), 2027)
    there = build_congestion(later, district, base.locks)
    for kind in KINDS:
        first = timed(f"{kind}, cold", lambda k=kind: equilibrate(now, here, kind=k, search=False), options.repeats)
        warm = timed(
            f"{kind}, warm (2027 from 2024)", lambda k=kind, f=first: equilibrate(later, there, kind=k, start=f, search=False),
            options.repeats, "target < 50 ms" if kind == "stochastic" else "",
        )  # fmt: skip
        near = another(later, np.random.default_rng(1))
        timed(
            f"{kind}, neighbour", lambda k=kind, w=warm, n=near: equilibrate(n, there, kind=k, start=w, search=False),
            options.repeats, "target < 10 ms" if kind == "stochastic" else "",
        )  # fmt: skip
        if kind != "stochastic":
            fine = {"kind": kind, "start": warm, "search": False, "tolerance": 1e-10}
            timed(f"{kind}, to a gap of 1e-10", lambda f=fine: equilibrate(later, there, **f), options.repeats)
        timed(f"{kind}, chains searched anew", lambda k=kind, w=warm: equilibrate(later, there, kind=k, start=w), 1)
    futures(later, there, options.futures)


def futures(problem: FreightProblem, congestion, count: int) -> None:
    """Many futures, each from the answer of the first."""
    rng = np.random.default_rng(2)
    start = equilibrate(problem, congestion, search=False)
    begun = time.process_time()
    worst = 0.0
    for _ in range(count):
        worst = max(worst, equilibrate(another(problem, rng), congestion, start=start, search=False).relative_gap)
    each = (time.process_time() - begun) / max(count, 1)
    print(
        f"{count} futures: {each * 1e3:.1f} ms CPU each, largest gap {worst:.1e}; 10,000 would take {each * 1e4:.0f} s of one core"
    )


if __name__ == "__main__":
    main()
