"""Rules on what drives demand: an indicator with a series or a range, an elasticity with all its parts, a growth that leaves something."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from qujiang.district.economy import effective_growth, follows
from qujiang.district.indicators import FLOWS
from qujiang.district.info import did_you_mean
from qujiang.district.scopes import CrossRule, Scope
from qujiang.errors import Fault

#: Cells of ``demand_growth`` that come together.
TOGETHER = ("economy", "elasticity_ratio", "elasticity_status")
ENDS = ("elasticity_low_ratio", "elasticity_high_ratio")
RANGE = ("growth_low_percent", "growth_high_percent")


def find_half_elasticities(scope: Scope) -> Iterator[Fault]:
    """A cargo that follows the economy names the indicator, its elasticity and how sure that is; else it has none of them."""
    for row, cells in enumerate(scope.frames["demand_growth"].iter_rows(named=True)):
        given = [name for name in (*TOGETHER, *ENDS) if cells[name] is not None]
        for name in TOGETHER if given else ():
            if cells[name] is None:
                rule = f"is empty, and {given[0]} = {cells[given[0]]} is given"
                yield scope.fault(
                    "demand_growth", row, name, rule, f"fill it, or empty {', '.join((*TOGETHER, *ENDS))}"
                )
        if sum(cells[end] is not None for end in ENDS) == 1:
            empty = next(end for end in ENDS if cells[end] is None)
            yield scope.fault("demand_growth", row, empty, "a range has two ends", "fill both ends, or none")


def find_double_indicators(scope: Scope) -> Iterator[Fault]:
    """An indicator of an area stands once."""
    first: dict[tuple[str, str], int] = {}
    frame = scope.frames["economy_growth"]
    for row, key in enumerate(zip(frame["area"], frame["indicator"], strict=True)):
        if None not in key and first.setdefault(key, row) != row:
            rule = f"{key[1]} of {key[0]} stands in the row {frame['id'][first[key]]} already"
            yield scope.fault("economy_growth", row, "indicator", rule, "keep one of the two rows")


def find_unseen_indicators(scope: Scope) -> Iterator[Fault]:
    """An indicator has a series to foresee it from, or a stated range; a range has two ends."""
    seen = scope.frames["observations"].filter(pl.col("basis").is_in(FLOWS))
    series = set(zip(seen["area"], seen["indicator"], strict=True))
    for row, cells in enumerate(scope.frames["economy_growth"].iter_rows(named=True)):
        given = [end for end in RANGE if cells[end] is not None]
        if len(given) == 1:
            empty = next(end for end in RANGE if end not in given)
            yield scope.fault("economy_growth", row, empty, "a range has two ends", "fill both ends, or none")
        elif not given and (cells["area"], cells["indicator"]) not in series:
            known = sorted(name for area, name in series if area == cells["area"])
            near = did_you_mean(cells["indicator"] or "", known)
            rule = f"observations.csv has no series of it in {cells['area']}, and no range is stated"
            mend = near or f"add its observations, or fill {' and '.join(RANGE)}"
            yield scope.fault("economy_growth", row, "indicator", rule, mend)


def find_vanished_demand(scope: Scope) -> Iterator[Fault]:
    """The economy as stated does not take a cargo's growth to -100 % a year or below."""
    effective = effective_growth(scope.frames)
    for row, cells in enumerate(scope.frames["demand_growth"].iter_rows(named=True)):
        growth = effective["growth_percent"][row]
        if follows(cells) and growth is not None and growth <= -100:
            rule = f"with {cells['economy']} off its reference {cells['cargo']} would grow by {growth:.4g} % a year: it must stay above -100"
            mend = "mend the elasticity, or growth_percent in economy_growth.csv"
            yield scope.fault("demand_growth", row, "elasticity_ratio", rule, mend)


_ECONOMY = ("id", "area", "indicator", "growth_percent", "reference_percent", *RANGE)
_DEMAND = ("cargo", "growth_percent", *TOGETHER, *ENDS)
RULES = (
    CrossRule({"demand_growth": (*TOGETHER, *ENDS)}, find_half_elasticities),
    CrossRule({"economy_growth": ("area", "indicator")}, find_double_indicators),
    CrossRule(
        {"economy_growth": ("area", "indicator", *RANGE), "observations": ("area", "indicator", "basis")},
        find_unseen_indicators,
    ),
    CrossRule({"economy_growth": _ECONOMY, "demand_growth": _DEMAND}, find_vanished_demand),
)
