"""Futures of the bundled district: seconds, futures a second and memory, on one process and on two.

    python bench/futures.py                 1,000 and 10,000 futures
    python bench/futures.py --futures 500

Seconds are of the wall and include reading the district, calibrating and the base future; the machine's other work is in them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time


def measure(count: int, workers: int) -> tuple[float, float, str]:
    """Seconds in all, seconds of the futures alone, and the hash of the answer."""
    from qujiang.district import District
    from qujiang.plan import test_futures

    begun = time.perf_counter()
    first: list[float] = []
    result = test_futures(
        District.open(), count=count, seed=1, workers=workers, progress=lambda *_: first.append(time.perf_counter())
    )
    seconds = time.perf_counter() - begun
    text = json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False)
    return seconds, first[-1] - first[0], hashlib.sha256(text.encode()).hexdigest()[:12]


def megabytes(workers: int) -> float:
    """Largest memory of this process and, where there are several, that of its largest child for each."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + (workers * child if workers > 1 else 0)) / 1000


def row(count: int, workers: int) -> str:
    seconds, alone, answer = measure(count, workers)
    return f"{count:>8,} {workers:>9} {seconds:>8.1f} {alone:>21.1f} {megabytes(workers):>8.0f}  {answer}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--futures", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # one row, in this process
    asked = parser.parse_args()
    if asked.here:
        print(row(asked.futures[0], asked.workers[0]))
        return
    print(f"{'futures':>8} {'processes':>9} {'seconds':>8} {'after the first block':>21} {'peak MB':>8}  answer")
    for count in asked.futures:
        for workers in asked.workers:
            # a process of its own each, so that the memory is its own
            asked_row = [sys.executable, __file__, "--here", "--futures", str(count), "--workers", str(workers)]
            print(subprocess.run(asked_row, check=True, capture_output=True, text=True).stdout, end="", flush=True)


if __name__ == "__main__":
    main()
