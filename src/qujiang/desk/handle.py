"""A department handles its request: contact, return, opinion, interim word, pause, extension, escalation, reply."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, select, update

from qujiang.calendar import Pause
from qujiang.desk import record
from qujiang.desk.access import allow
from qujiang.desk.rulebook import DESK, Clocks, Rulebook
from qujiang.errors import ConflictError, ForbiddenError, ScenarioError
from qujiang.store import Unit
from qujiang.store.schema_rooms import request_departments

MOST_RETURNS = 2

#: A promise without a date is no reply.
VAGUE = ("尽快", "抓紧", "适时", "as soon as possible")


def contact(unit: Unit, number: str, version: int, note: str = "") -> int:
    """The lead has spoken with the enterprise."""
    row = _lead(unit, number, version, "contact", "contacted")
    return record.change(unit, row, "contacted", {"state": "handling", "contacted_on": record.today(unit)}, note)


def send_back(unit: Unit, book: Rulebook, number: str, version: int, reason: str) -> int:
    """Not ours: back to the desk with a reason, within the limit, twice at most."""
    row = _lead(unit, number, version, "return", "returned")
    _need(reason, "say why the request is returned")
    if row["returns"] >= MOST_RETURNS:
        raise ConflictError(
            f"request {number} was returned {MOST_RETURNS} times; ask the joint meeting", row["version"]
        )
    passed = book.calendar.days_between(row["assigned_on"], record.today(unit))
    limit = _clocks(unit, book, row).return_wd
    if passed > limit:
        raise ConflictError(f"a return is possible within {limit} working day(s); {passed} have passed", row["version"])
    changes = {
        "state": "received",
        "lead_department": None,
        "returns": row["returns"] + 1,
        "extension_days": None,
        "paused": False,
    }
    return record.change(unit, row, "returned", changes, reason)


def give_opinion(unit: Unit, number: str, version: int, opinion: str) -> int:
    """An assisting department answers the lead."""
    allow(unit.caller, "opinion")
    row = record.take(unit, number, version, "opinion_given")
    _need(opinion, "write the opinion")
    mine = (request_departments.c.request_id == row["id"], request_departments.c.department == unit.caller.department)
    done = unit.execute(
        update(request_departments).where(*mine).values(answered_on=record.today(unit), opinion=opinion)
    )
    if done.rowcount == 0:
        raise ForbiddenError(f"{unit.caller.department} does not assist in request {number}")
    return record.change(unit, row, "opinion_given", {}, opinion)


def reply_interim(unit: Unit, number: str, version: int, text: str) -> int:
    """A word on the way; the clock runs on."""
    row = _lead(unit, number, version, "interim", "interim_replied")
    _need(text, "write what has been done and what comes next")
    return record.change(unit, row, "interim_replied", {}, text)


def pause(unit: Unit, number: str, version: int, reason: str) -> int:
    """The clock stands while the enterprise is asked for something."""
    row = _lead(unit, number, version, "pause", "paused")
    _need(reason, "say what is waited for")
    if row["paused"]:
        raise ConflictError(f"the clock of request {number} stands already", row["version"])
    return record.change(unit, row, "paused", {"paused": True, "due_on": None}, reason)


def resume(unit: Unit, book: Rulebook, number: str, version: int, note: str = "") -> int:
    """The clock runs on; the last day is counted again."""
    row = _lead(unit, number, version, "resume", "resumed")
    if not row["paused"]:
        raise ConflictError(f"the clock of request {number} runs", row["version"])
    spans = _pauses(unit, row)
    held = [*spans[:-1], Pause(spans[-1].start, max(spans[-1].start, record.today(unit)))]
    due = record.count_due(book.calendar, row["clock_on"], row["due_days"], held)
    return record.change(unit, row, "resumed", {"paused": False, "due_on": due}, note)


def ask_extension(unit: Unit, book: Rulebook, number: str, version: int, *, days: int, reason: str) -> int:
    """More time is asked for, before the last day, within the most that the clock's rule allows."""
    row = _lead(unit, number, version, "ask_extension", "extension_asked")
    _need(reason, "say why more time is needed")
    most = _clocks(unit, book, row).most_extension_wd
    if not 1 <= days <= most:
        raise ScenarioError(f"days = {days} must lie between 1 and {most}")
    if row["extensions"] or row["extension_days"]:
        raise ConflictError("an extension is asked for once", row["version"])
    if row["due_on"] is None or record.today(unit) > row["due_on"]:
        raise ConflictError(
            "an extension is asked for while the clock runs, before the last day has passed", row["version"]
        )
    return record.change(unit, row, "extension_asked", {"extension_days": days}, reason)


