"""Limits of the whole port over many futures: what berths, cranes and gate carry where their figures are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.methods.queues import utilisation_allowed
from qujiang.port.capacity import BerthPool, berth_pools, design_code_capacity_t_per_year

Floats = np.ndarray
Values = Mapping[str, Floats]
#: Kinds of limit in the order of ``Binding.kind``; ``lock_physical`` comes last.
KINDS = ("demand", "berth_documented", "berth_service_level", "berth_design_code", "crane", "gate", "lock_physical")


#: Physical limits of the whole port: a draw below today's throughput is refuted by it.
PHYSICAL = ("berth_documented", "crane", "gate")


@dataclass(frozen=True, slots=True)
class Berths:
    """The port's berths, cranes and gate, as the tables give them."""

    pools: tuple[BerthPool, ...]
    allowed: tuple[float, ...]  # utilisation at which each pool keeps the level of service
    documented_t: float | None
    gate_t: float | None  # at the table's minutes and payload
    wait_ratio: float

    @property
    def any(self) -> bool:
        """Whether there are berths to count."""
        return bool(self.pools)


def read_berths(tables: Mapping[str, pl.DataFrame], place: str, wait_ratio: float) -> Berths:
    """Decode the berths of a place."""
    from qujiang.plan.limits import berth_limits, documented_berths

    here = set(tables["terminals"].filter(pl.col("place") == place)["id"])
    pools = tuple(pool for pool in berth_pools(tables) if pool.terminal in here)
    documented = documented_berths(tables["terminals"], place)
    gate = [limit for limit in berth_limits(tables, place, 500.0, wait_ratio) if limit.kind == "gate"]
    allowed = tuple(utilisation_allowed("M", "E2", pool.berth_count, wait_ratio) for pool in pools)
    return Berths(
        pools,
        allowed,
        None if documented is None else documented.level_t_per_year,
        gate[0].level_t_per_year if gate else None,
        wait_ratio,
    )


def drawn_pools(berths: Berths, values: Values) -> list[BerthPool]:
    """The pools with arrays in place of numbers, one value a future."""

    def factor(item: str) -> Floats | float:
        return values.get(f"port_equipment:{item}", 1.0)

    made = []
    for pool in berths.pools:
        made.append(
            BerthPool(
                pool.terminal,
                pool.berth_type,
                pool.berth_count,
                pool.crane_count,
                pool.crane_rate_t_per_h * values.get("berths:crane_rate_t_per_h", 1.0),  # type: ignore[arg-type]
                pool.working_days * factor("working_days"),  # type: ignore[arg-type]
                np.minimum(pool.hours_h_per_day * factor("hours_per_day"), 24.0),  # type: ignore[arg-type]
                pool.auxiliary_h_per_day * factor("auxiliary_hours"),  # type: ignore[arg-type]
                pool.berthing_h * factor("berthing_hours"),  # type: ignore[arg-type]
                pool.design_utilisation_share * factor("berth_utilisation"),  # type: ignore[arg-type]
                pool.design_call_t * factor("design_call_t"),  # type: ignore[arg-type]
            )
        )
    return made


def whole_limits(berths: Berths, values: Values, call_t: Floats, payload_factor: Floats | float) -> dict[str, Floats]:
    """Every limit of the whole port by kind, shape (futures,) [t/year]."""
    found: dict[str, Floats] = {}
    one = np.ones_like(call_t)
    if berths.documented_t is not None:
        found["berth_documented"] = berths.documented_t * one
    pools = drawn_pools(berths, values)
    if pools:
        found["berth_service_level"] = sum(
            (_at_service_level(pool, allowed, call_t) for pool, allowed in zip(pools, berths.allowed, strict=True)),
            0 * one,
        )
        found["berth_design_code"] = sum((design_code_capacity_t_per_year(pool) * one for pool in pools), 0 * one)
        found["crane"] = sum(
            (
                pool.crane_count * pool.crane_rate_t_per_h * pool.working_days
                * (pool.hours_h_per_day - pool.auxiliary_h_per_day) * one
                for pool in pools
            ),
            0 * one,
        )  # fmt: skip
        if berths.gate_t is not None:
            time = values.get("port_equipment:working_days", 1.0) * values.get("port_equipment:hours_per_day", 1.0)
            found["gate"] = berths.gate_t * time / values.get("port_equipment:gate_minutes", 1.0) * payload_factor * one
    return found


def _at_service_level(pool: BerthPool, allowed: float, call_t: Floats) -> Floats:
    return pool.berth_count * allowed * pool.hours_h_per_year * call_t / pool.service_h(call_t)  # type: ignore[arg-type]


def container_t(berths: Berths, values: Values) -> Floats | float:
    """Tonnes in boxes that the container berths carry at the level of service, calls as large as their design call."""
    pools = zip(drawn_pools(berths, values), berths.allowed, strict=True)
    return sum(
        (
            _at_service_level(p, allowed, np.asarray(p.design_call_t))
            for p, allowed in pools
            if p.berth_type == "container"
        ),
        0.0,
    )


def slower(berths: Berths, values: Values, call_t: float) -> dict[str, tuple[Floats, Floats]]:
    """By ``<terminal>:<berth_type>``: factor on the time at the berth and on its hours a year, shape (futures,)."""
    found = {}
    for pool, drawn in zip(berths.pools, drawn_pools(berths, values), strict=True):
        time, hours = drawn.service_h(call_t) / pool.service_h(call_t), drawn.hours_h_per_year / pool.hours_h_per_year
        found[f"{pool.terminal}:{pool.berth_type}"] = (np.asarray(time), np.asarray(hours))
    return found
