"""Coupled futures of the bundled district: seconds, CPU seconds and memory, on one process and on two; agreement and ranking.

    python bench/futures.py                 1,000 and 10,000 futures
    python bench/futures.py --futures 500

Seconds are of the wall and of the CPU (all processes) and include reading the district, calibrating, the base future and the
simulations that validate the wait curve; the machine's other work is in the wall. Targets: 10,000 within 300 s on two cores, 1,000
within 30 s, 1,500 MB. The answer's hash must be the same on every line of one number of futures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(count: int, workers: int) -> tuple[float, float, str, dict]:
    """Seconds in all, seconds of the futures alone, the hash of the answer, and what the simulation said."""
    from qujiang.district import District
    from qujiang.plan import test_futures

    begun = time.perf_counter()
    first: list[float] = []
    result = test_futures(
        District.open(), count=count, seed=1, workers=workers, progress=lambda *_: first.append(time.perf_counter())
    )
    seconds = time.perf_counter() - begun
    text = json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False)
    checked = dict(result.futures or {})["validation"]
    return seconds, first[-1] - first[0], hashlib.sha256(text.encode()).hexdigest()[:12], checked


def megabytes(workers: int) -> float:
    """Largest memory of this process and, where there are several, that of its largest child for each."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + (workers * child if workers > 1 else 0)) / 1000


def row(count: int, workers: int) -> str:
    seconds, alone, answer, checked = measure(count, workers)
    figures = (
        f"{count:>8,} {workers:>9} {seconds:>8.1f} {cpu_s():>8.1f} {alone:>21.1f} {megabytes(workers):>8.0f}  {answer}"
    )
    gap = f"{checked['mean_curve_wait_h']:.3f} h by the curve, {checked['mean_simulated_wait_h']:.3f} h simulated"
    return f"{figures}  waits for a berth: {gap} (at most {checked['largest_difference_h']:+.3f} h apart)"


def agreement() -> str:
    """One block of futures from four starts, and the ranking of its throughput beside SALib's."""
    import numpy as np

    from qujiang.district import District
    from qujiang.plan.futures import build_model, run_block
    from qujiang.plan.futures_coupling import STARTS
    from qujiang.plan.port import answer_port

    district = District.open()
    model = build_model(district, district, answer_port(district, district, 2027))
    lines, first = [], None
    for start in STARTS:
        begun = time.process_time()
        block = run_block(model, 1, 0, start=start)
        spent = (time.process_time() - begun) / len(block.kinds)
        first = block if first is None else first
        apart = np.abs(block.figures["throughput_t"] / first.figures["throughput_t"] - 1).max()
        waits = np.abs(block.waits_h - first.waits_h).max()
        lines.append(
            f"  from {start:<10} {spent * 1000:6.1f} ms CPU a future, {block.steps:>5} steps; throughput apart by {apart:.1e}, "
            f"waits by {waits:.1e} h"
        )
    return "\n".join(["one block of 128 futures from other starts", *lines])


def ranked(count: int) -> str:
    """First-order shares of the throughput: ours and SALib's RBD-FAST on the same futures, with 90 % intervals."""
    import numpy as np
    from SALib.analyze import rbd_fast

    from qujiang.district import District
    from qujiang.plan.ensemble import _inputs, run
    from qujiang.plan.futures import build_model
    from qujiang.plan.port import answer_port
    from qujiang.plan.sensitivity import ranking

    district = District.open()
    model = build_model(district, district, answer_port(district, district, 2027))
    found = run(model, count, seed=1, workers=2)
    keys = list(found.points)
    problem = {"num_vars": len(keys), "names": keys, "bounds": [[0.0, 1.0]] * len(keys)}
    throughput = found.figures["throughput_t"]
    points = np.column_stack([found.points[key] for key in keys])
    begun = time.process_time()
    there = rbd_fast.analyze(problem, points, throughput, num_resamples=60, conf_level=0.9, seed=1)
    salib_s, begun = time.process_time() - begun, time.process_time()
    ours = ranking(_inputs(model), found.points, throughput, 1)
    lines = [f"first-order shares of the throughput over {count:,} futures: ours {time.process_time() - begun:.1f} s CPU, "
             f"SALib {salib_s:.1f} s CPU"]  # fmt: skip
    for effect in ours[:6]:
        at = keys.index(effect.key)
        peer = f"{there['S1'][at]:.3f} ± {there['S1_conf'][at]:.3f}"
        lines.append(
            f"  {effect.key:<34} {effect.first_order:.3f} ({effect.low:.3f} to {effect.high:.3f})   SALib {peer}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--futures", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # one row, in this process
    asked = parser.parse_args()
    if asked.here:
        print(row(asked.futures[0], asked.workers[0]))
        return
    print(
        f"{'futures':>8} {'processes':>9} {'seconds':>8} {'CPU s':>8} {'after the first block':>21} {'peak MB':>8}  answer"
    )
    for count in asked.futures:
        for workers in asked.workers:
            # a process of its own each, so that the memory is its own
            asked_row = [sys.executable, __file__, "--here", "--futures", str(count), "--workers", str(workers)]
            print(subprocess.run(asked_row, check=True, capture_output=True, text=True).stdout, end="", flush=True)
    print(agreement(), flush=True)
    print(ranked(min(asked.futures)), flush=True)


if __name__ == "__main__":
    main()
