"""What the berths can carry in a year, by three notions that are often mixed up.

documented
    what the district says of its terminals
design_code
    the harbour design code's formula: a chosen utilisation, nothing about waiting
queueing
    the largest flow at which the mean wait is at most a given part of the service, exact for one queue per kind of berth
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qujiang.errors import ScenarioError
from qujiang.methods.queues import utilisation_allowed, wait_over_service

if TYPE_CHECKING:
    import polars as pl

NOTIONS = ("documented", "design_code", "queueing")


@dataclass(frozen=True, slots=True)
class BerthPool:
    """Equal berths of one terminal for one kind of cargo, with their cranes.

    ``crane_rate_t_per_h`` is the rate inside working hours; ``auxiliary_h_per_day`` (meals, shift change) is taken off
    every day; ``berthing_h`` is lost in every call.
    """

    terminal: str
    berth_type: str
    berth_count: int
    crane_count: int
    crane_rate_t_per_h: float
    working_days: float = 330.0
    hours_h_per_day: float = 24.0
    auxiliary_h_per_day: float = 3.0
    berthing_h: float = 1.5
    design_utilisation_share: float = 0.6
    design_call_t: float = 500.0

    @property
    def hours_h_per_year(self) -> float:
        return self.working_days * self.hours_h_per_day

    @property
    def berth_rate_t_per_h(self) -> float:
        """Rate of one berth with its share of the cranes, inside working hours."""
        if not self.berth_count or not self.crane_count:
            what = "berths" if not self.berth_count else "cranes"
            raise ScenarioError(f"{self.terminal} {self.berth_type}: 0 {what}, so nothing can be handled there")
        return self.crane_rate_t_per_h * self.crane_count / self.berth_count

    def service_h(self, call_t: float) -> float:
        """Berthing and handling of one call [h], pauses spread over the day."""
        working = 1 - self.auxiliary_h_per_day / self.hours_h_per_day
        return call_t / (self.berth_rate_t_per_h * working) + self.berthing_h


def design_code_capacity_t_per_year(pool: BerthPool) -> float:
    """P = n·T·G·ρ / ((G/p)/(h - s) + f/h) with T working days, G design call, ρ utilisation, p the berth's rate, h hours a
    day, s auxiliary hours, f berthing hours [t/year].

    The general-cargo formula of JTS 166 as quoted in design texts (its edition is not verified); a lone berth of methods
    2.4 gives 349,307 t.

    >>> lone = BerthPool("t", "general", 1, 1, 100.0, working_days=350, berthing_h=1.5)
    >>> round(design_code_capacity_t_per_year(lone))
    349307
    """
    return (
        pool.berth_count
        * pool.hours_h_per_year
        * pool.design_utilisation_share
        * pool.design_call_t
        / pool.service_h(pool.design_call_t)
    )


def queueing_capacity_t_per_year(
    pool: BerthPool, call_t: float, wait_ratio: float = 0.1, *, arrival: str = "M", service: str = "E2"
) -> float:
    """The largest flow with a mean wait of at most ``wait_ratio`` services, exact for this pool alone [t/year].

    >>> few, enough = (BerthPool("t", "general", n, n, 1e9, berthing_h=4.0, working_days=350) for n in (12, 13))
    >>> queueing_capacity_t_per_year(few, 497.0) < 20_100 * 497 < queueing_capacity_t_per_year(enough, 497.0)
    True
    """
    allowed = utilisation_allowed(arrival, service, pool.berth_count, wait_ratio)
    return pool.berth_count * allowed * pool.hours_h_per_year * call_t / pool.service_h(call_t)


def wait_ratio_at(
    pool: BerthPool, flow_t_per_year: float, call_t: float, *, arrival: str = "M", service: str = "E2"
) -> float:
    """Mean wait over mean service at a flow [1]; a flow that the berths cannot carry is refused with its growth."""
    utilisation = flow_t_per_year / call_t / pool.hours_h_per_year * pool.service_h(call_t) / pool.berth_count
    return wait_over_service(arrival, service, pool.berth_count, utilisation)


def berth_pools(district: Mapping[str, pl.DataFrame]) -> tuple[BerthPool, ...]:
    """The district's berths by terminal and kind, open terminals only, with the terminal's working figures."""
    figures = _terminal_figures(district)
    open_now = {row["id"] for row in district["terminals"].to_dicts() if row["state"] == "open" and not row["is_total"]}
    pools = []
    for row in district["berths"].to_dicts():
        if row["terminal"] not in open_now:
            continue
        known = figures.get(row["terminal"], {})
        pools.append(
            BerthPool(
                row["terminal"],
                row["berth_type"],
                row["berth_count"],
                row["crane_count"],
                row["crane_rate_t_per_h"],
                **known,
            )
        )
    return tuple(pools)


#: item of the table port_equipment -> field of BerthPool
FIGURES = {
    "working_days": "working_days",
    "hours_per_day": "hours_h_per_day",
    "auxiliary_hours": "auxiliary_h_per_day",
    "berthing_hours": "berthing_h",
    "berth_utilisation": "design_utilisation_share",
    "design_call_t": "design_call_t",
}


def _terminal_figures(district: Mapping[str, pl.DataFrame]) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    for row in district["port_equipment"].to_dicts():
        if row["item"] in FIGURES:
            figures.setdefault(row["terminal"], {})[FIGURES[row["item"]]] = row["equipment_value"]
    return figures


def berth_capacity(
    district: Mapping[str, pl.DataFrame], *, call_t: float = 850.0, wait_ratio: float = 0.1
) -> pl.DataFrame:
    """Capacity of each terminal by the three notions.

    Parameters
    ----------
    district
        Tables ``terminals``, ``berths`` and ``port_equipment``.
    call_t
        Tonnes a call for the queueing notion (850 t: the load observed at the lock); the design code has its own.
    wait_ratio
        Mean wait over mean service at the berths.

    Returns
    -------
    Table ``terminal``, ``notion``, ``capacity_t_per_year``. The queueing notion adds the kinds of berth, each alone at the
    level: it is what the terminal carries if the cargo comes in the proportion of its berths.
    """
    import polars as pl

    pools, documented = (
        berth_pools(district),
        {row["id"]: row["capacity_t_per_year"] for row in district["terminals"].to_dicts()},
    )
    rows = []
    for terminal in dict.fromkeys(pool.terminal for pool in pools):
        own = [pool for pool in pools if pool.terminal == terminal]
        rows.append((terminal, "documented", documented[terminal]))
        rows.append((terminal, "design_code", sum(map(design_code_capacity_t_per_year, own))))
        rows.append((terminal, "queueing", sum(queueing_capacity_t_per_year(pool, call_t, wait_ratio) for pool in own)))
    return pl.DataFrame(
        rows, schema={"terminal": pl.String, "notion": pl.String, "capacity_t_per_year": pl.Float64}, orient="row"
    )
