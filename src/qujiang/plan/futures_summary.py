"""What many futures say together: chances, what binds how often, which assumptions matter, and the plan without its projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qujiang.methods import growth
from qujiang.plan.delays import DELAY_CORRELATION, DELAY_MONTHS
from qujiang.plan.draws import (
    CARRIED_DEVIATION,
    GROUP_CORRELATION,
    GROWTH_DEVIATION,
    HELD,
    LANDMARK_CORRELATION,
    LOCK_CORRELATION,
    MOVING,
    Input,
)
from qujiang.plan.economy import driver_rows
from qujiang.plan.futures import FutureModel
from qujiang.plan.futures_limits import KINDS
from qujiang.plan.result import LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.sensitivity import Effect, ranking

Floats = np.ndarray
#: Ends of the band that is shown: 80 % of the futures lie inside.
BAND = (0.1, 0.9)
#: Joint probabilities are of the same futures, so they need no assumption of independence.
EVERYTHING = "all_six"


@dataclass(frozen=True, slots=True)
class Ensemble:
    """All futures; arrays have shape (futures,)."""

    values: Mapping[str, Floats]
    starts: Mapping[str, Floats]
    kinds: Floats
    locks: Floats
    points: Mapping[str, Floats]
    waits_h: Floats
    free_ratio: Floats
    contradicts: Floats
    figures: Mapping[str, Floats]
    steps: int
    courses: Mapping[str, Floats] = field(default_factory=dict)
    finish: Mapping[str, Floats] = field(default_factory=dict)
    without: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of futures."""
        return len(self.kinds)


def rank(result: PlanResult, model: FutureModel, futures: Ensemble, seed: int) -> dict[str, tuple[Effect, ...]]:
    """Which inputs move each measure that has a probability, most first."""
    inputs = inputs_of(model)
    every = [measure for landmark in result.landmarks for measure in landmark.measures]
    return {
        m.id: ranking(inputs, futures.points, futures.values[m.id], seed) for m in every if met(m, futures) is not None
    }


def met(measure: MeasureAnswer, futures: Ensemble) -> Floats | None:
    """Whether each future meets the target; None where today, target, year or course is unknown."""
    values = futures.values.get(measure.id)
    unknown = measure.today is None or measure.target_year is None
    if values is None or unknown or measure.status == "untestable" or measure.target is None:
        return None
    return np.asarray(growth.is_met(values, measure.target, measure.bound), dtype=bool)


def joint(measures: Sequence[MeasureAnswer], futures: Ensemble) -> tuple[float | None, float | None]:
    """Share of futures that meet all counted measures, None where one is unknown; and the most that it can be."""
    answers = [met(m, futures) for m in measures if m.counts]
    known = [answer for answer in answers if answer is not None]
    most = float(np.logical_and.reduce(known).mean()) if known else None
    return (most if answers and len(known) == len(answers) else None), most


def without_projects(landmarks: Sequence[LandmarkAnswer], futures: Ensemble) -> dict[str, Any]:
    """Chances of the same futures without the projects of the plan: same draws, so that the difference is the projects'."""
    bare = replace(futures, values=futures.without)
    every = [measure for landmark in landmarks for measure in landmark.measures]
    probability, most = joint(every, bare)
    rows, measures = [], []
    for landmark in landmarks:
        own, own_most = joint(landmark.measures, bare)
        rows.append({"landmark": landmark.number, "probability": own, "probability_at_most": own_most})
        probability = None if own is None else probability
        for m in landmark.measures:
            hit = met(m, bare)
            if hit is None:
                continue
            low, middle, high = (float(x) for x in np.quantile(bare.values[m.id], [BAND[0], 0.5, BAND[1]]))
            measures.append(
                {
                    "measure": m.id,
                    "unit": m.unit,
                    "low": low,
                    "median": middle,
                    "high": high,
                    "probability": float(hit.mean()),
                }
            )
    return {
        EVERYTHING: {"probability": probability, "probability_at_most": most},
        "landmarks": rows,
        "measures": measures,
    }


