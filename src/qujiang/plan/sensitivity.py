"""Which assumptions move a measure most: rank correlation, and the share of variance that one input alone explains.

Inputs are the independent points that were drawn: what a group shares counts under the group's factor, and each member for its
own part alone, so that first-order shares add up to 1 at most.

The first-order share is the variance of the bin means of the measure over equal bins of the input's position, with what chance
alone would put there taken off (Fisher's correction), over the whole variance. Its interval is a bootstrap's.

References
----------
Saltelli et al. (2010), Computer Physics Communications 181, 259-270; Plischke (2010), Reliability Engineering and System
Safety 95, 354-360 (first-order effects from given data)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qujiang.plan.draws import Input

Floats = np.ndarray
#: Inputs listed for each measure.
LISTED = 10
BOOTSTRAPS = 100
#: Ends of the interval.
INTERVAL = (0.05, 0.95)
#: Fewer futures than this say nothing about a ranking.
LEAST_FUTURES = 64


@dataclass(frozen=True, slots=True)
class Effect:
    """One input on one measure; ``low`` and ``high`` are the ends of its first-order share's interval.

    ``total`` is its total index (`qujiang.plan.totals`), None where it was not asked about.
    """

    key: str
    name_en: str
    rank_correlation: float
    first_order: float
    low: float
    high: float
    name_zh: str = ""  # empty where nothing Chinese is known of the input
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


def ranking(
    inputs: Mapping[str, Input], points: Mapping[str, Floats], measure: Floats, seed: int
) -> tuple[Effect, ...]:
    """The inputs that move a measure most, most first; empty where the measure does not vary or futures are few."""
    if len(measure) < LEAST_FUTURES or np.ptp(measure) == 0:
        return ()
    keys = list(points)
    at = np.column_stack([points[key] for key in keys])
    correlation = rank_correlation(at, measure)
    bins = bin_count(len(measure))
    number = np.minimum((_ranks(at) * bins / len(measure)).astype(np.int64), bins - 1)
    share = first_order(number, measure, bins)
    strength = np.maximum(np.maximum(share, 0.0), correlation**2)
    best = np.argsort(-strength, kind="stable")[:LISTED]
    best = best[seen(correlation[best], share[best], len(measure), bins)]
    if not len(best):
        return ()
    spread = _bootstrap(number[:, best], measure, bins, seed)
    # resampling adds scatter between bins of its own: its mean is brought back to the estimate
    low, high = np.quantile(spread - spread.mean(axis=0) + share[best], INTERVAL, axis=0)
    return tuple(
        Effect(
            keys[i], inputs[keys[i]].name_en, float(correlation[i]), float(max(share[i], 0.0)),
            float(max(low[n], 0.0)), float(max(high[n], 0.0)), inputs[keys[i]].name_zh,
        )
        for n, i in enumerate(best)
    )  # fmt: skip


def seen(correlation: Floats, share: Floats, futures: int, bins: int) -> Floats:
    """Effects that chance alone does not make among hundreds of inputs: beyond 4 and 5 standard errors of no effect."""
    return (np.abs(correlation) > 4 / np.sqrt(futures)) | (share > 5 * np.sqrt(2 * (bins - 1)) / futures)


def bin_count(futures: int) -> int:
    """Bins for so many futures: few enough that each holds a good number."""
    return int(np.clip(round(futures ** (1 / 3)), 4, 20))


def _ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0, kind="stable")


def rank_correlation(inputs: Floats, measure: Floats) -> Floats:
    """Spearman's rank correlation of each column with the measure; ties share their mean rank."""
    from scipy.stats import rankdata

    x = rankdata(inputs, axis=0)
    y = rankdata(measure)
    x, y = x - x.mean(axis=0), y - y.mean()
    scale = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return np.einsum("nk,n->k", x, y) / np.where(scale > 0, scale, 1.0)


def first_order(number: Floats, measure: Floats, bins: int) -> Floats:
    """First-order share of each column of bin numbers."""
    total = float(np.square(measure - measure.mean()).sum())
    if total == 0:
        return np.zeros(number.shape[1])
    count = len(measure)
    y = measure - measure.mean()
    found = np.empty(number.shape[1])
    for column in range(number.shape[1]):
        size = np.bincount(number[:, column], minlength=bins)
        mean = np.bincount(number[:, column], weights=y, minlength=bins) / np.maximum(size, 1)
        between = float((size * mean**2).sum())
        within = (total - between) / max(count - bins, 1)
        found[column] = (between - (bins - 1) * within) / (total + within)  # omega squared
    return found


def _bootstrap(number: Floats, measure: Floats, bins: int, seed: int) -> Floats:
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    rows = (rng.integers(0, len(measure), len(measure)) for _ in range(BOOTSTRAPS))
    return np.array([first_order(number[row], measure[row], bins) for row in rows])
