"""A board over 200,000 requests, and 100,000 open deadlines counted again in the database.

``python bench/desk_board.py`` prints one JSON line per measure. Aim: board < 200 ms, deadlines < 1 s. A recount reads,
counts and writes: every deadline that moved with its event and its line in the trail, in one transaction. "few": the
requests came in over 700 days; "many": within the 15 days before the Spring Festival of 2026, so that most of them move.
``cpu_ms`` is the CPU time of this process: all of the work on SQLite, the client's part on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import replace
from datetime import date, datetime, timedelta

from desk_databases import SERVICES, database
from sqlalchemy import insert, text

from qujiang import desk
from qujiang.calendar import CHINA, WorkCalendar
from qujiang.calendar.due import due_on
from qujiang.store import SYSTEM, Caller, open_store, trail
from qujiang.store.schema_rooms import requests

COUNT = 200_000
LAST = date(2026, 11, 23)


def rows(rng: random.Random, book: desk.Rulebook):
    days = [LAST - timedelta(days=n) for n in range(730)]
    leads = [code for code in book.departments if code != "desk"]
    dues = {day: due_on(book.calendar, day, 5) for day in days}
    for _ in range(COUNT):
        day = rng.choice(days)
        closed = rng.random() < 0.9
        at = datetime.combine(day, datetime.min.time(), CHINA)
        yield {
            "state": "closed" if closed else "handling", "received_at": at, "received_on": day, "updated_at": at, "channel": "api",
            "title": "t", "description": "d" * 200, "service_code": "loan", "attributes": {}, "lead_department": rng.choice(leads),
            "assigned_on": day, "contact_due_on": day + timedelta(days=1), "contacted_on": day if rng.random() < 0.97 else None,
            "due_on": dues[day], "replied_on": day + timedelta(days=rng.randint(1, 12)) if closed else None,
            "called_back_on": day if closed else None, "resolved": rng.random() < 0.92 if closed else None,
            "rating": rng.randint(1, 5) if closed and rng.random() < 0.6 else None,
        }  # fmt: skip


def main() -> None:
    book = desk.read_rulebook(SERVICES)
    for kind in ("sqlite", "postgresql"):
        with database(kind) as address:
            store = open_store(address)
            made = list(rows(random.Random(6), book))
            with store.engine.begin() as connection:
                for start in range(0, COUNT, 5000):
                    connection.execute(insert(requests), made[start : start + 5000])
            with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE" if store.is_sqlite else "VACUUM ANALYZE requests"))
            caller = Caller(None, "bench", "auditor")
            for name, first in (("all", date(2024, 1, 1)), ("90 days", LAST - timedelta(days=89))):
                times, spent = [], time.process_time()
                for _ in range(7):
                    begun = time.perf_counter()
                    with store.read() as connection:
                        made_board = desk.board(connection, caller, book, first, LAST, LAST)
                    times.append(time.perf_counter() - begun)
                spent = (time.process_time() - spent) / 7
                load = round(os.getloadavg()[0], 1)
                answer = {"bench": "board", "database": kind, "span": name, "requests": made_board.total.received}
                least, median = (round(sorted(times)[n] * 1e3, 1) for n in (0, 3))
                answer |= {"median_ms": median, "least_ms": least, "cpu_ms": round(spent * 1e3, 1), "load": load}
                print(json.dumps(answer))
            store.close()
        for name, first, span in (("few", LAST - timedelta(days=700), 700), ("many", date(2026, 1, 29), 15)):
            with database(kind) as address:
                print(
                    json.dumps(
                        {"bench": "recount", "database": kind, "spread": name, **recounted(address, first, span)}
                    )
                )


def recounted(address: str, first: date, span: int) -> dict[str, float]:
    """100,000 open requests over ``span`` days, counted without the notice of 2026, then again with it."""
    store = open_store(address)
    before, book = WorkCalendar(published=range(2004, 2026)), desk.read_rulebook(SERVICES)
    book = replace(book, calendar=WorkCalendar(published=range(2004, 2027)))
    made = []
    for n in range(100_000):
        on = first + timedelta(days=n % span)
        at = datetime.combine(on, datetime.min.time(), CHINA)
        days = 5 if n % 3 else 15
        row = {
            "state": "handling",
            "received_at": at,
            "received_on": on,
            "updated_at": at,
            "channel": "api",
            "title": "t",
        }
        row |= {
            "description": "d" * 200,
            "service_code": "loan",
            "attributes": {},
            "lead_department": "tax",
            "version": 1 + n % 3,
        }
        row |= {"clock_on": on, "assigned_on": on, "due_days": days, "contact_days": 1}
        row |= {"due_on": due_on(before, on, days), "contact_due_on": due_on(before, on, 1)}
        made.append(row)
    with store.engine.begin() as connection:
        for start in range(0, len(made), 5000):
            connection.execute(insert(requests), made[start : start + 5000])
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    wall, spent = time.perf_counter(), time.process_time()
    with store.write(SYSTEM) as unit:
        moved = desk.recount(unit, book)
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    with store.read() as connection:
        trail.verify(connection)
    store.close()
    load = round(os.getloadavg()[0], 1)
    return {"requests": len(made), "moved": len(moved), "s": round(wall, 3), "cpu_s": round(spent, 3), "load": load}


if __name__ == "__main__":
    main()
