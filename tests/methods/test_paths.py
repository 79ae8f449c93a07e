"""Shortest trees against scipy, and the rules that a sparse matrix cannot keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from qujiang.methods.paths import build_graph, shortest_trees


def test_zones_are_not_passed() -> None:
    """Zones 1-3, links 1-2 and 2-3 of cost 1, 1-3 of cost 10."""
    tail, head, cost = [0, 1, 0], [1, 2, 2], [1.0, 1.0, 10.0]
    closed = build_graph(tail, head, 3, passable=[False, False, False])
    assert shortest_trees(closed, cost, [0]).distance[0, 2] == 10.0
    assert shortest_trees(build_graph(tail, head, 3), cost, [0]).distance[0, 2] == 2.0


def test_a_sink_with_two_ways_in_is_not_driven_through() -> None:
    """1->a 1, a->s 1, b->s 1, b->2 1, a->b 10: the way to 2 costs 12, never 4."""
    graph = build_graph([0, 2, 3, 3, 2], [2, 4, 4, 1, 3], 5)
    trees = shortest_trees(graph, [1.0, 1.0, 1.0, 1.0, 10.0], [0])
    assert trees.distance[0, 1] == 12.0
    assert trees.path(0, 1, graph) == [0, 4, 3]


def test_of_parallel_links_the_cheaper_is_taken_by_its_index() -> None:
    graph = build_graph([0, 0, 0], [1, 1, 1], 2)
    assert shortest_trees(graph, [3.0, 1.0, 2.0], [0]).link_into[0].tolist() == [-1, 1]


def test_a_link_of_cost_zero_is_a_link_and_one_of_infinite_cost_is_not() -> None:
    graph = build_graph([0, 1], [1, 2], 3)
    assert shortest_trees(graph, [0.0, np.inf], [0]).distance[0].tolist() == [0.0, 0.0, np.inf]


def test_a_dead_end_can_be_a_source_and_a_target() -> None:
    graph = build_graph([0, 1, 1, 2], [1, 0, 2, 1], 3)
    trees = shortest_trees(graph, [1.0, 2.0, 3.0, 4.0], [0, 1, 2])
    np.testing.assert_array_equal(trees.distance, [[0, 1, 4], [2, 0, 3], [6, 4, 0]])


@pytest.mark.parametrize("cost", [[-1.0], [np.nan], [1.0, 2.0]])
def test_costs_that_are_negative_missing_or_too_many_are_refused(cost: list[float]) -> None:
    with pytest.raises(ValueError, match="cost"):
        shortest_trees(build_graph([0], [1], 2), cost, [0])


def test_nodes_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="tail"):
        build_graph([5], [1], 2)
    with pytest.raises(ValueError, match="sources"):
        shortest_trees(build_graph([0], [1], 2), [1.0], [2])


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    nodes = draw(st.integers(2, 14))
    links = draw(st.integers(1, 45))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cost = rng.integers(0, 5, links) * rng.choice([1.0, 0.37], links)
    return nodes, rng.integers(0, nodes, links), rng.integers(0, nodes, links), cost, rng.random(nodes) < 0.7


@settings(max_examples=200, deadline=None)
@given(networks())
def test_distances_and_trees_agree_with_scipy(network: tuple) -> None:
    nodes, tail, head, cost, passable = network
    graph = build_graph(tail, head, nodes, passable=passable)
    trees = shortest_trees(graph, cost, np.arange(nodes))
    for source in range(nodes):
        usable = passable[tail] | (tail == source)
        cheapest = np.full((nodes, nodes), np.inf)
        np.minimum.at(cheapest, (tail[usable], head[usable]), cost[usable])
        row, column = np.nonzero(np.isfinite(cheapest))
        shifted = csr_matrix(
            (cheapest[row, column] + 1e-9, (row, column)), shape=(nodes, nodes)
        )  # keeps links of cost 0
        np.testing.assert_allclose(trees.distance[source], dijkstra(shifted, indices=source), atol=1e-7)
        for target in np.flatnonzero(np.isfinite(trees.distance[source])):
            path = trees.path(source, int(target), graph)
            assert sum(cost[path]) == pytest.approx(trees.distance[source, target])
            at = source
            for step, link in enumerate(path):
                assert tail[link] == at
                assert step == 0 or passable[at]
                at = head[link]
            assert at == target
