"""Who may do what, and who sees which request. Denied unless listed; a test walks the whole table."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from qujiang.desk.rulebook import DESK
from qujiang.errors import ForbiddenError
from qujiang.store import Caller
from qujiang.store.schema_rooms import request_departments, requests

#: An officer of the request desk acts as its clerk.
CLERK = "clerk"

ALLOWED: dict[str, frozenset[str]] = {
    "receive": frozenset({"enterprise", CLERK}),
    "intake": frozenset({CLERK}),
    "see": frozenset({"enterprise", "officer", CLERK, "supervisor", "joint_meeting", "auditor"}),
    "dispatch": frozenset({CLERK}),
    "contact": frozenset({"officer"}),
    "return": frozenset({"officer"}),
    "opinion": frozenset({"officer"}),
    "interim": frozenset({"officer"}),
    "pause": frozenset({"officer"}),
    "resume": frozenset({"officer"}),
    "ask_extension": frozenset({"officer"}),
    "decide_extension": frozenset({"supervisor"}),
    "escalate": frozenset({"officer", CLERK, "supervisor"}),
    "decide": frozenset({"joint_meeting"}),
    "reply": frozenset({"officer"}),
    "call_back": frozenset({CLERK, "supervisor"}),
    "rate": frozenset({"enterprise"}),
    "reopen": frozenset({"enterprise", CLERK, "supervisor"}),
    "merge": frozenset({CLERK}),
    "clear": frozenset({CLERK}),
    "board": frozenset({"officer", CLERK, "supervisor", "joint_meeting", "auditor"}),
    "recount": frozenset({"supervisor", "system"}),
    "events": frozenset({"supervisor", "auditor"}),
}


def part_of(caller: Caller) -> str:
    """The caller's part at the desk: the role, but ``clerk`` for an officer of the desk."""
    return CLERK if caller.role == "officer" and caller.department == DESK else caller.role


def allow(caller: Caller, verb: str) -> None:
    """Refuse a verb that is not listed for the caller's part."""
    part = part_of(caller)
    if part not in ALLOWED[verb]:
        raise ForbiddenError(f"{part} may not {verb.replace('_', ' ')}; allowed: {', '.join(sorted(ALLOWED[verb]))}")


def scope(caller: Caller) -> ColumnElement[bool]:
    """The requests that the caller sees, as a condition of every query."""
    part = part_of(caller)
    if part in (CLERK, "supervisor", "auditor", "system"):
        return true()
    if part == "joint_meeting":
        return requests.c.level == "joint_meeting"
    if part == "enterprise":
        return and_(requests.c.enterprise_code == caller.enterprise_code, requests.c.enterprise_code.is_not(None))
    if part == "officer":
        assists = exists().where(
            request_departments.c.request_id == requests.c.id, request_departments.c.department == caller.department
        )
        return or_(requests.c.lead_department == caller.department, assists)
    return false()
