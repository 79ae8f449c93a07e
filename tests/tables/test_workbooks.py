"""Excel workbooks and Parquet files are held to the same rules as CSV, with the row numbers that Excel shows."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

from qujiang.errors import Fault
from qujiang.tables import check_folder, read_table, write_table

HEAD = ["id", "from_place", "mode", "length_km", "low_km", "lanes_count", "open", "since", "via", "cargoes", "next"]
ROW = ["a", "port", "road", 12.5, 10, 4, True, date(2026, 5, 1), "port;city", "stone;grain", None]


def workbook(path, rows, *, sheets=("Sheet1",), top=0, left=0, formulas=()):
    """Write rows to the first sheet, from a corner on, and formulas as (row, column, formula, shown)."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy/m/d"}) as book:
        first, *_ = [book.add_worksheet(name) for name in sheets]
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    first.write(top + at, left + column, value)
        for row, column, formula, shown in formulas:
            first.write_formula(row, column, formula, None, shown)
    return path


@pytest.fixture
def book(folder):
    (folder / "links.csv").unlink()
    return folder / "links.xlsx"


def test_a_workbook_reads_as_the_same_table_as_csv(folder, tables, book):
    workbook(book, [HEAD, ROW, ["b", "city", "water", 80]])
    checked = check_folder(tables, folder)
    assert checked.faults == []
    assert checked.frames["links"].row(0, named=True) == {
        "id": "a",
        "from_place": "port",
        "mode": "road",
        "length_km": 12.5,
        "low_km": 10.0,
        "lanes_count": 4,
        "open": True,
        "since": date(2026, 5, 1),
        "via": ["port", "city"],
        "cargoes": ["stone", "grain"],
        "next": None,
    }
    assert checked.lines["links"].to_list() == [2, 3]


def test_rows_keep_the_numbers_that_excel_shows(folder, tables, book):
    workbook(book, [HEAD, ROW, [], ["b", "city", "watre", 80]], top=2, left=1)
    assert check_folder(tables, folder).lines["links"].to_list() == [4, 6]
    (fault,) = check_folder(tables, folder).faults
    assert (fault.line, fault.value, fault.mend) == (6, "watre", "did you mean 'water'?")


def test_failed_formulas_are_faults_and_computed_ones_are_values(folder, tables, book):
    row = ["a", "port", "road"]
    formulas = ((1, 3, "=#REF!*2", "#REF!"), (1, 4, "=1/0", "#DIV/0!"), (1, 5, "=1+1", 2), (1, 10, "=NA()", "#N/A"))
    workbook(book, [HEAD, row], formulas=formulas)
    checked = check_folder(tables, folder)
    assert [(fault.line, fault.column, fault.value) for fault in checked.faults] == [
        (2, "length_km", "#REF!"),
        (2, "low_km", "#DIV/0!"),
        (2, "next", "#N/A"),
    ]
    assert {fault.rule for fault in checked.faults} == {"may not be a spreadsheet error"}
    assert checked.frames["links"]["lanes_count"].to_list() == [2]


def test_a_formula_never_computed_is_a_fault(folder, tables, book):
    workbook(book, [HEAD, ["a", "port", "road"]], formulas=((1, 3, "=A1", ""),))
    (fault,) = check_folder(tables, folder).faults
    assert (fault.column, fault.value, fault.rule) == ("length_km", "=A1", "may not be a formula")


def test_numbers_and_moments_are_read_exactly(folder, tables, book):
    workbook(book, [HEAD, ["a", "port", "road", 1e3, 0.1, 4.0, None, datetime(2026, 5, 1, 12, 30)]])
    checked = check_folder(tables, folder)
    assert [(fault.value, fault.mend) for fault in checked.faults] == [("2026-05-01 12:30:00", "write 2026-05-01")]
    assert checked.frames["links"].select("length_km", "low_km", "lanes_count").row(0) == (1000.0, 0.1, 4)


