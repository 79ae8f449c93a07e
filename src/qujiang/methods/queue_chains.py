"""The chains behind ``queues``: E_k/E_m/n as a quasi-birth-death process, D/E_m/n at its arrivals.

A phase counts the services in each stage. With s services under way and m stages a phase is (i_1, …, i_m), Σ i = s.
Time is measured in mean services; each of the m stages of a service ends at rate m.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import ScenarioError

Matrix = NDArray[Any]


@lru_cache(maxsize=4096)
def phases(busy: int, stages: int) -> tuple[tuple[int, ...], ...]:
    """All ways in which ``busy`` services can stand in ``stages`` stages.

    >>> phases(2, 2)
    ((2, 0), (1, 1), (0, 2))
    """
    if stages == 1:
        return ((busy,),)
    return tuple((first, *rest) for first in range(busy, -1, -1) for rest in phases(busy - first, stages - 1))


@lru_cache(maxsize=1024)
def _moves(busy: int, stages: int) -> tuple[Matrix, Matrix, Matrix]:
    """Rates between phases with ``busy`` services: inside, an end without a successor, an end with a successor."""
    here = {phase: k for k, phase in enumerate(phases(busy, stages))}
    below = {phase: k for k, phase in enumerate(phases(busy - 1, stages))} if busy else {}
    inside, end, renew = (
        np.zeros((len(here),) * 2),
        np.zeros((len(here), max(1, len(below)))),
        np.zeros((len(here),) * 2),
    )
    for phase, row in here.items():
        for stage, count in enumerate(phase):
            if not count:
                continue
            rate, after = stages * count, list(phase)
            after[stage] -= 1
            if stage + 1 < stages:
                after[stage + 1] += 1
                inside[row, here[tuple(after)]] += rate
            else:
                end[row, below[tuple(after)]] += rate
                after[0] += 1
                renew[row, here[tuple(after)]] += rate
    return inside, end, renew


@lru_cache(maxsize=1024)
def _entries(busy: int, stages: int) -> Matrix:
    """Which phase with ``busy + 1`` services follows when one more enters its first stage."""
    above = {phase: k for k, phase in enumerate(phases(busy + 1, stages))}
    entry = np.zeros((len(phases(busy, stages)), len(above)))
    for row, phase in enumerate(phases(busy, stages)):
        entry[row, above[(phase[0] + 1, *phase[1:])]] = 1
    return entry


# -- E_k / E_m / n -----------------------------------------------------------------------------------------------------


def wait_erlang(gaps: int, stages: int, servers: int, utilisation: float) -> float:
    """E_k/E_m/n: mean wait over mean service [1], k = ``gaps`` and m = ``stages``."""
    load = servers * utilisation
    chain = _Chain(gaps, stages, servers, load)
    rate = chain.rate_above()
    full, mass_below = chain.level_at_full(rate)
    rest = np.linalg.inv(np.eye(len(rate)) - rate)
    above = rest @ np.ones(len(rate))
    waiting = full @ rate @ rest @ above
    return float(waiting / (mass_below + full @ above) / load)


class _Chain:
    """Blocks of E_k/E_m/n by level (number present); the arrival stage is the slow index of a phase."""

    def __init__(self, gaps: int, stages: int, servers: int, load: float) -> None:
        self.gaps, self.stages, self.servers, self.pace = gaps, stages, servers, gaps * load

    def up(self, level: int) -> Matrix:
        last = np.zeros((self.gaps, self.gaps))
        last[-1, 0] = self.pace
        busy = min(level, self.servers)
        enters = _entries(busy, self.stages) if level < self.servers else np.eye(len(phases(busy, self.stages)))
        return np.kron(last, enters)

    def local(self, level: int) -> Matrix:
        busy = min(level, self.servers)
        inside = _moves(busy, self.stages)[0]
        onward = np.diag(np.full(self.gaps - 1, self.pace), 1)
        block = np.kron(np.eye(self.gaps), inside) + np.kron(onward, np.eye(len(inside)))
        return block - (self.pace + self.stages * busy) * np.eye(len(block))

    def down(self, level: int) -> Matrix:
        _, end, renew = _moves(min(level, self.servers), self.stages)
        return np.kron(np.eye(self.gaps), renew if level > self.servers else end)

    def rate_above(self) -> Matrix:
        """R with level l+1 = level l · R from ``servers`` on, by logarithmic reduction of its dual G."""
        up, local, down = (block(self.servers + 1) for block in (self.up, self.local, self.down))
        climb, fall = np.linalg.solve(-local, up), np.linalg.solve(-local, down)
        returns, path = fall.copy(), climb.copy()
        for _ in range(64):
            mixed = np.eye(len(up)) - climb @ fall - fall @ climb
            climb, fall = np.linalg.solve(mixed, climb @ climb), np.linalg.solve(mixed, fall @ fall)
            step = path @ fall
            returns += step
            path = path @ climb
            if np.abs(path).max() < 1e-17 or np.abs(step).max() < 1e-17:
                break
        return up @ np.linalg.inv(-local - up @ returns)

    def level_at_full(self, rate: Matrix) -> tuple[Matrix, float]:
        """Level ``servers`` and the mass below it, on one unknown scale."""
        steps, after = [], rate @ self.down(self.servers + 1)
        for level in range(self.servers, 0, -1):
            step = self.up(level - 1) @ np.linalg.inv(-self.local(level) - after)
            steps.append(step)
            after = step @ self.down(level)
        balance = (self.local(0) + after).T
        balance[0] = 1
        at_level = np.linalg.solve(balance, np.eye(self.gaps)[0])
        below = 0.0
        for step in reversed(steps):
            below += at_level.sum()
            at_level = at_level @ step
        return at_level, float(below)


# -- D / E_m / n -------------------------------------------------------------------------------------------------------

MOST_SERVERS_CONSTANT_GAPS = 60


def wait_constant_gaps(stages: int, servers: int, utilisation: float) -> float:
    """D/E_m/n: mean wait over mean service [1]; m = 1 or 2; absolute error about 1e-12.

    The chain is watched just before arrivals. From ``servers`` present on, level l is Σ_j c_j z_j^(l-n) v_j: between two
    arrivals the n services move as independent renewing processes, so the decay factors are z_j = s_j^m with
    s_j = exp(-(1 - t_j s_j)/u), t_j = 1 for m = 1 and t_j = 1 - 2j/n, j = 0..n, for m = 2. Below ``servers`` the death
    process is followed over one gap, and the weights c_j and the lower levels come from one linear system.
    """
    if servers > MOST_SERVERS_CONSTANT_GAPS:
        raise ScenarioError(f"servers = {servers}: constant gaps are solved up to {MOST_SERVERS_CONSTANT_GAPS} servers")
    if stages / utilisation > 80 or (stages > 1 and wait_constant_gaps(1, servers, utilisation) < 1e-13):
        return 0.0  # exponential service waits longer, and even that is below the error
    roots = _decay_roots(stages, servers, utilisation)
    decay, vectors = roots**stages, _phase_vectors(roots, stages, servers)
    depth = servers + min(_departures_at_most(stages / utilisation), int(np.ceil(-92 / np.log(decay.max()))))
    before = _levels_before_arrival(stages, servers, depth, decay, vectors)
    after = _follow(_admit_one(before, stages, servers, depth), stages, servers, 1 / (servers * utilisation))
    low = sum(len(phases(level, stages)) for level in range(servers + 1))
    balance = after[:, :low] - before[:, :low]
    masses = np.concatenate([np.ones(len(before) - len(decay)), vectors.sum(1) / (1 - decay)])
    balance[:, 0] = masses
    weights = np.linalg.solve(balance.T, np.eye(low)[0])
    return _wait_at_full(weights[-len(decay) :], decay, vectors, stages, servers)


def _decay_roots(stages: int, servers: int, utilisation: float) -> Matrix:
    """Newton from 0 on s - exp(-(1 - t s)/u), concave in s: it climbs to the root inside the unit interval."""
    tilt = np.ones(1) if stages == 1 else 1 - 2 * np.arange(servers + 1) / servers
    roots = np.zeros(len(tilt))
    for _ in range(200):
        image = np.exp(-(1 - tilt * roots) / utilisation)
        step = (image - roots) / (1 - tilt / utilisation * image)
        roots = roots + step
        if np.abs(step).max() < 1e-16:
            break
    return roots


def _phase_vectors(roots: Matrix, stages: int, servers: int) -> Matrix:
    """Row j: coefficients of (s x + 1)^(n-j) (1 - s x)^j by the number in the first stage, scaled to 1."""
    if stages == 1:
        return np.ones((1, 1))
    rows = []
    for j, root in enumerate(roots):
        row = np.ones(1)
        for server in range(servers):
            row = np.convolve(row, [1.0, root if server >= j else -root])
        rows.append(row[::-1] / np.abs(row).max())  # phases run from all in the first stage downwards
    return np.array(rows)


def _departures_at_most(mean: float) -> int:
    return int(mean + 10 * np.sqrt(mean) + 30)


def _offsets(stages: int, servers: int, depth: int) -> list[int]:
    sizes = [len(phases(min(level, servers), stages)) for level in range(depth + 2)]
    return [0, *np.cumsum(sizes).tolist()]


def _levels_before_arrival(stages: int, servers: int, depth: int, decay: Matrix, vectors: Matrix) -> Matrix:
    """One row per unknown: every state below ``servers``, then every decay factor with its whole tail."""
    offsets = _offsets(stages, servers, depth)
    low = offsets[servers]
    rows = np.zeros((low + len(decay), offsets[depth + 2]))
    rows[:low, :low] = np.eye(low)
    for level in range(servers, depth + 1):
        rows[low:, offsets[level] : offsets[level + 1]] = vectors * (decay ** (level - servers))[:, None]
    return rows


def _admit_one(rows: Matrix, stages: int, servers: int, depth: int) -> Matrix:
    offsets = _offsets(stages, servers, depth)
    after = np.zeros_like(rows)
    for level in range(depth + 1):
        block = rows[:, offsets[level] : offsets[level + 1]]
        entered = block @ _entries(level, stages) if level < servers else block
        after[:, offsets[level + 1] : offsets[level + 2]] = entered
    return after


def _follow(rows: Matrix, stages: int, servers: int, gap: float) -> Matrix:
    """The rows after one gap without arrivals, by uniformization."""
    import scipy.sparse as sparse

    depth, width = 0, 0
    while width < rows.shape[1]:
        width += len(phases(min(depth, servers), stages))
        depth += 1
    blocks: list[list[Any]] = [[None] * depth for _ in range(depth)]
    pace = stages * servers
    for level in range(depth):
        busy = min(level, servers)
        inside, end, renew = _moves(busy, stages)
        blocks[level][level] = sparse.csr_array(inside / pace + np.eye(len(inside)) * (1 - stages * busy / pace))
        if level:
            blocks[level][level - 1] = sparse.csr_array((renew if level > servers else end) / pace)
    flow: Any = sparse.block_array(blocks, format="csr").T  # type: ignore[union-attr]
    total = np.zeros_like(rows.T)
    current, mean = np.ascontiguousarray(rows.T), pace * gap
    log_weight = -mean
    for k in range(_departures_at_most(mean) + 1):
        total += np.exp(log_weight) * current
        current = flow @ current
        log_weight += np.log(mean) - np.log(k + 1)
    return total.T


def _wait_at_full(weights: Matrix, decay: Matrix, vectors: Matrix, stages: int, servers: int) -> float:
    """Σ over levels: an arrival that finds n + m waits for m + 1 ends of service."""
    inside, _, renew = _moves(servers, stages)
    stay = stages * servers * np.eye(len(inside)) - inside
    first, shift = np.linalg.solve(stay, np.ones(len(inside))), np.linalg.solve(stay, renew)
    wait = 0.0
    for weight, factor, vector in zip(weights, decay, vectors, strict=True):
        wait += weight / (1 - factor) * (vector @ np.linalg.solve(np.eye(len(stay)) - factor * shift, first))
    return float(max(wait, 0.0))
