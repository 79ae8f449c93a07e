"""What a simulation of the port says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qujiang.methods.output_analysis import Interval
from qujiang.port.gate import GateDay

#: not_steady: below overload, but so near that years would not settle it; behind_overload: what comes here waits elsewhere.
STEADY, OVERLOADED, NOT_STEADY, BEHIND = "steady", "overloaded", "not_steady", "behind_overload"


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage: its wait with a 95 % interval, its use, its queue; no wait where no steady state exists.

    ``utilisation`` is measured; ``offered`` is work over ability by arithmetic. ``exact_wait_h`` is the formula's wait.
    ``share_of_waiting`` ranks who waits for what.
    """

    stage: str
    name: str
    state: str
    offered: float
    wait: Interval | None = None
    utilisation: float | None = None
    queue: float | None = None
    exact_wait_h: float | None = None
    share_of_waiting: float | None = None

    def as_dict(self) -> dict[str, Any]:
        wait = self.wait
        return {
            "stage": self.stage,
            "name": self.name,
            "state": self.state,
            "wait_h": None if wait is None else wait.mean,
            "wait_h_low": None if wait is None else max(0.0, wait.low),
            "wait_h_high": None if wait is None else wait.high,
            "utilisation": self.offered if self.utilisation is None else self.utilisation,
            "offered": self.offered,
            "queue": self.queue,
            "exact_wait_h": self.exact_wait_h,
            "exact_difference_percent": _difference(wait, self.exact_wait_h),
            "share_of_waiting": self.share_of_waiting,
        }


def _difference(wait: Interval | None, exact: float | None) -> float | None:
    return None if wait is None or not exact else 100 * (wait.mean / exact - 1)


@dataclass(frozen=True, slots=True)
class PortResult:
    """A simulated year: stages in the order of the chain, time in port, and how sure it all is."""

    calls_per_year: float
    throughput_t_per_year: float
    stages: tuple[StageResult, ...]
    gates: tuple[GateDay, ...]
    turnaround: dict[str, Interval] | None  # mean, p90, p95
    wait_ratio: Interval | None
    replications: int
    warm_up_calls: int
    stopped_by: str
    seed: int
    seconds: float
    assumptions: tuple[str, ...] = ()

    @property
    def overloaded(self) -> tuple[str, ...]:
        return tuple(f"{stage.stage} {stage.name}" for stage in self.stages if stage.state == OVERLOADED)

    @property
    def state(self) -> str:
        """overloaded, not_steady or steady: the worst of the stages and gates."""
        if self.overloaded or any(gate.wait_h is None for gate in self.gates):
            return OVERLOADED
        return NOT_STEADY if self.turnaround is None else STEADY

    @property
    def waited_for(self) -> list[str]:
        """Stages in the order of all the hours waited there; those without any are left out."""
        ranked = sorted(self.stages, key=lambda stage: -(stage.share_of_waiting or 0.0))
        return [f"{stage.stage} {stage.name}" for stage in ranked if stage.share_of_waiting]

    @property
    def binds(self) -> str | None:
        """The overloaded stage with most work, else the stage that most of the waiting is for."""
        over = [stage for stage in self.stages if stage.state in (OVERLOADED, NOT_STEADY)]
        if over:
            worst = max(over, key=lambda stage: stage.offered)
            return f"{worst.stage} {worst.name}"
        ranked = [stage for stage in self.stages if stage.share_of_waiting]
        best = max(ranked, key=lambda stage: stage.share_of_waiting or 0.0, default=None)
        return None if best is None else f"{best.stage} {best.name}"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; times in hours."""
        answer: dict[str, Any] = {
            "calls_per_year": self.calls_per_year,
            "throughput_t_per_year": self.throughput_t_per_year,
            "state": self.state,
            "binds": self.binds,
            "waited_for": self.waited_for,
            "stages": [stage.as_dict() for stage in self.stages] + [_gate_dict(gate) for gate in self.gates],
        }
        for name in ("mean", "p90", "p95"):
            interval = None if self.turnaround is None else self.turnaround[name]
            answer[f"turnaround_{name}_h"] = None if interval is None else interval.mean
            answer[f"turnaround_{name}_h_low"] = None if interval is None else interval.low
            answer[f"turnaround_{name}_h_high"] = None if interval is None else interval.high
        answer["wait_over_service"] = None if self.wait_ratio is None else self.wait_ratio.mean
        answer["replications"] = self.replications
        answer["warm_up_calls"] = self.warm_up_calls
        answer["stopped_by"] = self.stopped_by
        answer["seed"] = self.seed
        answer["seconds"] = self.seconds
        answer["assumptions"] = list(self.assumptions)
        return answer


def _gate_dict(gate: GateDay) -> dict[str, Any]:
    return {
        "stage": "gate",
        "name": gate.terminal,
        "state": OVERLOADED if gate.wait_h is None else STEADY,
        "wait_h": gate.wait_h,
        "wait_h_low": gate.wait_h,
        "wait_h_high": gate.wait_h,
        "worst_wait_h": gate.worst_wait_h,
        "utilisation": gate.utilisation,
        "offered": gate.utilisation,
        "lorries_per_day": gate.lorries_per_day,
        "exact_wait_h": gate.wait_h,
    }