def test_the_sheet_is_the_lone_one_or_the_one_with_the_tables_name(folder, tables, book):
    workbook(book, [HEAD, ROW, ["b", "city", "water", 80]], sheets=("links", "notes"))
    assert check_folder(tables, folder).faults == []
    workbook(book, [HEAD, ROW], sheets=("first", "notes"))
    assert check_folder(tables, folder).faults == [
        Fault("links.xlsx", None, None, None, "has the sheets first, notes", "name the one that holds the table 'links'")
    ]  # fmt: skip


def test_a_cell_beyond_the_header(folder, tables, book):
    workbook(book, [HEAD, [*ROW, "stray"]])
    (fault,) = check_folder(tables, folder).faults
    assert (fault.line, fault.rule) == (2, "has 12 cells, the header has 11")


def test_an_empty_sheet(folder, tables, book):
    workbook(book, [])
    (fault,) = check_folder(tables, folder).faults
    assert fault.rule == "must begin with the column names"


def damaged(path):
    """The same archive with a sheet that is no XML."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<broken" if "sheet1" in name else source.read(name))
    return made.getvalue()


def test_damaged_workbooks_are_one_fault(folder, tables, book):
    workbook(book, [HEAD, ROW])
    whole = book.read_bytes()
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for data in (b"no zip at all", whole[:2000], damaged(book), empty.getvalue()):
        book.write_bytes(data)
        (fault,) = check_folder(tables, folder).faults
        assert fault.rule.startswith("cannot be read as an Excel workbook: ")
        assert fault.mend == "save it again as .xlsx, or as 'CSV UTF-8'"


def test_a_workbook_that_unpacks_to_too_much_is_refused(folder, tables, book):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    book.write_bytes(made.getvalue())
    (fault,) = check_folder(tables, folder, limit_bytes=100_000).faults
    assert fault.rule == "unpacks to 2,000,000 bytes, too large"


def test_parquet_reads_back_what_was_written(folder, tables):
    frame = read_table(tables[1], folder / "links.csv").frame
    (folder / "links.csv").unlink()
    write_table(tables[1], frame, folder / "links.parquet")
    checked = check_folder(tables, folder)
    assert checked.faults == []
    assert checked.frames["links"].equals(frame)


def test_parquet_is_held_to_the_same_rules(folder, tables):
    (folder / "links.csv").unlink()
    pl.DataFrame(
        {
            "id": ["a", "b", "a"],
            "from_place": ["port", "nowhere", "city"],
            "mode": ["road", "raod", "rail"],
            "length_km": [1, 2, -3],
            "lanes_count": [1.0, 2.5, 3.0],
            "since": [datetime(2026, 5, 1), datetime(2026, 5, 1, 3), None],
            "low_km": [float("nan"), None, None],
        }
    ).write_parquet(folder / "links.parquet")
    checked = check_folder(tables, folder)
    assert [(fault.line, fault.column, fault.value) for fault in checked.faults] == [
        (2, "low_km", "NaN"),
        (3, "from_place", "nowhere"),
        (3, "mode", "raod"),
        (3, "lanes_count", "2.5"),
        (3, "since", "2026-05-01 03:00:00"),
        (4, "id", "a"),
        (4, "length_km", "-3"),
    ]
    assert checked.frames["links"]["since"].to_list() == [date(2026, 5, 1), None, None]


def test_parquet_columns_that_are_no_cells_and_files_that_are_no_parquet(folder, tables):
    (folder / "links.csv").unlink()
    (folder / "places.csv").unlink()
    for note in ({"x": 1}, b"bytes", ["a;b"], [["a"]]):
        frame = {"id": ["a"], "name": ["A"], "note": [note]}
        pl.DataFrame(frame).write_parquet(folder / "places.parquet")
        (fault,) = check_folder(tables, folder).faults
        assert (fault.column, fault.mend) == ("note", "write text, numbers, dates or lists of text")
    (folder / "places.parquet").write_bytes(b"not parquet")
    (fault,) = check_folder(tables, folder).faults
    assert fault.rule.startswith("cannot be read as Parquet: ")
