"""Places of freight: the port, its hinterland, the cities of the water network, waterway nodes."""

from __future__ import annotations

from qujiang.district.marks import NAME_EN, NAME_ZH, NOTE, SOURCE, STATUS, key, part_status, point
from qujiang.tables import Column, Table

PLACES = Table(
    "places",
    "Places where cargo starts, ends or changes its way",
    (
        key("id by which links, demand and terminals name the place"),
        NAME_ZH,
        NAME_EN,
        Column("aliases", "list", "other names; a name belongs to one place only"),
        Column(
            "kind",
            "choice",
            "what the place is",
            choices=(
                "hub",
                "hinterland",
                "water_city",
                "water_port",
                "junction",
                "road_city",
                "rail_station",
                "airport",
            ),
            required=True,
        ),
        *point(),
        Column("coord_source", "list", "where the point comes from", reference="sources.id"),
        Column("province", "text", "province, in Chinese"),
        Column("water_service", "boolean", "a water service of the port is counted to this city", default=False),
        Column(
            "water_node",
            "text",
            "place where its cargo meets the water; empty when it has no water access",
            reference="places.id",
        ),
        part_status("route_status", "how sure the place on the water network is"),
        STATUS,
        SOURCE,
        NOTE,
    ),
    required=True,
)

TABLES = (PLACES,)
