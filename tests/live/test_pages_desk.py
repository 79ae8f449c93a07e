"""The desk's pages over HTTP on both databases: every page for every part, every act only for whom it is, nothing typed lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from qujiang import desk
from qujiang.desk.access import ALLOWED
from qujiang.store import accounts
from qujiang.web.acts import COOKIE
from qujiang.web.pages.desk.acts import ACTS
from qujiang.web.pages.rooms import routers
from tests.live.conftest import make_people

HERE = {"Sec-Fetch-Site": "same-origin"}
EVERYONE = {"", "firm", "other_firm", "clerk", "transport", "tax", "supervisor", "meeting", "auditor", "admin"}
PEOPLE = EVERYONE - {""}
OFFICE = {"clerk", "transport", "tax"}
SEERS = {"firm", "clerk", "transport", "supervisor", "auditor"}
BOARD = OFFICE | {"supervisor", "meeting", "auditor"}

#: page -> who gets it, for a request of ``firm`` led by transport.
DOORS: dict[str, set[str]] = {
    "/desk": EVERYONE,
    "/desk/about": EVERYONE,
    "/desk/public": EVERYONE,
    "/desk/find": PEOPLE - {"admin"},
    "/desk/requests": PEOPLE - {"admin"},
    "/desk/new": {"firm", "other_firm", "clerk"},
    "/desk/requests/{number}": SEERS,
    "/desk/requests/{number}/receipt": SEERS,
    "/desk/board": BOARD,
    "/desk/hotline": {"clerk"},
    "/desk/hotline/blank.csv": {"clerk"},
}
TWINS = ("/desk/about", "/desk/public", "/desk/requests", "/desk/requests/{number}", "/desk/requests/{number}/receipt", "/desk/board")  # fmt: skip
#: part at the desk -> one of the people
PARTS = {"enterprise": "firm", "clerk": "clerk", "officer": "transport", "supervisor": "supervisor", "joint_meeting": "meeting", "auditor": "auditor"}  # fmt: skip


class Desk:
    """The application with one request of ``firm``, and a browser for each of the people."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.house = client.app.state.house  # type: ignore[attr-defined]
        self.people = make_people(self.house.store)
        self.tokens: dict[str, str] = {}
        self.number = self.receive().number

    def receive(self, who: str = "firm", title: str = "船闸", text: str = "待闸两天", **more: Any) -> desk.Received:
        draft = desk.Draft(title, text, service_code="lock_passage", **more)
        with self.house.store.write(self.people[who]) as unit:
            return desk.receive(unit, self.house.book, draft)

    def do(self, who: str, verb: Any, *arguments: Any, **options: Any) -> Any:
        with self.house.store.write(self.people[who]) as unit:
            return verb(unit, *arguments, **options)

    def get(self, who: str, path: str, **options: Any) -> Any:
        self.sign_in(who)
        return self.client.get(path, follow_redirects=False, **options)

    def post(self, who: str, path: str, page: str | None = None, files: Any = None, **fields: Any) -> Any:
        """Send a form of ``page`` with its marks, as a browser would."""
        marks = self.marks(who, page or path)
        return self.client.post(path, data=marks | fields, files=files, headers=HERE, follow_redirects=False)

    def marks(self, who: str, page: str) -> dict[str, str]:
        text = self.get(who, page).text
        token = re.search(r'name="form_token" value="([^"]+)"', text)
        return {"form_token": token[1] if token else "", "once": accounts.secrets.token_hex(12)}

    def sign_in(self, who: str) -> None:
        self.client.cookies.clear()
        if who:
            if who not in self.tokens:
                self.tokens[who] = accounts.log_in(self.house.store, who, f"pass phrase of {who}", "x").token
            self.client.cookies.set(COOKIE, self.tokens[who])

    def events(self, number: str = "") -> list[str]:
        with self.house.store.read() as connection:
            seen = desk.shown(connection, self.people["clerk"], self.house.book, number or self.number, self.house.store.now().date())  # fmt: skip
        return [event["verb"] for event in seen["events"]]


@pytest.fixture
def site(client: TestClient) -> Desk:
    return Desk(client)


def test_every_page_for_every_part(site: Desk) -> None:
    for page, past in DOORS.items():
        path = page.format(number=site.number)
        ways = [path] + ([path + ".json", path + ".csv"] if page in TWINS else [])
        for who in sorted(EVERYONE):
            for way in ways:
                answer = site.get(who, way)
                if who in past:
                    leads = page in ("/desk", "/desk/find") and answer.status_code == 303
                    assert answer.status_code == 200 or leads, (who, way, answer.status_code)
                elif who == "":
                    sent_to_sign_in = answer.status_code == 303 and "/sign-in" in answer.headers["location"]
                    assert sent_to_sign_in or answer.status_code == 401, (who, way, answer.status_code)
                else:
                    assert answer.status_code in (403, 404), (who, way, answer.status_code)


