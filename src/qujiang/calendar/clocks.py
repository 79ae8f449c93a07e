"""A clock as data: an amount, a unit, and how the last day ends.

The law of counting: 民法典 201 (the day of the event is not counted), 202 (months end on the corresponding day or the
month's last), 203 (a last day of rest moves to the next worked day; the last day ends at 24:00 or at close of business).
"""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from qujiang.calendar.days import CHINA, WorkCalendar, from_utc
from qujiang.calendar.due import Pause, due_on, merge
from qujiang.calendar.hours import WorkHours, add_working_minutes
from qujiang.errors import ScenarioError


class ClockUnit(StrEnum):
    """In what a clock counts."""

    WORKING_DAY = "wd"
    DAY = "day"
    MONTH = "month"
    HOUR = "h"
    WORKING_MINUTE = "working_min"


@dataclass(frozen=True, slots=True)
class Clock:
    """``amount`` of ``unit``; ``at_close`` ends the last day at close of business instead of 24:00."""

    amount: int
    unit: ClockUnit
    at_close: bool = False


def run_clock(
    calendar: WorkCalendar,
    clock: Clock,
    start: datetime,
    *,
    hours: WorkHours | None = None,
    pauses: tuple[Pause, ...] = (),
) -> datetime | None:
    """The instant at which the clock, begun by an event at ``start``, runs out; None while it stands."""
    if clock.amount < 1:
        raise ScenarioError(f"a clock of {clock.amount} {clock.unit} must run for 1 or more")
    begin = from_utc(start)
    if pauses and clock.unit is not ClockUnit.WORKING_DAY:
        raise ScenarioError(f"a clock in {clock.unit} cannot be paused; only working days can")
    if clock.unit is ClockUnit.HOUR:
        return begin + timedelta(hours=clock.amount)
    if clock.unit is ClockUnit.WORKING_MINUTE:
        return add_working_minutes(calendar, begin, clock.amount, hours)
    last = _last_day(calendar, clock, begin.date(), pauses)
    if last is None:
        return None
    if clock.at_close:
        return datetime.combine(last, (hours or WorkHours()).close, CHINA)
    return datetime.combine(last + timedelta(days=1), time(0), CHINA)


def _last_day(calendar: WorkCalendar, clock: Clock, start: date, pauses: tuple[Pause, ...]) -> date | None:
    if clock.unit is ClockUnit.WORKING_DAY:
        return due_on(calendar, start, clock.amount, merge(pauses))
    if clock.unit is ClockUnit.DAY:
        return calendar.next_worked(start + timedelta(days=clock.amount))
    return calendar.next_worked(add_months(start, clock.amount))


def add_months(start: date, count: int) -> date:
    """The corresponding day ``count`` months on, or that month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1]))
