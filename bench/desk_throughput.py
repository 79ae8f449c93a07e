"""Requests created and dispatched a second over HTTP, server, database and clients on this machine.

``python bench/desk_throughput.py [seconds] [clients]`` prints one JSON line per database and number of server processes.
Aim: 200/s on PostgreSQL, 100/s on SQLite, p99 below 100 ms. ``server_cpu_ms`` is the CPU time of the server's processes
per request, without the database's and the clients'.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from desk_databases import FIRM, SERVICES, database

from qujiang.store import SYSTEM, accounts, open_store, trail

WORKER = """
import os, sys, uvicorn
os.environ["QUJIANG_STUDY_EVERY_S"] = "0"
os.environ["QUJIANG_DATABASE"], os.environ["QUJIANG_SERVICES"] = sys.argv[1:3]
uvicorn.run("qujiang.web.app:from_environment_app", factory=True, port=int(sys.argv[3]), workers=int(sys.argv[4]), log_level="error", access_log=False)
"""


def measure(url: str, seconds: float, clients: int, workers: int) -> dict[str, float]:
    store = open_store(url)
    with store.write(SYSTEM) as unit:
        number = accounts.create_account(unit, accounts.NewAccount("firm", "enterprise", enterprise_code=FIRM))
        key = accounts.create_api_key(unit, number, "bench")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", WORKER, url, str(SERVICES), str(port), str(workers)])
    try:
        _wait(port)
        _load(port, key, 2.0, clients)  # warm
        spent = _cpu_s(server.pid)
        times, took = _load(port, key, seconds, clients)
        spent = _cpu_s(server.pid) - spent
    finally:
        server.terminate()
        server.wait(30)
    with store.read() as connection:
        trail.verify(connection)
    store.close()
    times.sort()
    return {
        "per_s": round(len(times) / took, 1),
        "p50_ms": round(times[len(times) // 2] * 1e3, 1),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1e3, 1),
        "server_cpu_ms": round(spent / len(times) * 1e3, 2),
        "count": len(times),
    }


def _cpu_s(pid: int) -> float:
    """CPU seconds so far of a process and its children (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_cpu_s, map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())))


def _load(port: int, key: str, seconds: float, clients: int) -> tuple[list[float], float]:
    times: list[float] = []
    begun = time.perf_counter()
    threads = [threading.Thread(target=_client, args=(port, key, begun + seconds, times)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, time.perf_counter() - begun


def _client(port: int, key: str, until: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.perf_counter() < until:
        text = secrets.token_hex(8)
        body = json.dumps(
            {
                "title": f"船闸 {text}",
                "description": text * 4,
                "service_code": "port_berth",
                "attributes": {"vessel_name": "x"},
            }
        )
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": text, "Content-Type": "application/json"}
        begun = time.perf_counter()
        connection.request("POST", "/api/v1/requests", body.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 201, answer.status
        times.append(time.perf_counter() - begun)
    connection.close()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    wanted_s = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    wanted_clients = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    for kind, workers in (("sqlite", 1), ("postgresql", 1), ("postgresql", 2)):
        with database(kind) as address:
            found = measure(address, wanted_s, wanted_clients, workers)
        load = round(os.getloadavg()[0], 1)
        head = {"bench": "desk_throughput", "database": kind, "workers": workers, "clients": wanted_clients}
        print(json.dumps({**head, "load": load, **found}))
