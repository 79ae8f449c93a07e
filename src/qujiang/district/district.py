"""A district: its tables, checked once, and what it is called. Frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from qujiang import districts
from qujiang.district import rules
from qujiang.district.info import FILE, Info, read_info, write_info
from qujiang.district.vocabulary import TABLES
from qujiang.errors import DataError, Fault, QujiangError
from qujiang.tables import check_folder
from qujiang.tables.writing import as_csv

#: Names beside the tables that are none of theirs.
BESIDE = (FILE, "scenarios", "*.geojson", "*.bpmn", "LICENSE*")
BUNDLED = "qujiang"


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
        Where it was opened; None for one that was made in memory.
    scenario
        Name of the overlay; None for the district as it is.
    """

    info: Info
    frames: Mapping[str, pl.DataFrame]
    lines: Mapping[str, pl.Series] = field(repr=False)
    folder: Path | None = None
    scenario: str | None = None

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
        """SHA-256 over the tables and ``district.toml`` in the order of the vocabulary; the form of the files does not matter."""
        digest = hashlib.sha256(write_info(self.info).encode())
        for name, frame in self.frames.items():
            digest.update(f"\0{name}\0".encode() + as_csv(frame).encode())
        return digest.hexdigest()

    def check(self) -> tuple[Fault, ...]:
        """Every fault that the rules across tables find; none for a district that was opened."""
        return tuple(rules.check(self.info, self.frames, self.lines, []))


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
    faults += rules.check(info, checked.frames, checked.lines, faults)
    return District(info, checked.frames, checked.lines, folder), faults


def find_folder(path: str | Path | None = None) -> Path:
    """The folder of a district, by path or by the name of a bundled one.

    Raises
    ------
    QujiangError
        There is none, or it holds nothing.
    """
    home = Path(districts.__file__).parent
    if path is None:
        return home / BUNDLED
    folder = Path(path)
    bundled = sorted(found.parent.name for found in home.glob(f"*/{FILE}"))
    if str(path) in bundled and not folder.exists():
        return home / str(path)
    try:
        if not folder.exists():
            raise QujiangError(f"{path}: there is no such folder (bundled districts: {', '.join(bundled)})")
        if not folder.is_dir():
            raise QujiangError(f"{path}: is a file; a district is a folder of tables, see `qujiang new`")
        if not any(folder.iterdir()):
            raise QujiangError(f"{path}: the folder is empty; `qujiang new {path}` fills it with templates")
    except OSError as error:
        raise QujiangError(f"{path}: cannot be read: {error.strerror or error}") from None
    return folder
