"""The parts of legs that no change of vessel cost touches: lengths, locks, land freight, handling, emissions, overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qujiang.freight.cargo import CargoForms, lorry_yuan_per_t
from qujiang.freight.chains import Chains
from qujiang.freight.modes import SEA_DISTANCE_FACTOR, Mode
from qujiang.freight.price import WaterPrice
from qujiang.freight.skims import Skims

#: Emission factors that freight needs besides those named by the vessel classes.
ROAD_FACTOR, RAIL_FACTOR, HUB_FACTOR, BOX_HUB_FACTOR = "road_tractor", "rail_mixed", "hub_trans", "hub_box"


@dataclass(frozen=True, slots=True)
class LegParts:
    """Arrays of shape (chains, 5), 0 where no leg is, per tonne where it is money or mass; ``path_size`` (chains,)."""

    length_km: np.ndarray
    lock_count: np.ndarray
    lock_h: np.ndarray  # lockages and waits at locks
    lock_wait_h: np.ndarray  # the waits alone
    land_freight_yuan: np.ndarray
    handling_yuan: np.ndarray
    wtt_kg: np.ndarray
    ttw_kg: np.ndarray
    hub_kg: np.ndarray
    path_size: np.ndarray


def no_parts(legs: int) -> LegParts:
    """Parts of no chain at all."""
    none = np.empty((0, legs))
    return LegParts(none, none, none, none, none, none, none, none, none, np.empty(0))


def measure_legs(
    chains: Chains,
    form: np.ndarray,
    forms: CargoForms,
    skims: Sequence[Skims],
    prices: Sequence[WaterPrice],
    last_mile: np.ndarray,
    port_dues: float,
    factors: Mapping[str, tuple[float, float]],
) -> LegParts:
    """Look up and add up everything about the chains that vessel cost does not change.

    Parameters
    ----------
    form
        Cargo form of each chain, shape (chains,).
    """
    looked = _look_up(chains, skims)
    km = looked["length_km"]
    wtt, ttw = _emissions(chains, km, looked.pop("coastal_km"), prices, factors)
    land = np.zeros(km.shape)
    at = np.nonzero(chains.leg_mode == Mode.ROAD)
    land[at] = lorry_yuan_per_t(forms, form[at[0]], km[at])
    at = np.nonzero(chains.leg_mode == Mode.RAIL)
    land[at] = forms.rail_base[form[at[0]]] + forms.rail_per_km[form[at[0]]] * km[at]
    handling, hub = _handling(chains, form, forms, last_mile, port_dues)
    return LegParts(
        **looked,
        land_freight_yuan=land,
        handling_yuan=handling,
        wtt_kg=wtt,
        ttw_kg=ttw,
        hub_kg=hub,
        path_size=path_sizes(chains, km, len(skims)),
    )


def _look_up(chains: Chains, skims: Sequence[Skims]) -> dict[str, np.ndarray]:
    names = ("length_km", "coastal_km", "lock_count", "lock_h", "lock_wait_h")
    parts = {name: np.zeros(chains.leg_mode.shape) for name in names}
    for season, skim in enumerate(skims):
        here = (chains.season == season)[:, None]
        of_mode = [
            (here & (chains.leg_mode == Mode.ROAD), skim.road),
            (here & (chains.leg_mode == Mode.RAIL), skim.rail),
        ]
        sailed = here & (chains.leg_mode == Mode.WATER)
        of_mode += [(sailed & (chains.leg_means == way), skim.water[way]) for way in range(len(skim.water))]
        for where, one in of_mode:
            at = np.nonzero(where)
            ends = chains.leg_from[at], chains.leg_to[at]
            for name, table in parts.items():
                table[at] = getattr(one, name)[ends]
    return parts


def _emissions(
    chains: Chains,
    km: np.ndarray,
    coastal_km: np.ndarray,
    prices: Sequence[WaterPrice],
    factors: Mapping[str, tuple[float, float]],
) -> tuple[np.ndarray, np.ndarray]:
    """Well-to-tank and tank-to-wheel of the legs [kg/t]; sea distances are lengthened as the table asks."""
    found = np.zeros((2, *km.shape))
    for mode, name in ((Mode.ROAD, ROAD_FACTOR), (Mode.RAIL, RAIL_FACTOR)):
        where = chains.leg_mode == mode
        for part in range(2):
            found[part][where] = factors[name][part] * km[where]
    counted = km + coastal_km * (SEA_DISTANCE_FACTOR - 1)
    for season, price in enumerate(prices):
        at = np.nonzero((chains.season == season)[:, None] & (chains.leg_mode == Mode.WATER))
        way = chains.leg_means[at]
        found[0][at] = price.wtt_kg_per_tkm[way] * counted[at]
        found[1][at] = price.ttw_kg_per_tkm[way] * counted[at]
    return found[0], found[1]


def _handling(
    chains: Chains, form: np.ndarray, forms: CargoForms, last_mile: np.ndarray, port_dues: float
) -> tuple[np.ndarray, np.ndarray]:
    """Loads, unloads, dues and last miles [yuan/t], and hub visits [kg/t].

    A direct move between vessel and wagon replaces two handlings by one and two hub visits by one. In a town a lorry
    goes between quay or station and everything else.
    """
    mode = chains.leg_mode
    water, rail = mode == Mode.WATER, mode == Mode.RAIL
    each = np.where(water, forms.handling[form][:, None], np.where(rail, forms.rail_handling[form][:, None], 0.0))
    visits = np.where(water | rail, 2.0, 0.0)
    yuan = 2 * each + np.where(water, 2 * port_dues, 0.0)
    direct = np.zeros(mode.shape, dtype=bool)  # this leg and the one before meet without a lorry between
    direct[:, 1:] = (water[:, 1:] & rail[:, :-1]) | (rail[:, 1:] & water[:, :-1])
    other = np.where(water, forms.rail_handling[form][:, None], forms.handling[form][:, None])
    yuan[direct] += (forms.rail_water[form][:, None] - each - other)[direct]
    visits[direct] -= 1.0
    into = np.zeros(mode.shape, dtype=bool)  # the next leg continues without a lorry
    into[:, :-1] = direct[:, 1:]
    main = water | rail
    ends = (main & ~direct & last_mile[chains.leg_from]).astype(float) + (main & ~into & last_mile[chains.leg_to])
    return yuan + ends * forms.last_mile[form][:, None], visits * forms.hub_kg[form][:, None]


def path_sizes(chains: Chains, length_km: np.ndarray, seasons: int) -> np.ndarray:
    """Path size of each chain: overlap is counted by legs (same means, same ends), weighted by length.

    References
    ----------
    Hoogendoorn-Lanser, van Nes, Bovy (2005), *Transportation Research Record* 1921, 27-36
    """
    real = chains.leg_mode >= 0
    row, _ = np.nonzero(real)
    group = (chains.flow * seasons + chains.season)[row]
    key = group.astype(np.int64)
    for part in (chains.leg_mode, chains.leg_means, chains.leg_from, chains.leg_to):
        key = key * (int(part.max(initial=0)) + 2) + part[real] + 1  # mixed radix: one number a leg
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    length = length_km[real]
    total = np.bincount(row, weights=length, minlength=len(chains))
    shared = np.bincount(row, weights=length / count[inverse.reshape(-1)], minlength=len(chains))
    return np.where(total > 0, shared / np.maximum(total, 1e-12), 1.0)
