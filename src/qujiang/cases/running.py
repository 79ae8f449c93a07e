"""Cases that run: one application, its steps in the departments' lanes, its papers, its one progress code."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, exists, false, insert, select, true, update

from qujiang.calendar import WorkCalendar, china_date
from qujiang.calendar.due import due_on
from qujiang.cases import bundle as files
from qujiang.cases import walk
from qujiang.cases.forms import answer_faults
from qujiang.cases.library import Library
from qujiang.cases.model import Bundle, Material
from qujiang.errors import ConflictError, DataError, Fault, ForbiddenError, NotFoundError, ScenarioError
from qujiang.rules import DecisionTable
from qujiang.store import Caller, Unit
from qujiang.store.schema_rooms import case_events, case_materials, case_steps, case_tokens, cases

_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L


@dataclass(frozen=True, slots=True)
class Application:
    """What an enterprise hands in: answers, papers at hand (code -> where they lie), papers promised (容缺)."""

    bundle: str
    answers: Mapping[str, Any]
    materials: Mapping[str, str] = field(default_factory=dict)
    promised: tuple[str, ...] = ()


def scope(caller: Caller) -> ColumnElement[bool]:
    """The cases that the caller sees."""
    if caller.role in ("supervisor", "auditor") or (caller.role == "officer" and caller.department == "desk"):
        return true()
    if caller.role == "enterprise":
        return cases.c.enterprise_code == caller.enterprise_code
    if caller.role == "officer":
        return exists().where(case_steps.c.case_id == cases.c.id, case_steps.c.department == caller.department)
    return false()


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
    data = forecast(bundle, library.tables, answers, on)
    steps = walk.way(bundle.process, data)
    nodes = [bundle.process.nodes[step] for step in steps]
    return {
        "bundle": name,
        "version": bundle.digest,
        "title_zh": bundle.title_zh,
        "steps": [{"step": n.id, "name": n.name, "department": n.department, "limit_wd": n.due_wd} for n in nodes],
        "days": walk.longest_days(bundle.process, frozenset(steps)),
        "decisions": {key: value for key, value in data.items() if "." in key},
        "materials": [_material(m) for m in files.materials_for(bundle, steps)],
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
    _need_application(bundle, application.answers)
    data = forecast(bundle, library.tables, application.answers, china_date(unit.now))
    steps = walk.way(bundle.process, data)
    needed = files.materials_for(bundle, steps)
    faults = answer_faults(files.form_for(bundle, steps), application.answers) + _paper_faults(needed, application)
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
    _write_papers(unit, calendar, case_id, needed, application)
    place = walk.begin(bundle.process, application.answers)
    _move(unit, bundle, calendar, case_id, walk.Place(), place)
    _tell(unit, case_id, code, "started", "", {"bundle": bundle.name, "digest": bundle.digest})
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
        _need_papers(unit.connection, case)
    decisions, changes = _decisions_at(library, bundle, case, step, china_date(unit.now))
    after = walk.complete(bundle.process, place, step, {**case["answers"], **decisions})
    done = {"state": "done", "done_at": unit.now, "done_by": unit.caller.account_id, "note": note}
    unit.execute(update(case_steps).where(case_steps.c.case_id == case["id"], case_steps.c.node == step).values(done))
    _move(unit, bundle, calendar, case["id"], walk.Place(place.tokens, place.ready - {step}), after)
    values: dict[str, Any] = {"version": case["version"] + 1, "decisions": case["decisions"] | changes}
    if after.over:
        values |= {"state": "done", "done_at": unit.now}
    unit.execute(update(cases).where(cases.c.id == case["id"]).values(values))
    _tell(unit, case["id"], code, "step_done", step, {"step": step, "decisions": changes, "over": after.over}, note)
    return {
        "code": code,
        "state": "done" if after.over else "open",
        "ready": sorted(after.ready),
        "version": values["version"],
    }


def give_material(
    unit: Unit, library: Library, code: str, version: int, material: str, reference: str
) -> dict[str, Any]:
    """A promised paper is handed in."""
    unit.caller.need("enterprise")
    case = find(unit.connection, unit.caller, code, lock=True)
    if case["version"] != version:
        raise ConflictError(f"case {code} was changed meanwhile: it is at version {case['version']}", case["version"])
    mine = (
        case_materials.c.case_id == case["id"],
        case_materials.c.material == material,
        case_materials.c.state == "promised",
    )
    if not reference.strip():
        raise ScenarioError("say where the paper lies")
    values = {"state": "given", "reference": reference, "given_at": unit.now}
    if unit.execute(update(case_materials).where(*mine).values(values)).rowcount != 1:
        raise ConflictError(f"paper {material} is not awaited in case {code}", case["version"])
    unit.execute(update(cases).where(cases.c.id == case["id"]).values(version=version + 1))
    _tell(unit, case["id"], code, "material_given", "", {"material": material})
    return {"version": version + 1}


def find(connection: Connection, caller: Caller, code: str, *, lock: bool = False) -> RowMapping:
    """The case, within the caller's scope."""
    query = select(cases).where(cases.c.code == code, scope(caller))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFoundError(f"no case {code!r}")
    return row


