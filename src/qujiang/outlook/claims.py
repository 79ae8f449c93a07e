"""Claims of a plan held against its own figures.

Six kinds of finding: a multiple that its own start and end contradict; a target without a year; a target whose year is only
assumed; a gross ratio that is no effect; two figures of like name that must not be taken for each other; a share that falls while its
part is said to grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from qujiang.district.observations import Observations
from qujiang.methods import growth
from qujiang.words import known, quantity

Kind = Literal["contradicted", "no_year", "year_assumed", "gross_not_effect", "not_the_same", "tension"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim that does not stand as written.

    ``rows`` names the rows it rests on, ``figures`` its numbers by name (with unit suffixes), ``sentence`` says it in English, ``sentence_zh`` in Chinese.
    """

    kind: Kind
    rows: tuple[str, ...]
    phrase: str
    figures: dict[str, float]
    sentence: str
    sentence_zh: str


def check_claims(
    indicators: pl.DataFrame,
    measures: pl.DataFrame,
    observations: Observations | None = None,
    *,
    spent: str = "consumption_subsidy",
    moved: str = "consumption_moved",
    foreign_trade: str = "foreign_trade",
) -> tuple[Finding, ...]:
    """Every claim of the plan that its own figures do not carry.

    Parameters
    ----------
    indicators, measures
        The district's tables of those names.
    observations
        The district's observations, where subsidies and trade are looked up.
    spent, moved, foreign_trade
        Names of those indicators in the observations.
    """
    found = [*_multiples(indicators), *_targets_without_year(indicators), *_measures_without_year(measures)]
    if observations is not None:
        found += _gross_leverage(observations, measures, spent, moved)
        found += _trade(indicators, measures, observations, foreign_trade)
        found += _falling_shares(observations)
    return tuple(found)


def _multiples(indicators: pl.DataFrame) -> list[Finding]:
    rows = indicators.to_dicts()
    found: list[Finding] = []
    for n, row in enumerate(rows):
        if row["type"] != "claim" or row["unit"] != "times" or n < 2:
            continue
        start, end, stated = rows[n - 2], rows[n - 1], float(row["stated_value"])
        if start["unit"] != end["unit"] or not start["stated_value"]:
            continue
        percent = float(growth.growth_percent(start["stated_value"], end["stated_value"]))
        multiple = 1.0 + percent / 100.0
        claimed = stated * 100.0 if "增长了" in (row["phrase"] or "") else (stated - 1.0) * 100.0
        if abs(claimed - percent) > 50.0:  # a whole number of times claims no more than half a time
            figures = {"multiple_ratio": multiple, "growth_percent": percent, "claimed_growth_percent": claimed}
            sentence = (
                f"'{row['phrase']}' says {claimed:+.0f} %, but {start['stated_value']:,.0f} to {end['stated_value']:,.0f} {end['unit']} "
                f"is {multiple:.3g} times the base, {percent:+.0f} %"
            )
            first, last = (quantity(part["stated_value"], part["unit"], "zh") for part in (start, end))
            sentence_zh = f"“{row['phrase']}”按字面为{claimed:+.0f}%，而{first}到{last}是原来的{multiple:.3g}倍，即{percent:+.0f}%"
            rows_named = (start["id"], end["id"], row["id"])
            found.append(Finding("contradicted", rows_named, row["phrase"] or "", figures, sentence, sentence_zh))
    return found


def _targets_without_year(indicators: pl.DataFrame) -> list[Finding]:
    return [
        Finding(
            "no_year",
            (row["id"],),
            row["phrase"] or row["name_zh"],
            {"target_value": float(row["stated_value"])},
            f"{row['name_en']}: {row['stated_value']:,.10g} {row['unit']} is a target without a year",
            f"{row['name_zh']}：目标{quantity(row['stated_value'], row['unit'], 'zh')}没有年份",
        )
        for row in indicators.iter_rows(named=True)
        if row["type"] == "target" and not row["period_end"]
    ]


def _measures_without_year(measures: pl.DataFrame) -> list[Finding]:
    found: list[Finding] = []
    for row in measures.iter_rows(named=True):
        if row["target_value"] is None:
            continue
        kind: Kind | None = "no_year" if row["target_year"] is None else None
        if kind is None and row["target_year_status"] == "assumed" and row["target_status"] == "documented":
            kind = "year_assumed"
        if kind:
            what = "has no year" if kind == "no_year" else f"is the plan's, its year {row['target_year']} is assumed"
            sentence = f"{row['name_en']}: the target of {row['target_value']:,.10g} {row['unit']} {what}"
            asked = quantity(row["target_value"], row["unit"], "zh")
            lacks = "没有年份" if kind == "no_year" else f"出自规划，但年份{row['target_year']}为假定"
            figures = {"target_value": float(row["target_value"])}
            sentence_zh = f"{row['name_zh']}：目标{asked}{lacks}"
            found.append(Finding(kind, (row["id"],), row["name_zh"], figures, sentence, sentence_zh))
    return found


