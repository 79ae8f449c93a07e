"""Lorries at the gate: arrivals that change over the day, equal lanes; no lorry is simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.methods.compiled import kernel
from qujiang.methods.queues import wait_between
from qujiang.port.problem import Gate


@dataclass(frozen=True, slots=True)
class GateDay:
    """One gate over a day: mean wait of a lorry [h], its worst hour, use of the lanes; None waits where overloaded."""

    terminal: str
    lorries_per_day: float
    utilisation: float
    wait_h: float | None
    worst_wait_h: float | None


#: Longest queue of lorries that the chain keeps.
ROOM = 400
STEP_H = 1 / 30


def gate_day(gate: Gate, hours_h_per_year: float, *, service_cv2: float = 0.5) -> GateDay:
    """M(t)/G/n over a repeating day.

    The chain of M(t)/M/n is stepped through the day until it repeats itself (implicit Euler, 2 minutes); the result is
    scaled by what the exact steady queues of service variance ``service_cv2`` and of exponential service differ at the
    mean load. Overload is a mean load of 1 or more over the day; hours above 1 are carried into the next ones.
    """
    per_day = gate.t_per_year / gate.lorry_t / (hours_h_per_year / 24)
    utilisation = per_day / 24 * gate.service_h / gate.lane_count
    if utilisation >= 1:
        return GateDay(gate.terminal, per_day, utilisation, None, None)
    if per_day == 0:
        return GateDay(gate.terminal, 0.0, 0.0, 0.0, 0.0)
    rates = per_day * np.asarray(gate.profile) / sum(gate.profile)
    wait = _wait_over_day(rates, gate.lane_count, gate.service_h).reshape(24, -1)
    exponential = wait_between("M", gate.lane_count, utilisation, 1.0)
    shape = wait_between("M", gate.lane_count, utilisation, service_cv2) / exponential if exponential > 0 else 1.0
    mean = float(wait.mean(axis=1) @ rates / rates.sum()) * shape
    worst = float(wait[rates > 0].max()) * shape
    return GateDay(gate.terminal, per_day, utilisation, mean, worst)


def _wait_over_day(rates: np.ndarray, lanes: int, service_h: float) -> np.ndarray:
    """Mean wait of a lorry that comes at each step of the repeating day [h]."""
    steps = round(1 / STEP_H)
    share, queue = np.zeros(ROOM + 1), np.zeros(24 * steps)
    share[0] = 1.0
    for _ in range(60):
        before, queue = queue, np.empty(24 * steps)
        _step_through(np.ascontiguousarray(rates, dtype=float), lanes, service_h, steps, share, queue)
        if np.abs(queue - before).max() < 1e-9 * (1 + queue.max()):
            break
    return queue * service_h / lanes


@kernel
def _step_through(rates, lanes, service_h, steps, share, queue):
    """One day of implicit Euler steps on M(t)/M/n cut at ROOM; a tridiagonal solve each.

    ``queue`` receives the mean of (present - lanes + 1)^+, what an arrival has before it.
    """
    top = share.shape[0] - 1
    ratio, step_h = np.empty(top + 1), 1.0 / steps
    for step in range(rates.shape[0] * steps):
        up = rates[step // steps] * step_h
        # column i of the generator: out to i + 1 at rate up, down to i - 1 at rate end(i)
        pivot = 1.0 + up
        ratio[0] = -min(1, lanes) / service_h * step_h / pivot
        share[0] /= pivot
        for i in range(1, top + 1):
            end = min(i, lanes) / service_h * step_h
            pivot = 1.0 + (up if i < top else 0.0) + end + up * ratio[i - 1]
            ratio[i] = -min(i + 1, lanes) / service_h * step_h / pivot
            share[i] = (share[i] + up * share[i - 1]) / pivot
        waiting = max(0, top - lanes + 1) * share[top]
        for i in range(top - 1, -1, -1):
            share[i] -= ratio[i] * share[i + 1]
            waiting += max(0, i - lanes + 1) * share[i]
        queue[step] = waiting
