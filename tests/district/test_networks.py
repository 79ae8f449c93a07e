"""Distances: closed forms, and scipy as a second opinion on the bundled network."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from qujiang.district import District
from qujiang.district.network_rules import months_of
from qujiang.district.networks import EARTH_RADIUS_KM, great_circle_km, open_graph, parts, shortest

POINT = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def test_great_circle_of_known_arcs() -> None:
    quarter = math.pi / 2 * EARTH_RADIUS_KM
    assert great_circle_km((0, 0), (90, 0)) == pytest.approx(quarter)
    assert great_circle_km((17, -45), (17, 45)) == pytest.approx(quarter)
    assert great_circle_km((0, 0), (180, 0)) == pytest.approx(2 * quarter)


@given(POINT, POINT, POINT)
def test_great_circle_is_a_distance(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> None:
    assert great_circle_km(a, a) == 0
    assert great_circle_km(a, b) == pytest.approx(great_circle_km(b, a), abs=1e-6)
    assert great_circle_km(a, c) <= great_circle_km(a, b) + great_circle_km(b, c) + 1e-3


@pytest.mark.parametrize("table", ["water_links", "road_links", "rail_links"])
def test_shortest_ways_agree_with_scipy(district: District, table: str) -> None:
    graph = open_graph(district[table], freight_only=table == "rail_links")
    names = sorted(graph)
    at = {name: row for row, name in enumerate(names)}
    arcs = [(at[a], at[b], km) for a, out in graph.items() for b, km, _ in out]
    tail, head, km = (np.array(column) for column in zip(*arcs, strict=True))
    least: dict[tuple[int, int], float] = {}
    for arc in zip(tail.tolist(), head.tolist(), km.tolist(), strict=True):
        least[arc[:2]] = min(arc[2], least.get(arc[:2], math.inf))
    ends = np.array(list(least))
    matrix = coo_matrix((list(least.values()), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    theirs = dijkstra(matrix.tocsr())
    for name in names:
        ours = shortest(graph, name)
        assert [ours[other][0] if other in ours else math.inf for other in names] == pytest.approx(
            list(theirs[at[name]])
        )
    assert len(parts(graph)) == connected_components(matrix, directed=False)[0]


@given(st.integers(1, 12), st.integers(1, 12))
def test_months_run_from_first_to_last_across_the_new_year(first: int, last: int) -> None:
    found = months_of(f"{first:02}-{last:02}")
    assert (found[0], found[-1]) == (first, last)
    assert len(set(found)) == len(found) <= 12
    assert all(after == before % 12 + 1 for before, after in pairwise(found))
