"""Coupled futures of the bundled district: seconds, CPU seconds and memory, on one process and on two; agreement and ranking.

    python bench/futures.py                          every section
    python bench/futures.py --sections 1000 starts   some of them
    python bench/futures.py --sections 10000         ten thousand futures on one process and on two
    python bench/futures.py --sections 10000 --workers 2

==========  ============================================================================================================
``1000``    1,000 futures on each number of processes, each in a fresh program: seconds, memory, answer, simulation beside curve
``10000``   the same with 10,000
``starts``  one block of futures from four starting points
``first``   first-order shares of the throughput, ours beside SALib's RBD-FAST on the same futures
``totals``  total indices: Ishigami and Sobol's function in closed form, ours beside SALib's on the same samples; then the throughput
==========  ============================================================================================================

Seconds are of the wall and of the CPU (all processes) and include reading the district, calibrating, the base future and the
simulations that validate the wait curve; the machine's other work is in the wall. Memory is that of all processes of a run together
at its highest: RSS counts what they share once for each, PSS once. Targets: 10,000 within 300 s on two cores, 1,000 within 30 s,
1,500 MB. The answer's hash must be the same on every line of one number of futures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

SECTIONS = ("1000", "10000", "starts", "first", "totals")
#: Futures of the sections on ranking.
RANKED = 1024


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def one_run(count: int, workers: int) -> dict:
    """A run in this process: seconds, seconds after the first block, the hash of the answer, and what the simulation said."""
    from qujiang.district import District
    from qujiang.plan import test_futures

    begun = time.perf_counter()
    told: list[tuple[float, int]] = []
    result = test_futures(
        District.open(),
        count=count,
        seed=1,
        workers=workers,
        progress=lambda done, _: told.append((time.perf_counter(), done)),
    )
    text = json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False)
    (first, before), (last, after) = told[0], told[-1]
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_s": cpu_s(),
        "before_s": first - begun,
        "ms_a_future": 1000 * (last - first) / max(after - before, 1),
        "answer": hashlib.sha256(text.encode()).hexdigest()[:12],
        "checked": dict(result.futures or {})["validation"],
        "load": os.getloadavg()[0],
    }


def family(root: int) -> list[int]:
    """A process and all that stem from it."""
    found, left = [], [root]
    while left:
        number = left.pop()
        found.append(number)
        for task in Path(f"/proc/{number}/task").glob("*/children"):
            try:
                left += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def memory_mb(processes: list[int]) -> tuple[float, float]:
    """RSS and PSS of processes together [MB]; 0 where the system does not say."""
    total = {"Rss:": 0, "Pss:": 0}
    for number in processes:
        try:
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended meanwhile
        for line in lines[1:]:
            name, value, *_ = line.split()
            if name in total:
                total[name] += int(value)
    return total["Rss:"] / 1000, total["Pss:"] / 1000


def fresh_run(count: int, workers: int) -> str:
    """One row: a run in a program of its own, its memory watched from outside."""
    command = [sys.executable, __file__, "--here", str(count), str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        highest, processes = (0.0, 0.0), 0
        while program.poll() is None:
            here = family(program.pid)
            now = memory_mb(here)
            highest, processes = (max(highest[0], now[0]), max(highest[1], now[1])), max(processes, len(here))
            time.sleep(0.5)  # looking costs milliseconds
        text = program.stdout.read() if program.stdout else ""
    if program.returncode:
        raise SystemExit(f"{' '.join(command)} left with {program.returncode}")
    found = json.loads(text)
    checked = found["checked"]
    return (
        f"{count:>8,} {workers:>9} {found['seconds']:>8.1f} {found['cpu_s']:>8.1f} {found['before_s']:>13.1f} "
        f"{found['ms_a_future']:>11.1f} {highest[0]:>7.0f} {highest[1]:>7.0f} {found['load']:>5.1f}  {found['answer']}\n"
        f"{'':>8} waits for a berth: {checked['mean_curve_wait_h']:.3f} h by the curve, {checked['mean_simulated_wait_h']:.3f} h "
        f"simulated in {checked['futures']} futures, at most {checked['largest_difference_h']:+.3f} h apart"
    )


def rows(count: int, workers: list[int]) -> None:
    print(
        f"{'futures':>8} {'processes':>9} {'seconds':>8} {'CPU s':>8} {'before them s':>13} {'ms a future':>11} {'RSS MB':>7} "
        f"{'PSS MB':>7} {'load':>5}  answer"
    )
    for number in workers:
        print(fresh_run(count, number), flush=True)


def coupled():
    """The model of the bundled district's futures."""
    from qujiang.district import District
    from qujiang.plan.futures import build_model
    from qujiang.plan.port import answer_port

    district = District.open()
    return build_model(district, district, answer_port(district, district, 2027))


def starts(model) -> None:
    """One block of futures from four starts."""
    import numpy as np

    from qujiang.plan.futures import run_block
    from qujiang.plan.futures_coupling import STARTS

    print("one block of 128 futures from other starts")
    run_block(model, 1, 1)  # what is compiled or read once is not counted
    first = None
    for start in STARTS:
        begun = time.process_time()
        block = run_block(model, 1, 0, start=start)
        spent = (time.process_time() - begun) / len(block.kinds)
        first = block if first is None else first
        apart = np.abs(block.figures["throughput_t"] / first.figures["throughput_t"] - 1).max()
        waits = np.abs(block.waits_h - first.waits_h).max()
        print(
            f"  from {start:<10} {spent * 1000:6.1f} ms CPU a future, {block.steps:>5} steps; throughput apart by {apart:.1e}, "
            f"waits by {waits:.1e} h",
            flush=True,
        )


