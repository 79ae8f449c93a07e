"""One case: found within the caller's scope; what is done to it stands in its story and in the trail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, false, insert, select, true

from qujiang.errors import NotFoundError
from qujiang.store import Caller, Unit
from qujiang.store.schema_rooms import case_events, case_steps, cases


def scope(caller: Caller) -> ColumnElement[bool]:
    """The cases that the caller sees."""
    if caller.role in ("supervisor", "auditor") or (caller.role == "officer" and caller.department == "desk"):
        return true()
    if caller.role == "enterprise":
        return cases.c.enterprise_code == caller.enterprise_code
    if caller.role == "officer":
        return exists().where(case_steps.c.case_id == cases.c.id, case_steps.c.department == caller.department)
    return false()


def find(connection: Connection, caller: Caller, code: str, *, lock: bool = False) -> RowMapping:
    """The case, within the caller's scope."""
    query = select(cases).where(cases.c.code == code, scope(caller))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFoundError(f"no case {code!r}")
    return row


def tell(unit: Unit, case_id: int, code: str, verb: str, node: str, changes: dict[str, Any], note: str = "") -> None:
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
