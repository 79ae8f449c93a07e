"""The pages of map, quotes, port, projects and outlook over HTTP: figures against the rooms, faults, both languages, twins."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from fastapi.testclient import TestClient

from qujiang import studies
from qujiang.district import District
from qujiang.district.observations import FLOWS, read
from qujiang.errors import InfeasibleError, ThrottledError
from qujiang.freight.quote import ask, quote
from qujiang.freight.shelf import book_of
from qujiang.outlook.foresee import foresee
from qujiang.outlook.measures import judge_all
from qujiang.outlook.projects import read_projects, stand
from qujiang.port.rows import port_problem
from qujiang.port.service_level import with_units
from qujiang.port.simulate import simulate
from qujiang.report.cockpit import FORMAT
from qujiang.report.outlook_rows import one_series, series, targets
from qujiang.report.plan_process import project_gains
from qujiang.report.port_week import at_hour
from qujiang.report.project_rows import gains_of, projects_on
from qujiang.report.series_chart import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, series_chart
from qujiang.store import SYSTEM, open_store
from qujiang.web import Settings, create_app
from qujiang.web.pages import freight
from qujiang.web.pages.warm import Warm
from qujiang.words.speech import WORDS
from tests.live.conftest import SERVICES

FOLDER = SERVICES.parent
ASKED = "/freight{}?from=常山&to=Suzhou&cargo=钢板&tonnes=500"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One application on SQLite: these pages read the district, not the store."""
    path = tmp_path_factory.mktemp("places") / "live.sqlite3"
    open_store(str(path)).close()
    with TestClient(create_app(Settings(f"sqlite:///{path}", SERVICES, webhook_every_s=3600))) as client:
        yield client


@pytest.fixture(autouse=True)
def fresh(site: TestClient) -> None:
    """A language that one test chose is not the next one's."""
    site.cookies.clear()


@pytest.fixture(scope="module")
def district() -> District:
    return District.open(FOLDER)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


# -- quotes ------------------------------------------------------------------------------------------------------------


def test_a_quote_is_the_rooms_own_in_page_json_and_csv(site: TestClient) -> None:
    book = book_of(FOLDER)
    chains = quote(book, ask(book, "常山县", "苏州", "plate", 500))
    told = site.get(ASKED.format(".json")).json()
    assert [chain["yuan_per_t"] for chain in told["chains"]] == pytest.approx([chain.yuan for chain in chains])
    assert [chain["hours"] for chain in told["chains"]] == pytest.approx([chain.hours for chain in chains])
    assert told["question"]["tonnes"] == 500 and told["question"]["from"] == "changshan"
    rows = rows_of(site.get(ASKED.format(".csv")).text)
    assert len(rows) == sum(len(chain.legs) for chain in chains)
    for number, chain in enumerate(chains, 1):
        own = [row for row in rows if int(row["chain"]) == number]
        assert sum(float(row["yuan_per_t"]) for row in own) == pytest.approx(chain.yuan)
        assert {row["assumed"] for row in own} == {"yes"}
    page = site.get(ASKED.format("") + "&lang=en").text
    assert page.count('data-chain="') == len(chains) and f"CNY {chains[0].yuan:.0f}/t" in page


@pytest.mark.parametrize("name", ["苏州", "苏州市", "suzhou", "Suzhou", " SUZHOU "])
def test_a_place_is_found_by_every_name_it_goes_by(site: TestClient, name: str) -> None:
    told = site.get("/freight.json", params={"from": "常山", "to": name, "cargo": "plate", "tonnes": "500"}).json()
    assert told["question"]["to"] == "suzhou"


def test_every_fault_is_told_at_its_field_and_nothing_else_is_answered(site: TestClient) -> None:
    asked = {"from": "Changshn", "to": "", "cargo": "gold", "tonnes": "-5", "depart": "soon"}
    answer = site.get("/freight.json", params=asked)
    assert answer.status_code == 422
    assert [fault["column"] for fault in answer.json()["faults"]] == ["from", "to", "cargo", "tonnes", "depart"]
    for language, words in (("en", "Did you mean"), ("zh", "您是指")):
        page = site.get("/freight", params={**asked, "lang": language})
        assert page.status_code == 422 and words in page.text and 'value="Changshn"' in page.text
        for field in ("from", "to", "cargo", "tonnes", "depart"):
            assert f'id="f-{field}-fault"' in page.text and f'href="#f-{field}"' in page.text


