"""Yearbook tables as officials print them, read in one call; written tables read back equal."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qujiang.district import TABLE
from qujiang.district import observations as series
from qujiang.errors import DataError
from qujiang.outlook import comparisons, labels
from qujiang.outlook.sheets import write_table
from qujiang.outlook.yearbook import read_table, read_yearbook

ACROSS = """表3-1 主要经济指标,,,
,,,单位：亿元
指标,2022年,2023年,2024年
地区生产总值,"2,003.40","2,125.20",2262.83
  增长（%）,4.8,6.8,6.4
社会消费品零售总额,…,948.9,—
货物吞吐量（万吨）,553,770,900
注：地区生产总值增速按不变价计算。,,,
资料来源：衢州市统计局,,,
"""


def rows(frame: pl.DataFrame) -> dict[tuple[str, str], tuple[float, str, float | None]]:
    return {
        (row["indicator"], row["period_end"]): (row["observed_value"], row["unit"], row["published_growth_percent"])
        for row in frame.iter_rows(named=True)
    }


def csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "表.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_years_across(tmp_path: Path, encoding: str) -> None:
    frame = read_yearbook(csv(tmp_path, ACROSS, encoding), area="衢州市", source="S66")
    found = rows(frame)
    assert found["gdp", "2024-12"] == (226_283_000_000.0, "yuan", 6.4)
    assert found["throughput", "2023-12"] == (7_700_000.0, "t", None)
    assert {period for name, period in found if name == "retail_sales"} == {
        "2023-12"
    }  # … and — are missing, not nought
    assert frame["note"][0] == "注：地区生产总值增速按不变价计算。 资料来源：衢州市统计局"
    assert set(frame["area"]) == {"衢州市"} and set(frame["basis"]) == {"year"} and set(frame["source"]) == {"S66"}
    assert len(series.read(frame).rows) == 7


def test_an_excel_sheet_with_merged_years_above_months(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["社会消费品零售总额（亿元）"])
    sheet.append(["地区", 2024, None, 2025, None, None])
    sheet.merge_cells("B2:C2")
    sheet.merge_cells("D2:F2")
    sheet.append([None, "1-2月", "1-8月", "1-2月", "1-8月", "同比增长(%)"])
    sheet.append(["衢州市", 151.5, 640.1, 160.25, 681.7, 6.5])
    sheet.append(["衢江区", 18.1, 75.23, 18.9, 77.86, 3.5])
    book.save(tmp_path / "零售.xlsx")
    frame = read_yearbook(tmp_path / "零售.xlsx")
    found = {(row["area"], row["period_end"]): row for row in frame.iter_rows(named=True)}
    assert len(found) == 8
    district = found["衢江区", "2025-08"]
    assert (district["observed_value"], district["unit"], district["basis"]) == (7_786_000_000.0, "yuan", "ytd")
    assert (district["indicator"], district["published_growth_percent"]) == ("retail_sales", 3.5)
    checked = series.read(frame)
    assert all(row.holds for row in comparisons.compare_areas(checked, "衢江区", "衢州市"))
    assert [check.flag for check in comparisons.check_growth(checked) if check.observation.area == "衢江区"] == [None]


def test_months_down_with_the_year_before_them(tmp_path: Path) -> None:
    text = """社会消费品零售总额及货物吞吐量（累计）
时间,零售总额（亿元）,增速（%）,货物吞吐量（万吨）
2025年,,,
1-2月,18.90,4.1,60.2
3月,28.35,3.9,98
上半年,57.70,3.6,—
"""
    frame = read_yearbook(csv(tmp_path, text), area="衢江区", names={"零售总额": "retail_sales"})
    found = rows(frame)
    assert found["retail_sales", "2025-03"] == (2_835_000_000.0, "yuan", 3.9)  # 累计: March stands for January to March
    assert found["retail_sales", "2025-06"][0] == 5_770_000_000.0
    assert found["throughput", "2025-02"] == (602_000.0, "t", None)
    assert ("throughput", "2025-06") not in found
    assert set(frame["basis"]) == {"ytd"}


def test_faulty_cells_are_told_with_line_and_column(tmp_path: Path) -> None:
    text = """指标,单位,2022年,2023年