def first_order(model) -> None:
    """First-order shares of the throughput: ours and SALib's RBD-FAST on the same futures, with 90 % intervals."""
    import numpy as np
    from SALib.analyze import rbd_fast

    from qujiang.plan.ensemble import run
    from qujiang.plan.futures_summary import inputs_of
    from qujiang.plan.sensitivity import ranking

    found = run(model, RANKED, seed=1, workers=2)
    keys = list(found.points)
    problem = {"num_vars": len(keys), "names": keys, "bounds": [[0.0, 1.0]] * len(keys)}
    throughput = found.figures["throughput_t"]
    points = np.column_stack([found.points[key] for key in keys])
    begun = time.process_time()
    there = rbd_fast.analyze(problem, points, throughput, num_resamples=60, conf_level=0.9, seed=1)
    salib_s, begun = time.process_time() - begun, time.process_time()
    ours = ranking(inputs_of(model), found.points, throughput, 1)
    print(
        f"first-order shares of the throughput over {RANKED:,} futures and {len(keys)} inputs: ours "
        f"{time.process_time() - begun:.1f} s CPU, SALib {salib_s:.1f} s CPU"
    )
    for effect in ours[:6]:
        at = keys.index(effect.key)
        peer = f"{there['S1'][at]:.3f} ± {there['S1_conf'][at]:.3f}"
        print(f"  {effect.key:<34} {effect.first_order:.3f} ({effect.low:.3f} to {effect.high:.3f})   SALib {peer}")


def totals(model) -> None:
    """Total indices in closed form, by SALib and by us; then those of the throughput, both on the same futures."""
    import numpy as np
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample
    from SALib.test_functions import Ishigami, Sobol_G

    from qujiang.plan.ensemble import run
    from qujiang.plan.futures import run_block
    from qujiang.plan.futures_summary import inputs_of
    from qujiang.plan.sensitivity import ranking
    from qujiang.plan.totals import SAMPLE, total, with_totals

    weights = [0.0, 1.0, 4.5, 9.0, 99.0]
    own = [1 / (3 * (1 + a) ** 2) for a in weights]
    whole = np.prod([1 + v for v in own]) - 1
    one, two, both = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.01 * np.pi**8 * (1 / 18 - 1 / 50)
    cases = (
        ("Ishigami", Ishigami.evaluate, [-np.pi, np.pi], np.array([one + both, two, both]) / (one + two + both)),
        (
            "Sobol's g",
            lambda x: Sobol_G.evaluate(x, a=np.array(weights)),
            [0.0, 1.0],
            np.array([v * np.prod([1 + w for w in own]) / (1 + v) / whole for v in own]),
        ),
    )
    print("total indices on the same samples (4,096 points): closed form, ours with its 90 % interval, SALib")
    for name, function, bounds, closed in cases:
        problem = {
            "num_vars": len(closed),
            "names": [f"x{i + 1}" for i in range(len(closed))],
            "bounds": [bounds] * len(closed),
        }
        y = function(sample.sample(problem, 4096, calc_second_order=False, seed=1))
        peer = analyze.analyze(problem, y, calc_second_order=False, conf_level=0.9, seed=1)
        points = y.reshape(-1, len(closed) + 2)
        for i, want in enumerate(closed):
            ours = total(points[:, 0], points[:, 1 + i], seed=1)
            print(
                f"  {name:<10} x{i + 1} {want:.4f}   {ours.share:.4f} ({ours.low:.4f} to {ours.high:.4f})   SALib "
                f"{peer['ST'][i]:.4f} ± {peer['ST_conf'][i]:.4f}"
            )
    found = run(model, 2 * SAMPLE, seed=1, workers=2)
    y = found.values["m11"]
    ranked = {"m11": ranking(inputs_of(model), found.points, y, 1)}
    begun = time.perf_counter()
    effects = [e for e in with_totals(model, ranked, found.values, 1, 3, workers=2)["m11"] if e.total is not None]
    print(
        f"total indices of the throughput, {len(effects)} inputs, {SAMPLE} futures each: {time.perf_counter() - begun:.1f} s wall on two "
        f"processes (Saltelli's design over all {len(found.points)} inputs: {SAMPLE * (len(found.points) + 2):,} futures)"
    )
    changed = [
        np.concatenate([run_block(model, 1, n, again=e.key).values["m11"] for n in range(SAMPLE // 128)])
        for e in effects
    ]
    problem = {"num_vars": len(effects), "names": [e.key for e in effects], "bounds": [[0.0, 1.0]] * len(effects)}
    design = np.column_stack([y[:SAMPLE], *changed, y[SAMPLE:]]).ravel()
    peer = analyze.analyze(problem, design, calc_second_order=False, conf_level=0.9, seed=1)
    for i, e in enumerate(effects):
        print(
            f"  {e.key:<34} first order {e.first_order:.3f}, total {e.total:.3f} ({e.total_low:.3f} to {e.total_high:.3f})   SALib "
            f"{peer['ST'][i]:.3f} ± {peer['ST_conf'][i]:.3f}"
        )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    words.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    words.add_argument("--here", type=int, nargs=2, help=argparse.SUPPRESS)  # one run in this process: futures, workers
    asked = words.parse_args()
    if asked.here:
        print(json.dumps(one_run(*asked.here)))
        return
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for count in (1000, 10_000):
        if str(count) in asked.sections:
            rows(count, asked.workers)
    named = {"starts": starts, "first": first_order, "totals": totals}
    if set(named) & set(asked.sections):
        model = coupled()
        for name, section in named.items():
            if name in asked.sections:
                section(model)


if __name__ == "__main__":
    main()
