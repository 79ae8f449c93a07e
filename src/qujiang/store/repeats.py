"""A write that is sent twice is done once: the answer is kept under the caller's key, in the same transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qujiang.errors import ConflictError
from qujiang.store.engine import Unit
from qujiang.store.schema import repeats

KEPT = timedelta(days=30)
_CLAIM = {
    name: dialect.insert(repeats).on_conflict_do_nothing().returning(repeats.c.key)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_KEEP = (
    update(repeats)
    .where(repeats.c.account_id == bindparam("whose"), repeats.c.key == bindparam("mark"))
    .execution_options(later=True)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str


def fingerprint(*parts: bytes) -> str:
    """One text per method, path and body."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def claim(unit: Unit, key: str, print_: str) -> Answer | None:
    """None when the key is new, so that the caller goes on; else the answer given before.

    A second call side by side waits here until the first is committed or undone.

    Raises
    ------
    ConflictError
        The key was used for another request.
    """
    values = {"account_id": unit.caller.account_id, "key": key, "fingerprint": print_, "at": unit.now}
    if unit.execute(_CLAIM[unit.connection.dialect.name], values).first() is not None:
        return None
    row = unit.execute(
        select(repeats).where(repeats.c.account_id == unit.caller.account_id, repeats.c.key == key)
    ).one()
    if row.fingerprint != print_:
        raise ConflictError("this idempotency key was used for another request; take a new one")
    return Answer(row.status, row.answer)


def keep(unit: Unit, key: str, answer: Answer) -> None:
    """Keep the answer of a claimed key."""
    mine = {"whose": unit.caller.account_id, "mark": key}
    unit.execute(_KEEP, {**mine, "status": answer.status, "answer": answer.body})


def forget_old(unit: Unit) -> int:
    """Drop answers older than 30 days."""
    return unit.execute(delete(repeats).where(repeats.c.at < unit.now - KEPT)).rowcount
