"""Chains, against a full search on the virtual network and against brute force."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qujiang.freight.arc_cost import arc_costs
from qujiang.freight.assign import assign, generalized_cost
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.legs import price_legs
from qujiang.freight.modes import Mode
from qujiang.freight.problem import build_problem
from qujiang.methods.choice import path_size


def small_problem(tables, **options):
    return build_problem(tables, port_place="port", base_year=2024, **options)


@pytest.fixture
def problem(tables):
    return small_problem(tables)


def without_least_charge(problem):
    """The same problem with lorries that charge by the kilometre alone, as the additive network does."""
    problem.forms.road_least_km[:] = 0.0
    return problem.searched()


def full_search(problem, season: int, flow: int) -> float:
    """Least generalized cost of a flow over the whole virtual network [yuan/t]."""
    network, form = problem.networks[season], int(problem.form[flow])
    weight = arc_costs(problem, season, form).generalized(problem.forms.value_of_time[form])
    open_ = np.isfinite(weight)
    size = network.node_count
    graph = csr_array((weight[open_] + 1e-12, (network.tail[open_], network.head[open_])), shape=(size, size))
    sink = len(network.place_ids) + int(problem.destination[flow])
    return float(dijkstra(graph, indices=int(problem.origin[flow]))[sink])


def test_best_chain_is_the_shortest_path_on_the_virtual_network(problem):
    problem = without_least_charge(problem)
    cost = generalized_cost(problem, price_legs(problem))
    for season in range(2):
        for flow in range(len(problem.origin)):
            mine = cost[(problem.chains.flow == flow) & (problem.chains.season == season)].min()
            assert mine == pytest.approx(full_search(problem, season, flow), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(20, 400), min_size=5, max_size=5), st.floats(0.05, 0.9), st.floats(3, 90))
def test_no_cheaper_chain_on_random_lengths(lengths, rate, hours):
    from tests.freight.conftest import rates_frame, small_tables

    tables = small_tables()
    tables["road_links"] = tables["road_links"].with_columns(pl.Series("length_km", lengths))
    tables["rates"] = rates_frame(road_bulk_long=rate, road_bulk_short=rate * 1.5, port_hours_per_call=hours)
    problem = without_least_charge(small_problem(tables))
    cost = generalized_cost(problem, price_legs(problem))
    for flow in range(len(problem.origin)):
        mine = cost[(problem.chains.flow == flow) & (problem.chains.season == 0)].min()
        found = full_search(problem, 0, flow)
        assert mine >= found - 1e-6  # never below the full search
        assert mine <= found + 1e-6 or found < mine  # a chain with more than two main legs may be cheaper still


def brute_water_cost(problem, season: int, flow: int) -> float:
    """Cheapest lorry-vessel-lorry chain by trying every pair of quays and every way of sailing [yuan/t]."""
    forms, rates, form = problem.forms, problem.rates, int(problem.form[flow])
    value = forms.value_of_time[form]
    price, skims = problem.prices()[season], problem.skims[season]
    o, d = int(problem.origin[flow]), int(problem.destination[flow])

    def lorry(a: int, b: int) -> float:
        if a == b:
            return 0.0
        km = float(skims.road.length_km[a, b])
        fare = min(
            r * max(km, least) for r, least in zip(forms.road_per_km[form], forms.road_least_km[form], strict=True)
        )
        return fare + value * km / rates["truck_speed"]

    best = np.inf
    for way, skim in enumerate(skims.water):
        if not (price.boxes if forms.boxed[form] else price.bulk)[way]:
            continue
        for p in range(len(problem.place_ids)):
            for q in range(len(problem.place_ids)):
                km = skim.length_km[p, q]
                if p == q or not np.isfinite(km):
                    continue
                hours = km / price.speed_km_per_h[way] + skim.lock_h[p, q] + rates["port_hours_per_call"]
                voyage = price.per_km[way] * km + price.per_lock_h[way] * skim.lock_h[p, q] + 2 * price.per_call[way]
                ends = 2 * (forms.handling[form] + rates["port_dues"])
                ends += forms.last_mile[form] * (int(problem.last_mile[p]) + int(problem.last_mile[q]))
                best = min(best, lorry(o, p) + voyage + ends + value * hours + lorry(q, d))
    return best


def test_water_chain_equals_brute_force(problem):
    cost = generalized_cost(problem, price_legs(problem))
    water = SIGNATURES.index("water")
    for season in range(2):
        for flow in range(len(problem.origin)):
            mine = (
                (problem.chains.flow == flow) & (problem.chains.season == season) & (problem.chains.signature == water)
            )
            assert cost[mine][0] == pytest.approx(brute_water_cost(problem, season, flow), rel=1e-12)


def test_low_water_loads_the_vessel_lighter(problem):
    payloads = []
    for season in range(2):
        at = (problem.chains.season == season) & (problem.chains.signature == SIGNATURES.index("water"))
        legs = problem.chains.leg_mode[at] == Mode.WATER
        ways = problem.chains.leg_means[at][legs]
        bulk = [
            p for p, v in zip(problem.payload_of(season)[ways], problem.vessel_of(season)[ways], strict=True) if v == 1
        ]
        payloads.append(max(bulk))
    assert payloads[0] == pytest.approx(850.0)
    assert payloads[1] == pytest.approx((2.35 - 0.2 - 0.75) * 100 * 5.346)


def test_demand_is_mode_free(tables):
    mixed = small_problem(tables)
    swapped = dict(tables)
    swapped["demand"] = tables["demand"].with_columns(pl.lit("road").alias("observed_mode"))
    assert np.allclose(assign(mixed).tonnes, assign(small_problem(swapped)).tonnes)


def test_demand_grows_by_cargo(tables):
    grown = small_problem(tables, year=2026)
    base = small_problem(tables)
    coal = np.array([base.forms.cargo[f] == "coal" for f in base.form])
    assert np.allclose(grown.demand_t_per_year[coal], base.demand_t_per_year[coal] * 1.1**2)
    assert np.allclose(grown.demand_t_per_year[~coal], base.demand_t_per_year[~coal])


def test_tonnes_are_conserved_and_shares_sum_to_one(problem):
    result = assign(problem)
    assert result.tonnes.sum() == pytest.approx(180_000.0, rel=1e-12)
    group = problem.chains.flow * 2 + problem.chains.season
    assert np.allclose(np.bincount(group, weights=result.share), 1.0)
    assert (result.tonnes >= 0).all()


def test_lorries_that_pass_the_port_are_no_port_tonnes(tables):
    tables["water_links"] = tables["water_links"].with_columns(pl.lit("closed").alias("state"))
    result = assign(small_problem(tables))
    passing = result.table_links().filter((pl.col("mode") == "road") & (pl.col("from_place") == "port"))
    assert passing["flow_t_per_year"].sum() > 0
    assert result.throughput_t() == 0.0


def test_handling_and_lorries_are_no_water_freight(problem):
    from qujiang.freight.vessels import voyage_cost

    result = assign(problem)
    water = problem.chains.leg_mode == Mode.WATER
    at = np.flatnonzero(water.any(axis=1) & (problem.chains.season == 0))[0]
    leg = int(np.flatnonzero(water[at])[0])
    way = int(problem.chains.leg_means[at, leg])
    vessel, payload = problem.vessel_of(0)[way], problem.payload_of(0)[way]
    cost = voyage_cost(problem.fleet, problem.rates)
    km, lock_h = problem.parts.length_km[at, leg], problem.parts.lock_h[at, leg]
    by_hand = (cost.per_km[vessel] * km + cost.per_lock_h[vessel] * lock_h + cost.per_port_h[vessel] * 36.0) / payload
    assert result.legs.freight_yuan[at, leg] == pytest.approx(by_hand)


def test_path_sizes_agree_with_the_general_formula(problem):
    chains, parts = problem.chains, problem.parts
    group = chains.flow * 2 + chains.season
    for one in np.unique(group):
        rows = np.flatnonzero(group == one)
        keys = {
            tuple(
                int(a[r, j]) for a in (chains.leg_mode, chains.leg_means, chains.leg_from, chains.leg_to)
            ): parts.length_km[r, j]
            for r in rows
            for j in range(5)
            if chains.leg_mode[r, j] >= 0
        }
        order = list(keys)
        uses = np.zeros((len(rows), len(order)), dtype=bool)
        for i, r in enumerate(rows):
            for j in range(5):
                if chains.leg_mode[r, j] >= 0:
                    leg = tuple(
                        int(a[r, j]) for a in (chains.leg_mode, chains.leg_means, chains.leg_from, chains.leg_to)
                    )
                    uses[i, order.index(leg)] = True
        assert np.allclose(parts.path_size[rows], path_size(uses, np.array([keys[k] for k in order])))


def test_emissions_of_a_chain_by_hand(problem):
    """15 km lorry, vessel, two hub visits: V10 of the methods in small."""
    legs = price_legs(problem)
    coal = np.array([problem.forms.cargo[problem.form[f]] == "coal" for f in problem.chains.flow])
    at = np.flatnonzero(coal & (problem.chains.signature == SIGNATURES.index("water")) & (problem.chains.season == 0))[
        0
    ]
    km = {int(m): float(k) for m, k in zip(problem.chains.leg_mode[at], problem.parts.length_km[at], strict=True)}
    by_hand = km[Mode.WATER] * 0.034 + km[Mode.ROAD] * 0.0551 + 2 * 1.2
    assert legs.kgco2e_per_t()[at] == pytest.approx(by_hand)
    assert legs.wtt_kg[at].sum() + legs.ttw_kg[at].sum() + legs.hub_kg[at].sum() == pytest.approx(
        legs.kgco2e_per_t()[at]
    )


def test_calls_carry_the_throughput(problem):
    result = assign(problem)
    calls = result.table_calls()
    assert (calls["calls_per_year"] * calls["load_t_per_call"]).sum() == pytest.approx(result.throughput_t())


def test_demand_without_any_chain_is_a_fault(tables):
    from qujiang.errors import DataError

    tables["road_links"] = tables["road_links"].filter(pl.col("id") != "r4").filter(pl.col("id") != "r5")
    with pytest.raises(DataError, match="plant to far"):
        small_problem(tables)


def test_a_cheaper_vessel_never_loses_water_tonnes(problem):
    def water(factor: float) -> float:
        tonnes = assign(problem.with_rates(problem.rates.with_values(fuel_factor=factor))).signature_t
        return tonnes["water"]

    assert water(0.7) > water(1.0) > water(1.35)
