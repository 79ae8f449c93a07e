"""Limits of the port's throughput over many futures: the same answer as ``limits.largest_throughput``, future by future.

With x the tonnes of each group of flows, 0 <= x <= demand, the sum below every limit of the whole port, and the vessels at each
lock below what is left there: the set is closed downwards, so the most is min(limits of the whole port, most under the locks
alone). Under the locks alone nothing is cut where every lock has room; where one is short, the flows with most vessels a
tonne give way first; where several are short, a small linear program decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.methods.queue_curve import WaitCurve
from qujiang.methods.queues import utilisation_allowed
from qujiang.plan.limits import GROWTH_OF_RELAXED_DEMAND, MOST_SHARE
from qujiang.port.capacity import BerthPool, berth_pools, design_code_capacity_t_per_year

Floats = np.ndarray
Values = Mapping[str, Floats]
#: Kinds of limit in the order of ``Binding.kind``; ``lock_physical`` comes last.
KINDS = ("demand", "berth_documented", "berth_service_level", "berth_design_code", "crane", "gate", "lock_physical")


@dataclass(frozen=True, slots=True)
class Berths:
    """The port's berths, cranes and gate, as the tables give them."""

    pools: tuple[BerthPool, ...]
    allowed: tuple[float, ...]  # utilisation at which each pool keeps the level of service
    documented_t: float | None
    gate_t: float | None  # at the table's minutes and payload
    wait_ratio: float

    @property
    def any(self) -> bool:
        """Whether there are berths to count."""
        return bool(self.pools)


def read_berths(tables: Mapping[str, pl.DataFrame], place: str, wait_ratio: float) -> Berths:
    """Decode the berths of a place."""
    from qujiang.plan.limits import berth_limits, documented_berths

    here = set(tables["terminals"].filter(pl.col("place") == place)["id"])
    pools = tuple(pool for pool in berth_pools(tables) if pool.terminal in here)
    documented = documented_berths(tables["terminals"], place)
    gate = [limit for limit in berth_limits(tables, place, 500.0, wait_ratio) if limit.kind == "gate"]
    allowed = tuple(utilisation_allowed("M", "E2", pool.berth_count, wait_ratio) for pool in pools)
    return Berths(
        pools,
        allowed,
        None if documented is None else documented.level_t_per_year,
        gate[0].level_t_per_year if gate else None,
        wait_ratio,
    )


def drawn_pools(berths: Berths, values: Values) -> list[BerthPool]:
    """The pools with arrays in place of numbers, one value a future."""

    def factor(item: str) -> Floats | float:
        return values.get(f"port_equipment:{item}", 1.0)

    made = []
    for pool in berths.pools:
        made.append(
            BerthPool(
                pool.terminal,
                pool.berth_type,
                pool.berth_count,
                pool.crane_count,
                pool.crane_rate_t_per_h * values.get("berths:crane_rate_t_per_h", 1.0),  # type: ignore[arg-type]
                pool.working_days * factor("working_days"),  # type: ignore[arg-type]
                np.minimum(pool.hours_h_per_day * factor("hours_per_day"), 24.0),  # type: ignore[arg-type]
                pool.auxiliary_h_per_day * factor("auxiliary_hours"),  # type: ignore[arg-type]
                pool.berthing_h * factor("berthing_hours"),  # type: ignore[arg-type]
                pool.design_utilisation_share * factor("berth_utilisation"),  # type: ignore[arg-type]
                pool.design_call_t * factor("design_call_t"),  # type: ignore[arg-type]
            )
        )
    return made


