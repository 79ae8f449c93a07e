"""Chains looked for anew at the waits and prices of an equilibrium: other ways, other vessels, other quays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from qujiang.freight.chains import SIGNATURES, Chains, find_chains
from qujiang.freight.congestion import Congestion
from qujiang.freight.network import VirtualNetwork
from qujiang.freight.parts import LegParts, measure_legs, path_sizes
from qujiang.freight.price import WaterPrice
from qujiang.freight.problem import FreightProblem, water_price_of_means
from qujiang.freight.skims import Skim, Skims, _skim

#: A chain counts as cheaper from here on [yuan/t].
CHEAPER_YUAN = 1e-6


@dataclass(frozen=True, slots=True)
class Charges:
    """What passing a resource costs beyond what chains assume: hours, and money by unit of its flow, shape (resources,)."""

    later_h: np.ndarray
    yuan_per_unit: np.ndarray


def with_new_chains(problem: FreightProblem, congestion: Congestion, charges: Charges) -> FreightProblem:
    """The problem with the best chain of each signature at these charges added after its own chains.

    Ways that were not yet known are added to the skims, so that the legs of old chains stay as they are. Roads keep their
    times: no district of this house counts road traffic.
    """
    skims = tuple(
        _more_ways(problem, season, network, congestion, charges) for season, network in enumerate(problem.networks)
    )
    wider = replace(problem, skims=skims)
    prices = wider.prices()
    priced = [_priced(wider, season, congestion, charges, prices[season]) for season in range(len(problem.networks))]
    found = find_chains(
        problem.origin, problem.destination, problem.form, problem.forms, [one for one, _ in priced],
        [price for _, price in priced], problem.rates, problem.last_mile,
    )  # fmt: skip
    parts = measure_legs(
        found, problem.form[found.flow], problem.forms, skims, prices, problem.last_mile, problem.rates["port_dues"],
        problem.factors,
    )  # fmt: skip
    return replace(wider, chains=_joined(problem.chains, found), parts=_joined_parts(problem.parts, parts))


def signature_key(problem: FreightProblem) -> np.ndarray:
    """One number for each flow, season and signature of a chain."""
    chains = problem.chains
    return (chains.flow * len(problem.season_share) + chains.season) * len(SIGNATURES) + chains.signature


def keep_chains(problem: FreightProblem, kept: np.ndarray) -> FreightProblem:
    """Only some chains, with their path sizes anew; chains of one signature count together as one alternative."""
    fields = (getattr(problem.chains, name)[kept] for name in Chains.__slots__)
    chains = Chains(*fields)
    parts = LegParts(*(getattr(problem.parts, name)[kept] for name in LegParts.__slots__))
    size = path_sizes(chains, parts.length_km, len(problem.season_share))
    fewer = replace(problem, chains=chains, parts=parts)
    key = signature_key(fewer)
    together = np.bincount(key)[key]
    return replace(fewer, parts=replace(parts, path_size=size / together))


def _joined(one: Chains, other: Chains) -> Chains:
    return Chains(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in Chains.__slots__))


def _joined_parts(one: LegParts, other: LegParts) -> LegParts:
    return LegParts(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in LegParts.__slots__))


def _on_links(
    network: VirtualNetwork, congestion: Congestion, values: np.ndarray, kinds: tuple[str, ...]
) -> np.ndarray:
    """Sum of a value over the resources of some kinds on each water link."""
    total = np.zeros(len(network.water.links.ids))
    for resource, value in zip(congestion.resources, values.tolist(), strict=True):
        if resource.kind in kinds and value:
            for row, on_link in enumerate(network.water.locks):
                total[row] += value * on_link.count(resource.at)
            if resource.at in network.water.links.ids:
                total[network.water.links.ids.index(resource.at)] += value
    return total


def _link_charges(problem: FreightProblem, season: int, congestion: Congestion, charges: Charges) -> tuple:
    """By water link: later hours, money per vessel passage, money per tonne."""
    network = problem.networks[season]
    later = _on_links(network, congestion, charges.later_h, ("lock",))
    per_vessel = _on_links(network, congestion, charges.yuan_per_unit, ("lock",))
    per_t = _on_links(network, congestion, charges.yuan_per_unit, ("capacity",))
    return later, per_vessel * (1 + problem.rates["empty_return_share"] / 100), per_t


def _more_ways(
    problem: FreightProblem, season: int, network: VirtualNetwork, congestion: Congestion, charges: Charges
) -> Skims:
    """The skims of a season with the ways that are best at these charges."""
    skims, water = problem.skims[season], network.water
    later, per_vessel, per_t = _link_charges(problem, season, congestion, charges)
    price = water_price_of_means(problem, season)
    parts = (
        water.links.length_km, np.where(water.coastal, water.links.length_km, 0.0), water.lock_count, water.lockage_h,
        water.lock_wait_h,
    )  # fmt: skip
    ways, owner = list(skims.water), skims.water_means.tolist()
    for index, means in enumerate(network.means):
        known = [way for way, of in zip(ways, owner, strict=True) if of == index]
        for value in (0.0, float(problem.forms.value_of_time.max())):
            hours = water.lockage_h + later
            weight = water.links.length_km * (price.per_km[index] + value / price.speed_km_per_h[index])
            weight = (
                weight
                + np.maximum(hours, 0.0) * (price.per_lock_h[index] + value)
                + per_vessel / means.payload_t
                + per_t
            )
            found = _skim(water.links, weight, means.usable, len(network.place_ids), parts)
            if not any(np.array_equal(found.before, way.before) for way in known):
                known.append(found)
                ways.append(found)
                owner.append(index)
    return Skims(skims.road, skims.rail, tuple(ways), np.array(owner, dtype=np.int64))


def _priced(
    problem: FreightProblem, season: int, congestion: Congestion, charges: Charges, price: WaterPrice
) -> tuple[Skims, WaterPrice]:
    """Skims whose hours at locks are those of now, and whose count of locks stands for all money charged on the way."""
    network, skims = problem.networks[season], problem.skims[season]
    later, per_vessel, per_t = _link_charges(problem, season, congestion, charges)
    payload = problem.payload_of(season)
    ways = []
    for way, skim in enumerate(skims.water):
        hours, money = _along(network, skim, (later, per_vessel / payload[way] + per_t))
        money = money + price.per_lock[way] * np.where(np.isfinite(skim.lock_count), skim.lock_count, 0.0)
        in_port = price.per_call[way] / price.call_h if price.call_h else 0.0
        for resource, wait, yuan in zip(
            congestion.resources, charges.later_h.tolist(), charges.yuan_per_unit.tolist(), strict=True
        ):
            if resource.kind in ("berth", "capacity") and resource.at in problem.place_ids:
                at = problem.place_ids.index(resource.at)
                wait, yuan = wait * resource.share, yuan * resource.share
                charged = yuan + wait * (
                    in_port - price.per_lock_h[way]
                )  # the hour itself comes with the hours at locks
                for ends in ((at, slice(None)), (slice(None), at)):
                    hours[ends] += wait
                    money[ends] += charged
        ways.append(replace(skim, lock_h=skim.lock_h + hours, lock_count=money))
    return replace(skims, water=tuple(ways)), replace(price, per_lock=np.ones(len(price.per_lock)))


def _along(network: VirtualNetwork, skim: Skim, values: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """Sums of link values along the ways of a skim, infinite where there is none."""
    links = network.water.links
    count = len(network.place_ids)
    link_of = np.full((count, count), -1, dtype=np.int64)
    for row in np.argsort(-links.length_km, kind="stable").tolist():
        link_of[links.tail[row], links.head[row]] = link_of[links.head[row], links.tail[row]] = row
    sums = [np.where(np.isfinite(skim.length_km), 0.0, np.inf) for _ in values]
    if not any(value.any() for value in values):
        return sums
    order = np.argsort(skim.length_km, axis=1, kind="stable")
    origins = np.arange(count)
    for rank in range(count):  # nearest first, so that the place before is already summed
        place = order[:, rank]
        previous = skim.before[origins, place]
        known = previous >= 0
        if not known.any():
            continue
        o, p, q = origins[known], place[known], previous[known]
        for total, value in zip(sums, values, strict=True):
            total[o, p] = total[o, q] + value[link_of[q, p]]
    return sums
