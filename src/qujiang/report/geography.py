"""From degrees to the points of a picture, and outlines as paths."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: An outline whose box is smaller than this in both directions is left out [points].
SMALLEST_OUTLINE = 1.5


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a piece of the earth: equal lengths east and north at its middle.

    ``west``, ``south``, ``east``, ``north`` in degrees; ``width`` and ``height`` in points.
    """

    west: float
    south: float
    east: float
    north: float
    width: float
    height: float

    def xy(self, lon_deg: float, lat_deg: float) -> tuple[float, float]:
        """Point of the picture, from its upper left corner."""
        x = (lon_deg - self.west) / (self.east - self.west) * self.width
        y = (self.north - lat_deg) / (self.north - self.south) * self.height
        return round(x, 1), round(y, 1)

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a point lies in the picture, ``margin`` points from its edge at least."""
        return margin <= x <= self.width - margin and margin <= y <= self.height - margin


def frame_around(
    points: Iterable[tuple[float, float]], width: float, *, margin: float = 0.08, smallest_deg: float = 0.4
) -> Frame:
    """The picture that holds points (lon, lat) with a margin; no narrower than half and no taller than its width.

    Parameters
    ----------
    margin
        Part of the extent that is added on every side [1].
    smallest_deg
        Least extent east and north [degrees].
    """
    lons, lats = zip(*points, strict=True)
    middle = ((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2)
    shrink = math.cos(math.radians(middle[1]))
    wide = max(max(lons) - min(lons), smallest_deg) * (1 + 2 * margin) * shrink
    tall = max(max(lats) - min(lats), smallest_deg) * (1 + 2 * margin)
    wide, tall = max(wide, tall), max(tall, wide * 0.62)
    return Frame(
        middle[0] - wide / 2 / shrink,
        middle[1] - tall / 2,
        middle[0] + wide / 2 / shrink,
        middle[1] + tall / 2,
        width,
        round(width * tall / wide),
    )


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline: rings of (lon, lat), and what it is (land, prefecture, county or district)."""

    kind: str
    name_zh: str
    name_en: str
    rings: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of a district and its neighbours, and whom they come from."""

    features: tuple[Outline, ...]
    attribution: str

    def path(self, outline: Outline, frame: Frame) -> str:
        """SVG path of an outline; empty where it lies outside the picture."""
        parts = []
        for ring in outline.rings:
            points = _thin(frame.xy(*point) for point in ring)
            if _seen(points, frame):
                parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
        return "".join(parts)


def read_outlines(district: Any) -> Outlines | None:
    """``outlines.geojson`` of a district's folder; None where there is none."""
    folder = getattr(district, "folder", None)
    if folder is None or not (Path(folder) / "outlines.geojson").is_file():
        return None
    told = json.loads((Path(folder) / "outlines.geojson").read_text(encoding="utf-8"))
    features = tuple(_outline(feature) for feature in told["features"])
    return Outlines(features, str(told.get("attribution", "")))


def _outline(feature: Mapping[str, Any]) -> Outline:
    shape, words = feature["geometry"], feature.get("properties") or {}
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rings = tuple(tuple((p[0], p[1]) for p in ring) for polygon in polygons for ring in polygon)
    return Outline(words.get("kind", "county"), words.get("name_zh", ""), words.get("name_en", ""), rings)


def _thin(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points without those closer than a point to the one before."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= 1.0:
            kept.append(point)
    return kept


def _seen(points: list[tuple[float, float]], frame: Frame) -> bool:
    if len(points) < 3:
        return False
    xs, ys = zip(*points, strict=True)
    inside = max(xs) > 0 and min(xs) < frame.width and max(ys) > 0 and min(ys) < frame.height
    return inside and max(max(xs) - min(xs), max(ys) - min(ys)) >= SMALLEST_OUTLINE
