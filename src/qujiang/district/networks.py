"""The networks of a district as graphs: distances, locks on the way, parts that hang together."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import polars as pl

EARTH_RADIUS_KM = 6371.0088

#: place -> (neighbour, length [km], locks on the link)
Graph = dict[str, list[tuple[str, float, int]]]


def open_graph(links: pl.DataFrame, *, freight_only: bool = False) -> Graph:
    """Open links in both directions; rows with an empty end or length are left out."""
    usable = links.filter(pl.col("state") == "open").drop_nulls(["from_place", "to_place", "length_km"])
    if freight_only:
        usable = usable.filter(pl.col("freight"))
    locks = (
        usable["locks"].list.len().fill_null(0)
        if "locks" in usable.columns
        else pl.repeat(0, usable.height, eager=True)
    )
    graph: Graph = defaultdict(list)
    for a, b, km, count in zip(usable["from_place"], usable["to_place"], usable["length_km"], locks, strict=True):
        graph[a].append((b, km, count))
        graph[b].append((a, km, count))
    return dict(graph)


def shortest(graph: Graph, start: str) -> dict[str, tuple[float, int]]:
    """Least distance [km] from a place to each place that can be reached, and the locks on that way."""
    best: dict[str, tuple[float, int]] = {}
    waiting = [(0.0, 0, start)]
    while waiting:
        km, locks, place = heapq.heappop(waiting)
        if place in best:
            continue
        best[place] = (km, locks)
        for other, more, count in graph.get(place, ()):
            if other not in best:
                heapq.heappush(waiting, (km + more, locks + count, other))
    return best


def parts(graph: Graph) -> list[set[str]]:
    """The parts of a graph that hang together, largest first."""
    left, found = set(graph), list[set[str]]()
    while left:
        part = set(shortest(graph, min(left)))
        found.append(part)
        left -= part
    return sorted(found, key=lambda part: (-len(part), min(part)))


def points_of(places: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of every place that has a point."""
    known = places.drop_nulls(["id", "lon_deg", "lat_deg"])
    return {name: (lon, lat) for name, lon, lat in zip(known["id"], known["lon_deg"], known["lat_deg"], strict=True)}


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Straight distance of two points on the sphere (haversine).

    >>> round(great_circle_km((0.0, 0.0), (0.0, 90.0)))
    10008
    """
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*a, *b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def straight_lengths(links: pl.DataFrame, points: Mapping[str, tuple[float, float]]) -> Iterator[float | None]:
    """Straight distance of the two ends of each link; None where an end has no point."""
    for a, b in pairs(links["from_place"], links["to_place"]):
        yield great_circle_km(points[a], points[b]) if a in points and b in points else None


def pairs(first: Iterable[str], second: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Two columns row by row."""
    return zip(first, second, strict=True)
