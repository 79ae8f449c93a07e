"""Newton's search for a stochastic equilibrium over chains: its arrays and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, eye, hstack

from qujiang.errors import InfeasibleError
from qujiang.methods.delay import Curves, delay, delay_integral, delay_slope, marginal_cost

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
#: A scipy.sparse.csr_matrix; its stubs know too little of its own operations.
Sparse = Any

STEPS = 100
#: A chain this far behind the best, in units of the logit, gets no share: its flow would be below 1e-43.
NONE = 100.0
#: A queue's flow goes at most this part of the way that is left to its capacity in one step.
TOWARDS_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Places:
    """Where each entry of ``use`` and ``worth``, and each pair of them in one chain, is added up; kept while only costs and demand change.

    Pairs stand in the order of the resources that they join: those of cell r, s begin at ``pair_first[r * resources + s]``.
    """

    use_column: Ints
    use_value: Floats
    use_chain: Ints
    use_of_group: Ints
    worth_value: Floats
    worth_chain: Ints
    worth_of_group: Ints
    pair_first: Ints
    pair_use: Ints  # the entry of ``use``
    pair_worth: Ints  # the entry of ``worth``
    pair_value: Floats
    pair_chain: Ints


@dataclass(frozen=True, slots=True)
class ChainSet:
    """Chains of all groups. For a neighbouring question, `dataclasses.replace` its ``cost_yuan`` or ``demand``.
    ``use`` [chains, resources] is what a unit of flow takes of a resource; ``worth`` [chains, resources]
       is what a unit of the resource's delay or price costs a unit of flow [yuan]; equal to ``use`` where there is a potential.
    """

    group: Ints
    cost_yuan: Floats
    path_size: Floats
    demand: Floats
    use: Sparse
    worth: Sparse
    symmetric: bool
    places: Places


def chain_set(
    group: ArrayLike,
    cost_yuan: ArrayLike,
    demand: ArrayLike,
    use: Sparse,
    *,
    worth: Sparse | None = None,
    path_size: ArrayLike | None = None,
) -> ChainSet:
    """Chains with their costs without delays; a chain of cost infinity is closed.

    Raises
    ------
    ValueError
        Shapes differ, a demand is negative, or a path size is not positive.
    """
    groups = np.asarray(group, dtype=np.int64)
    costs = np.asarray(cost_yuan, dtype=np.float64)
    sizes = np.ones(costs.size) if path_size is None else np.asarray(path_size, dtype=np.float64)
    wanted = np.asarray(demand, dtype=np.float64)
    if not (groups.shape == costs.shape == sizes.shape == (use.shape[0],)):
        raise ValueError("group, cost_yuan, path_size and use must hold one row a chain")
    if not (np.isfinite(wanted).all() and (wanted >= 0.0).all()):
        raise ValueError("demand must be finite and not negative")
    if not (sizes > 0.0).all():
        raise ValueError("path_size must be positive; close a chain by infinite cost")
    taken: Sparse = csr_matrix(use, dtype=np.float64)
    paid: Sparse = taken if worth is None else csr_matrix(worth, dtype=np.float64)
    symmetric = worth is None or (abs(paid - taken).max() if paid.nnz or taken.nnz else 0.0) == 0.0
    return ChainSet(groups, costs, sizes, wanted, taken, paid, symmetric, places_of(groups, taken, paid))


def places_of(group: Ints, use: Sparse, worth: Sparse) -> Places:
    resources, taken, paid = use.shape[1], use.tocoo(), worth.tocoo()
    counts = np.diff(worth.indptr)[taken.row]
    pair_chain = np.repeat(taken.row, counts)
    begin = np.repeat(worth.indptr[taken.row] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    partner = (begin + np.arange(pair_chain.size)).astype(np.int64)
    cell = np.repeat(taken.col.astype(np.int64), counts) * resources + worth.indices[partner]
    order = np.argsort(cell, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=resources * resources))])
    entry = np.repeat(np.arange(taken.data.size), counts)[order]
    other = partner[order]
    return Places(
        use_column=taken.col.astype(np.int64),
        use_value=taken.data,
        use_chain=taken.row,
        use_of_group=group[taken.row] * resources + taken.col,
        worth_value=paid.data,
        worth_chain=paid.row,
        worth_of_group=group[paid.row] * resources + paid.col,
        pair_first=first.astype(np.int32),
        pair_use=entry,
        pair_worth=other,
        pair_value=taken.data[entry] * worth.data[other],
        pair_chain=pair_chain[order].astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class ChainState:
    """One point: flow of curves and price of capacities (``at``), and what the choice makes of it."""

    at: Floats
    price: Floats
    share: Floats
    logsum: Floats
    amount: Floats
    flow: Floats
    merit: float
    residual: float


class ChainSearch:
    def __init__(
        self, chains: ChainSet, scale_per_yuan: ArrayLike, curves: Curves, capacity: ArrayLike, system_optimum: bool
    ) -> None:
        resources = chains.use.shape[1]
        if curves.base.shape != (resources,):
            raise ValueError(f"curves must hold one value a resource ({resources}), not {curves.base.shape}")
        self.chains, self.curves, self.system_optimum = chains, curves, system_optimum
        self.capacity = np.broadcast_to(np.asarray(capacity, dtype=np.float64), (resources,))
        self.hard = np.isfinite(self.capacity)
        if (self.hard & (curves.factor > 0.0)).any():
            raise ValueError("a resource has a capacity or a delay that varies; name it twice to give it both")
        self.scale = np.broadcast_to(np.asarray(scale_per_yuan, dtype=np.float64), chains.demand.shape)
        if not (self.scale > 0.0).all():
            raise ValueError("scale_per_yuan must be positive")
        open_group = np.zeros(chains.demand.size, dtype=bool)
        open_group[chains.group[np.isfinite(chains.cost_yuan)]] = True
        lost = np.flatnonzero((chains.demand > 0.0) & ~open_group)
        if lost.size:
            raise InfeasibleError(
                f"no open chain for {chains.demand[lost].sum():g} of groups {', '.join(map(str, lost[:5]))}"
            )
        self.fixed = chains.cost_yuan - np.log(chains.path_size) / self.scale[chains.group]
        self.full = np.where(curves.is_queue, curves.capacity, np.inf)
        self.size = np.where(self.hard, self.capacity, np.where(np.isfinite(self.full), self.full, 0.0))
        self.size = np.maximum(self.size, 1e-3 * max(float(chains.demand.sum()), 1e-9))

    def first(self) -> Floats:
        """Free prices, and the flows that they would draw, kept inside the queues."""
        at = np.zeros(self.size.size)
        flow = self.look(at).flow
        return np.where(self.hard, 0.0, np.minimum(flow, 0.5 * self.full))

    def warm(self, flow: Floats, price: Floats) -> Floats:
        """A neighbour's answer; where its flow would overfill a queue of this question, most of that queue."""
        return np.where(self.hard, price, np.where(flow < self.full, flow, 0.9 * self.full))

    def look(self, at: Floats) -> ChainState:
        """Choice at this point, and how far flows and prices are from fitting each other."""
        held = np.where(self.hard, 0.0, at)
        paid = marginal_cost(self.curves, held) if self.system_optimum else delay(self.curves, held)
        price = paid + np.where(self.hard, at, 0.0)
        share, logsum = self._choose(self.fixed + self.chains.worth @ price)
        amount = share * self.chains.demand[self.chains.group]
        at_use = self.chains.places
        drawn = at_use.use_value * amount[at_use.use_chain]
        flow = np.bincount(at_use.use_column, drawn, self.size.size).astype(np.float64)
        # a capacity fits when its price is 0 or its room is: the lesser of the two, each in its own size
        room = (self.capacity - flow) / self.size
        weight = np.where(self.hard, at, 0.0) * self.scale.mean()
        misfit = np.where(self.hard, np.minimum(weight, np.where(self.hard, room, 0.0)), (at - flow) / self.size)
        over = np.where(self.hard, np.maximum(-room, 0.0), 0.0)
        residual = float(np.maximum(abs(misfit), over).max(initial=0.0))
        merit = -self._dual(at, price, logsum) if self.chains.symmetric else float(misfit @ misfit)
        return ChainState(at, price, share, logsum, amount, flow, merit, residual)

    def run(self, state: ChainState, tolerance: float) -> tuple[ChainState, int]:
        """Newton's steps until the residual is met or no step gains; returns the number of steps."""
        for steps in range(STEPS):
            better = self.step(state) if state.residual > tolerance else None
            if better is None:
                return state, steps
            state = better
        return state, STEPS

    def step(self, state: ChainState) -> ChainState | None:
        """Newton's step, shortened until it gains; None where no step gains any more."""
        move = self._newton(state)
        length = self._longest(state.at, move)
        least = np.where(self.hard, 0.0, (1.0 - TOWARDS_FULL) * state.at)  # flow of a curve never runs dry in a step
        most = np.where(self.hard, np.inf, self.full * (1.0 - 1e-12))  # nor does rounding fill it up
        for _ in range(60):
            tried = self.look(np.minimum(np.maximum(state.at + move * length, least), most))
            if tried.merit < state.merit - 1e-14 * abs(state.merit):
                return tried
            if abs(tried.merit - state.merit) <= 1e-12 * abs(state.merit) and tried.residual < 0.9 * state.residual:
                return tried  # the merit is flat to rounding: the residual decides
            length *= 0.5
        return None

    def _newton(self, state: ChainState) -> Floats:
        """Full step: the linear system of all free resources at the slopes of choice and curves."""
        fall = self._slopes(state)
        held = np.where(self.hard, 0.0, state.at)
        rise = np.where(self.hard, 1.0, self._curve_slope(held))
        system = fall * rise[None, :]
        right = np.where(self.hard, state.flow - self.capacity, state.flow - state.at)
        curve = np.flatnonzero(~self.hard)
        system[curve, curve] += 1.0
        # room to spare at hardly any price: the price goes to 0, apart from the others (two-metric projection)
        close = min(1e-3, state.residual) / self.scale.max()
        at_rest = self.hard & (state.at <= close) & (right <= 0.0)
        idle, paid = np.flatnonzero(at_rest), np.flatnonzero(self.hard & ~at_rest)
        system[idle] = 0.0
        system[:, idle] = 0.0
        system[idle, idle] = 1.0
        right[idle] = -state.at[idle]
        # where the choice hardly answers to a price, its step is held to about ten units of the logit
        system[paid, paid] += 0.1 * self.scale.min() * abs(right[paid]) + 1e-12 * self.size[paid] * self.scale.mean()
        return _solved(system, right)

    def _longest(self, at: Floats, move: Floats) -> float:
        """Length of step at which no queue fills up and no price leaps."""
        up = ~self.hard & (move > 0.0) & np.isfinite(self.full)
        full = (TOWARDS_FULL * (self.full[up] - at[up]) / move[up]).min(initial=np.inf)
        leap = 30.0 / self.scale.min() / max(float(abs(move[self.hard]).max(initial=0.0)), 1e-300)
        return float(min(1.0, full, leap))

    def require_room(self) -> None:
        """Raise if no split of the demand keeps every capacity: the least overflow, and the resources that force it."""
        from scipy.optimize import linprog

        chains, limit = self.chains, np.minimum(self.capacity, self.full)
        bound, open_ = np.flatnonzero(np.isfinite(limit)), np.flatnonzero(np.isfinite(chains.cost_yuan))
        wanted = np.flatnonzero(chains.demand > 0.0)
        rows = (chains.group[open_], np.arange(open_.size))
        member = csr_matrix((np.ones(open_.size), rows), shape=(chains.demand.size, open_.size))[wanted]
        none = csr_matrix((wanted.size, bound.size))
        solved = linprog(
            np.r_[np.zeros(open_.size), np.ones(bound.size)],
            A_eq=hstack([member, none]), b_eq=chains.demand[wanted],
            A_ub=hstack([chains.use[open_][:, bound].T, -eye(bound.size)]), b_ub=limit[bound], method="highs",
        )  # fmt: skip
        if solved.status == 0 and solved.fun > 1e-9 * chains.demand.sum():
            forced = bound[np.abs(solved.ineqlin.marginals) > 1e-9]
            told = ", ".join(f"{i} ({limit[i]:g})" for i in forced[:5])
            raise InfeasibleError(f"{solved.fun:g} beyond capacity whatever the price: resources {told}")

    def _choose(self, cost: Floats) -> tuple[Floats, Floats]:
        """Logit shares by chain and logsum by group [yuan]."""
        least = np.full(self.chains.demand.size, np.inf)
        np.minimum.at(least, self.chains.group, cost)
        least = np.where(np.isfinite(least), least, 0.0)
        behind = self.scale[self.chains.group] * (cost - least[self.chains.group])
        weight = np.where(behind < NONE, np.exp(-np.minimum(behind, NONE)), 0.0)
        total = np.bincount(self.chains.group, weight, least.size)
        share = np.divide(
            weight, total[self.chains.group], out=np.zeros_like(weight), where=total[self.chains.group] > 0.0
        )
        known = total > 0.0
        return share, np.where(known, least - np.log(np.where(known, total, 1.0)) / self.scale, np.inf)

    def _slopes(self, state: ChainState) -> Floats:
        """How fast each resource's flow falls as each price rises, shape (resources, resources)."""
        chains, size = self.chains, self.size.size
        pull = state.amount * self.scale[chains.group]
        places = chains.places
        cells = (size * size, pull.size)
        of_pairs = csr_matrix((places.pair_value, places.pair_chain, places.pair_first), shape=cells, copy=False)
        direct = np.asarray(of_pairs @ pull).reshape(size, size)
        shape = (chains.demand.size, size)
        entries = (
            (places.use_of_group, places.use_value * state.share[places.use_chain]),
            (places.worth_of_group, places.worth_value * state.share[places.worth_chain]),
        )
        used, paid = (
            np.bincount(place, value, shape[0] * size).reshape(shape).astype(np.float64) for place, value in entries
        )
        return direct - _crossed(used, paid * (chains.demand * self.scale)[:, None])

    def _curve_slope(self, held: Floats) -> NDArray[Any]:
        if not self.system_optimum:
            return np.minimum(delay_slope(self.curves, held), 1e30)
        step = np.maximum(1e-6 * np.minimum(held, np.where(np.isfinite(self.full), self.full - held, np.inf)), 1e-12)
        lower = np.maximum(held - step, 0.0)
        return (marginal_cost(self.curves, held + step) - marginal_cost(self.curves, lower)) / (held + step - lower)

    def proof(self, state: ChainState) -> tuple[float, float]:
        """Convex objective of the flows, and its dual bound at the prices [yuan]."""
        sent = state.amount > 0.0
        mixing = np.log(state.share[sent]) / self.scale[self.chains.group[sent]]
        own = float(((self.fixed[sent] + mixing) * state.amount[sent]).sum())
        flow = np.where(self.hard, 0.0, state.flow)
        objective = (
            own + float(self._potential(flow).sum()) + float(self.curves.base[self.hard] @ state.flow[self.hard])
        )
        return objective, self._dual(state.at, state.price, state.logsum)

    def _dual(self, at: Floats, price: Floats, logsum: Floats) -> float:
        """Dual objective: a lower bound at any prices, the least cost at the right ones [yuan]."""
        wanted = self.chains.demand > 0.0
        held = np.where(self.hard, 0.0, at)
        bound = float((self.chains.demand[wanted] * logsum[wanted]).sum())
        bound -= float((price * held - self._potential(held))[~self.hard].sum())
        return bound - float(at[self.hard] @ self.capacity[self.hard])

    def _potential(self, flow: Floats) -> Floats:
        return flow * delay(self.curves, flow) if self.system_optimum else delay_integral(self.curves, flow)


def _solved(system: Floats, right: Floats) -> Floats:
    """The linear system; by least squares where it is singular, or so nearly that its solution does not fit."""
    try:
        found = np.linalg.solve(system, right)
    except np.linalg.LinAlgError:
        found = np.full(right.size, np.nan)
    if np.isfinite(found).all() and abs(system @ found - right).max(initial=0.0) <= 1e-8 * abs(right).max(initial=0.0):
        return np.asarray(found, dtype=np.float64)
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0], dtype=np.float64)


def _crossed(one: Floats, other: Floats) -> Floats:
    """``one.T @ other`` in pieces too small for the linear algebra library to wake threads, which cost more than they save."""
    rows, columns = one.shape
    piece = max(1, 200_000 // max(columns * columns, 1))
    whole = rows - rows % piece
    total = one[whole:].T @ other[whole:]
    if whole:
        stacked = one[:whole].reshape(-1, piece, columns).transpose(0, 2, 1) @ other[:whole].reshape(-1, piece, columns)
        total = total + stacked.sum(axis=0)
    return total
