"""What every leg of every chain costs, takes and emits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.cargo import lorry_yuan_per_t
from qujiang.freight.network import Mode
from qujiang.freight.price import SEA_DISTANCE_FACTOR, WaterPrice
from qujiang.freight.problem import RAIL_FACTOR, ROAD_FACTOR, FreightProblem


@dataclass(frozen=True, slots=True)
class PricedLegs:
    """Arrays of shape (chains, 5), 0 where no leg is; per tonne of cargo.

    ``freight_yuan`` is what the carrier gets; handling, dues and lifts stand apart in ``handling_yuan``.
    """

    length_km: np.ndarray
    hours: np.ndarray
    freight_yuan: np.ndarray
    handling_yuan: np.ndarray
    wtt_kg: np.ndarray
    ttw_kg: np.ndarray
    hub_kg: np.ndarray

    def yuan_per_t(self) -> np.ndarray:
        """Money of each chain [yuan/t]."""
        return (self.freight_yuan + self.handling_yuan).sum(axis=1)

    def kgco2e_per_t(self) -> np.ndarray:
        """Well-to-wheel emissions of each chain, hubs included [kg/t]."""
        return (self.wtt_kg + self.ttw_kg + self.hub_kg).sum(axis=1)


def price_legs(problem: FreightProblem) -> PricedLegs:
    """Price every chain of the problem at its rates."""
    chains, rates, forms, parts = problem.chains, problem.rates, problem.forms, problem.parts
    form = problem.form[chains.flow]
    out = {name: np.zeros(chains.leg_mode.shape) for name in PricedLegs.__slots__}
    km = out["length_km"] = parts.length_km
    road, rail = chains.leg_mode == Mode.ROAD, chains.leg_mode == Mode.RAIL
    at = np.nonzero(road)
    out["hours"][road] = km[road] / rates["truck_speed"]
    out["freight_yuan"][road] = lorry_yuan_per_t(forms, form[at[0]], km[road])
    at = np.nonzero(rail)
    out["hours"][rail] = km[rail] / rates["train_speed"]
    out["freight_yuan"][rail] = forms.rail_base[form[at[0]]] + forms.rail_per_km[form[at[0]]] * km[rail]
    for season, price in enumerate(problem.prices()):
        _price_water(problem, season, price, out)
    for where, name in ((road, ROAD_FACTOR), (rail, RAIL_FACTOR)):
        wtt, ttw = problem.factors[name]
        out["wtt_kg"][where] = wtt * km[where]
        out["ttw_kg"][where] = ttw * km[where]
    _add_handling(problem, form, out)
    return PricedLegs(**out)


def _price_water(problem: FreightProblem, season: int, price: WaterPrice, out: dict) -> None:
    """Fill the vessel legs of a season."""
    chains, parts = problem.chains, problem.parts
    at = np.nonzero((chains.season == season)[:, None] & (chains.leg_mode == Mode.WATER))
    way = chains.leg_means[at]
    km, lock_h = parts.length_km[at], parts.lock_h[at]
    out["hours"][at] = km / price.speed_km_per_h[way] + lock_h + 2 * price.call_h
    running = price.per_km[way] * km + price.per_lock_h[way] * lock_h + price.per_lock[way] * parts.lock_count[at]
    out["freight_yuan"][at] = running + 2 * price.per_call[way]
    counted = km + parts.coastal_km[at] * (SEA_DISTANCE_FACTOR - 1)
    out["wtt_kg"][at] = price.wtt_kg_per_tkm[way] * counted
    out["ttw_kg"][at] = price.ttw_kg_per_tkm[way] * counted


def _add_handling(problem: FreightProblem, form: np.ndarray, out: dict) -> None:
    """Loads and unloads of vessels and wagons; a direct move between them replaces two handlings by one."""
    chains, forms, dues = problem.chains, problem.forms, problem.rates["port_dues"]
    mode = chains.leg_mode
    water, rail = mode == Mode.WATER, mode == Mode.RAIL
    each = np.where(water, forms.handling[form][:, None], np.where(rail, forms.rail_handling[form][:, None], 0.0))
    visits = np.where(water | rail, 2.0, 0.0)
    out["handling_yuan"][:] = 2 * each + np.where(water, 2 * dues, 0.0)
    direct = np.zeros(mode.shape, dtype=bool)  # this leg and the one before meet without a lorry between
    direct[:, 1:] = (water[:, 1:] & rail[:, :-1]) | (rail[:, 1:] & water[:, :-1])
    other = np.where(water, forms.rail_handling[form][:, None], forms.handling[form][:, None])
    change = forms.rail_water[form][:, None] - each - other
    out["handling_yuan"][direct] += change[direct]
    visits[direct] -= 1.0
    _add_last_mile(problem, form, direct, out)
    out["hub_kg"][:] = visits * forms.hub_kg[form][:, None]


def _add_last_mile(problem: FreightProblem, form: np.ndarray, direct: np.ndarray, out: dict) -> None:
    """In a town a lorry goes between quay or station and everything else; it stands with the handling."""
    chains = problem.chains
    main = (chains.leg_mode == Mode.WATER) | (chains.leg_mode == Mode.RAIL)
    into = np.zeros(main.shape, dtype=bool)  # the next leg continues without a lorry
    into[:, :-1] = direct[:, 1:]
    ends = (main & ~direct & problem.last_mile[chains.leg_from]).astype(float)
    ends += main & ~into & problem.last_mile[chains.leg_to]
    out["handling_yuan"][:] += ends * problem.forms.last_mile[form][:, None]
