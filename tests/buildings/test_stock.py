"""Which leases are in force on a day, and from when a suite is free."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from qujiang.buildings.faults import find_faults
from qujiang.buildings.stock import Stock, read_stock
from qujiang.district import TABLE, District
from qujiang.district.scopes import Scope
from qujiang.districts import find_folder
from qujiang.errors import Fault


def with_leases(district: District, *leases: dict[str, Any]) -> District:
    """The bundled suites, one of them let as told."""
    blank = dict.fromkeys(TABLE["leases"].names) | {
        "sector": "F",
        "let_m2": 100.0,
        "measure_basis": "construction",
        "suite": "c01-0101",
    }
    rows = [blank | {"id": f"x{n}", "firm": f"x{n}"} | row for n, row in enumerate(leases)]
    frame = pl.DataFrame(rows, schema=TABLE["leases"].schema)
    lines = {**district.lines, "leases": pl.Series(range(2, len(rows) + 2))}
    return District(district.info, {**district.frames, "leases": frame}, lines, district.folder)


def of_suite(stock: Stock) -> tuple[list[str], date | None]:
    (free,) = [suite.free_from for suite in stock.suites if suite.id == "c01-0101"]
    return [lease.id for lease in stock.leases], free


FIRST = {"contracted_from": date(2023, 1, 1), "contracted_to": date(2023, 12, 31), "moved_in": date(2023, 2, 1)}
SECOND = {"contracted_from": date(2025, 1, 1), "contracted_to": date(2025, 12, 31)}


@pytest.mark.parametrize(
    ("leases", "on", "in_force", "free"),
    [
        ([FIRST], date(2022, 6, 1), [], date(2024, 1, 1)),
        ([FIRST], date(2023, 12, 31), ["x0"], date(2024, 1, 1)),
        ([FIRST], date(2024, 1, 1), ["x0"], None),  # holds over
        ([FIRST | {"moved_out": date(2024, 3, 1)}], date(2024, 3, 1), ["x0"], date(2024, 3, 2)),
        ([FIRST | {"moved_out": date(2024, 3, 1)}], date(2024, 3, 2), [], date(2024, 3, 2)),
        ([FIRST | {"moved_in": None}], date(2024, 1, 1), [], date(2024, 1, 1)),  # was never there
        ([FIRST, SECOND], date(2024, 6, 1), ["x0"], None),
        ([FIRST, SECOND], date(2025, 1, 1), ["x1"], date(2026, 1, 1)),  # the later lease ends the holding over
        ([FIRST | {"moved_out": date(2023, 6, 30)}], date(2023, 6, 30), ["x0"], date(2023, 7, 1)),
    ],
)
def test_in_force_and_free(district: District, leases: list, on: date, in_force: list[str], free: date | None) -> None:
    assert of_suite(read_stock(with_leases(district, *leases), on)) == (in_force, free)


def test_remaining_terms(district: District) -> None:
    terms = {
        "contracted_from": date(2025, 1, 1),
        "contracted_to": date(2027, 12, 31),
        "first_break": date(2025, 12, 31),
    }
    (lease,) = read_stock(with_leases(district, terms), date(2025, 1, 1)).leases
    assert (lease.expiry_years, lease.break_years, lease.moved_in) == (3.0, 1.0, False)
    (lease,) = read_stock(with_leases(district, terms), date(2026, 1, 1)).leases
    assert (lease.expiry_years, lease.break_years) == (2.0, 2.0)  # an option not used is gone
    (lease,) = read_stock(with_leases(district, FIRST), date(2024, 6, 1)).leases
    assert (lease.expiry_years, lease.holds_over) == (0.0, True)


def test_a_day_let_twice_is_found_whatever_the_order(district: District) -> None:
    def faults(*leases: dict[str, Any]) -> list[Fault]:
        made = with_leases(district, *leases)
        return find_faults(Scope(made.info, made.frames, made.lines))

    long = FIRST | {"contracted_to": date(2030, 1, 1)}
    for leases in ([long, SECOND], [SECOND, long]):
        (fault,) = faults(*leases)
        assert "overlaps lease" in fault.rule and fault.value == "2025-01-01"
    assert faults(FIRST, SECOND) == []
    assert (
        len(faults(long, SECOND, SECOND | {"contracted_from": date(2026, 6, 1), "contracted_to": date(2027, 1, 1)}))
        == 2
    )


def test_the_trade_of_a_carrier_is_what_it_declares_or_else_what_fills_it(bundled: Stock, district: District) -> None:
    declared = dict(district["carriers"].select("id", "trade").iter_rows())
    for carrier in bundled.carriers:
        assert carrier.trade_declared == (declared[carrier.id] is not None)
        areas: dict[str, float] = {}
        for lease in bundled.leases:
            if lease.carrier == carrier.id:
                areas[lease.sector] = areas.get(lease.sector, 0.0) + lease.let_m2
        assert carrier.trade == (declared[carrier.id] or max(areas, key=lambda sector: areas[sector]))


def test_making_the_stock_again_gives_the_same_bytes(tmp_path: Path) -> None:
    home = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("make_building_stock", home / "tools" / "make_building_stock.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main([str(tmp_path)])
    names = {"carriers.csv", "suites.csv", "leases.csv", "firms_seeking.csv"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert [
        name for name in sorted(names) if (tmp_path / name).read_bytes() != (find_folder() / name).read_bytes()
    ] == []


def test_every_row_says_that_it_is_made_up(district: District) -> None:
    for name in ("carriers", "suites", "leases", "firms_seeking"):
        frame = district[name]
        assert frame["status"].unique().to_list() == ["assumed"]
        assert frame["source"].list.join(";").unique().to_list() == ["ASSUME"]
        assert frame["note"].str.contains("synthetic").all()
    for name in ("carriers", "firms_seeking"):
        frame = district[name]
        assert frame["synthetic"].all()
        assert frame["name_zh"].str.contains("合成").all() and frame["name_en"].str.contains("synthetic").all()
