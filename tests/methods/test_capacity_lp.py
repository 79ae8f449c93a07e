"""Capacity prices against the closed form, and against the whole linear program on arcs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_matrix, hstack

from qujiang.errors import InfeasibleError
from qujiang.methods.capacity_lp import Limits, kinks, link_limits, min_cost_flow
from qujiang.methods.equilibrium import Trips, trips
from qujiang.methods.paths import Graph, build_graph

RIVER_AND_ROAD = build_graph([0, 0], [1, 1], 2)
COST = [[20.0, 50.0], [25.0, 40.0]]
TWO_CARGOES = trips([0, 0], [1, 1], [60.0, 50.0], [0, 1])


def river(capacity: float) -> Limits:
    return link_limits([capacity, np.inf], 2, ["river", "road"])


def test_two_cargoes_share_a_river() -> None:
    answer = min_cost_flow(RIVER_AND_ROAD, COST, TWO_CARGOES, river(80.0))
    np.testing.assert_allclose(answer.flow, [[60, 0], [20, 30]], atol=1e-9)
    assert answer.objective == pytest.approx(2900.0)
    assert answer.lower_bound == pytest.approx(2900.0)
    assert answer.price.tolist() == pytest.approx([15.0])
    assert answer.demand_price.tolist() == pytest.approx([35.0, 40.0])


@pytest.mark.parametrize(
    ("capacity", "cost"), [(59, 3230), (60, 3200), (61, 3185), (109, 2465), (110, 2450), (111, 2450)]
)
def test_cost_by_capacity(capacity: float, cost: float) -> None:
    assert min_cost_flow(RIVER_AND_ROAD, COST, TWO_CARGOES, river(capacity)).objective == pytest.approx(cost)


@pytest.mark.parametrize(
    ("capacity", "left", "right"), [(59.0, 30, 30), (60.0, 30, 15), (80.0, 15, 15), (110.0, 15, 0)]
)
def test_a_kink_has_two_values(capacity: float, left: float, right: float) -> None:
    at = min_cost_flow(RIVER_AND_ROAD, COST, TWO_CARGOES, river(capacity))
    (kink,) = kinks(RIVER_AND_ROAD, COST, TWO_CARGOES, river(capacity), at)
    assert (kink.left, kink.right) == (pytest.approx(left, abs=1e-6), pytest.approx(right, abs=1e-6))
    assert right - 1e-6 <= at.price[0] <= left + 1e-6


def test_a_capacity_with_room_has_no_price_and_no_kink() -> None:
    at = min_cost_flow(RIVER_AND_ROAD, COST, TWO_CARGOES, river(111.0))
    assert at.price.tolist() == [0.0]
    assert kinks(RIVER_AND_ROAD, COST, TWO_CARGOES, river(111.0), at) == []


def test_demand_beyond_all_capacity_names_the_cut() -> None:
    """Two links in a row before one: the second pair of capacities holds 30 of 50 back."""
    graph = build_graph([0, 1, 0, 1], [1, 2, 1, 2], 3)
    limits = link_limits([100.0, 12.0, 90.0, 8.0], 1, ["quay", "lock", "yard", "siding"])
    with pytest.raises(InfeasibleError, match=r"30 of 50 cannot pass lock \(12\), siding \(8\): pairs 0-2"):
        min_cost_flow(graph, [[1.0, 1.0, 2.0, 2.0]], trips([0], [2], [50.0]), limits)


def test_left_behind_at_a_stated_cost() -> None:
    graph = build_graph([0], [1], 2)
    answer = min_cost_flow(graph, [[5.0]], trips([0], [1], [50.0]), link_limits([20.0]), unserved_yuan=100.0)
    assert answer.unserved.tolist() == pytest.approx([30.0])
    assert answer.objective == pytest.approx(20 * 5 + 30 * 100)
    assert answer.price.tolist() == pytest.approx([95.0])
    assert answer.demand_price.tolist() == pytest.approx([100.0])


def test_no_path_is_told_as_such() -> None:
    with pytest.raises(InfeasibleError, match="no path for 5 of 5: pairs 1-0"):
        min_cost_flow(build_graph([0], [1], 2), [[1.0]], trips([1], [0], [5.0]), link_limits([10.0]))


def test_one_limit_over_both_directions_and_a_weight_by_class() -> None:
    """A lock counts lockages in both directions together: class 1 (large vessels) needs half as many a tonne."""
    graph = build_graph([0, 1, 0, 1], [1, 0, 1, 0], 2)
    lock = Limits(np.array([60.0]), np.array([0, 0]), np.array([0, 1]), np.array([[1.0, 0.5], [1.0, 0.5]]), ("lock",))
    cost = [[1.0, 1.0, 9.0, 9.0], [1.0, 1.0, 9.0, 9.0]]
    demand = trips([0, 1], [1, 0], [40.0, 80.0], [0, 1])
    answer = min_cost_flow(graph, cost, demand, lock)
    assert answer.used.tolist() == pytest.approx([60.0])
    assert answer.flow[1, 1] == pytest.approx(80.0)  # 8 yuan saved with 0.5 of the lock beat 8 yuan with 1
    assert answer.flow[0, 0] == pytest.approx(20.0)
    assert answer.price.tolist() == pytest.approx([8.0])


def random_problem(seed: int) -> tuple[Graph, np.ndarray, Trips, Limits]:
    rng = np.random.default_rng(seed)
    nodes, extra, classes, rows = (int(rng.integers(low, high)) for low, high in ((4, 9), (5, 20), (1, 4), (2, 9)))
    ring = np.arange(nodes)
    tail = np.concatenate([ring, rng.integers(0, nodes, extra)])
    head = np.concatenate([(ring + 1) % nodes, rng.integers(0, nodes, extra)])
    cost = rng.uniform(0.0, 10.0, (classes, tail.size)) * (rng.random((classes, tail.size)) < 0.9)
    origin = rng.integers(0, nodes, rows)
    demand = trips(
        origin,
        (origin + rng.integers(1, nodes, rows)) % nodes,
        rng.uniform(0, 10, rows),
        rng.integers(0, classes, rows),
    )
    capacity = np.where(rng.random(tail.size) < 0.6, rng.uniform(1, 15, tail.size), np.inf)
    limits = link_limits(capacity, classes)
    weight = rng.choice([0.5, 1.0, 2.0], limits.weight.shape)
    return (
        build_graph(tail, head, nodes),
        cost,
        demand,
        Limits(limits.capacity, limits.row, limits.link, weight, limits.names),
    )


def by_arcs(graph: Graph, cost: np.ndarray, demand: Trips, limits: Limits, penalty: float) -> float:
    """The whole program: one flow on every link for every demand row, and what each leaves behind."""
    nodes, links, rows = graph.node_count, graph.link_count, demand.amount.size
    at = np.arange(links)
    balance = csr_matrix(
        (np.r_[np.ones(links), -np.ones(links)], (np.r_[graph.tail, graph.head], np.r_[at, at])), shape=(nodes, links)
    )
    supply = np.zeros((rows, nodes))
    supply[np.arange(rows), demand.origin] += 1.0
    supply[np.arange(rows), demand.target] -= 1.0
    stays = block_diag([one[:, None] for one in supply])
    equal = hstack([block_diag([balance] * rows), stays])
    use = [
        csr_matrix((limits.weight[:, k], (limits.row, limits.link)), shape=(limits.capacity.size, links))
        for k in demand.class_no
    ]
    joint = hstack([*use, csr_matrix((limits.capacity.size, rows))]) if limits.capacity.size else None
    price = np.r_[cost[demand.class_no].ravel(), np.full(rows, penalty)]
    solved = linprog(
        price, A_eq=equal, b_eq=(supply * demand.amount[:, None]).ravel(), A_ub=joint,
        b_ub=limits.capacity if limits.capacity.size else None, method="highs",
    )  # fmt: skip
    assert solved.status == 0
    return float(solved.fun)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_paths_and_arcs_agree_and_the_proof_holds(seed: int) -> None:
    graph, cost, demand, limits = random_problem(seed)
    answer = min_cost_flow(graph, cost, demand, limits, unserved_yuan=60.0)
    assert answer.objective == pytest.approx(by_arcs(graph, cost, demand, limits, 60.0), rel=1e-8, abs=1e-7)
    assert answer.lower_bound <= answer.objective
    assert answer.lower_bound == pytest.approx(answer.objective, rel=1e-8, abs=1e-7)
    assert (answer.used <= limits.capacity + 1e-6).all()
    assert (answer.price[answer.used < limits.capacity - 1e-6] <= 1e-7).all()  # complementary slackness
    spent = (cost * answer.flow).sum() + 60.0 * answer.unserved.sum()
    assert spent == pytest.approx(answer.objective, rel=1e-9, abs=1e-9)
    dual = demand.amount @ answer.demand_price - limits.capacity @ answer.price
    assert dual == pytest.approx(answer.objective, rel=1e-8, abs=1e-7)
    for k in range(cost.shape[0]):
        mine = demand.class_no == k
        balance = np.bincount(graph.head, answer.flow[k], graph.node_count) - np.bincount(
            graph.tail, answer.flow[k], graph.node_count
        )
        sent = demand.amount[mine] - answer.unserved[mine]
        balance += np.bincount(demand.origin[mine], sent, graph.node_count) - np.bincount(
            demand.target[mine], sent, graph.node_count
        )
        assert abs(balance).max() <= 1e-7


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_more_capacity_never_costs_more(seed: int) -> None:
    graph, cost, demand, limits = random_problem(seed)
    wider = Limits(limits.capacity * 1.3, limits.row, limits.link, limits.weight, limits.names)
    tight = min_cost_flow(graph, cost, demand, limits, unserved_yuan=60.0)
    loose = min_cost_flow(graph, cost, demand, wider, unserved_yuan=60.0)
    assert loose.objective <= tight.objective + 1e-7
    gain = tight.objective - loose.objective
    assert gain <= tight.price @ (wider.capacity - limits.capacity) + 1e-6  # cost is convex in capacity
