"""The worklist of cases on both databases: every step on exactly one page, onward and back, and what its addresses refuse."""

from __future__ import annotations

import csv
import io
import re
from itertools import chain

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from qujiang import cases
from qujiang.cases.worklists import worklist
from qujiang.errors import ForbiddenError, ScenarioError
from qujiang.store.schema_rooms import case_steps
from qujiang.store.schema_rooms import cases as table
from tests.live.conftest import Api
from tests.live.test_pages_cases import ANSWERS, PDF
from tests.live.test_pages_desk import Desk

COUNT = 13


@pytest.fixture
def house(client: TestClient):
    """The application with thirteen cases that wait for transport, on seven days, some without one."""
    site = Desk(client)
    for place in range(COUNT):
        with site.house.store.write(site.people["firm"]) as unit:
            file = cases_file(unit)
            given = cases.Application(
                "port_call", ANSWERS, {}, ("manifest", "crew_list"), {"vessel_certificate": (file,)}
            )
            code = cases.start_case(unit, site.house.library, site.house.book.calendar, given)["code"]
            own = select(table.c.id).where(table.c.code == code).scalar_subquery()
            if place % 3 == 0:  # a step without a day stands behind all others
                unit.execute(case_steps.update().where(case_steps.c.case_id == own).values(due_on=None))
        client.app.state.settings.clock.forward(days=place % 4)  # type: ignore[attr-defined]
    return site


def cases_file(unit) -> int:
    from qujiang.store.files import keep_file

    return keep_file(unit, "a.pdf", PDF).id


def read(site: Desk, **asked):
    with site.house.store.read() as connection:
        return worklist(connection, site.people["transport"], **asked)


@pytest.mark.parametrize("limit", [1, 2, 5, COUNT, 50])
def test_pages_onward_and_back_hold_every_step_once_in_one_order(house: Desk, limit: int) -> None:
    whole = read(house, limit=None)
    assert whole.total == len(whole.rows) == COUNT and whole.next is None and whole.previous is None
    days = [row["due_on"] for row in whole.rows]
    known = [day for day in days if day is not None]
    assert known == sorted(known) and days == known + [None] * (COUNT - len(known)) and len(known) < COUNT
    page, onward = read(house, limit=limit), []
    assert page.previous is None
    while True:
        onward.append([row["code"] for row in page.rows])
        assert page.total == COUNT and len(page.rows) <= limit
        if page.next is None:
            break
        page = read(house, limit=limit, after=page.next)
    assert list(chain(*onward)) == [row["code"] for row in whole.rows]
    back = [onward[-1]]
    while page.previous is not None:
        page = read(house, limit=limit, before=page.previous)
        back.insert(0, [row["code"] for row in page.rows])
    assert list(chain(*back)) == list(chain(*onward)) and page.previous is None


def test_a_step_that_is_done_meanwhile_moves_no_other_past_the_reader(house: Desk) -> None:
    first = read(house, limit=5)
    house.do(
        "transport",
        cases.complete_step,
        house.house.library,
        house.house.book.calendar,
        first.rows[0]["code"],
        "arrival",
    )
    second = read(house, limit=5, after=first.next or "")
    whole = [row["code"] for row in read(house, limit=None).rows]
    assert [row["code"] for row in first.rows[1:]] + [row["code"] for row in second.rows] == whole[:9]


@pytest.mark.parametrize("place", ["x", "2026-13-01.1.a", "2026-01-01.1", "1.2.3", "'; drop", "２０２６-01-01.1.a"])
@pytest.mark.parametrize("way", ["after", "before"])
def test_what_is_no_place_is_refused(house: Desk, place: str, way: str) -> None:
    with pytest.raises(ScenarioError, match=f"{way} = .* is no place in this list"):
        read(house, **{way: place})
    answer = house.get("transport", f"/cases/worklist?{way}={place}", headers={"Accept-Language": "zh"})
    assert answer.status_code == 422 and "不是本列表中的位置" in answer.text


def test_both_ways_at_once_and_other_people_are_refused(house: Desk) -> None:
    with pytest.raises(ScenarioError):
        read(house, after="2026-11-25.1.a", before="2026-11-25.1.a")
    with house.house.store.read() as connection, pytest.raises(ForbiddenError):
        worklist(connection, house.people["firm"])


def test_the_page_leads_on_and_back_and_its_twins_say_how_many_there_are(house: Desk, monkeypatch) -> None:
    from qujiang.web.pages.cases import case

    monkeypatch.setattr(case, "SHOWN", 5)
    pages, path, last = [], "/cases/worklist", ""
    while path:
        text = house.get("transport", path).text
        assert f"of {COUNT} steps" in text and text.count("<tr data-line>") <= 5
        pages.append(re.findall(r'<span class="small soft number">(\w+)</span>', text))
        found = re.search(r'rel="next" href="([^"]+)"', text)
        last, path = text, found[1] if found else ""
    assert [len(page) for page in pages] == [5, 5, 3]
    before = re.search(r'rel="prev" href="([^"]+)"', last)
    assert before is not None
    assert (
        re.findall(r'<span class="small soft number">(\w+)</span>', house.get("transport", before[1]).text) == pages[1]
    )
    told = house.get("transport", "/cases/worklist.json").json()
    assert told["total"] == COUNT and len(told["steps"]) == 5 and told["previous"] is None
    more = house.get("transport", "/cases/worklist.json", params={"after": told["next"]}).json()
    assert [step["code"] for step in more["steps"]] == pages[1]
    rows = list(csv.DictReader(io.StringIO(house.get("transport", "/cases/worklist.csv").text.removeprefix("\ufeff"))))
    assert [row["code"] for row in rows] == list(chain(*pages))  # the table is whole


def test_the_api_tells_total_and_neighbours_in_headers(house: Desk, client: TestClient) -> None:
    from qujiang.store import accounts

    with house.house.store.write(house.people["admin"]) as unit:
        key = accounts.create_api_key(unit, house.people["transport"].account_id or 0, "test")
    client.cookies.clear()
    api = Api(client, {"transport": key})
    answer = api.get("transport", "/cases/worklist", params={"limit": 4})
    assert len(answer.json()) == 4 and answer.headers["x-total-count"] == str(COUNT)
    links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"]))
    (onward,) = links
    assert links[onward] == "next"
    second = api.get("transport", onward.removeprefix("/api/v1"))
    assert not {row["code"] for row in second.json()} & {row["code"] for row in answer.json()}
    assert 'rel="prev"' in second.headers["link"]
    assert api.get("transport", "/cases/worklist", params={"limit": 0}).status_code == 422
