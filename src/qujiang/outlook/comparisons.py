"""Observations set beside each other: published and computed growth, part and whole, parts and sums; and the level of a year.

A published growth is never overwritten by a recomputed one; the two stand side by side and a difference beyond rounding is
flagged. A level that is scaled up from part of a year says so and carries the status ``derived``.
"""

from __future__ import annotations

from dataclasses import dataclass

from qujiang.district.observations import FLOWS, Observation, Observations, Status, grouped, worst_status
from qujiang.errors import ScenarioError
from qujiang.methods import growth, periods
from qujiang.methods.periods import Flow, Span

FLAGS_ZH = {
    "no figure of the year before": "没有上年数据",
    "growth at constant prices: not comparable with levels": "按不变价计算的增速，不能与现价数值相比",
    "a number is missing": "缺少数值",
    "the base is zero": "基数为零",
    "no growth reaches zero": "没有增速可以降到零",
    "the sign changes on the way": "正负号改变",
    "the base is negative": "基数为负",
    "a level is not documented: no evidence": "数值并非公布数据，不足为证",
    "differs beyond rounding: base revised or scope changed": "相差超出四舍五入：基数有修订或口径有变",
}


@dataclass(frozen=True, slots=True)
class GrowthCheck:
    """A published growth beside the recomputed one."""

    observation: Observation
    base: Observation | None
    computed_percent: float | None
    implied_base_value: float | None
    flag: str | None

    @property
    def flag_zh(self) -> str | None:
        """The flag in Chinese."""
        return None if self.flag is None else FLAGS_ZH[self.flag]

    @property
    def difference_percent(self) -> float | None:
        """Published minus computed growth [percentage points]."""
        published = self.observation.published_growth_percent
        return None if self.computed_percent is None or published is None else published - self.computed_percent


def check_growth(observations: Observations) -> tuple[GrowthCheck, ...]:
    """Set every published growth beside the one that the levels give, and flag what rounding does not explain.

    Growth at constant prices is never recomputed from levels. A base that was itself derived from the published growth proves
    nothing and is said to.
    """
    return tuple(
        _growth_check(row, observations) for row in observations.rows if row.published_growth_percent is not None
    )


def _growth_check(row: Observation, observations: Observations) -> GrowthCheck:
    published = row.published_growth_percent
    assert published is not None
    before = [
        other for other in observations.of(row.area, row.indicator, row.basis) if other.span == row.span.shifted(-1)
    ]
    base = before[0] if before else None
    implied = float(growth.implied_base(row.value, published))
    if base is None:
        return GrowthCheck(row, None, None, implied, "no figure of the year before")
    if row.growth_basis == "real":
        return GrowthCheck(row, base, None, None, "growth at constant prices: not comparable with levels")
    computed = float(growth.growth_percent(base.value, row.value))
    if computed != computed:
        return GrowthCheck(row, base, None, implied, growth.refusal(base.value, row.value, 1.0))
    if base.status != "documented" or row.status != "documented":
        return GrowthCheck(row, base, computed, implied, "a level is not documented: no evidence")
    if growth.agrees(published, computed):
        return GrowthCheck(row, base, computed, implied, None)
    return GrowthCheck(row, base, computed, implied, "differs beyond rounding: base revised or scope changed")


@dataclass(frozen=True, slots=True)
class Containment:
    """A part beside its whole: the same indicator, unit and period."""

    indicator: str
    span: Span
    unit: str
    part_value: float
    whole_value: float

    @property
    def holds(self) -> bool:
        """Whether the part does not exceed the whole."""
        return self.part_value <= self.whole_value

    @property
    def share_percent(self) -> float:
        """The part's share [percent]."""
        return 100.0 * self.part_value / self.whole_value


def compare_areas(observations: Observations, part: str, whole: str) -> tuple[Containment, ...]:
    """Every period in which a part (a district) can be set beside its whole (its city), by period algebra where needed."""
    found: list[Containment] = []
    for row in observations.rows:
        wholes = observations.of(whole, row.indicator, *FLOWS)
        if (
            row.area != part
            or row.basis not in FLOWS
            or not wholes
            or wholes[0].unit != row.unit
            or row.unit == "percent"
        ):
            continue
        flow = periods.find((other.flow for other in wholes), row.span)
        if flow is not None:
            found.append(Containment(row.indicator, row.span, row.unit, row.value, flow.value))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Level:
    """The level of one year, with how it was found."""

    year: int
    value: float
    unit: str
    status: Status
    how: str
    how_zh: str = ""


