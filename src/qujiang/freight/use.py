"""Which chain uses what: locks, links and quays along the legs of every chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.modes import Mode
from qujiang.freight.network import Links
from qujiang.freight.problem import FreightProblem
from qujiang.freight.skims import Skim


@dataclass(frozen=True, slots=True)
class Steps:
    """Every step of every leg: ``leg`` counts chains x 5; ``link`` is a row of the mode's links in the season."""

    leg: np.ndarray
    season: np.ndarray
    mode: np.ndarray
    link: np.ndarray
    forward: np.ndarray  # True in the order of the link's ends


@dataclass(frozen=True, slots=True)
class Passages:
    """Every passage of a leg through a lock, one entry each."""

    locks: tuple[str, ...]
    leg: np.ndarray
    lock: np.ndarray
    count: np.ndarray
    payload_t: np.ndarray


def steps_of(problem: FreightProblem, modes: tuple[Mode, ...] = (Mode.ROAD, Mode.RAIL, Mode.WATER)) -> Steps:
    """Walk every leg back from its end, all legs of one skim at once."""
    chains = problem.chains
    found: list[np.ndarray] = []
    for season, skims in enumerate(problem.skims):
        network = problem.networks[season]
        here = (chains.season == season)[:, None]
        ways = [(Mode.ROAD, -1, skims.road, network.road), (Mode.RAIL, -1, skims.rail, network.rail)]
        ways += [(Mode.WATER, way, skim, network.water.links) for way, skim in enumerate(skims.water)]
        lookups = {mode: _link_lookup(links, len(problem.place_ids)) for mode, _, _, links in ways if mode in modes}
        for mode, way, skim, _ in ways:
            if mode not in modes:
                continue
            used = here & (chains.leg_mode == mode) & ((chains.leg_means == way) | (mode != Mode.WATER))
            legs = np.flatnonzero(used.ravel())
            found += [
                np.stack([leg, np.full(len(leg), season), np.full(len(leg), int(mode)), link, forward])
                for leg, link, forward in _walk(skim, legs, chains.leg_from, chains.leg_to, lookups[mode])
            ]
    table = np.concatenate(found, axis=1) if found else np.empty((5, 0), dtype=np.int64)
    return Steps(table[0], table[1], table[2], table[3], table[4].astype(bool))


def _walk(skim: Skim, legs: np.ndarray, start: np.ndarray, end: np.ndarray, lookup: np.ndarray):
    origin, place = start.ravel()[legs], end.ravel()[legs]
    while len(legs):
        before = skim.before[origin, place]
        code = lookup[before, place]
        yield legs, np.abs(code) - 1, (code > 0).astype(np.int64)
        on = before != origin
        legs, origin, place = legs[on], origin[on], before[on]


def _link_lookup(links: Links, count: int) -> np.ndarray:
    """Row + 1 of the shortest link between neighbours, negative against the order of its ends, 0 where none."""
    table = np.zeros((count, count), dtype=np.int64)
    for row in np.argsort(-links.length_km, kind="stable").tolist():
        table[links.tail[row], links.head[row]] = row + 1
        table[links.head[row], links.tail[row]] = -(row + 1)
    return table


def passages_of(problem: FreightProblem) -> Passages:
    """Every passage through a lock."""
    steps = steps_of(problem, (Mode.WATER,))
    names = tuple(dict.fromkeys(lock for n in problem.networks for on in n.water.locks for lock in on))
    index = {name: row for row, name in enumerate(names)}
    leg, lock = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for season, network in enumerate(problem.networks):
        for row, on_link in enumerate(network.water.locks):
            if not on_link:
                continue
            at = steps.leg[(steps.season == season) & (steps.link == row)]
            for name in on_link:
                leg.append(at)
                lock.append(np.full(len(at), index[name]))
    legs = np.concatenate(leg)
    return Passages(names, legs, np.concatenate(lock), np.ones(len(legs)), payload_of_legs(problem, legs))


def payload_of_legs(problem: FreightProblem, leg: np.ndarray) -> np.ndarray:
    """Payload of the vessel of some legs (of chains x 5) [t], infinite where none is."""
    return _by_way(problem, leg, [problem.payload_of(s) for s in range(len(problem.networks))], np.inf)


def per_hour_of_legs(problem: FreightProblem, leg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an hour of the vessel costs a tonne at locks (empty way back included) and in port [yuan/(t h)], 0 on land."""
    from qujiang.freight.vessels import voyage_cost

    cost = voyage_cost(problem.fleet, problem.rates)
    seasons = range(len(problem.networks))
    vessels, payloads = [problem.vessel_of(s) for s in seasons], [problem.payload_of(s) for s in seasons]
    at_lock = [cost.per_lock_h[v] / t for v, t in zip(vessels, payloads, strict=True)]
    in_port = [cost.per_port_h[v] / t for v, t in zip(vessels, payloads, strict=True)]
    return _by_way(problem, leg, at_lock, 0.0), _by_way(problem, leg, in_port, 0.0)


def _by_way(problem: FreightProblem, leg: np.ndarray, of_way: list[np.ndarray], otherwise: float) -> np.ndarray:
    chains = problem.chains
    widest = max((len(values) for values in of_way), default=0)
    table = np.full((len(of_way), widest + 1), otherwise)
    for season, values in enumerate(of_way):
        table[season, : len(values)] = values
    afloat = chains.leg_mode.ravel()[leg] == Mode.WATER
    way = np.where(afloat, chains.leg_means.ravel()[leg], widest)
    return table[chains.season[leg // chains.leg_mode.shape[1]], way]


def quay_calls(problem: FreightProblem, place: int) -> np.ndarray:
    """Loads and unloads of vessels at a place by leg, shape (chains x 5,): lorries and trains that pass do not count."""
    chains = problem.chains
    water = chains.leg_mode == Mode.WATER
    return (((chains.leg_from == place) & water).astype(float) + ((chains.leg_to == place) & water)).ravel()


def use_of(problem: FreightProblem, name: str) -> np.ndarray:
    """How often a tonne on each leg uses a place's quay, a lock or a link, shape (chains x 5,).

    Raises
    ------
    KeyError
        The problem has nothing of this name.
    """
    size = problem.chains.leg_mode.size
    if name in problem.place_ids:
        return quay_calls(problem, problem.place_ids.index(name))
    at = passages_of(problem)
    if name in at.locks:
        here = at.lock == at.locks.index(name)
        return np.bincount(at.leg[here], minlength=size).astype(float)
    steps, used, known = steps_of(problem), np.zeros(size), False
    for season, network in enumerate(problem.networks):
        of_mode = ((Mode.ROAD, network.road), (Mode.RAIL, network.rail), (Mode.WATER, network.water.links))
        for mode, links in of_mode:
            if name in links.ids:
                known = True
                at_link = steps.link == links.ids.index(name)
                here = (steps.season == season) & (steps.mode == mode) & at_link
                used += np.bincount(steps.leg[here], minlength=size)
    if not known:
        raise KeyError(name)
    return used
