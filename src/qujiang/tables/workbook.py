"""Read a sheet of an .xlsx workbook as text cells: nothing is guessed, nothing is dropped.

The file is read as the zip of XML that it is (ECMA-376 part 1, SpreadsheetML). The usual reader (calamine) turns a failed
formula into an empty cell and skips leading empty rows, so that a fault could neither be told nor placed.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.files import LIMIT_BYTES, file_fault
from qujiang.tables.values import FALSE, TRUE
from qujiang.tables.written import Written, as_lines, as_mask, unreadable

_UNPACKED_FACTOR = 16
_DATE_FORMATS = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
# what a damaged archive, damaged XML or XML of another kind leads to
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    ArithmeticError,
    LookupError,
    ValueError,
    EOFError,
    StopIteration,
    RuntimeError,
)
_DAY_ZERO, _DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)


def read_workbook(data: bytes, *, file: str, sheet: str, limit_bytes: int = LIMIT_BYTES) -> Written:
    """The cells of a workbook's sheet.

    Parameters
    ----------
    data
        The file.
    file
        The name to tell in a fault.
    sheet
        Which sheet to take where there are several; a lone sheet may have any name.
    limit_bytes
        A workbook that unpacks to more than 16 times this is refused [bytes].
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _UNPACKED_FACTOR * limit_bytes:
                return unreadable(
                    file_fault(file, f"unpacks to {unpacked:,} bytes, too large", "save it as 'CSV UTF-8'")
                )
            found = _sheet_path(archive, file, sheet)
            return unreadable(found) if isinstance(found, Fault) else _read_sheet(archive, found, file)
    except _DAMAGE as error:
        said = str(error).strip("'\"") or type(error).__name__
        return unreadable(
            file_fault(
                file, f"cannot be read as an Excel workbook: {said}", "save it again as .xlsx, or as 'CSV UTF-8'"
            )
        )


def _parse(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(path))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (child for child in element.iter() if _local(child.tag) == name)


def _sheet_path(archive: zipfile.ZipFile, file: str, wanted: str) -> str | Fault:
    """Where the sheet lies in the archive."""
    targets = {
        relation.get("Id"): posixpath.normpath(posixpath.join("xl", relation.get("Target", ""))).lstrip("/")
        for relation in _children(_parse(archive, "xl/_rels/workbook.xml.rels"), "Relationship")
    }
    sheets: dict[str, str] = {}
    for sheet in _children(_parse(archive, "xl/workbook.xml"), "sheet"):
        reference = next(value for name, value in sheet.attrib.items() if _local(name) == "id")
        path = targets[reference]
        sheets[sheet.get("name", "")] = path.removeprefix("xl/") if path.startswith("xl/xl/") else path
    if wanted in sheets:
        return sheets[wanted]
    if len(sheets) == 1:
        return next(iter(sheets.values()))
    return file_fault(file, f"has the sheets {', '.join(sheets)}", f"name the one that holds the table '{wanted}'")


def _read_sheet(archive: zipfile.ZipFile, path: str, file: str) -> Written:
    """Header and rows; empty rows are passed over, and lines keep the sheet's own numbers."""
    strings, dates, zero = _strings(archive), _date_styles(archive), _day_zero(archive)
    rows: list[tuple[int, dict[int, str]]] = []
    with archive.open(path) as stream:
        for _, element in ElementTree.iterparse(stream):
            if _local(element.tag) == "row":
                number = int(element.get("r") or (rows[-1][0] + 1 if rows else 1))
                cells = dict(_cells(element, strings, dates, zero))
                if cells:
                    rows.append((number, cells))
                element.clear()
    if not rows:
        return unreadable(file_fault(file, "must begin with the column names", "write the header row"))
    return _as_written(rows, file)


def _as_written(rows: list[tuple[int, dict[int, str]]], file: str) -> Written:
    line, first = rows[0]
    body = rows[1:]
    width = max(first) + 1
    # a column without name and without any cell is the sheet's margin
    filled = {at for _, cells in rows for at in cells}
    columns = [at for at in range(width) if at in filled]
    header = tuple(first.get(at, "") for at in columns)
    texts = {str(to): pl.Series([cells.get(at) for _, cells in body], dtype=pl.String) for to, at in enumerate(columns)}
    wide = [max(cells) >= width for _, cells in body]
    faults = [
        file_fault(
            file,
            f"has {max(cells) + 1} cells, the header has {width}",
            "name the column, or clear the cell",
            line=number,
        )
        for number, cells in body
        if max(cells) >= width
    ]
    return Written(header, line, pl.DataFrame(texts), as_lines([n for n, _ in body]), as_mask(wide), tuple(faults))


def _cells(row: ElementTree.Element, strings: list[str], dates: set[int], zero: datetime) -> Iterator[tuple[int, str]]:
    """Column (from 0) and text of each cell that holds something."""
    at = -1
    for cell in row:
        if _local(cell.tag) != "c":
            continue
        reference = cell.get("r")
        at = _column_number(reference) if reference else at + 1
        text = _cell_text(cell, strings, dates, zero)
        if text:
            yield at, text


def _column_number(reference: str) -> int:
    """The column of a cell's name, from 0.

    >>> _column_number("AB12")
    27
    """
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell_text(cell: ElementTree.Element, strings: list[str], dates: set[int], zero: datetime) -> str:
    kind = cell.get("t", "n")
    parts = {_local(child.tag): child for child in cell}
    if kind == "inlineStr":
        return _joined(parts["is"]) if "is" in parts else ""
    value = (parts["v"].text or "") if "v" in parts else ""
    if not value and "f" in parts:
        # a formula that was never computed: shown as what it is
        return f"={parts['f'].text or ''}"
    if not value:
        return ""
    if kind == "s":
        return strings[int(value)]
    if kind == "b":
        return TRUE if value == "1" else FALSE
    if kind == "n":
        return _number_text(value, int(cell.get("s", "0")) in dates, zero)
    return value


def _number_text(value: str, is_date: bool, zero: datetime) -> str:
    """A number as short as it is; a day as YYYY-MM-DD, with the time where there is one."""
    number = float(value)
    if is_date:
        when = zero + timedelta(days=number)
        return f"{when:%Y-%m-%d}" if number == int(number) else f"{when:%Y-%m-%d %H:%M:%S}"
    return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)


def _joined(element: ElementTree.Element) -> str:
    """The text of a string, its runs joined; reading aids (phonetics) left out."""
    aids = {id(text) for aid in _children(element, "rPh") for text in aid.iter()}
    return "".join(text.text or "" for text in _children(element, "t") if id(text) not in aids)


def _strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_joined(item) for item in _children(_parse(archive, "xl/sharedStrings.xml"), "si")]


def _date_styles(archive: zipfile.ZipFile) -> set[int]:
    """Which cell styles show a number as a day."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    root = _parse(archive, "xl/styles.xml")
    own = {int(one.get("numFmtId", "0")): one.get("formatCode", "") for one in _children(root, "numFmt")}
    formats = [int(xf.get("numFmtId", "0")) for table in _children(root, "cellXfs") for xf in table]
    return {
        at
        for at, number in enumerate(formats)
        if (_shows_day(own[number]) if number in own else number in _DATE_FORMATS)
    }


def _shows_day(code: str) -> bool:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code).lower()
    return "y" in bare or "d" in bare


def _day_zero(archive: zipfile.ZipFile) -> datetime:
    properties = next(_children(_parse(archive, "xl/workbook.xml"), "workbookPr"), None)
    is_1904 = properties is not None and properties.get("date1904", "0") in ("1", "true")
    return _DAY_ZERO_1904 if is_1904 else _DAY_ZERO
