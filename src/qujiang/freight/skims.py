"""Distances between places by each means: what a leg consists of, before any price is put on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qujiang.freight.network import Links, VirtualNetwork


@dataclass(frozen=True, slots=True)
class Skim:
    """Between all places, shape (places, places); infinity where there is no way.

    ``before[o, d]`` is the place before ``d`` on the way from ``o``, negative where there is none.
    """

    length_km: np.ndarray
    coastal_km: np.ndarray
    lock_count: np.ndarray
    lock_h: np.ndarray
    lock_wait_h: np.ndarray
    before: np.ndarray


@dataclass(frozen=True, slots=True)
class Skims:
    """Road, rail and one skim for each way of sailing (means x routing)."""

    road: Skim
    rail: Skim
    water: tuple[Skim, ...]
    water_means: np.ndarray  # index into VirtualNetwork.means, one a water skim


def _cheapest_link(links: Links, weight: np.ndarray, usable: np.ndarray, count: int) -> tuple[csr_array, dict]:
    """Undirected graph with the cheapest of parallel links, and which link that is for each pair."""
    best: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(usable):
        for pair in ((int(links.tail[row]), int(links.head[row])), (int(links.head[row]), int(links.tail[row]))):
            if pair not in best or weight[row] < weight[best[pair]]:
                best[pair] = int(row)
    pairs = np.array(list(best), dtype=np.int64).reshape(-1, 2)
    # scipy drops explicit zeros of a dense matrix but keeps them in a sparse one; lengths are positive all the same
    graph = csr_array((weight[list(best.values())], (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return graph, best


def _skim(links: Links, weight: np.ndarray, usable: np.ndarray, count: int, parts: tuple[np.ndarray, ...]) -> Skim:
    """Shortest ways by ``weight``; ``parts`` are summed along them (length, coastal length, locks, hours at locks)."""
    graph, best = _cheapest_link(links, weight, usable, count)
    distance, before = dijkstra(graph, directed=True, return_predecessors=True)
    sums = [np.where(np.isfinite(distance), 0.0, np.inf) for _ in parts]
    order = np.argsort(distance, axis=1, kind="stable")
    link_of = np.full((count, count), -1, dtype=np.int64)
    for (a, b), row in best.items():
        link_of[a, b] = row
    origins = np.arange(count)
    for rank in range(count):  # nearest first, so that the place before is already summed
        place = order[:, rank]
        previous = before[origins, place]
        known = previous >= 0
        o, p, q = origins[known], place[known], previous[known]
        row = link_of[q, p]
        for total, part in zip(sums, parts, strict=True):
            total[o, p] = total[o, q] + part[row]
    return Skim(*sums, before=before)


def simple_skim(links: Links, count: int) -> Skim:
    """Shortest ways by length."""
    zero = np.zeros(len(links.ids))
    return _skim(
        links, links.length_km, np.ones(len(links.ids), dtype=bool), count, (links.length_km, zero, zero, zero, zero)
    )


def build_skims(
    network: VirtualNetwork,
    per_km: np.ndarray,
    per_lock_h: np.ndarray,
    speed_km_per_h: np.ndarray,
    hour_values: tuple[float, ...],
) -> Skims:
    """Skims of a network.

    Parameters
    ----------
    per_km, per_lock_h
        Cost of a tonne by each means, shape (means,) [yuan/km], [yuan/h at locks]; they steer the choice of the way.
    speed_km_per_h
        Speed of each means, shape (means,).
    hour_values
        Values of time for which the best way is looked up [yuan/(t h)]. A means gets one skim for each way that
        differs between them.
    """
    count = len(network.place_ids)
    water = network.water
    links = water.links
    parts = (
        links.length_km,
        np.where(water.coastal, links.length_km, 0.0),
        water.lock_count,
        water.lockage_h,
        water.lock_wait_h,
    )
    skims: list[Skim] = []
    owner: list[int] = []
    for index, means in enumerate(network.means):
        previous: list[Skim] = []
        for value in hour_values:
            # the vessel's own hours are in per_km; the cargo's come on top
            weight = links.length_km * (per_km[index] + value / speed_km_per_h[index]) + water.lockage_h * (
                per_lock_h[index] + value
            )
            skim = _skim(links, weight, means.usable, count, parts)
            if not any(np.array_equal(skim.before, other.before) for other in previous):
                previous.append(skim)
                skims.append(skim)
                owner.append(index)
    return Skims(
        simple_skim(network.road, count),
        simple_skim(network.rail, count),
        tuple(skims),
        np.array(owner, dtype=np.int64),
    )


def way(skim: Skim, origin: int, destination: int) -> list[int]:
    """Places on the way, both ends included."""
    places = [destination]
    while places[-1] != origin:
        places.append(int(skim.before[origin, places[-1]]))
    return places[::-1]
