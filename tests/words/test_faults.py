"""Every fault that tables and district tell has its sentences in Chinese: the rule, and how to mend it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from qujiang.words.faults import OWN_WORDS, SENTENCES
from qujiang.words.refusals import fault_in_chinese, in_chinese, mend_in_chinese

ROOT = Path(str(files("qujiang")))
#: Functions that make a fault, with the places of rule and mend among their arguments.
MAKERS = {"Fault": (4, 5), "fault": (2, 3), "_fault": (3, 4), "file_fault": (1, 2), "cells": (2, 3), "Rule": (0, 3)}
#: ``scope.fault(table, row, column, rule, mend)`` beside ``fault(column, value, rule, mend)`` of a scenario.
OF_SCOPE = (3, 4)
#: Made of sentences that are tested by themselves, or of a check's own words.
MADE_OF_OTHERS = {"{}: {}", "every value {}"}
NAMES = ("rule", "mend", "advice", "text", "SAVE_AS_UTF8")


def texts(node: ast.expr) -> Iterator[str]:
    """The sentences that an expression may be, blanks as ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts(value)


def told() -> list[tuple[str, str]]:
    found = []
    for room in ("tables", "district"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found += [
                    (f"{place}:{getattr(node, 'lineno', 0)}", text)
                    for text in _of(node)
                    if text.strip("{} ") and text not in MADE_OF_OTHERS
                ]
    return found


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        at = OF_SCOPE if name == "fault" and isinstance(node.func, ast.Attribute) else MAKERS.get(name, ())
        for place in at:
            if place < len(node.args):
                yield from texts(node.args[place])
    elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in NAMES for t in node.targets):
        yield from texts(node.value)


def test_every_fault_of_tables_and_district_has_a_chinese_sentence() -> None:
    found = told()
    assert len(found) > 150
    missing = {f"{place}: {text}" for place, text in found if not re.search(r"[一-鿿]", in_chinese(_filled(text)))}
    assert not missing, "add a sentence to words/faults.py:\n" + "\n".join(sorted(missing))


def _filled(text: str) -> str:
    """A sentence with its blanks filled by signs that no sentence holds."""
    return text.replace("{}", "⟨x⟩")


@pytest.mark.parametrize("text", sorted(SENTENCES))
def test_a_sentence_keeps_its_blanks(text: str) -> None:
    kept, blanks = SENTENCES[text], text.count("{}")
    said = kept.format(*(f"⟨{n}⟩" for n in range(blanks)))
    assert re.search(r"[一-鿿]", said)
    assert text == "add it: {}" or all(f"⟨{n}⟩" in said for n in range(blanks)), said


@pytest.mark.parametrize(
    ("line", "chinese"),
    [
        ("rates.csv:3  rate_value = -1  must be >= 0 (write a value)", "rates.csv:3  rate_value = -1  须不小于0（请填写）"),
        ("scenario.toml:8  table = lokcs  is no table (did you mean 'locks'?)", "scenario.toml:8  table = lokcs  不是表（是否为'locks'？）"),
        ("district.toml  base_year  key is missing (write base_year = ...)", "district.toml  base_year  缺少该键（请写base_year = …）"),
        ("rates.csv:3  rate_value = a b  must be a number (value of the rate)", f"rates.csv:3  rate_value = a b  须为数字（{OWN_WORDS}）"),
        ("the study has no answer yet", "该方案尚无结果"),
        ("two blanks  in a sentence that nobody knows", "two blanks  in a sentence that nobody knows"),
    ],
)  # fmt: skip
def test_a_fault_that_was_kept_as_a_line(line: str, chinese: str) -> None:
    assert fault_in_chinese(line) == chinese


def test_hints_in_a_row_are_each_told() -> None:
    assert mend_in_chinese("did you mean 'road'?; did you mean 'rail'?") == "是否为'road'？；是否为'rail'？"
