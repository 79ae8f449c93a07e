"""Projects: lights as of a day, dependencies and their faults, the chart."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from qujiang.errors import DataError
from qujiang.outlook.gantt import draw_gantt
from qujiang.outlook.projects import find_critical_path, read_projects, stand

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
    path = find_critical_path(read_projects(table(*rows)))
    assert path is not None
    assert (path.critical, path.length_days, path.slack_days["road"]) == (("channel", "port"), 365.0 + 366.0, 184.0)
    assert find_critical_path(read_projects(table(rows[0]))) is None
    with pytest.raises(DataError, match="a dependency needs start and due"):
        find_critical_path(read_projects(table({"id": "a", "after": "b"}, {"id": "b"})))


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
