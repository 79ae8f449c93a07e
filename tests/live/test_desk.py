"""The request desk on both databases: a request's whole life, its refusals, its clocks, and its boards."""

from __future__ import annotations

import csv
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from qujiang import desk
from qujiang.calendar import Override, WorkCalendar
from qujiang.desk import boards, record, sheets, views
from qujiang.desk.access import ALLOWED, allow, part_of
from qujiang.desk.intake import Draft
from qujiang.district import observations as observed
from qujiang.errors import ConflictError, DataError, ForbiddenError, NotFoundError, ScenarioError
from qujiang.store import Caller, Store, trail
from qujiang.store.schema_rooms import request_events, requests

CODE = "91350100M000100Y43"
TODAY = date(2026, 11, 23)
BERTH = Draft("泊位排队", "船到港三天仍未安排靠泊", service_code="port_berth", attributes={"vessel_name": "浙衢货0001"})


@pytest.fixture
def act(store: Store, book, people):
    """Do one verb as one person: ``act("transport", desk.contact, number, version)``; verbs that need the rules get them."""

    def run(who: str, verb, *arguments, **options):
        with store.write(people[who]) as unit:
            needs_book = "book" in verb.__code__.co_varnames[: verb.__code__.co_argcount]
            return verb(unit, book, *arguments, **options) if needs_book else verb(unit, *arguments, **options)

    return run


@pytest.fixture
def see(store: Store, book, people):
    def run(who: str, number: str) -> dict:
        with store.read() as connection:
            return views.shown(connection, people[who], book, number, TODAY)

    return run


def test_a_request_lives_from_intake_to_rating(act, see, store: Store, people, clock) -> None:
    made = act("firm", desk.receive, BERTH)
    assert (made.state, made.lead_department, made.version) == ("assigned", "transport", 2)
    assert made.due_on == date(2026, 12, 7)  # 10 working days after 11-23, two departments
    number = made.number
    act("transport", desk.contact, number, 2)
    act("port_company", desk.give_opinion, number, 3, "三号泊位明日可用")
    act("transport", desk.reply_interim, number, 4, "已联系港口")
    clock.forward(days=1)
    act("transport", desk.reply, number, 5, "11月25日上午靠三号泊位")
    with pytest.raises(ForbiddenError):
        act("transport", desk.call_back, number, 6, resolved=True)
    act("clerk", desk.call_back, number, 6, resolved=True)
    act("firm", desk.rate, number, 7, rating=5, comment="很快")
    seen = see("firm", number)
    assert (seen["state"], seen["rating"], seen["resolved"], seen["late_wd"], seen["colour"]) == (
        "closed",
        5,
        True,
        0,
        "",
    )
    assert [event["verb"] for event in seen["events"]] == [
        "received", "dispatched", "contacted", "opinion_given", "interim_replied", "replied", "called_back", "rated",
    ]  # fmt: skip
    assert "opinion" not in seen["assisting"][0]
    assert see("supervisor", number)["assisting"][0]["opinion"] == "三号泊位明日可用"
    with store.read() as connection:
        told = trail.verify(connection)
    assert told.rows >= 8 + len(people)


def test_the_row_is_what_its_events_add_up_to(act, store: Store, clock) -> None:
    number = act("firm", desk.receive, BERTH).number
    act("transport", desk.pause, number, 2, "等企业补充资料")
    clock.forward(days=2)
    act("transport", desk.resume, number, 3)
    act("transport", desk.ask_extension, number, 4, days=3, reason="需协调")
    act("supervisor", desk.decide_extension, number, 5, grant=True, reason="同意")
    act("transport", desk.escalate, number, 6, "跨部门")
    act("meeting", desk.decide, number, 7, lead="transport", days=5, resolution="由港航牵头")
    act("transport", desk.reply, number, 8, "12月1日办结")
    act("clerk", desk.call_back, number, 9, resolved=False)
    with store.read() as connection:
        row = connection.execute(select(requests)).mappings().one()
        events = connection.execute(select(request_events).order_by(request_events.c.id)).mappings().all()
    folded = record.fold(events)
    for name, value in folded.items():
        stored = row[name]
        if isinstance(stored, datetime):
            assert datetime.fromisoformat(value) == stored, name
        elif isinstance(stored, date):
            assert value == stored.isoformat(), name
        else:
            assert value == stored, name
    assert row["state"] == "handling" and row["reopened"] == 1


def test_the_trail_holds_no_private_text(act, store: Store) -> None:
    act("firm", desk.receive, replace(BERTH, contact_name="某某", phone="13800000000", email="a@example.org"))
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT after FROM audit").scalars().all()
    text = " ".join(rows)
    for secret in ("13800000000", "某某", "a@example.org", "三天"):
        assert secret not in text


