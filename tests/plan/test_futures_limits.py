"""Limits of the whole port over futures against those of one future."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.plan.futures_limits import read_berths, slower, whole_limits
from qujiang.plan.limits import berth_limits


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


def test_a_berth_is_as_much_slower_as_its_call_takes_longer(district):
    berths = read_berths(district, district.info.port_place, 0.1)
    found = slower(berths, {"port_equipment:berthing_hours": np.array([1.0, 2.0])}, 500.0)
    for pool in berths.pools:
        time, hours = found[f"{pool.terminal}:{pool.berth_type}"]
        assert time == pytest.approx([1.0, (pool.service_h(500.0) + pool.berthing_h) / pool.service_h(500.0)])
        assert np.all(hours == 1.0)
