"""Stochastic equilibrium over given chains: closed forms, potential and bound, prices of full capacities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.sparse import csr_matrix

from qujiang.errors import InfeasibleError
from qujiang.methods.choice import logit_shares, path_size_logit
from qujiang.methods.delay import BPR, CONSTANT, MULTI_SERVER, SINGLE_SERVER, Curves, curves, delay
from qujiang.methods.equilibrium_chains import ChainSet, chain_equilibrium, chain_set

EYE = csr_matrix(np.eye(2))
NOTHING = curves(np.zeros(2))


def test_two_bpr_roads_meet_their_closed_form() -> None:
    roads = curves([14.0, 34.0], kind=BPR, factor=[14 * 0.15, 34 * 0.1], capacity=[1000.0, 500.0], power=[4.0, 2.0])
    answer = chain_equilibrium(chain_set([0, 0], [0.0, 0.0], [3000.0], EYE), 0.05, roads, tolerance=1e-13)
    np.testing.assert_allclose(answer.amount, [1884.070704736, 1115.929295264], atol=5e-9)
    np.testing.assert_allclose(answer.price, [40.461111451, 50.936055412], atol=5e-9)
    assert answer.logsum_yuan[0] == pytest.approx(31.157559768, abs=5e-9)
    assert answer.lower_bound == pytest.approx(answer.objective, rel=1e-12)


def test_without_delays_it_is_plain_path_size_logit() -> None:
    chains = chain_set([0, 0, 0], [100.0, 100.0, 100.0], [11.0], csr_matrix((3, 2)), path_size=[1.0, 0.6, 0.6])
    answer = chain_equilibrium(chains, 0.1, NOTHING)
    np.testing.assert_allclose(answer.share, path_size_logit([100.0] * 3, 0.1, [1.0, 0.6, 0.6]))
    assert answer.logsum_yuan[0] == pytest.approx(92.115426396, abs=5e-10)
    assert answer.steps == 0


def test_a_full_capacity_has_the_price_that_just_empties_it() -> None:
    """Costs 100 and 110, scale 0.1, 10 t: 7.31 t would take the first; it has room for 4: price = 10 + ln(6/4)/0.1."""
    answer = chain_equilibrium(
        chain_set([0, 0], [100.0, 110.0], [10.0], EYE), 0.1, NOTHING, [4.0, np.inf], tolerance=1e-12
    )
    np.testing.assert_allclose(answer.amount, [4.0, 6.0], atol=1e-9)
    assert answer.price[0] == pytest.approx(10.0 + np.log(1.5) / 0.1, abs=1e-8)
    assert answer.lower_bound == pytest.approx(answer.objective, rel=1e-12)


def test_a_capacity_with_room_costs_nothing() -> None:
    answer = chain_equilibrium(chain_set([0, 0], [100.0, 110.0], [10.0], EYE), 0.1, NOTHING, [8.0, np.inf])
    assert answer.price.tolist() == [0.0, 0.0]


def test_a_queue_and_a_capacity_on_one_lock() -> None:
    """The lock is named twice: its wait, and a hard limit below its service rate."""
    use = csr_matrix([[1.0, 1.0], [0.0, 0.0]])
    lock = curves([0.0, 0.0], kind=[SINGLE_SERVER, CONSTANT], factor=[2.0, 0.0], capacity=[10.0, 1.0])
    answer = chain_equilibrium(chain_set([0, 0], [50.0, 90.0], [20.0], use), 0.1, lock, [np.inf, 6.0], tolerance=1e-12)
    assert answer.flow[0] == pytest.approx(6.0)
    assert answer.price[0] == pytest.approx(2.0 * 0.6 / 0.4)
    assert answer.price.sum() == pytest.approx(40.0 + np.log(14 / 6) / 0.1, abs=1e-7)


def test_values_of_time_may_differ_between_chains() -> None:
    """Two cargoes at one queue, one minds the wait three times as much; a root search on the wait agrees."""
    use = csr_matrix([[1.0], [0.0], [1.0], [0.0]])
    worth = csr_matrix([[1.0], [0.0], [3.0], [0.0]])
    queue = curves([0.0], kind=SINGLE_SERVER, factor=5.0, capacity=10.0)
    chains = chain_set([0, 0, 1, 1], [0.0, 20.0, 0.0, 20.0], [9.0, 9.0], use, worth=worth)
    answer = chain_equilibrium(chains, 0.2, queue, tolerance=1e-12)

    def drawn(wait: float) -> float:
        return 9 * (logit_shares([wait, 20.0], 0.2)[0] + logit_shares([3 * wait, 20.0], 0.2)[0])

    wait = brentq(lambda w: drawn(w) - 10 * w / (5 + w), 0.0, 100.0, xtol=1e-13)
    assert answer.price[0] == pytest.approx(wait, abs=1e-9)
    assert np.isnan(answer.lower_bound)


def test_no_open_chain_and_no_room_are_told() -> None:
    with pytest.raises(InfeasibleError, match="no open chain for 5 of groups 1"):
        chain_equilibrium(chain_set([0, 1], [1.0, np.inf], [1.0, 5.0], EYE), 0.1, NOTHING)
    with pytest.raises(InfeasibleError, match=r"2 beyond capacity whatever the price: resources 0 \(4\), 1 \(4\)"):
        chain_equilibrium(chain_set([0, 0], [1.0, 2.0], [10.0], EYE), 0.1, NOTHING, [4.0, 4.0])


def random_chains(seed: int) -> tuple[ChainSet, np.ndarray, Curves, np.ndarray]:
    rng = np.random.default_rng(seed)
    groups, resources = int(rng.integers(1, 40)), int(rng.integers(1, 9))
    sizes = rng.integers(2, 6, groups)
    group = np.repeat(np.arange(groups), sizes)
    first = np.cumsum(sizes) - sizes
    use = (rng.random((group.size, resources)) < 0.4) * rng.uniform(0.2, 2.0, (group.size, resources))
    use[first] = 0.0  # one chain of each group uses nothing, so that any capacity can be kept
    cost = rng.uniform(0, 60, group.size)
    cost[first] += 50.0
    demand = rng.uniform(0, 20, groups)
    kind = rng.choice([CONSTANT, BPR, SINGLE_SERVER, MULTI_SERVER], resources)
    total = demand.sum() + 1e-9
    roads = curves(
        rng.uniform(0, 5, resources), kind=kind, factor=np.where(kind == CONSTANT, 0.0, rng.uniform(0.1, 20, resources)),
        capacity=total * rng.uniform(0.05, 1.0, resources), power=rng.integers(1, 5, resources).astype(float),
    )  # fmt: skip
    capacity = np.where(
        (kind == CONSTANT) & (rng.random(resources) < 0.8), total * rng.uniform(0.01, 0.5, resources), np.inf
    )
    chains = chain_set(group, cost, demand, csr_matrix(use), path_size=rng.uniform(0.2, 1.0, group.size))
    return chains, rng.uniform(0.02, 0.5, groups), roads, capacity


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_any_set_is_solved_and_the_proof_holds(seed: int, system_optimum: bool) -> None:
    chains, scale, roads, capacity = random_chains(seed)
    answer = chain_equilibrium(chains, scale, roads, capacity, system_optimum=system_optimum, tolerance=1e-10)
    sums = np.bincount(chains.group, answer.amount, chains.demand.size)
    np.testing.assert_allclose(sums, chains.demand, rtol=1e-12)
    assert (answer.flow <= capacity * (1 + 1e-8) + 1e-9).all()
    assert (answer.price >= roads.base - 1e-12).all()
    assert answer.lower_bound <= answer.objective + 1e-7 * abs(answer.objective) + 1e-7
    assert answer.lower_bound == pytest.approx(answer.objective, rel=1e-6, abs=1e-6)
    assert (answer.logsum_yuan[chains.demand > 0] < np.inf).all()
    if not system_optimum:
        np.testing.assert_allclose(
            answer.price[np.isinf(capacity)], delay(roads, answer.flow)[np.isinf(capacity)], rtol=1e-5, atol=1e-6
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_starting_points_give_one_answer(seed: int) -> None:
    chains, scale, roads, capacity = random_chains(seed)
    cold = chain_equilibrium(chains, scale, roads, capacity, tolerance=1e-10)
    grown = chain_set(chains.group, chains.cost_yuan, chains.demand * 1.1, chains.use, path_size=chains.path_size)
    warm = chain_equilibrium(grown, scale, roads, capacity, tolerance=1e-10, start=cold)
    again = chain_equilibrium(grown, scale, roads, capacity, tolerance=1e-10)
    np.testing.assert_allclose(warm.amount, again.amount, atol=1e-6 * max(chains.demand.sum(), 1.0))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_chains_with_their_own_values_of_time_fit_their_delays(seed: int) -> None:
    chains, scale, roads, capacity = random_chains(seed)
    value = np.random.default_rng(seed).uniform(0.5, 3.0, (chains.group.size, 1))
    own = chain_set(
        chains.group,
        chains.cost_yuan,
        chains.demand,
        chains.use,
        worth=chains.use.multiply(value).tocsr(),
        path_size=chains.path_size,
    )
    answer = chain_equilibrium(own, scale, roads, capacity, tolerance=1e-8)
    for group in range(own.demand.size):
        mine = own.group == group
        cost = own.cost_yuan[mine] + (own.worth @ answer.price)[mine]
        share = path_size_logit(cost, scale[group], own.path_size[mine])
        np.testing.assert_allclose(answer.share[mine], share, atol=1e-12)
    np.testing.assert_allclose(answer.flow, own.use.T @ answer.amount, rtol=1e-9, atol=1e-9)
    assert (answer.flow <= capacity * (1 + 1e-6) + 1e-7).all()
    assert own.symmetric or np.isnan(answer.objective)
