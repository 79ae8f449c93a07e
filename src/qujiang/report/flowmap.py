"""The map of the flows: outlines, links by mode and tonnes, locks by load, places with their names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qujiang.plan.result import PlanResult
from qujiang.report import answer
from qujiang.report.evidence import table
from qujiang.report.flows import Flow, flow_row, load_of, lock_row, read_flows
from qujiang.report.geography import Frame, Outlines, frame_around, read_outlines
from qujiang.report.labels import Label, Wish, place_labels
from qujiang.words import LANGUAGES, Both, Language, both_numbers, known, percent, tell

MODES = ("water", "road", "rail", "air")
#: Links that share their ends are drawn side by side [points].
ASIDE = {"water": 0.0, "road": 2.5, "rail": -2.5, "air": 5.0}
WIDTH_OF_PICTURE = 760.0
WIDEST, THINNEST = 13.0, 0.8
#: Flows below this part of the largest are left to the table.
SMALLEST_SHARE = 0.002
#: The picture of the whole network holds the ends of flows of this part of the largest and more; thinner ones may leave it.
FRAMED_SHARE = 0.02
FLOWS_SHOWN = 15
LOCKS_SHOWN = 15
NEAR_DEG = 0.75
#: Upper ends of the classes of a lock's load, with the shape of each.
LOADS = ((0.5, "circle"), (0.75, "triangle"), (1.0, "square"), (math.inf, "diamond"))
#: Letters [points of the picture] and number of labels: on a wide screen or paper, and on a phone.
SIZES = (("wide", 13.0, 34), ("narrow", 25.0, 11))


@dataclass(frozen=True, slots=True)
class DrawnFlow:
    """A flow as a line of the picture."""

    mode: str
    x1: float
    y1: float
    x2: float
    y2: float
    width: float


@dataclass(frozen=True, slots=True)
class DrawnLock:
    """A lock as a sign of the picture; ``load`` is its class, 0 to 3, or None where it is not known."""

    x: float
    y: float
    load: int | None
    shape: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One map: paths, lines, signs, labels by (size, language)."""

    id: str
    caption: Both
    frame: Frame
    outlines: tuple[tuple[str, str], ...]
    flows: tuple[DrawnFlow, ...]
    locks: tuple[DrawnLock, ...]
    places: tuple[tuple[float, float], ...]
    port: tuple[float, float] | None
    labels: tuple[tuple[str, Language, float, list[Label]], ...]


@dataclass(frozen=True, slots=True)
class FlowMap:
    """All about the flows: pictures, legend, tables in words."""

    pictures: tuple[Picture, ...]
    modes: tuple[tuple[str, Both], ...]
    widths: tuple[tuple[float, Both], ...]
    loads: tuple[tuple[int | None, str, Both], ...]
    small: Both | None
    flows: tuple[Mapping[str, Both], ...]
    flows_caption: Both
    locks: tuple[Mapping[str, Any], ...]
    locks_caption: Both
    sources: str
    has_outlines: bool


def flow_map(result: PlanResult, district: Any) -> FlowMap | None:
    """The map of a result's flows on a district's places; None where there are no flows."""
    flows = read_flows(result.tables.get("freight/links"))
    places = {row["id"]: row for row in table(district, "places").to_dicts()}
    flows = [flow for flow in flows if _on_map(places.get(flow.a)) and _on_map(places.get(flow.b))]
    if not flows:
        return None
    largest = max(flow.total_t for flow in flows)
    drawn = [flow for flow in flows if flow.total_t >= SMALLEST_SHARE * largest]
    outlines = read_outlines(district)
    used = [dict(lock) for lock in result.locks]
    carried = [lock for lock in used if lock.get("own_t")]
    port = _port(places)
    year = result.district.get("target_year")
    caption = tell("map.caption", year=year) if year else tell("map.caption.undated")
    pictures = [_picture("all", caption, _frame(drawn, places), drawn, places, used, port, outlines, largest)]
    if port is not None:
        near = _frame_near(places[port], drawn, places)
        if near is not None and near.east - near.west < 0.6 * (pictures[0].frame.east - pictures[0].frame.west):
            pictures.append(
                _picture("near", tell("map.caption.near"), near, drawn, places, used, port, outlines, largest)
            )
    return FlowMap(
        tuple(pictures),
        tuple((mode, known("mode", mode)) for mode in MODES if any(flow.mode == mode for flow in drawn)),
        _widths(largest),
        _load_classes(used),
        tell("map.small", tonnes=answer.figure(SMALLEST_SHARE * largest, "tonnes_per_year"))
        if len(drawn) < len(flows)
        else None,
        tuple(flow_row(flow, places) for flow in flows[:FLOWS_SHOWN]),
        tell("flows.caption", shown=min(FLOWS_SHOWN, len(flows)), count=len(flows)),
        tuple(lock_row(lock) for lock in sorted(carried, key=load_of, reverse=True)[:LOCKS_SHOWN]),
        tell("locks.caption", shown=min(LOCKS_SHOWN, len(carried)), count=len(carried)),
        _sources(places, district, outlines),
        outlines is not None,
    )