def level_of_year(observations: Observations, area: str, indicator: str, year: int) -> Level:
    """The level of a year: published, added up, or scaled up from its longest year-to-date value.

    Scaling uses the shape of the year before where that year is known, and twelfths elsewhere; either is marked ``derived``.

    Raises
    ------
    ScenarioError
        Nothing of that year is known.
    """
    rows = [row for row in observations.of(area, indicator, *FLOWS) if row.span.start.year == year == row.span.end.year]
    if not rows:
        raise ScenarioError(f"{indicator} of {area} has no flow in {year}")
    unit, whole = rows[0].unit, periods.months(year, 1, 12)
    flows = observations.flows(area, indicator)
    found = periods.find(flows, whole)
    if found is not None:
        used = [row.status for row in rows if not found.terms or row.span in {span for _, span in found.terms}]
        return Level(
            year,
            found.value,
            unit,
            worst_status(*used, "derived" if found.terms else "documented"),
            found.label,
            f"由{_sum_zh(found)}相加减得出" if found.terms else "已公布",
        )
    longest = max((row for row in rows if row.span.is_year_to_date), key=lambda row: row.span.end, default=None)
    if longest is None:
        raise ScenarioError(
            f"{indicator} of {area} has no year-to-date value in {year}: parts of a year are not scaled up"
        )
    last_year = periods.find(flows, whole.shifted(-1))
    last_part = periods.find(flows, longest.span.shifted(-1))
    if last_year is not None and last_part is not None and last_part.value > 0:
        scale, how = last_year.value / last_part.value, f"{longest.span} scaled by the shape of {year - 1}"
        how_zh = f"{longest.span}按{year - 1}年的进度折算全年"
    elif longest.span.whole_months:
        scale, how = 12.0 / longest.span.whole_months, f"{longest.span} x 12/{longest.span.whole_months}"
        how_zh = f"{longest.span} × 12/{longest.span.whole_months}"
    else:
        raise ScenarioError(f"{indicator} of {area}: {longest.span} does not end with a month; it is not scaled up")
    return Level(year, longest.value * scale, unit, worst_status(longest.status, "derived"), how, how_zh)


def _sum_zh(flow: Flow) -> str:
    """The published flows that a flow was added up from: ``+ 2022-01..2022-03 - 2022-01..2022-02``."""
    return " ".join(f"{'+' if sign > 0 else '-'} {span}" for sign, span in flow.terms).removeprefix("+ ")


def rate_per_year(row: Observation) -> Level:
    """The mean rate a year of a cumulative value: value x 12 / months, marked ``derived``.

    Raises
    ------
    ScenarioError
        The period is not made of whole months.
    """
    count = row.span.whole_months
    if count is None:
        raise ScenarioError(f"{row.indicator} of {row.area}: {row.span} is not made of whole months")
    status = row.status if count == 12 else worst_status(row.status, "derived")
    return Level(row.span.end.year, row.value * 12.0 / count, row.unit, status, f"{row.span} x 12/{count}")


@dataclass(frozen=True, slots=True)
class Clash:
    """A published flow that the other published flows of its series contradict beyond rounding."""

    area: str
    indicator: str
    published: Flow
    added_up: Flow


def find_clashes(observations: Observations) -> tuple[Clash, ...]:
    """Published flows that do not close: each is compared with the sum of the others, within the rounding of their last digits."""
    found: list[Clash] = []
    for area, indicator in grouped(observations.rows):
        flows = observations.flows(area, indicator)
        for flow in flows:
            added = periods.find((other for other in flows if other.span != flow.span), flow.span)
            if added is None:
                continue
            used = {span for _, span in added.terms} | {flow.span}
            slack = sum(0.5 * _last_digit(other.value) for other in flows if other.span in used)
            if abs(added.value - flow.value) > slack:
                found.append(Clash(area, indicator, flow, added))
    return tuple(found)


def _last_digit(value: float) -> float:
    if value != int(value) or value == 0:
        return (
            10.0 ** -len(repr(float(value)).partition(".")[2]) if "e" not in repr(float(value)) else abs(value) * 1e-6
        )
    text = str(int(abs(value)))
    return 10.0 ** (len(text) - len(text.rstrip("0")))
