"""The waterway: links, their depths, locks, what passes them, services."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, ends, key, part_status, ranged
from qujiang.tables import Column, Table

LINK_STATES = ("open", "under_construction", "closed", "planned")
NO_WATER = "nothing goes by water"

WATER_LINKS = Table(
    "water_links",
    "The waterway, segment by segment; both directions",
    (
        key(),
        Column("from_place", "text", "one end", reference="places.id", required=True),
        Column("to_place", "text", "other end", reference="places.id", required=True),
        Column("length_km", "number", "length along the channel", exclusive_minimum=0, required=True),
        Column("class_t", "number", "nominal ship class today; it does not bound the load", minimum=0),
        Column("class_planned_t", "number", "nominal ship class later", minimum=0),
        Column("waterway", "choice", "kind of water", choices=("river", "yangtze", "coastal"), required=True),
        Column("state", "choice", "only open links carry today", choices=LINK_STATES, required=True),
        Column("locks", "list", "locks on the link, in order", reference="locks.id"),
        *MARKS,
    ),
    if_absent=NO_WATER,
)

CHANNEL_LIMITS = Table(
    "channel_limits",
    "Which vessel fits a water link and how deep it may load, by season",
    (
        key(),
        Column("link", "text", "the water link", reference="water_links.id", required=True),
        Column("season", "choice", "season", choices=("normal", "low_water"), required=True),
        Column(
            "months",
            "text",
            "months of the season, first-last, MM-MM",
            pattern=r"(0[1-9]|1[0-2])-(0[1-9]|1[0-2])",
            required=True,
        ),
        *ranged("depth", "m", "depth of the channel", exclusive_minimum=0),
        *ranged("beam", "m", "beam of the widest vessel", exclusive_minimum=0),
        *ranged("air_draught", "m", "clear height under the lowest bridge", exclusive_minimum=0),
        *MARKS,
    ),
    if_absent="depth, beam and height limit no vessel",
)

LOCKS = Table(
    "locks",
    "Locks: size, time of a lockage, lockages a year, and the design tonnage as a comparison line",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("waterway", "text", "river or canal"),
        Column("chamber_count", "integer", "chambers side by side", minimum=1, required=True),
        Column("length_m", "number", "length of a chamber", exclusive_minimum=0, required=True),
        Column("width_m", "number", "width of a chamber", exclusive_minimum=0, required=True),
        Column("sill_m", "number", "water on the sill: counts as a depth", exclusive_minimum=0, required=True),
        Column("lift_m", "number", "difference of the water levels", minimum=0),
        Column("class_t", "number", "nominal ship class", minimum=0),
        Column("capacity_t_per_year", "number", "nominal design tonnage: a comparison line, never a wall", minimum=0),
        Column(
            "capacity_direction", "choice", "what the design tonnage counts", choices=("one_way", "both", "unknown")
        ),
        Column("capacity_basis", "choice", "tonnes of cargo or of ships", choices=("cargo", "ship", "unknown")),
        *ranged("lockage", "min", "one chamber movement with its vessels", exclusive_minimum=0, required=True),
        *ranged("lockages", "per_year", "chamber movements possible a year, all chambers", minimum=0, required=True),
        *ranged("vessels_per_lockage", "count", "vessels in one chamber movement, mean", minimum=0, required=True),
        *ends("area_fill", "share", "part of the chamber that vessels cover", minimum=0, maximum=1),
        *ranged("overhaul", "days", "days closed a year for overhaul", minimum=0, maximum=366),
        part_status("size_status", "how sure length, width and sill are"),
        part_status("operation_status", "how sure minutes, lockages, vessels and overhaul are"),
        part_status("traffic_status", "how sure the counted passage is (lock_counts)"),
        *MARKS,
    ),
    if_absent="no link has a lock",
)

LOCK_COUNTS = Table(
    "lock_counts",
    "What was counted at a lock in a year",
    (
        key(),
        Column("lock", "text", "the lock", reference="locks.id", required=True),
        Column("year", "integer", "calendar year", minimum=1900, maximum=2200, required=True),
        Column("lockages_count", "integer", "chamber movements counted", minimum=0),
        Column("vessels_count", "integer", "vessels counted", minimum=0),
        Column("passed_t", "number", "tonnes counted", minimum=0),
        *MARKS,
    ),
    if_absent="no lock is compared with a count",
)

BACKGROUND = Table(
    "background",
    "Traffic of other ports at shared locks; use the row `both`, or `up` and `down` together",
    (
        key(),
        Column("lock", "text", "the lock", reference="locks.id", required=True),
        Column("year", "integer", "calendar year", minimum=1900, maximum=2200, required=True),
        Column("direction", "choice", "direction", choices=("both", "up", "down"), required=True),
        Column("vessels_count", "integer", "vessels a year", minimum=0),
        *ranged("passed", "t", "tonnes in the year", minimum=0, required=True),
        *ends("growth", "percent", "growth a year"),
        *MARKS,
    ),
    if_absent="the district's own traffic is alone at every lock",
)

WATER_SERVICES = Table(
    "water_services",
    "Water routes that the port serves, one for each city served",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("from_place", "text", "port", reference="places.id", required=True),
        Column(
            "to_place", "text", "node of the waterway where the city is reached", reference="places.id", required=True
        ),
        Column("city", "text", "city that the service is counted to", reference="places.id", required=True),
        *ranged("departures", "per_week", "departures a week", minimum=0),
        Column("closed_months", "text", "months without service, MM-MM", pattern=r"((0[1-9]|1[0-2])-(0[1-9]|1[0-2]))?"),
        *MARKS,
    ),
    if_absent="no scheduled service: vessels sail when they are full",
)

VESSEL_CLASSES = Table(
    "vessel_classes",
    "Example vessels: hull, speed, price, crew and fuel; their costs are computed from rates",
    (
        key(),
        Column("name", "text", "name of the class, in English", required=True),
        Column("name_zh", "text", "name of the class, in Chinese", if_absent="made of its deadweight or boxes"),
        Column("dwt_t", "number", "deadweight: names the class", exclusive_minimum=0, required=True),
        *ranged("payload", "t", "load at full draught", exclusive_minimum=0, required=True),
        Column("length_m", "number", "length of the hull", exclusive_minimum=0, required=True),
        Column("beam_m", "number", "beam of the hull", exclusive_minimum=0, required=True),
        Column("draught_m", "number", "draught with full load", exclusive_minimum=0, required=True),
        Column("draught_empty_m", "number", "draught without load", minimum=0, required=True),
        Column(
            "draught_t_per_cm", "number", "tonnes for one centimetre of draught", exclusive_minimum=0, required=True
        ),
        Column("air_draught_laden_m", "number", "height above water, laden", exclusive_minimum=0),
        Column("air_draught_empty_m", "number", "height above water, empty", exclusive_minimum=0),
        Column("hull_tolerance_percent", "number", "how far hulls of the class differ", minimum=0),
        *ranged("speed", "km_per_h", "speed through the water", exclusive_minimum=0, required=True),
        Column("capacity_teu", "integer", "boxes on board", minimum=0, default=0),
        Column("carries", "choice", "what the class carries", choices=("bulk", "boxes", "both"), required=True),
        Column("price_yuan", "number", "price of a new vessel", minimum=0, required=True),
        Column("crew_count", "number", "crew on board", minimum=0, required=True),
        Column("fuel_kg_per_h", "number", "fuel under way, laden", minimum=0, required=True),
        Column("fuel_empty_factor", "number", "fuel under way, empty over laden", minimum=0, required=True),
        Column("fuel_idle_kg_per_h", "number", "fuel when not under way", minimum=0, required=True),
        Column("emission_factor", "text", "its emissions", reference="emission_factors.id"),
        *MARKS,
    ),
    if_absent=NO_WATER,
)

TABLES = (WATER_LINKS, CHANNEL_LIMITS, LOCKS, LOCK_COUNTS, BACKGROUND, WATER_SERVICES, VESSEL_CLASSES)
