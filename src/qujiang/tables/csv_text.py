"""Split CSV text into cells, with the line of each row; nothing ragged or unclosed passes silently."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.files import file_fault
from qujiang.tables.written import Written, as_lines, as_mask, unreadable

_SEPARATORS = (",", ";", "\t")
_TOO_LONG = 131_072


def read_text(text: str, *, file: str, names: Collection[str], limit: int) -> Written:
    """Split the text of a CSV file.

    Parameters
    ----------
    text
        The whole file; lines end in LF, CRLF or CR.
    file
        The name to tell in a fault.
    names
        Column names to expect; they decide between comma, semicolon and tab.
    limit
        So many faults of a kind are told, then a count.
    """
    separator, skipped = separator_of(text, names)
    if '"' in text:
        return _read_quoted(text, separator, skipped, file, limit)
    return _read_plain(text, separator, skipped, file, limit)


def separator_of(text: str, names: Collection[str]) -> tuple[str, int]:
    """The separator, and how many lines (Excel's ``sep=`` line) stand before the header."""
    declared = re.match(r"\s*?\"?sep=(.)\"?[ \t]*(?:\r\n|\r|\n|$)", text, flags=re.IGNORECASE)
    if declared:
        return declared[1], 1
    first = re.split(r"\r\n|\r|\n", text.lstrip("\r\n"), maxsplit=1)[0]
    known = [len(set(names) & {cell.strip('" ') for cell in first.split(one)}) for one in _SEPARATORS]
    if max(known) == 0:
        known = [first.count(one) for one in _SEPARATORS]
    return _SEPARATORS[known.index(max(known))], 0


def _read_plain(text: str, separator: str, skipped: int, file: str, limit: int) -> Written:
    """Text without any quote: one line is one row."""
    every = pl.Series("text", text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), dtype=pl.String)
    frame = pl.DataFrame({"text": every, "line": pl.int_range(1, len(every) + 1, dtype=pl.Int64, eager=True)})
    frame = frame.slice(skipped).filter(pl.col("text") != "")
    if frame.is_empty():
        return unreadable(file_fault(file, "must begin with the column names", "write the header line"))
    header = tuple(frame["text"][0].split(separator))
    body = frame.slice(1)
    cells = _split(body["text"], separator, len(header))
    counts = body["text"].str.count_matches(separator, literal=True).cast(pl.Int64) + 1
    broken = (counts != len(header)).alias("broken")
    faults = _ragged(file, body["line"].filter(broken), counts.filter(broken), len(header), limit)
    return Written(header, int(frame["line"][0]), cells, body["line"], broken, tuple(faults))


def _split(text: pl.Series, separator: str, width: int) -> pl.DataFrame:
    names = [str(number) for number in range(width)]
    if width == 1:
        return pl.DataFrame({"0": text.str.split(separator).list.first()})
    # split_exact gives as many fields as asked; what is beyond is told as a fault of the line
    fields = text.str.split_exact(separator, width - 1).struct.rename_fields(names).struct.unnest()
    return fields.with_columns(pl.when(pl.all() != "").then(pl.all()))


def _read_quoted(text: str, separator: str, skipped: int, file: str, limit: int) -> Written:
    """Text with quotes: cells may hold separators and line breaks."""
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[Fault] = []
    for line, row in _records(text, separator, file):
        if isinstance(row, Fault):
            faults.append(row)
        elif row and line > skipped:
            rows.append(row)
            lines.append(line)
    told = _capped(faults, file, limit)
    if not rows:
        return unreadable(*told or [file_fault(file, "must begin with the column names", "write the header line")])
    header, width = tuple(rows[0]), len(rows[0])
    counts = [len(row) for row in rows[1:]]
    broken = as_mask([count != width for count in counts])
    body = [row if len(row) == width else (row + [""] * width)[:width] for row in rows[1:]]
    columns = {str(at): pl.Series([row[at] for row in body], dtype=pl.String) for at in range(width)}
    cells = pl.DataFrame(columns).with_columns(pl.when(pl.all() != "").then(pl.all()))
    number = as_lines(lines[1:])
    ragged = _ragged(file, number.filter(broken), pl.Series(counts, dtype=pl.Int64).filter(broken), width, limit)
    return Written(header, lines[0], cells, number, broken, (*told, *ragged), complete=not faults)


def _records(text: str, separator: str, file: str) -> Iterator[tuple[int, list[str] | Fault]]:
    """Each record with its first line; a record that cannot be read is a fault, and reading goes on behind it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _quote_fault(file, line, str(error))
            if "field larger" in str(error):
                # where the cell should have ended is unknown, so what follows means nothing
                return


def _quote_fault(file: str, line: int, said: str) -> Fault:
    if "expected after" in said:
        return file_fault(file, "has text behind a closing quote", 'double a quote within a cell: ""', line=line)
    if "field larger" in said:
        rule = f"has a cell of more than {_TOO_LONG:,} characters"
        return file_fault(file, rule, "perhaps a quote is not closed", line=line)
    return file_fault(file, "has a quote that is never closed", "close it, or remove it", line=line)


def _ragged(file: str, lines: pl.Series, counts: pl.Series, width: int, limit: int) -> list[Fault]:
    """Rows with too many or too few cells."""
    faults = []
    for line, count in zip(lines.head(limit), counts.head(limit), strict=True):
        many = count > width
        mend = "quote a cell that holds a separator" if many else "write empty cells too"
        faults.append(file_fault(file, f"has {count} cells, the header has {width}", mend, line=line))
    return _closed(faults, file, len(lines) - limit)


def _capped(faults: list[Fault], file: str, limit: int) -> list[Fault]:
    return _closed(faults[:limit], file, len(faults) - limit)


def _closed(faults: list[Fault], file: str, more: int) -> list[Fault]:
    if more > 0:
        faults.append(file_fault(file, f"and {more:,} more lines like these", "mend those above, then check again"))
    return faults
