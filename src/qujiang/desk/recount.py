"""Every open deadline counted again, after the working days of a year were published or changed.

Requests with the same days behind them move together: the database groups them, each group is counted once, and what
moved is written by group. Whose clock has ever stood is counted alone, with its pauses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import String, cast, func, insert, literal, select, text, update

from qujiang.desk import record
from qujiang.desk.access import allow
from qujiang.desk.rulebook import Rulebook
from qujiang.store import Unit
from qujiang.store.schema_rooms import WAS_PAUSED, request_events, requests

NOTE = "working days were published or changed"
AT_ONCE = 500
_BEHIND = ("clock_on", "due_days", "assigned_on", "contact_days", "due_on", "contact_due_on", "version")
_PAUSED = select(request_events.c.request_id).where(WAS_PAUSED)
_RUNNING = (requests.c.state.in_(record.STATES["recounted"]), requests.c.clock_on.is_not(None))


def recount(unit: Unit, book: Rulebook) -> list[str]:
    """Count every open deadline again; the numbers of those that moved. Other writers of requests wait meanwhile."""
    allow(unit.caller, "recount")
    if unit.connection.dialect.name == "postgresql":
        unit.execute(text("LOCK TABLE requests IN SHARE ROW EXCLUSIVE MODE").execution_options(later=True))
    moved = [number for group in _groups(unit) for number in _move_group(unit, book, group)]
    return sorted([*moved, *_recount_paused(unit, book)])


def _groups(unit: Unit) -> Sequence[Any]:
    """The open requests whose clock never stood, by the days behind their deadlines; ``ids`` joined by commas."""
    columns = [requests.c[name] for name in _BEHIND]
    ids = func.aggregate_strings(cast(requests.c.id, String), ",").label("ids")
    query = select(*columns, ids).where(*_RUNNING, requests.c.id.not_in(_PAUSED)).group_by(*columns)
    return unit.execute(query).mappings().all()


def _move_group(unit: Unit, book: Rulebook, group: Any) -> Iterator[str]:
    days = {
        "due_on": record.count_due(book.calendar, group["clock_on"], group["due_days"], ()),
        "contact_due_on": record.count_due(book.calendar, group["assigned_on"], group["contact_days"], ()),
    }
    before = {name: group[name] for name in days}
    if days == before:
        return
    values = {**days, "version": group["version"] + 1, "updated_at": unit.now}
    ids = [int(id_) for id_ in group["ids"].split(",")]
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        unit.execute(update(requests).where(requests.c.id.in_(some)).values(values).execution_options(later=True))
        _add_events(unit, some, values)
        numbers = [record.number_of(id_) for id_ in some]
        unit.tell("request_recounted", "requests", before=before, after={**days, "requests": numbers}, reason=NOTE)
        yield from numbers


def _add_events(unit: Unit, ids: list[int], values: dict[str, Any]) -> None:
    """The same event for each of some requests, in one statement."""
    one = record.event(unit, 0, "recounted", values, NOTE)
    columns = [name for name in one if name != "request_id"]
    same = [literal(one[name], request_events.c[name].type).label(name) for name in columns]
    source = select(requests.c.id, *same).where(requests.c.id.in_(ids))
    adding = insert(request_events).from_select(["request_id", *columns], source)
    unit.execute(adding.execution_options(later=True))


def _recount_paused(unit: Unit, book: Rulebook) -> list[str]:
    rows = unit.execute(select(requests).where(*_RUNNING, requests.c.id.in_(_PAUSED))).mappings().all()
    pauses = record.pauses_of(unit.connection, [row["id"] for row in rows])
    moved = []
    for row in rows:
        spans = record.since(pauses.get(row["id"], []), row)
        changes = {
            "due_on": record.count_due(book.calendar, row["clock_on"], row["due_days"], spans),
            "contact_due_on": record.count_due(book.calendar, row["assigned_on"], row["contact_days"], ()),
        }
        if any(row[name] != day for name, day in changes.items()):
            record.change(unit, row, "recounted", changes, NOTE)
            moved.append(record.number_of(row["id"]))
    return moved
