"""User equilibrium and system optimum on a network, to any precision asked.

The flow of every origin (and class) is kept on a bush, an acyclic part of the network; flow moves from longer to shorter
segments until no used path is longer than the shortest (Algorithm B). Every pass measures the gap by fresh shortest
paths and the bound that follows from it, so an answer states how far from the best it can be at most.

Classes (cargoes, vehicle types) share the links' delay; each may see its own fixed cost on top, infinite where a link is
closed to it. Amounts of all classes are in one unit of flow and costs in one unit of time or money; a class with another
value of time divides its fixed costs by it. Arc flows are unique where costs grow strictly; class and path flows are one
of many.

Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import NotConvergedError
from qujiang.methods import bushes as kernels
from qujiang.methods.delay import BPR, Curves, curves, delay
from qujiang.methods.equilibrium_search import Bushes, Search, Trips, trips
from qujiang.methods.paths import Graph, build_graph

__all__ = [
    "Bushes",
    "Equilibrium",
    "Pass",
    "Trips",
    "equilibrium",
    "flows_by_origin",
    "load_compiled_code",
    "select_link",
    "trips",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: Once the asked gap is met, passes go on to a twentieth of it, at most this many: they are cheap and the objective gains.
FINISHING_PASSES = 3
FINISHING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Pass:
    """One measurement: gap and objective of the flows after ``sweeps``, best bound so far, links added to bushes after it."""

    number: int
    relative_gap: float
    objective: float
    lower_bound: float
    sweeps: int
    links_added: int


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Flows at which no unit gains by another path, and the proof.

    ``flow`` [links] and ``class_flow`` [classes, links]; ``cost`` [links] is the delay without the classes' fixed costs
    (for a system optimum too: what a user meets). ``relative_gap`` = (spent - shortest) / spent, with marginal costs for a
    system optimum. ``lower_bound`` is below every feasible objective.
    """

    flow: Floats
    class_flow: Floats
    cost: Floats
    objective: float
    lower_bound: float
    relative_gap: float
    total_cost: float
    system_optimum: bool
    passes: tuple[Pass, ...]
    bushes: Bushes


def equilibrium(
    graph: Graph,
    curves: Curves,
    demand: Trips,
    *,
    class_cost: ArrayLike | None = None,
    gap: float = 1e-6,
    pass_limit: int = 200,
    system_optimum: bool = False,
    start: Bushes | None = None,
    stop: Callable[[Pass], bool] | None = None,
) -> Equilibrium:
    """Send all demand so that every used path is a shortest one.

    Parameters
    ----------
    curves
        Delay of each link, in the order of the graph's links.
    class_cost
        Fixed cost of each class on each link, shape (classes, links); infinity closes a link. None: no fixed cost.
    gap
        Relative gap to reach [1].
    system_optimum
        Minimise total cost instead: marginal costs take the place of costs.
    start
        Bushes of an answer on the same graph with the same origins and classes: a neighbouring question starts there.
    stop
        Asked after every pass; True ends the search as if the pass limit were met.

    Raises
    ------
    InfeasibleError
        Some demand has no path, or no flow keeps every queue below its capacity.
    NotConvergedError
        The gap was not reached within ``pass_limit`` passes; carries the best answer.

    References
    ----------
    Beckmann, McGuire and Winsten (1956); Dial (2006), Transportation Research B 40, pp. 917-936

    Examples
    --------
    Two roads of cost 1 and x: all take the second, though half would be better for all.

    >>> from qujiang.methods.delay import curves
    >>> from qujiang.methods.paths import build_graph
    >>> roads = curves([1.0, 0.0], kind=[0, 1], factor=[0.0, 1.0])
    >>> graph = build_graph([0, 0], [1, 1], 2)
    >>> equilibrium(graph, roads, trips([0], [1], [1.0])).flow.tolist()
    [0.0, 1.0]
    >>> equilibrium(graph, roads, trips([0], [1], [1.0]), system_optimum=True).flow.tolist()
    [0.5, 0.5]
    """
    search = Search(graph, curves, demand, class_cost, system_optimum)
    bushes = search.first_bushes() if start is None else search.warm_bushes(start)
    passes: list[Pass] = []
    bound, sweeps = -np.inf, 0
    for number in range(1, pass_limit + 1):
        bushes, added, spent, shortest = search.improve(bushes)
        objective = search.objective()
        bound = max(bound, objective - (spent - shortest))
        passes.append(Pass(number, (spent - shortest) / spent if spent > 0.0 else 0.0, objective, bound, sweeps, added))
        if (_finished(passes, gap) and not search.raise_limit()) or (stop is not None and stop(passes[-1])):
            break
        if number < pass_limit:
            sweeps = search.sweep(bushes)
    answer = _answer(search, bushes, tuple(passes))
    if answer.relative_gap > gap or search.full_queues().size:
        raise NotConvergedError(
            f"relative gap {answer.relative_gap:.3g} after {len(passes)} passes; {gap:.3g} was asked: raise the pass limit",
            answer,
        )
    return answer


