"""The report as a download: made by the run and kept with its answer, in the reader's language, for who may see the study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from qujiang import studies
from qujiang.report.cockpit import FORMAT
from qujiang.store import SYSTEM, accounts
from qujiang.studies import Claim, Draft, Outcome, Runner
from qujiang.studies.question import Arguments
from qujiang.web import create_app
from qujiang.web.acts import COOKIE
from qujiang.web.plans import Plans
from tests.live.conftest import make_people

PAGE = """<!doctype html>
<html lang="en">
<input type="radio" id="language-en" checked aria-label="English"><input type="radio" id="language-zh" aria-label="中文">
<p>{of}</p></html>"""
OVERLAY = 'name_zh = "试"\nname_en = "Test"\nreason = "a test"\n'
ALL = {"firm", "clerk", "transport", "tax", "supervisor", "auditor", "admin"}


@pytest.fixture
def made() -> list[str]:
    """Overlays whose run was worked, in order."""
    return []


@pytest.fixture
def site(settings, made) -> Iterator[TestClient]:
    """A server whose people are signed in by ``ask``; its plan and one scenario have reports."""
    with TestClient(create_app(replace(settings, study_futures=0))) as client:
        store = client.app.state.house.store  # type: ignore[attr-defined]
        client.app.state.people = make_people(store)  # type: ignore[attr-defined]
        plans: Plans = client.app.state.plans  # type: ignore[attr-defined]
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, plans.ground, 0, scenarios=[plans.scenario_text("low-water")])
        work(client, made)
        yield client


def work(client: TestClient, made: list[str]) -> None:
    def one(held: Claim, report: studies.Report) -> Outcome:
        made.append(held.overlay)
        of = held.overlay.partition("\n")[0] or "as it stands"
        content = {"format": FORMAT, "district": {"id": "qujiang"}}
        return Outcome(studies.pack(content), report=studies.pack(PAGE.format(of=of)))

    runner = Runner(client.app.state.house.store, one)  # type: ignore[attr-defined]
    while runner.run_one():
        pass


@pytest.fixture
def ask(site: TestClient) -> Callable[..., object]:
    store = site.app.state.house.store  # type: ignore[attr-defined]

    def get(who: str, path: str, language: str = "en"):
        site.cookies.clear()
        if who:
            site.cookies.set(COOKIE, accounts.log_in(store, who, f"pass phrase of {who}", "x").token)
        return site.get(path, headers={"Accept-Language": language}, follow_redirects=False)

    return get


def save(site: TestClient, made: list[str], visibility: str) -> str:
    store, plans = site.app.state.house.store, site.app.state.plans  # type: ignore[attr-defined]
    with store.write(site.app.state.people["transport"]) as unit:  # type: ignore[attr-defined]
        draft = Draft("t", OVERLAY + f"# {visibility}\n", Arguments(0), visibility)
        code = studies.save(unit, plans.ground, draft)["code"]
    work(site, made)
    return code


def test_the_report_is_a_file_that_opens_in_the_readers_language(ask) -> None:
    english = ask("", "/report.html")
    assert english.status_code == 200 and english.headers["content-type"] == "text/html; charset=utf-8"
    assert english.headers["content-disposition"].startswith('attachment; filename="qujiang-report-en.html"')
    assert english.text == PAGE.format(of="as it stands")
    assert "sandbox" in english.headers["content-security-policy"]
    assert english.headers["cache-control"] == "no-store"
    chinese = ask("", "/report.html", "zh-CN")
    assert 'filename="qujiang-report-zh.html"' in chinese.headers["content-disposition"]
    assert '<html lang="zh-Hans">' in chinese.text
    assert 'id="language-zh" checked' in chinese.text and 'id="language-en" checked' not in chinese.text
    assert ask("", "/report.html?lang=en", "zh-CN").text == english.text


def test_it_is_of_the_scenario_or_study_that_is_shown_and_made_once(site, ask, made) -> None:
    code = save(site, made, "link")
    worked = list(made)
    assert len(worked) == 3
    scenario = ask("", "/report.html?scenario=low-water")
    assert 'filename="qujiang-low-water-report-en.html"' in scenario.headers["content-disposition"]
    assert made[1].partition("\n")[0] in scenario.text
    study = ask("", f"/report.html?study={code}")
    assert 'name_zh = "试"' in study.text
    assert "study-" in study.headers["content-disposition"] and code not in study.headers["content-disposition"]
    for _ in range(3):
        ask("", "/report.html")
    assert made == worked  # nothing was computed for a download


def test_a_study_of_somebody_else_stays_closed(site, ask, made) -> None:
    private = save(site, made, "private")
    for who in ["", *sorted(ALL)]:
        status = ask(who, f"/report.html?study={private}").status_code
        assert status == (200 if who in ("transport", "admin", "auditor") else 404), who
    assert ask("", "/report.html?study=../x").status_code == 422
    assert ask("", "/report.html?study=nobody").status_code == 404
    assert ask("", "/report.html?scenario=nothing").status_code == 404


def test_a_closed_server_hands_nothing_out_to_who_is_not_signed_in(settings, made) -> None:
    with TestClient(create_app(replace(settings, study_futures=0, open_cockpit=False))) as client:
        store, plans = client.app.state.house.store, client.app.state.plans  # type: ignore[attr-defined]
        client.app.state.people = make_people(store)  # type: ignore[attr-defined]
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, plans.ground, 0)
        work(client, made)
        link = save(client, made, "link")
        for path in ("/report.html", f"/report.html?study={link}"):
            away = client.get(path, follow_redirects=False)
            assert away.status_code == 303 and "/sign-in" in away.headers["location"]
        client.cookies.set(COOKIE, accounts.log_in(store, "firm", "pass phrase of firm", "x").token)
        assert client.get("/report.html").status_code == 200


def test_an_answer_without_a_report_says_so(settings) -> None:
    with TestClient(create_app(replace(settings, study_futures=0))) as client:
        store, plans = client.app.state.house.store, client.app.state.plans  # type: ignore[attr-defined]
        missing = client.get("/report.html", headers={"Accept-Language": "zh"})
        assert missing.status_code == 404 and "首次计算" in missing.text
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, plans.ground, 0)
        Runner(store, lambda held, report: Outcome(studies.pack({"format": FORMAT}))).run_one()
        page = client.get("/report.html", headers={"Accept-Language": "zh"})
        assert page.status_code == 404 and "该结果没有报告" in page.text


def test_an_answer_of_another_format_is_computed_anew_and_never_shown(settings) -> None:
    with TestClient(create_app(replace(settings, study_futures=0))) as client:
        store, plans = client.app.state.house.store, client.app.state.plans  # type: ignore[attr-defined]
        old = replace(plans.ground, program=f"0.0.9/{FORMAT - 1}")
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, old, 0)
        Runner(store, lambda held, report: Outcome(studies.pack({"format": FORMAT - 1}))).run_one()
        told = client.get("/api/v1/plan")
        assert told.status_code == 404 and f"reads format {FORMAT}: run it again" in told.json()["message"]
        with store.write(SYSTEM) as unit:  # the server asks for its own program's answer when it starts
            studies.ask_standing(unit, plans.ground, 0)
        assert "computed for the first time" in client.get("/api/v1/plan").json()["message"]
        assert client.get("/").status_code == 200
        Runner(store, lambda held, report: Outcome(studies.pack({"format": FORMAT}))).run_one()
        assert client.get("/api/v1/plan").json()["format"] == FORMAT
