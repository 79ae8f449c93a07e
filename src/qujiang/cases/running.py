"""Cases that run: one application, its steps in the departments' lanes, its papers, its one progress code."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from qujiang.calendar import WorkCalendar, china_date
from qujiang.calendar.due import due_on
from qujiang.cases import bundle as files
from qujiang.cases import walk
from qujiang.cases.forms import answer_faults
from qujiang.cases.library import Library
from qujiang.cases.model import Bundle
from qujiang.cases.papers import Application, material_notice, need_papers, paper_faults, write_papers
from qujiang.cases.record import find, tell
from qujiang.errors import ConflictError, DataError, ForbiddenError, NotFoundError
from qujiang.rules import DecisionTable
from qujiang.store import Unit
from qujiang.store.schema_rooms import case_steps, case_tokens, cases

_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L


def forecast(
    bundle: Bundle, tables: Mapping[str, DecisionTable], answers: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """The answers with what the decision tables would say on that day."""
    data = dict(answers)
    for use in bundle.decisions:
        data |= _decide(tables, use.table, use.inputs, answers, on)[0]
    return data


def notice(library: Library, name: str, answers: Mapping[str, Any], on: date) -> dict[str, Any]:
    """Everything that these answers will ask for, said once (一次告知)."""
    _, bundle = library.named(name)
    _need_application(bundle, answers)
    return told(library, bundle, answers, on)


def told(library: Library, bundle: Bundle, answers: Mapping[str, Any], on: date) -> dict[str, Any]:
    """What answers that decide the way lead to: steps, days, papers, and the form with exactly their fields."""
    data = forecast(bundle, library.tables, answers, on)
    steps = walk.way(bundle.process, data)
    nodes = [bundle.process.nodes[step] for step in steps]
    return {
        "bundle": bundle.name,
        "version": bundle.digest,
        "title_zh": bundle.title_zh,
        "steps": [{"step": n.id, "name": n.name, "department": n.department, "limit_wd": n.due_wd} for n in nodes],
        "days": walk.longest_days(bundle.process, frozenset(steps)),
        "decisions": {key: value for key, value in data.items() if "." in key},
        "materials": [material_notice(m) for m in files.materials_for(bundle, steps)],
        "form": files.form_for(bundle, steps),
    }


def start_case(unit: Unit, library: Library, calendar: WorkCalendar, application: Application) -> dict[str, Any]:
    """Open a case.

    Raises
    ------
    DataError
        Every fault of the answers and every missing paper at once.
    """
    unit.caller.need("enterprise")
    number, bundle = library.named(application.bundle)
    need_decisive(bundle, application.answers)
    data = forecast(bundle, library.tables, application.answers, china_date(unit.now))
    steps = walk.way(bundle.process, data)
    needed = files.materials_for(bundle, steps)
    faults = answer_faults(files.form_for(bundle, steps), application.answers) + paper_faults(
        unit.connection, unit.caller, needed, application
    )
    if faults:
        raise DataError(faults)
    code = "".join(secrets.choice(_SIGNS) for _ in range(12))
    values = {
        "code": code,
        "bundle_id": number,
        "state": "open",
        "account_id": unit.caller.account_id,
        "enterprise_code": unit.caller.enterprise_code,
        "answers": dict(application.answers),
        "decisions": {},
        "started_at": unit.now,
        "version": 1,
    }
    case_id = unit.execute(insert(cases).values(values).returning(cases.c.id)).scalar_one()
    write_papers(unit, calendar, case_id, needed, application)
    place = walk.begin(bundle.process, application.answers)
    _move(unit, bundle, calendar, case_id, walk.Place(), place)
    tell(unit, case_id, code, "started", "", {"bundle": bundle.name, "digest": bundle.digest})
    return {"code": code, "state": "open", "ready": sorted(place.ready)}


def complete_step(
    unit: Unit, library: Library, calendar: WorkCalendar, code: str, step: str, *, note: str = ""
) -> dict[str, Any]:
    """A department does its ready step; what follows becomes ready in the same transaction."""
    unit.caller.need("officer")
    case = find(unit.connection, unit.caller, code, lock=True)
    bundle = library.of(unit.connection, case["bundle_id"])
    place = _place(unit.connection, case["id"])
    if step not in bundle.process.nodes:
        raise NotFoundError(f"case {code} has no step {step!r}")
    node = bundle.process.nodes[step]
    if node.department != unit.caller.department:
        raise ForbiddenError(f"{node.department} does this step")
    if case["state"] != "open" or step not in place.ready:
        raise ConflictError(
            f"step {step} of case {code} is not ready: it is done, or waits for others", case["version"]
        )
    if node.final:
        need_papers(unit.connection, case)
    decisions, changes = _decisions_at(library, bundle, case, step, china_date(unit.now))
    after = walk.complete(bundle.process, place, step, {**case["answers"], **decisions})
    done = {"state": "done", "done_at": unit.now, "done_by": unit.caller.account_id, "note": note}
    unit.execute(update(case_steps).where(case_steps.c.case_id == case["id"], case_steps.c.node == step).values(done))
    _move(unit, bundle, calendar, case["id"], walk.Place(place.tokens, place.ready - {step}), after)
    values: dict[str, Any] = {"version": case["version"] + 1, "decisions": case["decisions"] | changes}
    if after.over:
        values |= {"state": "done", "done_at": unit.now}
    unit.execute(update(cases).where(cases.c.id == case["id"]).values(values))
    tell(unit, case["id"], code, "step_done", step, {"step": step, "decisions": changes, "over": after.over}, note)
    return {
        "code": code,
        "state": "done" if after.over else "open",
        "ready": sorted(after.ready),
        "version": values["version"],
    }


def need_decisive(bundle: Bundle, answers: Mapping[str, Any]) -> None:
    """The answers that decide the way must be right before it, and with it every other fault, is known."""
    names = files.decisive(bundle)
    properties = {field: bundle.forms[files.APPLICATION]["properties"][field] for field in names}
    faults = answer_faults({"type": "object", "properties": properties, "required": list(names)}, answers)
    if faults:
        raise DataError(faults)


def _need_application(bundle: Bundle, answers: Mapping[str, Any]) -> None:
    """The fields that decide the way must be right before the way is known."""
    faults = [
        fault
        for fault in answer_faults({**files.merged_form(bundle), "additionalProperties": True}, answers)
        if fault.column is None or fault.column in bundle.forms[files.APPLICATION]["properties"]
    ]
    if faults:
        raise DataError(faults)


def _place(connection: Connection, case_id: int) -> walk.Place:
    tokens = connection.execute(select(case_tokens.c.flow).where(case_tokens.c.case_id == case_id)).scalars()
    ready = connection.execute(
        select(case_steps.c.node).where(case_steps.c.case_id == case_id, case_steps.c.state == "ready")
    ).scalars()
    return walk.Place(frozenset(tokens), frozenset(ready))


def _move(
    unit: Unit, bundle: Bundle, calendar: WorkCalendar, case_id: int, before: walk.Place, after: walk.Place
) -> None:
    gone, new = before.tokens - after.tokens, after.tokens - before.tokens
    if gone:
        unit.execute(delete(case_tokens).where(case_tokens.c.case_id == case_id, case_tokens.c.flow.in_(gone)))
    if new:
        unit.execute(insert(case_tokens), [{"case_id": case_id, "flow": flow} for flow in sorted(new)])
    on = china_date(unit.now)
    rows = []
    for step in sorted(after.ready - before.ready):
        node = bundle.process.nodes[step]
        last = None if node.due_wd is None else due_on(calendar, on, node.due_wd)
        rows.append(
            {
                "case_id": case_id,
                "node": step,
                "department": node.department,
                "state": "ready",
                "ready_on": on,
                "due_on": last,
            }
        )
    if rows:
        unit.execute(insert(case_steps), rows)


def _decisions_at(
    library: Library, bundle: Bundle, case: RowMapping, step: str, on: date
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the tables said so far and say now: as answers for the walk, and as records with rule and version."""
    records: dict[str, Any] = dict(case["decisions"])
    changes: dict[str, Any] = {}
    for use in bundle.decisions:
        if use.at == step:
            changes[use.table] = _decide(library.tables, use.table, use.inputs, case["answers"], on)[1]
    data = {f"{table}.{name}": value for table, found in (records | changes).items() for name, value in found.items()}
    return data, changes


def _decide(
    tables: Mapping[str, DecisionTable], table: str, inputs: Mapping[str, str], answers: Mapping[str, Any], on: date
) -> tuple[dict[str, Any], dict[str, Any]]:
    decision = tables[table].decide(on, **{question: answers[field] for question, field in inputs.items()})
    return {f"{table}.{name}": value for name, value in decision.outcome.items()}, decision.as_dict()
