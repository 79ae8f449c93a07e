"""Outlook: forecasts of generated series, their record, and statsmodels' ETS and Theta beside them.

    python bench/outlook.py                 200 series: seconds, coverage, MASE
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
    for level in LEVELS:
        inside = [
            ((f.low[level] <= came) & (came <= f.high[level])).mean()
            for f, (_, _, _, came) in zip(forecasts, cases, strict=True)
        ]
        print(
            f"coverage of the {level:.0%} band: {np.mean(inside):.3f} (standard error {np.std(inside) / np.sqrt(len(inside)):.3f})"
        )
    print(f"{'law':<10}{'MASE':>8}{'naive':>8}{'coverage of 80 %':>18}")
    for law in (*LAWS, "all"):
        rows = [(f, case) for f, case in zip(forecasts, cases, strict=True) if law in (case[0], "all")]
        told = np.median([mase(past, came, f.median, season) for f, (_, season, past, came) in rows])
        naive = np.median(
            [
                mase(past, came, past[past.size - season + np.arange(STEPS) % season], season)
                for _, (_, season, past, came) in rows
            ]
        )
        held = np.mean([((f.low[0.8] <= came) & (came <= f.high[0.8])).mean() for f, (*_, came) in rows])
        print(f"{law:<10}{told:>8.3f}{naive:>8.3f}{held:>18.3f}")


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
    words.add_argument("--statsmodels", action="store_true")
    asked = words.parse_args()
    cases = series(asked.series, asked.seed)
    ours(cases)
    if asked.statsmodels:
        theirs(cases)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
