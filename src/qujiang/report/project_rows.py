"""The key projects on a day: one plain record a project, their money, and the critical path; for pages and tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from qujiang.outlook.gantt import draw_gantt
from qujiang.outlook.projects import Project, Standing, read_projects, stand
from qujiang.outlook.schedule import Expected, expect_finishes, find_critical_path
from qujiang.report.evidence import table
from qujiang.words import Both, Language, both_of

LIGHTS = ("red", "yellow", "green", "grey")
Json = dict[str, Any]


def projects_on(district: Any, on: date) -> Json:
    """Every project as it stands on a day.

    Returns
    -------
    dict
        ``on``, ``projects`` (in the table's order), ``lights`` (how many of each), ``cost_yuan`` (sum of the known ones, with
        how many are not known) and ``critical_path``: None where no dependency is known; ``chain`` None where days are missing,
        which ``undated`` names.
    """
    frame = table(district, "projects")
    every = read_projects(frame)
    rows = {row["id"]: row for row in frame.to_dicts()}
    titles = {row["id"]: both_of(row, "title") for row in table(district, "sources").to_dicts()}
    expected, network = expect_finishes(every, on), find_critical_path(every)
    path = network.path if network else None
    slack = path.slack_days if path else {}
    free = path.free_days if path else {}
    records = []
    for project in every:
        record = _record(stand(project, on), expected[project.id], rows[project.id], titles)
        on_path = path is not None and project.id in path.critical
        records.append(
            record | {"critical": on_path, "slack_days": slack.get(project.id), "free_days": free.get(project.id)}
        )
    costs = [record["cost_yuan"] for record in records if record["cost_yuan"] is not None]
    return {
        "on": on.isoformat(),
        "projects": records,
        "lights": {light: sum(record["light"] == light for record in records) for light in LIGHTS},
        "cost_yuan": sum(costs),
        "cost_unknown": len(records) - len(costs),
        "critical_path": None
        if network is None
        else {
            "chain": None if path is None else list(path.chain),
            "length_days": None if path is None else path.length_days,
            "undated": list(network.undated),
        },
    }


def gantt_on(district: Any, on: date, language: Language) -> str:
    """The chart of the projects as one SVG text."""
    every = read_projects(table(district, "projects"))
    expected, network = expect_finishes(every, on), find_critical_path(every)
    critical = network.path.critical if network and network.path else ()
    return draw_gantt([stand(p, on) for p in every], on, language=language, expected=expected, critical=critical)


def gains_of(answer: Mapping[str, Any] | None) -> list[Json]:
    """What each project moves alone, from the plan's kept answer: a record a project and measure, the signs those of the measure.

    A project that moves no measure has one record without a gain.
    """
    told = None if answer is None else answer.get("projects")
    if answer is None or told is None:
        return []
    measures = {measure["id"]: measure for landmark in answer["landmarks"] for measure in landmark["measures"]}
    return [record for project in told["gains"] for record in _gains(project, measures)]


def _gains(project: Mapping[str, Any], measures: Mapping[str, Any]) -> list[Json]:
    names = ("id", "name_en", "name_zh", "cost_yuan", "counts", "assumed", "reason", "reason_zh")
    base = {name: project[name] for name in names}
    found = []
    for gain in project["gains"]:
        measure = measures[gain["measure"]]
        sign = -1.0 if measure["bound"].startswith("<") else 1.0
        low, high = sorted((sign * gain["gain_low"], sign * gain["gain_high"]))
        per = gain["gain_per_100_million_yuan"]
        moved = {"gain": sign * gain["gain"], "gain_low": low, "gain_high": high}
        per_ = {"gain_per_100_million_yuan": None if per is None else sign * per}
        words = {"measure": gain["measure"], "measure_en": measure["name"]["en"], "measure_zh": measure["name"]["zh"]}
        unit = "percentage_points" if gain["unit"] == "percent" else gain["unit"]
        found.append({**base, **words, "unit": unit, **moved, **per_})
    return found or [{**base, "measure": None}]


def _record(standing: Standing, expected: Expected, row: Mapping[str, Any], titles: Mapping[str, Both]) -> Json:
    project = standing.project
    sources = row["source"] if isinstance(row["source"], list) else str(row["source"] or "").split(";")
    named = [titles.get(source, Both(source, source)) for source in sources if source]
    known = both_of(row, "known")
    return {
        "id": project.id,
        "name_zh": project.name_zh,
        "name_en": project.name_en,
        "kind": project.kind,
        "state": project.state,
        "light": standing.light,
        "reason": {"en": standing.reason, "zh": standing.reason_zh},
        "started": _text(project, "started"),
        "due": _text(project, "due"),
        "cost_yuan": project.cost_yuan,
        "cost_low_yuan": row.get("cost_low_yuan"),
        "cost_high_yuan": row.get("cost_high_yuan"),
        "spent_yuan": project.spent_yuan,
        "capacity_t_per_year": row.get("capacity_t_per_year"),
        "progress_share": project.progress_share,
        "progress_day": None if project.progress_day is None else project.progress_day.isoformat(),
        "planned_share": standing.planned_share,
        "schedule_ratio": standing.schedule_ratio,
        "cost_ratio": standing.cost_ratio,
        "finished": standing.reason == "finished",
        "planned_finish": None if expected.planned_finish is None else expected.planned_finish.isoformat(),
        "expected_finish": None if expected.finish is None else expected.finish.isoformat(),
        "late_days": expected.late_days,
        "expected_reason": {"en": expected.reason, "zh": expected.reason_zh},
        "after": list(project.after),
        "known_en": known.en,
        "known_zh": known.zh,
        "status": project.status,
        "sources_en": [title.en for title in named],
        "sources_zh": [title.zh for title in named],
        "source_ids": [source for source in sources if source],
    }


def _text(project: Project, name: str) -> str | None:
    span = project.started or project.planned_start if name == "started" else project.due
    return None if span is None else str(span)
