"""Shortest trees over directed links: zero costs kept, parallel links told apart, nodes that may not be passed.

Links are known by their index, never by their pair of nodes. A link of infinite cost is closed. A node that is not
passable (a zone) may begin or end a path but is never inside one.

Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.methods.compiled import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Graph:
    """Directed links packed for search: nodes renumbered by neighbourhood, links sorted by their tail.

    ``tail`` and ``head`` are as given. Inside, node ``v`` is ``rank[v]`` and link ``link[e]`` stands at place ``e``;
    ``first_link`` [nodes + 1] marks each tail's places, ``to`` [links] their heads. The nodes from ``queued_count`` on
    are never passed: zones that must not be, and dead ends that no shortest path enters and leaves again.
    """

    node_count: int
    tail: Ints
    head: Ints
    rank: Ints
    node: Ints
    link: Ints
    first_link: Ints
    to: Ints
    queued_count: int

    @property
    def link_count(self) -> int:
        """Number of directed links."""
        return self.tail.size


@dataclass(frozen=True, slots=True)
class Trees:
    """Shortest trees: one row a source.

    ``distance`` [sources, nodes], infinite where there is no path; ``link_into`` [sources, nodes] is the last link of the
    path, -1 at the source and where there is none.
    """

    sources: Ints
    distance: Floats
    link_into: Ints

    def path(self, row: int, target: int, graph: Graph) -> list[int]:
        """Links of the path from the row's source to a node, in order; empty where there is none."""
        links: list[int] = []
        link = int(self.link_into[row, target])
        while link >= 0:
            links.append(link)
            link = int(self.link_into[row, graph.tail[link]])
        return links[::-1]


def build_graph(
    tail: ArrayLike, head: ArrayLike, node_count: int, *, passable: Sequence[bool] | NDArray[np.bool_] | None = None
) -> Graph:
    """Pack links for search; costs come later, so one graph serves many cost vectors.

    Parameters
    ----------
    tail, head
        Nodes from 0 to ``node_count - 1``; shape (links,).
    passable
        False for nodes that may only begin or end a path; all are passable if absent.

    Examples
    --------
    A triangle whose corners are zones: the way over the middle one is shorter but not allowed.

    >>> graph = build_graph([0, 1, 0], [1, 2, 2], 3, passable=[False, False, False])
    >>> shortest_trees(graph, [1.0, 1.0, 10.0], [0]).distance[0].tolist()
    [0.0, 1.0, 10.0]
    """
    tails, heads = _nodes(tail, node_count, "tail"), _nodes(head, node_count, "head")
    if tails.shape != heads.shape:
        raise ValueError("tail and head must have the same length")
    passed = np.ones(node_count, dtype=bool) if passable is None else np.asarray(passable, dtype=bool)
    if passed.shape != (node_count,):
        raise ValueError("passable must hold one value a node")
    queued = passed & ~_dead_ends(tails, heads, node_count)
    near = _by_neighbourhood(tails, heads, node_count)
    node = np.concatenate([near[queued[near]], near[~queued[near]]]).astype(np.int32)
    rank = np.empty(node_count, dtype=np.int32)
    rank[node] = np.arange(node_count, dtype=np.int32)
    link = np.lexsort((rank[heads], rank[tails])).astype(np.int32)
    first = np.zeros(node_count + 1, dtype=np.int32)
    np.cumsum(np.bincount(rank[tails], minlength=node_count), out=first[1:])
    return Graph(node_count, tails, heads, rank, node, link, first, rank[heads][link], int(queued.sum()))


def shortest_trees(graph: Graph, cost: ArrayLike, sources: ArrayLike) -> Trees:
    """Shortest tree from each source to all nodes.

    Parameters
    ----------
    cost
        Cost of each link, not negative; infinity closes a link. Shape (links,).
    sources
        Nodes to start from.

    Raises
    ------
    ValueError
        A cost is negative or NaN.

    References
    ----------
    Dijkstra (1959), Numerische Mathematik 1, pp. 269-271, with a heap of four children
    """
    starts = _nodes(sources, graph.node_count, "sources")
    packed = packed_cost(graph, cost)
    distance = np.empty((starts.size, graph.node_count))
    link_into = np.empty((starts.size, graph.node_count), dtype=np.int32)
    _all_trees(
        graph.rank[starts],
        graph.first_link,
        graph.to,
        packed,
        graph.queued_count,
        graph.node,
        graph.link,
        distance,
        link_into,
    )
    return Trees(starts, distance, link_into)


def packed_cost(graph: Graph, cost: ArrayLike) -> Floats:
    """Costs in the order of the packed links, checked to be neither negative nor NaN."""
    costs = np.ascontiguousarray(cost, dtype=np.float64)
    if costs.shape != (graph.link_count,):
        raise ValueError(f"cost must hold one value a link ({graph.link_count}), not {costs.shape}")
    if not (costs >= 0.0).all():
        worst = int(np.argmin(np.where(np.isnan(costs), -np.inf, costs)))
        raise ValueError(f"cost of link {worst} is {costs[worst]}; it must not be negative")
    return costs[graph.link]


def _nodes(nodes: ArrayLike, node_count: int, name: str) -> Ints:
    numbers = np.ascontiguousarray(nodes, dtype=np.int64)
    if numbers.ndim != 1 or (numbers.size and (numbers.min() < 0 or numbers.max() >= node_count)):
        raise ValueError(f"{name} must hold nodes from 0 to {node_count - 1}")
    return numbers.astype(np.int32)


