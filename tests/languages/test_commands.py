"""Commands with ``--language zh`` answer in Chinese: the text, and the faults."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from qujiang.district.scenario import scenario_names
from qujiang.districts import find_folder
from tests.languages.referee import wrong_runs

COMMANDS = [
    ["check"],
    ["freight", "quote", "常山", "苏州", "--cargo", "钢板", "--tonnes", "500"],
    ["freight", "quote", "常山", "苏州", "--cargo", "coal", "--tonnes", "20000", "--depart", "2026-01-10"],
    ["port", "simulate", "--precision", "0.3"],
    ["outlook", "track"],
    ["outlook", "foresee", "retail_sales"],
    ["outlook", "projects"],
    ["plan"],
]
WRONG = [
    ["freight", "quote", "nowhere at all", "苏州", "--cargo", "钢板", "--tonnes", "500"],
    ["freight", "quote", "常山", "常山", "--cargo", "钢板", "--tonnes", "500"],
    ["check", "--scenario", "nothing"],
]


def other_names() -> list[str]:
    """The English names of landmarks and measures, and what a fold between words leaves of them; the longest first."""
    tables = [pl.read_csv(find_folder() / f"{table}.csv", infer_schema=False) for table in ("landmarks", "measures")]
    names = [name.split(" ") for table in tables for name in table["name_en"]]
    parts = {" ".join(part) for name in names for at in range(len(name)) for part in (name[: at + 1], name[at:])}
    return sorted((part for part in parts if " " in part), key=len, reverse=True)


OTHER_NAMES = other_names()


def run(words: list[str]) -> tuple[int, str]:
    made = subprocess.run([sys.executable, "-m", "qujiang", *words, "--language", "zh"], capture_output=True, text=True, timeout=300, encoding="utf-8", env=os.environ | {"COLUMNS": "400"})  # fmt: skip
    return made.returncode, made.stdout + made.stderr


def runs(text: str) -> list[str]:
    """What of a text is not Chinese; ids of scenarios, the cells of faulty rows as they are written, and the other name of a
    measure or landmark, which the plan's table shows beside the Chinese one, stand as they are."""
    for name in (*scenario_names(find_folder()), *OTHER_NAMES):
        text = text.replace(name, "")
    lines = [re.sub(r"^(\S+:\d\S*)  \S+(?: = .*?)?  ", r"\1  ", line) for line in text.splitlines()]
    return [f"{found} in {line!r}" for line in lines for found in wrong_runs(line, "zh", least=2)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_answer_is_chinese(words: list[str]) -> None:
    code, text = run(words)
    assert code == 0, text
    assert len([sign for sign in text if sign > "\u4e00"]) > 5
    assert not runs(text), "\n".join(runs(text))


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_question_is_refused_in_chinese(words: list[str]) -> None:
    code, text = run(words)
    assert code == 1
    assert not [found for found in runs(text) if "nowhere at all" not in found], text


def test_faults_of_a_district_are_told_in_chinese(tmp_path: Path) -> None:
    folder = tmp_path / "district"
    shutil.copytree(find_folder(), folder)
    rates = folder / "rates.csv"
    rates.write_text(
        rates.read_text(encoding="utf-8").replace(",7.2,", ",much,").replace(",years,", ",,"), encoding="utf-8"
    )
    locks = folder / "locks.csv"
    locks.write_text(locks.read_text(encoding="utf-8").replace("\ntadi,", "\nanrenpu,"), encoding="utf-8")
    code, text = run(["check", str(folder)])
    assert code == 1 and "处错误" in text and "须为数字" in text and "不能重复" in text
    assert not runs(text), "\n".join(runs(text))
