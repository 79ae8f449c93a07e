"""Rules across tables: each finds the mistake that is planted for it, and tells it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from qujiang.district import District
from qujiang.district.rules import check
from qujiang.district.scopes import Scope
from qujiang.errors import Fault

Planted = Callable[..., list[Fault]]

CASES: list[tuple[str, list[tuple[str, str, str, Any]], str, str | None, str]] = [
    ("area not declared", [("observations", "s019", "area", "衢江县")], "observations", "area", "no area"),
    ("district above city", [("observations", "ec01", "observed_value", 2.0e11)], "observations", "observed_value", "above 衢州市"),
    ("port area above port", [("observations", "p018", "observed_value", 8.0e6)], "observations", "observed_value", "above 衢州港"),
    ("a year so far that falls", [("observations", "s005", "observed_value", 7.0e12)], "observations", "observed_value", "cannot fall: 7.4426e+12"),
    ("a period twice", [("observations", "s006", "period_start", "2022-01"), ("observations", "s006", "period_end", "2022-02")], "observations", "period_start", "period on line 4"),
    ("units mixed in a series", [("observations", "s002", "unit", "usd")], "observations", "unit", "is in yuan on line 2"),
    ("a basis that is not the period's", [("observations", "s002", "basis", "month")], "observations", "basis", "one calendar month"),
    ("a target in the past", [("measures", "m11", "target_year", 2020)], "measures", "target_year", "lies in the past"),
    ("people above city", [("population", "pop04", "population_value", 3.0e6)], "population", "population_value", "above 衢州市"),
    ("area of the economy", [("economy_growth", "gdp_city", "area", "衢州省")], "economy_growth", "area", "no area"),
    (
        "indicator without series or range",
        [("economy_growth", "gdp_city", name, value) for name, value in (
            ("indicator", "gpd"), ("status", "derived"), ("growth_low_percent", None), ("growth_high_percent", None))],
        "economy_growth", "indicator", "no series of it in 衢州市, and no range is stated",
    ),
    (
        "half a range of the economy",
        [("economy_growth", "gdp_city", "status", "derived"), ("economy_growth", "gdp_city", "growth_low_percent", None)],
        "economy_growth", "growth_low_percent", "two ends",
    ),
    (
        "an indicator twice",
        [("economy_growth", "retail_district", "area", "衢州市"), ("economy_growth", "retail_district", "indicator", "gdp")],
        "economy_growth", "indicator", "stands in the row gdp_city already",
    ),
    ("elasticity to nothing", [("demand_growth", "dg06", "economy", None)], "demand_growth", "economy", "elasticity_ratio = 1"),
    ("economy without elasticity", [
        ("demand_growth", "dg01", "economy", "gdp_city"), ("demand_growth", "dg01", "elasticity_status", "assumed"),
     ], "demand_growth", "elasticity_ratio", "economy = gdp_city is given"),
    ("elasticity of no status", [("demand_growth", "dg06", "elasticity_status", None)], "demand_growth", "elasticity_status", "is empty"),
    ("elasticity without range", [
        ("demand_growth", "dg06", "elasticity_low_ratio", None), ("demand_growth", "dg06", "elasticity_high_ratio", None),
     ], "demand_growth", "elasticity_ratio", "has no range"),
    (
        "demand that the economy takes away",
        [("economy_growth", "gdp_city", name, 4.1) for name in ("growth_percent", "growth_low_percent")]
        + [("demand_growth", "dg06", f"elasticity_{end}ratio", 50.0) for end in ("", "low_", "high_")],
        "demand_growth", "elasticity_ratio", "pulp would grow by -109 % a year",
    ),
    ("alias of two rows", [("places", "zhizao", "aliases", ["衢州"])], "places", "aliases", "leads to kecheng"),
    ("assumed without range", [("rates", "diesel_price", "low_value", None)], "rates", "rate_value", "has no range"),
    ("range of no table", [("ranges", "rr05", "table", "lock")], "ranges", "table", "no table"),
    ("range of no column", [("ranges", "rr05", "column", "length")], "ranges", "column", "no numeric column"),
    ("range of no row", [("ranges", "rr08", "rows", "tadi;nowhere")], "ranges", "rows", "has no row nowhere"),
    ("range without factor", [("ranges", "rr05", "low_factor", None)], "ranges", "low_factor", "two factors"),
    ("range upside down", [("ranges", "rr05", "low_factor", 2.0)], "ranges", "low_factor", "above the high"),
    ("service without city", [("places", "suzhou", "water_service", False)], "places", "water_service", "leads to suzhou"),
    ("service elsewhere", [("water_services", "ws_jinhua", "to_place", "lanxi")], "water_services", "to_place", "water node"),
    ("city without service", [("places", "haiyan", "water_service", True)], "places", "water_service", "leads to haiyan"),
    ("demand to itself", [("demand", "d0001", "destination", "jiaxing")], "demand", "destination", "own origin"),
    ("action of another landmark", [("actions", "A2", "landmark_no", 3)], "landmarks", "action", "serves landmark 3"),
    ("water island", [("water_links", "w009", "state", "closed")], "water_links", "from_place", "island of the water network"),
    ("rail island", [("rail_links", "t023", "state", "closed")], "rail_links", "from_place", "island of the rail network"),
    ("link too short", [("road_links", "r074", "length_km", 200.0)], "road_links", "length_km", "straight distance"),
    ("straight distance wrong", [("road_links", "r074", "great_circle_km", 100.0)], "road_links", "great_circle_km", "299.5 km"),
    (
        "projects in a circle",
        [("projects", "j07", "after", ["j08"]), ("projects", "j08", "after", ["j31", "j11"]), ("projects", "j11", "after", ["j07"])],
        "projects", "after", "j07 -> j08 -> j11 -> j07",
    ),
    ("due before its start", [("projects", "j10", "opened_or_due", "2024-06")], "projects", "opened_or_due", "before started 2025-12"),
    ("no day of the calendar", [("projects", "j10", "planned_start", "2025-13")], "projects", "planned_start", "has no month 13"),
    ("month missing", [("channel_limits", "cl001", "months", "04-11")], "channel_limits", "months", "leave out month 03"),
    ("month twice", [("channel_limits", "cl001", "months", "02-11")], "channel_limits", "months", "hold month 02 twice"),
    ("shares", [("cargoes", "coal", "share_percent", 20.0)], "cargoes", "share_percent", "sum to 101"),
    ("count above the lock", [("lock_counts", "lc02", "passed_t", 9.0e8)], "lock_counts", "passed_t", "the most that fuchunjiang"),
    ("lockages above the lock", [("lock_counts", "lc01", "lockages_count", 12_000)], "lock_counts", "lockages_count", "11,550"),
    ("others above the lock", [("background", "bg13", "vessels_count", 500_000)], "background", "vessels_count", "sanbao"),
    ("port above its berths", [("observations", "p002", "observed_value", 7.5e6)], "observations", "observed_value", "7,000,000"),
    ("berths by kind", [("berths", "qj1_dry_bulk", "berth_count", 9)], "berths", "berth_count", "sum to 14"),
    ("directions", [("background", "bg02", "passed_t", 1.0e7)], "background", "passed_t", "not the sum"),
    ("a total changed", [("checks", "k001", "expected_value", 9.0)], "checks", "formula", "gives 8.4"),
    ("a distance changed", [("water_links", "w003", "length_km", 48.0)], "checks", "formula", "k057"),
    ("a formula that cannot run", [("checks", "k002", "formula", "exec('1')")], "checks", "formula", "knows no function"),
    ("towns do not sum", [("towns", "330803100", "population_persons", 25_000)], "checks", "formula", "k090"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "table", "column", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_planted_mistake_is_told(planted: Planted, cells: list, table: str, column: str, said: str) -> None:
    found = planted(*cells)
    hits = [fault for fault in found if fault.file == f"{table}.csv" and fault.column == column and said in fault.rule]
    assert hits, found
    assert all(fault.mend for fault in found)


ONCE = [
    case for case in CASES if case[0] not in ("a distance changed", "port area above port", "port above its berths")
]


@pytest.mark.parametrize("cells", [case[1] for case in ONCE], ids=[case[0] for case in ONCE])
def test_one_mistake_is_one_fault(planted: Planted, cells: list) -> None:
    assert len(planted(*cells)) == 1


def test_the_place_of_a_fault(planted: Planted) -> None:
    (fault,) = planted(("cargoes", "coal", "container_share", 0.0), ("berths", "qj2_container", "berth_count", 3))
    assert (fault.file, fault.column, fault.value) == ("berths.csv", "berth_count", "5")
    assert str(fault).startswith(
        "berths.csv:4  berth_count = 5  the berths of qj2 by kind (dry_bulk 5 + general 4 + container 3) sum to 12"
    )


def test_demand_twice(district: District) -> None:
    frames = dict(district.frames)
    demand = frames["demand"]
    again = demand.filter(pl.col("observed_mode") == "road").head(1).with_columns(id=pl.lit("d9999"))
    frames["demand"] = pl.concat([demand, again])
    lines = {**district.lines, "demand": pl.concat([district.lines["demand"], pl.Series([594])])}
    (fault,) = check(Scope(district.info, frames, lines))
    assert fault.line == 594
    assert "stands in line 537 already" in fault.rule


def test_place_of_demand_without_road(district: District) -> None:
    frames = dict(district.frames)
    roads = frames["road_links"]
    frames["road_links"] = roads.filter((pl.col("from_place") != "zhoukou") & (pl.col("to_place") != "zhoukou"))
    lines = {**district.lines, "road_links": district.lines["road_links"].head(frames["road_links"].height)}
    (fault,) = check(Scope(district.info, frames, lines))
    assert (fault.file, fault.value) == ("demand.csv", "zhoukou")
    assert "cannot be reached by road" in fault.rule


def test_half_of_the_freight_tables(district: District) -> None:
    frames = {
        **district.frames,
        "rates": district["rates"].clear(),
        "calibration_facts": district["calibration_facts"].clear(),
        "project_effects": district["project_effects"].clear(),
    }
    found = check(Scope(district.info, frames, district.lines))
    assert [(fault.file, fault.line) for fault in found] == [("rates.csv", None)]


def test_port_of_the_description(district: District) -> None:
    wrong = replace(district.info, port_place="qj_prot", port_area="衢江港")
    found = check(Scope(wrong, district.frames, district.lines))
    told = {fault.column: fault for fault in found if fault.file == "district.toml"}
    assert told["port_place"].mend == "did you mean 'qj_port'?"
    assert told["port_area"].mend.startswith("did you mean")


def test_a_known_fault_is_not_told_again(district: District) -> None:
    known = [Fault("cargoes.csv", 2, "share_percent", "x", "must be a number", "")]
    frames = {**district.frames, "cargoes": district["cargoes"].with_columns(share_percent=pl.lit(1.0))}
    assert check(Scope(district.info, frames, district.lines), known) == []