def _finished(passes: list[Pass], gap: float) -> bool:
    if passes[-1].relative_gap > gap:
        return False
    met = sum(one.relative_gap <= gap for one in passes)
    return passes[-1].relative_gap <= gap * FINISHING_SHARE or met > FINISHING_PASSES


def _answer(search: Search, bushes: Bushes, passes: tuple[Pass, ...]) -> Equilibrium:
    flow, class_flow = search.unpacked(search.total), search.unpacked(search.class_total)
    cost = delay(search.given, flow)
    used, own = flow > 0.0, search.unpacked(search.fixed)
    sent = class_flow > 0.0
    total_cost = float(cost[used] @ flow[used] + own[sent] @ class_flow[sent])
    last = passes[-1]
    return Equilibrium(
        flow, class_flow, cost, last.objective, last.lower_bound, last.relative_gap, total_cost,
        search.system_optimum, passes, bushes,
    )  # fmt: skip


def select_link(answer: Equilibrium, graph: Graph, demand: Trips, link: int) -> Floats:
    """Part of each demand row that uses a link [share], shape (rows,).

    Path flows are one of many; this is the split that the bushes hold (each node's flow keeps one mix of ways in).
    """
    held = answer.bushes
    place = np.flatnonzero(graph.link == link)[0]
    sizes = graph.node_count
    share = np.zeros((held.source.size, sizes))
    kernels.link_shares(place, *held.arrays(), share)
    row_of = {(int(k), int(s)): row for row, (k, s) in enumerate(zip(held.class_no, held.source, strict=True))}
    rows = [row_of[int(k), int(graph.rank[s])] for k, s in zip(demand.class_no, demand.origin, strict=True)]
    return share[np.array(rows, dtype=np.int64), graph.rank[demand.target]]


def load_compiled_code() -> None:
    """Load (the first time: compile) every kernel on a network of two roads, so that a measurement holds none of it."""
    graph = build_graph([0, 0], [1, 1], 2)
    search = Search(graph, curves([1.0, 1.0], kind=BPR, factor=1.0), trips([0], [1], [1.0]), None, False)
    bushes, *_ = search.improve(search.first_bushes())
    search.sweep(bushes)
    search.stretch(bushes, bushes.flow.copy())


def flows_by_origin(answer: Equilibrium, graph: Graph) -> tuple[Ints, Ints, Ints, Floats]:
    """Positive link flows told apart: origin node, class, link and amount, one entry each."""
    held = answer.bushes
    ends = held.start[np.arange(held.count.size), held.count]
    used = (np.arange(held.link.shape[1]) < ends[:, None]) & (held.flow > 0.0)
    bush = np.nonzero(used)[0]
    return graph.node[held.source[bush]], held.class_no[bush], graph.link[held.link[used]], held.flow[used]