def whole_limits(berths: Berths, values: Values, call_t: Floats, payload_factor: Floats | float) -> dict[str, Floats]:
    """Every limit of the whole port by kind, shape (futures,) [t/year]."""
    found: dict[str, Floats] = {}
    one = np.ones_like(call_t)
    if berths.documented_t is not None:
        found["berth_documented"] = berths.documented_t * one
    pools = drawn_pools(berths, values)
    if pools:
        found["berth_service_level"] = sum(
            (_at_service_level(pool, allowed, call_t) for pool, allowed in zip(pools, berths.allowed, strict=True)),
            0 * one,
        )
        found["berth_design_code"] = sum((design_code_capacity_t_per_year(pool) * one for pool in pools), 0 * one)
        found["crane"] = sum(
            (
                pool.crane_count * pool.crane_rate_t_per_h * pool.working_days
                * (pool.hours_h_per_day - pool.auxiliary_h_per_day) * one
                for pool in pools
            ),
            0 * one,
        )  # fmt: skip
        if berths.gate_t is not None:
            time = values.get("port_equipment:working_days", 1.0) * values.get("port_equipment:hours_per_day", 1.0)
            found["gate"] = berths.gate_t * time / values.get("port_equipment:gate_minutes", 1.0) * payload_factor * one
    return found


def _at_service_level(pool: BerthPool, allowed: float, call_t: Floats) -> Floats:
    return pool.berth_count * allowed * pool.hours_h_per_year * call_t / pool.service_h(call_t)  # type: ignore[arg-type]


def container_t(berths: Berths, values: Values) -> Floats | float:
    """Tonnes in boxes that the container berths carry at the level of service, calls as large as their design call."""
    pools = zip(drawn_pools(berths, values), berths.allowed, strict=True)
    return sum(
        (
            _at_service_level(p, allowed, np.asarray(p.design_call_t))
            for p, allowed in pools
            if p.berth_type == "container"
        ),
        0.0,
    )


def mean_wait_h(berths: Berths, values: Values, flow_t: Floats, call_t: Floats) -> Floats:
    """Mean wait of a vessel at the port [h], cargo spread so that every pool is equally busy; NaN where it cannot be carried."""
    pools = drawn_pools(berths, values)
    if not pools:
        return np.zeros_like(flow_t)
    service = [pool.service_h(call_t) + 0 * flow_t for pool in pools]  # type: ignore[arg-type]
    full = [
        pool.berth_count * pool.hours_h_per_year * call_t / hours for pool, hours in zip(pools, service, strict=True)
    ]
    total = np.sum(full, axis=0)
    busy = flow_t / total
    waits = [
        hours * WaitCurve("M", "E2", pool.berth_count, 1.0).wait_h(busy * pool.berth_count) * part / total
        for pool, hours, part in zip(pools, service, full, strict=True)
    ]
    return np.sum(waits, axis=0)


@dataclass(frozen=True, slots=True)
class Loads:
    """Groups and locks of some futures: ``passes`` (locks, groups) is the same in all; the rest has one column a future."""

    passes: Floats
    tonnes: Floats  # (groups, F)
    vessels: Floats  # (groups, F)
    own: Floats  # (locks, F) vessels of the district's own traffic
    others: Floats  # (locks, F) vessels of the background
    capacity: Floats  # (locks, F)
    refuted: Floats  # (locks, F)


@dataclass(frozen=True, slots=True)
class Binding:
    """The most that each future can handle, and the limit whose relaxation alone gains most there."""

    throughput_t: Floats
    kind: Floats  # index into KINDS
    lock: Floats  # row of the lock, -1 where the limit is none
    programs: int  # futures that needed a linear program


def room_at_locks(loads: Loads) -> tuple[Floats, Floats]:
    """Vessels of the port at each lock and how many may pass, shape (locks, F); a refuted lock has no limit."""
    mine = np.einsum("lg,gf->lf", loads.passes, loads.vessels)
    others = loads.others + np.maximum(loads.own - mine, 0.0)
    total = mine + others
    fair = mine * np.minimum(1.0, loads.capacity / np.where(total > 0, total, 1.0))
    right = np.maximum(loads.capacity - others, np.where(mine > 0, fair, 0.0))
    return mine, np.where(loads.refuted | (np.einsum("lg,gf->lf", loads.passes, loads.tonnes) <= 0), np.inf, right)


