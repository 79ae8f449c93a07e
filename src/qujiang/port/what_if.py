"""Another port than today's: berths, cranes and tonnes changed by hand, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qujiang.port.problem import MOST_BERTHS, PortProblem
from qujiang.port.service_level import with_units

MOST_OF_A_POOL, MOST_CRANES = 40, 80


@dataclass(frozen=True, slots=True)
class Units:
    """What one pool has."""

    pool: str
    berth_count: int
    crane_count: int


def units_of(problem: PortProblem) -> tuple[Units, ...]:
    """Berths and cranes of every pool, in the port's order."""
    return tuple(
        Units(pool.name, sum(berth.pool == pool.name for berth in problem.berths), pool.crane_count)
        for pool in problem.pools
    )


def faults_of(units: tuple[Units, ...]) -> list[tuple[str | None, str]]:
    """Every fault of the wanted units: (pool and what, or None for the whole port; which rule)."""
    found: list[tuple[str | None, str]] = []
    for unit in units:
        if not 1 <= unit.berth_count <= MOST_OF_A_POOL:
            found.append((f"berths {unit.pool}", "berths"))
        if not 1 <= unit.crane_count <= MOST_CRANES:
            found.append((f"cranes {unit.pool}", "cranes"))
    if sum(unit.berth_count for unit in units) > MOST_BERTHS:
        found.append((None, "all"))
    return found


def with_all(problem: PortProblem, units: tuple[Units, ...]) -> PortProblem:
    """The port with other berths and cranes; more cranes than berths work in gangs of two."""
    now: Mapping[str, Units] = {unit.pool: unit for unit in units_of(problem)}
    for unit in units:
        if unit != now[unit.pool]:
            gang = 2 if unit.crane_count > unit.berth_count else None
            problem = with_units(problem, unit.pool, unit.berth_count, unit.crane_count, gang_most=gang)
    return problem
