"""Map layers as GeoJSON (RFC 7946) from a plan's kept answer: flows by mode and cargo and year, locks, places, venues.

Every feature carries both names, its figures with unit, and the status of what it shows. Pages and any map program read them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qujiang.errors import NotFoundError
from qujiang.report.coverage import circle

Json = dict[str, Any]
#: Flows below this part of the largest are left out of the picture [1]; the answer says how many, and their tonnes.
SMALLEST_SHARE = 0.002


def flows(
    answer: Mapping[str, Any], year: int, *, cargo: str | None = None, least_share: float = SMALLEST_SHARE
) -> Json:
    """Links with tonnes of both directions in a year, of one cargo or all; the thinnest first, so that thick ones lie above."""
    tables = answer["map"]
    at = _year(tables, year)
    if cargo is not None and cargo not in tables["cargoes"]:
        raise NotFoundError(f"there are no flows of {cargo!r}")
    found = pairs(tables["links"], at, cargo)
    largest = max((there + back for there, back in found.values()), default=0.0)
    least = least_share * largest
    shown = {key: t for key, t in found.items() if sum(t) >= least and sum(t) > 0}
    left = [sum(t) for key, t in found.items() if key not in shown and sum(t) > 0]
    features = [
        _line(tables["places"], key, {"there_t": t[0], "back_t": t[1], "total_t": sum(t)})
        for key, t in sorted(shown.items(), key=lambda item: sum(item[1]))
        if key[1] in tables["places"] and key[2] in tables["places"]
    ]
    told = {"year": tables["years"][at], "cargo": cargo, "largest_t": largest, "status": "assumed"}
    return collection(features, **told, left_out={"links": len(left), "largest_t": max(left, default=0)})


def flow_differences(
    before: Mapping[str, Any], after: Mapping[str, Any], year: int, *, cargo: str | None = None
) -> Json:
    """Links whose tonnes differ between two answers in a year: ``change_t`` is after less before."""
    sides = []
    for answer in (before, after):
        tables = answer["map"]
        sides.append(pairs(tables["links"], _year(tables, year), cargo))
    places = {**before["map"]["places"], **after["map"]["places"]}
    features = []
    for key in sorted({*sides[0], *sides[1]}):
        old, new = (sum(side.get(key, (0, 0))) for side in sides)
        if old != new and key[1] in places and key[2] in places:
            features.append(_line(places, key, {"before_t": old, "after_t": new, "change_t": new - old}))
    features.sort(key=lambda feature: abs(feature["properties"]["change_t"]))
    largest = max((abs(f["properties"]["change_t"]) for f in features), default=0)
    return collection(features, year=year, cargo=cargo, largest_t=largest, status="assumed")


def locks(answer: Mapping[str, Any], year: int) -> Json:
    """Locks with their load in a year: ``load_share`` of capacity, None where it is not known."""
    tables = answer["map"]
    at = _year(tables, year)
    features = [
        point(row["lon_deg"], row["lat_deg"], {**row, "status": "assumed"})
        for row in tables["locks"][at]
        if row["lon_deg"] is not None and row["lat_deg"] is not None
    ]
    return collection(features, year=tables["years"][at], status="assumed")


def lock_differences(before: Mapping[str, Any], after: Mapping[str, Any], year: int) -> Json:
    """Locks with their load in both answers, and the change."""
    old = {f["properties"]["lock"]: f for f in locks(before, year)["features"]}
    features = []
    for feature in locks(after, year)["features"]:
        words = feature["properties"]
        first = old.get(words["lock"], {"properties": {}})["properties"].get("load_share")
        last = words["load_share"]
        change = None if first is None or last is None else last - first
        told = {"before_load_share": first, "after_load_share": last, "change_load_share": change}
        features.append({**feature, "properties": {**words, **told}})
    return collection(features, year=year, status="assumed")


def places(answer: Mapping[str, Any]) -> Json:
    """Places that some flow touches."""
    tables = answer["map"]
    return collection(
        [
            point(row["lon"], row["lat"], {"id": name, "port": name == tables["port"], **_without_point(row)})
            for name, row in tables["places"].items()
        ],
        attribution=tables["attribution"],
    )


def terminals(answer: Mapping[str, Any]) -> Json:
    """Terminals at their place; rows that only sum others are left out."""
    rows = [row for row in answer["map"]["terminals"] if row["lon"] is not None and not row["is_total"]]
    features = []
    for row in rows:
        numbers = {name: None if row[part] is None else row[part]["value"] for name, part in
                   (("capacity_t_per_year", "capacity"), ("berth_count", "berths"))}  # fmt: skip
        features.append(point(row["lon"], row["lat"], {**_without_point(row), **numbers}))
    return collection(features)


def venues(answer: Mapping[str, Any]) -> Json:
    """Venues with a point."""
    rows = [row for row in answer["map"]["venues"] if row["lon"] is not None and row["lat"] is not None]
    return collection([point(row["lon"], row["lat"], _without_point(row)) for row in rows])


def coverage(answer: Mapping[str, Any]) -> Json:
    """A circle around each open venue: an approximation by straight lines, with its assumptions."""
    told = answer["map"]["coverage"]
    near = set(told["venues"])
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [circle(row["lon"], row["lat"], told["radius_m"])]},
            "properties": {"venue": row["id"], "en": row["en"], "zh": row["zh"], "status": "assumed"},
        }
        for row in answer["map"]["venues"]
        if row["id"] in near
    ]
    return collection(features, **{key: value for key, value in told.items() if key != "venues"})


def outlines(folder: Path | None) -> Json:
    """``outlines.geojson`` of a district's folder, as it stands; no feature where there is none."""
    if folder is None or not (folder / "outlines.geojson").is_file():
        return collection([])
    return json.loads((folder / "outlines.geojson").read_text(encoding="utf-8"))


