"""What is held about a person is handed out whole and taken away, but for the trail."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from qujiang import cases, desk
from qujiang.cli import cli
from qujiang.desk import record
from qujiang.errors import ConflictError, ForbiddenError, UnknownCallerError
from qujiang.store import SYSTEM, Caller, Store, accounts, trail
from qujiang.store.files import keep_file
from qujiang.store.person import erase_person, export_person
from qujiang.store.schema import metadata
from qujiang.store.schema_rooms import request_events, requests
from tests.live.conftest import SERVICES

TELLING = {"contact_name": "王某某", "phone": "13900000000", "email": "wang@example.cn", "address": "某街1号"}


def live(store: Store, book: desk.Rulebook, people: dict[str, Caller]) -> str:
    """A request and a waiting file of the firm, one request of another."""
    for who in ("other_firm", "firm"):
        with store.write(people[who]) as unit:
            number = desk.receive(unit, book, desk.Draft("船闸", "待闸", lat=28.9, long=118.9, **TELLING)).number
    with store.write(people["firm"]) as unit:
        keep_file(unit, "王某某.pdf", b"%PDF-1.7 private")
        accounts.create_api_key(unit, people["firm"].account_id or 0, "mine")
    accounts.log_in(store, "firm", "pass phrase of firm", "127.0.0.1")
    return number


def close(store: Store, number: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(requests.update().where(requests.c.id == record.id_of(number)).values(state="closed"))


def test_the_export_holds_everything_of_one_and_nothing_of_another(
    store: Store, book: desk.Rulebook, people: dict[str, Caller]
) -> None:
    number = live(store, book, people)
    with store.read() as connection:
        held = export_person(connection, "firm")["held"]
    text = json.dumps(held, ensure_ascii=False)
    assert all(value in text for value in TELLING.values()) and number == record.number_of(held["requests"][0]["id"])
    for table in ("accounts", "sessions", "api_keys", "login_attempts", "files", "requests", "request_events", "audit"):
        assert held[table], table
    assert len(held["requests"]) == 1 and {e["request_id"] for e in held["request_events"]} == {
        held["requests"][0]["id"]
    }
    assert "argon2" not in text and "token_hash" not in text and "key_hash" not in text
    named = {table.name for table in metadata.sorted_tables if "account_id" in table.columns}
    assert named >= {"sessions", "api_keys", "repeats", "requests", "cases", "files"}


def test_erasing_takes_the_person_and_keeps_the_record(
    store: Store, book: desk.Rulebook, people: dict[str, Caller]
) -> None:
    number = live(store, book, people)
    with pytest.raises(ForbiddenError), store.write(people["supervisor"]) as unit:
        erase_person(unit, "firm")
    with pytest.raises(ConflictError, match="still open"), store.write(people["admin"]) as unit:
        erase_person(unit, "firm")
    close(store, number)
    with store.write(people["admin"]) as unit:
        assert erase_person(unit, "firm") == {"requests": 1, "files": 1}
    with store.read() as connection:
        text = ""
        for table in metadata.sorted_tables:  # whatever any table still holds, but for the other firm's own request
            for row in connection.execute(select(table)).mappings():
                if table is requests and row["id"] != record.id_of(number):
                    continue
                if table is request_events and row["request_id"] != record.id_of(number):
                    continue
                text += json.dumps({k: str(v) for k, v in row.items()}, ensure_ascii=False)
        assert not [value for value in (*TELLING.values(), "private", "28.9") if value in text]
        row = connection.execute(select(requests).where(requests.c.id == record.id_of(number))).mappings().one()
        events = connection.execute(
            select(request_events).where(request_events.c.request_id == row["id"]).order_by(request_events.c.id)
        ).mappings()
        folded = record.fold(events)
        assert (row["title"], row["phone"], folded["phone"], row["lat"], folded["lat"]) == ("船闸", "", "", None, None)
        trail.verify(connection)
    with pytest.raises(UnknownCallerError):
        accounts.log_in(store, "firm", "pass phrase of firm", "127.0.0.1")
    with pytest.raises(ConflictError), store.write(people["admin"]) as unit:
        erase_person(unit, "admin")


def test_a_case_keeps_its_account_until_it_is_done(
    store: Store, book: desk.Rulebook, people: dict[str, Caller]
) -> None:
    library = cases.load_library(store, SERVICES)
    answers = {"vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1, "eta": "2026-11-25", "passes_lock": False, "foreign_trade": False, "last_port": "嘉兴", "draught_cm": 260}  # fmt: skip
    papers = dict.fromkeys(("vessel_certificate", "manifest", "crew_list"), "x")
    with store.write(people["firm"]) as unit:
        cases.start_case(unit, library, book.calendar, cases.Application("port_call", answers, papers))
    with pytest.raises(ConflictError, match="1 cases"), store.write(SYSTEM) as unit:
        erase_person(unit, "firm")
    with store.read() as connection:
        held = export_person(connection, "firm")["held"]
    assert held["cases"][0]["answers"]["vessel"] == "浙衢货0001" and held["case_steps"] and held["case_materials"]


def test_on_the_command_line(store: Store, book: desk.Rulebook, people: dict[str, Caller], database_url: str) -> None:
    close(store, live(store, book, people))
    told = CliRunner().invoke(cli, ["desk", "export-person", "firm", "--database", database_url])
    assert told.exit_code == 0 and json.loads(told.output)["account"] == "firm"
    asked = CliRunner().invoke(cli, ["desk", "erase-person", "firm", "--database", database_url])
    assert asked.exit_code == 2 and "--yes" in asked.output
    done = CliRunner().invoke(cli, ["desk", "erase-person", "firm", "--database", database_url, "--yes"])
    assert done.exit_code == 0 and json.loads(done.output) == {"requests": 1, "files": 1}