def test_the_table_of_doors_is_whole() -> None:
    own = {
        route.path
        for router in routers()
        for route in router.routes
        if route.path.startswith("/desk") and "GET" in route.methods  # type: ignore[attr-defined]
    }
    assert own == set(DOORS) | {path + end for path in TWINS for end in (".json", ".csv")}
    assert set(ACTS) == set(desk.ACTS)


def test_every_act_for_every_part(site: Desk) -> None:
    """An act that the part may not do is refused; one that it may do meets the version that nobody has seen."""
    for act in ACTS:
        past = {PARTS[part] for part in ALLOWED[act] if part in PARTS}
        for who in sorted(EVERYONE):
            path = f"/desk/requests/{site.number}/{act}"
            page = (
                "/desk/about"
                if who in ("", "meeting", "admin", "other_firm", "tax")
                else f"/desk/requests/{site.number}"
            )
            answer = site.post(who, path, page, version="999", reason="x", text="x", days="1", grant="yes", resolved="yes", rating="5", service="loan", lead="tax", resolution="x", into="R00000001")  # fmt: skip
            sees = who in SEERS
            if who == "":
                assert answer.status_code in (303, 401), (act, who, answer.status_code)
            elif who in past and sees:
                assert answer.status_code == 409, (act, who, answer.status_code)
            else:
                assert answer.status_code in (403, 404), (act, who, answer.status_code)
    assert site.events() == ["received", "dispatched"]
    assert site.post("clerk", f"/desk/requests/{site.number}/nothing", "/desk/about", version="1").status_code == 404


def test_a_page_links_and_offers_only_what_its_reader_may_do(site: Desk) -> None:
    for who in sorted(EVERYONE):
        for page in ("/desk/about", f"/desk/requests/{site.number}", "/desk/requests", "/desk/board", "/desk/public"):
            answer = site.get(who, page)
            if answer.status_code != 200:
                continue
            for link in set(re.findall(r'href="(/desk[^"#]*)"', answer.text)):
                assert site.get(who, unescape(link)).status_code in (200, 303), (who, page, link)
            offered = re.findall(r'action="/desk/requests/\w+/(\w+)"', answer.text)
            with site.house.store.read() as connection:
                if who in SEERS and page.endswith(site.number):
                    today = site.house.store.now().date()
                    may = desk.possible(connection, site.people[who], site.house.book, site.number, today)
                    assert tuple(offered) == may


def test_a_request_is_sent_received_and_found_again(site: Desk) -> None:
    fields = {"service_code": "port_berth", "title": "泊位排队", "description": "三天\r\n未靠", "town": "樟潭", "attribute[vessel_name]": "浙衢货1", "attribute[arrival]": "2026-11-25T08:00"}  # fmt: skip
    form = site.marks("firm", "/desk/new") | fields
    first = site.client.post("/desk/new", data=form, headers=HERE, follow_redirects=False)
    again = site.client.post("/desk/new", data=form, headers=HERE, follow_redirects=False)
    assert first.status_code == again.status_code == 303 and first.headers["location"] == again.headers["location"]
    receipt = site.get("firm", first.headers["location"])
    number = re.search(r"data-number>(R\d+)<", receipt.text)
    assert number and 'data-draft-done="desk-new"' in receipt.text
    seen = site.get("firm", f"/desk/requests/{number[1]}.json").json()
    assert seen["description"] == "三天\n未靠" and seen["channel"] == "page" and seen["enterprise_code"]
    assert seen["attributes"] == {"vessel_name": "浙衢货1", "arrival": "2026-11-25T08:00:00+08:00"}
    for who in ("firm", "transport", "port_company", "supervisor"):  # with an assisting department, for all who see it
        assert site.get(who, f"/desk/requests/{number[1]}").status_code == 200
    assert number[1] in site.get("firm", "/desk/requests").text
    assert site.get("firm", "/desk/find", params={"q": number[1].lower()}).headers["location"].endswith(number[1])
    assert 'value="樟潭"' in site.get("firm", "/desk/new").text  # nobody types it twice


