"""Make up the building stock of the bundled district: ``python tools/make_building_stock.py DISTRICT_DIR``.

**Nothing in it exists.** The plan says that there are 18 quality building projects, over 1,000,000 m2 of gross area and nearly 500 firms; no list of
them is published. This stock has those totals (18 carriers, exactly 1,000,000 m2, 497 firms that have moved in by the day ``DAY``) so that the room
``buildings`` can be tried. Every row says that it is synthetic, with status ``assumed`` and source ``ASSUME``. The same script gives the same bytes:
only ``random.Random.random`` is drawn from, whose sequence Python keeps.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from qujiang.district.buildings import CARRIERS, FIRMS_SEEKING, LEASES, SUITES
from qujiang.tables import Table, write_table

SEED = 20251001
DAY = date(2025, 10, 1)
CARRIER_COUNT, FIRM_COUNT, GROSS_M2 = 18, 497, 1_000_000
SECOND_SUITES, SIGNED_ONLY, FORMER, SEEKING = 9, 23, 40, 60
MARKS = {"status": "assumed", "source": ["ASSUME"], "note": "synthetic; made by tools/make_building_stock.py"}
#: Sectors that the plan names (trade, logistics, finance, e-commerce and software, culture), business services and research.
SECTOR_WEIGHT = {"F": 26, "G": 16, "I": 18, "J": 8, "L": 16, "M": 6, "R": 10}
#: Yuan of tax per m2 and year around which a sector's firms lie.
TAX_YUAN_PER_M2 = {"F": 330, "G": 210, "I": 260, "J": 900, "L": 180, "M": 150, "R": 120}
CARRIER_OFFERS, SUITE_OFFERS = ("fibre", "parking", "canteen", "meeting_rooms"), ("goods_lift", "raised_floor")


class Draws:
    """Draws that need nothing but ``random()``."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def whole(self, low: int, high: int) -> int:
        return low + int((high - low + 1) * self._random())

    def chance(self, share: float) -> bool:
        return self._random() < share

    def one(self, weights: dict[str, int]) -> str:
        at = self._random() * sum(weights.values())
        for name, weight in weights.items():
            at -= weight
            if at < 0:
                return name
        return name

    def some(self, names: tuple[str, ...], share: float) -> list[str] | None:
        return [name for name in names if self.chance(share)] or None

    def shuffled(self, items: list[Any]) -> list[Any]:
        keyed = [(self._random(), n) for n in range(len(items))]
        return [items[n] for _, n in sorted(keyed)]


def make_carriers(draws: Draws) -> list[dict[str, Any]]:
    weights = [draws.between(0.35, 1.8) for _ in range(CARRIER_COUNT)]
    areas = [round(GROSS_M2 * weight / sum(weights), -2) for weight in weights]
    areas[-1] += GROSS_M2 - sum(areas)
    return [
        {
            "id": f"c{n:02}",
            "name_zh": f"合成楼宇{n:02}",
            "name_en": f"synthetic carrier {n:02}",
            "gross_area_m2": area,
            "opened": date(draws.whole(2012, 2023), draws.whole(1, 12), 1),
            "trade": draws.one(SECTOR_WEIGHT) if draws.chance(0.7) else None,
            "offers": draws.some(CARRIER_OFFERS, 0.6),
            "synthetic": True,
        }
        for n, area in enumerate(areas, 1)
    ]


