"""Columns of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qujiang.report.columns import display_width, fold, pad, table_lines

texts = st.text(alphabet="ab Z9,.衢江区港，（）·−*", max_size=60)


def test_a_chinese_character_takes_two_cells():
    assert display_width("qujiang 衢江区") == 8 + 6
    assert pad("衢江", 6) == "衢江  "
    assert pad("衢江", 6, right=True) == "  衢江"


def test_folding_breaks_between_words_and_after_chinese_characters():
    assert fold("freight of the port\n港区年吞吐量", 13) == ["freight of", "the port", "港区年吞吐量"]
    assert fold("freight\n港区", 13) == ["freight 港区"]
    assert fold("港区年吞吐量，等", 8) == ["港区年吞", "吐量，等"]
    assert fold("", 8) == [""]
    assert fold("货源：\n+1", 18) == ["货源：+1"]
    assert fold("货源：\n+2.434亿元/年*", 18) == ["货源：", "+2.434亿元/年*"]


@given(texts, st.integers(2, 40))
def test_folding_loses_no_letter_and_keeps_the_width(text, width):
    lines = fold(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(display_width(line) <= width for line in lines)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
def test_columns_start_at_the_same_cell(rows):
    rows = [tuple(" ".join(cell.split()) + "|" for cell in row) for row in rows]
    lines = table_lines(rows, 200)
    if len(lines) == len(rows):  # nothing was folded
        second = {display_width(line[: line.index("|")].rsplit("|")[0]) <= 62 for line in lines}
        assert second == {True}
    assert all(display_width(line) <= 200 for line in lines)


def test_numbers_are_aligned_to_the_right():
    assert table_lines([["a", "1"], ["衢江", "100"]], 40, right=(1,)) == ["a       1", "衢江  100"]
