"""Where an indicator goes: a forecast with bands, fitted to the steps that statistics publish.

Months are fitted as eleven steps a year (January and February together), else quarters, else years; never year-to-date values themselves.
A series with fewer than 8 steps borrows growth from published rates and says how many points it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qujiang.district.observations import FLOWS, Observations, Status, worst_status
from qujiang.errors import ScenarioError
from qujiang.methods import periods
from qujiang.methods.forecast import LEAST_POINTS, LEVELS, Forecast, forecast, forecast_pooled
from qujiang.methods.periods import Flow, Span
from qujiang.outlook.comparisons import level_of_year
from qujiang.words import Both, known, tell
from qujiang.words.numbers import bare_unit


@dataclass(frozen=True, slots=True)
class YearAhead:
    """One year: its median and bands, with how much of it is known already. Bands of a sum suppose that its errors move together."""

    year: int
    known_value: float
    median_value: float
    low_value: dict[float, float]
    high_value: dict[float, float]


@dataclass(frozen=True, slots=True)
class Foresight:
    """A forecast of one indicator, step by step and by year."""

    area: str
    indicator: str
    unit: str
    step: str
    seen: tuple[Flow, ...]
    ahead: tuple[Span, ...]
    forecast: Forecast
    years: tuple[YearAhead, ...]
    status: Status
    rests_on: tuple[str, ...]
    rests_on_zh: tuple[str, ...] = ()

    def probability_at_least(self, value: float) -> float:
        """Probability that the last year ahead reaches a value; for sums of steps by the bands of the sum."""
        if self.step == "year":
            return self.forecast.probability_at_least(value)
        last = self.years[-1]
        whole = Forecast(
            median=_one(last.median_value),
            low={level: _one(last.low_value[level]) for level in LEVELS},
            high={level: _one(last.high_value[level]) for level in LEVELS},
            members={},
            guarded=(),
            points_count=self.forecast.points_count,
            how="",
            backtest=None,
        )
        return whole.probability_at_least(value)


def foresee(observations: Observations, area: str, indicator: str, *, until_year: int | None = None) -> Foresight:
    """Forecast an indicator to the end of a year.

    Parameters
    ----------
    observations
        Checked observations.
    area, indicator
        The series.
    until_year
        Last year wanted; else two years after the last one seen.

    Raises
    ------
    ScenarioError
        No such series, a gap that leaves nothing to fit, a year that is over, or too few growth rates to borrow from.
    """
    rows = observations.of(area, indicator, *FLOWS)
    if not rows:
        raise ScenarioError(
            f"no flow of {indicator} in {area}; areas that have it: {', '.join(observations.areas_of(indicator)) or 'none'}"
        )
    flows = observations.flows(area, indicator)
    last_year = rows[-1].span.end.year
    goal = until_year or last_year + 2
    for step, season in (("pair and months", 11), ("quarter", 4), ("year", 1)):
        seen = _run(flows, _slots(flows, season))
        if len(seen) >= LEAST_POINTS:
            ahead = _ahead(seen[-1].span, season, goal)
            found = forecast([flow.value for flow in seen], len(ahead), season=season)
            used = _status(observations, area, indicator, seen)
            notes = [*_notes(flows, seen, season), *_break_note(seen, found)]
            return _foresight((area, indicator, rows[0].unit, step), seen, ahead, found, used, notes)
    return _short(observations, area, indicator, goal)


def _foresight(
    named: tuple[str, str, str, str],
    seen: Sequence[Flow],
    ahead: Sequence[Span],
    found: Forecast,
    status: Status,
    notes: Sequence[Both],
) -> Foresight:
    years: list[YearAhead] = []
    for year in sorted({span.start.year for span in ahead}):
        at = [n for n, span in enumerate(ahead) if span.start.year == year]
        known = sum(flow.value for flow in seen if flow.span.start.year == year)
        low = {level: known + float(found.low[level][at].sum()) for level in LEVELS}
        high = {level: known + float(found.high[level][at].sum()) for level in LEVELS}
        years.append(YearAhead(year, known, known + float(found.median[at].sum()), low, high))
    rests, rests_zh = (found.how, *(note.en for note in notes)), (found.how_zh, *(note.zh for note in notes))
    return Foresight(*named, tuple(seen), tuple(ahead), found, tuple(years), status, rests, rests_zh)


def _short(observations: Observations, area: str, indicator: str, goal: int) -> Foresight:
    """Too short for its own model: the level of the last year, grown at a rate shrunk towards published ones."""
    flows = observations.flows(area, indicator)
    seen = list(_run(flows, _slots(flows, 1), positive=True))
    last_year = max(flow.span.end.year for flow in flows)
    notes: list[Both] = []
    if not seen or seen[-1].span.end.year < last_year:
        level = level_of_year(observations, area, indicator, last_year)
        notes.append(tell("foresee.level", year=last_year, how=Both(level.how, level.how_zh)))
        if seen and seen[-1].span.end.year + 1 < last_year:
            notes.append(tell("foresee.left_out_until", year=seen[-1].span.end.year))
            flows, seen = (), []
        seen.append(Flow(periods.months(last_year, 1, 12), level.value))
    notes += _unused_years(flows, seen)
    if seen[-1].value <= 0:
        raise ScenarioError(f"{indicator} of {area} stands at {seen[-1].value:g}: no growth leads away from there")
    ahead = _ahead(seen[-1].span, 1, goal)
    covered = {flow.span.end.year for flow in seen[1:]}
    own = {
        row.span.end.year: row.published_growth_percent
        for row in observations.of(area, indicator, *FLOWS)
        if row.published_growth_percent is not None and row.span.end.year not in covered
    }
    pool, pool_name = _pool(observations, area, indicator)
    try:
        found = forecast_pooled([flow.value for flow in seen], len(ahead), pool, own_growth_percent=list(own.values()))
    except ValueError as error:
        raise ScenarioError(f"{indicator} of {area}: {error}") from error
    notes.append(tell("foresee.borrowed", pool=pool_name))
    notes += [tell("foresee.own", percent=f"{percent:g}", year=year) for year, percent in own.items()]
    named = (area, indicator, observations.of(area, indicator, *FLOWS)[0].unit, "year")
    status = worst_status("derived", _status(observations, area, indicator, seen))
    return _foresight(named, seen, ahead, found, status, notes)


def _unused_years(flows: Sequence[Flow], seen: Sequence[Flow]) -> list[Both]:
    """Whole years that were published and are not used: a year after them is missing, or no growth leads on from them."""
    years = [flow.span.start.year for flow in flows if flow.span.kind == "year" and flow.span < seen[0].span]
    return [tell("foresee.left_out_short", first=min(years), last=max(years))] if years else []


def _pool(observations: Observations, area: str, indicator: str) -> tuple[list[float], Both]:
    """Published growth of other series: of the same indicator where there are 5, else of the same unit, else of all."""
    unit = observations.of(area, indicator, *FLOWS)[0].unit
    others = [
        row
        for row in observations.rows
        if row.published_growth_percent is not None and (row.area, row.indicator) != (area, indicator)
    ]
    for name, rows in (
        (
            tell("foresee.pool.areas", name=Both(indicator, known("series", indicator).zh)),
            [row for row in others if row.indicator == indicator],
        ),
        (
            tell("foresee.pool.unit", unit=Both(unit, bare_unit(unit, "zh"))),
            [row for row in others if row.unit == unit],
        ),
    ):
        if len(rows) >= 5:
            return [float(row.published_growth_percent or 0.0) for row in rows], name
    return [float(row.published_growth_percent or 0.0) for row in others], tell("foresee.pool.all")


def _slots(flows: Sequence[Flow], season: int) -> list[Span]:
    """Every step from the first to the last year of the flows."""
    first, last = min(flow.span.start.year for flow in flows), max(flow.span.end.year for flow in flows)
    return [span for year in range(first, last + 1) for span in _steps(year, season)]


def _steps(year: int, season: int) -> list[Span]:
    if season == 11:
        return [periods.months(year, 1, 2), *(periods.month(year, number) for number in range(3, 13))]
    if season == 4:
        return [periods.quarter(year, number) for number in range(1, 5)]
    return [periods.months(year, 1, 12)]


def _run(flows: Sequence[Flow], slots: Sequence[Span], *, positive: bool = False) -> tuple[Flow, ...]:
    """The latest unbroken run of steps that are published or can be added up."""
    found = [periods.find(flows, slot) for slot in slots]
    while found and found[-1] is None:
        found.pop()
    run: list[Flow] = []
    for flow in reversed(found):
        if flow is None or (positive and flow.value <= 0):
            break
        run.append(flow)
    return tuple(reversed(run))


def _ahead(last: Span, season: int, until_year: int) -> list[Span]:
    ahead = [
        span for year in range(last.end.year, until_year + 1) for span in _steps(year, season) if span.start > last.end
    ]
    if not ahead:
        raise ScenarioError(f"{until_year} is over: the last step seen is {last}")
    return ahead


def _status(observations: Observations, area: str, indicator: str, seen: Sequence[Flow]) -> Status:
    used = {span for flow in seen for span in ([term for _, term in flow.terms] or [flow.span])}
    rows = observations.of(area, indicator, *FLOWS)
    return worst_status("derived", *(row.status for row in rows if row.span in used))


def _notes(flows: Sequence[Flow], seen: Sequence[Flow], season: int) -> list[Both]:
    first = min(flow.span.start for flow in flows)
    if season == 1 and first.year < seen[0].span.start.year:
        return [tell("foresee.left_out_years", year=seen[0].span.start.year)]
    if first < seen[0].span.start:
        return [tell("foresee.left_out_steps", span=seen[0].span)]
    return []


def _break_note(seen: Sequence[Flow], found: Forecast) -> list[Both]:
    if found.break_at is None:
        return []
    return [tell("foresee.break", span=seen[found.break_at].span)]


def _one(value: float):
    import numpy as np

    return np.array([value])
