"""Freight of many futures at once: the chains' costs are sums of (what a chain uses) x (what it costs in a future).

What a chain uses never changes here (no new search), so it is kept as sparse matrices; prices are arrays over futures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from qujiang.freight.assign import assign
from qujiang.freight.cargo import LONG_HAUL_LEAST_KM, read_cargo_forms
from qujiang.freight.modes import Mode
from qujiang.freight.parts import BOX_HUB_FACTOR, HUB_FACTOR, measure_legs
from qujiang.freight.problem import FreightProblem
from qujiang.freight.vessels import VESSEL_COST, Fleet

#: Charges at terminals and last miles: a chain's handling is linear in them.
CHARGES = ("handling_bulk", "lift_box", "port_dues", "tr_road_rail", "tr_rail_water", "dray_plant", "dray_box")
#: A rate per lock: ``lock_wait_h.<lock>``.
WAIT = "lock_wait_h"

Floats = np.ndarray
Values = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Terms:
    """What each chain uses, chains in order of (flow, season). Matrices have one row a chain."""

    flow: Floats  # (chains,)
    season_share: Floats  # (chains,)
    starts: Floats  # first chain of each (flow, season)
    group: Floats  # (chains,) number of its (flow, season)
    log_path_size: Floats
    form: Floats
    bulk_km: Floats  # distinct lorry distances
    bulk_road: sparse.csr_array
    box_km: Floats
    box_road: sparse.csr_array
    road_km: Floats
    rail_km: Floats
    rail_tariff: Floats  # yuan/t at the tariff of the table
    handling: sparse.csr_array  # (chains, charges)
    handling_rest: Floats  # what no charge explains (0 up to rounding)
    waits: tuple[str, ...]  # names of the waits at locks
    lock_count: Floats  # (chains, waits)
    lockage_h: Floats
    sailing_h: Floats
    sails: Floats  # 1.0 where a vessel is used
    at_port: Floats  # 1.0 where it loads or unloads at the district's port
    vessel: Floats
    per_payload: Floats  # 1 / payload, 0 where no vessel
    sailed_km: Floats
    water: sparse.csr_array  # (chains, classes x (4 + waits)) uses of WATER_USES, per tonne
    boxed: Floats
    t_per_teu: float
    fleet: Fleet


@dataclass(frozen=True, slots=True)
class Outputs:
    """Rows of sums over the tonnes of chains: groups by locks passed at the port, and vessels at every lock."""

    calls: Floats  # (chains,) tonnes over the quay of the port
    box_calls: Floats
    groups: tuple[frozenset[str], ...]
    group_tonnes: sparse.csr_array  # (groups, chains)
    group_vessels: sparse.csr_array  # laden vessels a tonne
    locks: tuple[str, ...]
    lock_vessels: sparse.csr_array  # (locks, chains) laden vessels a tonne


def rows_of(problem: FreightProblem) -> np.ndarray:
    """Row among the problem's chains of each row of ``Terms``: by flow, season, signature."""
    return np.lexsort((problem.chains.signature, problem.chains.season, problem.chains.flow))


