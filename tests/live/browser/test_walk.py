"""Every page that a link leads to, walked as each of the people: nothing is broken, and axe finds nothing serious on any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx2 as httpx
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page
from starlette.routing import Match

from qujiang import cases, desk, studies
from qujiang.web.acts import COOKIE
from qujiang.web.pages.rooms import routers
from tests.live.browser.conftest import DRAWN, SCENARIO, SIZES, Site, serving
from tests.live.browser.test_counters import BOOK, CALL, caller
from tests.live.conftest import SERVICES

PEOPLE = (None, "firm", "transport", "clerk", "supervisor", "meeting", "auditor", "admin")
#: Pages that no link of the fresh site leads to: who lost the way, and what a form leads to.
BESIDE = (
    f"/?scenario={SCENARIO}", "/nowhere", "/freight?from=常山&to=苏州&cargo=plate&tonnes=500", "/freight?from=x&to=&cargo=&tonnes=-1",
    "/port?tonnes=7000000", "/port?tonnes=40000000", "/outlook/gdp/衢江区", f"/difference?scenario={SCENARIO}",
)  # fmt: skip
#: Answers that are not pages: files, parts of pages, ways on, searches that lead elsewhere.
NO_PAGES = re.compile(
    r"\.(json|csv|toml|geojson)$|^/static/|^/api/|^/open311/|^/(health|ready)$|/part$|/files/|/report\.html$"
)
WAYS_ON = ("/scenario", "/desk", "/desk/find", "/cases/find")

MOST = 400


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, planned_template: Path) -> Iterator[Site]:
    """A site with a plan, and at the counters something of every kind."""
    with serving(tmp_path_factory.mktemp("walk"), planned_template, study_futures=128) as (app, made):
        _fill(made)
        draft = studies.Draft("贵油价", DEARER, studies.Arguments(0), "public")
        with made.store.write(caller(made, "transport")) as unit:
            studies.save(unit, app.state.plans.ground, draft)
        yield made


DEARER = (
    'name_zh = "贵"\nname_en = "dear"\nreason = "r"\n[[set]]\ntable = "rates"\nkey = "diesel_price"\n'
    'values = { rate_value = 8.0 }\nreason = "r"\n'
)


def _fill(site: Site) -> None:
    """Requests as they come, wait, are answered, put off, handed up and shown to everyone; a case."""
    numbers = []
    for title in ("新来的", "要延期的", "答复过的", "公开的", "上报的", "暂停的"):
        with site.store.write(caller(site, "firm")) as unit:
            numbers.append(desk.receive(unit, BOOK, desk.Draft(title, title, service_code="lock_passage")).number)
    with site.store.write(caller(site, "firm")) as unit:
        desk.receive(unit, BOOK, desk.Draft("没有事项的", "没有事项的"))
    acts = (
        ("transport", lambda u: desk.ask_extension(u, BOOK, numbers[1], 2, days=3, reason="等待船期")),
        ("transport", lambda u: desk.reply(u, numbers[2], 2, "已办好")),
        ("transport", lambda u: desk.reply(u, numbers[3], 2, "已办好")),
        ("clerk", lambda u: desk.call_back(u, BOOK, numbers[3], 3, resolved=True, rating=5, note="")),
        ("clerk", lambda u: desk.clear(u, numbers[3], 4)),
        ("transport", lambda u: desk.escalate(u, numbers[4], 2, "意见不一")),
        ("transport", lambda u: desk.pause(u, numbers[5], 2, "等待材料")),
    )
    for who, do in acts:
        with site.store.write(caller(site, who)) as unit:
            do(unit)
    library = cases.load_library(site.store, SERVICES)
    papers = {"vessel_certificate": "窗口", "manifest": "窗口", "crew_list": "窗口"}
    with site.store.write(caller(site, "firm")) as unit:
        cases.start_case(unit, library, BOOK.calendar, cases.Application("port_call", CALL, papers))


ROUTES = [route for router in routers() for route in router.routes if isinstance(route, APIRoute)]


def route_of(path: str) -> str | None:
    """The route of the pages that answers a path; None where none does."""
    scope = {"type": "http", "path": unquote(path), "method": "GET", "headers": [], "root_path": ""}
    return next((route.path for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


class Walk:
    """Every page that the people find by following links: by route (and, at a request, by part) the first address of it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.found: dict[tuple[str, str | None], tuple[str, str | None]] = {}
        self.broken: list[str] = []
        for who in PEOPLE:
            self._as(who)

    def _as(self, who: str | None) -> None:
        cookies = {COOKIE: self.site.session(who)} if who else {}
        seen, ahead = {"/"}, ["/"]
        with httpx.Client(base_url=self.site.url, cookies=cookies, follow_redirects=True, timeout=60) as client:
            while ahead and len(seen) < MOST:
                path = ahead.pop(0)
                answer = client.get(path, headers={"Accept-Language": "en"})
                if answer.status_code >= 400:
                    self.broken.append(f"{who}: {path}: {answer.status_code}")
                if not answer.headers.get("content-type", "").startswith("text/html"):
                    continue
                own = urlsplit(str(answer.url))
                route = route_of(own.path)
                part = who if route and route.startswith("/desk/requests") else None
                self.found.setdefault((route or "?", part), (f"{own.path}?{own.query}".rstrip("?"), who))
                for link in re.findall(r'<a [^>]*href="(/[^"#]*)', answer.text):
                    address = unescape(link)
                    if self._is_new(address, seen):
                        seen.add(address)
                        ahead.append(address)

    def _is_new(self, address: str, seen: set[str]) -> bool:
        """Not seen, and not the third of its route: lists lead to as many of a kind as there are."""
        parts = urlsplit(address)
        if address in seen or "lang=" in parts.query or NO_PAGES.search(parts.path):
            return False
        route = route_of(parts.path)
        return sum(route_of(urlsplit(other).path) == route for other in seen) < 8


