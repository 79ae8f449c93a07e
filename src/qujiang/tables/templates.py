"""Blank tables to begin a folder with, and the dictionary beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qujiang.tables.columns import Table
from qujiang.tables.dictionary import dictionary
from qujiang.tables.writing import as_csv, write_aside

_INTRODUCTION = """\
# Data dictionary

One CSV file (UTF-8) for each table; `.xlsx` and `.parquet` files of the same name are read too. Numbers are written with a
point and without thousands separators, dates as YYYY-MM-DD, booleans as yes or no, lists joined by `;`. An empty cell means
that there is no value; what then holds stands under "if absent". A table that is not needed may be deleted, unless it is
required.

"""


def template(table: Table) -> str:
    """The table's header as CSV, without rows.

    >>> from qujiang.tables import Column
    >>> template(Table("locks", "Locks", (Column("id", "text", "name", key=True), Column("lift_m", "number", "lift"))))
    'id,lift_m\\n'
    """
    return as_csv(table.empty())


def write_templates(tables: Sequence[Table], folder: str | Path) -> list[Path]:
    """Write a blank file for each table and ``README.md``, the data dictionary; the folder is made if needed.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    FileExistsError
        One of the files is there already; then nothing is written.
    """
    folder = Path(folder)
    texts = {folder / table.file: template(table) for table in tables}
    texts[folder / "README.md"] = _INTRODUCTION + dictionary(tables)
    there = [path.name for path in texts if path.exists()]
    if there:
        raise FileExistsError(f"{folder.name}: already holds {', '.join(there)}")
    folder.mkdir(parents=True, exist_ok=True)
    return [write_aside(path, text.encode()) for path, text in texts.items()]
