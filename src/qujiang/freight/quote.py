"""Quotes: the door-to-door chains that nobody beats in cost, hours and emissions at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from qujiang.errors import InfeasibleError, ScenarioError
from qujiang.freight.book import QuoteBook

#: Terminals looked at from each door: the nearest by road.
NEAREST = 8
#: Vessel and train may change between terminals at most this far apart by road [km].
CHANGE_KM = 40.0
#: A chain is left out when another is at most this much worse in every respect [1]; the least of each stays.
EPSILON = 0.02
SEA_DISTANCE_FACTOR = 1.15
MODES = ("road", "rail", "water")
ROAD, RAIL, WATER = range(3)


@dataclass(frozen=True, slots=True)
class Leg:
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
    chains = list(_all_chains(book, question))
    if not chains:
        raise InfeasibleError(_why_not(book, question))
    points = np.array([[chain.yuan, chain.hours, chain.kg] for chain in chains])
    return tuple(chains[at] for at in pareto(points))


def reprice(book: QuoteBook, question: Question, chain: Chain) -> Chain:
    """The same chain for another question (another tonnage)."""
    return _chain(book, question, [(leg.mode, leg.way, leg.start, leg.end) for leg in chain.legs if leg.mode != ROAD])


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


def _all_chains(book: QuoteBook, q: Question) -> Iterator[Chain]:
    km = book.road_km[q.origin, q.destination]
    if np.isfinite(km):
        yield Chain((_lorry(book, q, q.origin, q.destination),))
    ways = _fitting_ways(book, q)
    quays = _terminals(book, book.water_km[ways].min(axis=0) if len(ways) else np.full_like(book.road_km, np.inf))
    stations = _terminals(book, book.rail_km)
    yield from _single(book, q, ways, _nearest(book, q.origin, quays), _nearest(book, q.destination, quays))
    yield from _rail(book, q, _nearest(book, q.origin, stations), _nearest(book, q.destination, stations))
    yield from _changes(book, q, ways, quays, stations)


def _fitting_ways(book: QuoteBook, q: Question) -> np.ndarray:
    fits = book.way_boxes if book.form_boxed[q.form] else book.way_bulk
    return np.flatnonzero(fits & (book.way_season == q.season(book)))


def _terminals(book: QuoteBook, distance: np.ndarray) -> np.ndarray:
    off = distance + np.where(np.eye(len(distance), dtype=bool), np.inf, 0.0)
    return np.flatnonzero(np.isfinite(off).any(axis=1))


def _nearest(book: QuoteBook, place: int, terminals: np.ndarray) -> np.ndarray:
    reachable = terminals[np.isfinite(book.road_km[place, terminals])]
    return reachable[np.argsort(book.road_km[place, reachable], kind="stable")[:NEAREST]]


def _rounding(book: QuoteBook, q: Question, unit_t: float | np.ndarray) -> np.ndarray | float:
    """What whole vehicles, vessels or boxes cost above their part that is used [1]."""
    return np.ceil(q.tonnes / unit_t - 1e-9) * unit_t / q.tonnes


def _boxes_or(book: QuoteBook, q: Question, unit_t: float | np.ndarray) -> np.ndarray | float:
    return _rounding(book, q, book.number("t_per_teu") if book.form_boxed[q.form] else unit_t)


def _per_box(book: QuoteBook, q: Question) -> float:
    """What a last box that is not full costs above its part that is used [1]; 1 for bulk."""
    return float(_rounding(book, q, book.number("t_per_teu"))) if book.form_boxed[q.form] else 1.0


def _lorry_yuan(book: QuoteBook, q: Question, km: np.ndarray | float) -> np.ndarray:
    charged = np.maximum(np.asarray(km, dtype=float)[..., None], book.road_least_km[q.form])
    fare = (book.road_per_km[q.form] * charged).min(axis=-1)
    return np.where(np.asarray(km) > 0, fare, 0.0) * _boxes_or(book, q, book.number("truck_payload_t"))


def _sailing(
    book: QuoteBook, q: Question, ways: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Cost, hours and emissions of every way between every pair of quays, shape (ways, starts, ends); infinity where none."""
    at = np.ix_(ways, starts, ends)
    km, lock_h, locks = book.water_km[at], book.lock_h[at], book.lock_count[at]
    here = np.isfinite(km) & (starts[:, None] != ends[None, :])[None]
    closed = _closed(book, q, starts, ends)
    here &= ~closed[None]
    km, lock_h, locks = (np.where(here, part, 0.0) for part in (km, lock_h, locks))
    w = ways[:, None, None]
    voyage = (
        book.way_per_km[w] * km
        + book.way_per_lock_h[w] * lock_h
        + book.way_per_lock[w] * locks
        + 2 * book.way_per_call[w]
    )
    voyage = voyage * _boxes_or(book, q, book.way_payload_t[w])
    ends_yuan = 2 * (book.handling[q.form] * _per_box(book, q) + book.number("port_dues"))
    mile = _mile(book, q)
    yuan = np.where(here, voyage + ends_yuan + mile[starts][None, :, None] + mile[ends][None, None, :], np.inf)
    wait = np.nan_to_num(book.service_h[np.ix_(starts, ends)] / 2)
    hours = np.where(
        here, km / book.way_speed_km_per_h[w] + lock_h + 2 * book.number("port_call_h") + wait[None], np.inf
    )
    counted = km + np.where(here, book.coastal_km[at], 0.0) * (SEA_DISTANCE_FACTOR - 1)
    kg = np.where(here, (book.way_wtt[w] + book.way_ttw[w]) * counted + 2 * book.hub_kg[q.form], np.inf)
    return yuan, hours, kg


