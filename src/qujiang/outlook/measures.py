"""Measures of the landmarks: what each asks for, where it goes, and whether that meets its target.

Nothing is filled in. A measure without today's figure, a target or a year is untestable and says which is missing. Where it goes
is a base value at the target year: computed elsewhere and passed in (freight), grown at a published rate, or carried forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from qujiang.district.observations import Observation, Observations, Status, worst_status
from qujiang.errors import DataError, Fault
from qujiang.methods import growth
from qujiang.methods.growth import Arrow
from qujiang.words import Both, known, say, signed_quantity, tell

State = Literal["untestable", "met", "on_track", "off_track", "unknown"]
Light = Literal["green", "yellow", "red", "grey"]
NOTHING = Both("", "")
BOUNDS = (">=", ">", "<=", "<")
LIGHTS: dict[Arrow, Light] = {
    "achieved": "green",
    "substantial": "green",
    "moderate": "yellow",
    "limited": "red",
    "deterioration": "red",
    "not available": "grey",
}


@dataclass(frozen=True, slots=True)
class MeasureState:
    """One measure, judged.

    Values stand in ``unit``. ``base_value`` is where the measure goes by ``target_year``, with the status of the weakest thing it rests on;
    ``rests_on`` names those things. ``gap_value`` is positive while today misses the target. ``reason`` explains the state in words, ``reason_zh`` in Chinese.
    Required growth is counted from ``today_year``, the year of today's figure: the row's own ``today_year``, else the year of the observation that
    its growth is taken from, else ``now_year``; ``years_left`` always from ``now_year``.
    """

    id: str
    landmark_no: int
    name_zh: str
    name_en: str
    unit: str
    bound: str
    counts: bool
    model: str
    today_value: float | None
    today_status: str | None
    today_year: int
    target_value: float | None
    target_year: int | None
    target_status: str | None
    target_year_status: str | None
    years_left: int | None
    gap_value: float | None
    required_growth_percent_per_year: float | None
    base_value: float | None
    base_status: Status | None
    rests_on: tuple[str, ...]
    growth_percent_per_year: float | None
    earliest_year: int | None
    ratio: float | None
    arrow: Arrow
    arrow_method: str
    state: State
    reason: str
    reason_zh: str

    @property
    def light(self) -> Light:
        """Green, yellow, red, or grey where no arrow is available."""
        return LIGHTS[self.arrow]


@dataclass(frozen=True, slots=True)
class _Course:
    """Where a measure goes: its value at the target year and what that rests on."""

    value: float | None = None
    status: Status | None = None
    rests_on: tuple[str, ...] = ()
    growth_percent: float | None = None
    from_year: int | None = None
    reason: Both = NOTHING


def judge_all(
    frame: pl.DataFrame,
    given_values: Mapping[str, float] | None = None,
    observations: Observations | None = None,
    *,
    now_year: int,
    area: str | None = None,
    faster: Mapping[tuple[str, str], float] | None = None,
) -> tuple[MeasureState, ...]:
    """Judge every measure of a table, in its order.

    Parameters
    ----------
    frame
        The district's ``measures``.
    given_values
        Values at the target year that another room computed, by measure id, in the measure's unit.
    observations
        Where published growth is looked up.
    now_year
        The year from which years left are counted.
    area
        The district's name in the observations; may be None where an indicator has one area only.
    faster
        Percentage points a year that an indicator of an area grows off its published growth
        (`qujiang.district.economy.points_faster`): what is said of the economy holds for its measures as well.

    Raises
    ------
    DataError
        Faulty rows, each with its line: an unknown bound, a target year before ``now_year``, a low above its high.
    """
    faults = check(frame, now_year=now_year)
    if faults:
        raise DataError(faults)
    rows = frame.iter_rows(named=True)
    return tuple(judge(row, given_values, observations, now_year=now_year, area=area, faster=faster) for row in rows)


def check(frame: pl.DataFrame, *, now_year: int, file: str = "measures.csv") -> tuple[Fault, ...]:
    """Every fault of a table of measures that would make a judgement wrong."""
    faults: list[Fault] = []
    for line, row in enumerate(frame.iter_rows(named=True), 2):
        if row["bound"] not in BOUNDS:
            faults.append(
                Fault(
                    file,
                    line,
                    "bound",
                    str(row["bound"]),
                    f"must be one of {', '.join(BOUNDS)}",
                    "say which side meets the target",
                )
            )
        year = row["target_year"]
        if year is not None and year < now_year:
            mend = f"set a target year of {now_year} or later, or ask as of {year}"
            faults.append(
                Fault(file, line, "target_year", str(year), f"the target lies in the past: it is {now_year}", mend)
            )
        for low, high in (("today_low_value", "today_high_value"), ("target_low_value", "target_high_value")):
            least, most = _number(row.get(low)), _number(row.get(high))
            if least is not None and most is not None and least > most:
                faults.append(Fault(file, line, low, f"{least:g}", f"low is above {high} = {most:g}", "swap them"))
    return tuple(faults)


def judge(
    measure: Mapping[str, Any],
    given_values: Mapping[str, float] | None = None,
    observations: Observations | None = None,
    *,
    now_year: int,
    area: str | None = None,
    faster: Mapping[tuple[str, str], float] | None = None,
) -> MeasureState:
    """Judge one measure (a row of ``measures``); see ``judge_all``.

    Returns
    -------
    MeasureState
        ``untestable``: a figure is missing. ``met``: today meets the target and nothing says that it will be lost. ``on_track``: the base value
        meets it. ``off_track``: it does not. ``unknown``: no base value.
    """
    bare = _bare(measure, now_year)
    missing = _missing(bare)
    if missing:
        return replace(bare, reason=missing.en, reason_zh=missing.zh)
    today, target, target_year = bare.today_value, bare.target_value, bare.target_year
    assert today is not None and target is not None and target_year is not None
    course = _course(measure, bare, given_values or {}, observations, area, faster or {})
    course = _below_ceiling(_with_added(course, measure), bare)
    if course.from_year is not None:
        bare = replace(bare, today_year=course.from_year)
    asked = _number(growth.required_growth_percent_per_year(today, target, target_year - bare.today_year))
    state, reason = _state(bare, course)
    ratio, method = _ratio(bare, course, asked)
    return replace(
        bare,
        gap_value=float(growth.gap(today, target, bare.bound)),
        required_growth_percent_per_year=asked,
        base_value=course.value,
        base_status=course.status,
        rests_on=course.rests_on,
        growth_percent_per_year=course.growth_percent,
        earliest_year=_earliest(bare, course),
        ratio=ratio,
        arrow=growth.arrow(float("nan") if ratio is None else ratio, achieved=state == "met"),
        arrow_method=method,
        state=state,
        reason=reason.en,
        reason_zh=reason.zh,
    )


def _bare(row: Mapping[str, Any], now_year: int) -> MeasureState:
    year = row["target_year"]
    return MeasureState(
        id=row["id"],
        landmark_no=int(row["landmark_no"]),
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        unit=row["unit"],
        bound=row["bound"],
        counts=bool(row["counts"]),
        model=row.get("model") or "none",
        today_value=_number(row["today_value"]),
        today_status=row["today_status"],
        today_year=int(row.get("today_year") or now_year),
        target_value=_number(row["target_value"]),
        target_year=None if year is None else int(year),
        target_status=row["target_status"],
        target_year_status=row["target_year_status"],
        years_left=None if year is None else int(year) - now_year,
        gap_value=None,
        required_growth_percent_per_year=None,
        base_value=None,
        base_status=None,
        rests_on=(),
        growth_percent_per_year=None,
        earliest_year=None,
        ratio=None,
        arrow="not available",
        arrow_method="none",
        state="untestable",
        reason="",
        reason_zh="",
    )


def _missing(bare: MeasureState) -> Both | None:
    missing: list[Both] = []
    if bare.today_value is None:
        missing.append(tell("measure.no_room" if bare.model == "access" else "measure.no_today"))
    if bare.target_value is None:
        missing.append(tell("measure.no_target"))
    if bare.target_year is None:
        missing.append(tell("measure.no_year"))
    return _joined(*missing) if missing else None


def _joined(*parts: Both) -> Both:
    told = [part for part in parts if part.en]
    return Both("; ".join(part.en for part in told), "；".join(part.zh for part in told))


def _course(
    row: Mapping[str, Any],
    bare: MeasureState,
    given: Mapping[str, float],
    observations: Observations | None,
    area: str | None,
    faster: Mapping[tuple[str, str], float],
) -> _Course:
    if bare.id in given:
        value = _number(given[bare.id])
        if value is None:
            return _Course(reason=tell("measure.not_a_number", id=bare.id))
        said = tell("measure.computed", model=known("measure.model", bare.model).zh)
        return _Course(
            value, "derived", (f"computed: {bare.model}",), reason=Both(f"computed by {bare.model}", said.zh)
        )
    if bare.model == "carried":
        words = ("no evidence of growth: today's value carried forward",)
        return _Course(bare.today_value, "assumed", words, reason=tell("measure.carried"))
    if bare.model == "growth":
        return _grown(row, bare, observations, area, faster)
    if bare.model.startswith("freight"):
        return _Course(reason=tell("measure.not_computed", model=known("measure.model", bare.model)))
    return _Course(reason=tell("measure.no_model"))


def _with_added(course: _Course, row: Mapping[str, Any]) -> _Course:
    """What projects add by the target year (``added_value``) on top of where the model says it goes."""
    added = _number(row.get("added_value"))
    if not added or course.value is None:
        return course
    words = f"projects add {added:+g} (assumed)"
    said = Both(words, say("measure.added", "zh", amount=signed_quantity(added, row["unit"], "zh")))
    reason = _joined(course.reason, said)
    return replace(
        course, value=course.value + added, status="assumed", rests_on=(*course.rests_on, words), reason=reason
    )


def ceiling(unit: str, today: float | None) -> float:
    """The most that a measure can be: 100 for a share in percent; no limit for a percentage that is above 100 today, so no share.

    >>> ceiling("percent", 46.0), ceiling("percent", 140.0), ceiling("tonnes_per_year", 4.2e6)
    (100.0, inf, inf)
    """
    return 100.0 if unit == "percent" and (today is None or today <= 100) else float("inf")


def _below_ceiling(course: _Course, bare: MeasureState) -> _Course:
    most = ceiling(bare.unit, bare.today_value)
    if course.value is None or course.value <= most:
        return course
    said = tell("measure.ceiling", most=f"{most:g}")
    return replace(course, value=most, rests_on=(*course.rests_on, said.en), reason=_joined(course.reason, said))


def _grown(
    row: Mapping[str, Any],
    bare: MeasureState,
    observations: Observations | None,
    area: str | None,
    faster: Mapping[tuple[str, str], float],
) -> _Course:
    indicator = row.get("model_argument") or ""
    found = _growth_of(observations, indicator, area)
    if isinstance(found, Both):
        return _Course(reason=found)
    pace = found.published_growth_percent
    assert pace is not None and bare.target_year is not None and bare.today_value is not None
    points = faster.get((found.area, found.indicator), 0.0)
    from_year = int(row.get("today_year") or found.span.end.year)
    where = f"{found.indicator} of {found.area}, {found.span}"
    words = [f"growth stays at the published {pace:g} % a year ({found.growth_basis}; {found.id}: {where})"]
    if points:
        words.append(f"the economy grows {points:+g} points a year off that (economy_growth)")
        pace += points
    value = _number(growth.compound(bare.today_value, pace, bare.target_year - from_year))
    if bare.today_status != "documented":
        words.append(f"today's value is {bare.today_status}")
    status = worst_status("derived", bare.today_status, found.status, "assumed" if points else "derived")
    return _Course(
        value, status, tuple(words), pace, from_year, tell("measure.grown", pace=f"{pace:g}", year=from_year)
    )


def _growth_of(observations: Observations | None, indicator: str, area: str | None) -> Observation | Both:
    if observations is None or not indicator:
        return tell("measure.no_observations")
    name = Both(indicator, known("series", indicator).zh)
    areas = observations.areas_of(indicator)
    where = area or (areas[0] if len(areas) == 1 else None)
    if where is None:
        several = Both(", ".join(areas), "、".join(areas))
        return tell("measure.areas" if areas else "measure.no_series", name=name, areas=several)
    return observations.latest_growth(where, indicator) or tell("measure.no_growth", name=name, area=where)


def _state(bare: MeasureState, course: _Course) -> tuple[State, Both]:
    met_today = bool(growth.is_met(bare.today_value or 0.0, bare.target_value or 0.0, bare.bound))
    if course.value is None:
        return ("met", _joined(tell("measure.met"), course.reason)) if met_today else ("unknown", course.reason)
    holds = bool(growth.is_met(course.value, bare.target_value or 0.0, bare.bound))
    if met_today:
        lost = tell("measure.lost", year=bare.target_year, reason=course.reason)
        return ("met", tell("measure.met")) if holds else ("off_track", lost)
    return ("on_track" if holds else "off_track"), course.reason


def _ratio(bare: MeasureState, course: _Course, asked: float | None) -> tuple[float | None, str]:
    """Growth ahead over growth asked where a growth is published; else the share of the way that the base value covers."""
    if course.growth_percent is not None:
        sign = -1.0 if bare.bound.startswith("<") else 1.0
        return (sign * course.growth_percent / abs(asked) if asked else None), "published over required growth"
    if course.value is None or bare.model == "carried" or bare.today_value is None or bare.target_value is None:
        return None, "none"
    way = bare.target_value - bare.today_value
    return ((course.value - bare.today_value) / way if way else None), "linear, base value at the target year"


def _earliest(bare: MeasureState, course: _Course) -> int | None:
    assert bare.today_value is not None and bare.target_value is not None
    if growth.is_met(bare.today_value, bare.target_value, bare.bound):
        return bare.today_year
    if course.growth_percent is None or course.from_year is None:
        return None
    most = ceiling(bare.unit, bare.today_value)
    if bare.bound.startswith(">") and not growth.is_met(most, bare.target_value, bare.bound):
        return None
    year = _number(
        growth.earliest_year(
            bare.today_value, course.from_year, course.growth_percent, bare.target_value, bound=bare.bound
        )
    )
    return None if year is None else int(year)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
