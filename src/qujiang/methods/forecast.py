"""Forecasts of short series: exponential smoothing, damped trend, Theta, drift, and their median, with bands from their own errors.

The members are fitted at every rolling origin at once: the recursions are linear in the starting states, so those are solved by least squares
for each point of a grid of smoothing parameters, and one pass over time serves all origins. The grid bounds the parameters (damping 0.80 to
0.98), hence nothing explodes. Positive series are worked on as logarithms.

References
----------
Hyndman, Koehler, Ord, Snyder (2008), Forecasting with Exponential Smoothing: ETS(A,N,N) and ETS(A,Ad,N);
Assimakopoulos and Nikolopoulos (2000), The theta model, and Hyndman and Billah (2003) for its form as smoothing with drift;
Makridakis et al. (2020), M4: combinations beat their members; Vovk et al. (2005) for conformal ranks
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEAST_POINTS = 8
LEVELS = (0.50, 0.80, 0.95)
#: The forecast is the median of these. Adding the naive one, or choosing the best member by its past, did worse (docs/methods/outlook.md).
COMBINED = ("drift", "smoothing", "damped", "theta")
MEMBERS = ("naive", *COMBINED)
#: A change of level that stands out by so many robust deviations, alone, is a break.
BREAK_SCORE = 4.5
#: Origins below which all are used, also those that saw no season yet.
LEAST_ORIGINS = 5
_ALPHA = np.array([0.01, *np.arange(0.05, 1.0, 0.05), 0.99])
_DAMPED = np.array(
    list(
        product(
            (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99),
            (0.0, 0.05, 0.1, 0.2, 0.4),
            (0.80, 0.86, 0.92, 0.98),
        )
    )
)


@dataclass(frozen=True, slots=True)
class Backtest:
    """How the method did on the series' own past, each origin seeing only what came before.

    ``mase`` by method [1]; ``inside_count`` of ``tried_count`` later values lay in the band of each level.
    """

    origins_count: int
    mase: dict[str, float]
    inside_count: dict[float, int]
    tried_count: int

    def coverage_share(self, level: float) -> float | None:
        """Share of later values inside the band, or None where none could be tried."""
        return self.inside_count[level] / self.tried_count if self.tried_count else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast with its bands, arrays over the steps ahead, in the unit of the series.

    ``low`` and ``high`` by level (0.50, 0.80, 0.95). ``members`` are the single methods, ``guarded`` those that had to be held back. ``break_at`` is the first
    point after a break of level that was taken out, so neither bands nor back-test expect another; None where there was none.
    """

    median: Floats
    low: dict[float, Floats]
    high: dict[float, Floats]
    members: dict[str, Floats]
    guarded: tuple[str, ...]
    points_count: int
    how: str
    backtest: Backtest | None
    break_at: int | None = None
    how_zh: str = ""

    def probability_at_least(self, value: float, step: int = -1) -> float:
        """Probability that the value of one step is at least ``value``, by the normal scores of the bands."""
        knots = [float(self.low[level][step]) for level in sorted(LEVELS, reverse=True)]
        knots += [float(self.median[step])] + [float(self.high[level][step]) for level in LEVELS]
        scores = [NormalDist().inv_cdf((1 - level) / 2) for level in sorted(LEVELS, reverse=True)]
        scores += [0.0] + [-score for score in reversed(scores)]
        return 1.0 - NormalDist().cdf(_interpolate(value, knots, scores))