@pytest.mark.parametrize("tonnes", ["0", "-1", "nan", "inf", "1e9", "five", "1" * 400])
def test_tonnes_that_are_none_are_refused(site: TestClient, tonnes: str) -> None:
    answer = site.get("/freight.json", params={"from": "常山", "to": "苏州", "cargo": "plate", "tonnes": tonnes})
    assert answer.status_code == 422 and [f["column"] for f in answer.json()["faults"]] == ["tonnes"]


def test_the_same_place_twice_is_a_fault_of_the_question(site: TestClient) -> None:
    answer = site.get("/freight.json", params={"from": "苏州", "to": "suzhou", "cargo": "plate", "tonnes": "5"})
    assert answer.status_code == 422 and answer.json()["faults"][0]["column"] == "to"


def test_places_that_nothing_joins_are_told_as_a_fault(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise InfeasibleError("no chain from A to B: no open road joins them")

    monkeypatch.setattr(freight, "quote", none)
    assert site.get(ASKED.format(".json")).status_code == 422
    for language, words in (
        ("en", "Nothing goes from Changshan to Suzhou"),
        ("zh", "从常山县到苏州市没有可行的运输方式"),
    ):
        page = site.get(ASKED.format("") + f"&lang={language}")
        assert page.status_code == 422 and words in page.text and 'id="f-to-fault"' in page.text


def test_what_is_typed_never_becomes_markup(site: TestClient) -> None:
    page = site.get(
        "/freight", params={"from": '"><script>alert(1)</script>', "to": "苏州", "cargo": "plate", "tonnes": "5"}
    )
    assert page.status_code == 422 and "<script>alert" not in page.text


def test_legs_are_drawn_along_the_links_that_price_them(site: TestClient, district: District) -> None:
    told = site.get(
        "/freight/legs.geojson", params={"from": "常山", "to": "苏州", "cargo": "plate", "tonnes": "500"}
    ).json()
    chains = site.get(ASKED.format(".json")).json()["chains"]
    assert len(told["features"]) == sum(len(chain["legs"]) for chain in chains)
    at = {(row["lon_deg"], row["lat_deg"]): row["id"] for row in district["places"].to_dicts()}
    links = {mode: links_of(district, f"{mode}_links") for mode in ("water", "road", "rail")}
    for feature in told["features"]:
        words, points = feature["properties"], [at[tuple(p)] for p in feature["geometry"]["coordinates"]]
        leg = chains[words["chain"] - 1]["legs"][words["leg"] - 1]
        assert (points[0], points[-1]) == (leg["from"], leg["to"]) and words["mode"] == leg["mode"]
        lengths = [links[leg["mode"]][frozenset(pair)] for pair in pairwise(points)]
        assert sum(lengths) == pytest.approx(leg["km"], rel=1e-6)


def links_of(district: District, name: str) -> dict[frozenset[str], float]:
    found: dict[frozenset[str], float] = {}
    for row in district[name].to_dicts():
        pair = frozenset((row["from_place"], row["to_place"]))
        if row["state"] == "open":
            found[pair] = min(found.get(pair, 1e9), row["length_km"])
    return found


def test_every_word_of_the_map_is_there_in_both_languages(site: TestClient) -> None:
    for language in ("en", "zh"):
        page = site.get(ASKED.format("") + f"&lang={language}").text
        found = re.search(r'data-map="([^"]+)"', page)
        assert found
        setting = json.loads(found[1].replace("&#34;", '"').replace("&amp;", "&").replace("&#39;", "'"))
        assert setting["layers"][0]["kind"] == "legs" and setting["worker"].startswith("/static/")
        assert all(setting["words"].values())
        assert site.get(setting["worker"]).status_code == site.get(setting["outlines"]).status_code == 200


# -- projects ----------------------------------------------------------------------------------------------------------


def test_projects_of_a_day_are_those_of_the_room(site: TestClient, district: District) -> None:
    day = date(2026, 1, 1)
    told = site.get(f"/projects.json?on={day}").json()
    standings = [stand(project, day) for project in read_projects(district["projects"])]
    assert [row["light"] for row in told["projects"]] == [standing.light for standing in standings]
    assert sum(told["lights"].values()) == len(standings) == district["projects"].height
    known = [row for row in district["projects"]["cost_yuan"].to_list() if row is not None]
    assert told["cost_yuan"] == sum(known) and told["cost_unknown"] == len(standings) - len(known)
    red = rows_of(site.get(f"/projects.csv?on={day}&light=red").text)
    assert [row["id"] for row in red] == [s.project.id for s in standings if s.light == "red"] != []
    page = site.get(f"/projects?on={day}&lang=zh").text
    assert page.count('<th scope="row">') == len(standings) and "<svg" in page and "2026年1月1日" in page


def test_a_later_day_turns_what_is_due_and_not_finished(site: TestClient) -> None:
    lights = {day: site.get(f"/projects.json?on={day}").json()["lights"] for day in ("2026-01-01", "2032-01-01")}
    assert lights["2032-01-01"]["red"] > lights["2026-01-01"]["red"]


def test_dependencies_show_a_critical_path_and_slack(tmp_path) -> None:
    """a 31 days, b after a 28 days, c after a 10 days: a-b are critical, c may be 18 days late."""
    folder = tmp_path / "qujiang"
    shutil.copytree(FOLDER, folder)
    frame = pl.read_csv(folder / "projects.csv", infer_schema=False)
    change = {"j14": ("", "2026-01-01", "31"), "j15": ("j14", "2026-02-01", "28"), "j16": ("j14", "2026-02-01", "10")}
    rows = [
        {
            **row,
            **(
                dict(zip(("after", "planned_start", "duration_days"), change[row["id"]], strict=True))
                if row["id"] in change
                else {}
            ),
        }
        for row in frame.to_dicts()
    ]
    pl.DataFrame(rows, schema=frame.schema).write_csv(folder / "projects.csv")
    found = projects_on(District.open(folder), date(2025, 12, 1))
    of = {row["id"]: row for row in found["projects"]}
    assert found["critical_path"]["chain"] == ["j14", "j15"]
    assert (of["j15"]["critical"], of["j16"]["critical"], of["j16"]["slack_days"]) == (True, False, 18)


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "0001-01-01", "9999-12-31", "2026"])
def test_a_day_that_is_none_is_refused_at_its_field(site: TestClient, day: str) -> None:
    assert site.get("/projects.json", params={"on": day}).json()["faults"][0]["column"] == "on"
    page = site.get("/projects", params={"on": day})
    assert page.status_code == 422 and 'id="f-on-fault"' in page.text


