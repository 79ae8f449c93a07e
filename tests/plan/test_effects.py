"""Effects of projects drawn from their ranges: closed forms of the law, the plan with the ends of the effect, and what stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from qujiang.district import District
from qujiang.methods.quasi_random import BLOCK, triangular
from qujiang.plan.delays import lay_over, with_delays
from qujiang.plan.effects import STREAM, key_of, pulled, read_effects
from qujiang.plan.ensemble import over_futures, run
from qujiang.plan.futures import build_model, run_block
from qujiang.plan.futures_summary import inputs_of
from qujiang.plan.port import answer_port, fit_freight

#: A programme that only adds to measures, one that scales a rate, one that scales demand.
OFFICES, CALLS, QUARRIES = "k08", "k05", "k06"


@pytest.fixture(scope="module")
def build(district):
    fitted = fit_freight(district)

    def made(state: District):
        return build_model(district, state, answer_port(district, state, 2027, fitted=fitted, with_binders=False))

    return made


@pytest.fixture(scope="module")
def freight(district, build):
    return with_delays(district, [CALLS, QUARRIES], 2027, build)


def test_rows_with_a_range_are_read(district):
    found = read_effects(district, ["k02", CALLS, QUARRIES, OFFICES])
    rows = {pull.id: pull for pull in found.pulls}
    assert set(rows) == {"fx11", "fx12", "fx16", "fx17", "fx18", "fx19", "fx22", "fx23"}
    assert rows["fx16"].keys == ("rates:port_hours_per_call",)
    assert (rows["fx16"].low, rows["fx16"].middle, rows["fx16"].high) == (0.7, 0.8, 0.95)
    # fewer hours, a shorter wait and less floor a tenant are the strong end; more lockages, cargo and firms are
    assert {name for name, pull in rows.items() if pull.less} == {"fx12", "fx16", "fx23"}
    assert [item.key for item in found.items] == [key_of(name) for name in ("k02", CALLS, QUARRIES, OFFICES)]
    assert all(item.name_zh for item in found.items)


def test_numbers_that_futures_do_not_hold_are_named(district):
    found = read_effects(district, ["k01", "k03"])
    assert not found.pulls and not found.items
    assert set(found.held) == {("k01", "fx10"), ("k03", "fx14")}


def test_one_position_moves_all_rows_of_a_project_from_weak_to_strong(district):
    effects = read_effects(district, [OFFICES])
    at = {key_of(OFFICES): np.array([1e-9, 0.5, 1 - 1e-9])}
    firms, floor = (effects.added(at)[name] for name in ("m21", "m22"))
    assert firms == pytest.approx([20 - 60, triangular(0.5, 20, 60, 110) - 60, 110 - 60], abs=0.01)
    assert floor == pytest.approx([-75 + 210, triangular(0.5, -360, -210, -75) + 210, -360 + 210], abs=0.05)


def test_the_law_is_triangular(district):
    """Mean and variance of the triangular law; the standard error of the mean is below its deviation over sqrt(N)."""
    model = with_delays(district, [OFFICES], 2027, lambda state: build_model(district, state, None))
    count = 4096
    found = run(model, count, seed=3)
    drawn = model.effects.added({key_of(OFFICES): found.points[key_of(OFFICES)]})["m21"] + 60
    low, mode, high = 20.0, 60.0, 110.0
    mean = (low + mode + high) / 3
    variance = (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18
    assert drawn.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / count))
    assert drawn.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / count))


@pytest.mark.parametrize("column", ["low_value", "high_value"])
def test_an_effect_at_its_end_is_the_plan_with_that_effect(district, build, freight, column, monkeypatch):
    """The drawn effect against the code that lays a scenario over the district: a rate that is scaled, demand that is scaled."""
    state = freight.delays.states[frozenset([CALLS, QUARRIES])]
    strong = {CALLS: column == "low_value", QUARRIES: column == "high_value"}
    at = {key_of(name): np.full(BLOCK, 1 - 1e-12 if end else 1e-12) for name, end in strong.items()}
    rows = district["project_effects"].with_columns(
        pl.col(column).fill_null(pl.col("effect_value")).alias("effect_value")
    )
    other = replace(district, frames={**district.frames, "project_effects": rows})
    want = run_block(build(lay_over(other, [CALLS, QUARRIES])), 2, 0)
    plain = run_block(replace(state, effects=None, target=replace(state.target, pulls=(), flow_pulls=())), 2, 0)
    monkeypatch.setattr("qujiang.plan.futures._own_effects", lambda *_: at)
    found = run_block(state, 2, 0)
    for name in ("m11", "m14"):  # berths are those of the middle effect's mean call: a thousandth or two
        assert found.values[name] == pytest.approx(want.values[name], rel=3e-3), name
        apart, moved = (np.abs(other.values[name] - want.values[name]).mean() for other in (found, plain))
        assert apart < 0.05 * moved, name


@pytest.mark.slow
def test_no_other_draw_moves_and_without_effects_the_plan_is_as_it_was(freight):
    found = run_block(freight, 3, 1)
    still = replace(
        freight,
        effects=None,
        delays=replace(
            freight.delays,
            states={
                chosen: replace(state, effects=None, target=replace(state.target, pulls=(), flow_pulls=()))
                for chosen, state in freight.delays.states.items()
            },
        ),
    )
    plain = run_block(still, 3, 1)
    assert set(found.points) - set(plain.points) == {key_of(CALLS), key_of(QUARRIES)}
    for name, points in plain.points.items():
        assert found.points[name].tobytes() == points.tobytes(), name
    for name, values in found.without.items():
        assert plain.without[name].tobytes() == values.tobytes(), name
    assert (found.values["m11"] != plain.values["m11"]).any()


def test_streams_of_rooms_foresight_delays_and_effects_are_four(freight):
    streams = [freight.target.inputs.stream, freight.foresight.stream, freight.delays.inputs.stream, STREAM]
    assert len(set(streams)) == 4
    assert {key_of(CALLS), key_of(QUARRIES)} <= inputs_of(freight).keys()


def test_a_strong_effect_is_found_by_the_ranking_and_told(district, result):
    """Firms brought in, with hardly anything else uncertain: the project's effect leads the ranking of m21."""
    model = with_delays(district, [OFFICES], 2027, lambda state: build_model(district, state, None))
    calm = replace(
        model.foresight,
        items=tuple(replace(x, low=x.middle, high=x.middle + 1e-6 * abs(x.middle)) for x in model.foresight.items),
    )
    delays = replace(
        model.delays,
        projects=tuple(replace(p, low_months=0, middle_months=0, high_months=0) for p in model.delays.projects),
    )
    still = {chosen: replace(state, foresight=calm) for chosen, state in model.delays.states.items()}
    delays = replace(delays, states=still, bare=None)
    found = run(replace(model, foresight=calm, delays=delays), 512, seed=1)
    said = over_futures(result, replace(model, foresight=calm, delays=delays), found, seed=1).futures
    assert said["assumptions"]["m21"][0]["key"] == key_of(OFFICES)
    (row,) = said["projects"]
    assert row["effect_drawn"] and row["effects_held"] == "" and row["assumed"]


def test_a_set_number_is_the_effects_own_and_later_verbs_still_count(freight):
    """(set, then scaled, then increased) drawn together, by hand."""
    side = freight.delays.states[frozenset([CALLS])].target
    (scale,) = side.pulls
    key = scale.keys[0]
    one = replace(scale, low=0.5, middle=0.5, high=0.5)
    made = replace(
        side, pulls=(replace(one, id="s", verb="set", low=10.0, middle=10.0, high=10.0), one,
                     replace(one, id="i", verb="increase", low=3.0, middle=3.0, high=3.0)),
    )  # fmt: skip
    at = {key_of(CALLS): np.array([0.3])}
    assert pulled(made, {}, at)[key] == pytest.approx([10.0 * 0.5 + 3.0])
    assert pulled(replace(made, pulls=(one,)), {key: np.array([8.0])}, at)[key] == pytest.approx([8.0])