def _dead_ends(tail: Ints, head: Ints, node_count: int) -> NDArray[np.bool_]:
    """Nodes with at most one neighbour: a path through one would return to where it came from."""
    proper = tail != head
    one, other = np.concatenate([tail, head])[np.tile(proper, 2)], np.concatenate([head, tail])[np.tile(proper, 2)]
    low = np.full(node_count, node_count, dtype=np.int64)
    high = np.full(node_count, -1, dtype=np.int64)
    np.minimum.at(low, one, other)
    np.maximum.at(high, one, other)
    return low >= high


def _by_neighbourhood(tail: Ints, head: Ints, node_count: int) -> NDArray[np.int64]:
    """Nodes in breadth-first order over the undirected links, so that neighbours lie close in memory."""
    both_tail, both_head = np.concatenate([tail, head]), np.concatenate([head, tail])
    by_tail = np.argsort(both_tail, kind="stable")
    first = np.zeros(node_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(both_tail, minlength=node_count), out=first[1:])
    order = np.empty(node_count, dtype=np.int64)
    _breadth_first(first, both_head[by_tail].astype(np.int64), order)
    return order


@kernel
def _breadth_first(first, head, order):
    n = order.size
    seen = np.zeros(n, dtype=np.bool_)
    filled = 0
    done = 0
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = True
        order[filled] = root
        filled += 1
        while done < filled:
            u = order[done]
            done += 1
            for e in range(first[u], first[u + 1]):
                v = head[e]
                if not seen[v]:
                    seen[v] = True
                    order[filled] = v
                    filled += 1


@kernel
def grow_tree(source, first, to, cost, queued_count, distance, into, heap_key, heap_node, heap_place):
    """One shortest tree in packed numbers; ``into`` holds the packed link before each node."""
    for v in range(distance.size):
        distance[v] = np.inf
        into[v] = -1
        heap_place[v] = -1
    distance[source] = 0.0
    heap_key[0] = 0.0
    heap_node[0] = source
    settle(1, first, to, cost, queued_count, distance, into, heap_key, heap_node, heap_place)


@kernel
def settle(size, first, to, cost, queued_count, distance, into, heap_key, heap_node, heap_place):
    """Lower the distances until the heap of ``size`` nodes is empty.

    Distances need only be lengths of some paths, so a tree can be mended from its changed nodes. The heap is written out
    here, not called: calls cost a third more time.
    """
    while size > 0:
        u = heap_node[0]
        reached = heap_key[0]
        heap_place[u] = -1
        size -= 1
        if size > 0:
            key = heap_key[size]
            last = heap_node[size]
            place = 0
            while True:
                child = 4 * place + 1
                if child >= size:
                    break
                best = child
                best_key = heap_key[child]
                for other in range(child + 1, min(child + 4, size)):
                    if heap_key[other] < best_key:
                        best_key = heap_key[other]
                        best = other
                if best_key >= key:
                    break
                heap_key[place] = best_key
                heap_node[place] = heap_node[best]
                heap_place[heap_node[place]] = place
                place = best
            heap_key[place] = key
            heap_node[place] = last
            heap_place[last] = place
        for e in range(first[u], first[u + 1]):
            v = to[e]
            through = reached + cost[e]
            if through < distance[v]:
                distance[v] = through
                into[v] = e
                if v < queued_count:
                    place = heap_place[v]
                    if place < 0:
                        place = size
                        size += 1
                    while place > 0:
                        above = (place - 1) >> 2
                        if heap_key[above] <= through:
                            break
                        heap_key[place] = heap_key[above]
                        heap_node[place] = heap_node[above]
                        heap_place[heap_node[place]] = place
                        place = above
                    heap_key[place] = through
                    heap_node[place] = v
                    heap_place[v] = place


@kernel
def _all_trees(sources, first, to, cost, queued_count, node, link, distance, link_into):
    n = node.size
    near = np.empty(n)
    into = np.empty(n, dtype=np.int32)
    heap_key = np.empty(n)
    heap_node = np.empty(n, dtype=np.int32)
    heap_place = np.empty(n, dtype=np.int32)
    for row in range(sources.size):
        grow_tree(sources[row], first, to, cost, queued_count, near, into, heap_key, heap_node, heap_place)
        for v in range(n):
            distance[row, node[v]] = near[v]
            link_into[row, node[v]] = link[into[v]] if into[v] >= 0 else -1


def trace(trees: Trees, graph: Graph, row: ArrayLike, target: ArrayLike) -> tuple[NDArray[np.int64], Ints]:
    """Links of many paths at once: path ``i`` from source ``row[i]`` to ``target[i]`` is ``links[first[i]:first[i + 1]]``, in order.

    Raises
    ------
    ValueError
        A target has no path.
    """
    rows, targets = np.ascontiguousarray(row, dtype=np.int64), np.ascontiguousarray(target, dtype=np.int64)
    if not np.isfinite(trees.distance[rows, targets]).all():
        lost = int(np.flatnonzero(~np.isfinite(trees.distance[rows, targets]))[0])
        raise ValueError(f"no path from node {trees.sources[rows[lost]]} to node {targets[lost]}")
    first = np.zeros(rows.size + 1, dtype=np.int64)
    _path_lengths(trees.link_into, graph.tail, rows, targets, first)
    links = np.empty(first[-1], dtype=np.int32)
    _path_links(trees.link_into, graph.tail, rows, targets, first, links)
    return first, links


@kernel
def _path_lengths(link_into, tail, rows, targets, first):
    for i in range(rows.size):
        length = 0
        link = link_into[rows[i], targets[i]]
        while link >= 0:
            length += 1
            link = link_into[rows[i], tail[link]]
        first[i + 1] = first[i] + length


@kernel
def _path_links(link_into, tail, rows, targets, first, links):
    for i in range(rows.size):
        place = first[i + 1]
        link = link_into[rows[i], targets[i]]
        while link >= 0:
            place -= 1
            links[place] = link
            link = link_into[rows[i], tail[link]]