def test_a_faulty_request_comes_back_with_every_fault_at_its_field(site: Desk) -> None:
    answer = site.post("firm", "/desk/new", service_code="port_berth", title="", description="留下的话", **{"attribute[cargo_t]": "many"})  # fmt: skip
    assert answer.status_code == 422 and "留下的话" in answer.text
    for field in ("title", "attribute[vessel_name]", "attribute[cargo_t]"):
        assert f'href="#f-{field}"' in answer.text and f'id="f-{field}"' in answer.text, field
    chinese = site.client.post("/desk/new?lang=zh", data=site.marks("firm", "/desk/new") | {"title": ""}, headers=HERE)
    assert "不能为空" in chinese.text


def test_what_repeats_another_request_is_hinted_at_and_never_refused(site: Desk) -> None:
    fields = {"service_code": "lock_passage", "title": "船闸", "description": "待闸两天"}
    hinted = site.post("firm", "/desk/new", **fields)
    assert hinted.status_code == 422 and site.number in hinted.text and 'name="sure"' in hinted.text
    sure = site.post("firm", "/desk/new", **fields, sure="yes")
    assert sure.status_code == 303


def test_who_was_slower_sees_what_changed_and_loses_nothing(site: Desk) -> None:
    path = f"/desk/requests/{site.number}"
    site.do("transport", desk.contact, site.number, 2, "他人先联系了")
    answer = site.post("transport", f"{path}/reply", path, version="2", text="我写的答复，11月25日前办好")
    assert answer.status_code == 409
    assert "他人先联系了" in answer.text and "我写的答复，11月25日前办好" in answer.text
    assert 'name="version" value="3"' in answer.text
    done = site.post("transport", f"{path}/reply", path, version="3", text="我写的答复，11月25日前办好")
    assert done.headers["location"].endswith(f"{path}?done=reply")
    late = site.post("transport", f"{path}/interim", path, version="3", text="已无处可放的话")
    assert late.status_code == 409 and 'data-kept="text">已无处可放的话' in late.text


def test_a_faulty_act_keeps_what_was_typed(site: Desk) -> None:
    path = f"/desk/requests/{site.number}"
    answer = site.post("transport", f"{path}/reply", path, version="2", text="我们会尽快处理")
    assert answer.status_code == 422 and "我们会尽快处理" in answer.text and 'id="faults"' in answer.text
    missing = site.post("transport", f"{path}/ask_extension", path, version="2", reason="等船期")
    assert missing.status_code == 422 and "等船期" in missing.text
    assert site.events() == ["received", "dispatched"]


def test_what_goes_out_of_sight_leads_back_to_the_list(site: Desk) -> None:
    path = f"/desk/requests/{site.number}"
    answer = site.post("transport", f"{path}/return", path, version="2", reason="属港口运营单位")
    assert answer.headers["location"] == f"/desk/requests?done=return-{site.number}"
    assert site.get("transport", answer.headers["location"]).status_code == 200


def test_a_hotline_file_comes_back_with_its_faults_by_line(site: Desk) -> None:
    head = "ticket,received_at,enterprise_code,enterprise_name,contact_name,phone,service_code,title,description\n"
    good = "T1,2026-11-20T09:00:00+08:00,,,,,,水压不足,园区水压不足\n"
    bad = "T2,gestern,,,,,,没水,停水\nT3,2026-11-20T09:00:00+08:00,,,,,nothing,电,停电\n"

    def send(text: bytes) -> Any:
        return site.post("clerk", "/desk/hotline", files={"file": ("hotline.csv", text, "text/csv")})

    answer = send((head + good + bad).encode())
    assert answer.status_code == 422
    lines = re.findall(r'class="number" data-name="Line">(\d+)<', answer.text)
    assert lines == ["3", "4"] and "gestern" in answer.text
    assert send(head.encode() + b"T\xff").status_code == 422
    assert send(b"x" * 900_001).status_code == 422
    taken = send((head + good).encode("utf-8-sig"))
    assert taken.headers["location"] == "/desk/hotline?taken=1&known=0"
    assert send((head + good).encode()).headers["location"] == "/desk/hotline?taken=0&known=1"


def test_the_public_list_holds_what_was_cleared_and_no_more(site: Desk) -> None:
    assert "待闸两天" not in site.get("", "/desk/public").text
    site.do("clerk", desk.clear, site.number, 2)
    answer = site.get("", "/desk/public")
    assert "待闸两天" in answer.text and "91350100M000100Y43" not in answer.text


def test_the_board_names_a_day_that_is_none(site: Desk) -> None:
    assert site.get("supervisor", "/desk/board", params={"first": "soon"}).status_code == 422
    shown = site.get("supervisor", "/desk/board.json", params={"first": "2026-11-01", "last": "2026-11-30"}).json()
    assert shown["total"]["received"] == 1 and shown["total"]["response"] == {"met": 0, "n": 0, "share": None, "low": None, "high": None}  # fmt: skip
