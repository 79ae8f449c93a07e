"""The chains of a district with the resources that they share, ready for an equilibrium.

Own groups come first, one a (flow, season); then one group for the traffic of others at each lock or road, which passes or,
at a lock, turns away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from qujiang.freight.assign import generalized_cost
from qujiang.freight.congestion import HOURS_PER_YEAR, TURN_AWAY_H, Congestion
from qujiang.freight.legs import PricedLegs, price_legs
from qujiang.freight.network import Mode
from qujiang.freight.problem import FreightProblem
from qujiang.freight.use import Passages, Steps, passages_of, payload_of_legs, per_hour_of_legs, quay_calls, steps_of
from qujiang.methods.delay import Curves, curves
from qujiang.methods.equilibrium_chains import ChainSet, chain_set

#: Lorry load where a district names none [t].
TRUCK_PAYLOAD_T = 30.0


@dataclass(frozen=True, slots=True)
class Uses:
    """Which leg uses which resource how often: one entry each. They change with the chains only."""

    leg: np.ndarray
    resource: np.ndarray
    count: np.ndarray


@dataclass(frozen=True, slots=True)
class SharedChains:
    """Chains as arrays. ``held`` is the cost of each own chain without the delays of the resources [yuan/t]."""

    problem: FreightProblem
    congestion: Congestion
    legs: PricedLegs  # at the waits that the district assumes
    uses: Uses
    vessel_yuan: np.ndarray  # by entry of ``uses``: what an hour there costs the vessel [yuan/(t h)]
    set: ChainSet
    curves: Curves
    capacity: np.ndarray
    scale: np.ndarray  # logit scale by group
    own_groups: int


def find_uses(problem: FreightProblem, congestion: Congestion) -> Uses:
    """Walk the legs once."""
    steps = steps_of(problem)
    passages = passages_of(problem)
    found = [_uses_of(problem, resource.kind, resource.at, steps, passages) for resource in congestion.resources]
    sizes = [len(leg) for leg, _ in found]
    return Uses(
        np.concatenate([leg for leg, _ in found]) if found else np.empty(0, dtype=np.int64),
        np.repeat(np.arange(len(found)), sizes),
        np.concatenate([count for _, count in found]) if found else np.empty(0),
    )


def _uses_of(
    problem: FreightProblem, kind: str, name: str, steps: Steps, passages: Passages
) -> tuple[np.ndarray, np.ndarray]:
    """Legs that use one resource, and how often."""
    size = problem.chains.leg_mode.size
    used = np.zeros(size)
    if name in problem.place_ids and kind in ("berth", "capacity"):
        used = quay_calls(problem, problem.place_ids.index(name))
    elif name in passages.locks and kind in ("lock", "capacity"):
        used = np.bincount(passages.leg[passages.lock == passages.locks.index(name)], minlength=size).astype(float)
    elif kind in ("road", "capacity"):
        for season, network in enumerate(problem.networks):
            of_mode = ((Mode.ROAD, network.road), (Mode.RAIL, network.rail), (Mode.WATER, network.water.links))
            for mode, links in of_mode:
                if name in links.ids:
                    here = (steps.season == season) & (steps.mode == mode) & (steps.link == links.ids.index(name))
                    used = used + np.bincount(steps.leg[here], minlength=size)
    legs = np.flatnonzero(used)
    return legs, used[legs]


def share_chains(problem: FreightProblem, congestion: Congestion, *, known: SharedChains | None = None) -> SharedChains:
    """Chains of a problem as arrays.

    Parameters
    ----------
    known
        Of a neighbouring problem: what the two have in common is taken over.
    """
    same_chains = known is not None and known.problem.chains is problem.chains
    same_resources = known is not None and known.congestion.names == congestion.names
    if known is not None and same_chains and same_resources:
        same_rates = known.problem.rates is problem.rates and known.problem.parts is problem.parts
        same_kinds = [r.kind for r in known.congestion.resources] == [r.kind for r in congestion.resources]
        if same_rates and same_kinds and bool((known.congestion.assumed_h == congestion.assumed_h).all()):
            return _with_demand(known, problem, congestion)
        uses = known.uses
    else:
        uses = find_uses(problem, congestion)
    return _build(problem, congestion, uses)


def _with_demand(known: SharedChains, problem: FreightProblem, congestion: Congestion) -> SharedChains:
    """The same chains and costs under another demand or other capacities."""
    demand = np.concatenate([_own_demand(problem), congestion.background[_others(congestion)]])
    if demand.shape != known.set.demand.shape:
        return _build(problem, congestion, known.uses)
    return replace(
        known, problem=problem, congestion=congestion, set=replace(known.set, demand=demand),
        curves=_at_least_one(congestion.curves), capacity=_hard(congestion),
    )  # fmt: skip


def _own_demand(problem: FreightProblem) -> np.ndarray:
    return np.outer(problem.demand_t_per_year, problem.season_share).ravel()


def _others(congestion: Congestion) -> np.ndarray:
    """Resources with traffic of others."""
    return np.flatnonzero(congestion.background > 0)


def _build(problem: FreightProblem, congestion: Congestion, uses: Uses) -> SharedChains:
    chains, resources = problem.chains, congestion.resources
    width = chains.leg_mode.shape[1]
    chain = uses.leg // width
    kinds = np.array([r.kind for r in resources], dtype=object)
    kind = kinds[uses.resource] if len(resources) else np.empty(0, dtype=object)
    at_lock, in_port = per_hour_of_legs(problem)
    vessel = np.where(kind == "lock", at_lock[uses.leg], np.where(kind == "berth", in_port[uses.leg], 0.0))
    cargo = problem.forms.value_of_time[problem.form[chains.flow]]
    delayed = kind != "capacity"
    worth = np.where(delayed, uses.count * (vessel + cargo[chain]), uses.count)
    use = uses.count * units_per_t(problem, kind, uses.leg)
    legs = price_legs(problem)
    held = generalized_cost(problem, legs)
    if len(resources):
        assumed = congestion.assumed_h[uses.resource]
        held = held - np.bincount(chain, np.where(delayed, worth * assumed, 0.0), len(chains))
    return _with_others(problem, congestion, legs, uses, vessel, (chain, use, worth), held)


def units_per_t(problem: FreightProblem, kind: np.ndarray, leg: np.ndarray) -> np.ndarray:
    """Flow of a resource that a tonne on a leg makes: vessels with their empty way back, lorries an hour, or tonnes."""
    rates = problem.rates
    vessels = (1 + rates["empty_return_share"] / 100) / payload_of_legs(problem)[leg]
    lorries = 1.0 / rates.value.get("truck_payload", TRUCK_PAYLOAD_T) / HOURS_PER_YEAR
    return np.where(kind == "lock", vessels, np.where(kind == "road", lorries, 1.0))


def _with_others(
    problem: FreightProblem,
    congestion: Congestion,
    legs: PricedLegs,
    uses: Uses,
    vessel: np.ndarray,
    entries: tuple[np.ndarray, np.ndarray, np.ndarray],
    held: np.ndarray,
) -> SharedChains:
    """Add a group for the traffic of others at each resource that has some."""
    chains, seasons = problem.chains, len(problem.season_share)
    chain, use, worth = entries
    others = _others(congestion)
    own, count = len(chains), max(len(congestion.resources), 1)
    value = congestion.background_yuan_per_h
    may_turn = np.array([congestion.resources[r].kind == "lock" for r in others], dtype=bool)
    own_groups = len(problem.origin) * seasons
    group = np.arange(own_groups, own_groups + len(others))
    pass_rows = own + np.arange(len(others))
    shape = (own + len(others) + int(may_turn.sum()), count)
    ones = np.ones(len(others))
    rows, columns = np.concatenate([chain, pass_rows]), np.concatenate([uses.resource, others])
    made = chain_set(
        np.concatenate([chains.flow * seasons + chains.season, group, group[may_turn]]),
        np.concatenate([held, np.zeros(len(others)), np.full(int(may_turn.sum()), value * TURN_AWAY_H)]),
        np.concatenate([_own_demand(problem), congestion.background[others]]),
        csr_matrix((np.concatenate([use, ones]), (rows, columns)), shape=shape),
        worth=csr_matrix((np.concatenate([worth, value * ones]), (rows, columns)), shape=shape),
        path_size=np.concatenate([problem.parts.path_size, np.ones(shape[0] - own)]),
    )
    scale = np.full(own_groups + len(others), problem.rates["logit_scale"])
    of = _at_least_one(congestion.curves)
    return SharedChains(problem, congestion, legs, uses, vessel, made, of, _hard(congestion), scale, own_groups)


def _at_least_one(of: Curves) -> Curves:
    """The methods want one resource at least; where there is none, one that nobody uses."""
    return of if len(of.base) else curves(0.0)


def _hard(congestion: Congestion) -> np.ndarray:
    return congestion.hard if congestion.resources else np.array([np.inf])


def delayed_legs(shared: SharedChains, wait_h: np.ndarray) -> PricedLegs:
    """What every leg costs and takes at these delays, shape (resources,) [h]; prices of capacities are no money paid."""
    resources, legs, uses = shared.congestion.resources, shared.legs, shared.uses
    if not resources:
        return legs
    moved = np.where([r.is_hard for r in resources], 0.0, wait_h[: len(resources)] - shared.congestion.assumed_h)
    later = uses.count * moved[uses.resource]
    size, shape = legs.hours.size, legs.hours.shape
    return replace(
        legs,
        hours=legs.hours + np.bincount(uses.leg, later, size).reshape(shape),
        freight_yuan=legs.freight_yuan + np.bincount(uses.leg, later * shared.vessel_yuan, size).reshape(shape),
    )
