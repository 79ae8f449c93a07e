"""What arithmetic and formulas say of a port before any simulation: use, overload, and the waits that have a closed form."""

from __future__ import annotations

from qujiang.port import gate
from qujiang.port.problem import PortProblem
from qujiang.port.result import NOT_STEADY, OVERLOADED, STEADY, PortResult, StageResult
from qujiang.port.simulate import endless
from qujiang.port.stages import Stage, openings, stages

FORMULA = "formula"


def at_once(problem: PortProblem) -> PortResult:
    """The port in no time: every stage with its use and state, and its exact wait where its queue has a formula.

    Returns
    -------
    PortResult
        ``stopped_by`` is ``formula`` and ``replications`` 0; no wait is measured, and there is no time in port.
    """
    return PortResult(
        calls_per_year=problem.calls_per_year,
        throughput_t_per_year=problem.t_per_year,
        stages=tuple(_told(problem, stage) for stage in stages(problem)),
        gates=tuple(gate.gate_day(g, problem.hours_h_per_year) for g in problem.gates),
        turnaround=None,
        wait_ratio=None,
        replications=0,
        warm_up_calls=0,
        stopped_by=FORMULA,
        seed=0,
        seconds=0.0,
        assumptions=problem.assumptions,
    )


def _told(problem: PortProblem, stage: Stage) -> StageResult:
    state = OVERLOADED if stage.overloaded else NOT_STEADY if endless(problem, stage) else STEADY
    hours = openings(problem, stage)
    return StageResult(
        stage.station,
        stage.name,
        state,
        stage.offered,
        exact_wait_h=stage.exact_wait_h,
        open_share=hours["open_share"],
        closed_wait_h=hours["closed_wait_h"],
    )
