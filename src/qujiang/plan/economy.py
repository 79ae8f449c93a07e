"""What of the economy drives demand in many futures: one draw for each indicator, shared by all cargoes that follow it.

An indicator whose growth a measure is drawn from as well is that measure's draw, so that a future with weak retail sales has
little cargo for them too. The base course is the growth that ``economy_growth`` states; a forecast gives the spread around it, or
the stated range where the series cannot be foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.district.economy import follows
from qujiang.district.observations import FLOWS, Observations
from qujiang.errors import ScenarioError
from qujiang.plan.draws import Foreseen, Input, Inputs, foresee_measure, knots, triangular
from qujiang.plan.input_names import economy_name
from qujiang.words import Both

if TYPE_CHECKING:
    from qujiang.district.info import Area

Floats = np.ndarray
#: Where the law of an indicator comes from.
FORECAST, RANGE, MEASURE = "forecast", "stated range", "measure"


@dataclass(frozen=True, slots=True)
class Driver:
    """One row of ``economy_growth`` that cargoes follow. ``input`` names its draw, ``own`` that draw where no measure has it."""

    id: str
    area: str
    indicator: str
    name: Both
    growth_percent: float
    reference_percent: float
    status: str
    cargoes: tuple[str, ...]
    assumed: int  # cargoes whose elasticity is assumed
    input: str
    law: str
    own: Input | None = None
    foreseen: Foreseen | None = None


def read_drivers(
    tables: Mapping[str, pl.DataFrame],
    observations: Observations,
    measured: Mapping[tuple[str, str], str],
    year: int,
    areas: Mapping[str, Area],
) -> tuple[Driver, ...]:
    """The indicators that cargoes with demand follow, in the order of the table.

    Parameters
    ----------
    measured
        Measure by (area, indicator) whose growth is drawn for the measure already.
    year
        The year for which demand is asked.

    Raises
    ------
    ScenarioError
        An indicator can neither be foreseen nor has a range; all are named.
    """
    asked = set(tables["demand"]["cargo"])
    followers: dict[str, list[Mapping[str, Any]]] = {}
    for row in tables["demand_growth"].iter_rows(named=True):
        if follows(row) and row["cargo"] in asked:
            followers.setdefault(row["economy"], []).append(row)
    rows = [row for row in tables["economy_growth"].iter_rows(named=True) if row["id"] in followers]
    found, told = [], []
    for row in rows:
        driver = _driver(row, followers[row["id"]], areas)
        measure = measured.get((driver.area, driver.indicator))
        made = driver if measure is None else replace(driver, input=f"pace:{measure}", law=MEASURE)
        made = _with_law(driver, row, observations, year) if measure is None else made
        if made.law:
            found.append(made)
        else:
            assert made.foreseen is not None
            told.append(f"{row['id']}: {driver.indicator} of {driver.area} cannot be foreseen ({made.foreseen.reason})")
    if told:
        mend = "state growth_low_percent and growth_high_percent in economy_growth.csv"
        raise ScenarioError(f"what drives demand has neither a forecast nor a range: {'; '.join(told)}; {mend}")
    return tuple(found)


def _driver(row: Mapping[str, Any], followers: list[Mapping[str, Any]], areas: Mapping[str, Area]) -> Driver:
    area, indicator = row["area"], row["indicator"]
    where = Both((areas[area].name_en if area in areas else "") or area, area)
    return Driver(
        row["id"], area, indicator, economy_name(where, indicator), row["growth_percent"], row["reference_percent"], row["status"],
        tuple(one["cargo"] for one in followers), sum(one["elasticity_status"] == "assumed" for one in followers),
        f"economy:{area}:{indicator}", "",
    )  # fmt: skip


def _with_law(driver: Driver, row: Mapping[str, Any], observations: Observations, year: int) -> Driver:
    """The bands of its forecast around its stated growth; else its stated range; else no law."""
    growth = driver.growth_percent
    foreseen = foresee_measure(observations, driver.area, driver.indicator, year)
    seen = observations.of(driver.area, driver.indicator, *FLOWS)
    bands = knots(growth, seen[-1].span.end.year, foreseen) if seen else ()
    if bands:
        low, high = (value for at, value in (bands[1], bands[-2]))  # its 80 % band, for who looks at the ends
        own = Input(driver.input, driver.name.en, low, growth, high, "bands", name_zh=driver.name.zh, knots=bands)
        return replace(driver, law=FORECAST, own=own, foreseen=foreseen)
    low, high = row["growth_low_percent"], row["growth_high_percent"]
    if low is None or high is None:
        return replace(driver, foreseen=foreseen)
    own = triangular(driver.input, driver.name.en, low, growth, high, name_zh=driver.name.zh)
    if own is None:  # a range without width: nothing to draw, and nothing moves
        own = Input(driver.input, driver.name.en, growth, growth, growth, "triangular", name_zh=driver.name.zh)
    return replace(driver, law=RANGE, own=own, foreseen=foreseen)


def with_economy(foresight: Inputs, drivers: tuple[Driver, ...]) -> Inputs:
    """What is foreseen, with the draws of the economy that no measure has."""
    return Inputs(foresight.stream, (*foresight.items, *(driver.own for driver in drivers if driver.own is not None)))


def points_off_reference(
    drivers: tuple[Driver, ...], foresight: Inputs, values: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Points a year that each driver grows off its reference, shape (futures,): what is drawn off its middle, and what is stated.

    Parameters
    ----------
    foresight
        Its inputs hold the middles.
    values
        Of ``foresight``, in each future.
    """
    middle = {item.key: item.middle for item in foresight.items}
    return {
        driver.id: values[driver.input] - middle[driver.input] + (driver.growth_percent - driver.reference_percent)
        for driver in drivers
    }


def driver_rows(
    drivers: tuple[Driver, ...], foresight: Inputs, points: Mapping[str, Floats]
) -> Iterator[dict[str, Any]]:
    """What is told of each driver.

    Parameters
    ----------
    points
        Positions of the futures by input, before groups share anything.
    """
    values = foresight.values(foresight.positions({item.key: points[item.key] for item in foresight.items}))
    off = points_off_reference(drivers, foresight, values)
    for driver in drivers:
        low, high = (float(x) for x in np.quantile(off[driver.id] + driver.reference_percent, [0.1, 0.9]))
        yield {
            "id": driver.id, "area": driver.area, "indicator": driver.indicator, "name_en": driver.name.en,
            "name_zh": driver.name.zh, "input": driver.input, "law": driver.law, "status": driver.status,
            "growth_percent": driver.growth_percent, "reference_percent": driver.reference_percent,
            "low_percent": low, "high_percent": high, "cargoes": list(driver.cargoes),
            "assumed_elasticities": driver.assumed,
            "foreseen": None if driver.foreseen is None else driver.foreseen.as_dict(),
        }  # fmt: skip
