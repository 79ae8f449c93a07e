"""Vintages: as known on a day, revision triangle, and faults."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.errors import DataError
from qujiang.outlook.vintages import as_known_on, check_vintages, revisions, triangle

from .frames import observations, seen


def released(*rows: tuple[dict[str, Any], str | None]) -> pl.DataFrame:
    return observations(*(row for row, _ in rows)).with_columns(
        vintage=pl.Series([day for _, day in rows], dtype=pl.String)
    )


# National retail sales of January-February 2019: 66,064 as published; the growth of 2021 implies 65,542 (methods/outlook.md section 2).
REVISED = released(
    (seen("2019-01", "2019-02", 66_064e8), "2019-03-14"),
    (seen("2019-01", "2019-03", 97_790e8), "2019-04-17"),
    (seen("2019-01", "2019-02", 65_542e8, status="derived"), "2021-03-15"),
    (seen("2021-01", "2021-02", 69_737e8, 6.4), "2021-03-15"),
)


def test_what_was_known_on_a_day() -> None:
    frame = check_vintages(REVISED)
    assert as_known_on(frame, date(2019, 1, 1)).is_empty()
    assert as_known_on(frame, date(2020, 1, 1))["observed_value"].to_list() == [66_064e8, 97_790e8]
    assert as_known_on(frame, date(2021, 3, 15))["observed_value"].to_list() == [97_790e8, 65_542e8, 69_737e8]


def test_the_triangle_keeps_history() -> None:
    wide = triangle(check_vintages(REVISED), "衢江区", "retail_sales", "ytd")
    assert wide.columns == ["vintage", "2019-01..2019-02", "2019-01..2019-03", "2021-01..2021-02"]
    assert wide["2019-01..2019-02"].to_list() == [66_064e8, 66_064e8, 65_542e8]
    assert wide["2019-01..2019-03"].to_list() == [None, 97_790e8, 97_790e8]


def test_revisions_are_listed() -> None:
    (revision,) = revisions(check_vintages(REVISED))
    assert (revision.period, revision.releases_count) == ("2019-01..2019-02", 2)
    assert revision.change_percent == pytest.approx(-0.790, abs=5e-4)


def test_faults_of_vintages() -> None:
    faulty = released(
        (seen("2024", "2024", 1.0, basis="year"), None),
        (seen("2024", "2024", 1.0, basis="year", source=""), "2025-01-20"),
        (seen("2024", "2024", 2.0, basis="year"), "2025-01-20"),
        (seen("2024", "2024", 2.0, basis="year"), "2023-01-20"),
        (seen("2027", "2027", 2.0, basis="forecast"), "2023-01-20"),
        (seen("2024", "2024", 2.0, basis="year"), "20 January"),
    )
    with pytest.raises(DataError) as caught:
        check_vintages(faulty)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [
        (2, "vintage"),
        (3, "source"),
        (4, "vintage"),
        (5, "vintage"),
        (7, "vintage"),
    ]


days = st.dates(date(2020, 1, 1), date(2020, 3, 1))


@given(
    st.lists(st.tuples(days, st.integers(1, 9)), min_size=1, max_size=8, unique_by=lambda row: row[0]), days, st.data()
)
def test_later_releases_never_change_an_earlier_answer(
    rows: list[tuple[date, int]], day: date, data: st.DataObject
) -> None:
    frame = check_vintages(
        released(*((seen("2019", "2019", float(value), basis="year"), str(when)) for when, value in rows))
    )
    until = data.draw(st.dates(day, date(2020, 3, 1)))
    assert as_known_on(frame, day).equals(as_known_on(frame.filter(pl.col("vintage") <= until), day))
    assert as_known_on(frame, day).height == (1 if any(when <= day for when, _ in rows) else 0)
