"""The database held away for ten seconds, and disks that are full: told in time, nothing lost, nothing half-done."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2 as httpx
import psycopg
import pytest
from sqlalchemy import func, select

from qujiang.errors import StoreAwayError
from qujiang.store import SYSTEM, Store, open_store, trail
from qujiang.store.schema import audit
from qujiang.store.schema_rooms import requests

AWAY_S = 10.0


@contextmanager
def held_away(database_url: str) -> Iterator[None]:
    """Nobody gets an answer from the database: its processes are stopped, or its file is locked by another."""
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
        return
    with psycopg.connect(database_url, autocommit=True) as connection:
        pids = [row[0] for row in connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = 'qujiang' AND pid <> pg_backend_pid()")]  # fmt: skip
        pids.append(int(Path(str(connection.execute("SHOW data_directory").fetchone()[0]), "postmaster.pid").read_text().split()[0]))  # type: ignore[index]  # fmt: skip
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.slow
def test_a_database_held_away_for_ten_seconds(server, database_url: str) -> None:
    address, keys = server
    stop, told, seen = threading.Event(), {}, set()

    def write() -> None:
        with httpx.Client(timeout=40) as client:
            while not stop.is_set():
                mark = secrets.token_hex(8)
                headers = {"Authorization": f"Bearer {keys['firm']}", "Idempotency-Key": mark}
                body = {"title": "船闸", "description": mark, "service_code": "lock_passage"}
                answer = client.post(f"{address}/api/v1/requests", json=body, headers=headers)
                seen.add(answer.status_code)
                if answer.status_code == 201:
                    told[mark] = answer.json()["number"]
                else:
                    time.sleep(0.2)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(0.5)
    with held_away(database_url):
        begun = time.monotonic()
        while time.monotonic() - begun < AWAY_S:
            asked = time.monotonic()
            assert httpx.get(f"{address}/health", timeout=5).status_code == 200  # the process itself goes on
            assert time.monotonic() - asked < 4
            time.sleep(0.5)
    before = len(told)
    deadline = time.monotonic() + 40
    while len(told) < before + 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    for writer in writers:
        writer.join(60)
    assert len(told) >= before + 8, "writes go on when the database is back"
    assert seen <= {201, 503}
    store = open_store(database_url)
    with store.read() as connection:
        rows = connection.execute(select(requests.c.description)).scalars().all()
        trail.verify(connection)
    store.close()
    assert len(rows) == len(set(rows)) and set(told) <= set(rows)


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A file system of a few megabytes; needs the right to mount."""
    folder = Path(tempfile.mkdtemp(prefix="qujiang-small-"))
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        folder.rmdir()
        pytest.skip("a small disk needs the right to mount")
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def larger(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def fill(store: Store) -> int:
    """Write until the disk is full; how many writes were acknowledged."""
    for count in range(5000):
        try:
            with store.write(SYSTEM) as unit:
                unit.tell("wrote", f"thing:{count}", reason=secrets.token_hex(5000))
        except StoreAwayError as error:
            assert any(word in str(error) for word in ("full", "No space", "disk I/O"))
            return count
    raise AssertionError("the disk was never full")


def look(store: Store, acknowledged: int) -> None:
    with store.read() as connection:
        assert trail.verify(connection).rows >= acknowledged
        wrote = connection.execute(select(func.count()).where(audit.c.verb == "wrote")).scalar_one()
    assert wrote == acknowledged


def test_a_full_disk_under_sqlite_is_told_and_space_makes_it_go_on(sqlite_template: Path) -> None:
    with small_disk("6m") as folder:
        shutil.copy(sqlite_template, folder / "live.sqlite3")
        store = open_store(str(folder / "live.sqlite3"))
        count = fill(store)
        assert count > 5
        look(store, count)
        larger(folder, "60m")
        with store.write(SYSTEM) as unit:
            unit.tell("wrote", "more")
        look(store, count + 1)
        store.close()


def test_a_full_disk_under_postgresql_is_told_and_space_makes_it_go_on(postgresql: str) -> None:
    address = postgresql.replace("/postgres?", "/qujiang?")
    with small_disk("6m") as folder, psycopg.connect(address, autocommit=True) as admin:
        data = Path(str(admin.execute("SHOW data_directory").fetchone()[0]))  # type: ignore[index]
        os.chown(folder, data.stat().st_uid, data.stat().st_gid)
        folder.chmod(0o700)
        admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
        try:
            admin.execute("SET session_replication_role = replica")
            admin.execute("DELETE FROM audit")
            admin.execute("VACUUM FULL audit")
            admin.execute("ALTER TABLE audit SET TABLESPACE small")
            store = open_store(address)
            count = fill(store)
            assert count > 5
            look(store, count)
            larger(folder, "60m")
            with store.write(SYSTEM) as unit:
                unit.tell("wrote", "more")
            look(store, count + 1)
            store.close()
        finally:
            admin.execute("ALTER TABLE audit SET TABLESPACE pg_default")
            admin.execute("DROP TABLESPACE small")
