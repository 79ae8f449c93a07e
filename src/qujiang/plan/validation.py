"""The port's simulation asked about a sample of futures: does it wait as long as the curve says?

The curve knows each kind of berth by itself. The simulation runs the whole chain of the port, so the difference also shows what
shared cranes, full yards and ranks add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from qujiang.errors import QujiangError
from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.draws import EQUIPMENT
from qujiang.plan.futures import FutureModel
from qujiang.port.problem import PortProblem
from qujiang.port.rows import port_problem
from qujiang.port.simulate import simulate

#: Futures that are simulated: spread evenly from the emptiest port to the fullest.
SAMPLE = 8
#: Relative half-width of the mean time in port at which a simulation stops.
PRECISION = 0.03
FLOW, WAIT = "berth_flow_t:", "berth_wait_h:"


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of berth in one future; ``low`` and ``high`` are the ends of the simulation's 95 % interval."""

    future: int
    berths: str
    flow_t_per_year: float
    utilisation_share: float
    curve_wait_h: float
    simulated_wait_h: float
    low_wait_h: float
    high_wait_h: float

    @property
    def difference_h(self) -> float:
        """Simulated less curve [h]."""
        return self.simulated_wait_h - self.curve_wait_h


def validate(
    tables: Mapping[str, pl.DataFrame], model: FutureModel, figures: Mapping[str, np.ndarray], seed: int
) -> tuple[list[Check], list[str]]:
    """Simulate the port in a sample of futures; empty where the district has no berths with curves.

    Parameters
    ----------
    tables
        The district with its scenario.
    figures
        Of the futures: throughput, and flow and wait of each kind of berth.

    Returns
    -------
    The comparisons, and for each future that could not be simulated why.
    """
    names = [key.removeprefix(FLOW) for key in figures if key.startswith(FLOW)]
    if model.target is None or not names:
        return [], []
    found, refused = [], []
    for future in sample(figures["throughput_t"]):
        flows = {name: float(figures[f"{FLOW}{name}"][future]) for name in names}
        try:
            problem = _problem(tables, _values(model, seed, future), flows)
            result = simulate(problem, precision=PRECISION, seed=seed, workers=1)
        except QujiangError as reason:
            refused.append(f"future {future}: {reason}")
            continue
        for stage in result.stages:
            name = stage.name.replace(" ", ":", 1)
            if stage.stage == "berth" and name in flows and stage.wait is not None:
                found.append(
                    Check(
                        future, name, flows[name], stage.utilisation or stage.offered,
                        float(figures[f"{WAIT}{name}"][future]), stage.wait.mean, max(stage.wait.low, 0.0), stage.wait.high,
                    )
                )  # fmt: skip
    return found, refused


def sample(throughput_t: np.ndarray) -> list[int]:
    """Futures at even steps of the throughput, the least and the most among them."""
    order = np.argsort(throughput_t, kind="stable")
    at = np.unique(np.linspace(0, len(order) - 1, min(SAMPLE, len(order))).round().astype(int))
    return [int(order[k]) for k in at]


def _values(model: FutureModel, seed: int, future: int) -> dict[str, float]:
    """What one future draws of the port."""
    assert model.target is not None
    inputs = model.target.inputs
    drawn = inputs.values(inputs.positions(inputs.own(seed, future // BLOCK)))
    keys = ("port_equipment:", "berths:")
    return {key: float(values[future % BLOCK]) for key, values in drawn.items() if key.startswith(keys)}


def _problem(
    tables: Mapping[str, pl.DataFrame], values: Mapping[str, float], flows: Mapping[str, float]
) -> PortProblem:
    """The port of one future: equipment and cranes as drawn, each kind of berth with its flow."""
    factor = pl.lit(1.0)
    for item in EQUIPMENT:
        factor = pl.when(pl.col("item") == item).then(values.get(f"port_equipment:{item}", 1.0)).otherwise(factor)
    changed = dict(tables)
    changed["port_equipment"] = tables["port_equipment"].with_columns(
        pl.when(pl.col("item") == "hours_per_day")
        .then((pl.col("equipment_value") * factor).clip(upper_bound=24.0))
        .otherwise(pl.col("equipment_value") * factor)
        .alias("equipment_value")
    )
    rate = values.get("berths:crane_rate_t_per_h", 1.0)
    changed["berths"] = tables["berths"].with_columns(pl.col("crane_rate_t_per_h") * rate)
    problem = port_problem(changed)
    today: dict[str, float] = {}
    for kind in problem.kinds:
        name = f"{kind.terminal}:{kind.berth_type}"
        today[name] = today.get(name, 0.0) + kind.t_per_year
    kinds = []
    for kind in problem.kinds:
        name = f"{kind.terminal}:{kind.berth_type}"
        times = flows[name] / today[name] if name in flows and today[name] > 0 else 1.0
        kinds.append(replace(kind, calls_per_year=kind.calls_per_year * times))
    return replace(problem, kinds=tuple(kinds))


def summary(checks: list[Check], refused: list[str]) -> dict[str, Any]:
    """Futures simulated, and how far curve and simulation lie apart."""
    if not checks:
        return {"futures": 0, "not_simulated": refused}
    gap = np.array([check.difference_h for check in checks])
    inside = [check.low_wait_h <= check.curve_wait_h <= check.high_wait_h for check in checks]
    weight = np.array([check.flow_t_per_year for check in checks])
    curve = np.array([check.curve_wait_h for check in checks])
    return {
        "futures": len({check.future for check in checks}),
        "berth_kinds": len({check.berths for check in checks}),
        "mean_curve_wait_h": float(curve @ weight / weight.sum()),
        "mean_simulated_wait_h": float((curve + gap) @ weight / weight.sum()),
        "median_difference_h": float(np.median(gap)),
        "largest_difference_h": float(gap[np.abs(gap).argmax()]),
        "inside_interval_share": float(np.mean(inside)),
        "not_simulated": refused,
    }