def read_terms(problem: FreightProblem, tables: Mapping[str, pl.DataFrame]) -> Terms:
    """Measure every chain once.

    Parameters
    ----------
    tables
        The district that the problem was built from (cargoes and rail tariffs are read again for the charges).
    """
    order = rows_of(problem)
    chains, parts = problem.chains, problem.parts
    mode, km = chains.leg_mode[order], parts.length_km[order]
    flow, season = chains.flow[order], chains.season[order]
    form = problem.form[flow]
    key = flow * len(problem.season_share) + season
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    boxed = problem.forms.boxed[form]
    road = (mode == Mode.ROAD) & (km > 0)
    bulk_km, bulk_road = _distances(km, road & ~boxed[:, None])
    box_km, box_road = _distances(km, road & boxed[:, None])
    rail = mode == Mode.RAIL
    handling, rest = _charges(problem, tables)
    sea = _Sailing(problem, order)
    fare = problem.forms.rail_base[form][:, None] + problem.forms.rail_per_km[form][:, None] * km
    return Terms(
        flow=flow,
        season_share=problem.season_share[season],
        starts=starts,
        group=np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(key)])),
        log_path_size=np.log(parts.path_size[order]),
        form=form,
        bulk_km=bulk_km,
        bulk_road=bulk_road,
        box_km=box_km,
        box_road=box_road,
        road_km=np.where(mode == Mode.ROAD, km, 0.0).sum(axis=1),
        rail_km=np.where(rail, km, 0.0).sum(axis=1),
        rail_tariff=np.where(rail, fare, 0.0).sum(axis=1),
        handling=sparse.csr_array(handling[order]),
        handling_rest=rest[order],
        waits=sea.waits,
        lock_count=sea.lock_count,
        lockage_h=sea.lockage_h,
        sailing_h=sea.sailing_h,
        sails=sea.sails.astype(float),
        at_port=sea.at_port.astype(float),
        vessel=sea.vessel,
        per_payload=sea.per_payload,
        sailed_km=sea.km,
        water=sea.uses(),
        boxed=boxed.astype(float),
        t_per_teu=problem.forms.t_per_teu,
        fleet=problem.fleet,
    )


class _Sailing:
    """The vessel leg of each chain (a chain has one at most)."""

    def __init__(self, problem: FreightProblem, order: np.ndarray) -> None:
        chains, parts = problem.chains, problem.parts
        water = chains.leg_mode[order] == Mode.WATER
        if water.sum(axis=1).max(initial=0) > 1:
            raise ValueError("a chain with two vessels")
        self.sails = water.any(axis=1)
        leg = water.argmax(axis=1)
        rows = np.arange(len(order))

        def at(values: np.ndarray) -> np.ndarray:
            return np.where(self.sails, values[order][rows, leg], 0)

        self.season = chains.season[order]
        self.way, self.start, self.end = (at(x) for x in (chains.leg_means, chains.leg_from, chains.leg_to))
        self.km, self.lock_h, self.wait_h = (at(x) for x in (parts.length_km, parts.lock_h, parts.lock_wait_h))
        self.lockage_h = self.lock_h - self.wait_h
        touches = (self.start == problem.port) | (self.end == problem.port)
        self.at_port = self.sails & touches
        payload = [problem.payload_of(s) for s in range(len(problem.networks))]
        vessel = [problem.vessel_of(s) for s in range(len(problem.networks))]
        load = np.array(
            [payload[s][w] if ok else 1.0 for s, w, ok in zip(self.season, self.way, self.sails, strict=True)]
        )
        self.vessel = np.array(
            [vessel[s][w] if ok else 0 for s, w, ok in zip(self.season, self.way, self.sails, strict=True)]
        )
        self.per_payload = np.where(self.sails, 1 / load, 0.0)
        self.sailing_h = np.where(self.sails, self.km / problem.fleet.speed_km_per_h[self.vessel], 0.0)
        self.fleet = problem.fleet
        self.locks = self._locks_on_the_way(problem)
        own = tuple(name for name in problem.rates.value if name.startswith(f"{WAIT}."))
        self.waits = (WAIT, *own)
        self.lock_count = np.zeros((len(order), len(self.waits)))
        for row, locks in enumerate(self.locks):
            for lock in locks:
                name = f"{WAIT}.{lock}"
                self.lock_count[row, self.waits.index(name) if name in self.waits else 0] += 1

    def _locks_on_the_way(self, problem: FreightProblem) -> list[tuple[str, ...]]:
        result = assign(problem)
        known: dict[tuple[int, int, int, int], tuple[str, ...]] = {}
        found: list[tuple[str, ...]] = []
        columns = (self.season.tolist(), self.way.tolist(), self.start.tolist(), self.end.tolist())
        for key, sails in zip(zip(*columns, strict=True), self.sails.tolist(), strict=True):
            if not sails:
                found.append(())
                continue
            if key not in known:
                known[key] = tuple(result.locks_between(*key))
            found.append(known[key])
        return found

    def uses(self) -> sparse.csr_array:
        """Columns by class: km, lockage hours, each kind of wait, lock passages, voyages."""
        columns = (
            np.column_stack([self.km, self.lockage_h, self.lock_count, self.lock_count.sum(axis=1), self.sails])
            * self.per_payload[:, None]
        )
        width = columns.shape[1]
        row, column = np.nonzero(columns)
        shape = (len(columns), len(self.fleet.ids) * width)
        return sparse.csr_array((columns[row, column], (row, self.vessel[row] * width + column)), shape=shape)


