"""User equilibrium: ours beside AequilibraE, in one run, CPU seconds of one thread.

    python bench/equilibrium.py                              ours
    python -m venv .peers && .peers/bin/pip install aequilibrae==1.7.2
    python bench/equilibrium.py --peers .peers/bin/python   ours, then AequilibraE in its own interpreter

Networks are read from ../shared/bench/tntp (they may not be shipped). Every objective is recomputed here from the flows by
the independent check; ``excess`` is over the best known. Peers are given the same numbers; what they cannot take is said.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "tntp"
NETWORKS = {
    "SiouxFalls": (4_231_335.28710744, 0.0, 0.0),
    "Anaheim": (1_286_032.17109603, 0.0, 0.0),
    "ChicagoSketch": (17_313_018.73874779, 0.02, 0.04),
}
#: A C program of the same algorithm (tap-b), measured on two cores like these: CPU seconds to a gap.
MARK = {
    ("SiouxFalls", 1e-6): 0.010, ("SiouxFalls", 1e-10): 0.028, ("Anaheim", 1e-6): 0.012, ("Anaheim", 1e-10): 0.032,
    ("ChicagoSketch", 1e-6): 1.05, ("ChicagoSketch", 1e-10): 2.1,
}  # fmt: skip
REPEATS = 3


def read(name: str):
    from qujiang.freight.tntp import read_tntp

    return read_tntp(BENCH / name / f"{name}_net.tntp", BENCH / name / f"{name}_trips.tntp")


def ours(name: str, gap: float) -> tuple[float, float, float, int]:
    """CPU seconds (least of the repeats, check included), gap and objective by the check, passes."""
    from qujiang.freight.road_network import assign_roads

    _, toll, distance = NETWORKS[name]
    network, demand = read(name)
    seconds = []
    for _ in range(REPEATS + 1):  # the first loads compiled code
        begun = time.process_time()
        result = assign_roads(network, demand, gap=gap, toll_factor=toll, distance_factor=distance)
        seconds.append(time.process_time() - begun)
    return min(seconds), result.check.relative_gap, result.check.objective, len(result.answer.passes)


def theirs(python: str, name: str, gap: float) -> tuple[float, float, float, int]:
    """The same of AequilibraE's bi-conjugate Frank-Wolfe, run by its own interpreter; its flows are checked here."""
    from qujiang.freight.check_flows import LoadedNetwork, check_flows

    _, toll, distance = NETWORKS[name]
    network, demand = read(name)
    fixed = toll * network.toll + distance * network.length
    with tempfile.TemporaryDirectory() as folder:
        matrix = np.zeros((NETWORKS_ZONES[name],) * 2)
        matrix[demand.origin, demand.target] = demand.trips
        np.savez(
            Path(folder) / "in.npz", tail=network.tail, head=network.head, capacity=network.capacity, time=network.free_flow,
            b=network.b, power=network.power, fixed=fixed, matrix=matrix, gap=gap, passable=network.passable,
        )  # fmt: skip
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        ran = subprocess.run(
            [python, "-P", __file__, "--peer", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "no message")
        told = json.loads(ran.stdout.strip().splitlines()[-1])
        flow = np.load(Path(folder) / "out.npy")
    loaded = LoadedNetwork(
        len(network.node_ids), network.passable, network.tail, network.head, network.free_flow, network.b, network.capacity,
        network.power, fixed, demand.origin, demand.target, demand.trips,
    )  # fmt: skip
    check = check_flows(loaded, flow)
    return told["seconds"], check.relative_gap, check.objective, told["passes"]


NETWORKS_ZONES = {"SiouxFalls": 24, "Anaheim": 38, "ChicagoSketch": 387}


def peer(folder: Path) -> None:
    """Run in the peer's interpreter: assign with AequilibraE and leave the flows beside the input."""
    import pandas as pd
    from aequilibrae.matrix import AequilibraeMatrix
    from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

    given = np.load(folder / "in.npz")
    links, zones = given["tail"].size, given["matrix"].shape[0]
    frame = pd.DataFrame(
        {
            "link_id": np.arange(1, links + 1),
            "a_node": given["tail"] + 1,
            "b_node": given["head"] + 1,
            "direction": 1,
            "id": np.arange(1, links + 1),
            "capacity": np.maximum(given["capacity"], 1e-9),
            "free_flow_time": np.maximum(given["time"], 1e-9),  # it takes no zero
            "b": given["b"],
            "power": given["power"],
            "fixed": given["fixed"],
        }
    )
    graph = Graph()
    graph.network = frame
    graph.prepare_graph(np.arange(1, zones + 1))
    graph.set_graph("free_flow_time")
    graph.set_blocked_centroid_flows(not bool(given["passable"][:zones].all()))
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=zones, matrix_names=["trips"], memory_only=True)
    matrix.index[:] = np.arange(1, zones + 1)
    matrix.matrix["trips"][:, :] = given["matrix"]
    matrix.computational_view(["trips"])
    cars = TrafficClass("car", graph, matrix)
    if given["fixed"].any():
        cars.set_fixed_cost("fixed")
    assignment = TrafficAssignment()
    assignment.set_classes([cars])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow_time")
    assignment.set_algorithm("bfw")
    assignment.max_iter = 2000
    assignment.rgap_target = float(given["gap"])
    assignment.set_cores(1)
    begun = time.process_time()
    assignment.execute()
    seconds = time.process_time() - begun
    found = assignment.results()
    flow = np.zeros(links)
    flow[found.index.to_numpy() - 1] = found["trips_ab"].fillna(0.0).to_numpy()
    np.save(folder / "out.npy", flow)
    print(json.dumps({"seconds": seconds, "passes": int(assignment.assignment.iter)}))


