"""Braess (1968), Unternehmensforschung 12, pp. 258-268: a new road may slow all.

Links 1-3: 10 v; 1-4: 50 + v; 3-2: 50 + v; 3-4: 10 + v; 4-2: 10 v; from 1 to 2. The expected numbers follow by hand.
"""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.methods.delay import BPR, curves
from qujiang.methods.equilibrium import Equilibrium, equilibrium, trips
from qujiang.methods.paths import build_graph

TAIL, HEAD = [0, 0, 2, 2, 3], [2, 3, 1, 3, 1]
BASE, SLOPE = [0.0, 50.0, 50.0, 10.0, 0.0], [10.0, 1.0, 1.0, 1.0, 10.0]


def solve(demand: float, *, bridge: bool = True, system_optimum: bool = False) -> Equilibrium:
    links = [0, 1, 2, 3, 4] if bridge else [0, 1, 2, 4]
    graph = build_graph(np.array(TAIL)[links], np.array(HEAD)[links], 4)
    roads = curves(np.array(BASE)[links], kind=BPR, factor=np.array(SLOPE)[links])
    return equilibrium(graph, roads, trips([0], [1], [demand]), gap=1e-12, system_optimum=system_optimum)


def test_with_the_bridge_all_take_92_minutes() -> None:
    answer = solve(6.0)
    np.testing.assert_allclose(answer.flow, [4, 2, 2, 2, 4], atol=1e-10)
    assert answer.total_cost == pytest.approx(552.0, abs=1e-9)
    assert answer.objective == pytest.approx(386.0, abs=1e-9)
    assert answer.lower_bound <= answer.objective + 1e-12


def test_without_it_only_83() -> None:
    answer = solve(6.0, bridge=False)
    np.testing.assert_allclose(answer.flow, [3, 3, 3, 3], atol=1e-10)
    assert answer.total_cost == pytest.approx(498.0, abs=1e-9)
    assert answer.objective == pytest.approx(399.0, abs=1e-9)


def test_the_best_for_all_leaves_the_bridge_empty() -> None:
    answer = solve(6.0, system_optimum=True)
    np.testing.assert_allclose(answer.flow, [3, 3, 3, 0, 3], atol=1e-7)
    assert answer.objective == pytest.approx(498.0, abs=1e-9)
    assert answer.total_cost == pytest.approx(498.0, abs=1e-9)


@pytest.mark.parametrize(
    ("demand", "flow", "total", "objective"),
    [(3.0, [3, 0, 0, 3, 3], 219.0, 124.5), (20.0, [10, 10, 10, 0, 10], 3200.0, 2100.0)],
)
def test_little_demand_takes_the_bridge_and_much_leaves_it(
    demand: float, flow: list[float], total: float, objective: float
) -> None:
    answer = solve(demand)
    np.testing.assert_allclose(answer.flow, flow, atol=1e-9)
    assert answer.total_cost == pytest.approx(total, abs=1e-8)
    assert answer.objective == pytest.approx(objective, abs=1e-8)


def test_little_demand_at_its_best_spreads_over_all_paths() -> None:
    answer = solve(3.0, system_optimum=True)
    np.testing.assert_allclose(answer.flow, [2, 1, 1, 1, 2], atol=1e-7)
    assert answer.objective == pytest.approx(193.0, abs=1e-9)