def test_words_classify_and_what_no_rule_knows_waits_at_the_desk(act) -> None:
    by_words = act("firm", desk.receive, Draft("船闸待闸两天", "过闸排队太久"))
    assert (by_words.service_code, by_words.lead_department) == ("lock_passage", "transport")
    waits = act("firm", desk.receive, Draft("一件小事", "说不清楚"))
    assert (waits.state, waits.service_code) == ("received", None)
    with pytest.raises(ScenarioError, match="say why"):
        act("clerk", desk.dispatch, waits.number, 1, service="other", lead="commerce")
    assert act("clerk", desk.dispatch, waits.number, 1, service="other", lead="commerce", note="涉及商户") == 2
    with pytest.raises(ScenarioError, match="unknown"):
        act("clerk", desk.dispatch, act("firm", desk.receive, Draft("甲", "乙")).number, 1, service="nothing")


def test_dispatch_goes_by_the_rule_of_the_day(book) -> None:
    assert book.dispatch_of("short_drama", date(2025, 6, 19)).assisting == ()
    assert book.dispatch_of("short_drama", date(2025, 6, 20)).assisting == ("studio",)


def test_a_twin_is_hinted_at_and_can_be_merged_with_both_numbers_kept(act, see) -> None:
    first = act("firm", desk.receive, BERTH)
    twin = act("firm", desk.receive, replace(BERTH, description="船到港三天了仍未安排靠泊"))
    assert first.alike == () and twin.alike == (first.number,)
    assert act("other_firm", desk.receive, BERTH).alike == ()
    act("clerk", desk.merge, twin.number, 2, first.number)
    assert see("firm", twin.number)["merged_into"] == first.number
    with pytest.raises(ScenarioError):
        act("clerk", desk.merge, first.number, 2, first.number)


def test_a_return_needs_a_reason_a_day_and_comes_twice_at_most(act, clock) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    with pytest.raises(ScenarioError, match="say why"):
        act("transport", desk.send_back, number, 2, " ")
    act("transport", desk.send_back, number, 2, "不属本部门")
    act("clerk", desk.dispatch, number, 3, service="lock_passage")
    clock.forward(days=2)
    with pytest.raises(ConflictError, match="within 1 working day"):
        act("transport", desk.send_back, number, 4, "晚了")
    clock.forward(days=-2)
    again = act("firm", desk.receive, Draft("船闸二", "待闸")).number
    version = 2
    for _ in range(2):
        version = act("transport", desk.send_back, again, version, "不属本部门")
        version = act("clerk", desk.dispatch, again, version, service="lock_passage")
    with pytest.raises(ConflictError, match=r"2 times|within"):
        act("transport", desk.send_back, again, version, "第三次")


def test_a_pause_moves_the_last_day_and_explains_itself(act, see, store: Store, book, people, clock) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    assert see("firm", number)["due_on"] == date(2026, 11, 30)
    act("transport", desk.pause, number, 2, "等材料")
    assert (see("firm", number)["due_on"], see("firm", number)["colour"]) == (None, "grey")
    clock.forward(days=2)  # Monday to Wednesday: two working days stand
    act("transport", desk.resume, number, 3)
    assert see("firm", number)["due_on"] == date(2026, 12, 1)  # 11-24 alone is lost: 11-23 was not counted anyway
    with store.read() as connection:
        account = views.explain(connection, people["firm"], book, number)
    assert account.due == date(2026, 12, 1)
    assert any("the clock stands" in step.says for step in account.steps)
    with pytest.raises(ConflictError, match="runs"):
        act("transport", desk.resume, number, 4)


def test_an_extension_is_asked_in_time_once_within_the_most_and_decided_by_the_supervisor(act, see, clock) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    with pytest.raises(ScenarioError, match="between 1 and 5"):
        act("transport", desk.ask_extension, number, 2, days=6, reason="x")
    act("transport", desk.ask_extension, number, 2, days=5, reason="洪水停航")
    with pytest.raises(ForbiddenError):
        act("transport", desk.decide_extension, number, 3, grant=True, reason="x")
    act("supervisor", desk.decide_extension, number, 3, grant=True, reason="同意")
    assert see("firm", number)["due_on"] == date(2026, 12, 7)
    with pytest.raises(ConflictError, match="once"):
        act("transport", desk.ask_extension, number, 4, days=1, reason="x")
    late = act("firm", desk.receive, Draft("船闸三", "待闸")).number
    clock.forward(days=14)
    with pytest.raises(ConflictError, match="last day"):
        act("transport", desk.ask_extension, late, 2, days=1, reason="x")


