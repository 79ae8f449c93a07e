"""Write a table so that reading it back gives the same table; never half a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import polars as pl

from qujiang.tables.columns import Table
from qujiang.tables.values import write


def as_csv(frame: pl.DataFrame) -> str:
    """The frame as CSV text: LF, shortest numbers, yes/no, lists joined by ``;``."""
    text = frame.select(write(frame[name]).alias(name) for name in frame.columns)
    if text.width == 1:
        # an empty line is no row: a lone empty cell is written ""
        text = text.with_columns(pl.all().fill_null(""))
    else:
        text = text.with_columns(pl.when(pl.all() != "").then(pl.all()))
    return text.write_csv()


def write_table(table: Table, frame: pl.DataFrame, path: str | Path) -> Path:
    """Write a frame under a table's declaration, aside first, then renamed.

    Parameters
    ----------
    table
        The declaration; its columns are written in its order.
    frame
        Must have exactly the declared columns and types, in any order.
    path
        A .csv file (UTF-8, LF) or a .parquet file.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ValueError
        The frame has other columns or types, or the path another ending.
    """
    path = Path(path)
    wrong = set(frame.schema.items()) ^ set(table.schema.items())
    if wrong:
        raise ValueError(
            f"table {table.name!r}: frame and declaration differ in {sorted(f'{name} {dtype}' for name, dtype in wrong)}"
        )
    ordered = frame.select(table.names)
    if path.suffix == ".csv":
        return write_aside(path, as_csv(ordered).encode())
    if path.suffix == ".parquet":
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            part = Path(aside) / path.name
            ordered.write_parquet(part)
            part.replace(path)
        return path
    raise ValueError(f"{path.name}: write .csv or .parquet")


def write_aside(path: Path, data: bytes) -> Path:
    """Write bytes to a new file in the same folder, then rename it: a reader sees the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp gives a private file; a table is as readable as any other new file
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path
