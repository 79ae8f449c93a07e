"""Rules on figures and names: a district below its city, names that are one row's, ranges, places of the description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from qujiang.district.assumptions import ABOUT_DATA, all_numbers, assumed_numbers, matching, row_ids
from qujiang.district.info import FILE, did_you_mean
from qujiang.district.networks import pairs
from qujiang.district.observations import find_faults
from qujiang.district.scopes import CrossRule, Scope
from qujiang.district.vocabulary import TABLE, TABLES
from qujiang.errors import Fault

#: Tables without which no freight is computed; one of them asks for all.
FREIGHT = ("water_links", "channel_limits", "locks", "road_links", "rail_links", "rail_tariffs")
FREIGHT += ("cargoes", "demand", "vessel_classes", "rates", "emission_factors")
#: Bases and units of figures that a part cannot have more of than its whole.
PARTS = ("ytd", "month", "quarter", "year", "cumulative", "forecast")
RELATIVE = ("percent", "ratio", "share", "fraction")


def find_unknown_areas(scope: Scope) -> Iterator[Fault]:
    """Areas of figures stand in district.toml."""
    areas = scope.info.areas
    for table in ("observations", "population", "economy_growth"):
        for row, area in enumerate(scope.frames[table]["area"]):
            if areas and area is not None and area not in areas:
                mend = did_you_mean(area, areas) or "add it there with [[areas]]"
                yield scope.fault(table, row, "area", f"is no area of {FILE}", mend)


def find_parts_above_wholes(scope: Scope) -> Iterator[Fault]:
    """A district's figure is never above its city's for the same indicator and period."""
    frame = scope.frames["observations"]
    names = ("indicator", "basis", "unit")
    keys = [
        (*key, _period(start, end))
        for *key, start, end in frame.select(*names, "period_start", "period_end").iter_rows()
    ]
    values = list(zip(frame["area"], keys, frame["observed_value"], strict=True))
    yield from _above(scope, "observations", "observed_value", values)


def find_broken_series(scope: Scope) -> Iterator[Fault]:
    """Observations are series: periods that fit their basis, each once, one unit, no year-to-date value that falls."""
    lines = scope.lines["observations"].to_list()
    for fault in find_faults(scope.frames["observations"], file=TABLE["observations"].file, lines=lines):
        yield fault if fault.line is not None else replace(fault, file=scope.scenario_file or fault.file)


def find_past_targets(scope: Scope) -> Iterator[Fault]:
    """A target lies in the base year or after it."""
    base = scope.info.base_year
    for row, year in enumerate(scope.frames["measures"]["target_year"]):
        if year is not None and year < base:
            rule = f"the target lies in the past: the base year of {FILE} is {base}"
            mend = "give a year ahead, leave it empty (then the target is told as one without a year), or set an earlier base year"
            yield scope.fault("measures", row, "target_year", rule, mend)


def find_people_above_wholes(scope: Scope) -> Iterator[Fault]:
    """A part never has more people than its whole in the same year and count."""
    frame = scope.frames["population"]
    keys = list(frame.select("kind", pl.lit("year"), "unit", pl.col("year").cast(pl.String)).iter_rows())
    yield from _above(
        scope, "population", "population_value", list(zip(frame["area"], keys, frame["population_value"], strict=True))
    )


def _above(scope: Scope, table: str, column: str, values: list) -> Iterator[Fault]:
    of = {(area, key): value for area, key, value in values if value is not None}
    for row, (area, key, value) in enumerate(values):
        if value is None or key[1] not in PARTS or any(word in str(key[2]) for word in RELATIVE):
            continue
        for whole in scope.info.area_chain(area):
            if (whole, key) in of and value > of[whole, key]:
                rule = f"{area} is above {whole}, which has {of[whole, key]:.15g} for the same {key[0]} and period"
                yield scope.fault(table, row, column, rule, "mend the value, its unit (万, 亿) or its period")
                break


def _period(start: str | None, end: str | None) -> tuple[str, str]:
    """A year written as YYYY is the same as its twelve months."""
    first, last = start or "", end or ""
    return first + "-01" if len(first) == 4 else first, last + "-12" if len(last) == 4 else last


def find_shared_names(scope: Scope) -> Iterator[Fault]:
    """A name or alias leads to one row."""
    for table in ("places", "cargoes"):
        frame = scope.frames[table]
        owner: dict[str, int] = {}
        for column in ("id", "name_zh", "name_en", "aliases"):
            for row, cell in enumerate(frame[column].to_list()):
                for name in cell if isinstance(cell, list) else [cell]:
                    first = owner.setdefault(name, row) if name is not None else row
                    if first != row:
                        other = frame["id"][first]
                        rule = f"the name {name!r} leads to {other} already"
                        yield scope.fault(
                            table, row, column, rule, "a name belongs to one row; remove it here or there"
                        )


def find_missing_ranges(scope: Scope) -> Iterator[Fault]:
    """Every assumed number has a range."""
    numbers = all_numbers(scope.frames)
    bare = numbers.filter((pl.col("status") == "assumed") & (pl.col("low").is_null() | pl.col("high").is_null()))
    for table, column, name in bare.select("table", "column", "row_id").iter_rows():
        row = row_ids(TABLE[table], scope.frames[table]).index_of(name)
        rule = "is assumed and has no range"
        yield scope.fault(table, row, column, rule, "fill its low and high columns, or add a row to ranges.csv")


def find_wrong_ranges(scope: Scope) -> Iterator[Fault]:
    """A range speaks of numbers and rows that exist."""
    for row, given in enumerate(scope.frames["ranges"].iter_rows(named=True)):
        fault = _wrong_range(scope, given)
        if fault:
            column, rule, mend = fault
            yield scope.fault("ranges", row, column, rule, mend)


def _wrong_range(scope: Scope, given: dict) -> tuple[str, str, str] | None:
    table = TABLE.get(given["table"] or "")
    if table is None:
        return "table", "is no table", did_you_mean(given["table"] or "", TABLE) or "name a table of this district"
    if given["column"] not in table.names or not table.column(given["column"]).numeric:
        mend = did_you_mean(given["column"] or "", [c.name for c in table.columns if c.numeric])
        return "column", f"is no numeric column of {table.name}", mend or "name a numeric column"
    factors = (given["low_factor"], given["high_factor"]), (given["low_add_value"], given["high_add_value"])
    if sum(None not in pair for pair in factors) != 1 or sum(None in pair and pair != (None, None) for pair in factors):
        return "low_factor", "a range has two factors or two additions", "fill low_factor and high_factor"
    low, high = factors[0] if None not in factors[0] else factors[1]
    if low > high:
        return "low_factor" if None not in factors[0] else "low_add_value", "the low end is above the high", "swap them"
    return _wrong_rows(scope, table.name, given["rows"] or "")


def _wrong_rows(scope: Scope, name: str, terms: str) -> tuple[str, str, str] | None:
    table, frame = TABLE[name], scope.frames[name]
    for term in terms.split(";"):
        column, equals, _ = term.partition("=")
        if equals and column not in table.names:
            mend = did_you_mean(column, table.names) or "name a column"
            return "rows", f"{column} is no column of {name}", mend
        if frame.height and not equals and term != "all" and not matching(table, frame, term).any():
            mend = did_you_mean(term, row_ids(table, frame).drop_nulls().to_list()) or "name a row, or remove it"
            return "rows", f"{name} has no row {term}", mend
    return None


def find_half_freight(scope: Scope) -> Iterator[Fault]:
    """The tables of freight come together."""
    filled = [name for name in FREIGHT if scope.frames[name].height]
    if not filled:
        return
    for name in FREIGHT:
        if scope.frames[name].is_empty() and name not in ("channel_limits", "locks", "rail_links", "rail_tariffs"):
            rule = f"has no rows, and freight needs it: {', '.join(filled[:3])}{', ...' if len(filled) > 3 else ''} are filled"
            yield scope.fault(name, None, None, rule, "fill it, or empty all tables of freight")


def find_wrong_port(scope: Scope) -> Iterator[Fault]:
    """The port of district.toml is a place, and freight has a port."""
    port, places = scope.info.port_place, scope.frames["places"]["id"].to_list()
    if port is not None and port not in places:
        rule = "is no place of places.csv"
        yield Fault(
            FILE, None, "port_place", port, rule, did_you_mean(port, [p for p in places if p]) or "add the place"
        )
    if port is None and scope.frames["demand"].height:
        yield Fault(FILE, None, "port_place", None, "key is missing, and there is demand", "name the port's place")
    area = scope.info.port_area
    if area is not None and area not in (scope.info.areas or {}):
        mend = did_you_mean(area, scope.info.areas or {}) or "add it with [[areas]]"
        yield Fault(FILE, None, "port_area", area, "is no area", mend)


def find_wrong_services(scope: Scope) -> Iterator[Fault]:
    """Cities that a service is counted to, and services, are the same ones."""
    places, services = scope.frames["places"], scope.frames["water_services"]
    if services.is_empty():
        return
    served = services["city"].to_list()
    node = dict(pairs(places["id"], places["water_node"]))
    for row, (city, counted) in enumerate(zip(places["id"], places["water_service"], strict=True)):
        if counted and city not in served:
            yield scope.fault("places", row, "water_service", f"no row of water_services.csv leads to {city}", "add it")
        elif counted is False and city in served:
            rule = f"a row of water_services.csv leads to {city}"
            yield scope.fault("places", row, "water_service", rule, "write yes, or remove that row")
    for row, (city, end) in enumerate(pairs(services["city"], services["to_place"])):
        if city in node and node[city] != end:
            rule = f"is not the water node of {city}, {node[city]}"
            yield scope.fault("water_services", row, "to_place", rule, "mend one of the two")


def find_double_demand(scope: Scope) -> Iterator[Fault]:
    """Demand goes from one place to another, and each origin, destination, cargo and mode stands once."""
    first: dict[tuple, int] = {}
    frame = scope.frames["demand"].select("origin", "destination", "cargo", "observed_mode")
    for row, key in enumerate(frame.iter_rows()):
        if None not in key[:3] and key[0] == key[1]:
            yield scope.fault(
                "demand", row, "destination", "is its own origin", "name another place, or remove the row"
            )
        elif None not in key[:3] and first.setdefault(key, row) != row:
            line = scope.lines["demand"][first[key]]
            rule = f"stands in line {line} already: same origin, destination, cargo and mode"
            yield scope.fault("demand", row, None, rule, "add the two up, or remove one")


def find_crossed_actions(scope: Scope) -> Iterator[Fault]:
    """A landmark's action names the landmark."""
    actions = scope.frames["actions"]
    of = dict(zip(actions["id"], actions["landmark_no"], strict=True))
    marks = scope.frames["landmarks"]
    for row, (number, action) in enumerate(zip(marks["landmark_no"], marks["action"], strict=True)):
        if of.get(action) is not None and number is not None and of[action] != number:
            rule = f"{action} serves landmark {of[action]} in actions.csv"
            yield scope.fault("landmarks", row, "action", rule, "mend one of the two")


