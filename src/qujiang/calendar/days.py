"""Which day is worked: weekends, holiday blocks, make-up days, and a district's own overrides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from chinese_calendar import constants as notices

from qujiang.errors import DataError, Fault, ScenarioError
from qujiang.tables.plain import read_rows

#: China keeps one time, without summer time since 1991.
CHINA = timezone(timedelta(hours=8), "+08:00")

#: Rest days that the law itself fixes by date (全国年节及纪念日放假办法, 2024 revision); all else waits for the notice.
FIXED_BY_LAW = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}

HOLIDAY_NAMES_ZH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年",
}

HOLIDAY_NAMES_EN = {zh: en for en, zh in HOLIDAY_NAMES_ZH.items()}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DayKind(StrEnum):
    """What a day is for a clock."""

    WORKING = "working day"
    MAKE_UP = "make-up workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Day:
    """One day, what it is, and whether its year's notice is published."""

    on: date
    kind: DayKind
    name_zh: str
    provisional: bool

    @property
    def holiday_zh(self) -> str:
        """The holiday that it is, or is worked for; empty where none is named."""
        return self.name_zh.removeprefix("for ")

    @property
    def holiday_en(self) -> str:
        """The same in English; a district's own day has a Chinese name only, which stands for it."""
        return HOLIDAY_NAMES_EN.get(self.holiday_zh, self.holiday_zh)

    @property
    def worked(self) -> bool:
        return self.kind in (DayKind.WORKING, DayKind.MAKE_UP)

    def __str__(self) -> str:
        name = f" {self.name_zh}" if self.name_zh else ""
        return f"{self.on} {WEEKDAYS[self.on.weekday()]}: {self.kind}{name}"


@dataclass(frozen=True, slots=True)
class Override:
    """A day that the district changes: ``rest``, ``work``, or ``notice`` (the whole year of ``on`` is now published)."""

    on: date
    kind: str
    name_zh: str
    source: str


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read a district's own days from CSV ``date,kind,name_zh,source``; kind is ``rest``, ``work`` or ``notice``."""
    faults: list[Fault] = []
    overrides: list[Override] = []
    seen: set[tuple[str, str]] = set()
    for row in read_rows(path, ("date", "kind", "name_zh", "source")):
        group = "notice" if row["kind"] == "notice" else "day"
        if row["kind"] not in ("rest", "work", "notice"):
            faults.append(row.fault("kind", "must be one of rest, work, notice"))
        if (row["date"], group) in seen:
            faults.append(row.fault("date", "stands twice", "keep one line"))
        seen.add((row["date"], group))
        if not row["source"]:
            faults.append(row.fault("source", "is empty", "name the notice"))
        try:
            overrides.append(Override(date.fromisoformat(row["date"]), row["kind"], row["name_zh"], row["source"]))
        except ValueError:
            faults.append(row.fault("date", "is no date", "write YYYY-MM-DD"))
    if faults:
        raise DataError(faults)
    return tuple(overrides)


class WorkCalendar:
    """Every day from 2004 to 2045, frozen; a question costs one search.

    Parameters
    ----------
    overrides
        The district's own days; they win over the notices.
    published
        Years whose notice is known; None asks ``chinesecalendar`` and the overrides' ``notice`` lines.
    """

    FIRST, LAST = date(2004, 1, 1), date(2045, 12, 31)

    def __init__(self, overrides: Iterable[Override] = (), *, published: Iterable[int] | None = None) -> None:
        self.overrides = tuple(overrides)
        known = {day.year for day in notices.holidays} if published is None else set(published)
        self.published = frozenset(known | {o.on.year for o in self.overrides if o.kind == "notice"})
        self._changed = {o.on: o for o in self.overrides if o.kind != "notice"}

    def day(self, on: date) -> Day:
        """What ``on`` is."""
        self._hold(on)
        provisional = on.year not in self.published
        change = self._changed.get(on)
        if change is not None:
            makes_up = on.weekday() >= 5
            worked = DayKind.MAKE_UP if makes_up else DayKind.WORKING
            return Day(on, worked if change.kind == "work" else DayKind.HOLIDAY, change.name_zh, provisional)
        if provisional:
            name = FIXED_BY_LAW.get((on.month, on.day))
            if name:
                return Day(on, DayKind.HOLIDAY, name, True)
        elif on in notices.workdays:
            return Day(on, DayKind.MAKE_UP, "for " + _zh(notices.workdays[on]), False)
        elif on in notices.holidays:
            return Day(on, DayKind.HOLIDAY, _zh(notices.holidays[on]), False)
        return Day(on, DayKind.WEEKEND if on.weekday() >= 5 else DayKind.WORKING, "", provisional)

    @cached_property
    def working(self) -> list[int]:
        """Ordinals of all worked days, rising."""
        first, last = self.FIRST.toordinal(), self.LAST.toordinal()
        return [n for n in range(first, last + 1) if self.day(date.fromordinal(n)).worked]

    def worked(self, on: date) -> bool:
        """Whether ``on`` is worked."""
        self._hold(on)
        place = bisect_left(self.working, on.toordinal())
        return place < len(self.working) and self.working[place] == on.toordinal()

    def next_worked(self, on: date) -> date:
        """``on`` itself when it is worked, else the next worked day."""
        self._hold(on)
        return date.fromordinal(self.working[bisect_left(self.working, on.toordinal())])

    def days_between(self, after: date, until: date) -> int:
        """Worked days in (after, until]; negative when ``until`` lies before ``after``."""
        self._hold(after)
        self._hold(until)
        return bisect_right(self.working, until.toordinal()) - bisect_right(self.working, after.toordinal())

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether some year of [first, last] has no published notice."""
        return any(year not in self.published for year in range(first.year, last.year + 1))

    def _hold(self, on: date) -> None:
        if not self.FIRST <= on <= self.LAST:
            raise ScenarioError(f"{on} lies outside the calendar, which holds {self.FIRST} to {self.LAST}")


def _zh(name: str) -> str:
    return HOLIDAY_NAMES_ZH.get(name, name)


def china_date(at: datetime) -> date:
    """The calendar day of an instant in China."""
    if at.tzinfo is None:
        raise ScenarioError(f"{at} names no time zone; write it with +08:00")
    return at.astimezone(CHINA).date()


def unpublished(calendar: WorkCalendar, days: Sequence[date]) -> list[int]:
    """The years of ``days`` whose notice is not published, rising."""
    return sorted({day.year for day in days} - calendar.published)


def from_utc(at: datetime) -> datetime:
    """An instant in China's time; a naive one is read as UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(CHINA)
