"""The key projects: dates, money, lights and earned schedule.

A light is a function of the plan, the state and the day, so any past day can be asked again. Without a dated input it is grey. A schedule
index needs progress with its own date; where there is none, there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from qujiang.district.project_rules import read_date
from qujiang.errors import DataError, Fault
from qujiang.methods import earned
from qujiang.methods.critical_path import find_circle
from qujiang.methods.earned import Light
from qujiang.methods.periods import Span

#: States in which a project is finished, and those in which it has begun.
FINISHED = ("complete", "open", "built", "issued")
BEGUN = ("running", "under_construction", "main_structure_done", "nearly_complete", *FINISHED)


@dataclass(frozen=True, slots=True)
class Project:
    """One project. ``started`` and ``due`` are as exact as they were written: a year, a month or a day."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    state: str
    started: Span | None
    due: Span | None
    planned_start: Span | None
    duration_days: int | None
    cost_yuan: float | None
    spent_yuan: float | None
    after: tuple[str, ...]
    progress_share: float | None
    progress_day: date | None
    status: str

    @property
    def finished(self) -> bool:
        """Whether its state says that it is finished."""
        return self.state in FINISHED

    @property
    def first_day(self) -> date | None:
        """The day from which the plan runs: its planned start where that is given, else its start."""
        start = self.planned_start or self.started
        return None if start is None else start.start

    @property
    def planned_days(self) -> int | None:
        """Days of work: as given, else from the first day of the plan to the due date; None where both are unknown."""
        if self.duration_days is not None:
            return self.duration_days
        first = self.first_day
        return None if first is None or self.due is None else (self.due.end - first).days

    @property
    def planned_finish(self) -> date | None:
        """The due date, else the first day and the days of work."""
        if self.due is not None:
            return self.due.end
        first, days = self.first_day, self.duration_days
        return None if first is None or days is None else first + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands on one day: its light, why, and its indices where progress is reported.

    ``schedule_ratio`` is SPI(t), ``cost_ratio`` CPI; both are None without progress, or without the money spent.
    """

    project: Project
    light: Light
    reason: str
    planned_share: float | None
    schedule_ratio: float | None
    cost_ratio: float | None = None
    reason_zh: str = ""


def read_projects(frame: pl.DataFrame, *, file: str = "projects.csv") -> tuple[Project, ...]:
    """Read the table of projects; columns that a frame does not have are taken as empty.

    A district that was opened has been checked for all of this already; a frame from elsewhere has not.

    Raises
    ------
    DataError
        An unreadable date, a due before its start, progress outside 0 to 1 or without a day, an unknown dependency, and a circle among
        dependencies, which is shown.
    """
    faults: list[Fault] = []
    rows = [(line, _read(row, line, file, faults)) for line, row in enumerate(frame.iter_rows(named=True), 2)]
    projects = [project for _, project in rows]
    known = {project.id for project in projects}
    for line, project in rows:
        faults += [
            Fault(file, line, "after", other, "no such project", "name the id of a project")
            for other in project.after
            if other not in known
        ]
    circle = find_circle({project.id: project.after for project in projects})
    if circle:
        line, first = next((line, project) for line, project in rows if project.id == circle[0])
        rule = f"projects wait for each other in a circle: {' -> '.join(circle)}"
        faults.append(Fault(file, line, "after", ";".join(first.after), rule, "cut one of them"))
    if faults:
        raise DataError(faults)
    return tuple(projects)


def _read(row: Mapping[str, Any], line: int, file: str, faults: list[Fault]) -> Project:
    def fault(column: str, value: object, rule: str, mend: str) -> None:
        faults.append(Fault(file, line, column, None if value is None else str(value), rule, mend))

    def at(name: str) -> Span | None:
        try:
            return read_date(None if row.get(name) is None else str(row[name]))
        except ValueError as error:
            fault(name, row[name], str(error), "write YYYY, YYYY-MM or YYYY-MM-DD")
            return None

    started, due, planned, reported = (at(n) for n in ("started", "opened_or_due", "planned_start", "progress_day"))
    if started and due and due.end < started.start:
        fault("opened_or_due", row["opened_or_due"], f"lies before the start {row['started']}", "mend one of them")
    share = row.get("progress_share")
    if share is not None and not 0.0 <= share <= 1.0:
        fault("progress_share", share, "must lie between 0 and 1", "0.4 means 40 %")
    if share is not None and not row.get("progress_day"):
        fault("progress_day", None, "progress needs its day", "write YYYY-MM-DD")
    after = row.get("after") or ()
    return Project(
        id=row["id"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        kind=row["kind"],
        state=row["state"],
        started=started,
        due=due,
        planned_start=planned,
        duration_days=row.get("duration_days"),
        cost_yuan=row["cost_yuan"],
        spent_yuan=row.get("spent_yuan"),
        after=tuple(part.strip() for part in (after.split(";") if isinstance(after, str) else after) if part.strip()),
        progress_share=share,
        progress_day=None if reported is None else reported.end,
        status=row["status"],
    )


def stand(project: Project, on: date) -> Standing:
    """Where one project stands on a day.

    Progress is held against a straight line from the first to the last day of the plan. A due or a planned start that is over counts whole months after
    the end of what was written: a project due in "2025" is not late before 2026. A project finished by now was not finished on days before its date.
    """
    planned = _planned_share(project, on)

    def told(light: Light, reason: str, reason_zh: str) -> Standing:
        return Standing(project, light, reason, planned, None, None, reason_zh)

    if project.finished and (project.due is None or project.due.start <= on):
        return told("green", "finished", "已完成")
    if project.progress_share is not None and project.progress_day is not None and project.progress_day <= on:
        return _by_progress(project, planned)
    if project.due is not None and project.due.end < on:
        months = _months_between(project.due.end, on)
        reason = f"due {project.due}, whole months over: {months}, not finished"
        return told(earned.delay_light(months), reason, f"应于{project.due}完成，已过整月数{months}，尚未完成")
    if project.planned_start is not None and project.state not in BEGUN and project.planned_start.end < on:
        months = _months_between(project.planned_start.end, on)
        reason = f"start planned for {project.planned_start}, whole months missed: {months}"
        reason_zh = f"计划{project.planned_start}开工，已过整月数{months}"
        return told(earned.delay_light(months), reason, reason_zh)
    return (
        told("grey", "no due date", "没有完成日期")
        if project.due is None
        else told("grey", "no progress reported", "没有进度报告")
    )


def _by_progress(project: Project, planned_now: float | None) -> Standing:
    share, day = project.progress_share, project.progress_day
    assert share is not None and day is not None
    cost = None
    if project.cost_yuan and project.spent_yuan:
        cost = earned.cost_index(share, project.cost_yuan, project.spent_yuan)
    planned, days, first = _planned_share(project, day), project.planned_days, project.first_day
    if planned is None or not days or first is None:
        words = "progress without start and due", "有进度，但缺开工或完成日期"
        return Standing(project, "grey", words[0], planned_now, None, cost, words[1])
    index = earned.schedule_index([0.0, 1.0], [0.0, float(days)], share, float((day - first).days))
    points = 100.0 * (planned - share)
    side, side_zh = ("behind", "落后") if points > 0 else ("ahead", "超前")
    reason = f"{share:.0%} on {day}, planned {planned:.0%}: {abs(points):.0f} points {side}"
    reason_zh = f"{day}完成{share:.0%}，计划{planned:.0%}：{side_zh}{abs(points):.0f}个百分点"
    return Standing(project, earned.progress_light(planned, share), reason, planned_now, index, cost, reason_zh)


def _planned_share(project: Project, on: date) -> float | None:
    days, first = project.planned_days, project.first_day
    if not days or first is None:
        return None
    return min(max((on - first).days / days, 0.0), 1.0)


def _months_between(first: date, last: date) -> int:
    """Whole months from the day after ``first`` to the day after ``last``: the end of December to the end of March is three."""
    begun, ended = first + timedelta(days=1), last + timedelta(days=1)
    return (ended.year - begun.year) * 12 + ended.month - begun.month - (ended.day < begun.day)
