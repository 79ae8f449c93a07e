"""Boards: the three rates with their denominators, n and interval; ageing; per department; observations for the outlook.

Response counts the requests whose contact was made in time, among those assigned whose contact was due or made.
Resolution and satisfaction count answers of the call-back and ratings, never a department's own word; who was not
reached stands in the answer rate, not in the denominator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from qujiang.desk.access import allow, part_of
from qujiang.desk.after import SATISFIED
from qujiang.desk.rulebook import Rulebook
from qujiang.errors import ForbiddenError, ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import is_open, requests

Z95 = 1.959963984540054
AGES_WD = (0, 2, 5, 10, 20)  # lower ends of the ageing classes


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with what it counts; None where nothing is counted. ``low``, ``high``: Wilson's 95 % interval."""

    met: int
    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One department's line, or the total's (``department`` None)."""

    department: str | None
    received: int
    open: int
    paused: int
    overdue: int
    replied: int
    replied_late: int
    reopened: int
    called_back: int
    response: Rate
    resolution: Rate
    satisfaction: Rate
    answered: Rate


@dataclass(frozen=True, slots=True)
class Board:
    """All requests received in [first, last], as they stand on ``on``."""

    first: date
    last: date
    on: date
    total: Line
    departments: tuple[Line, ...]
    ageing: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready but for dates."""
        return asdict(self)


def rate(met: int, n: int) -> Rate:
    """A share with Wilson's interval (Wilson 1927), which stays within 0 and 1 and is honest for small n."""
    if n == 0:
        return Rate(met, n, None, None, None)
    p, z2 = met / n, Z95 * Z95
    centre, half = p + z2 / (2 * n), Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low = 0.0 if met == 0 else (centre - half) / (1 + z2 / n)
    high = 1.0 if met == n else (centre + half) / (1 + z2 / n)
    return Rate(met, n, p, low, high)


def board(connection: Connection, caller: Caller, book: Rulebook, first: date, last: date, on: date) -> Board:
    """The board of the requests received in [first, last]; a department sees its own line."""
    allow(caller, "board")
    if last < first:
        raise ScenarioError(f"the board ends on {last}, before it starts on {first}")
    own = caller.department if part_of(caller) == "officer" else None
    if part_of(caller) == "officer" and own is None:
        raise ForbiddenError("an officer without a department has no board")
    where = [requests.c.received_on.between(first, last), requests.c.state != "merged"]
    if own is not None:
        where.append(requests.c.lead_department == own)
    sums, ages = _sums(connection, where, on), [0] * len(AGES_WD)
    for row in connection.execute(_open_query(where, on)).mappings():
        counts = sums.setdefault(row["lead_department"], dict.fromkeys(sums[None], 0))
        for name in ("open", "paused", "overdue"):
            counts[name] += row[name]
        ages[_age_class(book, row["received_on"], on)] += row["open"]
    total = {name: sum(counts[name] for counts in sums.values()) for name in sums[None]}
    lines = [_line(department, counts) for department, counts in sums.items() if department]
    lines.sort(key=lambda line: str(line.department))
    return Board(first, last, on, _line(None, total), tuple(lines), _ageing(ages))


def _sums(connection: Connection, where: Sequence[Any], on: date) -> dict[str | None, dict[str, int]]:
    """What is counted over all requests, by lead department; None: with none yet.

    Grouped by day as well, in the order of the board's index: no sorting of every row, and few groups to add up here.
    """
    columns, r = _counts(on), requests.c
    query = select(r.lead_department, *(column.label(name) for name, column in columns.items()))
    rows = connection.execute(query.where(*where).group_by(r.received_on, r.lead_department))
    sums: dict[str | None, list[int]] = {None: [0] * len(columns)}
    for department, *counts in rows:
        before = sums.get(department)
        sums[department] = counts if before is None else [a + b for a, b in zip(before, counts, strict=True)]
    none = dict.fromkeys(("open", "paused", "overdue"), 0)
    return {department: dict(zip(columns, counts, strict=True)) | none for department, counts in sums.items()}


def _open_query(where: Sequence[Any], on: date) -> Any:
    """The open requests by department and day, from an index that holds no others."""
    columns = _open_counts(on)
    query = select(
        requests.c.lead_department,
        requests.c.received_on,
        *(column.label(name) for name, column in columns.items()),
    )
    return query.where(*where, is_open()).group_by(requests.c.received_on, requests.c.lead_department)


