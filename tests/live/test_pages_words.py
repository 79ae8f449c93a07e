"""What pages say in each language beyond their catalogue: errors before a room is asked, towns, numbers and days, fallbacks."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient

from qujiang.district import District
from qujiang.errors import StoreAwayError
from qujiang.store import open_store
from qujiang.web import Settings, create_app
from qujiang.web.guard import MOST_BYTES
from qujiang.words import both_of, row_name, written_in
from tests.languages.referee import read_page, texts_of
from tests.live.conftest import SERVICES
from tests.live.test_pages_desk import Desk

SIGNED_IN = ("supervisor",)  # the account's own name, as it was typed
CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}


@pytest.fixture
def site(client: TestClient) -> Desk:
    return Desk(client)


def page(answer, language: str) -> str:
    assert answer.headers["content-type"].startswith("text/html"), answer.text[:200]
    assert answer.headers["content-language"] == {"zh": "zh-Hans", "en": "en"}[language]
    unmarked = [found for found in read_page(answer.text, language) if not found.marked and found.run not in SIGNED_IN]
    assert [found for found in unmarked if f"“{found.run}”" not in found.text] == []  # what was typed, told again
    return answer.text


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "zh", "en"),
    [
        ("GET", "/nowhere", 404, "没有此页面", "Not Found"),
        ("PUT", "/projects", 405, "该页面不支持此操作", "Method Not Allowed"),
        ("GET", "/studies?before=x", 422, "须为整数", "valid integer"),
        ("GET", f"/desk/board?first={'x' * 20}", 422, "最多10个字符", "at most 10 characters"),
        ("GET", "/desk/board?first=x", 422, "", ""),
        ("GET", "/landmarks/x", 422, "须为整数", "valid integer"),
        ("GET", "/accounts", 403, "您的角色无权进行此操作", "Your role does not allow this"),
        ("POST", "/desk/new", 403, "您的角色无权进行此操作", "Your role does not allow this"),
    ],
)
def test_an_error_is_a_page_in_the_readers_language(
    site: Desk, method: str, path: str, status: int, zh: str, en: str
) -> None:
    site.sign_in("supervisor")
    for language, words, headers in (("zh", zh, CHINESE), ("en", en, ENGLISH)):
        answer = site.client.request(method, path, headers=headers | {"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == status
        assert words in page(answer, language)


def test_a_body_that_is_too_large_is_a_page_for_people_and_json_for_programs(client: TestClient) -> None:
    body = b"x" * (MOST_BYTES + 1)
    for language, words, headers in (("zh", "提交的内容最多", CHINESE), ("en", "a body has at most", ENGLISH)):
        answer = client.post("/desk/new", content=body, headers=headers)
        assert answer.status_code == 413 and words in page(answer, language)
        assert answer.headers["connection"] == "close"
    answer = client.post("/api/v1/requests", content=body, headers=CHINESE)
    assert answer.status_code == 413 and answer.json()["error"] == "TooLargeError"


def test_a_database_that_is_away_is_told_on_a_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    store = client.app.state.house.store  # type: ignore[attr-defined]

    def away():
        raise StoreAwayError("the database does not answer: gone")

    monkeypatch.setattr(type(store), "read", lambda self: away())
    monkeypatch.setattr(type(store), "glance", lambda self: away())
    client.cookies.set("qujiang_session", "some-token")
    for language, words, headers in (
        ("zh", "数据库没有响应", CHINESE),
        ("en", "The database does not answer", ENGLISH),
    ):
        answer = client.get("/desk/public", headers=headers)
        assert (
            answer.status_code == 503
            and words in answer.text
            and answer.headers["content-type"].startswith("text/html")
        )
        assert texts_of(answer.text)[0] == language
    assert client.get("/desk/public.json", headers=CHINESE).headers["content-type"] == "application/json"


# -- towns -------------------------------------------------------------------------------------------------------------


def test_a_town_is_chosen_by_its_name_in_the_readers_language_and_kept_by_one_name(site: Desk) -> None:
    text = site.get("firm", "/desk/new", headers=ENGLISH).text
    options = dict(
        re.findall(
            r'<option value="([^"]*)">([^<]*)</option>', text[text.index('name="town"') :].partition("</select>")[0]
        )
    )
    towns = pl.read_csv(SERVICES.parent / "towns.csv")
    assert options == {"": "not said"} | dict(zip(towns["name_zh"], towns["name_en"], strict=True))
    chosen = towns["name_zh"][3]
    answer = site.post(
        "firm",
        "/desk/new",
        service_code="lock_passage",
        title="泊位照明",
        description="夜间看不清",
        town=chosen,
        address="1",
    )
    assert answer.status_code == 303, answer.text
    number = answer.headers["location"].split("/")[3]
    assert site.get("firm", f"/desk/requests/{number}.json").json()["town"] == chosen
    assert towns["name_en"][3] in site.get("firm", f"/desk/requests/{number}", headers=ENGLISH).text
    assert f"<dd>{chosen} 1</dd>" in site.get("firm", f"/desk/requests/{number}", headers=CHINESE).text


def test_a_town_that_was_written_otherwise_stays_as_it_is(site: Desk) -> None:
    site.receive(title="另一件", town="外地镇", channel="page")
    text = site.get("firm", "/desk/new", headers=CHINESE).text
    assert '<option value="外地镇" selected>外地镇</option>' in text


@pytest.mark.parametrize("broken", ["missing", "not a table"])
def test_without_a_table_of_towns_the_town_is_written(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "district"
    shutil.copytree(SERVICES.parent, folder)
    (folder / "towns.csv").unlink()
    if broken == "not a table":
        (folder / "towns.csv").write_bytes(b"\xff\xfe\x00nothing")
    path = tmp_path / "live.sqlite3"
    open_store(str(path)).close()
    with TestClient(
        create_app(Settings(f"sqlite:///{path}", folder / "services", district=folder, webhook_every_s=3600))
    ) as client:
        text = Desk(client).get("firm", "/desk/new").text
    assert '<input id="f-town" name="town" type="text"' in text


# -- numbers and days --------------------------------------------------------------------------------------------------


def test_numbers_and_days_are_written_as_each_language_writes_them(site: Desk) -> None:
    number = site.number
    zh, en = (site.get("firm", f"/desk/requests/{number}", headers=headers).text for headers in (CHINESE, ENGLISH))
    assert "2026年11月23日" in zh and "23 November 2026" in en
    zh, en = (site.get("", "/projects", headers=headers).text for headers in (CHINESE, ENGLISH))
    assert "293.4亿元" in zh and "CNY 29.3 bn" in en
    assert not re.search(r"\d (?:million|bn)\b", zh) and not re.search("[万亿]", en)
    zh, en = (site.get("", "/outlook", headers=headers).text for headers in (CHINESE, ENGLISH))
    assert "420万吨/年" in zh and "4.2 Mt/year" in en
    assert not re.search(r"\d (?:million|bn|Mt)\b", zh)


# -- what a district says in one language only -------------------------------------------------------------------------


def test_a_district_without_the_other_language_falls_back_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "district"
    shutil.copytree(SERVICES.parent, folder)
    for table, columns in {
        "sources": ["title_zh", "title_en"], "projects": ["known_zh"], "rates": ["description_zh"], "terminals": ["name_zh", "name_en"],
        "vessel_classes": ["name_zh"], "measures": ["note_zh"], "calibration_facts": ["name_zh", "note_zh"],
    }.items():  # fmt: skip
        pl.read_csv(folder / f"{table}.csv", infer_schema=False).drop(columns).write_csv(folder / f"{table}.csv")
    District.open(folder)  # the columns may be absent: no fault
    path = tmp_path / "live.sqlite3"
    open_store(str(path)).close()
    settings = Settings(f"sqlite:///{path}", folder / "services", district=folder, webhook_every_s=3600)
    with TestClient(create_app(replace(settings, study_every_s=0))) as client:
        text = client.get("/projects", headers=CHINESE).text
        assert '<span lang="en">13 berths; capacity about 3.8 Mt/y (700-320)</span>' in text
        marked = [found for found in read_page(text, "zh") if found.marked]
        assert len(marked) > 20
        assert "大路章" in client.get("/port", headers=CHINESE).text


def test_the_language_of_a_text_is_told_by_its_signs() -> None:
    assert written_in("衢江区海关") == "zh" and written_in("see the yard") == "en"
    assert [written_in(text) for text in ("", "S12", "4.2", "Li", "officer.transport")] == [None] * 5
    assert written_in("见zones.csv") == "zh" and written_in("berths at 大路章 and elsewhere in the port") == "en"


def test_texts_of_rows_fall_back_from_language_to_language() -> None:
    assert both_of({"title": "T"}, "title") == ("T", "T")
    assert both_of({"title": "T", "title_zh": "题", "title_en": None}, "title") == ("T", "题")
    assert both_of({}, "note") == ("", "")
    assert row_name({"name": "Jinhua 罗洋"}) == ("Jinhua", "罗洋")
    assert row_name({"name": "Longyou phase II"}) == ("Longyou phase II", "Longyou phase II")
