"""Voyage cost and draught, against the arithmetic of the fact base (checks k115 to k123)."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.freight.rates import read_rates
from qujiang.freight.vessels import (
    fuel_yuan_per_km,
    payload_by_depth_t,
    read_fleet,
    standing_yuan_per_h,
    vessel_cost_range,
    voyage_cost,
)
from qujiang.methods.finance import annuity

V800 = 1


@pytest.fixture
def fleet(tables):
    return read_fleet(tables["vessel_classes"])


def voyage_yuan_per_t(fleet, rates, payload_t: float, km: float, locks: int, lockage_h: float) -> float:
    cost = voyage_cost(fleet, rates)
    lock_h = locks * (lockage_h + rates["lock_wait_h"])
    return (
        cost.per_km[V800] * km + cost.per_lock_h[V800] * lock_h + cost.per_port_h[V800] * rates["port_hours_per_call"]
    ) / payload_t


def test_standing_cost_is_crew_capital_and_upkeep(fleet, tables):
    rates = read_rates(tables["rates"])
    assert standing_yuan_per_h(fleet, rates)[V800] == pytest.approx(109.678, abs=0.001)  # k117
    assert 2_400_000 * annuity(0.05, 20) / 7_500 == pytest.approx(25.678, abs=0.001)  # k116


def test_fuel_of_a_kilometre(fleet, tables):
    assert fuel_yuan_per_km(fleet, read_rates(tables["rates"]))[V800] == pytest.approx(22.2545, abs=1e-4)  # k118


def test_one_voyage_of_850_t_over_401_km(fleet, tables):
    rates = read_rates(tables["rates"])
    assert voyage_yuan_per_t(fleet, rates, 850, 401, 6, 40 / 60) == pytest.approx(24.89, abs=0.01)  # k122


def test_a_favourable_voyage(fleet, make_rates):
    rates = read_rates(make_rates(empty_return_share=5.0, lock_wait_h=0.3, port_hours_per_call=16.0))
    assert voyage_yuan_per_t(fleet, rates, 900, 401, 6, 40 / 60) == pytest.approx(17.62, abs=0.01)  # k123


def test_margin_is_charged_on_the_whole_voyage(fleet, make_rates):
    plain = voyage_yuan_per_t(fleet, read_rates(make_rates()), 850, 401, 6, 40 / 60)
    dearer = voyage_yuan_per_t(fleet, read_rates(make_rates(other_margin=5.0)), 850, 401, 6, 40 / 60)
    assert dearer == pytest.approx(plain * 1.05)


def test_payload_follows_the_depth_and_never_passes_the_vessel(fleet):
    payload = payload_by_depth_t(fleet, np.array([2.45, 2.55, 5.0, 0.5]), 0.2)
    assert payload[V800, 0] == pytest.approx(801.9, abs=0.01)  # k121
    assert payload[V800, 1] == pytest.approx(850.0)  # (2.35 - 0.75) m would carry 855.36 t (k120)
    assert payload[V800, 2] == 850.0
    assert payload[V800, 3] == 0.0


def test_range_of_vessel_cost_adds_single_effects_in_squares(fleet, tables):
    rates = read_rates(tables["rates"])
    low, high = vessel_cost_range(fleet, rates, V800)
    base = voyage_cost(fleet, rates).per_km[V800]
    alone = voyage_cost(fleet, rates.with_values(diesel_price=rates.high["diesel_price"])).per_km[V800] / base
    assert low < 1 < alone < high


def test_missing_rates_are_all_named(tables):
    from qujiang.errors import DataError

    frame = tables["rates"].filter(~tables["rates"]["id"].is_in(["diesel_price", "ukc_m"]))
    with pytest.raises(DataError) as told:
        read_rates(frame)
    assert {fault.rule for fault in told.value.faults} == {
        "must hold the rate diesel_price",
        "must hold the rate ukc_m",
    }
