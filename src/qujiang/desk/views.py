"""What a caller sees of requests: lists, one request with its story, its colour, and its clock explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from qujiang.calendar import Due, WorkCalendar, due
from qujiang.desk import record
from qujiang.desk.access import allow, part_of, scope
from qujiang.desk.rulebook import Rulebook
from qujiang.errors import NotFoundError, ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import request_departments, request_events, requests

WARN_WD = 1
SHOWN = (
    "version", "state", "level", "received_at", "received_on", "updated_at", "channel", "source_ref", "enterprise_code",
    "enterprise_name", "contact_name", "phone", "email", "service_code", "title", "description", "town", "address", "lat",
    "long", "media_url", "attributes", "lead_department", "assigned_on", "contact_due_on", "contacted_on", "due_days",
    "due_on", "paused", "extension_days", "extensions", "returns", "reopened", "replied_on", "reply", "called_back_on",
    "resolved", "rating", "closed_at", "cleared",
)  # fmt: skip
LISTED = ("version", "state", "level", "received_at", "service_code", "title", "enterprise_name", "lead_department", "due_on", "paused", "replied_on", "reopened")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests of the scope; ``after`` is the number that ended the page before.

    ``text`` is sought in title, enterprise and description, as it stands, in any case; a request's number finds it too.
    """

    state: str | None = None
    department: str | None = None
    service: str | None = None
    overdue: bool = False
    after: str | None = None
    limit: int = 50
    text: str | None = None
    enterprise: str | None = None


def colour(calendar: WorkCalendar, row: Mapping[Any, Any], on: date, warn_wd: int = WARN_WD) -> str:
    """grey: the clock stands; red: past due; yellow: the last ``warn_wd`` working days; green: more left; else empty."""
    if row["state"] not in ("assigned", "handling", "escalated"):
        return ""
    if row["paused"] or row["due_on"] is None:
        return "grey"
    if on > row["due_on"]:
        return "red"
    return "yellow" if calendar.days_between(on, row["due_on"]) <= warn_wd else "green"


def late_wd(calendar: WorkCalendar, row: Mapping[Any, Any], on: date) -> int:
    """Working days past due, of an open request today, of an answered one on the day of its reply."""
    end = row["replied_on"] or on
    if row["due_on"] is None or end <= row["due_on"]:
        return 0
    return calendar.days_between(row["due_on"], end)


def listed(connection: Connection, caller: Caller, book: Rulebook, wanted: Filter, on: date) -> list[dict[str, Any]]:
    """The newest first, within the caller's scope."""
    allow(caller, "see")
    if not 1 <= wanted.limit <= 200:
        raise ScenarioError(f"limit = {wanted.limit} must lie between 1 and 200")
    query = select(requests.c.id, *(requests.c[name] for name in LISTED)).where(scope(caller), *_conditions(wanted, on))
    if wanted.after:
        query = query.where(requests.c.id < record.id_of(wanted.after))
    rows = connection.execute(query.order_by(requests.c.id.desc()).limit(wanted.limit)).mappings()
    return [with_clock(book, row, LISTED, on) for row in rows]


def counted(connection: Connection, caller: Caller, wanted: Filter, on: date) -> dict[str, int]:
    """How many requests the filter finds within the caller's scope, by state; the page and its limit do not matter."""
    allow(caller, "see")
    query = select(requests.c.state, func.count()).where(scope(caller), *_conditions(wanted, on))
    return {row[0]: row[1] for row in connection.execute(query.group_by(requests.c.state))}


def _conditions(wanted: Filter, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(requests.c.state == wanted.state)
    if wanted.department:
        found.append(requests.c.lead_department == wanted.department)
    if wanted.service:
        found.append(requests.c.service_code == wanted.service)
    if wanted.enterprise:
        found.append(requests.c.enterprise_code == wanted.enterprise)
    if wanted.overdue:
        found += [requests.c.state.in_(record.OPEN), requests.c.due_on < on]
    if wanted.text and wanted.text.strip():
        found.append(_holds_text(wanted.text.strip()[:200]))
    return found


def _holds_text(text: str) -> ColumnElement[bool]:
    sought = [requests.c[name].icontains(text, autoescape=True) for name in ("title", "enterprise_name", "description")]
    if re.fullmatch(r"R?\d{1,12}", text, re.ASCII):
        sought.append(requests.c.id == record.id_of(text))
    return or_(*sought)


def shown(connection: Connection, caller: Caller, book: Rulebook, number: str, on: date) -> dict[str, Any]:
    """One request with its departments and its story; an enterprise does not see the departments' inner notes."""
    allow(caller, "see")
    row = record.find(connection, caller, number)
    answer = with_clock(book, row, SHOWN, on)
    answer["merged_into"] = None if row["merged_into"] is None else record.number_of(row["merged_into"])
    departments = connection.execute(
        select(request_departments).where(request_departments.c.request_id == row["id"])
    ).mappings()
    events = connection.execute(
        select(request_events).where(request_events.c.request_id == row["id"]).order_by(request_events.c.id)
    ).mappings()
    inner = part_of(caller) != "enterprise"
    answer["assisting"] = [
        {
            name: item[name]
            for name in ("department", "asked_on", "due_on", "answered_on", *(("opinion",) if inner else ()))
        }
        for item in departments
    ]
    answer["events"] = [_event(item, inner) for item in events]
    return answer


def explain(connection: Connection, caller: Caller, book: Rulebook, number: str) -> Due:
    """The arithmetic of the request's last day."""
    allow(caller, "see")
    row = record.find(connection, caller, number)
    if row["clock_on"] is None:
        raise NotFoundError(f"request {number} has no clock yet: it is not dispatched")
    spans = record.pauses_of(connection, [row["id"]]).get(row["id"], [])
    return due(book.calendar, row["clock_on"], row["due_days"], pauses=record.since(spans, row))


def last_contact(connection: Connection, caller: Caller) -> dict[str, Any]:
    """Who and where the caller's enterprise wrote last, so that nobody types it twice; empty without a request."""
    if part_of(caller) != "enterprise":
        return {}
    names = ("enterprise_name", "contact_name", "phone", "email", "town", "address")
    query = select(*(requests.c[name] for name in names)).where(scope(caller), requests.c.channel == "page")
    row = connection.execute(query.order_by(requests.c.id.desc()).limit(1)).mappings().first()
    return {} if row is None else dict(row)


def with_clock(book: Rulebook, row: RowMapping, names: tuple[str, ...], on: date) -> dict[str, Any]:
    """Some columns of a request with its number, colour, working days late or left, and whether its last day is provisional."""
    answer: dict[str, Any] = {"number": record.number_of(row["id"])}
    answer |= {name: row[name] for name in names}
    answer["colour"] = colour(book.calendar, row, on)
    answer["late_wd"] = late_wd(book.calendar, row, on)
    runs = answer["colour"] in ("green", "yellow")
    answer["left_wd"] = book.calendar.days_between(on, row["due_on"]) if runs else None
    answer["provisional"] = row["due_on"] is not None and book.calendar.is_provisional(row["due_on"], row["due_on"])
    return answer


#: Notes that are meant for the enterprise, or come from it.
_FOR_ALL = ("interim_replied", "extension_granted", "extension_refused", "paused", "reopened", "rated", "decided")


def _event(item: RowMapping, inner: bool) -> dict[str, Any]:
    note = item["note"] if inner or item["verb"] in _FOR_ALL else ""
    version = item["changes"].get("version")  # the one that the event made
    return {"at": item["at"], "verb": item["verb"], "department": item["department"], "note": note, "version": version}
