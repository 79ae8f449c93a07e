"""A sample application with something on every page, and a reader who walks through all of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import select

from qujiang import cases, desk, studies
from qujiang.cli import samples
from qujiang.errors import QujiangError
from qujiang.report.plan_process import answer_plan, faults_of
from qujiang.store import SYSTEM, Caller, Store, accounts, open_store
from qujiang.store.files import keep_file
from qujiang.store.schema import accounts as table
from qujiang.studies import Arguments, Outcome, Runner
from qujiang.web import Settings, create_app
from qujiang.web.acts import COOKIE
from tests.live.conftest import SERVICES, HandClock

#: Futures of the plan that the pages show: no more than a ranking of assumptions needs, for what is read here are the words.
FUTURES = 64
SCENARIO = "fuchunjiang-second-chamber"
HERE = {"Sec-Fetch-Site": "same-origin"}
#: How many pages of one kind one reader opens.
OF_A_KIND = 3
#: What people typed, in Chinese and in English; the pages show it as it is.
TYPED = {
    "zh": "码头堆场照明损坏，夜间无法作业。",
    "en": "The lamps of the yard are broken: no work at night.",
}
OVERLAY = """name_zh = "柴油涨价"
name_en = "Dearer diesel"
reason = "try it"

[[set]]
table = "rates"
key = "diesel_price"
values = { rate_value = 8.0 }
reason = "try it"
"""
#: Passes no check of the district, so that its run fails.
BAD_OVERLAY = OVERLAY.replace("rate_value = 8.0", "rate_value = -8.0")
CALL = {"vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": False, "foreign_trade": False, "last_port": "嘉兴", "draught_cm": 260}  # fmt: skip
PDF = b"%PDF-1.7\n1 0 obj\n"


@dataclass(slots=True)
class Reader:
    """Whoever reads the pages: one client, the sessions of the people, and what people typed."""

    client: TestClient
    sessions: dict[str, str]
    typed: set[str] = field(default_factory=set)
    extra: dict[str, list[str]] = field(default_factory=dict)

    def open(self, path: str, who: str, language: str) -> Any:
        """One page as one of the people ("" for nobody), in a language that the browser asks for."""
        self._be(who)
        return self.client.get(path, headers={"Accept-Language": language}, follow_redirects=True)

    def send(self, path: str, who: str, language: str, fields: dict[str, str]) -> Any:
        """Post a form."""
        self._be(who)
        return self.client.post(path, data=fields, headers=HERE | {"Accept-Language": language}, follow_redirects=True)

    def walk(self, who: str, language: str) -> Iterator[tuple[str, str]]:
        """Every page that links lead to, up to ``OF_A_KIND`` of each kind, and every form sent with nothing in it."""
        waiting, seen, kinds = ["/", *self.extra.get("", []), *self.extra.get(who, [])], set[str](), Counter[str]()
        forms: dict[str, tuple[str, dict[str, str]]] = {}
        while waiting:
            path = waiting.pop(0)
            kind = kind_of(path)
            if path in seen or kinds[kind] >= OF_A_KIND:
                continue
            seen.add(path)
            answer = self.open(path, who, language)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            kinds[kind] += 1
            yield path, answer.text
            waiting += links(answer.text)
            for action, marks in empty_forms(answer.text):
                forms.setdefault(kind_of(action), (action, marks))
        for action, marks in forms.values():
            answer = self.send(action, who, language, marks)
            if answer.headers.get("content-type", "").startswith("text/html"):
                yield f"POST {action}", answer.text

    def _be(self, who: str) -> None:
        self.client.cookies.clear()
        if who:
            self.client.cookies.set(COOKIE, self.sessions[who])


def kind_of(path: str) -> str:
    """A path with its numbers and codes taken out, and the names of what is asked."""
    parts = urlsplit(path)
    named = re.sub(r"/(?=[^/]*[\d%])[^/]+", "/*", parts.path)
    named = re.sub(r"^/outlook/.+", "/outlook/*/*", named)
    return named + "?" + "&".join(sorted({name for name, _ in parse_qsl(parts.query)}))


def links(html: str) -> list[str]:
    """Where a page's links lead within the application, but for files, other languages and twins."""
    found = (unescape(href).partition("#")[0] for href in re.findall(r'<a\b[^>]*?\bhref="(/[^"]*)"', html))
    return [href for href in found if not _leaves(href)]


def _leaves(href: str) -> bool:
    path = urlsplit(href).path
    return path.startswith(("/static/", "/api/")) or path.endswith((".json", ".csv", ".toml")) or "lang=" in href


