"""The answer on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from qujiang.report import plan_text
from qujiang.report.columns import display_width


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_asked(result, language, width):
    assert max(display_width(line) for line in plan_text(result, width, language=language).splitlines()) <= width


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_measure_and_landmark_is_named_in_both_languages(result, language):
    text = re.sub(r"\s", "", plan_text(result, 300, language=language))
    for landmark in result.landmarks:
        for named in (landmark, *landmark.measures):
            assert re.sub(r"\s", "", named.name_en) in text
            assert re.sub(r"\s", "", named.name_zh) in text


def test_a_measure_stands_with_its_figures_and_what_binds_it(result):
    lines = plan_text(result, 200).splitlines()
    row = next(line for line in lines if "throughput of the Qujiang port area" in line)
    cells = re.split(r"\s{2,}", row.strip())
    assert cells[1:] == [
        "4.2 Mt/year",
        "5.38 Mt/year*",
        "10 Mt/year*",
        "off track",
        "demand that chooses the port: +1.62 Mt/year*",
    ]


def test_a_saving_is_shown_as_less(result):
    row = next(line for line in plan_text(result, 200).splitlines() if "water freight 每吨" in line)
    assert row.endswith("empty running: −CNY 1.8/t*")


def test_an_untestable_measure_says_why(result):
    row = next(line for line in plan_text(result, 200).splitlines() if "nights spent" in line)
    assert row.endswith("cannot be tested  no figure of today")
    assert "没有今日数据" in plan_text(result, 200, language="zh")


def test_a_large_modal_constant_reads_not_explained(result):
    lines = plan_text(result).splitlines()
    assert any(re.fullmatch(r"\s+rail\s+−CNY 14.6/t\s+not explained", line) for line in lines)
    assert any(re.fullmatch(r"\s+water\s+CNY 3.2/t\s+within CNY 10/t", line) for line in lines)


def test_facts_are_met_not_met_or_not_computed(result):
    text = plan_text(result, 200)
    facts = text[text.index("Known facts against the model") :]
    assert re.search(r"throughput of the port .* met\n", facts)
    assert re.search(r"water freight now .* not met\n", facts)
    assert re.search(r"saving against truck .* not computed\n", facts)


def test_the_mark_is_explained(result):
    assert "* rests on an assumption" in plan_text(result, 200)


def test_target_years_that_differ_stand_at_each_target(result):
    first = result.landmarks[0]
    measures = (replace(first.measures[0], target_year=2030), *first.measures[1:])
    text = plan_text(replace(result, landmarks=(replace(first, measures=measures),)), 200)
    assert "10 Mt/year* (2030)" in text and "CNY 17/t* (2027)" in text


def test_an_empty_answer_is_still_an_answer(result):
    bare = replace(result, landmarks=(), limits=(), residuals=(), modal_constants=())
    assert "There is nothing to test yet" in plan_text(bare)


def test_only_the_tightest_locks_stand_among_the_limits(result):
    lock = result.limits[4]
    locks = tuple(replace(lock, what=f"lock {i}", level=1e7 + i) for i in range(9))
    text = plan_text(replace(result, limits=(*result.limits, *locks)), 200)
    assert "lock 3" in text and "lock 4 " not in text
    assert "6 wider locks are not listed here." in text


def test_a_blank_district_is_told_what_to_fill_in(result):
    blank = replace(result, landmarks=(), limits=(), residuals=(), modal_constants=())
    text = plan_text(blank)
    assert "0 of 0" not in text
    assert "fill in landmarks.csv and measures.csv" in text
    assert "请填写 landmarks.csv 和 measures.csv" in plan_text(blank, language="zh")