def answered(district: District) -> dict[str, object]:
    """A plan's answer with what these pages read of one: measures with their base values, and gains of two projects."""
    measures = [
        {
            "id": row["id"],
            "name": {"en": row["name_en"], "zh": row["name_zh"]},
            "bound": row["bound"],
            "base": {"value": 8.5e6},
        }
        for row in district["measures"].to_dicts()
    ]
    words = {"cost_yuan": 4e8, "counts": True, "assumed": True, "reason": "taken as open", "reason_zh": "视为投用"}
    gains = [
        {"measure": "m14", "unit": "yuan_per_t", "gain": 2.0, "gain_low": 1.0, "gain_high": 3.0, "gain_per_100_million_yuan": 0.5},
        {"measure": "m11", "unit": "tonnes_per_year", "gain": 6e5, "gain_low": 5e5, "gain_high": 8e5, "gain_per_100_million_yuan": 1.5e5},
    ]  # fmt: skip
    told = [
        {"id": "j14", "name_en": "One", "name_zh": "甲", **words, "gains": gains},
        {"id": "j15", "name_en": "Two", "name_zh": "乙", **words, "gains": []},
    ]
    projects = {"year": 2027, "gains": told, "chosen": None}
    return {"format": FORMAT, "landmarks": [{"measures": measures}], "projects": projects}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, district: District) -> Iterator[TestClient]:
    """An application whose plan has an answer."""
    path = tmp_path_factory.mktemp("planned") / "live.sqlite3"
    with TestClient(
        create_app(Settings(f"sqlite:///{path}", SERVICES, webhook_every_s=3600, study_futures=0))
    ) as client:
        store, plans = client.app.state.house.store, client.app.state.plans  # type: ignore[attr-defined]
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, plans.ground, 0)
        packed = studies.pack(answered(district))
        assert studies.Runner(store, lambda held, report: studies.Outcome(packed)).run_one()
        yield client


