"""Fit what may be fitted, and show what remains.

Only four things move, each within its range: vessel cost, empty running, port hours and the sharpness of choice. They are
fitted to the facts marked ``fit``; facts marked ``check`` and ``hold_out`` are looked at afterwards. The observed modes of
the demand are never an input: they are what the modal constants (the pull that would be needed) are measured against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.freight.assign import assign
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.observe import observe
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import Rates
from qujiang.freight.result import FreightResult
from qujiang.freight.vessels import VESSEL_COST, vessel_cost_range

#: The parameters that a calibration may move.
FREE = (VESSEL_COST, "empty_return_share", "port_hours_per_call", "logit_scale")
#: A modal constant above this is not explained by costs [yuan/t].
NOT_EXPLAINED_YUAN_PER_T = 10.0


@dataclass(frozen=True, slots=True)
class Residual:
    """One fact beside what the model says."""

    fact: str
    name_en: str
    use: str
    unit: str
    fact_value: float
    low: float
    high: float
    model_value: float | None
    note: str
    name_zh: str = ""
    note_zh: str = ""

    @property
    def met(self) -> bool | None:
        """Inside the tolerance; None where the model says nothing."""
        return None if self.model_value is None else self.low <= self.model_value <= self.high


@dataclass(frozen=True, slots=True)
class Calibration:
    """The rates after the fit, what they were before, and what remains."""

    rates: Rates
    moved: tuple[tuple[str, float, float, float, float], ...]  # name, before, low, high, after
    residuals: tuple[Residual, ...]
    result: FreightResult  # the assignment at the fitted rates
    evaluations: int


def _ranges(problem: FreightProblem) -> list[tuple[str, float, float, float]]:
    """Name, middle, low, high of each free parameter."""
    rates = problem.rates
    used = assign(problem)
    busiest = _busiest_vessel(used)
    low, high = vessel_cost_range(problem.fleet, rates, busiest)
    rows = [(VESSEL_COST, 1.0, low, high)]
    rows += [(n, rates[n], rates.low.get(n, rates[n]), rates.high.get(n, rates[n])) for n in FREE[1:]]
    return rows


def _busiest_vessel(result: FreightResult) -> int:
    calls = result.table_calls()
    if calls.height == 0:
        return 0
    by_class = calls.group_by("class", maintain_order=True).agg(
        (pl.col("calls_per_year") * pl.col("load_t_per_call")).sum()
    )
    return result.problem.fleet.ids.index(by_class.sort("calls_per_year", descending=True)["class"][0])


def _at(position: np.ndarray, ranges: list[tuple[str, float, float, float]]) -> dict[str, float]:
    """Values at a position: -1 is low, 0 the middle, 1 high."""
    return {
        name: middle + (z * (high - middle) if z > 0 else -z * (low - middle))
        for z, (name, middle, low, high) in zip(position.tolist(), ranges, strict=True)
    }


def calibrate(problem: FreightProblem, facts: pl.DataFrame, others: Mapping[str, FreightProblem]) -> Calibration:
    """Fit the free parameters within their ranges and compare every fact.

    The fit minimises the squared residuals of the ``fit`` facts (in units of their tolerance) plus the squared
    distances of the parameters from their middle values (in units of half their range): among fits equally good it
    stays closest to what was assumed.

    Parameters
    ----------
    facts
        Table ``calibration_facts``.
    others
        Problems of the scenarios that facts name, by scenario; a fact of a scenario without a problem stays uncompared.
    """
    from scipy.optimize import minimize

    rows = facts.to_dicts()
    now = assign(problem)
    fits = [row for row in rows if row["use"] == "fit" and observe(row, now)[0] is not None]
    ranges = _ranges(problem)
    count = 0

    def misfit(position: np.ndarray) -> float:
        nonlocal count
        count += 1
        result = assign(problem.with_rates(problem.rates.with_values(**_at(position, ranges))))
        said = [observe(row, result)[0] for row in fits]
        residuals = [
            ((np.nan if value is None else value) - row["fact_value"]) / _half_width(row)
            for value, row in zip(said, fits, strict=True)
        ]
        return float(np.square(residuals).sum() + np.square(position).sum())

    start = np.zeros(len(ranges))
    best = start
    if fits:
        bounds = [(-1.0, 1.0)] * len(ranges)
        found = minimize(
            misfit, start, method="L-BFGS-B", bounds=bounds, options={"eps": 1e-3, "maxiter": 20, "ftol": 1e-4}
        )
        best = found.x
    values = _at(best, ranges)
    rates = problem.rates.with_values(**values)
    result = assign(problem.with_rates(rates, search=True))
    under = {"": result} | {name: _under(other, values) for name, other in others.items()}
    residuals = tuple(_residual(row, under) for row in rows)
    moved = tuple((name, middle, low, high, values[name]) for name, middle, low, high in ranges)
    return Calibration(rates, moved, residuals, result, count)


def _half_width(row: dict) -> float:
    return (row["tolerance_high_value"] - row["tolerance_low_value"]) / 2 or 1.0


def _under(other: FreightProblem, values: Mapping[str, float]) -> FreightResult:
    """The assignment under a scenario: vessel cost and choice as fitted today; the rest is what the scenario says."""
    kept = {name: values[name] for name in (VESSEL_COST, "logit_scale")}
    return assign(other.with_rates(other.rates.with_values(**kept), search=True))


def _residual(row: dict, under: Mapping[str, FreightResult]) -> Residual:
    scenario = row.get("scenario") or ""
    value, note = observe(row, under[scenario]) if scenario in under else (None, f"scenario {scenario} was not run")
    return Residual(
        row["fact"],
        row["name_en"],
        row["use"],
        row["unit"],
        row["fact_value"],
        row["tolerance_low_value"],
        row["tolerance_high_value"],
        value,
        note or (row["note"] or ""),
        row.get("name_zh") or "",
        "" if note else (row.get("note_zh") or ""),
    )


def modal_constants(problem: FreightProblem, observed_t: Mapping[str, float], *, passes: int = 60) -> dict[str, float]:
    """The pull of water and rail, against road, that would reproduce the observed tonnes by mode [yuan/t].

    They are a diagnosis and never enter an answer. Positive means: in truth the mode is less used than its costs say.
    A chain with a vessel counts as water, one with a train and no vessel as rail.
    """
    group = np.array([("road", "water", "rail", "water", "water")[s] == "water" for s in range(len(SIGNATURES))])
    rail = np.array([name == "rail" for name in SIGNATURES])
    total = sum(observed_t.values())
    demand = problem.demand_t_per_year.sum()
    pull = np.zeros(len(SIGNATURES))
    scale = problem.rates["logit_scale"]
    for _ in range(passes):
        tonnes = assign(problem, pull_yuan=pull).signature_t
        t = np.array([tonnes[name] for name in SIGNATURES])
        road_gap = np.log(max(t[0], 1.0) / (observed_t.get("road", 0.0) * demand / total + 1.0))
        step = 0.0
        for mask, mode in ((group, "water"), (rail, "rail")):
            gap = np.log(max(t[mask].sum(), 1.0) / (observed_t.get(mode, 0.0) * demand / total + 1.0)) - road_gap
            pull[mask] += gap / scale
            step = max(step, abs(gap))
        if step < 1e-3:
            break
    return {"water": float(pull[1]), "rail": float(pull[2])}
