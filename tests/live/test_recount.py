"""A recount by groups moves exactly the deadlines that a count one by one would, each with its event."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from qujiang import desk
from qujiang.calendar import Pause, WorkCalendar
from qujiang.calendar.due import due_on
from qujiang.desk import record
from qujiang.store import SYSTEM, Store, trail
from qujiang.store.schema import audit
from qujiang.store.schema_rooms import request_events, requests

AT = datetime(2026, 12, 28, 1, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(2))
def test_a_recount_moves_what_a_count_one_by_one_moves(store: Store, book: desk.Rulebook, seed: int) -> None:
    rng, rows = random.Random(seed), []
    old = WorkCalendar(published=range(2004, 2026))
    for _ in range(300):
        clock_on = date(2025, 12, 1) + timedelta(days=rng.randint(0, 60))
        assigned_on, days, contact_days = clock_on + timedelta(days=rng.randint(0, 2)), rng.randint(1, 15), 1
        rows.append(
            {
                "state": rng.choice(("assigned", "handling", "escalated", "replied", "closed")), "received_at": AT, "received_on": clock_on,
                "updated_at": AT, "channel": "api", "title": "t", "description": "d", "attributes": {}, "lead_department": "tax",
                "clock_on": clock_on, "assigned_on": assigned_on, "due_days": days, "contact_days": contact_days, "version": rng.randint(1, 3),
                "due_on": due_on(old, clock_on, days), "contact_due_on": due_on(old, assigned_on, contact_days), "paused": False,
            }
        )  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(insert(requests), rows)
        ids = connection.execute(select(requests.c.id).order_by(requests.c.id)).scalars().all()
        paused = {id_: Pause(date(2025, 12, 30), date(2026, 1, 6)) for id_ in ids[::10]}
        events = [
            {"request_id": id_, "at": datetime(day.year, day.month, day.day, 4, tzinfo=UTC), "verb": verb, "note": "", "changes": {}}
            for id_, span in paused.items() for verb, day in (("paused", span.start), ("resumed", span.end))
        ]  # fmt: skip
        connection.execute(insert(request_events), events)
    new = replace(book, calendar=WorkCalendar(published=range(2004, 2027)))
    expected = {}
    for id_, row in zip(ids, rows, strict=True):
        spans = [paused[id_]] if id_ in paused and paused[id_].end > row["clock_on"] else []
        days = (
            due_on(new.calendar, row["clock_on"], row["due_days"], spans),
            due_on(new.calendar, row["assigned_on"], 1),
        )
        moves = row["state"] in ("assigned", "handling", "escalated") and days != (row["due_on"], row["contact_due_on"])
        expected[id_] = (*(days if moves else (row["due_on"], row["contact_due_on"])), row["version"] + moves)
    with store.write(SYSTEM) as unit:
        moved = desk.recount(unit, new)
    with store.read() as connection:
        columns = [requests.c[name] for name in ("id", "due_on", "contact_due_on", "version")]
        assert {row[0]: tuple(row[1:]) for row in connection.execute(select(*columns))} == expected
        told = connection.execute(select(request_events).where(request_events.c.verb == "recounted")).mappings().all()
        lines = connection.execute(select(audit.c.after).where(audit.c.verb == "request_recounted")).scalars().all()
        trail.verify(connection)
    changed = {record.number_of(i) for i, r in zip(ids, rows, strict=True) if expected[i][2] != r["version"]}
    assert set(moved) == changed and len(moved) == len(changed) > 20
    assert {record.number_of(event["request_id"]) for event in told} == changed and len(told) == len(changed)
    for event in told:
        due, contact_due, version = expected[event["request_id"]]
        assert event["changes"]["version"] == version and event["changes"]["due_on"] == (due and due.isoformat())
        assert event["changes"]["contact_due_on"] == contact_due.isoformat()
    named = [number for line in lines for number in json.loads(line).get("requests", [])]
    assert set(named) <= changed and len(named) >= len(changed) - len(paused)
    with store.write(SYSTEM) as unit:
        assert desk.recount(unit, new) == []
