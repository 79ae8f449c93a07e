"""Many futures: against the base future, the plain code of one future, closed forms and common sense."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from qujiang.errors import ScenarioError
from qujiang.freight.assign import assign
from qujiang.freight.cargo import read_cargo_forms
from qujiang.freight.parts import BOX_HUB_FACTOR, HUB_FACTOR, measure_legs
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import NEEDED
from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.coupling import couple
from qujiang.plan.draws import Input, Inputs, measure_inputs
from qujiang.plan.ensemble import joint, met, over_futures, run, test_futures
from qujiang.plan.futures import FutureModel, box_parts, build_model, cargo_shares, run_block
from qujiang.plan.futures_text import futures_text
from qujiang.plan.measures import significant
from qujiang.plan.port import _boxes, _limits
from qujiang.plan.test import answer_plan
from tests.plan.conftest import measure
from tests.plan.test_resume import small_model

FUTURES = 300


@pytest.fixture(scope="module")
def ensemble(model):
    return run(model, FUTURES, seed=1)


@pytest.fixture(scope="module")
def answer(result, model, ensemble):
    return over_futures(result, model, ensemble, seed=1)


def test_shrunk_ranges_give_the_base_future(model, result):
    still = run_block(model.collapsed(), 1, 0)
    for name, values in still.values.items():
        assert np.ptp(values) == pytest.approx(0.0, abs=1e-9 * abs(values[0]))
        assert values[0] == pytest.approx(measure(result, name).median, rel=1e-9), name
    assert (still.kinds == 0).all() == (result.limits[0].kind == "demand")


def test_futures_are_the_plain_code_of_one_future(district, model, port):
    """Rates, demand and diesel moved at once: throughput and freight are those of repricing, assigning, fitting the locks and
    solving one problem by the code of the base future, which shares no array with the futures'."""
    names = [name for name in NEEDED if name in model.target.rates and not name.startswith(("ukc", "lock_wait"))]
    wanted = {f"rates:{name}" for name in names} | {f"growth:{cargo}" for cargo in model.target.cargoes}
    items = tuple(item for item in model.target.inputs.items if item.key in wanted or item.law == "factor")
    middle = np.repeat(model.target.value_of_time[:, 1:2], 3, axis=1)
    side = replace(model.target, inputs=Inputs(0, items), value_of_time=middle)
    block = run_block(replace(model, base=side, target=side), 3, 0)
    values = side.inputs.values(side.inputs.positions(side.inputs.own(3, 0)))
    seen = model.foresight.values(model.foresight.positions(model.foresight.own(3, 0)))
    points = {"gdp_city": seen["economy:衢州市:gdp"] - 6.4, "retail_district": seen["pace:m31"] - 3.5}
    year, base = model.year, port.freight.base.problem
    for f in (0, 77):
        rates = {key.removeprefix("rates:"): float(v[f]) for key, v in values.items() if key.startswith("rates:")}
        growth = district["demand_growth"].with_columns(
            pl.Series(
                "growth_percent",
                [
                    float(values[f"growth:{c}"][f]) + (e * float(points[name][f]) if name else 0.0)
                    for c, name, e in district["demand_growth"]
                    .select("cargo", "economy", "elasticity_ratio")
                    .iter_rows()
                ],
            )
        )
        then = assign(_repriced(base, district, {**rates, "diesel_price": base.rates["diesel_price"]}))
        free = _repriced(base, district, rates).grown(district["demand"], growth, year)
        scale = model.today_t / then.throughput_t()
        limits = _limits(district, district, assign(free), scale, year)
        boxes = _boxes(district, then, district["measures"])
        one = couple(district, district, then, free, limits, scale=scale, box_cap_t=boxes.berths_t_of_model)
        assert block.values["m11"][f] == significant(one.throughput_t)
        cost = one.answer.flows.water_freight_yuan_per_t()
        assert block.figures["water_freight_yuan_per_t"][f] == pytest.approx(cost, rel=1e-6)


def _repriced(problem: FreightProblem, tables, rates: dict[str, float]) -> FreightProblem:
    """The plain twin: charges read again, the known chains measured again."""
    changed = problem.rates.with_values(**rates)
    hub = (sum(problem.factors[HUB_FACTOR]), sum(problem.factors[BOX_HUB_FACTOR]))
    forms = read_cargo_forms(tables["cargoes"], tables["rail_tariffs"], changed, problem.forms.t_per_teu, hub)
    moved = replace(problem, rates=changed, forms=forms)
    parts = measure_legs(
        problem.chains, problem.form[problem.chains.flow], forms, problem.skims, moved.prices(), problem.last_mile,
        changed["port_dues"], problem.factors,
    )  # fmt: skip
    return replace(moved, parts=parts)


