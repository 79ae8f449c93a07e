"""The port: terminals, berths, equipment, neighbouring ports, zones around it."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, key, part_status, point, ranged
from qujiang.tables import Column, Table

NO_PORT = "the port is not simulated"
DATE = r"\d{4}(-\d{2}(-\d{2})?)?"

TERMINALS = Table(
    "terminals",
    "Terminals with berths and documented capacity",
    (
        key(),
        Column("name", "text", "name", required=True),
        Column("name_zh", "text", "Chinese name", if_absent="the Chinese part of name is shown"),
        Column("name_en", "text", "English name", if_absent="the other part of name is shown"),
        Column("place", "text", "where it lies", reference="places.id", required=True),
        Column("berth_count", "integer", "berths", minimum=0),
        Column("berth_class_t", "number", "nominal ship class of the berths", minimum=0),
        Column("capacity_t_per_year", "number", "documented capacity", minimum=0),
        Column("quay_m", "number", "length of the quay", minimum=0),
        Column("land_m2", "number", "land", minimum=0),
        Column("container_yard_m2", "number", "container yard", minimum=0),
        Column("opened", "text", "opening date", pattern=DATE),
        Column("state", "choice", "state", choices=("open", "built", "main_structure_done", "planned"), required=True),
        Column("is_total", "boolean", "sums other rows of the same place: never add it to them", default=False),
        *MARKS,
    ),
    if_absent=NO_PORT,
)

BERTHS = Table(
    "berths",
    "Berths and cranes of a terminal by kind of berth",
    (
        key(),
        Column("terminal", "text", "the terminal", reference="terminals.id", required=True),
        Column(
            "berth_type",
            "choice",
            "what the berth handles",
            choices=("dry_bulk", "general", "container"),
            required=True,
        ),
        *ranged("berth", "count", "berths", type="integer", minimum=0, required=True),
        *ranged("crane", "count", "cranes on them", type="integer", minimum=0, required=True),
        *ranged(
            "crane_rate", "t_per_h", "yearly mean rate of a crane, pauses inside", exclusive_minimum=0, required=True
        ),
        *MARKS,
    ),
    if_absent=NO_PORT,
)

PORT_EQUIPMENT = Table(
    "port_equipment",
    "Other working figures of a terminal: hours, days, yard, gate, customs",
    (
        key(),
        Column("terminal", "text", "the terminal", reference="terminals.id", required=True),
        Column("item", "text", "what is counted", required=True),
        Column("berth_type", "text", "for which berths or goods", required=True),
        Column("equipment_value", "number", "value", required=True),
        Column("low_value", "number", "low end"),
        Column("high_value", "number", "high end"),
        Column("unit", "text", "unit of the value", required=True),
        *MARKS,
    ),
    if_absent=NO_PORT,
)

PEER_PORTS = Table(
    "peer_ports",
    "Neighbouring ports: throughput and capacity",
    (
        key(),
        Column("port", "text", "short name of the port", required=True),
        NAME_ZH,
        NAME_EN,
        Column("year", "integer", "calendar year", minimum=1900, maximum=2200, required=True),
        *ranged("throughput", "t", "tonnes in the year", minimum=0),
        *ranged("capacity", "t_per_year", "capacity of the berths", minimum=0),
        part_status("throughput_status", "how sure the throughput is"),
        part_status("capacity_status", "how sure the capacity is"),
        *MARKS,
    ),
    if_absent="the port is compared with no other",
)

ZONES = Table(
    "zones",
    "The core and the zones of the port industrial park",
    (
        key(),
        Column("kind", "choice", "core or zone", choices=("core", "zone"), required=True),
        NAME_ZH,
        NAME_EN,
        Column("function", "text", "what it is for"),
        Column("area_m2", "number", "area", minimum=0),
        *point(),
        Column("meaning_en", "text", "what it is, in one sentence"),
        *MARKS,
    ),
    if_absent="no zone is shown",
)

TABLES = (TERMINALS, BERTHS, PORT_EQUIPMENT, PEER_PORTS, ZONES)
