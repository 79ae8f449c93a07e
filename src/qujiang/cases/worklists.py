"""The ready steps of a department, the most urgent first, a page at a time; each page has an address, onward and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from qujiang.errors import ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import case_steps, cases

#: Where steps without a day stand: behind every day.
NO_DAY = date(9999, 12, 31)
PLACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,12})\.(\S{1,80})")
_due = func.coalesce(case_steps.c.due_on, literal(NO_DAY))
_order = (_due, cases.c.id, case_steps.c.node)


@dataclass(frozen=True, slots=True)
class Steps:
    """One page of the worklist: ``total`` steps in all; ``next`` and ``previous`` are places, None at an end."""

    rows: list[dict[str, Any]]
    total: int
    next: str | None
    previous: str | None


def worklist(
    connection: Connection, caller: Caller, *, after: str = "", before: str = "", limit: int | None = 100
) -> Steps:
    """The ready steps of the caller's department.

    Parameters
    ----------
    after, before
        A place that an earlier page named: the page behind it, or the one in front of it.
    limit
        Steps on a page; None: all of them.

    Raises
    ------
    ForbiddenError
        The caller is no officer.
    ScenarioError
        ``after`` or ``before`` is no place, or both are given.
    """
    caller.need("officer")
    if after and before:
        raise ScenarioError("after and before exclude each other; name one")
    base = _ready(caller)
    total = connection.execute(select(func.count()).select_from(base.subquery())).scalar_one()
    query = base.order_by(*(column.desc() for column in _order) if before else _order)
    if after or before:
        query = query.where(_beyond(after or before, forward=not before))
    found = connection.execute(query if limit is None else query.limit(limit + 1)).mappings().all()
    more = limit is not None and len(found) > limit
    rows = [dict(row) for row in found[:limit]]
    if before:
        rows.reverse()
    here, end = (_place(rows[0]), _place(rows[-1])) if rows else (None, None)
    onward = bool(before) or more
    back = bool(after) or (bool(before) and more)
    shown = [{name: value for name, value in row.items() if name != "case_id"} for row in rows]
    return Steps(shown, total, end if onward else None, here if back else None)


def _ready(caller: Caller) -> Select[Any, Any, Any, Any, Any, Any]:
    step = case_steps.c
    return (
        select(cases.c.code, cases.c.bundle_id, cases.c.id.label("case_id"), step.node, step.ready_on, step.due_on)
        .join(cases, cases.c.id == step.case_id)
        .where(step.department == caller.department, step.state == "ready", cases.c.state == "open")
    )


def _place(row: dict[str, Any]) -> str:
    return f"{row['due_on'] or NO_DAY}.{row['case_id']}.{row['node']}"


def _beyond(place: str, *, forward: bool) -> ColumnElement[bool]:
    """The steps behind a place of the list, or in front of it."""
    parts = PLACE.fullmatch(place)
    try:
        day = date.fromisoformat(parts[1]) if parts else None
    except ValueError:
        day = None
    if parts is None or day is None:
        raise ScenarioError(f"{'after' if forward else 'before'} = {place[:40]} is no place in this list; begin at its first page")  # fmt: skip
    values = (literal(day), literal(int(parts[2])), literal(parts[3]))
    past = [column > value if forward else column < value for column, value in zip(_order, values, strict=True)]
    same = [column == value for column, value in zip(_order, values, strict=True)]
    return or_(past[0], and_(same[0], past[1]), and_(same[0], same[1], past[2]))
