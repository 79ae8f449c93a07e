"""The busiest month: what a year's mean hides."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from qujiang.errors import ScenarioError
from qujiang.port.problem import PortProblem
from qujiang.port.result import PortResult
from qujiang.port.simulate import simulate

if TYPE_CHECKING:
    import polars as pl


def month_factor(district: Mapping[str, pl.DataFrame]) -> float | None:
    """Busiest month over mean month, from the rate ``peak_month_factor``; None where the tables have none."""
    rows = district["rates"].to_dicts()
    return next((float(row["rate_value"]) for row in rows if row["id"] == "peak_month_factor"), None)


def busiest_month(
    problem: PortProblem,
    factor: float,
    *,
    precision: float = 0.05,
    seed: int = 1,
    stop: Callable[[int, float], bool] | None = None,
) -> PortResult:
    """The port at the flow of its busiest month, as if that month lasted: waits are those of its steady state.

    Parameters
    ----------
    factor
        Busiest month over mean month [1].
    stop
        As in ``simulate``.

    Raises
    ------
    ScenarioError
        The factor is below 1: a busiest month has at least the mean flow.
    """
    if not (math.isfinite(factor) and factor >= 1):
        raise ScenarioError(f"month factor = {factor:g}: the busiest month has at least the mean flow, so 1 or more")
    return simulate(problem.scaled(factor), precision=precision, seed=seed, stop=stop)
