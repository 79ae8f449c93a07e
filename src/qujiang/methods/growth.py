"""Growth, what a target asks for, and arrows of progress.

Every function takes numbers or arrays and answers with the broadcast shape. Where a growth does not exist (a base of zero or
below, a change of sign, no time left) the answer is NaN, never a substitute; ``refusal`` gives the reason in words.
Growth is in percent: 3.5 means 3.5 %.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Arrow = Literal["achieved", "substantial", "moderate", "limited", "deterioration", "not available"]

#: Least ratio r for each class, best first (Open SDG defaults after Statistics Canada).
THRESHOLDS: tuple[tuple[float, Arrow], ...] = ((0.95, "substantial"), (0.60, "moderate"), (0.0, "limited"))
#: The same where there is no target: least compound growth a year [percent].
THRESHOLDS_WITHOUT_TARGET: tuple[tuple[float, Arrow], ...] = ((1.5, "substantial"), (0.5, "moderate"), (0.0, "limited"))
SHAPES: dict[Arrow, str] = {
    "achieved": "✓",
    "substantial": "↑",
    "moderate": "↗",
    "limited": "→",
    "deterioration": "↓",
    "not available": "·",
}


def growth_percent(base: ArrayLike, now: ArrayLike) -> Any:
    """Growth from base to now [percent]; NaN where the base is not positive or the sign changes.

    >>> float(growth_percent(50.0, 420.0))
    740.0
    """
    return cagr_percent(base, now, 1.0)


def cagr_percent(base: ArrayLike, now: ArrayLike, years: ArrayLike) -> Any:
    """Compound growth a year [percent] over ``years``; NaN where it does not exist.

    Examples
    --------
    >>> round(float(cagr_percent(50.0, 60.0, 3.0)), 4)
    6.2659
    """
    first, last, span = _floats(base, now, years)
    fit = (first > 0) & (last >= 0) & (span > 0)
    ratio = np.where(fit, last, 1.0) / np.where(fit, first, 1.0)
    power = ratio ** (1.0 / np.where(fit, span, 1.0))
    return np.where(fit, (power - 1.0) * 100.0, np.nan)[()]


def compound(value: ArrayLike, growth_percent_per_year: ArrayLike, years: ArrayLike) -> Any:
    """The value after ``years`` of one growth; NaN where the growth is -100 % or less.

    >>> round(float(compound(7.786e9, 3.5, 2.0)) / 1e9, 4)
    8.3406
    """
    start, growth, span = _floats(value, growth_percent_per_year, years)
    fit = growth > -100.0
    return np.where(fit, start * np.where(fit, 1.0 + growth / 100.0, 1.0) ** span, np.nan)[()]


def implied_base(now: ArrayLike, growth_percent: ArrayLike) -> Any:
    """The base that a published growth implies: ``now / (1 + growth)``.

    >>> round(float(implied_base(69_737.0, 6.4)))
    65542
    """
    return compound(now, growth_percent, -1.0)


def required_growth_percent_per_year(today: ArrayLike, target: ArrayLike, years_left: ArrayLike) -> Any:
    """Compound growth a year [percent] that leads from today to the target; NaN where none does (no growth reaches zero).

    >>> round(float(required_growth_percent_per_year(4.2, 10.0, 3.0)), 1)
    33.5
    """
    (goal,) = _floats(target)
    return cagr_percent(today, np.where(goal > 0, goal, np.nan), years_left)


def earliest_year(
    value: ArrayLike, value_year: ArrayLike, growth_percent_per_year: ArrayLike, target: ArrayLike, *, bound: str
) -> Any:
    """First calendar year in which a steadily growing value meets the target; NaN where it never does.

    A value that meets it already answers with its own year; a strict bound (``>``, ``<``) wants the year in which the target is passed.

    >>> float(earliest_year(4.2, 2024, 6.0, 10.0, bound=">="))
    2039.0
    """
    start, year, growth, goal = _floats(value, value_year, growth_percent_per_year, target)
    fit = (start > 0) & (goal > 0) & (growth > -100.0)
    way = np.log(np.where(fit, goal, 1.0) / np.where(fit, start, 1.0))
    pace = np.log1p(np.where(fit, growth, 0.0) / 100.0)
    moves = fit & (pace * _wanted(bound) > 0)
    years = np.where(moves, way, 0.0) / np.where(moves, pace, 1.0)
    whole = np.floor(years + 1e-9) + 1.0 if len(bound) == 1 else np.ceil(years - 1e-9)
    return np.where(is_met(start, goal, bound), year, np.where(moves, year + whole, np.nan))[()]


def decimals_of(published_percent: float) -> int:
    """Digits behind the point that a published growth was printed with: at least one, as statistics offices print.

    >>> decimals_of(3.5), decimals_of(49.21), decimals_of(4.0)
    (1, 2, 1)
    """
    text = np.format_float_positional(published_percent, trim="-")
    return max(1, len(text.partition(".")[2]))


def agrees(published_percent: float, computed_percent: float) -> bool:
    """Whether a recomputed growth rounds to the published one: they differ by no more than half its last printed digit.

    >>> agrees(3.5, 3.548), agrees(6.4, 5.56)
    (True, False)
    """
    return abs(published_percent - computed_percent) <= 0.5 * 10.0 ** -decimals_of(published_percent) + 1e-9


def is_met(value: ArrayLike, target: ArrayLike, bound: str) -> Any:
    """Whether a value meets a target of the sense ``>=``, ``>``, ``<=`` or ``<``.

    >>> bool(is_met(17.0, 17.0, "<=")), bool(is_met(17.0, 17.0, "<"))
    (True, False)
    """
    compare = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}
    if bound not in compare:
        raise ValueError(f"bound = {bound} must be one of >=, >, <=, <")
    return compare[bound](value, target)


def gap(value: ArrayLike, target: ArrayLike, bound: str) -> Any:
    """What is missing to the target, in its unit: positive while it is missed, zero or below once it is reached.

    >>> float(gap(80.0, 60.0, "<="))
    20.0
    """
    now, goal = _floats(value, target)
    return (now - goal if bound.startswith("<") else goal - now)[()]


def cagr_ratio(
    base: ArrayLike, now: ArrayLike, target: ArrayLike, years: ArrayLike, years_in_all: ArrayLike, *, bound: str
) -> Any:
    """Observed over required compound growth, r [1]: positive in the wanted direction.

    Parameters
    ----------
    base, now, target
        Value at the start, ``years`` later, and wanted ``years_in_all`` after the start; all in one unit. A target of 0 counts as 0.001.
    bound
        ``>=`` or ``>`` where more is better, ``<=`` or ``<`` where less is.

    Returns
    -------
    array
        r, NaN where a growth does not exist or the target asks for none.

    References
    ----------
    Open SDG, progress calculation, after Statistics Canada; thresholds 0.95, 0.60, 0

    Examples
    --------
    >>> round(float(cagr_ratio(80.0, 70.0, 60.0, 2, 5, bound="<=")), 4)
    1.1551
    """
    goal = np.where(np.asarray(target, dtype=np.float64) == 0.0, 0.001, target)
    seen, asked = cagr_percent(base, now, years), cagr_percent(base, goal, years_in_all)
    return _ratio(_wanted(bound) * seen, np.abs(asked))


def linear_ratio(base: ArrayLike, now: ArrayLike, target: ArrayLike, years: ArrayLike, years_in_all: ArrayLike) -> Any:
    """Share of the way done over share of the time gone [1]; NaN where the way or the time is nothing.

    >>> float(linear_ratio(50.0, 60.0, 100.0, 3, 6))
    0.4
    """
    start, here, goal, gone, whole = _floats(base, now, target, years, years_in_all)
    return _ratio(_ratio(here - start, goal - start), _ratio(gone, whole))


def score(ratio: ArrayLike) -> Any:
    """Progress score from -5 to 5 of a ratio r; 0 lies at the edge between limited and moderate.

    >>> round(float(score(0.5117)), 3)
    -0.368
    """
    (r,) = _floats(ratio)
    return np.clip(np.where(r >= 0.6, 7.1429 * r - 4.2857, 4.1667 * r - 2.5), -5.0, 5.0)[()]


def arrow(ratio: float, *, achieved: bool = False) -> Arrow:
    """The class of a ratio r, or ``achieved`` where the target is reached.

    >>> arrow(0.5117), arrow(1.1551), arrow(-0.2), arrow(float("nan")), arrow(0.1, achieved=True)
    ('limited', 'substantial', 'deterioration', 'not available', 'achieved')
    """
    return "achieved" if achieved else _class_of(ratio, THRESHOLDS, 1.0)


def arrow_without_target(growth_percent_per_year: float, *, bound: str, base_to_limit_ratio: float = 0.0) -> Arrow:
    """The class of a compound growth where no target exists; thresholds shrink near a natural limit by ``1 - (base/limit)^4.44``.

    >>> arrow_without_target(1.2, bound=">="), arrow_without_target(1.2, bound=">=", base_to_limit_ratio=0.9)
    ('moderate', 'substantial')
    """
    shrink = 1.0 - min(max(base_to_limit_ratio, 0.0), 1.0) ** 4.44
    return _class_of(_wanted(bound) * growth_percent_per_year, THRESHOLDS_WITHOUT_TARGET, shrink)


def refusal(base: float, target: float, years: float) -> str | None:
    """Why no compound growth leads from base to target, or None where one does.

    >>> refusal(0.0, 10.0, 2.0)
    'the base is zero'
    """
    if not all(np.isfinite((base, target, years))):
        return "a number is missing"
    if years <= 0:
        return "no time is left"
    if base == 0:
        return "the base is zero"
    if target == 0:
        return "no growth reaches zero"
    if (base < 0) != (target < 0):
        return "the sign changes on the way"
    return "the base is negative" if base < 0 else None


def _class_of(value: float, thresholds: tuple[tuple[float, Arrow], ...], shrink: float) -> Arrow:
    if not np.isfinite(value):
        return "not available"
    for least, name in thresholds:
        if value >= least * shrink:
            return name
    return "deterioration"


def _wanted(bound: str) -> float:
    return -1.0 if bound.startswith("<") else 1.0


def _floats(*values: ArrayLike) -> list[Floats]:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _ratio(over: ArrayLike, under: ArrayLike) -> Any:
    top, bottom = _floats(over, under)
    fit = np.isfinite(top) & np.isfinite(bottom) & (bottom != 0)
    return np.where(fit, top, np.nan)[()] / np.where(fit, bottom, 1.0)[()]
