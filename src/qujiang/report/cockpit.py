"""A plan's answer as plain JSON for pages: every number with its unit, status and source; maps as compact tables.

A figure is ``{value, unit, status, source, how}``: ``status`` is documented, derived or assumed, ``source`` lists ids of
``sources``, ``how`` says in both languages how the number comes about where it is the model's. What a page shows is picked from
here; nothing is computed by a page.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qujiang.errors import NotFoundError
from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.years import YearFlows
from qujiang.report import answer
from qujiang.report.coverage import coverage
from qujiang.report.evidence import assumptions, table
from qujiang.words import Both, row_name, tell

#: Grows with every change of what an answer holds: a kept answer of another format is not read, but computed anew.
FORMAT = 2
MODEL = "MODEL"
Json = dict[str, Any]


def cockpit(result: PlanResult, district: Any, years: Sequence[YearFlows]) -> Json:
    """Everything that the pages of a plan show.

    Parameters
    ----------
    district
        The district that was tested, with its scenario.
    years
        Flows by year (``plan.years.flows_by_year``); empty where the district has no freight.
    """
    landmarks = [_landmark(landmark, result, district) for landmark in result.landmarks]
    return {
        "format": FORMAT,
        "district": dict(result.district),
        "scenario": None if result.scenario is None else dict(result.scenario),
        "answer": [{"en": s.en, "zh": s.zh} for s in answer.sentences(result, assumptions(district).count)],
        "landmarks": landmarks,
        "limits": _limits(result),
        "residuals": [dict(row) for row in result.residuals],
        "figures": _plain(result.figures),
        "futures": _futures(result),
        "changes": _changes(district),
        "sources": _sources(district, _sources_used(landmarks)),
        "map": map_tables(result, district, years),
        "run": dict(result.run),
    }


def read_cockpit(text: bytes | str) -> Json:
    """An answer that was kept.

    Raises
    ------
    NotFoundError
        It is of another format: its pages would lack what this program shows, or show it wrongly.
    """
    answer = json.loads(text)
    format_ = answer.get("format") if isinstance(answer, dict) else None
    if format_ != FORMAT:
        raise NotFoundError(
            f"this answer is of format {format_ or 'unknown'} and this program reads format {FORMAT}: run it again"
        )
    return answer


def figure(
    value: float | None, unit: str, status: str | None, source: Iterable[str] = (), how: Both | None = None
) -> Json | None:
    """One number with what a reader may ask about it; None where there is no number."""
    if value is None or not math.isfinite(value):
        return None
    told = None if how is None or not any(how) else {"en": how.en, "zh": how.zh}
    return {"value": float(value), "unit": unit, "status": status or "assumed", "source": list(source), "how": told}


def _landmark(landmark: LandmarkAnswer, result: PlanResult, district: Any) -> Json:
    rows = {row["id"]: row for row in table(district, "measures").to_dicts()}
    measures = [_measure(measure, rows.get(measure.id, {}), result) for measure in landmark.measures]
    leading = lead(landmark.measures)
    how = tell("cockpit.how.joint", count=_count(result))
    return {
        "number": landmark.number,
        "name": _both(answer.name_of(landmark)),
        "status": landmark.status,
        "reason": {"en": landmark.reason, "zh": landmark.reason_zh},
        "probability": figure(landmark.probability, "share", "assumed", (MODEL,), how),
        "probability_at_most": figure(landmark.probability_at_most, "share", "assumed", (MODEL,), how),
        "lead": None if leading is None else leading.id,
        "measures": measures,
    }


def lead(measures: Sequence[MeasureAnswer]) -> MeasureAnswer | None:
    """The measure that decides a landmark: of the counted ones the furthest from being met, in the order of verdicts.

    Off track comes before what cannot be tested, then on track, then met; of equal verdicts the least probable.
    """
    order = {"off_track": 0, "untestable": 1, "unknown": 1, "on_track": 2, "met": 3}
    counted = [measure for measure in measures if measure.counts] or list(measures)

    def rank(measure: MeasureAnswer) -> tuple[int, float]:
        return order.get(measure.status, 1), 1.0 if measure.probability is None else measure.probability

    return min(counted, key=rank, default=None)


def _measure(measure: MeasureAnswer, row: Mapping[str, Any], result: PlanResult) -> Json:
    unit, sources = measure.unit, _split(measure.source)
    basis, chance = Both(measure.basis, measure.basis_zh), tell("cockpit.how.futures", count=_count(result))
    model = "assumed" if measure.assumed else "derived"
    target_status = measure.target_status
    if measure.target is not None and measure.target_year_status == "assumed" and target_status != "assumed":
        target_how = tell("cockpit.how.target_year")
    else:
        target_how = None
    ranking = (result.futures or {}).get("assumptions", {}).get(measure.id, [])
    return {
        "id": measure.id,
        "name": _both(answer.name_of(measure)),
        "unit": unit,
        "bound": measure.bound,
        "counts": measure.counts,
        "status": measure.status,
        "reason": {"en": measure.reason, "zh": measure.reason_zh},
        "note": row.get("note") or "",
        "note_zh": row.get("note_zh") or "",
        "today": figure(measure.today, unit, measure.today_status, sources, _year_of(row)),
        "target": figure(measure.target, unit, target_status, sources, target_how),
        "target_year": measure.target_year,
        "target_year_status": measure.target_year_status,
        "base": figure(measure.median, unit, model, (MODEL, *sources), basis if measure.low is None else chance),
        "low": figure(measure.low, unit, "assumed", (MODEL,), chance),
        "high": figure(measure.high, unit, "assumed", (MODEL,), chance),
        "probability": figure(measure.probability, "share", "assumed", (MODEL,), chance),
        "growth_needed": figure(measure.required_growth_percent_per_year, "percent_per_year", "derived", sources),
        "binds": [_binder(binder) for binder in measure.binds if binder.gain > 0],
        "binds_none": measure.status != "untestable" and not any(binder.gain > 0 for binder in measure.binds),
        "sweep": [dict(point) for point in measure.sweep],
        "years": [dict(point) for point in measure.years],
        "ranking": [dict(effect) for effect in ranking],
    }


def _year_of(row: Mapping[str, Any]) -> Both | None:
    return tell("cockpit.how.year", year=row["today_year"]) if row.get("today_year") else None


def _binder(binder: Binder) -> Json:
    status = "assumed" if binder.assumed else "derived"
    return {
        "what": {"en": binder.what, "zh": binder.what_zh},
        "kind": binder.kind,
        "gain": figure(binder.gain, binder.unit, status, (MODEL,), tell("cockpit.how.gain")),
        "level": None
        if binder.kind in answer.WITHOUT_LEVEL
        else figure(binder.level, binder.unit, status, (MODEL,), tell("cockpit.how.level")),
    }


def _limits(result: PlanResult) -> Json:
    shown, left = answer.shown_limits(result)
    return {"shown": [_binder(limit) for limit in shown], "left_out": left}


def _futures(result: PlanResult) -> Json | None:
    if result.futures is None:
        return None
    kept = ("count", "seed", "standard_error_at_half", "binds", "waits", "contradicts_today_share", "all_six", "inputs")
    return {name: result.futures[name] for name in kept if name in result.futures}


def _count(result: PlanResult) -> str:
    return "0" if result.futures is None else f"{result.futures['count']:,}"


def _changes(district: Any) -> list[Json]:
    """Every cell and row that the scenario changed."""
    names = ("verb", "table", "row_id", "column", "before", "after", "reason")
    return [{name: getattr(change, name) for name in names} for change in getattr(district, "changes", ())]


def _sources_used(landmarks: Sequence[Json]) -> set[str]:
    used = set[str]()
    for landmark in landmarks:
        for measure in landmark["measures"]:
            for part in ("today", "target", "base", "growth_needed"):
                used |= set((measure[part] or {}).get("source", ()))
    return used


def _sources(district: Any, used: set[str]) -> Json:
    rows = {row["id"]: row for row in table(district, "sources").to_dicts()}
    found = {
        name: {
            key: value
            for key in ("title", "title_en", "title_zh", "address", "confidence")
            if isinstance(value := rows[name].get(key), str) and value
        }
        for name in sorted(used)
        if name in rows
    }
    model = tell("cockpit.source.model")
    return found | {MODEL: {"title": model.en, "title_en": model.en, "title_zh": model.zh}}


def map_tables(result: PlanResult, district: Any, years: Sequence[YearFlows]) -> Json:
    """What the map is drawn from: places, links with tonnes by year and cargo, locks by year, terminals, venues, coverage."""
    places = {row["id"]: row for row in table(district, "places").to_dicts() if _on_map(row)}
    links = _links(years)
    used = {place for link in links for place in (link["from"], link["to"])}
    terminals = [_terminal(row, places) for row in table(district, "terminals").to_dicts()]
    venues = [_venue(row) for row in table(district, "venues").to_dicts()]
    info = getattr(district, "info", None)
    return {
        "years": [year.year for year in years],
        "port": getattr(info, "port_place", None),
        "attribution": getattr(info, "attribution", ""),
        "places": {name: _place(places[name]) for name in sorted(used & set(places))},
        "cargoes": _cargoes(district, links),
        "links": links,
        "totals": [_totals(year) for year in years],
        "locks": [_locks(year) for year in years],
        "terminals": terminals,
        "venues": venues,
        "coverage": coverage(venues),
    }


def _links(years: Sequence[YearFlows]) -> list[Json]:
    """Tonnes of every link and cargo, one number a year; whole tonnes."""
    found: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for at, year in enumerate(years):
        for (mode, a, b, cargo), tonnes in year.links.items():
            rows = found.setdefault((mode, a, b), {})
            rows.setdefault(cargo, [0] * len(years))[at] = round(tonnes)
    return [{"mode": m, "from": a, "to": b, "cargo": cargo} for (m, a, b), cargo in sorted(found.items())]


def _totals(year: YearFlows) -> Json:
    return {
        "year": year.year,
        "throughput_t_per_year": year.throughput_t_per_year,
        "boxes_teu_per_year": year.boxes_teu_per_year,
        "co2e_t_per_year": year.co2e_t_per_year,
    }


def _locks(year: YearFlows) -> list[Json]:
    return [_plain(lock) for lock in year.locks]


def _cargoes(district: Any, links: Sequence[Json]) -> Json:
    used = {cargo for link in links for cargo in link["cargo"]}
    return {
        row["id"]: {"en": row["name_en"], "zh": row["name_zh"]}
        for row in table(district, "cargoes").to_dicts()
        if row["id"] in used
    }


def _place(row: Mapping[str, Any]) -> Json:
    return {
        "en": row["name_en"], "zh": row["name_zh"], "kind": row["kind"], "lon": row["lon_deg"], "lat": row["lat_deg"],
        "status": row.get("coord_status") or row["status"],
    }  # fmt: skip


def _terminal(row: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> Json:
    at = places.get(row["place"], {})
    return {
        "id": row["id"], "name": row["name"], **_both(row_name(row)), "place": row["place"], "state": row["state"],
        "is_total": bool(row["is_total"]), "lon": at.get("lon_deg"), "lat": at.get("lat_deg"),
        "capacity": figure(row["capacity_t_per_year"], "tonnes_per_year", row["status"], row["source"] or ()),
        "berths": figure(row["berth_count"], "count", row["status"], row["source"] or ()),
    }  # fmt: skip


def _venue(row: Mapping[str, Any]) -> Json:
    return {
        "id": row["id"], "en": row["name_en"], "zh": row["name_zh"], "kind": row["kind"], "state": row["state"],
        "lon": row["lon_deg"], "lat": row["lat_deg"], "status": row.get("coord_status") or row["status"],
        "source": list(row["source"] or ()),
    }  # fmt: skip


def _on_map(row: Mapping[str, Any]) -> bool:
    return row.get("lon_deg") is not None and row.get("lat_deg") is not None


def _plain(row: Mapping[str, Any]) -> Json:
    """A record for JSON: what is no number becomes None."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _both(words: Both) -> Json:
    return {"en": words.en, "zh": words.zh}
