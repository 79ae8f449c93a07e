"""What a caller may do with a request as it stands: the acts that would not be refused, in the order of the work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from qujiang.desk import record
from qujiang.desk.access import ALLOWED, CLERK, part_of
from qujiang.desk.handle import MOST_RETURNS
from qujiang.desk.rulebook import Clocks, Rulebook
from qujiang.errors import ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import request_departments, request_events

#: act -> the verb of its event
ACTS: dict[str, str] = {
    "dispatch": "dispatched",
    "contact": "contacted",
    "reply": "replied",
    "interim": "interim_replied",
    "opinion": "opinion_given",
    "pause": "paused",
    "resume": "resumed",
    "ask_extension": "extension_asked",
    "decide_extension": "extension_granted",
    "return": "returned",
    "escalate": "escalated",
    "decide": "decided",
    "call_back": "called_back",
    "rate": "rated",
    "reopen": "reopened",
    "merge": "merged",
    "clear": "cleared",
}
LEAD = ("contact", "reply", "interim", "pause", "resume", "ask_extension", "return")


def possible(connection: Connection, caller: Caller, book: Rulebook, number: str, on: date) -> tuple[str, ...]:
    """The acts that the caller may do now; every one that is left out would be refused."""
    row = record.find(connection, caller, number)
    part = part_of(caller)
    acts = [act for act, verb in ACTS.items() if part in ALLOWED[act] and row["state"] in record.STATES[verb]]
    if part == "officer":
        acts = [act for act in acts if act not in LEAD or row["lead_department"] == caller.department]
    if not acts:
        return ()
    query = select(request_departments.c.department).where(request_departments.c.request_id == row["id"])
    assisting = frozenset(connection.execute(query).scalars())
    fits = _fitting(caller, book, row, assisting, _clocks(book, row, len(assisting)), on)
    acts = [act for act in acts if fits.get(act, True)]
    if "call_back" in acts and _handled(connection, caller, row["id"]):
        acts.remove("call_back")
    return tuple(acts)


def _clocks(book: Rulebook, row: Mapping[Any, Any], assisting: int) -> Clocks | None:
    """The limits of the request; None before it is dispatched, and where it is older than the rules or its service is gone:
    what needs a limit is then refused."""
    if row["assigned_on"] is None or row["service_code"] is None:
        return None
    try:
        return book.clocks_of(book.service(row["service_code"]).kind, assisting, row["assigned_on"])
    except ScenarioError:
        return None


def _fitting(
    caller: Caller, book: Rulebook, row: Mapping[Any, Any], assisting: Collection[str], clocks: Clocks | None, on: date
) -> dict[str, bool]:
    """What an act needs beyond role and state."""
    between = book.calendar.days_between
    in_time = row["due_on"] is not None and on <= row["due_on"]
    days = clocks is not None
    return {
        "reply": not row["paused"],
        "pause": not row["paused"],
        "resume": row["paused"],
        "opinion": caller.department in assisting,
        "ask_extension": days and in_time and not row["extensions"] and not row["extension_days"],
        "decide_extension": bool(row["extension_days"]),
        "return": days and row["returns"] < MOST_RETURNS and between(row["assigned_on"], on) <= clocks.return_wd,
        "escalate": part_of(caller) in (CLERK, "supervisor") or row["lead_department"] == caller.department,
        "rate": row["rating"] is None,
        "reopen": part_of(caller) != "enterprise" or (days and between(row["replied_on"], on) <= clocks.reopen_wd),
        "clear": not row["cleared"],
    }


def _handled(connection: Connection, caller: Caller, id_: int) -> bool:
    mine = (
        request_events.c.request_id == id_,
        request_events.c.account_id == caller.account_id,
        request_events.c.verb.in_(("contacted", "replied", "interim_replied")),
    )
    return connection.execute(select(request_events.c.id).where(*mine).limit(1)).first() is not None
