"""The server killed in the middle of writes, and a walk over its own description: nothing lost, nothing half-done, no 500."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import httpx2 as httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from qujiang.desk import record
from qujiang.store import SYSTEM, Store, accounts, open_store, trail
from qujiang.store.schema import audit
from qujiang.store.schema_rooms import request_events, requests

SERVICES = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
#: Imports once, then forks a server for every port that it is told, and says its number and, when it is over, its end.
NURSERY = """
import os, sys, uvicorn
from pathlib import Path
from qujiang.web import Settings, create_app
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        settings = Settings(sys.argv[1], Path(sys.argv[2]))
        uvicorn.run(create_app(settings), port=int(line), log_level="error", timeout_graceful_shutdown=5)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Victim:
    """A server process that is killed and started again on the same database."""

    def __init__(self, database: str, services: Path) -> None:
        command = [sys.executable, "-c", NURSERY, database, str(services)]
        self.nursery = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._hear() == "ready"
        self.address, self.pid = "", 0

    def _hear(self) -> str:
        assert self.nursery.stdout is not None
        return self.nursery.stdout.readline().strip()

    def start(self) -> None:
        """Start on a new port: between two starts another program may have taken the old one."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(f"{port}\n")
        self.nursery.stdin.flush()
        self.address, self.pid = f"http://127.0.0.1:{port}", int(self._hear())
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.address}/health", timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.02)
        raise AssertionError("the server did not start")

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> int:
        os.kill(self.pid, sign)
        self.pid = 0
        return int(self._hear())

    def close(self) -> None:
        if self.pid:
            self.kill()
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        self.nursery.stdin.close()
        self.nursery.wait(30)
        self.nursery.stdout.close()


@pytest.fixture
def victim(database_url: str) -> Iterator[Victim]:
    made = Victim(database_url, SERVICES)
    yield made
    made.close()


def firm_key(database: str) -> str:
    store = open_store(database)
    with store.write(SYSTEM) as unit:
        number = accounts.create_account(
            unit, accounts.NewAccount("firm", "enterprise", enterprise_code="91350100M000100Y43")
        )
        key = accounts.create_api_key(unit, number, "test")
    store.close()
    return key


def write_until(victim: Victim, key: str, stop: threading.Event, sent: list[str], told: dict[str, str]) -> None:
    """Hand in requests, each under its own key; what is acknowledged is noted."""
    with httpx.Client(timeout=10) as client:
        while not stop.is_set():
            idempotency = secrets.token_hex(8)
            sent.append(idempotency)
            try:
                answer = hand_in(client, victim, key, idempotency)
                if answer.status_code == 201:
                    told[idempotency] = answer.json()["number"]
            except (httpx.HTTPError, ValueError):
                time.sleep(0.01)


def hand_in(client: httpx.Client, victim: Victim, key: str, idempotency: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": idempotency}
    body = {"title": "船闸", "description": idempotency, "service_code": "lock_passage"}
    return client.post(f"{victim.address}/api/v1/requests", json=body, headers=headers)


def kill_and_look(victim: Victim, database: str, times: int) -> None:
    key, sent, told = firm_key(database), [], {}
    for number in range(times):
        victim.start()
        stop = threading.Event()
        writers = [threading.Thread(target=write_until, args=(victim, key, stop, sent, told)) for _ in range(3)]
        for writer in writers:
            writer.start()
        time.sleep(0.15 + 0.01 * (number % 20))
        victim.kill()
        stop.set()
        for writer in writers:
            writer.join(30)
    victim.start()
    with httpx.Client(timeout=20) as client:
        for idempotency in [key_ for key_ in sent if key_ not in told][-60:]:  # whoever heard nothing asks again
            told[idempotency] = hand_in(client, victim, key, idempotency).json()["number"]
    assert victim.kill(signal.SIGTERM) in (0, -signal.SIGTERM)  # it stops by itself, then says by what
    assert len(told) > times
    look(open_store(database), told)


def look(store: Store, told: dict[str, str]) -> None:
    with store.read() as connection:
        rows = connection.execute(select(requests)).mappings().all()
        events: dict[int, list] = {}
        for event in connection.execute(select(request_events).order_by(request_events.c.id)).mappings():
            events.setdefault(event["request_id"], []).append(event)
        trail.verify(connection)
        acts = connection.execute(select(func.count()).where(audit.c.verb.startswith("request_"))).scalar_one()
    store.close()
    by_text = {row["description"]: record.number_of(row["id"]) for row in rows}
    assert len(by_text) == len(rows)  # none done twice
    assert all(by_text[key] == number for key, number in told.items())  # none acknowledged and lost
    for row in rows:  # none half-done: received and dispatched together, and on the trail
        assert [event["verb"] for event in events[row["id"]]] == ["received", "dispatched"]
        assert (row["state"], row["version"]) == ("assigned", 2) and row["due_on"] is not None
    assert acts == 2 * len(rows)


def test_a_server_killed_in_the_middle_of_writes_loses_nothing_it_acknowledged(
    victim: Victim, database_url: str
) -> None:
    kill_and_look(victim, database_url, 1)


@pytest.mark.endurance
def test_two_hundred_kills(victim: Victim, database_url: str) -> None:
    kill_and_look(victim, database_url, int(os.environ.get("QUJIANG_KILLS", "200")))


def walk_description(server: tuple[str, dict[str, str]], examples: int) -> None:
    address, keys = server
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    met: set[int] = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=examples,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(case=operation.as_strategy(), who=st.sampled_from(sorted(keys)))
        def ask(case: schemathesis.Case, who: str) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {keys[who]}"})
            met.add(answer.status_code)
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)

        ask()
    assert {200, 403, 422} <= met


def test_the_walk_over_the_description_finds_no_500(server) -> None:
    walk_description(server, 2)


@pytest.mark.endurance
def test_the_long_walk_over_the_description_finds_no_500(server) -> None:
    walk_description(server, 200)