def forecast(values: ArrayLike, steps: int, *, season: int = 1) -> Forecast:
    """Forecast a regular series.

    Parameters
    ----------
    values
        Shape (points,), no gaps; at least 8.
    steps
        How many steps ahead.
    season
        Points a year: 1 for years, 4 for quarters, 11 for months with January and February as one.

    Raises
    ------
    ValueError
        Fewer than 8 points (the number is said), a value that is not finite, or no step.

    Examples
    --------
    >>> found = forecast([100, 103, 106, 109, 113, 116, 120, 123, 127, 131], 2)
    >>> found.points_count, bool(found.low[0.8][0] < found.median[0] < found.high[0.8][0])
    (10, True)
    """
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1 or not np.isfinite(series).all() or steps < 1 or season < 1:
        raise ValueError("a forecast needs one series of finite values, at least one step, and a season of at least 1")
    if series.size < LEAST_POINTS:
        raise ValueError(f"the series has {series.size} points; at least {LEAST_POINTS} are needed")
    log = bool((series > 0).all())
    work, break_at = _without_break(np.log(series) if log else series, season)
    lengths = np.arange(_first_origin(series.size, season), series.size + 1)
    members, guarded = _members(work, lengths, steps, season)
    center = np.median(np.stack([members[name] for name in COMBINED]), axis=0)
    seasoned = _seasoned(work, lengths, season)
    reach = _reach(_comparable(_errors(work, center, lengths), seasoned[:-1], bool(seasoned[-1])), steps, season)
    back = _unlog if log else _same
    return Forecast(
        median=back(center[-1]),
        low={level: back(center[-1] - reach[level]) for level in LEVELS},
        high={level: back(center[-1] + reach[level]) for level in LEVELS},
        members={name: back(found[-1]) for name, found in members.items()},
        guarded=guarded,
        points_count=series.size,
        how=f"median of {', '.join(COMBINED)} on {'logarithms' if log else 'levels'}; bands from {len(lengths) - 1} rolling origins",
        backtest=_backtest(work, lengths, members | {"median": center}, back, season, seasoned),
        break_at=break_at,
        how_zh=f"按{'对数' if log else '水平值'}取漂移、平滑、阻尼趋势和 Theta 四法的中位数；区间依据{len(lengths) - 1}个滚动起点",
    )


def forecast_pooled(
    values: ArrayLike, steps: int, pool_growth_percent: ArrayLike, *, own_growth_percent: ArrayLike = ()
) -> Forecast:
    """Forecast a positive series too short for its own model: its last value grown at a rate shrunk towards a pool of growth rates.

    In logarithms: the pool has a median m and a robust variance b; the n own rates (the series' changes and ``own_growth_percent``) have a mean o
    and a variance s, held towards b where they are few, v = (b + (n - 1) s) / n. The rate is m + w (o - m) with w = n / (n + v / b). The variance
    after h years is h^2 (b (1 - w) + w (1 - w) (o - m)^2) + h v: doubt about the rate, the wider the more its two sources disagree, and noise.

    Parameters
    ----------
    values
        Shape (points,), at least one, positive; one a year.
    pool_growth_percent
        Growth a year of comparable series [percent], at least 5.
    own_growth_percent
        Published growth of this series [percent], where its levels are too few.

    Raises
    ------
    ValueError
        No positive value, or a pool of fewer than 5.
    """
    series, pool = np.asarray(values, dtype=np.float64), np.asarray(pool_growth_percent, dtype=np.float64)
    if series.size < 1 or not (np.isfinite(series).all() and (series > 0).all()):
        raise ValueError("a pooled forecast needs positive values")
    pool = np.log1p(pool[np.isfinite(pool) & (pool > -100.0)] / 100.0)
    if pool.size < 5:
        raise ValueError(
            f"the series has {series.size} points and only {pool.size} growth rates to borrow from; 5 are needed"
        )
    centre = float(np.median(pool))
    between = max(1.4826 * float(np.median(np.abs(pool - centre))), 0.005) ** 2
    own = np.concatenate([np.diff(np.log(series)), np.log1p(np.asarray(own_growth_percent, dtype=np.float64) / 100.0)])
    within = between if own.size < 2 else (between + (own.size - 1) * float(own.var(ddof=1))) / own.size
    weight = own.size / (own.size + within / between)
    apart = float(own.mean()) - centre if own.size else 0.0
    rate = centre + weight * apart
    ahead = np.arange(1, steps + 1)
    doubt = between * (1.0 - weight) + weight * (1.0 - weight) * apart**2
    spread = np.sqrt(ahead**2 * doubt + ahead * within)
    middle = np.log(series[-1]) + rate * ahead
    scores = {level: NormalDist().inv_cdf(0.5 + level / 2) for level in LEVELS}
    return Forecast(
        median=np.exp(middle),
        low={level: np.exp(middle - score * spread) for level, score in scores.items()},
        high={level: np.exp(middle + score * spread) for level, score in scores.items()},
        members={"pool": np.exp(np.log(series[-1]) + centre * ahead)},
        guarded=(),
        points_count=series.size,
        how=f"the series has {series.size} point{'s' if series.size != 1 else ''}: growth shrunk towards {pool.size} rates (weight of its own {weight:.2f})",
        backtest=None,
        how_zh=f"序列只有{series.size}个数据：增速向{pool.size}个已公布增速收缩（自身权重{weight:.2f}）",
    )


