"""A year of the port, replicated until the answer is sure enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from qujiang.methods.output_analysis import Interval, drifts, mser5, t_interval
from qujiang.port import gate
from qujiang.port.arrivals import design, drawn
from qujiang.port.kernels import Port
from qujiang.port.path import Path, follow
from qujiang.port.problem import PortProblem
from qujiang.port.result import BEHIND, NOT_STEADY, OVERLOADED, STEADY, PortResult, StageResult
from qujiang.port.stages import Stage, openings, stages

FIRST, BATCH, MOST = 10, 10, 400
LEAST_CALLS = 400
#: A queue forgets how it began in about Stage.memory_h; so many of these are run in, and so many years at most.
MEMORIES, MOST_YEARS = 4.0, 25.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One replication in figures: by stage mean wait, use and ∫ of waits; time in port of each counted call."""

    wait_h: NDArray[np.float64]
    total_wait_h: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    queue: NDArray[np.float64]
    turnaround_h: NDArray[np.float64]  # mean, 90 %, 95 %
    wait_ratio: float


def simulate(
    problem: PortProblem,
    *,
    precision: float = 0.05,
    seed: int = 1,
    workers: int = 2,
    steady: bool = True,
    stop: Callable[[int, float], bool] | None = None,
) -> PortResult:
    """Simulate a year until the mean time in port is known to ± ``precision``.

    Parameters
    ----------
    problem
        The port and its calls.
    precision
        Relative half-width of the 95 % interval of the mean turnaround at which to stop.
    seed
        Names all draws; equal seeds give equal vessels to every design.
    workers
        Threads; the answer does not depend on it.
    steady
        True: the warm-up is cut by MSER-5. False: the run starts from ``problem.present`` and all of it counts.
    stop
        Asked after every batch with the replications done and the relative half-width.

    Returns
    -------
    PortResult
        An overloaded stage has no wait; what does not pass it is simulated all the same.
    """
    begin = time.perf_counter()
    known = stages(problem)
    running, left_out = _without_overload(problem, known)
    gates = tuple(gate.gate_day(g, problem.hours_h_per_year) for g in problem.gates)
    if running is None:
        none = tuple(_no_wait(problem, stage) for stage in known)
        return _result(problem, none, gates, None, None, (0, 0, "overload"), seed, begin)
    kept = stages(running)
    samples, cut, stopped_by = _replicate(running, kept, precision, seed, workers, steady, stop)
    if not samples:
        none = tuple(StageResult(stage.station, stage.name, NOT_STEADY, stage.offered) for stage in known)
        return _result(problem, none, gates, None, None, (FIRST, 0, "drift"), seed, begin)
    rows = _stage_results(problem, known, kept, samples, left_out)
    times = np.array([sample.turnaround_h for sample in samples])
    turnaround = None if left_out else {name: t_interval(times[:, k]) for k, name in enumerate(("mean", "p90", "p95"))}
    ratio = None if left_out else t_interval([sample.wait_ratio for sample in samples])
    return _result(problem, rows, gates, turnaround, ratio, (len(samples), cut, stopped_by), seed, begin)


def _result(
    problem: PortProblem,
    rows: tuple[StageResult, ...],
    gates: tuple[gate.GateDay, ...],
    turnaround: dict[str, Interval] | None,
    ratio: Interval | None,
    how: tuple[int, int, str],
    seed: int,
    begin: float,
) -> PortResult:
    return PortResult(
        calls_per_year=problem.calls_per_year,
        throughput_t_per_year=problem.t_per_year,
        stages=rows,
        gates=gates,
        turnaround=turnaround,
        wait_ratio=ratio,
        replications=how[0],
        warm_up_calls=how[1],
        stopped_by=how[2],
        seed=seed,
        seconds=time.perf_counter() - begin,
        assumptions=problem.assumptions,
    )