def test_a_reply_that_promises_without_a_date_is_refused(act) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    with pytest.raises(ScenarioError, match="name the day"):
        act("transport", desk.reply, number, 2, "我们将尽快处理")
    act("transport", desk.reply, number, 2, "我们将尽快处理，11月26日前安排")


def test_a_bad_rating_returns_to_the_call_back_and_one_handling_is_rated_once(act, see) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    act("transport", desk.reply, number, 2, "已处理")
    act("clerk", desk.call_back, number, 3, resolved=None)
    act("firm", desk.rate, number, 4, rating=1)
    assert see("clerk", number)["state"] == "replied"
    with pytest.raises(ConflictError, match="once"):
        act("firm", desk.rate, number, 5, rating=5)
    act("clerk", desk.call_back, number, 5, resolved=False)
    assert see("firm", number)["state"] == "handling"
    act("transport", desk.reply, number, 6, "已重办")
    act("clerk", desk.call_back, number, 7, resolved=True, rating=4)
    act("firm", desk.reopen, number, 8, "又出现了")
    assert see("firm", number)["reopened"] == 2


def test_re_opening_ends_fifteen_working_days_after_the_reply(act, clock) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    act("transport", desk.reply, number, 2, "已处理")
    act("clerk", desk.call_back, number, 3, resolved=True)
    clock.forward(days=22)
    with pytest.raises(ConflictError, match="16 have passed"):
        act("firm", desk.reopen, number, 4, "又出现了")
    act("supervisor", desk.reopen, number, 4, "督查发现")


def test_two_officers_at_once_one_wins_and_the_other_is_told_the_version(act) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number

    def answer(text: str) -> str:
        try:
            act("transport", desk.reply, number, 2, text)
        except ConflictError as lost:
            assert lost.version == 3
            return "lost"
        return "won"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(answer, ["甲答复", "乙答复"])) == ["lost", "won"]


def test_a_verb_in_the_wrong_state_is_refused(act) -> None:
    number = act("firm", desk.receive, Draft("船闸", "待闸")).number
    for who, verb, arguments, options in (
        ("clerk", desk.call_back, (), {"resolved": True}),
        ("firm", desk.reopen, ("x",), {}),
        ("firm", desk.rate, (), {"rating": 3}),
        ("meeting", desk.decide, (), {"lead": "tax", "days": 3, "resolution": "x"}),
        ("clerk", desk.dispatch, (), {"service": "loan"}),
    ):
        with pytest.raises((ConflictError, NotFoundError)):
            act(who, verb, number, 2, *arguments, **options)


def test_every_part_sees_its_own_requests_and_nothing_else(act, see) -> None:
    number = act("firm", desk.receive, BERTH).number
    sees = {}
    for who in (
        "firm",
        "other_firm",
        "clerk",
        "transport",
        "port_company",
        "tax",
        "supervisor",
        "meeting",
        "auditor",
        "admin",
    ):
        try:
            see(who, number)
            sees[who] = "seen"
        except (NotFoundError, ForbiddenError) as refused:
            sees[who] = type(refused).__name__
    assert sees == {
        "firm": "seen",
        "other_firm": "NotFoundError",
        "clerk": "seen",
        "transport": "seen",
        "port_company": "seen",
        "tax": "NotFoundError",
        "supervisor": "seen",
        "meeting": "NotFoundError",  # until it is escalated
        "auditor": "seen",
        "admin": "ForbiddenError",
    }
    act("transport", desk.escalate, number, 2, "跨部门")
    assert see("meeting", number)["state"] == "escalated"


@pytest.mark.parametrize("verb", sorted(ALLOWED))
def test_whoever_is_not_listed_for_a_verb_is_refused(verb: str) -> None:
    roles = ("enterprise", "officer", "supervisor", "joint_meeting", "auditor", "admin", "anonymous", "unheard of")
    for caller in (*(Caller(1, role, role) for role in roles), Caller(1, "clerk", "officer", "desk")):
        if part_of(caller) in ALLOWED[verb]:
            allow(caller, verb)
        else:
            with pytest.raises(ForbiddenError):
                allow(caller, verb)