零售额,亿元,12a,13
吞吐量,斗,5,6
人口,,7,8
增速,%,x,1
"""
    with pytest.raises(DataError) as caught:
        read_yearbook(csv(tmp_path, text))
    told = [(fault.line, fault.column, fault.value) for fault in caught.value.faults]
    assert told == [
        (2, "C", "12a"),
        (3, "C", "斗"),
        (3, "D", "斗"),
        (4, "C", "7"),
        (4, "D", "8"),
        (5, "C", "x"),
        (5, "D", "1"),
    ]
    assert all(fault.mend for fault in caught.value.faults)


def test_a_figure_twice_is_a_fault_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="on line 2 already") as caught:
        read_yearbook(csv(tmp_path, "指标,2022年,2023年\n产值（亿元）,1,2\n产值（亿元）,3,4\n"))
    assert [fault.line for fault in caught.value.faults] == [3, 3]


def test_what_is_no_series_is_told_with_the_cells_that_are_no_number(tmp_path: Path) -> None:
    text = """时间,零售总额（亿元）,吞吐量（万吨）
2024年1-2月,12,x
2024年1-3月,20,30
2024年1-4月,19,40
2024年1-4月,21,50
"""
    with pytest.raises(DataError) as caught:
        read_yearbook(csv(tmp_path, text))
    told = [(fault.line, fault.rule.split(":")[0].split(" of ")[0]) for fault in caught.value.faults]
    assert told == [
        (2, "'x' is not a number"),
        (4, "a cumulative series cannot fall"),
        (5, "零售总额"),
        (5, "吞吐量"),
    ]


def test_missing_cells_are_told_and_nothing_stands_in_their_place(tmp_path: Path) -> None:
    text = """指标,单位,2022年,2023年,2024年
