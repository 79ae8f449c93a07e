"""What replications say: intervals, warm-up, when to stop, which design is best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of replications with its t-interval."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


@lru_cache(maxsize=512)
def student_quantile(degrees: int, confidence: float) -> float:
    """Two-sided quantile of Student's t.

    >>> round(student_quantile(9, 0.95), 4)
    2.2622
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + confidence) / 2))


def t_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean and t-interval of independent values.

    >>> t_interval([1.0, 2.0, 3.0]).mean
    2.0
    """
    data = np.asarray(values, dtype=float)
    if data.size < 2:
        raise ScenarioError("an interval needs two replications or more")
    half = student_quantile(data.size - 1, confidence) * float(data.std(ddof=1)) / math.sqrt(data.size)
    return Interval(float(data.mean()), float(data.mean()) - half, float(data.mean()) + half, int(data.size))


def mser5(series: ArrayLike) -> int | None:
    """How many first values to drop: MSER-5; None where even half of the series is not enough.

    Means of five are formed and the cut d is chosen that minimises Σ_{i>d}(Y_i - Ȳ_d)²/(n - d)².

    References
    ----------
    White (1997), Simulation 69, 323-334, doi:10.1177/003754979706900601

    Examples
    --------
    >>> mser5([9.0] * 20 + [1.0, 2.0] * 100)
    20
    """
    data = np.asarray(series, dtype=float)
    blocks = data[: data.size // 5 * 5].reshape(-1, 5).mean(axis=1)
    count = blocks.size
    if count < 4:
        raise ScenarioError("a warm-up needs 20 values or more")
    left = np.arange(count, 0, -1)
    total, squares = np.cumsum(blocks[::-1])[::-1], np.cumsum(blocks[::-1] ** 2)[::-1]
    score = (squares - total**2 / left) / left.astype(float) ** 2
    cut = int(np.argmin(score[: count // 2 + 1]))
    return None if cut >= count // 2 else cut * 5


def ocba_counts(means: ArrayLike, variances: ArrayLike, total: float) -> NDArray[np.float64]:
    """How ``total`` replications are best shared among designs when the smallest mean is sought (real-valued).

    N_i ∝ s_i²/δ_i², N_b = s_b·√(Σ N_i²/s_i²).

    References
    ----------
    Chen, Lin, Yücesan and Chick (2000), Discrete Event Dynamic Systems 10, 251-270, doi:10.1023/A:1008349927281
    """
    mean, variance = np.asarray(means, dtype=float), np.maximum(np.asarray(variances, dtype=float), 1e-300)
    best = int(np.argmin(mean))
    gap = np.maximum(mean - mean[best], 1e-12 * max(1.0, abs(mean[best])))
    weight = variance / gap**2
    weight[best] = 0.0
    weight[best] = math.sqrt(float(variance[best]) * float(np.sum(weight**2 / variance)))
    return total * weight / weight.sum()


def correlation(first: ArrayLike, second: ArrayLike) -> float | None:
    """How much two designs share their chance [-1, 1]; None where one of them does not vary."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def drifts(series: Any, sigmas: float = 4.0) -> bool:
    """Whether a replicated series still rises: [replication, time]; last quarter against second, half as much again."""
    data = np.asarray(series, dtype=float)
    quarter = data.shape[1] // 4
    early, late = data[:, quarter : 2 * quarter].mean(axis=1), data[:, 3 * quarter :].mean(axis=1)
    rise = late - early
    error = rise.std(ddof=1) / math.sqrt(len(rise))
    return bool(rise.mean() > sigmas * error and late.mean() > 1.5 * early.mean())