def endless(problem: PortProblem, stage: Stage) -> bool:
    """Whether a stage is overloaded, or so near to it that no run of years would settle."""
    return stage.overloaded or MEMORIES * stage.memory_h > MOST_YEARS * problem.hours_h_per_year


def _without_overload(problem: PortProblem, known: tuple[Stage, ...]) -> tuple[PortProblem | None, frozenset[int]]:
    """The port without the calls that would pass an overloaded stage; None where none are left."""
    over = [stage for stage in known if endless(problem, stage)]
    lock = None if any(stage.station == "lock" for stage in over) else problem.lock
    out = frozenset(k for stage in over if stage.station != "lock" for k in stage.kinds)
    if not over:
        return problem, out
    kinds = tuple(replace(kind, calls_per_year=0.0) if k in out else kind for k, kind in enumerate(problem.kinds))
    if sum(kind.calls_per_year for kind in kinds) <= 0 or (lock is None and problem.lock is not None):
        return None, frozenset(range(len(kinds)))
    present = tuple(
        v for v in problem.present if problem.kinds.index(next(k for k in problem.kinds if k.name == v.kind)) not in out
    )
    return replace(problem, kinds=kinds, lock=lock, present=present), out


def _replicate(
    problem: PortProblem,
    kept: tuple[Stage, ...],
    precision: float,
    seed: int,
    workers: int,
    steady: bool,
    stop: Callable[[int, float], bool] | None,
) -> tuple[list[Sample], int, str]:
    port = design(problem)
    counted = max(LEAST_CALLS, round(problem.calls_per_year))
    memory = max((stage.memory_h for stage in kept), default=0.0) * problem.calls_per_year / problem.hours_h_per_year
    run_in = max(counted // 4, LEAST_CALLS, math.ceil(MEMORIES * memory)) if steady else 0
    count = counted + run_in
    one = partial(_one_path, problem, port, count, seed)
    with ThreadPoolExecutor(workers) as pool:
        first = list(pool.map(one, range(FIRST)))
        cut = 0
        if steady:
            series = np.array([turnaround_h(path)[:count] for path in first])
            found = mser5(series.mean(axis=0))
            if drifts(series):
                return [], 0, "drift"
            cut = run_in if found is None else min(run_in, max(found, math.ceil(MEMORIES * memory)))
        samples = [measure(problem, path, kept, cut, counted) for path in first]
        while True:
            interval = t_interval([sample.turnaround_h[0] for sample in samples])
            width = interval.half_width / interval.mean if interval.mean > 0 else 0.0
            if width <= precision or len(samples) >= MOST or (stop is not None and stop(len(samples), width)):
                return samples, cut, "precision" if width <= precision else "cap" if len(samples) >= MOST else "stop"
            more = range(len(samples), len(samples) + BATCH)
            samples += pool.map(lambda r: measure(problem, one(r), kept, cut, counted), more)


def _one_path(problem: PortProblem, port: Port, count: int, seed: int, replication: int) -> Path:
    return follow(problem, drawn(problem, count, seed, replication), port=port)


def turnaround_h(path: Path) -> NDArray[np.float64]:
    """Time from arrival to the last lock or berth left, calls only, in order of arrival [h]."""
    end = path.at("locked_out") if path.port.chambers else path.at("left")
    return (end - path.at("arrived"))[path.calls.side < 0]


def measure(problem: PortProblem, path: Path, kept: tuple[Stage, ...], cut: int, counted: int) -> Sample:
    """One path's figures over the calls from ``cut`` on."""
    calls = path.calls.side < 0
    chosen = np.flatnonzero(calls)[cut : cut + counted]
    kind = path.calls.kind[chosen]
    since, until = float(path.at("arrived")[chosen[0]]), float(path.at("arrived")[chosen[-1]])
    span = max(until - since, 1e-12)
    wait, total, use = (np.full(len(kept), np.nan) for _ in range(3))
    for k, stage in enumerate(kept):
        waits = _waits_at(path, stage, chosen, kind)
        if waits.size:
            wait[k], total[k] = waits.mean(), waits.sum()
        use[k] = _use_of(problem, path, stage, since, until)
    times = turnaround_h(path)[cut : cut + counted]
    waiting = path.wait_h("berth")[chosen].mean()
    service = (path.at("left") - path.at("berthed"))[chosen].mean()
    quantiles = np.quantile(times, [0.9, 0.95])
    return Sample(wait, total, use, total / span, np.array([times.mean(), *quantiles]), float(waiting / service))


def _waits_at(path: Path, stage: Stage, chosen: NDArray[np.int64], kind: NDArray[np.int64]) -> NDArray[np.float64]:
    if stage.station == "lock":
        both = [path.wait_h("lock")[chosen], (path.at("lock_out") - path.at("left"))[chosen]]
        return np.concatenate(both)
    waits = path.wait_h(stage.station)[chosen[_members(path, stage)[kind]]]
    return waits[~np.isnan(waits)]


def _members(path: Path, stage: Stage) -> NDArray[np.bool_]:
    member = np.zeros(len(path.port.fit), np.bool_)
    member[list(stage.kinds)] = True
    return member


def _use_of(problem: PortProblem, path: Path, stage: Stage, since: float, until: float) -> float:
    """Busy over able within the window, from the log."""
    if stage.station == "lock":
        return np.nan
    own = np.flatnonzero((path.calls.side < 0) & _members(path, stage)[path.calls.kind])
    weight = np.ones(len(own))
    if stage.station == "berth":
        a, b = path.at("berthed"), path.at("left")
    elif stage.station == "crane":
        a, b, weight = path.at("craned"), path.at("done"), path.gang_of[own].astype(float)
    elif stage.station == "yard":
        a, b, weight = path.at("worked"), path.at("out"), path.calls.lot_t[own]
        if not np.isfinite(stage.servers):
            return 0.0
    elif stage.station == "customs":
        a, b = path.at("inspected"), path.at("released")
    else:
        return stage.offered
    held = np.clip(b[own], since, until) - np.clip(a[own], since, until)
    return float(np.nansum(held * weight)) / (until - since) / stage.servers


def _no_wait(problem: PortProblem, stage: Stage) -> StageResult:
    state = OVERLOADED if stage.overloaded else NOT_STEADY if endless(problem, stage) else BEHIND
    return StageResult(stage.station, stage.name, state, stage.offered)


def _stage_results(
    problem: PortProblem,
    known: tuple[Stage, ...],
    kept: tuple[Stage, ...],
    samples: list[Sample],
    left_out: frozenset[int],
) -> tuple[StageResult, ...]:
    total = float(np.nansum([np.nanmean([sample.total_wait_h[k] for sample in samples]) for k in range(len(kept))]))
    places = {(stage.station, stage.name): k for k, stage in enumerate(kept)}
    rows = []
    for stage in known:
        k = places.get((stage.station, stage.name))
        if endless(problem, stage) or k is None or set(stage.kinds) <= left_out:
            rows.append(_no_wait(problem, stage))
            continue
        waits = [sample.wait_h[k] for sample in samples if not np.isnan(sample.wait_h[k])]
        use = float(np.mean([sample.utilisation[k] for sample in samples]))
        part = float(np.nanmean([sample.total_wait_h[k] for sample in samples]) / total) if total > 0 else 0.0
        rows.append(
            StageResult(
                stage.station,
                stage.name,
                STEADY,
                stage.offered,
                wait=t_interval(waits) if len(waits) > 1 else None,
                utilisation=stage.offered if np.isnan(use) else use,
                queue=float(np.nanmean([sample.queue[k] for sample in samples])),
                exact_wait_h=kept[k].exact_wait_h,
                share_of_waiting=part,
                **openings(problem, stage),
            )
        )
    return tuple(rows)
