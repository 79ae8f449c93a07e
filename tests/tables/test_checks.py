"""Every rule has its fault, with place, value, rule and mend; one fault a cell, nothing follows from it."""

from __future__ import annotations

import time

import pytest

from qujiang.errors import Fault
from qujiang.tables import Column, Table, check_folder


def test_the_good_folder_has_no_fault(folder, tables):
    checked = check_folder(tables, folder)
    assert checked.faults == []
    assert checked.frames["links"].row(0, named=True)["via"] == ["port", "city"]
    assert checked.frames["links"]["lanes_count"].to_list() == [4, 2]
    assert checked.lines["links"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("column", "value", "rule", "mend"),
    [
        ("mode", "raod", "must be one of road, rail, water, air", "did you mean 'road'?"),
        ("mode", "Road", "must be one of road, rail, water, air", "did you mean 'road'?"),
        ("mode", "", "may not be empty", "write a value"),
        ("mode", " road", "may not have blanks at its beginning or end", "write 'road'"),
        ("length_km", "", "may not be empty", "write a value"),
        ("length_km", "0", "must be > 0", "length [kilometres]"),
        ("length_km", "-3", "must be > 0", "length [kilometres]"),
        ("length_km", "5000.5", "must be <= 5000", "length [kilometres]"),
        ("low_km", "-1", "must be >= 0", "low end of the length [kilometres]"),
        ("low_km", "12.6", "must not exceed length_km", "swap the two"),
        ("length_km", "1,234", "must be a number", "remove the thousands separators: 1234"),
        ("length_km", "1,234,567.5", "must be a number", "remove the thousands separators: 1234567.5"),
        ("length_km", "12,5", "must be a number", "use a point: 12.5"),
        ("length_km", "１２.５", "must be a number", "write plain digits: 12.5"),
        ("length_km", " 12", "must be a number", "remove the blanks: 12"),
        ("length_km", "3亿", "must be a number", "亿 = 1e8: write 300000000"),
        ("length_km", "1.5万吨", "must be a number", "万 = 1e4: write 15000"),
        ("length_km", "12 km", "must be a number", "write 12, the unit stands in the column's name"),
        ("length_km", "12%", "must be a number", "write 12, without the sign"),
        ("length_km", "nan", "must be a number", "leave the cell empty if there is no value"),
        ("length_km", "inf", "must be a number", "leave the cell empty if there is no limit"),
        ("length_km", "-Infinity", "must be a number", "leave the cell empty if there is no limit"),
        ("length_km", "1e999", "must be a number", "the number is too large"),
        ("length_km", "about ten", "must be a number", "write digits only, with a point for the decimals"),
        ("length_km", "10-12", "must be a number", "write one number"),
        (
            "length_km",
            "#REF!",
            "may not be a spreadsheet error",
            "mend the formula in the spreadsheet, then save again",
        ),
        ("length_km", "=A1", "may not be a formula", "paste the value in its place; a text may not begin with ="),
        ("lanes_count", "2.5", "must be a whole number", "a count has no decimals"),
        ("lanes_count", "2e0", "must be a whole number", "write it without exponent"),
        ("lanes_count", "2.0", "must be a whole number", "write 2"),
        ("lanes_count", "99999999999999999999", "must be a whole number", "the number is too large"),
        ("lanes_count", "0", "must be >= 1", "lanes [whole number of things]"),
        ("lanes_count", "13", "must be <= 12", "lanes [whole number of things]"),
        ("open", "是", "must be yes or no", "write yes"),
        ("open", "0", "must be yes or no", "write no"),
        ("open", "maybe", "must be yes or no", "write yes or no"),
        ("since", "2026/5/1", "must be a date, YYYY-MM-DD", "write 2026-05-01"),
        ("since", "2026-5-1", "must be a date, YYYY-MM-DD", "write 2026-05-01"),
        ("since", "2026年5月1日", "must be a date, YYYY-MM-DD", "write 2026-05-01"),
        ("since", "20260501", "must be a date, YYYY-MM-DD", "write 2026-05-01"),
        ("since", "2026-02-30", "must be a date, YYYY-MM-DD", "there is no such day"),
        ("since", "May", "must be a date, YYYY-MM-DD", "write year-month-day, e.g. 2026-05-01"),
        ("via", "port;;city", "must be values joined by ;", "write port;city: no blanks, no empty items"),
        ("via", "port; city", "must be values joined by ;", "write port;city: no blanks, no empty items"),
        ("via", "port;", "must be values joined by ;", "write port: no blanks, no empty items"),
        ("via", "port;citty", "every value must exist in places.id", "did you mean 'city'?"),
        ("via", "port；city", "every value must exist in places.id", "join the values with ;"),
        ("cargoes", "stone;grian", "every value must be one of stone, grain", "did you mean 'grain'?"),
        ("from_place", "prot", "must exist in places.id", "did you mean 'port'?"),
        ("from_place", "port ", "may not have blanks at its beginning or end", "write 'port'"),
        ("next", "zzz", "must exist in links.id or places.id", "add it to links, or mend it here"),
        ("id", "a a", r"must match \S+", "short name"),
        ("id", "", "may not be empty", "write a value"),
        ("id", "a;c", "may not hold ;", "choose another name; no list could hold this one"),
        ("id", "\u3000a", "may not have blanks at its beginning or end", "write 'a'"),
        (
            "id",
            "a\ufffd",
            "may not hold the sign of a lost character",
            "write the text again; it was damaged by a wrong encoding",
        ),
    ],
)
def test_one_wrong_cell_gives_exactly_its_fault(row_faults, column, value, rule, mend):
    assert row_faults(**{column: value}) == [Fault("links.csv", 2, column, value, rule, mend)]


