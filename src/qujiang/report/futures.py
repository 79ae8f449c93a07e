"""What many futures say, as the page shows it: chances, bands over years, sweeps, what binds, what moves most, and how the simulation agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.plan.result import MeasureAnswer, PlanResult
from qujiang.report import answer
from qujiang.report.scale import Scale
from qujiang.words import Both, both_numbers, number, percent, quantity, tell

#: Inputs shown for each measure.
RANKED = 5
WIDTH_PX, HEIGHT_PX, LEFT_PX, FOOT_PX = 300, 110, 4, 20


@dataclass(frozen=True, slots=True)
class Chance:
    """One landmark or all of them: its probability in words, and the width of its bar [percent]; ``known`` is False for an upper bound."""

    name: Both
    words: Both
    at: float | None
    known: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One small picture: points for SVG, texts at its ends, and its rows for a table."""

    title: Both
    area: str
    line: str
    target: str
    ticks: tuple[tuple[float, Both, str], ...]
    head: tuple[Both, ...]
    rows: tuple[tuple[Both, ...], ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One assumption: its correlation with the measure, its shares of the variance with their intervals, in words and in percent of the bar.

    ``total`` is a dash where the total share was not asked about.
    """

    name: Both
    correlation: Both
    share: Both
    ends: Both
    total: Both
    at: float
    low: float
    high: float


def head(result: PlanResult) -> Both | None:
    """How many futures, of which seed, and how sure a probability is; None without futures."""
    futures = result.futures
    if futures is None:
        return None
    error = both_numbers(quantity, 196 * float(futures.get("standard_error_at_half") or 0.0), "percentage_points")
    return tell("futures.head", count=both_numbers(number, futures["count"]), seed=str(futures["seed"]), error=error)


def chances(result: PlanResult) -> tuple[Chance, ...]:
    """Every landmark, then all of them together."""
    if result.futures is None:
        return ()
    every = result.futures["all_six"]
    found = [
        _chance(
            Both(f"{x.number} {answer.name_of(x).en}", f"{x.number} {answer.name_of(x).zh}"),
            x.probability,
            x.probability_at_most,
        )
        for x in result.landmarks
    ]
    return (*found, _chance(tell("futures.all"), every["probability"], every["probability_at_most"]))


def _chance(name: Both, probability: float | None, most: float | None) -> Chance:
    if probability is not None:
        return Chance(name, both_numbers(percent, probability), round(100 * probability, 2), True)
    if most is None:
        return Chance(name, tell("futures.nothing"), None, False)
    return Chance(name, tell("futures.at_most", most=both_numbers(percent, most)), round(100 * most, 2), False)


def shares(result: PlanResult) -> tuple[tuple[Both, Both, float], ...]:
    """What binds the port: name, share of the futures in words and in percent."""
    if result.futures is None:
        return ()
    return tuple(
        (Both(row["what"], row["what_zh"]), both_numbers(percent, row["share"]), round(100 * row["share"], 2))
        for row in result.futures.get("binds") or ()
    )


def rankings(result: PlanResult) -> tuple[tuple[Both, tuple[Ranked, ...]], ...]:
    """Measures with the assumptions that move them most."""
    if result.futures is None:
        return ()
    ranked = result.futures.get("assumptions") or {}
    found = []
    for measure in (m for landmark in result.landmarks for m in landmark.measures):
        rows = tuple(_ranked(row) for row in (ranked.get(measure.id) or ())[:RANKED])
        if rows:
            found.append((answer.name_of(measure), rows))
    return tuple(found)


def _ranked(row: Mapping[str, Any]) -> Ranked:
    share, low, high = (min(max(float(row[name]), 0.0), 1.0) for name in ("first_order", "low", "high"))
    return Ranked(
        Both(row["name_en"], row.get("name_zh") or row["name_en"]),
        both_numbers(number, round(float(row["rank_correlation"]), 2)),
        both_numbers(percent, round(share, 3)),
        tell("to", low=both_numbers(percent, round(low, 3)), high=both_numbers(percent, round(high, 3))),
        _total(row),
        *(round(100 * value, 2) for value in (share, low, high)),
    )


def _total(row: Mapping[str, Any]) -> Both:
    """The total share with its interval; a dash where it was not asked about."""
    if row.get("total") is None:
        return Both("–", "–")
    share, low, high = (
        both_numbers(percent, round(float(row[name]), 3)) for name in ("total", "total_low", "total_high")
    )
    ends = tell("to", low=low, high=high)
    return Both(f"{share.en} ({ends.en})", f"{share.zh}（{ends.zh}）")


def validation(result: PlanResult) -> Both | None:
    """How far the port's simulation lies from the curve that the futures use; None where none was simulated."""
    checked: Mapping[str, Any] = (result.futures or {}).get("validation") or {}
    if not checked.get("futures"):
        return None
    hours = {
        name: both_numbers(quantity, float(checked[key]), "h")
        for name, key in (
            ("curve", "mean_curve_wait_h"),
            ("simulated", "mean_simulated_wait_h"),
            ("largest", "largest_difference_h"),
        )
        if checked.get(key) is not None
    }
    return tell("futures.validation", count=str(checked["futures"]), **hours) if len(hours) == 3 else None


def years_curve(measure: MeasureAnswer) -> Curve | None:
    """Median and 80 % band of every year, with the target."""
    rows = measure.years
    if len(rows) < 2:
        return None
    values = [row[name] for row in rows for name in ("low", "high")]
    shown = values if measure.target is None else [*values, measure.target]
    room = 0.08 * (max(shown) - min(shown)) or 1.0
    scale = Scale(min(shown) - room, max(shown) + room, log=False)
    first, last = int(rows[0]["year"]), int(rows[-1]["year"])
    across = Scale(first, last, log=False)
    up = [(across.at(row["year"]), scale.at(row["high"])) for row in rows]
    down = [(across.at(row["year"]), scale.at(row["low"])) for row in reversed(rows)]
    return Curve(
        tell("futures.years"),
        _points([*up, *down]),
        _points([(across.at(row["year"]), scale.at(row["median"])) for row in rows]),
        _level(scale.at(measure.target)) if measure.target is not None else "",
        tuple(
            (_x(across.at(year)), Both(str(year), str(year)), anchor)
            for year, anchor in ((first, "start"), (last, "end"))
        ),
        (tell("futures.year"), tell("futures.low"), tell("futures.median"), tell("futures.high")),
        tuple(
            (
                Both(str(int(row["year"])), str(int(row["year"]))),
                *(answer.figure(row[n], measure.unit) for n in ("low", "median", "high")),
            )
            for row in rows
        ),
    )


def sweep_curve(measure: MeasureAnswer) -> Curve | None:
    """The probability of the wanted side of x, over x; the target stands as an upright line."""
    rows = sorted(measure.sweep, key=lambda row: row["x"])
    if len(rows) < 2 or rows[-1]["x"] <= rows[0]["x"]:
        return None
    low, high = rows[0]["x"], rows[-1]["x"]
    across = Scale(low, high, log=False)
    line = [(across.at(row["x"]), 100.0 * row["probability"]) for row in rows]
    at = None if measure.target is None or not low <= measure.target <= high else _x(across.at(measure.target))
    return Curve(
        tell("futures.sweep.least" if measure.bound.startswith("<") else "futures.sweep"),
        _points([(0.0, 0.0), *line, (100.0, 0.0)]),
        _points(line),
        "" if at is None else f"M{at} {_y(0.0)}V{_y(100.0)}",
        tuple(
            (_x(across.at(x)), answer.figure(x, measure.unit), anchor) for x, anchor in ((low, "start"), (high, "end"))
        ),
        (tell("futures.x"), tell("probability")),
        tuple((answer.figure(row["x"], measure.unit), both_numbers(percent, row["probability"])) for row in rows),
    )


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_x(x)},{_y(y)}" for x, y in places)


def _level(y: float) -> str:
    return f"M{_x(0.0)} {_y(y)}H{_x(100.0)}"


def _x(at: float) -> float:
    return round(LEFT_PX + at / 100 * (WIDTH_PX - 2 * LEFT_PX), 1)


def _y(at: float) -> float:
    return round(6 + (1 - at / 100) * (HEIGHT_PX - FOOT_PX - 6), 1)
