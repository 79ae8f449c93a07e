"""What the port hands to freight: how long a call waits at a terminal as its flow grows, and where that ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from qujiang.errors import ScenarioError
from qujiang.methods.queues import wait_between
from qujiang.port.problem import PortProblem
from qujiang.port.rows import port_problem
from qujiang.port.stages import Stage, hold_cv2, stages

if TYPE_CHECKING:
    import polars as pl

#: Parts of the capacity at which the curve is given; between them it may be read off a straight line.
STEPS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)

#: The same for one kind of berth by itself, whose curve is fitted afterwards: enough to see its bend.
BERTH_STEPS = (0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97)


def waits(district: Mapping[str, pl.DataFrame], *, calls: pl.DataFrame | None = None) -> pl.DataFrame:
    """Mean wait for a berth at each terminal as a rising function of its flow, today's mix of calls kept.

    Returns
    -------
    Table ``terminal``, ``flow_t_per_year``, ``wait_h``, ``capacity_t_per_year``: the flow at which the first kind of berth
    (or its cranes) has no room left; from there on no wait exists. Exact for each kind of berth by itself, all calls of
    one rank: ranks move waits between calls, and hardly their mean.

    Raises
    ------
    ScenarioError
        A terminal's berths have no formula (several kinds of vessel with different berths); simulate it.
    """
    import polars as pl

    problem = port_problem(district, calls=calls)
    problem = replace(problem, kinds=tuple(replace(kind, priority=0.0) for kind in problem.kinds))
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


def berth_waits(district: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The same for each kind of berth by itself: what an equilibrium of freight needs, for which a berth is a queue.

    Returns
    -------
    Table ``terminal``, ``berth_type``, ``berth_count``, ``share`` (of the tonnes that today's mix of calls brings to
    berths of this kind or, for all but boxes, to any kind but ``container``), ``flow_t_per_year``, ``wait_h``,
    ``capacity_t_per_year``, ``service_h``. Kinds of berth without a call today are left out. Where several kinds of vessel fit
    different berths of one queue the wait is that of all its berths together, which is a little too short.

    Raises
    ------
    ScenarioError
        The district has no berths, or its throughput is not known.
    """
    import polars as pl

    problem = port_problem(district)
    found = [stage for stage in stages(problem) if stage.station == "berth" and stage.service_h]
    rows = []
    tonnes = {stage: sum(problem.kinds[k].t_per_year for k in stage.kinds) for stage in found}
    boxed = {stage: all(problem.kinds[k].berth_type == "container" for k in stage.kinds) for stage in found}
    for stage in found:
        alike = sum(t for other, t in tonnes.items() if boxed[other] == boxed[stage])
        berth = next(b for b in problem.berths if stage.name.startswith(f"{b.group} {b.berth_type}"))
        head = (berth.group, berth.berth_type, int(stage.servers), tonnes[stage] / alike)
        capacity = tonnes[stage] / stage.offered
        rows += [
            (*head, part * capacity, _queue_h(problem, stage, part), capacity, stage.service_h) for part in BERTH_STEPS
        ]
    names = [
        "terminal", "berth_type", "berth_count", "share", "flow_t_per_year", "wait_h", "capacity_t_per_year", "service_h",
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


def _queue_h(problem: PortProblem, stage: Stage, utilisation: float) -> float:
    """Wait of a queue M/G/n of a stage's berths, its calls as they are today."""
    assert stage.service_h is not None
    kinds = [problem.kinds[k] for k in stage.kinds]
    return stage.service_h * wait_between("M", int(stage.servers), utilisation, hold_cv2(problem, kinds))
