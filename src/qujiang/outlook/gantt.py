"""The projects as a Gantt chart: one SVG text, readable without colour, with no line beyond the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Literal

from qujiang.methods.earned import Light
from qujiang.outlook.projects import Standing

_FILL: dict[Light, str] = {"green": "#2e7d32", "yellow": "#f9a825", "red": "#c62828", "grey": "#90a4ae"}
_SHAPE: dict[Light, str] = {"green": "●", "yellow": "▲", "red": "■", "grey": "○"}
_WORDS = {"en": {"title": "Projects", "day": "day"}, "zh": {"title": "重点项目", "day": "今日"}}
_NAMES_PX, _ROW_PX, _WIDTH_PX = 300, 22, 1000


def draw_gantt(standings: Sequence[Standing], on: date, *, language: Literal["en", "zh"] = "en") -> str:
    """Draw the projects that have at least one date, in order of their first.

    A bar runs from start to due, a diamond marks a project with one date only; the filled part of a bar is reported progress, and is never drawn
    beyond the day. Each row has a title that a screen reader reads.
    """
    dated = sorted((s for s in standings if s.project.started or s.project.due), key=_first)
    if not dated:
        return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH_PX} 20"></svg>'
    first, last = min(_first(s) for s in dated).year, max(max(_last(s) for s in dated), on).year + 1
    scale = (_WIDTH_PX - _NAMES_PX) / (date(last, 1, 1) - date(first, 1, 1)).days

    def at(day: date) -> float:
        return round(_NAMES_PX + (day - date(first, 1, 1)).days * scale, 1)

    height = _ROW_PX * (len(dated) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH_PX} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{_WORDS[language]['title']}, {on}</title>",
    ]
    step = max(1, (last - first) // 10)
    for year in range(first, last, step):
        x = at(date(year, 1, 1))
        parts.append(
            f'<line x1="{x}" y1="{_ROW_PX}" x2="{x}" y2="{height}" stroke="#ddd"/><text x="{x + 2}" y="14" fill="#555">{year}</text>'
        )
    for row, standing in enumerate(dated, 1):
        parts.append(_row(standing, row * _ROW_PX + 4, at, language))
    x = at(on)
    parts.append(f'<line x1="{x}" y1="{_ROW_PX}" x2="{x}" y2="{height}" stroke="#000" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{_WORDS[language]["day"]} {on}</text></svg>')
    return "\n".join(parts)


def _row(standing: Standing, top: float, at, language: str) -> str:
    project, color = standing.project, _FILL[standing.light]
    name = project.name_zh if language == "zh" else project.name_en
    short = name if len(name) <= 44 else name[:43] + "…"
    said = escape(f"{name}: {standing.light}, {standing.reason}")
    text = f'<g><title>{said}</title><text x="4" y="{top + 12}">{_SHAPE[standing.light]} {escape(short)}</text>'
    if project.started and project.due:
        left, right = at(project.started.start), at(project.due.end)
        text += f'<rect x="{left}" y="{top}" width="{max(right - left, 2):.1f}" height="14" rx="2" fill="{color}" fill-opacity="0.35" stroke="{color}"/>'
        if project.progress_share and project.progress_day:
            done = min(left + (right - left) * project.progress_share, at(project.progress_day))
            text += f'<rect x="{left}" y="{top}" width="{max(done - left, 0):.1f}" height="14" rx="2" fill="{color}"/>'
    else:
        only = project.started or project.due
        assert only is not None
        x, y = at(only.start if project.started else only.end), top + 7
        text += f'<path d="M{x} {y - 6}l6 6l-6 6l-6 -6z" fill="{color}"/>'
    return text + "</g>"


def _first(standing: Standing) -> date:
    span = standing.project.started or standing.project.due
    assert span is not None
    return span.start


def _last(standing: Standing) -> date:
    span = standing.project.due or standing.project.started
    assert span is not None
    return span.end
