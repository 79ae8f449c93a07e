"""Period algebra of Chinese statistics: year-to-date values, the January-February pair, sums and differences.

A published flow is an edge between two days: from its first day to the day after its last. A wanted period is known when
published flows lead from its first day to the day after its last; a flow walked backwards is subtracted. So
``YTD(1-3) - YTD(1-2)`` is March, ``pair + March`` is the first quarter, and January alone is not published: no flow
ends on the first of February. Nothing is ever divided.

References
----------
National Bureau of Statistics, notes on monthly retail, industry and investment: January and February are surveyed together
"""

from __future__ import annotations

import calendar
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qujiang.errors import ScenarioError

_TEXT = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A period from its first to its last day, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"the period ends ({self.end}) before it starts ({self.start})")

    @property
    def whole_months(self) -> int | None:
        """Number of calendar months, or None where the period does not begin and end with a month."""
        if self.start.day != 1 or (self.end + _DAY).day != 1:
            return None
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1

    @property
    def is_year_to_date(self) -> bool:
        """Whether the period starts on the first of January and ends within that year."""
        return (self.start.month, self.start.day) == (1, 1) and self.start.year == self.end.year

    @property
    def kind(self) -> str:
        """``year``, ``month``, ``pair`` (January and February), ``quarter``, ``n months`` or ``n days``."""
        months = self.whole_months
        if months is None:
            return f"{(self.end - self.start).days + 1} days"
        if months == 2 and self.start.month == 1:
            return "pair"
        if months == 3 and self.start.month % 3 == 1:
            return "quarter"
        if months == 12 and self.start.month == 1:
            return "year"
        return "month" if months == 1 else f"{months} months"

    def shifted(self, years: int) -> Span:
        """The same months of another year; the end of February stays the end of February."""
        end = (self.end + _DAY).replace(year=(self.end + _DAY).year + years) - _DAY if self.whole_months else None
        return Span(_move(self.start, years), _move(self.end, years) if end is None else end)

    def __str__(self) -> str:
        if self.start == self.end:
            return f"{self.start}"
        if self.whole_months is None:
            return f"{self.start}..{self.end}"
        if self.kind == "year":
            return f"{self.start.year}"
        first, last = f"{self.start:%Y-%m}", f"{self.end:%Y-%m}"
        return first if first == last else f"{first}..{last}"


def _move(day: date, years: int) -> date:
    last = calendar.monthrange(day.year + years, day.month)[1]
    return date(day.year + years, day.month, min(day.day, last))


def read_span(start: str, end: str) -> Span:
    """Read a period whose ends are written ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

    Raises
    ------
    ValueError
        An end is not written so, is no day of the calendar, or lies before the start.

    Examples
    --------
    >>> str(read_span("2025-01", "2025-08"))
    '2025-01..2025-08'
    >>> str(read_span("2024", "2024"))
    '2024'
    """
    return Span(_read_day(start, last=False), _read_day(end, last=True))


def _read_day(text: str, *, last: bool) -> date:
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not a period: write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    month = month or (12 if last else 1)
    if not 1 <= month <= 12:
        raise ValueError(f"'{text}' has no month {month}")
    day = day or (calendar.monthrange(year, month)[1] if last else 1)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"'{text}' is no day of the calendar") from error


def month(year: int, number: int) -> Span:
    """One calendar month."""
    return months(year, number, number)


def months(year: int, first: int, last: int) -> Span:
    """The months ``first`` to ``last`` of one year.

    >>> months(2024, 1, 2).kind
    'pair'
    """
    return Span(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))


def quarter(year: int, number: int) -> Span:
    """One quarter, 1 to 4."""
    return months(year, 3 * number - 2, 3 * number)


@dataclass(frozen=True, slots=True)
class Flow:
    """What flowed in a period, in one unit; ``terms`` says from which published periods it was added up (empty: published itself)."""

    span: Span
    value: float
    terms: tuple[tuple[int, Span], ...] = ()

    @property
    def label(self) -> str:
        """What the value is: ``month``, ``pair``, … and how it was found."""
        if not self.terms:
            return f"{self.span.kind}, published"
        parts = [f"{'+' if sign > 0 else '-'} {span}" for sign, span in self.terms]
        return f"{self.span.kind}, from {' '.join(parts).removeprefix('+ ')}"


