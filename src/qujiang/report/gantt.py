"""The projects of a district as the page shows them: the Gantt chart in both languages, and the critical path in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qujiang.outlook.gantt import draw_gantt
from qujiang.outlook.projects import Project, read_projects, stand
from qujiang.outlook.schedule import expect_finishes, find_critical_path
from qujiang.report.evidence import table
from qujiang.words import Both, both_numbers, number, tell

#: Needed in a file of its own, not within a page.
XMLNS = ' xmlns="http://www.w3.org/2000/svg"'


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """The chart on a day, as SVG in both languages, and what is said of the critical path."""

    day: str
    chart: Both
    path: Both


def project_plan(district: Any, on: date | None) -> ProjectPlan | None:
    """The projects with a date; None where there are none. Without a day it is today."""
    frame = table(district, "projects")
    projects = read_projects(frame) if frame.height else ()
    if not any(project.started or project.due or project.planned_start for project in projects):
        return None
    day = on or date.today()
    standings, expected = [stand(project, day) for project in projects], expect_finishes(projects, day)
    network = find_critical_path(projects)
    critical = network.path.critical if network and network.path else ()
    english, chinese = (
        draw_gantt(standings, day, language=language, expected=expected, critical=critical).replace(XMLNS, "")
        for language in ("en", "zh")
    )
    return ProjectPlan(str(day), Both(english, chinese), _path(projects))


def _path(projects: Sequence[Project]) -> Both:
    network = find_critical_path(projects)
    if network is None:
        return tell("projects.path.none")
    if network.path is None:
        return tell("projects.path.undated", names=", ".join(network.undated))
    days = both_numbers(number, network.path.length_days)
    return tell("projects.path", days=days, chain=" → ".join(network.path.chain))
