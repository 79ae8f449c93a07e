"""Total Sobol indices: closed forms of Ishigami's and Sobol's functions, SALib on the same samples, and futures of the district."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.ensemble import run
from qujiang.plan.futures import run_block
from qujiang.plan.futures_summary import inputs_of
from qujiang.plan.sensitivity import ranking
from qujiang.plan.totals import SAMPLE, asked, total, total_order, with_totals
from tests.plan.test_resume import small_model

A, B = 7.0, 0.1
WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
COUNT = 8192


def ishigami(u: np.ndarray) -> np.ndarray:
    x = 2 * np.pi * u - np.pi
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_totals() -> list[float]:
    """Ishigami and Homma (1990): partial variances in closed form."""
    one, two = 0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8
    both = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    return [(one + both) / whole, two / whole, both / whole]


def g_function(u: np.ndarray) -> np.ndarray:
    return np.prod((np.abs(4 * u - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1)


def g_totals() -> list[float]:
    """Sobol (1993): with V_i = 1 / (3 (1 + a_i)^2) the total is V_i times the product of all other 1 + V_j, over the whole."""
    own = 1 / (3 * (1 + WEIGHTS) ** 2)
    whole = np.prod(1 + own) - 1
    return [own[i] * np.prod(1 + np.delete(own, i)) / whole for i in range(len(own))]


CASES = [(ishigami, ishigami_totals()), (g_function, g_totals())]


@pytest.mark.parametrize(("function", "closed"), CASES, ids=["Ishigami", "g-function"])
def test_totals_are_those_of_the_closed_form(function: Callable[[np.ndarray], np.ndarray], closed: list[float]):
    """Within four standard errors of a mean of COUNT independent squares, and of the variance below it."""
    rng = np.random.default_rng(7)
    first = rng.random((COUNT, len(closed)))
    y = function(first)
    for i, want in enumerate(closed):
        second = first.copy()
        second[:, i] = rng.random(COUNT)
        changed = function(second)
        found = total(y, changed, seed=1)
        squares = 0.5 * (y - changed) ** 2
        variance = np.var(np.concatenate([y, changed]))
        of_variance = want * np.std((y - y.mean()) ** 2) / variance / np.sqrt(COUNT)
        error = squares.std() / np.sqrt(COUNT) / variance + of_variance
        assert found.share == pytest.approx(want, abs=4 * error)
        assert found.low <= found.share <= found.high
        assert found.high - found.low < 8 * error


@pytest.mark.parametrize(("function", "closed"), CASES, ids=["Ishigami", "g-function"])
def test_totals_are_salibs_on_the_same_samples(function: Callable[[np.ndarray], np.ndarray], closed: list[float]):
    """SALib takes the variance of its samples A and B together: with B handed over both are one number, and the intervals overlap."""
    pytest.importorskip("SALib")
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    inputs = len(closed)
    problem = {"num_vars": inputs, "names": [f"x{i}" for i in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}
    y = function(sample.sample(problem, 2048, calc_second_order=False, seed=3))
    theirs = analyze.analyze(problem, y, calc_second_order=False, conf_level=0.9, seed=3)
    rows = y.reshape(-1, inputs + 2)  # of each point A, A with one input of B, ..., B
    for i, want in enumerate(closed):
        assert total_order(rows[:, 0], rows[:, 1 + i], rows[:, -1]) == pytest.approx(theirs["ST"][i], rel=1e-9)
        ours = total(rows[:, 0], rows[:, 1 + i], seed=1)
        assert abs(ours.share - theirs["ST"][i]) <= (ours.high - ours.low) / 2 + theirs["ST_conf"][i]
        assert theirs["ST"][i] == pytest.approx(want, abs=3 * theirs["ST_conf"][i] + 1e-3)


@pytest.fixture(scope="module")
def small(district):
    """Without freight: a block takes a millisecond."""
    return small_model(district)


def test_only_the_one_input_is_drawn_again(small):
    key = next(key for key in small.foresight.keys if key.startswith("pace:"))
    plain, other = run_block(small, 1, 2), run_block(small, 1, 2, again=key)
    for name, points in plain.points.items():
        assert (other.points[name] == points).any() == (name != key)
        assert (other.points[name] == points).all() == (name != key)
    moved = [name for name, values in plain.values.items() if (values != other.values[name]).any()]
    assert moved == [key.removeprefix("pace:")]


def test_totals_of_futures_hold_the_first_order_shares(small):
    """A measure of today's figure and growth: hardly any interaction, so that totals and first-order shares agree; a total is never below."""
    found = run(small, 4096, seed=4)
    ranked = {name: ranking(inputs_of(small), found.points, found.values[name], 4) for name in ("m21", "m31", "m33")}
    made = with_totals(small, ranked, found.values, 4, 0)
    for name, effects in made.items():
        assert [effect.key for effect in effects] == [effect.key for effect in ranked[name]]
        for effect in effects:
            assert effect.total is not None
            assert effect.total_low <= effect.total <= effect.total_high
            half = (effect.high - effect.low + effect.total_high - effect.total_low) / 2
            assert effect.total > effect.first_order - half
        assert sum(effect.total for effect in effects) > 0.8


def test_measures_of_freight_are_asked_about_as_far_as_is_wanted(small):
    """A measure that no room computes is asked about with all its inputs, whatever is wanted."""
    found = run(small, 256, seed=4)
    effects = ranking(inputs_of(small), found.points, found.values["m31"], 4)
    ranked = {"m31": effects, "m11": effects}
    for leading in (0, 1):
        keys = asked(small, ranked, leading)
        assert keys[False] == tuple(effect.key for effect in effects)
        assert keys[True] == tuple(effect.key for effect in effects[:leading])
    assert SAMPLE % BLOCK == 0


@pytest.mark.slow
def test_totals_of_freight_are_the_same_on_two_processes_and_agree_with_salib(district):
    pytest.importorskip("SALib")
    from SALib.analyze import sobol as analyze

    from qujiang.plan.futures import build_model
    from qujiang.plan.port import answer_port

    model = build_model(district, district, answer_port(district, district, 2027))
    count = 256
    found = run(model, count, seed=6)
    ranked = {"m11": ranking(inputs_of(model), found.points, found.values["m11"], 6)}
    one, two = (with_totals(model, ranked, found.values, 6, 2, workers) for workers in (1, 2))
    assert one == two
    keys = [effect.key for effect in one["m11"] if effect.total is not None]
    assert keys == [effect.key for effect in ranked["m11"][:2]]
    changed = [
        np.concatenate([run_block(model, 6, block, again=key).values["m11"] for block in range(count // BLOCK)])
        for key in keys
    ]
    # SALib wants a second sample for the variance: further futures of the same law
    second = run(model, 2 * count, seed=6).values["m11"][count:]
    y = np.column_stack([found.values["m11"], *changed, second]).ravel()
    problem = {"num_vars": len(keys), "names": keys, "bounds": [[0.0, 1.0]] * len(keys)}
    theirs = analyze.analyze(problem, y, calc_second_order=False, conf_level=0.9, seed=1)
    for i, effect in enumerate(one["m11"][:2]):
        assert abs(effect.total - theirs["ST"][i]) <= (effect.total_high - effect.total_low) / 2 + theirs["ST_conf"][i]
