"""The economy drives demand by cargo: by hand, in the base future, and in every other with one draw for all who follow it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from qujiang.district import District
from qujiang.district.economy import effective_growth
from qujiang.district.observations import read as read_observations
from qujiang.errors import ScenarioError
from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.draws import Input, Inputs
from qujiang.plan.economy import FORECAST, MEASURE, RANGE, points_off_reference, read_drivers
from qujiang.plan.ensemble import over_futures, run, run_of
from qujiang.plan.futures import FutureModel, build_model, run_block
from qujiang.plan.futures_side import growth_of_cargo
from qujiang.plan.futures_text import futures_text
from qujiang.plan.kept import Kept
from qujiang.plan.levers import levers
from qujiang.plan.port import answer_port, target_year
from qujiang.plan.test import answer_plan
from qujiang.port.rows import _growth
from tests.plan.conftest import measure

YEAR, YEARS = 2027, 3
FASTER = '[[increase]]\ntable = "economy_growth"\nkey = "{}"\ncolumn = "growth_percent"\nby = {}'


def changed(district: District, **tables: pl.DataFrame) -> District:
    return dataclasses.replace(district, frames={**district.frames, **tables})


def drawn(model: FutureModel, seed: int, blocks: int, *, of: tuple[str, ...] | None = None) -> tuple[dict, dict]:
    """Values of the rooms and points of the economy, many blocks side by side; all but ``of`` held at their middles."""
    assert model.target is not None
    rooms = model.target.inputs
    held = {item.key: item.middle for item in rooms.items if item.law != "factor"}
    values, points = [], []
    for block in range(blocks):
        found = rooms.values(rooms.positions(rooms.own(seed, block)))
        values.append({k: v if of is None or k.startswith(of) else np.full(BLOCK, held[k]) for k, v in found.items()})
        seen = model.foresight.values(model.foresight.positions(model.foresight.own(seed, block)))
        points.append(points_off_reference(model.drivers, model.foresight, seen))
    joined = [{key: np.concatenate([one[key] for one in every]) for key in every[0]} for every in (values, points)]
    return joined[0], joined[1]


def test_one_point_of_gdp_moves_each_cargo_by_the_closed_form(district, port, scenario) -> None:
    """Tonnes of 2027 over those without: ((100 + g + e) / (100 + g)) ^ 3 for each cargo that follows, 1 for the others."""
    laid = district.with_scenario(scenario(FASTER.format("gdp_city", 1.0)))
    base = port.freight.base.problem
    before = base.grown(district["demand"], effective_growth(district), YEAR)
    after = base.grown(laid["demand"], effective_growth(laid), YEAR)
    rows = {row["cargo"]: row for row in district["demand_growth"].to_dicts()}
    ratio = after.demand_t_per_year / before.demand_t_per_year
    followed = 0
    for flow, found in zip(before.form, ratio, strict=True):
        row = rows[base.forms.cargo[flow]]
        e = row["elasticity_ratio"] if row["economy"] == "gdp_city" else 0.0
        followed += e != 0.0
        assert found == pytest.approx(((100 + row["growth_percent"] + e) / (100 + row["growth_percent"])) ** YEARS)
    assert 0 < followed < len(ratio)
    factor = _growth(laid, YEAR)  # the port room reads the same growth
    assert factor["pulp"] == pytest.approx(1.07**YEARS)


def test_the_scenario_moves_freight_and_the_measure_of_the_same_series(district, port, result, scenario) -> None:
    """A point of the district's retail sales: its measure by its closed form, and more boxes; every range shrunk gives the same."""
    path = scenario(FASTER.format("retail_district", 1.0), FASTER.format("gdp_city", 2.0))
    laid, overlaid, answered = answer_plan(district, path)
    first = district["measures"].row(by_predicate=pl.col("id") == "m31", named=True)
    assert measure(laid, "m31").median == pytest.approx(first["today_value"] * 1.045**2)
    assert measure(laid, "m31").assumed
    assert (measure(laid, "m11").median or 0.0) > (measure(result, "m11").median or np.inf)
    still = run_block(build_model(district, overlaid, answered).collapsed(), 1, 0)
    for name, values in still.values.items():
        assert values[0] == pytest.approx(measure(laid, name).median, rel=1e-9), name


