"""A week of the port as a moving picture, from the log alone: vessels at anchor, at the berths, and how full the yards are.

The picture is one SVG that moves by itself (SMIL): no script, nothing fetched, so it may stand in any page.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from qujiang.port.path import Path
from qujiang.port.problem import PortProblem

SECONDS = 84.0
COLOURS = {"in": "#2b6cb0", "out": "#c05621"}
WIDTH, BOX, GAP, LEFT = 960, 34, 6, 150


@dataclass(frozen=True, slots=True)
class Replay:
    """What is shown: ``berths`` by name; ``stays`` (berth, from, to, direction) and ``waits`` (slot, from, to, direction) in
    hours from the beginning; ``fill`` by yard as (hour, share) steps."""

    hours: float
    berths: tuple[str, ...]
    stays: tuple[tuple[int, float, float, str], ...]
    waits: tuple[tuple[int, float, float, str], ...]
    fill: dict[str, tuple[tuple[float, float], ...]]


def replay(problem: PortProblem, path: Path, *, from_h: float, hours: float = 168.0) -> Replay:
    """Cut a stretch out of a path."""
    called = np.flatnonzero(path.calls.side < 0)
    anchored, berthed, left = (path.at(name) - from_h for name in ("anchored", "berthed", "left"))
    seen = called[(left[called] > 0) & (anchored[called] < hours)]
    directions = [problem.kinds[path.calls.kind[k]].direction for k in seen]
    stays = [
        (int(path.berth_of[k]), max(0.0, float(berthed[k])), min(hours, float(left[k])), way)
        for k, way in zip(seen, directions, strict=True)
        if berthed[k] < hours
    ]
    waits = [
        (max(0.0, float(anchored[k])), min(hours, float(berthed[k])), way)
        for k, way in zip(seen, directions, strict=True)
        if berthed[k] > max(0.0, anchored[k])
    ]
    return Replay(
        hours,
        tuple(berth.name for berth in problem.berths),
        tuple(stays),
        tuple(_slots(waits)),
        _fills(problem, path, from_h, hours),
    )


def _slots(waits: list[tuple[float, float, str]]):
    """Give each waiting vessel the lowest free place at anchor."""
    free_at: list[float] = []
    for since, until, way in sorted(waits):
        slot = next((k for k, at in enumerate(free_at) if at <= since), len(free_at))
        if slot == len(free_at):
            free_at.append(until)
        free_at[slot] = until
        yield slot, since, until, way


def _fills(problem: PortProblem, path: Path, from_h: float, hours: float) -> dict[str, tuple[tuple[float, float], ...]]:
    """Share of each yard in use, every two hours."""
    times = np.arange(0.0, hours + 1e-9, 2.0)
    fills = {}
    for number, yard in enumerate(problem.yards):
        own = np.flatnonzero(
            (path.port.kind_zone[path.calls.kind] == number) & (path.calls.lot_t > 0) & (path.calls.side < 0)
        )
        since, until = path.at("worked")[own] - from_h, path.at("out")[own] - from_h
        stock = [float(path.calls.lot_t[own][(since <= t) & (until > t)].sum()) for t in times]
        if np.isfinite(yard.capacity_t):
            fills[yard.name] = tuple((float(t), s / yard.capacity_t) for t, s in zip(times, stock, strict=True))
    return fills


def as_svg(shown: Replay, *, title: str, anchor: str, yard: str) -> str:
    """The moving picture; the three words are the reader's language's."""
    pace = SECONDS / shown.hours
    columns = (WIDTH - LEFT) // (BOX + GAP)
    rows = -(-len(shown.berths) // columns)
    anchors = 1 + max((slot for slot, *_ in shown.waits), default=0)
    top = 40
    parts = [_label(0, top + BOX * 0.6, anchor)]
    for slot, since, until, way in shown.waits:
        parts.append(
            _vessel(
                LEFT + (slot % columns) * (BOX + GAP),
                top + (slot // columns) * (BOX // 2 + 4),
                BOX // 2,
                since,
                until,
                way,
                pace,
            )
        )
    top += (-(-anchors // columns)) * (BOX // 2 + 4) + 24
    for number, name in enumerate(shown.berths):
        x, y = LEFT + (number % columns) * (BOX + GAP), top + (number // columns) * (BOX + GAP)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{BOX}" height="{BOX}" fill="none" stroke="#718096"><title>{escape(name)}</title></rect>'
        )
    for number, since, until, way in shown.stays:
        x, y = LEFT + (number % columns) * (BOX + GAP), top + (number // columns) * (BOX + GAP)
        parts.append(_vessel(x + 4, y + 4, BOX - 8, since, until, way, pace))
    top += rows * (BOX + GAP) + 24
    for name, steps in shown.fill.items():
        widths = ";".join(f"{min(1.0, share) * (WIDTH - LEFT - 20):.1f}" for _, share in steps)
        parts.append(_label(0, top + 11, f"{yard} {name}"))
        parts.append(
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 20}" height="14" fill="#edf2f7" stroke="#a0aec0"/>'
        )
        parts.append(
            f'<rect x="{LEFT}" y="{top}" height="14" width="0" fill="#68a063"><animate attributeName="width" values="{widths}" '
            f'dur="{SECONDS:g}s" repeatCount="1" fill="freeze"/></rect>'
        )
        top += 22
    parts.append(
        f'<rect x="{LEFT}" y="{top}" height="4" width="0" fill="#2d3748"><animate attributeName="width" from="0" to="{WIDTH - LEFT - 20}" '
        f'dur="{SECONDS:g}s" fill="freeze"/></rect>'
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 14}" role="img" font-family="sans-serif" font-size="12">'
    return head + f"<title>{escape(title)}</title>" + _label(0, 16, title) + "".join(parts) + "</svg>\n"


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="#2d3748">{escape(text)}</text>'


def _vessel(x: float, y: float, side: float, since: float, until: float, way: str, pace: float) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" fill="{COLOURS.get(way, "#4a5568")}" opacity="0">'
        f'<set attributeName="opacity" to="1" begin="{since * pace:.2f}s" dur="{max(0.02, (until - since) * pace):.2f}s"/></rect>'
    )
