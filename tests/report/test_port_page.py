"""The port's page: whole, alone, in both languages, and the same figures as the result."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from qujiang.cli.port import port
from qujiang.district import District
from qujiang.port.arrivals import drawn
from qujiang.port.busiest import busiest_month, month_factor
from qujiang.port.path import follow
from qujiang.port.replay import replay
from qujiang.port.rows import port_problem
from qujiang.port.simulate import simulate
from qujiang.report import port_rows
from qujiang.report.port_page import port_html
from qujiang.words import en

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Tags that are opened and closed; unbalanced markup raises."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def district() -> District:
    return District.open()


@pytest.fixture(scope="module")
def made(district: District):
    """The bundled port's year, its page and the week that is shown."""
    problem = port_problem(district, throughput_t_per_year=7e6)
    result = simulate(problem, precision=0.1)
    path = follow(problem, drawn(problem, 3000, 1, 0))
    shown = replay(problem, path, from_h=1000)
    busiest = {"month_factor": 1.3, **busiest_month(problem, 1.3, precision=0.1).as_dict()}
    return result, shown, busiest, port_html(result, district, shown=shown, busiest=busiest)


def test_the_page_is_whole_and_alone(made):
    text = made[3]
    page = Page(text)
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", text)
    assert not re.search(r"url\(|@import", text)
    assert "prefers-reduced-motion" in text
    assert len(text) < 250_000


def test_every_stage_stands_there_with_its_figures(made):
    result, _, _, text = made
    named = port_rows.names({"qj1": "Qujiang phase I 大路章", "qj2": "Qujiang phase II 大安村"})
    rows = port_rows.stage_rows(result.as_dict(), named)
    assert len(rows) == len(result.stages) + len(result.gates)
    for row, stage in zip(rows, result.stages, strict=False):
        assert stage.wait is not None
        assert row.wait.en == port_rows.hours(stage.wait.mean).en
        assert row.wait.en in text and row.wait.zh in text
    for function in ("manufacturing", "cold_chain", "logistics", "bonded", "customs", "reserve"):
        assert any(en.WORDS[f"port.goods.{function}"] in row.where.en for row in rows)


def test_both_languages_are_complete(made):
    """No Latin word stands in the Chinese of a table but an identifier of the data."""
    result, shown, busiest, _ = made
    named = port_rows.names({"qj1": "Qujiang phase I 大路章", "qj2": "Qujiang phase II 大安村"})
    answer = result.as_dict()
    said = [
        text
        for row in port_rows.stage_rows(answer, named)
        for text in (row.stage, row.where, row.state_words, row.wait)
    ]
    said += port_rows.sentences(answer, named, busiest)
    said += [port_rows.assumption(text) for text in result.assumptions]
    said += [row.what for row in port_rows.ranking(answer, named)]
    said += [row["name"] for row in port_rows.fill_rows(shown, named)]
    for text in said:
        assert not re.search("[A-Za-z]{2}", text.zh), text
        assert not re.search(r"[一-鿿]", text.en), text


def test_every_assumption_of_the_room_has_chinese(district: District):
    texts = [
        *port_problem(district, lock="tadi").assumptions,
        *port_problem(
            {**district, "berths": district["berths"].filter(district["berths"]["berth_type"] != "container")}
        ).assumptions,
    ]
    for text in texts:
        assert port_rows.assumption(text).en == text
        assert port_rows.assumption(text).zh != text


def test_the_week_in_words_is_the_week_in_the_picture(made):
    """Berth-hours by day sum to the picture's; vessels berthed are the stays that begin in the week."""
    shown = made[1]
    rows = port_rows.week_rows(shown)
    assert len(rows) == 7
    held = sum(until - since for _, since, until, _ in shown.stays)
    assert sum(float(row["in_use"].en) for row in rows) * 24 == pytest.approx(held, abs=7 * 24 * 0.051)
    assert sum(int(row["berthed"].en) for row in rows) == sum(since > 0 for _, since, *_ in shown.stays)


def test_a_wait_at_little_use_has_its_reason(made):
    """Closed 15 of 24 h: 15²/2/24 = 4.69 h in the mean for one who comes at a random hour."""
    row = next(row for row in made[0].as_dict()["stages"] if row["stage"] == "customs")
    assert row["open_share"] == pytest.approx(9 / 24)
    assert row["closed_wait_h"] == pytest.approx(15**2 / 2 / 24, rel=0.01)
    reason = port_rows.reason(row)
    assert reason is not None
    assert "works 9 h a day" in reason.en


def test_an_overload_is_told(district: District):
    problem = port_problem(district, throughput_t_per_year=20e6)
    text = port_html(simulate(problem), district)
    Page(text)
    assert en.WORDS["port.state.overloaded"] in text
    assert en.WORDS["port.answer.unsteady"] in text
    assert 'id="week"' not in text


def test_names_are_no_markup(district: District):
    problem = port_problem(district, throughput_t_per_year=7e6)
    result = replace(simulate(problem, precision=0.2), assumptions=("<b>bold</b> & more",))
    text = port_html(result, district)
    assert "&lt;b&gt;bold" in text
    Page(text)


def test_the_busiest_month_waits_longer(made, district: District):
    result, _, busiest, _ = made
    assert month_factor(district) == 1.3
    assert busiest["throughput_t_per_year"] == pytest.approx(1.3 * result.throughput_t_per_year)
    assert busiest["wait_over_service"] > result.as_dict()["wait_over_service"]


def test_simulate_writes_the_page(tmp_path):
    words = ["simulate", "--precision", "0.2", "--month-factor", "1.1", "--out", str(tmp_path)]
    result = CliRunner().invoke(port, words, catch_exceptions=False)
    assert "busiest month (1.1 of the mean flow" in result.stdout
    assert not re.search(r"\de-\d", result.stdout)
    assert "it works 9 of 24 h" in result.stdout
    assert (tmp_path / "port.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(tmp_path.glob(".*"))


def test_a_busiest_month_below_the_mean_is_refused():
    result = CliRunner().invoke(port, ["simulate", "--month-factor", "0.8"])
    assert result.exit_code == 1
    assert "1 or more" in str(result.exception)
