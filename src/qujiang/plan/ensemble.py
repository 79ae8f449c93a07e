"""The plan over many futures: run the blocks on any number of processes, and say how likely each target is.

A block is addressed by its number, so its futures are the same on one process and on ten; blocks are put together in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang import __version__
from qujiang.errors import ScenarioError
from qujiang.methods import growth
from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.dated import read_dated
from qujiang.plan.delayed import project_rows, projects_table
from qujiang.plan.delays import with_delays
from qujiang.plan.futures import Block, FutureModel, build_model
from qujiang.plan.futures_summary import BAND, Ensemble, joint, met, rank, summarise, without_projects
from qujiang.plan.futures_tables import bands_of, futures_tables
from qujiang.plan.kept import Kept
from qujiang.plan.port import PortAnswer, answer_port, fit_freight, has_freight, target_year
from qujiang.plan.processes import run_blocks
from qujiang.plan.result import LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.sensitivity import Effect
from qujiang.plan.test import answer_plan
from qujiang.plan.totals import with_totals
from qujiang.plan.validation import summary, validate

if TYPE_CHECKING:
    from qujiang.district import District

Floats = np.ndarray
#: Called with the futures done and all that are asked for.
Progress = Callable[[int, int], None]
#: Points of the sweep of a target.
SWEEP_POINTS = 21


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
    totals: int = 0,
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
    totals
        For so many leading inputs of each measure of freight the total index is computed too: each costs a run of
        `totals.SAMPLE` futures more. Those of measures that no room computes cost nothing and are always there.
    progress
        Told after every block; with ``totals`` the futures that are run again count on from there.
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
    if totals < 0:
        raise ScenarioError(f"total indices of {totals} inputs: must be 0 or more")
    result, overlaid, port = answer_plan(district, scenario, projects)
    plain = district if scenario is None else district.with_scenario(scenario)
    kept = None if resume is None else Kept(resume, run_of(district, overlaid, plain, count, seed, projects))
    model = _model(district, plain, projects, overlaid, port)
    futures = run(model, count, seed, workers, progress, cluster=cluster, kept=kept)
    ranked = rank(result, model, futures, seed)

    def told(done: int, every: int) -> None:
        if progress is not None:
            progress(count + done, count + every)

    ranked = with_totals(model, ranked, futures.values, seed, totals, workers, cluster, told)
    answer = over_futures(result, model, futures, seed, overlaid, ranked)
    if kept is not None:
        kept.drop()
    return answer


test_futures.__test__ = False  # type: ignore[attr-defined]  # a verb of the house, not a test for pytest


def _model(
    district: District, without: District, projects: Sequence[str], overlaid: District, port: PortAnswer | None
) -> FutureModel:
    year = target_year(overlaid["measures"], district.info.base_year)
    dated = read_dated(district, without, year)
    if not projects and dated is None:
        return build_model(district, overlaid, port)
    fitted = None if port is None else fit_freight(district)

    def build(state: District) -> FutureModel:
        answered = None
        if has_freight(state):
            answered = answer_port(district, state, year, fitted=fitted, with_binders=False)
        return build_model(district, state, answered)

    return with_delays(without, tuple(dict.fromkeys(projects)), year, build, dated)


def run_of(
    district: District,
    overlaid: District,
    plain: District | None,
    count: int,
    seed: int,
    projects: Sequence[str] = (),
) -> dict[str, Any]:
    """What the blocks of a run depend on; ``plain`` is the district with its scenario and without the projects, None where there is no scenario."""
    return {
        "district_hash": district.hash,
        "scenario": None if overlaid.scenario is None else overlaid.scenario.name,
        "scenario_hash": None if overlaid is district else overlaid.hash,
        "projects": list(dict.fromkeys(projects)),
        "entries_of_projects": _entries_of_projects(plain),
        "futures": count,
        "seed": seed,
        "version": __version__,
        "packages": {name: version(name) for name in ("numpy", "scipy")},
    }


def _entries_of_projects(plain: District | None) -> list[list[str | None]]:
    """Entries of a scenario that belong to projects: what the tables do not show."""
    entries = () if plain is None or plain.scenario is None else plain.scenario.entries
    return [[entry.table, entry.project, entry.opens] for entry in entries if entry.project is not None]


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
        of_each("courses"), of_each("finish"), of_each("without"),
    )  # fmt: skip


def over_futures(
    result: PlanResult,
    model: FutureModel,
    futures: Ensemble,
    seed: int,
    tables: Mapping[str, pl.DataFrame] | None = None,
    ranked: Mapping[str, Sequence[Effect]] | None = None,
) -> PlanResult:
    """The base answer with what the futures say.

    Parameters
    ----------
    tables
        The district with its scenario: with it the port's simulation is asked about a sample of the futures.
    ranked
        Which inputs move each measure, where that was asked before (`rank`).
    """
    ranked = rank(result, model, futures, seed) if ranked is None else ranked
    landmarks = tuple(_landmark(landmark, model, futures) for landmark in result.landmarks)
    checks, refused = validate(tables, model, futures.figures, seed) if tables is not None else ([], [])
    said = {**summarise(result, landmarks, model, futures, seed, ranked), "validation": summary(checks, refused)}
    run_words = {**result.run, "seed": seed, "arguments": {**result.run.get("arguments", {}), "futures": futures.count}}
    measures = [m for landmark in landmarks for m in landmark.measures if m.probability is not None or m.years]
    courses = {m.id: (m.unit, dict(_courses(m, model, futures))) for m in measures}
    if model.delays is not None:
        said["without"] = without_projects(landmarks, futures)
    found = futures_tables(landmarks, said, bands_of(courses), checks)
    if model.delays is not None:
        said["projects"] = project_rows(model.delays, futures.finish, model.year, model.effects)
        found["futures/projects"] = projects_table(said["projects"])
    return replace(result, landmarks=landmarks, futures=said, run=run_words, tables={**result.tables, **found})


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
