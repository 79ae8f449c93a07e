"""Folders of districts: find one, write one, check tables that stand in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from qujiang.district.info import FILE, Info, write_info
from qujiang.district.overlay import Change
from qujiang.district.vocabulary import TABLE, TABLES
from qujiang.errors import Fault, QujiangError
from qujiang.tables import Table, as_csv, check_folder

#: Names beside the tables that are none of theirs.
BESIDE = (FILE, "scenarios", "services", "*.geojson", "*.bpmn", "LICENSE*", "NOTICE*")
#: What goes along when a district is saved.
_COPIED = ("README.md", "scenarios", "services", "*.geojson", "*.bpmn", "LICENSE*", "NOTICE*")


def recheck(
    frames: Mapping[str, pl.DataFrame],
    lines: Mapping[str, pl.Series],
    changes: Sequence[Change],
    scenario_file: str,
) -> list[Fault]:
    """Check tables that a scenario changed by the rules that files are checked by, and those that refer to them.

    A fault of a row that came from a file tells its line there; one of an added row tells the scenario.
    """
    tables = _concerned(changes)
    with tempfile.TemporaryDirectory() as aside:
        for table in tables:
            if frames[table.name].height or table.required:
                (Path(aside) / table.file).write_text(as_csv(frames[table.name]), encoding="utf-8", newline="\n")
        checked = check_folder(tables, aside)
    return [_told_where_it_came_from(fault, checked.lines, lines, scenario_file) for fault in checked.faults]


def _concerned(changes: Sequence[Change]) -> list[Table]:
    """The tables that changed, those that refer to a cell or row that may be gone, and what all these refer to.

    What is only referred to is read without its own references and rules: it was checked before.
    """
    changed = {change.table for change in changes}
    gone = {(change.table, change.column) for change in changes}

    def loses(target: tuple[str, str]) -> bool:
        return target in gone or (target[0], None) in gone

    full = changed | {t.name for t in TABLES for c in t.columns if any(loses(target) for target in c.references)}
    targets = {target for name in full for c in TABLE[name].columns for target, _ in c.references}
    bare = {name: _bare(TABLE[name]) for name in targets - full}
    return [bare.get(table.name, table) for table in TABLES if table.name in full | targets]


def _bare(table: Table) -> Table:
    return replace(table, columns=tuple(replace(c, reference=None) for c in table.columns), rules=())


def _told_where_it_came_from(
    fault: Fault, here: Mapping[str, pl.Series], there: Mapping[str, pl.Series], scenario_file: str
) -> Fault:
    name = fault.file.removesuffix(".csv")
    row = here[name].index_of(fault.line) if fault.line is not None and name in here else None
    if row is None or name not in there:
        return fault
    line = there[name][row]
    return replace(fault, line=line) if line is not None else replace(fault, file=scenario_file, line=None)


def save_folder(folder: Path, info: Info, frames: Mapping[str, pl.DataFrame], beside: Path | None) -> Path:
    """Write a district aside, then rename; ``beside`` lends the files that are not tables.

    Raises
    ------
    QujiangError
        The folder exists and is not empty, or cannot be written.
    """
    texts = {TABLE[name].file: as_csv(frame) for name, frame in frames.items() if frame.height or TABLE[name].required}
    return write_folder(folder, texts | {FILE: write_info(info)}, beside)


def write_folder(folder: Path, texts: Mapping[str, str], beside: Path | None = None) -> Path:
    """Write named texts as a new folder: all of it or nothing.

    Raises
    ------
    QujiangError
        The folder exists and is not empty, or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise QujiangError(f"{folder}: exists and is not an empty folder; name a new one")
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}.") as aside:
            made = Path(aside) / folder.name
            made.mkdir()
            for name, text in texts.items():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_text(text, encoding="utf-8", newline="\n")
            if beside is not None:
                _copy_beside(beside, made)
            made.replace(folder)
    except OSError as error:
        raise QujiangError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return folder


def _copy_beside(source: Path, target: Path) -> None:
    for pattern in _COPIED:
        for path in sorted(source.glob(pattern)):
            if path.is_symlink():
                continue
            if path.is_dir():
                shutil.copytree(path, target / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif not (target / path.name).exists():
                shutil.copyfile(path, target / path.name)
