"""Read a Parquet file as the text that a CSV file of the same table would hold, so that one set of checks serves both."""

from __future__ import annotations

import io

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.columns import LIST_SEPARATOR
from qujiang.tables.files import file_fault
from qujiang.tables.values import write
from qujiang.tables.written import Written, unreadable


def read_parquet(data: bytes, *, file: str) -> Written:
    """The cells of a Parquet file; a row's line is counted as if a header stood in line 1."""
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        return unreadable(
            file_fault(file, f"cannot be read as Parquet: {said}", "write it again, or save it as 'CSV UTF-8'")
        )
    if not frame.width:
        return unreadable(file_fault(file, "must begin with the column names", "write the columns"))
    faults: list[Fault] = []
    columns: list[pl.Series] = []
    for at, name in enumerate(frame.columns):
        text = _as_text(frame[name])
        if text is None:
            rule = f"may not have the type {frame[name].dtype}, or hold {LIST_SEPARATOR} in a list"
            faults.append(Fault(file, 1, name, None, rule, "write text, numbers, dates or lists of text"))
            text = pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
        columns.append(text.set(text == "", None).alias(str(at)))
    lines = pl.int_range(2, frame.height + 2, dtype=pl.Int64, eager=True).alias("line")
    broken = pl.Series("broken", [False], dtype=pl.Boolean).new_from_index(0, frame.height)
    return Written(tuple(frame.columns), 1, pl.DataFrame(columns), lines, broken, tuple(faults), complete=not faults)


def _as_text(values: pl.Series) -> pl.Series | None:
    """The cells that a CSV file would hold; None for what no cell can hold."""
    dtype = values.dtype.inner if isinstance(values.dtype, pl.List) else values.dtype
    plain = (pl.String, pl.Boolean, pl.Date, pl.Null, pl.Datetime, pl.Categorical, pl.Enum)
    if not (dtype.is_numeric() or dtype in plain):
        return None
    try:
        return write(values).cast(pl.String)
    except ValueError:
        return None
