"""The field's figures, from plain numbers: remaining years, WALE, concentration, bands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

#: Lower edges of the bands in which tax is told.
TAX_EDGES_YUAN = (0, 1_000_000, 5_000_000, 20_000_000, 50_000_000, 100_000_000)
TAX_EDGES_YUAN_PER_M2 = (0, 50, 100, 200, 400, 800, 1_600)


def remaining_years(on: date, last_day: date) -> float:
    """Years from the beginning of one day to the end of another; 0 where it is past.

    Whole years are counted by anniversaries, the rest as a part of the year that it lies in.

    >>> remaining_years(date(2025, 1, 1), date(2027, 12, 31)), remaining_years(date(2025, 1, 1), date(2024, 6, 30))
    (3.0, 0.0)
    """
    end = last_day + timedelta(days=1)
    if end <= on:
        return 0.0
    whole = end.year - on.year
    while _anniversary(on, whole) > end:
        whole -= 1
    before, after = _anniversary(on, whole), _anniversary(on, whole + 1)
    return whole + (end - before).days / (after - before).days


def _anniversary(day: date, years: int) -> date:
    year = day.year + years
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) and not leap else day.day)


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float | None:
    """Sum of value x weight over the sum of weights; None where there is no weight. With remaining years: WALE.

    >>> weighted_mean([1, 3], [1_000, 3_000])
    2.5
    """
    total = sum(weights)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / total if total > 0 else None


def herfindahl(amounts: Iterable[float]) -> float | None:
    """Sum of squared percentage shares, 0 to 10,000; None where there is nothing.

    >>> herfindahl([50, 30, 20]), herfindahl([1, 1, 1, 1])
    (3800.0, 2500.0)
    """
    found = list(amounts)
    total = sum(found)
    return 10_000 * sum(a * a for a in found) / total**2 if total > 0 else None


def top_share(amounts: Iterable[float], count: int = 5) -> float | None:
    """Share of the largest ones; None where there is nothing."""
    found = sorted(amounts, reverse=True)
    total = sum(found)
    return sum(found[:count]) / total if total > 0 else None


def share(part: float, whole: float) -> float | None:
    """Part of a whole; None without a whole."""
    return part / whole if whole > 0 else None


def band(value: float, edges: Sequence[int]) -> str:
    """The band that holds a value, lower edge included.

    >>> band(120.0, TAX_EDGES_YUAN_PER_M2), band(2e8, TAX_EDGES_YUAN)
    ('100..200', '100,000,000+')
    """
    at = bisect_right(edges, value)
    return f"{edges[at - 1]:,}..{edges[at]:,}" if at < len(edges) else f"{edges[-1]:,}+"
