"""Deadlines in working days, with their arithmetic."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from qujiang.calendar.days import WorkCalendar
from qujiang.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands from ``start`` (this day no longer counts) until ``end`` (this day counts again; None: still)."""

    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the arithmetic: a day, or a run of days of one kind; ``count`` is the sum so far."""

    first: date
    last: date
    counted: bool
    count: int
    says: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return {"first": first, "last": last, "counted": self.counted, "count": self.count, "says": self.says}


@dataclass(frozen=True, slots=True)
class Due:
    """The last day, or None while the clock stands; ``provisional_years`` have no published holidays."""

    start: date
    days: int
    due: date | None
    steps: tuple[Step, ...]
    provisional_years: tuple[int, ...]

    @property
    def provisional(self) -> bool:
        return bool(self.provisional_years)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: ``start, days, due, provisional, note, steps``."""
        return {
            "start": self.start.isoformat(),
            "days": self.days,
            "due": None if self.due is None else self.due.isoformat(),
            "provisional": self.provisional,
            "provisional_years": list(self.provisional_years),
            "note": self.note,
            "steps": [step.as_dict() for step in self.steps],
        }

    @property
    def note(self) -> str:
        """What the reader must know beside the date; empty when nothing."""
        if not self.provisional_years:
            return ""
        years = ", ".join(map(str, self.provisional_years))
        return (
            f"the holidays of {years} are not yet published: the date is provisional and is counted again once they are"
        )


def due(calendar: WorkCalendar, start: date, days: int, *, pauses: Iterable[Pause] = ()) -> Due:
    """The ``days``-th working day after ``start``, which itself is not counted, with every day accounted for.

    Raises
    ------
    ScenarioError
        ``days`` is below 0 or above 2,000, a pause ends before it starts, or the calendar ends first.

    Examples
    --------
    >>> due(WorkCalendar(), date(2026, 9, 30), 1).due.isoformat()
    '2026-10-08'
    """
    stands = merge(pauses)
    last = due_on(calendar, start, days, stands)
    end = last if last is not None else _pause_start(stands, start)
    steps = _explain(calendar, start, end, stands)
    years = [n for n in range(start.year, end.year + 1) if n not in calendar.published]
    return Due(start, days, last, tuple(steps), tuple(years))


def due_on(calendar: WorkCalendar, start: date, days: int, pauses: Sequence[Pause] = ()) -> date | None:
    """As ``due`` without the account, for many; ``pauses`` as ``merge`` gives them. None while the clock stands."""
    if not 0 <= days <= 2000:
        raise ScenarioError(f"days = {days} must lie between 0 and 2000")
    if not calendar.FIRST <= start <= calendar.LAST:
        raise ScenarioError(f"{start} lies outside the calendar, which holds {calendar.FIRST} to {calendar.LAST}")
    if days == 0:
        return start
    worked, begin = calendar.working, start.toordinal()
    place = bisect_right(worked, begin) + days - 1
    for pause in pauses:
        low = bisect_left(worked, max(pause.start.toordinal(), begin + 1))
        if low > place:
            break
        if pause.end is None:
            return None
        place += max(0, bisect_left(worked, pause.end.toordinal()) - low)
    if place >= len(worked):
        raise ScenarioError(f"{days} working days after {start} lie beyond the calendar's end, {calendar.LAST}")
    return date.fromordinal(worked[place])


def merge(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """Pauses in order, without overlap."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: p.start):
        if pause.end is not None and pause.end < pause.start:
            raise ScenarioError(f"a pause ends on {pause.end}, before its start on {pause.start}")
        before = merged[-1] if merged else None
        if before is not None and (before.end is None or pause.start <= before.end):
            end = None if before.end is None or pause.end is None else max(before.end, pause.end)
            merged[-1] = Pause(before.start, end)
        else:
            merged.append(pause)
    return tuple(merged)


def _pause_start(pauses: Sequence[Pause], start: date) -> date:
    return max(start, next(pause.start for pause in pauses if pause.end is None))


def _explain(calendar: WorkCalendar, start: date, end: date, pauses: Sequence[Pause]) -> list[Step]:
    steps = [Step(start, start, False, 0, f"{calendar.day(start)}; the day of the event is not counted")]
    count, on = 0, start
    while on < end:
        on += timedelta(days=1)
        day = calendar.day(on)
        pause = next((p for p in pauses if p.start <= on and (p.end is None or on < p.end)), None)
        doubt = " (holidays of the year not yet published)" if day.provisional else ""
        if pause is not None:
            says = f"{day}; the clock stands until {pause.end or 'it is resumed'}"
        elif day.worked:
            count += 1
            says = f"{day}; working day {count}{doubt}"
        else:
            says = f"{day}; not counted{doubt}"
        steps.append(Step(on, on, pause is None and day.worked, count, says))
    return steps
