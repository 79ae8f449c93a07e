"""The port's limits as horizontal bars."""

from __future__ import annotations

from dataclasses import dataclass

from qujiang.plan.result import PlanResult
from qujiang.report import answer
from qujiang.report.cards import Bind, Tick, ticks_of
from qujiang.report.scale import scale_for
from qujiang.words import Both, tell


@dataclass(frozen=True, slots=True)
class Bar:
    """One limit: its words and the length of its bar [percent]."""

    bind: Bind
    at: float | None
    binds: bool
    gains: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line for comparison across the bars."""

    part: str
    label: Both
    value: Both
    at: float


@dataclass(frozen=True, slots=True)
class Limits:
    """All bars, the lines across them and the note on nominal tonnage."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    log: bool
    left: Both | None
    nominal: Both | None


def limits(result: PlanResult) -> Limits:
    """Limits of the port's throughput, the binding one first."""
    shown, left = answer.shown_limits(result)
    lock = _tightest_nominal(result)
    marks = _marks(result, lock)
    levels = [max(limit.level, 0.0) for limit in shown if limit.level is not None and answer.level_words(limit)]
    scale = scale_for([*levels, *(value for _, _, value in marks)])
    bars = tuple(
        Bar(
            Bind(
                Both(limit.what, limit.what_zh),
                answer.kind_words(limit),
                answer.gain_words(limit),
                answer.level_words(limit),
                limit.assumed,
            ),
            None if limit.level is None or limit.level <= 0 else scale.at(limit.level),
            index == 0 and limit.gain > 0,
            limit.gain > 0,
        )
        for index, limit in enumerate(shown)
    )
    lines = tuple(
        Line(part, label, answer.figure(value, "tonnes_per_year"), scale.at(value)) for part, label, value in marks
    )
    note = None
    if lock is not None:
        note = tell(
            "limits.nominal", lock=answer.name_of(lock), tonnes=answer.figure(lock["nominal_t"], "tonnes_per_year")
        )
    return Limits(bars, lines, ticks_of(scale), scale.log, tell("limits.left", count=left) if left else None, note)


def _tightest_nominal(result: PlanResult) -> dict | None:
    used = [dict(lock) for lock in result.locks if lock.get("nominal_t") and lock.get("own_t", 0) > 0]
    return min(used, key=lambda lock: lock["nominal_t"], default=None)


def _marks(result: PlanResult, lock: dict | None) -> list[tuple[str, Both, float]]:
    port = answer.port_measure(result)
    marks: list[tuple[str, Both, float]] = []
    if port is not None:
        target = tell("target.year", year=port.target_year) if port.target_year else tell("target")
        named = (("today", tell("today"), port.today), ("target", target, port.target))
        marks += [(part, label, value) for part, label, value in named if value is not None]
    if lock is not None:
        marks.append(("nominal", tell("line.nominal"), lock["nominal_t"]))
    return marks
