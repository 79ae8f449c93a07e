"""One request: found within the caller's scope, changed together with its event and its row in the trail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from qujiang.calendar import Pause, WorkCalendar, china_date
from qujiang.calendar.due import due_on, merge
from qujiang.desk.access import scope
from qujiang.errors import ConflictError, NotFoundError
from qujiang.store import Caller, Unit
from qujiang.store.schema_rooms import OPEN_STATES, request_events, requests

#: What the trail does not repeat: it cannot be erased later.
PRIVATE = {
    "contact_name",
    "phone",
    "email",
    "description",
    "address",
    "lat",
    "long",
    "attributes",
    "reply",
    "title",
    "media_url",
}

#: verb -> (states in which it may be done). The desk's whole machine.
STATES: dict[str, tuple[str, ...]] = {
    "dispatched": ("received",),
    "contacted": ("assigned",),
    "returned": ("assigned", "handling"),
    "opinion_given": ("assigned", "handling", "escalated"),
    "interim_replied": ("assigned", "handling", "escalated"),
    "paused": ("assigned", "handling"),
    "resumed": ("assigned", "handling"),
    "extension_asked": ("assigned", "handling"),
    "extension_granted": ("assigned", "handling"),
    "extension_refused": ("assigned", "handling"),
    "escalated": ("assigned", "handling"),
    "decided": ("escalated",),
    "replied": ("assigned", "handling"),
    "called_back": ("replied",),
    "rated": ("replied", "closed"),
    "reopened": ("closed",),
    "merged": ("received", "assigned", "handling"),
    "cleared": ("received", "assigned", "handling", "escalated", "replied", "closed"),
    "recounted": ("assigned", "handling", "escalated"),
}
_INSERT_EVENTS = insert(request_events).inline().execution_options(later=True)
OPEN = OPEN_STATES


def number_of(id_: int) -> str:
    """The request's public number."""
    return f"R{id_:08d}"


def id_of(number: str) -> int:
    """The row of a public number."""
    match = re.fullmatch(r"R?(\d{1,12})", number, re.ASCII)
    if match is None:
        raise NotFoundError(f"no request {number!r}")
    return int(match[1])


def find(connection: Connection, caller: Caller, number: str, *, lock: bool = False) -> RowMapping:
    """The request, when it lies within the caller's scope; locked for a change where that is meant."""
    query = select(requests).where(requests.c.id == id_of(number), scope(caller))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFoundError(f"no request {number!r}")
    return row


def take(unit: Unit, number: str, version: int, verb: str) -> RowMapping:
    """Lock a request for ``verb``: the version that the caller saw, in a state that allows it."""
    row = find(unit.connection, unit.caller, number, lock=True)
    if row["version"] != version:
        message = f"request {number} was changed meanwhile: it is at version {row['version']}, you saw {version}"
        raise ConflictError(message, row["version"])
    if row["state"] not in STATES[verb]:
        allowed = ", ".join(STATES[verb])
        raise ConflictError(
            f"request {number} is {row['state']}; this can be done while it is {allowed}", row["version"]
        )
    return row


def change(unit: Unit, row: RowMapping, verb: str, changes: Mapping[str, Any], note: str = "") -> int:
    """Write the changes, their event and the trail; the new version."""
    version = row["version"] + 1
    values = {**changes, "version": version, "updated_at": unit.now}
    done = unit.execute(
        update(requests).where(requests.c.id == row["id"], requests.c.version == row["version"]).values(values)
    )
    if done.rowcount != 1:
        raise ConflictError(f"request {number_of(row['id'])} was changed meanwhile")
    add_events(unit, [event(unit, row["id"], verb, values, note)])
    before = {name: row[name] for name in changes if name not in PRIVATE}
    tell(unit, row["id"], verb, values, before)
    return version


def event(unit: Unit, id_: int, verb: str, values: Mapping[str, Any], note: str) -> dict[str, Any]:
    """One event; ``values`` are the columns that it sets."""
    return {
        "request_id": id_,
        "at": unit.now,
        "verb": verb,
        "account_id": unit.caller.account_id,
        "department": unit.caller.department,
        "note": note,
        "changes": {name: _plain(value) for name, value in values.items()},
    }


def add_events(unit: Unit, events: list[dict[str, Any]]) -> None:
    """Add events in their order."""
    unit.execute(_INSERT_EVENTS, events)


def tell(unit: Unit, id_: int, verb: str, values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Note the act in the trail, without what is private."""
    after = {name: value for name, value in values.items() if name not in PRIVATE}
    unit.tell(f"request_{verb}", f"request:{number_of(id_)}", before=before, after=after)


def fold(events: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """What the events add up to: the request's row, in JSON's own types."""
    row: dict[str, Any] = {}
    for event in events:
        row.update(event["changes"])
    return row


def today(unit: Unit) -> date:
    """The day in China on which the unit acts."""
    return china_date(unit.now)


def pauses_of(connection: Connection, ids: list[int]) -> dict[int, list[Pause]]:
    """When the clocks of some requests stood."""
    found: dict[int, list[Pause]] = {}
    for start in range(0, len(ids), 500):
        query = (
            select(request_events.c.request_id, request_events.c.verb, request_events.c.at)
            .where(
                request_events.c.request_id.in_(ids[start : start + 500]),
                request_events.c.verb.in_(("paused", "resumed")),
            )
            .order_by(request_events.c.id)
        )
        for id_, verb, at in connection.execute(query):
            spans = found.setdefault(id_, [])
            if verb == "paused":
                spans.append(Pause(china_date(at)))
            elif spans and spans[-1].end is None:
                spans[-1] = Pause(spans[-1].start, max(spans[-1].start, china_date(at)))
    return found


def since(spans: Iterable[Pause], row: Mapping[Any, Any]) -> list[Pause]:
    """The pauses that touch the clock now running."""
    return [span for span in spans if span.end is None or span.end > row["clock_on"]]


def count_due(calendar: WorkCalendar, clock_on: date, days: int, pauses: Iterable[Pause]) -> date | None:
    """The last day of a request's clock."""
    return due_on(calendar, clock_on, days, merge(pauses))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
