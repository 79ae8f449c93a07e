"""The vocabulary: every table that a district may hold, in reading order."""

from __future__ import annotations

from qujiang.district import (
    buildings,
    cargoes,
    emissions,
    indicators,
    money,
    people,
    places,
    plan,
    port,
    road_rail_air,
    sources,
    water,
)
from qujiang.district.ranges import with_end_rules
from qujiang.tables import Table

_DECLARED: tuple[Table, ...] = (
    *plan.TABLES,
    *indicators.TABLES,
    *places.TABLES,
    *water.TABLES,
    *road_rail_air.TABLES,
    *cargoes.TABLES,
    *port.TABLES,
    *money.TABLES,
    *emissions.TABLES,
    *people.TABLES,
    *buildings.TABLES,
    *sources.TABLES,
)
#: With the rule that every range holds its value.
TABLES: tuple[Table, ...] = tuple(with_end_rules(table) for table in _DECLARED)

TABLE: dict[str, Table] = {table.name: table for table in TABLES}
