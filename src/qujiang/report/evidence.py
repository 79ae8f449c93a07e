"""What the answer rests on: known facts against the model, assumptions, tensions, the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from qujiang.plan.result import MeasureAnswer, PlanResult
from qujiang.report import answer
from qujiang.units import SUFFIXES
from qujiang.words import Both, both_numbers, both_of, known, number, percent, tell

ASSUMPTIONS_SHOWN = 40
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """One known fact beside the model."""

    name: Both
    use: Both
    value: Both
    tolerance: Both
    model: Both
    met: str
    words: Both
    note: Both


@dataclass(frozen=True, slots=True)
class Assumptions:
    """How many figures are assumed, and the first of them."""

    count: int
    rows: tuple[Mapping[str, Any], ...]


def facts(result: PlanResult) -> tuple[Fact, ...]:
    """Known facts, fitted or only compared, beside the model."""
    found = []
    for row in result.residuals:
        ends = {end: answer.figure(row[end], row["unit"]) for end in ("low", "high")}
        met = {True: "yes", False: "no"}.get(row["met"], "unknown")
        found.append(
            Fact(
                answer.fact_name(row),
                known("use", row["use"]),
                answer.figure(row["fact_value"], row["unit"]),
                tell("to", **ends),
                answer.figure(row["model_value"], row["unit"]),
                met,
                tell(answer.met_key(row["met"])),
                both_of(row, "note"),
            )
        )
    return tuple(found)


def moved(result: PlanResult) -> list[dict[str, Both]]:
    """Parameters that were moved to fit, with their ranges."""
    return [
        {"name": known("parameter", row["name"])}
        | {key: both_numbers(number, row[key]) for key in ("before", "low", "high", "after")}
        for row in result.calibration
    ]


def modal(result: PlanResult) -> list[dict[str, Any]]:
    """Modal constants and whether they are explained."""
    limit = answer.figure(answer.NOT_EXPLAINED_YUAN_PER_T, "yuan_per_t")
    return [
        {
            "mode": known("mode", row["mode"]),
            "constant": answer.figure(row["yuan_per_t"], "yuan_per_t"),
            "explained": answer.is_explained(row),
            "words": tell("modal.yes", limit=limit) if answer.is_explained(row) else tell("modal.no"),
        }
        for row in result.modal_constants
    ]


#: Tables whose bundled rows are made up as a whole and say so themselves.
SYNTHETIC = ("carriers", "suites", "leases", "firms_seeking")


def assumptions(district: Any) -> Assumptions:
    """The assumed figures of a district with their ranges."""
    frame: pl.DataFrame = district.assumptions()
    if "status" in frame.columns:  # documented and derived figures may have ranges too
        frame = frame.filter(pl.col("status") == "assumed")
    frame = frame.filter(~pl.col("table").is_in(SYNTHETIC))  # a made-up stock rests on nothing and bears on no landmark
    rows = []
    for row in frame.head(ASSUMPTIONS_SHOWN).to_dicts():
        shown = {key: _value(row[key]) for key in ("value", "low", "high")}
        source = row["source"]
        rows.append(row | shown | {"source": ";".join(source) if isinstance(source, list) else source})
    return Assumptions(frame.height, tuple(rows))


def tensions(result: PlanResult, district: Any) -> list[Both]:
    """Where the figures do not fit together, as far as this run shows, and the notes on the landmarks' figures."""
    found = [*_missed(result), *_unexplained(result), *_full_locks(result), *_assumed_targets(result)]
    return [*found, *_notes(result, district)]


def run_rows(result: PlanResult) -> list[tuple[Both, str]]:
    """Versions, input hash, seed and arguments, flat."""
    rows: list[tuple[Both, str]] = []
    for key, value in {**result.run, "district": result.district.get("id", "")}.items():
        words = known("run", key)
        if isinstance(value, Mapping):
            rows += [(Both(f"{words.en} {name}", f"{words.zh} {name}"), str(part)) for name, part in value.items()]
        else:
            rows.append((words, NOTHING if value is None else str(value)))
    return rows


def figure_rows(result: PlanResult) -> list[tuple[Both, Both]]:
    """Headline figures with their units, told by the ending of their names."""
    return [(known("figure", name), answer.figure(value, _unit(name))) for name, value in result.figures.items()]


def _unit(name: str) -> str:
    endings = [ending for ending in SUFFIXES if name.endswith(ending)]
    return max(endings, key=len)[1:] if endings else "count"


def _value(value: Any) -> Both:
    if isinstance(value, bool) or not isinstance(value, int | float):
        plain = NOTHING if value is None else str(value)
        return Both(plain, plain)
    return both_numbers(number, value)


def _missed(result: PlanResult) -> list[Both]:
    return [
        tell(
            "tension.fact",
            fact=answer.fact_name(row),
            known=answer.figure(row["fact_value"], row["unit"]),
            model=answer.figure(row["model_value"], row["unit"]),
            low=answer.figure(row["low"], row["unit"]),
            high=answer.figure(row["high"], row["unit"]),
        )
        for row in result.residuals
        if row["met"] is False
    ]


def _unexplained(result: PlanResult) -> list[Both]:
    return [
        tell("tension.modal", mode=known("mode", row["mode"]), constant=answer.figure(row["yuan_per_t"], "yuan_per_t"))
        for row in result.modal_constants
        if not answer.is_explained(row)
    ]


def _full_locks(result: PlanResult) -> list[Both]:
    return [
        tell("tension.lock", lock=answer.name_of(lock), load=both_numbers(percent, lock["load_share"]))
        for lock in result.locks
        if (lock.get("load_share") or 0) > 1
    ]


def _assumed_targets(result: PlanResult) -> list[Both]:
    """Which targets are assumed whole, and which only in their year."""
    counted = [measure for landmark in result.landmarks for measure in landmark.measures if measure.counts]
    whole = [measure for measure in counted if measure.target_status == "assumed"]
    year = [m for m in counted if m.target is not None and m not in whole and m.target_year_status == "assumed"]
    named = (("tension.target", whole), ("tension.year", year))
    return [tell(key, measures=_names(measures)) for key, measures in named if measures]


def _names(measures: list[MeasureAnswer]) -> Both:
    names = [answer.name_of(measure) for measure in measures]
    return Both("; ".join(name.en for name in names), "、".join(name.zh for name in names))


def _notes(result: PlanResult, district: Any) -> list[Both]:
    """Notes of the district on its measures."""
    rows = {row["id"]: row for row in table(district, "measures").to_dicts()}
    found = []
    for measure in (measure for landmark in result.landmarks for measure in landmark.measures):
        note = both_of(rows.get(measure.id, {}), "note")
        if note.en:
            found.append(tell("tension.note", measure=answer.name_of(measure), note=note))
    return found


def table(district: Any, name: str) -> pl.DataFrame:
    """A table of a district, empty where it has none."""
    try:
        return district[name]
    except KeyError:
        return pl.DataFrame()