def test_cargo_shares_sum_to_100_and_box_parts_to_the_whole(model):
    side = model.target
    own = side.inputs.own(1, 0)
    values = side.inputs.values(side.inputs.positions(own))
    shares = cargo_shares(side, values, BLOCK)
    assert shares.sum(axis=0) == pytest.approx(np.full(BLOCK, 100.0))
    assert shares.std(axis=1).max() > 0.5
    parts = box_parts(side, values, BLOCK)
    for cargo in set(side.cargo_of_form[np.isfinite(side.box_share)].tolist()):
        bulk, boxed = (
            np.flatnonzero((side.cargo_of_form == cargo) & (side.boxed == kind))[0] for kind in (False, True)
        )
        share = side.box_share[boxed]
        assert parts[bulk] * (1 - share) + parts[boxed] * share == pytest.approx(np.ones(BLOCK))


def _only(model: FutureModel, name: str, target: float) -> FutureModel:
    """One carried measure alone; nothing else is uncertain."""
    row = next(row for row in model.measures if row["id"] == name)
    row = {**row, "target_value": target, "today_low_value": None, "today_high_value": None}
    return replace(
        model, base=None, target=None, measures=(row,), foresight=measure_inputs([row], {name: model.paces[name]})
    )


def test_one_uncertain_number_with_a_known_law(model):
    """today x (1 + g)^2 with g normal: P(>= x) is the normal law's, within four standard errors of plain chance."""
    alone = _only(model, "m21", 550.0)
    years = 2027 - model.paces["m21"][1]
    found = run(alone, 4096, seed=11)
    pace = ((550.0 / 500.0) ** (1 / years) - 1) * 100
    want = stats.norm.sf(pace / 10.0)
    error = np.sqrt(want * (1 - want) / 4096)
    assert abs(np.mean(found.values["m21"] >= 550.0) - want) < 4 * error


ADDED = {"m11": 250000.0, "m13": 1200.0, "m14": -0.5, "m21": 60.0, "m22": -210.0, "m31": 3e8, "m42": 3e8, "m51": 40.0}


def _with_added(model: FutureModel) -> FutureModel:
    return replace(model, measures=tuple({**row, "added_value": ADDED.get(row["id"])} for row in model.measures))


def test_what_is_added_moves_every_future_by_just_that(model):
    """The same seed with and without: grown, carried and freight measures differ by what is added, in each future."""
    without, found = run_block(model, 5, 1), run_block(_with_added(model), 5, 1)
    assert set(ADDED) <= set(without.values)
    for name, values in without.values.items():
        moved = found.values[name] - values
        assert moved == pytest.approx(np.full(len(values), ADDED.get(name, 0.0)), rel=1e-6, abs=1e-9), name
        if name in without.starts:
            assert (found.starts[name] == without.starts[name]).all()  # today's figure stays


def test_inputs_of_named_rows_have_chinese_names(model, district):
    cargo = district["demand_growth"]["cargo"][0]
    zh = dict(zip(district["cargoes"]["id"], district["cargoes"]["name_zh"], strict=True))[cargo]
    items = {item.key: item for item in (*model.target.inputs.items, *model.foresight.items)}
    assert items[f"growth:{cargo}"].name_zh == f"{zh}增速"
    assert items["pace:m31"].name_zh == "社会消费品零售总额的增速"
    named = [
        item for key, item in items.items() if key.partition(":")[0] in ("growth", "share", "peer", "today", "pace")
    ]
    assert named and all(item.name_zh for item in named)


def test_a_share_never_passes_100_percent_by_what_is_added(model):
    (share,) = (row for row in model.measures if row["id"] == "m32")
    still = _with_added(model).collapsed()
    values = run_block(replace(still, base=None, target=None, measures=({**share, "added_value": 95.0},)), 1, 0).values
    assert (values["m32"] == 100.0).all()


