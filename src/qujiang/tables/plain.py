"""Small CSV files of text: read whole, every fault at once. No type beyond text; the reader's caller decodes.

Apart from ``csv_text``, which splits a district's large tables with polars: a rule of forty lines is read without loading it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qujiang.errors import DataError, Fault


@dataclass(frozen=True, slots=True)
class PlainRow:
    """One line of a file; ``line`` counts from 1 and includes the header."""

    file: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def fault(self, column: str, rule: str, mend: str = "") -> Fault:
        """A fault of this line's ``column``."""
        return Fault(self.file, self.line, column, self.cells.get(column), rule, mend)


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> list[PlainRow]:
    """Read a CSV (UTF-8, with or without a mark) whose header names ``columns`` and perhaps some of ``optional``.

    Raises
    ------
    DataError
        The file is missing, is no UTF-8, or its header or a line has the wrong columns; all faults together.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError([Fault(path.name, None, None, None, "the file is missing", f"write {path}")]) from None
    except UnicodeDecodeError:
        raise DataError([Fault(path.name, None, None, None, "the file is not UTF-8", "save it as UTF-8")]) from None
    return parse_rows(text, path.name, columns, optional)


def parse_rows(text: str, file: str, columns: Sequence[str], optional: Sequence[str] = ()) -> list[PlainRow]:
    """As ``read_rows``, from text."""
    lines = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = next(lines, [])
        faults = list(_header_faults(file, header, columns, optional))
        if faults:
            raise DataError(faults)
        rows: list[PlainRow] = []
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                rule = f"has {len(cells)} cells where the header has {len(header)}"
                faults.append(Fault(file, lines.line_num, None, None, rule, "quote a cell that holds a comma"))
                continue
            rows.append(PlainRow(file, lines.line_num, dict(zip(header, (c.strip() for c in cells), strict=True))))
    except csv.Error as error:
        raise DataError([Fault(file, lines.line_num, None, None, f"is not CSV: {error}", "mend the quotes")]) from None
    if faults:
        raise DataError(faults)
    return rows


def _header_faults(
    file: str, header: Sequence[str], columns: Sequence[str], optional: Sequence[str]
) -> Iterator[Fault]:
    for name in columns:
        if name not in header:
            yield Fault(file, 1, name, None, "the column is missing", "add it to the header")
    for name in header:
        if name not in columns and name not in optional:
            yield Fault(file, 1, name, None, "the column is unknown", f"known: {', '.join([*columns, *optional])}")
    if len(set(header)) != len(header):
        yield Fault(file, 1, None, None, "a column stands twice in the header", "remove one")
