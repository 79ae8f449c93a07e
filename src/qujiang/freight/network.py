"""The virtual network: place x mode x means, built once for a season.

One real place becomes several nodes: a source and a sink (zones are never passed through), one node on the road, one on
the rails, and one for every way that a vessel class can be loaded. Arcs are of five kinds: load, move, transship,
unload; a lock belongs to the move arc of its link. What is not possible has no arc.

A vessel class appears once for every payload that the depths of the network allow it ("means"), so that the shallowest
link of a voyage, and not the nominal class of the channel, decides how much it carries.
(Idea of the virtual network: Jourquin & Beuthe, *Transportation Research C* 4 (1996) 359-371.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.freight.modes import Kind, Mode
from qujiang.freight.rates import Rates
from qujiang.freight.vessels import Fleet, payload_by_depth_t

#: A vessel that would sail with less than this part of its payload is not offered.
LEAST_LOAD_SHARE = 0.5

SEASONS = ("normal", "low_water")
SOURCE_BLOCK, SINK_BLOCK, ROAD_BLOCK, RAIL_BLOCK, FIRST_WATER_BLOCK = 0, 1, 2, 4, 5


#: Lorries: a local one without fixed charge, and a long-haul one with a fixed charge and a lower rate. A path may use either.
ROAD_MEANS = ("local lorry", "long-haul lorry")


@dataclass(frozen=True, slots=True)
class Links:
    """Real links of one mode as arrays of shape (links,); both directions are open."""

    ids: tuple[str, ...]
    tail: np.ndarray
    head: np.ndarray
    length_km: np.ndarray


@dataclass(frozen=True, slots=True)
class WaterLinks:
    """Open water links with their limits in one season, arrays of shape (links,)."""

    links: Links
    coastal: np.ndarray
    depth_m: np.ndarray  # the sill of a lock counts as a depth
    beam_m: np.ndarray
    air_draught_m: np.ndarray
    chamber_length_m: np.ndarray
    chamber_width_m: np.ndarray
    lock_count: np.ndarray
    lockage_h: np.ndarray  # lockages and waits
    lock_wait_h: np.ndarray  # the waits alone
    locks: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Means:
    """One vessel class at one payload: which water links it may use in this season."""

    vessel: int
    payload_t: float
    usable: np.ndarray  # (links,) bool


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """Arcs of one season.

    Nodes come in blocks of P places: sources, sinks, local lorry, long-haul lorry, rail, then one block a water means.
    """

    season: str
    place_ids: tuple[str, ...]
    road: Links
    rail: Links
    water: WaterLinks
    means: tuple[Means, ...]
    tail: np.ndarray
    head: np.ndarray
    kind: np.ndarray
    mode_from: np.ndarray  # mode of the tail (of the head for load arcs), -1 for none
    mode_to: np.ndarray
    means_from: np.ndarray  # means of the tail within its mode, -1 for none
    means_to: np.ndarray
    link: np.ndarray  # index of the real link for move arcs, -1 elsewhere

    @property
    def node_count(self) -> int:
        """Number of virtual nodes."""
        return (FIRST_WATER_BLOCK + len(self.means)) * len(self.place_ids)


def place_index(places: pl.DataFrame) -> dict[str, int]:
    """Row of every place."""
    return {name: row for row, name in enumerate(places["id"])}


def read_links(frame: pl.DataFrame, index: dict[str, int]) -> Links:
    """Links that are open, in file order."""
    usable = frame.filter(pl.col("state") == "open")
    return Links(
        tuple(usable["id"]),
        np.array([index[name] for name in usable["from_place"]], dtype=np.int64),
        np.array([index[name] for name in usable["to_place"]], dtype=np.int64),
        usable["length_km"].to_numpy().astype(float),
    )


def read_water_links(
    frame: pl.DataFrame, limits: pl.DataFrame, locks: pl.DataFrame, index: dict[str, int], season: str, rates: Rates
) -> WaterLinks:
    """Open water links with depth, beam, air draught and locks of a season."""
    usable = frame.filter(pl.col("state") == "open")
    of_season = {row["link"]: row for row in limits.filter(pl.col("season") == season).to_dicts()}
    lock_of = {row["id"]: row for row in locks.to_dicts()}
    rows = usable.to_dicts()
    on_link = [tuple(row["locks"] or ()) for row in rows]

    def least(column: str, names: tuple[str, ...]) -> float:
        known = [lock_of[name][column] for name in names if lock_of[name][column] is not None]
        return min(known, default=np.inf)

    def limit(link: str, column: str) -> float:
        row = of_season.get(link)
        return np.inf if row is None or row[column] is None else float(row[column])

    hours = [sum(lock_of[n]["lockage_min"] / 60 + rates.lock_wait_h(n) for n in names) for names in on_link]
    return WaterLinks(
        read_links(frame, index),
        np.array([row["waterway"] == "coastal" for row in rows], dtype=bool),
        np.array([min(limit(r["id"], "depth_m"), least("sill_m", n)) for r, n in zip(rows, on_link, strict=True)]),
        np.array([limit(row["id"], "beam_m") for row in rows]),
        np.array([limit(row["id"], "air_draught_m") for row in rows]),
        np.array([least("length_m", names) for names in on_link]),
        np.array([least("width_m", names) for names in on_link]),
        np.array([len(names) for names in on_link], dtype=float),
        np.array(hours, dtype=float),
        np.array([sum(rates.lock_wait_h(n) for n in names) for names in on_link], dtype=float),
        tuple(on_link),
    )


def fitting_means(fleet: Fleet, water: WaterLinks, clearance_m: float) -> tuple[Means, ...]:
    """Every vessel class at every payload that some link allows, with the links that it may then use."""
    payload = payload_by_depth_t(fleet, water.depth_m, clearance_m)
    found: list[Means] = []
    for vessel in range(len(fleet.ids)):
        fits = (
            (fleet.beam_m[vessel] <= np.minimum(water.beam_m, water.chamber_width_m))
            & (fleet.length_m[vessel] <= water.chamber_length_m)
            & (fleet.air_draught_m[vessel] <= water.air_draught_m)
        )
        allowed = np.where(fits, payload[vessel], 0.0)
        seen: set[bytes] = set()
        for level in sorted({round(float(t), 6) for t in allowed}, reverse=True):
            if level < LEAST_LOAD_SHARE * fleet.payload_t[vessel] or level <= 0:
                continue
            usable = allowed >= level - 1e-6
            if usable.tobytes() not in seen:  # a lighter load that opens no further link is never better
                seen.add(usable.tobytes())
                found.append(Means(vessel, level, usable))
    return tuple(found)


def build_network(
    season: str, place_ids: tuple[str, ...], road: Links, rail: Links, water: WaterLinks, means: tuple[Means, ...]
) -> VirtualNetwork:
    """Expand places and links to nodes and arcs."""
    blocks: list[_Block] = [
        _Block(ROAD_BLOCK + n, Mode.ROAD, n, road, np.ones(len(road.ids), dtype=bool)) for n in range(len(ROAD_MEANS))
    ]
    blocks.append(_Block(RAIL_BLOCK, Mode.RAIL, 0, rail, np.ones(len(rail.ids), dtype=bool)))
    blocks += [_Block(FIRST_WATER_BLOCK + j, Mode.WATER, j, water.links, m.usable) for j, m in enumerate(means)]
    count = len(place_ids)
    arcs = [arc for block in blocks for arc in _arcs_of(block, count)]
    arcs += [
        arc for one in blocks for other in blocks if one.mode != other.mode for arc in _transships(one, other, count)
    ]
    columns = [np.array(column) for column in zip(*arcs, strict=True)]
    return VirtualNetwork(season, place_ids, road, rail, water, means, *columns)


@dataclass(frozen=True, slots=True)
class _Block:
    """The nodes of one means."""

    number: int
    mode: Mode
    means: int
    links: Links
    usable: np.ndarray

    def places(self, count: int) -> list[int]:
        """Places where this means can load and unload."""
        if self.mode is Mode.ROAD:
            return list(range(count))
        ends = np.concatenate([self.links.tail[self.usable], self.links.head[self.usable]])
        return sorted({int(place) for place in ends})


_Arc = tuple[int, int, int, int, int, int, int, int]


def _arcs_of(block: _Block, count: int) -> list[_Arc]:
    """Move arcs both ways, load arcs from the source, unload arcs to the sink."""
    base, mode, means = block.number * count, int(block.mode), block.means
    arcs: list[_Arc] = []
    for row in np.flatnonzero(block.usable):
        a, b = int(block.links.tail[row]), int(block.links.head[row])
        arcs.append((base + a, base + b, Kind.MOVE, mode, mode, means, means, int(row)))
        arcs.append((base + b, base + a, Kind.MOVE, mode, mode, means, means, int(row)))
    for place in block.places(count):
        arcs.append((place, base + place, Kind.LOAD, -1, mode, -1, means, -1))
        arcs.append((base + place, count + place, Kind.UNLOAD, mode, -1, means, -1, -1))
    return arcs


def _transships(one: _Block, other: _Block, count: int) -> list[_Arc]:
    """Arcs from one means to another of a different mode, where both are served."""
    both = sorted(set(one.places(count)) & set(other.places(count)))
    return [
        (
            one.number * count + p,
            other.number * count + p,
            Kind.TRANSSHIP,
            int(one.mode),
            int(other.mode),
            one.means,
            other.means,
            -1,
        )
        for p in both
    ]