def _picture(
    id: str,
    caption: Both,
    frame: Frame,
    flows: Sequence[Flow],
    places: Mapping[str, Mapping[str, Any]],
    locks: Sequence[Mapping[str, Any]],
    port: str | None,
    outlines: Outlines | None,
    largest: float,
) -> Picture:
    at = {name: frame.xy(row["lon_deg"], row["lat_deg"]) for name, row in places.items() if _on_map(row)}
    signs = [
        sign for lock in locks if _on_map(lock) for sign in [_draw_lock(lock, frame)] if frame.holds(sign.x, sign.y)
    ]
    named = _named(flows, places, at, frame, port)
    harbour = at[port] if port is not None and frame.holds(*at[port]) else None
    return Picture(
        id,
        caption,
        frame,
        _paths(outlines, frame),
        tuple(_draw(flow, at, largest) for flow in reversed(flows) if _crosses(at[flow.a], at[flow.b], frame)),
        tuple(sorted(signs, key=lambda sign: -1 if sign.load is None else sign.load)),
        tuple(at[name] for name in named if name != port),
        harbour,
        _labels(named, places, at, port, frame, [(sign.x, sign.y) for sign in signs]),
    )


def _paths(outlines: Outlines | None, frame: Frame) -> tuple[tuple[str, str], ...]:
    if outlines is None:
        return ()
    order = {"land": 0, "prefecture": 1, "county": 2, "district": 3}
    found = [(outline.kind, outlines.path(outline, frame)) for outline in outlines.features]
    return tuple(sorted(((kind, path) for kind, path in found if path), key=lambda pair: order.get(pair[0], 2)))


def _draw(flow: Flow, at: Mapping[str, tuple[float, float]], largest: float) -> DrawnFlow:
    (x1, y1), (x2, y2) = at[flow.a], at[flow.b]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    # the offset turns with the direction of a link, so both directions must count as one
    turn = 1 if (x1, y1) <= (x2, y2) else -1
    dx, dy = -(y2 - y1) / length * ASIDE[flow.mode] * turn, (x2 - x1) / length * ASIDE[flow.mode] * turn
    x1, y1, x2, y2 = (round(v, 1) for v in (x1 + dx, y1 + dy, x2 + dx, y2 + dy))
    return DrawnFlow(flow.mode, x1, y1, x2, y2, round(_width(flow.total_t, largest), 2))


def _width(tonnes: float, largest: float) -> float:
    return max(THINNEST, WIDEST * tonnes / largest)


def _draw_lock(lock: Mapping[str, Any], frame: Frame) -> DrawnLock:
    x, y = frame.xy(lock["lon_deg"], lock["lat_deg"])
    load = _class(lock.get("load_share"))
    return DrawnLock(x, y, load, "ring" if load is None else LOADS[load][1])


def _class(load: float | None) -> int | None:
    if load is None or not math.isfinite(load):
        return None
    return next(index for index, (upper, _) in enumerate(LOADS) if load < upper)


def _named(
    flows: Sequence[Flow],
    places: Mapping[str, Mapping[str, Any]],
    at: Mapping[str, tuple[float, float]],
    frame: Frame,
    port: str | None,
) -> list[str]:
    """Places of the picture in order of the tonnes that touch them; nodes of the water graph are no places."""
    tonnes: dict[str, float] = {}
    for flow in flows:
        for name in (flow.a, flow.b):
            tonnes[name] = tonnes.get(name, 0.0) + flow.total_t
    weight = {name: t * (0.3 if places[name].get("kind") == "water_port" else 1.0) for name, t in tonnes.items()}
    seen = [n for n in tonnes if frame.holds(*at[n], 3) and places[n].get("kind") != "junction"]
    return sorted(seen, key=lambda name: (name != port, -weight[name], name))


