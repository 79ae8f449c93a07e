"""Equilibrium of a small district: closed forms, fresh prices, HiGHS, properties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog

from qujiang.errors import InfeasibleError, NotConvergedError
from qujiang.freight.assign import assign
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.congestion import build_congestion
from qujiang.freight.equilibrium import busiest_month, demand_terms, equilibrate, gain, require
from qujiang.freight.shared import share_chains
from qujiang.methods.choice import logit_shares
from tests.freight.shared_places import congested_tables, prepared, shrunk, small

WATER, ROAD = SIGNATURES.index("water"), SIGNATURES.index("road")
KINDS = ("stochastic", "deterministic", "optimum")


def by_hand():
    """One cargo, one lock and one road: the lock's capacity lies below what the demand asks.

    Returns the problem, its congestion, costs of the lorry and of the vessel without the wait [yuan/t], yuan per tonne
    and hour of wait, vessels a tonne, and the lock's curve and capacity.
    """
    tables = congested_tables(coal_only=True, others=0.0)
    problem, waits, congestion = prepared(tables, shrunk(tables, 150.0))
    plain = assign(problem)
    chains = problem.chains
    lorry, vessel = (float(plain.cost[(chains.signature == s) & (chains.season == 0)][0]) for s in (ROAD, WATER))
    with_wait = assign(small(tables, set_rates={"lock_wait_h.gate": 10.75}))
    later = float(with_wait.cost[(chains.signature == WATER) & (chains.season == 0)][0])
    per_h = (later - vessel) / 10.0
    return problem, congestion, lorry, vessel - 0.75 * per_h, per_h, 1.3 / 850.0, waits.of["gate"], 150.0


def test_user_equilibrium_in_closed_form():
    problem, congestion, lorry, vessel, per_h, per_t, curve, capacity = by_hand()
    found = equilibrate(problem, congestion, kind="deterministic", tolerance=1e-10)
    wait = (lorry - vessel) / per_h
    spare = (wait - curve.base_h) / curve.factor_h
    passing = capacity * spare / (1 + spare)
    assert found.wait_h[0] == pytest.approx(wait, rel=1e-7)
    assert found.resource_flow[0] == pytest.approx(passing, rel=1e-8)
    assert found.flows.signature_t["water"] == pytest.approx(passing / per_t, rel=1e-8)
    assert found.relative_gap <= 1e-10


def test_system_optimum_in_closed_form():
    problem, congestion, lorry, vessel, per_h, per_t, curve, capacity = by_hand()
    found = equilibrate(problem, congestion, kind="optimum", tolerance=1e-10)
    # wait + flow x slope = (lorry - vessel) / per_h, with u = 1 / (1 - load): u^2 = 1 + (that - base) / factor
    u = (1 + ((lorry - vessel) / per_h - curve.base_h) / curve.factor_h) ** 0.5
    assert found.resource_flow[0] == pytest.approx(capacity * (1 - 1 / u), rel=1e-6)
    water_t = capacity * (1 - 1 / u) / per_t
    total = water_t * (vessel + per_h * (curve.base_h + curve.factor_h * (u - 1))) + (150_000 - water_t) * lorry
    assert found.social_yuan() == pytest.approx(total, rel=1e-9)


def test_stochastic_equilibrium_in_closed_form():
    problem, congestion, lorry, vessel, per_h, per_t, curve, capacity = by_hand()
    found = equilibrate(problem, congestion)

    def excess(load: float) -> float:
        wait = curve.base_h + curve.factor_h * load / (1 - load)
        share = logit_shares([lorry, vessel + per_h * wait], 0.1)[1]
        return share * 150_000 * per_t - load * capacity

    load = brentq(excess, 1e-9, 1 - 1e-9, xtol=1e-14)
    assert found.resource_flow[0] / capacity == pytest.approx(load, rel=1e-8)
    assert found.relative_gap < 1e-8


def test_base_year_without_change_is_the_plain_assignment():
    problem, _, congestion = prepared(congested_tables())
    found = equilibrate(problem, congestion)
    plain = assign(problem)
    assert found.flows.tonnes == pytest.approx(plain.tonnes, rel=1e-9)
    assert found.flows.logsum == pytest.approx(plain.logsum, rel=1e-12)
    assert found.wait_h[congestion.names.index("gate")] == pytest.approx(0.75)


def dear_wait(lockages: float, **options):
    tables = congested_tables(**options)
    return tables, *prepared(tables, shrunk(tables, lockages))


@pytest.mark.parametrize("kind", KINDS[:2])
def test_the_same_network_built_at_the_waits_found_has_the_same_costs(kind):
    tables, problem, _, congestion = dear_wait(230.0)
    found = equilibrate(problem, congestion, kind=kind)
    assert found.searched
    fresh = small(tables, set_rates={"lock_wait_h.gate": float(found.wait_h[0])})
    again = assign(fresh)
    if kind == "stochastic":  # a fixed point: the plain choice at these waits gives these flows
        assert again.signature_t == pytest.approx(found.flows.signature_t, rel=1e-6)
    group = fresh.chains.flow * 2 + fresh.chains.season
    for one in np.unique(group):
        mine = found.problem.chains.flow * 2 + found.problem.chains.season == one
        assert found.flows.cost[mine].min() == pytest.approx(again.cost[group == one].min(), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_proof_of_every_kind(kind):
    _, problem, _, congestion = dear_wait(230.0)
    found = equilibrate(problem, congestion, kind=kind)
    assert found.relative_gap <= 1e-8
    assert found.checked.conservation_error < 1e-12
    assert found.flows.tonnes.sum() == pytest.approx(180_000.0, rel=1e-12)
    assert (found.flows.tonnes >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_two_starting_points_one_answer(kind):
    tables, problem, waits, congestion = dear_wait(230.0)
    other = build_congestion(problem, shrunk(tables, 390.0), waits)
    near = equilibrate(problem, other, kind=kind)
    cold = equilibrate(problem, congestion, kind=kind, tolerance=1e-10)
    warm = equilibrate(problem, congestion, kind=kind, start=near, tolerance=1e-10)
    assert warm.wait_h == pytest.approx(cold.wait_h, rel=1e-5)
    assert warm.resource_flow == pytest.approx(cold.resource_flow, rel=1e-6)


def test_other_rates_from_a_neighbour_and_from_nothing_agree():
    _, problem, _, congestion = dear_wait(230.0)
    near = equilibrate(problem, congestion, search=False)
    dearer = problem.with_rates(
        problem.rates.with_values(diesel_price=9.0, empty_return_share=55.0, port_hours_per_call=20.0)
    )
    warm = share_chains(dearer, congestion, known=near.shared)
    cold = share_chains(dearer, congestion)
    assert warm.cell is near.shared.cell
    for name in ("use", "worth"):
        assert (getattr(warm.set, name) != getattr(cold.set, name)).nnz == 0
    for name in ("cost_yuan", "demand", "path_size"):
        assert getattr(warm.set, name) == pytest.approx(getattr(cold.set, name), rel=1e-15)
    for name in warm.set.places.__slots__:
        assert np.array_equal(getattr(warm.set.places, name), getattr(cold.set.places, name))


def test_a_flow_that_does_not_fit_is_not_called_solved():
    _, problem, _, congestion = dear_wait(230.0)
    found = equilibrate(problem, congestion, kind="deterministic")
    broken = replace(found, checked=replace(found.checked, relative_gap=1e-3))
    with pytest.raises(NotConvergedError, match=r"relative gap 0\.001"):
        require(broken, 1e-8)
    leaking = replace(found, checked=replace(found.checked, conservation_error=1e-3))
    with pytest.raises(NotConvergedError, match="conservation"):
        require(leaking, 1e-8)


@pytest.mark.parametrize("tonnes", [20_000.0, 60_000.0, 100_000.0])
def test_hard_capacity_against_highs(tonnes):
    """Nobody's cost depends on flows: user equilibrium, optimum and the linear program are one."""
    tables = congested_tables()
    problem, _, congestion = prepared(
        {**tables, "background": tables["background"].clear()}, capacity_t_per_year={"port": tonnes}
    )
    found = equilibrate(problem, congestion, kind="deterministic", tolerance=1e-10, search=False)
    plain, chains = assign(problem), problem.chains
    group = chains.flow * 2 + chains.season
    use = ((chains.leg_mode == 2) & ((chains.leg_from == problem.port) | (chains.leg_to == problem.port))).sum(axis=1)
    member = (group[None, :] == np.unique(group)[:, None]).astype(float)
    demand = np.outer(problem.demand_t_per_year, problem.season_share).ravel()
    solved = linprog(
        plain.cost, A_ub=use[None, :].astype(float), b_ub=[tonnes], A_eq=member, b_eq=demand, method="highs"
    )
    assert found.objective == pytest.approx(solved.fun, rel=1e-8)
    assert found.lower_bound is not None
    assert found.lower_bound <= solved.fun * (1 + 1e-12)
    assert found.price_yuan[0] == pytest.approx(-solved.ineqlin.marginals[0], abs=1e-3)


