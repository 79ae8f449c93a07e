"""What people really hand in: encodings, line ends, separators, wrong files; each bad one is one clear fault."""

from __future__ import annotations

import csv
import os
import subprocess
import sys

import pytest

from qujiang.errors import Fault
from qujiang.tables import check_folder, read_table

PLACES = 'id,name,note\nport,港口,\ncity,衢州,"old, big"\n'
PLAIN = "id,name,note\nport,港口,\ncity,衢州,old\n"


@pytest.fixture(autouse=True)
def standard_cells():
    """The longest cell of the standard library's reader, whatever a package that an earlier test imported has set."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize("text", [PLACES, PLAIN], ids=["quoted", "plain"])
@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n").encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.rstrip("\n").encode(),
        lambda text: (text + "\n\n").encode(),
        lambda text: ("sep=,\r\n" + text).encode(),
    ],
    ids=["utf8", "mark", "crlf", "cr", "utf16-le", "utf16-be", "no-last-line-end", "blank-last-lines", "sep-line"],
)
def test_every_usual_way_to_save_text_reads_the_same(faults_of, folder, tables, text, encode):
    assert faults_of("places.csv", encode(text)) == []
    assert check_folder(tables, folder).frames["places"]["name"].to_list() == ["港口", "衢州"]


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n"])
def test_spreadsheets_that_use_another_separator(folder, faults_of, tables, separator, first):
    lines = [separator.join(line) for line in (("id", "name", "note"), ("port", "P", "a,b"), ("city", "C", '"x""y"'))]
    assert faults_of("places.csv", first.format(separator) + "\r\n".join(lines)) == []
    assert check_folder(tables, folder).frames["places"]["note"].to_list() == ["a,b", 'x"y']


def test_a_decimal_comma_in_a_semicolon_file_is_told(faults_of):
    head = "id;from_place;mode;length_km\n"
    (fault,) = faults_of("links.csv", head + "a;port;road;12,5\n")
    assert (fault.line, fault.value, fault.mend) == (2, "12,5", "use a point: 12.5")


def test_lines_count_as_an_editor_shows_them(folder, faults_of, tables):
    text = 'sep=,\nid,name,note\n\nport,"Po\nrt","a\r\nb"\n\ncity,C,\nport,D,\n'
    (fault,) = faults_of("places.csv", text)
    assert (fault.line, fault.rule) == (9, "must be unique; line 4 has the same")
    assert check_folder(tables, folder).lines["places"].to_list() == [4, 8, 9]


@pytest.mark.parametrize(
    ("content", "line", "rule", "mend"),
    [
        (PLAIN.encode("gb18030"), 2, "must be UTF-8; the file is GB18030 (GBK)", "save it as 'CSV UTF-8'"),
        (PLAIN.encode("gbk"), 2, "must be UTF-8; the file is GB18030 (GBK)", "save it as 'CSV UTF-8'"),
        ("id,name\né,é\n".encode("latin-1"), 2, "must be UTF-8; byte 0xE9 in this line is not", "save it as 'CSV UTF-8'"),
        (b"", None, "may not be empty", "write at least the header line, or remove the file"),
        (b"\n\n", None, "may not be empty", "write at least the header line, or remove the file"),
        (b"\xef\xbb\xbf", None, "may not be empty", "write at least the header line, or remove the file"),
        (b"id,na\0me\n", 1, "must be a text file, and holds NUL bytes", "save it as 'CSV UTF-8'"),
        (b"\x80\x81\0\0", None, "must be a text file, and holds NUL bytes", "save it as 'CSV UTF-8'"),
        (b"\xff\xfei", None, "must be UTF-8; it begins as UTF-16 and is damaged", "save it as 'CSV UTF-8'"),
        (b"\x89PNG\r\n\x1a\n", None, "must be a text file, and is a PNG picture", "put the table in its place"),
        (b"PK\x03\x04rest", None, "must be a text file, and is a zip archive or an Excel workbook", "if it is a workbook, name it .xlsx"),
        (b"PAR1rest", None, "must be a text file, and is a Parquet file", "name it .parquet"),
        (b"\xd0\xcf\x11\xe0", None, "must be a text file, and is an old Excel workbook (.xls)", "save it as .xlsx or 'CSV UTF-8'"),
        (b"<!DOCTYPE html>", None, "must be a text file, and is a web page", "download the table itself"),
        (b"port,Port,\ncity,City,\n", 1, "the first line must name the columns, and names none of this table", "write a header line: id, name, note, ..."),
        (b'id,name\n"a"b,c\n', 2, "has text behind a closing quote", 'double a quote within a cell: ""'),
        (b'id,name\nport,P\n\ncity,"C\nx,y\n', 4, "has a quote that is never closed", "close it, or remove it"),
        (b'id,name\nport,P\ncity,"' + b"long\n" * 40_000, 3, "has a cell of more than 131,072 characters", "perhaps a quote is not closed"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_clear_fault(faults_of, content, line, rule, mend):
    assert faults_of("places.csv", content) == [Fault("places.csv", line, None, None, rule, mend)]


@pytest.mark.parametrize(
    ("header", "column", "rule", "mend"),
    [
        ("id,name,nmae", "nmae", "unknown column", "remove it; the table has no such column"),
        ("id,name,notes", "notes", "unknown column", "did you mean 'note'?"),
        ("id,name,NOTE", "NOTE", "unknown column", "did you mean 'note'?"),
        ("id,name, note", " note", "unknown column", "did you mean 'note'?"),
        ("id,name,wholly_other", "wholly_other", "unknown column", "remove it; the table has no such column"),
        ("id,name,name", "name", "column stands twice", "rename or remove one of them"),
        ("id,name,", None, "column 3 has no name", "name it, or remove the column"),
    ],
)
def test_a_faulty_header_is_told_in_line_1(faults_of, header, column, rule, mend):
    assert faults_of("places.csv", f"{header}\nport,P,\ncity,C,\n") == [
        Fault("places.csv", 1, column, None, rule, mend)
    ]


def test_a_missing_needed_column_is_told_once(faults_of):
    faults = faults_of("places.csv", "id,note\nport,\ncity,\n")
    assert faults == [Fault("places.csv", 1, "name", None, "column is missing", "add it: name")]


def test_a_missing_key_column_blames_no_reference(faults_of):
    faults = faults_of("places.csv", "name,note\nP,\nC,\n")
    assert [(fault.file, fault.column) for fault in faults] == [("places.csv", "id")]


def test_only_a_header_is_an_empty_table(faults_of):
    faults = faults_of("links.csv", "id,from_place,mode,length_km\n")
    assert faults == []


def test_a_file_too_large_is_refused_unread(faults_of):
    faults = faults_of("places.csv", "id,name\n" + "x,y\n" * 100, limit_bytes=100 + 100)
    assert [fault for fault in faults if fault.file == "places.csv"] == [
        Fault("places.csv", None, None, None, "is too large: 408 bytes, the limit is 200", "split it, or leave out what is not needed")
    ]  # fmt: skip


def test_a_folder_with_a_tables_name(folder, tables):
    (folder / "places.csv").unlink()
    (folder / "places.csv").mkdir()
    (fault,) = check_folder(tables, folder).faults
    assert (fault.file, fault.rule) == ("places.csv", "must be a file, and is a folder")


def test_a_link_that_leads_out_is_refused_and_one_inside_is_not(folder, tables, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "places.csv"
    outside.write_text(PLAIN, encoding="utf-8")
    (folder / "places.csv").unlink()
    (folder / "places.csv").symlink_to(outside)
    (fault,) = check_folder(tables, folder).faults
    assert fault.rule == "may not be a link that leads out of the folder"
    (folder / "places.csv").unlink()
    (folder / "real").mkdir()
    (folder / "real" / "p.csv").write_text(PLAIN, encoding="utf-8")
    (folder / "places.csv").symlink_to(folder / "real" / "p.csv")
    assert check_folder(tables, folder, ignore=("real",)).faults == []


def test_a_link_that_leads_nowhere(folder, tables):
    (folder / "places.csv").unlink()
    (folder / "places.csv").symlink_to(folder / "gone.csv")
    (fault,) = check_folder(tables, folder).faults
    assert fault.rule == "is a link that leads nowhere"


def test_a_pipe_is_no_table(folder, tables):
    (folder / "places.csv").unlink()
    os.mkfifo(folder / "places.csv")
    (fault,) = check_folder(tables, folder).faults
    assert fault.rule == "must be a plain file"


def test_a_file_that_may_not_be_read(folder, tables, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    assert {fault.rule for fault in check_folder(tables, folder).faults} == {"cannot be read: Permission denied"}


def test_two_files_for_one_table(folder, tables):
    (folder / "places.parquet").write_bytes(b"PAR1")
    (fault,) = check_folder(tables, folder).faults
    assert fault == Fault(
        "places.csv", None, None, None, "stands beside places.parquet: two files for one table", "keep one"
    )


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("link.csv", "did you mean 'links.csv'?"),
        ("Places.csv", "did you mean 'places.csv'?"),
        ("places.xls", "save it as places.csv ('CSV UTF-8'); .xls is not read"),
        ("places.txt", "save it as places.csv ('CSV UTF-8'); .txt is not read"),
        ("qqqqqqqq", "remove it; there is no such table"),
    ],
)
def test_unknown_files_are_told(faults_of, name, mend):
    assert faults_of(name, "x\n") == [Fault(name, None, None, None, "unknown file", mend)]


def test_what_belongs_beside_the_tables_is_passed_over(folder, faults_of):
    for name in ("README.md", "datapackage.json", ".DS_Store", "~$places.xlsx"):
        assert faults_of(name, "x") == []
    (folder / "scenarios").mkdir()
    assert faults_of("map.geojson", "{}", ignore=("*.geojson", "scenarios")) == []


def test_a_folder_that_is_missing_or_a_file(tmp_path, tables):
    (tmp_path / "file").write_text("x")
    assert [str(fault) for fault in check_folder(tables, tmp_path / "gone").faults] == [
        "gone  folder is missing (check the path)"
    ]
    checked = check_folder(tables, tmp_path / "file")
    assert [fault.rule for fault in checked.faults] == ["must be a folder"]
    assert checked.frames["places"].schema == tables[0].schema


def test_one_table_is_read_alone(folder, tables):
    reading = read_table(tables[1], folder / "links.csv")
    assert reading.faults == ()
    assert reading.frame.height == 2
    missing = read_table(tables[1], folder / "gone.csv")
    assert [fault.rule for fault in missing.faults] == ["file is missing"]
    assert missing.frame.schema == tables[1].schema
    assert [fault.rule for fault in read_table(tables[1], folder / "places.csv").faults][:1] == ["unknown column"]


def test_importing_needs_neither_an_excel_reader_nor_hypothesis():
    code = "import sys, qujiang.tables; print([m for m in ('fastexcel', 'hypothesis', 'frictionless') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