def _without_break(work: Floats, season: int) -> tuple[Floats, int | None]:
    """The series with what lies before its one break of level moved to the level after it, and where the break is.

    A break is one change between neighbours that stands out by ``BREAK_SCORE`` robust deviations, alone, and not within three points of an end: two such
    changes are heavy tails or an outlier, and stay in.
    """
    changes = np.diff(work - np.resize(_seasonal(work, season), work.size))
    away = changes - np.median(changes)
    spread = 1.4826 * float(np.median(np.abs(away)))
    far = np.flatnonzero(np.abs(away) > BREAK_SCORE * spread)
    if spread == 0.0 or far.size != 1 or not 3 <= far[0] + 1 <= work.size - 3:
        return work, None
    at = int(far[0]) + 1
    level = work.copy()
    level[:at] += away[far[0]]
    return level, at


def _seasoned(work: Floats, lengths: NDArray[np.int64], season: int) -> NDArray[np.bool_]:
    """Which origins saw a season; all of them where the last one does not."""
    if season == 1 or not _seasonal(work, season).any():
        return np.ones(lengths.size, dtype=bool)
    return np.array([bool(_seasonal(work[:length], season).any()) for length in lengths])


def _comparable(errors: Floats, seasoned: NDArray[np.bool_], last: bool) -> Floats:
    """Errors of origins that saw a season, where the last one did: earlier ones were made without, and say nothing of it."""
    if not last or (seasoned & np.isfinite(errors).any(axis=1)).sum() < LEAST_ORIGINS:
        return errors
    return np.where(seasoned[:, None], errors, np.nan)


