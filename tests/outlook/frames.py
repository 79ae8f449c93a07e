"""Small hand-made tables in the district's form."""

from __future__ import annotations

from typing import Any

import polars as pl

OBSERVATION = {
    "id": pl.String,
    "area": pl.String,
    "indicator": pl.String,
    "basis": pl.String,
    "period_start": pl.String,
    "period_end": pl.String,
    "observed_value": pl.Float64,
    "unit": pl.String,
    "published_growth_percent": pl.Float64,
    "growth_basis": pl.String,
    "status": pl.String,
    "source": pl.String,
}
MEASURE = {
    "id": pl.String,
    "landmark_no": pl.Int64,
    "name_zh": pl.String,
    "name_en": pl.String,
    "unit": pl.String,
    "today_value": pl.Float64,
    "today_low_value": pl.Float64,
    "today_high_value": pl.Float64,
    "today_status": pl.String,
    "target_value": pl.Float64,
    "target_low_value": pl.Float64,
    "target_high_value": pl.Float64,
    "target_year": pl.Int64,
    "target_status": pl.String,
    "target_year_status": pl.String,
    "bound": pl.String,
    "counts": pl.Boolean,
    "model": pl.String,
    "model_argument": pl.String,
}


def observations(*rows: dict[str, Any]) -> pl.DataFrame:
    """A table of observations; what a row leaves out is retail sales of the district in yuan, documented."""
    usual = {
        "area": "衢江区",
        "indicator": "retail_sales",
        "basis": "ytd",
        "unit": "yuan",
        "growth_basis": "nominal",
        "status": "documented",
        "source": "PLAN",
    }
    full = [
        {name: (usual | {"id": f"s{n:03}"} | row).get(name) for name in OBSERVATION} for n, row in enumerate(rows, 1)
    ]
    return pl.DataFrame(full, schema=OBSERVATION)


def seen(start: str, end: str, value: float, growth_percent: Any = None, **more: Any) -> dict[str, Any]:
    """One observation."""
    return {
        "period_start": start,
        "period_end": end,
        "observed_value": value,
        "published_growth_percent": growth_percent,
    } | more


def measures(*rows: dict[str, Any]) -> pl.DataFrame:
    """A table of measures; what a row leaves out is a counted growth measure of landmark 3 for 2027."""
    usual = {
        "landmark_no": 3,
        "name_zh": "社会消费品零售总额",
        "name_en": "retail sales",
        "unit": "yuan_per_year",
        "today_status": "derived",
        "target_year": 2027,
        "target_status": "assumed",
        "target_year_status": "assumed",
        "bound": ">=",
        "counts": True,
        "model": "growth",
        "model_argument": "retail_sales",
    }
    full = [{name: (usual | {"id": f"m{n:02}"} | row).get(name) for name in MEASURE} for n, row in enumerate(rows, 1)]
    return pl.DataFrame(full, schema=MEASURE)
