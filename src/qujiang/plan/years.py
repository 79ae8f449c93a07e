"""Where the cargo goes in every year from today to the target: flows between neighbouring places by mode and cargo, locks by load.

The base year is the district as it was calibrated. Every later year has its demand grown by the middle rates and the scenario in
force from the first of them on, because a scenario says what is built and not in which year; freight and port agree in each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from qujiang.district.economy import effective_growth
from qujiang.freight.assign import assign
from qujiang.freight.equilibrium import EquilibriumResult
from qujiang.freight.modes import Mode
from qujiang.freight.price import MODES
from qujiang.freight.problem import FreightProblem, build_problem
from qujiang.freight.result import FreightResult
from qujiang.freight.skims import Skim, way
from qujiang.plan.limits import lock_loads
from qujiang.plan.port import _fitted_in, agree, has_freight, target_year
from qujiang.plan.test import lock_rows

if TYPE_CHECKING:
    from qujiang.district import District

#: No more years than these are asked of one run: with a target further away, some years between are left out.
MOST_YEARS = 12

#: (mode, from, to, cargo) -> tonnes a year.
LinkFlows = Mapping[tuple[str, str, str, str], float]


@dataclass(frozen=True, slots=True)
class YearFlows:
    """One year: tonnes by link, direction and cargo; locks as in ``PlanResult.locks``; figures of the freight model."""

    year: int
    links: LinkFlows
    locks: tuple[Mapping[str, Any], ...]
    throughput_t_per_year: float
    boxes_teu_per_year: float
    co2e_t_per_year: float


def flows_by_year(district: District, overlaid: District, fitted: Mapping[str, float]) -> tuple[YearFlows, ...]:
    """Freight of every year from the base year to the target year; none where the district has no freight.

    Parameters
    ----------
    overlaid
        The district with a scenario, or the district itself.
    fitted
        The calibrated rates by name (``after`` of ``PlanResult.calibration``).
    """
    if not has_freight(overlaid):
        return ()
    base_year = district.info.base_year
    base = _problem(district, base_year)
    if fitted:
        base = base.with_rates(base.rates.with_values(**fitted), search=True)
    first = assign(base)
    found = [_year(district, first, base_year, None)]
    kept = _fitted_in(base.rates, district, overlaid)
    later = base if overlaid is district else _problem(overlaid, base_year, kept)
    for year in years_between(base_year, target_year(overlaid["measures"], base_year))[1:]:
        grown = later.grown(overlaid["demand"], effective_growth(overlaid), year)
        answer = agree(district, overlaid, first, assign(grown), year)[0].answer
        found.append(_year(overlaid, answer.flows, year, answer))
    return tuple(found)


def years_between(first: int, last: int) -> list[int]:
    """Every year of a span, or evenly spread ones where they are too many; both ends included.

    >>> years_between(2024, 2027)
    [2024, 2025, 2026, 2027]
    """
    if last <= first:
        return [first]
    count = min(last - first + 1, MOST_YEARS)
    return sorted({round(first + (last - first) * step / (count - 1)) for step in range(count)})


def link_flows(result: FreightResult) -> dict[tuple[str, str, str, str], float]:
    """Tonnes a year by (mode, from, to, cargo) between neighbouring places, both directions apart."""
    p, chains = result.problem, result.problem.chains
    cargo_of = np.array(p.forms.cargo)[p.form[chains.flow]]
    row, leg = np.nonzero((chains.leg_mode >= 0) & (result.tonnes[:, None] > 0))
    legs: dict[tuple[int, int, int, int, int, str], float] = defaultdict(float)
    columns = (
        chains.season[row], chains.leg_mode[row, leg], chains.leg_means[row, leg], chains.leg_from[row, leg],
        chains.leg_to[row, leg], cargo_of[row], result.tonnes[row],
    )  # fmt: skip
    for season, mode, means, a, b, cargo, tonnes in zip(*(c.tolist() for c in columns), strict=True):
        legs[season, mode, means, a, b, cargo] += tonnes
    ids = p.place_ids
    total: dict[tuple[str, str, str, str], float] = defaultdict(float)
    ways: dict[tuple[int, int, int, int, int], list[int]] = {}
    for (season, mode, means, a, b, cargo), tonnes in legs.items():
        key = (season, mode, means, a, b)
        if key not in ways:
            skims = p.skims[season]
            skim: Skim = {Mode.ROAD: skims.road, Mode.RAIL: skims.rail}.get(Mode(mode)) or skims.water[means]
            ways[key] = way(skim, a, b)
        for here, there in pairwise(ways[key]):
            total[MODES[Mode(mode)], ids[here], ids[there], cargo] += tonnes
    return dict(total)


def _problem(district: District, base_year: int, kept: Mapping[str, float] | None = None) -> FreightProblem:
    place = district.info.port_place
    assert place is not None, "has_freight was asked before"
    return build_problem(district, port_place=place, base_year=base_year, set_rates=kept)


def _year(tables: District, result: FreightResult, year: int, answer: EquilibriumResult | None) -> YearFlows:
    locks = tuple(lock_rows(tables, lock_loads(tables, result, year), answer))
    return YearFlows(
        year, link_flows(result), locks, result.throughput_t(),
        result.throughput_teu(), result.co2e_kg() / 1000,
    )  # fmt: skip
