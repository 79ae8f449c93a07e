"""The bundled port: a simulated year, and the cheapest design for ten million tonnes.

Run: python bench/port_year.py
Each is run once to warm up (compiled code is loaded), then timed.
"""

from __future__ import annotations

import time

from qujiang.district import District
from qujiang.port.rows import port_problem
from qujiang.port.service_level import capacity
from qujiang.port.simulate import simulate
from qujiang.port.size import size


def main() -> None:
    district = District.open()
    for target in (4.2e6, 7e6, 10e6):
        problem = port_problem(district, throughput_t_per_year=target)
        simulate(problem)
        best = min((simulate(problem) for _ in range(3)), key=lambda result: result.seconds)
        mean = best.turnaround["mean"] if best.turnaround else None
        known = (
            "overloaded"
            if mean is None
            else f"time in port {mean.mean:.2f} h ± {100 * mean.half_width / mean.mean:.1f} %"
        )
        print(f"year at {target / 1e6:4.1f} Mt: {best.seconds:.3f} s, {best.replications} replications, {known}")
    problem = port_problem(district)
    begin = time.perf_counter()
    found = capacity(problem, 0.1, gains=False)
    print(
        f"capacity at a wait of 0.1 services: {found.throughput.mean / 1e6:.2f} Mt ± {found.throughput.half_width / 1e6:.2f} in {time.perf_counter() - begin:.1f} s"
    )
    result = size(problem, 10e6, 0.1)
    print(f"size for 10 Mt: {result.designs} designs, {result.replications} replications, {result.seconds:.1f} s")


if __name__ == "__main__":
    main()
