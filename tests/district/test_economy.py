"""The economy drives demand by cargo: the growth by hand, tables that know nothing of it, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from qujiang.district import TABLE, District
from qujiang.district.district import read
from qujiang.district.economy import effective_growth, points_faster
from qujiang.district.marks import SOURCE
from qujiang.errors import DataError

NEW = ("economy", "elasticity_ratio", "elasticity_low_ratio", "elasticity_high_ratio", "elasticity_status", "note")


def tables(elasticity: float | None = 1.5, growth: float = 5.0) -> dict[str, pl.DataFrame]:
    """Two cargoes, one that follows; the economy's reference is 4 percent a year."""
    return {
        "economy_growth": pl.DataFrame(
            {"id": ["e"], "area": ["A"], "indicator": ["gdp"], "growth_percent": [growth], "reference_percent": [4.0]}
        ),
        "demand_growth": pl.DataFrame(
            {
                "cargo": ["coal", "ore"],
                "growth_percent": [2.0, 3.0],
                "growth_low_percent": [-1.0, 1.0],
                "growth_high_percent": [6.0, 5.0],
                "economy": ["e", None],
                "elasticity_ratio": [elasticity, None],
                "elasticity_low_ratio": [elasticity, None],
                "elasticity_high_ratio": [elasticity, None],
            },
            schema_overrides={f"elasticity_{end}ratio": pl.Float64 for end in ("", "low_", "high_")},
        ),
    }


def test_growth_moves_by_elasticity_times_points_and_its_range_with_it() -> None:
    """2 + 1.5 x (5 - 4) = 3.5; a cargo that follows nothing stays."""
    found = effective_growth(tables())
    assert found["growth_percent"].to_list() == [3.5, 3.0]
    assert found["growth_low_percent"].to_list() == [0.5, 1.0]
    assert found["growth_high_percent"].to_list() == [7.5, 5.0]
    assert points_faster(tables()) == {("A", "gdp"): 1.0}


@pytest.mark.parametrize(("elasticity", "growth"), [(0.0, 9.0), (None, 9.0), (1.5, 4.0)])
def test_nothing_moves_without_elasticity_or_at_the_reference(elasticity: float | None, growth: float) -> None:
    given = tables(elasticity, growth)
    assert effective_growth(given).equals(given["demand_growth"])


def test_tables_that_know_nothing_of_the_economy_come_back_as_they_are() -> None:
    growth = tables()["demand_growth"].select("cargo", "growth_percent")
    assert effective_growth({"demand_growth": growth}) is growth
    assert effective_growth({"demand_growth": growth, "economy_growth": tables()["economy_growth"]}) is growth
    assert points_faster({"demand_growth": growth}) == {}


def test_a_folder_without_the_columns_opens_and_demand_stays(district: District, tmp_path: Path) -> None:
    folder = district.save(tmp_path / "old")
    (folder / "economy_growth.csv").unlink()
    path = folder / "demand_growth.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    kept = [name for name in rows[0] if name not in NEW]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, kept, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    old = District.open(folder)
    assert old["economy_growth"].height == 0
    assert effective_growth(old)["growth_percent"].to_list() == district["demand_growth"]["growth_percent"].to_list()


def test_the_bundled_base_course_is_that_of_the_cargoes_alone(district: District) -> None:
    assert effective_growth(district).equals(district["demand_growth"])
    assert district["demand_growth"]["economy"].drop_nulls().len() >= 20


def test_a_scenario_has_the_economy_grow_faster(district: District, tmp_path: Path) -> None:
    """One point of GDP: each cargo that follows it one point times its elasticity, the ends of ranges with it."""
    path = tmp_path / "faster.toml"
    path.write_text(
        'name_zh = "快"\nname_en = "Faster"\nreason = "a test"\n[[increase]]\ntable = "economy_growth"\nkey = "gdp_city"\n'
        'column = "growth_percent"\nby = 1.0\nreason = "a test"\n',
        encoding="utf-8",
    )
    laid = district.with_scenario(path)
    moved = (effective_growth(laid)["growth_percent"] - district["demand_growth"]["growth_percent"]).to_list()
    for row, points in zip(district["demand_growth"].to_dicts(), moved, strict=True):
        want = row["elasticity_ratio"] if row["economy"] == "gdp_city" else 0.0
        assert points == pytest.approx(want, abs=1e-12), row["cargo"]
    ends = laid["economy_growth"].row(by_predicate=pl.col("id") == "gdp_city", named=True)
    assert ends["growth_high_percent"] == pytest.approx(8.7)


def test_every_fault_of_a_scenario_is_told_at_once(district: District, tmp_path: Path) -> None:
    path = tmp_path / "faulty.toml"
    entries = [
        ("demand_growth", "dg06", 'economy = "gdp_ctiy"'),
        ("economy_growth", "retail_district", "growth_percent = -130.0, growth_low_percent = -140.0"),
        ("demand_growth", "dg01", "elasticity_ratio = 1.0, elasticity_low_ratio = 2.0, elasticity_high_ratio = 3.0"),
    ]
    text = "".join(
        f'[[set]]\ntable = "{table}"\nkey = "{key}"\nvalues = {{ {values} }}\nreason = "a test"\n'
        for table, key, values in entries
    )
    path.write_text('name_zh = "错"\nname_en = "Faulty"\nreason = "a test"\n' + text, encoding="utf-8")
    with pytest.raises(DataError) as told:
        district.with_scenario(path)
    said = {(fault.file.removesuffix(".csv"), fault.column) for fault in told.value.faults}
    assert {("demand_growth", "economy"), ("economy_growth", "growth_percent")} <= said
    assert ("demand_growth", "elasticity_ratio") in said
    assert all(fault.rule and fault.mend for fault in told.value.faults)


def test_check_names_line_column_and_mend(district: District, tmp_path: Path) -> None:
    folder = district.save(tmp_path / "faulty")
    path = folder / "economy_growth.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("衢州市,gdp,", "衢州市,gpd,").replace(",4.1,7.7,", ",,,"),
        encoding="utf-8",
    )
    _, faults = read(folder)
    told = {fault.column: fault for fault in faults}
    assert (told["indicator"].file, told["indicator"].line) == ("economy_growth.csv", 2)
    assert told["indicator"].mend == "did you mean 'gdp'?"
    assert "has no range" in told["growth_percent"].rule  # it is assumed


def test_every_elasticity_of_the_bundled_district_is_marked(district: District) -> None:
    rows = district["demand_growth"].filter(pl.col("economy").is_not_null())
    assert set(rows["elasticity_status"]) == {"assumed"}
    assert rows["note"].null_count() == 0
    ranged = district.assumptions().filter(pl.col("column") == "elasticity_ratio")
    assert ranged.height == rows.height
    assert SOURCE.name in TABLE["economy_growth"].names
