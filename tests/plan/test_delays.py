"""Delays of projects inside the futures: closed forms, the plan without the project, and the same bytes wherever it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from qujiang.errors import ScenarioError
from qujiang.plan import test_plan
from qujiang.plan.delays import (
    DELAY_MONTHS,
    Delay,
    Delays,
    lay_over,
    open_projects,
    state_weights,
    with_delays,
    year_share,
)
from qujiang.plan.ensemble import over_futures, run
from qujiang.plan.futures import build_model, run_block
from qujiang.plan.futures_text import futures_text
from qujiang.plan.kept import Kept
from qujiang.plan.port import answer_port, fit_freight
from tests.plan.conftest import measure

PORT, OFFICES = "k05", "k08"


def delayed(model, **changes):
    """The model with other laws of delay."""
    projects = tuple(replace(project, **changes) for project in model.delays.projects)
    return replace(model, delays=replace(model.delays, projects=projects))


@pytest.fixture(scope="module")
def small(district):
    """Without freight: a block takes a millisecond."""
    return with_delays(district, [OFFICES], 2027, lambda state: build_model(district, state, None))


@pytest.fixture(scope="module")
def freight(district):
    fitted = fit_freight(district)

    def build(state):
        return build_model(district, state, answer_port(district, state, 2027, fitted=fitted, with_binders=False))

    return with_delays(district, [PORT], 2027, build)


def test_delays_of_no_length_are_the_plan_with_the_project(freight):
    still = delayed(freight, low_months=0.0, middle_months=0.0, high_months=0.0)
    assert not still.delays.inputs.items
    found, plain = run_block(still, 1, 0), run_block(replace(freight, delays=None), 1, 0)
    for name, values in plain.values.items():
        assert found.values[name].tobytes() == values.tobytes(), name
    assert found.kinds.tobytes() == plain.kinds.tobytes()


def test_a_delay_past_the_target_year_is_the_plan_without_the_project(freight):
    late = run_block(delayed(freight, low_months=120.0, middle_months=120.0, high_months=120.0), 1, 0)
    without, opened = (run_block(freight.delays.states[frozenset(s)], 1, 0) for s in ((), (PORT,)))
    for name, values in without.values.items():
        assert late.values[name].tobytes() == values.tobytes(), name
    assert any((opened.values[name] != values).any() for name, values in without.values.items())
    assert late.kinds.tobytes() == without.kinds.tobytes()


def test_futures_lie_between_the_plan_without_and_with_the_project(freight):
    found = run_block(freight, 1, 0)
    ends = [run_block(freight.delays.states[frozenset(s)], 1, 0) for s in ((), (PORT,))]
    for name, values in found.values.items():
        pair = np.stack([end.values[name] for end in ends])
        slack = 1e-12 * np.abs(pair).max()
        assert (values >= pair.min(axis=0) - slack).all() and (values <= pair.max(axis=0) + slack).all()
        share = year_share(found.finish[PORT], 2027)
        assert values == pytest.approx(pair[0] + share * (pair[1] - pair[0]), rel=1e-12)


def test_other_draws_do_not_move(freight):
    found, plain = run_block(freight, 3, 1), run_block(replace(freight, delays=None), 3, 1)
    for name, points in plain.points.items():
        assert found.points[name].tobytes() == points.tobytes()
    assert set(found.points) - set(plain.points) == {"factor:project delays", f"delay:{PORT}"}


@pytest.mark.parametrize("months", [3.0, 6.0, 12.0])
def test_share_finished_is_that_of_the_law(small, months):
    """The part of the triangular law below a number of months; the standard error is at most sqrt(p (1 - p) / N)."""
    count = 4096
    ensemble = run(small, count, seed=5)
    low, mode, high = DELAY_MONTHS
    assert months >= mode
    asked = 1 - (high - months) ** 2 / ((high - low) * (high - mode))
    share = float(np.mean(ensemble.finish[OFFICES] <= 2027 + months / 12))
    assert share == pytest.approx(asked, abs=4 * np.sqrt(asked * (1 - asked) / count))


def test_what_is_added_counts_from_the_finish(small):
    found, without = run(small, 256, seed=2), run(small.delays.states[frozenset()], 256, seed=2)
    for name, value in small.delays.added[OFFICES].items():
        if name not in found.values:
            continue
        share = year_share(found.finish[OFFICES], 2027)
        drawn = value + small.effects.added(found.points, OFFICES)[name]
        assert found.values[name] == pytest.approx(without.values[name] + share * drawn, rel=1e-12)
        before = [year for year in range(2020, 2027) if f"{name}:{year}" in found.courses]
        first = without.starts[name]
        for year in before:  # nothing is finished before the target year: it has no date
            begun = small.paces[name][1]
            part = (year - begun) / (2027 - begun)
            assert found.courses[f"{name}:{year}"] == pytest.approx(
                first * (without.values[name] / first) ** part, rel=1e-12
            )


def test_two_processes_and_a_resumed_run_give_the_same_bytes(small, tmp_path):
    one, two = run(small, 512, seed=3), run(small, 512, seed=3, workers=2)
    asked = {"district_hash": "x", "futures": 512, "seed": 3}
    run(small, 512, seed=3, kept=Kept(tmp_path / "kept", asked))
    (tmp_path / "kept" / "block000002.npz").unlink()
    again = run(small, 512, seed=3, kept=Kept(tmp_path / "kept", asked))
    for other in (two, again):
        for part in ("values", "courses", "finish", "points"):
            mine, theirs = getattr(one, part), getattr(other, part)
            assert mine and mine.keys() == theirs.keys()
            assert all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)


def test_delays_move_together_as_they_say():
    project = Delay("a", "", "a", 2027.0, *DELAY_MONTHS, True, False)
    delays = Delays((project, replace(project, id="b", name_en="b")), (), {}, {})
    found = [delays.finishes(delays.inputs.own(1, block), 128) for block in range(32)]
    a, b = (np.concatenate([one[name] for one in found]).argsort().argsort() for name in "ab")
    # rank correlation of two normals with correlation 0.5: 6/pi asin(0.25) = 0.483; standard error about 1/sqrt(4096) = 0.016
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=4 / np.sqrt(4096))


def test_who_waits_is_late_with_the_other():
    first = Delay("a", "", "a", 2026.0, 12, 12, 12, False, False)
    second = Delay("b", "", "b", 2026.5, 0, 0, 0, False, False, ("a",), 0.5)
    found = Delays((first, second), (), {}, {}).finishes({}, 2)
    assert found["a"].tolist() == [2027.0, 2027.0] and found["b"].tolist() == [2027.5, 2027.5]
    slack = Delays((replace(first, middle_months=0.0, low_months=0.0, high_months=0.0), second), (), {}, {}).finishes(
        {}, 2
    )
    assert slack["b"].tolist() == [2026.5, 2026.5]


def test_weights_of_states_sum_to_one():
    rng = np.random.default_rng(1)
    shares = {name: rng.random(50) for name in "abc"}
    states = [frozenset(s) for s in ("", "a", "b", "c", "ab", "ac", "bc", "abc")]
    weights = state_weights(shares, states, 50)
    assert sum(weights.values()) == pytest.approx(np.ones(50))
    for name, share in shares.items():
        assert sum(w for state, w in weights.items() if name in state) == pytest.approx(share)


def test_projects_that_cannot_count_are_refused(district):
    with pytest.raises(ScenarioError, match=r"nowhere: no such project.*j01: no effect"):
        open_projects(district, ["nowhere", "j01"], 2027)
    rows = district["projects"].with_columns(
        opened_or_due=pl.when(pl.col("id") == PORT).then(pl.lit("2031")).otherwise("opened_or_due")
    )
    late = replace(district, frames={**district.frames, "projects": rows})
    with pytest.raises(ScenarioError, match=f"{PORT}: opens {date(2031, 12, 31)}, after 2027"):
        open_projects(late, [PORT], 2027)


def test_an_own_range_and_date_are_read(district):
    here = pl.col("id") == OFFICES
    rows = district["projects"].with_columns(
        planned_start=pl.when(here).then(pl.lit("2026-01-01")).otherwise("planned_start"),
        duration_days=pl.when(here).then(365).otherwise("duration_days"),
        duration_low_days=pl.when(here).then(365).otherwise("duration_low_days"),
        duration_high_days=pl.when(here).then(365 + 731).otherwise("duration_high_days"),
    )
    dated = replace(district, frames={**district.frames, "projects": rows})
    delays = with_delays(dated, [OFFICES], 2027, lambda state: build_model(district, state, None)).delays
    assert delays is not None
    (project,) = delays.projects
    assert not project.assumed and not project.undated
    assert project.finish == pytest.approx(2027.0, abs=0.01)
    assert (project.low_months, project.middle_months) == (0.0, 0.0)
    assert project.high_months == pytest.approx(24.0, abs=0.05)


def test_more_projects_than_states_are_held_and_said(district):
    names = ["k01", "k02", "k03", "k04"]
    model = with_delays(district, names, 2027, lambda state: build_model(district, state, None))
    assert model.delays is not None
    assert [bool(project.held) for project in model.delays.projects] == [False, False, False, True]
    assert len(model.delays.states) == 8


def test_the_answer_and_its_text(result, freight):
    answer = over_futures(result, freight, run(freight, 128, seed=1), seed=1)
    assert answer.futures is not None
    (row,) = answer.futures["projects"]
    assert row["id"] == PORT and row["assumed"] and 0 < row["finished_share"] < 1
    assert answer.tables["futures/projects"]["finished_share"].to_list() == [row["finished_share"]]
    assert "quicker calls at the port" in futures_text(answer) and "港口作业提速" in futures_text(answer, "zh")
    without = freight.delays.states[frozenset()]
    plain = over_futures(result, without, run(without, 128, seed=1), seed=1)
    assert plain.futures is not None and "projects" not in plain.futures


def test_the_base_future_has_the_projects_open(district, result):
    base = test_plan(district, projects=[OFFICES])
    assert base.scenario is not None and base.scenario["name"] == OFFICES
    assert base.run["scenario_hash"] == lay_over(district, [OFFICES]).hash
    before, after = measure(result, "m21").median, measure(base, "m21").median
    assert before is not None and after == pytest.approx(before + 60)
