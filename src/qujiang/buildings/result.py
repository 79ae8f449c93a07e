"""What the room hands on: the survey's records, and its tables with their columns."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from qujiang.district.buildings import SECTORS
from qujiang.tables import Column, Table, write_table

#: What is said wherever the stock is made up.
SYNTHETIC_WORDS = "SYNTHETIC STOCK: made up to try the program on; no figure below is of a real building or firm"


@dataclass(frozen=True, slots=True)
class TaxCell:
    """Tax of one cell, as bands only; ``withheld`` says why there is none, and is None where there is one."""

    tax_firms_count: int
    tax_band_yuan: str | None
    tax_per_let_band_yuan_per_m2: str | None
    tax_per_total_band_yuan_per_m2: str | None
    withheld: str | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Figures of one carrier, or of all (``id`` is ``total``). Shares are of the lettable area, or of the suites."""

    id: str
    name_zh: str
    name_en: str
    trade: str | None
    gross_area_m2: float
    lettable_m2: float
    suite_count: int
    contracted_m2: float
    moved_in_m2: float
    contracted_share: float | None
    moved_in_share: float | None
    contracted_suite_share: float | None
    moved_in_suite_share: float | None
    firm_count: int
    registered_share: float | None
    registration_unknown_count: int
    top5_share: float | None
    hhi_factor: float | None
    wale_area_years: float | None
    wale_rent_years: float | None
    wale_break_area_years: float | None
    wale_break_rent_years: float | None
    energy_kwh_per_m2: float | None
    tax: TaxCell


@dataclass(frozen=True, slots=True)
class SectorShare:
    """One sector: firms moved in, and the area that they let."""

    sector: str
    name_zh: str
    name_en: str
    firm_count: int
    moved_in_m2: float
    moved_in_share: float | None
    tax: TaxCell


@dataclass(frozen=True, slots=True)
class Expiry:
    """Contracted area that ends within a span of months: to the end of the contract, and to the first option to leave."""

    span: str
    area_m2: float
    area_share: float | None
    break_m2: float
    break_share: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A lease that ends within a year. ``tax_share`` and ``risk_share`` (tax share, whole at expiry and nought a year before) are for officers only."""

    lease: str
    firm: str
    carrier: str
    suite: str
    sector: str
    let_m2: float
    last_day: date
    remaining_years: float
    holds_over: bool
    tax_share: float | None = None
    risk_share: float | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """The stock on one day."""

    on: date
    measure_basis: str
    synthetic: bool
    internal: bool
    total: Holding
    carriers: tuple[Holding, ...]
    sectors: tuple[SectorShare, ...]
    expiries: tuple[Expiry, ...]
    endings: tuple[Ending, ...]

    def as_dict(self) -> dict[str, Any]:
        """The survey as JSON-ready parts."""
        return plain(asdict(self))

    def write(self, folder: Path) -> None:
        """Write the four tables as CSV."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = {
            HOLDINGS: [flat(asdict(one)) for one in (self.total, *self.carriers)],
            SECTOR_MIX: [flat(asdict(one)) for one in self.sectors],
            EXPIRIES: [asdict(one) for one in self.expiries],
            ENDINGS: [asdict(one) for one in self.endings],
        }
        for table, found in rows.items():
            marked = [{"synthetic": self.synthetic, "survey_date": self.on} | row for row in found]
            frame = pl.DataFrame(marked, schema=table.schema) if marked else table.empty()
            write_table(table, frame, folder / table.file)


def plain(value: Any) -> Any:
    """Days as text; the rest as it is."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, date) else value


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The tax cell's parts beside the others."""
    return {name: part for name, part in row.items() if name != "tax"} | row["tax"]


def _made(name: str, meaning: str, *columns: Column) -> Table:
    marks = (
        Column("synthetic", "boolean", "computed from a stock that is made up", required=True),
        Column("survey_date", "date", "day of the survey", required=True),
    )
    return Table(name, meaning, (*marks, *columns))


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning)


def _share(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, minimum=0, maximum=1)


def _number(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, minimum=0)


def _count(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, minimum=0)


_TAX = (
    _count("tax_firms_count", "firms whose tax is known"),
    _text("tax_band_yuan", "band of their tax in twelve months"),
    _text("tax_per_let_band_yuan_per_m2", "band of tax over the area that they let"),
    _text("tax_per_total_band_yuan_per_m2", "band of tax over all lettable area"),
    _text("withheld", "why there is no band"),
)
HOLDINGS = _made(
    "holdings",
    "Figures of each carrier, and of all",
    Column("id", "text", "carrier; total for all", key=True),
    _text("name_zh", "Chinese name"),
    _text("name_en", "English name"),
    _text("trade", "its one trade"),
    _number("gross_area_m2", "gross floor area"),
    _number("lettable_m2", "area that can be let"),
    _count("suite_count", "suites"),
    _number("contracted_m2", "area under contract, or held over"),
    _number("moved_in_m2", "of it, where the firm has moved in"),
    _share("contracted_share", "contracted over lettable area"),
    _share("moved_in_share", "moved-in over lettable area"),
    _share("contracted_suite_share", "suites under contract over all suites"),
    _share("moved_in_suite_share", "suites moved into over all suites"),
    _count("firm_count", "firms that have moved in"),
    _share("registered_share", "of those whose seat is known, firms registered in the district"),
    _count("registration_unknown_count", "firms whose seat is not known"),
    _share("top5_share", "the five largest firms in the contracted area"),
    _number("hhi_factor", "concentration of the contracted area by firm, 0 to 10,000"),
    _number("wale_area_years", "remaining years to expiry, weighted by area"),
    _number("wale_rent_years", "remaining years to expiry, weighted by rent"),
    _number("wale_break_area_years", "remaining years to the first option to leave, weighted by area"),
    _number("wale_break_rent_years", "remaining years to the first option to leave, weighted by rent"),
    _number("energy_kwh_per_m2", "electricity over the area of those for whom it is known; withheld as tax is"),
    *_TAX,
)
SECTOR_MIX = _made(
    "sector_mix",
    "Firms and area by sector",
    Column("sector", "choice", "section of GB/T 4754-2017", choices=SECTORS, key=True),
    _text("name_zh", "Chinese name"),
    _text("name_en", "English name"),
    _count("firm_count", "firms that have moved in"),
    _number("moved_in_m2", "area that they let"),
    _share("moved_in_share", "of all moved-in area"),
    *_TAX,
)
EXPIRIES = _made(
    "expiries",
    "Contracted area by the months in which it ends",
    Column("span", "text", "months from the survey's day", key=True),
    _number("area_m2", "area whose contract ends then"),
    _share("area_share", "of the contracted area"),
    _number("break_m2", "area whose first option to leave, or end, lies then"),
    _share("break_share", "of the contracted area"),
)
ENDINGS = _made(
    "endings",
    "Leases that end within twelve months",
    Column("lease", "text", "the lease", key=True),
    _text("firm", "the firm"),
    _text("carrier", "the carrier"),
    _text("suite", "the suite"),
    _text("sector", "section of GB/T 4754-2017"),
    _number("let_m2", "area let"),
    Column("last_day", "date", "last day of the contract"),
    _number("remaining_years", "years that remain"),
    Column("holds_over", "boolean", "past its contract and still there"),
    _share("tax_share", "of all known tax; for officers only, empty otherwise"),
    _share("risk_share", "tax share, weighted by how near the end is; for officers only, empty otherwise"),
)