def pairs(
    links: Iterable[Mapping[str, Any]], at: int, cargo: str | None = None
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Tonnes there and back of every pair of neighbours, by (mode, a, b) with a before b in the alphabet."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for link in links:
        rows: Mapping[str, Sequence[int]] = link["cargo"]
        tonnes = sum(row[at] for row in rows.values()) if cargo is None else rows[cargo][at] if cargo in rows else 0
        a, b = link["from"], link["to"]
        both = found.setdefault((link["mode"], min(a, b), max(a, b)), [0, 0])
        both[0 if a <= b else 1] += tonnes
    return {key: (there, back) for key, (there, back) in found.items()}


def collection(features: Sequence[Json], **more: Any) -> Json:
    """A FeatureCollection; ``more`` are foreign members."""
    return {"type": "FeatureCollection", **more, "features": list(features)}


def point(lon: float, lat: float, words: Mapping[str, Any]) -> Json:
    """A point feature."""
    shape = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": shape, "properties": dict(words)}


def _line(places_: Mapping[str, Any], key: tuple[str, str, str], words: Mapping[str, Any]) -> Json:
    mode, a, b = key
    ends = [places_[a], places_[b]]
    names = {
        "from": a,
        "to": b,
        "from_en": ends[0]["en"],
        "to_en": ends[1]["en"],
        "from_zh": ends[0]["zh"],
        "to_zh": ends[1]["zh"],
    }
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[end["lon"], end["lat"]] for end in ends]},
        "properties": {"mode": mode, **names, **words},
    }


def _without_point(row: Mapping[str, Any]) -> Json:
    return {key: value for key, value in row.items() if key not in ("lon", "lat")}


def _year(tables: Mapping[str, Any], year: int) -> int:
    if year not in tables["years"]:
        known = ", ".join(map(str, tables["years"])) or "none"
        raise NotFoundError(f"there are no flows of {year}; there are {known}")
    return tables["years"].index(year)
