"""Quotes: the door-to-door chains that nobody beats in cost, hours and emissions at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from qujiang.errors import InfeasibleError, ScenarioError
from qujiang.freight.book import QuoteBook
from qujiang.freight.candidates import Consignment, Main, Offer, candidates, lorry_yuan

#: A chain is left out when another is at most this much worse in every respect [1]; the least of each stays.
EPSILON = 0.05
MODES = ("road", "rail", "water")
ROAD, RAIL, WATER = range(3)


class Leg(NamedTuple):
    """One leg, per tonne. ``way`` is the way of sailing on water, -1 elsewhere."""

    mode: int
    way: int
    start: int
    end: int
    km: float
    freight_yuan: float
    handling_yuan: float
    hours: float
    wait_h: float
    wtt_kg: float
    ttw_kg: float
    hub_kg: float
    locks: float

    @property
    def yuan(self) -> float:
        """Freight and handling [yuan/t]."""
        return self.freight_yuan + self.handling_yuan

    @property
    def kg(self) -> float:
        """Well-to-wheel, hub included [kgCO2e/t]."""
        return self.wtt_kg + self.ttw_kg + self.hub_kg


@dataclass(frozen=True, slots=True)
class Chain:
    """A door-to-door chain; its figures are the sums of its legs."""

    legs: tuple[Leg, ...]

    @property
    def yuan(self) -> float:
        """[yuan/t]"""
        return sum(leg.yuan for leg in self.legs)

    @property
    def hours(self) -> float:
        """[h]"""
        return sum(leg.hours for leg in self.legs)

    @property
    def kg(self) -> float:
        """[kgCO2e/t]"""
        return sum(leg.kg for leg in self.legs)

    @property
    def signature(self) -> str:
        """Modes of the main legs; road where there is no other."""
        main = [MODES[leg.mode] for leg in self.legs if leg.mode != ROAD]
        return "+".join(main) or "road"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: rows of places, the cargo form, tonnes, and the season of departure."""

    origin: int
    destination: int
    form: int
    tonnes: float
    month: int | None = None

    def season(self, book: QuoteBook) -> int:
        """0 normal water, 1 low water."""
        first, last = book.number("low_water_first_month"), book.number("low_water_last_month")
        if self.month is None or first == 0:
            return 0
        inside = first <= self.month <= last if first <= last else self.month >= first or self.month <= last
        return int(inside)


def ask(
    book: QuoteBook, origin: str, destination: str, cargo: str, tonnes: float, depart: date | None = None
) -> Question:
    """Read a question as people put it.

    Raises
    ------
    ScenarioError
        A name is unknown or ambiguous, the places are the same, or the tonnage is not a positive number.
    """
    if not math.isfinite(tonnes) or tonnes <= 0:
        raise ScenarioError(f"tonnes = {tonnes:g} must be a number above 0")
    a, b, c = book.places.find(origin), book.places.find(destination), book.cargoes.find(cargo)
    if a == b:
        raise ScenarioError(
            f"{origin} and {destination} are the same place ({book.places.ids[a]}): nothing has to go anywhere"
        )
    forms = [f for f, name in enumerate(book.texts["form_cargo"]) if name == book.cargoes.ids[c]]
    main = max(forms, key=lambda f: book.form_share[f])
    return Question(a, b, main, tonnes, depart.month if depart else None)


def quote(book: QuoteBook, question: Question) -> tuple[Chain, ...]:
    """The Pareto set of chains by cost, hours and emissions, the cheapest first.

    Looked at are: the lorry alone; a vessel of every class that fits between the quays nearest to both doors; a train
    between the nearest stations; vessel then train and train then vessel where they meet. Ships and lorries are whole:
    a part load pays for the rest.

    Raises
    ------
    InfeasibleError
        No chain exists; the message says which leg is missing.
    """
    offer = offer_of(book, question)
    load = Consignment.of(book, question.form, question.tonnes, offer.payload_t)
    found = candidates(book, offer, load, question.origin, question.destination)
    if not found.mains:
        raise InfeasibleError(_why_not(book, question))
    return tuple(_chain(book, offer, load, question, found.mains[at]) for at in pareto(found.points))


def offer_of(book: QuoteBook, question: Question) -> Offer:
    """What the season of a question offers to its cargo form."""
    month = question.month if any(book.texts["closed"].values()) else None
    key = (bool(book.form_boxed[question.form]), question.season(book), month)
    if key not in book.offers:
        book.offers[key] = Offer(book, *key)
    return book.offers[key]


def reprice(book: QuoteBook, question: Question, chain: Chain) -> Chain:
    """The same chain for another question (another tonnage)."""
    offer = offer_of(book, question)
    load = Consignment.of(book, question.form, question.tonnes, offer.payload_t)
    main = tuple((leg.mode, leg.way, leg.start, leg.end) for leg in chain.legs if leg.mode != ROAD)
    return _chain(book, offer, load, question, main)


def pareto(points: np.ndarray, epsilon: float = EPSILON) -> list[int]:
    """Rows that no other beats in all columns, thinned by ``epsilon``, by the first column.

    The least of each column always stays.
    """
    order = np.lexsort(points.T[::-1])
    rest = order
    efficient: list[int] = []
    while len(rest):
        best = rest[0]
        efficient.append(int(best))
        beaten = (points[best] <= points[rest]).all(axis=1)
        rest = rest[~beaten]
    ends = {efficient[int(points[efficient, column].argmin())] for column in range(points.shape[1])}
    kept = sorted(ends, key=lambda row: points[row, 0])
    for row in efficient:
        if row not in ends and not (points[kept] <= points[row] * (1 + epsilon)).all(axis=1).any():
            kept.append(row)
    return sorted(kept, key=lambda row: tuple(points[row]))


