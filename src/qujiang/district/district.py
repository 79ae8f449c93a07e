"""A district: its tables, checked once, and what it is called. Frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from qujiang.district import assumptions, rules
from qujiang.district.folders import BESIDE, recheck, save_folder
from qujiang.district.info import Info, read_info, write_info
from qujiang.district.overlay import Change, overlay
from qujiang.district.scenario import Scenario, find_scenario, read_scenario, scenario_names
from qujiang.district.scopes import Scope
from qujiang.district.vocabulary import TABLES
from qujiang.districts import find_folder
from qujiang.errors import DataError, Fault
from qujiang.tables import as_csv, check_folder


@dataclass(frozen=True, eq=False)
class District(Mapping[str, pl.DataFrame]):
    """A district's tables by name, and what it is.

    ``district["locks"]`` is a polars frame with exactly the declared columns; a table without a file is an empty frame.

    Attributes
    ----------
    info
        What ``district.toml`` says.
    frames
        All tables of the vocabulary by name.
    lines
        Source line of each row; null for a row that a scenario added.
    folder
        Where it, or the district below its scenarios, was opened.
    scenario
        The last overlay; None for the district as it is.
    changes
        Every cell and row that scenarios changed.
    """

    info: Info
    frames: Mapping[str, pl.DataFrame] = field(repr=False)
    lines: Mapping[str, pl.Series] = field(repr=False)
    folder: Path | None = None
    scenario: Scenario | None = None
    changes: tuple[Change, ...] = field(default=(), repr=False)

    @classmethod
    def open(cls, path: str | Path | None = None) -> District:
        """Open and check a district.

        Parameters
        ----------
        path
            A folder, or the name of a bundled district; None opens the bundled one.

        Raises
        ------
        DataError
            Carries every fault of every file.
        QujiangError
            There is no such folder.

        Examples
        --------
        >>> District.open().info.name_zh
        '衢江区'
        """
        district, faults = read(path)
        if faults or district is None:
            raise DataError(faults)
        return district

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over ``district.toml`` and the tables in the order of the vocabulary.

        It is taken of what they say: line ends, a byte-order mark, or Parquet in place of CSV do not change it.
        """
        digest = hashlib.sha256(write_info(self.info).encode())
        for name, frame in self.frames.items():
            digest.update(f"\0{name}\0".encode() + as_csv(frame).encode())
        return digest.hexdigest()

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios in its folder."""
        return tuple(scenario_names(self.folder))

    def check(self) -> tuple[Fault, ...]:
        """Every fault that the rules across tables find; none for a district that was opened."""
        return tuple(rules.check(self._scope()))

    def assumptions(self) -> pl.DataFrame:
        """Every uncertain number with its range.

        Returns
        -------
        DataFrame
            ``table, row_id, column, value, low, high, unit, source, status``: every assumed number, and those derived or
            documented ones that a range of some width belongs to.
        """
        return assumptions.assumptions(self.frames)

    def with_scenario(self, name: str | Path) -> District:
        """The district with a scenario laid over it, checked again by all rules.

        Checks of ``checks.csv`` that look at a table which the scenario changed are left alone: they state what holds without
        it.

        Parameters
        ----------
        name
            Name of one of ``scenarios``, or the path of a .toml file.

        Raises
        ------
        ScenarioError
            There is no such scenario.
        DataError
            Carries every fault of the scenario, or else every fault of the district that it makes.
        """
        path, inside = find_scenario(self.folder, name)
        scenario, faults = read_scenario(path, inside=inside)
        if scenario is None:
            raise DataError(faults)
        return self.with_overlay(scenario, faults)

    def with_overlay(self, scenario: Scenario, faults: Sequence[Fault] = ()) -> District:
        """The district with a scenario that was read or made already, checked again by all rules; see ``with_scenario``.

        Parameters
        ----------
        faults
            What is wrong with the scenario's form; they are told together with what does not fit.
        """
        made = overlay(self.frames, self.lines, scenario)
        told = [*faults, *made.faults]
        if told:
            raise DataError(sorted(told, key=lambda fault: fault.line or 0))
        changes = (*self.changes, *made.changes)
        new = District(self.info, made.frames, made.lines, self.folder, scenario, changes)
        if made.changes:
            told = recheck(made.frames, made.lines, made.changes, scenario.file)
            told += rules.check(new._scope(), told)
        if told:
            raise DataError(told)
        return new

    def save(self, folder: str | Path) -> Path:
        """Write the district as a folder: made aside, then renamed, so that there is never half of one.

        Scenarios and other files beside the tables go along, except from a district with an overlay.

        Raises
        ------
        QujiangError
            The folder exists and is not empty, or cannot be written.
        """
        beside = self.folder if self.scenario is None else None
        return save_folder(Path(folder), self.info, self.frames, beside)

    def _scope(self) -> Scope:
        file = "" if self.scenario is None else self.scenario.file
        return Scope(self.info, self.frames, self.lines, frozenset(change.table for change in self.changes), file)


def read(path: str | Path | None = None) -> tuple[District | None, list[Fault]]:
    """Read a district with all its faults, without raising them; None where ``district.toml`` cannot be used.

    Raises
    ------
    QujiangError
        There is no such folder.
    """
    folder = find_folder(path)
    info, faults = read_info(folder)
    checked = check_folder(TABLES, folder, ignore=BESIDE)
    faults += checked.faults
    if info is None:
        return None, faults
    district = District(info, checked.frames, checked.lines, folder)
    return district, [*faults, *rules.check(Scope(info, checked.frames, checked.lines), faults)]
