"""What would make an answer nonsense, one test each.

Road traffic through the port's node and handling inside the water freight are held apart in ``test_chains.py`` too.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from qujiang.district import District
from qujiang.district.capacity_rules import find_wrong_shares
from qujiang.district.scopes import Scope
from qujiang.freight.assign import assign
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.compare import compare
from qujiang.freight.congestion import background_at, build_congestion, fit_lock_waits
from qujiang.freight.equilibrium import busiest_month, demand_terms, equilibrate
from qujiang.freight.modes import Mode
from qujiang.freight.select_link import select_link
from qujiang.freight.vessels import fuel_yuan_per_km, standing_yuan_per_h, voyage_cost
from tests.freight.shared_places import congested_tables, prepared, shrunk, small


def test_road_traffic_through_the_ports_node_is_no_port_tonnes():
    tables = congested_tables()
    tables["water_links"] = tables["water_links"].with_columns(pl.lit("closed").alias("state"))
    problem, _, congestion = prepared(tables, capacity_t_per_year={"port": 1.0})
    found = equilibrate(problem, congestion)
    passing = found.flows.table_links().filter((pl.col("mode") == "road") & (pl.col("from_place") == "port"))
    assert passing["flow_t_per_year"].sum() > 0
    assert found.flows.throughput_t() == 0.0
    assert found.resource_flow[congestion.names.index("port:capacity")] == 0.0
    assert select_link(found.flows, "port").used_t == 0.0


def test_water_freight_holds_neither_handling_nor_drayage():
    cheap, dear = congested_tables(), congested_tables()
    dear["rates"] = dear["rates"].with_columns(
        pl.when(pl.col("id").is_in(["handling_bulk", "lift_box", "dray_plant", "dray_box", "port_dues"]))
        .then(pl.col("rate_value") * 5)
        .otherwise(pl.col("rate_value"))
        .alias("rate_value")
    )
    freights = []
    for tables in (cheap, dear):
        result = assign(small(tables))
        water = result.problem.chains.signature == SIGNATURES.index("water")
        at = np.flatnonzero(water & (result.problem.chains.flow == 0) & (result.problem.chains.season == 0))[0]
        freights.append(result.legs.freight_yuan[at][result.problem.chains.leg_mode[at] == Mode.WATER].sum())
    assert freights[0] == pytest.approx(freights[1], rel=1e-12)


def test_tonnes_a_year_are_never_mixed_with_vehicles_an_hour():
    uncounted = congested_tables()
    uncounted["road_links"] = uncounted["road_links"].with_columns(
        pl.lit(1_000.0).alias("capacity_veh_per_h"), pl.lit(None, dtype=pl.Float64).alias("counted_veh_per_h")
    )
    _, _, without = prepared(uncounted)
    assert not [r for r in without.resources if r.kind == "road"]  # a capacity without counted traffic delays nothing
    assert any("roads are not delayed" in note for note in without.notes)

    counted = congested_tables()
    counted["road_links"] = counted["road_links"].with_columns(
        pl.when(pl.col("id") == "r2").then(1_000.0).alias("capacity_veh_per_h"),
        pl.when(pl.col("id") == "r2").then(800.0).alias("counted_veh_per_h"),
    )
    problem, _, congestion = prepared(counted)
    found = equilibrate(problem, congestion, search=False)
    at = congestion.names.index("r2")
    tonnes = select_link(found.flows, "r2").used_t
    assert tonnes > 1_000
    assert congestion.resources[at].flow_unit == "vehicles_per_h"
    assert found.resource_flow[at] == pytest.approx(800.0 + tonnes / 30.0 / 8760.0)
    free_h = 260.0 / 65.0
    assert congestion.assumed_h[at] == pytest.approx(free_h)  # the speed of today belongs to the traffic of today
    assert found.wait_h[at] == pytest.approx(free_h, rel=1e-2)


def test_annual_means_come_with_their_busiest_month():
    problem, _, congestion = prepared(congested_tables(), capacity_t_per_year={"port": 200_000.0})
    found = equilibrate(problem, congestion)
    months = busiest_month(found)
    assert [m.resource for m in months] == list(congestion.names)
    for index, month in enumerate(months):
        assert month.flow_per_month > found.resource_flow[index] / 12
        assert month.load_share == pytest.approx(
            1.3 * found.resource_flow[index] / congestion.resources[index].capacity
        )
    assert months[0].wait_h > found.wait_h[0]


def test_empties_are_charged_once():
    laden, both = congested_tables(), congested_tables()
    for tables, percent in ((laden, 0.0), (both, 30.0)):
        tables["rates"] = tables["rates"].with_columns(
            pl.when(pl.col("id") == "empty_return_share")
            .then(percent)
            .otherwise(pl.col("rate_value"))
            .alias("rate_value")
        )
    one, other = small(laden), small(both)
    costs = [voyage_cost(p.fleet, p.rates) for p in (one, other)]
    fuel, standing = fuel_yuan_per_km(one.fleet, one.rates), standing_yuan_per_h(one.fleet, one.rates)
    more = fuel * 0.7 * 0.3 + standing / one.fleet.speed_km_per_h * 0.3
    assert costs[1].per_km - costs[0].per_km == pytest.approx(more)
    assert costs[1].per_port_h == pytest.approx(costs[0].per_port_h)  # the empty way back has no call of its own
    passing = []
    for tables, problem in ((laden, one), (both, other)):
        congestion = build_congestion(problem, tables, fit_lock_waits(tables, assign(problem)))
        found = equilibrate(problem, congestion)
        table = found.flows.table_locks().filter(pl.col("lock") == "gate")
        passing.append((found.resource_flow[0] - 20.0) / table["laden_vessels_per_year"].sum())
    assert passing == pytest.approx([1.0, 1.3])  # an empty passage for 0.3 of the laden ones, once


def test_the_saving_on_the_old_water_and_the_saving_against_the_road_are_not_added():
    tables = congested_tables()
    before = assign(small(tables))
    after = assign(small(tables, set_rates={"port_hours_per_call": 8.0, "lock_wait_h.gate": 0.0}))
    found = compare(before, after)
    assert found.shifted_t > 1_000
    assert found.stayed_t + found.shifted_t == pytest.approx(180_000.0)
    spent = [float(r.legs.yuan_per_t() @ r.tonnes) for r in (before, after)]
    assert found.saved.yuan == pytest.approx(spent[0] - spent[1])  # each tonne once
    water = SIGNATURES.index("water")
    cost = [r.signature_costs(r.legs.yuan_per_t()) for r in (before, after)]
    of_water = np.bincount(
        before.problem.chains.flow, np.where(before.problem.chains.signature == water, after.tonnes, 0.0)
    )
    known = of_water > 0
    old = float(((cost[0] - cost[1])[:, water][known] * of_water[known]).sum())
    road = float(((cost[0][:, 0] - cost[1][:, water])[known] * of_water[known]).sum())
    assert found.saved.yuan < old + road  # what adding the two would claim


def test_cargo_shares_that_do_not_sum_to_100_are_refused():
    district = District.open()
    assert district["cargoes"]["share_percent"].sum() == pytest.approx(100.0)
    right = {name: district[name] for name in district}
    wrong = {**right, "cargoes": district["cargoes"].with_columns(pl.col("share_percent") * 1.02)}
    assert not list(find_wrong_shares(Scope(district.info, right, {})))
    assert "not to 100" in str(next(iter(find_wrong_shares(Scope(district.info, wrong, {})))))
    forms = small(congested_tables()).forms
    total = {c: sum(s for s, o in zip(forms.share, forms.cargo, strict=True) if o == c) for c in forms.cargo}
    assert total == pytest.approx(dict.fromkeys(total, 1.0))  # bulk and boxes of a cargo


def test_growth_and_induced_demand_are_told_apart():
    base, later = small(congested_tables()), small(congested_tables(), year=2027)
    terms = demand_terms(base, later)
    assert terms.growth_t == pytest.approx(150_000.0 * (1.1**3 - 1))
    assert (terms.base_t, terms.induced_t) == (pytest.approx(180_000.0), 0.0)


def water_vessels(tables) -> set[str]:
    """Classes that sail any chain."""
    problem = small(tables)
    return {problem.fleet.ids[v] for s in range(2) for v in problem.vessel_of(s)}


def test_the_nominal_class_is_no_wall_but_depth_beam_and_air_draught_are():
    tables = congested_tables()
    tables["water_links"] = tables["water_links"].with_columns(pl.lit(300.0).alias("class_t"))
    assert "v800" in water_vessels(tables)  # 850 t on a channel of nominal 300 t, as deep as it needs
    for column, value in (("beam_m", 10.0), ("air_draught_m", 5.2)):
        narrow = {**tables, "channel_limits": tables["channel_limits"].with_columns(pl.lit(value).alias(column))}
        assert water_vessels(narrow) == {"v500"}
    shallow = {**tables, "channel_limits": tables["channel_limits"].with_columns(pl.lit(1.0).alias("depth_m"))}
    assert water_vessels(shallow) == set()


def test_directions_at_a_lock_are_counted_once():
    rows = [("both", 200.0), ("up", 90.0), ("down", 110.0)]
    frame = pl.DataFrame(
        [
            {
                "lock": "gate",
                "year": 2024,
                "direction": d,
                "vessels_count": v,
                "growth_low_percent": 0.0,
                "growth_high_percent": 0.0,
            }
            for d, v in rows
        ]
    )
    assert background_at({"background": frame}, 2024) == {"gate": 200.0}
    assert background_at({"background": frame.filter(pl.col("direction") != "both")}, 2024) == {"gate": 200.0}
    problem, _, congestion = prepared(congested_tables())
    found = equilibrate(problem, congestion)
    by_direction = found.flows.table_locks().filter(pl.col("lock") == "gate")["laden_vessels_per_year"].to_numpy()
    assert found.resource_flow[0] == pytest.approx(by_direction.sum() * 1.3 + 20.0)  # both directions share the chamber


def test_a_lock_is_filled_by_vessels_and_not_by_tonnes_of_cargo_or_ship():
    tables = congested_tables()
    tables["locks"] = tables["locks"].with_columns(
        pl.lit(1e6).alias("capacity_t_per_year"), pl.lit("one_way").alias("capacity_direction")
    )
    problem, waits, congestion = prepared(tables)
    other = {**tables, "locks": tables["locks"].with_columns(pl.lit(5.0).alias("capacity_t_per_year"))}
    again = build_congestion(problem, other, waits)
    assert again.resources == congestion.resources  # the stated tonnage, whatever it means, is never a limit
    assert congestion.resources[0].capacity == 400.0
    assert congestion.resources[0].flow_unit == "vessels_per_year"
    fuller = build_congestion(problem, shrunk(tables, 300.0), waits)
    assert fuller.resources[0].capacity == 300.0