def _distances(km: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, sparse.csr_array]:
    """Distinct distances, and how often each chain drives them."""
    row, leg = np.nonzero(where)
    values, index = np.unique(km[row, leg], return_inverse=True)
    made = sparse.csr_array((np.ones(len(row)), (row, index.reshape(-1))), shape=(len(km), len(values)))
    return values, made


def _charges(problem: FreightProblem, tables: Mapping[str, pl.DataFrame]) -> tuple[np.ndarray, np.ndarray]:
    """Handling of each chain by charge: what one yuan more of each charge adds; and what no charge explains."""
    rates = problem.rates
    hub = (sum(problem.factors[HUB_FACTOR]), sum(problem.factors[BOX_HUB_FACTOR]))
    form = problem.form[problem.chains.flow]

    def handled(**changes: float) -> np.ndarray:
        changed = rates.with_values(**changes)
        forms = read_cargo_forms(tables["cargoes"], tables["rail_tariffs"], changed, problem.forms.t_per_teu, hub)
        parts = measure_legs(
            problem.chains, form, forms, problem.skims, problem.prices(), problem.last_mile, changed["port_dues"],
            problem.factors,
        )  # fmt: skip
        return parts.handling_yuan.sum(axis=1)

    here = handled()
    slopes = np.column_stack([handled(**{name: rates[name] + 1}) - here for name in CHARGES])
    slopes[np.abs(slopes) < 1e-9] = 0.0
    return slopes, here - slopes @ np.array([rates[name] for name in CHARGES])


