"""Convert the fact base into the tables of the bundled district.

    python tools/import_facts.py FACTS_DIR DISTRICT_DIR

Can be run again: the same facts give the same bytes. What is renamed, merged, regularised or corrected on the way is
written below, table by table; the reader's account of it is README.md in the district's folder.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from qujiang.district.vocabulary import TABLE
from qujiang.tables import as_csv as table_as_csv
from qujiang.tables import read_table

Row = dict[str, str]
Rename = dict[str, str]
#: Chinese words in English texts of the fact base that pages show.
ENGLISH = {
    "双港口": "Shuanggangkou",
    "洋埠": "Yangbu",
    "衢江": "Qujiang",
    "智造新城": "Zhizao New City",
    "下张": "Xiazhang",
    "甬金铁路": "Ningbo-Jinhua railway,",
    "亩": "mu",
}
#: Chinese and English words that the fact base lacks, a table a file.
WORDING = Path(__file__).parent / "wording"

# --- columns: old name -> new name; a column not named keeps its name ------------------------------------------------

LINK = {"from": "from_place", "to": "to_place", "km": "length_km"}
POINT = {"lon": "lon_deg", "lat": "lat_deg"}
RENAMES: dict[str, tuple[str, Rename]] = {  # new table -> (fact file, columns)
    "sources": ("sources", {}),
    "places": ("places", {**POINT, "in_32_cities": "water_service"}),
    "water_links": ("water_links", {**LINK, "mode": "waterway", "class_t_planned": "class_planned_t"}),
    "channel_limits": (
        "channel_limits",
        {"link_id": "link", "air_low_m": "air_draught_low_m", "air_high_m": "air_draught_high_m"},
    ),
    "locks": (
        "locks",
        {
            "lines": "chamber_count",
            "minutes_per_lockage": "lockage_min",
            "minutes_low": "lockage_low_min",
            "minutes_high": "lockage_high_min",
            "lockages_low": "lockages_low_per_year",
            "lockages_high": "lockages_high_per_year",
            "vessels_per_lockage": "vessels_per_lockage_count",
            "vessels_low": "vessels_per_lockage_low_count",
            "vessels_high": "vessels_per_lockage_high_count",
            "area_fill_low": "area_fill_low_share",
            "area_fill_high": "area_fill_high_share",
            "overhaul_days_per_year": "overhaul_days",
            "overhaul_low": "overhaul_low_days",
            "overhaul_high": "overhaul_high_days",
        },
    ),
    "background": (
        "background",
        {
            "vessels": "vessels_count",
            "tonnes": "passed_t",
            "tonnes_low": "passed_low_t",
            "tonnes_high": "passed_high_t",
            "growth_low_pct": "growth_low_percent",
            "growth_high_pct": "growth_high_percent",
        },
    ),
    "vessel_classes": (
        "vessel_classes",
        {
            "t_per_cm": "draught_t_per_cm",
            "hull_tol_pct": "hull_tolerance_percent",
            "speed_km_h": "speed_km_per_h",
            "speed_low": "speed_low_km_per_h",
            "speed_high": "speed_high_km_per_h",
            "teu": "capacity_teu",
            "crew": "crew_count",
            "emission_id": "emission_factor",
        },
    ),
    "road_links": ("road_links", LINK),
    "highways": ("highways", {"km": "length_km"}),
    "rail_links": ("rail_links", {**LINK, "speed_km_h": "speed_km_per_h"}),
    "rail_tariffs": (
        "rail_tariff",
        {"base1": "base_value", "base2": "distance_value", "unit_base1": "base_unit", "unit_base2": "distance_unit"},
    ),
    "air_links": ("air_links", {"from": "from_place"}),
    "cargoes": (
        "commodities",
        {
            "share_pct": "share_percent",
            "share_low_pct": "share_low_percent",
            "share_high_pct": "share_high_percent",
            "value_low_yuan_t": "value_low_yuan_per_t",
            "value_high_yuan_t": "value_high_yuan_per_t",
            "interest_low_pct": "interest_low_percent",
            "interest_high_pct": "interest_high_percent",
            "multiplier_low": "multiplier_low_factor",
            "multiplier_high": "multiplier_high_factor",
            "vot_low_yuan_t_h": "value_of_time_low_yuan_per_t_h",
            "vot_mid_yuan_t_h": "value_of_time_yuan_per_t_h",
            "vot_high_yuan_t_h": "value_of_time_high_yuan_per_t_h",
            "bulk_density_t_m3": "bulk_density_t_per_m3",
        },
    ),
    "demand": (
        "demand_hint",
        {
            "commodity": "cargo",
            "tonnes_per_year": "demand_t_per_year",
            "tonnes_low": "demand_low_t_per_year",
            "tonnes_high": "demand_high_t_per_year",
        },
    ),
    "demand_growth": (
        "demand_growth",
        {
            "commodity": "cargo",
            "low_pct": "growth_low_percent",
            "mid_pct": "growth_percent",
            "high_pct": "growth_high_percent",
        },
    ),
    "rates": ("rates", {"value": "rate_value", "low": "low_value", "high": "high_value"}),
    "emission_factors": (
        "emission_factors",
        {"wtt": "well_to_tank_value", "ttw": "tank_to_wheel_value", "wtw": "well_to_wheel_value"},
    ),
    "terminals": ("terminals", {"place_id": "place", "berths": "berth_count"}),
    "peer_ports": (
        "peer_ports",
        {
            "throughput_low": "throughput_low_t",
            "throughput_high": "throughput_high_t",
            "capacity_low": "capacity_low_t_per_year",
            "capacity_high": "capacity_high_t_per_year",
        },
    ),
    "zones": ("zones", POINT),
    "population": ("population", {"value": "population_value"}),
    "towns": (
        "towns",
        {
            **POINT,
            "code": "id",
            "population": "population_persons",
            "population_2020_scaled": "population_2020_persons",
        },
    ),
    "venues": ("venues", {**POINT, "status_now": "state", "indicator_ids": "indicators"}),
    "buildings": ("buildings", {**POINT, "tenants": "tenant_count"}),
    "consumption_places": ("consumption_places", POINT),
    "short_drama_tiers": ("short_drama_tiers", {"min_yuan_incl": "least_yuan", "max_yuan_excl": "below_yuan"}),
    "indicators": ("indicators", {"value": "stated_value"}),
    "landmarks": (
        "landmarks",
        {"no": "landmark_no", "action_id": "action", "indicator_ids": "indicators", "deadline": "deadline_year"},
    ),
    "measures": (
        "measures",
        {
            "landmark": "landmark_no",
            "today": "today_value",
            "today_low": "today_low_value",
            "today_high": "today_high_value",
            "target": "target_value",
            "low": "target_low_value",
            "high": "target_high_value",
        },
    ),
    "actions": ("actions", {"no": "action_no"}),
    "projects": ("projects", {}),
    "programmes": ("programmes", {"action_ids": "actions", "year": "period"}),
    "calibration_facts": (
        "calibration_facts",
        {"value": "fact_value", "tolerance_low": "tolerance_low_value", "tolerance_high": "tolerance_high_value"},
    ),
    "checks": ("checks", {"expected": "expected_value", "tolerance": "tolerance_value"}),
}
#: Fact columns that are not kept: computed from others, or moved to a table of their own.
DROPPED: dict[str, set[str]] = {
    "water_links": {"n_locks"},
    "road_links": {"mode"},
    "locks": {"lockages_2024", "passed_t_2024", "passed_t_2025", "passed_t_max", "passed_max_year"},
    "vessel_classes": {
        *("crew_yuan_per_h", "capital_yuan_per_h", "upkeep_yuan_per_h", "standing_yuan_per_h", "standing_low"),
        *(
            "standing_high",
            "fuel_yuan_per_km",
            "fuel_km_low",
            "fuel_km_high",
            "cost_yuan_per_h",
            "cost_low",
            "cost_high",
        ),
    },
}

# --- observations: what each free-text row of throughput.csv says ----------------------------------------------------

QUJIANG, LONGYOU, PORT, LOCK = "衢江港区", "龙游港区", "衢州港", "富春江船闸"
#: id -> (area, indicator, basis, start, end)
THROUGHPUT: dict[str, tuple[str, str, str, str, str]] = {
    "p001": (QUJIANG, "throughput", "year", "2020-01", "2020-12"),
    "p002": (QUJIANG, "throughput", "year", "2024-01", "2024-12"),
    "p003": (QUJIANG, "throughput", "year", "2018-01", "2018-12"),
    "p004": (LONGYOU, "throughput", "year", "2018-01", "2018-12"),
    "p005": (PORT, "throughput", "year", "2018-01", "2018-12"),
    "p006": (QUJIANG, "throughput", "year", "2019-01", "2019-12"),
    "p008": (PORT, "throughput", "year", "2019-01", "2019-12"),
    "p010": (LONGYOU, "throughput", "year", "2020-01", "2020-12"),
    "p011": (PORT, "throughput", "year", "2020-01", "2020-12"),
    "p012": (QUJIANG, "throughput", "year", "2021-01", "2021-12"),
    "p013": (LONGYOU, "throughput", "year", "2021-01", "2021-12"),
    "p014": (PORT, "throughput", "year", "2021-01", "2021-12"),
    "p015": (QUJIANG, "throughput", "year", "2022-01", "2022-12"),
    "p017": (PORT, "throughput", "year", "2022-01", "2022-12"),
    "p018": (QUJIANG, "throughput", "year", "2023-01", "2023-12"),
    "p020": (PORT, "throughput", "year", "2023-01", "2023-12"),
    "p022": (LONGYOU, "throughput", "year", "2024-01", "2024-12"),
    "p023": (PORT, "throughput", "year", "2024-01", "2024-12"),
    "p024": (QUJIANG, "throughput", "forecast", "2025-01", "2025-12"),
    "p025": (LONGYOU, "throughput", "forecast", "2025-01", "2025-12"),
    "p026": (PORT, "throughput", "forecast", "2025-01", "2025-12"),
    "p027": (LONGYOU, "throughput", "year", "2022-01", "2022-12"),
    "p028": (LONGYOU, "throughput", "year", "2023-01", "2023-12"),
    "p029": (LONGYOU, "throughput", "growth", "2019-01", "2023-12"),
    "p030": (LONGYOU, "throughput", "year", "2019-01", "2019-12"),
    "p031": (LONGYOU, "throughput", "cumulative", "2019-01", "2023-02"),
    "p032": (LONGYOU, "throughput", "cumulative", "2019-01", "2023-06"),
    "p033": (LONGYOU, "throughput", "cumulative", "2019-01", "2023-12"),
    "p035": (LONGYOU, "throughput", "forecast", "2023-01", "2023-03"),
    "p036": (LONGYOU, "throughput", "peak_day", "2023-01", "2023-12"),
    "p040": (PORT, "throughput", "cumulative", "2019-01", "2024-12-03"),
    "p041": ("金华港", "throughput", "year", "2022-01", "2022-12"),
    "p043": (QUJIANG, "containers", "year", "2024-01", "2024-12"),
    "p044": (QUJIANG, "containers", "forecast", "2025-01", "2025-12"),
    "p047": (LOCK, "vessels", "year", "2024-01", "2024-12"),
    "p048": (LOCK, "vessels", "year", "2025-01", "2025-12"),
    "p049": (LOCK, "lockages", "year", "2024-01", "2024-12"),
    "p050": (LOCK, "throughput", "year", "2005-01", "2005-12"),
    "p051": ("浙江省", "lock_throughput", "month", "2020-09", "2020-09"),
    "p052": (QUJIANG, "departures", "year", "2020-01", "2020-12"),
    "p053": (PORT, "moved_road_to_water", "ytd", "2023-01", "2023-03"),
    "p054": (PORT, "co2_saved", "ytd", "2023-01", "2023-03"),
}
#: Rows that repeat another one: id -> the row kept. Values are equal, except p007 (see README).
REPEATED = {
    "p007": "p030", "p009": "p001", "p016": "p027", "p019": "p028", "p021": "p002", "p034": "s025", "p037": "s023",
    "p038": "s023", "p039": "s036", "p042": "s024", "p045": "s026", "p046": "s027",
    "ec18": "s010", "ec19": "s011", "ec23": "s018",
}  # fmt: skip
#: Free-text years of economy.csv: text -> (start, end), inferred from the date of the article.
ECONOMY_PERIODS = {"latest": ("2024-01", "2024-12"), "last 3 years": ("2022-01", "2024-12")}
#: Counts that stood in the note of p051.
COUNTED_IN_NOTE = (("p051a", "lock_lockages", "6545", "lockages"), ("p051b", "lock_vessels", "24238", "vessels"))
#: Growth that stood in a note: row -> percent.
GROWTH_IN_NOTE = {"p041": "43.6"}

# --- ranges: where each rule of range_rules.csv holds ---------------------------------------------------------------

ALL, ASSUMED = "all", "status=assumed"
LIFTS = "tadi;anrenpu;hongchuandou;xiaoxitan;youbu;yaojia;fuchunjiang;sanbao"
#: rule -> (table, columns, rows). rr30 is in the table demand itself, rr32 holds no number.
RANGES: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "rr01": [("water_links", ("length_km",), ASSUMED), ("highways", ("length_km",), ASSUMED)],
    "rr02": [("road_links", ("length_km",), ALL)],
    "rr03": [("rail_links", ("length_km",), ASSUMED)],
    "rr04": [("rail_links", ("speed_km_per_h",), ALL)],
    "rr05": [("locks", ("length_m",), "size_status=assumed")],
    "rr06": [("locks", ("width_m",), "size_status=assumed")],
    "rr07": [("locks", ("sill_m",), "size_status=assumed;sanbao")],
    "rr08": [("locks", ("lift_m",), LIFTS)],
    "rr09": [("locks", ("capacity_t_per_year",), ASSUMED)],
    "rr10": [("water_links", ("class_t", "class_planned_t"), ASSUMED), ("locks", ("class_t",), ASSUMED)],
    "rr11": [("vessel_classes", ("length_m",), ALL)],
    "rr12": [("vessel_classes", ("beam_m",), ALL)],
    "rr13": [
        (
            "vessel_classes",
            ("draught_m", "draught_empty_m", "draught_t_per_cm", "air_draught_laden_m", "air_draught_empty_m"),
            ALL,
        )
    ],
    "rr14": [("vessel_classes", ("price_yuan",), ALL)],
    "rr15": [("vessel_classes", ("fuel_kg_per_h", "fuel_idle_kg_per_h"), ALL)],
    "rr16": [("vessel_classes", ("fuel_empty_factor",), ALL)],
    "rr17": [("vessel_classes", ("crew_count",), ALL)],
    "rr18": [("vessel_classes", ("capacity_teu",), ALL)],
    "rr19": [("cargoes", ("container_share",), ALL)],
    "rr20": [("cargoes", ("bulk_density_t_per_m3",), ALL)],
    "rr21": [("observations", ("observed_value",), "throughput")],
    "rr22": [("observations", ("observed_value",), "economy")],
    "rr23": [("population", ("population_value",), ASSUMED)],
    "rr24": [("towns", ("population_persons", "population_2020_persons"), "population_status=assumed")],
    "rr25": [("towns", ("area_km2",), "area_status=assumed")],
    "rr26": [("rail_tariffs", ("base_value",), ASSUMED)],
    "rr27": [("rail_tariffs", ("distance_value",), ASSUMED)],
    "rr28": [
        (table, ("lon_deg", "lat_deg"), "coord_status=assumed")
        for table in ("places", "zones", "towns", "venues", "buildings", "consumption_places")
    ],
    "rr29": [("background", ("vessels_count",), ALL)],
    "rr31": [("terminals", ("capacity_t_per_year",), "status=derived")],
    "rr33": [("emission_factors", ("well_to_wheel_value", "well_to_tank_value", "tank_to_wheel_value"), ALL)],
}
#: Ranges of the synthetic building stock: table, column, low factor, high factor.
STOCK_RANGES = (
    ("carriers", "gross_area_m2", "0.8", "1.25"),
    ("suites", "lettable_m2", "0.76", "1.24"),
    ("leases", "let_m2", "0.76", "1.24"),
    ("leases", "rent_yuan_per_m2_month", "0.6", "1.6"),
    ("leases", "tax_yuan_per_year", "0.3", "3"),
    ("leases", "energy_kwh_per_year", "0.5", "2"),
    ("firms_seeking", "wanted_m2", "0.76", "1.24"),
    ("firms_seeking", "least_m2", "0.76", "1.24"),
    ("firms_seeking", "most_m2", "0.76", "1.24"),
)
OWN_RANGES: tuple[Row, ...] = (
    {
        "id": "rr34",
        "table": "locks",
        "column": "chamber_count",
        "rows": ASSUMED,
        "low_factor": "1",
        "high_factor": "2",
        "note": "a second chamber may stand where one is assumed; the canal north of the Yangtze has more than the rows say",
        "status": "assumed",
        "source": "ASSUME",
    },
    *(
        {
            "id": f"rr{number}",
            "table": table,
            "column": column,
            "rows": "all",
            "low_factor": low,
            "high_factor": high,
            "note": "synthetic stock of tools/make_building_stock.py; areas differ by up to 24 percent from one standard to another",
            "status": "assumed",
            "source": "ASSUME",
        }
        for number, (table, column, low, high) in enumerate(STOCK_RANGES, 35)
    ),
)

# --- checks: the odd forms of checks.csv in the one regular form ------------------------------------------------------

FORMULAS = {
    "k080": 'sum("demand.demand_t_per_year", "observed_mode=water")',
    "k081": 'sum("demand.demand_t_per_year", "observed_mode=water", "cargo.direction=in")',
    "k082": 'sum("demand.demand_t_per_year", "observed_mode=water", "cargo.direction=out")',
    "k083": 'sum("demand.demand_t_per_year", "observed_mode=water", "cargo.direction=out")'
    ' / sum("demand.demand_t_per_year", "observed_mode=water", "cargo.direction=in")',
    "k084": 'sum("cargoes.share_percent")',
    "k085": 'rows("cargoes")',
    "k086": 'tkm("demand", "observed_mode=water") / sum("demand.demand_t_per_year", "observed_mode=water")',
    "k087": 'count("places", "water_service=yes")',
    "k088": 'distinct("places.province", "water_service=yes")',
    "k090": 'sum("towns.population_persons")',
    "k091": 'sum("towns.population_2020_persons")',
    "k092": 'sum("towns.area_km2")',
    "k093": 'sum("cargoes.share_percent*container_share") * 42000',
    "k129": 'distinct("demand.origin+destination+cargo+observed_mode")',
    "k133": 'count("measures", "counts=yes")',
}
CALL = re.compile(r"\b(km|locks|rail)\((\w+),(\w+)\)")
ROWS = re.compile(r"\brows\((\w+)\)")

MODELS: dict[str, tuple[str, str]] = {
    "m11": ("freight_throughput", ""),
    "m12": ("freight_peer_ratio", "longyou"),
    "m13": ("freight_teu", ""),
    "m14": ("freight_water_cost", ""),
    "m31": ("growth", "retail_sales"),
    "m53": ("access", ""),
} | dict.fromkeys(("m32", "m21", "m22", "m33", "m41", "m42", "m43", "m51", "m52"), ("carried", ""))

#: Scenario under whose conditions a calibration fact held.
FACT_SCENARIO = {"cf03": "opening", "cf05": "opening"}

#: Year of today's figure, where it is not the base year: the article and the port reports of autumn 2025.
TODAY_YEAR: dict[str, str] = dict.fromkeys(
    ("m13", "m14", "m21", "m22", "m31", "m32", "m33", "m41", "m42", "m43", "m51", "m52"), "2025"
)

#: What a vessel class carries; the fact base says it in the name of the class.
CARRIES = {"box36": "boxes", "box48": "boxes", "sea3000": "both"}

#: What demand follows, beside the fact base: the latest published growth of a series, which the cargoes' own growth supposes too.
ECONOMY: tuple[Row, ...] = (
    {
        "id": "gdp_city",
        "area": "衢州市",
        "indicator": "gdp",
        "growth_percent": "6.4",
        "growth_low_percent": "4.1",
        "growth_high_percent": "7.7",
        "reference_percent": "6.4",
        "status": "assumed",
        "source": "S65;S66;S67;S69",
        "note": "published for 2024 at constant prices; that it goes on is assumed; least and most published growth of 2022 to 2024",
    },
    {
        "id": "retail_district",
        "area": "衢江区",
        "indicator": "retail_sales",
        "growth_percent": "3.5",
        "growth_low_percent": "0.5",
        "growth_high_percent": "6.5",
        "reference_percent": "3.5",
        "status": "assumed",
        "source": "PLAN;ASSUME",
        "note": "published for January to August 2025; that it goes on is assumed, and three points either side",
    },
)
#: Which indicator a cargo follows, by what the fact base says drives it. Coal (capped), food, cargo of single earthworks, of the
#: building trade elsewhere, and of foreign trade follow none: no series of what drives them is at hand.
FOLLOWED: dict[str, str] = {"consumer goods, foreign trade": "retail_district"} | dict.fromkeys(
    (
        "steel output", "building and public works", "paper mills of the city", "paper and board mills",
        "chlor-alkali and fluorine chemistry", "battery and fertiliser chemistry", "chemicals", "steel processing",
        "electric steel", "cement and steel", "building", "cement", "machine and ship building", "metal goods",
        "paper, plastics", "fluorine chemistry", "chemical park", "textiles", "equipment makers", "building boards",
    ),
    "gdp_city",
)  # fmt: skip
#: Points of freight for one point of GDP: near 1 in studies of many countries, from three fifths (railways) to 1.25 (roads of
#: developing countries); nothing by cargo, nothing of this district.
ELASTICITY: Row = {
    "elasticity_ratio": "1",
    "elasticity_low_ratio": "0.6",
    "elasticity_high_ratio": "1.25",
    "elasticity_status": "assumed",
    "note": "elasticity assumed: no figure by cargo or of this district; 0.6 to 1.25 in studies of whole countries",
}

#: A rate that the fact base does not hold: how sharply shippers choose. Freight studies estimate 0.05 to 0.3 a yuan/t.
LOGIT_SCALE = {
    "id": "logit_scale",
    "mode": "choice",
    "description": "how sharply shippers choose the cheaper chain",
    "rate_value": "0.1",
    "low_value": "0.05",
    "high_value": "0.3",
    "unit": "per_yuan_per_t",
    "use": "input",
    "status": "assumed",
    "source": "ASSUME",
    "note": "a difference of 10 yuan/t gives odds of 2.7 to 1; not in the fact base, added for the choice among chains",
}

#: Another one: others that alone would overfill a lock hold its wait there.
TURN_AWAY = {
    "id": "lock_turn_away_h",
    "mode": "water",
    "description": "wait at a lock beyond which the traffic of others goes another way or not at all",
    "rate_value": "24",
    "low_value": "12",
    "high_value": "72",
    "unit": "h_per_passage",
    "use": "input",
    "status": "assumed",
    "source": "ASSUME",
    "note": "nothing was found; others that alone would overfill a lock hold its wait there; not in the fact base",
}

#: Projects that nobody has decided on: examples of what could be done, so that sets can be compared. Money and effects are assumed.
_PROPOSED = "a proposal of this data set, neither of the plan nor of its project list; money and effect are assumed"
PROPOSALS = tuple(
    dict(
        zip(
            ("id", "name_zh", "name_en", "kind", "cost_yuan", "cost_low_yuan", "cost_high_yuan", "note"),
            row,
            strict=True,
        )
    )
    | {"state": "study", "status": "assumed", "source": "ASSUME"}
    for row in (
        ("k01", "港区三期 (建议)", "port phase III (proposal)", "terminal", "480000000", "400000000", "560000000",
         "11 berths at the money of a berth at Longyou: 421,000,000 / 9 (j21) and 280,000,000 / 7 (j22); " + _PROPOSED),
        ("k02", "富春江船闸二线 (建议)", "second chamber at Fuchunjiang (proposal)", "lock", "1500000000", "800000000", "2500000000", _PROPOSED),
        ("k03", "集装箱岸桥及堆场 (建议)", "box crane and yard (proposal)", "terminal", "60000000", "40000000", "90000000", _PROPOSED),
        ("k04", "回程配货平台 (建议)", "exchange for return cargo (proposal)", "programme", "20000000", "10000000", "40000000", _PROPOSED),
        ("k05", "港口作业提速 (建议)", "quicker calls at the port (proposal)", "terminal", "80000000", "50000000", "120000000", _PROPOSED),
        ("k06", "大宗货源基地 (建议)", "bulk cargo to the river (proposal)", "park", "300000000", "200000000", "450000000", _PROPOSED),
        ("k07", "短剧第二影棚群 (建议)", "second group of drama stages (proposal)", "studio", "150000000", "90000000", "220000000", _PROPOSED),
        ("k08", "楼宇招商专班 (建议)", "letting of office floors (proposal)", "programme", "40000000", "25000000", "60000000", _PROPOSED),
        ("k09", "演出赛事引进 (建议)", "performances and matches brought in (proposal)", "programme", "30000000", "20000000", "45000000", _PROPOSED),
    )
)  # fmt: skip

#: Waits at one lock stand under the id of the general wait, a point and the lock.
RATE_IDS = {"lock_wait_fcj_h": "lock_wait_h.fuchunjiang"}

#: Locks whose row in the fact base lies below the traffic that it gives for them (background.csv): more chambers, after
#: general knowledge, and at Shiqiao seven vessels a lockage, so that the middle values can pass what was counted.
MORE_CHAMBERS = {
    "jianbi": {
        "chamber_count": "2",
        "lockages_per_year": "20827",
        "lockages_low_per_year": "13389",
        "lockages_high_per_year": "31240",
    },
    "shiqiao": {
        "chamber_count": "3",
        "lockages_per_year": "31240",
        "lockages_low_per_year": "20083",
        "lockages_high_per_year": "46860",
        "vessels_per_lockage_count": "7",
        "vessels_per_lockage_low_count": "6",
        "vessels_per_lockage_high_count": "9",
    },
}
#: What the corrected rows say of themselves.
MORE_CHAMBERS_NOTE = "more chambers than the fact base gives: its own traffic of 2024 would not pass"

#: Places between which a calibration fact is measured.
FACT_PLACES = {"cf04": ("longyou_port", ""), "cf07": ("yiwu", "ningbo")}


# --- reading and writing ---------------------------------------------------------------------------------------------


def read(folder: Path, name: str) -> list[Row]:
    """The rows of one fact file."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def renamed(table: str, rows: Iterable[Row]) -> list[Row]:
    """Rows under the names of the vocabulary, without the columns that are not kept."""
    names, dropped = RENAMES[table][1], DROPPED.get(table, set())
    return [{names.get(old, old): value for old, value in row.items() if old not in dropped} for row in rows]


