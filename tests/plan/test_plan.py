"""The main job on the bundled district and on changed ones."""

from __future__ import annotations

import dataclasses
import json

import pytest

from qujiang.errors import DataError
from qujiang.plan import test_plan
from tests.plan.conftest import measure


def test_json_has_the_promised_shape(result):
    answer = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert {"district", "scenario", "landmarks", "run"} <= answer.keys()
    assert [landmark["landmark"] for landmark in answer["landmarks"]] == [1, 2, 3, 4, 5, 6]
    for landmark in answer["landmarks"]:
        assert {"landmark", "name_zh", "name_en", "measures"} <= landmark.keys()
        for one in landmark["measures"]:
            wanted = {
                "indicator",
                "unit",
                "today",
                "target",
                "target_year",
                "median",
                "low",
                "high",
                "probability",
                "status",
                "binds",
            }
            assert wanted <= one.keys()
            assert one["probability"] is None
            for binder in one["binds"]:
                assert {"what", "kind", "price_or_gain", "unit"} <= binder.keys()
    assert sum(len(landmark["measures"]) for landmark in answer["landmarks"]) == 22


def test_nothing_is_filled_in(result, district):
    rows = {row["id"]: row for row in district["measures"].to_dicts()}
    for landmark in result.landmarks:
        for one in landmark.measures:
            assert one.today == rows[one.id]["today_value"]
            assert one.target == rows[one.id]["target_value"]
            if one.today is None or one.target is None:
                assert one.status == "untestable"
                assert one.median is None
                assert one.reason
                assert one.binds == ()


def test_port_trade_is_never_foreign_trade(result):
    assert measure(result, "m15").status == "untestable"


def test_a_landmark_is_no_better_than_its_counted_measures(result):
    for landmark in result.landmarks:
        states = {m.status for m in landmark.measures if m.counts}
        if landmark.status == "met":
            assert states == {"met"}
        if landmark.status == "on_track":
            assert states <= {"met", "on_track"}
        if "off_track" in states:
            assert landmark.status == "off_track"


def test_throughput_is_demand_held_at_the_limits(result):
    levels = {b.kind: b.level for b in result.limits if b.level is not None and b.kind != "lock_physical"}
    port = measure(result, "m11")
    assert port.median <= min(levels.values()) * 1.001
    assert port.binds[0].gain == max(b.gain for b in port.binds)


def test_documented_berths_bind_when_they_are_the_lowest(district, result, scenario):
    path = scenario(
        '[[set]]\ntable = "terminals"\nkey = "qj1"\nvalues = { capacity_t_per_year = 1100000 }',
        '[[set]]\ntable = "terminals"\nkey = "qj"\nvalues = { capacity_t_per_year = 4300000 }',
    )
    port = measure(test_plan(district, path), "m11")
    assert port.median == pytest.approx(4.3e6, rel=1e-3)
    assert port.binds[0].kind == "berth_documented"
    assert port.binds[0].gain == pytest.approx(measure(result, "m11").median - 4.3e6, rel=0.01)


def test_a_slow_lock_binds_and_nominal_tonnage_never_does(district, result, scenario):
    nominal = scenario('[[set]]\ntable = "locks"\nkey = "fuchunjiang"\nvalues = { capacity_t_per_year = 1000 }')
    assert measure(test_plan(district, nominal), "m11").median == measure(result, "m11").median
    slow = scenario(
        '[[set]]\ntable = "locks"\nkey = "fuchunjiang"\n'
        "values = { lockages_per_year = 5000, lockages_low_per_year = 4800, lockages_high_per_year = 9000 }"
    )
    binder = measure(test_plan(district, slow), "m11").binds[0]
    assert (binder.kind, binder.what) == ("lock_physical", "Fuchunjiang lock")
    assert binder.gain > 0


def test_more_demand_is_carried_further(district, result, scenario):
    path = scenario('[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = 1.4')
    more = measure(test_plan(district, path), "m11")
    assert more.median > measure(result, "m11").median * 1.2


def test_base_throughput_above_the_berths_is_a_fault(district):
    frames = dict(district.frames)
    terminals = frames["terminals"]
    small = terminals["capacity_t_per_year"] * 0.3
    frames["terminals"] = terminals.with_columns(small.alias("capacity_t_per_year"))
    with pytest.raises(DataError, match="documented berth capacity"):
        test_plan(dataclasses.replace(district, frames=frames))


def test_a_district_without_a_port_is_still_tested(district):
    inland = dataclasses.replace(district, info=dataclasses.replace(district.info, port_place=None))
    result = test_plan(inland)
    assert result.limits == ()
    assert measure(result, "m11").status == "unknown"
    assert measure(result, "m31").median == pytest.approx(11.7e9 * 1.035**2)


def test_residuals_show_hits_and_misses_and_the_fit_is_met(result):
    by_fact = {row["fact"]: row for row in result.residuals}
    assert by_fact["throughput"]["met"] is True
    assert {row["use"] for row in result.residuals} == {"fit", "check", "hold_out"}
    assert all(row["model_value"] is not None for row in result.residuals)
    for row in result.residuals:
        assert row["met"] is (row["low"] <= row["model_value"] <= row["high"])


def test_calibrated_parameters_stay_in_their_ranges(result):
    for row in result.calibration:
        assert row["low"] - 1e-9 <= row["after"] <= row["high"] + 1e-9


def test_a_modal_constant_above_ten_is_not_explained(result):
    for row in result.modal_constants:
        assert row["explained"] is (abs(row["yuan_per_t"]) <= 10)


def test_the_same_input_gives_the_same_answer(district, result):
    assert test_plan(district).as_dict() == result.as_dict()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["today", "plan-2027", "yongjin-qushang-opens", "fuchunjiang-second-chamber", "low-water", "opening"]
)
def test_every_bundled_scenario_runs(district, name):
    result = test_plan(district, name)
    assert result.scenario["name"] == name
    assert measure(result, "m11").median > 0
