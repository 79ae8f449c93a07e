"""A file of releases: observations with the day on which each was released, and what its published growth is worth.

A published growth is held against two bases: the one known on the day of its release, and the one known last. Where the first
disagrees, the office used another base than it had published (a silent revision); where only the second does, the base was revised later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from qujiang.district.observations import Observations, read
from qujiang.errors import DataError, Fault
from qujiang.outlook.comparisons import GrowthCheck, check_growth
from qujiang.outlook.sheets import read_cells, refuse
from qujiang.outlook.vintages import as_known_on, check_vintages
from qujiang.outlook.yearbook import SCHEMA

NEEDED = ("area", "indicator", "basis", "period_start", "period_end", "observed_value", "unit", "source", "vintage")
_NUMBERS = ("observed_value", "published_growth_percent")


@dataclass(frozen=True, slots=True)
class ReleasedGrowth:
    """A published growth beside the recomputed ones; ``then`` with the base known on its day, ``now`` with the last one."""

    vintage: date
    then: GrowthCheck
    now: GrowthCheck


def read_releases(path: str | Path) -> pl.DataFrame:
    """Read a file of releases (``.csv``, ``.xlsx``): the columns of ``observations`` and ``vintage``, the day of release.

    Raises
    ------
    DataError
        The file cannot be read, a column is missing, a number is none, or a release is faulty (`check_vintages`).
    """
    file = Path(path)
    head, *body = read_cells(file, None) or [[]]
    names = [name.strip() for name in head]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        refuse(file.name, f"the columns {', '.join(missing)} are missing", "head the columns as in observations.csv")
    cells = {
        name: [row[at].strip() if at < len(row) else "" for row in body if any(row)] for at, name in enumerate(names)
    }
    faults: list[Fault] = []
    for name in _NUMBERS:
        for line, text in enumerate(cells.get(name, []), 2):
            if text and not _is_number(text):
                faults.append(Fault(file.name, line, name, text, "is no number", "write it in plain digits"))
    if faults:
        raise DataError(faults)
    count = len(cells["vintage"])
    if not count:
        refuse(file.name, "the file holds no release", "write one row for each released figure")
    columns = {
        name: pl.Series([text or None for text in cells.get(name, [""] * count)], dtype=pl.String).cast(kind)
        for name, kind in (SCHEMA | {"vintage": pl.String}).items()
    }
    return check_vintages(pl.DataFrame(columns), file=file.name)


def check_released_growth(frame: pl.DataFrame, *, file: str = "releases") -> tuple[ReleasedGrowth, ...]:
    """Every published growth of a table of releases, in the order of release.

    Raises
    ------
    DataError
        What was known on some day is no series: mixed units, a cumulative series that falls.
    """
    found: list[ReleasedGrowth] = []
    last = _known(frame, frame["vintage"].max(), file)  # type: ignore[arg-type]
    for day in sorted(set(frame["vintage"])):
        known = _known(frame, day, file)
        fresh = {_key(row) for row in frame.filter(pl.col("vintage") == day).iter_rows(named=True)}
        for check in check_growth(known):
            row = check.observation
            if (row.area, row.indicator, row.basis, row.span.start, row.span.end) in fresh:
                later = tuple(
                    r
                    for r in last.rows
                    if (r.area, r.indicator, r.basis, r.span) != (row.area, row.indicator, row.basis, row.span)
                )
                (now,) = (c for c in check_growth(Observations((*later, row))) if c.observation is row)
                found.append(ReleasedGrowth(day, check, now))
    return tuple(found)


def _known(frame: pl.DataFrame, day: date, file: str) -> Observations:
    return read(as_known_on(frame, day), file=file)


def _key(row: dict) -> tuple[object, ...]:
    from qujiang.methods.periods import read_span

    span = read_span(row["period_start"], row["period_end"])
    return row["area"], row["indicator"], row["basis"], span.start, span.end


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return abs(value) < float("inf")
