"""Unit costs, and the speeds and hours that go with them."""

from __future__ import annotations

from qujiang.district.marks import MARKS, key
from qujiang.tables import Column, Table

RATES = Table(
    "rates",
    "Unit costs and working figures with low and high",
    (
        key(),
        Column("mode", "text", "mode or part of the chain", required=True),
        Column("description", "text", "what it is, in English", required=True),
        Column("description_zh", "text", "what it is, in Chinese", if_absent="description is shown"),
        Column("rate_value", "number", "value", required=True),
        Column("low_value", "number", "low end", required=True),
        Column("high_value", "number", "high end", required=True),
        Column("unit", "text", "unit of the value", required=True),
        Column(
            "use",
            "choice",
            "input; check: compare a result with it; hold_out: compare only at the end; scenario; comparison: older or parallel figure",
            choices=("input", "check", "hold_out", "scenario", "comparison"),
            required=True,
        ),
        *MARKS,
    ),
    if_absent="no freight is computed",
)

TABLES = (RATES,)