def as_csv(table: str, rows: list[Row]) -> str:
    """CSV text, columns in the order of the vocabulary; a column that the vocabulary does not know is an error."""
    known = TABLE[table].names
    unknown = {name for row in rows for name in row} - set(known)
    if unknown:
        raise SystemExit(f"{table}: columns without a declaration: {', '.join(sorted(unknown))}")
    text = io.StringIO()
    writer = csv.DictWriter(text, known, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return canonical(table, text.getvalue())


def canonical(table: str, text: str) -> str:
    """The same table as ``District.save`` writes it: shortest numbers, defaults filled in."""
    with tempfile.TemporaryDirectory() as aside:
        path = Path(aside) / f"{table}.csv"
        path.write_text(text, encoding="utf-8", newline="\n")
        reading = read_table(TABLE[table], path)
    if reading.faults:
        raise SystemExit("\n".join(map(str, reading.faults)))
    return table_as_csv(reading.frame)


def worded(table: str, rows: list[Row]) -> list[Row]:
    """Rows with what ``tools/wording`` adds: the district's words in the language that the fact base lacks."""
    path = WORDING / f"{table}.csv"
    if not path.exists():
        return rows
    added = {row.pop("id"): row for row in read(WORDING, table)}
    unknown = set(added) - {row["id"] for row in rows}
    if unknown:
        raise SystemExit(f"{path.name}: rows that the table lacks: {', '.join(sorted(unknown))}")
    none = dict.fromkeys(next(iter(added.values())), "")
    return [row | added.get(row["id"], none) for row in rows]


def joined(*parts: str) -> str:
    """Sentences of a note, joined."""
    return "; ".join(part for part in parts if part)


def merged_sources(*cells: str) -> str:
    """Source ids of several cells, each once, in order."""
    return ";".join(dict.fromkeys(name for cell in cells for name in cell.split(";") if name))


def worst(*statuses: str) -> str:
    """The weakest of some statuses; assumed where there is none."""
    order = ("documented", "derived", "assumed")
    return max((status for status in statuses if status), key=order.index, default="assumed")


# --- what single tables need beyond new names ------------------------------------------------------------------------


def mend_places(rows: list[Row]) -> list[Row]:
    """A place is assumed where only this fact base puts it on the network."""
    for row in rows:
        assumed = row["source"] == "ASSUME" or "hinterland assumed" in row["note"] or "assumed" in row["route_status"]
        row["status"] = "assumed" if assumed else "documented"
    return rows


def mend_locks(rows: list[Row]) -> list[Row]:
    """One rounding: 2 x 355 x 22 x 60 / 45 = 20,826.7, written 20,827 for every other lock of that kind."""
    for row in rows:
        if row["id"] == "yuxi":
            row["lockages_per_year"], row["lockages_low_per_year"] = "20827", "13389"
        if row["id"] in MORE_CHAMBERS:
            row |= MORE_CHAMBERS[row["id"]]
            row["note"] = joined(MORE_CHAMBERS_NOTE, row["note"])
    return rows


def mend_rail_links(rows: list[Row]) -> list[Row]:
    """131 km is the section Jiande to Jiangshan; Hangzhou to Jiangshan is 228 km as the crow flies."""
    for row in rows:
        if row["id"] == "t028":
            row["from_place"] = "meicheng"
            row["note"] = joined(
                "opened 2025-12-26", "131 km are the section 建德-江山; from the point of 建德梅城", row["note"]
            )
        if row["state"].startswith("open"):
            row["state"] = "open"
    return rows


def mend_states(rows: list[Row]) -> list[Row]:
    """States in one word."""
    for row in rows:
        row["state"] = row["state"].replace(" ", "_")
    return rows


def mend_projects(rows: list[Row]) -> list[Row]:
    """States in one word; what is known in plain English; proposals to compare sets with."""
    for row in rows:
        row["known"] = in_english(row["known"])
    return [*mend_states(rows), *map(dict, PROPOSALS)]


def in_english(text: str) -> str:
    """An English text of the fact base with its Chinese words put into English."""
    for zh, en in ENGLISH.items():
        text = text.replace(zh, en)
    return text


def mend_terminals(rows: list[Row]) -> list[Row]:
    """Total rows are marked."""
    for row in mend_states(rows):
        row["is_total"] = "yes" if row["id"] in ("qj", "ly") else "no"
    return rows


def mend_towns(rows: list[Row]) -> list[Row]:
    """The unit itself stands in the official list of codes."""
    for row in rows:
        row["status"], row["source"] = "documented", merged_sources("C2", row["source"])
    return rows


def mend_formula_signs(rows: list[Row]) -> list[Row]:
    """No cell begins with a sign that a spreadsheet takes for a formula."""
    for row in rows:
        row["note"] = re.sub(r"^= *", "equals ", row["note"])
    return rows


def mend_venues(rows: list[Row]) -> list[Row]:
    """Rows that stand for many venues are marked."""
    for row in mend_states(rows):
        row["is_class"] = "yes" if "(class" in row["name_en"] else "no"
    return rows


def mend_peer_ports(rows: list[Row]) -> list[Row]:
    """A row is as sure as its throughput."""
    for row in rows:
        row["status"] = row["throughput_status"]
    return rows


def mend_landmarks(rows: list[Row]) -> list[Row]:
    """Lists without blanks."""
    for row in rows:
        row["proposed_measures"] = row["proposed_measures"].replace("; ", ";")
    return rows


def mend_measures(rows: list[Row]) -> list[Row]:
    """Each measure with the model that says where it goes."""
    for row in rows:
        if row["today_value"] == "computed":
            row["today_value"], row["today_status"] = "", ""
            row["note"] = joined("computed by the room access", row["note"])
        row["model"], row["model_argument"] = MODELS.get(row["id"], ("none", ""))
        row["status"] = worst(row["today_status"], row["target_status"])
        row["today_year"] = TODAY_YEAR.get(row["id"], "") if row["today_value"] else ""
    return rows


def mend_demand_growth(rows: list[Row]) -> list[Row]:
    """Cargoes whose driver has a series follow it."""
    unknown = set(FOLLOWED) - {row["driver"] for row in rows}
    if unknown:
        raise SystemExit(f"demand_growth: no cargo is driven by {', '.join(sorted(unknown))}")
    for row in rows:
        if row["driver"] in FOLLOWED:
            row |= {"economy": FOLLOWED[row["driver"]]} | ELASTICITY
    return rows


def mend_rates(rows: list[Row]) -> list[Row]:
    """Formula signs; ids by lock; the scale of choice, which the fact base lacks."""
    rows = mend_formula_signs(rows)
    for row in rows:
        row["id"] = RATE_IDS.get(row["id"], row["id"])
        row["description"] = in_english(row["description"])
    return [*rows, dict(LOGIT_SCALE), dict(TURN_AWAY)]


def mend_vessels(rows: list[Row]) -> list[Row]:
    """What each class carries."""
    for row in rows:
        row["carries"] = CARRIES.get(row["id"], "bulk")
    return rows


def mend_facts(rows: list[Row]) -> list[Row]:
    """Facts that are measured between two places name them."""
    for row in rows:
        row["from_place"], row["to_place"] = FACT_PLACES.get(row["id"], ("", ""))
        row["scenario"] = FACT_SCENARIO.get(row["id"], "")
    return rows


def mend_checks(rows: list[Row]) -> list[Row]:
    """Formulas in one regular form; true is 1."""
    new_names = {old: new for new, (old, _) in RENAMES.items()}
    for row in rows:
        formula = FORMULAS.get(row["id"], row["formula"])
        formula = CALL.sub(r'\1("\2", "\3")', formula)
        row["formula"] = ROWS.sub(lambda match: f'rows("{new_names.get(match[1], match[1])}")', formula)
        row["expected_value"] = "1" if row["expected_value"] == "True" else row["expected_value"]
        row["status"], row["source"] = "derived", "DERIVE"
    return rows


MENDS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "places": mend_places,
    "locks": mend_locks,
    "rail_links": mend_rail_links,
    "road_links": mend_states,
    "highways": mend_states,
    "projects": mend_projects,
    "terminals": mend_terminals,
    "venues": mend_venues,
    "towns": mend_towns,
    "demand_growth": mend_demand_growth,
    "rates": mend_rates,
    "vessel_classes": mend_vessels,
    "emission_factors": mend_formula_signs,
    "peer_ports": mend_peer_ports,
    "landmarks": mend_landmarks,
    "measures": mend_measures,
    "calibration_facts": mend_facts,
    "checks": mend_checks,
}


