"""Door-to-door chains: the best one of each mode signature for every pair and cargo.

A chain has up to five legs: lorry, vessel or train, lorry, train or vessel, lorry; lorry legs of length 0 are left out.
The signatures are road; water; rail; water then rail; rail then water. Each search is a min-plus product of skims, which
is the shortest path on the virtual network restricted to the signature (a test holds the two equal).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qujiang.freight.cargo import CargoForms, lorry_yuan_per_t
from qujiang.freight.modes import Mode
from qujiang.freight.price import WaterPrice
from qujiang.freight.rates import Rates
from qujiang.freight.skims import Skims

SIGNATURES = ("road", "water", "rail", "water+rail", "rail+water")
LEGS = 5


@dataclass(frozen=True, slots=True)
class Chains:
    """One row a chain. ``flow`` rows are (pair, cargo form); leg arrays have shape (chains, 5), -1 where no leg is."""

    flow: np.ndarray
    season: np.ndarray
    signature: np.ndarray
    leg_mode: np.ndarray
    leg_means: np.ndarray  # index of the water skim on water legs
    leg_from: np.ndarray
    leg_to: np.ndarray

    def __len__(self) -> int:
        return len(self.flow)


@dataclass(frozen=True, slots=True)
class _Main:
    """Cost of every main leg of one cargo form: vessel (least over the ways of sailing) and train."""

    road: np.ndarray
    water: np.ndarray
    sailing: np.ndarray
    rail: np.ndarray
    ports: np.ndarray
    stations: np.ndarray
    transfer: np.ndarray  # what a direct move between vessel and wagon adds (negative), by place


class _Season:
    """What main legs cost in a season before a cargo's value of time: computed once and shared by all cargo forms."""

    def __init__(self, forms: CargoForms, skims: Skims, price: WaterPrice, rates: Rates, last_mile: np.ndarray) -> None:
        self.forms, self.skims, self.rates, self.last_mile = forms, skims, rates, last_mile
        self.lorry: dict[bytes, np.ndarray] = {}
        self.vessels = {
            boxed: _sailing_costs(skims, price, price.boxes if boxed else price.bulk) for boxed in (False, True)
        }

    def main_legs(self, form: int) -> _Main:
        """Cost of every main leg of a cargo form."""
        forms, value = self.forms, self.forms.value_of_time[form]
        km = self.skims.road.length_km
        tariff = np.concatenate([forms.road_per_km[form], forms.road_least_km[form]]).tobytes()
        if tariff not in self.lorry:
            self.lorry[tariff] = lorry_yuan_per_t(forms, np.full(km.shape, form), km)
        road = self.lorry[tariff] + value * km / self.rates["truck_speed"]
        np.fill_diagonal(road, 0.0)
        mile = np.where(self.last_mile, forms.last_mile[form], 0.0)
        miles = mile[:, None] + mile[None, :]
        ways, yuan, hours = self.vessels[bool(forms.boxed[form])]
        cost = yuan + value * hours
        best = cost.argmin(axis=0) if len(ways) else np.zeros(km.shape, dtype=np.int64)
        water = np.take_along_axis(cost, best[None], axis=0)[0] if len(ways) else np.full(km.shape, np.inf)
        sailing = ways[best] if len(ways) else np.full(km.shape, -1, dtype=np.int64)
        water = water + 2 * (forms.handling[form] + self.rates["port_dues"]) + miles
        np.fill_diagonal(water, np.inf)
        rail_km = self.skims.rail.length_km
        per_km = forms.rail_per_km[form] + value / self.rates["train_speed"]
        rail = forms.rail_base[form] + 2 * forms.rail_handling[form] + per_km * rail_km + miles
        np.fill_diagonal(rail, np.inf)
        ports = np.flatnonzero(np.isfinite(water).any(axis=1))
        stations = np.flatnonzero(np.isfinite(rail).any(axis=1))
        saved = forms.rail_water[form] - forms.handling[form] - forms.rail_handling[form]
        return _Main(road, water, sailing, rail, ports, stations, saved - 2 * mile)


