"""Working days against the notices as typed from the State Council's papers, not from the package."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qujiang.calendar import DayKind, Override, WorkCalendar, read_overrides
from qujiang.errors import DataError, ScenarioError

#: year -> (holiday blocks, make-up working days), typed from the yearly notices.
NOTICES = {
    2024: (
        "01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}


def worked_days(year: int) -> set[date]:
    blocks, make_up = NOTICES[year]
    rest: set[date] = set()
    for block in blocks.split():
        first, _, last = block.partition("..")
        on, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last or first}")
        while on <= end:
            rest.add(on)
            on += timedelta(days=1)
    made = {date.fromisoformat(f"{year}-{day}") for day in make_up.split()}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    return {d for d in days if d.year == year and (d in made or (d.weekday() < 5 and d not in rest))}


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_every_day_of_the_year_agrees_with_the_notice(year: int, count: int) -> None:
    calendar, expected = WorkCalendar(), worked_days(year)
    on = date(year, 1, 1)
    while on.year == year:
        assert calendar.worked(on) == calendar.day(on).worked == (on in expected), on
        on += timedelta(days=1)
    assert calendar.days_between(date(year - 1, 12, 31), date(year, 12, 31)) == len(expected) == count


def test_a_year_without_a_notice_is_provisional_and_keeps_only_the_days_fixed_by_law() -> None:
    calendar = WorkCalendar(published=range(2004, 2027))
    assert calendar.day(date(2027, 10, 1)).kind is DayKind.HOLIDAY
    assert calendar.day(date(2027, 10, 4)).provisional
    assert calendar.day(date(2027, 10, 4)).worked
    assert not calendar.day(date(2026, 10, 8)).provisional


def test_a_district_publishes_a_year_and_mends_a_day(tmp_path) -> None:
    table = tmp_path / "workdays.csv"
    table.write_text(
        "date,kind,name_zh,source\n2027-01-01,notice,,a notice\n2027-10-04,rest,国庆节,a notice\n2027-10-09,work,国庆节,a notice\n",
        encoding="utf-8",
    )
    calendar = WorkCalendar(read_overrides(table), published=range(2004, 2027))
    assert 2027 in calendar.published
    assert calendar.day(date(2027, 10, 4)).kind is DayKind.HOLIDAY
    assert calendar.day(date(2027, 10, 9)).kind is DayKind.MAKE_UP


def test_every_fault_of_an_override_table_is_told_at_once(tmp_path) -> None:
    table = tmp_path / "workdays.csv"
    table.write_text("date,kind,name_zh,source\n2027-13-01,rest,,x\n2027-01-01,off,,\n", encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_overrides(table)
    assert [(f.line, f.column) for f in told.value.faults] == [(2, "date"), (3, "kind"), (3, "source")]


def test_a_day_outside_the_calendar_is_refused() -> None:
    with pytest.raises(ScenarioError, match="outside the calendar"):
        WorkCalendar().day(date(1999, 1, 1))


def test_an_override_wins_over_the_notice() -> None:
    calendar = WorkCalendar([Override(date(2026, 10, 8), "rest", "停电", "a paper")])
    assert not calendar.worked(date(2026, 10, 8))
    assert calendar.next_worked(date(2026, 10, 1)) == date(2026, 10, 9)
