"""After the reply: call-back, five-level rating, re-opening."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, select

from qujiang.desk import record
from qujiang.desk.access import allow, part_of
from qujiang.desk.rulebook import Rulebook
from qujiang.errors import ConflictError, ForbiddenError, ScenarioError
from qujiang.store import Unit
from qujiang.store.schema_rooms import request_departments, request_events

#: 非常满意, 满意, 基本满意, 不满意, 非常不满意
RATINGS = {5: "very satisfied", 4: "satisfied", 3: "fairly satisfied", 2: "dissatisfied", 1: "very dissatisfied"}
SATISFIED = 3  # and above


def call_back(
    unit: Unit,
    book: Rulebook,
    number: str,
    version: int,
    *,
    resolved: bool | None,
    rating: int | None = None,
    note: str = "",
) -> int:
    """Ask the enterprise whether it is solved; ``resolved`` None: not reached. Unsolved goes back to the department."""
    allow(unit.caller, "call_back")
    row = record.take(unit, number, version, "called_back")
    _not_the_handler(unit, row)
    _check_rating(rating)
    if resolved is None and rating is not None:
        raise ScenarioError("who was not reached has not rated")
    changes: dict[str, Any] = {"called_back_on": record.today(unit), "resolved": resolved}
    if rating is not None and row["rating"] is None:
        changes["rating"] = rating
    if resolved is not False:
        return record.change(unit, row, "called_back", changes | {"state": "closed", "closed_at": unit.now}, note)
    return record.change(
        unit, row, "called_back", changes | _start_again(unit, book, row), note or "not solved: done again"
    )


def rate(unit: Unit, number: str, version: int, *, rating: int, comment: str = "") -> int:
    """The enterprise rates, once per handling; a bad rating brings the request back to the call-back."""
    allow(unit.caller, "rate")
    row = record.take(unit, number, version, "rated")
    _check_rating(rating)
    if row["rating"] is not None:
        raise ConflictError("one handling is rated once", row["version"])
    if len(comment) > 4000:
        raise ScenarioError("at most 4000 characters")
    changes: dict[str, Any] = {"rating": rating}
    if rating < SATISFIED and row["state"] == "closed":
        changes |= {"state": "replied", "closed_at": None, "called_back_on": None, "resolved": None}
    return record.change(unit, row, "rated", changes, comment)


def reopen(unit: Unit, book: Rulebook, number: str, version: int, reason: str) -> int:
    """Closed too early: the department starts again, within the days that the clock's rule allows."""
    allow(unit.caller, "reopen")
    row = record.take(unit, number, version, "reopened")
    if not reason.strip() or len(reason) > 4000:
        raise ScenarioError("say why, in at most 4000 characters")
    query = select(request_departments.c.department).where(request_departments.c.request_id == row["id"])
    clocks = book.clocks_of(book.service(row["service_code"]).kind, len(unit.execute(query).all()), row["assigned_on"])
    passed = book.calendar.days_between(row["replied_on"], record.today(unit))
    if part_of(unit.caller) == "enterprise" and passed > clocks.reopen_wd:
        message = f"re-opening is possible within {clocks.reopen_wd} working days; {passed} have passed"
        raise ConflictError(message, row["version"])
    cleared = {"called_back_on": None, "resolved": None}
    return record.change(unit, row, "reopened", cleared | _start_again(unit, book, row), reason)


def _start_again(unit: Unit, book: Rulebook, row: RowMapping) -> dict[str, Any]:
    on = record.today(unit)
    days = row["due_days"]
    return {
        "state": "handling",
        "reopened": row["reopened"] + 1,
        "clock_on": on,
        "due_on": record.count_due(book.calendar, on, days, ()),
        "replied_on": None,
        "rating": None,
        "closed_at": None,
        "extensions": 0,
    }


def _not_the_handler(unit: Unit, row: RowMapping) -> None:
    """Who handled a request does not ask whether it was handled well."""
    mine = (
        request_events.c.request_id == row["id"],
        request_events.c.account_id == unit.caller.account_id,
        request_events.c.verb.in_(("contacted", "replied", "interim_replied")),
    )
    if unit.execute(select(request_events.c.id).where(*mine).limit(1)).first():
        raise ForbiddenError("who handled a request does not call back")


def _check_rating(rating: int | None) -> None:
    if rating is not None and rating not in RATINGS:
        raise ScenarioError(f"rating = {rating} must be one of 1 to 5")
