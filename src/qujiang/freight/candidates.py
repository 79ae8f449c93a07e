"""All chains that a quote looks at, as arrays: cost, hours and emissions of each, before any chain is spelled out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qujiang.freight.book import QuoteBook
from qujiang.freight.modes import SEA_DISTANCE_FACTOR, Mode

#: Terminals looked at from each door: the nearest by road.
NEAREST = 6
#: Vessel and train may change between terminals at most this far apart by road [km].
CHANGE_KM = 40.0

#: A main leg: mode, way of sailing (-1 by rail), from, to.
Main = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Consignment:
    """What whole vehicles cost above the part that is used [1], and the charges of the cargo form [yuan/t]."""

    form: int
    lorry: float
    box: float
    vessel: np.ndarray  # (ways,)

    @classmethod
    def of(cls, book: QuoteBook, form: int, tonnes: float, payload_t: np.ndarray) -> Consignment:
        """Ships, lorries and boxes are whole: a part load pays for the rest."""
        if book.form_boxed[form]:
            box = float(np.ceil(tonnes / book.t_per_teu - 1e-9)) * book.t_per_teu / tonnes
            return cls(form, box, box, np.full(len(payload_t), box))
        lorry = float(np.ceil(tonnes / book.truck_payload_t - 1e-9)) * book.truck_payload_t / tonnes
        return cls(form, lorry, 1.0, np.ceil(tonnes / payload_t - 1e-9) * payload_t / tonnes)


class Offer:
    """What one season offers to bulk or to boxes; nothing here depends on the cargo or the tonnage."""

    def __init__(self, book: QuoteBook, boxed: bool, season: int, month: int | None) -> None:
        self.book = book
        self.month = month
        fits = book.way_boxes if boxed else book.way_bulk
        self.ways = np.flatnonzero(fits & (book.way_season == season))
        self.payload_t = book.way_payload_t[self.ways]

    @cached_property
    def sail(self) -> np.ndarray:
        """Freight of a full vessel [yuan/t], hours, emissions without hubs [kg/t]: shape (3, ways, P, P)."""
        book, w = self.book, self.ways[:, None, None]
        km, lock_h, locks = (part[self.ways] for part in (book.water_km, book.lock_h, book.lock_count))
        here = np.isfinite(km) & ~np.eye(km.shape[1], dtype=bool) & ~self._closed()
        km, lock_h, locks = (np.where(here, part, 0.0) for part in (km, lock_h, locks))
        per_call = 2 * book.way_per_call[w]
        freight = book.way_per_km[w] * km + book.way_per_lock_h[w] * lock_h + book.way_per_lock[w] * locks + per_call
        wait = np.nan_to_num(book.service_h / 2)
        hours = km / book.way_speed_km_per_h[w] + lock_h + 2 * book.number("port_call_h") + wait
        counted = km + np.where(here, book.coastal_km[self.ways], 0.0) * (SEA_DISTANCE_FACTOR - 1)
        kg = (book.way_wtt[w] + book.way_ttw[w]) * counted
        return np.where(here, np.stack([freight, hours, kg]), np.inf)

    @cached_property
    def rail(self) -> np.ndarray:
        """Tariff kilometres, hours, emissions without hubs: shape (3, P, P)."""
        book = self.book
        km = np.where(np.eye(len(book.rail_km), dtype=bool), np.inf, book.rail_km)
        per_km = book.number("rail_wtt") + book.number("rail_ttw")
        return np.stack([km, km / book.number("train_speed"), km * per_km])

    @cached_property
    def quays(self) -> np.ndarray:
        """Places that some vessel can leave."""
        return np.flatnonzero(np.isfinite(self.sail[0]).any(axis=(0, 2))) if len(self.ways) else np.empty(0, dtype=int)

    @cached_property
    def stations(self) -> np.ndarray:
        """Places that some goods train can leave."""
        return np.flatnonzero(np.isfinite(self.rail[0]).any(axis=1))

    @cached_property
    def near(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Nearest quays and stations of every place."""
        return [
            (self._nearest(place, self.quays), self._nearest(place, self.stations))
            for place in range(len(self.book.road_km))
        ]

    @cached_property
    def meets(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Quays and stations where vessel and train can meet, and the road between them [km]."""
        hop = self.book.road_km[np.ix_(self.quays, self.stations)]
        quay, station = np.nonzero(hop <= CHANGE_KM)
        return self.quays[quay], self.stations[station], hop[quay, station]

    def _nearest(self, place: int, terminals: np.ndarray) -> np.ndarray:
        km = self.book.road_km[place, terminals]
        order = np.argsort(km, kind="stable")[:NEAREST]
        return terminals[order[np.isfinite(km[order])]]

    def _closed(self) -> np.ndarray:
        """Pairs whose service does not run in the month asked for."""
        count = len(self.book.road_km)
        shut = np.zeros((count, count), dtype=bool)
        if self.month is not None:
            index = {name: row for row, name in enumerate(self.book.places.ids)}
            for pair, months in self.book.texts["closed"].items():
                if self.month in months_of(months):
                    a, b = (index[name] for name in pair.split("|"))
                    shut[a, b] = shut[b, a] = True
        return shut


def months_of(text: str) -> set[int]:
    """Months of ``12-02`` or ``1;2;7``.

    >>> sorted(months_of("12-02;7"))
    [1, 2, 7, 12]
    """
    found: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split(";"))):
        first, _, last = part.partition("-")
        a, b = int(first), int(last or first)
        found |= set(range(a, b + 1)) if a <= b else set(range(a, 13)) | set(range(1, b + 1))
    return found


def lorry_parts(book: QuoteBook, load: Consignment, km: np.ndarray) -> np.ndarray:
    """Cost, hours and emissions of a lorry over distances, shape (3, ...)."""
    parts = np.empty((3, *km.shape))
    (near_rate, far_rate), (near_km, far_km) = book.road_per_km[load.form], book.road_least_km[load.form]
    fare = np.minimum(near_rate * np.maximum(km, near_km), far_rate * np.maximum(km, far_km))
    parts[0] = fare * (km > 0) * load.lorry
    parts[1] = km / book.truck_speed
    parts[2] = km * book.road_kg_per_km
    return parts


def lorry_yuan(book: QuoteBook, load: Consignment, km: float) -> float:
    """Cost of one lorry trip [yuan/t]."""
    if km <= 0:
        return 0.0
    rates, least = book.road_per_km[load.form].tolist(), book.road_least_km[load.form].tolist()
    return min(rate * max(km, shortest) for rate, shortest in zip(rates, least, strict=True)) * load.lorry


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates: points of shape (candidates, 3) and how to spell each out."""

    points: np.ndarray
    mains: list[tuple[Main, ...]]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Lorries between both doors and the terminals near them: quays and stations, shape (3, terminals)."""

    start_quays: np.ndarray
    end_quays: np.ndarray
    start_stations: np.ndarray
    end_stations: np.ndarray


def candidates(book: QuoteBook, offer: Offer, load: Consignment, origin: int, destination: int) -> Found:
    """Every chain looked at: lorry; vessel of each way between near quays; train; vessel and train in both orders."""
    blocks: list[np.ndarray] = []
    spelled: list[tuple[Main, ...]] = []
    road = book.road_km[origin, destination]
    if np.isfinite(road):
        blocks.append(lorry_parts(book, load, np.array([road])))
        spelled.append(())
    near = (offer.near[origin], offer.near[destination])
    ends = _Ends(
        *(_doors(book, load, door, near[n][kind]) for kind in (0, 1) for n, door in ((0, origin), (1, destination)))
    )
    found = [
        _water(book, offer, load, near[0][0], near[1][0], ends),
        _rail(book, offer, load, near[0][1], near[1][1], ends),
    ]
    if len(offer.ways) and len(offer.meets[0]):
        middle = _middle(book, load, *offer.meets)
        found.append(
            _changed(book, offer, load, (near[0][0], near[1][1]), (ends.start_quays, ends.end_stations), middle, True)
        )
        found.append(
            _changed(book, offer, load, (near[0][1], near[1][0]), (ends.start_stations, ends.end_quays), middle, False)
        )
    for block, mains in found:
        blocks.append(block)
        spelled.extend(mains)
    return Found(np.concatenate(blocks, axis=1).T, spelled)


_NONE: tuple[np.ndarray, list[tuple[Main, ...]]] = (np.empty((3, 0)), [])


def _terminal_parts(book: QuoteBook, load: Consignment, mode: Mode) -> np.ndarray:
    """Both handlings, dues and hub visits of a main leg, shape (3,)."""
    if mode is Mode.WATER:
        yuan = 2 * (book.handling[load.form] * load.box + book.port_dues)
    else:
        yuan = (2 * book.rail_handling[load.form] + book.rail_base[load.form]) * load.box
    return np.array([yuan, 0.0, 2 * book.hub_kg[load.form]])


def _water(
    book: QuoteBook, offer: Offer, load: Consignment, starts: np.ndarray, ends: np.ndarray, doors: _Ends
) -> tuple[np.ndarray, list]:
    if not len(offer.ways) or not len(starts) or not len(ends):
        return _NONE
    total = _sailing(offer, load, starts[:, None], ends[None, :])
    total += (doors.start_quays[:, :, None] + doors.end_quays[:, None, :])[:, None]
    total += _terminal_parts(book, load, Mode.WATER)[:, None, None, None]
    flat = total.reshape(3, -1)
    good = np.flatnonzero(np.isfinite(flat[0]))
    good = good[_not_beaten_by_ends(flat[:, good])]
    way, p, q = np.unravel_index(good, total.shape[1:])
    ways, a, b = offer.ways[way].tolist(), starts[p].tolist(), ends[q].tolist()
    return flat[:, good], [((int(Mode.WATER), w, i, j),) for w, i, j in zip(ways, a, b, strict=True)]


def _not_beaten_by_ends(flat: np.ndarray) -> np.ndarray:
    """Columns that none of the three single-best ones beats: most candidates fall here, at the cost of three compares."""
    keep = np.ones(flat.shape[1], dtype=bool)
    if flat.shape[1]:
        for best in {int(flat[c].argmin()) for c in range(3)}:
            keep &= ~(flat[:, best, None] <= flat).all(axis=0) | (np.arange(flat.shape[1]) == best)
    return np.flatnonzero(keep)


def _sailing(offer: Offer, load: Consignment, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Vessel legs without their terminals, shape (3, ways, *broadcast of starts and ends)."""
    total = offer.sail[:, :, starts, ends]
    total[0] *= load.vessel.reshape(-1, *([1] * (total.ndim - 2)))
    return total


def _doors(book: QuoteBook, load: Consignment, door: int, terminals: np.ndarray) -> np.ndarray:
    """Lorry between a door and terminals, with the last mile of a town, shape (3, terminals)."""
    parts = lorry_parts(book, load, book.road_km[door, terminals])
    parts[0] += np.where(book.last_mile[terminals], book.form_last_mile[load.form], 0.0)
    return parts


def _railing(book: QuoteBook, offer: Offer, load: Consignment, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    total = offer.rail[:, starts, ends]
    total[0] *= book.rail_per_km[load.form] * load.box
    return total


def _rail(
    book: QuoteBook, offer: Offer, load: Consignment, starts: np.ndarray, ends: np.ndarray, doors: _Ends
) -> tuple[np.ndarray, list]:
    if not len(starts) or not len(ends):
        return _NONE
    total = _railing(book, offer, load, starts[:, None], ends[None, :])
    total += doors.start_stations[:, :, None] + doors.end_stations[:, None, :]
    total += _terminal_parts(book, load, Mode.RAIL)[:, None, None]
    flat = total.reshape(3, -1)
    good = np.flatnonzero(np.isfinite(flat[0]))
    good = good[_not_beaten_by_ends(flat[:, good])]
    s, t = np.unravel_index(good, total.shape[1:])
    pairs = zip(starts[s].tolist(), ends[t].tolist(), strict=True)
    return flat[:, good], [((int(Mode.RAIL), -1, i, j),) for i, j in pairs]


def _changed(
    book: QuoteBook,
    offer: Offer,
    load: Consignment,
    terminals: tuple[np.ndarray, np.ndarray],
    doors: tuple[np.ndarray, np.ndarray],
    middle: np.ndarray,
    water_first: bool,
) -> tuple[np.ndarray, list]:
    """Vessel and train with a change between: the best by cost, by hours and by emissions."""
    quay, station, _ = offer.meets
    (starts, ends), (before, after) = terminals, doors
    if not len(starts) or not len(ends):
        return _NONE
    sail_ends = (starts[:, None], quay[None, :]) if water_first else (quay[:, None], ends[None, :])
    rail_ends = (station[:, None], ends[None, :]) if water_first else (starts[:, None], station[None, :])
    sailed, railed = _sailing(offer, load, *sail_ends), _railing(book, offer, load, *rail_ends)
    best_way, water = sailed.argmin(axis=1), sailed.min(axis=1)
    first, second = (water, railed) if water_first else (railed, water)
    begun = before[:, :, None] + first  # (3, starts, meets)
    onward = second + after[:, None, :]  # (3, meets, ends)
    start, end = begun.argmin(axis=1), onward.argmin(axis=2)
    whole = begun.min(axis=1) + onward.min(axis=2) + middle
    mains, points = [], []
    for criterion in range(3):
        meet = int(whole[criterion].argmin())
        if not np.isfinite(whole[criterion, meet]):
            continue
        s, e = int(start[criterion, meet]), int(end[criterion, meet])
        w = int(best_way[criterion, s, meet] if water_first else best_way[criterion, meet, e])
        sail = (
            int(Mode.WATER),
            int(offer.ways[w]),
            *((int(starts[s]), int(quay[meet])) if water_first else (int(quay[meet]), int(ends[e]))),
        )
        rail = (
            int(Mode.RAIL),
            -1,
            *((int(station[meet]), int(ends[e])) if water_first else (int(starts[s]), int(station[meet]))),
        )
        mains.append((sail, rail) if water_first else (rail, sail))
        vessel = sailed[:, w, s, meet] if water_first else sailed[:, w, meet, e]
        train = railed[:, meet, e] if water_first else railed[:, s, meet]
        points.append(before[:, s] + vessel + train + after[:, e] + middle[:, meet])
    return (np.array(points).T, mains) if mains else _NONE


def _middle(
    book: QuoteBook, load: Consignment, quay: np.ndarray, station: np.ndarray, between: np.ndarray
) -> np.ndarray:
    """Terminals of both main legs and what lies between them, shape (3, meets)."""
    parts = lorry_parts(book, load, between)
    both = _terminal_parts(book, load, Mode.WATER) + _terminal_parts(book, load, Mode.RAIL)
    parts += both[:, None]
    direct = quay == station
    mile = np.where(book.last_mile[quay], 1.0, 0.0) + np.where(book.last_mile[station], 1.0, 0.0)
    saved = (book.rail_water[load.form] - book.handling[load.form] - book.rail_handling[load.form]) * load.box
    parts[0] += np.where(direct, saved, mile * book.form_last_mile[load.form])
    parts[2] -= np.where(direct, book.hub_kg[load.form], 0.0)
    return parts
