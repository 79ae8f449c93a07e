"""What the store holds about one account: handed out whole, and taken away where the trail allows (个人信息保护法 45, 47).

Every table that names an account is looked at, and what hangs on its requests and cases; a new table is found by its keys.
The trail is never changed: it keeps who did what and when, under the account's name at that time, without private text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, or_, select, update

from qujiang.errors import ConflictError, NotFoundError
from qujiang.store import schema_rooms
from qujiang.store.engine import Unit
from qujiang.store.schema import accounts, api_keys, audit, files, login_attempts, metadata, repeats, sessions
from qujiang.store.schema_rooms import cases, request_events, requests

#: Hashes of secrets are no answer to the question what is held about a person.
SECRET = {"password_hash", "key_hash", "token_hash", "secret"}
#: What describes the person behind a request, not the request.
PERSONAL: dict[str, Any] = {"contact_name": "", "phone": "", "email": "", "address": "", "lat": None, "long": None}
FINISHED = ("closed", "merged")


def export_person(connection: Connection, name: str) -> dict[str, Any]:
    """All that is held about an account, table by table, JSON-ready."""
    account = _account(connection, name)
    found: dict[str, list[dict[str, Any]]] = {"accounts": [_plain(account)]}
    for table in metadata.sorted_tables:
        owner = table.columns.get("account_id")
        if owner is not None and table is not audit:
            found[table.name] = _rows(connection, table, owner == account["id"])
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table in (requests, cases) and table.name not in ("requests", "cases"):
                ids = [row["id"] for row in found[key.column.table.name]]
                known = found.setdefault(table.name, [])
                known += [row for row in _rows(connection, table, key.parent.in_(ids)) if row not in known]
    found["login_attempts"] = _rows(connection, login_attempts, login_attempts.c.account_name == name)
    subject = f"account:{account['id']}"
    found["audit"] = _rows(connection, audit, or_(audit.c.account_id == account["id"], audit.c.subject == subject))
    return {"account": name, "held": {table: rows for table, rows in found.items() if rows}}


def erase_person(unit: Unit, name: str) -> dict[str, int]:
    """Take a person out of a finished account: who, how to reach, files, sessions, keys. Requests and trail stay.

    Raises
    ------
    ConflictError
        A request or a case of the account is still open.
    """
    unit.caller.need("admin", "system")
    account = _account(unit.connection, name)
    number = account["id"]
    if unit.caller.account_id == number:
        raise ConflictError("nobody erases the own account")
    _need_finished(unit, number)
    ids = list(unit.execute(select(requests.c.id).where(requests.c.account_id == number)).scalars())
    for id_ in ids:
        _erase_request(unit, id_)
    emptied = unit.execute(
        update(files).where(files.c.account_id == number).values(content=None, name="erased")
    ).rowcount
    unit.execute(delete(sessions).where(sessions.c.account_id == number))
    unit.execute(delete(api_keys).where(api_keys.c.account_id == number))
    unit.execute(delete(repeats).where(repeats.c.account_id == number))
    unit.execute(delete(login_attempts).where(login_attempts.c.account_name == name))
    gone = {"name": f"erased-{number}", "display_name": "", "password_hash": None, "disabled": True}
    unit.execute(update(accounts).where(accounts.c.id == number).values(**gone, version=account["version"] + 1))
    done = {"requests": len(ids), "files": emptied}
    unit.tell("person_erased", f"account:{number}", after=done)
    return done


def _account(connection: Connection, name: str) -> Mapping[Any, Any]:
    row = connection.execute(select(accounts).where(accounts.c.name == name)).mappings().first()
    if row is None:
        raise NotFoundError(f"no account {name!r}")
    return row


def _need_finished(unit: Unit, account_id: int) -> None:
    for table, done in ((requests, FINISHED), (cases, ("done",))):
        still = select(table.c.id).where(table.c.account_id == account_id, table.c.state.not_in(done))
        count = len(unit.execute(still).all())
        if count:
            raise ConflictError(f"{count} {table.name} of the account are still open; finish them first")


def _erase_request(unit: Unit, id_: int) -> None:
    """The row and the events that it folds from lose the same words."""
    unit.execute(update(requests).where(requests.c.id == id_).values(**PERSONAL))
    events = unit.execute(select(request_events).where(request_events.c.request_id == id_)).mappings().all()
    for event in events:
        held = PERSONAL.keys() & event["changes"].keys()
        if held:
            changes = {**event["changes"], **{name: PERSONAL[name] for name in held}}
            unit.execute(update(request_events).where(request_events.c.id == event["id"]).values(changes=changes))


def _rows(connection: Connection, table: Table, condition: Any) -> list[dict[str, Any]]:
    order = [*table.primary_key.columns]
    return [_plain(row) for row in connection.execute(select(table).where(condition).order_by(*order)).mappings()]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items() if name not in SECRET}


def _value(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else value


assert schema_rooms.requests.metadata is metadata  # every room's tables are known here