一、总量,,,,
生产总值,亿元,250,,300
货物吞吐量,万吨,…,—,420
"""
    reading = read_table(csv(tmp_path, text), area="甲区")
    assert [(cell.line, cell.column, cell.indicator, str(cell.span)) for cell in reading.missing] == [
        (3, "D", "gdp", "2023"),
        (4, "C", "throughput", "2022"),
        (4, "D", "throughput", "2023"),
    ]
    assert reading.frame["period_end"].to_list() == ["2022-12", "2024-12", "2024-12"]


BULLETIN = """衢江区2025年1-8月主要经济指标,,,,
指标名称,计量单位,{level},同比增长(%),备注
社会消费品零售总额,亿元,77.86,3.5,
一般公共预算收入,万元,123456,-2.3,
"""


@pytest.mark.parametrize("level", ["1-8月累计", "累计", "绝对值", "1—8月", "本月止累计"])
def test_a_bulletin_takes_its_period_from_the_title(tmp_path: Path, level: str) -> None:
    frame = read_yearbook(csv(tmp_path, BULLETIN.format(level=level)), area="衢江区")
    assert rows(frame) == {
        ("retail_sales", "2025-08"): (7_786_000_000.0, "yuan", 3.5),
        ("budget_revenue", "2025-08"): (1_234_560_000.0, "yuan", -2.3),
    }
    assert set(frame["basis"]) == {"ytd"} and set(frame["period_start"]) == {"2025-01"}


def test_a_bulletin_of_one_month_with_the_month_and_the_year_so_far(tmp_path: Path) -> None:
    text = "2025年8月主要指标\n指标,单位,本月,同比增长%,累计,同比增长%\n社会消费品零售总额,亿元,9.5,3.1,77.86,3.5\n"
    frame = read_yearbook(csv(tmp_path, text))
    assert [tuple(row) for row in frame.select("basis", "period_start", "published_growth_percent").iter_rows()] == [
        ("month", "2025-08", 3.1),
        ("ytd", "2025-01", 3.5),
    ]


def test_a_level_under_a_single_month_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="may be the month or the year so far"):
        read_yearbook(csv(tmp_path, "2025年8月主要指标\n指标,单位,绝对值\n零售,亿元,9.5\n"))


def test_a_figure_that_looks_like_a_year_is_no_heading(tmp_path: Path) -> None:
    frame = read_yearbook(
        csv(tmp_path, "年份,吞吐量（万吨）,集装箱（标箱）\n2020,2031,1987\n2021,2040,2001\n"), area="衢州港"
    )
    assert frame["observed_value"].to_list() == [20_310_000.0, 1987.0, 20_400_000.0, 2001.0]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "the file is empty"),
        ("binary.csv", bytes(range(256)) * 4, "neither UTF-8 nor GB18030"),
        ("broken.xlsx", b"PK\x03\x04 not a workbook", "cannot be read as Excel"),
        ("old.doc", b"x", r"only \.xlsx and \.csv"),
        ("words.csv", "指标,说明\n甲,乙\n".encode(), "no periods found"),
        ("blank.csv", "指标,2022年,2023年\n产值（亿元）,…,—\n".encode(), "holds no figure"),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as caught:
        read_yearbook(path)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_written_table_reads_back_equal(tmp_path: Path, ending: str) -> None:
    frame = read_yearbook(csv(tmp_path, ACROSS), area="衢州市")
    path = write_table(frame, tmp_path / f"out{ending}")
    back = (
        pl.read_csv(path, schema=frame.schema)
        if ending == ".csv"
        else pl.read_excel(path, schema_overrides=dict(frame.schema))
    )
    assert back.equals(frame)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([f"out{ending}", "表.csv"])
    with pytest.raises(DataError, match=r"as \.csv or \.xlsx"):
        write_table(frame, tmp_path / "out.txt")
    with pytest.raises(DataError, match="there is no folder"):
        write_table(frame, tmp_path / "nowhere" / f"out{ending}")


@pytest.mark.parametrize(
    ("text", "year", "basis", "period"),
    [
        ("2024", None, "year", "2024"),
        ("2025年1—8月", None, "ytd", "2025-01..2025-08"),
        ("1-2月", 2024, "ytd", "2024-01..2024-02"),
        ("1-12月", 2024, "year", "2024"),
        ("前三季度", 2024, "ytd", "2024-01..2024-09"),
        ("2024年三季度", None, "quarter", "2024-07..2024-09"),
        ("2024Q1", None, "quarter", "2024-01..2024-03"),
        ("2024-05", None, "month", "2024-05"),
        ("7-8月", 2024, "other", "2024-07..2024-08"),
    ],
)
def test_periods_as_printed(text: str, year: int | None, basis: str, period: str) -> None:
    read = labels.read_period(text, year=year)
    assert read is not None
    assert (read[0], str(read[1])) == (basis, period)


@pytest.mark.parametrize("text", ["", "指标", "8-1月", "13月", "1月", "77.86", "2024年13月"])
def test_what_is_no_period(text: str) -> None:
    assert labels.read_period(text) is None


def test_a_district_takes_every_basis_that_a_yearbook_gives(tmp_path: Path) -> None:
    text = "指标,2024年,2024年三季度,2024年5月,2024年1-8月,2024年7-8月\n产值（亿元）,12,3,1,8,2\n"
    frame = read_yearbook(csv(tmp_path, text), area="甲区")
    assert set(frame["basis"]) == {"year", "quarter", "month", "ytd", "other"}
    choices = TABLE["observations"].column("basis").choices
    assert set(frame["basis"]) <= set(choices)
    checked = series.read(frame)
    assert all(flow.value != 2e8 for flow in checked.flows("甲区", "产值"))  # nothing is added up from it


@given(
    st.decimals(min_value=0, max_value=10**6, places=2), st.sampled_from([("亿元", 10**8), ("万吨", 10**4), ("元", 1)])
)
def test_units_convert_exactly_both_ways(value: object, unit: tuple[str, int]) -> None:
    number = labels.read_number(f"{value:,}")
    factor, _ = labels.read_unit(unit[0])
    assert number is not None and factor == unit[1]
    assert (number * factor) / factor == value


cells = st.sampled_from(
    [
        "",
        "指标",
        "地区",
        "单位",
        "亿元",
        "2023年",
        "2024",
        "1-8月",
        "上半年",
        "增长（%）",
        "零售总额（亿元）",
        "77.86",
        "-3",
        "…",
        "1e999",
        "nan",
        "注：",
        "衢江区",
        "累计",
        '"',
        "年 ",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, max_size=5), min_size=1, max_size=6))
def test_whatever_stands_in_the_cells_the_answer_is_figures_or_faults(tmp_path: Path, grid: list[list[str]]) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join(",".join(row) for row in grid) + "\n", encoding="utf-8")
    try:
        frame = read_yearbook(path)
    except DataError as error:
        assert error.faults
    else:
        assert frame.height and frame["observed_value"].is_finite().all()
