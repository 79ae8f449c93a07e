"""The cockpit's map as a still picture, for paper and for browsers without a map program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from qujiang.report.flowmap import FRAMED_SHARE, LOADS, THINNEST, WIDEST, short_name
from qujiang.report.geography import Frame, frame_around, read_outlines
from qujiang.report.labels import Label, Wish, place_labels
from qujiang.report.layers import SMALLEST_SHARE, pairs
from qujiang.words import LANGUAGES, Language

WIDTH = 760.0
LETTERS, MOST_LABELS = 13.0, 24
#: Links that share their ends are drawn side by side [points].
ASIDE = {"water": 0.0, "road": 2.5, "rail": -2.5, "air": 5.0}


@dataclass(frozen=True, slots=True)
class StillLine:
    """One flow."""

    mode: str
    points: str
    width: float


@dataclass(frozen=True, slots=True)
class StillLock:
    """One lock: place, class of its load (None: not known), shape."""

    x: float
    y: float
    load: int | None
    shape: str


@dataclass(frozen=True, slots=True)
class Still:
    """Outlines, flows, locks, the port, names by language."""

    frame: Frame
    outlines: tuple[tuple[str, str], ...]
    lines: tuple[StillLine, ...]
    locks: tuple[StillLock, ...]
    port: tuple[float, float] | None
    labels: Mapping[Language, tuple[Label, ...]]


def still_map(answer: Mapping[str, Any], at: int, *, folder: Path | None, cargo: str | None = None) -> Still | None:
    """Flows of one year and cargo; None where there are none."""
    tables = answer["map"]
    places = tables["places"]
    found = pairs(tables["links"], at, cargo)
    total = {key: sum(t) for key, t in found.items() if sum(t) > 0 and key[1] in places and key[2] in places}
    if not total:
        return None
    largest = max(total.values())
    drawn = sorted((key for key in total if total[key] >= SMALLEST_SHARE * largest), key=total.__getitem__)
    thick = {name for key in drawn if total[key] >= FRAMED_SHARE * largest for name in key[1:]}
    frame = frame_around([(places[name]["lon"], places[name]["lat"]) for name in sorted(thick)], WIDTH)
    point = {name: frame.xy(places[name]["lon"], places[name]["lat"]) for name in places}
    signs = _locks(tables["locks"][at], frame)
    outlines = read_outlines(SimpleNamespace(folder=folder))
    paths = [] if outlines is None else [(o.kind, outlines.path(o, frame)) for o in outlines.features]
    port = point.get(tables["port"] or "")
    return Still(
        frame,
        tuple((kind, path) for kind, path in paths if path),
        tuple(
            StillLine(key[0], _aside(point[key[1]], point[key[2]], ASIDE.get(key[0], 0.0)), _width(total[key], largest))
            for key in drawn
        ),
        signs,
        port,
        _labels(total, drawn, places, point, frame, signs, tables["port"]),
    )


def _width(tonnes: float, largest: float) -> float:
    return round(max(THINNEST, WIDEST * tonnes / largest), 2)


def _aside(a: tuple[float, float], b: tuple[float, float], off: float) -> str:
    (x1, y1), (x2, y2) = sorted((a, b))
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    dx, dy = -(y2 - y1) / length * off, (x2 - x1) / length * off
    return f"{x1 + dx:.1f},{y1 + dy:.1f} {x2 + dx:.1f},{y2 + dy:.1f}"


def _locks(rows: list[Mapping[str, Any]], frame: Frame) -> tuple[StillLock, ...]:
    found = []
    for row in sorted(rows, key=lambda row: row["load_share"] or -1.0):
        if row["lon_deg"] is None or row["lat_deg"] is None:
            continue
        x, y = frame.xy(row["lon_deg"], row["lat_deg"])
        load = row["load_share"]
        step = None if load is None else next(k for k, (upper, _) in enumerate(LOADS) if load < upper)
        if frame.holds(x, y):
            found.append(StillLock(x, y, step, "ring" if step is None else LOADS[step][1]))
    return tuple(found)


def _labels(
    total: Mapping[Any, float],
    drawn: list[Any],
    places: Mapping[str, Mapping[str, Any]],
    point: Mapping[str, tuple[float, float]],
    frame: Frame,
    locks: tuple[StillLock, ...],
    port: str | None,
) -> dict[Language, tuple[Label, ...]]:
    weight: dict[str, float] = {}
    for key in drawn:
        for name in key[1:]:
            weight[name] = weight.get(name, 0.0) + total[key]
    named = [n for n in weight if places[n]["kind"] != "junction" and frame.holds(*point[n])]
    order = sorted(named, key=lambda n: (n != port, -weight[n]))
    signs = [(lock.x, lock.y) for lock in locks]
    found: dict[Language, tuple[Label, ...]] = {}
    for language in LANGUAGES:
        wishes = [
            Wish(
                *point[n],
                short_name({"name_zh": places[n]["zh"], "name_en": places[n]["en"]}, language),
                strong=n == port,
            )
            for n in order
        ]
        found[language] = tuple(place_labels(wishes, frame, LETTERS, MOST_LABELS, signs))
    return found