# --- tables made from several files ----------------------------------------------------------------------------------


def lock_counts(facts: Path) -> list[Row]:
    """What was counted at locks, from locks.csv and throughput.csv."""
    told = {row["id"]: row for row in read(facts, "throughput")}
    of = {row["id"]: row for row in read(facts, "locks")}
    lock, sanbao = of["fuchunjiang"], of["sanbao"]
    base = {"lock": "fuchunjiang", "status": "documented"}
    unknown = "whether a lockage is one movement or a pair, and whether tonnes are of cargo or of ships, is not stated"
    return [
        base
        | {
            "id": "lc01",
            "year": "2024",
            "lockages_count": lock["lockages_2024"],
            "vessels_count": told["p047"]["value"],
            "passed_t": lock["passed_t_2024"],
            "source": "S19",
            "note": unknown,
        },
        base
        | {
            "id": "lc02",
            "year": "2025",
            "vessels_count": told["p048"]["value"],
            "passed_t": lock["passed_t_2025"],
            "source": "S20",
            "note": unknown,
        },
        {
            "id": "lc03",
            "lock": "sanbao",
            "year": sanbao["passed_max_year"],
            "passed_t": sanbao["passed_t_max"],
            "status": "documented",
            "source": sanbao["source"],
            "note": "over 40 Mt",
        },
    ]


