"""Stochastic equilibrium over given chains: logit shares at the delays and prices that the shares themselves cause.

Each group (a pair, cargo and season, say) chooses among its chains by (path-size) logit. Chains use resources: a lock, a
terminal, a road. A resource either has a delay curve, or a capacity whose price rises from 0 only as far as is needed to
keep its flow within it. There are few resources, so the search is Newton's on them, with one logit evaluation a step.

Where a chain's cost per unit of delay is the same as its use of the resource, the equilibrium is the least of a convex
objective and a lower bound is given; where values of time differ between chains, only the residual proves the answer.

No compiled code is used here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import NotConvergedError
from qujiang.methods.delay import Curves, scaled
from qujiang.methods.equilibrium_chains_search import ChainSearch, ChainSet, chain_set, places_of

__all__ = ["ChainEquilibrium", "ChainSet", "chain_equilibrium", "chain_set", "fall_by_wait"]

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
#: A scipy.sparse.csr_matrix; its stubs know too little of its own operations.
Sparse = Any

#: Without a potential, Newton starts at most so often from a neighbouring problem that has one.
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class ChainEquilibrium:
    """Flows of chains and what they rest on.

    ``price`` [resources] is the delay of a curve or the price of a capacity; ``flow`` [resources] its flow; ``logsum_yuan``
    [groups]. ``residual`` is the largest relative misfit of flow and price. ``objective`` and ``lower_bound`` are NaN without a
    potential.
    """

    amount: Floats
    share: Floats
    logsum_yuan: Floats
    flow: Floats
    price: Floats
    residual: float
    objective: float
    lower_bound: float
    steps: int


def chain_equilibrium(
    chains: ChainSet,
    scale_per_yuan: ArrayLike,
    curves: Curves,
    capacity: ArrayLike = np.inf,
    *,
    system_optimum: bool = False,
    tolerance: float = 1e-9,
    start: ChainEquilibrium | None = None,
) -> ChainEquilibrium:
    """Shares at which every chain's cost is the one that its resources' flows cause.

    Parameters
    ----------
    scale_per_yuan
        Logit scale [1/yuan], one or one a group.
    curves
        Delay of each resource, as a function of its flow in units of ``use``.
    capacity
        Hard capacity of a resource; infinite for none. A resource has a capacity or a delay that varies, not both: name it
        twice to give it both.
    system_optimum
        Every chain also pays the delay that it causes to others.
    start
        An answer of a neighbouring question.

    Raises
    ------
    InfeasibleError
        A group with demand has no open chain, or capacities cannot carry the demand whatever their price.
    NotConvergedError
        The residual stayed above the tolerance; carries the best answer.

    References
    ----------
    Fisk (1980), Transportation Research B 14, pp. 243-255; Qi and Sun (1993), Mathematical Programming 58, pp. 353-367
    """
    search = ChainSearch(chains, scale_per_yuan, curves, capacity, system_optimum)
    state = search.look(search.first() if start is None else search.warm(start.flow, start.price))
    if start is None and not chains.symmetric:
        state = search.look(_alike(chains, scale_per_yuan, curves, search, np.zeros(search.size.size)))
    steps, paid = 0, state.price
    for _ in range(1 if chains.symmetric else ROUNDS):
        state, taken = search.run(state, tolerance)
        steps += taken
        if state.residual <= tolerance:
            break
        if not chains.symmetric:
            state = search.look(_alike(chains, scale_per_yuan, curves, search, paid))
            paid = 0.5 * (paid + state.price)
    objective, bound = search.proof(state) if chains.symmetric else (np.nan, np.nan)
    answer = ChainEquilibrium(
        state.amount, state.share, state.logsum, state.flow, state.price, state.residual, objective, bound, steps
    )
    if state.residual > tolerance:
        search.require_room()
        raise NotConvergedError(f"residual {state.residual:.3g} after {steps} steps; {tolerance:.3g} was asked", answer)
    return answer


def fall_by_wait(chains: ChainSet, scale_per_yuan: ArrayLike, amount: Floats, share: Floats, weight: Floats) -> Floats:
    """How fast the sum of ``weight`` times amount falls with each resource's delay or price, the others held.

    Parameters
    ----------
    weight
        One a chain; chains after its end have none.

    Returns
    -------
    Shape (resources,) [unit of weight x amount per unit of delay].
    """
    groups, count = chains.demand.size, weight.size
    scale = np.broadcast_to(np.asarray(scale_per_yuan, dtype=np.float64), chains.demand.shape)
    pulled = amount[:count] * weight * scale[chains.group[:count]]
    direct = chains.worth[:count].T @ pulled
    of_group = np.bincount(chains.group[:count], pulled, groups)
    return np.asarray(direct - chains.worth.T @ (share * of_group[chains.group]))


def _alike(chains: ChainSet, scale_per_yuan: ArrayLike, curves: Curves, search: ChainSearch, paid: Floats) -> Floats:
    """A starting point: every chain values a change of delay alike, at its users' mean; the differences stay at prices ``paid``."""
    used, worth = (np.asarray(matrix.sum(axis=0)).ravel() for matrix in (chains.use, chains.worth))
    mean = np.divide(worth, used, out=np.ones(used.size), where=(used > 0.0) & (worth > 0.0))
    apart = chains.worth @ paid - chains.use @ (mean * paid)
    places = places_of(chains.group, chains.use, chains.use)
    alike = replace(chains, cost_yuan=chains.cost_yuan + apart, worth=chains.use, symmetric=True, places=places)
    inner = ChainSearch(alike, scale_per_yuan, scaled(curves, mean), search.capacity, search.system_optimum)
    state, _ = inner.run(inner.look(inner.first()), 1e-6)
    return np.where(search.hard, state.at / mean, state.at)