def test_price_of_a_full_capacity_is_what_one_more_tonne_saves():
    tables = congested_tables()
    none = {**tables, "background": tables["background"].clear()}
    problem, _, congestion = prepared(none, capacity_t_per_year={"port": 60_000.0})
    for kind in KINDS:
        found = equilibrate(problem, congestion, kind=kind, tolerance=1e-10, search=False)
        worth = gain(found, "port:capacity", step_share=1e-4)
        assert found.price_yuan[0] > 1.0
        assert worth.more_yuan == pytest.approx(found.price_yuan[0], rel=1e-2)
        assert worth.less_yuan == pytest.approx(found.price_yuan[0], rel=1e-2)
        assert found.flows.throughput_t() == pytest.approx(60_000.0, rel=1e-7)


def test_demand_beyond_all_capacity_names_the_cut():
    tables = congested_tables(coal_only=True, roads=False)
    problem, _, congestion = prepared(tables, capacity_t_per_year={"gate": 1_000.0})
    for kind in KINDS:
        with pytest.raises(InfeasibleError, match="gate:capacity"):
            equilibrate(problem, congestion, kind=kind)


def test_stochastic_choice_becomes_deterministic_as_its_scale_grows():
    _, problem, _, congestion = dear_wait(230.0)
    sharp = equilibrate(problem, congestion, kind="deterministic", search=False)
    away = []
    for scale in (0.1, 1.0, 10.0):
        found = equilibrate(problem.with_rates(problem.rates.with_values(logit_scale=scale)), congestion, search=False)
        away.append(abs(found.wait_h - sharp.wait_h).max())
    assert away[0] > away[1] > away[2]