def empty_forms(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Forms that ask for something, with their hidden fields alone: sent so, each tells its faults and does nothing."""
    for attributes, inner in re.findall(r'<form\b([^>]*method="post"[^>]*)>(.*?)</form>', html, re.DOTALL):
        action = re.search(r'action="([^"]+)"', attributes)
        if action and " required" in inner:
            hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inner)
            yield unescape(action[1]), {unescape(name): unescape(value) for name, value in hidden}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The application as ``qujiang serve --samples`` fills it, with a plan, a study, cases and a request in every state."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", lambda: hasher)
        patch.setattr(accounts, "_decoy", lambda: hasher.hash("decoy"))
        path = tmp_path_factory.mktemp("languages") / "live.sqlite3"
        open_store(str(path)).close()
        settings = Settings(
            f"sqlite:///{path}", SERVICES, clock=HandClock(), webhook_every_s=3600, study_futures=FUTURES
        )
        with TestClient(create_app(settings)) as client:
            yield _filled(client)


def _filled(client: TestClient) -> Reader:
    house = client.app.state.house  # type: ignore[attr-defined]
    password, names = samples.fill(house.store, house.book)
    with house.store.write(SYSTEM) as unit:
        accounts.create_account(unit, accounts.NewAccount("admin", "admin", password=password))
    sessions = {name: accounts.log_in(house.store, name, password, "127.0.0.1").token for name in (*names, "admin")}
    read = Reader(client, sessions, {samples.WORDS, *TYPED.values(), *names, "admin", "try it", "zzz", "x", "blue"})
    read.typed.update(f"{name}（示例）" for name in (*names, *(each.name_zh for each in house.book.services.values())))
    _requests(client, read)
    _cases(client, read)
    _plans(client, read)
    read.extra[""] += [
        "/sign-in", "/about", "/nowhere", "/desk/public", "/outlook", "/projects?on=2031-06-30", "/projects?on=never",
        f"/?scenario={SCENARIO}", f"/difference?scenario={SCENARIO}", "/?scenario=none", "/landmarks/99", "/studies/nothing",
        "/freight?from=常山&to=苏州&cargo=钢板&tonnes=500", "/freight?from=常山&to=苏州&cargo=coal&tonnes=20000",
        "/freight?from=aa&to=州&cargo=zz&tonnes=-1&depart=x", "/freight?from=常山&to=常山&cargo=coal&tonnes=5",
        f"/freight?from={quote('北京大兴')}&to=常山&cargo=coal&tonnes=5",
        "/port?throughput_t_per_year=9000000", "/port?throughput_t_per_year=x", "/cases/bundles/nothing", "/cases/AAAAAAAAAAAA",
        "/cases/find?code=x", "/cases/bundles/short_drama?nonsense=1", "/studies?before=x", "/sign-in?told=out",
        *(f"/cases/bundles/{name}" for name in house.library.current),
    ]  # fmt: skip
    return read


def _requests(client: TestClient, read: Reader) -> None:
    """Requests in the states that the samples leave out: paused, extended, returned, escalated, decided, merged, cleared."""
    house = client.app.state.house  # type: ignore[attr-defined]
    people = _people(house.store)
    said, book = TYPED["zh"], house.book

    def do(who: str, verb: Any, *given: Any, **options: Any) -> Any:
        with house.store.write(people[who]) as unit:
            return verb(unit, *given, **options)

    def made(title: str) -> desk.Received:
        read.typed.add(title)
        words = TYPED["en"] if title.isascii() else said
        draft = desk.Draft(title, words, service_code="lock_passage", town="樟潭街道", address="港口路1号")
        return do("firm", desk.receive, book, draft)

    officer = "officer.transport"
    paused, extended, returned = made("泊位照明"), made("Lamps of the yard"), made("航道标志缺失")
    version = do(officer, desk.contact, paused.number, paused.version, said)
    do(officer, desk.pause, paused.number, version, said)
    version = do(officer, desk.contact, extended.number, extended.version, "")
    version = do(officer, desk.ask_extension, book, extended.number, version, days=3, reason=said)
    do("supervisor", desk.decide_extension, book, extended.number, version, grant=True, reason=said)
    do(officer, desk.send_back, book, returned.number, returned.version, said)
    escalated, decided = made("闸口排队"), made("道路破损")
    version = do(officer, desk.contact, escalated.number, escalated.version, "")
    do(officer, desk.escalate, escalated.number, version, said)
    version = do(officer, desk.contact, decided.number, decided.version, "")
    version = do(officer, desk.escalate, decided.number, version, said)
    do("meeting", desk.decide, book, decided.number, version, lead="transport", days=5, resolution=said)
    merged, answered = made("泊位照明坏"), made("过磅太慢")
    do("officer.desk", desk.merge, merged.number, merged.version, paused.number)
    version = do(officer, desk.contact, answered.number, answered.version, "")
    version = do(officer, desk.reply_interim, answered.number, version, said)
    version = do(officer, desk.reply, answered.number, version, said)
    version = do("officer.desk", desk.clear, answered.number, version)
    version = do("supervisor", desk.call_back, book, answered.number, version, resolved=False, rating=2, note=said)
    numbers = [each.number for each in (paused, extended, returned, escalated, decided, merged, answered)]
    for who in ("firm", "officer.desk", "supervisor", "auditor", officer):
        read.extra.setdefault(who, []).extend(f"/desk/requests/{number}" for number in numbers)
    read.extra["officer.desk"] += [
        "/desk/find?q=zzz",
        "/desk/requests?list=zzz",
        "/desk/requests?colour=blue",
        "/desk/board?first=x",
    ]
    read.extra["supervisor"] += ["/desk/board?first=2026-12-01&last=2026-11-01", "/desk/requests/none", "/accounts"]
    read.typed.update(("樟潭街道", "港口路1号", "樟潭街道 港口路1号"))


def _cases(client: TestClient, read: Reader) -> None:
    """A case of the firm with a promised paper, one of its steps done with a note."""
    house = client.app.state.house  # type: ignore[attr-defined]
    people = _people(house.store)
    codes = []
    for _ in range(2):
        with house.store.write(people["firm"]) as unit:
            file = keep_file(unit, "船舶证书.pdf", PDF)
            given = cases.Application(
                "port_call", CALL, {}, ("manifest", "crew_list"), {"vessel_certificate": (file.id,)}
            )
            codes.append(cases.start_case(unit, house.library, house.book.calendar, given)["code"])
    with house.store.write(people["officer.transport"]) as unit:
        cases.complete_step(unit, house.library, house.book.calendar, codes[0], "arrival", note=TYPED["zh"])
    pages = [f"/cases/{code}{end}" for code in codes for end in ("", "/receipt")]
    for who in ("firm", "supervisor", "auditor", "officer.transport", "officer.port_company"):
        if who in read.sessions:
            read.extra.setdefault(who, []).extend(pages)
    read.extra[""] = [f"/cases/{codes[0]}"]
    read.extra["firm"] += ["/cases/bundles/port_call/apply?passes_lock=false&foreign_trade=false"]
    read.extra["officer.transport"] += ["/cases/worklist"]
    read.typed.update((*(str(value) for value in CALL.values()), "船舶证书.pdf"))


def _people(store: Store) -> dict[str, Caller]:
    with store.read() as connection:
        rows = connection.execute(select(table)).mappings().all()
    return {r["name"]: Caller(r["id"], r["name"], r["role"], r["department"], r["enterprise_code"]) for r in rows}


def _plans(client: TestClient, read: Reader) -> None:
    store, plans = client.app.state.house.store, client.app.state.plans  # type: ignore[attr-defined]
    scenario = plans.scenario_text(SCENARIO)
    with store.write(SYSTEM) as unit:
        studies.ask_standing(unit, plans.ground, FUTURES, scenarios=[scenario])

    def work(held: studies.Claim, report: studies.Report) -> Outcome:
        question = {"folder": str(plans.district.folder), "hash": held.ground.district_hash, "overlay": held.overlay}
        try:
            return Outcome(studies.pack(answer_plan(question | held.arguments.as_dict(), lambda share, step: None)))
        except QujiangError as error:
            return Outcome(None, tuple(faults_of(error)))

    running = Runner(store, work)
    people = _people(store)
    codes = []
    with store.write(people["officer.transport"]) as unit:
        for title, overlay, visibility in (("柴油涨价试算", OVERLAY, "public"), ("坏的方案", BAD_OVERLAY, "public")):
            draft = studies.Draft(title, overlay, Arguments(0), visibility)
            codes.append(studies.save(unit, plans.ground, draft)["code"])
            read.typed.add(title)
    while running.run_one():
        pass
    with store.write(people["officer.transport"]) as unit:  # one that waits, and one that was cancelled
        codes.append(
            studies.save(unit, plans.ground, studies.Draft("排队的方案", OVERLAY + "# 2\n", Arguments(0), "public"))[
                "code"
            ]
        )
        read.typed.add("排队的方案")
    pages = [f"/studies/{code}" for code in codes]
    read.extra[""] += [*pages, f"/?study={codes[0]}", f"/difference?study={codes[0]}", f"/?study={codes[1]}"]
    read.extra["officer.transport"] += [*pages, "/try", "/studies"]
