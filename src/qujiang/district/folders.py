"""Folders of districts: find one, write one, check tables that stand in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from qujiang.district.info import FILE, Info, write_info
from qujiang.district.vocabulary import TABLE, TABLES
from qujiang.errors import Fault, QujiangError
from qujiang.tables import as_csv, check_folder

#: Names beside the tables that are none of theirs.
BESIDE = (FILE, "scenarios", "*.geojson", "*.bpmn", "LICENSE*", "NOTICE*")
#: What goes along when a district is saved.
_COPIED = ("README.md", "scenarios", "*.geojson", "*.bpmn", "LICENSE*", "NOTICE*")


def recheck(
    info: Info, frames: Mapping[str, pl.DataFrame], lines: Mapping[str, pl.Series], scenario_file: str
) -> list[Fault]:
    """Check tables that stand in memory by the rules that files are checked by.

    A fault of a row that came from a file tells its line there; one of an added row tells the scenario.
    """
    with tempfile.TemporaryDirectory() as aside:
        for name, frame in frames.items():
            if frame.height or TABLE[name].required:
                (Path(aside) / TABLE[name].file).write_text(as_csv(frame), encoding="utf-8", newline="\n")
        checked = check_folder(TABLES, aside)
    return [_told_where_it_came_from(fault, checked.lines, lines, scenario_file) for fault in checked.faults]


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
