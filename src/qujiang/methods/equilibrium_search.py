"""The arrays of one search for an equilibrium, and the steps that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import InfeasibleError
from qujiang.methods import bushes as kernels
from qujiang.methods.delay import BPR, SINGLE_SERVER, Curves, delay, delay_integral
from qujiang.methods.paths import Graph

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: A queue's curve is followed to this utilisation, then along its tangent; the limit rises until no answer lies beyond it.
FIRST_LIMIT = 0.999
LAST_LIMIT = 1.0 - 1e-10
#: At most this many sweeps over all bushes between two measurements; fewer when a sweep saves little more.
SWEEPS = 30
SWEEP_WORTH = 0.02
#: After this many sweeps that still save, the last move is stretched as far as it pays.
STRETCH = 10


@dataclass(frozen=True, slots=True)
class Trips:
    """Demand by rows: ``amount`` of class ``class_no`` from node ``origin`` to node ``target``; all of shape (rows,)."""

    origin: Ints
    target: Ints
    amount: Floats
    class_no: Ints


@dataclass(frozen=True, slots=True)
class Bushes:
    """Flows by origin and class: the state from which a neighbouring question starts. See `qujiang.methods.bushes`."""

    source: Ints
    class_no: Ints
    order: Ints
    count: Ints
    start: Ints
    link: Ints
    before: Ints
    flow: Floats

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Order, count, start, link, before and flow: what the kernels read and write."""
        return self.order, self.count, self.start, self.link, self.before, self.flow


def trips(origin: ArrayLike, target: ArrayLike, amount: ArrayLike, class_no: ArrayLike = 0) -> Trips:
    """Demand rows; a row within one node is kept out of the network by the caller, not here.

    Raises
    ------
    ValueError
        An amount is negative or not finite, or a row starts where it ends.
    """
    starts = np.array(origin, dtype=np.int32, ndmin=1)
    ends = np.broadcast_to(np.asarray(target, dtype=np.int32), starts.shape).copy()
    amounts = np.broadcast_to(np.asarray(amount, dtype=np.float64), starts.shape).copy()
    classes = np.broadcast_to(np.asarray(class_no, dtype=np.int32), starts.shape).copy()
    if not (np.isfinite(amounts).all() and (amounts >= 0.0).all()):
        raise ValueError("amount must be finite and not negative")
    if (starts == ends).any():
        row = int(np.flatnonzero(starts == ends)[0])
        raise ValueError(f"row {row} starts and ends at node {starts[row]}")
    return Trips(starts, ends, amounts, classes)


