"""Studies, levers and maps over HTTP: every role on every route, limits, ETags, and a run from saving to its answer."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from qujiang import studies
from qujiang.district import District
from qujiang.plan import test_plan as run_plan
from qujiang.report.plan_process import answer_plan
from qujiang.store import SYSTEM
from qujiang.studies import Ground, Outcome, Runner
from qujiang.web import create_app
from qujiang.web.plans import PROGRAM
from tests.live.conftest import Api, make_keys

ALL = {"firm", "other_firm", "clerk", "transport", "tax", "supervisor", "meeting", "auditor", "admin"}
STAFF = {"clerk", "transport", "tax", "supervisor", "meeting", "admin"}
OVERLAY = """name_zh = "柴油涨价"
name_en = "Dearer diesel"
reason = "a test"

[[set]]
table = "rates"
key = "diesel_price"
values = { rate_value = 8.0 }
reason = "a test"
"""

#: More than a minute each, most of it a plan that is computed: on PostgreSQL with `make endurance`.
ON_SQLITE = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.endurance)], indirect=True
)


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Answers of the bundled district's plan and of one overlay, as the process packs them."""
    district = District.open()
    question = {"folder": str(district.folder), "hash": district.hash, "overlay": "", "futures": 0, "seed": 1}
    return {
        overlay: studies.pack(answer_plan(question | {"overlay": overlay}, lambda share, step: None))
        for overlay in ("", OVERLAY.strip())
    }


@pytest.fixture
def run(client, answers):
    """Work the queue with the answers at hand."""
    runner = Runner(client.app.state.house.store, lambda held, report: Outcome(answers[held.overlay]))

    def go() -> None:
        while runner.run_one():
            pass

    return go


@pytest.fixture
def planned(client, run) -> None:
    """The district's own plan is there."""
    plans = client.app.state.plans
    with client.app.state.house.store.write(SYSTEM) as unit:
        studies.ask_standing(unit, plans.ground, 0)
    run()