def test_what_a_scenario_adds_is_in_the_futures_as_in_the_base_run(district, scenario):
    """Read from a scenario's file; every range shrunk to its middle."""
    entries = [
        f'[[set]]\ntable = "measures"\nkey = "{name}"\nvalues = {{ added_value = {value} }}'
        for name, value in ADDED.items()
    ]
    result, overlaid, port = answer_plan(district, scenario(*entries))
    still = run_block(build_model(district, overlaid, port).collapsed(), 1, 0)
    assert set(ADDED) <= set(still.values)
    for name, values in still.values.items():
        assert values[0] == pytest.approx(measure(result, name).median, rel=1e-9), name


def test_a_forecast_gives_the_spread_and_the_base_course_its_middle(district):
    """Retail sales: the futures' quantiles lie off the base value as the forecast's band ends off its median."""
    model = small_model(district)
    seen = model.foreseen["m31"]
    assert seen.ratios and not seen.reason
    row = {
        **next(row for row in model.measures if row["id"] == "m31"),
        "today_low_value": None,
        "today_high_value": None,
    }
    alone = replace(
        model, measures=(row,), foresight=measure_inputs([row], {"m31": model.paces["m31"]}, model.foreseen)
    )
    values = run(alone, 128 * 64, seed=3).values["m31"]
    pace, first = model.paces["m31"]
    middle = row["today_value"] * (1 + pace / 100) ** (row["target_year"] - first)
    for score, ratio in seen.ratios:
        share = stats.norm.cdf(score)
        error = np.sqrt(share * (1 - share) / len(values))
        assert abs(np.mean(values <= middle * ratio) - share) < 4 * error
    still = run_block(alone.collapsed(), 1, 0).values["m31"]
    assert still == pytest.approx(np.full(len(still), middle))


def test_a_series_that_cannot_be_foreseen_says_why_and_keeps_the_assumed_spread(district):
    from qujiang.district.observations import read
    from qujiang.plan.draws import foresee_measure

    none = foresee_measure(read(district["observations"]), district.info.name_zh, "no_such_series", 2027)
    assert none.ratios == () and "no_such_series" in none.reason


def test_the_same_bytes_with_one_process_and_with_two(result, model, ensemble, answer):
    two = over_futures(result, model, run(model, FUTURES, seed=1, workers=2), seed=1)
    assert json.dumps(two.as_dict(), allow_nan=False) == json.dumps(answer.as_dict(), allow_nan=False)


def test_a_future_is_the_same_whatever_the_count(model, ensemble):
    few = run(model, 100, seed=1)
    for name, values in few.values.items():
        assert (values == ensemble.values[name][:100]).all()
    other = run(model, 100, seed=2)
    assert not np.array_equal(other.values["m11"], few.values["m11"])


def test_demand_that_may_grow_more_never_lowers_the_chance(model, ensemble):
    def raised(item: Input) -> Input:
        return replace(item, high=item.high + 15, middle=item.middle + 10) if item.key.startswith("growth:") else item

    side = replace(model.target, inputs=Inputs(0, tuple(raised(item) for item in model.target.inputs.items)))
    more = run(replace(model, base=side, target=side), FUTURES, seed=1)
    for x in np.quantile(ensemble.values["m11"], [0.1, 0.5, 0.9]):
        assert np.mean(more.values["m11"] >= x) >= np.mean(ensemble.values["m11"] >= x)
    assert np.median(more.values["m11"]) > np.median(ensemble.values["m11"]) * 1.1


def test_unknown_stays_unknown(answer, result):
    for landmark in answer.landmarks:
        for one in landmark.measures:
            if one.today is None or one.target is None or one.target_year is None:
                assert (one.probability, one.low, one.high, one.sweep, one.years) == (None, None, None, (), ())
                assert one.median == measure(result, one.id).median
        if any(m.counts and m.probability is None for m in landmark.measures):
            assert landmark.probability is None
    assert answer.futures["all_six"]["probability"] is None


def test_a_joint_probability_is_at_most_its_single_ones(answer, ensemble):
    for landmark in answer.landmarks:
        singles = [m.probability for m in landmark.measures if m.counts and m.probability is not None]
        if landmark.probability_at_most is not None:
            assert max(0.0, sum(singles) - len(singles) + 1) - 1e-12 <= landmark.probability_at_most <= min(singles)
    every = [m for landmark in answer.landmarks for m in landmark.measures]
    assert joint(every, ensemble)[1] <= min(
        landmark.probability_at_most for landmark in answer.landmarks if landmark.probability_at_most is not None
    )


