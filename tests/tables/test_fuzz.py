"""Whatever bytes stand in a file, the answer is a list of faults, never a traceback."""

from __future__ import annotations

import io

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qujiang.tables import check_folder

steady = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = [
    "id",
    "name",
    "note",
    "port",
    "city",
    ",",
    ";",
    "\t",
    '"',
    "\n",
    "\r",
    "\r\n",
    "=",
    "#REF!",
    " ",
    "\ufeff",
    "港",
    "sep=;\n",
]


@steady
@given(data=st.binary(max_size=200))
@example(data=b"\xef\xbb\xbf\xef\xbb\xbfid,name\n")
@example(data=b"sep=\n")
@example(data=b'"')
@example(data=b'sep="\nid"name\n')
def test_any_bytes_as_csv(folder, tables, data):
    (folder / "places.csv").write_bytes(data)
    assert all(str(fault) for fault in check_folder(tables, folder).faults)


@steady
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_arrangement_of_what_csv_is_made_of(folder, tables, pieces):
    (folder / "places.csv").write_bytes(("id,name,note\n" + "".join(pieces)).encode())
    checked = check_folder(tables, folder)
    assert checked.frames["places"].schema == tables[0].schema
    assert len(checked.lines["places"]) == checked.frames["places"].height


def a_workbook() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["id", "name", "note"])
    return made.getvalue()


def a_parquet() -> bytes:
    made = io.BytesIO()
    pl.DataFrame({"id": ["port"], "name": ["P"], "note": [None]}).write_parquet(made)
    return made.getvalue()


def damaged(whole: bytes, data: st.DataObject) -> bytes:
    found = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        found[at] = data.draw(st.integers(0, 255))
    return bytes(found[: data.draw(st.integers(1, len(whole)))])


def check_damaged(folder, tables, name: str, content: bytes) -> None:
    (folder / "places.csv").unlink(missing_ok=True)
    (folder / name).write_bytes(content)
    assert check_folder(tables, folder).frames["places"].schema == tables[0].schema


@steady
@given(data=st.data())
def test_any_damage_to_a_workbook(folder, tables, data):
    check_damaged(folder, tables, "places.xlsx", damaged(a_workbook(), data))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_a_parquet_file(folder, tables, data):
    whole = a_parquet()
    found = bytearray(whole)
    for at in data.draw(st.lists(st.integers(4, len(whole) - 5), min_size=1, max_size=4)):
        found[at] = data.draw(st.integers(0, 255))  # between the marks at both ends, so that the reader is reached
    check_damaged(folder, tables, "places.parquet", bytes(found))