@pytest.fixture(scope="module")
def walk(walked: Site) -> Walk:
    return Walk(walked)


@pytest.fixture(scope="module")
def site(walked: Site) -> Site:
    return walked


def test_no_link_is_broken_and_every_page_of_the_application_is_found(walk: Walk) -> None:
    assert not walk.broken, "\n".join(walk.broken)
    routes = {route.path for route in ROUTES if "GET" in route.methods and not NO_PAGES.search(route.path)}
    routes -= set(WAYS_ON)
    reached = {route for route, _ in walk.found} | {
        route for path in BESIDE if (route := route_of(urlsplit(path).path))
    }
    only_after_a_form = {"/desk/requests/{number}/receipt", "/cases/{code}/receipt", "/cases/bundles/{name}/apply"}
    assert routes - reached <= only_after_a_form, routes - reached - only_after_a_form


@pytest.mark.parametrize(
    ("language", "size", "dark"),
    [("en", "desktop", False), pytest.param("zh", "phone", True, marks=pytest.mark.endurance)],
)
def test_axe_finds_nothing_serious_on_any_page(
    browser, walk: Walk, site: Site, axe, fits, language: str, size: str, dark: bool
) -> None:
    after_forms = [
        ("/desk/requests/R00000001/receipt", "firm"),
        (f"/cases/{_code(site)}/receipt", "firm"),
        ("/cases/bundles/port_call/apply?passes_lock=false&foreign_trade=false", "firm"),
    ]
    pages = [*walk.found.values(), *((path, None) for path in BESIDE), *after_forms]
    contexts: dict[str | None, Any] = {}
    faults: list[str] = []
    for path, who in sorted(pages, key=lambda one: str(one[1])):
        if who not in contexts:
            width, height = SIZES[size]
            contexts[who] = browser.new_context(
                viewport={"width": width, "height": height},
                locale={"en": "en-GB", "zh": "zh-CN"}[language],
                color_scheme="dark" if dark else "light",
                has_touch=size == "phone",
            )
            if who:
                contexts[who].add_cookies([{"name": COOKIE, "value": site.session(who), "url": site.url}])
        page: Page = contexts[who].new_page()
        page.goto(site.url + quote(path, safe="/?=&%"))
        if page.locator("[data-map]").count():
            page.wait_for_selector(DRAWN, timeout=30_000)
        assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
        try:
            axe(page)
        except AssertionError as error:
            faults.append(f"{who}: {error}")
        if not fits(page):
            faults.append(f"{who}: {path} is wider than the screen")
        page.close()
    for context in contexts.values():
        context.close()
    assert len(pages) > 40 and not faults, "\n".join(faults)


def _code(site: Site) -> str:
    from sqlalchemy import select

    from qujiang.store.schema_rooms import cases as table

    with site.store.read() as connection:
        return connection.execute(select(table.c.code)).scalars().first() or ""