def _counts(on: date) -> dict[str, Any]:
    """What is counted over all requests, each in the same pass over the board's index."""
    r = requests.c
    return {
        "received": func.count(),
        "replied": func.count(r.replied_on),
        "replied_late": _count(r.replied_on > r.due_on),
        "reopened": _count(r.reopened > 0),
        "called_back": func.count(r.called_back_on),
        "response_n": _count(
            and_(r.contact_due_on.is_not(None), or_(r.contacted_on.is_not(None), r.contact_due_on < on))
        ),
        "response_met": _count(r.contacted_on <= r.contact_due_on),
        "resolution_n": func.count(r.resolved),
        "resolution_met": _count(r.resolved),
        "satisfaction_n": func.count(r.rating),
        "satisfaction_met": _count(r.rating >= SATISFIED),
    }


def _open_counts(on: date) -> dict[str, Any]:
    """What is counted over the open requests alone, which are few."""
    r = requests.c
    return {"open": func.count(), "paused": _count(r.paused), "overdue": _count(r.due_on < on)}


def _count(condition: Any) -> Any:
    return func.count().filter(condition)


def _line(department: str | None, c: dict[str, int]) -> Line:
    counted = ("received", "open", "paused", "overdue", "replied", "replied_late", "reopened", "called_back")
    return Line(
        department,
        *(c[name] for name in counted),
        response=rate(c["response_met"], c["response_n"]),
        resolution=rate(c["resolution_met"], c["resolution_n"]),
        satisfaction=rate(c["satisfaction_met"], c["satisfaction_n"]),
        answered=rate(c["resolution_n"], c["called_back"]),
    )


def _age_class(book: Rulebook, received_on: date, on: date) -> int:
    """The class of a request by working days since it came in."""
    age = max(0, book.calendar.days_between(received_on, on))
    return max(n for n, low in enumerate(AGES_WD) if age >= low)


def _ageing(counts: Sequence[int]) -> tuple[dict[str, Any], ...]:
    """Open requests by age."""
    highs = [low - 1 for low in AGES_WD[1:]]
    return tuple(
        {"from_wd": low, "to_wd": high, "open": count}
        for low, high, count in zip(AGES_WD, [*highs, None], counts, strict=True)
    )


def board_table(made: Board) -> list[dict[str, Any]]:
    """The board as flat rows: the CSV twin."""
    rows = []
    for line in (made.total, *made.departments):
        row: dict[str, Any] = {"department": line.department or "all"}
        for name, value in asdict(line).items():
            if isinstance(value, dict):
                row |= {f"{name}_{part}": value[part] for part in ("met", "n", "share", "low", "high")}
            elif name != "department":
                row[name] = value
        rows.append(row)
    return rows


def observations(
    connection: Connection, caller: Caller, book: Rulebook, months: Sequence[date], on: date, *, area: str
) -> list[dict[str, Any]]:
    """The desk's own indicators by month, as rows of the district's table ``observations``; ``area`` is the district's name there."""
    rows: list[dict[str, Any]] = []
    for month in months:
        first = month.replace(day=1)
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        total = board(connection, caller, book, first, last, on).total
        rows.append(_observation(area, "desk_requests", first, total.received, "requests", f"n={total.received}"))
        for name, found in (
            ("response", total.response),
            ("resolution", total.resolution),
            ("satisfaction", total.satisfaction),
        ):
            if found.share is not None and found.low is not None and found.high is not None:
                note = f"{found.met} of {found.n}; 95% interval {found.low:.4f} to {found.high:.4f}"
                rows.append(_observation(area, f"desk_{name}", first, found.share, "share", note))
    return rows


def _observation(area: str, indicator: str, month: date, value: float, unit: str, note: str) -> dict[str, Any]:
    period = f"{month:%Y-%m}"
    return {
        "id": f"{indicator}_{month:%Y%m}",
        "area": area,
        "indicator": indicator,
        "basis": "month",
        "period_start": period,
        "period_end": period,
        "observed_value": value,
        "unit": unit,
        "published_growth_percent": None,
        "growth_basis": "unknown",
        "status": "documented",
        "source": "DESK",
        "note": note,
    }
