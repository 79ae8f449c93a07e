"""What the port hands to freight: how long a call waits at a terminal as its flow grows, and where that ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qujiang.errors import ScenarioError
from qujiang.port.problem import PortProblem
from qujiang.port.rows import port_problem
from qujiang.port.stages import stages

if TYPE_CHECKING:
    import polars as pl

#: Parts of the capacity at which the curve is given; between them it may be read off a straight line.
STEPS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)


def waits(district: Mapping[str, pl.DataFrame], *, calls: pl.DataFrame | None = None) -> pl.DataFrame:
    """Mean wait for a berth at each terminal as a rising function of its flow, today's mix of calls kept.

    Returns
    -------
    Table ``terminal``, ``flow_t_per_year``, ``wait_h``, ``capacity_t_per_year``: the flow at which the first kind of berth
    (or its cranes) has no room left; from there on no wait exists. Exact for each kind of berth by itself.

    Raises
    ------
    ScenarioError
        A terminal's berths have no formula (several kinds of vessel with different berths); simulate it.
    """
    import polars as pl

    problem = port_problem(district, calls=calls)
    rows = []
    for terminal in dict.fromkeys(berth.group for berth in problem.berths):
        own = [k for k, kind in enumerate(problem.kinds) if kind.terminal == terminal and kind.calls_per_year > 0]
        if not own:
            continue
        today = sum(problem.kinds[k].t_per_year for k in own)
        capacity = today / max(stage.offered for stage in stages(problem) if set(stage.kinds) <= set(own))
        waits_h = [_wait_h(problem.scaled(max(share, 1e-6) * capacity / today), set(own)) for share in STEPS]
        rows += [
            (terminal, share * capacity, wait, capacity)
            for share, wait in zip(STEPS, np.maximum.accumulate(waits_h).tolist(), strict=True)
        ]
    return pl.DataFrame(rows, schema=["terminal", "flow_t_per_year", "wait_h", "capacity_t_per_year"], orient="row")


def _wait_h(problem: PortProblem, own: set[int]) -> float:
    wait = calls = 0.0
    for stage in stages(problem):
        if stage.station != "berth" or not set(stage.kinds) <= own:
            continue
        if stage.exact_wait_h is None:
            raise ScenarioError(f"{stage.name}: its berths have no exact wait; use `qujiang port simulate`")
        number = sum(problem.kinds[k].calls_per_year for k in stage.kinds)
        wait, calls = wait + number * stage.exact_wait_h, calls + number
    return wait / calls