def _lorry(book: QuoteBook, load: Consignment, start: int, end: int) -> Leg:
    km = float(book.road_km[start, end])
    yuan = lorry_yuan(book, load, km)
    return Leg(
        ROAD,
        -1,
        start,
        end,
        km,
        yuan,
        0.0,
        km / book.truck_speed,
        0.0,
        book.number("road_wtt") * km,
        book.number("road_ttw") * km,
        0.0,
        0.0,
    )


def _chain(book: QuoteBook, offer: Offer, load: Consignment, q: Question, main: Sequence[Main]) -> Chain:
    """Put lorries before, between and after the main legs and price every leg."""
    legs: list[Leg] = []
    here, after_main = q.origin, False
    for mode, way, start, end in main:
        direct = after_main and start == here
        if start != here:
            legs.append(_lorry(book, load, here, start))
        legs.append(_vessel(book, offer, load, way, start, end) if mode == WATER else _train(book, load, start, end))
        if direct:
            legs[-2], legs[-1] = _changed_directly(book, load, legs[-2], legs[-1])
        here, after_main = end, True
    if here != q.destination:
        legs.append(_lorry(book, load, here, q.destination))
    return Chain(tuple(legs))


def _changed_directly(book: QuoteBook, load: Consignment, before: Leg, after: Leg) -> tuple[Leg, Leg]:
    """Vessel to wagon in one move: one handling and one hub visit instead of two, and no last mile."""
    mile = _mile(book, load, after.start)
    own = {WATER: float(book.handling[load.form]), RAIL: float(book.rail_handling[load.form])}
    change = (float(book.rail_water[load.form]) - own[after.mode]) * load.box - mile
    return (
        before._replace(handling_yuan=before.handling_yuan - own[before.mode] * load.box - mile),
        after._replace(handling_yuan=after.handling_yuan + change, hub_kg=after.hub_kg - float(book.hub_kg[load.form])),
    )


def _mile(book: QuoteBook, load: Consignment, place: int) -> float:
    return float(book.form_last_mile[load.form]) if book.last_mile[place] else 0.0


def _vessel(book: QuoteBook, offer: Offer, load: Consignment, way: int, start: int, end: int) -> Leg:
    at = int(np.searchsorted(offer.ways, way))
    freight, hours, kg = (float(part) for part in offer.sail[:, at, start, end])
    handling = 2 * (float(book.handling[load.form]) * load.box + book.port_dues)
    headway = float(book.service_h[start, end])
    wtt = float(book.way_wtt[way])
    wtt_part = wtt / (wtt + float(book.way_ttw[way])) if kg else 0.0
    return Leg(
        WATER, way, start, end, float(book.water_km[way, start, end]), freight * float(load.vessel[at]),
        handling + _mile(book, load, start) + _mile(book, load, end), hours, 0.0 if headway != headway else headway / 2,
        kg * wtt_part, kg * (1 - wtt_part), 2 * float(book.hub_kg[load.form]), float(book.lock_count[way, start, end]),
    )  # fmt: skip


def _train(book: QuoteBook, load: Consignment, start: int, end: int) -> Leg:
    km = float(book.rail_km[start, end])
    freight = float(book.rail_base[load.form] + book.rail_per_km[load.form] * km) * load.box
    handling = 2 * float(book.rail_handling[load.form]) * load.box + _mile(book, load, start) + _mile(book, load, end)
    wtt, ttw = book.number("rail_wtt") * km, book.number("rail_ttw") * km
    return Leg(
        RAIL,
        -1,
        start,
        end,
        km,
        freight,
        handling,
        km / book.number("train_speed"),
        0.0,
        wtt,
        ttw,
        2 * float(book.hub_kg[load.form]),
        0.0,
    )


class Missing(NamedTuple):
    """What a chain lacks: ``road``, ``vessel`` (``of``: boxes or bulk), ``quay`` or ``station`` (``of``: the id of the place)."""

    what: str
    of: str = ""


def why_not(book: QuoteBook, q: Question) -> tuple[Missing, ...]:
    """What is missing for any chain of a question that has none."""
    offer = offer_of(book, q)
    missing = [Missing("road")]
    if not len(offer.ways):
        missing.append(Missing("vessel", "boxes" if book.form_boxed[q.form] else "bulk"))
    for place in (q.origin, q.destination):
        quays, stations = offer.near[place]
        missing += [Missing("quay", book.places.ids[place])] * (not len(quays))
        missing += [Missing("station", book.places.ids[place])] * (not len(stations))
    return tuple(missing)


#: What is missing, in a sentence.
_SAID = {
    "road": "no open road joins them",
    "vessel": "no vessel class carries {of} in this season",
    "quay": "no quay can be reached from {of} by road: draught, beam, height, locks or closed links leave none",
    "station": "no goods station can be reached from {of}",
}


def _why_not(book: QuoteBook, q: Question) -> str:
    labels = dict(zip(book.places.ids, book.places.labels, strict=True))
    told = [_SAID[gap.what].format(of=labels.get(gap.of, gap.of)) for gap in why_not(book, q)]
    return f"no chain from {book.places.labels[q.origin]} to {book.places.labels[q.destination]}: " + "; ".join(told)
