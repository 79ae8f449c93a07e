"""``qujiang outlook`` on the bundled district: tables, JSON, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from qujiang.cli import main
from qujiang.district.indicators import BASES
from qujiang.districts import find_folder
from qujiang.words import known


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["outlook", *words])
    out, err = capsys.readouterr()
    return left.value.code, out, err


def test_track_says_what_every_target_asks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "track", "--value", "m11=5e6", "--json")
    answer = json.loads(out)
    measures = {row["id"]: row for row in answer["measures"]}
    assert code == 0 and len(measures) == 22
    assert measures["m11"]["required_growth_percent_per_year"] == pytest.approx(33.53, abs=0.005)
    assert (measures["m11"]["state"], measures["m11"]["base_value"]) == ("off_track", 5e6)
    assert measures["m31"]["required_growth_percent_per_year"] == pytest.approx(5.003, abs=0.001)
    assert measures["m31"]["light"] == "yellow"
    untestable = {name for name, row in measures.items() if row["state"] == "untestable"}
    assert untestable == {"m15", "m23", "m24", "m53", "m54", "m61", "m62", "m63"}
    kinds = [claim["kind"] for claim in answer["claims"]]
    assert {"contradicted", "no_year", "year_assumed", "gross_not_effect", "not_the_same", "tension"} == set(kinds)


def test_track_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "track")
    assert (code, err) == (0, "")
    assert "8.4 times the base, +740 %" in out
    assert all(len(line) <= 400 for line in out.splitlines())


def test_foresee_says_how_many_points_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "foresee", "retail", "--until", "2027", "--reach", "12900000000")
    assert code == 0
    assert "1 point seen by year; status derived" in out
    assert "P(at least 1.29e+10 in 2027) = 0." in out
    assert "no back-test" in out
    code, out, _ = call(capsys, "foresee", "throughput", "--area", "衢江港区", "--json")
    answer = json.loads(out)
    assert (answer["status"], answer["points"], answer["backtest"]) == ("assumed", 6, None)
    assert set(answer["years"][0]["low_value"]) == {"0.5", "0.8", "0.95"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("foresee", "nothing"), "indicator 'nothing': there is none; known are"),
        (("foresee", "va"), "it could be va_primary, va_secondary, va_tertiary"),
        (("foresee", "gdp", "--area", "杭州市"), "area of gdp '杭州市': there is none; known are"),
        (("foresee", "gdp", "--until", "2020"), "2020 is over"),
        (("foresee", "budget_revenue", "--until", "2020"), "2020 is over"),
        (("track", "--now", "2028"), "the target lies in the past: it is 2028"),
        (("track", "--value", "m99=1"), "there is no measure m99"),
        (("read", "none.xlsx"), "there is no such file"),
    ],
)
def test_what_is_refused(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str) -> None:
    code, out, err = call(capsys, *words)
    assert (code, out) == (1, "")
    assert sentence in err
    code, out, _ = call(capsys, *words, "--json")
    assert code == 1 and sentence in json.loads(out)["message"]


def test_projects_with_a_chart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chart = tmp_path / "projects.svg"
    code, out, _ = call(capsys, "projects", "--on", "2025-11-30", "--gantt", str(chart), "--json")
    answer = json.loads(out)
    lights = {row["project"]["id"]: row["light"] for row in answer["projects"]}
    assert code == 0 and lights["j01"] == "green" and lights["j22"] == "red" and lights["j11"] == "grey"
    assert answer["critical_path"] is None
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")
    assert [entry.name for entry in tmp_path.iterdir()] == ["projects.svg"]
    code, out, _ = call(capsys, "projects", "--on", "2025-11-30", "--language", "zh")
    assert code == 0 and "龙游港区二期" in out and "没有已知的先后关系" in out


def test_a_yearbook_is_read_and_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    book = tmp_path / "年鉴.csv"
    book.write_text("指标,2023年,2024年\n社会消费品零售总额（亿元）,100,105\n增长（%）,4.0,6.5\n", encoding="gb18030")
    out_file = tmp_path / "observations.xlsx"
    code, out, _ = call(capsys, "read", str(book), "--area", "衢江区", "--out", str(out_file))
    assert code == 0
    assert "published 6.5 %, computed 5.00 %: differs beyond rounding" in out
    assert f"written: {out_file}" in out
    assert pl.read_excel(out_file)["observed_value"].to_list() == [1e10, 1.05e10]


def test_a_yearbook_is_read_in_chinese(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    book = tmp_path / "年鉴.csv"
    book.write_text("指标,2023年,2024年\n社会消费品零售总额（亿元）,100,105\n增长（%）,4.0,6.5\n", encoding="utf-8")
    code, out, _ = call(capsys, "read", str(book), "--area", "衢江区", "--language", "zh")
    assert code == 0
    head, *_, first, second, clash = out.splitlines()
    assert head.split() == ["地区", "指标", "口径", "时期", "数值"]
    assert first.split() == ["衢江区", "社会消费品零售总额", "全年", "2023", "100亿元"]
    assert second.split()[-1] == "105亿元"
    assert clash.startswith("衢江区社会消费品零售总额（2024）：公布6.5%，计算5.00%：相差超出四舍五入")
    assert not any("a" <= sign <= "z" for sign in out.lower())


def test_every_basis_has_words() -> None:
    assert [name for name in BASES if not re.search("[一-鿿]", known("outlook.basis", name).zh)] == []


def test_a_published_growth_that_differs_stands_beside_the_computed_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = call(capsys, "track")
    assert code == 0
    assert "no gap beyond rounding" in out
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    path = folder / "observations.csv"
    frame = pl.read_csv(path, infer_schema=False)
    # January to March 2023 of the city's port: the levels give 71.84 %
    wrong = pl.when(pl.col("published_growth_percent") == "71.9").then(pl.lit("60.0"))
    documented = pl.when(pl.col("indicator") == "throughput").then(pl.lit("documented")).otherwise(pl.col("status"))
    changed = frame.with_columns(
        wrong.otherwise(pl.col("published_growth_percent")).alias("published_growth_percent"),
        documented.alias("status"),
    )
    path.write_text(changed.write_csv(), encoding="utf-8")
    _, out, _ = call(capsys, "track", "--district", str(folder))
    assert "衢州港 throughput 2023-01..2023-03: published 60 %, computed 71.84 %: differs beyond rounding" in out
    clashes = json.loads(call(capsys, "track", "--district", str(folder), "--json")[1])["growth_clashes"]
    assert {clash["observation"]["published_growth_percent"] for clash in clashes} >= {60.0}


#: What may stand in Latin letters in a Chinese text: ids of rows, the names of a measure of error and of a method, the ratio r.
LATIN = re.compile(r"\b(?:[a-z]{1,2}\d+|MASE|Theta|P|r)\b", re.ASCII)


@pytest.mark.parametrize(
    "words",
    [
        ("track",),
        ("track", "--value", "m11=5e6", "--value", "m14=18"),
        ("foresee", "retail_sales", "--reach", "1.29e10"),
        ("foresee", "throughput", "--area", "衢州港"),
        ("foresee", "gdp"),
    ],
)
def test_a_chinese_text_is_chinese_throughout(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, out, err = call(capsys, *words, "--language", "zh")
    assert (code, err) == (0, "")
    left = LATIN.sub("", out)
    assert not re.findall(r"[A-Za-z]+", left)


def test_chinese_counts_in_wan_and_yi(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "track", "--language", "zh")
    assert "420万吨/年" in out and ">= 129亿元/年" in out
    assert "50万吨/年到420万吨/年是原来的8.4倍，即+740%" in out
    _, out, _ = call(capsys, "foresee", "retail_sales", "--reach", "1.29e10", "--until", "2027", "--language", "zh")
    assert "2027年不低于129亿元的概率 = 0." in out and "亿元～" in out


def test_a_long_series_tells_its_back_test_in_chinese(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    path = folder / "observations.csv"
    frame = pl.read_csv(path, infer_schema=False)
    row = frame.filter(pl.col("indicator") == "gdp").row(0, named=True)
    rows = [
        row
        | {"id": f"z{year}", "area": "衢江区", "indicator": "visits", "unit": "person_visits", "basis": "year"}
        | {"period_start": str(year), "period_end": str(year), "observed_value": str(1e6 * 1.05 ** (year - 2005))}
        | {"published_growth_percent": None}
        for year in range(2005, 2024)
    ]
    kept = frame.filter(pl.col("indicator") != "visits")
    path.write_text(pl.concat([kept, pl.DataFrame(rows, schema=frame.schema)]).write_csv(), encoding="utf-8")
    code, out, err = call(capsys, "foresee", "visits", "--district", str(folder), "--language", "zh")
    assert (code, err) == (0, "")
    assert "后来的实际值落在区间内：50%区间" in out and "四法的中位数" in out
    assert not re.findall(r"[A-Za-z]+", LATIN.sub("", out))
