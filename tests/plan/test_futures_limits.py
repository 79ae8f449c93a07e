"""Limits over futures against the linear program and the limits of one future."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.plan import futures as module
from qujiang.plan.futures import build_model
from qujiang.plan.futures_limits import KINDS, Loads, bind, mean_wait_h, read_berths, whole_limits
from qujiang.plan.limits import Group, Limit, LockLoad, berth_limits, binders, lock_limits
from qujiang.port.capacity import wait_ratio_at

LOCKS = ("a", "b", "c")


def _loads(rng: np.random.Generator, futures: int) -> Loads:
    """Five groups over three locks; some locks are short, some refuted."""
    passes = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 0]], dtype=float)
    tonnes = rng.uniform(0.2e6, 2e6, (5, futures))
    vessels = tonnes * rng.uniform(1.0e-3, 2.5e-3, (5, futures))
    mine = passes @ vessels
    return Loads(
        passes,
        tonnes,
        vessels,
        mine * rng.uniform(0.9, 1.3, mine.shape),
        rng.uniform(0, 8000, mine.shape),
        mine * rng.uniform(0.4, 5, mine.shape) + rng.uniform(0, 6000, mine.shape),
        rng.random(mine.shape) < 0.1,
    )


def _one(loads: Loads, whole: dict[str, np.ndarray], f: int) -> tuple[float, tuple]:
    """The same future by the code of the base future."""
    groups = [
        Group(
            frozenset(LOCKS[i] for i in range(3) if loads.passes[i, g]),
            float(loads.tonnes[g, f]),
            float(loads.vessels[g, f] / loads.tonnes[g, f]),
        )
        for g in range(5)
    ]
    locks = [
        LockLoad(
            LOCKS[i], 0.0, float(loads.own[i, f]), float(loads.others[i, f]), float(loads.capacity[i, f]), 0.0,
            bool(loads.refuted[i, f]),
        )
        for i in range(3)
    ]  # fmt: skip
    demand = sum(group.tonnes for group in groups)
    limits = [
        Limit("demand", "", "demand", demand, False, True),
        *(Limit(kind, "", kind, float(level[f]), False, True) for kind, level in whole.items()),
        *lock_limits(locks, {name: (name, name) for name in LOCKS}, groups, demand),
    ]
    return binders(groups, locks, limits)


def test_every_future_equals_the_linear_program():
    rng = np.random.default_rng(8)
    loads = _loads(rng, 60)
    total = loads.tonnes.sum(axis=0)
    whole = {"berth_documented": total * rng.uniform(0.5, 3, 60), "crane": total * rng.uniform(0.5, 3, 60)}
    found = bind(loads, whole)
    kinds = set()
    for f in range(60):
        want, order = _one(loads, whole, f)
        assert found.throughput_t[f] == pytest.approx(want, rel=1e-6), f
        kind = KINDS[found.kind[f]]
        kinds.add(kind)
        gains = {b.kind if b.kind != "lock_physical" else b.what: b.gain for b in order}
        mine = LOCKS[found.lock[f]] if found.lock[f] >= 0 else kind
        assert gains[mine] >= max(gains.values()) - 2.0, (f, mine, gains)
    assert kinds >= {"demand", "berth_documented", "crane"}
    assert found.programs > 0


def test_the_limits_of_the_whole_port_are_those_of_the_base_future(district):
    place = district.info.port_place
    berths = read_berths(district, place, 0.1)
    want = {limit.kind: limit.level_t_per_year for limit in berth_limits(district, place, 512.0, 0.1)}
    found = whole_limits(berths, {}, np.array([512.0]), 1.0)
    for kind, level in want.items():
        assert found[kind][0] == pytest.approx(level, rel=1e-12), kind


def test_slower_cranes_and_longer_berthing_never_carry_more(district):
    berths = read_berths(district, district.info.port_place, 0.1)
    call = np.array([500.0, 500.0])
    for name, factors in (("berths:crane_rate_t_per_h", [0.8, 1.0]), ("port_equipment:berthing_hours", [2.0, 1.0])):
        found = whole_limits(berths, {name: np.array(factors)}, call, 1.0)
        assert all(level[0] <= level[1] for level in found.values())


def test_the_wait_is_the_queue_of_equally_busy_pools(district):
    berths = read_berths(district, district.info.port_place, 0.1)
    call = np.array([500.0])
    flow = np.array([5e6])
    full = [p.berth_count * p.hours_h_per_year * 500.0 / p.service_h(500.0) for p in berths.pools]
    share = [part / sum(full) for part in full]
    want = sum(
        wait_ratio_at(pool, 5e6 * part, 500.0) * pool.service_h(500.0) * part
        for pool, part in zip(berths.pools, share, strict=True)
    )
    # the curve is interpolated between exact values: within half a percent of them
    assert mean_wait_h(berths, {}, flow, call)[0] == pytest.approx(want, rel=5e-3)


def test_drawn_futures_of_the_district_equal_the_linear_program(district, result):
    """A sample of real futures, locks and all, against ``limits.binders``."""
    model = build_model(district, district, {row["name"]: row["after"] for row in result.calibration})
    side = model.target
    positions = side.inputs.positions(side.inputs.own(4, 0))
    state = module._state(side, positions, 3, moved=True)
    none = np.zeros(len(next(iter(positions.values()))))
    tonnes = state.tonnes(module.choose(side.terms, state.prices, none).share)
    loads = module.loads_of(side, state, tonnes, none + 1.4, 2027)
    call = module._mean_call_t(side, tonnes)
    whole = whole_limits(side.berths, state.values, call, module._payload_factor(side, state))
    found = bind(loads, whole)
    names = [lock.id for lock in side.locks]
    for f in range(0, 128, 8):
        groups = [
            Group(locks, float(t), float(v / t))
            for locks, t, v in zip(side.outputs.groups, loads.tonnes[:, f], loads.vessels[:, f], strict=True)
            if t > 0
        ]
        of = [
            LockLoad(
                name, 0.0, float(loads.own[i, f]), float(loads.others[i, f]), float(loads.capacity[i, f]), 0.0,
                bool(loads.refuted[i, f]),
            )
            for i, name in enumerate(names)
            if loads.own[i, f] > 0 or loads.others[i, f] > 0
        ]  # fmt: skip
        demand = sum(group.tonnes for group in groups)
        limits = [
            Limit("demand", "", "demand", demand, False, True),
            *(Limit(kind, "", kind, float(level[f]), False, True) for kind, level in whole.items()),
            *lock_limits(of, {name: (name, name) for name in names}, groups, demand),
        ]
        want, order = binders(groups, of, limits)
        assert found.throughput_t[f] == pytest.approx(want, rel=1e-6)
        assert KINDS[found.kind[f]] == order[0].kind