def test_what_projects_move_is_told_with_the_signs_of_the_measures(planned: TestClient) -> None:
    """Freight is better when it falls: a gain of 2 yuan a tonne is told as -2, and its range from -3 to -1."""
    gains = planned.get("/projects.json").json()["gains"]
    assert [(row["id"], row["measure"]) for row in gains] == [("j14", "m14"), ("j14", "m11"), ("j15", None)]
    assert (gains[0]["gain"], gains[0]["gain_low"], gains[0]["gain_high"]) == (-2.0, -3.0, -1.0)
    assert gains[0]["gain_per_100_million_yuan"] == -0.5 and gains[1]["gain"] == 6e5
    page = planned.get("/projects?lang=zh").text
    assert "每亿元投资" in page and "+15万吨/年" in page and "对各项指标没有影响" in page


def test_the_outlook_takes_the_plans_values_for_what_freight_computes(planned: TestClient) -> None:
    told = planned.get("/outlook.json").json()
    of = {row["id"]: row for row in told["targets"]}
    assert told["computed"] and of["m11"]["base_value"] == 8.5e6
    assert "being computed" not in planned.get("/outlook?lang=en").text


@pytest.mark.slow
def test_gains_of_the_district_are_found_for_every_project_with_an_effect(district: District) -> None:
    found = project_gains(district)
    assert found is not None
    told = found.as_dict()
    declared = set(district["project_effects"]["project"].to_list())
    assert {project["id"] for project in told["gains"]} == declared
    rows = gains_of({"landmarks": answered(district)["landmarks"], "projects": told})
    assert {row["id"] for row in rows} == declared and any(row["measure"] == "m11" for row in rows)


# -- port --------------------------------------------------------------------------------------------------------------


def test_the_port_of_a_form_is_the_rooms_own(site: TestClient, district: District) -> None:
    told = site.get("/port.json?tonnes=7000000&berths_qj2_container=3&cranes_qj2_container=4").json()
    own = with_units(port_problem(district, throughput_t_per_year=7e6), "qj2 container", 3, 4, gang_most=2)
    result = simulate(own).as_dict()
    assert told["changed"]["turnaround_mean_h"] == pytest.approx(result["turnaround_mean_h"], rel=1e-12)
    assert told["now"]["throughput_t_per_year"] == pytest.approx(port_problem(district).t_per_year)
    low, mean, high = (told["changed"][f"turnaround_mean_h{end}"] for end in ("_low", "", "_high"))
    assert low < mean < high
    rows = rows_of(site.get("/port.csv?tonnes=7000000").text)
    assert {row["port"] for row in rows} == {"now", "changed"} and len(rows) % 2 == 0


def test_more_cargo_never_waits_less_and_too_much_has_no_week(site: TestClient) -> None:
    waits = [
        site.get(f"/port.json?tonnes={t}").json()["changed"]["wait_over_service"]
        for t in (5_000_000, 7_000_000, 9_000_000)
    ]
    assert waits == sorted(waits) and waits[0] < waits[-1]
    over = site.get("/port.json?tonnes=40000000").json()
    assert over["changed"]["state"] == "overloaded" and over["week"] is None
    page = site.get("/port?tonnes=40000000&lang=en").text
    assert "no week to show" in page and "overloaded" in page


