"""Where a case stands in the picture of its process; pure data, for whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from qujiang.cases import walk
from qujiang.cases.library import Library
from qujiang.cases.model import Bundle, Kind, Process
from qujiang.errors import NotFoundError
from qujiang.store.schema_rooms import case_steps, case_tokens, cases


def plan_of(bundle: Bundle) -> dict[str, Any]:
    """The picture of a bundle, no case in it.

    Raises
    ------
    NotFoundError
        The bundle's file has no diagram.
    """
    if bundle.drawing is None:
        raise NotFoundError(f"bundle {bundle.name!r} has no drawing: its BPMN file holds no diagram")
    return asdict(bundle.drawing)


def drawing(connection: Connection, library: Library, code: str) -> dict[str, Any]:
    """The picture of a case: every node with its ``state``, every edge with whether it was ``travelled``.

    States: ``done``, ``ready`` (to be done now), ``waiting`` (a join that waits for others), ``ahead`` (may still come),
    ``passed_by`` (these answers do not lead there). As ``progress``, it holds no name and no answer.
    """
    row = connection.execute(select(cases).where(cases.c.code == code)).mappings().first()
    if row is None:
        raise NotFoundError(f"no case {code!r}")
    bundle = library.of(connection, row["bundle_id"])
    plan = plan_of(bundle)
    steps = connection.execute(
        select(case_steps.c.node, case_steps.c.state, case_steps.c.done_at).where(case_steps.c.case_id == row["id"])
    ).all()
    done = [step.node for step in sorted((s for s in steps if s.state == "done"), key=lambda s: s.done_at)]
    held = connection.execute(select(case_tokens.c.flow).where(case_tokens.c.case_id == row["id"])).scalars()
    decided = {f"{table}.{name}": value for table, found in row["decisions"].items() for name, value in found.items()}
    answers = {**row["answers"], **decided}
    place = walk.Place(frozenset(held), frozenset(step.node for step in steps if step.state == "ready"))
    states, travelled = node_states(bundle.process, place, done, answers)
    for node in plan["nodes"]:
        node["state"] = states[node["id"]]
    for edge in plan["edges"]:
        edge["travelled"] = edge["id"] in travelled
    return {"code": code, "state": row["state"], **plan}


def node_states(
    process: Process, place: walk.Place, done: list[str], answers: Mapping[str, Any]
) -> tuple[dict[str, str], frozenset[str]]:
    """The state of every node, and the flows that a token has travelled; ``done`` steps in their order."""
    travelled = walk.travelled(process, done, answers)
    ahead = walk.ahead(process, place, answers)

    def state(id_: str) -> str:
        kind = process.nodes[id_].kind
        if id_ in done or (kind is Kind.START):
            return "done"
        if id_ in place.ready:
            return "ready"
        if any(flow in place.tokens for flow in process.incoming[id_]):
            return "waiting"
        if kind is not Kind.STEP and any(flow in travelled for flow in process.incoming[id_]) and id_ not in ahead:
            return "done"
        return "ahead" if id_ in ahead else "passed_by"

    return {id_: state(id_) for id_ in process.nodes}, travelled