def read_outputs(problem: FreightProblem, locks: Sequence[str]) -> Outputs:
    """What is added up over the tonnes of chains."""
    order = rows_of(problem)
    sea = _Sailing(problem, order)
    calls = sea.at_port * ((sea.start == problem.port).astype(float) + (sea.end == problem.port))
    boxed = problem.forms.boxed[problem.form[problem.chains.flow[order]]]
    names = list(dict.fromkeys(frozenset(x) for x, here in zip(sea.locks, sea.at_port, strict=True) if here))
    number = {name: row for row, name in enumerate(names)}
    at = np.flatnonzero(sea.at_port)
    group = np.array([number[frozenset(sea.locks[row])] for row in at], dtype=np.int64)
    shape = (len(names), len(order))
    lock_row = {name: row for row, name in enumerate(locks)}
    pairs = [(lock_row[x], row) for row, on_way in enumerate(sea.locks) for x in on_way if x in lock_row]
    at_lock = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Outputs(
        calls=calls,
        box_calls=calls * boxed,
        groups=tuple(names),
        group_tonnes=sparse.csr_array((np.ones(len(at)), (group, at)), shape=shape),
        group_vessels=sparse.csr_array((sea.per_payload[at], (group, at)), shape=shape),
        locks=tuple(locks),
        lock_vessels=sparse.csr_array(
            (sea.per_payload[at_lock[:, 1]], (at_lock[:, 0], at_lock[:, 1])), shape=(len(locks), len(order))
        ),
    )


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of some futures; arrays have shape (..., futures)."""

    land: Floats  # (chains,) money of everything but the vessel [yuan/t]
    water: Floats  # (classes x uses,) [yuan per use]
    lock_h: Floats  # (chains,) hours at locks
    rates: Values
    value_of_time: Floats  # (forms,)
    standing: Floats  # (classes,) [yuan/h]


def price(terms: Terms, rates: Values, value_of_time: Floats, *, lockage_factor: Floats, rail_factor: Floats) -> Prices:
    """Price the uses.

    Parameters
    ----------
    rates
        By id, one value a future.
    value_of_time
        Shape (forms, futures) [yuan/(t h)].
    lockage_factor, rail_factor
        On every lockage's time and every rail tariff, shape (futures,) [1].
    """
    at = rates.__getitem__
    km = terms.bulk_km[:, None]
    bulk = np.minimum(at("road_bulk_short") * km, at("road_bulk_long") * np.maximum(km, LONG_HAUL_LEAST_KM))
    box = np.maximum(at("road_box_20") * terms.box_km[:, None], at("dray_box")) / terms.t_per_teu
    land = terms.bulk_road @ bulk + terms.box_road @ box + terms.handling @ np.stack([at(name) for name in CHARGES])
    land = land + terms.handling_rest[:, None] + terms.rail_tariff[:, None] * rail_factor
    waits = np.stack([at(name) for name in terms.waits])
    lock_h = terms.lockage_h[:, None] * lockage_factor + terms.lock_count @ waits
    standing, water = _vessel_prices(terms.fleet, rates, waits, lockage_factor)
    return Prices(land, water, lock_h, rates, value_of_time, standing)


def _vessel_prices(fleet: Fleet, rates: Values, waits: Floats, lockage_factor: Floats) -> tuple[Floats, Floats]:
    """Standing cost by class, and the price of each use of each class (the formulas of ``freight.vessels``, over futures)."""
    at = rates.__getitem__
    empty = at("empty_return_share") / 100
    margin = (1 + at("other_margin") / 100) * rates.get(VESSEL_COST, np.ones_like(empty))
    interest = at("vessel_interest") / 100
    annuity = interest / -np.expm1(-at("vessel_life") * np.log1p(interest))
    of_price = at("vessel_price_factor") * (annuity + at("vessel_upkeep") / 100)
    crew = fleet.crew_count[:, None] * at("crew_wage")
    standing = (crew + fleet.price_yuan[:, None] * of_price) / at("vessel_hours") * margin
    speed = fleet.speed_km_per_h[:, None]
    fuel = fleet.fuel_kg_per_h[:, None] * at("fuel_factor") * at("diesel_price") / speed * margin
    per_km = fuel * (1 + fleet.fuel_empty_factor[:, None] * empty) + standing / speed * (1 + empty)
    per_h = standing * (1 + empty)
    uses = [
        per_km,
        per_h * lockage_factor,
        *(per_h * wait for wait in waits),
        np.broadcast_to(at("lock_fee") * (1 + empty), per_h.shape),
        standing * at("port_hours_per_call"),
    ]
    table = np.stack(uses, axis=1)
    return standing, table.reshape(-1, table.shape[-1])


def costs(terms: Terms, prices: Prices) -> tuple[Floats, Floats]:
    """Generalized cost [yuan/t] and water freight [yuan/t, 0 without a vessel] of every chain at the waits that the district
    assumes, shape (chains, futures)."""
    rates = prices.rates
    freight = terms.water @ prices.water
    hours = terms.road_km[:, None] / rates["truck_speed"] + terms.rail_km[:, None] / rates["train_speed"]
    hours += terms.sailing_h[:, None] + prices.lock_h + terms.sails[:, None] * rates["port_hours_per_call"]
    cost = prices.value_of_time[terms.form]
    cost *= hours
    cost += freight
    cost += prices.land
    return cost, freight


def shares(terms: Terms, prices: Prices, cost: Floats) -> Floats:
    """Share of each chain in its flow and season at these costs, shape (chains, futures)."""
    utility = cost * -prices.rates["logit_scale"]
    utility += terms.log_path_size[:, None]
    utility -= np.maximum.reduceat(utility, terms.starts, axis=0)[terms.group]
    np.exp(utility, out=utility)
    utility /= np.add.reduceat(utility, terms.starts, axis=0)[terms.group]
    return utility
