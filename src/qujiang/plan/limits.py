"""Every limit of the port's throughput, each as the throughput at which it would bind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from qujiang.errors import DataError, Fault
from qujiang.freight.congestion import background_at
from qujiang.freight.result import FreightResult
from qujiang.plan.result import Binder
from qujiang.port.capacity import berth_pools, design_code_capacity_t_per_year, queueing_capacity_t_per_year

UNIT = "tonnes_per_year"
#: Where the capacity of each kind of physical limit stands.
FILES = {"lock_physical": "locks.csv", "crane": "berths.csv", "gate": "port_equipment.csv"}
#: A lock that at least this part of the port's tonnes pass has a level of its own [1].
MOST_SHARE = 0.5
#: How far demand may grow where it is relaxed [1]: far above every other limit.
GROWTH_OF_RELAXED_DEMAND = 10.0


@dataclass(frozen=True, slots=True)
class Limit:
    """A throughput that cannot be passed [t/year]; infinity where the limit does not apply.

    ``physical`` limits hold whatever level of service is accepted: a base year above one is a fault of the data.
    """

    what: str
    what_zh: str
    kind: str
    level_t_per_year: float
    physical: bool
    assumed: bool
    lock: str | None = None  # the lock, where the limit is one


@dataclass(frozen=True, slots=True)
class Group:
    """Vessel tonnes of the port that pass the same locks [t/year], and the vessel passages that a tonne takes there."""

    locks: frozenset[str]
    tonnes: float
    vessels_per_t: float


@dataclass(frozen=True, slots=True)
class LockLoad:
    """One lock: vessels a year against what its chambers can pass.

    ``refuted`` says that more was counted than lockages x vessels allow: that capacity is wrong, and no limit is read
    from it.
    """

    lock: str
    own_t_per_year: float
    own_vessels_per_year: float
    background_vessels_per_year: float
    capacity_vessels_per_year: float
    capacity_t_per_year: float
    refuted: bool
    assumed: bool = True  # lockages or vessels a lockage are assumed

    @property
    def load_share(self) -> float:
        """Vessels over capacity [1]."""
        return (self.own_vessels_per_year + self.background_vessels_per_year) / self.capacity_vessels_per_year


def lock_loads(tables: Mapping[str, pl.DataFrame], result: FreightResult, year: int) -> list[LockLoad]:
    """Load of every lock that carries own cargo or background traffic.

    Own vessels count their empty way back. Background traffic is the latest count of ``background`` (row ``both``, or
    ``up`` and ``down`` together), grown to ``year`` in the middle of its range.
    """
    own = {
        row["lock"]: row
        for row in result.table_locks()
        .group_by("lock")
        .agg(pl.col("own_t_per_year", "laden_vessels_per_year").sum())
        .to_dicts()
    }
    empty = 1 + result.problem.rates["empty_return_share"] / 100
    others = background_at(tables, year)
    at_base = background_at(tables, None)
    loads = []
    for row in tables["locks"].to_dicts():
        lock = row["id"]
        mine = own.get(lock, {"own_t_per_year": 0.0, "laden_vessels_per_year": 0.0})
        if lock not in own and lock not in others:
            continue
        vessels = row["lockages_per_year"] * row["vessels_per_lockage_count"]
        payload = mine["own_t_per_year"] / mine["laden_vessels_per_year"] if mine["laden_vessels_per_year"] else 0.0
        own_vessels = mine["laden_vessels_per_year"] * empty
        loads.append(
            LockLoad(
                lock,
                mine["own_t_per_year"],
                own_vessels,
                others.get(lock, 0.0),
                vessels,
                vessels * payload,
                refuted=at_base.get(lock, 0.0) > vessels,
                assumed=(row.get("operation_status") or row["status"]) == "assumed",
            )
        )
    return loads


def lock_limits(
    loads: Sequence[LockLoad], names: Mapping[str, tuple[str, str]], groups: Sequence[Group], throughput_t: float
) -> list[Limit]:
    """One limit for each lock that the port's vessels pass.

    Where most of the port's tonnes pass a lock, its level is the throughput at which it is full if the port's traffic
    grows and that of others does not; a lock that carries a small part has no such level.
    """
    carried = {load.lock: sum(g.tonnes for g in groups if load.lock in g.locks) for load in loads}
    limits = []
    for load in loads:
        if load.refuted or not carried[load.lock]:
            continue
        zh, en = names[load.lock]
        spare = load.capacity_vessels_per_year - load.background_vessels_per_year
        most = carried[load.lock] >= MOST_SHARE * throughput_t
        level = throughput_t * spare / load.own_vessels_per_year if most else np.inf
        limits.append(Limit(en, zh, "lock_physical", level, True, load.assumed, load.lock))
    return sorted(limits, key=lambda limit: limit.level_t_per_year)


def port_groups(result: FreightResult, scale: float) -> list[Group]:
    """The port's vessel tonnes by the locks that they pass, times ``scale`` (the pivot on today's figure)."""
    problem = result.problem
    empty = 1 + problem.rates["empty_return_share"] / 100
    total: dict[frozenset[str], list[float]] = {}
    for (season, means, a, b), tonnes in result.sailed().items():
        if problem.port in (a, b):
            group = total.setdefault(frozenset(result.locks_between(season, means, a, b)), [0.0, 0.0])
            group[0] += tonnes * scale
            group[1] += tonnes * scale * empty / float(problem.payload_of(season)[means])
    return [Group(locks, t, vessels / t) for locks, (t, vessels) in total.items() if t > 0]


def berth_limits(tables: Mapping[str, pl.DataFrame], port_place: str, call_t: float, wait_ratio: float) -> list[Limit]:
    """What the berths, cranes and gate of the port can carry: by the design code, at a service level, and at full work.

    Parameters
    ----------
    call_t
        Mean load of a call [t].
    wait_ratio
        Mean wait over mean service that is accepted at the berths.
    """
    here = set(tables["terminals"].filter(pl.col("place") == port_place)["id"])
    pools = [pool for pool in berth_pools(tables) if pool.terminal in here]
    if not pools:
        return []
    level = sum(queueing_capacity_t_per_year(pool, call_t, wait_ratio) for pool in pools)
    code = sum(design_code_capacity_t_per_year(pool) for pool in pools)
    # a year of cranes at work all hours of all working days, whatever ships have to wait
    cranes = sum(
        pool.crane_count
        * pool.crane_rate_t_per_h
        * pool.working_days
        * (pool.hours_h_per_day - pool.auxiliary_h_per_day)
        for pool in pools
    )
    limits = [
        Limit(
            f"berths at wait/service {wait_ratio:g}",
            f"泊位（等待/服务比 {wait_ratio:g}）",
            "berth_service_level",
            level,
            False,
            True,
        ),
        Limit("berths by the design code", "泊位（设计规范）", "berth_design_code", code, False, True),
        Limit("cranes at full work", "起重机满负荷", "crane", cranes, True, True),
    ]
    gate = _gate_t_per_year(tables, here)
    return limits if gate is None else [*limits, Limit("gate lanes", "闸口车道", "gate", gate, True, True)]


def container_berths_t(tables: Mapping[str, pl.DataFrame], port_place: str, wait_ratio: float) -> float:
    """Tonnes in boxes that the container berths carry at the level of service; calls as large as their design call."""
    here = set(tables["terminals"].filter(pl.col("place") == port_place)["id"])
    pools = [p for p in berth_pools(tables) if p.terminal in here and p.berth_type == "container"]
    return sum(queueing_capacity_t_per_year(pool, pool.design_call_t, wait_ratio) for pool in pools)


def _gate_t_per_year(tables: Mapping[str, pl.DataFrame], terminals: set[str]) -> float | None:
    """Tonnes that the lanes can pass: a laden and an empty passage for each lorry load [t/year]."""
    payload = dict(zip(tables["rates"]["id"], tables["rates"]["rate_value"], strict=True)).get("truck_payload")
    items: dict[str, dict[str, float]] = {}
    for row in tables["port_equipment"].to_dicts():
        if row["terminal"] in terminals:
            items.setdefault(row["terminal"], {})[row["item"]] = row["equipment_value"]
    lanes = [of for of in items.values() if {"gate_lanes", "gate_minutes"} <= of.keys()]
    if payload is None or not lanes:
        return None
    hours = [of.get("working_days", 365.0) * of.get("hours_per_day", 24.0) for of in lanes]
    return sum(of["gate_lanes"] * 60 / of["gate_minutes"] * h / 2 * payload for of, h in zip(lanes, hours, strict=True))


def documented_berths(terminals: pl.DataFrame, port_place: str) -> Limit | None:
    """Documented berth capacity of the open terminals at the port; total rows are left out."""
    own = terminals.filter(
        (pl.col("place") == port_place)
        & ~pl.col("is_total").fill_null(False)
        & pl.col("state").is_in(["open", "built"])
    )
    known = own["capacity_t_per_year"].drop_nulls()
    if known.len() == 0:
        return None
    assumed = bool((own["status"] == "assumed").any())
    return Limit("documented berth capacity", "泊位核定能力", "berth_documented", float(known.sum()), True, assumed)


def check_base(limits: Sequence[Limit], throughput_t: float) -> None:
    """Refuse a base year above a physical capacity: that is a fault of the data, not a finding.

    Raises
    ------
    DataError
        One fault for each capacity that the base year already passes.
    """
    faults = [
        Fault(
            FILES.get(limit.kind, "terminals.csv"),
            None,
            None,
            f"{limit.level_t_per_year:,.0f} t/year",
            f"{limit.what} lies below the throughput of the base year, {throughput_t:,.0f} t/year",
            "one of the two is wrong: correct the capacity, the counted traffic or the base throughput",
        )
        for limit in limits
        if limit.physical and limit.level_t_per_year < throughput_t
    ]
    if faults:
        raise DataError(faults)


def in_unit(found: Sequence[Binder], unit: str, per_t: float) -> tuple[Binder, ...]:
    """Binders of throughput in the unit of a measure that follows throughput."""
    return tuple(
        replace(b, gain=b.gain * per_t, level=None if b.level is None else b.level * per_t, unit=unit) for b in found
    )