class Search:
    """Arrays of one search in packed order; the kernels write ``total``, ``cost`` and ``slope``."""

    def __init__(
        self, graph: Graph, curves: Curves, demand: Trips, class_cost: ArrayLike | None, system_optimum: bool
    ) -> None:
        self.graph, self.given, self.system_optimum = graph, curves, system_optimum
        if curves.base.shape != (graph.link_count,):
            raise ValueError(f"curves must hold one value a link ({graph.link_count}), not {curves.base.shape}")
        self.fixed = _packed_class_cost(graph, class_cost, int(demand.class_no.max(initial=0)) + 1)
        self.parameters = _packed_curves(curves, graph.link, marginal=system_optimum)
        self.limit = FIRST_LIMIT
        self.class_no, self.source, self.load = _by_bush(graph, demand)
        self.class_total = np.zeros_like(self.fixed)
        self.total, self.cost, self.slope = (np.zeros(graph.link_count) for _ in range(3))

    @property
    def network(self) -> tuple[Ints, Ints, int]:
        """First link by node, heads, and the number of nodes that may be passed."""
        return self.graph.first_link, self.graph.to, self.graph.queued_count

    def first_bushes(self) -> Bushes:
        """Shortest trees, each loaded before the next is grown.

        Raises
        ------
        InfeasibleError
            Some demand has no path.
        """
        bush_count, nodes = self.load.shape
        width = nodes + nodes // 2 + 16
        tall = {
            name: np.zeros((bush_count, size), dtype=np.int32)
            for name, size in (("order", nodes), ("start", nodes + 1))
        }
        wide = {name: np.zeros((bush_count, width), dtype=np.int32) for name in ("link", "before")}
        count, flow = np.zeros(bush_count, dtype=np.int32), np.zeros((bush_count, width))
        state = Bushes(self.source, self.class_no, count=count, flow=flow, **tall, **wide)
        self.total[:] = 0.0
        self._price()
        bush, node = kernels.plant(
            self.source, self.class_no, self.load, *self.network, *self.parameters, self.limit, self.fixed,
            self.total, self.cost, self.slope, *state.arrays(),
        )  # fmt: skip
        if bush >= 0:
            origin, target = self.graph.node[self.source[bush]], self.graph.node[node]
            raise InfeasibleError(
                f"no path from node {origin} to node {target} for {self.load[bush, node]:g} of class {self.class_no[bush]}"
            )
        return state

    def warm_bushes(self, start: Bushes) -> Bushes:
        """The flows of a neighbouring answer, scaled to this demand; grown afresh where its bushes no longer fit."""
        if not (np.array_equal(start.source, self.source) and np.array_equal(start.class_no, self.class_no)):
            raise ValueError("start holds other origins or classes; start afresh")
        if not all(self._still_fits(start, bush) for bush in range(self.source.size)):
            return self.first_bushes()
        names = ("order", "start", "link", "before", "flow")
        state = replace(start, **{name: getattr(start, name).copy() for name in names})
        self._price()
        return self.improve(state, change=False)[0]

    def _still_fits(self, start: Bushes, bush: int) -> bool:
        """No link of the bush is closed now, and no node that it does not reach can be reached now or is asked for."""
        fixed = self.fixed[self.class_no[bush]]
        if np.isinf(fixed[start.link[bush, : start.start[bush, start.count[bush]]]]).any():
            return False
        if start.count[bush] == self.graph.node_count:
            return True
        reached = np.zeros(self.graph.node_count, dtype=bool)
        reached[start.order[bush, : start.count[bush]]] = True
        tail = self.graph.rank[self.graph.tail][self.graph.link]
        leaves = (tail < self.graph.queued_count) | (tail == self.source[bush])
        opened = reached[tail] & leaves & ~reached[self.graph.to] & np.isfinite(fixed)
        return not (opened.any() or self.load[bush, ~reached].any())

    def improve(self, state: Bushes, *, change: bool = True) -> tuple[Bushes, int, float, float]:
        """Measure at fixed costs and mend; returns bushes, links added, cost spent, cost of the demand on shortest paths."""
        spent = np.zeros((self.source.size, 2))
        added, needed = kernels.improve(
            self.source, self.class_no, self.load, *self.network, self.cost, self.fixed, change, self.class_total,
            *state.arrays(), spent,
        )  # fmt: skip
        np.sum(self.class_total, axis=0, out=self.total)
        self._price()
        if needed:
            more = needed + needed // 2 - state.link.shape[1]
            state = replace(
                state, **{n: np.pad(getattr(state, n), ((0, 0), (0, more))) for n in ("link", "before", "flow")}
            )
            added += 1
        return state, added, float(spent[:, 0].sum()), float(spent[:, 1].sum())

    def sweep(self, state: Bushes) -> int:
        """Move flow inside the bushes until a sweep saves little more than the first; returns the number of sweeps."""
        first = 0.0
        earlier = state.flow
        for done in range(1, SWEEPS + 1):
            stretched = done % STRETCH == 0
            if stretched:
                earlier = state.flow.copy()
            saved = kernels.sweep(
                self.class_no,
                *self.parameters,
                self.limit,
                self.fixed,
                self.total,
                self.cost,
                self.slope,
                *state.arrays(),
            )
            first = first or saved
            if saved <= SWEEP_WORTH * first:
                return done
            if stretched:
                self.stretch(state, earlier)
        return SWEEPS

    def stretch(self, state: Bushes, earlier: Floats) -> None:
        """Go on along the move from the flows ``earlier``, as far as it pays."""
        kernels.stretch(
            self.class_no, *self.parameters, self.limit, self.fixed, self.total, self.cost, self.slope,
            state.count, state.start, state.link, earlier, state.flow,
        )  # fmt: skip

    def objective(self) -> float:
        """Beckmann's objective, or total cost for a system optimum; along the tangent beyond the queues' limit."""
        flow = self.unpacked(self.total)
        within = np.where(self.given.is_queue, np.minimum(flow, self.limit * self.given.capacity), flow)
        parts = within * delay(self.given, within) if self.system_optimum else delay_integral(self.given, within)
        over = flow - within
        if over.any():
            edge = np.ascontiguousarray(within[self.graph.link])
            cost, slope = np.empty_like(edge), np.empty_like(edge)
            kernels.refresh_costs(*self.parameters, self.limit, edge, cost, slope)
            parts = parts + over * (self.unpacked(cost) + 0.5 * over * self.unpacked(slope))
        used = self.class_total > 0.0
        return float(parts.sum() + self.fixed[used] @ self.class_total[used])

    def full_queues(self) -> NDArray[np.int64]:
        """Links whose queue is loaded beyond the limit, where the curve followed is not the true one."""
        flow = self.unpacked(self.total)
        return np.flatnonzero(self.given.is_queue & (flow > self.limit * self.given.capacity))

    def raise_limit(self) -> bool:
        """Follow the queues' curves further, if some flow lies beyond the limit; False when the answer is a true one.

        Raises
        ------
        InfeasibleError
            Some queues stay full however dear they are: the demand is beyond their capacity.
        """
        full = self.full_queues()
        if not full.size:
            return False
        if self.limit >= LAST_LIMIT:
            flow, links = self.unpacked(self.total), ", ".join(map(str, full[:5]))
            need, room = flow[full].sum(), self.given.capacity[full].sum()
            raise InfeasibleError(
                f"demand beyond capacity: the queues of links {links} would carry {need:g} of {room:g}; no steady state exists"
            )
        self.limit = min(1.0 - (1.0 - self.limit) / 100.0, LAST_LIMIT)
        self._price()
        return True

    def unpacked(self, packed: Floats) -> Floats:
        """Values in the order of the graph's links; shape (..., links)."""
        values = np.empty_like(packed)
        values[..., self.graph.link] = packed
        return values

    def _price(self) -> None:
        kernels.refresh_costs(*self.parameters, self.limit, self.total, self.cost, self.slope)


