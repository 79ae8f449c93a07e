"""The answer of a plan as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from qujiang.plan.result import LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.report import answer
from qujiang.report.columns import display_width, fold, table_lines
from qujiang.words import Both, Language, known, number, quantity, say

WIDTH = 120
NARROWEST = 60
INDENT = "  "


def plan_text(result: PlanResult, width: int | None = None, *, language: Language = "en") -> str:
    """The answer of a plan: per landmark where each measure stands and goes and what binds it, then what limits the port
    and how the model meets what is known.

    Parameters
    ----------
    width
        Cells of a line; 120 where None. Cells of the table are folded to it.
    language
        ``en`` or ``zh``; names stand in both.
    """
    width = max(width or WIDTH, NARROWEST)
    blocks = [
        _head(result, language),
        [line for said in answer.sentences(result) for line in fold(said.of(language), width)],
        *(_landmark(landmark, width, language) for landmark in result.landmarks),
        _limits(result, width, language),
        _facts(result, width, language),
        _modal(result, language),
        fold(say("mark.legend.text", language), width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(result: PlanResult, language: Language) -> list[str]:
    name = answer.name_of(result.district)
    scenario = result.scenario
    told = (
        say("scenario.none", language) if scenario is None else say("scenario", language, name=answer.name_of(scenario))
    )
    title = say("title", language, district=_beside(name, language))
    return [title, f"{say('subtitle', language, year=result.district['base_year'])} · {told}"]


def _landmark(landmark: LandmarkAnswer, width: int, language: Language) -> list[str]:
    name = f"{landmark.number}  {_beside(answer.name_of(landmark), language)}"
    status = f"[{known('status', landmark.status).of(language)}]"
    reason = Both(landmark.reason, landmark.reason_zh).of(language)
    head = [f"{name}  {status}"] if display_width(name + status) + 2 <= width else [*fold(name, width), status]
    head += [INDENT + line for line in fold(reason, width - len(INDENT))] if reason else []
    years = {measure.target_year for measure in landmark.measures if measure.target is not None}
    year = years.pop() if len(years) == 1 else None
    keys = {answer.course_key(measure) for measure in landmark.measures if measure.median is not None}
    course = keys.pop() if len(keys) == 1 else "median" if "median" in keys else "base"
    rows = [_titles(year, course, language), *(_measure(measure, year, language) for measure in landmark.measures)]
    lines = table_lines(rows, width - len(INDENT), right=(1, 2, 3))
    return [*head, *(INDENT + line for line in lines)]


def _titles(year: int | None, course: str, language: Language) -> list[str]:
    """Heads of the columns; a year that all targets share stands here instead of at each. ``course`` is base or median."""
    timed = (f"{course}.year", "target.year") if year else (course, "target")
    return [say(key, language, year=year) for key in ("measure", "today", *timed, "status", "binds")]


def _measure(measure: MeasureAnswer, year: int | None, language: Language) -> list[str]:
    assumed = answer.parts_assumed(measure)

    def cell(value: float | None, part: str) -> str:
        return quantity(value, measure.unit, language) + ("*" if assumed[part] else "")

    target = cell(measure.target, "target")
    if measure.target is not None and measure.target_year != year:
        target += f" ({measure.target_year})"
    status = known("status", measure.status).of(language)
    binds = _binds(measure, language)
    if measure.status in ("untestable", "unknown"):
        binds = Both(measure.reason, measure.reason_zh).of(language)
    name = _beside(answer.name_of(measure), language, "\n")
    if not measure.counts:
        name += f"\n({say('not_counted.short', language)})"
    return [name, cell(measure.today, "today"), cell(measure.median, "median"), target, status, binds]


def _binds(measure: MeasureAnswer, language: Language) -> str:
    first = answer.first_binder(measure)
    if first is None:
        return ""
    gain = answer.gain_words(first, measure.bound).of(language) + ("*" if first.assumed else "")
    return say("binds.short", language, what=Both(first.what, first.what_zh), gain="\n" + gain).replace(" \n", "\n")


def _limits(result: PlanResult, width: int, language: Language) -> list[str]:
    if not result.limits:
        return []
    rows = [[say(key, language) for key in ("limit", "limit.kind", "limit.level", "limit.gain")]]
    shown, left = answer.shown_limits(result)
    for limit in shown:
        level = answer.level_words(limit)
        mark = "*" if limit.assumed else ""
        rows.append(
            [
                Both(limit.what, limit.what_zh).of(language),
                answer.kind_words(limit).of(language),
                "" if level is None else level.of(language) + mark,
                answer.gain_words(limit).of(language) + mark if limit.gain > 0 else number(0, language),
            ]
        )
    lines = _section("text.limits", rows, width, language, right=(2, 3))
    return [*lines, INDENT + say("limits.left", language, count=left)] if left else lines


def _facts(result: PlanResult, width: int, language: Language) -> list[str]:
    if not result.residuals:
        return []
    rows = [
        [say(key, language) for key in ("fact", "fact.use", "fact.value", "fact.tolerance", "fact.model", "fact.met")]
    ]
    for row in result.residuals:
        low, high = (quantity(row[end], row["unit"], language) for end in ("low", "high"))
        rows.append(
            [
                answer.fact_name(row).of(language),
                known("use", row["use"]).of(language),
                quantity(row["fact_value"], row["unit"], language),
                say("to", language, low=low, high=high),
                quantity(row["model_value"], row["unit"], language),
                say(answer.met_key(row["met"]), language),
            ]
        )
    return _section("text.facts", rows, width, language, right=(2, 3, 4))


def _modal(result: PlanResult, language: Language) -> list[str]:
    if not result.modal_constants:
        return []
    limit = quantity(answer.NOT_EXPLAINED_YUAN_PER_T, "yuan_per_t", language)
    rows = [[say(key, language) for key in ("mode", "modal.constant", "modal.explained")]]
    rows += [
        [
            known("mode", row["mode"]).of(language),
            quantity(row["yuan_per_t"], "yuan_per_t", language),
            say("modal.yes", language, limit=limit) if answer.is_explained(row) else say("modal.no", language),
        ]
        for row in result.modal_constants
    ]
    return _section("text.modal", rows, WIDTH, language, right=(1,))


def _section(
    key: str, rows: Sequence[Sequence[str]], width: int, language: Language, right: Sequence[int]
) -> list[str]:
    lines = table_lines(rows, width - len(INDENT), right=right)
    return [say(key, language), *(INDENT + line for line in lines)]


def _beside(name: Both, language: Language, gap: str = " ") -> str:
    """A name with the one of the other language beside it."""
    other = name.zh if language == "en" else name.en
    return name.of(language) if name.en == name.zh else f"{name.of(language)}{gap}{other}"
