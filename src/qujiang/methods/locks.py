"""Locks by formula: what a chamber passes in a year, and how long vessels lie over.

These are lines to compare with. The engine of ``port`` moves the chamber itself; the fixed timetable below is its exact
referee.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import ScenarioError
from qujiang.methods.queues import wait_over_service

#: Rijkswaterstaat Waterway Guidelines 2020, table 33: intensity/capacity -> mean passage [min], 90 % passage [min].
RWS_PASSAGE_MIN = {
    0.3: (25, 38),
    0.4: (30, 48),
    0.5: (45, 77),
    0.6: (60, 108),
    0.7: (80, 152),
    0.8: (125, 250),
    0.9: (235, 494),
}


def lock_tonnage_t_per_year(
    lockages_per_day: float,
    days_per_year: float,
    capacity_t: float,
    load_factor: float,
    *,
    imbalance_factor: float = 1.0,
    other_lockages_per_day: float = 0.0,
) -> float:
    """One way, P = (n - n0)/2·N·G·α/β [t/year]; β = 1 gives the upper figure P1/… without imbalance.

    The Chinese lock master-design code, 6.1.18: n lockages and n0 lockages without cargo a day, N days, G tonnes of
    carrying capacity a lockage, α load factor, β monthly imbalance.

    >>> round(lock_tonnage_t_per_year(30, 350, 4000, 0.55, imbalance_factor=1.15) / 1e6, 4)
    10.0435
    """
    upper = (lockages_per_day - other_lockages_per_day) / 2 * days_per_year * capacity_t
    return upper * load_factor / imbalance_factor


def over_lie_fixed_timetable(chamber_vessels: int, utilisation: float) -> float:
    """Over-lie over the cycle where a chamber of b leaves every cycle whatever is present, Poisson arrivals [1].

    Equal to M/D/b at the same utilisation; half a cycle more is the ordinary wait for the next departure.

    >>> round(over_lie_fixed_timetable(3, 0.8), 4)
    0.5539
    """
    return wait_over_service("M", "D", chamber_vessels, utilisation)


def over_lie_kooman(intensity_capacity: ArrayLike, regularity: str = "average") -> NDArray[np.float64]:
    """Kooman's over-lie, read in cycles (its unit is not settled): for comparison only.

    ``regularity`` is irregular, average or regular. The source caps I/C at 0.9; here a larger value is refused.

    >>> over_lie_kooman([0.5, 0.9], "regular").round(3).tolist()
    [0.129, 1.344]
    """
    ratio = np.asarray(intensity_capacity, dtype=float)
    if np.any(ratio > 0.9) or np.any(ratio < 0):
        raise ScenarioError(f"I/C = {float(ratio.max()):g}: Kooman's curve holds from 0 to 0.9")
    spread = {"irregular": 0.356 + 0 * ratio, "average": 0.377 - 0.141 * ratio, "regular": 0.397 - 0.291 * ratio}
    if regularity not in spread:
        raise ScenarioError(f"regularity = {regularity}: must be one of {', '.join(spread)}")
    return 4.495 * np.maximum(ratio - 0.4, 0) / (1 - ratio) * spread[regularity] ** 1.407


def rws_passage_min(intensity_capacity: float) -> tuple[float, float]:
    """Mean and 90 % passage time [min] between the rows of the guidelines' table 33; outside 0.3 to 0.9 it is refused.

    >>> rws_passage_min(0.5)
    (45.0, 77.0)
    """
    rows = sorted(RWS_PASSAGE_MIN)
    if not rows[0] <= intensity_capacity <= rows[-1]:
        raise ScenarioError(f"I/C = {intensity_capacity:g}: the table holds from {rows[0]} to {rows[-1]}")
    mean, late = (float(np.interp(intensity_capacity, rows, [RWS_PASSAGE_MIN[r][k] for r in rows])) for k in (0, 1))
    return mean, late
