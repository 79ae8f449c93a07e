"""Sheets in and out: the cells of an Excel or CSV file as text, and tables that officials can open."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from qujiang.errors import DataError, Fault

LARGEST_BYTES = 20_000_000


def write_table(frame: pl.DataFrame, path: str | Path) -> Path:
    """Write a table as ``.csv`` (UTF-8 with BOM, which Excel wants) or ``.xlsx``; aside first, then renamed.

    Raises
    ------
    DataError
        The ending is neither, or the folder does not exist.
    """
    target = Path(path)
    if not target.parent.is_dir():
        refuse(target.name, f"there is no folder {target.parent}", "make it first")
    aside = target.with_name(f".{target.name}.part{target.suffix}")
    try:
        if target.suffix == ".csv":
            frame.write_csv(aside, include_bom=True)
        elif target.suffix == ".xlsx":
            frame.write_excel(aside, worksheet="observations", freeze_panes=(1, 0), autofit=True)
        else:
            refuse(
                target.name,
                f"a table is written as .csv or .xlsx, not {target.suffix or 'without an ending'}",
                "change the ending",
            )
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def refuse(file: str, rule: str, mend: str) -> None:
    """Refuse a whole file with one sentence."""
    raise DataError([Fault(file, None, None, None, rule, mend)])


def read_cells(file: Path, sheet: str | None) -> list[list[str]]:
    """The cells of one sheet as text, row by row."""
    if not file.is_file():
        refuse(file.name, "there is no such file", "check the path")
    size = file.stat().st_size
    if size == 0 or size > LARGEST_BYTES:
        refuse(
            file.name,
            "the file is empty" if size == 0 else f"the file is larger than {LARGEST_BYTES:,} bytes",
            "give one table",
        )
    if file.suffix.lower() == ".csv":
        return list(csv.reader(io.StringIO(_decoded(file))))
    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        refuse(file.name, "only .xlsx and .csv are read", "save it as .xlsx or .csv")
    return _sheet(file, sheet)


def _decoded(file: Path) -> str:
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    refuse(file.name, "the file is neither UTF-8 nor GB18030 text", "save it as CSV UTF-8")
    return ""


def _sheet(file: Path, sheet: str | None) -> list[list[str]]:
    import fastexcel

    try:
        book = fastexcel.read_excel(file)
        if sheet is not None and sheet not in book.sheet_names:
            refuse(file.name, f"there is no sheet '{sheet}'", f"choose one of {', '.join(book.sheet_names)}")
        frame = book.load_sheet(sheet or 0, header_row=None, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise DataError(
            [Fault(file.name, None, None, None, "the file cannot be read as Excel", "save it anew as .xlsx")]
        ) from error
    return [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]
