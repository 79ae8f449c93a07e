"""``qujiang buildings`` as a shell sees it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qujiang.cli import main
from qujiang.districts import find_folder


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["buildings", *words])
    out, err = capsys.readouterr()
    return left.value.code, out, err


def test_survey_says_first_that_it_is_made_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = call(capsys, "survey", "--out", str(tmp_path / "out"))
    assert (code, err) == (0, "")
    assert out.startswith("SYNTHETIC STOCK: made up")
    assert "497 firms moved in" in out and "WALE by area" in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "endings.csv",
        "expiries.csv",
        "holdings.csv",
        "sector_mix.csv",
    ]


def test_survey_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "survey", "--json", "--on", "2025-10-01")
    answer = json.loads(out)
    assert (code, answer["synthetic"], answer["on"], answer["internal"]) == (0, True, "2025-10-01", False)
    assert answer["total"]["gross_area_m2"] == 1_000_000
    assert all(row["tax_share"] is None for row in answer["endings"])
    assert "tax_yuan_per_year" not in out


def test_internal_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "survey", "--internal")
    assert "INTERNAL: tax of single firms; not for publication" in out


def test_place(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "place")
    assert (code, err) == (0, "")
    assert out.startswith("SYNTHETIC STOCK")
    assert "gap 0.00%: proven best" in out and "Not placed" in out
    code, out, _ = call(capsys, "place", "--vacant", "--json")
    answer = json.loads(out)
    assert (code, answer["synthetic"], answer["proven"]) == (0, True, True)
    assert answer["objective_m2"] <= answer["bound_m2"]


def test_a_clash_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "place", "--must", "s01")
    assert (code, out) == (1, "")
    assert err == "qujiang: s01 cannot be placed: no suite has 120 to 190 m2\n"


def test_faults_are_told_and_nothing_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    leases = folder / "leases.csv"
    leases.write_text(
        leases.read_text(encoding="utf-8").replace("c01-0202,f0433,F,530,", "c01-0202,f0433,F,531,"), encoding="utf-8"
    )
    code, out, err = call(capsys, "survey", "--district", str(folder), "--out", str(tmp_path / "out"))
    assert (code, out) == (1, "")
    assert "leases.csv:2  let_m2 = 531  is more than c01-0202 has, 530 m2" in err
    assert not (tmp_path / "out").exists()
