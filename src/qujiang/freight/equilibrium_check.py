"""An equilibrium recomputed from its flows alone: costs from the components of legs, waits from the curves, gap, conservation.

Nothing here is shared with the search: costs come from priced legs and not from the arrays that the search was given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.assign import generalized_cost
from qujiang.freight.shared import SharedChains, delayed_legs
from qujiang.methods.delay import delay, delay_slope

#: Chains so far behind the best one, in units of the logit, that they may be without any flow.
UNSEEN = 90.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What the flows say. ``cost`` by chain [yuan/t, for others yuan a vessel], ``logsum`` by group (the least cost where
    choice is deterministic). ``relative_gap`` is (total - cheapest) / total; for logit choice both at perceived cost.
    ``residual`` is the largest share by which a capacity is passed, or by which a price stands where room is left.
    """

    flow: np.ndarray
    wait_h: np.ndarray
    toll_yuan: np.ndarray
    cost: np.ndarray
    logsum: np.ndarray
    relative_gap: float
    conservation_error: float
    residual: float
    social_yuan: float


def check(
    shared: SharedChains, amount: np.ndarray, price: np.ndarray, kind: str, *, at: Checked | None = None
) -> Checked:
    """Recompute everything at these amounts, or only the costs at the waits and tolls of another answer (``at``)."""
    flow, wait, toll = _resources(shared, amount, kind) if at is None else (at.flow, at.wait_h, at.toll_yuan)
    cost = _costs(shared, wait, toll, price)
    groups = shared.set.demand.size
    least = _least(cost, shared.set.group, groups)
    if at is not None:
        return Checked(flow, wait, toll, cost, least, np.nan, np.nan, np.nan, np.nan)
    if kind == "stochastic":
        scale, size = shared.scale[shared.set.group], shared.set.path_size
        share = amount / np.maximum(shared.set.demand[shared.set.group], 1e-300)
        mixing = np.log(np.where(share > 0, share, 1.0) / size) / scale
        seen = np.where(share > 0, cost + mixing, np.inf)  # at equilibrium equal for all chains of a group: the logsum
        worst = _unseen(shared, amount, cost, seen)
        logsum = _logsum(cost - np.log(size) / scale, shared)
        total = float(amount @ cost)
        gap = float(amount[amount > 0] @ seen[amount > 0]) - float(
            _wanted(shared) @ _least(seen, shared.set.group, groups)
        )
        gap = max(gap, worst * total)
    else:
        logsum, total = least, float(amount @ cost)
        gap = total - float(_wanted(shared) @ np.where(np.isfinite(least), least, 0.0))
    relative = gap / max(abs(total), 1e-300)
    sums = np.bincount(shared.set.group, amount, groups)
    error = float(abs(sums - shared.set.demand).max(initial=0.0)) / max(float(shared.set.demand.sum()), 1e-300)
    error = max(error, -float(amount.min(initial=0.0)) / max(float(shared.set.demand.sum()), 1e-300))
    hard = np.isfinite(shared.congestion.hard)
    rent = float(price[hard] @ shared.congestion.hard[hard])
    wanted = shared.set.demand > 0
    if kind == "optimum":  # what is paid, without tolls: they are costs of others
        social = total - float(toll @ flow) - float(price[hard] @ flow[hard])
    else:
        social = float(shared.set.demand[wanted] @ logsum[wanted]) - rent
    return Checked(flow, wait, toll, cost, logsum, relative, error, _residual(shared, flow, price, total), social)


def _wanted(shared: SharedChains) -> np.ndarray:
    open_ = np.zeros(shared.set.demand.size, dtype=bool)
    open_[shared.set.group] = True
    return np.where(open_, shared.set.demand, 0.0)


def _resources(shared: SharedChains, amount: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flow, delay and, at the optimum, toll of each resource, from the legs' uses."""
    congestion, uses, problem = shared.congestion, shared.uses, shared.problem
    count, width = len(congestion.resources), problem.chains.leg_mode.shape[1]
    if not count:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    own = len(problem.chains)
    chain = uses.leg // width
    tonnes = amount[chain]
    flow = np.bincount(uses.resource, tonnes * shared.per_t, count).astype(float)
    others = np.flatnonzero(congestion.background > 0)
    passing = amount[own : own + len(others)]
    flow[others] += passing
    wait = delay(congestion.curves, flow)
    toll = np.zeros(count)
    if kind == "optimum":
        cargo = problem.forms.value_of_time[problem.form[problem.chains.flow]]
        held = np.bincount(uses.resource, tonnes * uses.count * (shared.vessel_yuan + cargo[chain]), count).astype(
            float
        )
        held[others] += passing * congestion.background_yuan_per_h
        toll = np.where(np.isfinite(congestion.hard), 0.0, held * delay_slope(congestion.curves, flow))
    return flow, wait, toll


def _costs(shared: SharedChains, wait: np.ndarray, toll: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Generalized cost of every chain at delays, tolls and prices, from the components of its legs."""
    problem, congestion, uses = shared.problem, shared.congestion, shared.uses
    own = generalized_cost(problem, delayed_legs(shared, wait))
    if congestion.resources:
        width = problem.chains.leg_mode.shape[1]
        charged = shared.per_t * (toll + price)[uses.resource]
        own = own + np.bincount(uses.leg // width, charged, len(own))
    others = np.flatnonzero(congestion.background > 0)
    value = congestion.background_yuan_per_h
    passing = value * wait[others] + toll[others]
    turning = [value * problem.rates.turn_away_h] * int(sum(congestion.resources[r].kind == "lock" for r in others))
    return np.concatenate([own, passing, turning])


def _least(cost: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    least = np.full(groups, np.inf)
    np.minimum.at(least, group, cost)
    return np.where(np.isfinite(least), least, 0.0)


def _logsum(cost: np.ndarray, shared: SharedChains) -> np.ndarray:
    group, groups = shared.set.group, shared.set.demand.size
    least = _least(cost, group, groups)
    total = np.bincount(group, np.exp(-shared.scale[group] * (cost - least[group])), groups)
    return np.where(total > 0, least - np.log(np.where(total > 0, total, 1.0)) / shared.scale, 0.0)


def _unseen(shared: SharedChains, amount: np.ndarray, cost: np.ndarray, seen: np.ndarray) -> float:
    """1 where a chain without flow is not far behind the best of its group, else 0."""
    group, groups = shared.set.group, shared.set.demand.size
    idle = (amount <= 0) & (shared.set.demand[group] > 0)
    behind = shared.scale[group] * (cost - _least(cost, group, groups)[group])
    return float((idle & (behind < UNSEEN)).any())


def _residual(shared: SharedChains, flow: np.ndarray, price: np.ndarray, total: float) -> float:
    hard = np.isfinite(shared.congestion.hard)
    if not hard.any():
        return 0.0
    limit = shared.congestion.hard[hard]
    over = ((flow[hard] - limit) / limit).max(initial=0.0)
    spare = (price[hard] * np.maximum(limit - flow[hard], 0.0)).sum() / max(abs(total), 1e-300)
    return float(max(over, spare, 0.0))