def test_a_sweep_falls_with_what_is_asked_and_holds_the_target(answer):
    for landmark in answer.landmarks:
        for one in landmark.measures:
            if one.probability is None:
                continue
            chances = [point["probability"] for point in one.sweep]
            ordered = sorted(chances, reverse=not one.bound.startswith("<"))
            assert chances == ordered
            at = {point["x"]: point["probability"] for point in one.sweep}
            assert at[one.target] == one.probability
            assert one.low <= one.median <= one.high
            assert one.years[-1]["median"] == pytest.approx(one.median)


def test_targets_are_never_drawn(model, ensemble, answer):
    assert not any("target" in key for key in ensemble.points)
    port = measure(answer, "m11")
    assert port.target == 10_000_000
    assert met(port, ensemble).mean() == port.probability


def test_what_binds_sums_to_all_futures(answer):
    assert sum(row["share"] for row in answer.futures["binds"]) == pytest.approx(1.0)


def test_the_assumption_that_matters_is_found(model):
    """y = 3 a + b of independent uniforms: first-order shares are 0.9 and 0.1."""
    from qujiang.plan.sensitivity import ranking

    rng = np.random.default_rng(5)
    points = {key: rng.random(4000) for key in ("a", "b", *(f"idle{k}" for k in range(40)))}
    inputs = {key: Input(key, key, 0, 0.5, 1, "uniform") for key in points}
    found = {e.key: e for e in ranking(inputs, points, 3 * points["a"] + points["b"], seed=1)}
    assert list(found) == ["a", "b"]
    assert found["a"].first_order == pytest.approx(0.9, abs=0.02)
    assert found["b"].first_order == pytest.approx(0.1, abs=0.02)
    assert found["a"].low <= 0.9 <= found["a"].high


def test_other_questions_are_refused(district):
    with pytest.raises(ScenarioError, match="at least 1"):
        test_futures(district, count=0)


def test_text_names_chances_in_both_languages(answer):
    english, chinese = (futures_text(answer, language) for language in ("en", "zh"))
    assert "300 futures" in english
    assert "not known" in english
    assert "六项成果" in chinese


def test_a_district_without_freight_has_futures_too(district):
    import dataclasses

    frames = dict(district.frames)
    frames["demand"] = frames["demand"].clear()
    bare = dataclasses.replace(district, frames=frames)
    found = run(build_model(bare, bare, None), 50, seed=1)
    assert "m11" not in found.values
    assert len(found.values["m21"]) == 50
    assert isinstance(bare["demand"], pl.DataFrame)
    assert (found.free_ratio == 1).all()  # nothing is taken off a flow that is not there


def test_without_freight_there_is_no_wait_of_which_to_speak(district, result):
    """Warnings are errors: nothing is divided by nothing."""
    bare = build_model(district, district, None)
    said = over_futures(result, bare, run(bare, 128, seed=1), seed=1)
    assert said.futures["waits"] is None
    json.dumps(said.as_dict(), allow_nan=False)


def test_a_port_that_nobody_would_choose_loses_nothing(result, model, ensemble):
    idle = replace(ensemble, free_ratio=np.zeros(ensemble.count))
    said = over_futures(result, model, idle, seed=1).futures["waits"]
    assert said["flow_effect_median_percent"] == said["flow_effect_largest_percent"] == 0.0


def test_the_wait_at_which_others_turn_away_is_drawn(model):
    """It holds the wait of a lock that others alone overfill: in each future that lock waits about as long as was drawn."""
    items = {item.key: item for item in model.target.inputs.items}
    item = items["rates:lock_turn_away_h"]
    assert (item.low, item.middle, item.high) == (12.0, 24.0, 72.0)
    ends = []
    for hours in (12.0, 72.0):
        at = replace(item, low=hours, middle=hours, high=hours)
        inputs = replace(
            model.target.inputs, items=tuple(at if x.key == item.key else x for x in model.target.inputs.items)
        )
        side = replace(model.target, inputs=inputs)
        ends.append(run_block(replace(model, base=side, target=side), 1, 0).figures["throughput_t"])
    assert (ends[1] <= ends[0] * (1 + 1e-6)).all()  # who waits longer at Jianbi ships less
    assert (ends[1] < ends[0] * (1 - 1e-3)).any()
