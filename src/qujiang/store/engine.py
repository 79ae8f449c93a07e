"""The live database: one SQLite file, or PostgreSQL when one machine is outgrown.

SQLite runs with a write-ahead log, full synchronisation and ``BEGIN IMMEDIATE``; PostgreSQL reads committed rows and
locks the row it changes. A write is one transaction whose audit rows are appended last, under one lock, so that what
is acknowledged is whole, and the trail is in the order of the commits.

On PostgreSQL a write is pipelined: a statement whose answer nobody needs (``later``) travels with the next one that is
asked for, so that a write of ten statements takes six journeys. Its fault is told by then, at the latest by the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.generators import send
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DataError as DataValueError
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from qujiang.errors import ConflictError, ScenarioError, StoreAwayError
from qujiang.store import trail
from qujiang.store.caller import Caller
from qujiang.store.schema import audit

ClockOfDay = Callable[[], datetime]
#: When the line to PostgreSQL is cut without a word, that is known after some twenty seconds and not after hours.
_LINE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 20_000}

#: Rows of an index that SQLite looks at to know how many it holds of each value.
COUNTED = 1000


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Unit:
    """One write: a connection inside a transaction, who acts, when, and what the trail will say."""

    def __init__(self, connection: Connection, caller: Caller, now: datetime, trace: str) -> None:
        self.connection = connection
        self.caller = caller
        self.now = now
        self.trace = trace
        self.entries: list[trail.Entry] = []

    def execute(self, statement: Any, *parameters: Any) -> Any:
        """Run one statement inside the transaction."""
        return self.connection.execute(statement, *parameters)

    def tell(self, verb: str, subject: str, *, before: Any = None, after: Any = None, reason: str = "") -> None:
        """Note what is done; the row is appended when the transaction commits."""
        caller = self.caller
        self.entries.append(
            trail.Entry(caller.account_id, caller.name, caller.role, verb, subject, before, after, reason, self.trace)
        )


class Store:
    """A live database that is open; ``close`` it when done."""

    def __init__(self, url: str, *, clock: ClockOfDay = utc_now, pool_size: int = 10) -> None:
        self.url = store_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.clock = clock
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url, pool_size)
        self._one_writer = threading.Lock() if self.is_sqlite else None
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._watch = threading.Lock()

    def now(self) -> datetime:
        """The clock, never moving backwards within this process and never before the trail's last row."""
        with self._watch:
            self._latest = max(self.clock(), self._latest)
            return self._latest

    def learn_latest(self) -> None:
        """Take the trail's last instant as the earliest possible now."""
        with self.read() as connection:
            at = connection.execute(select(audit.c.at).order_by(audit.c.seq.desc()).limit(1)).scalar()
        if at is not None:
            with self._watch:
                self._latest = max(self._latest, datetime.fromisoformat(at))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one consistent state; nothing is written."""
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection for one single question: no transaction is opened around it."""
        with _told(), self.engine.connect() as connection:
            yield connection if self.is_sqlite else connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self, caller: Caller, *, trace: str = "") -> Iterator[Unit]:
        """One transaction: all of it, with its audit rows, or nothing."""
        with _told(), self._writer(), self.engine.connect() as plain, self._pipeline(plain) as pipeline:
            connection = plain.execution_options(writes=True, pipeline=pipeline)
            with connection.begin():
                unit = Unit(connection, caller, self.now(), trace)
                yield unit
                trail.append(connection, unit.entries, unit.now)

    def _pipeline(self, connection: Connection) -> Any:
        """A pipeline around a write; none on SQLite, where no journey is long."""
        if self.is_sqlite or not psycopg.Pipeline.is_supported():
            return nullcontext()
        driver: Any = connection.connection.driver_connection
        return driver.pipeline()

    @contextmanager
    def _writer(self) -> Iterator[None]:
        # SQLite waits by sleeping; a lock hands the turn over at once.
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=10):
            raise StoreAwayError("the database is busy; try again")
        try:
            yield
        finally:
            self._one_writer.release()

    def look_after(self) -> None:
        """Let SQLite estimate how many rows its indexes hold of each value: it chooses among them by these counts.

        To be called at a server's start and now and then. PostgreSQL does so by itself.
        """
        if not self.is_sqlite:
            return
        with _told(), self._writer():
            raw = self.engine.raw_connection()
            try:
                for statement in (f"PRAGMA analysis_limit={COUNTED}", "ANALYZE"):
                    raw.cursor().execute(statement).close()
            finally:
                raw.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    """Say what the database's own errors mean."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreAwayError("the database is busy; try again") from None
    except (OperationalError, InterfaceError) as error:
        if getattr(error.orig, "sqlstate", None) in ("40P01", "40001"):
            raise ConflictError("two writes crossed; nothing of yours was done, try again") from None
        raise StoreAwayError(f"the database does not answer: {_first_line(error)}") from None
    except IntegrityError as error:
        raise ConflictError(f"someone was faster: {_first_line(error)}") from None
    except DataValueError as error:
        raise ScenarioError(f"the database cannot hold this value: {_first_line(error)}") from None
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreAwayError(f"the database went away: {_first_line(error)}") from None
        raise


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", error)).splitlines()[0][:200]


def store_url(text: str):
    """The database's address: a file path, ``sqlite:///file`` or ``postgresql://…``."""
    if "://" not in text:
        text = f"sqlite:///{text}"
    url = make_url(text)
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ScenarioError("the live database must be a file: sqlite:///desk.sqlite3")
        return url.set(drivername="sqlite+pysqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ScenarioError(f"{url.get_backend_name()} is no database that is supported: sqlite or postgresql")


def _sqlite_engine(url: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False}, pool_size=16, max_overflow=32)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where "begin" below says so
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "cache_size=-64000",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: Any, pool_size: int) -> Engine:
    options = (
        "-c statement_timeout=15000 -c lock_timeout=8000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    )
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        connect_args={"connect_timeout": 3, "options": options, "application_name": "qujiang", **_LINE},
    )

    @event.listens_for(engine, "do_execute")
    def execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        options = {} if context is None else context.execution_options
        pipeline = options.get("pipeline")
        if pipeline is None:
            return False
        cursor.execute(statement, parameters)
        _flush(cursor.connection)
        if not options.get("later"):
            pipeline.sync()
        return True

    @event.listens_for(engine, "rollback")
    def roll_back(connection: Connection) -> None:
        pipeline = connection.get_execution_options().get("pipeline")
        if pipeline is not None:
            _drain(pipeline)

    @event.listens_for(engine, "do_executemany")
    def execute_many(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        pipeline = context.execution_options.get("pipeline")
        if pipeline is None:
            return False
        cursor.executemany(statement, parameters)
        _flush(cursor.connection)
        if not context.execution_options.get("later"):
            pipeline.sync()
        return True

    return engine


def _flush(connection: Any) -> None:
    """Send all that waits: before it asks for an answer, a pipeline may hold back the end of a statement of megabytes."""
    connection.wait(send(connection.pgconn))


def _drain(pipeline: Any) -> None:
    """Take in what is still under way after a fault, which is told already: the rollback begins with a clean line."""
    for _ in range(100):
        try:
            pipeline.sync()
        except psycopg.Error:
            continue
        return
