"""Backup and restore of a database that goes on working.

A SQLite file is copied by SQLite's own online backup. The portable form, ``*.jsonl.gz``, is one consistent state of
either database as lines of JSON; it also moves a district from SQLite to PostgreSQL. Both are written aside and renamed.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import sqlite3
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Boolean, Connection, Date, LargeBinary, Table, insert, inspect, select, text

from qujiang.errors import DataError, Fault, ScenarioError, StoreAwayError
from qujiang.store import schema_rooms, schema_studies, trail
from qujiang.store.caller import SYSTEM
from qujiang.store.engine import Store
from qujiang.store.migrate import migrate, newest, stands_at
from qujiang.store.types import Instant

metadata = schema_rooms.requests.metadata
assert schema_studies.studies.metadata is metadata  # a backup holds the tables of every room
BATCH = 2000


def backup(store: Store, target: Path) -> dict[str, Any]:
    """Write one consistent state to ``target``; what was written."""
    aside = target.with_name(target.name + ".part")
    if target.name.endswith(".jsonl.gz"):
        with gzip.open(aside, "wt", encoding="utf-8", compresslevel=5) as file:
            rows = _dump(store, file)
    elif store.is_sqlite:
        rows = _copy_sqlite(str(store.url.database), aside)
    else:
        raise ScenarioError("a PostgreSQL database is backed up to a file named *.jsonl.gz")
    with aside.open("rb+") as done:
        os.fsync(done.fileno())
    aside.replace(target)
    return {"file": str(target), "rows": rows, "bytes": target.stat().st_size}


def restore(store: Store, source: Path) -> trail.Head:
    """Put the state of ``source`` in the database's place, in one transaction, and check its trail."""
    if not source.exists():
        raise ScenarioError(f"{source}: no such file")
    if source.name.endswith(".jsonl.gz"):
        migrate(store)
        _load(store, source)
    elif store.is_sqlite:
        _check_sqlite(source)
        with (
            closing(sqlite3.connect(source)) as old,
            closing(sqlite3.connect(str(store.url.database), timeout=30)) as live,
        ):
            old.backup(live)
        migrate(store)
    else:
        raise ScenarioError("a PostgreSQL database is restored from a file named *.jsonl.gz")
    with store.read() as connection:
        head = trail.verify(connection)
    with store.write(SYSTEM) as unit:
        unit.tell("restored", "store", after={"rows": head.rows, "head": head.hash})
    return head


def _copy_sqlite(live: str, aside: Path) -> int:
    aside.unlink(missing_ok=True)
    with closing(sqlite3.connect(live, timeout=30)) as source, closing(sqlite3.connect(aside)) as copy:
        source.backup(copy)  # one read of the log: writers go on meanwhile
        copy.execute("PRAGMA journal_mode=DELETE")
        _hold_whole(copy, aside)
        return copy.execute("SELECT count(*) FROM audit").fetchone()[0]


def _check_sqlite(source: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as file:
            _hold_whole(file, source)
    except sqlite3.DatabaseError as error:
        raise DataError(
            [Fault(source.name, None, None, None, f"is no whole backup: {error}", "take another one")]
        ) from None


def _hold_whole(file: sqlite3.Connection, path: Path) -> None:
    found = file.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise DataError([Fault(path.name, None, None, None, f"is damaged: {found}", "take another one")])
    file.execute("SELECT version_num FROM alembic_version").fetchone()


def _dump(store: Store, file: IO[str]) -> int:
    count = 0
    with _snapshot(store) as connection:
        file.write(_line({"qujiang": "store", "revision": stands_at(store)}))
        for table in metadata.sorted_tables:
            for row in connection.execution_options(yield_per=BATCH).execute(select(table)).mappings():
                file.write(_line({"table": table.name, "row": dict(row)}))
                count += 1
        file.write(_line({"end": count}))
    return count


@contextmanager
def _snapshot(store: Store):
    """All reads on one state."""
    try:
        with store.read() as connection:
            if not store.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
    except OSError as error:
        raise StoreAwayError(f"the backup could not be written: {error}") from None


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat()


def _load(store: Store, source: Path) -> None:
    with store.write(SYSTEM) as unit, gzip.open(source, "rt", encoding="utf-8") as file:
        connection = unit.connection
        try:
            head = json.loads(next(file, "{}"))
            if head.get("qujiang") != "store" or head.get("revision") != newest():
                raise _faulty(source, f"is of revision {head.get('revision')}, the program of {newest()}")
            with _open_trail(connection):
                for table in reversed(metadata.sorted_tables):
                    connection.execute(table.delete())
                _insert_lines(connection, file, source)
        except (OSError, EOFError, ValueError) as error:
            raise _faulty(source, f"cannot be read: {error}") from None
        if not store.is_sqlite:
            _renew_sequences(connection)


def _insert_lines(connection: Connection, file: IO[str], source: Path) -> None:
    batch: list[dict[str, Any]] = []
    here = ""
    for count, line in enumerate(file):
        entry = json.loads(line)
        if "end" in entry:
            _insert(connection, here, batch)
            if entry["end"] != count:
                raise _faulty(source, f"holds {count} rows and ends with {entry['end']}")
            return
        if entry["table"] != here or len(batch) >= BATCH:
            _insert(connection, here, batch)
            here, batch = entry["table"], []
        batch.append(_decode(metadata.tables[here], entry["row"]))
    raise _faulty(source, "was cut off: its last line is missing")


def _insert(connection: Connection, table: str, batch: list[dict[str, Any]]) -> None:
    if batch:
        connection.execute(insert(metadata.tables[table]), batch)


def _decode(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    decoded = dict(row)
    for column in table.columns:
        value = row.get(column.name)
        if value is None:
            continue
        if isinstance(column.type, Instant):
            decoded[column.name] = datetime.fromisoformat(value)
        elif isinstance(column.type, Date):
            decoded[column.name] = date.fromisoformat(value)
        elif isinstance(column.type, Boolean):
            decoded[column.name] = bool(value)
        elif isinstance(column.type, LargeBinary):
            decoded[column.name] = base64.b64decode(value, validate=True)
    return decoded


@contextmanager
def _open_trail(connection: Connection):
    """The trail refuses change; only a restore, inside its own transaction, lifts that and puts it back."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        yield
        connection.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
        return
    rows = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='audit'")
    ).all()
    for name, _ in rows:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, statement in rows:
        connection.exec_driver_sql(statement)


def _renew_sequences(connection: Connection) -> None:
    found = inspect(connection)
    for table in metadata.sorted_tables:
        key = [c.name for c in table.primary_key.columns]
        if key == ["id"] and found.has_table(table.name):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                    f"COALESCE((SELECT max(id) FROM {table.name}), 0) + 1, false)"
                )
            )


def _faulty(source: Path, rule: str) -> DataError:
    return DataError([Fault(source.name, None, None, None, rule, "take another backup")])
