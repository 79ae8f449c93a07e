"""Vessels: what a voyage costs from the bottom up, and how deep a vessel may load.

Formulas: `districts/<district>` states the inputs; voyage cost per voyage [yuan] is

    fuel_km * (laden_km + fuel_empty * empty_km) + standing_h * all hours,

where all hours are running, lockages, waits at locks (each also on the empty way back) and both port calls.
Standing cost is crew + capital (annuity) + upkeep, spread over the vessel's hours of the year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.freight.rates import Rates
from qujiang.methods.finance import annuity

#: A factor on the whole vessel cost, set by the calibration and never read from a district.
VESSEL_COST = "vessel_cost_factor"
#: The rates whose ranges make up the range of that factor.
VESSEL_COST_PARTS = (
    "fuel_factor", "vessel_price_factor", "crew_wage", "diesel_price", "vessel_interest", "vessel_life",
    "vessel_upkeep", "vessel_hours", "other_margin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fleet:
    """Vessel classes as arrays of shape (classes,)."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    payload_t: np.ndarray
    length_m: np.ndarray
    beam_m: np.ndarray
    draught_empty_m: np.ndarray
    t_per_cm: np.ndarray
    air_draught_m: np.ndarray  # the larger one: empty
    speed_km_per_h: np.ndarray
    capacity_teu: np.ndarray
    price_yuan: np.ndarray
    crew_count: np.ndarray
    fuel_kg_per_h: np.ndarray
    fuel_empty_factor: np.ndarray
    emission_factor: tuple[str, ...]
    carries_bulk: np.ndarray
    carries_boxes: np.ndarray


@dataclass(frozen=True, slots=True)
class VoyageCost:
    """Cost of one laden voyage per class, as coefficients of its physical parts, shape (classes,).

    voyage [yuan] = per_km * km + per_lock_h * lock hours + per_lock * passages + per_port_h * port hours
    """

    per_km: np.ndarray
    per_lock_h: np.ndarray
    per_lock: np.ndarray
    per_port_h: np.ndarray


def read_fleet(frame: pl.DataFrame) -> Fleet:
    """Decode the table ``vessel_classes``."""

    def numbers(column: str) -> np.ndarray:
        return frame[column].cast(pl.Float64).fill_null(0.0).to_numpy().copy()

    return Fleet(
        ids=tuple(frame["id"]),
        names=tuple(frame["name"]),
        payload_t=numbers("payload_t"),
        length_m=numbers("length_m"),
        beam_m=numbers("beam_m"),
        draught_empty_m=numbers("draught_empty_m"),
        t_per_cm=numbers("draught_t_per_cm"),
        air_draught_m=np.maximum(numbers("air_draught_empty_m"), numbers("air_draught_laden_m")),
        speed_km_per_h=numbers("speed_km_per_h"),
        capacity_teu=numbers("capacity_teu"),
        price_yuan=numbers("price_yuan"),
        crew_count=numbers("crew_count"),
        fuel_kg_per_h=numbers("fuel_kg_per_h"),
        fuel_empty_factor=numbers("fuel_empty_factor"),
        emission_factor=tuple(frame["emission_factor"]),
        carries_bulk=frame["carries"].is_in(["bulk", "both"]).to_numpy(),
        carries_boxes=frame["carries"].is_in(["boxes", "both"]).to_numpy(),
    )


def standing_yuan_per_h(fleet: Fleet, rates: Rates) -> np.ndarray:
    """Crew, capital and upkeep per hour of the vessel's year, shape (classes,) [yuan/h]."""
    price = fleet.price_yuan * rates["vessel_price_factor"]
    capital = price * annuity(rates["vessel_interest"] / 100, rates["vessel_life"])
    upkeep = price * rates["vessel_upkeep"] / 100
    return (fleet.crew_count * rates["crew_wage"] + capital + upkeep) / rates["vessel_hours"]


def fuel_yuan_per_km(fleet: Fleet, rates: Rates) -> np.ndarray:
    """Fuel of a laden kilometre, shape (classes,) [yuan/km]."""
    return fleet.fuel_kg_per_h * rates["fuel_factor"] * rates["diesel_price"] / fleet.speed_km_per_h


def voyage_cost(fleet: Fleet, rates: Rates) -> VoyageCost:
    """Coefficients of a laden voyage with its share of empty running; empties are charged here and nowhere else."""
    empty = rates["empty_return_share"] / 100
    margin = (1 + rates["other_margin"] / 100) * rates.value.get(VESSEL_COST, 1.0)
    standing = standing_yuan_per_h(fleet, rates) * margin
    fuel = fuel_yuan_per_km(fleet, rates) * margin
    return VoyageCost(
        per_km=fuel * (1 + fleet.fuel_empty_factor * empty) + standing / fleet.speed_km_per_h * (1 + empty),
        per_lock_h=standing * (1 + empty),
        per_lock=np.full(len(fleet.ids), rates["lock_fee"] * (1 + empty)),
        per_port_h=standing,
    )


def payload_by_depth_t(fleet: Fleet, depth_m: np.ndarray, clearance_m: float) -> np.ndarray:
    """Payload that each class may carry over each depth, shape (classes, depths) [t]; never above its own payload."""
    spare_m = depth_m[None, :] - clearance_m - fleet.draught_empty_m[:, None]
    return np.clip(spare_m * 100 * fleet.t_per_cm[:, None], 0.0, fleet.payload_t[:, None])


def vessel_cost_range(fleet: Fleet, rates: Rates, vessel: int) -> tuple[float, float]:
    """Low and high factor on the cost of a kilometre of one class: the effects of its parts, added in squares."""
    here = voyage_cost(fleet, rates).per_km[vessel]
    down = up = 0.0
    for name in VESSEL_COST_PARTS:
        ends = [
            voyage_cost(fleet, rates.with_values(**{name: bound[name]})).per_km[vessel] / here - 1
            for bound in (rates.low, rates.high)
            if name in bound
        ]
        down += min([0.0, *ends]) ** 2
        up += max([0.0, *ends]) ** 2
    return 1 - down**0.5, 1 + up**0.5
