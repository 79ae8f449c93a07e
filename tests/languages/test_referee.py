"""The referee itself: on pages that are bad it must speak, on good ones it must be silent."""

from __future__ import annotations

import pytest

from tests.languages.referee import read_page, texts_of, wrong_runs

GOOD = """<!doctype html><html lang="zh-Hans"><head><title>港口 · 衢江区</title><meta name="htmx-config" content='{"a": false}'>
<script>let said = "not read out";</script></head><body><a href="/" lang="en" data-language-switch>English</a>
<p>吞吐量 4.2 Mt，来源 S12，<code>qj_port water link</code> 0.23 元/t·km</p><img alt="港口" src="x.png"><input value="as typed by people"></body></html>"""


def runs(html: str, language: str) -> list[str]:
    return [found.run for found in read_page(html, language) if not found.marked]


def test_a_good_page_is_let_pass() -> None:
    assert runs(GOOD, "zh") == []
    assert [found.run for found in read_page(GOOD, "zh") if found.marked] == ["English"]
    assert runs("<html lang=en><p>4.2 Mt a year<br>S12</p></html>", "en") == []


@pytest.mark.parametrize(
    ("bad", "run"),
    [
        ("<p>靠泊 dry bulk berth 泊位</p>", "dry bulk berth"),
        ("<p>靠<b>dry</b> <i>bulk</i></p>", "dry bulk"),  # words on both sides of a tag belong together
        ('<button aria-label="Close this box">关闭</button>', "Close this box"),
        ('<img alt="The port">', "The port"),
        ('<abbr title="many words">词</abbr>', "many words"),
        ('<input placeholder="Write here" value="x">', "Write here"),
        ('<input type="submit" value="Send now">', "Send now"),
        ('<div data-map=\'{"titles": {"S1": "Some long title"}}\'></div>', "Some long title"),
        ('<p data-words="was moved">变</p>', "was moved"),
        ("<svg><title>Flow of cargo</title><text>江</text></svg>", "Flow of cargo"),
        ("<table><caption>Known facts</caption></table>", "Known facts"),
        ("<select><option>all cargoes</option></select>", "all cargoes"),
        ("<title>Port of the day</title>", "Port of the day"),
        ('<p lang="en">一条说明文字</p>', "一条说明文字"),  # the mark is not true
    ],
)
def test_a_bad_page_in_chinese_is_told(bad: str, run: str) -> None:
    assert run in runs(f'<html lang="zh-Hans"><body><p>好</p>{bad}<p>好</p></body></html>', "zh")


@pytest.mark.parametrize(
    "bad", ["<p>the port 港</p>", '<a title="货">x</a>', "<p>a list、of</p>", "<p>full stop。</p>", "<p>（x）</p>"]
)
def test_a_bad_page_in_english_is_told(bad: str) -> None:
    assert runs(f"<html lang=en><body>{bad}</body></html>", "en")


def test_a_mark_is_handed_out_and_excuses_nothing_by_itself() -> None:
    page = '<html lang="en"><body><p>by law <span lang="zh-Hans">优化营商环境条例</span> of 2019</p></body></html>'
    (found,) = read_page(page, "en")
    assert found.marked and found.run == "优化营商环境条例"


def test_a_page_in_the_other_language_is_wrong_as_a_whole() -> None:
    assert runs('<html lang="en"><p>港</p></html>', "zh") == ["en"]
    assert runs("<p>港</p>", "zh") == [""]


def test_texts_are_read_with_the_language_of_where_they_stand() -> None:
    page, texts = texts_of('<html lang="zh-Hans"><p>一<span lang="en">one <b>two</b></span>三</p><br><p>四</p></html>')
    assert page == "zh"
    assert [text[:2] for text in texts] == [("一", "zh"), ("one two", "en"), ("三", "zh"), ("四", "zh")]


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("见 https://www.stats.gov.cn/a/b 与 a@b.cn", "zh", []),
        ("船型 v500 与 iww_lt650、EPSG:4326", "zh", []),
        ("办件FCYUEWZXNDSN办理中，方案lqNaszQRCAwBqTdkdFdToNCx", "zh", []),
        ("单位 t/km、kg CO2e", "zh", []),
        ("状态 was met", "zh", ["was met"]),
        ("met, not met", "zh", ["met not met"]),
        ("船 ship 港 port", "zh", ["ship", "port"]),
        ("没有'nothing'，见 qujiang schema 与 [pizhou]", "zh", []),
        ("Mt and km", "en", []),
        ("Mt，km", "en", ["，"]),
    ],
)
def test_worked_texts(text: str, language: str, found: list[str]) -> None:
    assert wrong_runs(text, language) == found
