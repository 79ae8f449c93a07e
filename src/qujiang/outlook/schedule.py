"""When the projects will be finished: the critical path, and delays handed on along the dependencies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qujiang.methods.critical_path import Path, critical_path, order_tasks
from qujiang.methods.earned import expected_duration_days
from qujiang.outlook.projects import BEGUN, Project, Standing, stand

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """When one project will be finished, seen from a day.

    ``finish`` is None where it cannot be said; ``late_days`` counts from the planned finish, negative where it is early. ``held_by`` is the project
    that it waits for longest, where that one decides its start. ``reason`` is English, ``reason_zh`` Chinese.
    """

    id: str
    planned_finish: date | None
    finish: date | None
    late_days: int | None
    held_by: str | None
    reason: str
    reason_zh: str


@dataclass(frozen=True, slots=True)
class Network:
    """The critical path of the projects that depend on each other; ``path`` is None where some have no days, which ``undated`` names."""

    path: Path | None
    undated: tuple[str, ...]


def find_critical_path(projects: Sequence[Project]) -> Network | None:
    """The critical path of the projects with a dependency; None where no dependency is known.

    Days are the planned ones. Nothing is filled in: without the days of one project there is no path, and that project is named.
    """
    after = {project.id: project.after for project in projects if project.after}
    if not after:
        return None
    used = set(after) | {other for others in after.values() for other in others}
    days = {project.id: project.planned_days for project in projects if project.id in used}
    undated = tuple(name for name, known in days.items() if known is None)
    if undated:
        return Network(None, undated)
    return Network(critical_path({name: float(known) for name, known in days.items() if known is not None}, after), ())


def expect_finishes(projects: Sequence[Project], on: date) -> dict[str, Expected]:
    """When each project will be finished, seen from a day; those that wait for a late one are late with it.

    A project with progress goes on at its pace so far: its planned days over SPI(t) (Lipke), counted from the first day of its plan. One without
    goes as planned, and is over on the day asked at the earliest. None begins before all that it waits for are finished.
    """
    of = {project.id: project for project in projects}
    found: dict[str, Expected] = {}
    for name in order_tasks(of, {project.id: project.after for project in projects}):
        found[name] = _expect(stand(of[name], on), [found[other] for other in of[name].after], on)
    return {project.id: found[project.id] for project in projects}


def _expect(standing: Standing, before: Sequence[Expected], on: date) -> Expected:
    project = standing.project
    planned = project.planned_finish
    if standing.reason == "finished":
        return Expected(project.id, planned, planned, 0 if planned else None, None, "finished", "已完成")
    blind = [one.id for one in before if one.finish is None and one.reason != "finished"]
    if blind:
        names = ", ".join(blind)
        told = f"waits for {names}, whose finish cannot be said", f"须待{names}完成，其完成日期不明"
        return Expected(project.id, planned, None, None, blind[0], *told)
    last = max((one for one in before if one.finish is not None), key=lambda one: one.finish or on, default=None)
    finish, reason, reason_zh, held = _alone(standing, last, on)
    late = None if finish is None or planned is None else (finish - planned).days
    return Expected(project.id, planned, finish, late, last.id if held and last else None, reason, reason_zh)


def _alone(standing: Standing, last: Expected | None, on: date) -> tuple[date | None, str, str, bool]:
    """Finish, reason in two languages, and whether what it waits for decides."""
    project, first, days = standing.project, standing.project.first_day, standing.project.planned_days
    index = standing.schedule_ratio
    whole = None if days is None else expected_duration_days(float(days), index)
    if index is not None and whole is not None and first is not None:
        pace = max(first + timedelta(days=math.ceil(whole - 1e-9)), on)
        return pace, f"at its pace so far, SPI(t) {index:.2f}", f"按目前进度，SPI(t) 为 {index:.2f}", False
    if index == 0.0:
        return None, "no progress so far: no pace to go by", "尚无进度，无从推算", False
    begun = project.state in BEGUN
    if days is None:
        due = project.due
        if due is None:
            return None, "no due date", "没有完成日期", False
        return max(due.end, on), "as due: its days of work are not known", "按完成日期：工期不明", False
    start = first if begun and first is not None else max(first or on, on)
    held = not begun and last is not None and last.finish is not None and last.finish >= start
    if held and last is not None and last.finish is not None:
        start = last.finish + _DAY
        return start + timedelta(days=days), f"begins when {last.id} is finished", f"待 {last.id} 完成后开工", True
    if first is None and not begun:
        return None, "no planned start", "没有计划开工日期", False
    return max(start + timedelta(days=days), on), "as planned: no progress is reported", "按计划：没有进度报告", False
