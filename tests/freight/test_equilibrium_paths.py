"""Deterministic equilibrium over chains, against closed forms, HiGHS and a general optimiser."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_matrix

from qujiang.errors import InfeasibleError
from qujiang.methods.delay import BPR, MULTI_SERVER, SINGLE_SERVER, curves, delay
from qujiang.methods.equilibrium_chains import chain_equilibrium, chain_set
from qujiang.methods.equilibrium_paths import path_equilibrium


def lock_against_road():
    """Vector V9 of the reference: river 1200 min and an M/G/1 lock, road 1325 min, demand 1.2 an hour."""
    chains = chain_set([0, 0], [1200.0, 1325.0], [1.2], csr_matrix([[1.0], [0.0]]))
    return chains, curves(0.0, kind=SINGLE_SERVER, factor=(1 + 0.25) / 2 / 1.2 * 60, capacity=1.2)


def test_lock_against_road_user_equilibrium():
    found = path_equilibrium(*lock_against_road(), tolerance=1e-10)
    assert found.amount == pytest.approx([0.96, 0.24], abs=1e-7)
    assert found.delay[0] == pytest.approx(125.0, abs=1e-6)
    assert found.objective == pytest.approx(1500.353922, abs=1e-5)
    assert found.lower_bound <= found.objective <= found.lower_bound * (1 + 1e-9)


def test_lock_against_road_system_optimum():
    found = path_equilibrium(*lock_against_road(), system_optimum=True, tolerance=1e-10)
    assert found.amount[0] == pytest.approx(0.663343685, abs=1e-7)
    assert found.delay[0] == pytest.approx(38.627124, abs=1e-5)
    assert found.toll_yuan[0] == pytest.approx(86.372876, abs=1e-5)
    assert found.objective == pytest.approx(1532.705098, abs=1e-5)


def test_two_roads():
    """Vector V3 of the reference."""
    chains = chain_set([0, 0], [0.0, 0.0], [3000.0], csr_matrix(np.eye(2)))
    of = curves([14.0, 34.0], kind=BPR, factor=[14 * 0.15, 3.4], capacity=[1000.0, 500.0], power=[4.0, 2.0])
    user = path_equilibrium(chains, of, tolerance=1e-12)
    assert user.amount == pytest.approx([2000.0, 1000.0], abs=1e-4)
    assert user.objective == pytest.approx(79_973.3333333, rel=1e-10)
    optimum = path_equilibrium(chains, of, system_optimum=True, tolerance=1e-12)
    assert optimum.amount == pytest.approx([1704.009507, 1295.990493], abs=1e-5)
    assert optimum.objective == pytest.approx(127_693.67961, abs=1e-4)
    assert optimum.toll_yuan == pytest.approx([70.821862, 45.684885], abs=1e-5)


def test_braess():
    """Vector V2 of the reference: demand 6, three paths of 2 at 92; the optimum leaves the bridge unused at 498."""
    uses = csr_matrix([[1.0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [1, 0, 0, 1, 1]])
    of = curves([0.0, 50.0, 50.0, 10.0, 0.0], kind=BPR, factor=[10.0, 1.0, 1.0, 1.0, 10.0], capacity=1.0, power=1.0)
    chains = chain_set([0, 0, 0], [0.0, 0.0, 0.0], [6.0], uses)
    user = path_equilibrium(chains, of, tolerance=1e-11)
    assert user.amount == pytest.approx([2.0, 2.0, 2.0], abs=1e-6)
    assert user.objective == pytest.approx(386.0, rel=1e-9)
    optimum = path_equilibrium(chains, of, system_optimum=True, tolerance=1e-11)
    assert optimum.amount == pytest.approx([3.0, 3.0, 0.0], abs=1e-6)
    assert optimum.objective == pytest.approx(498.0, rel=1e-9)


@pytest.mark.parametrize(
    ("capacity", "cost"), [(59, 3230), (60, 3200), (61, 3185), (80, 2900), (109, 2465), (110, 2450), (111, 2450)]
)
def test_two_cargoes_one_river(capacity, cost):
    """Vector V4 of the reference."""
    chains = chain_set([0, 0, 1, 1], [20.0, 50, 25, 40], [60.0, 50.0], csr_matrix([[1.0], [0.0], [1.0], [0.0]]))
    found = path_equilibrium(chains, curves([0.0]), float(capacity), tolerance=1e-11)
    assert found.objective == pytest.approx(cost, rel=1e-9)
    assert found.lower_bound <= cost * (1 + 1e-12)
    if 60 < capacity < 110:
        assert found.price[0] == pytest.approx(15.0, abs=1e-6)


def random_case(seed: int, resources: int = 3, groups: int = 6):
    """Chains with values of time that differ; each group has one chain without resources."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), 3)
    use = rng.uniform(0.5, 1.5, (group.size, resources)) * (rng.random((group.size, resources)) < 0.6)
    use[2::3] = 0.0
    cost = rng.uniform(20, 60, group.size)
    cost[2::3] += 60.0
    demand = rng.uniform(5, 20, groups)
    return rng, group, use, cost, demand


