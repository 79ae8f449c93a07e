"""The bundled tables against the fact base that they were made from; skipped where it is not beside the checkout."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from qujiang.district import TABLE, District, buildings
from qujiang.districts import find_folder

ROOT = Path(__file__).parents[2]
#: Made by tools/make_building_stock.py, or assumed by hand; not from facts.
SYNTHETIC = {table.name for table in buildings.TABLES} | {"project_effects"}


def rows(facts: Path, name: str) -> list[dict[str, str]]:
    with (facts / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("import_facts", ROOT / "tools" / "import_facts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_importing_again_gives_the_same_bytes(facts: Path, tool: ModuleType, tmp_path: Path) -> None:
    tool.main([str(facts), str(tmp_path / "made")])
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert set(made) == {f"{name}.csv" for name in TABLE if name not in SYNTHETIC}
    assert [name for name, data in made.items() if (find_folder() / name).read_bytes() != data] == []


def test_every_fact_file_is_converted_row_by_row(facts: Path, tool: ModuleType, district: District) -> None:
    more = {
        "rates": 2,
        "projects": len(tool.PROPOSALS),
    }  # the scale of choice, where others turn away, and what could be done
    for table, (file, _) in tool.RENAMES.items():
        assert district[table].height == len(rows(facts, file)) + more.get(table, 0), table
    merged = {"series", "economy", "throughput", "port_equipment", "range_rules"}
    assert {path.stem for path in facts.glob("*.csv")} == merged | {file for file, _ in tool.RENAMES.values()}


def test_no_figure_of_the_merged_series_is_lost(facts: Path, tool: ModuleType, district: District) -> None:
    kept = district["observations"]["observed_value"].to_list()
    growths = district["observations"]["published_growth_percent"].to_list()
    for file in ("series", "economy", "throughput"):
        for row in rows(facts, file):
            if row["id"] != "p007":  # the one figure that was replaced, see the district's README
                assert float(row["value"]) in kept + growths, row
            if row.get("growth_percent"):
                assert float(row["growth_percent"]) in growths, row
    assert len(kept) == sum(len(rows(facts, f)) for f in ("series", "economy", "throughput")) - len(tool.REPEATED) + 2


def test_no_figure_of_the_port_equipment_is_lost(facts: Path, tool: ModuleType, district: District) -> None:
    told = rows(facts, "port_equipment")
    wide = [row for row in told if row["item"] in ("berths", "cranes", "t_per_crane_h") and row["berth_type"] != "all"]
    assert district["berths"].height * 3 == len(wide)
    assert district["port_equipment"].height == len(told) - len(wide) + len(tool.ZONE_FIGURES)
    zones = district["port_equipment"].filter(pl.col("item").str.starts_with("zone_"))
    assert set(zones["status"]) == {"assumed"}
    assert zones.filter(~pl.col("equipment_value").is_between("low_value", "high_value")).height == 0
    functions = district["zones"].filter(pl.col("kind") == "zone")["function"]
    assert set(zones["berth_type"]) == set(functions)
    berths = {row["id"]: row for row in district["berths"].to_dicts()}
    columns = {"berths": "berth_count", "cranes": "crane_count", "t_per_crane_h": "crane_rate_t_per_h"}
    for row in wide:
        assert berths[f"{row['terminal']}_{row['berth_type']}"][columns[row["item"]]] == float(row["value"])


def test_vessel_costs_of_the_facts_follow_from_the_rates_of_the_district(facts: Path, district: District) -> None:
    """README of the facts, section 8: crew, capital, upkeep, standing, fuel, cost an hour; each to the digits given."""
    rate = dict(district["rates"].select("id", "rate_value").iter_rows())
    hours, wage, diesel = rate["vessel_hours"], rate["crew_wage"], rate["diesel_price"]
    interest, life, upkeep = rate["vessel_interest"] / 100, rate["vessel_life"], rate["vessel_upkeep"] / 100
    annuity = interest / (1 - (1 + interest) ** -life)
    ours = {row["id"]: row for row in district["vessel_classes"].to_dicts()}
    for told in rows(facts, "vessel_classes"):
        vessel = ours[told["id"]]
        parts = {
            "crew_yuan_per_h": vessel["crew_count"] * wage / hours,
            "capital_yuan_per_h": vessel["price_yuan"] * annuity / hours,
            "upkeep_yuan_per_h": vessel["price_yuan"] * upkeep / hours,
            "fuel_yuan_per_km": vessel["fuel_kg_per_h"] * diesel / vessel["speed_km_per_h"],
        }
        standing = sum(parts[name] for name in parts if name != "fuel_yuan_per_km")
        under_way = rate["running_share"] / 100 * vessel["fuel_kg_per_h"] * diesel
        for name, value in (parts | {"standing_yuan_per_h": standing, "cost_yuan_per_h": standing + under_way}).items():
            assert value == pytest.approx(float(told[name]), rel=6e-4 if name != "cost_yuan_per_h" else 5e-3), (
                told["id"],
                name,
            )


def test_value_of_time_follows_from_value_interest_and_multiplier(district: District) -> None:
    """value x interest / 8760 x multiplier; the middle takes the means and 6 percent."""
    hour = 1 / 100 / 8760
    made = district["cargoes"].select(
        low=pl.col("value_low_yuan_per_t")
        * pl.col("interest_low_percent")
        * pl.col("multiplier_low_factor")
        * hour
        / pl.col("value_of_time_low_yuan_per_t_h"),
        high=pl.col("value_high_yuan_per_t")
        * pl.col("interest_high_percent")
        * pl.col("multiplier_high_factor")
        * hour
        / pl.col("value_of_time_high_yuan_per_t_h"),
        middle=pl.mean_horizontal("value_low_yuan_per_t", "value_high_yuan_per_t")
        * 6
        * pl.mean_horizontal("multiplier_low_factor", "multiplier_high_factor")
        * hour
        / pl.col("value_of_time_yuan_per_t_h"),
    )
    for column in made.iter_columns():
        assert column.to_list() == pytest.approx([1.0] * made.height, rel=0.01)