def chains() -> None:
    """Stochastic equilibrium over 20,000 chains of 4,000 groups and 60 resources: cold, and from a neighbouring answer."""
    from dataclasses import replace

    from scipy.sparse import csr_matrix

    from qujiang.methods.delay import curves
    from qujiang.methods.equilibrium_chains import chain_equilibrium, chain_set

    rng = np.random.default_rng(1)
    groups, each, resources = 4000, 5, 60
    use = (rng.random((groups * each, resources)) < 0.05) * rng.uniform(0.5, 1.0, (groups * each, resources))
    use[::each] = 0.0
    cost, demand = rng.uniform(50, 150, groups * each), rng.lognormal(8, 1.5, groups)
    total = use.T @ np.repeat(demand / each, each)
    hard = rng.random(resources) < 0.2
    kind = np.where(hard, 0, rng.choice([1, 2, 3], resources))
    delays = curves(
        np.zeros(resources), kind=kind, factor=np.where(hard, 0.0, rng.uniform(1, 10, resources)),
        capacity=total * rng.uniform(0.6, 1.5, resources), power=np.where(kind == 3, 2.0, 4.0),
    )  # fmt: skip
    room = np.where(hard, total * rng.uniform(0.6, 1.2, resources), np.inf)
    there = chain_set(np.repeat(np.arange(groups), each), cost, demand, csr_matrix(use))
    cold, warm = [], []
    for _ in range(5):
        begun = time.process_time()
        answer = chain_equilibrium(there, 0.05, delays, room, tolerance=1e-8)
        cold.append(time.process_time() - begun)
        near = replace(
            there, cost_yuan=cost * rng.uniform(0.98, 1.02, cost.size), demand=demand * rng.uniform(0.95, 1.05, groups)
        )
        begun = time.process_time()
        chain_equilibrium(near, 0.05, delays, room, tolerance=1e-8, start=answer)
        warm.append(time.process_time() - begun)
    gap = (answer.objective - answer.lower_bound) / abs(answer.objective)
    print(
        f"chains: {1000 * min(cold):.1f} ms, from a neighbour {1000 * min(warm):.1f} ms; residual {answer.residual:.1e}, bound {gap:.1e} below"
    )


