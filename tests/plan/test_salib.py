"""First-order Sobol indices from given data, refereed by SALib and by Ishigami's closed form."""

from __future__ import annotations

import numpy as np
import pytest

from qujiang.plan.draws import Input
from qujiang.plan.ensemble import run
from qujiang.plan.sensitivity import ranking
from tests.plan.test_resume import small_model

pytest.importorskip("SALib")

#: Ishigami and Homma (1990), a = 7, b = 0.1: first-order shares of x1, x2, x3.
CLOSED = (0.3138951, 0.4424111, 0.0)
ISHIGAMI = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


@pytest.fixture(scope="module")
def ours():
    rng = np.random.default_rng(12)
    points = {name: rng.random(16384) for name in ISHIGAMI["names"]}
    measure = ishigami(np.column_stack(list(points.values())) * 2 * np.pi - np.pi)
    inputs = {name: Input(name, name, 0, 0.5, 1, "uniform") for name in points}
    return {effect.key: effect for effect in ranking(inputs, points, measure, seed=1)}


def test_ishigami_has_the_shares_of_the_closed_form(ours):
    """20 bins over a period of a sine lose less than 1 % of a share; the interval holds 90 %."""
    assert list(ours) == ["x2", "x1"]  # x3 acts with x1 alone: its own share is 0, and it is not seen
    for name, share in zip(("x1", "x2"), CLOSED[:2], strict=True):
        assert ours[name].first_order == pytest.approx(share, abs=0.02)
        assert ours[name].low - 0.01 <= share <= ours[name].high + 0.01


def test_ishigami_agrees_with_sobol_of_salib_within_both_intervals(ours):
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    found = analyze.analyze(
        ISHIGAMI, ishigami(sample.sample(ISHIGAMI, 4096, calc_second_order=False, seed=3)), calc_second_order=False,
        conf_level=0.9, seed=3,
    )  # fmt: skip
    for name, share, half in zip(ISHIGAMI["names"], found["S1"], found["S1_conf"], strict=True):
        if name in ours:
            width = half + (ours[name].high - ours[name].low) / 2
            assert abs(ours[name].first_order - share) <= width
        else:
            assert abs(share) <= half + 0.01


def _agree(points, measure, inputs, seed=1, most=6):
    """Our largest shares beside those of RBD-FAST on the same points: within both intervals."""
    from SALib.analyze import rbd_fast

    keys = list(points)
    problem = {"num_vars": len(keys), "names": keys, "bounds": [[0.0, 1.0]] * len(keys)}
    x = np.column_stack([points[key] for key in keys])
    found = rbd_fast.analyze(problem, x, measure, num_resamples=60, conf_level=0.9, seed=seed)
    there = dict(zip(keys, zip(found["S1"], found["S1_conf"], strict=True), strict=True))
    ranked = ranking(inputs, points, measure, seed)
    assert ranked
    for effect in ranked[:most]:
        share, half = there[effect.key]
        assert abs(effect.first_order - share) <= half + (effect.high - effect.low) / 2 + 0.02, effect
    best, half = max(there.values())
    mine = there[ranked[0].key]
    assert mine[0] + mine[1] >= best - half  # first, or level with the first within its intervals


def test_futures_of_the_district_agree_with_salib_on_the_same_points(district):
    from qujiang.plan.futures_summary import inputs_of

    model = small_model(district)
    found = run(model, 4096, seed=2)
    for name in ("m31", "m21", "m33"):
        _agree(found.points, found.values[name], inputs_of(model))


@pytest.mark.slow
def test_throughput_of_futures_agrees_with_salib_on_the_same_points(district):
    from qujiang.plan.futures import build_model
    from qujiang.plan.futures_summary import inputs_of
    from qujiang.plan.port import answer_port

    model = build_model(district, district, answer_port(district, district, 2027))
    found = run(model, 1024, seed=2)
    _agree(found.points, found.figures["throughput_t"], inputs_of(model), most=3)