def summarise(
    result: PlanResult,
    landmarks: Sequence[LandmarkAnswer],
    model: FutureModel,
    futures: Ensemble,
    seed: int,
    ranked: Mapping[str, Sequence[Effect]],
) -> dict[str, Any]:
    every = [measure for landmark in landmarks for measure in landmark.measures]
    probability, most = joint(every, futures)
    if any(landmark.probability is None for landmark in landmarks):
        probability = None  # a landmark without a measure that counts is unknown as well
    return {
        "count": futures.count,
        "seed": seed,
        EVERYTHING: {"probability": probability, "probability_at_most": most},
        "standard_error_at_half": 0.5 / float(np.sqrt(futures.count)),
        "binds": _binds(result, model, futures),
        "assumptions": {name: [effect.as_dict() for effect in effects] for name, effects in ranked.items()},
        "inputs": len(inputs_of(model)),
        "waits": _waits(model, futures),
        "contradicts_today_share": float(np.mean(futures.contradicts)),
        "equilibrium_steps": futures.steps,
        "economy": list(driver_rows(model.drivers, model.foresight, futures.points)),
        "foreseen": {name: forecast.as_dict() for name, forecast in model.foreseen.items()},
        "laws": _laws() | (_delay_laws() if model.delays is not None else {}),
    }


def inputs_of(model: FutureModel) -> dict[str, Input]:
    sides = [side.inputs for side in (model.target, model.base) if side is not None]
    late = [] if model.delays is None else [model.delays.inputs]
    late += [] if model.effects is None else [model.effects.inputs]
    return {item.key: item for inputs in [*reversed(sides), model.foresight, *late] for item in inputs.items}


def _binds(result: PlanResult, model: FutureModel, futures: Ensemble) -> list[dict[str, Any]]:
    """What binds the port's throughput in which share of futures, the most frequent first."""
    if model.target is None:
        return []
    names = {row["lock"]: (row["name_en"], row["name_zh"]) for row in result.locks}
    words = {b.kind: (b.what, b.what_zh) for b in result.limits if b.kind != "lock_physical"}
    found = []
    for kind, lock in sorted(set(zip(futures.kinds.tolist(), futures.locks.tolist(), strict=True))):
        share = float(np.mean((futures.kinds == kind) & (futures.locks == lock)))
        name = KINDS[kind]
        identity = model.target.locks[lock].id if lock >= 0 else None
        what, what_zh = names.get(identity, (identity, identity)) if identity else words.get(name, (name, name))
        found.append({"kind": name, "lock": identity, "what": what, "what_zh": what_zh, "share": share})
    return sorted(found, key=lambda row: -row["share"])


def _waits(model: FutureModel, futures: Ensemble) -> dict[str, float] | None:
    """How much longer ships wait for a berth than today [h a call], and what waits and full capacities take off the flow [percent].

    None for a district without freight: no ship calls, so there is no wait of which to speak. Where no tonne would choose the
    port, nothing is taken off.
    """
    if model.target is None:
        return None
    low, middle, high = (float(x) for x in np.quantile(futures.waits_h, [BAND[0], 0.5, BAND[1]]))
    free = futures.free_ratio
    taken = 100 * np.subtract(1, np.divide(1, free, out=np.ones_like(free), where=free > 0))
    return {
        "low_h": low,
        "median_h": middle,
        "high_h": high,
        "flow_effect_median_percent": float(np.median(taken)),
        "flow_effect_largest_percent": float(np.abs(taken).max()),
    }


def _laws() -> dict[str, Any]:
    return {
        "group_correlation": GROUP_CORRELATION,
        "lock_correlation": LOCK_CORRELATION,
        "landmark_correlation": LANDMARK_CORRELATION,
        "growth_deviation_percent": GROWTH_DEVIATION,
        "carried_deviation_percent": CARRIED_DEVIATION,
        "moving_rates": list(MOVING),
        "held_rates": list(HELD),
    }


def _delay_laws() -> dict[str, Any]:
    return {"delay_months": list(DELAY_MONTHS), "delay_correlation": DELAY_CORRELATION}