def test_a_week_holds_every_vessel_once_at_one_berth(site: TestClient) -> None:
    told = site.get("/port.json?tonnes=8000000").json()["week"]
    stays: dict[int, list[tuple[float, float]]] = {}
    for visit in told["visits"]:
        assert visit["anchored_h"] <= visit["berthed_h"] < visit["left_h"] and visit["direction"] in ("in", "out")
        stays.setdefault(visit["berth"], []).append((visit["berthed_h"], visit["left_h"]))
    assert set(stays) <= set(range(len(told["berths"]))) and len(told["visits"]) > 100
    for spans in stays.values():
        assert all(before[1] <= after[0] + 2e-3 for before, after in pairwise(sorted(spans)))
    for hour in (0, 57, 167):
        stand = at_hour(told, hour)
        inside = [v for v in told["visits"] if v["anchored_h"] <= hour < v["left_h"]]
        assert len(stand["anchored"]) + len(stand["berthed"]) == len(inside)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("tonnes=-1&berths_qj1_general=x", ["tonnes", "berths_qj1_general"]),
        ("tonnes=nan", ["tonnes"]),
        ("tonnes=1e12", ["tonnes"]),
        ("berths_qj1_general=0&cranes_qj1_general=0", ["berths_qj1_general", "cranes_qj1_general"]),
        ("berths_qj1_general=40&berths_qj1_dry_bulk=40", ["tonnes"]),
        ("cranes_qj1_general=99999999999999999999", ["cranes_qj1_general"]),
    ],
)
def test_faults_of_the_form_stand_at_their_fields(site: TestClient, query: str, fields: list[str]) -> None:
    assert [fault["column"] for fault in site.get(f"/port.json?{query}").json()["faults"]] == fields
    for language in ("en", "zh"):
        page = site.get(f"/port?{query}&lang={language}")
        assert page.status_code == 422 and all(f'id="f-{field}-fault"' in page.text for field in fields)


def test_who_asks_while_too_many_wait_is_sent_away_and_the_rest_share_one_answer() -> None:
    warm, begun, free, made = Warm(4, queue=3, wait_s=10.0), threading.Event(), threading.Event(), []

    def make() -> int:
        begun.set()
        free.wait(10)
        made.append(1)
        return 7

    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(warm.get, "key", make) for _ in range(3)]
        begun.wait(10)
        while warm._waiting < 3:
            time.sleep(0.001)
        with pytest.raises(ThrottledError):
            warm.get("other", make)
        free.set()
        assert [one.result() for one in asked] == [7, 7, 7]
    assert made == [1] and warm.get("key", make) == 7 and warm._waiting == 0 and not warm._making