def make_suites(draws: Draws, carriers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    suites = []
    for carrier in carriers:
        lettable = carrier["gross_area_m2"] * draws.between(0.70, 0.82)
        floors = max(4, round(lettable / draws.between(1_700, 2_900)))
        for floor in range(1, floors + 1):
            parts = [draws.between(0.5, 1.5) for _ in range(draws.whole(1, 5))]
            for n, part in enumerate(parts, 1):
                offers = (["ground_floor"] if floor == 1 else []) + (draws.some(SUITE_OFFERS, 0.4) or [])
                suites.append(
                    {
                        "id": f"{carrier['id']}-{floor:02}{n:02}",
                        "carrier": carrier["id"],
                        "floor": str(floor),
                        "lettable_m2": 5.0 * round(lettable / floors * part / sum(parts) / 5),
                        "measure_basis": "construction",
                        "offers": offers or None,
                    }
                )
    return suites


def years_later(day: date, years: int) -> date:
    """The same day of a later year; days are drawn up to the 28th."""
    return day.replace(year=day.year + years)


def make_lease(draws: Draws, suite: dict[str, Any], firm: str, sector: str, *, signed_only: bool) -> dict[str, Any]:
    years = (2, 3, 3, 5)[draws.whole(0, 3)]
    begins = date(2025, draws.whole(6, 9), 1)
    if not signed_only:
        begins = date(draws.whole(2021, 2024), draws.whole(1, 12), draws.whole(1, 28))
        holds_over = draws.chance(0.05)
        while not holds_over and years_later(begins, years) <= DAY:
            begins = years_later(begins, years)
    let = suite["lettable_m2"] if draws.chance(0.9) else 5.0 * int(suite["lettable_m2"] * 0.9 / 5)
    tax = TAX_YUAN_PER_M2[sector] * 10 ** draws.between(-0.9, 0.6)
    return {
        "suite": suite["id"],
        "firm": firm,
        "sector": sector,
        "let_m2": let,
        "measure_basis": "construction",
        "contracted_from": begins,
        "contracted_to": years_later(begins, years) - timedelta(days=1),
        "moved_in": None if signed_only else min(begins + timedelta(days=draws.whole(0, 60)), DAY),
        "first_break": years_later(begins, years - 1) - timedelta(days=1) if draws.chance(0.35) else None,
        "rent_yuan_per_m2_month": round(draws.between(18, 48), 1),
        "registered_here": draws.chance(0.82),
        "tax_yuan_per_year": None if signed_only else round(tax * let, -2),
        "energy_kwh_per_year": None if signed_only else round(let * draws.between(55, 150), -2),
    }


def make_leases(draws: Draws, carriers: list[dict[str, Any]], suites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    trades = {carrier["id"]: carrier["trade"] for carrier in carriers}
    sector_of: dict[str, str] = {}
    registered: dict[str, bool] = {}
    leases = []
    chosen = draws.shuffled(suites)[: FIRM_COUNT + SECOND_SUITES + SIGNED_ONLY]
    for n, suite in enumerate(chosen):
        second = FIRM_COUNT <= n < FIRM_COUNT + SECOND_SUITES
        firm = f"f{n - FIRM_COUNT + 1 if second else n + 1 if n < FIRM_COUNT else n - SECOND_SUITES + 1:04}"
        trade = trades[suite["carrier"]]
        drawn = trade if trade and draws.chance(0.45) else draws.one(SECTOR_WEIGHT)
        sector = sector_of.setdefault(firm, drawn)
        lease = make_lease(draws, suite, firm, sector, signed_only=n >= FIRM_COUNT + SECOND_SUITES)
        lease["registered_here"] = registered.setdefault(firm, lease["registered_here"])
        leases.append(lease)
    leases += [former(draws, lease, f"f9{n:03}") for n, lease in enumerate(leases[:FORMER], 1)]
    ordered = sorted(leases, key=lambda lease: (lease["suite"], lease["contracted_from"]))
    return [{"id": f"l{n:04}"} | lease for n, lease in enumerate(ordered, 1)]


def former(draws: Draws, lease: dict[str, Any], firm: str) -> dict[str, Any]:
    """Who rented the suite before."""
    ends = lease["contracted_from"] - timedelta(days=draws.whole(1, 240))
    begins = date(ends.year - 3, ends.month, 1)
    return lease | {
        "firm": firm,
        "sector": draws.one(SECTOR_WEIGHT),
        "contracted_from": begins,
        "contracted_to": ends,
        "moved_in": begins,
        "moved_out": ends,
        "first_break": None,
        "tax_yuan_per_year": None,
        "energy_kwh_per_year": None,
    }


def make_firms(draws: Draws) -> list[dict[str, Any]]:
    firms = []
    for n in range(1, SEEKING + 1):
        wanted = 10.0 * round(10 ** draws.between(2.0, 3.5) / 10)
        firms.append(
            {
                "id": f"s{n:02}",
                "name_zh": f"合成企业{n:02}",
                "name_en": f"synthetic firm {n:02}",
                "sector": draws.one(SECTOR_WEIGHT),
                "wanted_m2": wanted,
                "least_m2": 10.0 * round(wanted * draws.between(0.75, 0.95) / 10),
                "most_m2": 10.0 * round(wanted * draws.between(1.05, 1.4) / 10 + 1),
                "measure_basis": "construction",
                "latest": date(2025, 12, 1) + timedelta(days=draws.whole(0, 540)),
                "needs": draws.some((*CARRIER_OFFERS[:2], *SUITE_OFFERS, "ground_floor"), 0.16),
                "may_split": draws.chance(0.3),
                "synthetic": True,
            }
        )
    return firms


def make() -> dict[Table, list[dict[str, Any]]]:
    """The rows of the four tables."""
    draws = Draws(SEED)
    carriers = make_carriers(draws)
    suites = make_suites(draws, carriers)
    return {
        CARRIERS: carriers,
        SUITES: suites,
        LEASES: make_leases(draws, carriers, suites),
        FIRMS_SEEKING: make_firms(draws),
    }


def main(arguments: list[str]) -> None:
    """Write the four tables."""
    if len(arguments) != 1:
        raise SystemExit("usage: make_building_stock.py DISTRICT_DIR")
    for table, rows in make().items():
        blank = dict.fromkeys(table.names) | MARKS
        write_table(
            table, pl.DataFrame([blank | row for row in rows], schema=table.schema), Path(arguments[0]) / table.file
        )
        print(f"{table.file}: {len(rows)} rows, synthetic")


if __name__ == "__main__":
    main(sys.argv[1:])
