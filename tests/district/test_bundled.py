"""The bundled district: complete, without fault, and read back as written."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from qujiang.district import TABLE, TABLES, District
from qujiang.district.networks import open_graph, parts
from qujiang.errors import QujiangError
from qujiang.units import unit_of


def test_it_has_no_fault(district: District) -> None:
    assert district.check() == ()


def test_every_numeric_column_says_its_unit() -> None:
    bare = [f"{t.name}.{c.name}" for t in TABLES for c in t.columns if c.numeric and unit_of(c.name) is None]
    assert bare == []


def test_every_column_and_table_has_a_meaning() -> None:
    assert all(table.meaning and (table.required or table.if_absent) for table in TABLES)
    assert all(column.meaning for table in TABLES for column in table.columns)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("indicators", 47),
        ("cargoes", 39),
        ("water_services", 32),
        ("landmarks", 6),
        ("measures", 22),
        ("actions", 6),
        ("zones", 7),
    ],
)
def test_its_known_numbers_of_rows(district: District, table: str, rows: int) -> None:
    assert district[table].height == rows


def test_every_row_has_a_source_and_a_status(district: District) -> None:
    for table in TABLES:
        if table.name != "sources":
            assert district[table.name]["status"].null_count() == 0, table.name
            assert district[table.name]["source"].list.len().min() > 0, table.name


def test_every_table_of_the_vocabulary_is_filled(district: District) -> None:
    assert [name for name, frame in district.items() if frame.is_empty()] == []


def test_water_reaches_the_canal_the_yangtze_ningbo_zhoushan_and_shanghai(district: District) -> None:
    home = next(part for part in parts(open_graph(district["water_links"])) if "qj_port" in part)
    assert {"hangzhou", "jining", "nanjing", "wuhan", "ningbo", "zhoushan", "shanghai"} <= home
    assert "huibu" not in home


def test_services_lead_to_32_cities_in_7_provinces(district: District) -> None:
    places = district["places"]
    served = places.filter(pl.col("id").is_in(district["water_services"]["city"].implode()))
    assert served.height == 32
    assert served["province"].n_unique() == 7


def test_shared_locks_have_the_traffic_of_others(district: District) -> None:
    assert {"fuchunjiang", "sanbao", "babao"} <= set(district["background"]["lock"])


def test_what_is_saved_opens_as_the_same_district(district: District, tmp_path: Path) -> None:
    again = District.open(district.save(tmp_path / "copy"))
    assert again.hash == district.hash
    assert again.info == district.info
    assert again.scenarios == district.scenarios
    for name in TABLE:
        assert again[name].equals(district[name]), name


def test_saving_never_overwrites(district: District, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(QujiangError, match="not an empty folder"):
        district.save(tmp_path / "mine")
    assert [path.name for path in (tmp_path).iterdir()] == ["mine"]


def test_the_hash_is_of_what_the_tables_say(folder: Path, district: District) -> None:
    locks = folder / "locks.csv"
    locks.write_bytes(b"\xef\xbb\xbf" + locks.read_bytes().replace(b"\n", b"\r\n"))
    assert District.open(folder).hash == district.hash
    zones = folder / "zones.csv"
    zones.write_text(zones.read_text(encoding="utf-8").replace("666666.7", "666666.8"), encoding="utf-8")
    assert District.open(folder).hash != district.hash


def test_every_assumed_number_has_a_range_around_it(district: District) -> None:
    ranges = district.assumptions()
    assert ranges.columns[:8] == ["table", "row_id", "column", "value", "low", "high", "unit", "source"]
    assert ranges.filter(~pl.col("value").is_between("low", "high")).is_empty()
    assert ranges.filter(pl.col("status") == "assumed").height > 2_500
    assert ranges.null_count().select(pl.sum_horizontal(pl.all())).item() == 0


@pytest.mark.parametrize(
    ("table", "row_id", "column", "low", "high"),
    [
        ("rates", "diesel_price", "rate_value", 6.2, 8.5),  # own columns
        ("locks", "tadi", "width_m", 23 * 0.8, 23 * 1.3),  # a factor of ranges.csv
        ("places", "qj_port", "lon_deg", 118.91, 118.97),  # an addition
        ("cargoes", "box_in", "container_share", 0.8, 1.0),  # capped by the column
        ("road_links", "r074", "length_km", 340 * 0.92, 340 * 1.15),
    ],
)
def test_known_ranges(district: District, table: str, row_id: str, column: str, low: float, high: float) -> None:
    found = district.assumptions().row(
        by_predicate=(pl.col("table") == table) & (pl.col("row_id") == row_id) & (pl.col("column") == column),
        named=True,
    )
    assert (found["low"], found["high"]) == pytest.approx((low, high))


def test_no_link_gets_shorter_than_straight_in_its_range(district: District) -> None:
    lengths = district.assumptions().filter((pl.col("table") == "road_links") & (pl.col("column") == "length_km"))
    straight = district["road_links"].select(pl.col("id").alias("row_id"), "great_circle_km")
    both = lengths.join(straight, on="row_id")
    assert both.height == 145
    assert both.filter(pl.col("low") < pl.col("great_circle_km") - 0.1).is_empty()
