"""A series with its fan of bands as places of a picture, for pages that draw it as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.words import Language, quantity

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760.0, 300.0, 96.0, 12.0, 30.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a place of an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class SeriesChart:
    """Points of what was published (whole years, and parts of years apart), the median ahead, and bands from wide to narrow."""

    years: tuple[Mark, ...]
    levels: tuple[Mark, ...]
    points: tuple[tuple[float, float], ...]
    parts: tuple[tuple[float, float], ...]
    line: str
    median: str
    ahead: tuple[tuple[float, float], ...]
    bands: tuple[tuple[str, str], ...]  # (level, polygon), the widest first


def series_chart(told: Mapping[str, Any], language: Language) -> SeriesChart | None:
    """The chart of ``outlook_rows.one_series``; None where there is nothing to draw."""
    whole = {row["year"]: row["value"] for row in told["published"] if row["whole_year"]}
    parts = [(row["year"], row["value"]) for row in told["published"] if not row["whole_year"]]
    ahead = told["forecast"] or []
    levels = sorted({level for year in ahead for level in year["low"]}, key=float, reverse=True)
    values = [*whole.values(), *(v for _, v in parts), *(year["median"] for year in ahead)]
    values += [year[side][level] for year in ahead for side in ("low", "high") for level in levels]
    years = sorted({*whole, *(year for year, _ in parts), *(year["year"] for year in ahead)})
    if not values:
        return None
    first, last = years[0], max(years[-1], years[0] + 1)
    bottom, top = _ends(min(0.0, *values) if min(values) < 0 else 0.0, max(values))

    def xy(year: int, value: float) -> tuple[float, float]:
        x = LEFT + (year - first) / (last - first) * (WIDTH - LEFT - 24)
        return round(x, 1), round(TOP + (top - value) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    start = [(year, whole[year]) for year in sorted(whole)][-1:]
    bands = []
    for level in levels:
        low = [*start, *((year["year"], year["low"][level]) for year in ahead)]
        high = [*start, *((year["year"], year["high"][level]) for year in ahead)]
        bands.append((level, _points([xy(*p) for p in (*low, *reversed(high))])))
    step = max(1, math.ceil((last - first + 1) / 12))
    return SeriesChart(
        tuple(Mark(xy(year, bottom)[0], str(year)) for year in range(first, last + 1, step)),
        tuple(Mark(xy(first, v)[1], quantity(v, told["unit"], language)) for v in _levels(bottom, top)),
        tuple(xy(year, value) for year, value in sorted(whole.items())),
        tuple(xy(*part) for part in parts),
        _points([xy(year, value) for year, value in sorted(whole.items())]),
        _points([xy(*p) for p in (*start, *((year["year"], year["median"]) for year in ahead))]),
        tuple(xy(year["year"], year["median"]) for year in ahead),
        tuple(bands),
    )


def _ends(low: float, high: float) -> tuple[float, float]:
    step = _step(low, high)
    return math.floor(low / step) * step, max(math.ceil(high / step) * step, math.floor(low / step) * step + step)


def _levels(low: float, high: float) -> list[float]:
    step = _step(low, high)
    return [low + step * k for k in range(round((high - low) / step) + 1)]


def _step(low: float, high: float) -> float:
    rough = ((high - low) or abs(high) or 1.0) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next(s for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= rough * 0.999999) * power


def _points(found: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in found)
