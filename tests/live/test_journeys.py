"""A write sends together what can travel together; what fails on the way undoes all of it."""

from __future__ import annotations

from unittest import mock

import psycopg
import pytest
from sqlalchemy import func, insert, select

from qujiang.desk import Draft, Rulebook, receive
from qujiang.errors import ConflictError
from qujiang.store import SYSTEM, Caller, Store
from qujiang.store.repeats import Answer, claim, keep
from qujiang.store.schema import audit, repeats

SYNC = psycopg.Pipeline.sync


def test_a_later_statement_that_fails_undoes_the_whole_write(store: Store, people: dict[str, Caller]) -> None:
    row = {"account_id": people["firm"].account_id, "key": "k" * 8, "fingerprint": "f", "at": store.now()}
    later = insert(repeats).inline().execution_options(later=True)
    with pytest.raises(ConflictError), store.write(SYSTEM) as unit:
        unit.execute(later, row)
        unit.execute(later, row)
        unit.tell("tried", "x")
    with store.write(SYSTEM) as unit:  # the connection goes on
        assert unit.execute(select(func.count()).select_from(repeats)).scalar_one() == 0
        unit.tell("done", "x")
    with store.read() as connection:
        verbs = connection.execute(select(audit.c.verb).order_by(audit.c.seq.desc()).limit(2)).scalars().all()
    assert verbs[0] == "done" and "tried" not in verbs


def test_a_write_on_postgresql_takes_few_journeys(store: Store, book: Rulebook, people: dict[str, Caller]) -> None:
    if store.is_sqlite:
        pytest.skip("no journey is long in a file")
    journeys: list[psycopg.Pipeline] = []

    def sync(pipeline: psycopg.Pipeline) -> None:
        journeys.append(pipeline)
        SYNC(pipeline)

    draft = Draft("船闸", "待闸两天", service_code="port_berth", attributes={"vessel_name": "x"})
    with mock.patch.object(psycopg.Pipeline, "sync", sync), store.write(people["firm"]) as unit:
        assert claim(unit, "k" * 8, "f") is None
        receive(unit, book, draft)
        keep(unit, "k" * 8, Answer(201, "{}"))
    assert len(journeys) == 4  # the claim, what is alike, the request's number, the trail's end; then the commit


def test_a_statement_of_megabytes_goes_through(store: Store, people: dict[str, Caller]) -> None:
    whose, text = people["firm"].account_id, "长" * 1_500_000
    rows = [
        {"account_id": whose, "key": f"key-{n}", "fingerprint": "f", "at": store.now(), "answer": text}
        for n in range(3)
    ]
    later = insert(repeats).inline().execution_options(later=True)
    with store.write(SYSTEM) as unit:
        unit.execute(later, rows[0])  # alone, then with the commit
    with store.write(SYSTEM) as unit:
        unit.execute(insert(repeats).inline(), rows[1:])  # many at once
    with store.read() as connection:
        assert connection.execute(select(func.sum(func.length(repeats.c.answer)))).scalar_one() == 4_500_000
