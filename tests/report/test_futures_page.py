"""Futures, projects and the Gantt chart on the page, in the text and in the labels of figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from qujiang.district import TABLE
from qujiang.plan.result import Chosen, Gain, PlanResult, ProjectGain, Projects
from qujiang.report import plan_text, report_html
from qujiang.report.futures import chances, sweep_curve, validation, years_curve
from qujiang.report.page import SECTIONS
from qujiang.report.projects import chosen_sentences, projects_text
from tests.report.test_page import Page

SWEEP = ({"x": 4e6, "probability": 0.9}, {"x": 6e6, "probability": 0.25}, {"x": 1e7, "probability": 0.0})
YEARS = (
    {"year": 2024, "low": 4.0e6, "median": 4.2e6, "high": 4.4e6},
    {"year": 2027, "low": 4.1e6, "median": 5e6, "high": 6e6},
)


@pytest.fixture
def many(result: PlanResult) -> PlanResult:
    """The same answer over futures, by hand: landmark 1 known, landmark 2 only at most, the others unknown."""
    first = result.landmarks[0]
    port = replace(first.measures[0], probability=0.125, low=4.1e6, high=6e6, median=5e6, sweep=SWEEP, years=YEARS)
    landmarks = (
        replace(first, measures=(port, *first.measures[1:]), probability=0.125, probability_at_most=0.125),
        replace(result.landmarks[1], probability_at_most=0.4),
        *result.landmarks[2:],
    )
    futures = {
        "count": 1000,
        "seed": 7,
        "standard_error_at_half": 0.5 / 1000**0.5,
        "all_six": {"probability": None, "probability_at_most": 0.02},
        "binds": [{"what": "Fuchunjiang lock", "what_zh": "富春江船闸", "share": 0.75}],
        "assumptions": {
            "m11": [
                {
                    "key": "k",
                    "name_en": "marine <diesel>",
                    "rank_correlation": -0.8,
                    "first_order": 0.55,
                    "low": 0.5,
                    "high": 0.6,
                }
            ]
        },
        "validation": {
            "futures": 8,
            "mean_curve_wait_h": 1.5,
            "mean_simulated_wait_h": 1.6,
            "largest_difference_h": -0.4,
        },
    }
    gains = (
        ProjectGain(
            "a",
            "甲",
            "A & co",
            "planned",
            2e8,
            None,
            None,
            None,
            True,
            True,
            "no date",
            "没有日期",
            (Gain("m14", "yuan_per_t", 0.5, 0.2, 0.8),),
        ),
        ProjectGain("b", "乙", "B", "open", None, None, None, None, False, False, "open already", "已建成"),
    )
    row = {
        "measure": "m14",
        "name_zh": "每吨航运费",
        "name_en": "water freight",
        "unit": "yuan_per_t",
        "bound": "<=",
        "before": 17.0,
        "after": 16.5,
        "gain": 0.5,
        "added_gain": 0.4,
    }
    chosen = Chosen(3e8, None, ("a",), 2e8, 0.5, 0.4, 0.6, False, ("a",), 3, 1, (row,))
    return replace(result, landmarks=landmarks, futures=futures, projects=Projects(2027, gains, chosen))  # fmt: skip


def projects_table(*rows: dict) -> pl.DataFrame:
    schema = TABLE["projects"].schema
    usual = {
        "name_zh": "项目",
        "name_en": "project",
        "kind": "park",
        "state": "under_construction",
        "status": "documented",
    }
    return pl.DataFrame([{name: (usual | row).get(name) for name in schema} for row in rows], schema=schema)


def test_the_page_shows_what_the_futures_say(many: PlanResult, district) -> None:
    text = report_html(many, district, date(2025, 11, 30))
    page = Page(text)
    assert {section["id"] for section in page.all("section")} == set(SECTIONS) - {"buildings"}
    said = " ".join("".join(page.text).split())
    for words in (
        "1,000 futures, seed 7", "±3.1 percentage points", "12.5 %", "not known, at most 40 %", "not known, at most 2 %", "75 %",
        "富春江船闸", "marine <diesel>", "50 % to 60 %", "8 of these futures", "Median 2027", "2027年中位数", "80 % band",
        "A & co", "−CNY 0.5/t", "−CNY 0.25/t", "CNY 200 million", "open already", "已建成", "at most 0.6: gap 0.1", "相互促进",
    ):  # fmt: skip
        assert words in said, words
    assert "marine &lt;diesel&gt;" in text


def test_without_futures_and_projects_there_is_no_section_of_them(result: PlanResult, district) -> None:
    text = report_html(result, district)
    assert 'id="futures"' not in text
    assert 'id="projects"' not in text
    assert "#futures" not in text
    assert "Base 2027" in text


def test_the_gantt_chart_of_the_district_stands_in_both_languages(result: PlanResult, district) -> None:
    rows = (
        {"id": "a", "started": "2025-01", "opened_or_due": "2025-12"},
        {"id": "b", "planned_start": "2026", "duration_days": 10, "after": ["a"]},
    )
    district["projects"] = projects_table(*rows)
    text = report_html(result, district, date(2025, 11, 30))
    page = Page(text)
    said = "".join(page.text)
    assert "Projects on 2025-11-30" in said
    assert "2025-11-30的项目" in said
    assert "a → b" in said
    assert text.count('class="after"') == 2  # one arrow a language
    assert "http" not in text


def test_the_printed_column_says_what_its_number_is(result: PlanResult, many: PlanResult) -> None:
    assert "Base 2027" in plan_text(result)
    head = plan_text(many).split("2  new benchmark")[0]
    assert "Median 2027" in head
    assert "Base 2027" not in head
    assert "2027年中位数" in plan_text(many, language="zh")
    assert "(median of the futures)" in plan_text(many)


def test_an_unknown_chance_is_never_a_number(many: PlanResult) -> None:
    rows = chances(many)
    assert [row.known for row in rows] == [True, False, False, False, False, False, False]
    assert rows[2].at is None
    assert rows[-1].words.zh.startswith("未知，至多2%")


def test_curves_keep_their_figures(many: PlanResult) -> None:
    port = many.landmarks[0].measures[0]
    years, sweep = years_curve(port), sweep_curve(port)
    assert years is not None
    assert sweep is not None
    assert [row[0].en for row in years.rows] == ["2024", "2027"]
    assert [row[1].en for row in sweep.rows] == ["90 %", "25 %", "0 %"]
    heights = [float(point.split(",")[1]) for point in sweep.line.split()]
    assert heights == sorted(heights)  # a falling chance goes down on the screen
    assert years_curve(many.landmarks[1].measures[0]) is None


def test_a_simulation_that_did_not_run_is_not_told(many: PlanResult) -> None:
    assert many.futures is not None
    assert (
        validation(replace(many, futures=dict(many.futures) | {"validation": {"futures": 0, "not_simulated": []}}))
        is None
    )
    assert validation(replace(many, futures={k: v for k, v in many.futures.items() if k != "validation"})) is None


def test_projects_as_text(many: PlanResult) -> None:
    text = projects_text(many)
    assert "−CNY 0.25/t*" in text
    assert "a A & co: CNY 200 million of CNY 300 million." in text
    assert "help each other" in text
    assert "taken to add up: 1." in text
    assert many.projects is not None
    assert many.projects.chosen is not None
    nothing = replace(many.projects.chosen, projects=(), measures=(), proven=True, pairs_left_count=0)
    kept = replace(many, projects=replace(many.projects, chosen=nothing))
    assert [said.en for said in chosen_sentences(kept)] == [
        "Nothing within the budget moves what is asked for: keep the money.",
        "All 3 affordable sets were run: no other is better.",
    ]
