"""What many futures say, as tables under ``futures/``: for the report, the pages and whoever wants to compute on.

=====================  ==================================================================================================
``landmarks``          probability that all counted measures of a landmark are met in one future; last row: all landmarks
``measures``           target, median, 80 % band and probability of each measure that can be tested
``bands``              50, 80 and 95 % bands of each measure by year
``sweep``              probability that a measure lies on the wanted side of x, over a sweep of x; targets are never drawn
``binding``            what binds the port in which share of the futures
``ranking``            which inputs move a measure most: first-order and (where asked) total share of its variance, with intervals
``validation``         wait for a berth by the curve and by the simulation, in a sample of the futures
``without_projects``   chances with and without the projects of the plan, on the same draws; where projects are opened
``projects``           share of the futures in which each project is finished by the target year; where projects are opened
=====================  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from qujiang.plan.result import LandmarkAnswer
from qujiang.plan.validation import Check

#: Levels of the bands.
LEVELS = (0.50, 0.80, 0.95)
#: Number of the row of ``landmarks`` that asks for all of them.
EVERY = 0


def futures_tables(
    landmarks: Sequence[LandmarkAnswer], summary: Mapping[str, Any], bands: pl.DataFrame, checks: Sequence[Check]
) -> dict[str, pl.DataFrame]:
    """All tables, by ``futures/<name>``."""
    measures = [(landmark.number, measure) for landmark in landmarks for measure in landmark.measures]
    bare = {"futures/without_projects": _without(landmarks, summary)} if "without" in summary else {}
    return bare | {
        "futures/landmarks": _landmarks(landmarks, summary),
        "futures/measures": pl.DataFrame(
            [
                (number, m.id, m.name_zh, m.name_en, m.unit, m.bound, m.counts, m.today, m.target, m.target_year, m.low,
                 m.median, m.high, m.probability)
                for number, m in measures
            ],
            schema={
                "landmark_no": pl.Int64, "measure": pl.String, "name_zh": pl.String, "name_en": pl.String,
                "unit": pl.String, "bound": pl.String, "counts": pl.Boolean, "today_value": pl.Float64,
                "target_value": pl.Float64, "target_year": pl.Int64, "low80_value": pl.Float64,
                "median_value": pl.Float64, "high80_value": pl.Float64, "probability_share": pl.Float64,
            },
            orient="row",
        ),
        "futures/bands": bands,
        "futures/sweep": pl.DataFrame(
            [(m.id, m.unit, p["x"], p["probability"], p["x"] == m.target) for _, m in measures for p in m.sweep],
            schema={
                "measure": pl.String, "unit": pl.String, "x_value": pl.Float64, "probability_share": pl.Float64,
                "is_target": pl.Boolean,
            },
            orient="row",
        ),
        "futures/binding": pl.DataFrame(
            [(row["kind"], row["lock"], row["what_zh"], row["what"], row["share"]) for row in summary["binds"]],
            schema={
                "kind": pl.String, "lock": pl.String, "name_zh": pl.String, "name_en": pl.String,
                "futures_share": pl.Float64,
            },
            orient="row",
        ),
        "futures/ranking": _ranking(summary["assumptions"]),
        "futures/validation": _validation(checks),
    }  # fmt: skip


def _landmarks(landmarks: Sequence[LandmarkAnswer], summary: Mapping[str, Any]) -> pl.DataFrame:
    rows = [(x.number, x.name_zh, x.name_en, x.probability, x.probability_at_most) for x in landmarks]
    every = summary["all_six"]
    rows.append((EVERY, "全部成果", "all landmarks together", every["probability"], every["probability_at_most"]))
    count = summary["count"]
    errors = [None if p is None else float(np.sqrt(p * (1 - p) / count)) for *_, p, _ in rows]
    return pl.DataFrame(
        [(*row, error) for row, error in zip(rows, errors, strict=True)],
        schema={
            "landmark_no": pl.Int64, "name_zh": pl.String, "name_en": pl.String, "probability_share": pl.Float64,
            "probability_at_most_share": pl.Float64, "standard_error_share": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def _without(landmarks: Sequence[LandmarkAnswer], summary: Mapping[str, Any]) -> pl.DataFrame:
    """Every landmark (measure empty), all of them, and every measure that has a probability."""
    bare = summary["without"]
    chances = {row["landmark"]: row["probability"] for row in bare["landmarks"]}
    of_measure = {row["measure"]: row for row in bare["measures"]}
    rows: list[tuple[Any, ...]] = []
    for x in landmarks:
        rows.append((x.number, None, x.name_zh, x.name_en, None, None, None, chances[x.number], x.probability))
        for m in x.measures:
            old = of_measure.get(m.id)
            if old is not None or m.probability is not None:
                middle, chance = (None, None) if old is None else (old["median"], old["probability"])
                rows.append((x.number, m.id, m.name_zh, m.name_en, m.unit, middle, m.median, chance, m.probability))
    every = bare["all_six"]["probability"], summary["all_six"]["probability"]
    rows.append((EVERY, None, "全部成果", "all landmarks together", None, None, None, *every))
    return pl.DataFrame(
        rows,
        schema={
            "landmark_no": pl.Int64, "measure": pl.String, "name_zh": pl.String, "name_en": pl.String, "unit": pl.String,
            "median_without_value": pl.Float64, "median_value": pl.Float64, "probability_without_share": pl.Float64,
            "probability_share": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def _ranking(assumptions: Mapping[str, Sequence[Mapping[str, Any]]]) -> pl.DataFrame:
    rows = [
        (measure, place, e["key"], e["name_zh"], e["name_en"], e["rank_correlation"], e["first_order"], e["low"],
         e["high"], e["total"], e["total_low"], e["total_high"])
        for measure, effects in assumptions.items()
        for place, e in enumerate(effects, 1)
    ]  # fmt: skip
    return pl.DataFrame(
        rows,
        schema={
            "measure": pl.String, "rank": pl.Int64, "input": pl.String, "name_zh": pl.String, "name_en": pl.String,
            "rank_correlation_ratio": pl.Float64, "first_order_share": pl.Float64, "low90_share": pl.Float64,
            "high90_share": pl.Float64, "total_share": pl.Float64, "total_low90_share": pl.Float64,
            "total_high90_share": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def _validation(checks: Sequence[Check]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (c.future, c.berths, c.flow_t_per_year, c.utilisation_share, c.curve_wait_h, c.simulated_wait_h, c.low_wait_h,
             c.high_wait_h, c.difference_h)
            for c in checks
        ],
        schema={
            "future": pl.Int64, "berths": pl.String, "flow_t_per_year": pl.Float64, "utilisation_share": pl.Float64,
            "curve_wait_h": pl.Float64, "simulated_wait_h": pl.Float64, "low95_wait_h": pl.Float64,
            "high95_wait_h": pl.Float64, "difference_h": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def bands_of(courses: Mapping[str, tuple[str, Mapping[int, np.ndarray]]]) -> pl.DataFrame:
    """Bands by year from each measure's unit and its values in every future, by year."""
    ends = [(1 - level) / 2 for level in reversed(LEVELS)]
    asked = [*ends, 0.5, *(1 - end for end in reversed(ends))]
    rows = [
        (measure, unit, year, *np.quantile(values, asked).tolist())
        for measure, (unit, years) in courses.items()
        for year, values in years.items()
    ]
    names = [
        "low95_value",
        "low80_value",
        "low50_value",
        "median_value",
        "high50_value",
        "high80_value",
        "high95_value",
    ]
    schema = {"measure": pl.String, "unit": pl.String, "year": pl.Int64, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")
