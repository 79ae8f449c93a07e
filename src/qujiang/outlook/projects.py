"""The key projects: dates, lights, dependencies, the critical path and earned schedule.

A light is a function of the plan, the state and the day, so any past day can be asked again. Without a dated input it is grey. A schedule
index needs progress with its own date; where there is none, there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from qujiang.errors import DataError, Fault
from qujiang.methods import earned, periods
from qujiang.methods.earned import Light, Path
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
    cost_yuan: float | None
    after: tuple[str, ...]
    progress_share: float | None
    progress_day: date | None
    status: str

    @property
    def finished(self) -> bool:
        """Whether its state says that it is finished."""
        return self.state in FINISHED

    @property
    def planned_days(self) -> int | None:
        """Days from start to due, or None where one is unknown."""
        return None if self.started is None or self.due is None else (self.due.end - self.started.start).days


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands on one day: its light, why, and its schedule index where progress is reported."""

    project: Project
    light: Light
    reason: str
    planned_share: float | None
    schedule_ratio: float | None


def read_projects(frame: pl.DataFrame, *, file: str = "projects.csv") -> tuple[Project, ...]:
    """Read the table of projects.

    Columns ``after`` (ids of what it waits for), ``planned_start``, ``progress_share`` and ``progress_day`` are read where they exist.

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
    circle = earned.find_circle({project.id: project.after for project in projects})
    if circle:
        line = next(line for line, project in rows if project.id == circle[0])
        rule = f"projects wait for each other in a circle: {' -> '.join(circle)}"
        faults.append(
            Fault(
                file,
                line,
                "after",
                ";".join(next(p for p in projects if p.id == circle[0]).after),
                rule,
                "cut one of them",
            )
        )
    if faults:
        raise DataError(faults)
    return tuple(projects)


def _read(row: Mapping[str, Any], line: int, file: str, faults: list[Fault]) -> Project:
    started, due, planned = (
        _date(row, name, line, file, faults) for name in ("started", "opened_or_due", "planned_start")
    )
    if started and due and due.end < started.start:
        faults.append(
            Fault(
                file,
                line,
                "opened_or_due",
                row["opened_or_due"],
                f"lies before the start {row['started']}",
                "mend one of them",
            )
        )
    share, day = row.get("progress_share"), row.get("progress_day")
    if share is not None and not 0.0 <= share <= 1.0:
        faults.append(Fault(file, line, "progress_share", str(share), "must lie between 0 and 1", "0.4 means 40 %"))
    if share is not None and not day:
        faults.append(Fault(file, line, "progress_day", None, "progress needs its day", "write YYYY-MM-DD"))
    reported = _date(row, "progress_day", line, file, faults)
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
        cost_yuan=row["cost_yuan"],
        after=tuple(part.strip() for part in after.split(";") if part.strip())
        if isinstance(after, str)
        else tuple(after),
        progress_share=share,
        progress_day=None if reported is None else reported.end,
        status=row["status"],
    )


def _date(row: Mapping[str, Any], name: str, line: int, file: str, faults: list[Fault]) -> Span | None:
    text = row.get(name)
    if not text:
        return None
    bare = str(text).removeprefix("after ")
    try:
        return periods.read_span(bare, bare)
    except ValueError as error:
        faults.append(Fault(file, line, name, str(text), str(error), "write YYYY, YYYY-MM or YYYY-MM-DD"))
        return None


def stand(project: Project, on: date) -> Standing:
    """Where one project stands on a day.

    Progress is held against a straight line from start to due. A due or a planned start that is over counts whole months after the end of what
    was written: a project due in "2025" is not late before 2026. A project finished by now was not finished on days before its date.
    """
    planned = _planned_share(project, on)
    if project.finished and (project.due is None or project.due.start <= on):
        return Standing(project, "green", "finished", planned, None)
    if project.progress_share is not None and project.progress_day is not None and project.progress_day <= on:
        return _by_progress(project, planned)
    if project.due is not None and project.due.end < on:
        months = _months_between(project.due.end, on)
        return Standing(
            project,
            earned.delay_light(months),
            f"due {project.due}, whole months over: {months}, not finished",
            planned,
            None,
        )
    if project.planned_start is not None and project.state not in BEGUN and project.planned_start.end < on:
        months = _months_between(project.planned_start.end, on)
        reason = f"start planned for {project.planned_start}, whole months missed: {months}"
        return Standing(project, earned.delay_light(months), reason, planned, None)
    reason = "no due date" if project.due is None else "no progress reported"
    return Standing(project, "grey", reason, planned, None)


def _by_progress(project: Project, planned_now: float | None) -> Standing:
    share, day = project.progress_share, project.progress_day
    assert share is not None and day is not None
    planned, days = _planned_share(project, day), project.planned_days
    if planned is None or not days or project.started is None:
        return Standing(project, "grey", "progress without start and due", planned_now, None)
    index = earned.schedule_index([0.0, 1.0], [0.0, float(days)], share, float((day - project.started.start).days))
    behind = 100.0 * (planned - share)
    reason = (
        f"{share:.0%} on {day}, planned {planned:.0%}: {abs(behind):.0f} points {'behind' if behind > 0 else 'ahead'}"
    )
    return Standing(project, earned.progress_light(planned, share), reason, planned_now, index)


def _planned_share(project: Project, on: date) -> float | None:
    days = project.planned_days
    if not days or project.started is None:
        return None
    return min(max((on - project.started.start).days / days, 0.0), 1.0)


def _months_between(first: date, last: date) -> int:
    """Whole months from the day after ``first`` to the day after ``last``: the end of December to the end of March is three."""
    begun, ended = first + timedelta(days=1), last + timedelta(days=1)
    return (ended.year - begun.year) * 12 + ended.month - begun.month - (ended.day < begun.day)


def find_critical_path(projects: tuple[Project, ...]) -> Path | None:
    """The critical path of the projects that have both dates and a dependency; None where no dependency is known."""
    after = {project.id: project.after for project in projects if project.after}
    if not after:
        return None
    used = set(after) | {other for others in after.values() for other in others}
    durations = {project.id: project.planned_days for project in projects if project.id in used}
    unknown = [name for name, days in durations.items() if days is None]
    if unknown:
        faults = [
            Fault("projects.csv", None, "started", name, "a dependency needs start and due", "fill them in")
            for name in unknown
        ]
        raise DataError(faults)
    return earned.critical_path({name: float(days) for name, days in durations.items() if days is not None}, after)