def observations(facts: Path) -> list[Row]:
    """series.csv, economy.csv and throughput.csv in one form; a row that repeats another lends it source and note."""
    rows = {row["id"]: row for row in (*series_rows(facts), *economy_rows(facts), *throughput_rows(facts))}
    for twice, kept in REPEATED.items():
        row, repeat = rows[kept], rows.pop(twice)
        row["source"] = merged_sources(row["source"], repeat["source"].replace("ASSUME", ""))
        row["note"] = joined(row["note"], "" if repeat["note"] in row["note"] else repeat["note"])
    return list(rows.values())


def series_rows(facts: Path) -> Iterable[Row]:
    for row in read(facts, "series"):
        growth = row.pop("growth_percent")
        row["observed_value"] = row.pop("value").removesuffix(".0")
        row["published_growth_percent"] = growth
        row["growth_basis"] = (row["growth_basis"] or "unknown") if growth else ""
        row["basis"] = row["basis"].lower()
        yield row


def economy_rows(facts: Path) -> Iterable[Row]:
    for row in read(facts, "economy"):
        year = row["year"]
        start, end = ECONOMY_PERIODS.get(year, (f"{year}-01", f"{year}-12"))
        words = f"period in the source: {year}; years inferred" if year in ECONOMY_PERIODS else ""
        real = row["indicator"] == "gdp" or row["indicator"].startswith("va_")
        yield {
            "id": row["id"],
            "area": row["area"],
            "indicator": row["indicator"].removesuffix("_growth"),
            "basis": "growth" if row["unit"] == "percent_per_year" else "year",
            "period_start": start,
            "period_end": end,
            "observed_value": row["value"],
            "unit": row["unit"],
            "published_growth_percent": row["growth_percent"],
            "growth_basis": ("real" if real else "unknown") if row["growth_percent"] else "",
            "status": row["status"],
            "source": row["source"],
            "note": joined(words, row["note"]),
        }


