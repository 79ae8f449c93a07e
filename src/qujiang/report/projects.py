"""What each project moves per yuan, and the best set for a budget: rows that text and page share, and the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qujiang.plan.result import Chosen, Gain, MeasureAnswer, PlanResult, ProjectGain
from qujiang.report.columns import fold, table_lines
from qujiang.words import Both, Language, both_numbers, number, quantity, say, signed_quantity, tell

INDENT = "  "
#: Two gains that differ by less than this part add up.
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class GainRow:
    """One measure that a project moves, in words; signs are those of the measure."""

    measure: Both
    gain: Both
    ends: Both
    per: Both | None
    assumed: bool


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project in words."""

    id: str
    name: Both
    cost: Both
    reason: Both
    counts: bool
    gains: tuple[GainRow, ...]


def project_rows(result: PlanResult) -> tuple[ProjectRow, ...]:
    """Projects in the order of their table; the gains of each as the measures stand in the plan."""
    if result.projects is None:
        return ()
    measures = _measures(result)
    return tuple(_row(project, measures) for project in result.projects.gains)


def _measures(result: PlanResult) -> Mapping[str, MeasureAnswer]:
    return {measure.id: measure for landmark in result.landmarks for measure in landmark.measures}


def _row(project: ProjectGain, measures: Mapping[str, MeasureAnswer]) -> ProjectRow:
    cost = tell("projects.unknown_cost")
    if project.cost_yuan is not None:
        cost = both_numbers(quantity, project.cost_yuan, "yuan")
    return ProjectRow(
        project.id,
        Both(project.name_en, project.name_zh),
        cost,
        Both(project.reason, project.reason_zh),
        project.counts,
        tuple(_gain(gain, project, measures[gain.measure]) for gain in project.gains),
    )


def _gain(gain: Gain, project: ProjectGain, measure: MeasureAnswer) -> GainRow:
    sign = -1.0 if measure.bound.startswith("<") else 1.0
    low, high = sorted((sign * gain.low, sign * gain.high))
    per = gain.per(project.cost_yuan)
    return GainRow(
        Both(measure.name_en, measure.name_zh),
        _signed(sign * gain.gain, gain.unit),
        tell("to", low=_signed(low, gain.unit), high=_signed(high, gain.unit)),
        None if per is None else _signed(sign * per, gain.unit),
        project.assumed,
    )


def _signed(value: float, unit: str) -> Both:
    return both_numbers(signed_quantity, value, "percentage_points" if unit == "percent" else unit)


def chosen_sentences(result: PlanResult) -> list[Both]:
    """The set, what it gives as a whole and as a sum, and how sure it is that no other is better."""
    if result.projects is None or result.projects.chosen is None:
        return []
    chosen = result.projects.chosen
    budget = both_numbers(quantity, chosen.budget_yuan, "yuan")
    if not chosen.projects:
        return [tell("choose.none"), *_sure(chosen, result)]
    names = {project.id: project for project in result.projects.gains}
    listed = Both(
        ", ".join(f"{name} {names[name].name_en}" for name in chosen.projects),
        "、".join(f"{name} {names[name].name_zh}" for name in chosen.projects),
    )
    told = [tell("choose.set", projects=listed, cost=both_numbers(quantity, chosen.cost_yuan, "yuan"), budget=budget)]
    if chosen.measure is None:
        told.append(tell("choose.score", score=both_numbers(number, chosen.score)))
    else:
        measure = _measures(result)[chosen.measure]
        name = Both(measure.name_en, measure.name_zh)
        sign = -1.0 if measure.bound.startswith("<") else 1.0
        told.append(tell("choose.score.one", measure=name, gain=_signed(sign * chosen.score, measure.unit)))
    apart = chosen.score - chosen.added_score
    same = abs(apart) <= SAME * max(abs(chosen.score), abs(chosen.added_score))
    how = tell("choose.add_up" if same else "choose.help" if apart > 0 else "choose.hinder")
    scores = {"together": _score(chosen.score, chosen, result), "added": _score(chosen.added_score, chosen, result)}
    return [*told, tell("choose.added", how=how, **scores), *_sure(chosen, result)]


