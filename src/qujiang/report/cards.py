"""Landmark cards: each measure with its chart, its figures in words and what binds it."""

from __future__ import annotations

from dataclasses import dataclass

from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.report import answer
from qujiang.report.futures import Curve, sweep_curve, years_curve
from qujiang.report.scale import Scale, scale_for
from qujiang.words import Both, both_numbers, known, number, percent, tell

SHAPES = {"met": "tick", "on_track": "arrow", "off_track": "cross"}
BINDERS_SHOWN = 4
#: The last text ends at the edge of the picture; one closer to it than this would touch it on a phone.
LAST_GAP_PERCENT = 30.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A round value under a chart; ``anchor`` keeps its text inside the picture."""

    at: float
    text: Both
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Places in percent of the width; None where there is no such figure."""

    ticks: tuple[Tick, ...]
    log: bool
    today: float | None
    base: float | None
    target: float | None
    low: float | None
    high: float | None
    more_is_better: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a measure in words."""

    part: str
    label: Both
    value: Both
    assumed: bool


@dataclass(frozen=True, slots=True)
class Bind:
    """One limit, lifted alone."""

    what: Both
    kind: Both
    gain: Both
    level: Both | None
    assumed: bool


@dataclass(frozen=True, slots=True)
class MeasureCard:
    """One measure as it is shown."""

    id: str
    name: Both
    status: Both
    state: str
    shape: str
    counts: bool
    chart: Chart | None
    figures: tuple[Figure, ...]
    binds: tuple[Bind, ...]
    reason: Both
    basis: Both
    growth: Both | None
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One landmark as it is shown."""

    number: int
    name: Both
    status: Both
    state: str
    shape: str
    reason: Both
    measures: tuple[MeasureCard, ...]


def cards(result: PlanResult) -> tuple[Card, ...]:
    """One card a landmark."""
    return tuple(_card(landmark) for landmark in result.landmarks)


def ticks_of(scale: Scale, most: int = 4) -> tuple[Tick, ...]:
    """Round values of a scale with their texts."""
    found = []
    for value in scale.ticks(most):
        at = scale.at(value)
        anchor = "start" if at < 8 else "end" if at > 92 else "middle"
        found.append(Tick(at, both_numbers(number, value), anchor))
    if len(found) > 2 and found[-1].anchor == "end" and found[-1].at - found[-2].at < LAST_GAP_PERCENT:
        del found[-2]
    return tuple(found)


def _card(landmark: LandmarkAnswer) -> Card:
    return Card(
        landmark.number,
        answer.name_of(landmark),
        known("status", landmark.status),
        landmark.status,
        SHAPES.get(landmark.status, "ring"),
        Both(landmark.reason, landmark.reason_zh),
        tuple(_measure(measure) for measure in landmark.measures),
    )


def _measure(measure: MeasureAnswer) -> MeasureCard:
    binds = [_bind(binder, measure.bound) for binder in measure.binds if binder.gain > 0]
    basis = Both(measure.basis, measure.basis_zh)
    growth = answer.growth_words(measure) if measure.status != "met" else None
    return MeasureCard(
        measure.id,
        answer.name_of(measure),
        known("status", measure.status),
        measure.status,
        SHAPES.get(measure.status, "ring"),
        measure.counts,
        _chart(measure),
        tuple(_figures(measure)),
        tuple(binds[:BINDERS_SHOWN]),
        Both(measure.reason, measure.reason_zh),
        tell("basis", basis=basis) if any(basis) else Both("", ""),
        None if growth is None else tell("growth.needed", growth=growth),
        tuple(curve for curve in (years_curve(measure), sweep_curve(measure)) if curve is not None),
    )


def _bind(binder: Binder, bound: str) -> Bind:
    return Bind(
        Both(binder.what, binder.what_zh),
        answer.kind_words(binder),
        answer.gain_words(binder, bound),
        answer.level_words(binder),
        binder.assumed,
    )


def _figures(measure: MeasureAnswer) -> list[Figure]:
    assumed = answer.parts_assumed(measure)
    year = measure.target_year
    name = answer.course_key(measure)
    base = tell(f"{name}.year", year=year) if year else tell(name)
    target = tell("target.year", year=year) if year else tell("target")
    found = [
        Figure("today", tell("today"), answer.figure(measure.today, measure.unit), assumed["today"]),
        Figure("base", base, answer.figure(measure.median, measure.unit), assumed["median"]),
        Figure("target", target, answer.figure(measure.target, measure.unit), assumed["target"]),
    ]
    if measure.low is not None and measure.high is not None:
        ends = {"low": answer.figure(measure.low, measure.unit), "high": answer.figure(measure.high, measure.unit)}
        found.append(Figure("range", tell("range.futures"), tell("to", **ends), measure.assumed))
    if measure.probability is not None:
        found.append(Figure("", tell("probability"), both_numbers(percent, measure.probability), measure.assumed))
    return found


def _chart(measure: MeasureAnswer) -> Chart | None:
    values = (measure.today, measure.median, measure.target, measure.low, measure.high)
    if measure.today is None and measure.median is None:
        return None
    scale = scale_for(values, full=100.0 if measure.unit == "percent" else None)
    today, base, target, low, high = (None if value is None else scale.at(value) for value in values)
    return Chart(ticks_of(scale), scale.log, today, base, target, low, high, not measure.bound.startswith("<"))
