"""From a district's tables to a port problem. What the tables do not say is assumed here, and said so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qujiang.district.economy import effective_growth
from qujiang.errors import ScenarioError
from qujiang.port.capacity import BerthPool, berth_pools
from qujiang.port.problem import (
    Berth,
    CallKind,
    Closure,
    CranePool,
    Gate,
    Lock,
    PortProblem,
    Present,
    Yard,
    require_target,
)

if TYPE_CHECKING:
    import polars as pl

BERTH_TYPE = {"dry_bulk": "dry_bulk", "covered_bulk": "general", "break_bulk": "general", "container": "container"}
#: Gap between vessels at a quay as a part of their length (a general rule, secondary source).
GAP_SHARE = 0.125
#: Yard: tonnes on a square metre of bulk and general yard, aisles included; square metres, height and use of box slots.
BULK_T_PER_M2 = 2.0
SLOT_M2, SLOT_HIGH, SLOT_USE_SHARE = 28.0, 3, 0.6
T_PER_TEU = 15.0
#: Shares of a day's lorries by hour where no appointments are made: seven tenths between 7 and 19 o'clock.
LORRY_DAY = tuple(0.7 / 12 if 7 <= hour < 19 else 0.3 / 12 for hour in range(24))
HANDLING_STAGES = 4
#: What a zone takes, by its function; a function not named takes everything.
ZONE_GOODS = {
    "manufacturing": ("general",),
    "cold_chain": ("general", "container"),
    "logistics": ("general", "container"),
    "bonded": ("container",),
    "customs": ("container",),
    "reserve": ("general",),
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of one kind before they are given to a terminal."""

    vessel: str
    berth_type: str
    direction: str
    calls_per_year: float
    t_per_call: float


def port_problem(
    district: Mapping[str, pl.DataFrame],
    *,
    throughput_t_per_year: float | None = None,
    year: int | None = None,
    calls: pl.DataFrame | None = None,
    lock: str | None = None,
) -> PortProblem:
    """The district's port under a year's calls.

    Parameters
    ----------
    district
        Tables ``terminals``, ``berths``, ``port_equipment``, ``vessel_classes``, ``cargoes``, ``rates``, ``lock_counts``,
        ``demand_growth``, ``economy_growth`` and ``calibration_facts``.
    throughput_t_per_year
        Tonnes in and out. Without it and without ``calls``: today's.
    year
        Grow today's cargo to this calendar year.
    calls
        Table ``terminal`` (a terminal or its place), ``class``, ``cargo``, ``direction``, ``calls_per_year`` and
        ``t_per_call`` (or ``load_t_per_call``), as freight hands it over. Without it calls are derived.
    lock
        Put this lock (its id) in front of the port, with the other traffic of ``background``. Waits at locks belong to
        freight; this is for questions about a lock alone.

    Raises
    ------
    ScenarioError
        The district has no berths, or its throughput is not known.
    """
    pools = _own_pools(district)
    said: list[str] = []
    traffic = _derived(district, throughput_t_per_year, year, said) if calls is None else _given(district, calls)
    if calls is not None and throughput_t_per_year is not None:
        traffic = _scaled(traffic, throughput_t_per_year)
    kinds = tuple(in_zones(district, _kinds(district, pools, traffic, said)))
    if any(kind.yard is not None and kind.yard.split(" ")[1] not in ("boxes", "bulk") for kind in kinds):
        said.append(
            "the zones' shares, room and stay are assumed, and which terminal serves each; outward cargo passes none"
        )
    berths, cranes = [], []
    for pool in pools:
        name = f"{pool.terminal} {pool.berth_type}"
        working = 1 - pool.auxiliary_h_per_day / pool.hours_h_per_day
        cranes.append(CranePool(name, pool.crane_count, pool.crane_rate_t_per_h * working))
        length = _berth_length_m(district, pool)
        berths += [
            Berth(f"{name} {k + 1}", pool.terminal, name, pool.berth_type, length_m=length)
            for k in range(pool.berth_count)
        ]
    said.append("time runs over working days; a year of them counts")
    said.append(f"handling time varies around its mean (Erlang-{HANDLING_STAGES}); arrivals are random (Poisson)")
    hours = max(pool.hours_h_per_year for pool in pools)
    inspectors = 1 if any(kind.inspected_share for kind in kinds) else 0
    return PortProblem(
        berths=tuple(berths),
        pools=tuple(cranes),
        kinds=kinds,
        yards=tuple(_yards(district, pools, kinds, hours)),
        lock=None if lock is None else _lock(district, lock, hours, said),
        gates=tuple(_gates(district, pools, kinds, said)),
        inspectors=inspectors,
        closures=tuple(_customs_nights(district, hours)) if inspectors else (),
        hours_h_per_year=hours,
        assumptions=tuple(said),
    )