def _score(value: float, chosen: Chosen, result: PlanResult) -> Both:
    if chosen.measure is None:
        return both_numbers(number, value)
    return both_numbers(quantity, value, _measures(result)[chosen.measure].unit)


def _sure(chosen: Chosen, result: PlanResult) -> list[Both]:
    count = both_numbers(number, chosen.sets_count)
    if chosen.proven:
        told = [tell("choose.proven", count=count)]
    else:
        ends = {"bound": _score(chosen.bound, chosen, result), "gap": _score(chosen.gap, chosen, result)}
        told = [tell("choose.bound", count=count, **ends)]
    return [*told, tell("choose.pairs_left", count=chosen.pairs_left_count)] if chosen.pairs_left_count else told


def chosen_rows(result: PlanResult) -> tuple[tuple[Both, Both, Both, Both, Both], ...]:
    """Measures that the chosen set moves: name, without, with, gain as a whole, gains added up."""
    if result.projects is None or result.projects.chosen is None:
        return ()
    rows = []
    for row in result.projects.chosen.measures:
        sign = -1.0 if row["bound"].startswith("<") else 1.0
        rows.append(
            (
                Both(row["name_en"], row["name_zh"]),
                both_numbers(quantity, row["before"], row["unit"]),
                both_numbers(quantity, row["after"], row["unit"]),
                _signed(sign * row["gain"], row["unit"]),
                _signed(sign * row["added_gain"], row["unit"]),
            )
        )
    return tuple(rows)


def projects_text(result: PlanResult, width: int = 120, *, language: Language = "en") -> str:
    """What each project moves, and the best set, as lines of text; nothing where it was not asked for."""
    if result.projects is None:
        return ""
    blocks = [_gains_block(result, width, language)]
    if result.projects.chosen is not None:
        blocks.append(_chosen_block(result, width, language))
    return "\n\n".join("\n".join(block) for block in blocks)


def _gains_block(result: PlanResult, width: int, language: Language) -> list[str]:
    assert result.projects is not None
    rows = project_rows(result)
    if not rows:
        return [say("projects.none", language)]
    keys = ("projects.project", "projects.cost", "projects.measure", "projects.gain", "projects.range", "projects.per")
    table = [[say(key, language) for key in keys]]
    for row in rows:
        head = [f"{row.id} {row.name.of(language)}", row.cost.of(language)]
        gains = [
            [
                gain.measure.of(language),
                gain.gain.of(language) + ("*" if gain.assumed else ""),
                gain.ends.of(language),
                gain.per.of(language) + ("*" if gain.assumed else "") if gain.per else "",
            ]
            for gain in row.gains
        ] or [[say("projects.nothing", language) if row.counts else row.reason.of(language), "", "", ""]]
        table += [[*(head if at == 0 else ["", ""]), *cells] for at, cells in enumerate(gains)]
    lines = table_lines(table, width - len(INDENT), right=(1, 3, 5))
    dated = {row.reason: row.id for row in rows if row.counts}
    notes = [f"{reason.of(language)}: {', '.join(row.id for row in rows if row.reason == reason)}" for reason in dated]
    head = say("projects.head", language, year=str(result.projects.year))
    return [
        head,
        *(INDENT + line for line in lines),
        *(INDENT + line for note in notes for line in fold(note, width - 2)),
    ]


def _chosen_block(result: PlanResult, width: int, language: Language) -> list[str]:
    assert result.projects is not None and result.projects.chosen is not None
    budget = both_numbers(quantity, result.projects.chosen.budget_yuan, "yuan")
    told = [line for said in chosen_sentences(result) for line in fold(said.of(language), width - len(INDENT))]
    rows = chosen_rows(result)
    lines = []
    if rows:
        keys = ("projects.measure", "choose.before", "choose.after", "choose.together", "choose.alone")
        table = [[say(key, language) for key in keys], *([cell.of(language) for cell in row] for row in rows)]
        lines = table_lines(table, width - len(INDENT), right=(1, 2, 3, 4))
    return [say("choose.head", language, budget=budget), *(INDENT + line for line in (*told, *lines))]
