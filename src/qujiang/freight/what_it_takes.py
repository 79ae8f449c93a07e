"""For a fact that the model misses: which single free parameter would meet it, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qujiang.freight.assign import assign
from qujiang.freight.calibrate import FREE, Calibration, Residual
from qujiang.freight.observe import observe
from qujiang.freight.problem import FreightProblem
from qujiang.freight.vessels import VESSEL_COST

POINTS = 13
#: Beyond its range a parameter is tried from this part of its middle to this multiple.
WIDE = (0.25, 4.0)


@dataclass(frozen=True, slots=True)
class Need:
    """The value of one parameter, all others as fitted, at which a fact is met; None where none was found.

    ``within`` says whether that value lies in the parameter's own range. ``nearest`` is the model's value that came closest
    inside the range.
    """

    fact: str
    parameter: str
    fitted: float
    low: float
    high: float
    needed: float | None
    within: bool
    nearest: float | None


def what_it_takes(
    fitted: Calibration, row: dict, residual: Residual, others: Mapping[str, FreightProblem]
) -> tuple[Need, ...]:
    """One search for each free parameter.

    Parameters
    ----------
    row
        The fact's row of ``calibration_facts``.
    others
        Problems of the scenarios that facts name.
    """
    scenario = row.get("scenario")
    values = {name: after for name, *_, after in fitted.moved}
    if scenario:
        other = others[scenario]
        kept = {name: values[name] for name in (VESSEL_COST, "logit_scale")}
        problem = other.with_rates(other.rates.with_values(**kept))
    else:
        problem = fitted.result.problem
    return tuple(
        _need(problem, row, residual, name, low, high) for name, _, low, high, _ in fitted.moved if name in FREE
    )


def _need(problem: FreightProblem, row: dict, residual: Residual, name: str, low: float, high: float) -> Need:
    now = problem.rates.value.get(name, 1.0)
    low, high = min(low, now), max(high, now)

    def value(at: float) -> float | None:
        return observe(row, assign(problem.with_rates(problem.rates.with_values(**{name: at}))))[0]

    inside = np.linspace(low, high, POINTS)
    said = [value(float(x)) for x in inside]
    needed = _first_met(inside, said, residual, now, value)
    known = [v for v in said if v is not None]
    nearest = min(known, key=lambda v: abs(v - residual.fact_value)) if known else None
    if needed is not None:
        return Need(row["fact"], name, now, low, high, needed, True, nearest)
    wide = np.geomspace(max(WIDE[0] * now, 1e-6), WIDE[1] * max(now, 1e-6), 2 * POINTS)
    needed = _first_met(wide, [value(float(x)) for x in wide], residual, now, value)
    return Need(row["fact"], name, now, low, high, needed, False, nearest)


def _first_met(points: np.ndarray, said: list[float | None], residual: Residual, now: float, value) -> float | None:
    """The point nearest to today's value at which the fact lies inside its tolerance."""
    met = [float(x) for x, v in zip(points, said, strict=True) if v is not None and residual.low <= v <= residual.high]
    for (a, one), (b, other) in zip(
        zip(points, said, strict=True), zip(points[1:], said[1:], strict=True), strict=False
    ):
        if one is None or other is None:
            continue
        for edge in (residual.low, residual.high):
            if (one - edge) * (other - edge) < 0:
                met.append(_crossing(float(a), float(b), one - edge, edge, value))
    return min(met, key=lambda x: abs(x - now)) if met else None


def _crossing(a: float, b: float, at_a: float, edge: float, value) -> float:
    for _ in range(25):
        middle = (a + b) / 2
        here = value(middle)
        if here is None:
            break
        if (here - edge) * at_a > 0:
            a, at_a = middle, here - edge
        else:
            b = middle
    return (a + b) / 2