def save(api: Api, who: str = "transport", **more) -> str:
    answer = api.post(who, "/studies", {"title": "柴油", "overlay": OVERLAY, "futures": 0} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["code"]


def test_saved_run_read_compared_and_deleted(api, planned, run) -> None:
    code = save(api, visibility="link")
    assert api.get("transport", f"/studies/{code}/progress").json()["state"] == "queued"
    assert api.get("transport", f"/studies/{code}/result").status_code == 404
    run()
    shown = api.get("", f"/studies/{code}").json()  # whoever has the link
    assert (shown["state"], shown["mine"], shown["may_change"]) == ("done", False, False)
    result = api.get("", f"/studies/{code}/result").json()
    assert result["scenario"]["name_zh"] == "柴油涨价"
    assert result["changes"] == [
        {"verb": "set", "table": "rates", "row_id": "diesel_price", "column": "rate_value", "before": "7.2", "after": "8", "reason": "a test"}
    ]  # fmt: skip
    table = api.get("", f"/studies/{code}/difference").json()
    cost = next(row for row in table["measures"] if row["id"] == "m14")
    assert cost["base"]["change"] > 0  # dearer diesel, dearer freight
    same = api.get("", f"/studies/{code}/difference", params={"other": code}).json()
    assert not any(row["changed"] for row in same["measures"])
    assert api.post("transport", f"/studies/{code}/edit", {"version": 1, "title": "贵"}).json() == {"version": 2}
    assert api.post("transport", f"/studies/{code}/edit", {"version": 1, "title": "x"}).status_code == 409
    assert api.post("transport", f"/studies/{code}/delete", {"version": 2}).json() == {"deleted": True}
    assert api.get("transport", f"/studies/{code}").status_code == 404


def test_the_downloaded_scenario_is_one_that_the_command_line_takes_unchanged(api, tmp_path: Path) -> None:
    lever = "rates/diesel_price/rate_value"
    code = save(api, overlay="", values={lever: 8.0}, scenarios=["low-water"])
    file = tmp_path / "kept.toml"
    file.write_bytes(api.get("transport", f"/studies/{code}/scenario.toml").content)
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    assert any(entry["table"] == "rates" for entry in told["set"])
    result = run_plan(District.open(), str(file))
    assert result.scenario is not None and result.scenario["name_zh"] == "柴油"
    again = save(api, overlay=file.read_text(encoding="utf-8"))  # uploaded, it is the same question
    runs = [api.get("transport", f"/studies/{name}").json()["run_id"] for name in (code, again)]
    assert runs[0] == runs[1]


def test_faults_of_a_scenario_come_all_at_once_and_nothing_is_kept(api) -> None:
    faulty = 'name_zh = "x"\n[[set]]\ntable = "lokcs"\nreason = "r"\n[[set]]\ntable = "rates"\nkey = "diesel"\nvalues = { rate_value = 1 }\n'
    for path in ("/studies", "/studies/check"):
        body = {"overlay": faulty} | ({"title": "t"} if path == "/studies" else {})
        answer = api.post("transport", path, body)
        assert answer.status_code == 422
        assert len(answer.json()["faults"]) >= 4, answer.text  # names, reason, table, reason of the second
    rules = OVERLAY.replace("8.0", "99.0").replace("rate_value = ", "low_value = 98.0, rate_value = ")
    assert api.post("transport", "/studies/check", {"overlay": rules}).json()["faults"]
    assert api.post("transport", "/studies/check", {"overlay": "[" * 5000}).status_code == 422
    assert api.post("transport", "/studies/check", {"overlay": "#" * 70_000}).status_code == 422
    both = {"overlay": OVERLAY, "values": {"rates/diesel_price/rate_value": 8.0}}
    assert "either" in api.post("transport", "/studies/check", both).text
    assert api.get("transport", "/studies").json()["studies"] == []
    good = api.post("", "/studies/check", {"values": {"rates/diesel_price/rate_value": 8.0}}).json()
    assert [change["after"] for change in good["changes"] if change["column"] == "rate_value"] == ["8"]


def test_a_missing_or_misspelt_scenario_or_lever_is_named(api) -> None:
    answer = api.post("transport", "/studies/check", {"scenarios": ["low_water", "none"]})
    assert [fault["value"] for fault in answer.json()["faults"]] == ["low_water", "none"]
    answer = api.post("transport", "/studies/check", {"values": {"rates/x/y": 1}})
    assert answer.json()["faults"][0]["column"] == "rates/x/y"


GETS = {
    "/studies": ALL | {""},
    "/studies/{public}": ALL | {""},
    "/studies/{public}/progress": ALL | {""},
    "/studies/{public}/scenario.toml": ALL | {""},
    "/studies/{public}/result": ALL | {""},
    "/studies/{public}/difference": ALL | {""},
    "/studies/{private}": {"transport", "admin", "auditor"},
    "/studies/{private}/progress": {"transport", "admin", "auditor"},
    "/studies/{private}/scenario.toml": {"transport", "admin", "auditor"},
    "/studies/{private}/result": {"transport", "admin", "auditor"},
    "/studies/{private}/difference": {"transport", "admin", "auditor"},
    "/levers": ALL | {""},
    "/plan": ALL | {""},
    "/map/outlines.geojson": ALL | {""},
    "/map/flows.geojson": ALL | {""},
    "/map/locks.geojson": ALL | {""},
    "/map/places.geojson": ALL | {""},
    "/map/terminals.geojson": ALL | {""},
    "/map/venues.geojson": ALL | {""},
    "/map/coverage.geojson": ALL | {""},
    "/map/flows.geojson?study={private}": {"transport", "admin", "auditor"},
    "/map/flow-differences.geojson?study={private}": {"transport", "admin", "auditor"},
    "/map/lock-differences.geojson?study={private}": {"transport", "admin", "auditor"},
    "/map/flow-differences.geojson?study={public}": ALL | {""},
}
#: Whoever passes the door names a version that nobody can have seen, and meets a 409.
POSTS = {
    "/studies/{private}/edit": {"transport"},
    "/studies/{private}/run": {"transport"},
    "/studies/{private}/cancel": {"transport", "admin"},
    "/studies/{private}/delete": {"transport", "admin"},
    "/studies/{public}/edit": {"transport"},
    "/studies/{public}/cancel": {"transport", "admin"},
    "/studies/{public}/delete": {"transport", "admin"},
}


def test_every_role_on_every_route(api, planned, run) -> None:
    codes = {"private": save(api), "public": save(api, visibility="public")}
    run()
    for route, past in GETS.items():
        for who in ["", *sorted(ALL)]:
            status = api.get(who, route.format(**codes)).status_code
            assert status == (200 if who in past else 404), (route, who, status)
    for route, past in POSTS.items():
        for who in ["", *sorted(ALL)]:
            status = api.post(who, route.format(**codes), {"version": 999}).status_code
            expected = {409} if who in past else {401} if who == "" else {403, 404}
            assert status in expected, (route, who, status)
    for who in ["", *sorted(ALL)]:
        status = api.post(who, "/studies", {"title": "t", "overlay": OVERLAY, "futures": 0}).status_code
        assert status == (201 if who in STAFF else 401 if who == "" else 403), (who, status)


def test_a_closed_server_shows_the_plan_only_to_who_is_signed_in(settings) -> None:
    closed = replace(settings, open_cockpit=False, open_studies=True)
    with TestClient(create_app(closed)) as client:
        api = Api(client, make_keys(client.app.state.house.store))  # type: ignore[attr-defined]
        for path in ("/plan", "/levers", "/map/outlines.geojson"):
            assert api.get("", path).status_code == 401
            assert api.get("firm", path).status_code != 401
        assert save(api, "firm")  # enterprises may save where the server is started so
        assert api.post("auditor", "/studies", {"title": "t", "overlay": OVERLAY}).status_code == 403


def test_before_the_first_answer_the_plan_is_not_there_and_says_so(api) -> None:
    answer = api.get("", "/plan")
    assert answer.status_code == 404 and "first time" in answer.json()["message"]


def test_layers_are_sent_once(api, planned) -> None:
    first = api.get("", "/map/flows.geojson", params={"year": 2027})
    assert first.headers["content-type"].startswith("application/geo+json")
    same = api.client.get("/api/v1/map/flows.geojson?year=2027", headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    other = api.get("", "/map/flows.geojson", params={"year": 2024})
    assert other.headers["etag"] != first.headers["etag"]
    assert "private" in first.headers["cache-control"]
    for query in ({"year": 1999}, {"cargo": "gold"}, {"study": "nobody"}):
        assert api.get("", "/map/flows.geojson", params=query).status_code == 404
    assert api.get("", "/map/flows.geojson", params={"cargo": "../x"}).status_code == 422


def test_a_repeated_save_makes_one_study(api) -> None:
    body = {"title": "t", "overlay": OVERLAY, "futures": 0}
    first, second = (api.post("transport", "/studies", body, key="the-same-key-1") for _ in range(2))
    assert first.json() == second.json()
    assert len(api.get("transport", "/studies").json()["studies"]) == 1


@pytest.fixture
def live(settings) -> Iterator[tuple[TestClient, Api]]:
    """A server with a runner of its own."""
    with TestClient(create_app(replace(settings, study_every_s=0.1, study_futures=0))) as client:
        yield client, Api(client, make_keys(client.app.state.house.store))  # type: ignore[attr-defined]


def wait(api: Api, path: str, wanted, seconds: float = 120) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = api.get("transport", path)
        if wanted(answer):
            return answer.json()
        time.sleep(0.1)
    raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")


@pytest.mark.slow
@ON_SQLITE
def test_the_server_itself_runs_cancels_and_keeps_over_a_restart(live, settings) -> None:
    _, api = live
    wait(api, "/plan", lambda answer: answer.status_code == 200)
    code = save(api, futures=128)
    done = wait(api, f"/studies/{code}/progress", lambda answer: answer.json()["state"] == "done")
    assert done["share"] == 1 and done["seconds"] > 0
    assert api.get("transport", f"/studies/{code}/result").json()["futures"]["count"] == 128
    long = save(api, futures=10_000)
    wait(api, f"/studies/{long}/progress", lambda answer: answer.json()["state"] == "running")
    begun = time.monotonic()
    api.post("transport", f"/studies/{long}/cancel", {"version": 1})
    other = save(api, futures=0)
    wait(api, f"/studies/{other}/progress", lambda answer: answer.json()["state"] in ("running", "done"), 20)
    assert time.monotonic() - begun < 20
    assert api.get("transport", f"/studies/{long}/progress").json()["state"] == "cancelled"


@ON_SQLITE
def test_a_server_that_stops_gives_its_run_back_to_the_next(settings, answers) -> None:
    with TestClient(create_app(replace(settings, study_every_s=0.05, study_futures=0))) as client:
        store = client.app.state.house.store  # type: ignore[attr-defined]
        keys = make_keys(store)
        api = Api(client, keys)
        code = save(api, futures=5000)
        deadline = time.monotonic() + 60
        while (
            api.get("transport", f"/studies/{code}/progress").json()["state"] == "queued"
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
            client.app.state.plans.wake()  # type: ignore[attr-defined]
    with TestClient(create_app(settings)) as client:
        api = Api(client, keys)
        assert api.get("transport", f"/studies/{code}/progress").json()["state"] == "queued"
        Runner(client.app.state.house.store, lambda held, report: Outcome(answers[held.overlay])).run_one()  # type: ignore[attr-defined]


def test_ground_names_the_district_and_the_program(client) -> None:
    district = District.open()
    assert client.app.state.plans.ground == Ground("qujiang", district.hash, PROGRAM)
