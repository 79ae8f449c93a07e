"""From rows to arrays, and from addresses to calls: what one replication meets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qujiang.methods.compiled import kernel
from qujiang.methods.draws import erlang, stream, uniform
from qujiang.port import kernels
from qujiang.port.kernels import Calls, Port
from qujiang.port.problem import MODES, CranePool, PortProblem

#: What a draw is for: its place in a vessel's block of 32. New purposes are appended, never moved.
GAP, KIND, SIZE, HANDLING, DWELL, INSPECTED, INSPECTION, RAIL, OTHER_GAP = 0, 4, 5, 6, 10, 14, 15, 19, 20
PURPOSES = 32
OTHERS = 0x5EED_0F_0743_5A1B  # the lock's other traffic has its own address
CHANGES = {"cranes": kernels.POOL, "berths": kernels.BERTH_GROUP, "customs": kernels.CUSTOMS, "lock": kernels.CHAMBERS}


def design(problem: PortProblem) -> Port:
    """The arrays of one design. Berths keep their order of rows: put small ones first."""
    pools = {pool.name: k for k, pool in enumerate(problem.pools)}
    yards = {yard.name: k for k, yard in enumerate(problem.yards)}
    groups = list(dict.fromkeys(berth.group for berth in problem.berths))
    fit = [
        sum(1 << b for b, berth in enumerate(problem.berths) if problem.why_not(kind, berth) is None)
        for kind in problem.kinds
    ]
    most = max(1, *(pool.crane_count for pool in problem.pools))
    lock, rail = problem.lock, problem.rail
    changes = _changes(problem, pools, groups)
    stopped = {which for _, _, what, which, _ in changes if what == kernels.POOL}
    modes = [MODES.index(pool.mode) if k in stopped else kernels.FINISH for k, pool in enumerate(problem.pools)]
    return Port(
        fit=np.array(fit, np.uint64),
        priority=np.array([kind.priority for kind in problem.kinds], float),
        kind_zone=np.array([-1 if kind.yard is None else yards[kind.yard] for kind in problem.kinds], np.int64),
        gang_most=np.array([kind.gang_most for kind in problem.kinds], np.int64),
        gang_least=np.array([kind.gang_least for kind in problem.kinds], np.int64),
        ageing_h=problem.ageing_h,
        strict=problem.strict,
        berth_pool=np.array([pools[berth.pool] for berth in problem.berths], np.int64),
        berth_group=np.array([groups.index(berth.group) for berth in problem.berths], np.int64),
        cranes=np.array([pool.crane_count for pool in problem.pools], np.int64),
        speed=np.array([gang_speeds(pool, most) for pool in problem.pools], float),
        crane_mode=np.array(modes, np.int64),
        overtake=problem.overtake,
        zone_t=np.array([yard.capacity_t for yard in problem.yards], float),
        inspectors=problem.inspectors,
        train_gap_h=math.inf if rail is None else float(rail.gap_h),
        train_t=math.inf if rail is None else float(rail.train_t),
        chambers=0 if lock is None else lock.chamber_count,
        chamber_size=0.0 if lock is None else float(lock.chamber_size),
        lockage_h=0.0 if lock is None else float(lock.lockage_h),
        hold_h=0.0 if lock is None else float(lock.hold_h),
        change_at=np.array([c[0] for c in changes], float),
        change_what=np.array([c[2] for c in changes], np.int64),
        change_which=np.array([c[3] for c in changes], np.int64),
        change_to=np.array([c[4] for c in changes], np.int64),
    )


def gang_speeds(pool: CranePool, most: int) -> list[float]:
    """Rate of a gang of 1, 2, … cranes [t/h]."""
    return [pool.rate_t_per_h * gang**pool.interference_exponent for gang in range(1, most + 1)]


def _changes(problem: PortProblem, pools: dict[str, int], groups: list[str]) -> list[tuple[float, int, int, int, int]]:
    """(instant, rank, what, which, capacity): openings before closings at one instant."""
    full = {"cranes": {pool.name: pool.crane_count for pool in problem.pools}}
    full["berths"] = dict.fromkeys(groups, 1)
    full["customs"] = {"customs": problem.inspectors}
    full["lock"] = {"lock": 0 if problem.lock is None else problem.lock.chamber_count}
    number = {
        "cranes": pools,
        "berths": {name: k for k, name in enumerate(groups)},
        "customs": {"customs": 0},
        "lock": {"lock": 0},
    }
    changes: list[tuple[float, int, int, int, int]] = []
    begins = {(c.what, c.which, c.from_h) for c in problem.closures}
    for closure in problem.closures:
        what, which = CHANGES[closure.what], number[closure.what][closure.which]
        changes.append((closure.from_h, 1, what, which, closure.capacity))
        if (closure.what, closure.which, closure.to_h) not in begins:
            changes.append((closure.to_h, 0, what, which, full[closure.what][closure.which]))
    return sorted(changes)


def kind_table(problem: PortProblem) -> np.ndarray:
    """One row per kind: what ``draw`` needs."""
    return np.array(
        [
            (
                kind.call_low_t, kind.call_high_t, kind.handling_stages, kind.berthing_h, kind.yard_share if kind.yard else 0.0,
                kind.dwell_h, kind.dwell_stages, kind.inspected_share, kind.inspection_h, kind.rail_share, kind.lock_size,
            )
            for kind in problem.kinds
        ],
        float,
    )  # fmt: skip


@kernel
def draw(seed, replication, first, per_h, gap_stages, cumulative, table, calls, begin_h):
    """Fill ``calls`` from place ``first`` on with one replication's vessels."""
    state, at = stream(seed, replication), begin_h
    for k in range(first, calls.at_h.shape[0]):
        index = (k - first) * PURPOSES
        at += erlang(state, index + GAP, gap_stages) / per_h
        chance, kind = uniform(state, index + KIND), 0
        while chance > cumulative[kind]:
            kind += 1
        row = table[kind]
        tonnes = row[0] + (row[1] - row[0]) * uniform(state, index + SIZE)
        calls.at_h[k], calls.kind[k], calls.side[k], calls.size[k] = at, kind, -1, row[10]
        calls.berthing_h[k] = row[3]
        calls.work_t[k] = tonnes * erlang(state, index + HANDLING, int(row[2]))
        calls.lot_t[k] = tonnes * row[4]
        calls.dwell_h[k] = row[5] * erlang(state, index + DWELL, int(row[6]))
        calls.inspect_h[k] = 0.0
        if row[7] > 0.0 and uniform(state, index + INSPECTED) < row[7]:
            calls.inspect_h[k] = row[8] * erlang(state, index + INSPECTION, 2)
        calls.by_rail[k] = row[9] > 0.0 and uniform(state, index + RAIL) < row[9]


