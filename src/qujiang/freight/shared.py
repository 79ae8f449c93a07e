"""The chains of a district with the resources that they share, ready for an equilibrium.

Own groups come first, one a (flow, season); then one group for the traffic of others at each lock or road, which passes or,
at a lock, turns away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from qujiang.freight.assign import generalized_cost
from qujiang.freight.congestion import HOURS_PER_YEAR, Congestion, Resource
from qujiang.freight.legs import PricedLegs, price_legs
from qujiang.freight.modes import Mode
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
    per_t: np.ndarray  # by entry of ``uses``: flow of the resource that a tonne on the leg makes
    cell: np.ndarray  # by entry of ``uses`` and then of others: its place in the data of ``set.use``
    set: ChainSet
    curves: Curves
    capacity: np.ndarray
    scale: np.ndarray  # logit scale by group
    own_groups: int


def find_uses(problem: FreightProblem, congestion: Congestion) -> Uses:
    """Walk the legs once."""
    steps = steps_of(problem)
    passages = passages_of(problem)
    found = [_uses_of(problem, resource, steps, passages) for resource in congestion.resources]
    sizes = [len(leg) for leg, _ in found]
    return Uses(
        np.concatenate([leg for leg, _ in found]) if found else np.empty(0, dtype=np.int64),
        np.repeat(np.arange(len(found)), sizes),
        np.concatenate([count for _, count in found]) if found else np.empty(0),
    )


def _uses_of(
    problem: FreightProblem, resource: Resource, steps: Steps, passages: Passages
) -> tuple[np.ndarray, np.ndarray]:
    """Legs that use one resource, and how often."""
    kind, name = resource.kind, resource.at
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
    if resource.boxed is not None:
        boxed = problem.forms.boxed[problem.form[problem.chains.flow]]
        used = used * np.repeat(boxed == resource.boxed, problem.chains.leg_mode.shape[1])
    legs = np.flatnonzero(used)
    return legs, used[legs] * resource.share


def share_chains(problem: FreightProblem, congestion: Congestion, *, known: SharedChains | None = None) -> SharedChains:
    """Chains of a problem as arrays.

    Parameters
    ----------
    known
        Of a neighbouring problem: what the two have in common is taken over.
    """
    alike = (
        known is not None
        and known.problem.chains is problem.chains
        and [(r.id, r.kind, r.background > 0, r.share) for r in known.congestion.resources]
        == [(r.id, r.kind, r.background > 0, r.share) for r in congestion.resources]
    )
    if known is None or not alike:
        return _build(problem, congestion, find_uses(problem, congestion), None)
    same_rates = known.problem.rates is problem.rates and known.problem.parts is problem.parts
    if same_rates and bool((known.congestion.assumed_h == congestion.assumed_h).all()):
        demand = np.concatenate([_own_demand(problem), congestion.background[_others(congestion)]])
        return replace(
            known, problem=problem, congestion=congestion, set=replace(known.set, demand=demand),
            curves=_at_least_one(congestion.curves), capacity=_hard(congestion),
        )  # fmt: skip
    return _build(problem, congestion, known.uses, known)


def _own_demand(problem: FreightProblem) -> np.ndarray:
    return np.outer(problem.demand_t_per_year, problem.season_share).ravel()


def _others(congestion: Congestion) -> np.ndarray:
    """Resources with traffic of others."""
    return np.flatnonzero(congestion.background > 0)


def _build(problem: FreightProblem, congestion: Congestion, uses: Uses, known: SharedChains | None) -> SharedChains:
    chains, resources = problem.chains, congestion.resources
    width = chains.leg_mode.shape[1]
    chain = uses.leg // width
    at_lock, in_port = per_hour_of_legs(problem, uses.leg)
    lock, berth, hard = (
        np.array([r.kind == kind for r in resources], dtype=bool)[uses.resource]
        for kind in ("lock", "berth", "capacity")
    )
    vessel = np.where(lock, at_lock, np.where(berth, in_port, 0.0))
    cargo = problem.forms.value_of_time[problem.form[chains.flow]]
    delayed = ~hard
    worth = np.where(delayed, uses.count * (vessel + cargo[chain]), uses.count)
    per_t = uses.count * _units_per_t(problem, congestion, uses)
    legs = price_legs(problem)
    held = generalized_cost(problem, legs)
    if len(resources):
        assumed = congestion.assumed_h[uses.resource]
        held = held - np.bincount(chain, np.where(delayed, worth * assumed, 0.0), len(chains))
    return _with_others(problem, congestion, legs, uses, (vessel, per_t), (chain, worth), held, known)


def _units_per_t(problem: FreightProblem, congestion: Congestion, uses: Uses) -> np.ndarray:
    """Flow of a resource that a tonne on a leg makes: vessels with their empty way back, lorries an hour, or tonnes."""
    rates = problem.rates
    lorries = 1.0 / rates.value.get("truck_payload", TRUCK_PAYLOAD_T) / HOURS_PER_YEAR
    of = {"lock": 1 + rates["empty_return_share"] / 100, "road": lorries}
    units = np.array([of.get(r.kind, 1.0) for r in congestion.resources])[uses.resource]
    lock = np.array([r.kind == "lock" for r in congestion.resources], dtype=bool)[uses.resource]
    return np.where(lock, units / payload_of_legs(problem, uses.leg), units)


def _with_others(
    problem: FreightProblem,
    congestion: Congestion,
    legs: PricedLegs,
    uses: Uses,
    of_entries: tuple[np.ndarray, np.ndarray],
    entries: tuple[np.ndarray, np.ndarray],
    held: np.ndarray,
    known: SharedChains | None,
) -> SharedChains:
    """Add a group for the traffic of others at each resource that has some; where each entry belongs may be ``known``."""
    chains, seasons = problem.chains, len(problem.season_share)
    (vessel, per_t), (chain, worth) = of_entries, entries
    others = _others(congestion)
    own, count = len(chains), max(len(congestion.resources), 1)
    value = congestion.background_yuan_per_h
    may_turn = np.array([congestion.resources[r].kind == "lock" for r in others], dtype=bool)
    own_groups = len(problem.origin) * seasons
    group = np.arange(own_groups, own_groups + len(others))
    pass_rows = own + np.arange(len(others))
    shape = (own + len(others) + int(may_turn.sum()), count)
    ones = np.ones(len(others))
    cost = np.concatenate(
        [held, np.zeros(len(others)), np.full(int(may_turn.sum()), value * problem.rates.turn_away_h)]
    )
    demand = np.concatenate([_own_demand(problem), congestion.background[others]])
    use, paid = np.concatenate([per_t, ones]), np.concatenate([worth, value * ones])
    size = np.concatenate([problem.parts.path_size, np.ones(shape[0] - own)])
    if known is None:
        key = np.concatenate([chain, pass_rows]) * count + np.concatenate([uses.resource, others])
        cells, cell = np.unique(key, return_inverse=True)
        first = np.searchsorted(cells, np.arange(shape[0] + 1) * count)
        matrices = [
            csr_matrix((np.bincount(cell, v, len(cells)), cells % count, first), shape=shape) for v in (use, paid)
        ]
        of_chain = np.concatenate([chains.flow * seasons + chains.season, group, group[may_turn]])
        made = chain_set(of_chain, cost, demand, matrices[0], worth=matrices[1], path_size=size)
    else:
        cell = known.cell
        made = with_values(known.set, cell, use, paid)
        made = replace(made, cost_yuan=cost, demand=demand, path_size=size)
    scale = np.full(own_groups + len(others), problem.rates["logit_scale"])
    of = _at_least_one(congestion.curves)
    return SharedChains(
        problem, congestion, legs, uses, vessel, per_t, cell, made, of, _hard(congestion), scale, own_groups
    )


def with_values(made: ChainSet, cell: np.ndarray, use: np.ndarray, worth: np.ndarray) -> ChainSet:
    """The same chains with other uses and worths, entry by entry, in the same places."""
    taken, paid = (np.bincount(cell, value, made.use.nnz) for value in (use, worth))
    matrices = [
        csr_matrix((data, made.use.indices, made.use.indptr), shape=made.use.shape, copy=False)
        for data in (taken, paid)
    ]
    pairs = np.take(taken, made.places.pair_use)
    pairs *= np.take(paid, made.places.pair_worth)
    places = replace(
        made.places, use_value=taken, worth_value=paid, pair_value=pairs
    )  # fmt: skip
    symmetric = bool((taken == paid).all())
    return replace(made, use=matrices[0], worth=matrices[1], symmetric=symmetric, places=places)


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
