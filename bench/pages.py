"""Pages of the counters at 50 requests a second, with 200,000 requests in the store, on SQLite and PostgreSQL.

Run: ``python bench/pages.py [--seconds 30] [--rate 50] [--rows 200000]``. Filled by rows that a closed form of chance gives (nine
tenths closed); the server is one process of its own; the mix is that of a working day. Pages are asked at fixed instants,
whether earlier ones are answered or not; a time is from that instant to the last byte, so that a queue counts. Printed as
JSON lines: p50, p95, p99 by page, the server's CPU time per page, and the machine's load before and after. Aim: p95 < 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
from desk_databases import SERVICES, database
from sqlalchemy import insert, text

from qujiang import desk
from qujiang.calendar.due import due_on
from qujiang.store import SYSTEM, Store, accounts, open_store
from qujiang.store.schema_rooms import request_events, requests
from qujiang.web.acts import COOKIE

FIRM = "91350100M000100Y43"
#: path, who, share of the mix [%]; ``{open}`` and ``{firm}`` are numbers of requests that the asker sees
MIX = (
    ("/desk/requests", "transport", 24),
    ("/desk/requests/{open}", "transport", 24),
    ("/desk/requests?list=closed", "transport", 4),
    ("/desk/requests?q=400", "transport", 4),
    ("/desk/requests", "clerk", 6),
    ("/desk/requests", "firm", 10),
    ("/desk/requests/{firm}", "firm", 8),
    ("/desk/new", "firm", 8),
    ("/desk/board", "supervisor", 3),
    ("/desk/public", "", 3),
    ("/cases", "firm", 3),
    ("/desk/about", "", 3),
)


def fill(store: Store, rows: int) -> dict[str, str]:
    """The requests, each with its two first events; sessions of the askers."""
    book = desk.read_rulebook(SERVICES)
    rng, today = random.Random(7), datetime.now(UTC).date()
    leads = [code for code in book.departments if code != "desk"]
    days = [today - timedelta(days=n) for n in range(730)]
    dues = {day: due_on(book.calendar, day, 5) for day in days}
    with store.write(SYSTEM) as unit:
        for name, role, department, code in (
            ("transport", "officer", "transport", None), ("clerk", "officer", "desk", None), ("supervisor", "supervisor", None, None), ("firm", "enterprise", None, FIRM),
        ):  # fmt: skip
            accounts.create_account(unit, accounts.NewAccount(name, role, department=department, enterprise_code=code, password=f"pass phrase of {name}"))  # fmt: skip
    for start in range(0, rows, 5000):
        made = [_request(rng, n, days, dues, leads, today) for n in range(start, min(rows, start + 5000))]
        events = [
            {
                "request_id": row["id"],
                "at": row["received_at"],
                "verb": verb,
                "note": "",
                "changes": {"version": version},
            }
            for row in made
            for version, verb in ((1, "received"), (2, "dispatched"))
        ]
        with store.engine.begin() as connection:
            connection.execute(insert(requests), made)
            connection.execute(insert(request_events), events)
    if not store.is_sqlite:  # SQLite's counts are made by the server at its start, as in earnest
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("requests", "request_events"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))  # fmt: skip
            connection.execute(text("VACUUM ANALYZE"))
    return {who: accounts.log_in(store, who, f"pass phrase of {who}", "bench").token for who in ("transport", "clerk", "supervisor", "firm")}  # fmt: skip


def _request(rng: random.Random, n: int, days: list[date], dues: dict[date, Any], leads: list[str], today: date) -> dict[str, Any]:  # fmt: skip
    opened = rng.random() < 0.1
    day = days[rng.randrange(30)] if opened else days[rng.randrange(len(days))]
    answered = None if opened else min(today, day + timedelta(days=rng.randint(1, 9)))
    at = datetime.combine(day, datetime.min.time(), UTC)
    return {
        "id": n + 1, "version": 2, "state": "handling" if opened else "closed", "received_at": at, "received_on": day, "updated_at": at,
        "channel": "page", "title": f"诉求{n}", "description": "说明" * 60, "service_code": "logistics_permit", "attributes": {},
        "enterprise_code": FIRM if n % 2000 == 0 else None, "enterprise_name": f"企业{n % 5000}", "lead_department": rng.choice(leads),
        "assigned_on": day, "clock_on": day, "contact_days": 1, "contact_due_on": day + timedelta(days=1), "contacted_on": day,
        "due_days": 5, "due_on": dues[day], "replied_on": answered, "reply": None if opened else "已办好。", "called_back_on": answered,
        "resolved": None if opened else rng.random() < 0.92, "rating": None if opened else rng.randint(1, 5),
        "closed_at": None if opened else at, "cleared": not opened and n % 50 == 0,
    }  # fmt: skip


def numbers(store: Store) -> dict[str, list[str]]:
    """Some requests that the askers see."""
    with store.read() as connection:
        opened = connection.execute(text("SELECT id FROM requests WHERE lead_department = 'transport' AND state = 'handling' LIMIT 300")).scalars().all()  # fmt: skip
        mine = connection.execute(text("SELECT id FROM requests WHERE enterprise_code = :code"), {"code": FIRM}).scalars().all()  # fmt: skip
    return {"open": [f"R{id_:08d}" for id_ in opened], "firm": [f"R{id_:08d}" for id_ in mine]}


async def run(base: str, tokens: dict[str, str], known: dict[str, list[str]], rate: float, seconds: float) -> dict[str, list[float]]:  # fmt: skip
    """Ask at fixed instants; times in ms by page, and what failed under ``faults``."""
    rng, times, asked = random.Random(5), defaultdict(list), []
    weights = [share for _, _, share in MIX]
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=base, timeout=30, limits=limits) as client:

        async def one(path: str, who: str, page: str, at: float) -> None:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            answer = await client.get(path, headers={"Cookie": f"{COOKIE}={tokens[who]}"} if who else {})
            kind = page if answer.status_code == 200 else f"fault {answer.status_code}: {path} ({who})"
            times[kind].append((time.perf_counter() - at) * 1e3)

        begun = time.perf_counter() + 0.5
        for n in range(int(rate * seconds)):
            page, who, _ = rng.choices(MIX, weights)[0]
            path = page.format(open=rng.choice(known["open"]), firm=rng.choice(known["firm"]))
            asked.append(asyncio.create_task(one(path, who, f"{page} ({who or 'anyone'})", begun + n / rate)))
        await asyncio.gather(*asked)
    return times


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
    return {f"p{n}_ms": round(cuts[n - 1], 1) for n in (50, 95, 99)}


def measure(kind: str, address: str, given: argparse.Namespace) -> None:
    store = open_store(address)
    tokens = fill(store, given.rows)
    known = numbers(store)
    store.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "import sys, uvicorn; from pathlib import Path; from qujiang.web import Settings, create_app; uvicorn.run(create_app(Settings(sys.argv[1], Path(sys.argv[2]))), port=int(sys.argv[3]), log_level='error')"
    server = subprocess.Popen([sys.executable, "-c", code, address, str(SERVICES), str(port)])
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(base + "/ready").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        asyncio.run(run(base, tokens, known, 10, 3))  # templates are read, queries are built
        load, before = round(os.getloadavg()[0], 1), cpu_s(server.pid)
        times = asyncio.run(run(base, tokens, known, given.rate, given.seconds))
        spent = cpu_s(server.pid) - before
    finally:
        server.terminate()
        server.wait(20)
    pages = [value for page, values in times.items() if not page.startswith("fault") for value in values]
    faults = sum(len(values) for page, values in times.items() if page.startswith("fault"))
    about = {"bench": "pages", "database": kind, "rows": given.rows, "rate_per_s": given.rate}
    for page, values in sorted(times.items()):
        print(json.dumps({**about, "page": page, "n": len(values), **quantiles(values)}, ensure_ascii=False))
    print(json.dumps({**about, "page": "all", "n": len(pages), "faults": faults, **quantiles(pages), "server_cpu_ms_per_page": round(1e3 * spent / max(1, len(pages)), 2), "load_before": load, "load_after": round(os.getloadavg()[0], 1)}), flush=True)  # fmt: skip


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seconds", type=float, default=30)
    ask.add_argument("--rate", type=float, default=50)
    ask.add_argument("--rows", type=int, default=200_000)
    ask.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    given = ask.parse_args()
    for kind in given.database or ("sqlite", "postgresql"):
        with ExitStack() as stack:
            stack.enter_context(tempfile.TemporaryDirectory())
            measure(kind, stack.enter_context(database(kind)), given)


if __name__ == "__main__":
    main()
