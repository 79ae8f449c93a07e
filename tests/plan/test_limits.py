"""Limits of the port: what a base year refutes, and the count of others that stands."""

from __future__ import annotations

import pytest

from qujiang.errors import DataError
from qujiang.freight.congestion import background_at
from qujiang.plan.limits import Limit, check_base


def limit(kind: str, level: float, lock: str | None = None, *, physical: bool = True) -> Limit:
    return Limit(kind, kind, kind, level, physical, True, lock)


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
