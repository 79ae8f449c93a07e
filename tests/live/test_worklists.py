"""Worklists and possible acts on both databases, against the whole table read row by row and against the acts themselves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from qujiang import desk
from qujiang.desk import record, views
from qujiang.desk.access import ALLOWED, part_of
from qujiang.desk.possible import ACTS
from qujiang.errors import ConflictError, DataError, ForbiddenError, LiveError, NotFoundError, ScenarioError
from qujiang.store import Caller, Store
from qujiang.store.schema_rooms import request_departments, requests
from tests.live.conftest import FIRM

TODAY = date(2026, 11, 23)

DO: dict[str, Any] = {
    "dispatch": lambda u, b, n, v: desk.dispatch(u, b, n, v, service="tax_invoice"),
    "contact": lambda u, b, n, v: desk.contact(u, n, v),
    "reply": lambda u, b, n, v: desk.reply(u, n, v, "11月30日前办好"),
    "interim": lambda u, b, n, v: desk.reply_interim(u, n, v, "x"),
    "opinion": lambda u, b, n, v: desk.give_opinion(u, n, v, "x"),
    "pause": lambda u, b, n, v: desk.pause(u, n, v, "x"),
    "resume": lambda u, b, n, v: desk.resume(u, b, n, v),
    "ask_extension": lambda u, b, n, v: desk.ask_extension(u, b, n, v, days=1, reason="x"),
    "decide_extension": lambda u, b, n, v: desk.decide_extension(u, b, n, v, grant=True, reason="x"),
    "return": lambda u, b, n, v: desk.send_back(u, b, n, v, "x"),
    "escalate": lambda u, b, n, v: desk.escalate(u, n, v, "x"),
    "decide": lambda u, b, n, v: desk.decide(u, b, n, v, lead="transport", days=3, resolution="x"),
    "call_back": lambda u, b, n, v: desk.call_back(u, b, n, v, resolved=True),
    "rate": lambda u, b, n, v: desk.rate(u, n, v, rating=4),
    "reopen": lambda u, b, n, v: desk.reopen(u, b, n, v, "x"),
    "clear": lambda u, b, n, v: desk.clear(u, n, v),
}
WHO = ("firm", "clerk", "transport", "port_company", "tax", "supervisor", "meeting", "auditor")


class UndoError(Exception):
    """Ends a write that only tries."""


@pytest.fixture
def worked(store: Store, book, people, clock) -> Iterator[list[str]]:
    """Sixty requests that chance has worked on for two weeks."""
    rng = random.Random(11)
    numbers = []
    services = ("port_berth", "lock_passage", "tax_invoice", None)
    for _ in range(60):
        service = rng.choice(services)
        attributes = {"vessel_name": "x"} if service == "port_berth" else {}
        draft = desk.Draft(f"件{rng.random()}", "说明", service_code=service, enterprise_name=f"企业{rng.randrange(9)}", attributes=attributes)  # fmt: skip
        with store.write(people["firm"]) as unit:
            numbers.append(desk.receive(unit, book, draft).number)
    for _ in range(10):
        clock.forward(days=1)
        for _ in range(25):
            number, who = rng.choice(numbers), rng.choice(WHO)
            try:
                with store.read() as connection:
                    may = desk.possible(connection, people[who], book, number, on(store))
                    version = record.find(connection, people[who], number)["version"]
            except (NotFoundError, ForbiddenError):
                continue
            act = rng.choice(may or ("",))
            if act in DO:
                with store.write(people[who]) as unit:
                    DO[act](unit, book, number, version)
    yield numbers


def on(store: Store) -> date:
    return (store.now() + timedelta(hours=8)).date()


def test_an_act_is_possible_exactly_when_it_would_not_be_refused(store, book, people, worked) -> None:
    tried = {act: [0, 0] for act in DO}
    for number in worked:
        for who in WHO:
            with store.read() as connection:
                try:
                    row = record.find(connection, people[who], number)
                except NotFoundError:
                    continue
                may = desk.possible(connection, people[who], book, number, on(store))
            for act, do in DO.items():
                taken = would(
                    store,
                    people[who],
                    lambda unit, do=do, row=row, number=number: do(unit, book, number, row["version"]),
                )
                if act == "clear" and row["cleared"]:
                    continue  # clearing twice changes nothing and is not offered
                assert (act in may) is taken, (act, who, row["state"], dict(row))
                tried[act][taken] += 1
    assert all(no for no, _ in tried.values()) and sum(yes > 0 for _, yes in tried.values()) >= 13, tried
    assert set(ACTS) - set(DO) == {"merge"} and set(ACTS) < set(ALLOWED)


def would(store: Store, caller: Caller, do: Any) -> bool:
    try:
        with store.write(caller) as unit:
            do(unit)
            raise UndoError
    except UndoError:
        return True
    except (LiveError, ScenarioError, DataError, ConflictError):
        return False


def expected(store: Store, caller: Caller, name: str) -> list[str]:
    """A list by reading every row."""
    with store.read() as connection:
        rows = connection.execute(select(requests)).mappings().all()
        asked = {
            (row["request_id"], row["department"]): row
            for row in connection.execute(select(request_departments)).mappings()
        }
    part, found = part_of(caller), []
    for row in rows:
        mine = {
            "enterprise": row["enterprise_code"] == FIRM,
            "officer": row["lead_department"] == caller.department,
            "joint_meeting": row["level"] == "joint_meeting",
        }.get(part, True)
        opened = row["state"] in record.OPEN
        question = asked.get((row["id"], caller.department))
        fits = {
            "running": opened and row["due_on"] is not None,
            "standing": opened and row["due_on"] is None and row["paused"],
            "extension": row["extension_days"] is not None,
            "mine": True,
        }.get(name, row["state"] == name)
        if name == "opinion":
            mine, fits = True, question is not None and question["answered_on"] is None and opened
        if mine and fits:
            by = {"running": row["due_on"], "opinion": question and question["due_on"]}.get(name) or date.min
            found.append((by, row["id"] if name in ("running", "opinion") else -row["id"]))
    return [record.number_of(abs(id_)) for _, id_ in sorted(found)]


@pytest.mark.parametrize("who", WHO)
def test_the_pages_of_a_list_are_the_whole_list_in_order(store, book, people, worked, who: str) -> None:
    caller, filled = people[who], 0
    with store.read() as connection:
        counts = desk.waiting(connection, caller)
        for name in desk.lists_of(caller):
            whole, got, after = expected(store, caller, name), [], ""
            while True:
                wanted = desk.Wanted(name, after=after, limit=3)
                page = desk.worklist(connection, caller, book, wanted, on(store))
                got += [row["number"] for row in page.rows]
                if page.next is None:
                    break
                after = page.next
            assert got == whole, name
            assert counts.get(name, len(whole)) == len(whole)
            filled += bool(whole)
    assert filled or who == "tax"


def test_search_and_filters_find_what_reading_every_row_finds(store, book, people, worked, monkeypatch) -> None:
    monkeypatch.setattr("qujiang.desk.worklists.LOOKED", 7)
    caller = people["clerk"]
    with store.read() as connection:
        everything = desk.worklist(connection, caller, book, desk.Wanted("running", limit=200), on(store)).rows
        for options, fits in (
            ({"search": "企业3"}, lambda row: row["enterprise_name"] == "企业3"),
            ({"search": "%"}, lambda row: False),
            ({"service": "tax_invoice"}, lambda row: row["service_code"] == "tax_invoice"),
            ({"department": "transport"}, lambda row: row["lead_department"] == "transport"),
            *(({"colour": c}, lambda row, c=c: row["colour"] == c) for c in ("red", "yellow", "green")),
        ):
            got, after, pauses = [], "", 0
            while True:
                page = desk.worklist(connection, caller, book, desk.Wanted("running", after=after, limit=4, **options), on(store))  # fmt: skip
                got += [row["number"] for row in page.rows]
                pauses += page.looked
                if page.next is None:
                    break
                after = page.next
            assert got == [row["number"] for row in everything if fits(row)], options
            assert pauses or "department" in options or len(everything) < 7
        assert {row["colour"] for row in everything} >= {"red", "green"}


def test_a_list_or_place_that_is_none_is_told(store, book, people) -> None:
    with store.read() as connection:
        for wanted in (desk.Wanted("all"), desk.Wanted("running", after="R1"), desk.Wanted("running", after="5"),
                       desk.Wanted("closed", after="2026-11-23.5"), desk.Wanted("running", after="2026-13-01.5"),
                       desk.Wanted("running", colour="pink"), desk.Wanted("running", service="none"), desk.Wanted(limit=201)):  # fmt: skip
            with pytest.raises(ScenarioError):
                desk.worklist(connection, people["supervisor"], book, wanted, TODAY)
        with pytest.raises(ForbiddenError):
            desk.worklist(connection, people["admin"], book, desk.Wanted("running"), TODAY)


def test_a_number_is_found_only_within_the_scope(store, book, people) -> None:
    with store.write(people["firm"]) as unit:
        number = desk.receive(unit, book, desk.Draft("船闸", "x", service_code="lock_passage")).number
    with store.read() as connection:
        assert desk.found(connection, people["transport"], f" {number.lower()} ") == number
        assert desk.found(connection, people["transport"], str(int(number[1:]))) == number
        assert desk.found(connection, people["other_firm"], number) is None
        assert desk.found(connection, people["transport"], "船闸") is None


def test_the_enterprise_types_its_contact_once(store, book, people) -> None:
    with store.read() as connection:
        assert views.last_contact(connection, people["firm"]) == {}
    with store.write(people["firm"]) as unit:
        desk.receive(unit, book, desk.Draft("a", "b", channel="page", contact_name="王芳", service_code="loan"))
    with store.read() as connection:
        assert views.last_contact(connection, people["firm"])["contact_name"] == "王芳"
        assert views.last_contact(connection, people["other_firm"]) == {}
        assert views.last_contact(connection, people["clerk"]) == {}


def test_a_request_that_is_older_than_the_rules_is_still_shown(store, book, people) -> None:
    with store.write(people["firm"]) as unit:
        made = desk.receive(unit, book, desk.Draft("船闸", "x", service_code="lock_passage"))
    with store.write(people["transport"]) as unit:
        desk.reply(unit, made.number, 2, "11月30日前办好")
        unit.execute(update(requests).values(assigned_on=date(2020, 1, 6), state="closed"))
    with store.read() as connection:
        may = desk.possible(connection, people["firm"], book, made.number, TODAY)
    assert "reopen" not in may and "rate" in may
    assert not would(store, people["firm"], lambda unit: desk.reopen(unit, book, made.number, 3, "x"))
