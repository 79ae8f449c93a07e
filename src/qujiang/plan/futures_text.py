"""What many futures say, as a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from qujiang.plan.delays import HELD_MANY, HELD_TESTABLE, MOST_STATES
from qujiang.plan.result import MeasureAnswer, PlanResult

#: Inputs named for each measure.
NAMED = 3
WORDS = {
    "en": {
        "head": "{count:,} futures (seed {seed})",
        "all": "All six landmarks together: {p}",
        "landmark": "{number}  {name}: {p}",
        "measure": "   {name}: {p}; moved most by {inputs}",
        "plain": "   {name}: {p}",
        "binds": "What binds the port: {parts}",
        "economy": "Cargoes whose demand follows the {name}: {cargoes}; {growth:g} % a year, in 80 % of the futures {low:.1f} to {high:.1f} % ({law}{marks})",
        "law.forecast": "the forecast's bands",
        "law.stated range": "the stated range",
        "law.measure": "drawn with its measure",
        "marks": "; elasticities assumed",
        "checked": "Waits for a berth, {futures} futures simulated: curve {curve:.3f} h, simulation {simulated:.3f} h, largest "
        "difference {largest:+.3f} h",
        "without": "{p} (without the projects {bare})",
        "effect": "   effect drawn from its range",
        "effects_held": "   rows of its effect at their middle: {rows}",
        "project": "Project {name}: finished by the end of {year} in {p} of the futures (delay {low:g} to {high:g} months, {assumed})",
        "held": "Project {name}: open in all futures, no delay is drawn: {why}",
        "given": "its own",
        "assumed": "assumed",
        "unknown": "probability not known, a measure has no figure of today (at most {most})",
        "nothing": "probability not known, no measure can be tested",
        "and": ", ",
        "of": ": ",
    },
    "zh": {
        "head": "{count:,} 种未来（种子 {seed}）",
        "all": "六项成果同时达成：{p}",
        "landmark": "{number}  {name}：{p}",
        "measure": "   {name}：{p}；影响最大的假设：{inputs}",
        "plain": "   {name}：{p}",
        "binds": "港口的约束：{parts}",
        "economy": "{cargoes}种货物的需求随{name}变动：每年{growth:g}%，80%的未来为{low:.1f}至{high:.1f}%（{law}{marks}）",
        "law.forecast": "预测区间",
        "law.stated range": "所列区间",
        "law.measure": "与该指标同一抽取",
        "marks": "；弹性为假定",
        "checked": "待泊时间，{futures} 种未来经仿真核对：曲线 {curve:.3f} 小时，仿真 {simulated:.3f} 小时，最大差 {largest:+.3f} 小时",
        "without": "{p}（无这些项目时 {bare}）",
        "effect": "   效果按其区间抽取",
        "effects_held": "   效果中取中值的行：{rows}",
        "project": "项目{name}：在{p}的未来中于{year}年底前建成（延期{low:g}至{high:g}个月，{assumed}）",
        "held": "项目{name}：在所有未来中均视为建成，未抽取延期：{why}",
        "given": "项目自有范围",
        "assumed": "假定",
        "unknown": "概率未知，有指标没有今日数据（至多 {most}）",
        "nothing": "概率未知，没有可检验的指标",
        "and": "、",
        "of": "：",
    },
}

#: Why no delay is drawn, in Chinese.
HELD_ZH = {HELD_MANY: f"改变模型表格的项目只有前{MOST_STATES}个抽取延期", HELD_TESTABLE: "没有它，有的指标无法检验"}


def futures_text(result: PlanResult, language: Literal["en", "zh"] = "en") -> str:
    """Probability of each landmark and measure, what moves it, and what binds how often."""
    return "\n".join(_lines(result, language))


def _lines(result: PlanResult, language: Literal["en", "zh"]) -> Iterator[str]:
    futures, words = result.futures, WORDS[language]
    if futures is None:
        return
    yield ""
    yield words["head"].format(count=futures["count"], seed=futures["seed"])
    every, bare = futures["all_six"], _Bare(futures.get("without"), words)
    yield words["all"].format(p=bare.beside(_chance(every["probability"], every["probability_at_most"], words), None))
    for landmark in result.landmarks:
        name = landmark.name_zh if language == "zh" else landmark.name_en
        chance = _chance(landmark.probability, landmark.probability_at_most, words)
        yield words["landmark"].format(number=landmark.number, name=name, p=bare.beside(chance, landmark.number))
        for measure in landmark.measures:
            if measure.probability is None:
                continue
            moved = futures["assumptions"].get(measure.id, ())
            inputs = words["and"].join(
                (language == "zh" and effect.get("name_zh")) or effect["name_en"] for effect in moved[:NAMED]
            )
            line = words["measure"] if inputs else words["plain"]
            name = measure.name_zh if language == "zh" else measure.name_en
            yield line.format(name=name, p=bare.measure(measure), inputs=inputs)
    binds = futures["binds"]
    if binds:
        which = "what_zh" if language == "zh" else "what"
        parts = words["and"].join(f"{row[which]} {percent(row['share'])}" for row in binds)
        yield words["binds"].format(parts=parts)
    for row in futures.get("economy", ()):
        yield words["economy"].format(
            name=row["name_zh"] if language == "zh" else row["name_en"], low=row["low_percent"], high=row["high_percent"],
            growth=row["growth_percent"], law=words[f"law.{row['law']}"], cargoes=len(row["cargoes"]),
            marks=words["marks"] if row["assumed_elasticities"] else "",
        )  # fmt: skip
    for row in futures.get("projects", ()):
        name = row["name_zh"] if language == "zh" else row["name_en"]
        assumed = words["assumed" if row["assumed"] else "given"]
        yield words["held" if row["held"] else "project"].format(
            name=name, year=row["year"], p=percent(row["finished_share"]), low=row["delay_low_months"],
            high=row["delay_high_months"], assumed=assumed, why=_why(row["held"], language),
        )  # fmt: skip
        if row["effect_drawn"]:
            yield words["effect"]
        if row["effects_held"]:
            yield words["effects_held"].format(rows=row["effects_held"])
    checked = futures.get("validation", {})
    if checked.get("futures"):
        yield words["checked"].format(
            futures=checked["futures"], curve=checked["mean_curve_wait_h"], simulated=checked["mean_simulated_wait_h"],
            largest=checked["largest_difference_h"],
        )  # fmt: skip


class _Bare:
    """The chances without the projects of the plan, said beside those with them."""

    def __init__(self, found: Mapping[str, Any] | None, words: dict[str, str]) -> None:
        self.found, self.words = found, words

    def beside(self, chance: str, landmark: int | None) -> str:
        """A landmark's chance, or that of all."""
        if self.found is None:
            return chance
        rows = {row["landmark"]: row for row in self.found["landmarks"]} | {None: self.found["all_six"]}
        old = rows[landmark]
        if old["probability"] is None:
            return chance
        return self.words["without"].format(p=chance, bare=percent(old["probability"]))

    def measure(self, measure: MeasureAnswer) -> str:
        """A measure's chance."""
        chance = percent(measure.probability or 0.0)
        known = {row["measure"]: row["probability"] for row in (self.found or {}).get("measures", ())}
        if measure.id not in known:
            return chance
        return self.words["without"].format(p=chance, bare=percent(known[measure.id]))


def _why(held: str, language: Literal["en", "zh"]) -> str:
    return HELD_ZH.get(held, held) if language == "zh" else held


def _chance(probability: float | None, most: float | None, words: dict[str, str]) -> str:
    if probability is not None:
        return percent(probability)
    return words["nothing"] if most is None else words["unknown"].format(most=percent(most))


def percent(share: float) -> str:
    """A share in percent; a rare event is never called impossible by rounding.

    >>> percent(0.0004), percent(0.0), percent(0.126)
    ('0.04 %', '0 %', '12.6 %')
    """
    return f"{share * 100:.3g} %"
