"""Freight and port in agreement: one answer, whatever the start; prices where there is no room; nothing moved in the base year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qujiang.freight.equilibrium import equilibrate
from qujiang.plan.coupling import TOLERANCE, couple, gains, throughput_without
from qujiang.plan.draws import Inputs
from qujiang.plan.futures import build_model, run_block
from qujiang.plan.futures_coupling import STARTS
from qujiang.plan.limits import Limit
from qujiang.plan.port import answer_port

YEAR = 2027


def wall(level: float, kind: str = "berth_documented") -> Limit:
    return Limit(kind, kind, kind, level, True, True)


def demand(level: float = 5e6) -> Limit:
    return Limit("demand", "demand", "demand", level, False, True)


def test_the_base_year_stands_still(district, port):
    """Every curve passes through the wait that costs hold, so the calibrated flows are in agreement already."""
    base = port.freight.base
    scale = port.today_t / base.throughput_t()
    found = couple(district, district, base, base.problem, [wall(9e6)], scale=scale)
    assert found.answer.flows.tonnes == pytest.approx(base.tonnes, rel=1e-6, abs=1e-3)
    assert found.throughput_t == pytest.approx(port.today_t, rel=1e-9)
    assert found.berth_wait_h[1] == pytest.approx(found.berth_wait_h[0], rel=1e-6)


def test_freight_leads_and_waits_hold_back(port):
    assert port.coupled.throughput_t < port.coupled.scale * port.coupled.free.throughput_t()
    assert port.coupled.berth_wait_h[1] > port.coupled.berth_wait_h[0]
    assert port.throughput_t == port.coupled.throughput_t


@pytest.mark.parametrize("level", [3.0e6, 4.25e6, 4.5e6])
def test_no_room_is_a_price_and_room_has_none(district, port, level):
    """0 <= price, flow <= capacity, and one of the two with equality."""
    found = couple(
        district, district, port.freight.base, port.freight.free.problem, [wall(level)], scale=port.coupled.scale
    )  # fmt: skip
    assert found.throughput_t <= level * (1 + 1e-7)
    if level < port.throughput_t:
        assert found.full_price_yuan > 0.01
        assert found.throughput_t == pytest.approx(level, rel=1e-6)
    else:
        assert found.full_price_yuan == pytest.approx(0.0, abs=1e-9)
        assert found.throughput_t == pytest.approx(port.throughput_t, rel=1e-6)


def test_relaxing_the_lowest_wall_gains_up_to_the_next(district, port):
    walls = [demand(), wall(3.9e6, "crane"), wall(4.1e6, "gate")]
    found = couple(district, district, port.freight.base, port.freight.free.problem, walls, scale=port.coupled.scale)
    order = gains(found, walls)
    assert (order[0].kind, order[0].gain) == ("crane", pytest.approx(0.2e6, rel=1e-4))
    assert all(binder.gain == 0 for binder in order[1:])
    assert throughput_without(found, np.inf) == pytest.approx(port.throughput_t, rel=1e-6)


def _scenario(tmp_path, number: int) -> str:
    """A district of its own: other demand, other locks, other berths."""
    rng = np.random.default_rng(number)
    path = tmp_path / f"other{number}.toml"
    head = 'name_zh = "他"\nname_en = "Other"\nreason = "a test"\n'
    lock = rng.choice(["fuchunjiang", "anrenpu", "youbu"])
    lockages = int(rng.integers(3000, 9000))
    entries = [
        f'[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = {rng.uniform(0.3, 2.5):.3f}',
        f'[[scale]]\ntable = "berths"\ncolumn = "crane_rate_t_per_h"\nfactor = {rng.uniform(0.6, 1.5):.3f}',
        f'[[set]]\ntable = "locks"\nkey = "{lock}"\nvalues = {{ lockages_per_year = {lockages}, '
        f"lockages_low_per_year = {lockages - 100}, lockages_high_per_year = {lockages + 4000} }}",
    ]
    path.write_text(head + "\n".join(f'{entry}\nreason = "a test"' for entry in entries), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("number", [1, 3, *(pytest.param(n, marks=pytest.mark.endurance) for n in (2, 4, 5))])
def test_two_starts_meet_in_other_districts(district, tmp_path, number):
    laid = district.with_scenario(_scenario(tmp_path, number))
    answer = answer_port(district, laid, YEAR)
    problem, congestion = answer.coupled.answer.problem, answer.coupled.answer.congestion
    crowded = replace(problem, demand_t_per_year=problem.demand_t_per_year * 3)
    far = equilibrate(crowded, congestion, tolerance=TOLERANCE, search=False)
    back = equilibrate(problem, congestion, start=far, tolerance=TOLERANCE, search=False)
    assert back.flows.throughput_t() == pytest.approx(answer.coupled.answer.flows.throughput_t(), rel=1e-6)
    assert back.wait_h == pytest.approx(answer.coupled.answer.wait_h, rel=1e-5, abs=1e-6)
    model = build_model(district, laid, answer)
    blocks = [run_block(model, number, 0, start=start) for start in STARTS]
    for other in blocks[1:]:
        assert other.waits_h == pytest.approx(blocks[0].waits_h, abs=1e-6)
        assert other.figures["throughput_t"] == pytest.approx(blocks[0].figures["throughput_t"], rel=1e-6)
        assert np.mean(other.kinds != blocks[0].kinds) <= 1 / 128


def test_no_future_passes_its_limits_and_prices_belong_to_full_ports(district, port):
    """Demand that grows wildly: the port fills in some futures, and there the price is what holds it."""
    model = build_model(district, district, port)
    grown = tuple(
        replace(x, middle=x.middle + 10, high=x.high + 40) if x.key.startswith("growth:") else x
        for x in model.target.inputs.items
    )
    side = replace(model.target, inputs=Inputs(0, grown))
    block = run_block(replace(model, base=side, target=side), 5, 0)
    cap, flow, price = (block.figures[name] for name in ("cap_t", "throughput_t", "full_price_yuan_per_t"))
    assert np.all(flow <= cap * (1 + 1e-6))
    full = price > 1e-6
    assert 0 < full.mean() < 1
    assert flow[full] == pytest.approx(cap[full], rel=1e-5)
    assert np.all(block.figures["demand_t"] >= flow * (1 - 1e-9))