def decide_extension(unit: Unit, book: Rulebook, number: str, version: int, *, grant: bool, reason: str) -> int:
    """The supervisor grants or refuses; the enterprise sees both."""
    allow(unit.caller, "decide_extension")
    verb = "extension_granted" if grant else "extension_refused"
    row = record.take(unit, number, version, verb)
    _need(reason, "say why")
    if not row["extension_days"]:
        raise ConflictError(f"no extension is asked for in request {number}", row["version"])
    changes: dict[str, Any] = {"extension_days": None}
    if grant:
        days = row["due_days"] + row["extension_days"]
        due = record.count_due(book.calendar, row["clock_on"], days, _pauses(unit, row))
        changes |= {"due_days": days, "due_on": due, "extensions": row["extensions"] + 1}
    return record.change(unit, row, verb, changes, reason)


def escalate(unit: Unit, number: str, version: int, reason: str) -> int:
    """Too hard for one department: the joint meeting decides. The clock runs on."""
    allow(unit.caller, "escalate")
    row = record.take(unit, number, version, "escalated")
    if unit.caller.role == "officer" and unit.caller.department not in (row["lead_department"], DESK):
        raise ForbiddenError("the lead department escalates")
    _need(reason, "say what the departments cannot settle")
    return record.change(unit, row, "escalated", {"state": "escalated", "level": "joint_meeting"}, reason)


def decide(unit: Unit, book: Rulebook, number: str, version: int, *, lead: str, days: int, resolution: str) -> int:
    """The joint meeting names the lead and the days from today."""
    allow(unit.caller, "decide")
    row = record.take(unit, number, version, "decided")
    _need(resolution, "write what was decided")
    if book.department(lead).code == DESK:
        raise ScenarioError("the joint meeting names a department that answers")
    if not 1 <= days <= 250:
        raise ScenarioError(f"days = {days} must lie between 1 and 250")
    on = record.today(unit)
    changes = {
        "state": "handling",
        "lead_department": lead,
        "clock_on": on,
        "due_days": days,
        "due_on": record.count_due(book.calendar, on, days, ()),
        "contacted_on": row["contacted_on"] or on,
        "paused": False,
    }
    return record.change(unit, row, "decided", changes, resolution)


def reply(unit: Unit, number: str, version: int, text: str) -> int:
    """The answer to the enterprise; a promise must name a date."""
    row = _lead(unit, number, version, "reply", "replied")
    _need(text, "write the reply")
    if any(word in text.casefold() for word in VAGUE) and not any(sign.isdigit() for sign in text):
        raise ScenarioError("the reply promises without a date; name the day")
    if row["paused"]:
        raise ConflictError("the clock stands; resume it first", row["version"])
    on = record.today(unit)
    changes = {"state": "replied", "replied_on": on, "reply": text, "contacted_on": row["contacted_on"] or on}
    return record.change(unit, row, "replied", changes)


def _pauses(unit: Unit, row: RowMapping) -> list[Pause]:
    return record.since(record.pauses_of(unit.connection, [row["id"]]).get(row["id"], []), row)


def _clocks(unit: Unit, book: Rulebook, row: RowMapping) -> Clocks:
    assisting = unit.execute(
        select(request_departments.c.department).where(request_departments.c.request_id == row["id"])
    ).all()
    return book.clocks_of(book.service(row["service_code"]).kind, len(assisting), row["assigned_on"])


def _lead(unit: Unit, number: str, version: int, action: str, verb: str) -> RowMapping:
    allow(unit.caller, action)
    row = record.take(unit, number, version, verb)
    if row["lead_department"] != unit.caller.department:
        raise ForbiddenError(f"the lead department {row['lead_department']} does this")
    return row


def _need(text: str, mend: str) -> None:
    if not text.strip():
        raise ScenarioError(mend)
    if len(text) > 4000:
        raise ScenarioError("at most 4000 characters")