@pytest.mark.parametrize("value", ["yes", "no", "true", "false", "TRUE", "False"])
def test_booleans_in_the_ways_people_and_spreadsheets_write_them(row_faults, value):
    assert row_faults(open=value) == []


@pytest.mark.parametrize("value", ["1e3", "+5", ".5", "5.", "007", "1E2"])
def test_plain_ways_to_write_a_number(row_faults, value):
    assert row_faults(length_km=value, low_km="") == []


def test_a_doubled_key_names_the_first_line(faults_of):
    faults = faults_of("places.csv", "id,name\nport,P\ncity,C\n\nport,Q\nport,R\n")
    assert [(fault.line, fault.column, fault.value, fault.rule) for fault in faults] == [
        (5, "id", "port", "must be unique; line 2 has the same"),
        (6, "id", "port", "must be unique; line 2 has the same"),
    ]


def test_a_key_of_two_columns_is_unique_together(tmp_path):
    table = Table("t", "t", (Column("a", "text", "a", key=True), Column("b_year", "integer", "b", key=True)))
    (tmp_path / "t.csv").write_text("a,b_year\nx,1\nx,2\ny,1\nx,02\n")
    (fault,) = check_folder((table,), tmp_path).faults
    assert (fault.line, fault.rule) == (5, "a + b_year must be unique together; line 3 has the same")


def test_a_faulty_key_draws_no_fault_after_it(faults_of):
    """A row whose key cell is faulty still exists: those who refer to it are not blamed."""
    places = "id,name\n port,P\nci ty,C\ncity,C\n"
    faults = faults_of("places.csv", places)
    assert [(fault.file, fault.line) for fault in faults] == [("places.csv", 2), ("places.csv", 3)]


def test_a_ragged_row_draws_no_fault_after_it(faults_of):
    faults = faults_of("places.csv", "id,name,note\nport,P\ncity,C,n,x\n")
    assert faults == [
        Fault("places.csv", 2, None, None, "has 2 cells, the header has 3", "write empty cells too"),
        Fault("places.csv", 3, None, None, "has 4 cells, the header has 3", "quote a cell that holds a separator"),
    ]


