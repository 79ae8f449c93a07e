"""Points that fill a cube evenly, and laws by their inverse: many futures from few draws.

The points of a block are a Latin hypercube: in every dimension each 128th of the range holds one of the block's 128 points.
Blocks are independent of each other, so their scatter is an honest standard error. A position is addressed by (seed, stream,
block, name of the dimension): a further dimension, block or process changes none of the others. (Scrambled Sobol points were
tried and refused: over some 250 dimensions their pairs are visibly related at a thousand points, which a ranking of inputs
takes for effects, and two streams share their generating numbers.)

References
----------
McKay, Beckman and Conover (1979), Technometrics 21, 239-245; Stein (1987), Technometrics 29, 143-151 (variance)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Points keep this distance from 0 and 1, so that an inverse law stays finite.
EDGE = 2.0**-33
#: Points of one block.
BLOCK = 128


def points(seed: int, stream: int, block: int, names: Sequence[str]) -> Floats:
    """Block ``block`` of a stream, shape (128, dimensions), inside (0, 1).

    >>> one, other = points(1, 0, 3, ["a", "b"]), points(1, 0, 3, ["b"])
    >>> one.shape, bool((one[:, 1] == other[:, 0]).all())
    ((128, 2), True)
    """
    found = np.empty((BLOCK, len(names)))
    for column, name in enumerate(names):
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        rng = np.random.default_rng(np.random.SeedSequence([seed, stream, block, key]))
        found[:, column] = (rng.permutation(BLOCK) + rng.random(BLOCK)) / BLOCK
    return np.clip(found, EDGE, 1 - EDGE)


def triangular(position: ArrayLike, low: ArrayLike, mode: ArrayLike, high: ArrayLike) -> Floats:
    """Inverse of the triangular law; where low = high the mode.

    >>> triangular([0.0, 0.5, 1.0], 0.0, 1.0, 2.0).tolist()
    [0.0, 1.0, 2.0]
    """
    u, low, mode, high = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (position, low, mode, high)))
    width = high - low
    safe = np.where(width > 0, width, 1.0)
    below = low + np.sqrt(np.maximum(u * safe * (mode - low), 0.0))
    above = high - np.sqrt(np.maximum((1 - u) * safe * (high - mode), 0.0))
    return np.where(width > 0, np.where(u < (mode - low) / safe, below, above), mode)


def uniform(position: ArrayLike, low: ArrayLike, high: ArrayLike) -> Floats:
    """Inverse of the uniform law."""
    u, low, high = (np.asarray(x, dtype=float) for x in (position, low, high))
    return low + u * (high - low)


def normal(position: ArrayLike, mean: ArrayLike, deviation: ArrayLike) -> Floats:
    """Inverse of the normal law; a deviation of 0 gives the mean."""
    from scipy.special import ndtri

    return np.asarray(mean, dtype=float) + np.asarray(deviation, dtype=float) * ndtri(np.asarray(position, dtype=float))


def through_knots(position: ArrayLike, scores: Sequence[float], values: Sequence[float]) -> Floats:
    """Inverse of a law given at some normal scores: straight between them, and beyond the last as between the last two.

    >>> through_knots([0.5, 0.8413447460685429], [-1.0, 0.0, 1.0], [1.0, 2.0, 4.0]).round(6).tolist()
    [2.0, 4.0]
    """
    from scipy.special import ndtri

    at, x, y = (
        ndtri(np.asarray(position, dtype=float)),
        np.asarray(scores, dtype=float),
        np.asarray(values, dtype=float),
    )
    low = y[0] + (at - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
    high = y[-1] + (at - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    return np.where(at < x[0], low, np.where(at > x[-1], high, np.interp(at, x, y)))


def with_common_factor(position: ArrayLike, factor: ArrayLike, correlation: float) -> Floats:
    """Positions whose normal scores share a factor: corr(score_i, score_j) = ``correlation`` for i and j of one factor.

    Each margin stays uniform (a Gaussian copula with one factor).

    Parameters
    ----------
    position
        Own parts, inside (0, 1).
    factor
        The factor's position, broadcast against ``position``.
    correlation
        0 up to 1.
    """
    from scipy.special import ndtr, ndtri

    score = np.sqrt(correlation) * ndtri(np.asarray(factor, dtype=float))
    own = np.sqrt(1 - correlation) * ndtri(np.asarray(position, dtype=float))
    return np.clip(ndtr(score + own), EDGE, 1 - EDGE)


def normalised(parts: Floats, axis: int = -1, total: float = 100.0) -> Floats:
    """Parts scaled so that they sum to ``total`` along an axis.

    >>> normalised(np.array([30.0, 90.0])).tolist()
    [25.0, 75.0]
    """
    return parts * (total / parts.sum(axis=axis, keepdims=True))
