"""People and where they go: towns, population, venues, buildings, shopping places, short drama."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, key, part_status, point
from qujiang.tables import Column, Table

DATE = r"\d{4}(-\d{2}(-\d{2})?)?(/\d{4})?"

TOWNS = Table(
    "towns",
    "Township-level units",
    (
        Column("id", "text", "official code of the unit", key=True, pattern=r"\d{9}"),
        NAME_ZH,
        NAME_EN,
        Column("kind", "choice", "kind of unit", choices=("street_office", "town", "township"), required=True),
        Column("population_persons", "integer", "people, of mixed years and kinds", minimum=0),
        Column("population_note", "text", "year and kind of the population"),
        Column("population_2020_persons", "integer", "people, scaled to the census total of 2020", minimum=0),
        Column("area_km2", "number", "area", exclusive_minimum=0),
        *point(),
        part_status("population_status", "how sure the population is"),
        part_status("area_status", "how sure the area is"),
        *MARKS,
    ),
    if_absent="nobody's way to culture is measured",
)

POPULATION = Table(
    "population",
    "Census and resident counts, urban and age shares",
    (
        key(),
        Column("area", "text", "area; areas stand in district.toml", required=True),
        Column("year", "integer", "calendar year", minimum=1900, maximum=2200, required=True),
        Column("population_value", "number", "persons, or a fraction of them", minimum=0, required=True),
        Column("unit", "choice", "unit of the value", choices=("persons", "fraction"), required=True),
        Column("kind", "text", "which count or share it is", required=True),
        *MARKS,
    ),
    if_absent="no population is shown",
)

VENUES = Table(
    "venues",
    "Named public and leisure venues",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("kind", "text", "what it is", required=True),
        Column("opened", "text", "when it opened", pattern=DATE),
        Column("state", "choice", "state", choices=("open", "nearly_complete", "planned"), required=True),
        Column("is_class", "boolean", "stands for many venues of one kind", default=False),
        Column("indicators", "list", "figures of the plan that belong to it", reference="indicators.id"),
        Column("known", "text", "what else is known"),
        *point(),
        *MARKS,
    ),
    if_absent="nobody's way to culture is measured",
)

BUILDINGS = Table(
    "buildings",
    "Named office buildings",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("kind", "choice", "one building, or a total of many", choices=("building", "aggregate"), required=True),
        Column("floor_area_m2", "number", "gross floor area", minimum=0),
        Column("tenant_count", "integer", "firms inside", minimum=0),
        *point(),
        *MARKS,
    ),
    if_absent="no building is surveyed",
)

CONSUMPTION_PLACES = Table(
    "consumption_places",
    "Named shopping and leisure streets",
    (key(), NAME_ZH, NAME_EN, Column("kind", "text", "what it is", required=True), *point(), *MARKS),
    if_absent="no shopping place is shown",
)

SHORT_DRAMA_TIERS = Table(
    "short_drama_tiers",
    "Filing tiers of short dramas, with the dates from which they hold",
    (
        key(),
        Column("effective_from", "date", "first day", required=True),
        Column("effective_to", "date", "last day; empty when it still holds"),
        Column("tier_zh", "text", "tier, in Chinese", required=True),
        Column("tier_en", "text", "tier, in English", required=True),
        Column("least_yuan", "number", "cost of the drama, from (inclusive)", minimum=0),
        Column("below_yuan", "number", "cost of the drama, to (exclusive)", minimum=0),
        Column("condition", "text", "other condition"),
        Column("reviewer", "text", "who reviews it", required=True),
        *MARKS,
    ),
    if_absent="short dramas have no filing tier",
)

TABLES = (TOWNS, POPULATION, VENUES, BUILDINGS, CONSUMPTION_PLACES, SHORT_DRAMA_TIERS)
