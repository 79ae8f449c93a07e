"""Projects: lights as of a day, dependencies and their faults, the chart."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from qujiang.errors import DataError
from qujiang.outlook.gantt import draw_gantt
from qujiang.outlook.projects import read_projects, stand
from qujiang.outlook.schedule import expect_finishes, find_critical_path

SCHEMA = {
    "id": pl.String,
    "name_zh": pl.String,
    "name_en": pl.String,
    "kind": pl.String,
    "state": pl.String,
    "started": pl.String,
    "opened_or_due": pl.String,
    "cost_yuan": pl.Float64,
    "status": pl.String,
    "after": pl.String,
    "planned_start": pl.String,
    "progress_share": pl.Float64,
    "progress_day": pl.String,
    "duration_days": pl.Int64,
    "spent_yuan": pl.Float64,
}
DAY = date(2025, 11, 30)


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "name_zh": "项目",
        "name_en": "project",
        "kind": "terminal",
        "state": "under_construction",
        "status": "documented",
    }
    return pl.DataFrame(
        [{name: (usual | {"id": f"j{n}"} | row).get(name) for name in SCHEMA} for n, row in enumerate(rows, 1)],
        schema=SCHEMA,
    )


def light(on: date = DAY, **row: Any) -> tuple[str, str]:
    (project,) = read_projects(table(row))
    found = stand(project, on)
    return found.light, found.reason


YEAR = {"started": "2025-01-01", "opened_or_due": "2025-12-31"}


@pytest.mark.parametrize(
    ("row", "color", "reason"),
    [
        ({"state": "complete"}, "green", "finished"),
        (
            {"opened_or_due": "2024-12", "state": "main_structure_done"},
            "red",
            "due 2024-12, whole months over: 11, not finished",
        ),
        ({"opened_or_due": "2025-10"}, "yellow", "due 2025-10, whole months over: 1, not finished"),
        ({"opened_or_due": "2025"}, "grey", "no progress reported"),  # a year is over on its last day
        ({"started": "after 2011-12"}, "grey", "no due date"),
        ({"state": "planned", "planned_start": "2025-08"}, "red", "start planned for 2025-08, whole months missed: 3"),
        (
            {"state": "planned", "planned_start": "2025-09"},
            "yellow",
            "start planned for 2025-09, whole months missed: 2",
        ),
        ({"state": "planned", "started": "2013"}, "grey", "no due date"),
        (
            YEAR | {"progress_share": 0.75, "progress_day": "2025-11-30"},
            "yellow",
            "75% on 2025-11-30, planned 91%: 16 points behind",
        ),
        (
            YEAR | {"progress_share": 0.5, "progress_day": "2025-11-30"},
            "red",
            "50% on 2025-11-30, planned 91%: 41 points behind",
        ),
        (
            YEAR | {"progress_share": 0.95, "progress_day": "2025-11-30"},
            "green",
            "95% on 2025-11-30, planned 91%: 4 points ahead",
        ),
        ({"progress_share": 0.5, "progress_day": "2025-11-30"}, "grey", "progress without start and due"),
    ],
)
def test_lights(row: dict[str, Any], color: str, reason: str) -> None:
    assert light(**row) == (color, reason)


def test_a_past_day_gives_the_answer_of_that_day() -> None:
    row = YEAR | {"state": "complete", "progress_share": 0.3, "progress_day": "2025-06-30"}
    assert light(date(2025, 6, 30), **row)[0] == "yellow"
    assert light(date(2025, 6, 29), **row) == ("grey", "no progress reported")
    assert light(date(2026, 1, 1), **row)[0] == "green"


def test_no_index_is_faked_without_progress() -> None:
    (bare, told) = read_projects(table(YEAR, YEAR | {"progress_share": 0.25, "progress_day": "2025-07-02"}))
    assert stand(bare, DAY).schedule_ratio is None
    assert stand(bare, DAY).planned_share == pytest.approx(333 / 364)
    assert stand(told, DAY).schedule_ratio == pytest.approx(0.25 * 364 / 182)


def test_faults_are_told_together_and_the_circle_is_shown() -> None:
    faulty = table(
        {"id": "a", "after": "b"},
        {"id": "b", "after": "c;z"},
        {"id": "c", "after": "a"},
        {"started": "2026", "opened_or_due": "2025"},
        {"started": "soon"},
        {"progress_share": 40.0, "progress_day": "2025-01-01"},
        {"progress_share": 0.4},
    )
    with pytest.raises(DataError) as caught:
        read_projects(faulty)
    told = {(fault.line, fault.column): fault.rule for fault in caught.value.faults}
    assert told[2, "after"] == "projects wait for each other in a circle: a -> b -> c -> a"
    assert set(told) == {
        (2, "after"),
        (3, "after"),
        (5, "opened_or_due"),
        (6, "started"),
        (7, "progress_share"),
        (8, "progress_day"),
    }


def test_the_critical_path_of_dated_projects() -> None:
    rows = (
        {"id": "channel", "started": "2023-01-01", "opened_or_due": "2024-01-01"},
        {"id": "road", "started": "2023-01-01", "opened_or_due": "2023-07-01"},
        {"id": "port", "started": "2024-01-01", "opened_or_due": "2025-01-01", "after": "channel;road"},
        {"id": "museum"},
    )
    network = find_critical_path(read_projects(table(*rows)))
    assert network is not None
    path = network.path
    assert path is not None
    assert (path.critical, path.length_days, path.slack_days["road"]) == (("channel", "port"), 365.0 + 366.0, 184.0)
    assert find_critical_path(read_projects(table(rows[0]))) is None
    blind = find_critical_path(read_projects(table({"id": "a", "after": "b"}, {"id": "b"})))
    assert blind is not None
    assert (blind.path, blind.undated) == (None, ("a", "b"))


def expected(*rows: dict[str, Any], on: date = DAY) -> dict[str, tuple[str | None, int | None, str | None]]:
    found = expect_finishes(read_projects(table(*rows)), on)
    return {name: (str(x.finish) if x.finish else None, x.late_days, x.held_by) for name, x in found.items()}


def test_a_late_project_makes_those_late_that_wait_for_it() -> None:
    """100 days from 2025-09-22, half done on the 80th: SPI(t) 50/80, 160 days in all, 60 late; the next begins the day after."""
    quay = {"id": "quay", "started": "2025-09-22", "opened_or_due": "2025-12-31", "progress_share": 0.5}
    quay |= {"progress_day": "2025-12-11"}
    crane = {"id": "crane", "state": "planned", "planned_start": "2026-01-01", "duration_days": 30, "after": "quay"}
    gate = {"id": "gate", "state": "planned", "planned_start": "2026-06-01", "duration_days": 30, "after": "crane"}
    found = expected(quay, crane, gate, on=date(2025, 12, 11))
    assert found["quay"] == ("2026-03-01", 60, None)
    assert found["crane"] == ("2026-04-01", 60, "quay")  # 2026-03-02 and 30 days, against 2026-01-31
    assert found["gate"] == ("2026-07-01", 0, None)  # there is room until June


def test_what_cannot_be_said_is_not_said() -> None:
    rows = ({"id": "a", "state": "planned"}, {"id": "b", "state": "planned", "planned_start": "2026-01", "after": "a"})
    found = expect_finishes(read_projects(table(*rows, {"id": "c", "state": "complete"})), DAY)
    assert found["a"].finish is None
    assert found["b"].reason == "waits for a, whose finish cannot be said"
    assert found["c"].reason == "finished"
    nothing_done = YEAR | {"progress_share": 0.0, "progress_day": "2025-11-30"}
    assert expected(nothing_done) == {"j1": (None, None, None)}
    assert expected({"opened_or_due": "2024-12"}) == {"j1": ("2025-11-30", 334, None)}  # not before the day asked


def test_the_pace_is_counted_from_the_first_day_of_the_plan() -> None:
    row = {"planned_start": "2025-01-01", "started": "2025-03-01", "opened_or_due": "2025-12-31"}
    (project,) = read_projects(
        table(row | {"progress_share": 0.5, "progress_day": "2025-12-31", "spent_yuan": 6e6, "cost_yuan": 1e7})
    )
    standing = stand(project, date(2026, 1, 1))
    assert standing.schedule_ratio == pytest.approx(0.5)
    assert standing.cost_ratio == pytest.approx(5.0 / 6.0)
    assert expect_finishes([project], date(2026, 1, 1))["j1"].finish == date(2026, 12, 30)  # 728 days from 2025-01-01


def test_the_chart_is_one_clean_svg() -> None:
    rows = (
        YEAR | {"name_en": "port <II> & quay", "progress_share": 1.0, "progress_day": "2025-06-30"},
        {"opened_or_due": "2024-12", "name_zh": "龙游港区二期"},
        {"state": "study"},
    )
    standings = [stand(project, DAY) for project in read_projects(table(*rows))]
    svg = draw_gantt(standings, DAY)
    root = ElementTree.fromstring(svg)
    titles = [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "Projects, 2025-11-30"
    assert titles[1:] == [
        "project: red, due 2024-12, whole months over: 11, not finished",
        "port <II> & quay: green, 100% on 2025-06-30, planned 49%: 51 points ahead",
    ]
    bars = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    reported, whole = float(bars[1].attrib["width"]), float(bars[0].attrib["width"])
    assert reported < 0.52 * whole  # drawn no further than the day of the report
    assert "龙游港区二期" in draw_gantt(standings, DAY, language="zh")
    assert ElementTree.fromstring(draw_gantt([], DAY)).tag.endswith("svg")


def test_the_chart_shows_dependencies_the_critical_path_and_the_expected_finish() -> None:
    rows = (
        {"id": "a", "started": "2025-01-01", "opened_or_due": "2025-06-30"},
        {"id": "b", "started": "2025-01-01", "opened_or_due": "2025-03-31"},
        {"id": "c", "state": "planned", "planned_start": "2025-07-01", "duration_days": 100, "after": "a;b"},
    )
    projects = read_projects(table(*rows))
    network = find_critical_path(projects)
    assert network is not None
    assert network.path is not None
    assert network.path.chain == ("a", "c")
    svg = draw_gantt(
        [stand(project, DAY) for project in projects],
        DAY,
        expected=expect_finishes(projects, DAY),
        critical=network.path.critical,
        language="zh",
    )
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    groups = [node for node in root.iter(f"{space}g") if node.get("class") == "after"]
    assert len(groups) == 2
    heavy = [node for node in root.iter(f"{space}rect") if node.get("stroke-width")]
    assert len(heavy) == 2
    titles = [node.text or "" for node in root.iter(f"{space}title")][1:]
    assert [("在关键路径上" in title) for title in titles] == [True, False, True]
    assert "须待 a b" in titles[2]
    assert len([node for node in root.iter(f"{space}line") if node.get("class") == "expected"]) == 3
