"""The page: whole, alone, in both languages, usable without a mouse, and nothing of the data is markup."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest

from qujiang.report import report_html, write_report
from qujiang.report.page import SECTIONS, _css
from qujiang.words import en, zh

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """Elements with their attributes and texts; unbalanced markup raises."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def said(self) -> str:
        return " ".join("".join(self.text).split())


@pytest.fixture
def page(result, district) -> Page:
    return Page(report_html(result, district))


def test_one_page_with_one_head_and_a_heading_for_each_section(page):
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    ids = {attrs.get("id") for attrs in page.all("section")}
    assert ids == set(SECTIONS) - {"futures", "projects", "buildings"}  # none were run, and none stand there
    assert len(page.all("h2")) == len(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_ids_are_unique_and_every_reference_has_its_id(page):
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert [id for id, count in Counter(ids).items() if count > 1] == []
    for _, attrs in page.elements:
        href = attrs.get("href") or ""
        assert not href.startswith("#") or href[1:] in ids
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attrs.get(name) or "").split()) <= set(ids)


def test_the_page_needs_nothing_but_itself(result, district):
    text = report_html(result, district)
    page = Page(text)
    for _, attrs in page.elements:
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            value = attrs.get(name)
            assert value is None or value.startswith("#") or value == "data:,"
    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & {tag for tag, _ in page.elements}
    assert "url(" not in text and "@import" not in text and "http" not in text


def test_it_opens_in_the_language_that_is_asked_for_and_differs_in_nothing_else(result, district):
    day = date(2026, 1, 2)
    english, chinese = (report_html(result, district, day, language=language) for language in ("en", "zh"))
    changed = [(a, b) for a, b in zip(english.splitlines(), chinese.splitlines(), strict=True) if a != b]
    assert len(changed) == 3  # the page's language, and the two buttons
    assert changed[0] == ('<html lang="en">', '<html lang="zh-Hans">')
    checked = [attrs["id"] for attrs in Page(chinese).all("input") if "checked" in attrs]
    assert checked == ["language-zh"]
    assert [attrs["id"] for attrs in Page(english).all("input") if "checked" in attrs] == ["language-en"]


def test_every_measure_and_landmark_stands_in_both_languages(page, result):
    for landmark in result.landmarks:
        for named in (landmark, *landmark.measures):
            assert named.name_en in page.said and named.name_zh in page.said
        assert en.WORDS[f"status.{landmark.status}"] in page.said
        assert zh.WORDS[f"status.{landmark.status}"] in page.said


def test_each_text_in_one_language_has_its_twin(page):
    spans = Counter(attrs.get("class") for attrs in page.all("span"))
    assert spans["en"] == spans["zh"] > 200
    assert all(
        attrs.get("lang") == {"en": "en", "zh": "zh-Hans"}[attrs["class"]]
        for attrs in page.all("span")
        if attrs.get("class") in ("en", "zh")
    )


def test_the_language_is_a_choice_without_script(page):
    choice = [attrs for attrs in page.all("input") if attrs.get("type") == "radio"]
    assert [attrs["id"] for attrs in choice] == ["language-en", "language-zh"]
    assert "checked" in choice[0] and "checked" not in choice[1]
    assert all(attrs.get("aria-label") for attrs in choice)


def test_tables_tell_their_caption_and_heads(page):
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))


def test_pictures_are_named_or_passed_over_by_a_reader(page):
    for attrs in page.all("svg"):
        inner = "x" in attrs and "viewBox" not in attrs and "viewbox" not in attrs
        assert (
            inner or attrs.get("aria-hidden") == "true" or (attrs.get("role") == "img" and attrs.get("aria-labelledby"))
        )


def test_assumed_figures_are_marked_with_their_meaning(page, result):
    marks = page.all("abbr")
    assert len(marks) > 20
    assert all("assumption" in attrs["title"] and "假定" in attrs["title"] for attrs in marks)
    assert "5.38 Mt/year" in page.said


