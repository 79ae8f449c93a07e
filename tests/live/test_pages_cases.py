"""The pages of cases over HTTP on both databases: doors, the one form fault by field, papers, the officer's step, the code."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from qujiang import cases
from qujiang.cases.labels import label, label_codes
from qujiang.web.pages.cases import fields
from qujiang.web.pages.cases.picture import broken
from qujiang.web.pages.rooms import routers
from tests.live.test_pages_desk import EVERYONE, HERE, PEOPLE, Desk

PDF = b"%PDF-1.7\n1 0 obj\n"
CALL = {"vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": "1,000", "eta": "2026-11-25", "passes_lock": "false", "foreign_trade": "false", "last_port": "嘉兴", "draught_cm": "260"}  # fmt: skip
ANSWERS = CALL | {"cargo_t": 1000, "draught_cm": 260, "passes_lock": False, "foreign_trade": False}
QUERY = "passes_lock=false&foreign_trade=false"
APPLY = "/cases/bundles/port_call/apply"
SEERS = {"firm", "clerk", "transport", "supervisor", "auditor"}

#: page -> who gets it, for a case of ``firm`` whose ready step is transport's.
DOORS: dict[str, set[str]] = {
    "/cases": EVERYONE,
    "/cases/find": EVERYONE,
    "/cases/bundles/{name}": EVERYONE,
    "/cases/bundles/{name}/apply": {"firm", "other_firm"},
    "/cases/worklist": {"clerk", "transport", "tax"},
    "/cases/{code}": EVERYONE,
    "/cases/{code}/receipt": SEERS,
    "/cases/{code}/files/{number}": SEERS,
}
TWINS = ("/cases", "/cases/bundles/{name}", "/cases/worklist", "/cases/{code}", "/cases/{code}/receipt")


class Counter(Desk):
    """The desk with one case of ``firm``, one of its papers a file."""

    def __init__(self, client: TestClient) -> None:
        super().__init__(client)
        answer = self.apply(CALL, vessel_certificate=PDF)
        assert answer.status_code == 303, answer.text
        self.code = answer.headers["location"].split("/")[2]

    def apply(self, typed: dict[str, str], who: str = "firm", later: tuple[str, ...] = ("manifest", "crew_list"), **papers: bytes) -> Any:  # fmt: skip
        files = {f"file:{code}": (f"{code}.pdf", content, "application/pdf") for code, content in papers.items()}
        promised = {f"later:{code}": "yes" for code in later}
        return self.post(who, APPLY, f"{APPLY}?{QUERY}", files or None, **typed, **promised)

    def file(self) -> int:
        text = self.get("firm", f"/cases/{self.code}").text
        found = re.search(rf"/cases/{self.code}/files/(\d+)", text)
        assert found
        return int(found[1])


@pytest.fixture
def counter(client: TestClient) -> Counter:
    return Counter(client)


def test_every_page_for_every_part(counter: Counter) -> None:
    number = counter.file()
    for page, past in DOORS.items():
        path = page.format(code=counter.code, name="port_call", number=number)
        ask = {"/cases/find": f"?code={counter.code.lower()}", "/cases/bundles/{name}/apply": f"?{QUERY}"}.get(page, "")
        ways = [path + ask] + ([path + ".json", path + ".csv"] if page in TWINS else [])
        for who in sorted(EVERYONE):
            for way in ways:
                answer = counter.get(who, way)
                if who in past:
                    assert answer.status_code == 200 or (page == "/cases/find" and answer.status_code == 303), (
                        who,
                        way,
                    )
                elif who == "":
                    assert answer.status_code in (303, 401), (who, way)
                else:
                    assert answer.status_code in (403, 404), (who, way, answer.status_code)


def test_the_table_of_doors_is_whole() -> None:
    own = {
        route.path
        for router in routers()
        for route in router.routes
        if route.path.startswith("/cases") and "GET" in route.methods  # type: ignore[attr-defined]
    }
    assert own == set(DOORS) | {path + end for path in TWINS for end in (".json", ".csv")}


def test_every_act_for_every_part(counter: Counter) -> None:
    """Who may not do an act is refused, and nothing of the case changes."""
    for path, page, past in (
        (APPLY, "/cases", {"firm", "other_firm"}),
        (f"/cases/{counter.code}/steps/arrival", f"/cases/{counter.code}", {"transport"}),
        (f"/cases/{counter.code}/materials/manifest", f"/cases/{counter.code}", {"firm"}),
    ):
        for who in sorted(EVERYONE - past):
            status = counter.post(who, path, page, version="1").status_code
            assert status in ((303, 401) if who == "" else (403, 404)), (path, who, status)
    assert counter.get("firm", f"/cases/{counter.code}.json").json()["version"] == 1


def test_the_code_shows_anyone_the_steps_and_nothing_else(counter: Counter) -> None:
    for who in sorted(EVERYONE - SEERS):
        answer = counter.get(who, f"/cases/{counter.code}")
        assert answer.status_code == 200 and "浙衢货0001" not in answer.text and "vessel_certificate" not in answer.text
        assert set(counter.get(who, f"/cases/{counter.code}.json").json()) == {"code", "bundle", "title_zh", "title_en", "state", "version", "steps"}  # fmt: skip
    for who in sorted(SEERS):
        assert "浙衢货0001" in counter.get(who, f"/cases/{counter.code}").text
    assert counter.get("", "/cases/ABCDEFGHJKMN").status_code == 404
    assert counter.get("", "/cases/find?code=../x").status_code == 404


def test_the_notice_tells_everything_and_the_form_asks_exactly_that(counter: Counter) -> None:
    plain = counter.get("", f"/cases/bundles/port_call.json?{QUERY}").json()["notice"]
    abroad = counter.get("", "/cases/bundles/port_call.json?passes_lock=true&foreign_trade=true").json()["notice"]
    assert {step["step"] for step in abroad["steps"]} - {step["step"] for step in plain["steps"]} == {"lock", "customs"}
    faulty = counter.get("", "/cases/bundles/port_call?passes_lock=perhaps").text
    assert 'href="#f-passes_lock"' in faulty and 'href="#f-foreign_trade"' in faulty
    form = counter.get("firm", f"{APPLY}?{QUERY}").text
    assert 'name="draught_cm"' in form and 'name="hs_code"' not in form
    assert 'name="hs_code"' in counter.get("firm", f"{APPLY}?passes_lock=true&foreign_trade=true").text
    assert counter.get("firm", APPLY).headers["location"] == "/cases/bundles/port_call"


def test_a_faulty_form_comes_back_with_each_fault_at_its_field_and_its_good_files(counter: Counter) -> None:
    typed = CALL | {"cargo_t": "viel", "eta": "2026-13-01", "last_port": ""}
    answer = counter.apply(typed, later=(), vessel_certificate=PDF, crew_list=b"MZ\x90\x00")
    assert answer.status_code == 422 and "浙衢货0001" in answer.text
    for field in ("cargo_t", "eta", "last_port", "crew_list", "manifest"):
        assert f'href="#f-{field}"' in answer.text and f'id="f-{field}"' in answer.text, field
    kept = re.search(r'name="kept:vessel_certificate" value="(\d+)"', answer.text)
    assert kept and 'name="kept:crew_list"' not in answer.text
    again = counter.apply(CALL | {"kept:vessel_certificate": kept[1]})
    assert again.status_code == 303
    code = again.headers["location"].split("/")[2]
    papers = {p["material"]: p for p in counter.get("firm", f"/cases/{code}.json").json()["materials"]}
    assert [f["name"] for f in papers["vessel_certificate"]["files"]] == ["vessel_certificate.pdf"]
    assert papers["manifest"]["state"] == "promised" and papers["manifest"]["due_on"] == "2026-11-24"


def test_a_file_of_another_account_is_not_handed_in(counter: Counter) -> None:
    faulty = counter.apply(CALL | {"eta": ""}, vessel_certificate=PDF)
    kept = re.search(r'name="kept:vessel_certificate" value="(\d+)"', faulty.text)
    assert kept
    stolen = counter.apply(CALL | {"kept:vessel_certificate": kept[1]}, who="other_firm")
    assert stolen.status_code == 422 and 'href="#f-vessel_certificate"' in stolen.text


def test_a_form_sent_twice_opens_one_case(counter: Counter) -> None:
    body = counter.marks("firm", f"{APPLY}?{QUERY}") | CALL | {"later:manifest": "yes", "later:crew_list": "yes"}
    files = {"file:vessel_certificate": ("a.pdf", PDF, "application/pdf")}
    first = counter.client.post(APPLY, data=body, files=files, headers=HERE, follow_redirects=False)
    again = counter.client.post(APPLY, data=body, files=files, headers=HERE, follow_redirects=False)
    assert first.status_code == again.status_code == 303 and first.headers["location"] == again.headers["location"]
    receipt = counter.get("firm", first.headers["location"]).text
    assert 'data-draft-done="case-port_call"' in receipt and "data-code>" in receipt


def test_an_officer_does_a_step_and_who_was_slower_loses_no_word(counter: Counter) -> None:
    page = f"/cases/{counter.code}"
    worklist = counter.get("transport", "/cases/worklist").text
    assert f"{page}#step-arrival" in worklist
    done = counter.post("transport", f"{page}/steps/arrival", page, note="齐全")
    assert done.headers["location"] == f"{page}?done=step-arrival"
    late = counter.post("transport", f"{page}/steps/arrival", page, note="我写的备注")
    assert late.status_code == 409 and 'data-kept="note">我写的备注' in late.text
    shown = counter.get("", page).text
    assert shown.count('class="node done"') >= 2 and 'class="node ready"' in shown and 'class="node passed_by"' in shown
    assert f'action="{page}/steps/' not in counter.get("tax", page).text


def test_a_promised_paper_is_brought(counter: Counter) -> None:
    page = f"/cases/{counter.code}"
    none = counter.post("firm", f"{page}/materials/manifest", page, version="1")
    assert none.status_code == 422
    given = counter.post("firm", f"{page}/materials/manifest", page, {"file": ("m.pdf", PDF, "application/pdf")}, version="1")  # fmt: skip
    assert given.headers["location"] == f"{page}?done=material-manifest"
    answer = counter.get("transport", f"{page}/files/{counter.file()}")
    assert answer.content == PDF and answer.headers["content-disposition"].startswith("attachment")


def test_every_name_of_the_bundled_bundles_stands_in_both_languages(counter: Counter) -> None:
    for _, bundle in counter.house.library.current.values():
        assert set(bundle.labels) == label_codes(bundle.process, bundle.forms)
        for kind, code in bundle.labels:
            assert not re.search(r"[一-鿿]", label(bundle, kind, code, "en"))
    for who in sorted(PEOPLE):
        english = counter.get(who, f"/cases/bundles/short_drama?{QUERY}").text
        main = re.sub(r"(?s)<header.*?</header>", "", english)
        assert not re.search(r"[一-鿿]", main), re.findall(r".{30}[一-鿿]+", main)[:3]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1200000", 120000000),
        ("0.5", 50),
        ("1,200.25", 120025),
        ("0.005", "0.005"),
        ("viel", "viel"),
        ("NaN", "NaN"),
        ("1e400", "1e400"),
    ],
)
def test_money_is_typed_in_yuan_and_kept_in_whole_fen(counter: Counter, typed: str, answer: Any) -> None:
    _, bundle = counter.house.library.named("short_drama")
    assert fields.answers_of(bundle, {"cost_fen": typed}) == {"cost_fen": answer}


def test_names_are_broken_into_lines_that_lose_nothing() -> None:
    for text in (
        "出具拍摄服务卡",
        "take in the filing and decide its tier",
        "culture, broadcasting, tourism",
        "报国家广电总局（重点）",
    ):
        lines = broken(text, 15, most=9)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(sum(2 if ord(s) > 0x2E7F else 1 for s in line) <= 15 for line in lines)
    assert broken("一二三四五六七八九", 4, most=2) == ["一二", "三四…"]
    assert cases.label is label
