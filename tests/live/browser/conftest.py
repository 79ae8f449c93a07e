"""A real browser on the application over real HTTP.

``site`` is one server a module, with an account for every part; ``visit`` opens pages as one of the people, in a language
and a size. Whatever a page asks of another host, every console error and every failed script makes its test fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from qujiang import studies
from qujiang.report.plan_process import try_plan
from qujiang.store import SYSTEM, Store, accounts, open_store
from qujiang.web import Settings, create_app
from qujiang.web.acts import COOKIE
from qujiang.web.plans import Plans
from tests.live.conftest import SERVICES, HandClock, make_people

#: Every main path is walked in both languages and on both sizes.
WAYS = [("en", "desktop"), ("en", "phone"), ("zh", "desktop"), ("zh", "phone")]
EVERY_WAY = pytest.mark.parametrize(("language", "size"), WAYS)
SIZES = {"desktop": (1280, 900), "phone": (360, 780)}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]  # fmt: skip
#: A scenario of the bundled district that the planned site has computed.
SCENARIO = "fuchunjiang-second-chamber"
#: The map's driver tells of readings of its canvas.
MAP = ("GPU stall",)
DRAWN = "[data-map][data-state=drawn][data-drawn]"
SERIOUS = ("serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, named by ``QUJIANG_CHROMIUM`` or found on the path."""
    found = os.environ.get("QUJIANG_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: the test command could not install it (Debian: apt-get install chromium)")
        pytest.skip("no Chromium here (Debian: apt-get install chromium, or name it in QUJIANG_CHROMIUM)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@dataclass(frozen=True, slots=True)
class Site:
    """A running application: its address, its store, the clock that the tests set."""

    url: str
    store: Store
    clock: HandClock

    def session(self, name: str) -> str:
        """A fresh session's token of one of the people."""
        return accounts.log_in(self.store, name, f"pass phrase of {name}", "127.0.0.1").token


@contextmanager
def serving(folder: Path, template: Path, **settings: Any) -> Iterator[tuple[Any, Site]]:
    """An application on a fresh database with cheap hashes and an account for every part, over real HTTP."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", lambda: hasher)
        patch.setattr(accounts, "_decoy", lambda: hasher.hash("decoy"))
        path = folder / "live.sqlite3"
        shutil.copy(template, path)
        clock = HandClock()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        app = create_app(Settings(f"sqlite:///{path}", SERVICES, clock=clock, webhook_every_s=3600, **settings))
        running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", proxy_headers=False, ws="none"))
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.01)
        store = app.state.house.store
        make_people(store)
        yield app, Site(f"http://127.0.0.1:{port}", store, clock)
        running.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """One server for a module's tests, on a fresh database, with an account for every part."""
    with serving(tmp_path_factory.mktemp("site"), sqlite_template) as (_, made):
        yield made


@pytest.fixture(scope="session")
def planned_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A database in which the plan and one scenario are computed over 128 futures; made once for all modules."""
    path = tmp_path_factory.mktemp("planned") / "planned.sqlite3"
    shutil.copy(sqlite_template, path)
    store = open_store(f"sqlite:///{path}", clock=HandClock())
    plans = Plans(store, Settings(f"sqlite:///{path}", SERVICES, study_futures=128))
    with store.write(SYSTEM) as unit:
        studies.ask_standing(unit, plans.ground, 128, scenarios=[plans.scenario_text(SCENARIO)])

    def work(held: studies.Claim, report: studies.Report) -> studies.Outcome:
        question = {"folder": str(plans.district.folder), "hash": held.ground.district_hash, "overlay": held.overlay}
        asked = question | held.arguments.as_dict()
        tested = try_plan(asked, lambda share, step: report(share, step) and None)
        return studies.Outcome(studies.pack(tested.answer()), report=studies.pack(tested.report()))

    computing = studies.Runner(store, work)
    while computing.run_one():
        pass
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


def sign_in(page: Page, name: str) -> None:
    """Fill in the form of the sign-in and send it."""
    page.locator("#f-name").fill(name)
    page.locator("#f-password").fill(f"pass phrase of {name}")
    page.locator("main form button").click()


def open_menu(page: Page) -> None:
    """Show the menu where it is folded, as on a phone."""
    menu = page.locator("nav.rooms summary")
    if menu.is_visible():
        menu.click()


@dataclass(slots=True)
class Watch:
    """What went wrong on the pages of a context."""

    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    #: Answers that a test means to get (a 422 of a faulty form, a lost connection) are also told on the console.
    meant: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        bad = [line for line in self.console if not any(word in line for word in self.meant)]
        return [*self.outside, *bad]


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Open a path as one of the people (None: signed out): ``visit("/desk", "clerk", language="zh", size="phone")``."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def go(
        path: str,
        who: str | None = None,
        *,
        language: str = "en",
        size: str = "desktop",
        dark: bool = False,
        scripts: bool = True,
        meant: tuple[str, ...] = (),
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "zh": "zh-CN"}[language],
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            has_touch=size == "phone",
            timezone_id="Asia/Shanghai",
        )
        watch = Watch(meant=meant)
        opened.append((context, watch))
        if who is not None:
            context.add_cookies([{"name": COOKIE, "value": site.session(who), "url": site.url}])
        context.set_default_timeout(15_000)
        context.on("request", lambda r: _outside(watch, site.url, r.url))
        page = context.new_page()
        page.on("console", lambda m: watch.console.append(f"{m.type}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: watch.console.append(f"script: {e}"))
        page.goto(site.url + path)
        return page

    yield go
    faults = [fault for context, watch in opened for fault in watch.faults()]
    for context, _ in opened:
        context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Ask axe-core for whatever is serious on a page as it stands; fail with its own words."""
    from axe_playwright_python.sync_playwright import Axe

    engine = Axe()

    def check(page: Page) -> None:
        found: Any = engine.run(page, options={"runOnly": {"type": "tag", "values": RULES}})
        bad = [v for v in found.response["violations"] if v["impact"] in SERIOUS]
        told = [f"{v['id']} ({v['impact']}): {v['help']}: {[n['html'][:160] for n in v['nodes'][:4]]}" for v in bad]
        assert not told, f"{page.url}\n" + "\n".join(told)
        assert found.response["passes"], "axe looked at nothing"

    return check


@pytest.fixture
def fits() -> Callable[[Page], bool]:
    """Whether a page needs no sideways scrolling."""
    return lambda page: page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def _outside(watch: Watch, home: str, url: str) -> None:
    if not url.startswith((home, "data:", "blob:", "about:")):
        watch.outside.append(f"asked of another host: {url}")