def capacities() -> None:
    """Least cost under joint capacities: 500 nodes, 2,500 links, 30 cargoes to 20 places each; HiGHS on arcs beside it."""
    from scipy.optimize import linprog
    from scipy.sparse import block_diag, csr_matrix, hstack, identity
    from scipy.spatial import cKDTree

    from qujiang.methods.capacity_lp import link_limits, min_cost_flow
    from qujiang.methods.equilibrium import trips
    from qujiang.methods.paths import build_graph

    rng = np.random.default_rng(1)
    nodes, cargoes, pairs, penalty = 500, 30, 20, 1e4
    places = rng.random((nodes, 2))
    near = cKDTree(places).query(places, k=6)[1]
    tail, head = np.repeat(np.arange(nodes), 5), near[:, 1:].ravel()
    length = np.hypot(*(places[tail] - places[head]).T) * 100.0
    cost = length * rng.uniform(0.7, 1.3, (cargoes, 1)) * rng.uniform(0.9, 1.1, (cargoes, tail.size)) + 0.1
    origin = np.repeat(
        rng.integers(0, nodes, cargoes), pairs
    )  # one origin a cargo: then its flow on arcs is one commodity
    target = (origin + rng.integers(1, nodes, origin.size)) % nodes
    demand = trips(origin, target, rng.uniform(1, 20, origin.size), np.repeat(np.arange(cargoes), pairs))
    graph = build_graph(tail, head, nodes)
    free = min_cost_flow(graph, cost, demand, link_limits(np.full(tail.size, np.inf), cargoes), unserved_yuan=penalty)
    for name, part in (("loose", 1.2), ("tight", 0.4)):
        room = np.full(tail.size, np.quantile(free.flow.sum(axis=0), 0.995) * part)
        seconds = []
        for _ in range(REPEATS):
            begun = time.process_time()
            ours = min_cost_flow(graph, cost, demand, link_limits(room, cargoes), unserved_yuan=penalty)
            seconds.append(time.process_time() - begun)
        at = np.arange(tail.size)
        balance = csr_matrix(
            (np.r_[np.ones(at.size), -np.ones(at.size)], (np.r_[tail, head], np.r_[at, at])), shape=(nodes, at.size)
        )
        supply = np.zeros((cargoes * nodes, origin.size))
        np.add.at(supply, (demand.class_no * nodes + origin, np.arange(origin.size)), 1.0)
        np.add.at(supply, (demand.class_no * nodes + target, np.arange(origin.size)), -1.0)
        equal = hstack([block_diag([balance] * cargoes), csr_matrix(supply)])
        joint = hstack([*[identity(at.size)] * cargoes, csr_matrix((at.size, origin.size))])
        begun = time.process_time()
        theirs = linprog(
            np.r_[cost.ravel(), np.full(origin.size, penalty)], A_eq=equal, b_eq=supply @ demand.amount, A_ub=joint, b_ub=room,
            method="highs-ds", bounds=[(0, None)] * cost.size + list(zip(np.zeros(origin.size), demand.amount, strict=True)),
        )  # fmt: skip
        other = time.process_time() - begun
        print(
            f"capacities, {name}: {min(seconds):.3f} s ({int((ours.price > 1e-9).sum())} full links, {ours.full_row_count} rows); "
            f"HiGHS simplex on arcs {other:.2f} s; costs differ by {abs(ours.objective / theirs.fun - 1):.1e}"
        )


def line(who: str, name: str, gap: float, found: tuple[float, float, float, int]) -> None:
    seconds, reached, objective, passes = found
    excess = objective / NETWORKS[name][0] - 1.0
    print(f"{name:<14} {gap:<7.0e} {who:<22} {seconds:9.4f} {passes:6d} {reached:10.2e} {excess:+10.2e}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", metavar="PYTHON", help="interpreter with AequilibraE")
    options.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.peer:
        peer(asked.peer)
        return
    if not BENCH.is_dir():
        sys.exit(f"{BENCH} is absent: the benchmark networks may not be shipped")
    print(f"{'network':<14} {'gap':<7} {'program':<22} {'CPU s':>9} {'passes':>6} {'gap found':>10} {'excess':>10}")
    for name in NETWORKS:
        for gap in (1e-4, 1e-6, 1e-10):
            line("qujiang", name, gap, ours(name, gap))
            if (name, gap) in MARK:
                print(f"{name:<14} {gap:<7.0e} {'tap-b (mark, not run)':<22} {MARK[name, gap]:9.4f}")
            if asked.peers and gap > 1e-8:
                try:
                    line("AequilibraE bfw", name, gap, theirs(asked.peers, name, gap))
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    print(f"{name:<14} {gap:<7.0e} AequilibraE bfw        failed: {error}")
    chains()
    capacities()


if __name__ == "__main__":
    main()