def test_a_faulty_draft_tells_every_fault(act) -> None:
    draft = Draft(" ", "x" * 4001, service_code="port_berth", enterprise_code="123", channel="carrier pigeon", lat=91.0, long=0.0, attributes={"cargo_t": "many", "odd": "1"})  # fmt: skip
    with pytest.raises(DataError) as told:
        act("clerk", desk.receive, draft)
    assert {fault.column for fault in told.value.faults} == {
        "title", "description", "enterprise_code", "channel", "lat", "attribute[vessel_name]", "attribute[cargo_t]", "attribute[odd]",
    }  # fmt: skip
    with pytest.raises(ForbiddenError, match="own name"):
        act("firm", desk.receive, Draft("a", "b", enterprise_code="91440300708461136T"))


def test_colours_follow_from_the_day() -> None:
    calendar = WorkCalendar(published=range(2004, 2027))
    row = {"state": "handling", "paused": False, "due_on": date(2026, 10, 8), "replied_on": None}
    shades = {day: views.colour(calendar, row, date.fromisoformat(day)) for day in ("2026-09-28", "2026-09-29", "2026-09-30", "2026-10-07", "2026-10-08", "2026-10-09")}  # fmt: skip
    assert shades == {
        "2026-09-28": "green", "2026-09-29": "green", "2026-09-30": "yellow", "2026-10-07": "yellow", "2026-10-08": "yellow", "2026-10-09": "red",
    }  # fmt: skip
    assert views.late_wd(calendar, row, date(2026, 10, 10)) == 2  # Friday and the worked Saturday
    assert views.colour(calendar, {**row, "paused": True}, date(2026, 10, 9)) == "grey"
    assert views.colour(calendar, {**row, "state": "closed"}, date(2026, 10, 9)) == ""


def test_a_new_notice_recounts_the_open_deadlines_that_it_touches(act, see, store: Store, book, people) -> None:
    touched = act("firm", desk.receive, Draft("船闸", "待闸")).number
    other = act("firm", desk.receive, Draft("发票", "退税")).number
    later = replace(
        book, calendar=WorkCalendar([Override(date(2026, 11, 30), "rest", "", "a notice")], published=range(2004, 2027))
    )
    with store.write(people["supervisor"]) as unit:
        assert desk.recount(unit, later) == [touched]
        assert desk.recount(unit, later) == []
    assert see("firm", touched)["due_on"] == date(2026, 12, 1)
    assert see("firm", other)["due_on"] == date(2026, 11, 26)
    with pytest.raises(ForbiddenError), store.write(people["clerk"]) as unit:
        desk.recount(unit, later)


@pytest.mark.parametrize(
    ("met", "n", "low", "high"),
    [(50, 50, 0.92865, 1.0), (99, 100, 0.94551, 0.99823), (1345, 1354, 0.98742, 0.99650), (0, 20, 0.0, 0.16113)],
)
def test_wilsons_interval_meets_its_vectors(met: int, n: int, low: float, high: float) -> None:
    found = boards.rate(met, n)
    assert found.low == pytest.approx(low, abs=5e-6)
    assert found.high == pytest.approx(high, abs=5e-6)
    assert boards.rate(0, 0).share is None


def test_the_board_counts_what_a_plain_count_of_the_rows_gives(act, store: Store, book, people, clock) -> None:
    drafts = [Draft("船闸", f"待闸{n}") for n in range(6)] + [Draft("发票", f"退税{n}") for n in range(3)]
    numbers = [act("firm", desk.receive, draft).number for draft in drafts]
    act("transport", desk.contact, numbers[0], 2)
    act("transport", desk.reply, numbers[0], 3, "好")
    act("clerk", desk.call_back, numbers[0], 4, resolved=True, rating=5)
    act("transport", desk.reply, numbers[1], 2, "好")
    act("clerk", desk.call_back, numbers[1], 3, resolved=None)
    act("transport", desk.pause, numbers[2], 2, "等")
    clock.forward(days=9)
    act("transport", desk.reply, numbers[3], 2, "晚")
    act("clerk", desk.call_back, numbers[3], 3, resolved=False, rating=1)
    on = date(2026, 12, 2)
    with store.read() as connection:
        made = boards.board(connection, people["supervisor"], book, TODAY, TODAY, on)
        own = boards.board(connection, people["tax"], book, TODAY, TODAY, on)
        months = boards.observations(connection, people["auditor"], book, [TODAY], on, area="某区")
        with pytest.raises(ForbiddenError):
            boards.board(connection, people["firm"], book, TODAY, TODAY, on)
    total = made.total
    # transport: 0 solved, 1 not reached, 2 paused, 3 late and redone, 4 and 5 untouched; tax: 3 untouched
    assert (total.received, total.open, total.paused, total.overdue, total.replied) == (9, 7, 1, 5, 2)
    assert (total.response.met, total.response.n) == (2, 9)  # 2 in time; 3 late; 6 never, and due
    assert (total.resolution.met, total.resolution.n) == (1, 2)
    assert (total.satisfaction.met, total.satisfaction.n) == (1, 1)  # the redone one is rated anew
    assert (total.answered.met, total.answered.n) == (2, 3)
    assert [line.department for line in made.departments] == ["tax", "transport"]
    assert [line.department for line in own.departments] == ["tax"] and own.total.received == 3
    assert sum(item["open"] for item in made.ageing) == 7
    assert made.ageing[2] == {"from_wd": 5, "to_wd": 9, "open": 7}  # 7 working days old
    read = observed.read(pl.DataFrame(months, infer_schema_length=None))  # the district's own reader finds no fault
    assert {row.indicator: row.value for row in read.rows}["desk_response"] == pytest.approx(2 / 9)
    assert {row.area for row in read.rows} == {"某区"}
    table = boards.board_table(made)
    text = sheets.as_csv(table, list(table[0]))
    assert next(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))["received"] == "9"


