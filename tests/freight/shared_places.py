"""The six places with a lock that has chambers, a count of others, and only coal where a case is to be solved by hand."""

from __future__ import annotations

import polars as pl

from qujiang.freight.assign import assign
from qujiang.freight.congestion import build_congestion, fit_lock_waits
from qujiang.freight.problem import build_problem
from tests.freight.conftest import small_tables

BACKGROUND = {"growth_low_percent": 0.0, "growth_high_percent": 0.0}


def congested_tables(
    *, lockages: float = 400.0, chambers: int = 1, others: float = 20.0, coal_only: bool = False, roads: bool = True
) -> dict[str, pl.DataFrame]:
    """One vessel a lockage, so that a lock's capacity in vessels is its lockages; ``weir`` is counted as well."""
    tables = small_tables()
    tables["locks"] = tables["locks"].with_columns(
        pl.lit(chambers).alias("chamber_count"), pl.lit(float(lockages)).alias("lockages_per_year"),
        pl.lit(1.0).alias("vessels_per_lockage_count"),
    )  # fmt: skip
    tables["background"] = pl.DataFrame(
        [{"lock": "gate", "year": 2024, "direction": "both", "vessels_count": others, **BACKGROUND}]
    )
    if coal_only:
        tables["demand"] = tables["demand"].filter(pl.col("cargo") == "coal")
        tables["rail_links"] = tables["rail_links"].with_columns(pl.lit("closed").alias("state"))
        tables["channel_limits"] = tables["channel_limits"].with_columns(pl.lit(3.0).alias("depth_m"))
    if not roads:
        keep = pl.col("id").is_in(["r1", "r3", "r4"])
        tables["road_links"] = tables["road_links"].with_columns(
            pl.when(keep).then(pl.lit("open")).otherwise(pl.lit("closed")).alias("state")
        )
    return tables


def small(tables: dict[str, pl.DataFrame], **options):
    """Problem of the six places."""
    return build_problem(tables, port_place="port", base_year=2024, **options)


def shrunk(tables: dict[str, pl.DataFrame], lockages: float, chambers: int | None = None) -> dict[str, pl.DataFrame]:
    """The same places after a lock has changed."""
    changed = tables["locks"].with_columns(pl.lit(float(lockages)).alias("lockages_per_year"))
    if chambers is not None:
        changed = changed.with_columns(pl.lit(chambers).alias("chamber_count"))
    return {**tables, "locks": changed}


def prepared(tables: dict[str, pl.DataFrame], later: dict[str, pl.DataFrame] | None = None, **options):
    """Problem, lock waits of the base year, and congestion of ``later`` (the same tables without it)."""
    problem = small(tables)
    waits = fit_lock_waits(tables, assign(problem))
    return problem, waits, build_congestion(problem, later or tables, waits, **options)
