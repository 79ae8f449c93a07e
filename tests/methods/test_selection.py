"""Choosing a set within a budget, against every subset."""

from __future__ import annotations

from itertools import chain, combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.methods.selection import Effects, choose_set


def subsets(count: int):
    return map(frozenset, chain.from_iterable(combinations(range(count), size) for size in range(count + 1)))


def random_case(seed: int) -> tuple[np.ndarray, float, Effects]:
    rng = np.random.default_rng(seed)
    projects, measures = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    pairs = {
        (j, k): rng.normal(0.0, 0.3, measures)
        for j in range(projects)
        for k in range(j + 1, projects)
        if rng.random() < 0.5
    }
    cap = np.where(rng.random(measures) < 0.7, rng.uniform(0.2, 1.0, measures), np.inf)
    alone = rng.normal(0.2, 0.3, (projects, measures))
    cost = rng.integers(1, 20, projects).astype(float) * 1e7
    start, weight = rng.uniform(-0.1, 0.1, measures), rng.uniform(0.1, 1.0, measures)
    return cost, float(rng.uniform(0.0, 1.1) * cost.sum()), Effects(alone, pairs, start, cap, weight)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_no_subset_is_better(seed: int) -> None:
    cost, budget, effects = random_case(seed)
    affordable = [s for s in subsets(cost.size) if cost[sorted(s)].sum() <= budget]
    best = max(effects.score(s) for s in affordable)
    found = choose_set(cost, budget, effects)
    assert found is not None
    assert found.chosen in affordable
    assert found.score == pytest.approx(best, abs=1e-6)
    assert found.bound == pytest.approx(best, abs=1e-6)
    assert found.gap <= 1e-6
    cheapest = min(cost[sorted(s)].sum() for s in affordable if effects.score(s) >= best - 1e-9)
    assert cost[sorted(found.chosen)].sum() <= cheapest * (1 + 1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_known_sets_are_cut_out_until_none_is_left(seed: int) -> None:
    cost, budget, effects = random_case(seed)
    affordable = {s for s in subsets(cost.size) if cost[sorted(s)].sum() <= budget}
    known: list[frozenset[int]] = []
    while (found := choose_set(cost, budget, effects, known)) is not None:
        assert found.chosen in affordable - set(known)
        known.append(found.chosen)
    scores = [effects.score(s) for s in known]
    assert set(known) == affordable
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(scores))


def test_two_projects_that_help_only_together_are_found() -> None:
    effects = Effects(np.array([[0.0], [0.0], [0.3]]), {(0, 1): np.array([0.8])}, np.zeros(1), np.ones(1), np.ones(1))
    found = choose_set([1.0, 1.0, 2.0], 2.0, effects)
    assert found is not None
    assert found.chosen == {0, 1}
