"""Two scenarios: identities of the gain, and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.errors import ScenarioError
from qujiang.freight.assign import assign
from qujiang.freight.compare import compare
from qujiang.freight.equilibrium import equilibrate
from tests.freight.shared_places import congested_tables, prepared, shrunk, small


def test_the_same_scenario_twice_changes_nothing():
    result = assign(small(congested_tables()))
    found = compare(result, result)
    assert found.saved.yuan == found.saved.tonne_h == found.saved.co2e_kg == 0.0
    assert found.gained_yuan == found.lost_yuan == 0.0
    assert found.stayed_t == pytest.approx(180_000.0)


def test_gains_are_logsums_times_tonnes():
    before, after = (assign(small(congested_tables(), set_rates={"lock_wait_h.gate": h})) for h in (0.75, 30.0))
    found = compare(before, after)
    share = before.problem.season_share
    change = (before.logsum @ share - after.logsum @ share) @ before.problem.demand_t_per_year
    assert found.gained_yuan - found.lost_yuan == pytest.approx(change, abs=2.0)
    assert found.pairs["gain_yuan_per_year"].sum() == pytest.approx(change)
    assert found.lost_yuan > 0.0
    assert found.gained_yuan == 0.0


def test_a_small_change_is_worth_its_shares():
    """dL/dc = P: the gain of a saving in one chain's cost is the saving times the tonnes of the chain."""
    before = assign(small(congested_tables()))
    after = assign(small(congested_tables(), set_rates={"lock_wait_h.gate": 0.75 - 1e-4}))
    found = compare(before, after)
    cheaper = before.cost - after.cost
    gained = float(found.pairs["gain_yuan_per_year"].to_numpy().sum())
    assert gained == pytest.approx(float(cheaper @ before.tonnes), rel=1e-3)


def test_all_that_is_saved_is_the_difference_of_the_totals():
    tables = congested_tables()
    problem, waits, congestion = prepared(tables)
    from qujiang.freight.congestion import build_congestion

    slow = equilibrate(problem, build_congestion(problem, shrunk(tables, 240.0), waits))
    fast = equilibrate(problem, congestion)
    found = compare(slow.flows, fast.flows)
    for name, of in (("yuan", "yuan_per_t"), ("co2e_kg", "kgco2e_per_t")):
        totals = [float(getattr(r.flows.legs, of)() @ r.flows.tonnes) for r in (slow, fast)]
        assert getattr(found.saved, name) == pytest.approx(totals[0] - totals[1], rel=1e-9)
    hours = [float(r.flows.legs.hours.sum(axis=1) @ r.flows.tonnes) for r in (slow, fast)]
    assert found.saved.tonne_h == pytest.approx(hours[0] - hours[1], rel=1e-9)


def test_growth_is_neither_saved_nor_lost():
    before, after = assign(small(congested_tables())), assign(small(congested_tables(), year=2026))
    found = compare(before, after)
    assert found.growth_t == pytest.approx(150_000.0 * 0.21)
    assert abs(found.saved.yuan) < 1e-3
    assert np.allclose(found.pairs["gain_yuan_per_t"], 0.0)


def test_other_pairs_are_refused():
    fewer = congested_tables(coal_only=True)
    with pytest.raises(ScenarioError, match="differ in their pairs or cargoes"):
        compare(assign(small(congested_tables())), assign(small(fewer)))