def test_growth_of_a_future_is_the_closed_form_of_its_draws(model) -> None:
    values, economy = drawn(model, 7, 1)
    side = model.target
    growth = growth_of_cargo(side, values, BLOCK, economy)
    for row, cargo in enumerate(side.cargoes):
        own = values.get(f"growth:{cargo}", np.full(BLOCK, side.growth_percent[row]))
        name = side.economy[row]
        more = 0.0 if name is None else values[f"elasticity:{cargo}"] * economy[name]
        assert growth[row] == pytest.approx(own + more, rel=1e-12)
    assert np.ptp(economy["gdp_city"]) > 5  # points a year: it is drawn


def test_an_indicator_that_a_measure_is_drawn_from_is_the_measures_draw(model) -> None:
    """Retail sales: no draw of its own, and its points are those of the measure's growth off the published 3.5."""
    driver = next(one for one in model.drivers if one.id == "retail_district")
    assert (driver.input, driver.own, driver.law) == ("pace:m31", None, MEASURE)
    assert not any(item.key == "economy:衢江区:retail_sales" for item in model.foresight.items)
    own = model.foresight.own(3, 2)
    seen = model.foresight.values(model.foresight.positions(own))
    points = points_off_reference(model.drivers, model.foresight, seen)["retail_district"]
    assert points == pytest.approx(seen["pace:m31"] - 3.5)
    (row,) = (row for row in model.measures if row["id"] == "m31")
    block = run_block(replace(model, base=None, target=None, measures=({**row, "today_low_value": None},)), 3, 2)
    start = block.starts["m31"]
    assert block.values["m31"] == pytest.approx(start * (1 + (points + 3.5) / 100) ** 2)


def test_two_cargoes_of_one_indicator_move_together_as_the_laws_say(model) -> None:
    """Correlation of pulp (paper) and coking coal (steel), which share the city's GDP and no group, against that of the laws:
    cov = E[e1] E[e2] Var g, with Var(e x) = E[e^2] E[x^2] - (E[e] E[x])^2. Standard error (1 - r^2) / sqrt(N)."""
    blocks = 64
    values, economy = drawn(model, 5, blocks)
    side, count = model.target, blocks * BLOCK
    growth = growth_of_cargo(side, values, count, economy)
    items = {item.key: item for item in side.inputs.items}
    (driver,) = (one for one in model.drivers if one.id == "gdp_city")
    x = _quadrature(driver.own) - driver.reference_percent

    def moments(cargo: str) -> tuple[float, float]:
        e = _quadrature(items[f"elasticity:{cargo}"])
        own = _quadrature(items[f"growth:{cargo}"])
        return e.mean(), own.var() + (e**2).mean() * (x**2).mean() - (e.mean() * x.mean()) ** 2

    (e1, var1), (e2, var2) = moments("pulp"), moments("coking")
    want = e1 * e2 * x.var() / np.sqrt(var1 * var2)
    at = [side.cargoes.index(cargo) for cargo in ("pulp", "coking")]
    found = np.corrcoef(growth[at])[0, 1]
    assert want > 0.3
    assert abs(found - want) < 4 * (1 - want**2) / np.sqrt(count)
    box = side.cargoes.index("box_in")  # follows another indicator
    assert abs(np.corrcoef(growth[[at[0], box]])[0, 1]) < 4 / np.sqrt(count)


def _quadrature(item: Input | None) -> np.ndarray:
    """Values at evenly spread positions: means over them are the law's moments."""
    assert item is not None
    return item.at((np.arange(200_000) + 0.5) / 200_000)


def test_without_elasticity_all_bytes_are_those_without_the_columns(district, result) -> None:
    growth = district["demand_growth"]
    nothing = growth.with_columns(
        pl.lit(None, dtype=growth.schema[name]).alias(name)
        for name in growth.columns
        if name.startswith("elasticity") or name == "economy"
    )
    zero = growth.with_columns(
        pl.when(pl.col("economy").is_not_null()).then(0.0).otherwise(None).alias(f"elasticity_{end}ratio")
        for end in ("", "low_", "high_")
    )
    bare = changed(district, demand_growth=nothing, economy_growth=district["economy_growth"].clear())
    told = []
    for one in (bare, changed(district, demand_growth=zero)):
        answered = answer_port(one, one, target_year(one["measures"], one.info.base_year))
        found = build_model(one, one, answered)
        assert found.drivers == ()
        said = over_futures(result, found, run(found, BLOCK, seed=1), seed=1)
        told.append(json.dumps(said.as_dict(), allow_nan=False))
    assert told[0] == told[1]