def test_an_unreadable_target_draws_no_fault_after_it(faults_of):
    faults = faults_of("places.csv", b"\x89PNG\r\n")
    assert [fault.file for fault in faults] == ["places.csv"]


def test_a_rule_of_the_row_leaves_faulty_cells_alone(row_faults):
    assert [fault.column for fault in row_faults(length_km="-1", low_km="5")] == ["length_km"]
    assert [fault.column for fault in row_faults(length_km="x", low_km="5")] == ["length_km"]


def test_a_required_target_without_file_is_one_fault(folder, tables):
    (folder / "places.csv").unlink()
    assert check_folder(tables, folder).faults == [
        Fault("places.csv", None, None, None, "file is missing", "add it: Places")
    ]


def test_an_optional_target_without_file_is_told_once_a_column(tmp_path):
    ports = Table("ports", "Ports", (Column("id", "text", "name", key=True),))
    calls = Table("calls", "Calls", (Column("port", "text", "port", reference="ports.id"),))
    (tmp_path / "calls.csv").write_text("port\nport\ncity\n")
    assert check_folder((ports, calls), tmp_path).faults == [
        Fault(
            "calls.csv",
            2,
            "port",
            "port",
            "refers to ports.id, and there is no ports.csv",
            "add the file, or leave the column empty (2 rows)",
        )
    ]


def test_faults_of_all_files_come_in_the_order_of_tables_lines_and_columns(folder, faults_of):
    (folder / "zzz.csv").write_text("x\n")
    (folder / "places.csv").write_text("id,name,nota\nport,,\ncity,,\nport,P,\n")
    rows = "b,city,water,x,,0,,,,,\na,citi,raod,-1,,,,,,,\n"
    faults = faults_of(
        "links.csv", "id,from_place,mode,length_km,low_km,lanes_count,open,since,via,cargoes,next\n" + rows
    )
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("places.csv", 1, "nota"),
        ("places.csv", 2, "name"),
        ("places.csv", 3, "name"),
        ("places.csv", 4, "id"),
        ("links.csv", 2, "length_km"),
        ("links.csv", 2, "lanes_count"),
        ("links.csv", 3, "from_place"),
        ("links.csv", 3, "mode"),
        ("links.csv", 3, "length_km"),
        ("zzz.csv", None, None),
    ]


def test_many_faults_of_a_kind_are_told_up_to_the_limit_and_counted_beyond(faults_of):
    text = "id,name\nport,P\ncity,C\n" + "".join(f"p{number},\n" for number in range(30))
    faults = faults_of("places.csv", text, limit_faults=10)
    assert len(faults) == 11
    assert faults[9].line == 13
    assert faults[10].rule == "and 20 more: may not be empty"
    assert faults[10].line == 33


def test_an_empty_row_is_one_fault(faults_of):
    faults = faults_of("places.csv", "id,name,note\nport,P,\ncity,C,\n,,\n")
    assert faults == [Fault("places.csv", 4, None, None, "the row is empty", "fill it, or delete the line")]


def test_a_self_reference_may_point_forward(row_faults):
    assert row_faults(next="b") == []


def test_a_column_wrong_throughout_is_told_quickly_and_capped(tmp_path):
    """Hints are searched with a bounded effort: thousands of wrong values against thousands of names."""
    places = Table("places", "Places", (Column("id", "text", "name", key=True),))
    trips = Table("trips", "Trips", (Column("place", "text", "place", reference="places.id"),))
    (tmp_path / "places.csv").write_text("id\n" + "".join(f"place_{number}\n" for number in range(20_000)))
    (tmp_path / "trips.csv").write_text(
        "place\n" + "".join(f"palce_{number}\nPLACE_{number}\n" for number in range(20_000))
    )
    start = time.process_time()
    faults = check_folder((places, trips), tmp_path).faults
    assert time.process_time() - start < 5
    assert len(faults) == 1_001
    assert faults[0].mend == "did you mean 'place_0'?"
    assert faults[999].mend == "did you mean 'place_499'?"
    assert faults[1_000].rule == "and 39,000 more: must exist in places.id"
