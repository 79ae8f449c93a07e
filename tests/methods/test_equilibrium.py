"""Equilibria against closed forms, a linear program, and what must hold for any network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from qujiang.errors import InfeasibleError, NotConvergedError
from qujiang.methods.delay import (
    BPR,
    CONSTANT,
    MULTI_SERVER,
    SINGLE_SERVER,
    Curves,
    curves,
    delay,
    delay_integral,
    marginal_cost,
)
from qujiang.methods.equilibrium import Trips, equilibrium, select_link, trips
from qujiang.methods.paths import Graph, build_graph, shortest_trees

TWO_ROADS = build_graph([0, 0], [1, 1], 2)


def test_pigou() -> None:
    roads = curves([1.0, 0.0], kind=BPR, factor=[0.0, 1.0])
    user = equilibrium(TWO_ROADS, roads, trips([0], [1], [1.0]), gap=1e-12)
    best = equilibrium(TWO_ROADS, roads, trips([0], [1], [1.0]), gap=1e-12, system_optimum=True)
    np.testing.assert_allclose(user.flow, [0, 1], atol=1e-12)
    assert (user.total_cost, user.objective) == (pytest.approx(1.0), pytest.approx(0.5))
    np.testing.assert_allclose(best.flow, [0.5, 0.5], atol=1e-12)
    assert best.total_cost == pytest.approx(0.75)
    toll = marginal_cost(roads, best.flow) - delay(roads, best.flow)
    assert toll[1] == pytest.approx(0.5)
    assert user.total_cost / best.total_cost == pytest.approx(4 / 3)


def two_bpr_roads() -> Curves:
    return curves([14.0, 34.0], kind=BPR, factor=[14 * 0.15, 34 * 0.1], capacity=[1000.0, 500.0], power=[4.0, 2.0])


def test_two_bpr_roads() -> None:
    user = equilibrium(TWO_ROADS, two_bpr_roads(), trips([0], [1], [3000.0]), gap=1e-13)
    np.testing.assert_allclose(user.flow, [2000, 1000], atol=1e-6)
    np.testing.assert_allclose(user.cost, 47.6, atol=1e-8)
    assert user.total_cost == pytest.approx(142_800, abs=1e-5)
    assert user.objective == pytest.approx(79_973.3333333333, abs=1e-7)


def test_two_bpr_roads_at_their_best() -> None:
    best = equilibrium(TWO_ROADS, two_bpr_roads(), trips([0], [1], [3000.0]), gap=1e-13, system_optimum=True)
    np.testing.assert_allclose(best.flow, [1704.009507, 1295.990493], atol=1e-5)
    assert best.total_cost == pytest.approx(127_693.67961, abs=5e-6)
    marginal = marginal_cost(two_bpr_roads(), best.flow)
    np.testing.assert_allclose(marginal, 102.527327, atol=1e-6)
    np.testing.assert_allclose(marginal - best.cost, [70.821862, 45.684885], atol=1e-5)


def test_lock_against_road() -> None:
    """River 1200 min and a single-chamber lock (50 min, cs2 0.25), or road 1325 min; demand 1.2 an hour."""
    links = curves([1200.0, 1325.0], kind=[SINGLE_SERVER, CONSTANT], factor=[31.25, 0.0], capacity=1.2)
    user = equilibrium(TWO_ROADS, links, trips([0], [1], [1.2]), gap=1e-13)
    assert user.flow[0] == pytest.approx(0.96, abs=1e-10)
    assert user.objective == pytest.approx(1500.353922, abs=5e-7)
    assert user.total_cost == pytest.approx(1590.0, abs=1e-8)
    best = equilibrium(TWO_ROADS, links, trips([0], [1], [1.2]), gap=1e-13, system_optimum=True)
    assert best.flow[0] == pytest.approx(0.663343685, abs=1e-8)
    assert best.total_cost == pytest.approx(1532.705098, abs=5e-7)


def test_a_second_chamber_takes_more_and_each_link_stays_below_capacity() -> None:
    flows = []
    for chambers in (1, 2, 3):
        links = curves(
            [1200.0, 1325.0], kind=[MULTI_SERVER, CONSTANT], factor=31.25, capacity=1.2 * chambers, power=chambers
        )
        answer = equilibrium(TWO_ROADS, links, trips([0], [1], [4.0]), gap=1e-12)
        assert answer.flow[0] < 1.2 * chambers
        assert answer.cost[0] == pytest.approx(1325.0, abs=1e-6)
        flows.append(answer.flow[0])
    assert flows[0] == pytest.approx(0.96, abs=1e-8)
    assert flows[1] > 2 * flows[0]
    assert flows[2] > 1.5 * flows[1]


def test_a_queue_driven_close_to_capacity_is_met_on_its_true_curve() -> None:
    links = curves([0.0, 1e6], kind=[SINGLE_SERVER, CONSTANT], factor=1.0, capacity=1.0)
    answer = equilibrium(TWO_ROADS, links, trips([0], [1], [2.0]), gap=1e-10)
    assert answer.cost[0] == pytest.approx(1e6, rel=1e-6)
    assert answer.flow[0] == pytest.approx(1e6 / (1e6 + 1), abs=1e-12)


def test_demand_beyond_all_capacity_is_infeasible() -> None:
    links = curves([0.0, 5.0], kind=SINGLE_SERVER, factor=1.0, capacity=1.0)
    with pytest.raises(InfeasibleError, match="links 0, 1"):
        equilibrium(TWO_ROADS, links, trips([0], [1], [2.5]))


def test_demand_without_a_path_is_infeasible() -> None:
    with pytest.raises(InfeasibleError, match="node 1 to node 0"):
        equilibrium(TWO_ROADS, curves([1.0, 1.0]), trips([1], [0], [1.0]))


def test_a_pass_limit_too_low_tells_and_carries_the_best() -> None:
    with pytest.raises(NotConvergedError) as caught:
        equilibrium(TWO_ROADS, two_bpr_roads(), trips([0], [1], [3000.0]), gap=1e-12, pass_limit=1)
    assert caught.value.best.relative_gap > 1e-12
    assert caught.value.best.flow.sum() == pytest.approx(3000.0)


def test_flow_at_2200_and_800_has_the_published_gap() -> None:
    """Half-way flows: gap 0.260278361, objective 81,966.321067, bound 36,888.849067."""
    flow, cost = np.array([2200.0, 800.0]), delay(two_bpr_roads(), [2200.0, 800.0])
    np.testing.assert_allclose(cost, [63.19376, 42.704], atol=1e-10)
    spent, shortest = cost @ flow, 3000 * cost.min()
    assert (spent - shortest) / spent == pytest.approx(0.260278361, abs=5e-10)
    objective = delay_integral(two_bpr_roads(), flow).sum()
    assert objective == pytest.approx(81_966.321067, abs=5e-7)
    assert objective - (spent - shortest) == pytest.approx(36_888.849067, abs=5e-7)


def test_sinks_and_zones_carry_no_through_flow() -> None:
    sink = build_graph([0, 2, 3, 3, 2], [2, 4, 4, 1, 3], 5)
    answer = equilibrium(sink, curves([1.0, 1.0, 1.0, 1.0, 10.0]), trips([0], [1], [7.0]))
    np.testing.assert_array_equal(answer.flow, [7, 0, 0, 7, 7])
    zones = build_graph([0, 1, 0], [1, 2, 2], 3, passable=[False] * 3)
    answer = equilibrium(zones, curves([1.0, 1.0, 10.0]), trips([0, 0], [2, 1], [3.0, 1.0]))
    np.testing.assert_array_equal(answer.flow, [1, 0, 3])


def test_classes_share_the_delay_and_keep_their_own_costs() -> None:
    """Class 0 may not use road 1; class 1 pays 5 more on road 0: it splits where 10 + v0/100 + 5 = 14 + v1/100."""
    roads = curves([10.0, 14.0], kind=BPR, factor=0.01)
    own = [[0.0, np.inf], [5.0, 0.0]]
    answer = equilibrium(TWO_ROADS, roads, trips([0, 0], [1, 1], [100.0, 300.0], [0, 1]), class_cost=own, gap=1e-13)
    np.testing.assert_allclose(answer.class_flow, [[100, 0], [50, 250]], atol=1e-8)
    np.testing.assert_allclose(answer.flow, [150, 250], atol=1e-8)
    assert answer.total_cost == pytest.approx(150 * 11.5 + 50 * 5 + 250 * 16.5, abs=1e-6)


def test_select_link_splits_demand_as_the_paths_do() -> None:
    graph = build_graph([0, 0, 2, 2, 3], [2, 3, 1, 3, 1], 4)
    roads = curves([0.0, 50.0, 50.0, 10.0, 0.0], kind=BPR, factor=[10.0, 1.0, 1.0, 1.0, 10.0])
    demand = trips([0], [1], [6.0])
    answer = equilibrium(graph, roads, demand, gap=1e-12)
    for link in range(5):
        assert select_link(answer, graph, demand, link)[0] * 6.0 == pytest.approx(answer.flow[link], abs=1e-9)


def random_problem(seed: int, *, zero_costs: bool = False) -> tuple[Graph, Curves, Trips]:
    """A strongly connected network with a ring, random links, BPR of several powers, and some demand."""
    rng = np.random.default_rng(seed)
    nodes, extra = int(rng.integers(4, 12)), int(rng.integers(4, 30))
    ring = np.arange(nodes)
    tail = np.concatenate([ring, rng.integers(0, nodes, extra)])
    head = np.concatenate([(ring + 1) % nodes, rng.integers(0, nodes, extra)])
    size = tail.size
    free = rng.uniform(0.0, 10.0, size) * (rng.random(size) < 0.7 if zero_costs else 1.0)
    slope = rng.uniform(0.05, 1.0, size) * (rng.random(size) < 0.8)
    roads = curves(
        free,
        kind=BPR,
        factor=free * slope,
        capacity=rng.uniform(5, 40, size),
        power=rng.choice([0, 1, 2, 4, 5.5], size),
    )
    rows = int(rng.integers(1, 12))
    origin = rng.integers(0, nodes, rows)
    target = (origin + rng.integers(1, nodes, rows)) % nodes
    return build_graph(tail, head, nodes), roads, trips(origin, target, rng.uniform(0, 60, rows))


def check(graph: Graph, roads: Curves, demand: Trips, flow: np.ndarray, cost: np.ndarray) -> float:
    """Conservation holds; returns the relative gap by fresh shortest trees."""
    balance = np.zeros(graph.node_count)
    np.add.at(balance, graph.head, flow)
    np.subtract.at(balance, graph.tail, flow)
    np.add.at(balance, demand.origin, demand.amount)
    np.subtract.at(balance, demand.target, demand.amount)
    assert abs(balance).max() <= 1e-9 * max(demand.amount.sum(), 1.0)
    assert (flow >= 0.0).all()
    near = shortest_trees(graph, cost, np.arange(graph.node_count)).distance[demand.origin, demand.target]
    spent = cost @ flow
    return (spent - demand.amount @ near) / spent if spent else 0.0


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_any_network_is_solved_and_the_proof_holds(seed: int, zero_costs: bool, system_optimum: bool) -> None:
    graph, roads, demand = random_problem(seed, zero_costs=zero_costs)
    answer = equilibrium(graph, roads, demand, gap=1e-9, system_optimum=system_optimum, pass_limit=500)
    cost = marginal_cost(roads, answer.flow) if system_optimum else delay(roads, answer.flow)
    assert -1e-12 <= check(graph, roads, demand, answer.flow, cost) <= 1.1e-9
    assert answer.lower_bound <= answer.objective * (1 + 1e-12)
    objectives = [one.objective for one in answer.passes]
    assert objectives[-1] <= objectives[0] * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_further_link_never_raises_the_best_total(seed: int) -> None:
    graph, roads, demand = random_problem(seed)
    rng = np.random.default_rng(seed + 1)
    before = equilibrium(graph, roads, demand, gap=1e-9, system_optimum=True, pass_limit=500)
    tail, head = rng.integers(0, graph.node_count, 2)
    wider = build_graph(np.append(graph.tail, tail), np.append(graph.head, head), graph.node_count)
    more = Curves(*(np.append(getattr(roads, name), getattr(roads, name)[0]) for name in Curves.__slots__))
    after = equilibrium(wider, more, demand, gap=1e-9, system_optimum=True, pass_limit=500)
    assert after.lower_bound <= before.objective * (1 + 1e-9)
    assert after.objective <= before.objective * (1 + 2e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_constant_costs_agree_with_a_linear_program(seed: int) -> None:
    graph, roads, demand = random_problem(seed)
    still = curves(roads.base + 0.1)
    answer = equilibrium(graph, still, demand)
    origins = np.unique(demand.origin)
    size, nodes = graph.link_count, graph.node_count
    incidence = np.zeros((nodes, size))
    np.add.at(incidence, (graph.tail, np.arange(size)), 1.0)
    np.subtract.at(incidence, (graph.head, np.arange(size)), 1.0)
    supply = np.zeros((origins.size, nodes))
    for row, origin in enumerate(origins):
        mine = demand.origin == origin
        supply[row, origin] += demand.amount[mine].sum()
        np.subtract.at(supply[row], demand.target[mine], demand.amount[mine])
    best = sum(linprog(still.base, A_eq=incidence, b_eq=one, method="highs").fun for one in supply)
    assert answer.objective == pytest.approx(best, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_warm_start_answers_the_same(seed: int) -> None:
    graph, roads, demand = random_problem(seed)
    rng = np.random.default_rng(seed + 2)
    first = equilibrium(graph, roads, demand, gap=1e-10, pass_limit=500)
    changed = trips(demand.origin, demand.target, demand.amount * rng.uniform(0.0, 1.5, demand.amount.size))
    warm = equilibrium(graph, roads, changed, gap=1e-10, pass_limit=500, start=first.bushes)
    cold = equilibrium(graph, roads, changed, gap=1e-10, pass_limit=500)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
    kept = equilibrium(graph, roads, demand, gap=1e-9, pass_limit=500, start=first.bushes)
    assert len(kept.passes) <= 2


def test_a_warm_start_across_a_closure_grows_afresh() -> None:
    roads = curves([10.0, 14.0], kind=BPR, factor=0.01)
    demand = trips([0], [1], [100.0])
    first = equilibrium(TWO_ROADS, roads, demand, class_cost=[[0.0, 0.0]])
    closed = equilibrium(TWO_ROADS, roads, demand, class_cost=[[np.inf, 0.0]], start=first.bushes)
    np.testing.assert_array_equal(closed.flow, [0, 100])
    opened = equilibrium(TWO_ROADS, roads, demand, start=closed.bushes)
    np.testing.assert_allclose(opened.flow, first.flow, atol=1e-6)


@pytest.mark.parametrize("seed", [516, 1413, 1685, 2136, 2642])
def test_origins_that_push_against_each_other_over_a_steep_link_are_solved(seed: int) -> None:
    """Sweeps alone move by equal small steps here: 500 passes leave a gap of 1e-5."""
    graph, roads, demand = random_problem(seed, zero_costs=bool(seed % 2))
    for system_optimum in (False, True):
        answer = equilibrium(graph, roads, demand, gap=1e-10, system_optimum=system_optimum, pass_limit=150)
        assert answer.relative_gap <= 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("zero_costs", [False, True])
def test_a_thousand_networks_are_solved_to_1e_10(zero_costs: bool) -> None:
    for seed in range(1000):
        graph, roads, demand = random_problem(seed, zero_costs=zero_costs)
        answer = equilibrium(graph, roads, demand, gap=1e-10, pass_limit=500)
        assert check(graph, roads, demand, answer.flow, delay(roads, answer.flow)) <= 1.1e-10