@pytest.mark.parametrize("seed", range(8))
def test_capacities_against_highs(seed):
    rng, group, use, cost, demand = random_case(seed)
    capacity = rng.uniform(5, 30, use.shape[1])
    found = path_equilibrium(
        chain_set(group, cost, demand, csr_matrix(use)), curves(np.zeros(3)), capacity, tolerance=1e-10
    )
    member = (group[None, :] == np.arange(demand.size)[:, None]).astype(float)
    solved = linprog(cost, A_ub=use.T, b_ub=capacity, A_eq=member, b_eq=demand, method="highs")
    assert found.objective == pytest.approx(solved.fun, rel=1e-8)
    assert found.price == pytest.approx(-solved.ineqlin.marginals, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_nobody_gains_by_changing_when_values_of_time_differ(seed):
    rng, group, use, cost, demand = random_case(seed)
    worth = use * rng.uniform(0.5, 2.0, (group.size, 1))
    of = curves(
        1.0 + rng.random(3), kind=MULTI_SERVER, factor=5.0, capacity=rng.uniform(30, 60, 3), power=[1.0, 2.0, 3.0]
    )
    chains = chain_set(group, cost, demand, csr_matrix(use), worth=csr_matrix(worth))
    found = path_equilibrium(chains, of, tolerance=1e-10)
    paid = cost + worth @ delay(of, use.T @ found.amount)
    for one in range(demand.size):
        mine = group == one
        assert found.amount[mine].sum() == pytest.approx(demand[one], rel=1e-12)
        used = mine & (found.amount > 1e-6 * demand[one])
        assert np.ptp(paid[used]) < 1e-5
        assert paid[used].max() <= paid[mine].min() + 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_optimum_against_a_general_optimiser(seed):
    rng, group, use, cost, demand = random_case(seed, groups=3)
    worth = use * rng.uniform(0.7, 1.4, (group.size, 1))
    of = curves(np.zeros(3), kind=BPR, factor=3.0, capacity=rng.uniform(10, 20, 3), power=2.0)
    found = path_equilibrium(
        chain_set(group, cost, demand, csr_matrix(use), worth=csr_matrix(worth)),
        of,
        system_optimum=True,
        tolerance=1e-10,
    )

    def total(amount):
        return float(cost @ amount + (worth.T @ amount) @ delay(of, np.maximum(use.T @ amount, 0.0)))

    member = (group[None, :] == np.arange(demand.size)[:, None]).astype(float)
    even = (demand / 3)[group]
    other = minimize(
        total, even, method="SLSQP", bounds=[(0, None)] * group.size,
        constraints={"type": "eq", "fun": lambda x: member @ x - demand}, options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    assert found.objective <= other.fun * (1 + 1e-7)
    assert found.objective == pytest.approx(total(found.amount), rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 3.0))
def test_more_capacity_never_raises_the_optimum(seed, times):
    rng, group, use, cost, demand = random_case(seed)
    capacity = rng.uniform(25, 60, 3)
    chains = chain_set(group, cost, demand, csr_matrix(use))
    totals = [
        path_equilibrium(
            chains, curves(np.zeros(3), kind=SINGLE_SERVER, factor=2.0, capacity=c), system_optimum=True, tolerance=1e-9
        ).objective
        for c in (capacity, capacity * [times, 1.0, 1.0])
    ]
    assert totals[1] <= totals[0] * (1 + 2e-9)


def test_stochastic_choice_becomes_deterministic_as_its_scale_grows():
    chains, of = lock_against_road()
    sharp = path_equilibrium(chains, of, tolerance=1e-10)
    away = [abs(chain_equilibrium(chains, scale, of).amount[0] - sharp.amount[0]) for scale in (0.01, 0.1, 1.0, 10.0)]
    assert all(b < a for a, b in pairwise(away))
    assert away[-1] < 1e-2


def test_demand_beyond_all_queues_is_refused():
    chains = chain_set([0], [1.0], [5.0], csr_matrix([[1.0]]))
    with pytest.raises(InfeasibleError, match="resources 0"):
        path_equilibrium(chains, curves(0.0, kind=SINGLE_SERVER, factor=1.0, capacity=4.0))


def test_a_group_without_a_chain_is_refused():
    chains = chain_set([0], [np.inf], [5.0], csr_matrix([[1.0]]))
    with pytest.raises(InfeasibleError, match="no open chain"):
        path_equilibrium(chains, curves(0.0))