def _first_origin(points: int, season: int) -> int:
    return min(max(5, points // 3, 2 * season + 1 if points > 3 * season else 5), points - 3)


def _members(
    work: Floats, lengths: NDArray[np.int64], steps: int, season: int
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Forecasts of every member from every origin, shape (origins, steps)."""
    pattern = np.stack([_seasonal(work[:length], season) for length in lengths])
    places = np.arange(work.size)
    smooth = work[None, :] - pattern[:, places % season]
    ahead = np.arange(1, steps + 1)
    last = smooth[np.arange(lengths.size), lengths - 1]
    slope = (last - smooth[:, 0]) / (lengths - 1)
    level, alpha = _fit_smoothing(smooth, lengths)
    half = 0.5 * _trend(smooth, lengths)
    start = (1.0 - (1.0 - alpha) ** lengths) / alpha
    found = {
        "naive": np.repeat(last[:, None], steps, axis=1),
        "drift": last[:, None] + slope[:, None] * ahead,
        "smoothing": np.repeat(level[:, None], steps, axis=1),
        "damped": _fit_damped(smooth, lengths, steps)[0],
        "theta": level[:, None] + half[:, None] * (ahead - 1 + start[:, None]),
    }
    widest = 2.0 * np.array([np.abs(np.diff(smooth[n, :length])).max() for n, length in enumerate(lengths)])
    limit = widest[:, None] * ahead
    guarded = tuple(name for name, values in found.items() if (np.abs(values[-1] - last[-1]) > limit[-1]).any())
    seasonal = np.take_along_axis(pattern, (lengths[:, None] + ahead - 1) % season, axis=1)
    held = {
        name: np.clip(values, last[:, None] - limit, last[:, None] + limit) + seasonal for name, values in found.items()
    }
    return held, guarded


def _seasonal(work: Floats, season: int) -> Floats:
    """Additive seasonal pattern, shape (season,), summing to zero; zero where it is too short or not seasonal at the 90 % level."""
    if season == 1 or work.size < 2 * season + 1:
        return np.zeros(season)
    half = season // 2
    weights = np.full(season if season % 2 else season + 1, 1.0 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2.0
    away = work[half : work.size - half] - np.convolve(work, weights, mode="valid")
    rest = np.diff(work) - np.diff(work).mean()
    total = float(rest @ rest)
    lags = [float(rest[lag:] @ rest[:-lag]) / total if total > 0 else 0.0 for lag in range(1, season + 1)]
    limit = 1.645 * np.sqrt((1.0 + 2.0 * sum(lag**2 for lag in lags[:-1])) / rest.size)
    if lags[-1] <= limit:
        return np.zeros(season)
    places = np.arange(half, half + away.size) % season
    pattern = np.bincount(places, away, season) / np.maximum(np.bincount(places, minlength=season), 1)
    return pattern - pattern.mean()


def _fit_smoothing(smooth: Floats, lengths: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Last level and alpha of simple exponential smoothing from every origin; the first level is solved by least squares."""
    origins, level, unit = lengths.size, np.zeros((lengths.size, _ALPHA.size)), np.ones(_ALPHA.size)
    square, cross, weight = np.zeros_like(level), np.zeros_like(level), np.zeros_like(level)
    kept, kept_unit = np.zeros_like(level), np.zeros_like(level)
    for t in range(int(lengths.max())):
        seen = t < lengths[:, None]
        error = np.where(seen, smooth[:, t : t + 1] - level, 0.0)
        square, cross, weight = square + error**2, cross - error * unit, weight + np.where(seen, unit**2, 0.0)
        level, unit = level + _ALPHA * error, unit * (1.0 - _ALPHA)
        ends = lengths[:, None] == t + 1
        kept, kept_unit = np.where(ends, level, kept), np.where(ends, unit, kept_unit)
    first = -cross / weight
    best = (square + cross * first).argmin(axis=1)
    row = np.arange(origins)
    return kept[row, best] + first[row, best] * kept_unit[row, best], _ALPHA[best]


def _fit_damped(smooth: Floats, lengths: NDArray[np.int64], steps: int) -> tuple[Floats, Floats]:
    """Damped-trend forecasts from every origin, with alpha, beta, phi, first level and first trend, shape (origins, 5).

    First level and trend are solved by least squares for each point of the grid.
    """
    alpha, beta, phi = _DAMPED[:, 0], _DAMPED[:, 0] * _DAMPED[:, 1], _DAMPED[:, 2]
    shape = (lengths.size, alpha.size)
    # States of three responses: to the data (from zero), to a first level of 1, and to a first trend of 1.
    data, first, second = (
        (np.zeros(shape), np.zeros(shape)),
        (np.ones(alpha.size), np.zeros(alpha.size)),
        (np.zeros(alpha.size), np.ones(alpha.size)),
    )
    sums = np.zeros((6, *shape))
    kept = np.zeros((6, *shape))
    for t in range(int(lengths.max())):
        seen = t < lengths[:, None]
        errors = (
            smooth[:, t : t + 1] - data[0] - phi * data[1],
            -first[0] - phi * first[1],
            -second[0] - phi * second[1],
        )
        e, a, b = (np.where(seen, error, 0.0) for error in errors)
        sums += np.stack([e * e, e * a, e * b, a * a, a * b, b * b])
        data, first, second = (
            (level + phi * trend + alpha * error, phi * trend + beta * error)
            for (level, trend), error in zip((data, first, second), errors, strict=True)
        )
        states = np.stack([*data, *(np.broadcast_to(state, shape) for state in (*first, *second))])
        kept = np.where(lengths[:, None] == t + 1, states, kept)
    ee, ea, eb, aa, ab, bb = sums
    bb = bb * (1.0 + 1e-9) + 1e-12
    determinant = aa * bb - ab * ab
    level_one, trend_one = (ab * eb - bb * ea) / determinant, (ab * ea - aa * eb) / determinant
    best = (ee + level_one * ea + trend_one * eb).argmin(axis=1)
    row = np.arange(lengths.size)
    start_level, start_trend, k = level_one[row, best], trend_one[row, best], kept[:, row, best]
    level = k[0] + start_level * k[2] + start_trend * k[4]
    trend = k[1] + start_level * k[3] + start_trend * k[5]
    powers = np.cumsum(phi[best][:, None] ** np.arange(1, steps + 1), axis=1)
    fitted = np.stack([alpha[best], beta[best], phi[best], start_level, start_trend], axis=1)
    return level[:, None] + trend[:, None] * powers, fitted


def _trend(smooth: Floats, lengths: NDArray[np.int64]) -> Floats:
    """Least-squares slope over time of every origin's past."""
    slopes = []
    for n, length in enumerate(lengths):
        time = np.arange(length) - (length - 1) / 2.0
        slopes.append(float(time @ smooth[n, :length]) / float(time @ time))
    return np.array(slopes)


def _errors(work: Floats, center: Floats, lengths: NDArray[np.int64]) -> Floats:
    """What came minus what was forecast, shape (origins - 1, steps); NaN beyond the end of the series."""
    steps = center.shape[1]
    places = lengths[:-1, None] + np.arange(steps)
    known = places < work.size
    return np.where(known, work[np.minimum(places, work.size - 1)] - center[:-1], np.nan)


def _reach(errors: Floats, steps: int, season: int) -> dict[float, Floats]:
    """Half width of each band over the steps, from the errors of rolling origins.

    Errors of all steps are brought to one scale h^g (g between 0 and 1, the likeliest on the errors, drawn towards 1/2), and the conformal rank
    is taken of their sizes. Few origins widen the band as Student's t does against the normal.
    """
    from scipy.stats import t as student

    ahead = np.arange(1, errors.shape[1] + 1)
    known = np.isfinite(errors)
    power = _growth_of_errors(errors, known, ahead)
    sizes = np.sort((np.abs(errors) / ahead**power)[known])
    origins = int(known.any(axis=1).sum())
    scale = np.arange(1, steps + 1) ** power
    found: dict[float, Floats] = {}
    for level in LEVELS:
        widen = float(student.ppf(0.5 + level / 2, max(origins - 1, 1))) / NormalDist().inv_cdf(0.5 + level / 2)
        rank = int(np.ceil((sizes.size + 1) * level))
        by_rank = sizes[min(rank, sizes.size) - 1]
        by_size = float(np.sqrt((sizes**2).mean())) * NormalDist().inv_cdf(0.5 + level / 2)
        share = origins / (origins + 10.0)  # few errors say little about a far rank; their mean square says more
        found[level] = scale * widen * (share * by_rank + (1.0 - share) * by_size)
    return {level: np.maximum.reduce([found[other] for other in LEVELS if other <= level]) for level in LEVELS}


def _growth_of_errors(errors: Floats, known: NDArray[np.bool_], ahead: NDArray[np.int64]) -> float:
    if errors.shape[1] == 1:
        return 0.5
    independent = 1.0 / ahead.mean()
    logs = np.broadcast_to(np.log(ahead), errors.shape)[known]
    likeliest, best = 0.5, -np.inf
    for power in np.linspace(0.0, 1.0, 11):
        scaled = errors[known] ** 2 * np.exp(-2.0 * power * logs)
        fit = -0.5 * scaled.size * np.log(max(scaled.mean(), 1e-300)) - power * logs.sum()
        value = independent * fit - 0.5 * ((power - 0.5) / 0.25) ** 2
        if value > best:
            likeliest, best = float(power), float(value)
    return likeliest


def _backtest(
    work: Floats,
    lengths: NDArray[np.int64],
    methods: dict[str, Floats],
    back: Callable[[Floats], Floats],
    season: int,
    seasoned: NDArray[np.bool_],
) -> Backtest:
    """MASE of every method, and how often bands built from earlier errors alone held what came; a break of level is taken out first."""
    steps, series = methods["median"].shape[1], back(work)
    places = lengths[:-1, None] + np.arange(steps)
    known = places < series.size
    came = series[np.minimum(places, series.size - 1)]
    lag = season if series.size > season else 1
    unit = float(np.abs(series[lag:] - series[:-lag]).mean())
    mase = {
        name: float(np.abs(came - back(found[:-1]))[known].mean()) / unit if unit > 0 else float("nan")
        for name, found in methods.items()
    }
    errors = _errors(work, methods["median"], lengths)
    inside, tried = dict.fromkeys(LEVELS, 0), 0
    for n in range(3, lengths.size - 1):
        past = np.where(places[:n] < lengths[n], errors[:n], np.nan)
        usable = np.isfinite(past).any(axis=1)
        if usable.sum() < 3:
            continue
        reach = _reach(_comparable(past, seasoned[:n], bool(seasoned[n])), steps, season)
        now = np.abs(errors[n])
        tried += int(np.isfinite(now).sum())
        for level in LEVELS:
            inside[level] += int((now <= reach[level]).sum())
    return Backtest(lengths.size - 1, mase, inside, tried)


def _unlog(values: Floats) -> Floats:
    return np.exp(values)


def _same(values: Floats) -> Floats:
    return values


def _interpolate(value: float, knots: list[float], scores: list[float]) -> float:
    """The normal score of a value between the knots; straight on beyond the outer two."""
    if knots[0] == knots[-1]:
        return float("inf") if value > knots[0] else float("-inf")
    if value <= knots[0]:
        return scores[0] + (value - knots[0]) * (scores[1] - scores[0]) / max(knots[1] - knots[0], 1e-300)
    if value >= knots[-1]:
        return scores[-1] + (value - knots[-1]) * (scores[-1] - scores[-2]) / max(knots[-1] - knots[-2], 1e-300)
    return float(np.interp(value, knots, scores))
