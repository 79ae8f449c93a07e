"""Read a Parquet file as the text that a CSV file of the same table would hold, so that one set of checks serves both."""

from __future__ import annotations

import io
import subprocess
import sys

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.columns import LIST_SEPARATOR
from qujiang.tables.files import file_fault
from qujiang.tables.values import write
from qujiang.tables.written import Written, unreadable


def read_parquet(data: bytes, *, file: str) -> Written:
    """The cells of a Parquet file; a row's line is counted as if a header stood in line 1."""
    frame = _decode(data)
    if isinstance(frame, str):
        rule = f"cannot be read as Parquet: {frame}"
        return unreadable(file_fault(file, rule, "write it again, or save it as 'CSV UTF-8'"))
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


#: Reads Parquet from its input and writes Arrow's own form; what it cannot read it tells in one line.
_READER = """
import io, sys
import polars as pl
try:
    frame = pl.read_parquet(io.BytesIO(sys.stdin.buffer.read()))
except BaseException as error:
    sys.stderr.write((str(error).splitlines() or [type(error).__name__])[0])
    sys.exit(3)
made = io.BytesIO()
frame.write_ipc(made)
sys.stdout.buffer.write(made.getvalue())
"""


def _decode(data: bytes) -> pl.DataFrame | str:
    """The frame, or what is wrong.

    A damaged file can make the reader ask for more memory than there is, which ends its process without an error that
    could be caught; so the file is read in a process of its own (about a third of a second).
    """
    if not (len(data) > 12 and data[:4] == data[-4:] == b"PAR1"):
        return "it does not begin and end as a Parquet file does"
    done = subprocess.run([sys.executable, "-c", _READER], input=data, capture_output=True, check=False)
    if done.returncode == 3:
        return done.stderr.decode("utf-8", "replace").splitlines()[-1]
    if done.returncode:
        return "it is damaged"
    return pl.read_ipc(io.BytesIO(done.stdout))


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
