"""Releases from a file: growth by the base then and by the base now, revisions, faults, and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qujiang.errors import DataError
from qujiang.outlook.releases import check_released_growth, read_releases

from .test_cli import call

HEAD = (
    "area,indicator,basis,period_start,period_end,observed_value,unit,published_growth_percent,status,source,vintage\n"
)
#: 2023 was 100, later 104. The growth of 2024, 5 %, is right by 100 (105) and wrong by 104 (0.96 %); that of 2025, 10 %, was
#: counted on another base than the 105 that was published (5.71 %).
ROWS = """甲区,retail_sales,year,2023,2023,100,yuan,,documented,S1,2024-01-20
甲区,retail_sales,year,2024,2024,105,yuan,5.0,documented,S1,2025-01-20
甲区,retail_sales,year,2023,2023,104,yuan,,documented,S1,2025-06-20
甲区,retail_sales,year,2025,2025,111,yuan,10.0,documented,S1,2026-01-20
"""


def book(folder: Path, rows: str = ROWS, head: str = HEAD) -> Path:
    path = folder / "releases.csv"
    path.write_text(head + rows, encoding="utf-8")
    return path


def test_a_growth_is_held_against_the_base_then_and_the_base_now(tmp_path: Path) -> None:
    first, second = check_released_growth(read_releases(book(tmp_path)))
    assert (str(first.vintage), str(second.vintage)) == ("2025-01-20", "2026-01-20")
    assert first.then.computed_percent == pytest.approx(5.0) and first.then.flag is None
    assert first.now.computed_percent == pytest.approx((105 / 104 - 1) * 100)
    assert (first.now.flag or "").startswith("differs beyond rounding")
    assert first.now.observation.published_growth_percent == 5.0  # never overwritten
    for check in (second.then, second.now):
        assert check.computed_percent == pytest.approx((111 / 105 - 1) * 100)
        assert (check.flag or "").startswith("differs beyond rounding")
        assert check.implied_base_value == pytest.approx(111 / 1.1)


def test_the_command_prints_both_and_what_was_revised(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(book(tmp_path))
    code, out, err = call(capsys, "vintages", "retail", "--releases", path)
    assert (code, err) == (0, "")
    assert (
        "5.00 %" in out and "0.96 %" in out and "5.71 %" in out and "differs beyond rounding" in " ".join(out.split())
    )
    assert "100 (2024-01-20) became 104 (2025-06-20), +4.00 %" in out
    answer = json.loads(call(capsys, "vintages", "--releases", path, "--json")[1])
    assert [row["differs"] for row in answer["growths"]] == [True, True]
    assert [row["published_growth_percent"] for row in answer["growths"]] == [5.0, 10.0]
    (revision,) = answer["revisions"]
    assert (revision["first_value"], revision["last_value"], revision["releases_count"]) == (100.0, 104.0, 2)
    code, out, _ = call(capsys, "vintages", "--releases", path, "--language", "zh")
    assert (
        code == 0
        and "100（2024-01-20）改为104（2025-06-20），+4.00%" in out
        and "相差超出四舍五入" in "".join(out.split())
    )


def test_without_releases_the_districts_own_growths_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(call(capsys, "vintages", "retail", "--area", "全国", "--json")[1])
    assert [row["published_growth_percent"] for row in answer["growths"]] == [6.7, 3.5]
    assert [row["computed_percent"] for row in answer["growths"]] == [
        pytest.approx((74426 / 69737 - 1) * 100),
        pytest.approx((77067 / 74426 - 1) * 100, abs=5e-3),
    ]
    assert answer["revisions"] == []


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        (ROWS, HEAD.replace(",vintage", ""), "the columns vintage are missing"),
        ("", HEAD, "holds no release"),
        (ROWS.replace(",111,", ",much,"), HEAD, "line 5|:5"),
        (ROWS.replace("2026-01-20", "soon"), HEAD, "day of release"),
        (ROWS.replace("111,yuan", "111,t"), HEAD, "is in yuan"),
    ],
)
def test_faulty_releases_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rows: str, head: str, said: str
) -> None:
    path = book(tmp_path, rows, head)
    with pytest.raises(DataError, match=said):
        check_released_growth(read_releases(path))
    code, out, _ = call(capsys, "vintages", "--releases", str(path))
    assert (code, out) == (1, "")
