"""A board counted by the database equals the board counted row by row in plain Python, for any requests."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert

from qujiang import desk
from qujiang.calendar import CHINA
from qujiang.store import Caller, Store
from qujiang.store.schema_rooms import requests

ON = date(2026, 11, 23)
STATES = ("received", "assigned", "handling", "escalated", "replied", "closed", "merged")


def any_requests(rng: random.Random, count: int) -> list[dict]:
    """Rows of every shape that the columns allow, also such as the desk's own acts would never make."""

    def day(share: float = 0.7) -> date | None:
        return ON - timedelta(days=rng.randint(-10, 60)) if rng.random() < share else None

    rows = []
    for _ in range(count):
        received = ON - timedelta(days=rng.randint(0, 60))
        called = day()  # who is not called back has not said whether it is solved
        rows.append(
            {
                "state": rng.choice(STATES), "received_at": datetime.combine(received, datetime.min.time(), CHINA), "received_on": received,
                "updated_at": datetime(2026, 11, 23, tzinfo=CHINA), "channel": "api", "title": "t", "description": "d", "attributes": {},
                "lead_department": rng.choice((None, "tax", "transport", "finance")), "due_on": day(), "paused": rng.random() < 0.2,
                "contact_due_on": day(), "contacted_on": day(), "replied_on": day(), "called_back_on": called, "reopened": rng.choice((0, 0, 1, 2)),
                "resolved": rng.choice((None, True, False)) if called else None, "rating": rng.choice((None, 1, 2, 3, 4, 5)),
            }
        )  # fmt: skip
    return rows


def line_of(rows: list[dict]) -> dict[str, int]:
    """The counts as the handbook words them, one request at a time."""
    opened = [r for r in rows if r["state"] in ("received", "assigned", "handling", "escalated")]
    due = [r for r in rows if r["contact_due_on"] and (r["contacted_on"] or r["contact_due_on"] < ON)]
    return {
        "received": len(rows),
        "open": len(opened),
        "paused": sum(r["paused"] for r in opened),
        "overdue": sum(bool(r["due_on"] and r["due_on"] < ON) for r in opened),
        "replied": sum(r["replied_on"] is not None for r in rows),
        "replied_late": sum(bool(r["replied_on"] and r["due_on"] and r["replied_on"] > r["due_on"]) for r in rows),
        "reopened": sum(r["reopened"] > 0 for r in rows),
        "called_back": sum(r["called_back_on"] is not None for r in rows),
        "response_n": len(due),
        "response_met": sum(bool(r["contacted_on"] and r["contacted_on"] <= r["contact_due_on"]) for r in due),
        "resolution_n": sum(r["resolved"] is not None for r in rows),
        "resolution_met": sum(r["resolved"] is True for r in rows),
        "satisfaction_n": sum(r["rating"] is not None for r in rows),
        "satisfaction_met": sum((r["rating"] or 0) >= 3 for r in rows),
    }


def counts_of(line: desk.boards.Line) -> dict[str, int]:
    rates = {f"{name}_{part}": getattr(getattr(line, name), part) for name in ("response", "resolution", "satisfaction") for part in ("n", "met")}  # fmt: skip
    plain = ("received", "open", "paused", "overdue", "replied", "replied_late", "reopened", "called_back")
    return {name: getattr(line, name) for name in plain} | rates


@pytest.mark.parametrize("seed", range(3))
def test_the_board_equals_the_count_by_hand(store: Store, book: desk.Rulebook, seed: int) -> None:
    rows = any_requests(random.Random(seed), 400)
    with store.engine.begin() as connection:
        connection.execute(insert(requests), rows)
    first, last = ON - timedelta(days=40), ON - timedelta(days=3)
    mine = [r for r in rows if first <= r["received_on"] <= last and r["state"] != "merged"]
    with store.read() as connection:
        made = desk.board(connection, Caller(None, "a", "auditor"), book, first, last, ON)
        own = desk.board(connection, Caller(1, "t", "officer", "tax"), book, first, last, ON)
        none = desk.board(connection, Caller(None, "a", "auditor"), book, date(2020, 1, 1), date(2020, 1, 2), ON)
    assert counts_of(made.total) == line_of(mine)
    assert {line.department: counts_of(line) for line in made.departments} == {
        name: line_of([r for r in mine if r["lead_department"] == name]) for name in ("finance", "tax", "transport")
    }
    assert counts_of(own.total) == line_of([r for r in mine if r["lead_department"] == "tax"])
    opened = [r for r in mine if r["state"] in ("received", "assigned", "handling", "escalated")]
    for part in made.ageing:
        ages = [book.calendar.days_between(r["received_on"], ON) for r in opened]
        assert part["open"] == sum(part["from_wd"] <= a <= (part["to_wd"] or 10**6) for a in ages)
    assert none.total.received == 0 and none.departments == () and none.total.response.share is None
