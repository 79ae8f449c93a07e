"""A quote as it is told: plain dictionaries for JSON and lines for a terminal, and the break-even against the next best."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from qujiang.freight.book import QuoteBook
from qujiang.freight.quote import MODES, RAIL, ROAD, WATER, Chain, Leg, Question, reprice

#: Rates that a leg of each mode rests on.
RESTS_ON = {
    ROAD: ("road_bulk_long", "road_bulk_short", "road_box_20", "dray_box", "truck_speed", "truck_payload"),
    RAIL: ("tr_road_rail", "lift_box", "train_speed", "tr_rail_water"),
    WATER: (
        "handling_bulk", "lift_box", "port_dues", "lock_wait_h", "port_hours_per_call", "empty_return_share", "ukc_m",
        "crew_wage", "diesel_price", "vessel_interest", "vessel_life", "vessel_upkeep", "vessel_hours", "vessel_price_factor",
        "fuel_factor", "other_margin", "lock_fee",
    ),
}  # fmt: skip
#: Tonnages at which a break-even is looked for.
TONNAGES = np.unique(np.concatenate([np.arange(1, 1_001), np.arange(1_000, 20_001, 50)])).astype(float)


def as_answer(book: QuoteBook, question: Question, chains: tuple[Chain, ...]) -> dict[str, Any]:
    """The whole answer, ready for JSON."""
    ids = book.places.ids
    return {
        "from": ids[question.origin],
        "to": ids[question.destination],
        "cargo": book.texts["form_cargo"][question.form],
        "form": "boxes" if book.form_boxed[question.form] else "bulk",
        "tonnes": question.tonnes,
        "teu": question.tonnes / book.number("t_per_teu") if book.form_boxed[question.form] else None,
        "season": ("normal", "low_water")[question.season(book)],
        "emission_factors": book.texts["emission_version"],
        "rates": "the district's middle rates, not calibrated",
        "chains": [chain_answer(book, question, chain) for chain in chains],
        "break_even": break_even(book, question, chains),
        "warnings": warnings(chains),
    }


def chain_answer(book: QuoteBook, question: Question, chain: Chain) -> dict[str, Any]:
    """One chain with its legs; every leg has its part of each total."""
    return {
        "signature": chain.signature,
        "yuan_per_t": chain.yuan,
        "yuan": chain.yuan * question.tonnes,
        "hours": chain.hours,
        "kgco2e_per_t": chain.kg,
        "legs": [leg_answer(book, question, leg, chain) for leg in chain.legs],
        "assumed": assumed(book, chain),
    }


def leg_answer(book: QuoteBook, question: Question, leg: Leg, chain: Chain) -> dict[str, Any]:
    """One leg: who carries it, what it costs, takes and emits, and its share of the chain's totals."""
    ids = book.places.ids
    vessel = book.texts["vessels"][int(book.way_vessel[leg.way])] if leg.mode == WATER else None
    payload = float(book.way_payload_t[leg.way]) if leg.mode == WATER else None
    services = book.texts["services"]
    service = services.get(f"{ids[leg.start]}|{ids[leg.end]}") or services.get(f"{ids[leg.end]}|{ids[leg.start]}")
    return {
        "mode": MODES[leg.mode],
        "means": vessel or ("lorry" if leg.mode == ROAD else "train"),
        "carrier": (service or "charter")
        if leg.mode == WATER
        else ("lorry" if leg.mode == ROAD else "national railway"),
        "from": ids[leg.start],
        "to": ids[leg.end],
        "km": leg.km,
        "yuan_per_t": leg.yuan,
        "freight_yuan_per_t": leg.freight_yuan,
        "handling_and_dues_yuan_per_t": leg.handling_yuan,
        "hours": leg.hours,
        "timetable_wait_h": leg.wait_h,
        "lock_passages": leg.locks,
        "payload_t": payload,
        "vessels": int(np.ceil(question.tonnes / payload - 1e-9)) if payload else None,
        "kgco2e_per_t": leg.kg,
        "well_to_tank_kg_per_t": leg.wtt_kg,
        "tank_to_wheel_kg_per_t": leg.ttw_kg,
        "hub_kg_per_t": leg.hub_kg,
        "yuan_share": _share(leg.yuan, chain.yuan),
        "hours_share": _share(leg.hours, chain.hours),
        "kgco2e_share": _share(leg.kg, chain.kg),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def assumed(book: QuoteBook, chain: Chain) -> list[str]:
    """The assumed rates that a chain rests on."""
    of_modes = {name for leg in chain.legs for name in RESTS_ON[leg.mode]}
    found = sorted(of_modes & set(book.texts["assumed_rates"]))
    if any(leg.mode == WATER for leg in chain.legs):
        found += ["channel depths", "lock times", "vessel hulls"]
    if any(leg.wait_h for leg in chain.legs):
        found.append("departures of the service")
    return found


def break_even(book: QuoteBook, question: Question, chains: tuple[Chain, ...]) -> dict[str, Any] | None:
    """Where the cheapest chain stops being the cheapest: tonnage and distance against the cheapest of another signature."""
    best = chains[0]
    rivals = [chain for chain in chains if chain.signature != best.signature]
    if not rivals:
        return None
    rival = min(rivals, key=lambda chain: chain.yuan)
    mine = np.array([reprice(book, replace(question, tonnes=t), best).yuan for t in _around(question.tonnes)])
    other = np.array([reprice(book, replace(question, tonnes=t), rival).yuan for t in _around(question.tonnes)])
    dearer = np.flatnonzero(mine > other)
    grid = _around(question.tonnes)
    below = dearer[grid[dearer] < question.tonnes]
    return {
        "against": rival.signature,
        "saved_yuan_per_t": rival.yuan - best.yuan,
        # the least tonnage from which the best stays cheaper up to what was asked
        "tonnes": float(grid[below[-1] + 1]) if len(below) and below[-1] + 1 < len(grid) else float(grid[0]),
        "distance_km": _distance(best, rival),
    }


def _around(tonnes: float) -> np.ndarray:
    return np.unique(np.append(TONNAGES[tonnes >= TONNAGES], tonnes))


def _distance(best: Chain, rival: Chain) -> float | None:
    """Distance of the main leg at which lorry and vessel (or train) cost the same; None where it has no answer.

    ``D* = fixed / (road per km - circuity * main per km)``, in road kilometres.
    """
    road, main = (best, rival) if best.signature == "road" else (rival, best)
    if road.signature != "road" or main.signature == "road":
        return None
    direct = road.legs[0]
    legs = [leg for leg in main.legs if leg.mode != ROAD]
    km = sum(leg.km for leg in legs)
    if not direct.km or not km:
        return None
    per_road = direct.yuan / direct.km
    per_main = sum(leg.freight_yuan for leg in legs) / km
    fixed = main.yuan - sum(leg.freight_yuan for leg in legs)
    denominator = per_road - km / direct.km * per_main
    return fixed / denominator if denominator > 0 else None


def warnings(chains: tuple[Chain, ...]) -> list[str]:
    """What a reader would otherwise overlook: a vessel chain that is no greener than the lorry says so."""
    return [
        f"the chain by {chain.signature} emits {chain.kg:.1f} kgCO2e/t, the lorry {lorry.kg:.1f}: the vessel is no greener here"
        for chain, lorry in no_greener(chains)
    ]


def no_greener(chains: tuple[Chain, ...]) -> list[tuple[Chain, Chain]]:
    """Vessel chains that emit no less than the lorry, each with the lorry's chain."""
    road = [chain for chain in chains if chain.signature == "road"]
    return [(chain, road[0]) for chain in chains if road and "water" in chain.signature and chain.kg >= road[0].kg]


def as_lines(book: QuoteBook, question: Question, chains: tuple[Chain, ...]) -> list[str]:
    """A plain table for a terminal."""
    labels = book.places.labels
    lines = [
        f"{labels[question.origin]} -> {labels[question.destination]}: {question.tonnes:g} t of "
        f"{book.texts['form_cargo'][question.form]}{' in boxes' if book.form_boxed[question.form] else ''}",
        "",
        f"{'chain':<14}{'yuan/t':>9}{'hours':>8}{'kgCO2e/t':>10}   legs",
    ]
    for chain in chains:
        legs = "; ".join(_leg_words(book, leg) for leg in chain.legs)
        lines.append(f"{chain.signature:<14}{chain.yuan:>9.1f}{chain.hours:>8.1f}{chain.kg:>10.1f}   {legs}")
    even = break_even(book, question, chains)
    if even:
        distance = f", {even['distance_km']:.0f} km by road" if even["distance_km"] else ""
        lines += [
            "",
            f"{chains[0].signature} saves {even['saved_yuan_per_t']:.1f} yuan/t against {even['against']}; "
            f"break-even at {even['tonnes']:g} t{distance}",
        ]
    lines += warnings(chains)
    names = ", ".join(assumed(book, chains[0]))
    lines += ["", "at the district's middle rates, not the calibrated ones of the plan"]
    return [*lines, f"rests on assumed: {names}"] if names else lines


def _leg_words(book: QuoteBook, leg: Leg) -> str:
    means = book.texts["vessels"][int(book.way_vessel[leg.way])] if leg.mode == WATER else MODES[leg.mode]
    wait = f", wait {leg.wait_h:.0f} h" if leg.wait_h else ""
    locks = f", {leg.locks:g} lock{'s' if leg.locks != 1 else ''}" if leg.locks else ""
    return f"{means} {book.places.ids[leg.start]}-{book.places.ids[leg.end]} {leg.km:.0f} km{locks}{wait}"
