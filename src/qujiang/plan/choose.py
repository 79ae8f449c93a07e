"""The best set of projects within a budget: chosen by an integer program, then run again with the whole set open.

Effects do not simply add: two projects that relax two limits of one port may help only together, and two that serve one need may not both help. So
every project and every pair is run; the program (``methods.selection``) knows single and pair effects; the set that it names is run, and so is every
further set that the program thinks better than the best one run so far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from qujiang.errors import ScenarioError
from qujiang.methods.selection import Effects, choose_set
from qujiang.outlook.measures import MeasureState
from qujiang.plan.projects import Trials, find_projects, shortfall
from qujiang.plan.result import Chosen, ProjectGain

#: Pairs that are run; beyond that many the rest is taken to add up, and the answer says so.
MOST_PAIRS = 66
#: States of a measure that reaches its target.
HOLDS = ("met", "on_track")
#: Sets of three and more that are run after the program has named them.
MOST_SETS = 24


def choose(trials: Trials, projects: Sequence[ProjectGain], budget_yuan: float, measure: str | None = None) -> Chosen:
    """The best set of projects within a budget.

    Parameters
    ----------
    projects
        From ``projects.find_gains``.
    budget_yuan
        Money [yuan].
    measure
        Maximise the gain of this measure alone; else the gaps of all counted measures are closed as far as possible, each landmark weighing the same.

    Raises
    ------
    ScenarioError
        The budget is no positive number, or is below the cheapest project; no project has both money and an effect that counts; or there is no such
        measure, or it has no value.
    """
    check_budget(trials, budget_yuan, measure)
    able = [p for p in projects if p.counts and p.cost_yuan is not None and p.cost_yuan <= budget_yuan]
    return _search(trials, able, budget_yuan, _Aim.of(trials.states(), measure))


def check_budget(trials: Trials, budget_yuan: float, measure: str | None = None) -> None:
    """Refuse a budget, a measure or a district with which nothing can be chosen, before any project is run; see ``choose``."""
    if not math.isfinite(budget_yuan) or budget_yuan <= 0.0:
        raise ScenarioError(f"budget {budget_yuan:g}: must be a number of yuan above 0")
    able = [p for p in find_projects(trials) if p.counts and p.cost_yuan is not None]
    if not able:
        raise ScenarioError(
            f"no project to choose from: none has a cost and a declared effect and can be open by {trials.year}; "
            "fill in cost_yuan in projects.csv and rows of project_effects.csv"
        )
    cheapest = min(able, key=lambda p: p.cost_yuan or 0.0)
    if budget_yuan < (cheapest.cost_yuan or 0.0):
        raise ScenarioError(
            f"budget {budget_yuan:,.0f} yuan: below the cheapest project, {cheapest.id} {cheapest.name_en} at "
            f"{cheapest.cost_yuan:,.0f} yuan; give that much at least"
        )
    _Aim.of(trials.states(), measure)


@dataclass(frozen=True, slots=True)
class _Aim:
    """What is maximised: measures, the unit of each score, where they start, their caps and weights."""

    names: tuple[str, ...]
    unit: np.ndarray
    start: np.ndarray
    cap: np.ndarray
    weight: np.ndarray
    measure: str | None

    @classmethod
    def of(cls, states: Mapping[str, MeasureState], measure: str | None) -> _Aim:
        if measure is not None:
            if measure not in states:
                raise ScenarioError(f"there is no measure {measure}; known are {', '.join(states)}")
            if states[measure].base_value is None:
                raise ScenarioError(f"{measure} has no value to move: {states[measure].reason}")
            one = np.ones(1)
            return cls((measure,), one, np.zeros(1), np.full(1, np.inf), one, measure)
        kept = [s for s in states.values() if s.counts and shortfall(s) is not None]
        if not kept:
            raise ScenarioError("no counted measure has a value and a target: nothing can be moved towards one")
        gaps = np.array([shortfall(s) for s in kept])
        missed = gaps > 0
        size = np.array([abs(s.target_value or 0.0) or 1.0 for s in kept])
        unit = np.where(missed, gaps, size)
        many = {s.landmark_no: sum(other.landmark_no == s.landmark_no for other in kept) for s in kept}
        return cls(
            tuple(s.id for s in kept),
            unit,
            np.where(missed, 0.0, -gaps / unit),  # a measure that is met may lose what it has to spare
            np.where(missed, 1.0, 0.0),
            np.array([1.0 / many[s.landmark_no] for s in kept]),
            None,
        )


def _search(trials: Trials, able: list[ProjectGain], budget: float, aim: _Aim) -> Chosen:
    cost = np.array([p.cost_yuan or 0.0 for p in able])
    ids = [p.id for p in able]

    def gains(chosen: frozenset[int]) -> np.ndarray:
        return np.array([trials.gain(name, frozenset(ids[j] for j in chosen)) for name in aim.names]) / aim.unit

    def score(chosen: frozenset[int]) -> float:
        total = aim.start + (gains(chosen) if chosen else 0.0)
        return float(np.minimum(total, aim.cap) @ aim.weight)

    alone = np.array([gains(frozenset({j})) for j in range(len(able))])
    together, left = _pairs(cost, budget, alone, gains)
    effects = Effects(alone, together, aim.start, aim.cap, aim.weight)
    run = {frozenset[int](): score(frozenset())}
    run |= {frozenset({j}): score(frozenset({j})) for j in range(len(able))}
    run |= {frozenset(pair): score(frozenset(pair)) for pair in together}
    bound, proven = -math.inf, False
    for _ in range(MOST_SETS + 1):
        found = choose_set(cost, budget, effects, list(run))
        if found is None:
            bound, proven = -math.inf, True
            break
        bound = found.bound
        if bound <= max(run.values()) + 1e-9 * max(1.0, abs(bound)) or len(run) >= MOST_SETS + len(able) + len(
            together
        ):
            break
        run[found.chosen] = score(found.chosen)
    top = max(run.values())
    near = [s for s, value in run.items() if value >= top - 1e-9 * max(1.0, abs(top))]
    best = min(near, key=lambda s: (float(cost[sorted(s)].sum()), sorted(s)))
    chosen = frozenset(ids[j] for j in best)
    return Chosen(
        budget_yuan=budget,
        measure=aim.measure,
        projects=tuple(name for name in ids if name in chosen),
        cost_yuan=float(cost[sorted(best)].sum()),
        score=run[best] - run[frozenset()],
        added_score=Effects(alone, {}, aim.start, aim.cap, aim.weight).score(best) - run[frozenset()],
        bound=max(bound, top) - run[frozenset()],
        proven=proven,
        candidates=tuple(ids),
        sets_count=len(run),
        pairs_left_count=left,
        measures=_moved(trials, chosen),
    )


def _pairs(
    cost: np.ndarray, budget: float, alone: np.ndarray, gains: Any
) -> tuple[dict[tuple[int, int], np.ndarray], int]:
    """What affordable pairs add beyond their parts; the pairs of the largest gains first, and how many were left out."""
    size = np.abs(alone).sum(axis=1)
    pairs = [(j, k) for j, k in combinations(range(len(cost)), 2) if cost[j] + cost[k] <= budget]
    pairs.sort(key=lambda pair: -(size[pair[0]] + size[pair[1]]))
    run = {(j, k): gains(frozenset({j, k})) - alone[j] - alone[k] for j, k in pairs[:MOST_PAIRS]}
    return run, len(pairs) - len(run)


def _moved(trials: Trials, chosen: frozenset[str]) -> tuple[Mapping[str, Any], ...]:
    """Every measure that the set moves: with the whole set open, and as the sum of its parts."""
    rows = []
    before, after = trials.states(), trials.states(chosen)
    for name, state in before.items():
        together = trials.gain(name, chosen) if chosen else 0.0
        parts = sum(trials.gain(name, (project,)) for project in chosen)
        if together or parts:
            rows.append(
                {
                    "measure": name,
                    "name_zh": state.name_zh,
                    "name_en": state.name_en,
                    "unit": state.unit,
                    "target": state.target_value,
                    "before": state.base_value,
                    "after": after[name].base_value,
                    "gain": together,
                    "added_gain": parts,
                    "bound": state.bound,
                    "met_before": state.state in HOLDS,
                    "met_after": after[name].state in HOLDS,
                }
            )
    return tuple(rows)
