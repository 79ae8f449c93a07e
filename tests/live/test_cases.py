"""Bundles and their cases: files proved, faults named, both shipped bundles run to the end on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import select

from qujiang import cases
from qujiang.calendar import WorkCalendar
from qujiang.cases import bundle as bundle_files
from qujiang.cases import forms, running
from qujiang.cases.bpmn import read_process
from qujiang.errors import ConflictError, DataError, ForbiddenError, NotFoundError
from qujiang.store import SYSTEM, Caller, Store, accounts, open_store, trail
from qujiang.store.schema import audit

SERVICES = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
CALENDAR = WorkCalendar(published=range(2004, 2027))
CODE = "91350100M000100Y43"
DRAMA = {
    "applicant": "某工作室", "title": "江边", "cost_fen": 50_000_000, "subject": "general", "push": "none", "has_company": False,
    "needs_location": True, "needs_stage": True, "needs_housing": False, "wants_subsidy": True, "shooting_from": "2026-12-01",
    "shooting_until": "2026-12-10", "company_name": "某影视公司", "registered_address": "衢江区", "episodes": 60, "synopsis": "梗概",
    "location_place": "码头", "crew_count": 30, "stage_kind": "modern", "bank_account": "1", "local_cost_fen": 10_000_000,
}  # fmt: skip
PAPERS = ("identity", "articles", "script", "cost_sheet", "crew_list", "copyright")
PROMISED = ("production_licence", "safety_plan", "invoices")
CALL = {
    "vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": True, "foreign_trade": True,
    "last_port": "嘉兴", "draught_cm": 260, "lock_name": "安仁铺", "hs_code": "27011210",
}  # fmt: skip


@pytest.fixture
def library(store: Store) -> cases.Library:
    return cases.load_library(store, SERVICES)


@pytest.fixture
def crew(store: Store) -> dict[str, Caller]:
    made = {}
    with store.write(SYSTEM) as unit:
        for department in (
            "market",
            "culture",
            "police",
            "studio",
            "labour",
            "finance",
            "transport",
            "customs",
            "port_company",
        ):
            number = accounts.create_account(unit, accounts.NewAccount(department, "officer", department=department))
            made[department] = Caller(number, department, "officer", department)
        number = accounts.create_account(unit, accounts.NewAccount("firm", "enterprise", enterprise_code=CODE))
        made["firm"] = Caller(number, "firm", "enterprise", None, CODE)
        number = accounts.create_account(
            unit, accounts.NewAccount("rival", "enterprise", enterprise_code="91440300708461136T")
        )
        made["rival"] = Caller(number, "rival", "enterprise", None, "91440300708461136T")
    return made


def start(store: Store, library: cases.Library, caller: Caller, application: cases.Application) -> str:
    with store.write(caller) as unit:
        return cases.start_case(unit, library, CALENDAR, application)["code"]


def step(store: Store, library: cases.Library, crew: dict[str, Caller], code: str, department: str, name: str) -> dict:
    with store.write(crew[department]) as unit:
        return cases.complete_step(unit, library, CALENDAR, code, name)


def drama(**changes) -> cases.Application:
    return cases.Application("short_drama", {**DRAMA, **changes}, {code: f"file:{code}" for code in PAPERS}, PROMISED)


def test_the_short_drama_service_runs_to_its_end(store: Store, library, crew, clock) -> None:
    code = start(store, library, crew["firm"], drama())
    assert step(store, library, crew, code, "market", "register")["ready"] == ["filing"]
    assert step(store, library, crew, code, "culture", "filing")["ready"] == ["platform_review"]  # 500,000 yuan in 2026
    after = step(store, library, crew, code, "culture", "platform_review")
    assert after["ready"] == ["location", "stage"]
    step(store, library, crew, code, "studio", "stage")
    assert step(store, library, crew, code, "police", "location")["ready"] == ["permit"]
    with pytest.raises(ConflictError, match="production_licence"):
        step(store, library, crew, code, "culture", "permit")
    with store.read() as connection:
        version = running.find(connection, crew["firm"], code)["version"]
    for paper in PROMISED:
        with store.write(crew["firm"]) as unit:
            version = cases.give_material(unit, library, code, version, paper, "file:late")["version"]
    step(store, library, crew, code, "culture", "permit")
    over = step(store, library, crew, code, "finance", "subsidy")
    assert (over["state"], over["ready"]) == ("done", [])
    with store.read() as connection:
        seen = cases.shown(connection, crew["firm"], library, code)
        trail.verify(connection)
    decision = seen["decisions"]["short_drama_tiers"]
    assert (decision["tier"], decision["rule"], decision["on"]) == ("other", "sd6", "2026-11-23")
    assert {paper["state"] for paper in seen["materials"]} == {"given"}


@pytest.mark.parametrize(
    ("clock", "review"),
    [("2025-12-31T15:59:59+00:00", "provincial_review"), ("2025-12-31T16:00:00+00:00", "platform_review")],
    indirect=["clock"],
)
def test_the_tier_is_that_of_the_day_of_filing_in_china(store: Store, library, crew, review: str) -> None:
    papers = {code: "x" for code in PAPERS if code != "articles"} | {"business_licence": "x"}
    code = start(store, library, crew["firm"], replace(drama(has_company=True), materials=papers))
    assert step(store, library, crew, code, "culture", "filing")["ready"] == [review]


def test_the_port_call_runs_to_its_end_with_its_branches_side_by_side(store: Store, library, crew) -> None:
    papers = dict.fromkeys(("vessel_certificate", "manifest", "crew_list", "contract"), "x")
    code = start(store, library, crew["firm"], cases.Application("port_call", CALL, papers))
    assert step(store, library, crew, code, "transport", "arrival")["ready"] == ["berth", "customs", "lock"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda a: step(store, library, crew, code, *a), [("port_company", "berth"), ("customs", "customs"), ("transport", "lock")]))  # fmt: skip
    assert step(store, library, crew, code, "transport", "confirm")["state"] == "done"
    with store.read() as connection:
        seen = cases.progress(connection, library, code)
        assert "某" not in json.dumps(seen, default=str, ensure_ascii=False)
        assert [s["state"] for s in seen["steps"]] == ["done"] * 5
        with pytest.raises(NotFoundError):
            cases.shown(connection, crew["rival"], library, code)


def test_a_step_is_done_once_by_its_own_department(store: Store, library, crew) -> None:
    code = start(store, library, crew["firm"], drama())
    with pytest.raises((ForbiddenError, NotFoundError)):
        step(store, library, crew, code, "finance", "register")
    with pytest.raises((NotFoundError, ConflictError)):
        step(store, library, crew, code, "culture", "filing")

    def once(_: int) -> str:
        try:
            step(store, library, crew, code, "market", "register")
        except ConflictError:
            return "late"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == ["done", "late", "late", "late"]


def test_everything_missing_is_told_at_once(store: Store, library, crew) -> None:
    application = cases.Application(
        "short_drama", {**DRAMA, "episodes": 0, "odd": 1}, {"identity": "x", "novel": "x"}, ("script",)
    )
    with pytest.raises(DataError) as told:
        start(store, library, crew["firm"], application)
    columns = [fault.column for fault in told.value.faults]
    assert {"episodes", None, "novel", "script", "articles", "cost_sheet"} <= set(columns)
    with pytest.raises(DataError) as early:
        start(store, library, crew["firm"], drama(subject="__import__('os').system('x')", cost_fen=1.5))
    assert {fault.column for fault in early.value.faults} == {"subject", "cost_fen"}


def test_the_notice_says_once_what_these_answers_ask_for(library) -> None:
    said = cases.notice(
        library, "short_drama", {**DRAMA, "wants_subsidy": False, "needs_location": False}, date(2026, 11, 23)
    )
    assert [s["step"] for s in said["steps"]] == ["register", "filing", "platform_review", "stage", "permit"]
    assert said["days"] == 1 + 5 + 5 + 2 + 2
    assert "bank_account" not in said["form"]["required"] and "stage_kind" in said["form"]["required"]
    papers = {paper["material"] for paper in said["materials"]}
    assert "business_licence" not in papers  # a step of the bundle makes it
    assert "invoices" not in papers


def test_a_running_case_survives_a_restart_and_a_new_version_of_its_bundle(store: Store, crew, tmp_path: Path) -> None:
    import shutil

    services = shutil.copytree(SERVICES, tmp_path / "services")
    old = cases.load_library(store, services)
    code = start(store, old, crew["firm"], drama())
    step(store, old, crew, code, "market", "register")
    drawing = services / "bundles" / "short_drama" / "process.bpmn"
    drawing.write_text(
        drawing.read_text(encoding="utf-8").replace("platform_review", "platform_check"), encoding="utf-8"
    )
    again = open_store(store.url.render_as_string(hide_password=False), clock=store.clock)
    new = cases.load_library(again, services)
    assert new.named("short_drama")[1].digest != old.named("short_drama")[1].digest
    assert step(again, new, crew, code, "culture", "filing")["ready"] == ["platform_review"]  # as it began
    fresh = start(again, new, crew["firm"], drama())
    step(again, new, crew, fresh, "market", "register")
    assert step(again, new, crew, fresh, "culture", "filing")["ready"] == ["platform_check"]
    again.close()


def test_before_and_after_are_counted_from_the_files() -> None:
    _, found = cases.read_bundles(SERVICES)
    drama_bundle = found["short_drama"][0]
    numbers = cases.counts(drama_bundle)
    # After, by hand: register, filing, a review, location, stage, housing, permit, subsidy; the national review is the longest.
    assert numbers["after"]["steps"] == 8
    assert numbers["after"]["days"] == 1 + 5 + 20 + 3 + 2 + 10
    assert numbers["after"]["materials"] == 9  # 11 papers, two made by the bundle's own steps
    assert numbers["before"] == {"steps": 25, "materials": 29, "visits": 10, "days": 76}
    for bundle, _ in found.values():
        made = cases.counts(bundle)
        assert all(made["after"][thing] < made["before"][thing] for thing in made["before"])


def test_the_merged_form_asks_each_field_once_and_no_field_without_need() -> None:
    _, found = cases.read_bundles(SERVICES)
    for bundle, _ in found.values():
        merged = cases.merged_form(bundle)
        asked = [name for schema in bundle.forms.values() for name in schema["properties"]]
        assert set(merged["properties"]) == set(asked) and len(merged["properties"]) < len(asked)
        for name, field in merged["properties"].items():
            assert field["x-used-by"] == [form for form, schema in bundle.forms.items() if name in schema["properties"]]


HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:q="urn:qujiang:bpmn:1"><process id="p">'
LANE = '<laneSet id="ls"><lane id="l" q:department="tax"><flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef></lane></laneSet>'
PLAIN = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>'
TAIL = "</process></definitions>"


def faults_of(body: str, head: str = HEAD) -> list[tuple[str | None, str]]:
    with pytest.raises(DataError) as told:
        read_process(head + body + TAIL)
    return [(fault.value, fault.rule) for fault in told.value.faults]


@pytest.mark.parametrize(
    ("body", "id_", "rule"),
    [
        (LANE + PLAIN + '<scriptTask id="x"/>', "x", "scriptTask is not supported"),
        (LANE + PLAIN + '<boundaryEvent id="x"/>', "x", "boundaryEvent is not supported"),
        (LANE + PLAIN + '<subProcess id="x"/>', "x", "subProcess is not supported"),
        (PLAIN, "a", "lies in no lane"),
        (LANE + PLAIN.replace('<userTask id="a"/>', '<userTask id="a" q:due_wd="__import__(1)"/>'), "a", "1 to 250 working days"),
        (LANE + PLAIN.replace('<userTask id="a"/>', '<userTask id="a"><multiInstanceLoopCharacteristics id="m"/></userTask>'), "m", "not supported"),
        (LANE + PLAIN + '<userTask id="b"/><sequenceFlow id="f3" sourceRef="b" targetRef="e"/>', "b", "is not reached"),
        (LANE + PLAIN + '<sequenceFlow id="f3" sourceRef="a" targetRef="nowhere"/>', "f3", "is no node"),
        (LANE + PLAIN + '<userTask id="b"/><sequenceFlow id="f3" sourceRef="a" targetRef="b"/>', "a", "several outgoing flows"),
        (LANE + PLAIN.replace('targetRef="a"/>', 'targetRef="a"><conditionExpression>__import__("os")</conditionExpression></sequenceFlow>'), "f1", "never evaluated"),
        (LANE + PLAIN + PLAIN.replace("startEvent", "startEvent "), "s", "no id of its own"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_a_fault_with_its_id(body: str, id_: str, rule: str) -> None:
    found = faults_of(body)
    assert any(value == id_ and rule in text for value, text in found), found


def test_a_circle_is_a_fault() -> None:
    body = LANE.replace("</lane>", "<flowNodeRef>g</flowNodeRef></lane>") + (
        '<startEvent id="s"/><exclusiveGateway id="g"/><userTask id="a"/><exclusiveGateway id="h" default="f5"/><endEvent id="e"/>'
        '<sequenceFlow id="f1" sourceRef="s" targetRef="g"/><sequenceFlow id="f2" sourceRef="g" targetRef="a"/>'
        '<sequenceFlow id="f3" sourceRef="a" targetRef="h"/><sequenceFlow id="f4" sourceRef="h" targetRef="g" q:field="x" q:equals="1"/>'
        '<sequenceFlow id="f5" sourceRef="h" targetRef="e"/>'
    )
    assert any("circle" in rule for _, rule in faults_of(body))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD,
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + HEAD,
        "not xml at all" + HEAD,
        HEAD.replace("20100524", "19990101"),
    ],
)
def test_entities_and_foreign_files_are_refused(head: str) -> None:
    assert faults_of(LANE + PLAIN, head)


def shipped(name: str) -> dict[str, str]:
    return cases.read_files(SERVICES / "bundles" / name)


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("process.bpmn", ' q:field="passes_lock" q:equals="true"', "", "without a condition"),
        ("process.bpmn", 'q:equals="true"', 'q:equals="perhaps"', "is no answer to"),
        ("process.bpmn", 'q:field="passes_lock"', 'q:field="cargo"', "is no required choice"),
        ("process.bpmn", 'q:form="berth"', 'q:form="anchor"', "form 'anchor' is missing"),
        ("materials.csv", "arrival_receipt,", "manifest,", "stands twice"),
        ("materials.csv", "crew_list,船员名单,crew list,arrival", "crew_list,船员名单,crew list,arrive", "is no step"),
        ("items.csv", ",no,assumed", ",maybe,assumed", "must be yes or no"),
        ("forms/berth.json", '"draught_cm"', '"draught_dm"', "is no field of the form"),
        ("forms/berth.json", '"maximum": 1000', '"maximum": 900', "is another field in"),
        (
            "forms/berth.json",
            '"type": "object",',
            '"type": "object", "$ref": "http://example.org/x",',
            "is not supported in a form",
        ),
        ("forms/berth.json", '"minLength": 1', '"pattern": "(a+)+$"', "is not supported in a field"),
        ("forms/berth.json", "{", "", "is not JSON"),
        ("bundle.toml", "lead =", "lead", "is not TOML"),
    ],
)
def test_files_that_disagree_are_told(file: str, old: str, new: str, rule: str) -> None:
    files_ = shipped("port_call")
    assert old in files_[file]
    files_[file] = files_[file].replace(old, new, 1)
    with pytest.raises(DataError, match=rule):
        bundle_files.compile_bundle("port_call", files_, {})


def test_a_drawing_that_waits_for_ever_is_told_before_any_case_starts() -> None:
    files_ = shipped("port_call")
    # The two ends of the lock choice lead straight into the parallel join, which then waits for both.
    files_["process.bpmn"] = files_["process.bpmn"].replace(
        '<bpmn:exclusiveGateway id="g_lock_done"', '<bpmn:parallelGateway id="g_lock_done"'
    )
    head, _, rest = files_["process.bpmn"].partition('<bpmn:parallelGateway id="g_lock_done"')
    files_["process.bpmn"] = (
        head
        + '<bpmn:parallelGateway id="g_lock_done"'
        + rest.replace("</bpmn:exclusiveGateway>", "</bpmn:parallelGateway>", 1)
    )
    with pytest.raises(DataError, match="waits for ever"):
        bundle_files.compile_bundle("port_call", files_, {})


def test_a_gateway_that_asks_before_the_table_has_decided_is_told() -> None:
    files_ = shipped("short_drama")
    tables, _ = cases.read_bundles(SERVICES)
    files_["bundle.toml"] = files_["bundle.toml"].replace('at = "filing"', 'at = "permit"')
    with pytest.raises(DataError, match="before step permit has decided"):
        bundle_files.compile_bundle("short_drama", files_, tables)


def test_forms_know_dates_and_credit_codes() -> None:
    schema = {
        "type": "object",
        "properties": {"d": {"type": "string", "format": "date"}, "c": {"type": "string", "format": "credit-code"}},
    }
    merged, faults = forms.merge_forms({"application": schema})
    assert not faults
    assert not forms.answer_faults(merged, {"d": "2026-02-28", "c": CODE})
    assert len(forms.answer_faults(merged, {"d": "2026-02-30", "c": CODE[::-1]})) == 2
    assert forms.answer_faults(merged, {"d": "2026-02-28\x00"})


def advance_all(store: Store, library: cases.Library, crew: dict[str, Caller], count: int, workers: int) -> None:
    """``workers`` officers of every department take whatever is ready until nothing is left."""
    papers = dict.fromkeys(("vessel_certificate", "manifest", "crew_list", "contract"), "x")
    codes = [start(store, library, crew["firm"], cases.Application("port_call", CALL, papers)) for _ in range(count)]
    ways = [
        ("transport", "arrival"),
        ("transport", "lock"),
        ("customs", "customs"),
        ("port_company", "berth"),
        ("transport", "confirm"),
    ]

    def work(number: int) -> int:
        done = 0
        for code in codes[number:] + codes[:number]:
            for department, name in ways:
                try:
                    step(store, library, crew, code, department, name)
                    done += 1
                except (ConflictError, NotFoundError):
                    continue
        return done

    with ThreadPoolExecutor(workers) as pool:
        total = sum(pool.map(work, [n * count // workers for n in range(workers)]))
        total += work(0)  # a worker may have passed before the others made the next step ready
    assert total == 5 * count
    with store.read() as connection:
        for code in codes:
            assert cases.progress(connection, library, code)["state"] == "done"
        events = connection.exec_driver_sql("SELECT count(*) FROM case_events WHERE verb = 'step_done'").scalar_one()
        acts = connection.execute(select(audit.c.subject, audit.c.after).where(audit.c.verb == "case_step_done")).all()
        trail.verify(connection)
    assert events == 5 * count
    proven = {(act.subject, json.loads(act.after)["step"]) for act in acts}  # the trail: each step of each case, once
    assert len(proven) == len(acts) == 5 * count


def test_cases_side_by_side_lose_no_step_and_do_none_twice(store: Store, library, crew) -> None:
    advance_all(store, library, crew, 12, 8)


@pytest.mark.endurance
def test_a_thousand_cases_side_by_side_lose_no_step_and_do_none_twice(store: Store, library, crew) -> None:
    advance_all(store, library, crew, 1000, 8)
