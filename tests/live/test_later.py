"""Long answers behind pages: their order, what is kept, what is told meanwhile; statistics of SQLite; a port at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from qujiang.district import District
from qujiang.errors import ScenarioError, ThrottledError
from qujiang.port.at_once import at_once
from qujiang.port.rows import port_problem
from qujiang.port.simulate import simulate
from qujiang.store import open_store
from qujiang.web.pages.later import Later, Running


class Gate:
    """Work that waits until it is let go, and tells once how far it is."""

    def __init__(self) -> None:
        self.begun, self.go, self.made = threading.Event(), threading.Event(), 0

    def __call__(self, report) -> str:
        report(3, 0.25)
        self.begun.set()
        assert self.go.wait(20)
        self.made += 1
        return f"answer {self.made}"


def test_who_asks_early_is_told_how_far_it_is_and_who_asks_late_gets_what_was_kept() -> None:
    later, gate = Later(4), Gate()
    first = later.get("a", gate, 0.0)
    assert isinstance(first, Running)
    assert gate.begun.wait(20)
    assert later.get("a", gate, 0.0) == Running(0, 3, 0.25)
    assert later.get("b", lambda report: "b", 0.0) == Running(1)  # one after the other
    gate.go.set()
    assert later.get("a", gate, 20.0) == "answer 1"
    assert later.get("a", gate, 0.0) == "answer 1" and gate.made == 1
    assert later.get("b", lambda report: "again", 20.0) == "b"


def test_an_error_is_told_and_not_kept_and_the_oldest_answer_is_forgotten() -> None:
    later = Later(2)

    def fail(report) -> str:
        raise ScenarioError("no")

    with pytest.raises(ScenarioError, match="no"):
        later.get("a", fail, 20.0)
    for key in ("a", "b", "c"):
        assert later.get(key, lambda report, key=key: key, 20.0) == key
    assert later.get("b", lambda report: "anew", 20.0) == "b"
    assert later.get("a", lambda report: "anew", 20.0) == "anew"


def test_who_finds_a_long_queue_is_sent_away_and_who_waits_already_is_not() -> None:
    later, gate = Later(4, queue=2), Gate()
    later.get("a", gate, 0.0)
    assert gate.begun.wait(20)
    for key in ("b", "c"):
        assert isinstance(later.get(key, lambda report: "x", 0.0), Running)
    with pytest.raises(ThrottledError):
        later.get("d", lambda report: "x", 0.0)
    assert later.get("c", lambda report: "x", 0.0) == Running(2)
    gate.go.set()
    assert later.get("c", lambda report: "x", 20.0) == "x"


def test_sqlite_learns_what_its_indexes_hold(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "live.sqlite3"))
    try:
        with store.engine.connect() as connection:
            before = connection.execute(
                text("select count(*) from sqlite_master where name = 'sqlite_stat1'")
            ).scalar_one()
        store.look_after()
        store.look_after()
        with store.engine.connect() as connection:
            assert before == 0 and connection.execute(text("select count(*) from sqlite_stat1")).scalar_one() > 0
    finally:
        store.close()


def test_a_port_at_once_says_of_every_stage_what_the_simulation_says_but_for_measured_waits() -> None:
    problem = port_problem(District.open())
    told, simulated = at_once(problem), simulate(problem, precision=0.2)
    assert (told.replications, told.stopped_by, told.wait_ratio, told.turnaround) == (0, "formula", None, None)
    assert [(stage.stage, stage.name) for stage in told.stages] == [(s.stage, s.name) for s in simulated.stages]
    assert [(s.state, s.offered, s.exact_wait_h) for s in told.stages] == [
        (s.state, s.offered, s.exact_wait_h) for s in simulated.stages
    ]
    assert all(stage.wait is None for stage in told.stages)
