"""What the parts of a leg cost: one place for every price, so that a change of a rate reprices without a new search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qujiang.freight.modes import Mode
from qujiang.freight.rates import Rates
from qujiang.freight.vessels import Fleet, voyage_cost


@dataclass(frozen=True, slots=True)
class WaterPrice:
    """Cost of a tonne by each way of sailing, shape (water skims,)."""

    per_km: np.ndarray
    per_lock_h: np.ndarray
    per_lock: np.ndarray
    per_call: np.ndarray  # one of the two port calls of a voyage
    speed_km_per_h: np.ndarray
    call_h: float
    boxes: np.ndarray  # can carry boxes; the others carry bulk only
    bulk: np.ndarray
    wtt_kg_per_tkm: np.ndarray
    ttw_kg_per_tkm: np.ndarray


def water_price(
    fleet: Fleet, vessel: np.ndarray, payload_t: np.ndarray, rates: Rates, factors: dict[str, tuple[float, float]]
) -> WaterPrice:
    """Voyage cost per tonne of payload; ``factors`` gives well-to-tank and tank-to-wheel [kg/(t km)] by emission id."""
    cost = voyage_cost(fleet, rates)
    half_call_h = rates["port_hours_per_call"] / 2
    pairs = np.array([factors[fleet.emission_factor[v]] for v in vessel]).reshape(-1, 2)
    return WaterPrice(
        per_km=cost.per_km[vessel] / payload_t,
        per_lock_h=cost.per_lock_h[vessel] / payload_t,
        per_lock=cost.per_lock[vessel] / payload_t,
        per_call=cost.per_port_h[vessel] * half_call_h / payload_t,
        speed_km_per_h=fleet.speed_km_per_h[vessel],
        call_h=half_call_h,
        boxes=fleet.carries_boxes[vessel],
        bulk=fleet.carries_bulk[vessel],
        wtt_kg_per_tkm=pairs[:, 0],
        ttw_kg_per_tkm=pairs[:, 1],
    )


MODES = {Mode.ROAD: "road", Mode.RAIL: "rail", Mode.WATER: "water"}
