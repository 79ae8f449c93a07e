"""A board over 200,000 requests, and 100,000 deadlines counted again.

``python bench/desk_board.py`` prints one JSON line per measure. Aim: board < 200 ms, deadlines < 1 s.
"""

from __future__ import annotations

import json
import os
import random
import time
from datetime import date, timedelta

from desk_databases import SERVICES, database
from sqlalchemy import insert, text

from qujiang import desk
from qujiang.calendar import CHINA, Pause
from qujiang.calendar.due import due_on
from qujiang.store import Caller, open_store
from qujiang.store.schema_rooms import requests

COUNT = 200_000
LAST = date(2026, 11, 23)


def rows(rng: random.Random, book: desk.Rulebook):
    from datetime import datetime

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
    load = round(os.getloadavg()[0], 1)
    starts = [LAST - timedelta(days=n % 700) for n in range(100_000)]
    pauses = (Pause(date(2026, 5, 6), date(2026, 5, 20)),)
    due_on(book.calendar, LAST, 1)
    begun = time.perf_counter()
    for start in starts:
        due_on(book.calendar, start, 5, pauses)
    print(json.dumps({"bench": "deadlines_100000", "s": round(time.perf_counter() - begun, 3), "load": load}))
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
                times = []
                for _ in range(7):
                    begun = time.perf_counter()
                    with store.read() as connection:
                        made_board = desk.board(connection, caller, book, first, LAST, LAST)
                    times.append(time.perf_counter() - begun)
                answer = {"bench": "board", "database": kind, "span": name, "requests": made_board.total.received}
                print(json.dumps({**answer, "median_ms": round(sorted(times)[3] * 1e3, 1), "load": load}))
            store.close()


if __name__ == "__main__":
    main()
