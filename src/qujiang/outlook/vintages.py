"""Vintages: which value of a period was known on which day.

A vintage is the day on which a value was released. Rows are added and never changed, so that what was known on any past day can be
asked again with the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from qujiang.errors import DataError, Fault
from qujiang.methods import periods

KEY = ("area", "indicator", "basis", "period_start", "period_end")


@dataclass(frozen=True, slots=True)
class Revision:
    """A period whose value changed from its first to its last release."""

    area: str
    indicator: str
    basis: str
    period: str
    first_value: float
    last_value: float
    first_vintage: date
    last_vintage: date
    releases_count: int

    @property
    def change_percent(self) -> float | None:
        """Last over first value [percent], or None where the first is zero."""
        return None if self.first_value == 0 else (self.last_value / self.first_value - 1.0) * 100.0


def check_vintages(frame: pl.DataFrame, *, file: str = "observations.csv") -> pl.DataFrame:
    """Check a table of observations with a column ``vintage`` (YYYY-MM-DD), and turn that column into dates.

    Raises
    ------
    DataError
        A row without source or vintage, a vintage before its period's end, or two values of one period in one vintage.
    """
    faults: list[Fault] = []
    first: dict[tuple[object, ...], int] = {}
    days: list[date] = []
    for line, row in enumerate(frame.iter_rows(named=True), 2):
        day = _day(row["vintage"])
        if day is None:
            faults.append(
                Fault(file, line, "vintage", row["vintage"], "a value needs its day of release", "write YYYY-MM-DD")
            )
            continue
        days.append(day)
        if not row["source"]:
            faults.append(
                Fault(file, line, "source", None, "a value needs a source", "name the announcement or the yearbook")
            )
        if row["basis"] != "forecast" and day < periods.read_span(row["period_start"], row["period_end"]).start:
            faults.append(
                Fault(
                    file,
                    line,
                    "vintage",
                    str(day),
                    "released before its period began",
                    "mend the day, or set basis = forecast",
                )
            )
        known = first.setdefault((*(row[name] for name in KEY), day), line)
        if known != line:
            faults.append(
                Fault(
                    file, line, "vintage", str(day), f"this period has a value of this day on line {known}", "keep one"
                )
            )
    if faults:
        raise DataError(faults)
    return frame.with_columns(vintage=pl.Series(days, dtype=pl.Date))


def as_known_on(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The latest value of every period among those released by a day, in the order of the table.

    ``frame`` is one that ``check_vintages`` returned. Later releases never change the answer for an earlier day.
    """
    released = frame.with_row_index("order").filter(pl.col("vintage") <= day)
    latest = released.filter(pl.col("vintage") == pl.col("vintage").max().over(KEY))
    return latest.sort("order").drop("order")


def triangle(frame: pl.DataFrame, area: str, indicator: str, basis: str) -> pl.DataFrame:
    """The revision triangle of one series: a row for each vintage, a column for each period, in time order.

    A cell holds what was known of that period on that day; empty where nothing had been released.
    """
    rows = frame.filter((pl.col("area") == area) & (pl.col("indicator") == indicator) & (pl.col("basis") == basis))
    named = rows.with_columns(period=pl.concat_str("period_start", "period_end", separator=".."))
    columns = sorted(named["period"].unique(), key=lambda text: tuple(reversed(text.split(".."))))
    wide = named.pivot("period", index="vintage", values="observed_value").sort("vintage")
    return wide.select("vintage", *(pl.col(column).forward_fill() for column in columns))


def revisions(frame: pl.DataFrame) -> tuple[Revision, ...]:
    """Every period whose value was revised, in the order of the table."""
    found: list[Revision] = []
    for key, rows in frame.group_by(KEY, maintain_order=True):
        ordered = rows.sort("vintage")
        first, last = ordered.row(0, named=True), ordered.row(-1, named=True)
        if ordered["observed_value"].n_unique() > 1:
            area, indicator, basis, start, end = map(str, key)
            values = first["observed_value"], last["observed_value"]
            found.append(
                Revision(
                    area, indicator, basis, f"{start}..{end}", *values, first["vintage"], last["vintage"], len(ordered)
                )
            )
    return tuple(found)


def _day(text: object) -> date | None:
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
