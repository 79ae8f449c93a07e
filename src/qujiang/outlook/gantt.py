"""The projects as a Gantt chart: one SVG text, readable without colour.

A bar runs from start to due, its filled part is reported progress and is never drawn beyond the day of the report. A thin line behind it runs on to the
expected finish. Arrows lead from a project to those that wait for it; bars of the critical path have a heavy frame, and a ◆ before the name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from html import escape
from typing import Literal

from qujiang.methods.earned import Light
from qujiang.outlook.projects import Project, Standing
from qujiang.outlook.schedule import Expected

_FILL: dict[Light, str] = {"green": "#2e7d32", "yellow": "#f9a825", "red": "#c62828", "grey": "#90a4ae"}
_SHAPE: dict[Light, str] = {"green": "●", "yellow": "▲", "red": "■", "grey": "○"}
_WORDS = {
    "en": {
        "title": "Projects",
        "day": "day",
        "critical": "on the critical path",
        "finish": "expected",
        "after": "after",
    },
    "zh": {"title": "重点项目", "day": "今日", "critical": "在关键路径上", "finish": "预计完成", "after": "须待"},
}
_LIGHT_ZH: dict[Light, str] = {"green": "绿灯", "yellow": "黄灯", "red": "红灯", "grey": "灰灯"}
_NAMES_PX, _ROW_PX, _WIDTH_PX, _BAR_PX = 300, 22, 1000, 14

Language = Literal["en", "zh"]
At = Callable[[date], float]


def draw_gantt(
    standings: Sequence[Standing],
    on: date,
    *,
    language: Language = "en",
    expected: Mapping[str, Expected] | None = None,
    critical: Collection[str] = (),
) -> str:
    """Draw the projects that have at least one date, in order of their first.

    Parameters
    ----------
    standings
        Where each project stands on ``on``.
    expected
        Expected finishes by id, from ``schedule.expect_finishes``; without them none is drawn.
    critical
        Ids on the critical path.
    """
    dated = sorted((s for s in standings if _spans(s.project)), key=lambda s: _spans(s.project)[0])
    if not dated:
        return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH_PX} 20"></svg>'
    finishes = {name: one.finish for name, one in (expected or {}).items() if one.finish and one.reason != "finished"}
    days = [day for s in dated for day in _spans(s.project)] + [
        day for s in dated if (day := finishes.get(s.project.id))
    ]
    first, last = min(days).year, max(*days, on).year + 1
    scale = (_WIDTH_PX - _NAMES_PX) / (date(last, 1, 1) - date(first, 1, 1)).days

    def at(day: date) -> float:
        return round(_NAMES_PX + (day - date(first, 1, 1)).days * scale, 1)

    height = _ROW_PX * (len(dated) + 2)
    words, comma = _WORDS[language], "，" if language == "zh" else ", "
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH_PX} {height}" font-family="sans-serif" font-size="12" fill="currentColor">',
        f"<title>{words['title']}{comma}{on}</title>",
        *_years(first, last, at, height),
    ]
    tops = {standing.project.id: row * _ROW_PX + 4.0 for row, standing in enumerate(dated, 1)}
    for standing in dated:
        name = standing.project.id
        parts.append(_row(standing, tops[name], at, language, finishes.get(name), name in critical))
    parts += _arrows([standing.project for standing in dated], tops, at)
    x = at(on)
    parts.append(f'<line x1="{x}" y1="{_ROW_PX}" x2="{x}" y2="{height}" stroke="currentColor" stroke-dasharray="4 3"/>')
    anchor = "end" if x > _WIDTH_PX - 80 else "middle"
    parts.append(f'<text x="{x}" y="{height - 6}" text-anchor="{anchor}">{words["day"]} {on}</text></svg>')
    return "\n".join(parts)


def _years(first: int, last: int, at: At, height: int) -> list[str]:
    step = max(1, (last - first) // 10)
    lines = []
    for year in range(first, last, step):
        x = at(date(year, 1, 1))
        lines.append(
            f'<line x1="{x}" y1="{_ROW_PX}" x2="{x}" y2="{height}" stroke="currentColor" stroke-opacity="0.2"/><text x="{x + 2}" y="14" fill="currentColor" fill-opacity="0.75">{year}</text>'
        )
    return lines


def _row(standing: Standing, top: float, at: At, language: Language, finish: date | None, critical: bool) -> str:
    project, color = standing.project, _FILL[standing.light]
    name = project.name_zh if language == "zh" else project.name_en
    short = name if len(name) <= 44 else name[:43] + "…"
    text = f"<g><title>{escape(_said(standing, name, language, finish, critical))}</title>"
    mark = "◆" if critical else ""
    text += f'<text x="4" y="{top + 12}">{_SHAPE[standing.light]}{mark} {escape(short)}</text>'
    left, right = _ends(project, at)
    if finish is not None and at(finish) > right:
        middle = top + _BAR_PX / 2
        text += f'<line class="expected" x1="{right}" y1="{middle}" x2="{at(finish)}" y2="{middle}" stroke="{color}" stroke-width="3" stroke-dasharray="2 2"/>'
    if left is None:
        y = top + _BAR_PX / 2
        return text + f'<path d="M{right} {y - 6}l6 6l-6 6l-6 -6z" fill="{color}"/></g>'
    frame = ' stroke-width="2.5"' if critical else ""
    edge = "currentColor" if critical else color
    text += f'<rect x="{left}" y="{top}" width="{max(right - left, 2):.1f}" height="{_BAR_PX}" rx="2" fill="{color}" fill-opacity="0.35" stroke="{edge}"{frame}/>'
    if project.progress_share and project.progress_day:
        done = min(left + (right - left) * project.progress_share, at(project.progress_day))
        text += (
            f'<rect x="{left}" y="{top}" width="{max(done - left, 0):.1f}" height="{_BAR_PX}" rx="2" fill="{color}"/>'
        )
    return text + "</g>"


def _said(standing: Standing, name: str, language: Language, finish: date | None, critical: bool) -> str:
    """The row as a screen reader says it."""
    words = _WORDS[language]
    light = _LIGHT_ZH[standing.light] if language == "zh" else standing.light
    zh = language == "zh"
    said = [f"{name}{'：' if zh else ': '}{light}", standing.reason_zh if language == "zh" else standing.reason]
    said += [f"{words['after']} {' '.join(standing.project.after)}"] if standing.project.after else []
    said += [words["critical"]] if critical else []
    said += [f"{words['finish']} {finish}"] if finish else []
    return ("，" if zh else ", ").join(said)


def _arrows(projects: Sequence[Project], tops: Mapping[str, float], at: At) -> list[str]:
    """From the end of each project to the beginning of those that wait for it."""
    ends = {project.id: _ends(project, at) for project in projects}
    lines = []
    for project in projects:
        for other in project.after:
            if other in ends:
                x, y = ends[other][1], tops[other] + _BAR_PX / 2
                left, right = ends[project.id]
                to_x, to_y = (right if left is None else left), tops[project.id] + _BAR_PX / 2
                lines.append(
                    f'<g class="after"><path d="M{x} {y}h6V{to_y}H{to_x}" fill="none" stroke="currentColor"/>'
                    f'<path d="M{to_x} {to_y}l-5 -3v6z" fill="currentColor"/></g>'
                )
    return lines


def _spans(project: Project) -> tuple[date, ...]:
    """The days that are drawn, in order."""
    days = []
    if start := project.started or project.planned_start:
        days.append(start.start)
    if finish := project.planned_finish:
        days.append(finish)
    return tuple(sorted(days))


def _ends(project: Project, at: At) -> tuple[float | None, float]:
    """Left and right end of the bar; no left end for a project with one date only."""
    days = _spans(project)
    return (None if len(days) == 1 else at(days[0])), at(days[-1])
