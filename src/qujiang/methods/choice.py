"""Discrete choice among chains: logit, logsum, path size.

All functions work on the last axis (the alternatives) and keep any leading axes, so one call serves every
pair x cargo row at once. An alternative that is not available has cost NaN or infinity, or False in ``mask``; a row without any
alternative has shares 0 and logsum infinity (no chain is worth nothing, it costs without bound).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def logit_shares(cost_yuan: ArrayLike, scale_per_yuan: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    """Multinomial logit shares of alternatives.

    Parameters
    ----------
    cost_yuan
        Generalized cost [yuan], shape (..., alternatives); NaN or infinity means not available.
    scale_per_yuan
        Logit scale [1/yuan] > 0: a scalar, or one value a row (the leading shape).
    mask
        True where an alternative is available; broadcast against the cost.

    Returns
    -------
    ndarray
        Shares, the shape of the cost; each row sums to 1, or to 0 where nothing is available.

    References
    ----------
    McFadden (1974), Conditional logit analysis of qualitative choice behavior

    Examples
    --------
    >>> logit_shares([100.0, 110.0], 0.1).round(6).tolist()
    [0.731059, 0.268941]
    """
    _, _, weight = _weights(cost_yuan, scale_per_yuan, mask)
    return _shares(weight)


def logsum_yuan(cost_yuan: ArrayLike, scale_per_yuan: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    """Expected least cost of a choice set [yuan]: ``-ln(sum exp(-scale * cost)) / scale``.

    Its derivative by one cost is that alternative's share. It never exceeds the least cost.

    Examples
    --------
    >>> round(float(logsum_yuan([100.0, 110.0], 0.1)), 9)
    96.867383125
    """
    return _logsum(*_weights(cost_yuan, scale_per_yuan, mask))


def path_size(incidence: ArrayLike, leg_weight: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    """Path size of each alternative: 1 where it shares no leg, 1/n where n alternatives are the same.

    Parameters
    ----------
    incidence
        True where an alternative uses a leg, shape (..., alternatives, legs).
    leg_weight
        Length of each leg (any one unit; 1 counts legs), shape (legs,) or (..., legs).
    mask
        True where an alternative is available, shape (..., alternatives). Others share with nobody and get path size 0.

    Returns
    -------
    ndarray
        Path sizes in (0, 1], shape (..., alternatives). An alternative of weight 0 overlaps with nobody and gets 1.

    References
    ----------
    Ben-Akiva and Bierlaire (1999), Discrete choice methods and their applications to short term travel decisions;
    Hoogendoorn-Lanser et al. (2005), TRR 1921: multimodal chains count overlap by legs
    """
    uses = np.asarray(incidence, dtype=bool)
    available = np.ones(uses.shape[:-1], dtype=bool) if mask is None else np.broadcast_to(mask, uses.shape[:-1])
    uses = uses & available[..., None]
    weight = np.broadcast_to(np.asarray(leg_weight, dtype=np.float64)[..., None, :], uses.shape)
    if not (np.isfinite(weight).all() and (weight >= 0.0).all()):
        raise ValueError("leg_weight must be finite and not negative")
    users = uses.sum(axis=-2, keepdims=True)
    own = np.where(uses, weight, 0.0)
    total = own.sum(axis=-1)
    shared = (own / np.maximum(users, 1)).sum(axis=-1)
    size = np.divide(shared, total, out=np.ones_like(total), where=total > 0.0)
    return np.where(available, size, 0.0)


def path_size_logit(
    cost_yuan: ArrayLike,
    scale_per_yuan: ArrayLike,
    path_size: ArrayLike,
    beta: float = 1.0,
    *,
    mask: ArrayLike | None = None,
) -> Floats:
    """Logit shares with utility ``-scale * cost + beta * ln(path size)``; path size 0 means not available.

    Examples
    --------
    >>> path_size_logit([100.0] * 3, 0.1, [1.0, 0.6, 0.6]).round(6).tolist()
    [0.454545, 0.272727, 0.272727]
    """
    cost, mask = _with_path_size(cost_yuan, scale_per_yuan, path_size, beta, mask)
    return logit_shares(cost, scale_per_yuan, mask)


def path_size_logsum_yuan(
    cost_yuan: ArrayLike,
    scale_per_yuan: ArrayLike,
    path_size: ArrayLike,
    beta: float = 1.0,
    *,
    mask: ArrayLike | None = None,
) -> Floats:
    """Expected least cost [yuan] of a path-size logit choice set; may exceed the least cost where chains overlap."""
    cost, mask = _with_path_size(cost_yuan, scale_per_yuan, path_size, beta, mask)
    return logsum_yuan(cost, scale_per_yuan, mask)


def entropy(shares: ArrayLike) -> Floats:
    """Entropy of shares [1]: ``-sum p ln p``; ``logsum = sum p c - entropy / scale`` holds for plain logit."""
    share = np.asarray(shares, dtype=np.float64)
    return -np.sum(share * np.log(np.where(share > 0.0, share, 1.0)), axis=-1)


def _with_path_size(cost: ArrayLike, scale: ArrayLike, size: Any, beta: float, mask: ArrayLike | None) -> Any:
    size = np.asarray(size, dtype=np.float64)
    if (size < 0.0).any():
        raise ValueError("path_size must not be negative")
    usable = size > 0.0
    bonus = beta * np.log(np.where(usable, size, 1.0)) / _row_scale(scale)
    usable = usable if mask is None else usable & np.asarray(mask, dtype=bool)
    return np.asarray(cost, dtype=np.float64) - bonus, usable


def _row_scale(scale_per_yuan: ArrayLike) -> Floats:
    scale = np.asarray(scale_per_yuan, dtype=np.float64)
    if not (np.isfinite(scale).all() and (scale > 0.0).all()):
        raise ValueError("scale_per_yuan must be finite and positive")
    return scale if scale.ndim == 0 else scale[..., None]


def _weights(cost_yuan: ArrayLike, scale_per_yuan: ArrayLike, mask: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Least cost a row (0 where nothing is available), row scale, and ``exp(-scale * (cost - least))``."""
    cost = np.asarray(cost_yuan, dtype=np.float64)
    scale = _row_scale(scale_per_yuan)
    available = np.isfinite(cost)
    if (cost == -np.inf).any():
        raise ValueError("a cost of minus infinity has no share")
    if mask is not None:
        available = available & np.asarray(mask, dtype=bool)
    cost = np.where(available, cost, np.inf)
    least = cost.min(axis=-1, keepdims=True, initial=np.inf)
    least = np.where(np.isfinite(least), least, 0.0)
    weight = np.where(available, np.exp(-scale * (np.where(available, cost, least) - least)), 0.0)
    return least[..., 0], scale, weight


def _shares(weight: Floats) -> Floats:
    total = weight.sum(axis=-1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0.0)


def _logsum(least: Floats, scale: Floats, weight: Floats) -> Floats:
    total = weight.sum(axis=-1)
    rows = scale if scale.ndim == 0 else scale[..., 0]
    reachable = total > 0.0
    return np.where(reachable, least - np.log(np.where(reachable, total, 1.0)) / rows, np.inf)