@settings(max_examples=10, deadline=None)
@given(st.floats(1.0, 1.6), st.sampled_from(KINDS[:2]))
def test_waits_rise_with_demand(times, kind):
    _, problem, _, congestion = dear_wait(230.0)
    more = replace(problem, demand_t_per_year=problem.demand_t_per_year * times)
    waits = [equilibrate(p, congestion, kind=kind, search=False).wait_h[0] for p in (problem, more)]
    assert waits[1] >= waits[0] - 1e-6


@settings(max_examples=8, deadline=None)
@given(st.floats(150.0, 380.0), st.integers(2, 4))
def test_adding_a_chamber_never_raises_the_cost_of_the_optimum(lockages, chambers):
    tables = congested_tables()
    problem, waits, _ = prepared(tables)
    costs = [
        equilibrate(
            problem, build_congestion(problem, shrunk(tables, lockages * n, n), waits), kind="optimum", search=False
        ).social_yuan()
        for n in (1, chambers)
    ]
    assert costs[1] <= costs[0] * (1 + 1e-8)


def test_optimum_costs_no_more_than_equilibrium():
    _, problem, _, congestion = dear_wait(180.0)
    costs = [equilibrate(problem, congestion, kind=k, search=False).social_yuan() for k in KINDS[1:]]
    assert costs[1] < costs[0]


def test_others_turn_away_rather_than_wait_longer_than_a_day():
    tables = congested_tables(others=100.0)
    problem, waits, _ = prepared(tables)
    full = build_congestion(problem, shrunk(tables, 90.0), waits)  # others alone would fill it
    little = replace(problem, demand_t_per_year=problem.demand_t_per_year / 20)
    found = equilibrate(little, full, search=False)
    assert 10.0 < found.turned_away[0] < 100.0
    assert found.resource_flow[0] < 90.0
    assert found.wait_h[0] == pytest.approx(24.0, rel=0.2)
    assert any("turn away" in note for note in full.notes)