HEADER = "ticket,received_at,enterprise_code,enterprise_name,contact_name,phone,service_code,title,description\n"


def test_a_hotlines_file_is_taken_in_once(act, see) -> None:
    text = (
        HEADER
        + f"T1,2026-11-20T16:50:00+08:00,{CODE},某公司,张,1,lock_passage,待闸,两天\nT2,2026-11-22T09:00:00+08:00,,,,,,摊位,=cmd()\n"
    )
    first = act("clerk", desk.take_hotline, text)
    assert (first["taken"], first["known"]) == (2, 0)
    assert see("clerk", first["numbers"][0])["due_on"] == date(2026, 11, 27)  # counted from the 20th, when it came in
    assert act("clerk", desk.take_hotline, text) == {"taken": 0, "known": 2, "numbers": []}
    with pytest.raises(ForbiddenError):
        act("firm", desk.take_hotline, text)


def test_a_faulty_hotline_file_is_refused_whole_with_every_fault(act, store: Store) -> None:
    text = (
        HEADER
        + "T1,2026-11-20T16:50:00,,,,,,a,b\nT1,soon,,,,,,a,b\nT3,2026-12-20T16:50:00+08:00,,,,,,a,b\nT4,2026-11-20T16:50:00+08:00,1,,,,,,b\nT5,2026-11-20T16:50:00+08:00,,,,,,good,one\n"
    )
    with pytest.raises(DataError) as told:
        act("clerk", desk.take_hotline, text)
    assert [(f.line, f.column) for f in told.value.faults] == [
        (3, "ticket"), (2, "received_at"), (3, "received_at"), (4, "received_at"), (5, "title"), (5, "enterprise_code"),
    ]  # fmt: skip
    with store.read() as connection:
        assert connection.execute(select(requests)).first() is None


@given(st.text(max_size=20))
def test_no_csv_cell_is_run_as_a_formula(text: str) -> None:
    cell = sheets.plain_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.lstrip("'") == text.lstrip("'")


def test_lists_are_paged_and_filtered_within_the_scope(act, store: Store, book, people, clock) -> None:
    numbers = [act("firm", desk.receive, Draft("船闸", f"待闸{n}")).number for n in range(5)]
    act("other_firm", desk.receive, Draft("发票", "退税"))

    def page(who: str, **wanted) -> list[str]:
        with store.read() as connection:
            rows = views.listed(connection, people[who], book, desk.Filter(**wanted), TODAY)
        return [row["number"] for row in rows]

    assert page("firm", limit=2) == numbers[:2:-1]
    assert page("firm", limit=10, after=numbers[3]) == numbers[2::-1]
    assert len(page("clerk")) == 6
    assert len(page("clerk", department="tax")) == len(page("other_firm")) == 1
    assert page("tax", service="port_berth") == page("meeting") == []
    with pytest.raises(ScenarioError):
        page("firm", limit=1000)


def test_rules_that_disagree_are_told(tmp_path) -> None:
    folder = shutil.copytree(Path(str(files("qujiang.districts"))) / "qujiang" / "services", tmp_path / "services")
    departments = folder / "departments.csv"
    departments.write_text(departments.read_text(encoding="utf-8").replace("studio,", "stage,"), encoding="utf-8")
    services = folder / "services.csv"
    services.write_text(services.read_text(encoding="utf-8").replace("\nother,", "\nothers,"), encoding="utf-8")
    with pytest.raises(DataError) as told:
        desk.read_rulebook(folder)
    assert {(fault.file, fault.value) for fault in told.value.faults} == {
        ("dispatch.toml", "other, others"),
        ("dispatch.csv", "studio"),
    }
