"""What is written reads back equal; numbers are as short as they can be; never half a file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qujiang.tables import Column, Table, as_csv, check_folder, read_table, write_table
from qujiang.tables.strategies import cells, rows
from qujiang.tables.values import parse, write

ONE = Table("one", "One column that may be empty", (Column("note", "text", "note"),))
WIDE = Table(
    "wide",
    "Every type without a rule",
    (
        Column("a_value", "number", "number"),
        Column("b_value", "integer", "whole number"),
        Column("c", "boolean", "boolean"),
        Column("d", "date", "date"),
        Column("e", "list", "list"),
        Column("f", "text", "text"),
    ),
)
PLACES_THERE = {"places.id": ["port", "city", "衢江"]}
same_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_read_back(tables, tmp_path, ending: str, which: str, data: st.DataObject) -> None:
    table = {"one": ONE, "wide": WIDE, "places": tables[0], "links": tables[1]}[which]
    frame = data.draw(rows(table, PLACES_THERE))
    reading = read_table(table, write_table(table, frame, tmp_path / f"{table.name}{ending}"))
    assert reading.faults == ()
    assert reading.frame.equals(frame)


@pytest.mark.parametrize("which", ["one", "wide", "places", "links"])
@same_folder
@given(data=st.data())
def test_read_back_equals_written(tables, tmp_path, which, data):
    check_read_back(tables, tmp_path, ".csv", which, data)


@pytest.mark.parametrize("which", ["wide", "links"])
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_back_equals_written_parquet(tables, tmp_path, which, data):
    """Fewer examples: every Parquet file is read in a process of its own."""
    check_read_back(tables, tmp_path, ".parquet", which, data)


@same_folder
@given(data=st.data())
def test_a_valid_folder_has_no_fault(tables, tmp_path, data):
    places = data.draw(rows(tables[0], min_size=1))
    links = data.draw(rows(tables[1], {"places.id": places["id"].to_list()}))
    for table, frame in zip(tables, (places, links), strict=True):
        write_table(table, frame, tmp_path / table.file)
    checked = check_folder(tables, tmp_path)
    assert checked.faults == []
    assert checked.frames["links"].equals(links)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_number_survives(numbers):
    column = WIDE.column("a_value")
    written = write(pl.Series("a_value", numbers, dtype=pl.Float64))
    assert parse(written, column).to_list() == numbers
    assert [float(text) for text in written] == numbers


def digits_of(text):
    """How many digits a number has, without zeros at its ends."""
    return len(Decimal(text).normalize().as_tuple().digits)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_have_no_more_digits_than_python_writes(numbers):
    for text, number in zip(write(pl.Series(numbers, dtype=pl.Float64)), numbers, strict=True):
        assert digits_of(text) <= digits_of(repr(number))


def test_cells_are_written_plainly():
    frame = pl.DataFrame(
        {
            "a_value": [4200000.0, 0.1, None],
            "b_value": [7, None, -1],
            "c": [True, False, None],
            "d": [date(2026, 5, 1), None, None],
            "e": [["x", "y"], [], None],
            "f": ['say "a, b"', "", "两\n行"],
        },
        schema=WIDE.schema,
    )
    assert as_csv(frame) == (
        "a_value,b_value,c,d,e,f\n"
        '4200000,7,yes,2026-05-01,x;y,"say ""a, b"""\n'
        "0.1,,no,,,\n"
        ',-1,,,,"两\n行"\n'
    )  # fmt: skip


def test_a_frame_of_other_columns_or_types_is_refused(tmp_path):
    with pytest.raises(ValueError, match="note Int64"):
        write_table(ONE, pl.DataFrame({"note": [1]}), tmp_path / "one.csv")
    with pytest.raises(ValueError, match="more"):
        write_table(ONE, pl.DataFrame({"note": ["a"], "more": ["b"]}), tmp_path / "one.csv")
    with pytest.raises(ValueError, match="e: a value that holds ;"):
        write_table(
            WIDE,
            pl.DataFrame({name: [None] for name in WIDE.names} | {"e": [["a;b"]]}, WIDE.schema),
            tmp_path / "w.csv",
        )
    with pytest.raises(ValueError, match=r"one\.txt: write \.csv or \.parquet"):
        write_table(ONE, ONE.empty(), tmp_path / "one.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, ending):
    path = write_table(ONE, pl.DataFrame({"note": ["old"]}), tmp_path / f"one{ending}")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_table(ONE, pl.DataFrame({"note": ["new"]}), path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert read_table(ONE, path).frame["note"].to_list() == ["old"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_is_as_readable_as_any_new_file(tmp_path, ending):
    (tmp_path / "plain").write_text("")
    path = write_table(ONE, ONE.empty(), tmp_path / f"one{ending}")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_generators_refuse_needed_references_without_values(tables):
    with pytest.raises(ValueError, match=r"places\.id"):
        rows(tables[1])


@given(cells(Column("a_count", "integer", "a", exclusive_minimum=2, maximum=5), {}))
def test_generated_numbers_keep_their_range(value):
    assert value is None or 2 < value <= 5
