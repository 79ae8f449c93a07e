"""Text of ``qujiang outlook track``, ``foresee`` and ``read``, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qujiang.methods.growth import SHAPES
from qujiang.words import Both, Language, known, quantity, say

if TYPE_CHECKING:
    from qujiang.district.observations import Observation
    from qujiang.outlook.claims import Finding
    from qujiang.outlook.comparisons import GrowthCheck
    from qujiang.outlook.foresee import Foresight
    from qujiang.outlook.measures import MeasureState
    from qujiang.outlook.yearbook import Missing

WIDTH = 140
TRACK_HEAD = {
    "en": ("", "measure", "today", "base", "target", "by", "asks a year", "earliest", "state"),
    "zh": ("", "指标", "今日", "基准情形", "目标", "年份", "年均需增长", "最早达到", "判断"),
}
FORESEE_HEAD = {
    "en": ("year", "median", "50 %", "80 %", "95 %"),
    "zh": ("年份", "中值", "50%区间", "80%区间", "95%区间"),
}
READ_HEAD = {
    "en": ("area", "indicator", "basis", "period", "value", "unit"),
    "zh": ("地区", "指标", "口径", "时期", "数值"),
}


def table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...]) -> Iterator[str]:
    """Rows in columns; ``right`` names those that are set to the right."""
    from qujiang.report.columns import table_lines

    for line in table_lines([heading, *rows], WIDTH, right=right):
        yield line.rstrip()


def track_lines(
    name: str,
    year: int,
    states: Sequence[MeasureState],
    findings: Sequence[Finding],
    clashes: Sequence[GrowthCheck],
    language: Language,
) -> Iterator[str]:
    """What every target asks, claims that fail, and published growth that the levels contradict."""
    yield say("track.head", language, name=name, year=year)
    yield ""
    yield from table(TRACK_HEAD[language], [_measure(state, language) for state in states], right=(2, 3, 4, 6))
    yield ""
    yield say("track.legend", language)
    yield ""
    yield say("track.claims", language)
    for finding in findings:
        rows = ", ".join(finding.rows)
        if language == "zh":
            yield f"  {say(f'claim.kind.{finding.kind}', 'zh')}（{rows}）：{finding.sentence_zh}"
        else:
            yield f"  {finding.kind:<17}{rows:<16}  {finding.sentence}"
    yield ""
    yield say("track.clashes", language)
    for clash in clashes:
        yield f"  {clash_line(clash, language)}"
    if not clashes:
        yield f"  {say('track.no_clash', language)}"


def clash_line(clash: GrowthCheck, language: Language) -> str:
    """A published growth beside the computed one."""
    row = clash.observation
    published, computed = row.published_growth_percent, clash.computed_percent
    name = Both(row.indicator, known("series", row.indicator).zh)
    flag = Both(clash.flag or "", clash.flag_zh or "")
    said = {"area": row.area, "name": name, "span": row.span, "published": f"{published:g}", "flag": flag}
    return say("track.clash", language, **said, computed=f"{computed:.2f}")


def _measure(state: MeasureState, language: Language) -> tuple[str, ...]:
    zh = language == "zh"
    asked = state.required_growth_percent_per_year
    shown = {
        part: "?" if value is None else quantity(value, state.unit, language)
        for part, value in (("today", state.today_value), ("base", state.base_value), ("target", state.target_value))
    }
    star = "*" if state.base_value is not None and state.base_status == "assumed" else ""
    light, verdict = say(f"track.light.{state.light}", language), say(f"track.state.{state.state}", language)
    return (
        f"{SHAPES[state.arrow]} {light}",
        f"{state.id} {state.name_zh if zh else state.name_en}",
        shown["today"],
        shown["base"] + star,
        "?" if state.target_value is None else f"{state.bound} {shown['target']}",
        str(state.target_year or "?"),
        "" if asked is None or state.state == "met" else f"{asked:+.1f}%" if zh else f"{asked:+.1f} %",
        str(state.earliest_year or ""),
        f"{verdict}：{state.reason_zh}" if zh else f"{verdict}: {state.reason}",
    )


def foresee_lines(found: Foresight, reach: Sequence[float], language: Language) -> Iterator[str]:
    """Median and bands by year, probabilities, the back-test, and what the forecast rests on."""
    zh = language == "zh"
    count = found.forecast.points_count
    yield say(
        "foresee.head",
        language,
        name=Both(found.indicator, known("series", found.indicator).zh),
        area=found.area,
        unit=found.unit,
        points=f"{count} point{'s' if count != 1 else ''}",
        count=count,
        step=Both(found.step, known("foresee.step", found.step.replace(" ", "_")).zh),
        status=Both(found.status, say(f"track.status.{found.status}", "zh")),
    )
    yield ""

    def shown(value: float) -> str:
        return quantity(value, found.unit, "zh") if zh else f"{value:,.4g}"

    dots = "～" if zh else " .. "
    rows = [
        (
            str(year.year),
            shown(year.median_value),
            *(f"{shown(year.low_value[p])}{dots}{shown(year.high_value[p])}" for p in sorted(year.low_value)),
        )
        for year in found.years
    ]
    yield from table(FORESEE_HEAD[language], rows, right=(1, 2, 3, 4))
    for x in reach:
        value = quantity(x, found.unit, "zh") if zh else f"{x:,.6g}"
        chance = f"{found.probability_at_least(x):.2f}"
        yield say("foresee.chance", language, value=value, year=found.years[-1].year, chance=chance)
    yield ""
    yield from _record(found, language)
    yield from found.rests_on_zh if zh else found.rests_on


def _record(found: Foresight, language: Language) -> Iterator[str]:
    record = found.forecast.backtest
    if record is None:
        yield say("foresee.no_record", language)
        return
    ranked = sorted(record.mase.items(), key=lambda item: item[1])
    pairs = [(name, value) for name, value in ranked if math.isfinite(value)]
    between = "，" if language == "zh" else ", "
    scores = between.join(
        f"{known('foresee.member', name).of(language) if language == 'zh' else name} {value:.2f}"
        for name, value in pairs
    )
    held = between.join(
        say("foresee.held_part", language, level=f"{level:.0%}", count=count, tried=record.tried_count)
        for level, count in record.inside_count.items()
    )
    yield say("foresee.record", language, origins=record.origins_count, scores=scores)
    yield say("foresee.held", language, held=held)


def read_lines(
    rows: Sequence[Observation],
    checks: Sequence[GrowthCheck],
    missing: Sequence[Missing],
    file: str,
    language: Language,
) -> Iterator[str]:
    """Observations that were read, every published growth that the levels contradict or cannot bear out, and cells without a figure."""
    yield from table(READ_HEAD[language], [_read_row(row, language) for row in rows], right=(4,))
    for found in checks:
        if found.flag and found.difference_percent is not None:
            yield clash_line(found, language)
    for cell in missing:
        name = Both(cell.indicator, known("series", cell.indicator).zh)
        yield say(
            "read.missing", language, file=file, line=cell.line, column=cell.column, name=name, span=str(cell.span)
        )


def _read_row(row: Observation, language: Language) -> tuple[str, ...]:
    if language == "en":
        return row.area, row.indicator, row.basis, str(row.span), f"{row.value:,.6g}", row.unit
    name, basis = known("series", row.indicator).zh, known("outlook.basis", row.basis).zh
    return row.area, name, basis, str(row.span), quantity(row.value, row.unit, "zh", exact=True)