def _range_reads() -> dict[str, tuple[str, ...]]:
    """All numbers, their statuses and range columns: a rule over everything."""
    reads = {
        t.name: tuple({name for pair in assumed_numbers(t) for name in pair})
        for t in TABLES
        if t.name not in ABOUT_DATA
    }
    return reads | {"ranges": TABLE["ranges"].names, "places": (*reads["places"], "id")}


_SEEN = ("area", "indicator", "basis", "unit", "period_start", "period_end", "observed_value")
RULES = (
    CrossRule(dict.fromkeys(("observations", "population", "economy_growth"), ("area",)), find_unknown_areas),
    CrossRule({"observations": _SEEN}, find_parts_above_wholes),
    CrossRule({"observations": TABLE["observations"].names}, find_broken_series),
    CrossRule({"measures": ("target_year",)}, find_past_targets),
    CrossRule({"population": ("area", "year", "kind", "unit", "population_value")}, find_people_above_wholes),
    CrossRule(dict.fromkeys(("places", "cargoes"), ("id", "name_zh", "name_en", "aliases")), find_shared_names),
    CrossRule({"ranges": TABLE["ranges"].names}, find_wrong_ranges),
    CrossRule(_range_reads(), find_missing_ranges),
    CrossRule(dict.fromkeys(FREIGHT, ("id",)), find_half_freight),
    CrossRule({"places": ("id",)}, find_wrong_port),
    CrossRule(
        {"places": ("id", "water_service", "water_node"), "water_services": ("city", "to_place")}, find_wrong_services
    ),
    CrossRule({"demand": ("origin", "destination", "cargo", "observed_mode")}, find_double_demand),
    CrossRule({"landmarks": ("action", "landmark_no"), "actions": ("landmark_no",)}, find_crossed_actions),
)
