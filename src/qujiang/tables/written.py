"""What stands in a file, before any type is read: a header, cells as text, and the line of each row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from qujiang.errors import Fault


@dataclass(frozen=True, slots=True)
class Written:
    """The text of one file.

    Attributes
    ----------
    header
        Column names as written, in order; also doubled, unknown and empty ones.
    header_line
        The line of the header (2 after Excel's ``sep=`` line).
    cells
        One text column per header cell, named "0", "1", ...; an empty cell is null.
    lines
        Source line of each row, counted from 1.
    broken
        True for a row whose number of cells is wrong: told once, then left alone.
    faults
        What is wrong with the form of the file.
    complete
        False where rows could not be read at all, so that nothing can be said of what is missing.
    """

    header: tuple[str, ...]
    header_line: int
    cells: pl.DataFrame
    lines: pl.Series
    broken: pl.Series
    faults: tuple[Fault, ...] = ()
    complete: bool = True


def unreadable(*faults: Fault) -> Written:
    """A file of which nothing could be read."""
    return Written((), 1, pl.DataFrame(), as_lines([]), as_mask([]), faults, complete=False)


def as_lines(numbers: list[int]) -> pl.Series:
    """Line numbers as a series."""
    return pl.Series("line", numbers, dtype=pl.Int64)


def as_mask(flags: list[bool]) -> pl.Series:
    """Flags as a series."""
    return pl.Series("broken", flags, dtype=pl.Boolean)
