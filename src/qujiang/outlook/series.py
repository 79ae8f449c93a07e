"""Observations as statistics offices keep them: year-to-date series, published growth, levels of a year.

A published growth is never overwritten by a recomputed one; the two stand side by side and a difference beyond rounding is
flagged. A level that is scaled up from part of a year says so and carries the status ``derived``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from qujiang.errors import DataError, Fault, ScenarioError
from qujiang.methods import growth, periods
from qujiang.methods.periods import Flow, Span

#: Bases whose values add up over time.
FLOWS = ("ytd", "month", "quarter", "year")
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
    line: int

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
    faults: list[Fault] = []
    rows = [
        row for line, record in enumerate(frame.iter_rows(named=True), 2) if (row := _row(record, line, file, faults))
    ]
    for series in _grouped(rows).values():
        faults += _unit_faults(series, file) + _duplicate_faults(series, file) + _falling_faults(series, file)
    if faults:
        raise DataError(sorted(faults, key=lambda fault: fault.line or 0))
    return Observations(tuple(rows))


def _row(record: Mapping[str, Any], line: int, file: str, faults: list[Fault]) -> Observation | None:
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


def _grouped(rows: Iterable[Observation]) -> dict[tuple[str, str], list[Observation]]:
    groups: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for row in rows:
        groups[row.area, row.indicator].append(row)
    return groups


def _unit_faults(series: list[Observation], file: str) -> list[Fault]:
    faults: list[Fault] = []
    first: dict[str, Observation] = {}
    for row in series:
        known = first.setdefault("flow" if row.basis in FLOWS else row.basis, row)
        if row.unit != known.unit:
            rule = f"the series {row.indicator} of {row.area} is in {known.unit} on line {known.line}"
            faults.append(Fault(file, row.line, "unit", row.unit, rule, f"convert the value to {known.unit}"))
    return faults


def _duplicate_faults(series: list[Observation], file: str) -> list[Fault]:
    faults: list[Fault] = []
    first: dict[tuple[str, Span], Observation] = {}
    for row in series:
        known = first.setdefault((row.basis, row.span), row)
        if known is not row:
            rule = f"{row.indicator} of {row.area} has this period on line {known.line} already"
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
            rule = (
                f"a cumulative series cannot fall: {highest.value:g} stood at {highest.span.end} (line {highest.line})"
            )
            mend = "is this a single month? set basis = month; a revision belongs to the vintages"
            faults.append(Fault(file, row.line, "observed_value", f"{row.value:g}", rule, mend))
    return faults


@dataclass(frozen=True, slots=True)
class GrowthCheck:
    """A published growth beside the recomputed one."""

    observation: Observation
    base: Observation | None
    computed_percent: float | None
    implied_base_value: float | None
    flag: str | None

    @property
    def difference_percent(self) -> float | None:
        """Published minus computed growth [percentage points]."""
        published = self.observation.published_growth_percent
        return None if self.computed_percent is None or published is None else published - self.computed_percent


def check_growth(observations: Observations) -> tuple[GrowthCheck, ...]:
    """Set every published growth beside the one that the levels give, and flag what rounding does not explain.

    Growth at constant prices is never recomputed from levels. A base that was itself derived from the published growth proves
    nothing and is said to.
    """
    return tuple(
        _growth_check(row, observations) for row in observations.rows if row.published_growth_percent is not None
    )


def _growth_check(row: Observation, observations: Observations) -> GrowthCheck:
    published = row.published_growth_percent
    assert published is not None
    before = [
        other for other in observations.of(row.area, row.indicator, row.basis) if other.span == row.span.shifted(-1)
    ]
    base = before[0] if before else None
    implied = float(growth.implied_base(row.value, published))
    if base is None:
        return GrowthCheck(row, None, None, implied, "no figure of the year before")
    if row.growth_basis == "real":
        return GrowthCheck(row, base, None, None, "growth at constant prices: not comparable with levels")
    computed = float(growth.growth_percent(base.value, row.value))
    if computed != computed:
        return GrowthCheck(row, base, None, implied, growth.refusal(base.value, row.value, 1.0))
    if base.status != "documented" or row.status != "documented":
        return GrowthCheck(row, base, computed, implied, "a level is not documented: no evidence")
    if growth.agrees(published, computed):
        return GrowthCheck(row, base, computed, implied, None)
    return GrowthCheck(row, base, computed, implied, "differs beyond rounding: base revised or scope changed")


@dataclass(frozen=True, slots=True)
class Containment:
    """A part beside its whole: the same indicator, unit and period."""

    indicator: str
    span: Span
    unit: str
    part_value: float
    whole_value: float

    @property
    def holds(self) -> bool:
        """Whether the part does not exceed the whole."""
        return self.part_value <= self.whole_value

    @property
    def share_percent(self) -> float:
        """The part's share [percent]."""
        return 100.0 * self.part_value / self.whole_value


