"""Send every cargo: the share of each chain, and what that means for links, locks, terminals and calls."""

from __future__ import annotations

import numpy as np

from qujiang.freight.chains import SIGNATURES
from qujiang.freight.legs import PricedLegs, price_legs
from qujiang.freight.problem import FreightProblem
from qujiang.freight.result import FreightResult
from qujiang.methods.choice import logit_shares, logsum_yuan


def assign(problem: FreightProblem, *, pull_yuan: np.ndarray | None = None) -> FreightResult:
    """Share every flow among its chains by a path-size logit.

    Each flow chooses, in each season, among the best chain of each mode signature. Generalized cost is money plus the
    cargo's value of time times its hours. Costs do not depend on flows here.

    Parameters
    ----------
    problem
        Chains, rates and demand [t/year].
    pull_yuan
        Added to the generalized cost of each signature, shape (signatures,) [yuan/t]. Only the diagnosis of the
        calibration uses it: a model that needs such constants is not explained by its costs.

    Returns
    -------
    FreightResult
        Tonnes of every chain [t/year] and what follows from them.
    """
    legs = price_legs(problem)
    cost = generalized_cost(problem, legs)
    if pull_yuan is not None:
        cost = cost + pull_yuan[problem.chains.signature]
    share, logsum = choose(problem, cost)
    demand = problem.demand_t_per_year[problem.chains.flow] * problem.season_share[problem.chains.season]
    return FreightResult(problem, legs, cost, share, share * demand, logsum)


def generalized_cost(problem: FreightProblem, legs: PricedLegs) -> np.ndarray:
    """Money plus time of each chain [yuan/t]."""
    value = problem.forms.value_of_time[problem.form[problem.chains.flow]]
    return legs.yuan_per_t() + value * legs.hours.sum(axis=1)


def choose(problem: FreightProblem, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of each chain within its flow and season, and the logsum of each (flow, season) [yuan/t]."""
    chains = problem.chains
    seasons = len(problem.season_share)
    scale = problem.rates["logit_scale"]
    group = chains.flow * seasons + chains.season
    table = np.full((len(problem.origin) * seasons, len(SIGNATURES)), np.inf)
    # ln(path size) enters the utility; as a cost it is -ln(PS)/scale
    table[group, chains.signature] = cost - np.log(problem.parts.path_size) / scale
    share = logit_shares(table, scale)[group, chains.signature]
    return share, logsum_yuan(table, scale).reshape(-1, seasons)
