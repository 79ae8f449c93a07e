"""Where indicators go and what the targets ask, as plain records for pages and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from qujiang.district.economy import points_faster
from qujiang.district.observations import FLOWS, Observations
from qujiang.district.observations import read as read_observations
from qujiang.errors import ScenarioError
from qujiang.methods.growth import SHAPES
from qujiang.outlook.foresee import Foresight, foresee
from qujiang.outlook.measures import judge_all
from qujiang.report.evidence import table
from qujiang.words import Both, both_of, listed

Json = dict[str, Any]
BAND = 0.8
MODEL = "MODEL"


def targets(district: Any, answer: Mapping[str, Any] | None) -> list[Json]:
    """Every measure: today, target, what it asks a year, where it goes, its arrow and light.

    Parameters
    ----------
    answer
        The plan's kept answer, whose values stand for the measures that freight computes; without it those are not known.
    """
    info = district.info
    given = _computed(district, answer)
    observations = read_observations(table(district, "observations"))
    faster = points_faster({"economy_growth": table(district, "economy_growth")})
    states = judge_all(
        table(district, "measures"), given, observations, now_year=info.base_year, area=info.name_zh, faster=faster
    )
    sources = {row["id"]: _sources(row["source"]) for row in table(district, "measures").to_dicts()}
    return [
        _target(asdict(state), sources[state.id]) | {"light": state.light, "shape": SHAPES[state.arrow]}
        for state in states
    ]


def _target(state: Json, sources: list[str]) -> Json:
    """A judged measure with its sources; what a target asks is no surer than today's figure, the target and its year."""
    parts = [state[f"{name}_status"] for name in ("today", "target", "target_year")]
    asks = "assumed" if "assumed" in parts else "derived"
    return state | {"source": sources, "base_source": [MODEL, *sources], "asks_status": asks}


def _sources(cell: str | list[str] | None) -> list[str]:
    return [name for name in (cell.split(";") if isinstance(cell, str) else cell or ()) if name]


def _computed(district: Any, answer: Mapping[str, Any] | None) -> dict[str, float]:
    if answer is None:
        return {}
    of_freight = {
        row["id"] for row in table(district, "measures").to_dicts() if (row["model"] or "").startswith("freight")
    }
    measures = [measure for landmark in answer["landmarks"] for measure in landmark["measures"]]
    return {m["id"]: m["base"]["value"] for m in measures if m["id"] in of_freight and m["base"] is not None}


def series(district: Any) -> list[Json]:
    """Every series of flows that was observed, with its latest value and growth, the district's own first."""
    observations = read_observations(table(district, "observations"))
    found: dict[tuple[str, str], Json] = {}
    for row in observations.rows:
        key = (row.indicator, row.area)
        if row.basis not in FLOWS or key in found:
            continue
        rows = observations.of(row.area, row.indicator, *FLOWS)
        grown = observations.latest_growth(row.area, row.indicator)
        last = rows[-1]
        found[key] = {
            "indicator": row.indicator,
            "area": row.area,
            "unit": last.unit,
            "points": len(rows),
            "last_period": str(last.span),
            "last_value": last.value,
            "status": last.status,
            "source": last.source,
            "growth_percent": None if grown is None else grown.published_growth_percent,
            "growth_period": None if grown is None else str(grown.span),
        }
    own = (district.info.name_zh, district.info.port_area)
    return sorted(found.values(), key=lambda one: (one["area"] not in own, one["indicator"], one["area"]))


def one_series(district: Any, area: str, indicator: str, until_year: int | None = None) -> Json:
    """One series: what was published, and where it goes with its bands.

    Raises
    ------
    ScenarioError
        There is no such series. One that cannot be forecast has ``forecast`` None and says ``why``.
    """
    observations = read_observations(table(district, "observations"))
    rows = observations.of(area, indicator, *FLOWS)
    if not rows:
        raise ScenarioError(f"no flow of {indicator} in {area}")
    titles = {row["id"]: both_of(row, "title") for row in table(district, "sources").to_dicts()}
    published = [
        {
            "period": str(row.span),
            "year": row.span.end.year,
            "whole_year": row.span.whole_months == 12,
            "value": row.value,
            "published_growth_percent": row.published_growth_percent,
            "status": row.status,
            "source": row.source,
            "source_en": told.en,
            "source_zh": told.zh,
        }
        for row in rows
        for told in [listed(titles.get(id_, Both(id_, id_)) for id_ in row.source.split(";") if id_)]
    ]
    forecast, why = _forecast(observations, area, indicator, until_year)
    return {
        "indicator": indicator,
        "area": area,
        "unit": rows[0].unit,
        "published": published,
        "forecast": None if forecast is None else _years(forecast),
        "why": why,
        "forecast_status": None if forecast is None else forecast.status,
        "rests_on": [] if forecast is None else list(forecast.rests_on),
        "rests_on_zh": [] if forecast is None else list(forecast.rests_on_zh),
        "points": 0 if forecast is None else forecast.forecast.points_count,
    }


def _forecast(observations: Observations, area: str, indicator: str, until: int | None) -> tuple[Foresight | None, str]:
    try:
        return foresee(observations, area, indicator, until_year=until), ""
    except ScenarioError as error:
        return None, str(error)


def _years(found: Foresight) -> list[Json]:
    return [
        {
            "year": year.year,
            "known": year.known_value,
            "median": year.median_value,
            "low": {f"{level:g}": float(value) for level, value in year.low_value.items()},
            "high": {f"{level:g}": float(value) for level, value in year.high_value.items()},
        }
        for year in found.years
    ]
