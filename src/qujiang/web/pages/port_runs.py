"""The simulations behind the port page: made one after the other, kept, and never waited for longer than a reader waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qujiang.port.at_once import at_once
from qujiang.port.busiest import busiest_month, month_factor
from qujiang.port.problem import PortProblem
from qujiang.port.replay import Replay
from qujiang.port.result import PortResult
from qujiang.port.rows import port_problem
from qujiang.port.simulate import simulate
from qujiang.port.what_if import Units, with_all
from qujiang.report.port_week import week
from qujiang.web.pages.face import Face
from qujiang.web.pages.later import Later, Report, Running
from qujiang.web.pages.place import district_of, folder_of

#: A page waits so long for simulations, then shows what formulas say while they go on behind it; its twins wait longer.
PATIENCE_S, TWIN_PATIENCE_S = 1.5, 60.0
#: No further replication of one simulation is begun after so many seconds.
LIMIT_S = 20.0
_runs = Later(128)


@dataclass(frozen=True, slots=True)
class Port:
    """One port and what is known of it; ``week`` is None where it is overloaded or ``running``: still being simulated."""

    problem: PortProblem
    result: PortResult
    answer: Mapping[str, Any]
    week: Mapping[str, Any] | None = None
    replay: Replay | None = None
    running: Running | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Today's port, the changed one where something is changed, and the busiest month of the one that is shown."""

    now: Port
    changed: Port | None
    busiest: Mapping[str, Any] | Running | None

    @property
    def shown(self) -> Port:
        return self.changed or self.now

    @property
    def running(self) -> dict[str, Running]:
        """What is still being simulated, by name, in the order in which it is shown."""
        found = {"now": self.now.running, "changed": self.changed.running if self.changed else None}
        found["busiest_month"] = self.busiest if isinstance(self.busiest, Running) else None
        return {name: one for name, one in found.items() if one is not None}


def known_of(face: Face, tonnes: float | None, units: tuple[Units, ...], patience_s: float) -> Known:
    """Every simulation that the page shows, as far as it is after some seconds."""
    end = time.monotonic() + patience_s
    now = _run(face, None, (), end)
    changed = None if tonnes is None and not units else _run(face, tonnes, units, end)
    shown = now if changed is None else changed
    factor = month_factor(district_of(face.settings))
    if factor is None or shown.running or shown.result.overloaded:
        return Known(now, changed, None)
    key = ("month", folder_of(face.settings), tonnes, units)
    busiest = _runs.get(key, lambda report: _month(shown.problem, factor, report), _left_s(end))
    return Known(now, changed, busiest)


def _left_s(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _run(face: Face, tonnes: float | None, units: tuple[Units, ...], end: float) -> Port:
    """One port: simulated, or told by its formulas while the simulation goes on."""
    problem = with_all(port_problem(district_of(face.settings), throughput_t_per_year=tonnes), units)
    key = ("year", folder_of(face.settings), tonnes, units)
    found = _runs.get(key, lambda report: _simulated(problem, report), _left_s(end))
    if not isinstance(found, Running):
        return found
    result = at_once(problem)
    return Port(problem, result, result.as_dict(), running=found)


def _simulated(problem: PortProblem, report: Report) -> Port:
    """Simulate within the limit of time: what is not precise by then says so by its interval."""
    result = simulate(problem, workers=1, stop=_late(report))
    return Port(problem, result, result.as_dict(), *(week(problem, result) or (None, None)))


def _month(problem: PortProblem, factor: float, report: Report) -> Mapping[str, Any] | None:
    """The busiest month, where it is precise within the limit of time."""
    found = busiest_month(problem, factor, stop=_late(report))
    if found.stopped_by == "stop":
        return None
    told = {name: value for name, value in found.as_dict().items() if name != "assumptions"}
    return {"month_factor": factor, **told}


def _late(report: Report) -> Callable[[int, float], bool]:
    end = time.monotonic() + LIMIT_S

    def late(count: int, width: float) -> bool:
        report(count, width)
        return time.monotonic() > end

    return late
