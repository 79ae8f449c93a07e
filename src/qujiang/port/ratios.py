"""Wait over service of a design on given vessels: the figure by which designs and throughputs are compared.

Mean wait for a berth over mean time at the berth, all calls together; the first tenth of the calls is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from qujiang.port import kernels
from qujiang.port.arrivals import design, drawn
from qujiang.port.kernels import COLUMNS, STATIONS, Calls
from qujiang.port.problem import PortProblem
from qujiang.port.stages import stages

WARM_UP_SHARE = 0.1
LEAST_CALLS = 400


def year_of(problem: PortProblem, replications: Iterable[int], seed: int) -> list[Calls]:
    """A year's vessels and a tenth before them, for each replication: the same for every design of this traffic."""
    count = round((1 + WARM_UP_SHARE) * max(LEAST_CALLS, round(problem.calls_per_year)))
    return [drawn(problem, count, seed, replication) for replication in replications]


def ratios_on(problem: PortProblem, vessels: Sequence[Calls]) -> NDArray[np.float64]:
    """One design's ratio on each set of vessels [1]; inf where some stage cannot keep up."""
    if any(stage.overloaded for stage in stages(problem)):
        return np.full(len(vessels), math.inf)
    port = design(problem)
    return np.array([_ratio(port, calls) for calls in vessels])


def _ratio(port: kernels.Port, calls: Calls) -> float:
    count = len(calls.at_h)
    log, berth_of, gang_of = np.empty((count, COLUMNS)), np.full(count, -1), np.zeros(count, np.int64)
    kernels.run(port, calls, log, berth_of, gang_of, np.zeros(STATIONS), 0.0)
    called = np.flatnonzero(calls.side < 0)
    kept = log[called[round(len(called) * WARM_UP_SHARE / (1 + WARM_UP_SHARE)) :]]
    since = kept[:, kernels.LOCKED_IN if port.chambers else kernels.ARRIVED]
    service = (kept[:, kernels.LEFT] - kept[:, kernels.BERTHED]).sum()
    return float((kept[:, kernels.BERTHED] - since).sum() / service)


def ratios_of(problems: Sequence[PortProblem], vessels: Sequence[Calls], workers: int = 2) -> NDArray[np.float64]:
    """[design, replication] on the same vessels, designs shared out over the workers."""
    with ThreadPoolExecutor(workers) as pool:
        return np.array(list(pool.map(lambda problem: ratios_on(problem, vessels), problems)))


def ratios_spread(problem: PortProblem, vessels: Sequence[Calls], workers: int = 2) -> NDArray[np.float64]:
    """One design on many sets of vessels, the sets shared out over the workers."""
    parts = [vessels[k::workers] for k in range(workers)]
    answer = np.empty(len(vessels))
    with ThreadPoolExecutor(workers) as pool:
        for k, part in enumerate(pool.map(lambda p: ratios_on(problem, p), parts)):
            answer[k::workers] = part
    return answer