def _packed_curves(of: Curves, link: Ints, *, marginal: bool) -> tuple[NDArray[Any], ...]:
    """Kind, base, factor, capacity and power by packed link; a BPR curve's marginal cost is one with power + 1 times the factor."""
    kind, factor = of.kind, of.factor
    if marginal:
        factor = np.where(kind == BPR, factor * (of.power + 1.0), factor)
        kind = np.where(kind >= SINGLE_SERVER, kind + 2, kind).astype(np.int8)
    return tuple(np.ascontiguousarray(values[link]) for values in (kind, of.base, factor, of.capacity, of.power))


def _packed_class_cost(graph: Graph, class_cost: ArrayLike | None, classes: int) -> Floats:
    if class_cost is None:
        return np.zeros((classes, graph.link_count))
    own = np.asarray(class_cost, dtype=np.float64)
    if own.ndim != 2 or own.shape[0] < classes or own.shape[1] != graph.link_count:
        raise ValueError(f"class_cost must have shape ({classes}, {graph.link_count}), not {own.shape}")
    if not (own >= 0.0).all():
        raise ValueError("class_cost must not be negative or NaN")
    return np.ascontiguousarray(own[:, graph.link])


def _by_bush(graph: Graph, demand: Trips) -> tuple[Ints, Ints, Floats]:
    """Class, source and load by node [bushes, nodes] of every origin and class with a row, in packed numbers."""
    key = demand.class_no.astype(np.int64) * graph.node_count + graph.rank[demand.origin]
    bushes, row = np.unique(key, return_inverse=True)
    load = np.zeros((bushes.size, graph.node_count))
    np.add.at(load, (row, graph.rank[demand.target]), demand.amount)
    class_no, source = np.divmod(bushes, graph.node_count)
    return class_no.astype(np.int32), source.astype(np.int32), load