def compare_areas(observations: Observations, part: str, whole: str) -> tuple[Containment, ...]:
    """Every period in which a part (a district) can be set beside its whole (its city), by period algebra where needed."""
    found: list[Containment] = []
    for row in observations.rows:
        wholes = observations.of(whole, row.indicator, *FLOWS)
        if (
            row.area != part
            or row.basis not in FLOWS
            or not wholes
            or wholes[0].unit != row.unit
            or row.unit == "percent"
        ):
            continue
        flow = periods.find((other.flow for other in wholes), row.span)
        if flow is not None:
            found.append(Containment(row.indicator, row.span, row.unit, row.value, flow.value))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Level:
    """The level of one year, with how it was found."""

    year: int
    value: float
    unit: str
    status: Status
    how: str


def level_of_year(observations: Observations, area: str, indicator: str, year: int) -> Level:
    """The level of a year: published, added up, or scaled up from its longest year-to-date value.

    Scaling uses the shape of the year before where that year is known, and twelfths elsewhere; either is marked ``derived``.

    Raises
    ------
    ScenarioError
        Nothing of that year is known.
    """
    rows = [row for row in observations.of(area, indicator, *FLOWS) if row.span.start.year == year == row.span.end.year]
    if not rows:
        raise ScenarioError(f"{indicator} of {area} has no flow in {year}")
    unit, whole = rows[0].unit, periods.months(year, 1, 12)
    flows = observations.flows(area, indicator)
    found = periods.find(flows, whole)
    if found is not None:
        used = [row.status for row in rows if not found.terms or row.span in {span for _, span in found.terms}]
        return Level(
            year, found.value, unit, worst_status(*used, "derived" if found.terms else "documented"), found.label
        )
    longest = max((row for row in rows if row.span.is_year_to_date), key=lambda row: row.span.end, default=None)
    if longest is None:
        raise ScenarioError(
            f"{indicator} of {area} has no year-to-date value in {year}: parts of a year are not scaled up"
        )
    last_year = periods.find(flows, whole.shifted(-1))
    last_part = periods.find(flows, longest.span.shifted(-1))
    if last_year is not None and last_part is not None and last_part.value > 0:
        scale, how = last_year.value / last_part.value, f"{longest.span} scaled by the shape of {year - 1}"
    elif longest.span.whole_months:
        scale, how = 12.0 / longest.span.whole_months, f"{longest.span} x 12/{longest.span.whole_months}"
    else:
        raise ScenarioError(f"{indicator} of {area}: {longest.span} does not end with a month; it is not scaled up")
    return Level(year, longest.value * scale, unit, worst_status(longest.status, "derived"), how)


def rate_per_year(row: Observation) -> Level:
    """The mean rate a year of a cumulative value: value x 12 / months, marked ``derived``.

    Raises
    ------
    ScenarioError
        The period is not made of whole months.
    """
    count = row.span.whole_months
    if count is None:
        raise ScenarioError(f"{row.indicator} of {row.area}: {row.span} is not made of whole months")
    status = row.status if count == 12 else worst_status(row.status, "derived")
    return Level(row.span.end.year, row.value * 12.0 / count, row.unit, status, f"{row.span} x 12/{count}")


@dataclass(frozen=True, slots=True)
class Clash:
    """A published flow that the other published flows of its series contradict beyond rounding."""

    area: str
    indicator: str
    published: Flow
    added_up: Flow


def find_clashes(observations: Observations) -> tuple[Clash, ...]:
    """Published flows that do not close: each is compared with the sum of the others, within the rounding of their last digits."""
    found: list[Clash] = []
    for area, indicator in _grouped(observations.rows):
        flows = observations.flows(area, indicator)
        for flow in flows:
            added = periods.find((other for other in flows if other.span != flow.span), flow.span)
            if added is None:
                continue
            used = {span for _, span in added.terms} | {flow.span}
            slack = sum(0.5 * _last_digit(other.value) for other in flows if other.span in used)
            if abs(added.value - flow.value) > slack:
                found.append(Clash(area, indicator, flow, added))
    return tuple(found)


def _last_digit(value: float) -> float:
    if value != int(value) or value == 0:
        return (
            10.0 ** -len(repr(float(value)).partition(".")[2]) if "e" not in repr(float(value)) else abs(value) * 1e-6
        )
    text = str(int(abs(value)))
    return 10.0 ** (len(text) - len(text.rstrip("0")))