# -- small lookups -----------------------------------------------------------------------------------------------------


def _own_pools(district: Mapping[str, pl.DataFrame]) -> tuple[BerthPool, ...]:
    place = getattr(getattr(district, "info", None), "port_place", None)
    own = {row["id"] for row in district["terminals"].to_dicts() if place is None or row.get("place") in (None, place)}
    pools = tuple(pool for pool in berth_pools(district) if pool.terminal in own and pool.berth_count)
    if not pools:
        raise ScenarioError("the district has no berths in an open terminal: fill berths.csv and terminals.csv")
    return pools


def _rate(district: Mapping[str, pl.DataFrame], name: str) -> float:
    rows = [row["rate_value"] for row in district["rates"].to_dicts() if row["id"] == name]
    if not rows:
        raise ScenarioError(f"rates.csv has no row {name}, which the port needs")
    return rows[0]


def _figure(
    district: Mapping[str, pl.DataFrame], terminal: str, item: str, berth_type: str | None = None
) -> float | None:
    for row in district["port_equipment"].to_dicts():
        if (
            row["terminal"] == terminal
            and row["item"] == item
            and (berth_type is None or row["berth_type"] == berth_type)
        ):
            return row["equipment_value"]
    return None


def _berth_length_m(district: Mapping[str, pl.DataFrame], pool: BerthPool) -> float:
    quay = _figure(district, pool.terminal, "quay_m")
    count = _figure(district, pool.terminal, "berths") or 0
    return math.inf if not quay or not count else quay / count / (1 + GAP_SHARE)


# -- traffic -----------------------------------------------------------------------------------------------------------


def todays_throughput_t_per_year(district: Mapping[str, pl.DataFrame]) -> float:
    """Tonnes of the latest full year, from ``calibration_facts``."""
    for row in district["calibration_facts"].to_dicts():
        if row["fact"] == "throughput" and row["fact_value"] is not None:
            return float(row["fact_value"])
    raise ScenarioError("calibration_facts.csv has no row throughput; say --throughput")


def _derived(
    district: Mapping[str, pl.DataFrame], throughput: float | None, year: int | None, said: list[str]
) -> list[Traffic]:
    if throughput is not None:
        require_target(throughput)
    factor = _growth(district, year)
    total = todays_throughput_t_per_year(district) if throughput is None else throughput
    shares: dict[tuple[str, str], float] = {}
    for row in district["cargoes"].to_dicts():
        share = (row["share_percent"] or 0.0) * factor.get(row["id"], 1.0)
        place = BERTH_TYPE[row["handling"]], row["direction"]
        shares[place] = shares.get(place, 0.0) + share
    today = sum((row["share_percent"] or 0.0) for row in district["cargoes"].to_dicts())
    if today <= 0:
        raise ScenarioError("cargoes.csv gives no shares, so the calls cannot be derived; hand over a table of calls")
    if throughput is not None:
        today = sum(shares.values())
    said.append(
        "calls are derived: cargo by today's shares, one direction laden a call, vessels as counted at the lock"
    )
    vessels = {"container": _box_vessel(district), "other": _bulk_vessel(district)}
    traffic = []
    for (berth_type, direction), share in sorted(shares.items()):
        vessel = vessels["container" if berth_type == "container" else "other"]
        tonnes = total * share / today
        traffic.append(Traffic(vessel["id"], berth_type, direction, tonnes / vessel["payload_t"], vessel["payload_t"]))
    return traffic


def _growth(district: Mapping[str, pl.DataFrame], year: int | None) -> dict[str, float]:
    """Cargo -> factor from the base year to ``year``."""
    base = getattr(getattr(district, "info", None), "base_year", None)
    if year is None or base is None:
        return {}
    if not base <= year <= base + 50:
        raise ScenarioError(f"year = {year}: must lie from {base} (today's figures) to {base + 50}")
    rows = effective_growth(district).to_dicts()
    return {row["cargo"]: (1 + row["growth_percent"] / 100) ** (year - base) for row in rows}