def test_the_answer_tells_what_drives_demand_in_both_languages(result, model) -> None:
    found = over_futures(result, model, run(model, BLOCK, seed=1), seed=1)
    gdp, retail = (found.futures or {})["economy"]
    assert (gdp["id"], gdp["law"], retail["law"]) == ("gdp_city", FORECAST, MEASURE)
    assert gdp["low_percent"] < gdp["growth_percent"] < gdp["high_percent"]
    assert gdp["assumed_elasticities"] == len(gdp["cargoes"]) > 10
    assert gdp["foreseen"]["points_count"] == 6
    assert "growth of gross domestic product of Quzhou" in futures_text(found, "en")
    assert "elasticities assumed" in futures_text(found, "en")
    assert "衢州市地区生产总值增速" in futures_text(found, "zh") and "弹性为假定" in futures_text(found, "zh")
    for inputs in (model.target.inputs, model.foresight):
        for item in inputs.items:
            if item.key.startswith(("elasticity:", "economy:")):
                assert item.name_zh and item.name_en


def drivers_of(district: District, economy: pl.DataFrame) -> tuple:
    one = changed(district, economy_growth=economy)
    return read_drivers(one, read_observations(one["observations"]), {}, YEAR, one.info.areas or {})


def test_an_indicator_without_a_series_takes_its_stated_range_or_is_refused(district) -> None:
    frame = district["economy_growth"].with_columns(indicator=pl.lit("output_of_paper"))
    first, second = drivers_of(district, frame)
    assert (first.law, second.law) == (RANGE, RANGE)
    assert (first.own.low, first.own.middle, first.own.high) == (4.1, 6.4, 7.7)
    assert "output_of_paper" in first.foreseen.reason
    bare = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(f"growth_{end}_percent") for end in ("low", "high"))
    with pytest.raises(ScenarioError, match=r"gdp_city: .*retail_district: .*economy_growth\.csv"):
        drivers_of(district, bare)


def test_the_forecast_gives_the_spread_around_the_stated_growth(district) -> None:
    gdp, retail = drivers_of(district, district["economy_growth"])
    for one in (gdp, retail):
        assert one.law == FORECAST
        assert one.own.at(np.array([0.5]))[0] == pytest.approx(one.growth_percent)
    for score, ratio in gdp.foreseen.ratios:  # level of 2027 off the course from 2024
        from scipy.special import ndtr

        level = (1 + gdp.own.at(np.array([ndtr(score)]))[0] / 100) ** 3
        assert level == pytest.approx(1.064**3 * ratio, rel=1e-9)


def test_a_growth_that_leaves_nothing_is_refused(model) -> None:
    side = model.target
    steep = tuple(
        replace(item, low=60.0, middle=60.0, high=60.0) if item.key == "elasticity:pulp" else item
        for item in side.inputs.items
    )
    one = replace(side, inputs=Inputs(side.inputs.stream, steep))
    with pytest.raises(ScenarioError, match=r"pulp would grow by -.* must stay above -100"):
        run_block(replace(model, base=one, target=one), 1, 0)


def test_a_run_is_not_resumed_on_another_economy(district, tmp_path) -> None:
    other = changed(district, economy_growth=district["economy_growth"].with_columns(pl.col("growth_percent") + 0.1))
    Kept(tmp_path / "work", run_of(district, district, None, 256, 1))
    with pytest.raises(ScenarioError, match="its tables have changed"):
        Kept(tmp_path / "work", run_of(other, other, None, 256, 1))


def test_levers_reach_the_economy_and_one_moves_measure_and_cargo(district) -> None:
    found = {lever.id: lever for lever in levers(district)}
    gdp = found["economy_growth/gdp_city/growth_percent"]
    assert (gdp.key, gdp.now, gdp.low, gdp.high) == ("economy:衢州市:gdp", 6.4, 4.1, 7.7)
    assert gdp.name.en == "Gross domestic product, Quzhou: growth" and gdp.name.zh == "衢州市地区生产总值：增速"
    assert found["economy_growth/retail_district/growth_percent"].key == "pace:m31"
    assert [lever.id for lever in found.values() if lever.key == "pace:m31"] == [
        "economy_growth/retail_district/growth_percent"
    ]
