"""Least-cost flow of several cargoes under joint capacities, and what one more unit of each capacity is worth.

Columns are paths, found when they pay (column generation); capacity rows enter only when they are violated. The dual of a
full capacity is its price; at a kink, where one more and one less unit are worth different sums, both are found by
solving again. A lower bound comes with every pricing, so the answer carries its proof.

Importing this module imports numba; HiGHS is imported when a problem is solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import InfeasibleError, NotConvergedError, QujiangError
from qujiang.methods.equilibrium_search import Trips
from qujiang.methods.paths import Graph, shortest_trees, trace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Rounds of pricing at most; a round adds at most one path for each demand row.
ROUNDS = 500
#: A capacity's neighbouring values are taken at this part of it, up and down.
NUDGE = 1e-4


@dataclass(frozen=True, slots=True)
class Limits:
    """Joint capacities: entry ``e`` says that a unit of class ``k`` on ``link[e]`` uses ``weight[e, k]`` of ``capacity[row[e]]``."""

    capacity: Floats
    row: Ints
    link: Ints
    weight: Floats
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapacityFlow:
    """The least-cost flow. Costs in yuan, amounts in the demand's unit.

    ``flow`` [classes, links]; ``unserved`` and ``demand_price`` [demand rows]; ``used`` and ``price`` [limits], price >= 0 in
    yuan per unit of capacity. ``lower_bound`` is below every feasible cost.
    """

    objective: float
    lower_bound: float
    flow: Floats
    unserved: Floats
    demand_price: Floats
    used: Floats
    price: Floats
    rounds: int
    path_count: int
    full_row_count: int


@dataclass(frozen=True, slots=True)
class Kink:
    """Worth of one capacity [yuan per unit]: of one unit less (``left``) and one more (``right``); equal inside a range."""

    limit: int
    left: float
    right: float


def link_limits(capacity: ArrayLike, classes: int = 1, names: Sequence[str] | None = None) -> Limits:
    """One limit for each link of finite capacity, which every class uses alike."""
    capacities = np.asarray(capacity, dtype=np.float64)
    links = np.flatnonzero(np.isfinite(capacities))
    called = tuple(f"link {i}" for i in links) if names is None else tuple(names[int(i)] for i in links)
    return Limits(capacities[links], np.arange(links.size), links, np.ones((links.size, classes)), called)


def min_cost_flow(
    graph: Graph,
    cost: ArrayLike,
    demand: Trips,
    limits: Limits,
    *,
    unserved_yuan: float | None = None,
    tolerance: float = 1e-9,
) -> CapacityFlow:
    """Send all demand at least cost within the capacities.

    Parameters
    ----------
    cost
        Cost of a unit of each class on each link [yuan], not negative, infinite where closed; shape (classes, links).
    unserved_yuan
        Cost of a unit left behind. None: all demand must go.
    tolerance
        Relative distance of cost and bound at which the search ends.

    Raises
    ------
    InfeasibleError
        All demand must go and cannot; the limits that hold it back are named with what they let pass.
    NotConvergedError
        Cost and bound did not meet.

    References
    ----------
    Ford and Fulkerson (1958), Management Science 5, pp. 97-101; Desrosiers and Lübbecke (2005), A Primer in Column Generation
    """
    problem = _problem(graph, cost, demand, limits)
    if unserved_yuan is not None:
        return _Master(problem, float(unserved_yuan)).solve(tolerance)
    largest = problem.cost[np.isfinite(problem.cost)].max(initial=0.0)
    penalty = (largest + 1.0) * graph.node_count
    rounding = 1e-7 * max(float(demand.amount.sum()), 1.0)
    answer = _Master(problem, penalty).solve(tolerance)
    if answer.unserved.sum() > rounding:
        _require_room(problem)
        answer = _Master(problem, penalty * 1e4).solve(tolerance)  # room there is, but at the price of long detours
    if answer.unserved.sum() > rounding:
        raise QujiangError(f"{answer.unserved.sum():g} was left behind though all demand has room")
    return answer


def kinks(
    graph: Graph,
    cost: ArrayLike,
    demand: Trips,
    limits: Limits,
    at: CapacityFlow,
    *,
    unserved_yuan: float | None = None,
) -> list[Kink]:
    """Worth of each full capacity to the left and right, by solving a little below and above it."""
    found = []
    for row in np.flatnonzero(at.used >= limits.capacity * (1.0 - 1e-9) - 1e-12):
        step = max(limits.capacity[row] * NUDGE, 1e-6)
        worth = []
        for sign in (-1.0, 1.0):
            moved = limits.capacity.copy()
            moved[row] += sign * step
            nudged = Limits(moved, limits.row, limits.link, limits.weight, limits.names)
            try:
                there = min_cost_flow(graph, cost, demand, nudged, unserved_yuan=unserved_yuan, tolerance=1e-12)
                worth.append(abs(there.objective - at.objective) / step)
            except InfeasibleError:
                worth.append(np.inf)
        found.append(Kink(int(row), worth[0], worth[1]))
    return found


@dataclass(frozen=True, slots=True)
class _Problem:
    graph: Graph
    cost: Floats
    demand: Trips
    limits: Limits
    entry_first: Ints  # entries of the limits by link
    entry: Ints
    groups: list[tuple[int, Ints, Ints, Ints]]  # class, its rows, origins, place of each row's origin


def _problem(graph: Graph, cost: ArrayLike, demand: Trips, limits: Limits) -> _Problem:
    costs = np.atleast_2d(np.asarray(cost, dtype=np.float64))
    classes = int(demand.class_no.max(initial=0)) + 1
    if costs.shape[0] < classes or costs.shape[1] != graph.link_count:
        raise ValueError(f"cost must have shape ({classes}, {graph.link_count}), not {costs.shape}")
    if limits.weight.shape != (limits.link.size, costs.shape[0]):
        raise ValueError(f"weight must have shape ({limits.link.size}, {costs.shape[0]}), not {limits.weight.shape}")
    if not ((limits.capacity >= 0.0).all() and (limits.weight >= 0.0).all()):
        raise ValueError("capacities and weights must not be negative")
    order = np.argsort(limits.link, kind="stable")
    first = np.zeros(graph.link_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(limits.link, minlength=graph.link_count), out=first[1:])
    groups = []
    for k in np.unique(demand.class_no):
        rows = np.flatnonzero((demand.class_no == k) & (demand.amount > 0.0))
        origins, place = np.unique(demand.origin[rows], return_inverse=True)
        groups.append((int(k), rows, origins, place))
    return _Problem(graph, costs, demand, limits, first, order, groups)


def _require_room(problem: _Problem) -> None:
    """Raise unless all demand can go: the least amount left behind, and the limits that hold it back."""
    free = np.where(np.isfinite(problem.cost), 0.0, np.inf)
    plain = _Problem(
        problem.graph, free, problem.demand, problem.limits, problem.entry_first, problem.entry, problem.groups
    )
    least = _Master(plain, 1.0).solve(1e-9)
    total = problem.demand.amount.sum()
    if least.objective <= 1e-9 * max(total, 1.0):
        return
    holding = np.flatnonzero(least.price > 1e-9)
    left = least.unserved > 1e-9 * max(total, 1.0)
    pairs = {f"{problem.demand.origin[i]}-{problem.demand.target[i]}" for i in np.flatnonzero(left)}
    shown = ", ".join(sorted(pairs)[:5])
    if not holding.size:
        raise InfeasibleError(f"no path for {least.objective:g} of {total:g}: pairs {shown}")
    cut = ", ".join(f"{problem.limits.names[i]} ({problem.limits.capacity[i]:g})" for i in holding[:8])
    raise InfeasibleError(f"{least.objective:g} of {total:g} cannot pass {cut}: pairs {shown}")


class _Master:
    """The restricted linear program: one row a demand row, then the limits that were violated so far."""

    def __init__(self, problem: _Problem, penalty: float) -> None:
        import highspy

        self.problem, self.penalty = problem, penalty
        self.asked = np.flatnonzero(problem.demand.amount > 0.0)
        self.row_of = np.full(problem.demand.amount.size, -1, dtype=np.int64)
        self.row_of[self.asked] = np.arange(self.asked.size)
        self.limit_row = np.full(problem.limits.capacity.size, -1, dtype=np.int64)
        self.first = np.zeros(1, dtype=np.int64)
        self.links = np.zeros(0, dtype=np.int32)
        self.owner = np.zeros(0, dtype=np.int64)
        self.lp: Any = highspy.Highs()
        self.infinity = highspy.kHighsInf
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
            self.lp.setOptionValue(option, value)
        self._start()

    def _start(self) -> None:
        """Rows of the demand, and a column for what is left behind of each."""
        size = self.asked.size
        amounts = self.problem.demand.amount[self.asked]
        self.lp.addRows(
            size, amounts, amounts, 0, np.zeros(size, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0)
        )
        places = np.arange(size, dtype=np.int32)
        self.lp.addCols(
            size,
            np.full(size, self.penalty),
            np.zeros(size),
            np.full(size, self.infinity),
            size,
            places,
            places,
            np.ones(size),
        )

    def solve(self, tolerance: float) -> CapacityFlow:
        """Price, add paths and limits, until cost and bound meet."""
        sigma = np.full(self.problem.demand.amount.size, self.penalty)
        price = np.zeros(self.problem.limits.capacity.size)
        bound = self._price(sigma, price)[0]
        objective, values, rounds = np.inf, np.zeros(self.asked.size), 0
        while rounds < ROUNDS:
            rounds += 1
            objective, sigma, price, values = self._run()
            reached, added = self._price(sigma, price)
            bound = max(bound, reached - float(price @ self.problem.limits.capacity))
            if not added or objective - bound <= tolerance * max(abs(objective), 1e-12):
                break
        answer = self._answer(objective, bound, sigma, price, values, rounds)
        if objective - bound > max(10.0 * tolerance, 1e-9) * max(abs(objective), 1e-9):
            raise NotConvergedError(
                f"cost {objective:g} and lower bound {bound:g} did not meet in {rounds} rounds", answer
            )
        return answer

    def _answer(
        self, objective: float, bound: float, sigma: Floats, price: Floats, values: Floats, rounds: int
    ) -> CapacityFlow:
        problem, steps = self.problem, np.diff(self.first)
        amount = np.zeros(self.owner.size)
        found = values[self.asked.size :]
        amount[: found.size] = found  # the last paths priced may not have been tried
        path, limit, weight = self._uses(self.first, self.links, self.owner)
        used = np.bincount(limit, weight * amount[path], price.size).astype(np.float64)
        unserved = np.zeros(sigma.size)
        unserved[self.asked] = values[: self.asked.size]
        flow = np.zeros(problem.cost.shape)
        np.add.at(flow, (problem.demand.class_no[self.owner].repeat(steps), self.links), amount.repeat(steps))
        full_rows = int((self.limit_row >= 0).sum())
        return CapacityFlow(
            objective, min(bound, objective), flow, unserved, sigma, used, price, rounds, self.owner.size, full_rows
        )

    def _price(self, sigma: Floats, price: Floats) -> tuple[float, bool]:
        """Shortest paths at cost plus prices; adds those cheaper than ``sigma``. Returns the priced cost of all demand."""
        problem, total, added = self.problem, 0.0, False
        entries = problem.limits
        slack = 1e-10 * (1.0 + abs(sigma).max(initial=0.0))
        for k, rows, origins, place in problem.groups:
            seen = problem.cost[k] + np.bincount(
                entries.link, entries.weight[:, k] * price[entries.row], problem.graph.link_count
            )
            trees = shortest_trees(problem.graph, seen, origins)
            near = trees.distance[place, problem.demand.target[rows]]
            total += float(problem.demand.amount[rows] @ np.minimum(near, self.penalty))
            pays = near < np.minimum(sigma[rows], self.penalty) - slack
            if pays.any():
                first, links = trace(trees, problem.graph, place[pays], problem.demand.target[rows[pays]])
                self._add_paths(rows[pays], first, links)
                added = True
        return total, added

    def _uses(self, first: Ints, links: NDArray[np.int32], owner: Ints) -> tuple[Ints, Ints, Floats]:
        """Path, limit and weight wherever a path uses a limit."""
        problem = self.problem
        path_of = np.repeat(np.arange(owner.size), np.diff(first))
        counts = problem.entry_first[links + 1] - problem.entry_first[links]
        path = np.repeat(path_of, counts)
        begin = np.repeat(problem.entry_first[links] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        entry = problem.entry[begin + np.arange(path.size)]
        weight = problem.limits.weight[entry, problem.demand.class_no[owner[path]]]
        return path, problem.limits.row[entry], weight

    def _add_paths(self, rows: Ints, first: Ints, links: NDArray[np.int32]) -> None:
        costs = self.problem.cost[self.problem.demand.class_no[rows].repeat(np.diff(first)), links]
        cost = np.bincount(np.repeat(np.arange(rows.size), np.diff(first)), costs, rows.size)
        path, limit, weight = self._uses(first, links, rows)
        known = self.limit_row[limit] >= 0
        path = np.concatenate([np.arange(rows.size), path[known]])
        place = np.concatenate([self.row_of[rows], self.limit_row[limit[known]]])
        begin, index, value = _packed(path, place, np.concatenate([np.ones(rows.size), weight[known]]), rows.size)
        full = np.full(rows.size, self.infinity)
        self.lp.addCols(rows.size, cost, np.zeros(rows.size), full, index.size, begin, index, value)
        self.first = np.concatenate([self.first, self.first[-1] + first[1:]])
        self.links = np.concatenate([self.links, links])
        self.owner = np.concatenate([self.owner, rows])

    def _add_limits(self, rows: Ints, uses: tuple[Ints, Ints, Floats]) -> None:
        path, limit, weight = uses
        here = np.isin(limit, rows)
        order = np.searchsorted(rows, limit[here])
        begin, index, value = _packed(order, self.asked.size + path[here], weight[here], rows.size)
        start = self.lp.getNumRow()
        lower = np.full(rows.size, -self.infinity)
        self.lp.addRows(rows.size, lower, self.problem.limits.capacity[rows], index.size, begin, index, value)
        self.limit_row[rows] = start + np.arange(rows.size)

    def _run(self) -> tuple[float, Floats, Floats, Floats]:
        """Solve until no limit is violated by the paths known; returns cost, duals of demand, prices and columns."""
        limits, demand = self.problem.limits, self.problem.demand
        uses = self._uses(self.first, self.links, self.owner)
        rounding = 1e-9 * max(1.0, float(demand.amount.max(initial=0.0)))
        while True:
            self.lp.run()
            status = self.lp.modelStatusToString(self.lp.getModelStatus())
            if status != "Optimal":
                raise NotConvergedError(f"the linear program ended as {status}")
            solution = self.lp.getSolution()
            values = np.maximum(np.array(solution.col_value), 0.0)
            used = np.bincount(uses[1], uses[2] * values[self.asked.size :][uses[0]], limits.capacity.size)
            over = (used > limits.capacity + rounding) & (self.limit_row < 0)
            if not over.any():
                break
            self._add_limits(np.flatnonzero(over), uses)
        duals = np.array(solution.row_dual)
        sigma = np.full(demand.amount.size, self.penalty)
        sigma[self.asked] = duals[: self.asked.size]
        price = np.zeros(limits.capacity.size)
        known = self.limit_row >= 0
        price[known] = np.maximum(-duals[self.limit_row[known]], 0.0)
        return float(self.lp.getObjectiveValue()), sigma, price, values


def _packed(major: Ints, minor: Ints, value: Floats, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Sparse entries by major index, repeated ones summed: begin, index and value as HiGHS reads them."""
    from scipy.sparse import csr_matrix

    packed = csr_matrix((value, (major, minor)), shape=(count, int(minor.max(initial=-1)) + 1))
    packed.sum_duplicates()
    return (
        packed.indptr[:-1].astype(np.int32),
        packed.indices.astype(np.int32),
        np.asarray(packed.data, dtype=np.float64),
    )