def _labels(
    named: Sequence[str],
    places: Mapping[str, Mapping[str, Any]],
    at: Mapping[str, tuple[float, float]],
    port: str | None,
    frame: Frame,
    signs: Sequence[tuple[float, float]],
) -> tuple[tuple[str, Language, float, list[Label]], ...]:
    found = []
    for size_name, size, most in SIZES:
        for language in LANGUAGES:
            wishes = [
                Wish(*at[name], short_name(places[name], language), 8.0 if name == port else 3.0, name == port)
                for name in named
            ]
            found.append((size_name, language, size, place_labels(wishes, frame, size, most, signs)))
    return tuple(found)


def short_name(row: Mapping[str, Any], language: Language) -> str:
    """A place's name for a map: without what stands in brackets.

    >>> short_name({"name_zh": "柯城区 (衢州城区)", "name_en": "Kecheng (Quzhou city)"}, "en")
    'Kecheng'
    """
    name = answer.name_of(row).of(language)
    return re.sub(r"\s*[(（].*?[)）]", "", name) or name


def _frame(flows: Sequence[Flow], places: Mapping[str, Mapping[str, Any]]) -> Frame:
    least = FRAMED_SHARE * max(flow.total_t for flow in flows)
    ends = {name for flow in flows if flow.total_t >= least for name in (flow.a, flow.b)}
    return frame_around([(places[n]["lon_deg"], places[n]["lat_deg"]) for n in ends], WIDTH_OF_PICTURE)


def _frame_near(
    port: Mapping[str, Any], flows: Sequence[Flow], places: Mapping[str, Mapping[str, Any]]
) -> Frame | None:
    """The picture round the port: places with flows within some tens of kilometres."""
    ends = {name for flow in flows for name in (flow.a, flow.b)}
    points = [(places[n]["lon_deg"], places[n]["lat_deg"]) for n in ends]
    here = (port["lon_deg"], port["lat_deg"])
    near = [p for p in points if abs(p[0] - here[0]) < NEAR_DEG and abs(p[1] - here[1]) < NEAR_DEG]
    return frame_around([*near, here], WIDTH_OF_PICTURE, margin=0.1) if len(near) > 2 else None


def _crosses(a: tuple[float, float], b: tuple[float, float], frame: Frame) -> bool:
    return (
        max(a[0], b[0]) >= 0
        and min(a[0], b[0]) <= frame.width
        and max(a[1], b[1]) >= 0
        and min(a[1], b[1]) <= frame.height
    )


def _port(places: Mapping[str, Mapping[str, Any]]) -> str | None:
    hubs = [name for name, row in places.items() if row.get("kind") == "hub" and _on_map(row)]
    return hubs[0] if hubs else None


def _on_map(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row.get("lon_deg") is not None and row.get("lat_deg") is not None


def _widths(largest: float) -> tuple[tuple[float, Both], ...]:
    power = 10.0 ** math.floor(math.log10(largest))
    top = max(step for step in (1.0, 2.0, 5.0) if step * power <= largest) * power
    return tuple((round(_width(t, largest), 1), answer.figure(t, "tonnes_per_year")) for t in (top, top / 4, top / 20))


def _load_classes(locks: Sequence[Mapping[str, Any]]) -> tuple[tuple[int | None, str, Both], ...]:
    lower, found = 0.0, []
    for index, (upper, shape) in enumerate(LOADS):
        low, high = both_numbers(percent, lower), both_numbers(percent, min(upper, 1.0))
        text = Both(f"≥ {low.en}", f"≥ {low.zh}") if math.isinf(upper) else Both(f"< {high.en}", f"< {high.zh}")
        found.append((index, shape, text))
        lower = upper
    unknown = (
        [(None, "ring", tell("map.lock.unknown"))]
        if any(_class(lock.get("load_share")) is None for lock in locks)
        else []
    )
    return tuple(found + unknown)


def _sources(places: Mapping[str, Mapping[str, Any]], district: Any, outlines: Outlines | None) -> str:
    """Whom points and outlines come from: as the district says, else the titles of the sources of its points."""
    said = getattr(getattr(district, "info", None), "attribution", "")
    titles = {row["id"]: row["title"] for row in table(district, "sources").to_dicts()}
    ids = dict.fromkeys(source for row in places.values() for source in row.get("coord_source") or [])
    told = [said] if said else [titles.get(source, source) for source in ids]
    return "; ".join(told + ([outlines.attribution] if outlines is not None and outlines.attribution else []))