def find(flows: Iterable[Flow], span: Span) -> Flow | None:
    """The flow of a period: published, or the shortest sum and difference of published ones; None where neither exists.

    Examples
    --------
    >>> ytd = [Flow(months(2022, 1, 2), 74_426.0), Flow(months(2022, 1, 3), 108_659.0)]
    >>> find(ytd, month(2022, 3)).value
    34233.0
    >>> find(ytd, month(2022, 1)) is None
    True
    """
    published = sorted(flows, key=lambda flow: flow.span)
    steps: dict[date, list[tuple[date, int, Flow]]] = {}
    for flow in published:
        if flow.span == span:
            return flow
        after = flow.span.end + _DAY
        steps.setdefault(flow.span.start, []).append((after, 1, flow))
        steps.setdefault(after, []).append((flow.span.start, -1, flow))
    walk = _shortest_walk(steps, span.start, span.end + _DAY)
    if walk is None:
        return None
    terms = sorted(((sign, flow.span) for sign, flow in walk), key=lambda term: (-term[0], term[1]))
    return Flow(span, sum(sign * flow.value for sign, flow in walk), tuple(terms))


def _shortest_walk(
    steps: dict[date, list[tuple[date, int, Flow]]], start: date, goal: date
) -> list[tuple[int, Flow]] | None:
    came: dict[date, tuple[date, int, Flow] | None] = {start: None}
    waiting = deque([start])
    while waiting and goal not in came:
        here = waiting.popleft()
        for there, sign, flow in steps.get(here, ()):
            if there not in came:
                came[there] = (here, sign, flow)
                waiting.append(there)
    if goal not in came:
        return None
    walk: list[tuple[int, Flow]] = []
    step = came[goal]
    while step is not None:
        here, sign, flow = step
        walk.append((sign, flow))
        step = came[here]
    return walk


def ask(flows: Iterable[Flow], span: Span) -> Flow:
    """As ``find``, but says why a period is unknown.

    Raises
    ------
    ScenarioError
        The period is not published and cannot be added up; a wider period that holds it is named.
    """
    published = list(flows)
    found = find(published, span)
    if found is not None:
        return found
    holders = [flow.span for flow in published if flow.span.start <= span.start and span.end <= flow.span.end]
    smallest = min(holders, key=lambda holder: holder.end - holder.start, default=None)
    if smallest is None:
        raise ScenarioError(f"{span} is not published, and nothing published holds it")
    why = ": January and February are one observation" if smallest.kind == "pair" else ""
    raise ScenarioError(f"{span} is not published{why}; the smallest published period that holds it is {smallest}")


def pieces(flows: Sequence[Flow]) -> tuple[Flow, ...]:
    """The finest periods that year-to-date values give, in order: the pair, then months; a missing month leaves "2 months".

    Flows other than year-to-date ones are left out; each year stands alone. With a first value of January to May, that is the first piece.

    Examples
    --------
    >>> ytd = [Flow(months(2024, 1, 2), 10.0), Flow(months(2024, 1, 3), 15.0), Flow(months(2024, 1, 5), 26.0)]
    >>> [(str(piece.span), piece.span.kind, piece.value) for piece in pieces(ytd)]
    [('2024-01..2024-02', 'pair', 10.0), ('2024-03', 'month', 5.0), ('2024-04..2024-05', '2 months', 11.0)]
    """
    found: list[Flow] = []
    before: Flow | None = None
    for flow in sorted((flow for flow in flows if flow.span.is_year_to_date), key=lambda flow: flow.span):
        if before is None or before.span.start != flow.span.start:
            found.append(flow)
        else:
            rest = Span(before.span.end + _DAY, flow.span.end)
            found.append(Flow(rest, flow.value - before.value, ((1, flow.span), (-1, before.span))))
        before = flow
    return tuple(found)
