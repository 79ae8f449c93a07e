"""Worklists: what waits for whom, by lists that each stand in the order of an index, page after page.

A list is read from a cursor on, so that the thousandth page costs what the first does. Search and filters look through
``LOOKED`` rows at a time; where that many did not fill a page, the next cursor goes on from there and nothing is unreachable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from qujiang.calendar.due import due_on
from qujiang.desk import record
from qujiang.desk.access import allow, part_of, scope
from qujiang.desk.rulebook import Rulebook
from qujiang.desk.views import LISTED, WARN_WD, with_clock
from qujiang.errors import ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import is_open, request_departments, requests

LOOKED = 5000
MOST_COUNTED = 999
COLUMNS = (*LISTED, "received_on", "contact_due_on", "contacted_on", "extension_days", "channel")

#: The lists of each part, the first shown first.
LISTS: dict[str, tuple[str, ...]] = {
    "enterprise": ("mine",),
    "officer": ("running", "opinion", "standing", "escalated", "replied", "closed"),
    "clerk": ("received", "running", "standing", "escalated", "replied", "closed", "merged"),
    "supervisor": ("running", "extension", "escalated", "standing", "received", "replied", "closed", "merged"),
    "auditor": ("running", "extension", "escalated", "standing", "received", "replied", "closed", "merged"),
    "joint_meeting": ("escalated", "mine"),
}
BY_DUE = ("running",)
BY_OPINION = ("opinion",)
_STATES = ("received", "escalated", "replied", "closed", "merged")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One page of one list; ``after`` is the cursor that the page before gave."""

    name: str = ""
    department: str | None = None
    service: str | None = None
    colour: str | None = None
    search: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list; ``next`` is the cursor of what follows (None: nothing does); ``looked`` whether a search paused there."""

    name: str
    rows: list[dict[str, Any]]
    next: str | None
    looked: bool


def lists_of(caller: Caller) -> tuple[str, ...]:
    """The names of the lists of a caller's part."""
    return LISTS.get(part_of(caller), ())


def worklist(connection: Connection, caller: Caller, book: Rulebook, wanted: Wanted, on: date) -> Page:
    """One page of a list within the caller's scope."""
    allow(caller, "see")
    name = wanted.name or lists_of(caller)[0]
    if name not in lists_of(caller):
        raise ScenarioError(f"list = {name[:40]} must be one of {', '.join(lists_of(caller))}")
    if not 1 <= wanted.limit <= 200:
        raise ScenarioError(f"limit = {wanted.limit} must lie between 1 and 200")
    due, order = _order(name)
    base = _list(name, part_of(caller)).add_columns(due.label("by"))
    if wanted.department and part_of(caller) != "officer":
        base = base.where(requests.c.lead_department == wanted.department)
    if wanted.after:
        base = base.where(_after(name, due, wanted.after))
    values = _values(caller)
    narrow = _narrow(book, wanted, on)
    window = None
    if narrow:
        window = base.order_by(*order).limit(LOOKED).subquery()
        query = select(requests.c.id, window.c.by, *(requests.c[column] for column in COLUMNS))
        query = query.join(window, window.c.id == requests.c.id).where(*narrow)
        query = query.order_by(*((window.c.by, requests.c.id) if _by_day(name) else (requests.c.id.desc(),)))
    else:
        query = base.add_columns(*(requests.c[column] for column in COLUMNS)).order_by(*order)
    found = connection.execute(query.limit(wanted.limit + 1), values).mappings().all()
    rows = found[: wanted.limit]
    next_, looked = None, False
    if len(found) > wanted.limit:
        next_ = _cursor(name, rows[-1])
    elif window is not None:
        end = connection.execute(base.order_by(*order).limit(1).offset(LOOKED - 1), values).mappings().first()
        next_, looked = (None, False) if end is None else (_cursor(name, end), True)
    return Page(name, [with_clock(book, row, COLUMNS, on) for row in rows], next_, looked)


def waiting(connection: Connection, caller: Caller) -> dict[str, int]:
    """How many wait in each list that is worked off; counted up to ``MOST_COUNTED`` + 1. What is done is not counted."""
    allow(caller, "see")
    query = _counts(part_of(caller))
    return {} if query is None else dict(connection.execute(query, _values(caller)).mappings().one())