def empty_calls(count: int) -> Calls:
    """Room for ``count`` calls."""
    real = [np.empty(count) for _ in range(6)]
    return Calls(
        at_h=np.empty(count),
        kind=np.empty(count, np.int64),
        side=np.empty(count, np.int64),
        size=real[0],
        berthing_h=real[1],
        work_t=real[2],
        lot_t=real[3],
        inspect_h=real[4],
        dwell_h=real[5],
        by_rail=np.empty(count, np.int64),
    )


def drawn(problem: PortProblem, count: int, seed: int, replication: int) -> Calls:
    """One replication's calls, vessels now in port first; with a lock, the other traffic is merged in."""
    calls = empty_calls(len(problem.present) + count)
    _put_present(problem, calls)
    shares = np.cumsum([kind.calls_per_year for kind in problem.kinds]) / problem.calls_per_year
    shares[-1] = 1.0
    per_h = problem.calls_per_year / problem.hours_h_per_year
    draw(seed, replication, len(problem.present), per_h, problem.gap_stages, shares, kind_table(problem), calls, 0.0)
    if problem.lock is not None and problem.lock.others_per_h > 0:
        return _with_others(calls, problem.lock.others_per_h, seed, replication)
    return calls


def _put_present(problem: PortProblem, calls: Calls) -> None:
    names = [kind.name for kind in problem.kinds]
    for k, vessel in enumerate(sorted(problem.present, key=lambda v: not v.alongside)):
        kind = problem.kinds[names.index(vessel.kind)]
        calls.at_h[k], calls.kind[k], calls.side[k], calls.size[k] = 0.0, names.index(vessel.kind), -1, kind.lock_size
        calls.berthing_h[k] = 0.0 if vessel.alongside else kind.berthing_h
        calls.work_t[k], calls.lot_t[k] = (
            vessel.remaining_t,
            0.0 if kind.yard is None else vessel.remaining_t * kind.yard_share,
        )
        calls.inspect_h[k], calls.dwell_h[k], calls.by_rail[k] = 0.0, kind.dwell_h, 0


def _with_others(calls: Calls, per_h: float, seed: int, replication: int) -> Calls:
    count = int(2 * per_h * calls.at_h[-1])
    at, side = np.empty(count), np.empty(count, np.int64)
    _draw_others(seed ^ OTHERS, replication, 2 * per_h, at, side)
    order = np.argsort(np.concatenate([calls.at_h, at]), kind="stable")
    zeros = np.zeros(count)
    others: dict[str, Any] = dict.fromkeys(Calls._fields, zeros)
    others.update(at_h=at, kind=zeros.astype(np.int64), side=side, size=np.ones(count), by_rail=zeros.astype(np.int64))
    return Calls(*(np.concatenate([getattr(calls, name), others[name]])[order] for name in Calls._fields))


@kernel
def _draw_others(seed, replication, per_h, at_h, side):
    state, at = stream(seed, replication), 0.0
    for k in range(at_h.shape[0]):
        at += erlang(state, k * PURPOSES + OTHER_GAP, 1) / per_h
        at_h[k], side[k] = at, uniform(state, k * PURPOSES + KIND) < 0.5
