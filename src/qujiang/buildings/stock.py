"""The building stock of a district on one day: carriers, suites, leases and firms that seek space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qujiang.buildings.faults import find_faults, last_day
from qujiang.buildings.figures import remaining_years
from qujiang.district import District
from qujiang.district.scopes import Scope
from qujiang.errors import DataError, ScenarioError


@dataclass(frozen=True, slots=True)
class Carrier:
    """A building project. ``trade``: the one trade that it is kept for; None where it has neither that nor a tenant."""

    id: str
    name_zh: str
    name_en: str
    gross_area_m2: float
    trade: str | None
    trade_declared: bool
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite. ``level`` orders floors (B1 is 0, the ground floor 1); ``free_from`` is None while somebody holds over."""

    id: str
    carrier: str
    floor: str
    level: int
    lettable_m2: float
    basis: str
    offers: frozenset[str]
    free_from: date | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease in force. ``expiry_years`` and ``break_years`` are what remains to its end and to the first option to leave."""

    id: str
    suite: str
    carrier: str
    firm: str
    sector: str
    let_m2: float
    last_day: date
    moved_in: bool
    holds_over: bool
    expiry_years: float
    break_years: float
    rent_yuan_per_m2_month: float | None
    registered_here: bool | None
    tax_yuan_per_year: float | None
    energy_kwh_per_year: float | None


@dataclass(frozen=True, slots=True)
class Seeker:
    """A firm that seeks space."""

    id: str
    name_zh: str
    name_en: str
    sector: str
    wanted_m2: float
    least_m2: float
    most_m2: float
    basis: str
    latest: date
    needs: frozenset[str]
    may_split: bool
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Stock:
    """The stock on the day ``on``: ``leases`` are those in force or held over."""

    on: date
    carriers: tuple[Carrier, ...]
    suites: tuple[Suite, ...]
    leases: tuple[Lease, ...]
    seekers: tuple[Seeker, ...]

    @property
    def synthetic(self) -> bool:
        """Whether any of it is made up."""
        return any(one.synthetic for one in (*self.carriers, *self.seekers))


def usual_day(district: District, today: date) -> date:
    """Today; for a stock that is all made up, the last day on which somebody moved in, so that its answers stay."""
    carriers, moved = district["carriers"], district["leases"]["moved_in"].drop_nulls()
    if carriers.is_empty() or moved.is_empty() or not carriers["synthetic"].all():
        return today
    return max(moved)


def read_stock(district: District, on: date) -> Stock:
    """Read the stock as it is on one day.

    Raises
    ------
    DataError
        Leases of one suite overlap, more is let than there is, and the like; all faults are told.
    ScenarioError
        The district has no carriers or no suites.
    """
    for table in ("carriers", "suites"):
        if district[table].is_empty():
            raise ScenarioError(f"{table}.csv is missing or has no row: {district.info.id} has no building stock")
    faults = find_faults(Scope(district.info, district.frames, district.lines))
    if faults:
        raise DataError(faults)
    rows = {name: list(district[name].iter_rows(named=True)) for name in ("carriers", "suites", "leases")}
    of_suite: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows["leases"], key=lambda lease: lease["contracted_from"]):
        of_suite[row["suite"]].append(row)
    carrier_of = {suite["id"]: suite["carrier"] for suite in rows["suites"]}
    leases = tuple(
        _lease(row, carrier_of[name], on) for name, held in of_suite.items() for row in held if _in_force(row, held, on)
    )
    offers = {row["id"]: row["offers"] or [] for row in rows["carriers"]}
    suites = tuple(_suite(row, offers[row["carrier"]], of_suite[row["id"]], on) for row in rows["suites"])
    carriers = tuple(_carrier(row, leases) for row in rows["carriers"])
    return Stock(on, carriers, suites, leases, _seekers(district))


def _in_force(lease: Mapping[str, Any], of_suite: Sequence[Mapping[str, Any]], on: date) -> bool:
    if lease["contracted_from"] > on or (lease["moved_out"] is not None and lease["moved_out"] < on):
        return False
    return lease["contracted_to"] >= on or _holds_over(lease, of_suite, on)


def _holds_over(lease: Mapping[str, Any], of_suite: Sequence[Mapping[str, Any]], on: date) -> bool:
    """Past its contract, moved in, not moved out, and no later lease of the suite has begun."""
    there = lease["moved_in"] is not None and (lease["moved_out"] is None or lease["moved_out"] >= on)
    later = any(lease["contracted_from"] < other["contracted_from"] <= on for other in of_suite)
    return there and lease["contracted_to"] < on and not later


def _lease(row: Mapping[str, Any], carrier: str, on: date) -> Lease:
    end = min(row["contracted_to"], row["moved_out"] or row["contracted_to"])
    leaves = row["first_break"] if row["first_break"] is not None and row["first_break"] >= on else end
    return Lease(
        row["id"],
        row["suite"],
        carrier,
        row["firm"],
        row["sector"],
        row["let_m2"],
        end,
        row["moved_in"] is not None and row["moved_in"] <= on,
        end < on,
        remaining_years(on, end),
        remaining_years(on, min(leaves, end)),
        row["rent_yuan_per_m2_month"],
        row["registered_here"],
        row["tax_yuan_per_year"],
        row["energy_kwh_per_year"],
    )


def _suite(row: Mapping[str, Any], offers: Sequence[str], leases: Sequence[dict[str, Any]], on: date) -> Suite:
    free: date | None = max(on, row["available_from"] or on)
    for lease in leases:
        if _holds_over(lease, leases, on) and lease["moved_out"] is None:
            free = None
            break
        ends = last_day(lease)
        if free is not None and ends >= free:
            free = date.fromordinal(ends.toordinal() + 1)
    floor = row["floor"]
    level = 1 - int(floor[1:]) if floor.startswith("B") else int(floor)
    both = frozenset(offers) | frozenset(row["offers"] or [])
    return Suite(row["id"], row["carrier"], floor, level, row["lettable_m2"], row["measure_basis"], both, free)


def _carrier(row: Mapping[str, Any], leases: Sequence[Lease]) -> Carrier:
    let: dict[str, float] = defaultdict(float)
    for lease in leases:
        if lease.carrier == row["id"]:
            let[lease.sector] += lease.let_m2
    trade = row["trade"] or max(sorted(let), key=lambda sector: let[sector], default=None)
    return Carrier(
        row["id"],
        row["name_zh"],
        row["name_en"],
        row["gross_area_m2"],
        trade,
        row["trade"] is not None,
        bool(row["synthetic"]),
    )


def _seekers(district: District) -> tuple[Seeker, ...]:
    return tuple(
        Seeker(
            row["id"],
            row["name_zh"],
            row["name_en"],
            row["sector"],
            row["wanted_m2"],
            row["least_m2"],
            row["most_m2"],
            row["measure_basis"],
            row["latest"],
            frozenset(row["needs"] or []),
            bool(row["may_split"]),
            bool(row["synthetic"]),
        )
        for row in district["firms_seeking"].iter_rows(named=True)
    )
