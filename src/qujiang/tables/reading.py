"""Read one table from its file: form, header, types, rules and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.checks import check_rules, typed
from qujiang.tables.columns import SUFFIXES, Table
from qujiang.tables.csv_text import read_text
from qujiang.tables.files import LIMIT_BYTES, as_text, file_fault, read_bytes
from qujiang.tables.findings import LIMIT_FAULTS, Findings
from qujiang.tables.hints import did_you_mean
from qujiang.tables.values import constant
from qujiang.tables.written import Written, unreadable


@dataclass(frozen=True, slots=True)
class Reading:
    """A table as read.

    Attributes
    ----------
    table
        Its declaration.
    frame
        Exactly the declared columns, typed, with defaults; a cell that could not be read is null.
    lines
        Source line of each row, counted from 1.
    faults
        All faults that the table has by itself, in line order.
    found
        Cells as written and the cells that have a fault, for checks across tables.
    complete
        False where rows or key columns are missing from the frame because they could not be read.
    """

    table: Table
    frame: pl.DataFrame
    lines: pl.Series
    faults: tuple[Fault, ...]
    found: Findings = field(repr=False)
    complete: bool = True


def read_table(
    table: Table,
    path: str | Path,
    *,
    limit_bytes: int = LIMIT_BYTES,
    limit_faults: int = LIMIT_FAULTS,
    inside: Path | None = None,
) -> Reading:
    """Read and check one table by itself; references to other tables are ``check_folder``'s.

    Parameters
    ----------
    table
        What the file should hold.
    path
        A .csv, .xlsx or .parquet file.
    limit_bytes
        A larger file is refused unread [bytes].
    limit_faults
        So many faults of one column and rule are told, then a count.
    inside
        A link that leads out of this folder is refused.

    Returns
    -------
    Reading
        The typed frame, the line of each row and all faults; nothing is raised for faulty data.
    """
    path = Path(path)
    data = read_bytes(path, file=path.name, limit_bytes=limit_bytes, inside=inside)
    written = (
        unreadable(data) if isinstance(data, Fault) else _written(table, data, path.name, limit_bytes, limit_faults)
    )
    return _reading(table, written, path.name, limit_faults)


def _written(table: Table, data: bytes, file: str, limit_bytes: int, limit: int) -> Written:
    ending = Path(file).suffix.lower()
    if ending not in SUFFIXES:
        return unreadable(file_fault(file, f"must end in one of {', '.join(SUFFIXES)}", "save it as 'CSV UTF-8'"))
    if ending == ".xlsx":
        from qujiang.tables.workbook import read_workbook

        return read_workbook(data, file=file, sheet=table.name, limit_bytes=limit_bytes)
    if ending == ".parquet":
        from qujiang.tables.parquet import read_parquet

        return read_parquet(data, file=file)
    text = as_text(data, file=file)
    return unreadable(text) if isinstance(text, Fault) else read_text(text, file=file, names=table.names, limit=limit)


def _reading(table: Table, written: Written, file: str, limit: int) -> Reading:
    """Header, types, rules and defaults, in this order."""
    place, faults, known = _match_header(table, written, file)
    if not known:
        empty = Findings(file, pl.DataFrame(schema=dict.fromkeys(table.names, pl.String)), written.lines.clear(), {})
        return Reading(table, table.empty(), empty.lines, (*written.faults, *faults), empty, complete=False)
    text = pl.DataFrame(
        [
            written.cells[place[name]].alias(name)
            if name in place
            else pl.Series(name, [None], dtype=pl.String).new_from_index(0, written.cells.height)
            for name in table.names
        ]
    )
    absent = pl.Series([True], dtype=pl.Boolean).new_from_index(0, text.height)
    bad = {name: written.broken if name in place or not table.column(name).needed else absent for name in table.names}
    found = Findings(file, text, written.lines, bad, limit, [*written.faults, *faults])
    frame = _filled(table, typed(table, found), text)
    check_rules(table, frame, found)
    complete = written.complete and all(name in place for name in table.key)
    return Reading(table, frame, written.lines, in_order(found.faults, table), found, complete)


def _match_header(table: Table, written: Written, file: str) -> tuple[dict[str, str], list[Fault], bool]:
    """Where each declared column stands; the header's faults; whether it is a header at all."""
    line, place, faults = written.header_line, dict[str, str](), list[Fault]()
    if not written.header:
        return place, faults, False
    if not set(written.header) & set(table.names):
        shown = ", ".join(table.names[:4])
        rule = "the first line must name the columns, and names none of this table"
        return place, [Fault(file, line, None, None, rule, f"write a header line: {shown}, ...")], False
    for at, name in enumerate(written.header):
        if name in place:
            faults.append(Fault(file, line, name, None, "column stands twice", "rename or remove one of them"))
        elif name in table.names:
            place[name] = str(at)
        elif not name.strip():
            faults.append(
                Fault(file, line, None, None, f"column {at + 1} has no name", "name it, or remove the column")
            )
        else:
            free = [other for other in table.names if other not in written.header]
            mend = did_you_mean(name, free) or "remove it; the table has no such column"
            faults.append(Fault(file, line, name, None, "unknown column", mend))
    for column in table.columns:
        if column.needed and column.name not in place:
            faults.append(Fault(file, line, column.name, None, "column is missing", f"add it: {column.meaning}"))
    return place, faults, True


def _filled(table: Table, frame: pl.DataFrame, text: pl.DataFrame) -> pl.DataFrame:
    """Put defaults where a cell is empty; a cell that could not be read stays null."""
    for column in table.columns:
        if column.default is not None:
            filled = pl.when(text[column.name].is_null()).then(constant(column)).otherwise(pl.col(column.name))
            frame = frame.with_columns(filled.alias(column.name))
    return frame


def in_order(faults: list[Fault], table: Table) -> tuple[Fault, ...]:
    """Faults by line, then in the order of the columns; those of the whole file first."""
    place = {name: at for at, name in enumerate(table.names)}
    return tuple(sorted(faults, key=lambda fault: (fault.line or 0, place.get(fault.column or "", -1))))
