"""A road network as the field's files hold it, and its assignment with the proof.

Costs are in the network's own unit of time: ``free_flow * (1 + b * (flow / capacity) ** power) + toll_factor * toll +
distance_factor * length``. Flow and capacity are in vehicles of one period. Nothing here is tonnes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import InfeasibleError
from qujiang.freight.check_flows import FlowCheck, FlowsByOrigin, LoadedNetwork, check_flows, require_proof

if TYPE_CHECKING:
    from qujiang.methods.equilibrium import Equilibrium
    from qujiang.methods.paths import Graph

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """Nodes and directed links; arrays of links are in the order of the file.

    ``node_ids`` names the nodes; ``passable`` is False for zones that may not be driven through. ``x`` and ``y`` are None
    where the files give no coordinates; ``crs`` and ``length_unit`` are empty where they do not say.
    """

    name: str
    node_ids: tuple[str, ...]
    passable: NDArray[np.bool_]
    link_ids: tuple[str, ...]
    tail: Ints
    head: Ints
    capacity: Floats
    length: Floats
    free_flow: Floats
    b: Floats
    power: Floats
    toll: Floats
    x: Floats | None = None
    y: Floats | None = None
    crs: str = ""
    length_unit: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoadDemand:
    """Trips between nodes (indices of the network's ``node_ids``); trips within a node never enter the network."""

    origin: Ints
    target: Ints
    trips: Floats
    within: float


@dataclass(frozen=True, slots=True)
class RoadAssignment:
    """Flows, their costs, and what the independent check found. ``seconds`` covers solving and checking, not reading."""

    network: RoadNetwork
    answer: Equilibrium
    check: FlowCheck
    demand: float
    seconds: float

    def summary(self) -> dict[str, float | int | str | list[str] | bool]:
        """The figures by which an answer is judged; all recomputed by the check but ``passes`` and the best bound."""
        return {
            "network": self.network.name,
            "system_optimum": self.answer.system_optimum,
            "objective": self.check.objective,
            "relative_gap": self.check.relative_gap,
            "lower_bound": max(self.check.lower_bound, self.answer.lower_bound),
            "max_conservation_error": self.check.max_conservation_error,
            "total_cost": self.check.total_cost,
            "passes": len(self.answer.passes),
            "seconds": self.seconds,
            "nodes": len(self.network.node_ids),
            "links": len(self.network.link_ids),
            "demand": self.demand,
            "notes": list(self.network.notes),
        }


def assign_roads(
    network: RoadNetwork,
    demand: RoadDemand,
    *,
    gap: float = 1e-6,
    system_optimum: bool = False,
    toll_factor: float = 0.0,
    distance_factor: float = 0.0,
    pass_limit: int = 500,
) -> RoadAssignment:
    """Send all trips so that no driver gains by another path (or that all together lose least), and prove it.

    Raises
    ------
    InfeasibleError
        Trips between nodes without a path; the pairs are named.
    NotConvergedError
        The gap was not reached within the passes, or the check does not confirm it.
    """
    from qujiang.methods.delay import BPR, curves
    from qujiang.methods.equilibrium import equilibrium, flows_by_origin, load_compiled_code, trips
    from qujiang.methods.paths import build_graph

    import_module("scipy.sparse.csgraph")  # the check's, and all compiled code: ``seconds`` is the network's own time
    load_compiled_code()
    added = toll_factor * network.toll + distance_factor * network.length
    graph = build_graph(network.tail, network.head, len(network.node_ids), passable=network.passable)
    roads = curves(
        network.free_flow,
        kind=BPR,
        factor=network.free_flow * network.b,
        capacity=network.capacity,
        power=network.power,
    )
    wanted = trips(demand.origin, demand.target, demand.trips)
    own = added[None, :] if added.any() else None
    begun = time.perf_counter()
    try:
        answer = equilibrium(
            graph, roads, wanted, class_cost=own, gap=gap, pass_limit=pass_limit, system_optimum=system_optimum
        )
    except InfeasibleError:
        raise InfeasibleError(_unreachable(network, graph, demand)) from None
    loaded = LoadedNetwork(
        len(network.node_ids), network.passable, network.tail, network.head, network.free_flow, network.b, network.capacity,
        network.power, added, demand.origin, demand.target, demand.trips,
    )  # fmt: skip
    origin, _, link, flow = flows_by_origin(answer, graph)
    check = check_flows(loaded, answer.flow, FlowsByOrigin(origin, link, flow), system_optimum=system_optimum)
    seconds = time.perf_counter() - begun
    result = RoadAssignment(network, answer, check, float(demand.trips.sum() + demand.within), seconds)
    require_proof(check, asked_gap=gap, claimed_bound=answer.lower_bound, best=result)
    return result


def _unreachable(network: RoadNetwork, graph: Graph, demand: RoadDemand) -> str:
    """A sentence that names the pairs with trips but without a path."""
    from qujiang.methods.paths import shortest_trees

    origins, row = np.unique(demand.origin, return_inverse=True)
    near = shortest_trees(graph, np.zeros(graph.link_count), origins).distance[row, demand.target]
    lost = np.flatnonzero(np.isinf(near) & (demand.trips > 0.0))
    names = [f"{network.node_ids[demand.origin[i]]} to {network.node_ids[demand.target[i]]}" for i in lost[:5]]
    more = f" and {lost.size - 5} more pairs" if lost.size > 5 else ""
    return f"{network.name}: no path for {demand.trips[lost].sum():g} trips: {', '.join(names)}{more}"
