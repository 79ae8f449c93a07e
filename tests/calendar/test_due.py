"""Deadlines: vectors counted by hand on the notices, an independent walk, and the invariants of counting."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.calendar import (
    CHINA,
    Clock,
    ClockUnit,
    Override,
    Pause,
    WorkCalendar,
    add_working_minutes,
    due,
    next_working_time,
    run_clock,
)
from qujiang.calendar.due import due_on, merge
from qujiang.errors import ScenarioError

CALENDAR = WorkCalendar(published=range(2004, 2027))
DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-09-18", 5, "2026-09-24"),  # Sunday 09-20 is worked
        ("2026-09-30", 1, "2026-10-08"),  # National Day block
        ("2026-02-13", 1, "2026-02-14"),  # worked Saturday before the Spring Festival
        ("2026-04-30", 5, "2026-05-11"),  # Saturday 05-09 is worked
        ("2026-01-01", 1, "2026-01-04"),  # received on a holiday; worked Sunday
        ("2025-04-25", 5, "2025-05-06"),  # worked Sunday 04-27, then Labour Day
        ("2024-12-31", 5, "2025-01-08"),  # year end
        ("2026-01-03", 1, "2026-01-04"),  # received inside a block
        ("2026-09-30", 5, "2026-10-13"),  # 10-08, 10-09, Saturday 10-10 worked, 10-12, 10-13
    ],
)
def test_due_meets_the_vectors_counted_by_hand(received: str, days: int, expected: str) -> None:
    answer = due(CALENDAR, date.fromisoformat(received), days)
    assert str(answer.due) == expected
    assert answer.steps[-1].count == days
    assert not answer.provisional


def test_the_arithmetic_names_holidays_and_make_up_days() -> None:
    says = [step.says for step in due(CALENDAR, date(2026, 9, 30), 5).steps]
    assert "not counted" in says[0]
    assert any("holiday 国庆节" in line for line in says)
    assert any("2026-10-10 Saturday: make-up workday" in line for line in says)


def test_a_year_not_yet_published_is_told() -> None:
    answer = due(CALENDAR, date(2026, 12, 30), 3)
    assert answer.provisional_years == (2027,)
    assert "2027" in answer.note
    assert str(answer.due) == "2027-01-05"  # 12-31; 01-01 fixed by law; weekend; 01-04; 01-05


@given(DAYS, st.integers(1, 60))
def test_the_due_day_is_worked_rises_with_days_and_counts_by_a_plain_walk(start: date, days: int) -> None:
    last = due_on(CALENDAR, start, days)
    assert last is not None
    assert CALENDAR.day(last).worked
    later = due_on(CALENDAR, start, days + 1)
    assert later is not None and last < later
    walked = sum(CALENDAR.day(start + timedelta(days=n)).worked for n in range(1, (last - start).days + 1))
    assert walked == days == CALENDAR.days_between(start, last)


@st.composite
def pause_sets(draw):
    spans = []
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(DAYS)
        spans.append(Pause(begin, begin + timedelta(days=draw(st.integers(0, 30)))))
    return spans


@given(DAYS, st.integers(1, 40), pause_sets())
def test_pauses_shift_the_day_as_a_plain_walk_does(start: date, days: int, pauses: list[Pause]) -> None:
    on, left = start, days
    while left:
        on += timedelta(days=1)
        held = any(p.end is not None and p.start <= on < p.end for p in pauses)
        left -= CALENDAR.day(on).worked and not held
    answer = due(CALENDAR, start, days, pauses=pauses)
    assert answer.due == on
    assert answer.steps[-1].count == days


@given(DAYS, st.integers(2, 40), st.integers(1, 39))
def test_splitting_a_clock_and_adding_the_parts_gives_the_whole(start: date, days: int, part: int) -> None:
    first = min(part, days - 1)
    middle = due_on(CALENDAR, start, first)
    assert middle is not None
    assert due_on(CALENDAR, middle, days - first) == due_on(CALENDAR, start, days)


def test_an_open_pause_leaves_the_due_day_open_unless_it_is_already_past() -> None:
    assert due(CALENDAR, date(2026, 11, 2), 5, pauses=[Pause(date(2026, 11, 4))]).due is None
    assert due(CALENDAR, date(2026, 11, 2), 1, pauses=[Pause(date(2026, 11, 4))]).due == date(2026, 11, 3)


def test_a_new_notice_moves_only_deadlines_that_touch_the_changed_days() -> None:
    later = WorkCalendar([Override(date(2026, 11, 25), "rest", "", "a notice")], published=range(2004, 2027))
    starts = [date(2026, 11, 1) + timedelta(days=n) for n in range(40)]
    for start in starts:
        before, after = due_on(CALENDAR, start, 5), due_on(later, start, 5)
        assert before is not None and after is not None
        touches = start < date(2026, 11, 25) <= before
        assert (before != after) == touches


def test_faulty_pauses_and_amounts_are_refused() -> None:
    with pytest.raises(ScenarioError, match="before its start"):
        merge([Pause(date(2026, 11, 4), date(2026, 11, 3))])
    with pytest.raises(ScenarioError, match="between 0 and 2000"):
        due(CALENDAR, date(2026, 11, 4), 2001)


@pytest.mark.parametrize(
    ("received", "minutes", "expected"),
    [
        ("2026-11-20 16:50", 60, "2026-11-23 08:50"),
        ("2026-09-30 17:10", 60, "2026-10-08 09:10"),
        ("2026-11-23 11:45", 30, "2026-11-23 14:15"),
        ("2026-11-23 12:30", 60, "2026-11-23 15:00"),
        ("2026-05-08 17:30", 60, "2026-05-09 09:30"),
        ("2026-10-10 15:00", 420, "2026-10-12 15:00"),
    ],
)
def test_working_minutes_meet_the_vectors(received: str, minutes: int, expected: str) -> None:
    start = datetime.fromisoformat(received).replace(tzinfo=CHINA)
    end = datetime.fromisoformat(expected).replace(tzinfo=CHINA)
    assert add_working_minutes(CALENDAR, start, minutes) == end
    assert run_clock(CALENDAR, Clock(minutes, ClockUnit.WORKING_MINUTE), start) == end


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1)), st.integers(1, 900))
def test_working_minutes_equal_stepping_minute_by_minute(start: datetime, minutes: int) -> None:
    here = start.replace(second=0, microsecond=0, tzinfo=CHINA)
    end, left, at = add_working_minutes(CALENDAR, here, minutes), minutes, here
    while left:
        clock = at.time().isoformat("minutes")
        open_now = "08:30" <= clock < "12:00" or "14:00" <= clock < "17:30"
        left -= open_now and CALENDAR.worked(at.date())
        at += timedelta(minutes=1)
    assert end == at


@pytest.mark.parametrize(
    ("received", "days", "last"),
    [
        ("2026-09-16", 15, "2026-10-08"),
        ("2026-11-06", 15, "2026-11-23"),
        ("2026-05-02", 7, "2026-05-09"),
        ("2025-12-17", 15, "2026-01-04"),
    ],
)
def test_calendar_days_end_on_the_next_worked_day_by_the_civil_code(received: str, days: int, last: str) -> None:
    start = datetime.fromisoformat(received + "T10:00:00+08:00")
    end = run_clock(CALENDAR, Clock(days, ClockUnit.DAY), start)
    assert end == datetime.fromisoformat(last + "T00:00:00+08:00") + timedelta(days=1)
    assert run_clock(CALENDAR, Clock(days, ClockUnit.DAY, at_close=True), start) == datetime.fromisoformat(
        last + "T17:30:00+08:00"
    )


def test_a_month_ends_on_the_corresponding_day_or_the_months_last() -> None:
    start = datetime(2026, 1, 31, 9, tzinfo=CHINA)
    end = run_clock(CALENDAR, Clock(1, ClockUnit.MONTH), start)
    assert end == datetime(2026, 3, 1, tzinfo=CHINA)  # 2026-02-28 is a worked Saturday; the day ends at 24:00


def test_reminders_wait_for_working_time() -> None:
    assert next_working_time(CALENDAR, datetime(2026, 9, 30, 23, tzinfo=CHINA)) == datetime(
        2026, 10, 8, 8, 30, tzinfo=CHINA
    )
    inside = datetime(2026, 11, 23, 10, tzinfo=CHINA)
    assert next_working_time(CALENDAR, inside) == inside


def test_a_hundred_thousand_deadlines_are_counted_in_a_second() -> None:
    CALENDAR.worked(date(2026, 1, 1))
    starts = [date(2026, 1, 1) + timedelta(days=n % 300) for n in range(100_000)]
    pauses = (Pause(date(2026, 5, 6), date(2026, 5, 20)),)
    begun = time.perf_counter()
    for start in starts:
        due_on(CALENDAR, start, 5, pauses)
    assert time.perf_counter() - begun < 1.0
