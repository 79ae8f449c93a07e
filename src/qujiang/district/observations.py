"""Observations as statistics offices keep them, read and checked: bases, periods, units, published growth, status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from qujiang.district.indicators import FLOWS
from qujiang.errors import DataError, Fault
from qujiang.methods import periods
from qujiang.methods.periods import Flow, Span

Status = Literal["documented", "derived", "assumed"]
_WORST: tuple[Status, ...] = ("documented", "derived", "assumed")


@dataclass(frozen=True, slots=True)
class Observation:
    """One published, derived or assumed value of one indicator in one area and period."""

    id: str
    area: str
    indicator: str
    basis: str
    span: Span
    value: float
    unit: str
    published_growth_percent: float | None
    growth_basis: str
    status: Status
    source: str
    line: int | None

    @property
    def flow(self) -> Flow:
        """The value as a flow of its period."""
        return Flow(self.span, self.value)


@dataclass(frozen=True, slots=True)
class Observations:
    """Checked observations, in the order of the table."""

    rows: tuple[Observation, ...]

    def of(self, area: str, indicator: str, *bases: str) -> tuple[Observation, ...]:
        """The observations of one series in time order; all bases, or only those named."""
        found = (row for row in self.rows if row.area == area and row.indicator == indicator)
        return tuple(
            sorted((row for row in found if not bases or row.basis in bases), key=lambda row: (row.span.end, row.span))
        )

    def areas_of(self, indicator: str) -> tuple[str, ...]:
        """The areas that have an indicator, in the order of the table."""
        return tuple(dict.fromkeys(row.area for row in self.rows if row.indicator == indicator))

    def flows(self, area: str, indicator: str) -> tuple[Flow, ...]:
        """The published flows of one series (``ytd``, ``month``, ``quarter``, ``year``), for period algebra."""
        return tuple(row.flow for row in self.of(area, indicator, *FLOWS))

    def latest_growth(self, area: str, indicator: str) -> Observation | None:
        """The latest observation that carries a published growth, or None."""
        return next(
            (row for row in reversed(self.of(area, indicator)) if row.published_growth_percent is not None), None
        )


def worst_status(*statuses: str | None) -> Status:
    """The weakest of some statuses: assumed before derived before documented; an unknown one counts as assumed.

    >>> worst_status("documented", "derived")
    'derived'
    """
    known = [_WORST.index(status) if status in _WORST else 2 for status in statuses]  # type: ignore[arg-type]
    return _WORST[max(known, default=2)]


def read(frame: pl.DataFrame, *, file: str = "observations.csv") -> Observations:
    """Read and check a table of observations.

    Parameters
    ----------
    frame
        Columns ``id, area, indicator, basis, period_start, period_end, observed_value, unit, published_growth_percent,
        growth_basis, status, source``.
    file
        Its name in faults.

    Raises
    ------
    DataError
        Every fault: an unreadable period, a basis that does not fit its period, a period twice, mixed units in one series, a
        cumulative series that falls.
    """
    rows, faults = _checked(frame, file, None)
    if faults:
        raise DataError(faults)
    return Observations(tuple(rows))


def find_faults(frame: pl.DataFrame, *, file: str, lines: Sequence[int | None] | None = None) -> list[Fault]:
    """The faults that `read` would raise; ``lines`` are the lines of the rows in the file they come from (None: a scenario's)."""
    return _checked(frame, file, lines)[1]


def _checked(
    frame: pl.DataFrame, file: str, lines: Sequence[int | None] | None
) -> tuple[list[Observation], list[Fault]]:
    faults: list[Fault] = []
    records = zip(range(2, frame.height + 2) if lines is None else lines, frame.iter_rows(named=True), strict=True)
    rows = [row for line, record in records if (row := _row(record, line, file, faults))]
    for series in grouped(rows).values():
        faults += _unit_faults(series, file) + _duplicate_faults(series, file) + _falling_faults(series, file)
    return rows, sorted(faults, key=lambda fault: fault.line or 0)


def _row(record: Mapping[str, Any], line: int | None, file: str, faults: list[Fault]) -> Observation | None:
    start, end = str(record["period_start"] or ""), str(record["period_end"] or "")
    try:
        span = periods.read_span(start, end)
    except ValueError as error:
        faults.append(
            Fault(file, line, "period_start", f"{start}..{end}", str(error), "write YYYY, YYYY-MM or YYYY-MM-DD")
        )
        return None
    basis, value = str(record["basis"]).lower(), record["observed_value"]
    if value is None or value != value:
        faults.append(
            Fault(file, line, "observed_value", None, "an observation needs a value", "fill it in or remove the row")
        )
        return None
    wrong = _basis_fault(basis, span)
    if wrong:
        faults.append(
            Fault(
                file,
                line,
                "basis",
                basis,
                f"{wrong}, but the period is {span} ({span.kind})",
                "mend the basis or the period",
            )
        )
        return None
    growth_percent = record.get("published_growth_percent")
    texts = {name: _text(record.get(name)) for name in ("id", "area", "indicator", "unit", "source")}
    return Observation(
        **texts,
        basis=basis,
        span=span,
        value=float(value),
        published_growth_percent=None if growth_percent is None else float(growth_percent),
        growth_basis=record.get("growth_basis") or "unknown",
        status=worst_status(record.get("status")),
        line=line,
    )


def _text(value: Any) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _basis_fault(basis: str, span: Span) -> str | None:
    if basis == "ytd" and not span.is_year_to_date:
        return "a year-to-date value starts on 1 January and ends in that year"
    if basis in ("month", "quarter", "year") and span.kind != basis:
        return f"a {basis} is one calendar {basis}"
    return None


def grouped(rows: Iterable[Observation]) -> dict[tuple[str, str], list[Observation]]:
    """Observations by area and indicator, in the order of the table."""
    groups: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for row in rows:
        groups[row.area, row.indicator].append(row)
    return groups


def _place(row: Observation) -> str:
    return "in the scenario" if row.line is None else f"on line {row.line}"


def _unit_faults(series: list[Observation], file: str) -> list[Fault]:
    faults: list[Fault] = []
    first: dict[str, Observation] = {}
    for row in series:
        known = first.setdefault("flow" if row.basis in FLOWS else row.basis, row)
        if row.unit != known.unit:
            rule = f"the series {row.indicator} of {row.area} is in {known.unit} {_place(known)}"
            faults.append(Fault(file, row.line, "unit", row.unit, rule, f"convert the value to {known.unit}"))
    return faults


def _duplicate_faults(series: list[Observation], file: str) -> list[Fault]:
    faults: list[Fault] = []
    first: dict[tuple[str, Span], Observation] = {}
    for row in series:
        known = first.setdefault((row.basis, row.span), row)
        if known is not row:
            rule = f"{row.indicator} of {row.area} has this period {_place(known)} already"
            faults.append(
                Fault(file, row.line, "period_start", str(row.span), rule, "keep one; keep revisions as vintages")
            )
    return faults


def _falling_faults(series: list[Observation], file: str) -> list[Fault]:
    faults: list[Fault] = []
    grown = [row for row in series if row.basis in ("ytd", "cumulative")]
    for row in grown:
        before = [
            other
            for other in grown
            if (other.basis, other.span.start) == (row.basis, row.span.start) and other.span.end < row.span.end
        ]
        highest = max(before, key=lambda other: other.value, default=row)
        if row.value < highest.value and row.unit == highest.unit:
            rule = f"a cumulative series cannot fall: {highest.value:g} stood at {highest.span.end} ({_place(highest)})"
            mend = "is this a single month? set basis = month; a revision belongs to the vintages"
            faults.append(Fault(file, row.line, "observed_value", f"{row.value:g}", rule, mend))
    return faults