def _sailing_costs(skims: Skims, price: WaterPrice, fits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ways of sailing that fit, their voyage [yuan/t] and hours, shape (ways,), (ways, P, P) twice; infinity where none."""
    ways = np.flatnonzero(fits)
    yuan, hours = [], []
    for way in ways:
        skim = skims.water[way]
        locks = np.where(np.isfinite(skim.length_km), skim.lock_count, 0.0)
        running = price.per_km[way] * skim.length_km + price.per_lock_h[way] * skim.lock_h
        yuan.append(running + price.per_lock[way] * locks + 2 * price.per_call[way])
        hours.append(skim.length_km / price.speed_km_per_h[way] + skim.lock_h + 2 * price.call_h)
    shape = (0, *skims.road.length_km.shape)
    return ways, np.array(yuan).reshape(-1, *shape[1:]), np.array(hours).reshape(-1, *shape[1:])


def _product(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Min-plus product and where each minimum lies."""
    if left.shape[1] == 0:
        shape = (left.shape[0], right.shape[1])
        return np.full(shape, np.inf), np.zeros(shape, dtype=np.int64)
    total = left[:, :, None] + right[None, :, :]
    where = total.argmin(axis=1)
    return np.take_along_axis(total, where[:, None, :], axis=1)[:, 0, :], where


def _over(first: np.ndarray, first_at: np.ndarray, main: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Carry costs at terminals ``first_at`` over a main leg between those same terminals."""
    return _product(first, main[np.ix_(first_at, first_at)])


def best_chains(
    origins: np.ndarray, destinations: np.ndarray, main: _Main
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """For each signature: generalized cost [yuan/t] and places, for pairs ``origins[i] -> destinations[i]``.

    Yields ``(signature, cost (pairs,), stops (pairs, k))``: the terminals on the way.
    """
    start, row = np.unique(origins, return_inverse=True)
    goal, column = np.unique(destinations, return_inverse=True)
    road = main.road[np.ix_(start, goal)][row, column]
    yield 0, np.where(origins == destinations, np.inf, road), np.empty((len(origins), 0), dtype=np.int64)

    def single(at: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        begun, where_from = _over(main.road[np.ix_(start, at)], at, cost)
        ended, where_to = _product(begun, main.road[np.ix_(at, goal)])
        last = where_to[row, column]
        return ended[row, column], np.stack([at[where_from[row, last]], at[last]], axis=1)

    if len(main.ports):
        yield 1, *single(main.ports, main.water)
    if len(main.stations):
        yield 2, *single(main.stations, main.rail)
    if not len(main.ports) or not len(main.stations):
        return

    between = main.road.copy()
    np.fill_diagonal(between, main.transfer)

    def double(
        at: np.ndarray, cost: np.ndarray, then: np.ndarray, then_cost: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        begun, i_from = _over(main.road[np.ix_(start, at)], at, cost)
        moved, i_change = _product(begun, between[np.ix_(at, then)])
        carried, i_then = _over(moved, then, then_cost)
        ended, i_last = _product(carried, main.road[np.ix_(then, goal)])
        last = i_last[row, column]
        second = i_then[row, last]
        change = i_change[row, second]
        first = i_from[row, change]
        return ended[row, column], np.stack([at[first], at[change], then[second], then[last]], axis=1)

    yield 3, *double(main.ports, main.water, main.stations, main.rail)
    yield 4, *double(main.stations, main.rail, main.ports, main.water)


def _legs(
    signature: int, origin: int, destination: int, stops: np.ndarray, sailing: np.ndarray
) -> list[tuple[int, int, int, int]]:
    """Legs (mode, means, from, to) of one chain; lorry legs of no length are left out."""
    modes = {0: (), 1: (Mode.WATER,), 2: (Mode.RAIL,), 3: (Mode.WATER, Mode.RAIL), 4: (Mode.RAIL, Mode.WATER)}[
        signature
    ]
    here, legs = origin, []
    for number, mode in enumerate(modes):
        a, b = int(stops[2 * number]), int(stops[2 * number + 1])
        if a != here:
            legs.append((int(Mode.ROAD), -1, here, a))
        legs.append((int(mode), int(sailing[a, b]) if mode is Mode.WATER else -1, a, b))
        here = b
    if here != destination:
        legs.append((int(Mode.ROAD), -1, here, destination))
    return legs


def find_chains(
    origin: np.ndarray,
    destination: np.ndarray,
    form: np.ndarray,
    forms: CargoForms,
    skims: list[Skims],
    prices: list[WaterPrice],
    rates: Rates,
    last_mile: np.ndarray,
) -> Chains:
    """The best chain of each signature for every flow and season.

    Parameters
    ----------
    origin, destination, form
        One entry a flow: places and cargo form, shape (flows,).
    skims, prices
        One entry a season.
    last_mile
        True for towns: between a vessel or train there and the plants or the open road lies a last mile, shape (places,).
    """
    rows: list[tuple[int, int, int]] = []
    legs: list[list[tuple[int, int, int, int]]] = []
    for season, (skim, price) in enumerate(zip(skims, prices, strict=True)):
        of_season = _Season(forms, skim, price, rates, last_mile)
        for one in np.unique(form):
            flows = np.flatnonzero(form == one)
            main = of_season.main_legs(int(one))
            for signature, cost, stops in best_chains(origin[flows], destination[flows], main):
                for at in np.flatnonzero(np.isfinite(cost)):
                    flow = int(flows[at])
                    rows.append((flow, season, signature))
                    legs.append(_legs(signature, int(origin[flow]), int(destination[flow]), stops[at], main.sailing))
    table = np.full((len(rows), LEGS, 4), -1, dtype=np.int64)
    for row, chain in enumerate(legs):
        table[row, : len(chain)] = chain
    head = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Chains(head[:, 0], head[:, 1], head[:, 2], *(table[:, :, part] for part in range(4)))
