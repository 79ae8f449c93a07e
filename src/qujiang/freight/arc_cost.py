"""Cost vectors on the virtual network: money, hours and emissions of every arc for one cargo form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.modes import SEA_DISTANCE_FACTOR, Kind, Mode
from qujiang.freight.network import VirtualNetwork
from qujiang.freight.parts import RAIL_FACTOR, ROAD_FACTOR
from qujiang.freight.problem import FreightProblem, water_price_of_means


@dataclass(frozen=True, slots=True)
class ArcCosts:
    """One value an arc, shape (arcs,), per tonne."""

    yuan: np.ndarray
    hours: np.ndarray
    co2e_kg: np.ndarray

    def generalized(self, value_of_time: float) -> np.ndarray:
        """Money plus time [yuan/t]."""
        return self.yuan + value_of_time * self.hours


def arc_costs(problem: FreightProblem, season: int, form: int) -> ArcCosts:
    """Money [yuan/t], hours and emissions [kgCO2e/t] of every arc for a cargo form; infinity where it does not fit.

    A lorry is additive here: the least charge of a trip is left to the chain that knows the whole trip.
    """
    network = problem.networks[season]
    costs = ArcCosts(*(np.zeros(len(network.tail)) for _ in range(3)))
    _moves(problem, network, season, form, costs)
    _terminals(problem, network, season, form, costs)
    return costs


def _moves(problem: FreightProblem, network: VirtualNetwork, season: int, form: int, costs: ArcCosts) -> None:
    forms, rates = problem.forms, problem.rates
    move = network.kind == Kind.MOVE
    for mode, links, factor in ((Mode.ROAD, network.road, ROAD_FACTOR), (Mode.RAIL, network.rail, RAIL_FACTOR)):
        at = move & (network.mode_to == mode)
        km = links.length_km[network.link[at]]
        per_km = forms.road_per_km[form][network.means_to[at]] if mode is Mode.ROAD else forms.rail_per_km[form]
        costs.yuan[at] = per_km * km
        costs.hours[at] = km / (rates["truck_speed"] if mode is Mode.ROAD else rates["train_speed"])
        costs.co2e_kg[at] = sum(problem.factors[factor]) * km
    at = move & (network.mode_to == Mode.WATER)
    means, link, water = network.means_to[at], network.link[at], network.water
    price = water_price_of_means(problem, season)
    km, lock_h = water.links.length_km[link], water.lockage_h[link]
    fits = (price.boxes if forms.boxed[form] else price.bulk)[means]
    yuan = price.per_km[means] * km + price.per_lock_h[means] * lock_h + price.per_lock[means] * water.lock_count[link]
    costs.yuan[at] = np.where(fits, yuan, np.inf)
    costs.hours[at] = km / price.speed_km_per_h[means] + lock_h
    counted = km * np.where(water.coastal[link], SEA_DISTANCE_FACTOR, 1.0)
    costs.co2e_kg[at] = (price.wtt_kg_per_tkm + price.ttw_kg_per_tkm)[means] * counted


def _terminals(problem: FreightProblem, network: VirtualNetwork, season: int, form: int, costs: ArcCosts) -> None:
    """Loads, unloads and transfers: handling, dues, half a port call, the base part of the rail tariff."""
    forms, rates = problem.forms, problem.rates
    price = water_price_of_means(problem, season)
    still = network.kind != Kind.MOVE
    place = network.tail % len(network.place_ids)
    for side, means in ((network.mode_from, network.means_from), (network.mode_to, network.means_to)):
        on_water, on_rail = still & (side == Mode.WATER), still & (side == Mode.RAIL)
        vessel = means[on_water]
        costs.yuan[on_water] += forms.handling[form] + rates["port_dues"] + price.per_call[vessel]
        costs.hours[on_water] += price.call_h
        costs.yuan[on_rail] += forms.rail_handling[form]
        costs.co2e_kg[on_water | on_rail] += forms.hub_kg[form]
    loads_rail = still & (network.mode_to == Mode.RAIL)
    costs.yuan[loads_rail] += forms.rail_base[form]
    modes = (network.mode_from, network.mode_to)
    direct = still & np.isin(modes[0], (Mode.RAIL, Mode.WATER)) & np.isin(modes[1], (Mode.RAIL, Mode.WATER))
    costs.yuan[direct] += forms.rail_water[form] - forms.handling[form] - forms.rail_handling[form]
    costs.co2e_kg[direct] -= forms.hub_kg[form]
    one_terminal = still & (np.isin(modes[0], (Mode.RAIL, Mode.WATER)) != np.isin(modes[1], (Mode.RAIL, Mode.WATER)))
    costs.yuan[one_terminal & problem.last_mile[place]] += forms.last_mile[form]