def bind(loads: Loads, whole: Mapping[str, Floats]) -> Binding:
    """Hold every future at its limits."""
    count = loads.tonnes.shape[1]
    mine, right = room_at_locks(loads)
    demand = loads.tonnes.sum(axis=0)
    kinds = list(whole)
    levels = np.array([whole[kind] for kind in kinds]).reshape(len(kinds), count)
    cap = levels.min(axis=0, initial=np.inf)
    under = demand.copy()
    short = mine > right * (1 + 1e-12)
    kind, lock, programs = np.zeros(count, dtype=np.int64), np.full(count, -1), 0
    for f in np.flatnonzero(short.any(axis=0)).tolist():
        rows = np.flatnonzero(short[:, f])
        under[f], solved = _most(loads, f, rows, right[rows, f], 1.0)
        programs += solved
    for f in range(count):
        if cap[f] < under[f]:
            kind[f] = KINDS.index(kinds[int(levels[:, f].argmin())])
        elif under[f] < demand[f] * (1 - 1e-12):
            lock[f] = _lock_that_binds(loads, f, mine, right, short, float(under[f]), float(cap[f]))
            kind[f] = KINDS.index("lock_physical") if lock[f] >= 0 else 0
    return Binding(np.minimum(cap, under), kind, lock, programs)


def _most(loads: Loads, f: int, rows: Floats, right: Floats, growth: float) -> tuple[float, int]:
    """The most under some locks alone [t/year], demand grown by a factor; and whether a linear program was solved."""
    tonnes, vessels = loads.tonnes[:, f] * growth, loads.vessels[:, f] * growth
    touched = loads.passes[rows].any(axis=0) & (tonnes > 0)
    free = float(tonnes[~touched].sum())
    tonnes, vessels = tonnes[touched], vessels[touched]
    if not len(tonnes):
        return free, 0
    if len(rows) == 1:
        return free + _cut_heaviest(tonnes, vessels, float(right[0])), 0
    from scipy.optimize import linprog

    use = loads.passes[rows][:, touched] * (vessels / tonnes)
    answer = linprog(
        -np.ones(len(tonnes)),
        A_ub=use,
        b_ub=right / 1e6,
        bounds=np.column_stack([0 * tonnes, tonnes / 1e6]),
        method="highs",
    )
    return free + float(-answer.fun * 1e6), 1


def _cut_heaviest(tonnes: Floats, vessels: Floats, room: float) -> float:
    """Tonnes left when the vessels must fit ``room``: flows with most vessels a tonne give way first."""
    order = np.argsort(vessels / tonnes, kind="stable")
    filled = np.cumsum(vessels[order])
    whole = int(np.searchsorted(filled, room, side="right"))
    kept = float(tonnes[order[:whole]].sum())
    if whole < len(order):
        last = order[whole]
        before = float(filled[whole - 1]) if whole else 0.0
        kept += float(tonnes[last]) * (room - before) / float(vessels[last])
    return kept


def _lock_that_binds(loads: Loads, f: int, mine: Floats, right: Floats, short: Floats, under: float, cap: float) -> int:
    """The lock whose relaxation alone gains more than that of demand; -1 where demand gains more."""
    demand = float(loads.tonnes[:, f].sum())
    rows = np.flatnonzero(short[:, f])
    growth = GROWTH_OF_RELAXED_DEMAND
    on_lock = np.einsum("lg,g->l", loads.passes, loads.tonnes[:, f])
    for row in np.flatnonzero((mine[:, f] > 0) & (on_lock >= MOST_SHARE * demand) & np.isfinite(right[:, f])):
        growth = max(1.0, min(growth, float(right[row, f] / mine[row, f])))
    if growth > 1.0:
        relaxed_short = np.flatnonzero(mine[:, f] * growth > right[:, f] * (1 + 1e-12))
        by_demand = min(_most(loads, f, relaxed_short, right[relaxed_short, f], growth)[0], cap) - under
    else:
        by_demand = 0.0
    best, gain = -1, by_demand
    if min(demand, cap) - under <= by_demand:  # no lock can gain more than that
        return best
    for row in rows:
        rest = rows[rows != row]
        without = _most(loads, f, rest, right[rest, f], 1.0)[0] if len(rest) else demand
        if min(without, cap) - under > gain:
            best, gain = int(row), min(without, cap) - under
    return best
