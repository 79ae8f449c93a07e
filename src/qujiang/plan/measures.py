"""From what the rooms computed to the measures of the landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from qujiang.district.observations import Observations
from qujiang.freight.assign import assign
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import LOCK_WAIT_FACTOR
from qujiang.outlook.measures import MeasureState, judge
from qujiang.plan.limits import in_unit
from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer

#: Rates of the water freight that can be relaxed alone: id -> (English, Chinese).
COST_PARTS = {
    "empty_return_share": ("empty running", "空驶"),
    "port_hours_per_call": ("hours in port", "在港时间"),
    "fuel_factor": ("fuel used", "油耗"),
    "diesel_price": ("price of diesel", "油价"),
    "vessel_price_factor": ("price of vessels", "船价"),
    "crew_wage": ("wages of crews", "船员工资"),
    "lock_wait_h": ("waits at locks", "过闸等待"),
}


@dataclass(frozen=True, slots=True)
class Binds:
    """What binds the measures that freight computes; ``peers`` is the throughput of other ports [t/year]."""

    throughput: Sequence[Binder]
    boxes: Sequence[Binder]
    costs: Sequence[Binder]
    peers: Mapping[str, float]


def freight_values(
    measures: pl.DataFrame, throughput_t: float, boxes_teu: float, water_cost_ratio: float, peers: Mapping[str, float]
) -> dict[str, float]:
    """Base values at the target year of the measures that freight computes.

    Not rounded: ``significant`` does that. They are pivoted on the documented figure of today: today's value times the ratio of the model at the target year to
    the model at the base year, so that what the model misses in level does not become growth.

    Parameters
    ----------
    throughput_t, boxes_teu
        At the target year after all limits [t/year], [TEU/year].
    water_cost_ratio
        Water freight of the model at the target year over the base year [1].
    peers
        Throughput of other ports at the target year [t/year].
    """
    values: dict[str, float] = {}
    for row in measures.to_dicts():
        today = row["today_value"]
        if row["model"] == "freight_throughput":
            values[row["id"]] = throughput_t
        elif row["model"] == "freight_peer_ratio" and peers.get(row["model_argument"]):
            values[row["id"]] = throughput_t / peers[row["model_argument"]]
        elif row["model"] == "freight_teu" and today is not None:
            values[row["id"]] = boxes_teu
        elif row["model"] == "freight_water_cost" and today is not None:
            values[row["id"]] = today * water_cost_ratio
    return values


def significant(value: float, digits: int = 4) -> float:
    """Rounded to as many digits as a pivot on published figures can carry.

    >>> significant(4447660.57), significant(17.0027)
    (4448000.0, 17.0)
    """
    return float(f"{value:.{digits - 1}e}") if np.isfinite(value) else value


def cost_binders(problem: FreightProblem, today_yuan_per_t: float) -> tuple[Binder, ...]:
    """What each part of the vessel's cost, taken alone to the favourable end of its range, takes off the water freight."""
    rates = problem.rates
    here = assign(problem).water_freight_yuan_per_t()
    found = []
    for name, (what, what_zh) in COST_PARTS.items():
        if name not in rates.low:
            continue
        # waits are part of the network; they are shortened by a factor
        change = {LOCK_WAIT_FACTOR: rates.low[name] / rates[name]} if name == "lock_wait_h" else {name: rates.low[name]}
        relaxed = assign(problem.with_rates(rates.with_values(**change))).water_freight_yuan_per_t()
        gain = max(today_yuan_per_t * (1 - relaxed / here), 0.0) if here else 0.0
        found.append(Binder(what, what_zh, "cost", gain, "yuan_per_t", rates.low[name], name in rates.assumed))
    return tuple(sorted(found, key=lambda binder: -binder.gain))


def growth_binders(state: MeasureState) -> tuple[Binder, ...]:
    """What one percentage point of growth a year, in the wanted direction, moves the measure by the target year."""
    value, left = state.base_value, state.years_left
    if value is None or not left:
        return ()
    pace = state.growth_percent_per_year or 0.0
    down = state.bound.startswith("<")
    step = -1.0 if down else 1.0
    gain = abs(value * ((1 + (pace + step) / 100) ** left / (1 + pace / 100) ** left - 1))
    what = "growth: one percentage point a year " + ("less" if down else "more")
    what_zh = "增速：每年" + ("少" if down else "多") + "一个百分点"
    return (Binder(what, what_zh, "growth", gain, state.unit, state.growth_percent_per_year, True),)


def judge_measures(
    measures: pl.DataFrame,
    values: Mapping[str, float],
    observations: Observations,
    *,
    now_year: int,
    area: str,
    faster: Mapping[tuple[str, str], float] | None = None,
) -> tuple[MeasureState, ...]:
    """Judge every measure from the year that its own figure of today belongs to; ``faster`` as in ``judge_all``."""
    return tuple(
        judge(row, values, observations, now_year=row.get("today_year") or now_year, area=area, faster=faster)
        for row in measures.to_dicts()
    )


