"""10,000 port-call cases advanced by 8 workers: no step lost, none done twice, proven by events and by the trail.

``python bench/desk_cases.py [cases] [database …]`` prints one JSON line per database.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from desk_databases import FIRM, SERVICES, database
from sqlalchemy import func, select

from qujiang import cases
from qujiang.desk import read_rulebook
from qujiang.errors import ConflictError, NotFoundError
from qujiang.store import SYSTEM, Caller, accounts, open_store, trail
from qujiang.store.schema import audit
from qujiang.store.schema_rooms import case_events
from qujiang.store.schema_rooms import cases as case_table

ANSWERS = {
    "vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": True, "foreign_trade": True,
    "last_port": "嘉兴", "draught_cm": 260, "lock_name": "安仁铺", "hs_code": "27011210",
}  # fmt: skip
PAPERS = dict.fromkeys(("vessel_certificate", "manifest", "crew_list", "contract"), "x")
STEPS = (
    ("transport", "arrival"),
    ("transport", "lock"),
    ("customs", "customs"),
    ("port_company", "berth"),
    ("transport", "confirm"),
)


def measure(url: str, count: int, workers: int = 8) -> dict[str, float]:
    store = open_store(url)
    book, library = read_rulebook(SERVICES), cases.load_library(store, SERVICES)
    with store.write(SYSTEM) as unit:
        crew = {
            d: Caller(accounts.create_account(unit, accounts.NewAccount(d, "officer", department=d)), d, "officer", d)
            for d in ("transport", "customs", "port_company")
        }
        firm = Caller(
            accounts.create_account(unit, accounts.NewAccount("firm", "enterprise", enterprise_code=FIRM)),
            "firm",
            "enterprise",
            None,
            FIRM,
        )

    def start(_: int) -> str:
        with store.write(firm) as unit:
            return cases.start_case(unit, library, book.calendar, cases.Application("port_call", ANSWERS, PAPERS))[
                "code"
            ]

    def step(job: tuple[str, str, str]) -> int:
        code, department, name = job
        try:
            with store.write(crew[department]) as unit:
                cases.complete_step(unit, library, book.calendar, code, name)
        except (ConflictError, NotFoundError):
            return 0
        return 1

    with ThreadPoolExecutor(workers) as pool:
        begun = time.perf_counter()
        codes = list(pool.map(start, range(count)))
        started = time.perf_counter()
        done = 0
        for wave in (STEPS[:1], STEPS[1:4], STEPS[4:]):
            jobs = [(code, *one) for code in codes for one in wave for _ in range(2)]  # every step is tried twice
            done += sum(pool.map(step, jobs, chunksize=50))
        ended = time.perf_counter()
    with store.read() as connection:
        events = connection.execute(select(func.count()).where(case_events.c.verb == "step_done")).scalar_one()
        over = connection.execute(select(func.count()).where(case_table.c.state == "done")).scalar_one()
        trail.verify(connection)
        acts = connection.execute(select(audit.c.subject, audit.c.after).where(audit.c.verb == "case_step_done")).all()
    store.close()
    assert (done, events, over) == (5 * count, 5 * count, count), (done, events, over)
    proven = {(act.subject, json.loads(act.after)["step"]) for act in acts}  # the trail: each step of each case, once
    assert len(proven) == len(acts) == 5 * count, (len(proven), len(acts))
    return {
        "cases": count,
        "started_per_s": round(count / (started - begun)),
        "steps_per_s": round(5 * count / (ended - started)),
        "s": round(ended - begun, 1),
    }


if __name__ == "__main__":
    for kind in sys.argv[2:] or ("sqlite", "postgresql"):
        with database(kind) as address:
            found = measure(address, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
        print(
            json.dumps(
                {"bench": "desk_cases", "database": kind, "workers": 8, "load": round(os.getloadavg()[0], 1), **found}
            )
        )
