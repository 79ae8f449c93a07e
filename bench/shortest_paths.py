"""All-zones shortest trees on ChicagoSketch (387 zones, 933 nodes): ours beside scipy, AequilibraE and others, CPU seconds.

    python bench/shortest_paths.py                              ours and scipy
    python -m venv .peers && .peers/bin/pip install aequilibrae==1.7.2 networkit igraph
    python bench/shortest_paths.py --peers .peers/bin/python   the others too, each if it can be imported

One thread, best of 15, compiled code loaded. Cost is max(time, 0.01) + 0.04 x length with zones open, so that programs without
zero costs can take part. All distances are compared with scipy's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench" / "tntp" / "ChicagoSketch"
ZONES, NODES, REPEATS = 387, 933, 15


def best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def here(tail: np.ndarray, head: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Ours and scipy; returns scipy's distances between zones."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    from qujiang.methods.paths import build_graph, shortest_trees

    zones = np.arange(ZONES)
    matrix = csr_matrix((cost, (tail, head)), shape=(NODES, NODES))
    graph = build_graph(tail, head, NODES)
    expected = dijkstra(matrix, indices=zones)
    gap = abs(shortest_trees(graph, cost, zones).distance - expected).max()
    show("qujiang (trees and links)", best(lambda: shortest_trees(graph, cost, zones)), gap)
    show("scipy (trees)", best(lambda: dijkstra(matrix, indices=zones, return_predecessors=True)), 0.0)
    show("scipy (distances only)", best(lambda: dijkstra(matrix, indices=zones)), 0.0)
    return expected[:, :ZONES]


def show(program: str, seconds: float, gap: float) -> None:
    print(f"{program:<28} {1000 * seconds:8.2f} ms   largest difference {gap:.1e}", flush=True)


def peer(folder: Path) -> None:
    """Run in the peers' interpreter: each program that can be imported; one JSON line each."""
    given = np.load(folder / "in.npz")
    tail, head, cost = given["tail"], given["head"], given["cost"]
    for program, work in (("AequilibraE", aequilibrae), ("networkit", networkit), ("igraph", igraph)):
        try:
            seconds, distances = work(tail, head, cost)
        except ImportError:
            print(json.dumps({"program": program, "failed": "not installed"}))
            continue
        off = ~np.eye(ZONES, dtype=bool)
        print(json.dumps({"program": program, "seconds": seconds, "sum": float(distances[off].sum())}))


def aequilibrae(tail: np.ndarray, head: np.ndarray, cost: np.ndarray) -> tuple[float, np.ndarray]:
    import pandas as pd
    from aequilibrae.paths import Graph, NetworkSkimming

    numbers = np.arange(1, tail.size + 1)
    frame = {"link_id": numbers, "id": numbers, "a_node": tail + 1, "b_node": head + 1, "direction": 1, "cost": cost}
    graph = Graph()
    graph.network = pd.DataFrame(frame)
    graph.prepare_graph(np.arange(1, ZONES + 1))
    graph.set_graph("cost")
    graph.set_skimming(["cost"])
    graph.set_blocked_centroid_flows(False)
    skimming = NetworkSkimming(graph)
    skimming.set_cores(1)
    seconds = best(skimming.execute)
    return seconds, np.asarray(skimming.results.skims.matrix["cost"])


def networkit(tail: np.ndarray, head: np.ndarray, cost: np.ndarray) -> tuple[float, np.ndarray]:
    import networkit as nk

    nk.setNumberOfThreads(1)
    graph = nk.Graph(NODES, weighted=True, directed=True)
    for a, b, c in zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True):
        graph.addEdge(a, b, c)

    def work() -> np.ndarray:
        spsp = nk.distance.SPSP(graph, list(range(ZONES)))
        spsp.run()
        return np.asarray(spsp.getDistances(asarray=True))

    return best(work), work()[:, :ZONES]


def igraph(tail: np.ndarray, head: np.ndarray, cost: np.ndarray) -> tuple[float, np.ndarray]:
    import igraph as ig

    graph = ig.Graph(n=NODES, edges=np.column_stack([tail, head]).tolist(), directed=True)

    def work() -> list[list[float]]:
        return graph.distances(source=range(ZONES), target=range(NODES), weights=cost.tolist())

    return best(work), np.asarray(work())[:, :ZONES]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", metavar="PYTHON", help="interpreter with the other programs")
    options.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.peer:
        peer(asked.peer)
        return
    if not BENCH.is_dir():
        sys.exit(f"{BENCH} is absent: the benchmark networks may not be shipped")
    from qujiang.freight.tntp import read_tntp

    network, _ = read_tntp(BENCH / "ChicagoSketch_net.tntp", BENCH / "ChicagoSketch_trips.tntp")
    cost = np.maximum(network.free_flow, 0.01) + 0.04 * network.length
    expected = here(network.tail, network.head, cost)
    if not asked.peers:
        return
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "in.npz", tail=network.tail, head=network.head, cost=cost)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        ran = subprocess.run(
            [asked.peers, "-P", __file__, "--peer", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        print("peers failed:", ran.stderr.strip().splitlines()[-1:])
    for text in ran.stdout.splitlines():
        if not text.startswith("{"):
            continue
        told = json.loads(text)
        if "failed" in told:
            print(f"{told['program']:<28} {told['failed']}")
        else:
            show(told["program"], told["seconds"], abs(told["sum"] / expected.sum() - 1.0))


if __name__ == "__main__":
    main()
