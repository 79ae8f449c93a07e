"""Road, rail and air: links, expressways, the rail tariff."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, key
from qujiang.district.water import LINK_STATES
from qujiang.tables import Column, Table

LENGTH = Column("length_km", "number", "length along the way", exclusive_minimum=0, required=True)
FROM = Column("from_place", "text", "one end", reference="places.id", required=True)
TO = Column("to_place", "text", "other end", reference="places.id", required=True)
STATE = Column("state", "choice", "only open links carry today", choices=LINK_STATES, required=True)

ROAD_LINKS = Table(
    "road_links",
    "Roads between places; both directions",
    (
        key(),
        FROM,
        TO,
        LENGTH,
        Column("great_circle_km", "number", "straight distance of the two points, computed", minimum=0),
        Column(
            "capacity_veh_per_h",
            "number",
            "practical capacity of one direction",
            exclusive_minimum=0,
            if_absent="its flow delays nobody",
        ),
        Column(
            "counted_veh_per_h",
            "number",
            "vehicles counted in one direction, own lorries inside",
            minimum=0,
            if_absent="its flow delays nobody",
        ),
        STATE,
        *MARKS,
    ),
    if_absent="nothing goes by road",
)

HIGHWAYS = Table(
    "highways",
    "Expressways of the district and its corridors",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("length_km", "number", "length", exclusive_minimum=0),
        STATE,
        Column("opened", "text", "opening date, YYYY, YYYY-MM or YYYY-MM-DD", pattern=r"\d{4}(-\d{2}(-\d{2})?)?"),
        *MARKS,
    ),
    if_absent="no expressway is shown",
)

RAIL_LINKS = Table(
    "rail_links",
    "Railways between places; both directions",
    (
        key(),
        FROM,
        TO,
        LENGTH,
        Column("line", "text", "name of the line"),
        Column("speed_km_per_h", "number", "line speed; trains are slower, see rates", exclusive_minimum=0),
        Column("freight", "boolean", "carries freight", default=True),
        STATE,
        *MARKS,
    ),
    if_absent="nothing goes by rail",
)

RAIL_TARIFFS = Table(
    "rail_tariffs",
    "Rail freight: base + distance x km, by class and version",
    (
        key(),
        Column("class", "text", "tariff class, named by cargoes.rail_class", required=True),
        Column("version", "text", "version of the tariff", required=True),
        Column("effective", "text", "from when it holds, as published"),
        Column("base_value", "number", "charge for loading and starting", minimum=0),
        Column("distance_value", "number", "charge for one kilometre", minimum=0),
        Column("base_unit", "text", "unit of the base charge"),
        Column("distance_unit", "text", "unit of the distance charge"),
        *MARKS,
    ),
    if_absent="nothing goes by rail",
)

AIR_LINKS = Table(
    "air_links",
    "Straight distances from the airport to airports elsewhere",
    (
        key(),
        FROM,
        Column("to_zh", "text", "airport or city, in Chinese", required=True),
        Column("to_en", "text", "airport or city, in English", required=True),
        Column("great_circle_km", "number", "straight distance", exclusive_minimum=0, required=True),
        Column("direct_service", "choice", "is there a direct flight", choices=("yes", "no", "unknown")),
        *MARKS,
    ),
    if_absent="nothing goes by air",
)

TABLES = (ROAD_LINKS, HIGHWAYS, RAIL_LINKS, RAIL_TARIFFS, AIR_LINKS)
