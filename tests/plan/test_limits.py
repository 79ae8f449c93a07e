"""Limits of the port: relaxing one alone gains what the next one leaves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.errors import DataError
from qujiang.freight.congestion import background_at
from qujiang.plan.limits import Group, Limit, LockLoad, binders, check_base, largest_throughput


def limit(kind: str, level: float, lock: str | None = None, *, physical: bool = True) -> Limit:
    return Limit(kind, kind, kind, level, physical, True, lock)


def load(lock: str, capacity: float, background: float, own: float) -> LockLoad:
    return LockLoad(lock, own * 800, own, background, capacity, capacity * 800, refuted=background > capacity)


PLAIN = [Group(frozenset(), 4.0e6, 0.0)]


def test_the_lowest_limit_binds_and_its_gain_is_the_next_one():
    limits = [
        limit("demand", 4.0e6, physical=False),
        limit("berth_documented", 7.0e6),
        limit("berth_service_level", 9.0e6),
    ]
    now, found = binders(PLAIN, [], limits)
    assert now == pytest.approx(4.0e6)
    assert found[0].kind == "demand"
    assert found[0].gain == pytest.approx(3.0e6)
    assert all(b.gain == 0 for b in found[1:])


def test_a_berth_limit_below_demand_binds():
    limits = [limit("demand", 4.0e6, physical=False), limit("berth_documented", 3.0e6), limit("crane", 3.5e6)]
    now, found = binders(PLAIN, [], limits)
    assert now == pytest.approx(3.0e6)
    assert (found[0].kind, found[0].gain) == ("berth_documented", pytest.approx(0.5e6))


def test_two_equal_limits_gain_nothing_alone():
    limits = [limit("demand", 4.0e6, physical=False), limit("berth_documented", 3.0e6), limit("crane", 3.0e6)]
    _, found = binders(PLAIN, [], limits)
    assert all(b.gain == 0 for b in found)


def test_a_full_lock_costs_only_the_cargo_that_passes_it():
    groups = [Group(frozenset({"near"}), 3.0e6, 0.002), Group(frozenset({"near", "far"}), 1.0e6, 0.002)]
    loads = [load("near", 50_000, 10_000, 8_000), load("far", 1_500, 500, 2_000)]
    limits = [
        limit("demand", 4.0e6, physical=False),
        limit("lock_physical", 9e9, "near"),
        limit("lock_physical", 9e9, "far"),
    ]
    now, found = binders(groups, loads, limits)
    # far: 1,000 vessels are left of 2,000; shared in proportion it would be 2,000 x 1,500 / 2,500 = 1,200 vessels
    assert now == pytest.approx(3.0e6 + 1_200 / 0.002)
    gained = {b.what: b.gain for b in found if b.gain > 0}
    assert sum(gained.values()) >= 400_000 - 1


def test_a_lock_that_others_overfill_is_shared_in_proportion():
    groups = [Group(frozenset({"far"}), 1.0e6, 0.002)]
    now, _ = largest_throughput(groups, [load("far", 100_000, 110_000, 2_000)], [limit("lock_physical", 9e9, "far")])
    assert now == pytest.approx(1.0e6 * 100_000 / 112_000)


@given(st.lists(st.floats(1e5, 2e7), min_size=2, max_size=6))
def test_whole_port_limits_are_a_minimum(levels):
    limits = [limit("demand", levels[0], physical=False)]
    limits += [limit(f"wall {n}", level) for n, level in enumerate(levels[1:])]
    now, found = binders([Group(frozenset(), levels[0], 0.0)], [], limits)
    assert now == pytest.approx(min(levels), rel=1e-6)
    for binder, one in itertools.product(found, limits):
        if binder.kind != one.kind or one.kind == "demand":
            continue
        rest = min(x.level_t_per_year for x in limits if x is not one)
        assert binder.gain == pytest.approx(max(rest - now, 0.0), rel=1e-6, abs=2.0)


def test_base_above_a_physical_capacity_is_a_fault_of_the_data():
    walls = [
        limit("berth_documented", 3.8e6),
        limit("berth_service_level", 1e6, physical=False),
        limit("lock_physical", 2e6, "x"),
    ]
    with pytest.raises(DataError) as told:
        check_base(walls, 4.2e6)
    assert [fault.file for fault in told.value.faults] == ["terminals.csv", "locks.csv"]
    check_base(walls, 1.9e6)


def test_background_takes_the_row_both_or_up_and_down_never_all_three(district):
    found = background_at(district, None)
    assert found["fuchunjiang"] == 40_798  # the row both of 2025; up and down are its halves
    halves = district["background"].filter(district["background"]["id"].is_in(["bg05", "bg06"]))
    assert background_at({"background": halves}, None)["fuchunjiang"] == 2 * 20_399
    grown = background_at(district, 2027)
    assert grown["fuchunjiang"] == pytest.approx(40_798 * 1.05**2)
