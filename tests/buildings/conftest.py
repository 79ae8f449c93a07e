"""Small stocks in memory, and the bundled one on its own day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from qujiang.buildings.stock import Carrier, Lease, Seeker, Stock, Suite, read_stock
from qujiang.district import District

ON = date(2025, 1, 1)
Make = Callable[..., Any]


@pytest.fixture(scope="session")
def district() -> District:
    return District.open()


@pytest.fixture(scope="session")
def bundled(district: District) -> Stock:
    return read_stock(district, date(2025, 10, 1))


def carrier(name: str, *, trade: str | None = None, gross_m2: float = 1e6) -> Carrier:
    return Carrier(name, name, name, gross_m2, trade, trade is not None, True)


def suite(
    name: str,
    area_m2: float,
    *,
    at: str = "c",
    level: int = 1,
    free: date | None = ON,
    basis: str = "construction",
    offers: str = "",
) -> Suite:
    return Suite(name, at, str(level), level, area_m2, basis, frozenset(offers.split()), free)


def lease(name: str, area_m2: float, years: float = 1.0, **given: Any) -> Lease:
    held: dict[str, Any] = {
        "id": name,
        "suite": f"s{name}",
        "carrier": "c",
        "firm": name,
        "sector": "F",
        "let_m2": area_m2,
        "last_day": ON,
        "moved_in": True,
        "holds_over": False,
        "expiry_years": years,
        "break_years": years,
        "rent_yuan_per_m2_month": 30.0,
        "registered_here": True,
        "tax_yuan_per_year": 1000.0,
        "energy_kwh_per_year": None,
    }
    return Lease(**(held | given))


def seeker(name: str, wanted_m2: float, *, slack: float = 0.2, **given: Any) -> Seeker:
    held: dict[str, Any] = {
        "id": name,
        "name_zh": name,
        "name_en": name,
        "sector": "F",
        "wanted_m2": wanted_m2,
        "least_m2": wanted_m2 * (1 - slack),
        "most_m2": wanted_m2 * (1 + slack),
        "basis": "construction",
        "latest": date(2025, 12, 31),
        "needs": frozenset[str](),
        "may_split": False,
        "synthetic": True,
    }
    return Seeker(**(held | given))


def let(leases: list[Lease], *, carriers: list[Carrier] | None = None, spare_m2: float = 0.0) -> Stock:
    """A stock whose suites are those of the leases, and one empty suite."""
    suites = [suite(one.suite, one.let_m2, at=one.carrier, free=None) for one in leases]
    suites += [suite("spare", spare_m2)] if spare_m2 else []
    return Stock(ON, tuple(carriers or [carrier("c")]), tuple(suites), tuple(leases), ())


def seek(suites: list[Suite], seekers: list[Seeker], *, trades: dict[str, str | None] | None = None) -> Stock:
    names = sorted({one.carrier for one in suites})
    return Stock(
        ON, tuple(carrier(name, trade=(trades or {}).get(name)) for name in names), tuple(suites), (), tuple(seekers)
    )