def throughput_rows(facts: Path) -> Iterable[Row]:
    for row in read(facts, "throughput"):
        keys = ("area", "indicator", "basis", "period_start", "period_end")
        place = dict(zip(keys, THROUGHPUT.get(row["id"], ("", "", "", "", "")), strict=True))
        plain = re.fullmatch(r"\d{4}(-\d\d)?", row["period"])
        words = "" if plain else f"period in the source: {row['period']}"
        growth = GROWTH_IN_NOTE.get(row["id"], "")
        made = place | {
            "id": row["id"],
            "observed_value": row["value"],
            "unit": row["unit"],
            "published_growth_percent": growth,
            "growth_basis": "unknown" if growth else "",
            "status": row["status"],
            "source": row["source"],
            "note": joined(words, row["note"]),
        }
        yield made
        if row["id"] == "p051":
            for name, indicator, value, unit in COUNTED_IN_NOTE:
                yield made | {"id": name, "indicator": indicator, "observed_value": value, "unit": unit, "note": ""}


def ranges(facts: Path, observed: list[Row]) -> list[Row]:
    """range_rules.csv under the new names, one row a column; rules that say `same for` are written out."""
    rows: list[Row] = []
    for rule in read(facts, "range_rules"):
        targets = [(table, column, where) for table, columns, where in RANGES.get(rule["id"], []) for column in columns]
        for at, (table, column, where) in enumerate(targets, 1):
            added = table != "" and column in ("lon_deg", "lat_deg")
            ends = ("low_add_value", "high_add_value") if added else ("low_factor", "high_factor")
            rows.append(
                {
                    "id": rule["id"] if len(targets) == 1 else f"{rule['id']}_{at}",
                    "table": table,
                    "column": column,
                    "rows": assumed_rows(where, observed) if table == "observations" else where,
                    ends[0]: rule["low_factor"],
                    ends[1]: rule["high_factor"],
                    "note": re.sub(r"(; )?same for .*$", "", rule["note"]).strip(),
                    "status": rule["status"],
                    "source": rule["source"],
                }
            )
    return [*rows, *OWN_RANGES]


