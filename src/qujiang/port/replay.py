"""A week of the port as a moving picture, from the log alone: vessels at anchor, at the berths, and how full the yards are.

The picture is one SVG that moves by itself (SMIL): no script, nothing fetched, so it may stand in any page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np

from qujiang.port.path import Path
from qujiang.port.problem import PortProblem
from qujiang.words import Both

SECONDS = 84.0
COLOURS = {"in": "#2b6cb0", "out": "#c05621"}
WIDTH, BOX, GAP, LEFT = 780, 34, 6, 240


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


@dataclass(frozen=True, slots=True)
class Visit:
    """One vessel's visit in hours from the beginning of the stretch; a time may lie before it or after its end."""

    berth: int
    anchored_h: float
    berthed_h: float
    left_h: float
    direction: str
    load_t: float


def visits(problem: PortProblem, path: Path, *, from_h: float, hours: float = 168.0) -> tuple[Visit, ...]:
    """The vessels of a stretch, in order of arrival: those that are in port, or come into it, within it."""
    called = np.flatnonzero(path.calls.side < 0)
    anchored, berthed, left = (path.at(name) - from_h for name in ("anchored", "berthed", "left"))
    seen = called[(left[called] > 0) & (anchored[called] < hours)]
    return tuple(
        Visit(
            int(path.berth_of[k]),
            float(anchored[k]),
            float(berthed[k]),
            float(left[k]),
            problem.kinds[path.calls.kind[k]].direction,
            float(path.calls.work_t[k]),
        )
        for k in seen[np.argsort(anchored[seen], kind="stable")]
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


def as_svg(
    shown: Replay,
    *,
    title: str | Both,
    anchor: str | Both,
    yard: str | Both,
    named: Callable[[str], str | Both] = str,
    still_h: float | None = None,
) -> str:
    """The moving picture; the words are the reader's language's, or both.

    ``named`` turns the name of a kind of berth or of a yard into words. With ``still_h`` the picture stands at that hour.
    """
    draw = _Moving(SECONDS / shown.hours) if still_h is None else _Still(still_h)
    columns = (WIDTH - LEFT) // (BOX + GAP)
    parts, top = [_label(0, 16, title)], 40.0
    parts.append(_label(0, top + BOX * 0.4, anchor))
    anchors = 1 + max((slot for slot, *_ in shown.waits), default=0)
    for slot, since, until, way in shown.waits:
        x, y = LEFT + (slot % columns) * (BOX + GAP), top + (slot // columns) * (BOX // 2 + 4)
        parts.append(draw.vessel(x, y, BOX // 2, since, until, way))
    top += -(-anchors // columns) * (BOX // 2 + 4) + 16
    at: dict[int, tuple[float, float]] = {}
    for kind, numbers in _rows(shown.berths).items():
        parts.append(_label(0, top + BOX * 0.6, named(kind)))
        for k, number in enumerate(numbers):
            x, y = LEFT + (k % columns) * (BOX + GAP), top + (k // columns) * (BOX + GAP)
            at[number] = (x, y)
            parts.append(
                f'<rect x="{x}" y="{y:g}" width="{BOX}" height="{BOX}" fill="none" stroke="#718096">'
                f"<title>{escape(shown.berths[number])}</title></rect>"
            )
        top += -(-len(numbers) // columns) * (BOX + GAP)
    for number, since, until, way in shown.stays:
        parts.append(draw.vessel(at[number][0] + 4, at[number][1] + 4, BOX - 8, since, until, way))
    top += 18
    long = WIDTH - LEFT - 20
    for name, steps in shown.fill.items():
        words = named(name)
        parts.append(_label(0, top + 11, words if words != name else f"{yard} {name}"))
        parts.append(f'<rect x="{LEFT}" y="{top:g}" width="{long}" height="14" fill="#edf2f7" stroke="#a0aec0"/>')
        parts.append(draw.bar(LEFT, top, long, steps))
        top += 22
    parts.append(draw.clock(LEFT, top, long, shown.hours))
    both = f"{title.en} · {title.zh}" if isinstance(title, Both) else title
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 14:g}" role="img" font-family="sans-serif" font-size="12">'
    return head + f"<title>{escape(both)}</title>" + "".join(parts) + "</svg>\n"


def _rows(berths: tuple[str, ...]) -> dict[str, list[int]]:
    """Kind of berth -> its berths: the name without its last word."""
    rows: dict[str, list[int]] = {}
    for number, name in enumerate(berths):
        rows.setdefault(name.rsplit(" ", 1)[0], []).append(number)
    return rows


def _label(x: float, y: float, text: str | Both) -> str:
    if isinstance(text, Both) and text.en != text.zh:
        return (
            f'<text class="en" lang="en" x="{x:g}" y="{y:g}" fill="#2d3748">{escape(text.en)}</text>'
            f'<text class="zh" lang="zh-Hans" x="{x:g}" y="{y:g}" fill="#2d3748">{escape(text.zh)}</text>'
        )
    plain = text.en if isinstance(text, Both) else text
    return f'<text x="{x:g}" y="{y:g}" fill="#2d3748">{escape(plain)}</text>'


@dataclass(frozen=True, slots=True)
class _Moving:
    """Signs that move by themselves, over and over: every beginning hangs on the clock's bar below."""

    pace: float

    def vessel(self, x: float, y: float, side: float, since: float, until: float, way: str) -> str:
        begin, lasts = since * self.pace, max(0.02, (until - since) * self.pace)
        return (
            f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" fill="{COLOURS.get(way, "#4a5568")}" opacity="0">'
            f'<set attributeName="opacity" to="1" begin="clock.begin+{begin:.2f}s" dur="{lasts:.2f}s"/></rect>'
        )

    def bar(self, x: float, y: float, long: float, steps: tuple[tuple[float, float], ...]) -> str:
        widths = ";".join(f"{min(1.0, share) * long:.1f}" for _, share in steps)
        return (
            f'<rect x="{x:g}" y="{y:g}" height="14" width="0" fill="#68a063"><animate attributeName="width" values="{widths}" '
            f'dur="{SECONDS:g}s" begin="clock.begin" fill="freeze"/></rect>'
        )

    def clock(self, x: float, y: float, long: float, hours: float) -> str:
        return (
            f'<rect x="{x:g}" y="{y:g}" height="4" width="0" fill="#718096"><animate id="clock" attributeName="width" from="0" '
            f'to="{long:g}" begin="0s;clock.end+3s" dur="{SECONDS:g}s" fill="freeze"/></rect>'
        )


@dataclass(frozen=True, slots=True)
class _Still:
    """The same signs at one hour."""

    hour: float

    def vessel(self, x: float, y: float, side: float, since: float, until: float, way: str) -> str:
        if not since <= self.hour < until:
            return ""
        return f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" fill="{COLOURS.get(way, "#4a5568")}"/>'

    def bar(self, x: float, y: float, long: float, steps: tuple[tuple[float, float], ...]) -> str:
        share = max((step for step in steps if step[0] <= self.hour), default=(0.0, 0.0))[1]
        return f'<rect x="{x:g}" y="{y:g}" height="14" width="{min(1.0, share) * long:.1f}" fill="#68a063"/>'

    def clock(self, x: float, y: float, long: float, hours: float) -> str:
        return f'<rect x="{x:g}" y="{y:g}" height="4" width="{long * self.hour / hours:.1f}" fill="#718096"/>'