def _mile(book: QuoteBook, q: Question) -> np.ndarray:
    return np.where(book.last_mile, book.form_last_mile[q.form], 0.0)


def _closed(book: QuoteBook, q: Question, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Pairs whose service does not run in the month asked for."""
    shut = np.zeros((len(starts), len(ends)), dtype=bool)
    if q.month is None or not any(book.texts["closed"].values()):
        return shut
    ids = book.places.ids
    for i, a in enumerate(starts):
        for j, b in enumerate(ends):
            months = (
                book.texts["closed"].get(f"{ids[a]}|{ids[b]}") or book.texts["closed"].get(f"{ids[b]}|{ids[a]}") or ""
            )
            shut[i, j] = q.month in _months(months)
    return shut


def _months(text: str) -> set[int]:
    """Months of ``12-02`` or ``1;2;7``."""
    found: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split(";"))):
        first, _, last = part.partition("-")
        a, b = int(first), int(last or first)
        found |= set(range(a, b + 1)) if a <= b else set(range(a, 13)) | set(range(1, b + 1))
    return found


def _road_parts(
    book: QuoteBook, q: Question, places: np.ndarray, door: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    km = book.road_km[door, places]
    yuan = _lorry_yuan(book, q, km)
    return yuan, km / book.number("truck_speed"), km * (book.number("road_wtt") + book.number("road_ttw"))


def _single(book: QuoteBook, q: Question, ways: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Iterator[Chain]:
    """Lorry, vessel, lorry: the efficient ones of each class."""
    if not len(ways) or not len(starts) or not len(ends):
        return
    before, after = _road_parts(book, q, starts, q.origin), _road_parts(book, q, ends, q.destination)
    totals = [
        sail + a[None, :, None] + b[None, None, :]
        for sail, a, b in zip(_sailing(book, q, ways, starts, ends), before, after, strict=True)
    ]
    points = np.stack([total.reshape(-1) for total in totals], axis=1)
    good = np.flatnonzero(np.isfinite(points).all(axis=1))
    for row in pareto(points[good]) if len(good) else ():
        way, p, r = np.unravel_index(good[row], totals[0].shape)
        yield _chain(book, q, [(WATER, int(ways[way]), int(starts[p]), int(ends[r]))])


def _rail(book: QuoteBook, q: Question, starts: np.ndarray, ends: np.ndarray) -> Iterator[Chain]:
    """Lorry, train, lorry."""
    if not len(starts) or not len(ends):
        return
    km = book.rail_km[np.ix_(starts, ends)]
    here = np.isfinite(km) & (starts[:, None] != ends[None, :])
    km = np.where(here, km, 0.0)
    before, after = _road_parts(book, q, starts, q.origin), _road_parts(book, q, ends, q.destination)
    mile, per_box = _mile(book, q), _per_box(book, q)
    fare = (book.rail_base[q.form] + book.rail_per_km[q.form] * km + 2 * book.rail_handling[q.form]) * per_box
    main = (
        fare + mile[starts][:, None] + mile[ends][None, :],
        km / book.number("train_speed"),
        km * (book.number("rail_wtt") + book.number("rail_ttw")) + 2 * book.hub_kg[q.form],
    )
    points = np.stack(
        [
            np.where(here, m + a[:, None] + b[None, :], np.inf).reshape(-1)
            for m, a, b in zip(main, before, after, strict=True)
        ],
        axis=1,
    )
    good = np.flatnonzero(np.isfinite(points).all(axis=1))
    for row in pareto(points[good]) if len(good) else ():
        s, t = np.unravel_index(good[row], here.shape)
        yield _chain(book, q, [(RAIL, -1, int(starts[s]), int(ends[t]))])


def _changes(
    book: QuoteBook, q: Question, ways: np.ndarray, quays: np.ndarray, stations: np.ndarray
) -> Iterator[Chain]:
    """Vessel and train, in either order: the best by cost, by hours and by emissions."""
    if not len(ways) or not len(quays) or not len(stations):
        return
    hop = book.road_km[np.ix_(quays, stations)]
    quay_at, station_at = np.nonzero(hop <= CHANGE_KM)
    if not len(quay_at):
        return
    meet_quay, meet_station = quays[quay_at], stations[station_at]
    near_quays = _nearest(book, q.origin, quays), _nearest(book, q.destination, quays)
    near_stations = _nearest(book, q.origin, stations), _nearest(book, q.destination, stations)
    seen: set[tuple] = set()
    for water_first in (True, False):
        starts = near_quays[0] if water_first else near_stations[0]
        ends = near_stations[1] if water_first else near_quays[1]
        if not len(starts) or not len(ends):
            continue
        quay_ends = (starts, meet_quay) if water_first else (meet_quay, ends)
        rail_ends = (meet_station, ends) if water_first else (starts, meet_station)
        sail = _sailing(book, q, ways, *quay_ends)
        rail_km = book.rail_km[np.ix_(*rail_ends)]
        rail_km = np.where(rail_ends[0][:, None] != rail_ends[1][None, :], rail_km, np.inf)
        rates = (
            book.rail_per_km[q.form],
            1 / book.number("train_speed"),
            book.number("rail_wtt") + book.number("rail_ttw"),
        )
        before, after = _road_parts(book, q, starts, q.origin), _road_parts(book, q, ends, q.destination)
        between = book.road_km[meet_quay, meet_station]
        middle = (
            _lorry_yuan(book, q, between),
            between / book.number("truck_speed"),
            between * (book.number("road_wtt") + book.number("road_ttw")),
        )
        for criterion in range(3):
            way = sail[criterion].argmin(axis=0)
            water = sail[criterion].min(axis=0)
            rail = rail_km * rates[criterion]
            first, second = (water, rail) if water_first else (rail, water)
            total = before[criterion][:, None] + first  # (starts, meets)
            best_start = total.argmin(axis=0)
            onward = (second + after[criterion][None, :]) + middle[criterion][:, None]  # (meets, ends)
            whole = total.min(axis=0)[:, None] + onward
            meet, end = np.unravel_index(int(whole.argmin()), whole.shape)
            if not np.isfinite(whole[meet, end]):
                continue
            start = int(best_start[meet])
            w = int(ways[way[start, meet] if water_first else way[meet, end]])
            a, b = int(starts[start]), int(ends[end])
            quay, station = int(meet_quay[meet]), int(meet_station[meet])
            main = (
                [(WATER, w, a, quay), (RAIL, -1, station, b)]
                if water_first
                else [(RAIL, -1, a, station), (WATER, w, quay, b)]
            )
            if (a, w, quay, station, b, water_first) not in seen:
                seen.add((a, w, quay, station, b, water_first))
                yield _chain(book, q, main)


def _lorry(book: QuoteBook, q: Question, start: int, end: int) -> Leg:
    km = float(book.road_km[start, end])
    wtt, ttw = book.number("road_wtt") * km, book.number("road_ttw") * km
    yuan = float(_lorry_yuan(book, q, km))
    return Leg(ROAD, -1, start, end, km, yuan, 0.0, km / book.number("truck_speed"), 0.0, wtt, ttw, 0.0, 0.0)


def _chain(book: QuoteBook, q: Question, main: Sequence[tuple[int, int, int, int]]) -> Chain:
    """Put lorries before, between and after the main legs and price every leg."""
    legs: list[Leg] = []
    here, previous = q.origin, -1
    for mode, way, start, end in main:
        if start != here:
            legs.append(_lorry(book, q, here, start))
        direct = previous >= 0 and start == here
        legs.append(_vessel(book, q, way, start, end) if mode == WATER else _train(book, q, start, end))
        if direct:
            legs[-2], legs[-1] = _changed_directly(book, q, legs[-2], legs[-1])
        here, previous = end, mode
    if here != q.destination:
        legs.append(_lorry(book, q, here, q.destination))
    return Chain(tuple(legs))


def _changed_directly(book: QuoteBook, q: Question, before: Leg, after: Leg) -> tuple[Leg, Leg]:
    """Vessel to wagon in one move: one handling and one hub visit instead of two, and no last mile."""
    from dataclasses import replace

    per_box = _per_box(book, q)
    mile = float(_mile(book, q)[after.start])
    own = {WATER: book.handling[q.form], RAIL: book.rail_handling[q.form]}
    saved_before = float(own[before.mode]) * per_box + mile
    change = float(book.rail_water[q.form] - own[after.mode]) * per_box - mile
    return (
        replace(before, handling_yuan=before.handling_yuan - saved_before),
        replace(after, handling_yuan=after.handling_yuan + change, hub_kg=after.hub_kg - float(book.hub_kg[q.form])),
    )


def _vessel(book: QuoteBook, q: Question, way: int, start: int, end: int) -> Leg:
    km, lock_h = float(book.water_km[way, start, end]), float(book.lock_h[way, start, end])
    locks = float(book.lock_count[way, start, end])
    voyage = (
        book.way_per_km[way] * km
        + book.way_per_lock_h[way] * lock_h
        + book.way_per_lock[way] * locks
        + 2 * book.way_per_call[way]
    )
    freight = float(voyage * _boxes_or(book, q, book.way_payload_t[way]))
    mile = _mile(book, q)
    handling = 2 * (book.handling[q.form] * _per_box(book, q) + book.number("port_dues")) + mile[start] + mile[end]
    headway = float(book.service_h[start, end])
    wait = 0.0 if math.isnan(headway) else headway / 2
    hours = km / float(book.way_speed_km_per_h[way]) + lock_h + 2 * book.number("port_call_h") + wait
    counted = km + float(book.coastal_km[way, start, end]) * (SEA_DISTANCE_FACTOR - 1)
    wtt, ttw = float(book.way_wtt[way]) * counted, float(book.way_ttw[way]) * counted
    return Leg(
        WATER,
        way,
        start,
        end,
        km,
        freight,
        float(handling),
        hours,
        wait,
        wtt,
        ttw,
        2 * float(book.hub_kg[q.form]),
        locks,
    )


def _train(book: QuoteBook, q: Question, start: int, end: int) -> Leg:
    km = float(book.rail_km[start, end])
    per_box, mile = _per_box(book, q), _mile(book, q)
    freight = float(book.rail_base[q.form] + book.rail_per_km[q.form] * km) * per_box
    handling = 2 * float(book.rail_handling[q.form]) * per_box + float(mile[start] + mile[end])
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
        2 * float(book.hub_kg[q.form]),
        0.0,
    )


def _why_not(book: QuoteBook, q: Question) -> str:
    """Which leg is missing."""
    a, b = book.places.labels[q.origin], book.places.labels[q.destination]
    missing = ["no open road joins them"]
    ways = _fitting_ways(book, q)
    kind = "boxes" if book.form_boxed[q.form] else "bulk"
    if not len(ways):
        missing.append(f"no vessel class carries {kind} in this season")
    else:
        quays = _terminals(book, book.water_km[ways].min(axis=0))
        for name, door in ((a, q.origin), (b, q.destination)):
            if not len(_nearest(book, door, quays)):
                missing.append(
                    f"no quay can be reached from {name} by road: draught, beam, height or closed links leave none open"
                )
    if not len(_nearest(book, q.origin, _terminals(book, book.rail_km))):
        missing.append(f"no goods station can be reached from {a}")
    return f"no chain from {a} to {b}: " + "; ".join(missing)