def assumed_rows(kind: str, observed: list[Row]) -> str:
    """Ids of the assumed observations that came from one fact file."""
    start = {"throughput": "p", "economy": "ec"}[kind]
    return ";".join(r["id"] for r in observed if r["status"] == "assumed" and r["id"].startswith(start))


#: The zones of the port industrial park as stages of the port: which terminal serves each, how much of the goods it takes
#: comes there, how much room it has, how long a lot stays and which rank its calls have. The plan names the zones and
#: gives no such figure, so every one is assumed; the note says why of that size.
ZONE_FIGURES: tuple[tuple[str, str, str, tuple[str, str, str], str], ...] = (
    ("qj1", "manufacturing", "share", ("8", "3", "15"), "Z1: part of inward general cargo; machines mostly leave, steel and parts come"),
    ("qj1", "manufacturing", "capacity", ("10000", "5000", "20000"), "Z1: 5,000 m2 of laydown at 2 t/m2"),
    ("qj1", "manufacturing", "dwell", ("15", "7", "30"), "Z1: half a month of material before it is built in"),
    ("qj1", "manufacturing", "priority", ("1", "0", "1"), "Z1: no rank before others"),
    ("qj2", "cold_chain", "share", ("10", "3", "20"), "Z2: part of inward general and boxed cargo; the city's food by water is small"),
    ("qj2", "cold_chain", "capacity", ("5000", "2000", "20000"), "Z2: a small inland cold store; regional ones hold 2,000 to 20,000 t"),
    ("qj2", "cold_chain", "dwell", ("5", "2", "14"), "Z2: chilled food turns in days, frozen food in weeks"),
    ("qj2", "cold_chain", "priority", ("0", "0", "1"), "Z2: perishables berth first; a vessel at a berth is never sent away"),
    ("qj1", "logistics", "share", ("40", "20", "60"), "Z3: the rest of inward general cargo goes from the quay to its buyer"),
    ("qj1", "logistics", "capacity", ("50000", "25000", "100000"), "Z3: an eighth of 666,667 m2 roofed, at 0.6 t/m2 with aisles"),
    ("qj1", "logistics", "dwell", ("10", "5", "20"), "Z3: as long as bulk on the quay"),
    ("qj1", "logistics", "priority", ("1", "0", "1"), "Z3: no rank before others"),
    ("qj2", "bonded", "share", ("15", "5", "30"), "Z4: part of inward boxes; most foreign trade clears at the sea port"),
    ("qj2", "bonded", "capacity", ("6000", "3000", "20000"), "Z4: 400 boxes of 15 t"),
    ("qj2", "bonded", "dwell", ("20", "7", "60"), "Z4: duty is put off while goods stay; weeks are usual"),
    ("qj2", "bonded", "priority", ("1", "0", "1"), "Z4: no rank before others"),
    ("qj2", "customs", "share", ("30", "10", "50"), "Z5: part of inward boxes that wait for formalities on the spot"),
    ("qj2", "customs", "capacity", ("3000", "1500", "9000"), "Z5: 200 boxes of 15 t"),
    ("qj2", "customs", "dwell", ("2", "1", "4"), "Z5: release takes hours, batches and nights make it days"),
    ("qj2", "customs", "priority", ("1", "0", "1"), "Z5: no rank before others"),
    ("qj1", "reserve", "share", ("3", "1", "6"), "Z6: part of inward general cargo; stock is turned over, not consumed"),
    ("qj1", "reserve", "capacity", ("5000", "3000", "15000"), "Z6: a city's store of grain, tents and fuel for weeks"),
    ("qj1", "reserve", "dwell", ("30", "15", "90"), "Z6: turned over by the month; longer stays need more room"),
    ("qj1", "reserve", "priority", ("1", "0", "1"), "Z6: first only in an emergency; a scenario sets 0"),
)  # fmt: skip
ZONE_UNITS = {"share": "percent", "capacity": "t", "dwell": "days", "priority": "rank"}