def progress(connection: Connection, library: Library, code: str) -> dict[str, Any]:
    """What anyone with the progress code sees: steps and days, no name and no answer."""
    row = connection.execute(select(cases).where(cases.c.code == code)).mappings().first()
    if row is None:
        raise NotFoundError(f"no case {code!r}")
    bundle = library.of(connection, row["bundle_id"])
    steps = connection.execute(
        select(case_steps).where(case_steps.c.case_id == row["id"]).order_by(case_steps.c.ready_on, case_steps.c.node)
    )
    return {
        "code": code,
        "title_zh": bundle.title_zh,
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
            for step in steps.mappings()
        ],
    }


def shown(connection: Connection, caller: Caller, library: Library, code: str) -> dict[str, Any]:
    """One case with its answers, papers, decisions and story."""
    row = find(connection, caller, code)
    papers = connection.execute(select(case_materials).where(case_materials.c.case_id == row["id"])).mappings()
    events = connection.execute(
        select(case_events).where(case_events.c.case_id == row["id"]).order_by(case_events.c.id)
    ).mappings()
    return progress(connection, library, code) | {
        "answers": row["answers"],
        "decisions": row["decisions"],
        "materials": [{k: p[k] for k in ("material", "state", "due_on", "reference")} for p in papers],
        "events": [{k: e[k] for k in ("at", "verb", "node", "note")} for e in events],
    }


def worklist(connection: Connection, caller: Caller, limit: int = 100) -> list[dict[str, Any]]:
    """The ready steps of the caller's department, the most urgent first."""
    caller.need("officer")
    query = (
        select(cases.c.code, case_steps.c.node, case_steps.c.ready_on, case_steps.c.due_on)
        .join(cases, cases.c.id == case_steps.c.case_id)
        .where(case_steps.c.department == caller.department, case_steps.c.state == "ready", cases.c.state == "open")
        .order_by(case_steps.c.due_on, cases.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _need_application(bundle: Bundle, answers: Mapping[str, Any]) -> None:
    """The fields that decide the way must be right before the way is known."""
    faults = [
        fault
        for fault in answer_faults({**files.merged_form(bundle), "additionalProperties": True}, answers)
        if fault.column is None or fault.column in bundle.forms[files.APPLICATION]["properties"]
    ]
    if faults:
        raise DataError(faults)


def _paper_faults(needed: tuple[Material, ...], application: Application) -> list[Fault]:
    faults = []
    known = {paper.code for paper in needed}
    for code in {*application.materials, *application.promised} - known:
        faults.append(Fault("materials", None, code, None, "is not asked for", "leave it out"))
    for paper in needed:
        if paper.code in application.materials:
            continue
        if paper.code not in application.promised:
            faults.append(Fault("materials", None, paper.code, None, "is missing", paper.name_zh))
        elif paper.tolerance_wd is None:
            faults.append(Fault("materials", None, paper.code, None, "cannot be brought later", paper.name_zh))
    return faults


def _write_papers(
    unit: Unit, calendar: WorkCalendar, case_id: int, needed: tuple[Material, ...], application: Application
) -> None:
    on = china_date(unit.now)
    rows = []
    for paper in needed:
        given = paper.code in application.materials
        later = None if given or paper.tolerance_wd is None else due_on(calendar, on, paper.tolerance_wd)
        rows.append(
            {
                "case_id": case_id,
                "material": paper.code,
                "state": "given" if given else "promised",
                "due_on": later,
                "reference": application.materials.get(paper.code, ""),
                "given_at": unit.now if given else None,
            }
        )
    if rows:
        unit.execute(insert(case_materials), rows)


def _need_papers(connection: Connection, case: RowMapping) -> None:
    query = select(case_materials.c.material).where(
        case_materials.c.case_id == case["id"], case_materials.c.state == "promised"
    )
    missing = connection.execute(query).scalars().all()
    if missing:
        raise ConflictError(f"promised papers are still missing: {', '.join(missing)}", case["version"])


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


def _material(paper: Material) -> dict[str, Any]:
    return {"material": paper.code, "name_zh": paper.name_zh, "name_en": paper.name_en, "later_wd": paper.tolerance_wd}


def _tell(unit: Unit, case_id: int, code: str, verb: str, node: str, changes: dict[str, Any], note: str = "") -> None:
    event = {
        "case_id": case_id,
        "at": unit.now,
        "verb": verb,
        "account_id": unit.caller.account_id,
        "node": node or None,
        "note": note,
        "changes": changes,
    }
    unit.execute(insert(case_events).values(event))
    unit.tell(f"case_{verb}", f"case:{case_id}", after=changes)
