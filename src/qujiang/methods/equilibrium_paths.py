"""Deterministic equilibrium over given chains: no used chain is dearer than another of its group, or total cost is least.

The chains' costs depend on the flows of a few shared resources, so the Jacobian is a diagonal plus a few columns and each
step of an interior-point method is one small linear system. Values of time may differ between chains: then user equilibrium
has no potential, and system optimum charges every chain the delay that it causes to each of the others at their own value.

No compiled code is used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack

from qujiang.errors import InfeasibleError, NotConvergedError
from qujiang.methods.delay import Curves, delay, delay_integral, delay_slope
from qujiang.methods.equilibrium_chains import ChainSet

Floats = NDArray[np.float64]
#: A scipy.sparse.csr_matrix; its stubs know too little of its own operations.
Sparse = Any

STEPS = 300
#: A chain with less than this part of its group's demand at the end is not used.
UNUSED = 1e-9
#: Steps end this part of the way to the nearest bound.
TO_BOUND = 0.995


@dataclass(frozen=True, slots=True)
class PathEquilibrium:
    """Flows of chains and their proof.

    ``cost_yuan`` [chains] is what a unit pays or, at the optimum, costs all together; ``delay``, ``toll_yuan`` (what one more
    unit of flow costs the others; 0 at user equilibrium) and ``price`` of hard capacities are by resource. ``relative_gap`` is
    (total - cheapest) / total at these costs. ``objective`` and ``lower_bound`` are NaN where none is known.
    """

    amount: Floats
    cost_yuan: Floats
    least_yuan: Floats
    flow: Floats
    delay: Floats
    toll_yuan: Floats
    price: Floats
    relative_gap: float
    objective: float
    lower_bound: float
    steps: int


def path_equilibrium(
    chains: ChainSet,
    curves: Curves,
    capacity: ArrayLike = np.inf,
    *,
    system_optimum: bool = False,
    tolerance: float = 1e-8,
    start: ArrayLike | None = None,
) -> PathEquilibrium:
    """Flows at which nobody gains by changing chain, or at which the total cost is least.

    Parameters
    ----------
    chains
        Path sizes are not used: they belong to choice.
    curves
        Delay of each resource, as a function of its flow in units of ``use``.
    capacity
        Hard capacity of a resource; infinite for none. A resource has a capacity or a delay, not both.
    system_optimum
        Least total cost, instead of user equilibrium.
    tolerance
        Relative gap to reach.
    start
        Amounts to start from, inside every queue; without them demand is spread over the chains.

    Raises
    ------
    InfeasibleError
        A group with demand has no open chain, or no start inside the queues was found.
    NotConvergedError
        The gap was not reached; carries the best answer.

    References
    ----------
    Wright (1997), Primal-Dual Interior-Point Methods, chapter 11; Larsson and Patriksson (1999), Transportation Research B
    33, pp. 233-264 (side constraints and their prices)
    """
    search = _Search(chains, curves, capacity, system_optimum)
    point = search.first(None if start is None else np.asarray(start, dtype=np.float64))
    best, steps = search.answer(point, 0), 0
    while best.relative_gap > tolerance or search.excess(best) > tolerance:
        if steps >= STEPS:
            raise NotConvergedError(
                f"relative gap {best.relative_gap:.3g} after {STEPS} steps; {tolerance:.3g} was asked", best
            )
        point, steps = search.step(point), steps + 1
        found = search.answer(point, steps)
        if not search.worse(found, best):
            best = found
        if search.stuck(point):
            break
    if best.relative_gap > tolerance or search.excess(best) > tolerance:
        raise NotConvergedError(f"relative gap {best.relative_gap:.3g}; {tolerance:.3g} was asked", best)
    return best


@dataclass(frozen=True, slots=True)
class _Point:
    """Flows, their slacks, least costs of groups, prices of capacities and what is left of them."""

    amount: Floats
    slack: Floats
    least: Floats
    price: Floats
    room: Floats
    centring: float
    length: float


class _Search:
    """Arrays of the open chains with demand; the step of the interior-point method."""

    def __init__(self, chains: ChainSet, curves: Curves, capacity: ArrayLike, system_optimum: bool) -> None:
        self.chains, self.curves, self.system_optimum = chains, curves, system_optimum
        resources = chains.use.shape[1]
        self.capacity = np.broadcast_to(np.asarray(capacity, dtype=np.float64), (resources,))
        self.hard = np.flatnonzero(np.isfinite(self.capacity))
        self.open = np.flatnonzero(np.isfinite(chains.cost_yuan) & (chains.demand[chains.group] > 0.0))
        groups, self.group = np.unique(chains.group[self.open], return_inverse=True)
        lost = np.setdiff1d(np.flatnonzero(chains.demand > 0.0), groups)
        if lost.size:
            raise InfeasibleError(
                f"no open chain for {chains.demand[lost].sum():g} of groups {', '.join(map(str, lost[:5]))}"
            )
        self.groups, self.demand = groups, chains.demand[groups]
        self.cost = chains.cost_yuan[self.open]
        self.use, self.worth = chains.use[self.open], chains.worth[self.open]
        self.use_hard = self.use[:, self.hard]
        self.dense_use, self.dense_worth = self.use.toarray(), self.worth.toarray()
        self.dense_hard = self.dense_use[:, self.hard]
        self.full = np.where(curves.is_queue, curves.capacity, np.inf)
        count = self.open.size
        self.member: Sparse = csr_matrix((np.ones(count), (self.group, np.arange(count))), shape=(groups.size, count))
        self.limit = self.capacity[self.hard]

    # -- costs ------------------------------------------------------------------------------------------------------------

    def flow(self, amount: Floats) -> Floats:
        return np.asarray(self.use.T @ amount, dtype=np.float64)

    def held_worth(self, amount: Floats) -> Floats:
        """What an hour at each resource costs all who pass there [yuan]."""
        return np.asarray(self.worth.T @ amount, dtype=np.float64)

    def charges(self, amount: Floats) -> tuple[Floats, Floats]:
        """Delay and toll of each resource."""
        flow = self.flow(amount)
        wait = delay(self.curves, flow)
        toll = self.held_worth(amount) * _slope(self.curves, flow) if self.system_optimum else np.zeros(flow.size)
        return wait, toll

    def costs(self, amount: Floats, price: Floats) -> Floats:
        wait, toll = self.charges(amount)
        cost = self.cost + self.worth @ wait + self.use @ toll
        return np.asarray(cost + self.use_hard @ price, dtype=np.float64)

    # -- start ------------------------------------------------------------------------------------------------------------

    def first(self, start: Floats | None) -> _Point:
        amount = self._inside(start)
        price = np.zeros(self.hard.size)
        cost = self.costs(amount, price)
        least = self._least(cost)
        typical = max(
            float((amount @ (cost - least[self.group])) / self.demand.sum()), 1e-3 * float(abs(cost).mean()), 1e-9
        )
        least = least - typical
        slack = cost - least[self.group]
        mean = float(amount @ slack) / amount.size
        flow = self.flow(amount)[self.hard]
        room = np.maximum(self.limit - flow, 0.01 * self.limit)
        return _Point(amount, slack, least, mean / room, room, 0.3, 1.0)

    def _inside(self, start: Floats | None) -> Floats:
        """Positive amounts that sum to the demand and leave every queue room."""
        sizes = np.asarray(self.member.sum(axis=1)).ravel()
        even = (self.demand / sizes)[self.group]
        if start is None:
            choices = [even, *self._cheapest_starts(even)]
        else:
            given = np.maximum(start[self.open], 0.0)
            given = given * (self.demand / np.maximum(self.member @ given, 1e-300))[self.group]
            choices = [given, even]
        for base in choices:
            for part in (1e-3, 1e-5, 1e-7):
                amount = (1.0 - part) * base + part * even
                if (self.flow(amount) < self.full * (1.0 - 1e-9)).all() and np.isfinite(amount).all():
                    return amount
        raise InfeasibleError(self._cut())

    def _cheapest_starts(self, even: Floats) -> list[Floats]:
        """Split of the demand that leaves the fullest queue the most room."""
        from scipy.optimize import linprog

        bound = np.flatnonzero(np.isfinite(self.full))
        if not bound.size or (self.flow(even) < self.full).all():
            return []
        share = csr_matrix(self.use[:, bound].T.multiply(1.0 / self.full[bound, None]))
        top = csr_matrix(-np.ones((bound.size, 1)))
        none = csr_matrix((self.demand.size, 1))
        found = linprog(
            np.r_[np.zeros(self.open.size), 1.0], A_ub=hstack([share, top]), b_ub=np.zeros(bound.size),
            A_eq=hstack([self.member, none]), b_eq=self.demand, method="highs",
        )  # fmt: skip
        return [found.x[:-1]] if found.status == 0 else []

    def _cut(self) -> str:
        bound = np.flatnonzero(np.isfinite(self.full))
        told = ", ".join(f"{i} ({self.full[i]:g})" for i in bound[:8])
        return f"no split of the demand stays within the queues: resources {told}"

    def _least(self, cost: Floats) -> Floats:
        least = np.full(self.demand.size, np.inf)
        np.minimum.at(least, self.group, cost)
        return least

    # -- step -------------------------------------------------------------------------------------------------------------

    def step(self, at: _Point) -> _Point:
        """One Newton step on the perturbed conditions, kept inside all bounds."""
        amount, slack, price, room = at.amount, at.slack, at.price, at.room
        target = at.centring * (amount @ slack + price @ room) / (amount.size + price.size)
        off_cost = self.costs(amount, price) - at.least[self.group] - slack
        off_demand = self.demand - self.member @ amount
        off_limit = self.flow(amount)[self.hard] + room - self.limit
        steep = slack / amount
        wanted = (target - amount * slack) / amount - off_cost
        moved, lifted, price_move = self._solve(
            steep, self._columns(amount), wanted, off_demand, room / price, (target - price * room) / price + off_limit
        )
        slack_move = (target - amount * slack) / amount - steep * moved
        room_move = -off_limit - self.use_hard.T @ moved
        length = min(
            _reach(v, m) for v, m in ((amount, moved), (slack, slack_move), (room, room_move), (price, price_move))
        )
        length = min(1.0, length, self._before_full(amount, moved))
        centring = 0.05 if length > 0.9 else 0.2 if length > 0.5 else 0.7
        return _Point(
            amount + length * moved, slack + length * slack_move, at.least + length * lifted,
            price + length * price_move, room + length * room_move, centring, length,
        )  # fmt: skip

    def _before_full(self, amount: Floats, moved: Floats) -> float:
        flow, change = self.flow(amount), self.flow(moved)
        up = (change > 0.0) & np.isfinite(self.full)
        return float((0.9 * (self.full[up] - flow[up]) / change[up]).min(initial=np.inf))

    def _columns(self, amount: Floats) -> tuple[Floats, Floats]:
        """Jacobian of the costs as ``left @ right.T``, without the capacities."""
        flow = self.flow(amount)
        slope = _slope(self.curves, flow)
        if not self.system_optimum:
            return self.dense_worth * slope, self.dense_use
        bend = self.held_worth(amount) * _bend(self.curves, flow)
        left = np.concatenate([self.dense_worth * slope + self.dense_use * bend, self.dense_use * slope], axis=1)
        return left, np.concatenate([self.dense_use, self.dense_worth], axis=1)

    def _solve(
        self,
        steep: Floats,
        columns: tuple[Floats, Floats],
        wanted: Floats,
        off_demand: Floats,
        give: Floats,
        off: Floats,
    ) -> tuple[Floats, Floats, Floats]:
        """Moves of flows, least costs and prices: a diagonal by group, corrected for the resources (Woodbury).

        All is taken against the group's mean by looseness, so that a group with one sure chain loses no digits.
        """
        loose = 1.0 / steep
        weight = loose / (self.member @ loose)[self.group]

        def apart(value: Floats) -> Floats:
            by_chain = weight if value.ndim == 1 else weight[:, None]
            return value - (self.member @ (value * by_chain))[self.group]

        shifted = off_demand[self.group] * weight
        left = apart(np.concatenate([columns[0], self.dense_hard], axis=1))
        right = np.concatenate([columns[1], self.dense_hard], axis=1)
        through, hard = columns[0].shape[1], self.hard.size
        system = right.T @ (left * loose[:, None])
        system[np.arange(through), np.arange(through)] += 1.0
        ends = np.arange(through, through + hard)
        system[ends, ends] += give
        plain = apart(wanted) * loose + shifted
        told = right.T @ plain
        told[through:] += off
        found = _solved(system, told)
        charge = wanted - np.concatenate([columns[0], self.dense_hard], axis=1) @ found
        lifted = (off_demand - self.member @ (charge * loose)) / (self.member @ loose)
        return apart(charge) * loose + shifted, lifted, found[through:]

    # -- answer -----------------------------------------------------------------------------------------------------------

    def answer(self, at: _Point, steps: int) -> PathEquilibrium:
        """Exact demand, unused chains at 0, and the gap at the costs of these flows."""
        kept = np.where(at.amount > UNUSED * self.demand[self.group], at.amount, 0.0)
        kept = kept * (self.demand / (self.member @ kept))[self.group]
        flow = self.flow(kept)
        if not (flow < self.full).all():
            kept, flow = at.amount, self.flow(at.amount)
        cost = self.costs(kept, at.price)
        least = self._least(cost)
        total = float(kept @ cost)
        gap = total - float(self.demand @ least)
        unmet = float(at.price @ np.maximum(self.limit - flow[self.hard], 0.0))  # a price where room is left
        objective, bound = self._proof(kept, flow, gap + unmet)
        wait, toll = self.charges(kept)
        price = np.zeros(flow.size)
        price[self.hard] = at.price
        amounts = np.zeros(self.chains.cost_yuan.size)
        amounts[self.open] = kept
        costs = np.full(amounts.size, np.inf)
        costs[self.open] = cost
        leasts = np.full(self.chains.demand.size, np.inf)
        leasts[self.groups] = least
        relative = max(gap + unmet, 0.0) / max(abs(total), 1e-300)
        return PathEquilibrium(amounts, costs, leasts, flow, wait, toll, price, relative, objective, bound, steps)

    def _proof(self, amount: Floats, flow: Floats, gap: float) -> tuple[float, float]:
        """Objective and the bound that its convexity gives, where it is convex."""
        own = float(self.cost @ amount)
        delayed = np.setdiff1d(np.arange(flow.size), self.hard)
        if self.system_optimum:
            total = own + float(self.held_worth(amount) @ delay(self.curves, flow))
            return total, total - gap if self.chains.symmetric else np.nan
        if not self.chains.symmetric:
            return np.nan, np.nan
        total = own + float(delay_integral(self.curves, flow)[delayed].sum())
        return total, total - gap

    def excess(self, answer: PathEquilibrium) -> float:
        """Largest flow over a hard capacity, relative."""
        over = answer.flow[self.hard] - self.limit
        return float((over / self.limit).max(initial=0.0))

    def worse(self, one: PathEquilibrium, other: PathEquilibrium) -> bool:
        return max(one.relative_gap, self.excess(one)) > max(other.relative_gap, self.excess(other))

    def stuck(self, at: _Point) -> bool:
        return at.length < 1e-12 or not np.isfinite(at.amount).all()


def _reach(value: Floats, move: Floats) -> float:
    down = move < 0.0
    return float((TO_BOUND * value[down] / -move[down]).min(initial=np.inf))


def _solved(system: Floats, right: Floats) -> Floats:
    """Solution in rows of like size; the least one where the system is singular."""
    size = np.maximum(abs(system).max(axis=1), 1e-300)
    scaled, told = system / size[:, None], right / size
    try:
        return np.linalg.solve(scaled, told)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(scaled, told, rcond=None)[0]


def _slope(of: Curves, flow: Floats) -> Floats:
    return np.minimum(delay_slope(of, flow), 1e30)


def _bend(of: Curves, flow: Floats) -> Floats:
    """Second derivative of the delay, by differences."""
    spare = np.where(of.is_queue, of.capacity - flow, np.inf)
    step = np.maximum(1e-5 * np.minimum(np.maximum(flow, 1e-6 * of.capacity), spare), 1e-12)
    lower = np.maximum(flow - step, 0.0)
    return (_slope(of, flow + step) - _slope(of, lower)) / (flow + step - lower)
