"""Planted mistakes: each is told with file, line and mend, and nothing is computed from it."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from qujiang.buildings.stock import read_stock
from qujiang.district import District
from qujiang.districts import find_folder
from qujiang.errors import DataError, Fault, ScenarioError

ON = date(2025, 10, 1)
Plant = Callable[..., list[Fault]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(find_folder(), tmp_path_factory.mktemp("copies") / "district"))


@pytest.fixture
def plant(copied: Path, tmp_path: Path) -> Plant:
    """Faults after cells of a copy were rewritten: ``plant("leases", ("l0001", "let_m2", "9e9"), ...)``."""

    def faults(table: str, *cells: tuple[str, str, str]) -> list[Fault]:
        folder = Path(shutil.copytree(copied, tmp_path / "planted"))
        path = folder / f"{table}.csv"
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        for name, column, value in cells:
            next(row for row in rows if row[0] == name)[rows[0].index(column)] = value
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8")
        with pytest.raises(DataError) as told:
            read_stock(District.open(folder), ON)
        return list(told.value.faults)

    return faults


@pytest.mark.parametrize(
    ("table", "cells", "line", "column", "said"),
    [
        ("leases", [("l0001", "contracted_to", "2020-01-01"), ("l0001", "moved_in", "")], 2, "contracted_to", "must not be before contracted_from"),
        ("leases", [("l0001", "moved_in", "2031-01-01")], 2, "moved_in", "must not be after contracted_to"),
        ("leases", [("l0001", "first_break", "2031-01-01")], 2, "first_break", "must lie within the contract"),
        ("leases", [("l0001", "sector", "X")], 2, "sector", "must be one of A, B"),
        ("leases", [("l0001", "suite", "c99-0101")], 2, "suite", "suites"),
        ("leases", [("l0001", "let_m2", "530.5")], 2, "let_m2", "is more than c01-0202 has, 530 m2"),
        ("leases", [("l0001", "measure_basis", "usable")], 2, "measure_basis", "differs from c01-0202, measured as construction"),
        ("leases", [("l0002", "suite", "c01-0202"), ("l0002", "let_m2", "500")], 2, "contracted_from", "overlaps lease l0002 of c01-0202"),
        ("leases", [("l0002", "firm", "f0433")], 3, "sector", "firm f0433 is of sector F in lease l0001"),
        ("carriers", [("c01", "gross_area_m2", "21000")], 2, "gross_area_m2", "is less than its suites have together, 21,095 m2"),
        ("carriers", [("c01", "trade", "trade")], 2, "trade", "must be one of"),
        ("suites", [("c01-0101", "floor", "0")], 2, "floor", "must match"),
        ("firms_seeking", [("s01", "least_m2", "141")], 2, "least_m2", "must not be above wanted_m2"),
        ("firms_seeking", [("s01", "most_m2", "139")], 2, "most_m2", "must not be below wanted_m2"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_told(plant: Plant, table: str, cells: list, line: int, column: str, said: str) -> None:
    found = plant(table, *cells)
    (hit,) = [fault for fault in found if fault.column == column and said in fault.rule]
    assert (hit.file, hit.line) == (f"{table}.csv", line)
    assert hit.mend or said.startswith("must be one of")  # the rule is the mend
    assert len(found) == 1


def test_the_same_firm_may_follow_itself_and_a_day_may_not_be_let_twice(plant: Plant) -> None:
    cells = [
        ("l0002", "suite", "c01-0202"),
        ("l0002", "let_m2", "500"),
        ("l0002", "moved_in", ""),
        ("l0002", "contracted_to", "2024-08-06"),
    ]
    (fault,) = plant("leases", *cells)  # l0001 begins on 2024-08-06, the last day of l0002
    assert "ends on 2024-08-06" in fault.rule


def test_a_district_without_stock(copied: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(copied, tmp_path / "bare"))
    for name in ("carriers", "suites", "leases", "firms_seeking"):
        (folder / f"{name}.csv").unlink()
    with pytest.raises(ScenarioError, match=r"carriers\.csv is missing or has no row: qujiang has no building stock"):
        read_stock(District.open(folder), ON)