@cache
def _counts(part: str) -> Any:
    names = [name for name in LISTS.get(part, ()) if name not in ("closed", "merged", "mine")]
    if not names:
        return None
    return select(
        *(
            select(func.count()).select_from(_list(name, part).limit(MOST_COUNTED + 1).subquery()).scalar_subquery().label(name)
            for name in names
        )
    )  # fmt: skip


def _list(name: str, part: str) -> Select[Any]:
    """The ids of a list, by conditions that an index answers."""
    query = select(requests.c.id)
    if name == "opinion":
        asked = and_(
            request_departments.c.request_id == requests.c.id,
            request_departments.c.department == bindparam("department"),
            request_departments.c.answered_on.is_(None),
        )
        return query.join(request_departments, asked).where(is_open())
    if name == "extension":
        return query.where(requests.c.extension_days.is_not(None))
    if part == "enterprise":
        return query.where(requests.c.enterprise_code == bindparam("enterprise"))
    if part == "joint_meeting":
        query = query.where(requests.c.level == "joint_meeting")
    if part == "officer":
        query = query.where(requests.c.lead_department == bindparam("department"))
    if name == "running":
        return query.where(is_open(), requests.c.due_on.is_not(None))
    if name == "standing":
        return query.where(is_open(), requests.c.due_on.is_(None), requests.c.paused)
    if name in _STATES:
        return query.where(requests.c.state == name)
    return query


def _values(caller: Caller) -> dict[str, Any]:
    return {"department": caller.department, "enterprise": caller.enterprise_code}


def _by_day(name: str) -> bool:
    return name in BY_DUE or name in BY_OPINION


def _order(name: str) -> tuple[ColumnElement[Any], tuple[ColumnElement[Any], ...]]:
    """The column that a list is cut by, and its order: by the day that is next, or the newest first."""
    if name in BY_DUE:
        return requests.c.due_on, (requests.c.due_on, requests.c.id)
    if name in BY_OPINION:
        return request_departments.c.due_on, (request_departments.c.due_on, requests.c.id)
    return requests.c.id, (requests.c.id.desc(),)


def _after(name: str, due: ColumnElement[Any], cursor: str) -> ColumnElement[bool]:
    match = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d)\.)?(\d{1,12})", cursor, re.ASCII)
    try:
        day = date.fromisoformat(match[1]) if match and match[1] else None
    except ValueError:
        match, day = None, None
    if match is None or (day is not None) != _by_day(name):
        raise ScenarioError(f"after = {cursor[:40]} is no place in this list; begin at its first page")
    if day is None:
        return requests.c.id < int(match[2])
    # "from this day on" alone lets either database enter the index at the cursor
    return and_(due >= day, or_(due > day, requests.c.id > int(match[2])))


def _cursor(name: str, row: Any) -> str:
    return f"{row['by'].isoformat()}.{row['id']}" if _by_day(name) else str(row["id"])


def _narrow(book: Rulebook, wanted: Wanted, on: date) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.service:
        where.append(requests.c.service_code == book.service(wanted.service).code)
    if wanted.colour:
        where.append(_coloured(book, wanted.colour, on))
    text = wanted.search.strip()[:100]
    if text:
        titled = requests.c.title.icontains(text, autoescape=True)
        named = requests.c.enterprise_name.icontains(text, autoescape=True)
        where.append(or_(titled, named, requests.c.enterprise_code == text.upper()))
    return where


def _coloured(book: Rulebook, colour: str, on: date) -> ColumnElement[bool]:
    """``views.colour`` as a condition: yellow ends before the working day after the warning's last."""
    runs = and_(requests.c.state.in_(("assigned", "handling", "escalated")), ~requests.c.paused)
    soon = due_on(book.calendar, on, WARN_WD + 1)
    if colour == "red":
        return and_(runs, requests.c.due_on < on)
    if colour == "yellow":
        return and_(runs, requests.c.due_on >= on, requests.c.due_on < soon)
    if colour == "green":
        return and_(runs, requests.c.due_on >= soon)
    raise ScenarioError(f"colour = {colour[:40]} must be one of red, yellow, green")


def found(connection: Connection, caller: Caller, text: str) -> str | None:
    """The request that a search names by its number, within the caller's scope; else None."""
    allow(caller, "see")
    match = re.fullmatch(r"[Rr]?(\d{1,12})", text.strip(), re.ASCII)
    if match is None:
        return None
    query = select(requests.c.id).where(requests.c.id == int(match[1]), scope(caller))
    id_ = connection.execute(query).scalar()
    return None if id_ is None else record.number_of(id_)
