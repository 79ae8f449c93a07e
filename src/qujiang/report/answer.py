"""The answer in a few sentences, and the words that text and page share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.words import Both, both_numbers, known, number, quantity, signed_quantity, tell

HOLDS = ("met", "on_track")
#: Limits whose ``level`` stands in the measure's own unit; elsewhere it is a rate or a growth.
WITHOUT_LEVEL = ("cost", "growth")
NOT_EXPLAINED_YUAN_PER_T = 10.0
#: Of the locks only the tightest are listed among the limits; the table of locks holds all.
LOCKS_AMONG_LIMITS = 4


def sentences(result: PlanResult, assumption_count: int | None = None) -> list[Both]:
    """How many landmarks hold, what binds the port, what is not known; of a district without landmarks, what to fill in."""
    if not result.landmarks:
        return [tell("answer.empty")]
    found = [_holds(result.landmarks), *_port(result)]
    measures = [measure for landmark in result.landmarks for measure in landmark.measures]
    missed = [row for row in result.residuals if row["met"] is False]
    blind = sum(measure.status in ("untestable", "unknown") for measure in measures)
    key = "answer.unknown" if assumption_count is not None else "answer.unknown.short"
    counts = {"untestable": blind, "measures": len(measures), "missed": len(missed), "facts": len(result.residuals)}
    shown = None if assumption_count is None else both_numbers(number, assumption_count)
    return [*found, tell(key, **counts, assumptions=shown)]


def port_measure(result: PlanResult) -> MeasureAnswer | None:
    """The measure that the limits of the port bind: tonnes a year."""
    tonnes = [m for landmark in result.landmarks for m in landmark.measures if m.unit == "tonnes_per_year"]
    return tonnes[0] if tonnes else None


def shown_limits(result: PlanResult) -> tuple[list[Binder], int]:
    """The binding limit, then the others by gain and level, of the locks only the tightest; and how many locks are left out."""
    first, rest = result.limits[:1], sorted(result.limits[1:], key=lambda limit: (-limit.gain, _level(limit)))
    left = [limit for limit in rest if limit.kind.startswith("lock") and not limit.gain][LOCKS_AMONG_LIMITS:]
    return [*first, *(limit for limit in rest if limit not in left)], len(left)


def _level(limit: Binder) -> float:
    return float("inf") if limit.level is None else limit.level


def name_of(named: Any) -> Both:
    """Both names of a measure, landmark or row."""
    if isinstance(named, Mapping):
        return Both(named.get("name_en") or named["name_zh"], named.get("name_zh") or named["name_en"])
    return Both(named.name_en or named.name_zh, named.name_zh or named.name_en)


def kind_words(binder: Binder) -> Both:
    """The notion of limit in words."""
    return known("kind", binder.kind)


def gain_words(binder: Binder, bound: str = ">=") -> Both:
    """What lifting a limit alone gains; a saving where less is better."""
    gain = -abs(binder.gain) if bound.startswith("<") else binder.gain
    unit = "percentage_points" if binder.unit == "percent" else binder.unit
    return both_numbers(signed_quantity, gain, unit)


def course_key(measure: MeasureAnswer) -> str:
    """Key of what stands beside today and target: the median of the futures that were run, else the base future."""
    return "base" if measure.probability is None and measure.low is None else "median"


def first_binder(measure: MeasureAnswer) -> Binder | None:
    """The limit that gains most; None where none gains."""
    return measure.binds[0] if measure.binds and measure.binds[0].gain > 0 else None


def level_words(binder: Binder) -> Both | None:
    """The limit itself, where it has one in the unit of the measure."""
    if binder.level is None or binder.kind in WITHOUT_LEVEL:
        return None
    return both_numbers(quantity, binder.level, binder.unit)


def figure(value: float | None, unit: str) -> Both:
    """A number with its unit in both languages."""
    return both_numbers(quantity, value, unit)


def growth_words(measure: MeasureAnswer) -> Both | None:
    """The yearly change that the target asks for."""
    if measure.required_growth_percent_per_year is None:
        return None
    return both_numbers(signed_quantity, measure.required_growth_percent_per_year, "percent_per_year")


def is_explained(row: Mapping[str, Any]) -> bool:
    """Whether a modal constant is small enough to be explained by cost and time."""
    return abs(row["yuan_per_t"]) <= NOT_EXPLAINED_YUAN_PER_T


def fact_name(row: Mapping[str, Any]) -> Both:
    """Name of a known fact; the catalogue's where the row has none."""
    fact = known("fact", row["fact"])
    return Both(row.get("name_en") or fact.en, row.get("name_zh") or fact.zh)


def met_key(met: bool | None) -> str:
    """Key of the words for a fact met, not met, or not computed."""
    return "met.unknown" if met is None else "met.yes" if met else "met.no"


def parts_assumed(measure: MeasureAnswer) -> dict[str, bool]:
    """Which figures of a measure rest on an assumption: today, target, median."""
    return {
        "today": measure.today is not None and measure.today_status == "assumed",
        "target": measure.target is not None and "assumed" in (measure.target_status, measure.target_year_status),
        "median": measure.median is not None and measure.assumed,
    }


def _holds(landmarks: tuple[LandmarkAnswer, ...]) -> Both:
    states = [landmark.status for landmark in landmarks]
    count = {state: states.count(state) for state in ("met", "on_track", "off_track")}
    blind = len(states) - sum(count.values())
    return tell("answer.holds", holds=sum(count[s] for s in HOLDS), count=len(states), untestable=blind, **count)


def _port(result: PlanResult) -> list[Both]:
    port = port_measure(result)
    if port is None or port.today is None:
        return []
    if port.median is None or port.target is None or port.target_year is None:
        return [tell("answer.port.untested", today=figure(port.today, port.unit))]
    shown = {
        name: figure(value, port.unit)
        for name, value in (("today", port.today), ("base", port.median), ("target", port.target))
    }
    key = "answer.port" if course_key(port) == "base" else "answer.port.median"
    told = [tell(key, year=str(port.target_year), **shown)]
    if not result.limits:
        return told
    first = result.limits[0]
    if first.gain <= 0:
        return [*told, tell("answer.binds.none")]
    return [
        *told,
        tell(
            "answer.binds",
            what=Both(first.what, first.what_zh),
            kind=kind_words(first),
            gain=figure(first.gain, first.unit),
        ),
    ]
