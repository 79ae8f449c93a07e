"""The best set of projects within a budget: an integer program with single and pair effects, solved by HiGHS.

With x_j = 1 for a chosen project, y_jk = x_j x_k for a pair and z_i the score of measure i::

    max sum_i w_i z_i    z_i <= cap_i,   z_i <= start_i + sum_j a_ij x_j + sum_jk b_ijk y_jk,   sum_j c_j x_j <= budget

The products are made linear (y <= x_j, y <= x_k, y >= x_j + x_k - 1); sets that are known already are cut out one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Set = frozenset[int]


@dataclass(frozen=True, slots=True)
class Effects:
    """What projects do to measures, in scores.

    Attributes
    ----------
    alone
        Score that each project adds to each measure, shape (projects, measures).
    together
        What a pair adds beyond its two parts, by (j, k) with j < k, shape (measures,) each; a pair that is left out adds nothing.
    start
        Score of each measure without any project, shape (measures,).
    cap
        Score beyond which a measure gains nothing; infinity where there is none.
    weight
        Weight of each measure in the whole.
    """

    alone: Floats
    together: Mapping[tuple[int, int], Floats]
    start: Floats
    cap: Floats
    weight: Floats

    def score(self, chosen: Set) -> float:
        """Weighted score of a set by single and pair effects.

        >>> effects = Effects(np.array([[0.6], [0.7]]), {}, np.zeros(1), np.ones(1), np.ones(1))
        >>> effects.score(frozenset({0})), effects.score(frozenset({0, 1}))
        (0.6, 1.0)
        """
        total = self.start + self.alone[sorted(chosen)].sum(axis=0)
        for (j, k), added in self.together.items():
            if j in chosen and k in chosen:
                total = total + added
        return float(np.minimum(total, self.cap) @ self.weight)


@dataclass(frozen=True, slots=True)
class Choice:
    """A set, its score, and what HiGHS proved: no set that was not cut out scores above ``bound``."""

    chosen: Set
    score: float
    bound: float

    @property
    def gap(self) -> float:
        """Bound less score."""
        return max(self.bound - self.score, 0.0)


def choose_set(cost: ArrayLike, budget: float, effects: Effects, known: Sequence[Set] = ()) -> Choice | None:
    """The set within the budget with the highest score; among equals one that costs least.

    Parameters
    ----------
    cost
        Cost of each project, shape (projects,), not negative, in the unit of ``budget``.
    known
        Sets that are cut out.

    Returns
    -------
    Choice or None
        None where every affordable set is cut out.

    Examples
    --------
    >>> effects = Effects(np.array([[0.6], [0.5], [0.4]]), {}, np.zeros(1), np.ones(1), np.ones(1))
    >>> sorted(choose_set([3.0, 2.0, 2.0], 4.0, effects).chosen)
    [1, 2]
    """
    costs = np.asarray(cost, dtype=np.float64)
    program = _Program(costs, budget, effects, known)
    best = program.solve(program.gain)
    if best is None:
        return None
    values, bound = best
    cheap = program.solve(-_scaled(costs), least=float(program.gain @ values))
    chosen = program.chosen(values if cheap is None else cheap[0])
    return Choice(chosen, effects.score(chosen), bound)


class _Program:
    """The integer program in the form of ``scipy.optimize.milp``; columns are x, then y, then z."""

    def __init__(self, cost: Floats, budget: float, effects: Effects, known: Sequence[Set]) -> None:
        projects, measures = effects.alone.shape
        pairs = list(effects.together)
        self.count = (projects, len(pairs), measures)
        width = sum(self.count)
        rows: list[Floats] = []
        tops: list[float] = []

        def add(top: float, **parts: Mapping[int, float]) -> None:
            row = np.zeros(width)
            for name, values in parts.items():
                start = {"x": 0, "y": projects, "z": projects + len(pairs)}[name]
                for at, value in values.items():
                    row[start + at] = value
            rows.append(row)
            tops.append(top)

        scale = max(float(cost.max(initial=0.0)), abs(budget), 1e-300)
        add(budget / scale * (1 + 1e-12), x=dict(enumerate(cost / scale)))
        for at, (j, k) in enumerate(pairs):
            add(0.0, x={j: -1.0}, y={at: 1.0})
            add(0.0, x={k: -1.0}, y={at: 1.0})
            add(1.0, x={j: 1.0, k: 1.0}, y={at: -1.0})
        for i in range(measures):
            both = {at: -float(effects.together[pair][i]) for at, pair in enumerate(pairs)}
            add(float(effects.start[i]), x=dict(enumerate(-effects.alone[:, i])), y=both, z={i: 1.0})
        for known_set in known:  # at least one project differs
            add(len(known_set) - 1.0, x={j: 1.0 if j in known_set else -1.0 for j in range(projects)})
        self.rows, self.tops = np.array(rows), np.array(tops)
        self.gain = np.concatenate([np.zeros(projects + len(pairs)), effects.weight])
        self.high = np.concatenate([np.ones(projects + len(pairs)), effects.cap])
        self.low = np.concatenate([np.zeros(projects + len(pairs)), np.full(measures, -np.inf)])

    def solve(self, gain: Floats, least: float | None = None) -> tuple[Floats, float] | None:
        """The solution and its bound; with ``least``, among those whose score is that at least."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        width = sum(self.count)
        wanted = np.zeros(width)
        wanted[: gain.size] = gain
        limits = [LinearConstraint(self.rows, -np.inf, self.tops)]  # type: ignore[arg-type]
        if least is not None:
            limits.append(LinearConstraint(self.gain[None, :], lb=least - 1e-9 * max(1.0, abs(least))))
        whole = np.concatenate([np.ones(self.count[0]), np.zeros(width - self.count[0])])
        answer = milp(
            -wanted,
            constraints=limits,
            integrality=whole,
            bounds=Bounds(self.low, self.high),  # type: ignore[arg-type]
            options={"mip_rel_gap": 0.0},
        )
        if answer.x is None:
            return None
        bound = answer.mip_dual_bound
        return answer.x, float(-answer.fun if bound is None else -bound)

    def chosen(self, values: Floats) -> Set:
        """The projects that a solution takes."""
        return frozenset(int(at) for at in np.flatnonzero(values[: self.count[0]] > 0.5))


def _scaled(cost: Floats) -> Floats:
    return cost / max(float(cost.max(initial=0.0)), 1e-300)
