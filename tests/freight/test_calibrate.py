"""The calibration: a known truth is found again, held-out facts never move anything, a miss stays a miss."""

from __future__ import annotations

import polars as pl
import pytest

from qujiang.freight.assign import assign
from qujiang.freight.calibrate import FREE, calibrate, modal_constants
from qujiang.freight.observe import QUANTITIES
from qujiang.freight.problem import build_problem


@pytest.fixture
def problem(tables):
    return build_problem(tables, port_place="port", base_year=2024)


def facts(*rows: tuple[str, str, float, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "fact": fact, "name_en": fact, "use": use, "unit": "t", "fact_value": value, "scenario": None,
                "tolerance_low_value": value - width, "tolerance_high_value": value + width, "note": None,
                "from_place": None, "to_place": None,
            }
            for fact, use, value, width in rows
        ],
        schema_overrides={"scenario": pl.String, "note": pl.String, "from_place": pl.String, "to_place": pl.String},
    )  # fmt: skip


def test_a_fact_that_already_holds_moves_nothing(problem):
    now = assign(problem).throughput_t()
    fitted = calibrate(problem, facts(("throughput", "fit", now, now / 20)), {})
    for name, before, _, _, after in fitted.moved:
        assert after == pytest.approx(before, rel=1e-3), name


def test_a_fact_within_reach_is_met_and_everything_stays_in_range(problem):
    now = assign(problem).throughput_t()
    fitted = calibrate(problem, facts(("throughput", "fit", now * 0.9, now / 100)), {})
    assert fitted.residuals[0].met
    assert [name for name, *_ in fitted.moved] == list(FREE)
    for name, _, low, high, after in fitted.moved:
        assert low - 1e-9 <= after <= high + 1e-9, name


def test_held_out_facts_do_not_move_the_fit(problem):
    now = assign(problem).throughput_t()
    one = ("throughput", "fit", now * 0.95, now / 50)
    alone = calibrate(problem, facts(one), {})
    beside = calibrate(problem, facts(one, ("freight_now", "hold_out", 1.0, 0.1), ("mean_haul", "check", 9.0, 1.0)), {})
    assert alone.moved == beside.moved
    assert beside.residuals[1].met is False


def test_a_fact_out_of_reach_is_shown_as_missed(problem):
    now = assign(problem).throughput_t()
    fitted = calibrate(problem, facts(("throughput", "fit", now * 100, now / 100)), {})
    residual = fitted.residuals[0]
    assert residual.met is False
    assert residual.model_value is not None
    assert residual.model_value < now * 100


def test_a_fact_without_a_quantity_says_so(problem):
    fitted = calibrate(problem, facts(("moon_phase", "check", 1.0, 0.1)), {})
    assert fitted.residuals[0].met is None
    assert "moon_phase" in fitted.residuals[0].note


def test_a_fact_of_a_scenario_that_was_not_run_says_so(problem):
    row = facts(("throughput", "hold_out", 1.0, 0.1)).with_columns(pl.lit("opening").alias("scenario"))
    assert calibrate(problem, row, {}).residuals[0].model_value is None


def test_modal_constants_reproduce_the_observed_modes(problem):
    import numpy as np

    from qujiang.freight.chains import SIGNATURES

    observed = {"road": 90_000.0, "water": 60_000.0, "rail": 30_000.0}
    pull = modal_constants(problem, observed)
    added = np.array([0.0, pull["water"], pull["rail"], pull["water"], pull["water"]])
    tonnes = assign(problem, pull_yuan=added).signature_t
    assert tonnes["road"] == pytest.approx(90_000, rel=2e-3)
    assert tonnes["rail"] == pytest.approx(30_000, rel=2e-3)
    assert len(SIGNATURES) == len(added)


def test_every_quantity_has_a_value_or_a_reason(problem):
    from qujiang.freight.observe import observe

    result = assign(problem)
    for name in QUANTITIES:
        value, note = observe({"fact": name, "from_place": None, "to_place": None}, result)
        assert (value is None) == bool(note), name
