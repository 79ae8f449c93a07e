"""Whether capacities and queues leave room for all demand, and the cut where they do not."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, eye, hstack

from qujiang.errors import InfeasibleError
from qujiang.freight.shared import SharedChains

#: Demand left over below this part of it is rounding.
ROUNDING = 1e-9


def require_room(shared: SharedChains) -> None:
    """Raise if no split of the demand keeps every capacity, naming the resources that hold it back.

    Raises
    ------
    InfeasibleError
        The least overflow, in each resource's own unit, and the cut.
    """
    chains, resources = shared.set, shared.congestion.resources
    limit = np.minimum(shared.capacity, np.where(shared.curves.is_queue, shared.curves.capacity, np.inf))
    bound = np.flatnonzero(np.isfinite(limit))
    free = np.ones(len(chains.cost_yuan), dtype=bool)
    free[chains.places.use_chain[np.isfinite(limit[chains.places.use_column])]] = False
    tied = chains.demand > 0.0
    tied[chains.group[free & np.isfinite(chains.cost_yuan)]] = False
    if not tied.any() or not bound.size:
        return
    from scipy.optimize import linprog

    rows = np.flatnonzero(tied[chains.group] & np.isfinite(chains.cost_yuan))
    wanted, place = np.unique(chains.group[rows], return_inverse=True)
    member = csr_matrix((np.ones(rows.size), (place, np.arange(rows.size))), shape=(wanted.size, rows.size))
    demand, scale = chains.demand[wanted], float(chains.demand[wanted].max())
    share = csr_matrix(chains.use[rows][:, bound].T.multiply(1.0 / limit[bound, None]))
    solved = linprog(
        np.r_[np.zeros(rows.size), np.ones(bound.size)],
        A_eq=hstack([member, csr_matrix((wanted.size, bound.size))]), b_eq=demand / scale,
        A_ub=hstack([share * scale, -eye(bound.size)]), b_ub=np.ones(bound.size), method="highs",
    )  # fmt: skip
    if solved.status != 0 or solved.fun <= ROUNDING:
        return
    cut = bound[np.abs(solved.ineqlin.marginals) > 1e-9]
    told = ", ".join(f"{resources[i].id} ({limit[i]:,.0f} {resources[i].flow_unit})" for i in cut[:8])
    over = float(demand.sum())
    raise InfeasibleError(f"{over:,.0f} t a year have no way around {told}, which cannot carry them whatever the price")
