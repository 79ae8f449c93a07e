"""How the economy drives demand: the growth of each cargo moves by its elasticity for each point that its indicator grows off its reference.

    growth of a cargo = its own growth + elasticity x (growth of the indicator - reference)

While an indicator grows at its reference nothing moves. Every reader of demand takes the growth from here.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

#: What a cargo's growth moves by; the ends of its own range move with it.
MOVED = ("growth_percent", "growth_low_percent", "growth_high_percent")


def points_faster(tables: Mapping[str, pl.DataFrame]) -> dict[tuple[str, str], float]:
    """Percentage points a year that each (area, indicator) grows off its reference; positive is faster.

    >>> frame = pl.DataFrame({"area": ["A"], "indicator": ["gdp"], "growth_percent": [6.0], "reference_percent": [5.0]})
    >>> points_faster({"economy_growth": frame})
    {('A', 'gdp'): 1.0}
    """
    rows = tables["economy_growth"].iter_rows(named=True) if "economy_growth" in tables else ()
    return {(row["area"], row["indicator"]): row["growth_percent"] - row["reference_percent"] for row in rows}


def follows(row: Mapping[str, object]) -> bool:
    """Whether a row of ``demand_growth`` follows the economy: it names an indicator, and some elasticity of its range is not 0."""
    ends = (row.get(f"elasticity_{end}ratio") for end in ("", "low_", "high_"))
    return row.get("economy") is not None and row.get("elasticity_ratio") is not None and any(ends)


def effective_growth(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table ``demand_growth`` as the economy leaves it: growth and its range moved, everything else as it is.

    Parameters
    ----------
    tables
        With ``demand_growth`` and, where cargoes follow the economy, ``economy_growth``. A table without the columns of the
        economy comes back as it is.
    """
    growth = tables["demand_growth"]
    if "elasticity_ratio" not in growth.columns or "economy_growth" not in tables:
        return growth
    economy = tables["economy_growth"]
    points = (economy["growth_percent"] - economy["reference_percent"]).to_list()
    of = dict(zip(economy["id"], points, strict=True))
    moves = [
        row["elasticity_ratio"] * of[row["economy"]] if follows(row) else 0.0 for row in growth.iter_rows(named=True)
    ]
    return growth.with_columns(pl.col(name) + pl.Series(moves, dtype=pl.Float64) for name in MOVED)
