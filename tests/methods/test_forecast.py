"""Forecasts: closed forms, statsmodels as the second opinion, and coverage on generated series with known laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from qujiang.methods import forecast as f
from qujiang.methods.forecast import forecast, forecast_pooled

LAWS = ("walk", "level", "trend", "seasonal", "damped", "break")
STEPS = 6


def generated(rng: np.random.Generator, law: str, points: int, season: int = 11) -> np.ndarray:
    """One positive series of a known law, around 100."""
    time = np.arange(points)
    noise = rng.normal(0.0, 0.03, points)
    if law == "walk":
        return 100 * np.exp(np.cumsum(0.02 + noise))
    if law == "level":
        return 100 * np.exp(np.cumsum(noise / 3) + rng.normal(0.0, 0.03, points))
    if law == "trend":
        for n in range(1, points):
            noise[n] += 0.6 * noise[n - 1]
        return 100 * np.exp(0.015 * time + noise)
    if law == "seasonal":
        pattern = rng.normal(0.0, 0.12, season)
        return 100 * np.exp(
            0.006 * time
            + (pattern - pattern.mean())[time % season]
            + np.cumsum(noise / 3)
            + rng.normal(0.0, 0.02, points)
        )
    if law == "damped":
        return 100 * np.exp(0.8 * (1 - 0.93**time) + np.cumsum(noise))
    return 100 * np.exp(0.01 * time + np.where(time > rng.integers(points // 4, 3 * points // 4), 0.25, 0.0) + noise)


def test_a_constant_series_goes_on_without_a_band() -> None:
    found = forecast(np.full(12, 7.0), 3)
    for values in (found.median, *found.low.values(), *found.high.values()):
        np.testing.assert_allclose(values, 7.0, rtol=1e-12)


def test_drift_theta_and_damped_trend_follow_a_straight_line() -> None:
    line = -5.0 + 2.0 * np.arange(20)  # passes zero, so no logarithms
    found = forecast(line, 3)
    np.testing.assert_allclose(found.members["drift"], [35.0, 37.0, 39.0], rtol=1e-12)
    np.testing.assert_allclose(found.members["naive"], 33.0)
    assert "levels" in found.how


def test_steady_growth_is_exact_in_the_drift_of_logarithms() -> None:
    found = forecast(100 * 1.05 ** np.arange(12), 2)
    np.testing.assert_allclose(found.members["drift"], 100 * 1.05 ** np.array([12.0, 13.0]), rtol=1e-12)


def test_theta_is_smoothing_with_half_the_slope() -> None:
    """Hyndman and Billah (2003), equation 4: level + b/2 (h - 1 + (1 - (1 - a)^n) / a)."""
    values = generated(np.random.default_rng(5), "trend", 30)
    smooth, lengths = np.log(values)[None, :], np.array([30])
    level, alpha = f._fit_smoothing(smooth, lengths)
    slope = np.polyfit(np.arange(30), smooth[0], 1)[0]
    expected = level[0] + 0.5 * slope * (np.arange(3) + (1 - (1 - alpha[0]) ** 30) / alpha[0])
    np.testing.assert_allclose(np.log(forecast(values, 3).members["theta"]), expected, rtol=1e-10)


@pytest.mark.parametrize("law", ["walk", "level", "trend"])
def test_smoothing_agrees_with_statsmodels(law: str) -> None:
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    values = generated(np.random.default_rng(11), law, 30)
    (level,), (alpha,) = f._fit_smoothing(values[None, :], np.array([30]))

    def fit(first: float, weight: float):
        return SimpleExpSmoothing(values, initialization_method="known", initial_level=first).fit(
            smoothing_level=weight, optimized=False
        )

    best: Any = minimize_scalar(
        lambda first: fit(first, alpha).sse, bracket=(values[0] * 0.9, values[0] * 1.1), tol=1e-10
    )
    assert fit(float(best.x), alpha).forecast(1)[0] == pytest.approx(level, rel=1e-6)
    free = SimpleExpSmoothing(values, initialization_method="estimated").fit()
    assert best.fun <= free.sse * 1.01  # the grid of alpha costs at most one percent of the squared error


@pytest.mark.parametrize("law", ["walk", "trend", "damped"])
def test_damped_trend_agrees_with_statsmodels(law: str) -> None:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = generated(np.random.default_rng(12), law, 30)
    found, fitted = f._fit_damped(values[None, :], np.array([30]), 4)
    alpha, beta, phi, level, trend = fitted[0]
    model = ExponentialSmoothing(
        values, trend="add", damped_trend=True, initialization_method="known", initial_level=level, initial_trend=trend
    )
    same = model.fit(smoothing_level=alpha, smoothing_trend=beta, damping_trend=phi, optimized=False)
    np.testing.assert_allclose(found[0], same.forecast(4), rtol=1e-8)
    free = ExponentialSmoothing(values, trend="add", damped_trend=True, initialization_method="estimated").fit()
    assert same.sse <= free.sse * 1.02  # the grid costs at most two percent of the squared error, and often finds less
    near = [(level * 1.01, trend), (level * 0.99, trend), (level, trend + 0.1), (level, trend - 0.1)]
    for other_level, other_trend in near:  # the starting states are the least-squares ones
        model = ExponentialSmoothing(
            values,
            trend="add",
            damped_trend=True,
            initialization_method="known",
            initial_level=other_level,
            initial_trend=other_trend,
        )
        assert (
            model.fit(smoothing_level=alpha, smoothing_trend=beta, damping_trend=phi, optimized=False).sse >= same.sse
        )


def test_origins_fitted_together_are_the_origins_fitted_alone() -> None:
    values = np.log(generated(np.random.default_rng(13), "walk", 20))
    lengths = np.arange(8, 21)
    padded = np.repeat(values[None, :], lengths.size, axis=0)
    together, _ = f._fit_damped(padded, lengths, 3)
    level, alpha = f._fit_smoothing(padded, lengths)
    for n, length in enumerate(lengths):
        alone, _ = f._fit_damped(values[None, :length], np.array([length]), 3)
        np.testing.assert_allclose(together[n], alone[0], rtol=1e-10)
        assert (level[n], alpha[n]) == pytest.approx(
            [float(part[0]) for part in f._fit_smoothing(values[None, :length], np.array([length]))]
        )


def test_a_seasonal_pattern_of_eleven_is_found_and_noise_is_not() -> None:
    pattern = np.linspace(-0.2, 0.2, 11)
    rng = np.random.default_rng(3)
    values = pattern[np.arange(44) % 11] + rng.normal(0, 0.02, 44)
    np.testing.assert_allclose(f._seasonal(values, 11), pattern, atol=0.04)  # 4 sigma of a mean over three years
    false_alarms = sum(f._seasonal(rng.normal(0, 1, 44), 11).any() for _ in range(400))
    assert false_alarms / 400 <= 0.10 + 4 * np.sqrt(
        0.1 * 0.9 / 400
    )  # a 90 % test, one-sided: 5 %; standard error 1.5 points


def test_eighty_percent_bands_hold_seventy_two_to_eighty_eight_percent_of_generated_series() -> None:
    """240 series of six laws, 24 to 60 points, six steps ahead. The standard error of the mean coverage is about 2 points."""
    rng = np.random.default_rng(2027)
    inside, ratios = [], []
    for n in range(240):
        law, points = LAWS[n % 6], (24, 36, 48, 60)[n // 6 % 4]
        season = 11 if law == "seasonal" else 1
        values = generated(rng, law, points + STEPS)
        past, came = values[:points], values[points:]
        found = forecast(past, STEPS, season=season)
        inside.append(((found.low[0.8] <= came) & (came <= found.high[0.8])).mean())
        naive = past[points - season + np.arange(STEPS) % season]
        ratios.append(np.abs(came - found.median).mean() / np.abs(came - naive).mean())
    error = np.std(inside) / np.sqrt(len(inside))
    assert error < 0.025
    assert 0.72 <= np.mean(inside) <= 0.88, f"coverage {np.mean(inside):.3f}, standard error {error:.3f}"
    assert np.median(ratios) <= 1.0  # no worse than (seasonal) naive


def test_bands_are_nested_and_no_member_explodes() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        wild = 100 * np.exp(np.cumsum(rng.standard_t(2, 9) * 0.3))
        found = forecast(wild, 8)
        assert (found.low[0.95] <= found.low[0.8]).all() and (found.low[0.8] <= found.low[0.5]).all()
        assert (found.low[0.5] <= found.median).all() and (found.median <= found.high[0.5]).all()
        assert (found.high[0.5] <= found.high[0.8]).all() and (found.high[0.8] <= found.high[0.95]).all()
        widest = 2 * np.abs(np.diff(np.log(wild))).max()
        for member in found.members.values():
            assert (np.abs(np.log(member / wild[-1])) <= widest * np.arange(1, 9) + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1.0, 1000.0), min_size=8, max_size=20), st.floats(0.001, 1e6))
def test_a_forecast_does_not_depend_on_the_unit(values: list[float], factor: float) -> None:
    plain, scaled = forecast(values, 3), forecast(np.array(values) * factor, 3)
    np.testing.assert_allclose(scaled.median, plain.median * factor, rtol=1e-5)


def test_the_back_test_is_told() -> None:
    found = forecast(generated(np.random.default_rng(4), "walk", 30), 3)
    assert found.backtest is not None
    assert set(found.backtest.mase) == {*f.MEMBERS, "median"}
    share = found.backtest.coverage_share(0.8)
    assert share is not None and 0.0 <= share <= 1.0
    assert found.backtest.inside_count[0.5] <= found.backtest.inside_count[0.8] <= found.backtest.inside_count[0.95]


def test_the_back_test_looks_at_no_later_value() -> None:
    values = generated(np.random.default_rng(6), "walk", 20)
    lengths = np.arange(6, 21)
    early, _ = f._members(np.log(values), lengths, 2, 1)
    changed = values.copy()
    changed[15:] *= 3.0
    late, _ = f._members(np.log(changed), lengths, 2, 1)
    for name in f.MEMBERS:
        np.testing.assert_array_equal(early[name][lengths <= 15], late[name][lengths <= 15])


def test_probabilities_follow_the_bands() -> None:
    found = forecast(generated(np.random.default_rng(4), "walk", 30), 2)
    for level in f.LEVELS:
        assert found.probability_at_least(found.high[level][-1]) == pytest.approx((1 - level) / 2, abs=1e-9)
        assert found.probability_at_least(found.low[level][-1]) == pytest.approx((1 + level) / 2, abs=1e-9)
    assert found.probability_at_least(found.median[-1]) == pytest.approx(0.5)
    sweep = [found.probability_at_least(x) for x in np.linspace(10, 1000, 50)]
    assert sweep == sorted(sweep, reverse=True)


def test_too_few_points_are_said() -> None:
    with pytest.raises(ValueError, match="the series has 3 points; at least 8 are needed"):
        forecast([1.0, 2.0, 3.0], 2)
    with pytest.raises(ValueError, match="finite"):
        forecast([1.0] * 9 + [np.nan], 2)


POOL = [2.0, 3.5, 4.0, 5.0, 6.5, 8.0, 9.0]


def test_a_short_series_borrows_the_growth_of_others() -> None:
    alone = forecast_pooled([100.0], 2, POOL)
    np.testing.assert_allclose(alone.median, [105.0, 105.0 * 1.05], rtol=1e-12)  # the pool's median
    assert alone.how == "the series has 1 point: growth shrunk towards 7 rates (weight of its own 0.00)"
    own = forecast_pooled([100.0], 1, POOL, own_growth_percent=[15.0])
    assert own.median[0] == pytest.approx(100 * np.sqrt(1.15 * 1.05))  # one own rate weighs as much as the pool
    three = forecast_pooled([100.0, 110.0, 121.0], 1, POOL)
    # two own rates without scatter: v = b / 2, w = 2 / 2.5
    assert three.median[0] == pytest.approx(121 * np.exp(0.8 * np.log(1.1) + 0.2 * np.log(1.05)))
    assert "the series has 3 points" in three.how
    assert three.backtest is None


def test_sources_that_disagree_and_own_scatter_widen_the_band() -> None:
    def width(values: list[float], own: list[float]) -> float:
        found = forecast_pooled(values, 1, POOL, own_growth_percent=own)
        return float(np.log(found.high[0.8][0] / found.low[0.8][0]))

    assert width([100.0], [49.21]) > 3 * width([100.0], [5.0])
    wild = [100.0, 500.0, 1200.0, 2000.0, 3300.0, 4200.0]
    assert width(wild, []) > 5 * width([100.0, 105.0, 110.0, 116.0, 122.0, 128.0], [])
    centre, calm = np.log(1.05), forecast_pooled(wild, 1, POOL).median[0] / wild[-1]
    assert centre < np.log(calm) < centre + 0.1  # rates that scatter so widely move the estimate little


def test_a_pool_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="has 2 points and only 4 growth rates to borrow from"):
        forecast_pooled([1.0, 2.0], 1, POOL[:4])
    with pytest.raises(ValueError, match="positive"):
        forecast_pooled([0.0], 1, POOL)


def test_pooled_bands_hold_at_least_their_level() -> None:
    """400 series whose rates and yearly noise are drawn alike (5 % a year each way): the standard error of the coverage is 2 points."""
    rng = np.random.default_rng(9)
    pool = np.expm1(rng.normal(0.05, 0.05 * np.sqrt(2), 60)) * 100
    inside = 0
    for _ in range(400):
        rate = rng.normal(0.05, 0.05)
        path = 100 * np.exp(np.cumsum(rate + rng.normal(0, 0.05, 5)))
        found = forecast_pooled(path[:3], 2, pool)
        inside += int(found.low[0.8][1] <= path[4] <= found.high[0.8][1])
    assert 0.80 - 4 * 0.02 <= inside / 400 <= 0.97


@pytest.mark.parametrize("law", LAWS)
def test_eighty_percent_bands_hold_under_every_law(law: str) -> None:
    """80 series a law; 4 standard errors around 70 to 90 %."""
    rng = np.random.default_rng([7, LAWS.index(law)])
    inside = []
    for n in range(80):
        points = (24, 36, 48, 60)[n % 4]
        values = generated(rng, law, points + STEPS)
        found = forecast(values[:points], STEPS, season=11 if law == "seasonal" else 1)
        came = values[points:]
        inside.append(((found.low[0.8] <= came) & (came <= found.high[0.8])).mean())
    error = float(np.std(inside)) / len(inside) ** 0.5
    assert error < 0.04
    assert 0.70 - 4 * error <= np.mean(inside) <= 0.90 + 4 * error, f"{np.mean(inside):.3f}, standard error {error:.3f}"


def test_one_break_of_level_is_taken_out_and_told() -> None:
    rng = np.random.default_rng(4)
    smooth = 100 * np.exp(0.01 * np.arange(40) + rng.normal(0.0, 0.01, 40))
    broken = smooth * np.where(np.arange(40) >= 17, 1.4, 1.0)
    found, plain = forecast(broken, 4), forecast(smooth * 1.4, 4)
    assert (found.break_at, plain.break_at) == (17, None)
    np.testing.assert_allclose(found.median, plain.median, rtol=0.03)
    width = np.log(found.high[0.8] / found.low[0.8]) / np.log(plain.high[0.8] / plain.low[0.8])
    assert (width < 1.3).all()


def test_an_outlier_and_heavy_tails_are_no_break() -> None:
    rng = np.random.default_rng(5)
    smooth = 100 + rng.normal(0.0, 1.0, 40)
    outlier = smooth + np.where(np.arange(40) == 20, 30.0, 0.0)  # two changes, there and back
    assert forecast(outlier, 4).break_at is None
    twice = smooth + np.where(np.arange(40) >= 12, 30.0, 0.0) + np.where(np.arange(40) >= 25, 30.0, 0.0)
    assert forecast(twice, 4).break_at is None
    late = smooth + np.where(np.arange(40) >= 38, 30.0, 0.0)  # too few points to call it a level
    assert forecast(late, 4).break_at is None
