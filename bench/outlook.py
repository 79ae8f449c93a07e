"""Outlook: forecasts of generated series, their record, and statsmodels' ETS and Theta beside them.

    python bench/outlook.py                 200 series: seconds, coverage, MASE
    python bench/outlook.py --real          also windows of the series that statsmodels ships (quarterly, monthly, yearly): coverage and MASE
    python bench/outlook.py --statsmodels   the same series by statsmodels (ETS(A,Ad,N) and Theta), with the time of its import

Series follow six known laws (random walk with drift, level with noise, trend with correlated noise, eleven seasons a year, damped trend, level
break), 24 to 60 points, six steps ahead; the seed is fixed. MASE is scaled by the (seasonal) naive error inside the series.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings

import numpy as np

LAWS = ("walk", "level", "trend", "seasonal", "damped", "break")
STEPS, SEASON = 6, 11


def generated(rng: np.random.Generator, law: str, points: int) -> np.ndarray:
    at, noise = np.arange(points), rng.normal(0.0, 0.03, points)
    if law == "walk":
        return 100 * np.exp(np.cumsum(0.02 + noise))
    if law == "level":
        return 100 * np.exp(np.cumsum(noise / 3) + rng.normal(0.0, 0.03, points))
    if law == "trend":
        for n in range(1, points):
            noise[n] += 0.6 * noise[n - 1]
        return 100 * np.exp(0.015 * at + noise)
    if law == "seasonal":
        pattern = rng.normal(0.0, 0.12, SEASON)
        return 100 * np.exp(
            0.006 * at + (pattern - pattern.mean())[at % SEASON] + np.cumsum(noise / 3) + rng.normal(0.0, 0.02, points)
        )
    if law == "damped":
        return 100 * np.exp(0.8 * (1 - 0.93**at) + np.cumsum(noise))
    return 100 * np.exp(0.01 * at + np.where(at > rng.integers(points // 4, 3 * points // 4), 0.25, 0.0) + noise)


def series(count: int, seed: int) -> list[tuple[str, int, np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    found = []
    for n in range(count):
        law, points = LAWS[n % 6], (24, 36, 48, 60)[n // 6 % 4]
        values = generated(rng, law, points + STEPS)
        found.append((law, SEASON if law == "seasonal" else 1, values[:points], values[points:]))
    return found


def mase(past: np.ndarray, came: np.ndarray, told: np.ndarray, season: int) -> float:
    return float(np.abs(came - told).mean() / np.abs(past[season:] - past[:-season]).mean())


def ours(cases: list[tuple[str, int, np.ndarray, np.ndarray]]) -> None:
    from qujiang.methods.forecast import LEVELS, forecast

    begun = time.perf_counter()
    forecasts = [forecast(past, STEPS, season=season) for _, season, past, _ in cases]
    seconds = time.perf_counter() - begun
    print(f"{len(cases)} series with their back-tests: {seconds:.2f} s ({1000 * seconds / len(cases):.1f} ms each)")
    table(cases, forecasts, LEVELS)


def table(cases: list[tuple[str, int, np.ndarray, np.ndarray]], forecasts: list, levels: tuple[float, ...]) -> None:
    """Coverage and MASE on values that no forecast saw, by kind; the standard error is that of the coverage of 80 %, series by series."""
    shares = "".join(f"{f'{level:.0%} band':>10}" for level in levels)
    print(f"{'kind':<12}{'series':>7}{shares}{'error':>8}{'MASE':>8}{'naive':>8}")
    for kind in (*dict.fromkeys(case[0] for case in cases), "all"):
        rows = [(f, case) for f, case in zip(forecasts, cases, strict=True) if kind in (case[0], "all")]
        held = np.array([[((f.low[p] <= came) & (came <= f.high[p])).mean() for p in levels] for f, (*_, came) in rows])
        told = np.median([mase(past, came, f.median, season) for f, (_, season, past, came) in rows])
        naive = np.median(
            [
                mase(past, came, past[past.size - season + np.arange(STEPS) % season], season)
                for _, (_, season, past, came) in rows
            ]
        )
        error = held[:, levels.index(0.8)].std() / np.sqrt(len(rows))
        means = "".join(f"{share:>10.3f}" for share in held.mean(axis=0))
        print(f"{kind:<12}{len(rows):>7}{means}{error:>8.3f}{told:>8.3f}{naive:>8.3f}")


def windows() -> list[tuple[str, int, np.ndarray, np.ndarray]]:
    """Windows of 24 to 60 points of published series, the next six held out. Months stand as they are, with a season of twelve."""
    from statsmodels import datasets

    found: list[tuple[str, int, np.ndarray, np.ndarray]] = []

    def cut(kind: str, values, season: int) -> None:
        series = np.asarray(values, dtype=float)
        series = series[np.isfinite(series)]
        for points in (24, 36, 48, 60):
            room = series.size - points - STEPS
            for start in range(0, room + 1, max(2 * STEPS, room // 8 + 1)):
                end = start + points
                found.append((kind, season, series[start:end], series[end : end + STEPS]))

    macro = datasets.macrodata.load_pandas().data
    for name in ("realgdp", "realcons", "realinv", "realgovt", "realdpi", "cpi", "m1", "tbilrate", "unemp", "pop"):
        cut("quarters", macro[name], 1)
    danish = datasets.danish_data.load_pandas().data
    for name in danish.columns:
        if danish[name].dtype == float:
            cut("quarters", danish[name], 1)
    cut("years", datasets.nile.load_pandas().data["volume"], 1)
    cut("years", datasets.copper.load_pandas().data["WORLDCONSUMPTION"], 1)
    cut("years", datasets.sunspots.load_pandas().data["SUNACTIVITY"][1:], 1)
    cut("months", datasets.elnino.load_pandas().data.iloc[:, 1:].to_numpy().ravel(), 12)
    cut("months", datasets.co2.load_pandas().data["co2"].resample("MS").mean().ffill(), 12)
    return found


def theirs(cases: list[tuple[str, int, np.ndarray, np.ndarray]]) -> None:
    begun = time.perf_counter()
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from statsmodels.tsa.forecasting.theta import ThetaModel

    print(f"\nstatsmodels: import {time.perf_counter() - begun:.2f} s")
    for name in ("ETS(A,Ad,N)", "Theta"):
        begun, scores = time.perf_counter(), []
        for _, season, past, came in cases:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if name == "Theta":
                    told = (
                        ThetaModel(np.log(past), period=season, deseasonalize=season > 1 and past.size > 2 * season)
                        .fit()
                        .forecast(STEPS)
                        .to_numpy()
                    )
                else:
                    told = (
                        ETSModel(np.log(past), error="add", trend="add", damped_trend=True)
                        .fit(disp=False)
                        .forecast(STEPS)
                    )
            scores.append(mase(past, came, np.exp(told), season))
        seconds = time.perf_counter() - begun
        print(
            f"{name:<12} {seconds:6.2f} s for one fit each ({1000 * seconds / len(cases):.1f} ms); median MASE {np.median(scores):.3f}, largest {max(scores):.3g}"
        )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--series", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--real", action="store_true")
    words.add_argument("--statsmodels", action="store_true")
    asked = words.parse_args()
    cases = series(asked.series, asked.seed)
    ours(cases)
    if asked.real:
        print("\npublished series that statsmodels ships")
        ours(windows())
    if asked.statsmodels:
        theirs(cases)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