def test_the_answer_says_what_holds_what_binds_and_what_is_unknown(page):
    assert "1 of 6 landmarks hold" in page.said
    assert (
        "What binds it first is demand that chooses the port (demand): lifting it alone gains 1.62 Mt/year."
        in page.said
    )
    assert (
        "6 of 20 measures cannot be tested; the model misses 1 of 3 known facts; 55 figures are assumed." in page.said
    )
    assert "6项标志性成果中，1项能实现" in page.said


def test_assumptions_are_counted_and_the_first_listed(page):
    assert "55 figures of the district are assumed. The first 40 are listed" in page.said
    assert "ratesr39rate_value" in page.said and "ratesr40" not in page.said


def test_the_map_has_its_twin_its_sources_and_a_place_for_the_review_number(page):
    assert (
        "The largest flows between neighbouring places: 12 of 12" not in page.said
    )  # the place without a point is left out
    assert "The largest flows between neighbouring places: 11 of 11" in page.said
    assert "审图号" in page.said and "none yet" in page.said
    assert "GeoNames gazetteer (CC BY 4.0)" in page.said
    assert "No outlines are drawn" in page.said
    assert {"water", "road", "rail"} <= {(attrs.get("class") or "").removeprefix("flow ") for attrs in page.all("line")}


def test_outlines_of_the_district_are_drawn(result, district, tmp_path):
    ring = [[118.0, 28.0], [122.0, 28.0], [122.0, 32.0], [118.0, 32.0], [118.0, 28.0]]
    feature = {
        "type": "Feature",
        "properties": {"kind": "district"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    told = {"type": "FeatureCollection", "attribution": "drawn <by> hand", "features": [feature]}
    (tmp_path / "outlines.geojson").write_text(json.dumps(told), encoding="utf-8")
    district.folder = tmp_path
    page = Page(report_html(result, district))
    assert [attrs for attrs in page.all("path") if attrs.get("class") == "district"]
    assert "drawn <by> hand" in page.said and "No outlines are drawn" not in page.said


def test_a_large_modal_constant_is_not_explained(page):
    assert "✗ not explained" in page.said and "✓ within CNY 10/t" in page.said
    assert "✗ 未解释" not in page.said.replace("✗ not explained未解释", "")


def test_nothing_of_the_data_is_markup(hostile):
    result, district, said = hostile
    text = report_html(result, district)
    page = Page(text)
    assert page.all("img") == []
    assert "<img" not in text
    assert page.said.count(said) > 20
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)


def test_an_answer_with_nothing_in_it_is_still_a_page(result, district):
    bare = replace(
        result,
        landmarks=(),
        limits=(),
        residuals=(),
        calibration=(),
        modal_constants=(),
        locks=(),
        figures={},
        tables={},
        run={},
    )
    district.assumed = district.assumed.clear()
    page = Page(report_html(bare, district))
    assert "No flows were computed." in page.said and "No figure of the district is assumed." in page.said


def test_a_scenario_is_named(result, district):
    named = replace(result, scenario={"name": "low", "name_zh": "枯水", "name_en": "low water", "reason": ""})
    assert "Scenario: low water" in Page(report_html(named, district)).said


def test_the_file_is_utf8_and_the_same_each_time(result, district, tmp_path):
    path = write_report(result, district, tmp_path / "report.html")
    first = path.read_bytes()
    assert b"\r" not in first and "衢江区".encode() in first
    assert write_report(result, district, path).read_bytes() == first


def test_a_district_without_places_has_no_map(result, district):
    district["places"] = pl.DataFrame()
    assert "No flows were computed." in Page(report_html(result, district)).said


#: Text on ground, as the style sheet pairs them.
PAIRS = [
    ("ink", "page"), ("ink", "card"), ("soft", "page"), ("soft", "card"), ("accent", "page"), ("accent", "card"), ("card", "accent"),
    ("good", "good-tint"), ("turn", "turn-tint"), ("bad", "bad-tint"), ("blind", "blind-tint"), ("bad", "card"), ("good", "card"),
]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(mode):
    """WCAG 2.1 AA: 4.5 to 1 for text."""
    roots = re.findall(r":root \{(.*?)\}", _css(), flags=re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", roots[0]))
    colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", roots[mode]))
    for text, ground in PAIRS:
        high, low = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)
