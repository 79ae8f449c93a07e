"""The audit trail: append-only rows, each holding the hash of the row before.

A change of any stored byte, a row taken out and a row put in are found by ``verify``. Rows cut off at the end are
found when the head that ``verify`` printed earlier is given back to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, text

from qujiang.errors import DataError, Fault
from qujiang.store.schema import audit

BEGINNING = "0" * 64
_LOCK = 0x71756A69  # one lock for the chain in PostgreSQL
_HOLD = text(f"SELECT pg_advisory_xact_lock({_LOCK})").execution_options(later=True)
_LAST = select(audit.c.seq, audit.c.at, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
_APPEND = insert(audit).inline().execution_options(later=True)
_HASHED = ("seq", "at", "account_id", "account_name", "role", "verb", "subject", "before", "after", "reason", "trace")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail before it is chained."""

    account_id: int | None
    account_name: str
    role: str
    verb: str
    subject: str
    before: Any
    after: Any
    reason: str
    trace: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the trail ends."""

    rows: int
    hash: str


def append(connection: Connection, entries: Sequence[Entry], now: datetime) -> None:
    """Chain ``entries`` to the trail; the last thing a transaction does, for it holds the chain until the commit."""
    if not entries:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD)
    last = connection.execute(_LAST).first()
    seq, earliest, previous = (0, "", BEGINNING) if last is None else last
    at = max(
        now.astimezone(UTC).isoformat(timespec="microseconds"), earliest
    )  # a clock set back leaves no row in the past
    rows: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        row: dict[str, Any] = {
            "seq": seq,
            "at": at,
            "account_id": entry.account_id,
            "account_name": entry.account_name,
            "role": entry.role,
            "verb": entry.verb,
            "subject": entry.subject,
            "before": canonical(entry.before),
            "after": canonical(entry.after),
            "reason": entry.reason,
            "trace": entry.trace,
            "previous_hash": previous,
        }
        row["hash"] = previous = chain_hash(row)
        rows.append(row)
    connection.execute(_APPEND, rows)


def canonical(value: Any) -> str:
    """One text per value, so that its hash is one."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def chain_hash(row: RowMapping | dict[str, Any]) -> str:
    """The hash of a row and of all before it."""
    return hashlib.sha256(canonical([row[name] for name in _HASHED] + [row["previous_hash"]]).encode()).hexdigest()


def verify(connection: Connection, *, expected_head: Head | None = None) -> Head:
    """Walk the whole trail.

    Raises
    ------
    DataError
        Names the first row that is not as it was written, or the missing end.
    """
    previous, count, met = BEGINNING, 0, expected_head is None or expected_head.rows == 0
    while True:
        page = (
            connection.execute(select(audit).where(audit.c.seq > count).order_by(audit.c.seq).limit(5000))
            .mappings()
            .all()
        )
        if not page:
            break
        for row in page:
            count += 1
            if row["seq"] != count:
                raise _broken(count, "is missing", str(row["seq"]))
            if row["previous_hash"] != previous or chain_hash(row) != row["hash"]:
                raise _broken(count, "is not as it was written", row["hash"])
            previous = row["hash"]
            if expected_head is not None and count == expected_head.rows:
                met = previous == expected_head.hash
                if not met:
                    raise _broken(count, f"does not end in the head {expected_head.hash}", previous)
    if not met:
        raise _broken(count + 1, "is missing: the trail was cut off", None)
    return Head(count, previous)


def _broken(seq: int, rule: str, value: str | None) -> DataError:
    return DataError(
        [Fault("audit", seq, None, value, f"row {seq} {rule}", "restore the last good backup and compare")]
    )


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the trail")