def answer(state: MeasureState, row: Mapping[str, Any], binds: Binds) -> MeasureAnswer:
    """One measure with what binds it."""
    basis, basis_zh = _basis(state)
    statuses = (state.today_status, state.target_status, state.target_year_status, state.base_status)
    return MeasureAnswer(
        id=state.id,
        name_zh=state.name_zh,
        name_en=state.name_en,
        unit=state.unit,
        bound=state.bound,
        counts=state.counts,
        today=state.today_value,
        today_status=state.today_status if state.today_value is not None else None,
        target=state.target_value,
        target_year=state.target_year,
        target_status=state.target_status if state.target_value is not None else None,
        target_year_status=state.target_year_status if state.target_year is not None else None,
        median=None if state.base_value is None else float(state.base_value),
        basis=basis,
        basis_zh=basis_zh,
        status=state.state,
        reason=state.reason,
        reason_zh=state.reason_zh,
        required_growth_percent_per_year=state.required_growth_percent_per_year,
        assumed="assumed" in statuses,
        source=";".join(row["source"]) if isinstance(row["source"], list) else str(row["source"] or ""),
        binds=_binds(state, row, binds),
    )


def _binds(state: MeasureState, row: Mapping[str, Any], found: Binds) -> tuple[Binder, ...]:
    if state.state == "untestable":
        return ()
    peer_t = found.peers.get(row["model_argument"] or "")
    if state.model == "freight_throughput":
        return tuple(found.throughput)
    if state.model == "freight_peer_ratio" and peer_t:
        return in_unit(found.throughput, state.unit, 1 / peer_t)
    if state.model == "freight_teu":
        return tuple(found.boxes)
    if state.model == "freight_water_cost":
        return tuple(found.costs)
    return growth_binders(state) if state.model in ("growth", "carried") and state.state != "met" else ()


BASIS = {
    "freight_throughput": (
        "freight model at the target year, pivoted on today",
        "货运模型推算至目标年，以今日实绩为基准",
    ),
    "freight_peer_ratio": ("freight model over the peer's throughput", "货运模型推算值与对标港区之比"),
    "freight_teu": ("boxes of the freight model, pivoted on today", "货运模型箱量，以今日实绩为基准"),
    "freight_water_cost": ("water freight of the model, pivoted on today", "模型水运价，以今日实绩为基准"),
    "growth": ("latest published growth carried on", "按最近公布的增速延续"),
    "carried": ("today's value carried forward: no evidence of growth", "沿用今日数值：没有增长依据"),
}


def _basis(state: MeasureState) -> tuple[str, str]:
    return ("", "") if state.base_value is None else BASIS.get(state.model, ("", ""))


def landmark_answers(
    landmarks: pl.DataFrame, answers: Sequence[MeasureAnswer], number_of: Mapping[str, int]
) -> tuple[LandmarkAnswer, ...]:
    """Landmarks with their measures; a landmark is met when all its counted measures are."""
    found = []
    for row in landmarks.sort("landmark_no").to_dicts():
        mine = tuple(a for a in answers if number_of[a.id] == row["landmark_no"])
        status, reason, reason_zh = verdict([a for a in mine if a.counts])
        found.append(
            LandmarkAnswer(int(row["landmark_no"]), row["name_zh"], row["name_en"], status, reason, reason_zh, mine)
        )
    return tuple(found)


def verdict(counted: Sequence[MeasureAnswer]) -> tuple[str, str, str]:
    """Status of a landmark from its counted measures."""
    by_state: dict[str, list[MeasureAnswer]] = {}
    for measure in counted:
        by_state.setdefault(measure.status, []).append(measure)
    if not counted:
        return "untestable", "no measure that counts", "没有可计的指标"
    if late := by_state.get("off_track"):
        names, names_zh = ", ".join(m.name_en for m in late), "、".join(m.name_zh for m in late)
        return "off_track", f"missed in the base future: {names}", f"基准情形下达不到：{names_zh}"
    if blind := by_state.get("untestable", []) + by_state.get("unknown", []):
        names, names_zh = ", ".join(m.name_en for m in blind), "、".join(m.name_zh for m in blind)
        return "untestable", f"cannot be tested: {names}", f"无法检验：{names_zh}"
    if by_state.get("on_track"):
        return "on_track", "every counted measure is reached in the base future", "基准情形下各项指标均可达到"
    return "met", "every counted measure is met", "各项指标均已达到"


def number(value: float | None) -> float | None:
    """A float for JSON; NaN becomes None."""
    return None if value is None or not np.isfinite(value) else float(value)