def test_a_failure_is_not_kept() -> None:
    warm = Warm(2)
    with pytest.raises(ZeroDivisionError):
        warm.get("key", lambda: 1 // 0)
    assert warm.get("key", lambda: 5) == 5


# -- outlook -----------------------------------------------------------------------------------------------------------


def test_targets_are_judged_as_the_room_judges_them(site: TestClient, district: District) -> None:
    told = site.get("/outlook.json").json()
    own = judge_all(
        district["measures"],
        {},
        read(district["observations"]),
        now_year=district.info.base_year,
        area=district.info.name_zh,
    )
    assert [row["id"] for row in told["targets"]] == [state.id for state in own]
    for row, state in zip(told["targets"], own, strict=True):
        if not state.model.startswith("freight"):  # those wait for the plan
            assert (row["state"], row["arrow"], row["base_value"]) == (state.state, state.arrow, state.base_value)
    assert len(rows_of(site.get("/outlook.csv").text)) == len(own)
    named = {(row["indicator"], row["area"]) for row in told["series"]}
    flows = {(r.indicator, r.area) for r in read(district["observations"]).rows if r.basis in FLOWS}
    assert named == flows


def test_values_of_the_plan_fill_what_freight_computes(district: District) -> None:
    ids = [row["id"] for row in district["measures"].to_dicts() if (row["model"] or "").startswith("freight")]
    base = {"landmarks": [{"measures": [{"id": name, "base": {"value": 1e9}} for name in ids]}]}
    without, with_ = targets(district, None), targets(district, base)
    changed = {row["id"] for row, other in zip(without, with_, strict=True) if row["base_value"] != other["base_value"]}
    assert changed == {row["id"] for row in without if row["id"] in ids and row["state"] != "untestable"} != set()


def test_a_series_tells_what_was_published_and_its_bands(site: TestClient, district: District) -> None:
    told = site.get("/outlook/gdp/衢江区.json").json()
    rows = read(district["observations"]).of("衢江区", "gdp", *FLOWS)
    assert [row["value"] for row in told["published"]] == [row.value for row in rows]
    for year in told["forecast"]:
        low, high = year["low"], year["high"]
        assert low["0.95"] <= low["0.8"] <= low["0.5"] <= year["median"] <= high["0.5"] <= high["0.8"] <= high["0.95"]
    own = foresee(read(district["observations"]), "衢江区", "gdp")
    assert [year["median"] for year in told["forecast"]] == pytest.approx([year.median_value for year in own.years])
    page = site.get("/outlook/gdp/衢江区?lang=en").text
    assert page.count('class="fan band') == 6 and "Qujiang" in page  # three bands, drawn and in the legend


def test_a_series_that_cannot_be_foreseen_says_so(site: TestClient) -> None:
    told = site.get("/outlook/lock_vessels/浙江省.json").json()
    assert told["forecast"] is None and "2020" in told["why"]
    assert "No forecast" in site.get("/outlook/lock_vessels/浙江省?lang=en").text


@pytest.mark.parametrize(
    "path", ["/outlook/gdp/nowhere", "/outlook/nothing/衢江区", "/outlook/dramas/美高短剧超级工厂"]
)
def test_an_unknown_series_is_not_found(site: TestClient, path: str) -> None:
    assert site.get(path).status_code == site.get(path + ".json").status_code == 404


def test_every_series_of_the_district_has_a_name_in_both_languages(district: District) -> None:
    flows = {row.indicator for row in read(district["observations"]).rows if row.basis in FLOWS}
    assert {f"series.{name}" for name in flows} <= WORDS["en"].keys()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_chart_keeps_its_marks_in_the_picture(district: District, language: str) -> None:
    for row in series(district):
        chart = series_chart(one_series(district, row["area"], row["indicator"]), language)  # type: ignore[arg-type]
        assert chart is not None
        places = [*chart.points, *chart.parts, *chart.ahead]
        for _, band in chart.bands:
            places += [(float(x), float(y)) for x, y in (pair.split(",") for pair in band.split())]
        assert places and all(
            LEFT - 1e-6 <= x <= WIDTH and TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1 for x, y in places
        ), row


# -- every page of the plan --------------------------------------------------------------------------------------------

PAGES = (
    "/freight",
    ASKED.format(""),
    "/projects",
    "/projects?on=2026-01-01&light=red",
    "/port",
    "/port?tonnes=7000000&hour=30",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_answer_in_both_languages(site: TestClient, path: str, language: str) -> None:
    answer = site.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200 and answer.headers["Content-Language"].startswith(language)
    assert " style=" not in answer.text and not re.search(r"<script(?![^>]* src=)", answer.text)
    if language == "zh":
        assert "web." not in re.sub(r"<[^>]*>", "", answer.text)


@pytest.mark.parametrize("path", [*PAGES, "/freight/legs.geojson", "/api/v1/map/outlines.geojson"])
def test_a_closed_plan_asks_for_the_sign_in(tmp_path, path: str) -> None:
    database = tmp_path / "live.sqlite3"
    open_store(str(database)).close()
    settings = Settings(f"sqlite:///{database}", SERVICES, webhook_every_s=3600)
    with TestClient(create_app(replace(settings, open_cockpit=False))) as client:
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code in (303, 401)
