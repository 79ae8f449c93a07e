"""The independent check of road flows: nothing here is shared with the solver.

Costs and the objective are recomputed by the printed formulas, shortest paths by scipy, conservation node by node and
origin by origin. A flow is called an answer only when this check confirms it.

A gap means nothing without conservation: a well-known program reported 8.7e-7 on a network where 828 vehicles entered a
dead end and never left; its objective lay below the optimum. So conservation comes first, then the sign of the gap, then
the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import NotConvergedError, QujiangError

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

#: Largest imbalance of a node that counts as rounding, as a part of all trips.
BALANCE = 1e-9
#: A gap may be this far below zero by rounding; lower is a fault of the flows.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """What the check needs of network and demand: links (BPR and a fixed cost) and trips by pair of nodes."""

    node_count: int
    passable: NDArray[np.bool_]
    tail: Ints
    head: Ints
    free_flow: Floats
    b: Floats
    capacity: Floats
    power: Floats
    fixed: Floats
    origin: Ints
    target: Ints
    trips: Floats


@dataclass(frozen=True, slots=True)
class FlowsByOrigin:
    """Link flows told apart by origin: entry ``i`` is ``flow[i]`` of ``origin[i]`` on ``link[i]``."""

    origin: Ints
    link: Ints
    flow: Floats


@dataclass(frozen=True, slots=True)
class FlowCheck:
    """What the flows really are. For a system optimum, gap and bound are those of the marginal costs.

    ``max_conservation_error`` is in trips, the largest over nodes and origins, at node index ``worst_node``.
    """

    objective: float
    lower_bound: float
    relative_gap: float
    total_cost: float
    shortest_cost: float
    average_excess_cost: float
    max_conservation_error: float
    worst_node: int
    least_flow: float
    trips: float


def check_flows(
    loaded: LoadedNetwork, flow: Floats, by_origin: FlowsByOrigin | None = None, *, system_optimum: bool = False
) -> FlowCheck:
    """Recompute conservation, costs, objective, gap and bound of link flows.

    Parameters
    ----------
    flow
        Vehicles on each link; shape (links,).
    by_origin
        The same flows by origin. With them conservation is checked for each origin, without only for their sum.
    system_optimum
        The objective is the total cost and the gap that of marginal costs.
    """
    cost, marginal, integral = _costs(loaded, flow)
    total_cost = float(cost @ flow)
    seen = marginal if system_optimum else cost
    objective = total_cost if system_optimum else float(integral.sum())
    spent = float(seen @ flow)
    shortest = _shortest_cost(loaded, seen)
    trips = float(loaded.trips.sum())
    worst, node = _imbalance(loaded, flow, by_origin)
    return FlowCheck(
        objective=objective,
        lower_bound=objective - (spent - shortest),
        relative_gap=(spent - shortest) / spent if spent > 0.0 else 0.0,
        total_cost=total_cost,
        shortest_cost=shortest,
        average_excess_cost=(spent - shortest) / trips if trips > 0.0 else 0.0,
        max_conservation_error=worst,
        worst_node=node,
        least_flow=float(flow.min(initial=0.0)),
        trips=trips,
    )


def require_proof(check: FlowCheck, *, asked_gap: float, claimed_bound: float = -np.inf, best: Any = None) -> None:
    """Refuse flows that the check does not confirm.

    Raises
    ------
    QujiangError
        Flow is lost or negative, the gap is negative, or the objective lies below a bound: not an answer at all.
    NotConvergedError
        An answer, but not as precise as asked.
    """
    scale = max(check.trips, 1.0)
    if not check.max_conservation_error <= BALANCE * scale:
        raise QujiangError(
            f"flow is not conserved at node {check.worst_node}: {check.max_conservation_error:g} of {check.trips:g} trips"
        )
    if check.least_flow < 0.0:
        raise QujiangError(f"a link carries {check.least_flow:g} vehicles")
    if not check.relative_gap >= -ROUNDING:
        raise QujiangError(
            f"relative gap {check.relative_gap:g} is negative: the flows are cheaper than shortest paths"
        )
    if not check.objective >= claimed_bound - 1e-9 * abs(claimed_bound):
        raise QujiangError(f"objective {check.objective!r} is below the lower bound {claimed_bound!r}")
    if not check.relative_gap <= asked_gap:
        raise NotConvergedError(f"relative gap {check.relative_gap:.3g} by the check; {asked_gap:.3g} was asked", best)


def _costs(loaded: LoadedNetwork, flow: Floats) -> tuple[Floats, Floats, Floats]:
    """Cost, marginal cost and integral of each link; a curve of b 0 or without capacity is flat."""
    curved = (loaded.b > 0.0) & (loaded.capacity > 0.0) & (loaded.power > 0.0)
    flat_part = np.where((loaded.power == 0.0) & (loaded.b > 0.0), loaded.b, 0.0)
    ratio = np.divide(flow, loaded.capacity, out=np.zeros_like(flow), where=curved)
    rise = np.where(curved, loaded.b * np.power(ratio, loaded.power, out=np.zeros_like(flow), where=curved), flat_part)
    level = loaded.free_flow * (1.0 + rise)
    slope_part = loaded.free_flow * np.where(curved, loaded.power * rise, 0.0)
    area = flow * loaded.free_flow * (1.0 + rise / np.where(curved, loaded.power + 1.0, 1.0))
    return level + loaded.fixed, level + slope_part + loaded.fixed, area + loaded.fixed * flow


def _shortest_cost(loaded: LoadedNetwork, cost: Floats) -> float:
    """Cost of all trips on shortest paths. Every zone that may not be passed is split into a way in and a way out."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    n = loaded.node_count
    out = np.where(loaded.passable, np.arange(n), np.arange(n, 2 * n))
    tail, head = out[loaded.tail], loaded.head
    order = np.lexsort((cost, head, tail))  # the cheapest of parallel links comes first
    tail, head, sorted_cost = tail[order], head[order], cost[order]
    first = np.ones(tail.size, dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    graph = csr_matrix(
        (sorted_cost[first], (tail[first], head[first])), shape=(2 * n, 2 * n)
    )  # explicit zeros are links
    asked = loaded.trips > 0.0
    origins, row = np.unique(loaded.origin[asked], return_inverse=True)
    if not origins.size:
        return 0.0
    near = dijkstra(graph, indices=out[origins])
    return float(loaded.trips[asked] @ near[row, loaded.target[asked]])


def _imbalance(loaded: LoadedNetwork, flow: Floats, by_origin: FlowsByOrigin | None) -> tuple[float, int]:
    """Largest |in - out - supply| over nodes (and origins), and its node."""
    n = loaded.node_count
    balance = np.bincount(loaded.head, flow, n) - np.bincount(loaded.tail, flow, n)
    balance += np.bincount(loaded.origin, loaded.trips, n) - np.bincount(loaded.target, loaded.trips, n)
    node = int(np.argmax(np.abs(balance)))
    worst = float(abs(balance[node]))
    if by_origin is None:
        return worst, node
    origins, row = np.unique(loaded.origin, return_inverse=True)
    held = np.searchsorted(origins, by_origin.origin) * n
    size = origins.size * n
    apart = np.bincount(held + loaded.head[by_origin.link], by_origin.flow, size)
    apart -= np.bincount(held + loaded.tail[by_origin.link], by_origin.flow, size)
    apart += np.bincount(row * n + loaded.origin, loaded.trips, size) - np.bincount(
        row * n + loaded.target, loaded.trips, size
    )
    summed = np.bincount(by_origin.link, by_origin.flow, flow.size)
    if apart.size and abs(apart).max() > worst:
        place = int(np.argmax(np.abs(apart)))
        worst, node = float(abs(apart[place])), place % n
    if abs(summed - flow).max(initial=0.0) > worst:
        link = int(np.argmax(np.abs(summed - flow)))
        worst, node = float(abs(summed - flow)[link]), int(loaded.head[link])
    return worst, node
