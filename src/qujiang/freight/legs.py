"""What every leg of every chain costs, takes and emits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.modes import Mode
from qujiang.freight.price import WaterPrice
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import LOCK_WAIT_FACTOR


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
    """Price every chain of the problem at its rates; land freight and handling stay as the problem was built."""
    chains, rates, parts = problem.chains, problem.rates, problem.parts
    hours = np.zeros(chains.leg_mode.shape)
    freight = parts.land_freight_yuan.copy()
    for mode, speed in ((Mode.ROAD, rates["truck_speed"]), (Mode.RAIL, rates["train_speed"])):
        where = chains.leg_mode == mode
        hours[where] = parts.length_km[where] / speed
    for season, price in enumerate(problem.prices()):
        _price_water(problem, season, price, hours, freight)
    return PricedLegs(parts.length_km, hours, freight, parts.handling_yuan, parts.wtt_kg, parts.ttw_kg, parts.hub_kg)


def _price_water(
    problem: FreightProblem, season: int, price: WaterPrice, hours: np.ndarray, freight: np.ndarray
) -> None:
    """Fill the vessel legs of a season."""
    chains, parts = problem.chains, problem.parts
    at = np.nonzero((chains.season == season)[:, None] & (chains.leg_mode == Mode.WATER))
    way, km = chains.leg_means[at], parts.length_km[at]
    shorter_wait = problem.rates.value.get(LOCK_WAIT_FACTOR, 1.0) - 1.0
    lock_h = parts.lock_h[at] + shorter_wait * parts.lock_wait_h[at]
    hours[at] = km / price.speed_km_per_h[way] + lock_h + 2 * price.call_h
    running = price.per_km[way] * km + price.per_lock_h[way] * lock_h + price.per_lock[way] * parts.lock_count[at]
    freight[at] = running + 2 * price.per_call[way]
