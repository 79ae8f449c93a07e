"""Emissions of moving and handling."""

from __future__ import annotations

from qujiang.district.marks import MARKS, key
from qujiang.tables import Column, Table

EMISSION_FACTORS = Table(
    "emission_factors",
    "Emission intensities, well to tank, tank to wheel and both",
    (
        key(),
        Column("mode", "text", "mode", required=True),
        Column("description", "text", "what it is, in English", required=True),
        Column("description_zh", "text", "what it is, in Chinese", if_absent="description is shown"),
        Column("well_to_tank_value", "number", "making and bringing the fuel", minimum=0),
        Column("tank_to_wheel_value", "number", "burning the fuel", minimum=0),
        Column("well_to_wheel_value", "number", "both together", minimum=0, required=True),
        Column("unit", "text", "unit of the three values", required=True),
        Column("version", "text", "edition of the publication", required=True),
        Column("verify", "boolean", "to be compared with the original before any claim", default=True),
        *MARKS,
    ),
    if_absent="no emissions are computed",
)

TABLES = (EMISSION_FACTORS,)
