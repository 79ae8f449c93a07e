"""What a caller sees of cases: one case with its story, the list of cases, and what a progress code shows anyone."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from qujiang.calendar import WorkCalendar
from qujiang.cases.library import Library
from qujiang.cases.model import Bundle
from qujiang.cases.papers import files_of
from qujiang.cases.record import find, scope
from qujiang.errors import ForbiddenError, NotFoundError, ScenarioError
from qujiang.store import Caller
from qujiang.store.schema_rooms import case_events, case_materials, case_steps, cases

WARN_WD = 1  # yellow from so many working days before the last
LOOKS = ("enterprise", "officer", "supervisor", "auditor")


def progress(connection: Connection, library: Library, code: str) -> dict[str, Any]:
    """What anyone with the progress code sees: steps and days, no name and no answer."""
    row = connection.execute(select(cases).where(cases.c.code == code)).mappings().first()
    if row is None:
        raise NotFoundError(f"no case {code!r}")
    bundle = library.of(connection, row["bundle_id"])
    found = connection.execute(select(case_steps).where(case_steps.c.case_id == row["id"])).mappings()
    steps = sorted(found, key=lambda s: (s["done_at"] is None, s["done_at"] or row["started_at"], s["node"]))
    return {
        "code": code,
        "bundle": bundle.name,
        "title_zh": bundle.title_zh,
        "title_en": bundle.title_en,
        "state": row["state"],
        "version": row["version"],
        "steps": [
            {
                "step": step["node"],
                "name": bundle.process.nodes[step["node"]].name,
                "department": step["department"],
                "state": step["state"],
                "ready_on": step["ready_on"],
                "due_on": step["due_on"],
                "done_at": step["done_at"],
            }
            for step in steps
        ],
    }


def bundle_of(connection: Connection, library: Library, code: str) -> Bundle:
    """The version of the bundle that a case began with."""
    number = connection.execute(select(cases.c.bundle_id).where(cases.c.code == code)).scalar()
    if number is None:
        raise NotFoundError(f"no case {code!r}")
    return library.of(connection, number)


def shown(connection: Connection, caller: Caller, library: Library, code: str) -> dict[str, Any]:
    """One case with its answers, papers, decisions and story."""
    row = find(connection, caller, code)
    here = files_of(connection, row["id"])
    papers = connection.execute(select(case_materials).where(case_materials.c.case_id == row["id"])).mappings()
    events = connection.execute(
        select(case_events).where(case_events.c.case_id == row["id"]).order_by(case_events.c.id)
    ).mappings()
    return progress(connection, library, code) | {
        "answers": row["answers"],
        "decisions": row["decisions"],
        "materials": [_paper(p) | {"files": here.get(p["material"], [])} for p in papers],
        "events": [{k: e[k] for k in ("at", "verb", "node", "note")} for e in events],
    }


def listed(
    connection: Connection,
    caller: Caller,
    library: Library,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """The cases that the caller sees, the newest first; ``after`` is the code that ended the page before."""
    if caller.role not in LOOKS:
        raise ForbiddenError(f"{caller.role} may not see cases; allowed: {', '.join(LOOKS)}")
    if not 1 <= limit <= 200:
        raise ScenarioError(f"limit = {limit} must lie between 1 and 200")
    query = select(cases).where(scope(caller))
    if state:
        query = query.where(cases.c.state == state)
    if after:
        query = query.where(cases.c.id < select(cases.c.id).where(cases.c.code == after).scalar_subquery())
    rows = connection.execute(query.order_by(cases.c.id.desc()).limit(limit)).mappings().all()
    ready = _ready_steps(connection, [row["id"] for row in rows])
    return [
        {name: row[name] for name in ("code", "version", "state", "enterprise_code", "started_at", "done_at")}
        | _named(library.of(connection, row["bundle_id"]), ready.get(row["id"], []))
        for row in rows
    ]


def _ready_steps(connection: Connection, ids: list[int]) -> dict[int, list[RowMapping]]:
    found: dict[int, list[RowMapping]] = {}
    query = select(case_steps).where(case_steps.c.case_id.in_(ids), case_steps.c.state == "ready")
    for step in connection.execute(query.order_by(case_steps.c.due_on)).mappings():
        found.setdefault(step["case_id"], []).append(step)
    return found


def _named(bundle: Bundle, ready: list[RowMapping]) -> dict[str, Any]:
    steps = [
        {
            "step": step["node"],
            "name": bundle.process.nodes[step["node"]].name,
            "department": step["department"],
            "due_on": step["due_on"],
        }
        for step in ready
    ]
    return {"bundle": bundle.name, "title_zh": bundle.title_zh, "title_en": bundle.title_en, "ready": steps}


def clock(calendar: WorkCalendar, due_on: date | None, on: date) -> dict[str, Any]:
    """A step's clock: its colour, and the working days left or late; without a last day, nothing."""
    if due_on is None:
        return {"colour": "", "left_wd": None, "late_wd": 0}
    if on > due_on:
        return {"colour": "red", "left_wd": None, "late_wd": calendar.days_between(due_on, on)}
    left = calendar.days_between(on, due_on)
    return {"colour": "yellow" if left <= WARN_WD else "green", "left_wd": left, "late_wd": 0}


def _paper(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in ("material", "state", "due_on", "given_at", "reference")}
