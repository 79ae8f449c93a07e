"""Working time within the day: intervals, so that lunch lies outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from qujiang.calendar.days import CHINA, WorkCalendar, from_utc
from qujiang.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class WorkHours:
    """The spans of a working day, rising and apart."""

    spans: tuple[tuple[time, time], ...] = ((time(8, 30), time(12, 0)), (time(14, 0), time(17, 30)))

    def __post_init__(self) -> None:
        edges = [edge for span in self.spans for edge in span]
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise ScenarioError("working hours must rise and must not touch or overlap")

    @property
    def close(self) -> time:
        return self.spans[-1][1]


def add_working_minutes(
    calendar: WorkCalendar, start: datetime, minutes: int, hours: WorkHours | None = None
) -> datetime:
    """The instant at which ``minutes`` of working time have passed since ``start``.

    An event outside working time counts from the next opening; a limit that fills a span ends with the span.
    """
    if minutes < 1:
        raise ScenarioError(f"minutes = {minutes} must be 1 or more")
    left = timedelta(minutes=minutes)
    begin = from_utc(start)
    for opens, closes in _spans(calendar, begin.date(), hours or WorkHours()):
        free = closes - max(opens, begin)
        if free <= timedelta(0):
            continue
        if left <= free:
            return max(opens, begin) + left
        left -= free
    raise ScenarioError(f"{minutes} working minutes after {start} lie beyond the calendar's end")


def next_working_time(calendar: WorkCalendar, at: datetime, hours: WorkHours | None = None) -> datetime:
    """``at`` itself inside working time, else the next opening: when a reminder may go out."""
    here = from_utc(at)
    for opens, closes in _spans(calendar, here.date(), hours or WorkHours()):
        if here < closes:
            return max(opens, here)
    raise ScenarioError(f"no working time after {at} within the calendar")


def _spans(calendar: WorkCalendar, first: date, hours: WorkHours) -> Iterator[tuple[datetime, datetime]]:
    on = calendar.next_worked(first)
    while True:
        for opens, closes in hours.spans:
            yield datetime.combine(on, opens, CHINA), datetime.combine(on, closes, CHINA)
        on = calendar.next_worked(on + timedelta(days=1))