def zone_figures() -> list[Row]:
    """The zones' rows of port_equipment.csv, numbered behind those of the fact base."""
    return [
        {
            "id": f"pz{number:03}",
            "terminal": terminal,
            "item": f"zone_{item}",
            "berth_type": function,
            "equipment_value": value,
            "low_value": low,
            "high_value": high,
            "unit": ZONE_UNITS[item],
            "status": "assumed",
            "source": "ASSUME",
            "note": note,
        }
        for number, (terminal, function, item, (value, low, high), note) in enumerate(ZONE_FIGURES, 1)
    ]


def port_tables(facts: Path) -> tuple[list[Row], list[Row]]:
    """port_equipment.csv as berths (one row a terminal and kind of berth) and everything else."""
    wide: dict[tuple[str, str], Row] = {}
    notes: dict[tuple[str, str], list[str]] = defaultdict(list)
    rest: list[Row] = []
    stems = {"berths": ("berth", "count"), "cranes": ("crane", "count"), "t_per_crane_h": ("crane_rate", "t_per_h")}
    for row in read(facts, "port_equipment"):
        if row["item"] not in stems or row["berth_type"] == "all":
            names = {"value": "equipment_value", "low": "low_value", "high": "high_value"}
            rest.append({names.get(old, old): value for old, value in row.items()})
            continue
        at = row["terminal"], row["berth_type"]
        stem, unit = stems[row["item"]]
        made = wide.setdefault(at, {"id": "_".join(at), "terminal": at[0], "berth_type": at[1]})
        made |= {f"{stem}_{unit}": row["value"], f"{stem}_low_{unit}": row["low"], f"{stem}_high_{unit}": row["high"]}
        made["status"] = worst(made.get("status", "documented"), row["status"])
        made["source"] = merged_sources(made.get("source", ""), row["source"])
        notes[at].append(row["note"])
    for at, made in wide.items():
        made["note"] = joined(*dict.fromkeys(notes[at]))
    return list(wide.values()), rest + zone_figures()


