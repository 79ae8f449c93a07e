"""Charts of a kept answer as places in percent, for pages that draw them as SVG without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.report.cards import Tick, ticks_of
from qujiang.report.scale import Scale, scale_for
from qujiang.words import Both, both_numbers, number, quantity


@dataclass(frozen=True, slots=True)
class Bullet:
    """One measure on one line: bar of today, band of the futures, mark of the base value, line of the target."""

    ticks: tuple[Tick, ...]
    today: float | None
    base: float | None
    target: float | None
    low: float | None
    high: float | None
    more_is_better: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines and a band in a square of 100 by 100, y downwards; ticks of both axes with their texts."""

    band: str
    line: str
    target: float | None  # height of a level, or place of a value, as ``target_is_level`` says
    target_is_level: bool
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def value_of(figure: Mapping[str, Any] | None) -> float | None:
    """The number of a figure."""
    return None if figure is None else figure["value"]


def bullet(measure: Mapping[str, Any]) -> Bullet | None:
    """The chart of a measure; None where neither today nor the base value is known."""
    today, base, target, low, high = (value_of(measure[part]) for part in ("today", "base", "target", "low", "high"))
    if today is None and base is None:
        return None
    scale = scale_for((today, base, target, low, high), full=100.0 if measure["unit"] == "percent" else None)
    places = (None if value is None else scale.at(value) for value in (today, base, target, low, high))
    return Bullet(ticks_of(scale, 3), *places, more_is_better=not measure["bound"].startswith("<"))


def years_curve(measure: Mapping[str, Any]) -> Curve | None:
    """Median and band of every year up to the target, and the target's level; None where there are no futures."""
    years = measure["years"]
    if len(years) < 2:
        return None
    target = value_of(measure["target"])
    values = [row[part] for row in years for part in ("low", "median", "high")]
    up = _around([*values, target] if target is not None else values)
    first, last = years[0]["year"], years[-1]["year"]

    def points(part: str) -> list[tuple[float, float]]:
        return [(100 * (row["year"] - first) / (last - first), 100 - up.at(row[part])) for row in years]

    marks = tuple(
        Tick(
            100 * (row["year"] - first) / (last - first),
            Both(str(row["year"]), str(row["year"])),
            _anchor(at, len(years)),
        )
        for at, row in enumerate(years)
        if len(years) <= 6 or at % 2 == 0 or at == len(years) - 1
    )
    band = [*points("low"), *reversed(points("high"))]
    level = None if target is None else 100 - up.at(target)
    return Curve(path(band) + "Z", path(points("median")), level, True, marks, _levels(up, measure["unit"]))


def sweep_curve(measure: Mapping[str, Any]) -> Curve | None:
    """Probability that the measure lies on the wanted side of x, over x; None where there are no futures."""
    sweep = measure["sweep"]
    if len(sweep) < 2 or sweep[0]["x"] == sweep[-1]["x"]:
        return None
    target = value_of(measure["target"])
    across = _around([row["x"] for row in sweep])
    line = [(across.at(row["x"]), 100 - 100 * row["probability"]) for row in sweep]
    ticks = tuple(
        Tick(across.at(value), both_numbers(number, value), _edge(across.at(value))) for value in across.ticks(3)
    )
    up = tuple(Tick(100.0 - part, both_numbers(quantity, float(part), "percent"), "start") for part in (0, 50, 100))
    area = [*line, (line[-1][0], 100.0), (line[0][0], 100.0)]
    return Curve(path(area) + "Z", path(line), None if target is None else across.at(target), False, ticks, up)


def path(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through points."""
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)


def _around(values: Sequence[float]) -> Scale:
    """A linear scale that holds all values, not from zero: a band of a few percent is seen."""
    low, high = min(values), max(values)
    if low == high:
        return scale_for(values)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= rough * 0.999999) * power
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, log=False)


def _levels(up: Scale, unit: str) -> tuple[Tick, ...]:
    span = [up.low, (up.low + up.high) / 2, up.high]
    return tuple(Tick(100 - up.at(value), both_numbers(quantity, value, unit), "start") for value in span)


def _anchor(at: int, count: int) -> str:
    return "start" if at == 0 else "end" if at == count - 1 else "middle"


def _edge(at: float) -> str:
    return "start" if at < 8 else "end" if at > 92 else "middle"
