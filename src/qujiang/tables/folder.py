"""Read and check a folder of tables: all faults of all files at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import polars as pl

from qujiang.errors import Fault
from qujiang.tables.columns import SUFFIXES, Table
from qujiang.tables.files import LIMIT_BYTES, file_fault
from qujiang.tables.findings import LIMIT_FAULTS, Findings
from qujiang.tables.hints import did_you_mean
from qujiang.tables.reading import Reading, in_order, read_table
from qujiang.tables.references import check_declarations, check_references

#: What ``qujiang new`` and a release put beside the tables.
BESIDE = ("README.md", "datapackage.json")


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder as read and checked.

    Attributes
    ----------
    frames
        A typed frame for each declared table, empty where there is no file.
    lines
        Source line of each row, for each table.
    faults
        All faults: tables in the order declared, then lines; unknown files last.
    """

    frames: dict[str, pl.DataFrame]
    lines: dict[str, pl.Series]
    faults: list[Fault]


def check_folder(
    tables: Sequence[Table],
    folder: str | Path,
    *,
    ignore: Collection[str] = (),
    limit_bytes: int = LIMIT_BYTES,
    limit_faults: int = LIMIT_FAULTS,
) -> Checked:
    """Read every table of a folder and check it: types, keys, references, ranges, choices, patterns, row rules.

    Parameters
    ----------
    tables
        The declared tables; one that is referred to must be among them.
    folder
        Where the files are.
    ignore
        Names, or patterns such as ``*.geojson``, of files and folders that are none of ours. Hidden files,
        ``README.md`` and ``datapackage.json`` are passed over anyway.
    limit_bytes
        A larger file is refused unread [bytes].
    limit_faults
        So many faults of one file, column and rule are told, then a count.

    Returns
    -------
    Checked
        Frames, lines and faults; nothing is raised for faulty data.
    """
    check_declarations(tables)
    folder = Path(folder)
    if not folder.is_dir():
        rule = "folder is missing" if not folder.exists() else "must be a folder"
        fault = file_fault(folder.name or str(folder), rule, "check the path")
        return Checked({t.name: t.empty() for t in tables}, {t.name: _no_lines() for t in tables}, [fault])
    entries = sorted(entry.name for entry in folder.iterdir())
    files = {table.name: _files_of(table, entries) for table in tables}
    readings = {
        table.name: _read(table, folder, files[table.name], limit_bytes=limit_bytes, limit_faults=limit_faults)
        for table in tables
    }
    check_references(readings, {name: bool(found) for name, found in files.items()})
    faults = [fault for one in readings.values() for fault in in_order(one.found.faults or [*one.faults], one.table)]
    unknown = _unknown(tables, entries, files, ignore)
    frames = {name: reading.frame for name, reading in readings.items()}
    return Checked(frames, {name: reading.lines for name, reading in readings.items()}, [*faults, *unknown])


def _files_of(table: Table, entries: Sequence[str]) -> list[str]:
    return [name for name in entries if name in {table.name + ending for ending in SUFFIXES}]


def _read(table: Table, folder: Path, files: Sequence[str], *, limit_bytes: int, limit_faults: int) -> Reading:
    if len(files) == 1:
        return read_table(table, folder / files[0], limit_bytes=limit_bytes, limit_faults=limit_faults, inside=folder)
    faults = list[Fault]()
    if files:
        faults.append(
            file_fault(files[0], f"stands beside {', '.join(files[1:])}: two files for one table", "keep one")
        )
    elif table.required:
        faults.append(file_fault(table.file, "file is missing", f"add it: {table.meaning}"))
    text = pl.DataFrame(schema=dict.fromkeys(table.names, pl.String))
    found = Findings(files[0] if files else table.file, text, _no_lines(), {}, limit_faults, faults)
    return Reading(table, table.empty(), _no_lines(), tuple(faults), found, complete=not faults)


def _unknown(
    tables: Sequence[Table], entries: Sequence[str], files: dict[str, list[str]], ignore: Collection[str]
) -> list[Fault]:
    """A fault for each file or folder that is no table's."""
    taken = {name for found in files.values() for name in found}
    passed = (*ignore, *BESIDE, ".*", "~$*")
    stems = {table.name for table in tables}
    faults = []
    for name in entries:
        if name in taken or any(fnmatch(name, pattern) for pattern in passed):
            continue
        stem, ending = Path(name).stem, Path(name).suffix
        if stem in stems:
            mend = f"save it as {stem}.csv ('CSV UTF-8'); {ending or 'a name without ending'} is not read"
        else:
            mend = did_you_mean(name, [table.file for table in tables]) or "remove it; there is no such table"
        faults.append(file_fault(name, "unknown file", mend))
    return faults


def _no_lines() -> pl.Series:
    return pl.Series("line", [], dtype=pl.Int64)
