"""Cargoes, how much of them goes from where to where, and how that grows with the economy."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, NOTE, SOURCE, STATUS, ends, key, part_status, ranged
from qujiang.tables import Column, Table

CARGOES = Table(
    "cargoes",
    "Kinds of cargo: handling, share of a year's tonnes, value of time",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("aliases", "list", "other names; a name belongs to one cargo only"),
        Column(
            "handling",
            "choice",
            "how it is handled",
            choices=("dry_bulk", "covered_bulk", "break_bulk", "container"),
            required=True,
        ),
        Column("direction", "choice", "inward or outward, seen from the port", choices=("in", "out"), required=True),
        *ranged("share", "percent", "share of the port's tonnes", minimum=0, maximum=100),
        *ends("value", "yuan_per_t", "value of the goods", minimum=0),
        *ends("interest", "percent", "interest a year on the value", minimum=0),
        *ends("multiplier", "factor", "safety stock, late delivery and decay over plain interest", minimum=0),
        *ranged("value_of_time", "yuan_per_t_h", "value x interest / 8760 x multiplier", minimum=0),
        part_status("vot_status", "how sure the value of time is"),
        Column("rail_class", "text", "class of the rail tariff", reference="rail_tariffs.class"),
        Column("container_share", "number", "part of its tonnes that travels in boxes", minimum=0, maximum=1),
        Column("bulk_density_t_per_m3", "number", "bulk density", exclusive_minimum=0),
        Column("covered", "boolean", "must be kept dry", default=False),
        Column("dangerous", "boolean", "dangerous goods", default=False),
        Column("named_in", "choice", "who names the cargo: the plan, or another source", choices=("plan", "source")),
        *MARKS,
    ),
    if_absent="no freight is computed",
)

DEMAND = Table(
    "demand",
    "Tonnes a year from place to place; the observed mode is a thing to test a mode choice with, never an input",
    (
        key(),
        Column("origin", "text", "where it starts", reference="places.id", required=True),
        Column("destination", "text", "where it ends", reference="places.id", required=True),
        Column("cargo", "text", "what it is", reference="cargoes.id", required=True),
        *ranged("demand", "t_per_year", "tonnes a year", minimum=0, required=True),
        Column("observed_mode", "choice", "how it is said to travel", choices=("water", "road", "rail", "air")),
        Column("observed_via", "text", "place it is said to pass", reference="places.id"),
        STATUS,
        SOURCE,
    ),
    if_absent="no freight is computed",
)

ECONOMY_GROWTH = Table(
    "economy_growth",
    "Indicators of the economy that demand follows, and how they grow",
    (
        key(),
        Column("area", "text", "area; stands in district.toml", required=True),
        Column("indicator", "text", "what is counted, as in observations", required=True),
        *ranged(
            "growth",
            "percent",
            "growth a year; the range is drawn from where the series cannot be foreseen",
            exclusive_minimum=-100,
            required=True,
        ),
        Column(
            "reference_percent",
            "number",
            "growth a year that the cargoes' own growth supposes; a scenario that has the economy grow faster changes growth_percent, not this",
            exclusive_minimum=-100,
            required=True,
        ),
        *MARKS,
    ),
    if_absent="demand does not follow the economy",
)

DEMAND_GROWTH = Table(
    "demand_growth",
    "Growth of each cargo's demand a year",
    (
        key(),
        Column("cargo", "text", "the cargo", reference="cargoes.id", required=True),
        *ranged(
            "growth",
            "percent",
            "growth a year while the economy grows at its reference",
            exclusive_minimum=-100,
            required=True,
        ),
        Column("driver", "text", "what drives it"),
        Column("correlation_group", "text", "cargoes of one group grow and fall together"),
        Column(
            "economy",
            "text",
            "indicator that it follows",
            reference="economy_growth.id",
            if_absent="it does not follow the economy",
        ),
        *ranged("elasticity", "ratio", "points of its growth for one point of the indicator's growth"),
        part_status("elasticity_status", "how sure the elasticity is"),
        STATUS,
        SOURCE,
        NOTE,
    ),
    if_absent="demand stays as it is",
)

TABLES = (CARGOES, DEMAND, ECONOMY_GROWTH, DEMAND_GROWTH)