def _gross_leverage(observations: Observations, measures: pl.DataFrame, spent: str, moved: str) -> list[Finding]:
    found: list[Finding] = []
    for area in observations.areas_of(spent):
        for cost in observations.of(area, spent):
            for gross in (row for row in observations.of(area, moved) if row.span == cost.span and cost.value > 0):
                ratio = gross.value / cost.value
                figures = {"gross_ratio": ratio}
                sentence = (
                    f"{cost.value:,.0f} of subsidy beside {gross.value:,.0f} {gross.unit} of spending in {cost.span} is a gross ratio of "
                    f"{ratio:.1f}: spending that would have happened anyway is in it; it is no effect"
                )
                paid, bought = quantity(cost.value, cost.unit, "zh"), quantity(gross.value, gross.unit, "zh")
                sentence_zh = f"{cost.span}补贴{paid}对应消费{bought}，毛比率{ratio:.1f}：其中含本来就会发生的消费，不是补贴的效果"
                found.append(Finding("gross_not_effect", (cost.id, gross.id), "", figures, sentence, sentence_zh))
                found += _gross_taken_for_effect(measures, ratio)
    return found


def _gross_taken_for_effect(measures: pl.DataFrame, ratio: float) -> list[Finding]:
    return [
        Finding(
            "contradicted",
            (row["id"],),
            row["name_zh"],
            {"today_ratio": float(row["today_value"]), "gross_ratio": ratio},
            f"{row['name_en']}: {row['today_value']:.3g} is the gross ratio, which is no effect",
            f"{row['name_zh']}：{row['today_value']:.3g}是毛比率，不是效果",
        )
        for row in measures.iter_rows(named=True)
        if row["unit"] == "yuan_per_yuan"
        and row["today_value"] is not None
        and abs(row["today_value"] / ratio - 1.0) < 0.1
    ]


def _trade(
    indicators: pl.DataFrame, measures: pl.DataFrame, observations: Observations, foreign_trade: str
) -> list[Finding]:
    known = [row for area in observations.areas_of(foreign_trade) for row in observations.of(area, foreign_trade)]
    goals = [
        row
        for row in indicators.iter_rows(named=True)
        if row["type"] == "target" and _names_trade(row) and row["unit"] == "yuan"
    ]
    found: list[Finding] = []
    for goal in goals:
        above = next((row for row in reversed(known) if row.value > goal["stated_value"]), None)
        if above is not None:
            figures = {"target_value": float(goal["stated_value"]), "foreign_trade_value": above.value}
            sentence = (
                f"{goal['name_zh']} ({goal['stated_value']:,.0f} yuan) cannot mean foreign trade, which was {above.value:,.0f} yuan in "
                f"{above.span} ({above.area}) already; the plan does not define it"
            )
            sentence_zh = (
                f"{goal['name_zh']}（{quantity(goal['stated_value'], 'yuan', 'zh')}）不可能指外贸：{above.area}外贸{above.span}已达"
                f"{quantity(above.value, 'yuan', 'zh')}；规划没有给出定义"
            )
            rows_named = (goal["id"], above.id)
            found.append(Finding("not_the_same", rows_named, goal["phrase"] or "", figures, sentence, sentence_zh))
    return found + [
        _mapped(row)
        for row in measures.iter_rows(named=True)
        if _names_trade(row) and _is_mapped(row, known, foreign_trade)
    ]


def _falling_shares(observations: Observations) -> list[Finding]:
    """Shares (``share_x``) that fell although the part (``va_x``) is published to have grown."""
    found: list[Finding] = []
    for area, name in dict.fromkeys(
        (row.area, row.indicator) for row in observations.rows if row.indicator.startswith("share_")
    ):
        shares = observations.of(area, name, "year")
        part = "va_" + name.removeprefix("share_")
        rates = [row for row in observations.of(area, part, "growth") if row.value > 0]
        if len(shares) < 2 or not rates or shares[-1].value >= shares[-2].value:
            continue
        before, now, rate = shares[-2], shares[-1], rates[-1]
        figures = {"before_percent": before.value, "now_percent": now.value, "growth_percent": rate.value}
        sentence = (
            f"{name} of {area} is {now.value:g} % ({now.span}) after {before.value:g} % ({before.span}), though {part} grew {rate.value:g} % a year "
            f"({rate.span}): the rest grew faster, or the two are not defined alike"
        )
        name_zh, part_zh = known("series", name).zh, known("series", part).zh
        sentence_zh = (
            f"{area}{name_zh}{now.span}为{now.value:g}%，{before.span}为{before.value:g}%，而{part_zh}年均增长{rate.value:g}%（{rate.span}）："
            "其余部分增长更快，或两者口径不同"
        )
        found.append(Finding("tension", (before.id, now.id, rate.id), "", figures, sentence, sentence_zh))
    return found


def _names_trade(row: dict[str, Any]) -> bool:
    return "贸易" in row["name_zh"] or row["name_zh"].endswith("贸")


def _is_mapped(row: dict[str, Any], known: list[Any], foreign_trade: str) -> bool:
    if "外贸" in row["name_zh"]:
        return False
    return row["model_argument"] == foreign_trade or any(row["today_value"] == other.value for other in known)


def _mapped(row: dict[str, Any]) -> Finding:
    sentence = f"{row['name_en']} ({row['name_zh']}) is given the figures of foreign trade; port trade is another thing"
    sentence_zh = f"{row['name_zh']}用了外贸的数据；港口贸易是另一回事"
    return Finding("contradicted", (row["id"],), row["name_zh"], {}, sentence, sentence_zh)
