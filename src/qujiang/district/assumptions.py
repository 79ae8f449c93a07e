"""Every number that is not certain, with its range; and the assumed ones that have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from qujiang.district.networks import points_of, straight_lengths
from qujiang.district.ranges import find_ends
from qujiang.district.vocabulary import TABLES
from qujiang.tables import Table
from qujiang.tables.values import write
from qujiang.units import SUFFIXES

SCHEMA = pl.Schema(
    {
        "table": pl.String(),
        "row_id": pl.String(),
        "column": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "unit": pl.String(),
        "source": pl.String(),
        "status": pl.String(),
    }
)

_POINT = {"lon_deg": "coord_status", "lat_deg": "coord_status"}
#: Which status column speaks of a number; elsewhere it is ``status``.
STATUS_OF: dict[str, dict[str, str]] = {
    "places": _POINT,
    "zones": _POINT,
    "venues": _POINT,
    "buildings": _POINT,
    "consumption_places": _POINT,
    "towns": _POINT
    | {
        "population_persons": "population_status",
        "population_2020_persons": "population_status",
        "area_km2": "area_status",
    },
    "locks": {
        "length_m": "size_status",
        "width_m": "size_status",
        "sill_m": "size_status",
        "lockage_min": "operation_status",
        "lockages_per_year": "operation_status",
        "vessels_per_lockage_count": "operation_status",
        "overhaul_days": "operation_status",
    },
    "cargoes": {"value_of_time_yuan_per_t_h": "vot_status"},
    "demand_growth": {"elasticity_ratio": "elasticity_status"},
    "peer_ports": {"throughput_t": "throughput_status", "capacity_t_per_year": "capacity_status"},
    "measures": {"today_value": "today_status", "target_value": "target_status"},
}
#: Numbers that name a thing or are computed: they have no range even where their row is assumed.
DEFINITIONS = {
    "year",
    "deadline_year",
    "target_year",
    "today_year",
    "landmark_no",
    "action_no",
    "great_circle_km",
    "dwt_t",
}
DEFINITIONS |= {"hull_tolerance_percent"}
DEFINITIONS |= {"progress_share", "spent_yuan"}  # reported, never assumed
DEFINITIONS |= {"reference_percent"}  # what other numbers suppose
DEFINITIONS |= {"added_value"}  # its range stands with the effect that sets it
#: Tables about the data, not about the district.
ABOUT_DATA = ("sources", "ranges", "checks")
#: A link is never shorter than the straight distance of its ends.
LINK_TABLES = ("water_links", "road_links", "rail_links")


def assumed_numbers(table: Table) -> Iterator[tuple[str, str]]:
    """The numbers of a table that may be assumed: (column, its status column)."""
    ends = {name for pair in find_ends(table) for name in (pair.low, pair.high)}
    if table.name in ABOUT_DATA:
        return
    for column in table.columns:
        status = STATUS_OF.get(table.name, {}).get(column.name, "status")
        if column.numeric and column.name not in ends | DEFINITIONS and status in table.names:
            yield column.name, status


def all_numbers(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every number that is assumed or has a range; ``low`` and ``high`` are null where it has none."""
    found = [
        _of_column(table, column, status, frames)
        for table in TABLES
        if frames[table.name].height
        for column, status in assumed_numbers(table)
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found])


def assumptions(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every uncertain number with its range.

    Returns
    -------
    DataFrame
        ``table, row_id, column, value, low, high, unit, source, status``: all numbers with status assumed, and those derived or
        documented ones that a range of some width belongs to.
    """
    numbers = all_numbers(frames).drop_nulls(["low", "high"])
    return numbers.filter((pl.col("status") == "assumed") | (pl.col("low") < pl.col("high")))


def _of_column(table: Table, column: str, status: str, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    frame = frames[table.name]
    own = next((pair for pair in find_ends(table) if pair.middle == column), None)
    low = pl.col(own.low) if own else pl.lit(None, dtype=pl.Float64)
    high = pl.col(own.high) if own else pl.lit(None, dtype=pl.Float64)
    made = frame.select(
        pl.lit(table.name).alias("table"),
        row_ids(table, frame).alias("row_id"),
        pl.lit(column).alias("column"),
        pl.col(column).cast(pl.Float64).alias("value"),
        low.cast(pl.Float64).alias("low"),
        high.cast(pl.Float64).alias("high"),
        (pl.col("unit") if column.endswith("_value") and "unit" in table.names else pl.lit(suffix_of(column))).alias(
            "unit"
        ),
        pl.col("source").list.join(";").alias("source"),
        pl.col(status).alias("status"),
    )
    for rule in (
        frames["ranges"].filter((pl.col("table") == table.name) & (pl.col("column") == column)).iter_rows(named=True)
    ):
        made = _with_rule(made, rule, matching(table, frame, rule["rows"]))
    made = _clipped(made, table, column, frames)
    return made.filter(pl.col("value").is_not_null() & ((pl.col("status") == "assumed") | pl.col("low").is_not_null()))


def _with_rule(made: pl.DataFrame, rule: Mapping[str, float | None], rows: pl.Series) -> pl.DataFrame:
    value = pl.col("value")

    def end(name: str) -> pl.Expr:
        factor, added = rule[f"{name}_factor"], rule[f"{name}_add_value"]
        return value * factor if factor is not None else value + added if added is not None else pl.lit(None)

    low, high = pl.min_horizontal(end("low"), end("high")), pl.max_horizontal(end("low"), end("high"))
    free = pl.lit(rows) & pl.col("low").is_null() & pl.col("high").is_null()
    return made.with_columns(
        low=pl.when(free).then(low).otherwise(pl.col("low")), high=pl.when(free).then(high).otherwise(pl.col("high"))
    )


def _clipped(made: pl.DataFrame, table: Table, column: str, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Ends inside what the column allows, and around the value."""
    declared = table.column(column)
    made = made.with_columns(
        low=pl.col("low").clip(lower_bound=declared.minimum), high=pl.col("high").clip(upper_bound=declared.maximum)
    )
    if table.name in LINK_TABLES and column == "length_km":
        straight = pl.Series(straight_lengths(frames[table.name], points_of(frames["places"])), dtype=pl.Float64)
        longest = pl.max_horizontal("low", pl.lit(straight))
        made = made.with_columns(low=pl.when(pl.col("low").is_not_null()).then(longest))
    return made.with_columns(low=pl.min_horizontal("low", pl.when(pl.col("low").is_not_null()).then(pl.col("value"))))


def matching(table: Table, frame: pl.DataFrame, terms: str | None) -> pl.Series:
    """Which rows a range holds for: ``all``, or terms separated by ;, each a row's key or column=value."""
    none = pl.Series([False], dtype=pl.Boolean).new_from_index(0, frame.height)
    if terms == "all":
        return ~none
    keys = row_ids(table, frame)
    for term in (terms or "").split(";"):
        column, equals, value = term.partition("=")
        if equals and column in table.names:
            none = none | (write(frame[column]) == value).fill_null(False)
        elif not equals:
            none = none | (keys == term).fill_null(False)
    return none


def row_ids(table: Table, frame: pl.DataFrame) -> pl.Series:
    """The key of each row as text."""
    names = table.key or table.names[:1]
    return frame.select(pl.concat_str([pl.col(name).cast(pl.String) for name in names], separator="+"))[names[0]]


def suffix_of(column: str) -> str:
    """The unit in a column's name.

    >>> suffix_of("capacity_t_per_year")
    't_per_year'
    """
    known = [suffix for suffix in SUFFIXES if f"_{column}".endswith(suffix)]
    return max(known, key=len).removeprefix("_") if known else ""