def _bulk_vessel(district: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """The class whose payload is nearest to the load a vessel that was counted at a lock in the latest year with a
    lockage count; the class of median payload where nothing was counted."""
    classes = [row for row in district["vessel_classes"].to_dicts() if not row["capacity_teu"] and row["draught_m"] < 3]
    counts = [row for row in district["lock_counts"].to_dicts() if row["vessels_count"] and row["passed_t"]]
    if not classes:
        raise ScenarioError("vessel_classes.csv has no river vessel for bulk")
    if not counts:
        return sorted(classes, key=lambda row: row["payload_t"])[len(classes) // 2]
    load = sum(row["passed_t"] for row in counts) / sum(row["vessels_count"] for row in counts)
    return min(classes, key=lambda row: abs(row["payload_t"] - load))


def _box_vessel(district: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    classes = [row for row in district["vessel_classes"].to_dicts() if row["capacity_teu"] and row["draught_m"] < 3]
    return min(classes, key=lambda row: row["capacity_teu"]) if classes else _bulk_vessel(district)


def _given(district: Mapping[str, pl.DataFrame], calls: pl.DataFrame) -> list[Traffic]:
    handling = {row["id"]: BERTH_TYPE[row["handling"]] for row in district["cargoes"].to_dicts()}
    known = {row["id"] for row in district["vessel_classes"].to_dicts()}
    load = "t_per_call" if "t_per_call" in calls.columns else "load_t_per_call"
    missing = {"class", "cargo", "direction", "calls_per_year", load} - set(calls.columns)
    if missing:
        raise ScenarioError(f"calls: column {', '.join(sorted(missing))} is missing")
    if not all(calls[name].dtype.is_numeric() for name in ("calls_per_year", load)):
        raise ScenarioError(f"calls: calls_per_year and {load} must be numbers")
    total: dict[tuple[str, str, str], list[float]] = {}
    for row in calls.to_dicts():
        if row["cargo"] not in handling:
            raise ScenarioError(f"calls: cargo = {row['cargo']} is not in cargoes.csv")
        if row["class"] not in known:
            raise ScenarioError(f"calls: class = {row['class']} is not in vessel_classes.csv")
        if row["direction"] not in ("in", "out"):
            raise ScenarioError(f"calls: direction = {row['direction']}: must be in or out")
        if not (row["calls_per_year"] or 0) >= 0 or not (row[load] or 0) > 0:
            raise ScenarioError(f"calls: {row['class']} {row['cargo']}: calls from 0 up and tonnes above 0 are needed")
        entry = total.setdefault((row["class"], handling[row["cargo"]], row["direction"]), [0.0, 0.0])
        entry[0] += row["calls_per_year"]
        entry[1] += row["calls_per_year"] * row[load]
    traffic = [Traffic(*key, number, tonnes / number) for key, (number, tonnes) in sorted(total.items()) if number > 0]
    if not traffic:
        raise ScenarioError("calls: the table has no call")
    return traffic


def present_from(problem: PortProblem, table: pl.DataFrame) -> PortProblem:
    """The port with the vessels that are in it now: table ``kind`` (a kind of call), ``place`` (alongside or anchorage) and
    ``remaining_t``.

    Raises
    ------
    ScenarioError
        A kind or place is unknown, or a tonnage is below 0.
    """
    names, present = {kind.name for kind in problem.kinds}, []
    missing = {"kind", "place", "remaining_t"} - set(table.columns)
    if missing:
        raise ScenarioError(
            f"present: column {', '.join(sorted(missing))} is missing; needed are kind, place, remaining_t"
        )
    for line, row in enumerate(table.to_dicts(), 2):
        if row["kind"] not in names:
            raise ScenarioError(f"present: line {line}, kind = {row['kind']}: known are {', '.join(sorted(names))}")
        if row["place"] not in ("alongside", "anchorage"):
            raise ScenarioError(f"present: line {line}, place = {row['place']}: must be alongside or anchorage")
        if not (row["remaining_t"] or 0) > 0:
            raise ScenarioError(f"present: line {line}, remaining_t = {row['remaining_t']}: must be above 0")
        present.append(Present(row["kind"], row["place"] == "alongside", float(row["remaining_t"])))
    return replace(problem, present=tuple(present))


def _scaled(traffic: list[Traffic], throughput: float) -> list[Traffic]:
    require_target(throughput)
    factor = throughput / sum(row.calls_per_year * row.t_per_call for row in traffic)
    return [
        Traffic(row.vessel, row.berth_type, row.direction, row.calls_per_year * factor, row.t_per_call)
        for row in traffic
    ]


def _kinds(district: Mapping[str, pl.DataFrame], pools: tuple[BerthPool, ...], traffic: list[Traffic], said: list[str]):
    """Every traffic at every terminal with berths for it, in proportion to what those berths handle in a year."""
    classes = {row["id"]: row for row in district["vessel_classes"].to_dicts()}
    share, hours = _foreign_inspection(district)
    moved = False
    for row in traffic:
        own = [pool for pool in pools if pool.berth_type == row.berth_type]
        kept_type = row.berth_type
        if not own:
            own, kept_type, moved = (
                [pool for pool in pools if pool.berth_type == "general"] or list(pools),
                "general",
                True,
            )
            kept_type = own[0].berth_type
            own = [pool for pool in own if pool.berth_type == kept_type]
        weight = {pool.terminal: pool.berth_count / pool.service_h(row.t_per_call) for pool in own}
        vessel = classes[row.vessel]
        low = (vessel["payload_low_t"] or vessel["payload_t"]) / vessel["payload_t"]
        for pool in own:
            boxes = row.berth_type == "container"
            yard = f"{pool.terminal} {'boxes' if boxes else 'bulk'}"
            yield CallKind(
                name=f"{pool.terminal} {row.berth_type} {row.vessel} {row.direction}",
                berth_type=kept_type,
                terminal=pool.terminal,
                calls_per_year=row.calls_per_year * weight[pool.terminal] / sum(weight.values()),
                call_low_t=row.t_per_call * low,
                call_high_t=row.t_per_call * (2 - low),
                direction=row.direction,
                length_m=vessel["length_m"],
                draught_m=vessel["draught_m"],
                berthing_h=pool.berthing_h,
                handling_stages=HANDLING_STAGES,
                yard=yard,
                yard_share=1.0 if row.direction == "in" else 0.0,
                dwell_h=_rate(district, "dwell_laden_box" if boxes else "dwell_bulk") * pool.hours_h_per_day,
                inspected_share=share if boxes and row.direction == "in" else 0.0,
                inspection_h=hours,
            )
    if moved:
        said.append("cargo without berths of its own kind goes to general berths")
    said.append("cargo is spread over the terminals in proportion to what their berths of its kind handle")
    said.append("outward cargo waits in the yard before its vessel: its room is taken off the yard, not simulated")


def _foreign_inspection(district: Mapping[str, pl.DataFrame]) -> tuple[float, float]:
    share = hours = 0.0
    for row in district["port_equipment"].to_dicts():
        if row["item"] == "customs_inspected_share":
            share = row["equipment_value"] / 100
        elif row["item"] == "customs_inspection_hours":
            hours = row["equipment_value"]
    return (share, hours) if hours > 0 else (0.0, 0.0)


def in_zones(district: Mapping[str, pl.DataFrame], kinds: Iterable[CallKind]) -> Iterator[CallKind]:
    """Send a part of each terminal's inward calls to the zones that ``port_equipment`` gives room.

    A zone is a row of ``zones`` with a function; its rows in ``port_equipment`` carry that function in ``berth_type``:
    ``zone_share`` (percent of the inward calls with goods it takes, ``ZONE_GOODS``), ``zone_capacity`` (t), ``zone_dwell`` (days) and ``zone_priority`` (0 berths
    first; all others have 1 as soon as one zone has a rank).
    """
    functions = (
        {row["function"] for row in district["zones"].to_dicts() if row["kind"] == "zone"}
        if "zones" in district
        else set()
    )
    ranked = any(row["item"] == "zone_priority" for row in district["port_equipment"].to_dicts())
    for kind in kinds:
        left = 1.0
        for function in sorted(functions):
            share = (_figure(district, kind.terminal, "zone_share", function) or 0.0) / 100
            takes = kind.berth_type in ZONE_GOODS.get(function, (kind.berth_type,))
            if kind.direction != "in" or share <= 0 or not takes:
                continue
            days = _figure(district, kind.terminal, "zone_dwell", function)
            rank = _figure(district, kind.terminal, "zone_priority", function)
            left -= share
            yield replace(
                kind,
                name=f"{kind.name} {function}",
                calls_per_year=kind.calls_per_year * share,
                yard=f"{kind.terminal} {function}",
                dwell_h=kind.dwell_h if days is None else days * 24,
                priority=0.0 if rank is None and not ranked else 1.0 if rank is None else rank,
            )
        if left < -1e-9:
            raise ScenarioError(
                f"{kind.terminal}: the zones' shares (zone_share in port_equipment.csv) sum to more than 100 percent"
            )
        yield replace(
            kind, calls_per_year=kind.calls_per_year * max(left, 0.0), priority=1.0 if ranked else kind.priority
        )


# -- land side ---------------------------------------------------------------------------------------------------------


def _yards(
    district: Mapping[str, pl.DataFrame], pools: tuple[BerthPool, ...], kinds: tuple[CallKind, ...], hours: float
):
    for name in dict.fromkeys(kind.yard for kind in kinds if kind.yard):
        terminal, goods = name.split(" ")
        if goods not in ("boxes", "bulk"):
            yield Yard(name, _figure(district, terminal, "zone_capacity", goods) or math.inf)
            continue
        area = _figure(district, terminal, "yard_m2", "container" if goods == "boxes" else "bulk_and_general")
        if area is None:
            yield Yard(name)
            continue
        room = area / SLOT_M2 * SLOT_HIGH * SLOT_USE_SHARE * T_PER_TEU if goods == "boxes" else area * BULK_T_PER_M2
        outward = sum(
            kind.t_per_year * kind.dwell_h / hours for kind in kinds if kind.yard == name and kind.direction == "out"
        )
        largest = max((kind.call_high_t for kind in kinds if kind.yard == name), default=0.0)
        yield Yard(name, max(room - outward, largest))


def _gates(
    district: Mapping[str, pl.DataFrame], pools: tuple[BerthPool, ...], kinds: tuple[CallKind, ...], said: list[str]
):
    for terminal in dict.fromkeys(pool.terminal for pool in pools):
        lanes, minutes = _figure(district, terminal, "gate_lanes"), _figure(district, terminal, "gate_minutes")
        if not lanes or not minutes:
            continue
        tonnes = sum(kind.t_per_year for kind in kinds if kind.terminal == terminal)
        yield Gate(terminal, int(lanes), minutes / 60, _rate(district, "truck_payload"), tonnes, LORRY_DAY)
    said.append("all cargo passes the gate by lorry, seven tenths of it between 7 and 19 o'clock, empty one way")


def _customs_nights(district: Mapping[str, pl.DataFrame], hours: float):
    """Inspection works ``customs_open_hours`` a day from 8 o'clock."""
    known = [
        row["equipment_value"] for row in district["port_equipment"].to_dicts() if row["item"] == "customs_open_hours"
    ]
    if not known or known[0] >= 24:
        return
    begin, end = 0.0, 8.0
    while begin < 1.3 * hours:
        yield Closure("customs", "customs", begin, end)
        begin, end = end + known[0], end + 24


def _lock(district: Mapping[str, pl.DataFrame], name: str, hours: float, said: list[str]) -> Lock:
    """A lock's chambers, and half of the others' yearly passages in each direction; the latest year counted."""
    rows = [row for row in district["locks"].to_dicts() if row["id"] == name]
    if not rows:
        raise ScenarioError(f"lock = {name}: there is no such lock in locks.csv")
    others = [row for row in district["background"].to_dicts() if row["lock"] == name and row["direction"] == "both"]
    latest = max(others, key=lambda row: row["year"], default=None)
    passing = 0 if latest is None else latest["vessels_count"] or 0
    said.append(f"lock {name}: vessels board first come while the mean number a lockage fits; a lockage starts at once")
    size = float(round(rows[0]["vessels_per_lockage_count"]))
    return Lock(rows[0]["chamber_count"], size, rows[0]["lockage_min"] / 60, others_per_h=passing / 2 / hours)
