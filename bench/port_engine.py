"""Vessels a second: the port engine beside other simulators, in one run, interleaved.

Model A: Poisson arrivals, exponential service, four equal servers, use 0.75.
Model B: Poisson 1.1/h; 300, 500, 1000 t with shares .5, .3, .2; six berths for classes up to 1, 1, 2, 2, 3, 3 (the smallest
that fits first, overtaking by those that fit); eight cranes of 100 t/h, a vessel takes one and a second if one is free and
nobody waits; tonnes times an Erlang-4 factor.

Run: python bench/port_engine.py [--peers PYTHON]    PYTHON has simpy, ciw, cimba; without it those of this Python are used.
Every engine's mean wait is printed, so that each is seen to compute the same number. Compare ratios of one run only.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

A_RATE, A_SERVERS = 3.0, 4
B_RATE, B_TONNES, B_SHARES, B_BERTHS = 1.1, (300.0, 500.0, 1000.0), (0.5, 0.8, 1.0), (0, 0, 1, 1, 2, 2)


def b_vessels(count: int, seed: int = 1):
    rng = random.Random(seed)
    at = 0.0
    for _ in range(count):
        at += rng.expovariate(B_RATE)
        chance = rng.random()
        kind = 0 if chance < B_SHARES[0] else 1 if chance < B_SHARES[1] else 2
        factor = -math.log(rng.random() * rng.random() * rng.random() * rng.random()) / 4
        yield at, kind, B_TONNES[kind] * factor


# -- peers: each returns (vessels, mean wait) --------------------------------------------------------------------------


def heapq_a(count: int) -> tuple[int, float]:
    rng = random.Random(1)
    free, at, total = [0.0] * A_SERVERS, 0.0, 0.0
    heapq.heapify(free)
    for _ in range(count):
        at += rng.expovariate(A_RATE)
        start = max(at, free[0])
        total += start - at
        heapq.heapreplace(free, start + rng.expovariate(1.0))
    return count, total / count


def heapq_b(count: int) -> tuple[int, float]:
    """An event loop on a binary heap, no log."""
    vessels, events, waiting = list(b_vessels(count)), [], [[], [], []]
    heads, free, cranes, crane_queue, total, number = [0, 0, 0], list(range(6)), 8, [], 0.0, 0
    for k, (at, _, _) in enumerate(vessels):
        events.append((at, k, -1, 0))
    heapq.heapify(events)
    crane_head = 0
    while events:
        now, k, berth, gang = heapq.heappop(events)
        if berth < 0:
            waiting[vessels[k][1]].append(k)
        else:
            cranes += gang
            free.append(berth)
            free.sort()
        while True:
            while cranes and crane_head < len(crane_queue):
                vessel, place = crane_queue[crane_head]
                crane_head += 1
                gang = 2 if cranes > 1 and crane_head == len(crane_queue) else 1
                cranes -= gang
                number += 1
                heapq.heappush(events, (now + vessels[vessel][2] / (100 * gang), vessel, place, gang))
            best = None
            for kind in range(3):
                if heads[kind] < len(waiting[kind]) and (best is None or waiting[kind][heads[kind]] < best[0]):
                    place = next((b for b in free if B_BERTHS[b] >= kind), None)
                    if place is not None:
                        best = (waiting[kind][heads[kind]], kind, place)
            if best is None:
                break
            vessel, kind, place = best
            heads[kind] += 1
            free.remove(place)
            total += now - vessels[vessel][0]
            crane_queue.append((vessel, place))
    return count, total / count


def simpy_a(count: int) -> tuple[int, float]:
    import simpy

    rng, env, waits = random.Random(1), simpy.Environment(), []
    servers = simpy.Resource(env, A_SERVERS)

    def vessel():
        came = env.now
        with servers.request() as request:
            yield request
            waits.append(env.now - came)
            yield env.timeout(rng.expovariate(1.0))

    def source():
        for _ in range(count):
            yield env.timeout(rng.expovariate(A_RATE))
            env.process(vessel())

    env.process(source())
    env.run()
    return count, sum(waits) / count


def simpy_b(count: int) -> tuple[int, float]:
    import simpy

    env, waits = simpy.Environment(), []
    berths = simpy.FilterStore(env)
    cranes = simpy.Resource(env, 8)
    berths.items = list(range(6))

    def vessel(kind, tonnes):
        came = env.now
        berth = yield berths.get(lambda b: B_BERTHS[b] >= kind)
        waits.append(env.now - came)
        first = cranes.request()
        yield first
        gang = [first]
        if cranes.count < 8 and not cranes.queue:
            second = cranes.request()
            yield second
            gang.append(second)
        yield env.timeout(tonnes / (100 * len(gang)))
        for request in gang:
            cranes.release(request)
        yield berths.put(berth)
        berths.items.sort()

    def source():
        last = 0.0
        for at, kind, tonnes in b_vessels(count):
            yield env.timeout(at - last)
            last = at
            env.process(vessel(kind, tonnes))

    env.process(source())
    env.run()
    return count, sum(waits) / count


def ciw_a(count: int) -> tuple[int, float]:
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(A_RATE)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[A_SERVERS],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(count, method="Finish")
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return len(waits), sum(waits) / len(waits)


def cimba_a(count: int) -> tuple[int, float]:
    sys.path.insert(0, str(Path(__file__).parent))
    import port_cimba

    return port_cimba.four_servers(count, A_RATE)


PEERS: dict[str, tuple[str, Callable[[int], tuple[int, float]], int]] = {
    "heapq A": ("plain Python heapq", heapq_a, 200_000),
    "simpy A": ("SimPy", simpy_a, 100_000),
    "ciw A": ("Ciw", ciw_a, 30_000),
    "cimba A": ("cimba", cimba_a, 3_000_000),
    "heapq B": ("plain Python heapq", heapq_b, 100_000),
    "simpy B": ("SimPy", simpy_b, 50_000),
}


# -- ours --------------------------------------------------------------------------------------------------------------


def ours_a(count: int) -> tuple[int, float]:
    import numpy as np

    from qujiang.methods.queue_kernels import one_queue
    from qujiang.port.arrivals import draw, empty_calls, kind_table

    calls = empty_calls(count)
    draw(1, 0, 0, A_RATE, 1, np.ones(1), kind_table(ours_problem_a()), calls, 0.0)
    start, server = np.empty(count), np.empty(count, np.int64)
    one_queue(calls.at_h, calls.work_t, A_SERVERS, start, server)
    return count, float((start - calls.at_h).mean())


def ours_problem_a():
    from qujiang.port.problem import Berth, CallKind, CranePool, PortProblem

    berths = tuple(Berth(f"b{k}", "t", "p", "any") for k in range(A_SERVERS))
    return PortProblem(
        berths, (CranePool("p", A_SERVERS, 1.0),), (CallKind("k", "any", "t", A_RATE * 8760, 1, 1, handling_stages=1),)
    )


def ours_problem_b():
    from qujiang.port.problem import Berth, CallKind, CranePool, PortProblem

    berths = tuple(Berth(f"b{k}", "t", "p", "any", length_m=largest) for k, largest in enumerate(B_BERTHS))
    shares = (0.5, 0.3, 0.2)
    kinds = tuple(
        CallKind(f"k{k}", "any", "t", share * B_RATE * 8760, t, t, length_m=k, gang_most=2)
        for k, (share, t) in enumerate(zip(shares, B_TONNES, strict=True))
    )
    return PortProblem(berths, (CranePool("p", 8, 100.0, interference_exponent=1.0),), kinds)


def ours(problem) -> Callable[[int], tuple[int, float]]:
    """The chain engine, drawing and the whole log included."""
    import numpy as np

    from qujiang.port import kernels
    from qujiang.port.arrivals import design, drawn

    port = design(problem)

    def run(count: int) -> tuple[int, float]:
        calls = drawn(problem, count, 1, 0)
        log, berth_of, gang_of = (
            np.empty((count, kernels.COLUMNS)),
            np.empty(count, np.int64),
            np.empty(count, np.int64),
        )
        area = np.zeros(kernels.STATIONS)
        kernels.run(port, calls, log, berth_of, gang_of, area, 0.0)
        return count, float(area[kernels.ANCHORAGE] / count)

    return run


# -- the table ---------------------------------------------------------------------------------------------------------


def timed(run: Callable[[int], tuple[int, float]], count: int) -> tuple[float, float]:
    begin = time.perf_counter()
    done, wait = run(count)
    return done / (time.perf_counter() - begin), wait


def peer(name: str, python: str | None) -> tuple[float, float] | str:
    if python is None:
        try:
            return timed(PEERS[name][1], PEERS[name][2])
        except ImportError as error:
            return f"not installed ({error.name})"
    answer = subprocess.run([python, str(Path(__file__)), "--one", name], capture_output=True, text=True, check=False)
    if answer.returncode:
        return "did not run: " + (answer.stderr.strip().splitlines() or ["no message"])[-1]
    rate, wait = json.loads(answer.stdout.strip().splitlines()[-1])
    return rate, wait


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--one", metavar="NAME", choices=list(PEERS))
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    if asked.one:
        if asked.one.startswith("cimba"):
            PEERS[asked.one][1](1000)  # it compiles first
        print(json.dumps(timed(PEERS[asked.one][1], PEERS[asked.one][2])))
        return
    engines = {
        "qujiang A": ours_a,
        "qujiang A (whole chain)": ours(ours_problem_a()),
        "qujiang B": ours(ours_problem_b()),
    }
    for run in engines.values():
        run(1000)
    best: dict[str, tuple[float, float] | str] = {}
    for _ in range(asked.rounds):
        for name, run in engines.items():
            found = timed(run, 1_000_000)
            best[name] = max(found, best.get(name, found))  # type: ignore[type-var]
        for name in PEERS:
            result = peer(name, asked.peers)
            if isinstance(result, str) or not isinstance(best.get(name), tuple) or result > best[name]:
                best[name] = result
    print(f"{'engine':<26}{'vessels/s':>12}{'mean wait':>11}   best of {asked.rounds}, Python {sys.version.split()[0]}")
    for name in sorted(best, key=lambda n: (" B" in n, not n.startswith("qujiang"))):
        value = best[name]
        print(f"{name:<26}{value}" if isinstance(value, str) else f"{name:<26}{value[0]:>12,.0f}{value[1]:>11.4f}")


if __name__ == "__main__":
    main()