def test_the_busiest_month_waits_longer_and_a_full_queue_grows():
    _, problem, _, congestion = dear_wait(230.0)
    found = equilibrate(problem, congestion)
    month = busiest_month(found)[0]
    assert month.flow_per_month == pytest.approx(found.resource_flow[0] * 1.3 / 12)
    assert month.wait_h > found.wait_h[0]
    load = found.resource_flow[0] / 230.0 * 1.3
    assert month.grows == (load >= 1)
    if month.grows:
        assert month.queue_at_end == pytest.approx((load - 1) * 230.0 / 12)


def test_demand_is_told_by_its_terms():
    problem = small(congested_tables())
    later = small(congested_tables(), year=2026)
    terms = demand_terms(problem, later)
    assert terms.base_t == pytest.approx(180_000.0)
    assert terms.growth_t == pytest.approx(150_000.0 * (1.1**2 - 1))
    assert terms.induced_t == 0.0
    assert terms.total_t == pytest.approx(later.demand_t_per_year.sum())


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_resource_costs_are_fixed(kind):
    tables = congested_tables()
    problem, _, congestion = prepared({**tables, "background": tables["background"].clear()})
    assert congestion.resources == ()
    found = equilibrate(problem, congestion, kind=kind)
    plain = assign(problem)
    if kind == "stochastic":
        assert found.flows.tonnes == pytest.approx(plain.tonnes, rel=1e-12)
        return
    group = problem.chains.flow * 2 + problem.chains.season
    best = np.full(group.max() + 1, np.inf)
    np.minimum.at(best, group, plain.cost)
    demand = np.outer(problem.demand_t_per_year, problem.season_share).ravel()
    assert float(found.flows.tonnes @ plain.cost) == pytest.approx(float(best @ demand), rel=1e-8)


def test_waits_of_the_port_hold_cargo_back():
    tables = congested_tables()
    problem, waits, _ = prepared(tables)
    now = assign(problem)
    curve = {
        "terminal": "port",
        "flow_t_per_year": [0.1e5, 0.5e5, 0.9e5],
        "capacity_t_per_year": 1.0e5,
        "berth_count": 1.0,
    }
    frame = pl.DataFrame(curve).with_columns(
        (40.0 * pl.col("flow_t_per_year") / (1e5 - pl.col("flow_t_per_year"))).alias("wait_h")
    )
    shallow = build_congestion(problem, tables, waits, waits=frame, base_flow_t={"port": now.throughput_t() * 0.5})
    found = equilibrate(problem, shallow)
    at = shallow.names.index("port:berths")
    assert found.resource_flow[at] == pytest.approx(found.flows.throughput_t(), rel=1e-9)
    load = found.resource_flow[at] / 1e5
    assert found.wait_h[at] == pytest.approx(40.0 * load / (1 - load), rel=1e-9)
    assert found.flows.throughput_t() < now.throughput_t()
    alike = build_congestion(problem, tables, waits, waits=frame, base_flow_t={"port": found.flows.throughput_t()})
    assert alike.assumed_h[at] == pytest.approx(found.wait_h[at])
    assert found.searched


def test_berths_at_the_flow_of_the_base_year_change_nothing():
    tables = congested_tables()
    problem, waits, _ = prepared(tables)
    now = assign(problem)
    full = now.throughput_t() * 1.5
    flow = [0.2 * full, 0.5 * full, 0.9 * full]
    frame = pl.DataFrame(
        {
            "terminal": "port",
            "flow_t_per_year": flow,
            "wait_h": [10.0 * f / (full - f) for f in flow],
            "capacity_t_per_year": full,
        }
    )
    congestion = build_congestion(problem, tables, waits, waits=frame, base_flow_t={"port": now.throughput_t()})
    found = equilibrate(problem, congestion)
    assert found.flows.tonnes == pytest.approx(now.tonnes, rel=1e-8)