def water_services(facts: Path) -> list[Row]:
    """One service for each city served; departures follow from the hinted tonnes and the observed load of a vessel."""
    load_t, weeks = 807, 52
    tonnes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in read(facts, "demand_hint"):
        if row["observed_mode"] == "water":
            tonnes[row["origin"]][0] += int(row["tonnes_per_year"])
            tonnes[row["destination"]][1] += int(row["tonnes_per_year"])
    made = []
    for place in read(facts, "places"):
        if place["in_32_cities"] != "yes":
            continue
        mid = max(tonnes[place["id"]]) / load_t / weeks
        made.append(
            {
                "id": f"ws_{place['id']}",
                "name_zh": f"衢江港区-{place['name_zh']}",
                "name_en": f"Qujiang port - {place['name_en']}",
                "from_place": "qj_port",
                "to_place": place["water_node"],
                "city": place["id"],
                "departures_per_week": f"{mid:.2f}",
                "departures_low_per_week": f"{mid * 0.25:.2f}",
                "departures_high_per_week": f"{mid * 2:.2f}",
                "status": "assumed",
                "source": "ASSUME;S5",
                "note": "larger direction of the hinted tonnes / 807 t a vessel / 52, range 0.25 to 2 times; documented is only "
                "that all services together had more than 20 departures a week in 2020",
            }
        )
    return made


def convert(facts: Path) -> dict[str, list[Row]]:
    """Every table of the district."""
    tables: dict[str, list[Row]] = {}
    for table, (file, _) in RENAMES.items():
        rows = renamed(table, read(facts, file))
        tables[table] = worded(table, MENDS.get(table, list)(rows))
    tables["observations"] = observations(facts)
    tables["lock_counts"] = lock_counts(facts)
    tables["economy_growth"] = [dict(row) for row in ECONOMY]
    tables["water_services"] = water_services(facts)
    tables["berths"], tables["port_equipment"] = port_tables(facts)
    tables["ranges"] = ranges(facts, tables["observations"])
    return tables


def main(arguments: list[str]) -> None:
    """Write every table of the district."""
    if len(arguments) != 2:
        raise SystemExit("usage: import_facts.py FACTS_DIR DISTRICT_DIR")
    facts, district = (Path(argument) for argument in arguments)
    texts = {table: as_csv(table, rows) for table, rows in convert(facts).items()}
    district.mkdir(parents=True, exist_ok=True)
    for table, text in texts.items():
        (district / f"{table}.csv").write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(texts)} tables, {sum(text.count(chr(10)) - 1 for text in texts.values())} lines")


if __name__ == "__main__":
    main(sys.argv[1:])
