"""What someone tries on the district: levers to show, and chosen values as the overlay of a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from qujiang.district.project_effects import project_scenario
from qujiang.district.scenario import Scenario, find_scenario, read_scenario
from qujiang.errors import DataError, Fault, NotFoundError
from qujiang.plan.levers import Lever, chosen_overlay
from qujiang.plan.levers import levers as read_levers
from qujiang.web.plans import Plans
from qujiang.words import Both, tell


def levers_of(plans: Plans) -> tuple[Lever, ...]:
    """The district's levers; of the locks only those that its vessels pass, once a plan was computed."""
    with plans.store.read() as connection:
        try:
            locks = plans.own(connection).content["map"]["locks"]
        except NotFoundError:
            locks = []
    passed = tuple(row["lock"] for row in (locks[-1] if locks else []) if row["own_t"])
    return plans.kept(("levers", passed), lambda: read_levers(plans.district, passed or None))


def scenarios_of(plans: Plans) -> tuple[Scenario, ...]:
    """The scenarios of the district's folder that can be read."""
    district = plans.district
    return tuple(scenario for name in district.scenarios if (scenario := _scenario(district.folder, name)) is not None)


@lru_cache(maxsize=256)
def _scenario(folder: Path | None, name: str) -> Scenario | None:
    path, inside = find_scenario(folder, name)
    return read_scenario(path, inside=inside)[0]


def lever_list(plans: Plans) -> dict[str, Any]:
    """Levers and scenarios as JSON."""
    return {
        "district": {"id": plans.district.info.id, "hash": plans.district.hash},
        "levers": [lever.as_dict() for lever in levers_of(plans)],
        "scenarios": [
            {"name": s.name, "zh": s.name_zh, "en": s.name_en, "reason": s.reason, "reason_zh": s.reason_zh}
            for s in scenarios_of(plans)
        ],
        "projects": projects_of(plans),
    }


def projects_of(plans: Plans) -> list[dict[str, str]]:
    """The projects that change something: those that ``project_effects`` names."""
    acting = set(plans.district["project_effects"]["project"])
    return [
        {"id": row["id"], "zh": row["name_zh"], "en": row["name_en"], "state": row["state"]}
        for row in plans.district["projects"].to_dicts()
        if row["id"] in acting
    ]


def overlay_of(
    plans: Plans,
    overlay: str,
    values: Mapping[str, float],
    scenarios: Sequence[str],
    projects: Sequence[str],
    title: str,
) -> str:
    """The overlay that someone means: TOML as written, or chosen values on top of scenarios and projects of the district.

    Raises
    ------
    DataError
        Both are given, a scenario or lever is unknown, or a value is out of bounds.
    """
    if overlay.strip():
        if values or scenarios or projects:
            mend = "send either the TOML or the values"
            raise DataError([Fault("study", None, "overlay", None, "stands beside chosen values", mend)])
        return overlay
    known = {scenario.name: scenario for scenario in scenarios_of(plans)}
    missing = [name for name in scenarios if name not in known]
    if missing:
        mend = f"choose from {', '.join(known) or 'none'}"
        raise DataError(
            [Fault("study", None, "scenarios", name, "is no scenario of this district", mend) for name in missing]
        )
    acting = {project["id"] for project in projects_of(plans)}
    missing = [name for name in projects if name not in acting]
    if missing:
        mend = f"choose from {', '.join(sorted(acting)) or 'none'}"
        raise DataError(
            [Fault("study", None, "projects", name, "is no project that changes something", mend) for name in missing]
        )
    built_on = [known[name] for name in dict.fromkeys(scenarios)]
    if projects:
        district = plans.district
        built_on.append(project_scenario(district.frames, list(dict.fromkeys(projects)), lines=district.lines))
    reason = tell("try.reason")
    return chosen_overlay(
        levers_of(plans),
        values,
        plans.district,
        names=Both(title or tell("try.title").en, title or tell("try.title").zh),
        reason=reason.en,
        reason_zh=reason.zh,
        built_on=built_on,
    )
