"""Capacity at a level and the cheapest design, where formulas know the answer; and the bundled port."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from qujiang.cli.port import port
from qujiang.errors import InfeasibleError
from qujiang.methods.queues import servers_needed, utilisation_allowed
from qujiang.port.options import UnitCosts
from qujiang.port.problem import Berth, CallKind, CranePool, PortProblem
from qujiang.port.service_level import capacity, exact_capacity_t_per_year, with_units
from qujiang.port.size import size


def quay(berths: int, calls: float = 1000.0, hold_h: float = 5.0) -> PortProblem:
    """Equal berths with a crane each, handling only, Erlang-2."""
    return PortProblem(
        tuple(Berth(f"b{k}", "t", "p", "any") for k in range(berths)),
        (CranePool("p", berths, 100.0),),
        (CallKind("k", "any", "t", calls, 100 * hold_h, 100 * hold_h, handling_stages=2),),
    )


def test_capacity_meets_the_formula():
    """20 replications; 4 standard errors, an eighth of the 95 % interval each at 19 degrees (t = 2.09)."""
    found = capacity(quay(4), 0.2, gains=False)
    exact = utilisation_allowed("M", "E2", 4, 0.2) * 4 * 8760 / 5 * 500
    assert found.exact_t_per_year == pytest.approx(exact, rel=1e-6)
    assert abs(found.throughput.mean - exact) < 4 * found.throughput.half_width / 2.093 + 1e-3 * exact


def test_gains_meet_the_formula():
    """One berth with its crane more: the difference of two exact capacities, within 4 standard errors."""
    found = capacity(quay(4), 0.2)
    exact = exact_capacity_t_per_year(quay(5), 0.2)
    base = exact_capacity_t_per_year(quay(4), 0.2)
    assert exact is not None
    assert base is not None
    gain = found.gains["berth p"]
    assert abs(gain.mean - (exact - base)) < 4 * gain.half_width / 2.093 + 0.01 * exact


def test_cheapest_design_is_the_fewest_berths():
    """Where a second crane on a vessel gains nothing, the formula's fewest berths is the answer."""
    base = quay(6)
    base = replace(base, pools=(replace(base.pools[0], interference_exponent=0.0),))
    target = 0.85 * 6 * 8760 / 5 * 500
    needed = servers_needed("M", "E2", 0.85 * 6, 0.1)
    result = size(base, target, 0.1, costs=UnitCosts(berth_yuan=1.0, crane_yuan=1.0))
    assert [unit.berth_count for unit in result.units] == [needed]
    assert result.wait_ratio.mean <= 0.1
    assert result.cost_yuan == 2 * (needed - 6)


def test_dear_berths_are_replaced_by_cranes():
    result = size(quay(6), 0.85 * 6 * 8760 / 5 * 500, 0.1, costs=UnitCosts(berth_yuan=1000.0, crane_yuan=1.0))
    assert result.units[0].more_berths == 0
    assert 0 < result.units[0].more_cranes <= 6


def test_a_target_no_berths_carry():
    with pytest.raises(InfeasibleError, match="p: even 12 berths with two cranes each"):
        size(quay(2), 60 * 8760 / 5 * 500, 0.1)


def test_units_are_added_and_taken():
    more = with_units(quay(3), "p", 5, 7, gang_most=2)
    assert len(more.berths) == 5
    assert more.pools[0].crane_count == 7
    assert more.kinds[0].gang_most == 2
    assert len(with_units(more, "p", 2, 2).berths) == 2


def ask(*words: str) -> dict:
    result = CliRunner().invoke(port, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_capacity_command():
    """The notions of the bundled port: 7.0 Mt documented, the code's formula fitted to it, queueing above."""
    answer = ask("capacity", "--no-gains")
    assert answer["documented_t_per_year"] == 7.0e6
    assert answer["design_code_t_per_year"] == pytest.approx(7.0e6, rel=0.01)
    assert answer["capacity_t_per_year_low"] < answer["capacity_t_per_year"] < answer["capacity_t_per_year_high"]
    assert answer["capacity_t_per_year"] < answer["queueing_any_berth_t_per_year"]
    # 19 to 20 berths carry 10 Mt with the fitted rates and calls of 850 t (facts, section 9); pauses of 3 h a day add two
    assert 20 <= answer["berths_for_10_mt_any_berth"] <= 23
    assert answer["berths"] == 24


@pytest.mark.slow
def test_size_command():
    answer = ask("size", "--target", "10e6", "--wait-ratio", "0.1")
    assert answer["holds"]
    assert answer["designs"] >= 500
    assert answer["wait_over_service"] <= 0.1
    assert {row["unit"].split()[0] for row in answer["gains"]} == {"berth", "crane"}
