"""The plan over many futures: run the blocks on any number of processes, and say how likely each target is.

A block is addressed by its number, so its futures are the same on one process and on ten; blocks are put together in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang import __version__
from qujiang.errors import ScenarioError
from qujiang.methods import growth
from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.delays import DELAY_CORRELATION, DELAY_MONTHS, project_rows, projects_table, with_delays
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
from qujiang.plan.futures import Block, FutureModel, build_model
from qujiang.plan.futures_limits import KINDS
from qujiang.plan.futures_tables import bands_of, futures_tables
from qujiang.plan.kept import Kept
from qujiang.plan.port import PortAnswer, answer_port, fit_freight, has_freight, target_year
from qujiang.plan.processes import run_blocks
from qujiang.plan.result import LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.sensitivity import ranking
from qujiang.plan.test import answer_plan
from qujiang.plan.validation import summary, validate

if TYPE_CHECKING:
    from qujiang.district import District

Floats = np.ndarray
#: Called with the futures done and all that are asked for.
Progress = Callable[[int, int], None]
#: Ends of the band that is shown: 80 % of the futures lie inside.
BAND = (0.1, 0.9)
#: Points of the sweep of a target.
SWEEP_POINTS = 21
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

    @property
    def count(self) -> int:
        """Number of futures."""
        return len(self.kinds)


def test_futures(
    district: District,
    scenario: str | None = None,
    *,
    count: int,
    seed: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
    cluster: str | None = None,
    resume: Path | str | None = None,
    projects: Sequence[str] = (),
) -> PlanResult:
    """Test a plan over many futures.

    Parameters
    ----------
    count
        Futures; future i is the same whatever the count.
    seed
        Names the whole set of futures.
    workers
        Processes; the answer does not depend on it.
    projects
        Projects of the plan that are to be opened; each future draws by how much each is late.
    progress
        Told after every block.
    cluster
        Address of a Dask scheduler to run on, in place of ``workers``.
    resume
        A folder that keeps finished blocks: a run that was stopped goes on from there. It is emptied when the run is complete.

    Returns
    -------
    PlanResult
        The base future, with the median, band, probability and sweep of every measure that can be tested, the joint
        probability of every landmark, and under ``futures`` what binds how often and which assumptions move what.

    Raises
    ------
    ScenarioError
        Fewer than one future or process is asked for; the folder keeps another run; the cluster cannot be reached.
    """
    if count < 1 or workers < 1:
        raise ScenarioError(f"{count} futures on {workers} processes: must both be at least 1")
    result, overlaid, port = answer_plan(district, scenario, projects)
    kept = None if resume is None else Kept(resume, run_of(district, overlaid, scenario, count, seed))
    model = _model(district, scenario, projects, overlaid, port)
    futures = run(model, count, seed, workers, progress, cluster=cluster, kept=kept)
    answer = over_futures(result, model, futures, seed, overlaid)
    if kept is not None:
        kept.drop()
    return answer


test_futures.__test__ = False  # type: ignore[attr-defined]  # a verb of the house, not a test for pytest


def _model(
    district: District, scenario: str | None, projects: Sequence[str], overlaid: District, port: PortAnswer | None
) -> FutureModel:
    if not projects:
        return build_model(district, overlaid, port)
    without = district if scenario is None else district.with_scenario(scenario)
    fitted = None if port is None else fit_freight(district)
    year = target_year(overlaid["measures"], district.info.base_year)

    def build(state: District) -> FutureModel:
        answered = None
        if has_freight(state):
            answered = answer_port(district, state, year, fitted=fitted, with_binders=False)
        return build_model(district, state, answered)

    return with_delays(without, tuple(dict.fromkeys(projects)), year, build)


def run_of(district: District, overlaid: District, scenario: str | None, count: int, seed: int) -> dict[str, Any]:
    """What the blocks of a run depend on."""
    return {
        "district_hash": district.hash,
        "scenario": None if overlaid.scenario is None else overlaid.scenario.name,
        "scenario_hash": None if overlaid is district else overlaid.hash,
        "futures": count,
        "seed": seed,
        "version": __version__,
        "packages": {name: version(name) for name in ("numpy", "scipy")},
    }


def run(
    model: FutureModel,
    count: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
    *,
    cluster: str | None = None,
    kept: Kept | None = None,
) -> Ensemble:
    """Run the first ``count`` futures of a seed; blocks that are kept already are taken as they are."""
    numbers = range(-(-count // BLOCK))
    done = {number: block for number, block in (kept.blocks() if kept else ()) if number in numbers}

    def tell() -> None:
        if progress is not None:
            progress(min(len(done) * BLOCK, count), count)

    if done:
        tell()
    left = [number for number in numbers if number not in done]
    for number, block in run_blocks(model, seed, left, workers, cluster) if left else ():
        done[number] = block
        if kept is not None:
            kept.keep(number, block)
        tell()
    return _together([done[number] for number in numbers], count)


def _together(blocks: Sequence[Block], count: int) -> Ensemble:
    def joined(name: str) -> Floats:
        return np.concatenate([getattr(block, name) for block in blocks])[:count]

    def of_each(name: str) -> dict[str, Floats]:
        keys = getattr(blocks[0], name)
        return {key: np.concatenate([getattr(block, name)[key] for block in blocks])[:count] for key in keys}

    return Ensemble(
        of_each("values"), of_each("starts"), joined("kinds"), joined("locks"), of_each("points"), joined("waits_h"),
        joined("free_ratio"), joined("contradicts"), of_each("figures"), sum(block.steps for block in blocks),
        of_each("courses"), of_each("finish"),
    )  # fmt: skip


def over_futures(
    result: PlanResult,
    model: FutureModel,
    futures: Ensemble,
    seed: int,
    tables: Mapping[str, pl.DataFrame] | None = None,
) -> PlanResult:
    """The base answer with what the futures say.

    Parameters
    ----------
    tables
        The district with its scenario: with it the port's simulation is asked about a sample of the futures.
    """
    landmarks = tuple(_landmark(landmark, model, futures) for landmark in result.landmarks)
    checks, refused = validate(tables, model, futures.figures, seed) if tables is not None else ([], [])
    said = {**_summary(result, landmarks, model, futures, seed), "validation": summary(checks, refused)}
    run_words = {**result.run, "seed": seed, "arguments": {**result.run.get("arguments", {}), "futures": futures.count}}
    measures = [m for landmark in landmarks for m in landmark.measures if m.probability is not None or m.years]
    courses = {m.id: (m.unit, dict(_courses(m, model, futures))) for m in measures}
    found = futures_tables(landmarks, said, bands_of(courses), checks)
    if model.delays is not None:
        said["projects"] = project_rows(model.delays, futures.finish, model.year)
        found["futures/projects"] = projects_table(said["projects"])
    return replace(result, landmarks=landmarks, futures=said, run=run_words, tables={**result.tables, **found})


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


def _landmark(landmark: LandmarkAnswer, model: FutureModel, futures: Ensemble) -> LandmarkAnswer:
    measures = tuple(_measure(m, model, futures) for m in landmark.measures)
    probability, most = joint(measures, futures)
    return replace(landmark, measures=measures, probability=probability, probability_at_most=most)


def _measure(measure: MeasureAnswer, model: FutureModel, futures: Ensemble) -> MeasureAnswer:
    values = futures.values.get(measure.id)
    if values is None or measure.today is None or measure.status == "untestable":
        return measure
    low, middle, high = (float(x) for x in np.quantile(values, [BAND[0], 0.5, BAND[1]]))
    hit = met(measure, futures)
    return replace(
        measure,
        low=low,
        median=middle,
        high=high,
        probability=None if hit is None else float(hit.mean()),
        sweep=tuple(_sweep(measure, values)),
        years=tuple(_years(measure, model, futures)),
    )


def _sweep(measure: MeasureAnswer, values: Floats) -> Iterator[dict[str, float]]:
    """Probability of the wanted side of x over a sweep of x; the target itself is one of the points."""
    low, high = (float(x) for x in np.quantile(values, [0.005, 0.995]))
    points = set(np.linspace(low, high, SWEEP_POINTS).tolist()) | ({measure.target} if measure.target else set())
    for x in sorted(points):
        yield {"x": x, "probability": float(np.mean(growth.is_met(values, x, measure.bound)))}


def _years(measure: MeasureAnswer, model: FutureModel, futures: Ensemble) -> Iterator[dict[str, float]]:
    """Median and band of every year up to the target."""
    for year, course in _courses(measure, model, futures):
        low, middle, high = (float(x) for x in np.quantile(course, [BAND[0], 0.5, BAND[1]]))
        yield {"year": year, "low": low, "median": middle, "high": high}


def _courses(measure: MeasureAnswer, model: FutureModel, futures: Ensemble) -> Iterator[tuple[int, Floats]]:
    """Values of every year up to the target: each future goes from its start to its end at one growth."""
    first = model.paces.get(measure.id, (0.0, model.base_year))[1]
    last = measure.target_year or model.year
    start, end = futures.starts.get(measure.id), futures.values[measure.id]
    if start is None or last <= first or np.any(start <= 0) or np.any(end <= 0):
        return
    for year in range(first, last + 1):
        if f"{measure.id}:{year}" in futures.courses:
            yield year, futures.courses[f"{measure.id}:{year}"]
            continue
        yield year, start * (end / start) ** ((year - first) / (last - first))


def _summary(
    result: PlanResult, landmarks: Sequence[LandmarkAnswer], model: FutureModel, futures: Ensemble, seed: int
) -> dict[str, Any]:
    every = [measure for landmark in landmarks for measure in landmark.measures]
    probability, most = joint(every, futures)
    if any(landmark.probability is None for landmark in landmarks):
        probability = None  # a landmark without a measure that counts is unknown as well
    inputs = _inputs(model)
    return {
        "count": futures.count,
        "seed": seed,
        EVERYTHING: {"probability": probability, "probability_at_most": most},
        "standard_error_at_half": 0.5 / float(np.sqrt(futures.count)),
        "binds": _binds(result, model, futures),
        "assumptions": {
            m.id: [effect.as_dict() for effect in ranking(inputs, futures.points, futures.values[m.id], seed)]
            for m in every
            if m.probability is not None
        },
        "inputs": len(inputs),
        "waits": _waits(futures),
        "contradicts_today_share": float(np.mean(futures.contradicts)),
        "equilibrium_steps": futures.steps,
        "economy": list(driver_rows(model.drivers, model.foresight, futures.points)),
        "foreseen": {name: forecast.as_dict() for name, forecast in model.foreseen.items()},
        "laws": _laws() | (_delay_laws() if model.delays is not None else {}),
    }


def _inputs(model: FutureModel) -> dict[str, Input]:
    sides = [side.inputs for side in (model.target, model.base) if side is not None]
    late = [] if model.delays is None else [model.delays.inputs]
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


def _waits(futures: Ensemble) -> dict[str, float]:
    """How much longer ships wait for a berth than today [h a call], and what waits and full capacities take off the flow [percent]."""
    low, middle, high = (float(x) for x in np.quantile(futures.waits_h, [BAND[0], 0.5, BAND[1]]))
    taken = (1 - 1 / futures.free_ratio) * 100
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
