"""The building stock on a day as plain records, for pages and the report: what the survey publishes, and who fits where.

Tax stands here as the survey tells it, withheld by its own audit. Electricity stays away, and so do single leases and firms unless ``named``:
they are for officers, or of a stock that is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from qujiang.buildings.place import place
from qujiang.buildings.result import Holding, TaxCell, plain
from qujiang.buildings.sectors import SECTOR_NAMES
from qujiang.buildings.stock import Stock, read_stock, usual_day
from qujiang.buildings.survey import survey
from qujiang.buildings.withhold import REVEALS, TOO_FEW
from qujiang.errors import InfeasibleError, NotConvergedError
from qujiang.report.evidence import table
from qujiang.words import both_of

Json = dict[str, Any]
#: More firms times suites than this are placed by the command line only: the integer program grows with their number.
MOST_PAIRS = 100_000
#: Tables that the figures rest on.
TABLES = ("carriers", "suites", "leases")
WORST = ("documented", "derived", "assumed")
_WITHHELD = {TOO_FEW: "few", REVEALS: "reveals"}
_SHOWN = (
    "id", "name_zh", "name_en", "trade", "gross_area_m2", "lettable_m2", "suite_count", "contracted_m2", "moved_in_m2", "contracted_share",
    "moved_in_share", "contracted_suite_share", "moved_in_suite_share", "firm_count", "registered_share", "registration_unknown_count",
    "top5_share", "hhi_factor", "wale_area_years", "wale_break_area_years",
)  # fmt: skip


def has_stock(district: Any) -> bool:
    """Whether a district has buildings to survey."""
    return not any(table(district, name).is_empty() for name in ("carriers", "suites"))


def survey_day(district: Any, today: date) -> date:
    """The day of a survey that is published: of a stock that is made up its own, else the first of the month.

    Surveys of two days close together differ by few firms, and their difference would tell of them.
    """
    day = usual_day(district, today)
    return day.replace(day=1) if day == today else day


def buildings_on(district: Any, on: date, *, basis: str | None = None, named: bool = False) -> Json:
    """The stock on a day.

    Parameters
    ----------
    basis
        The standard of the areas; without one that of the most suites.
    named
        Tell single leases that end soon and placed firms, also of a stock that is not made up.

    Raises
    ------
    DataError
        The stock contradicts itself.
    ScenarioError
        There is no stock, or no suite of this standard.
    """
    stock = read_stock(district, on)
    bases = _bases(stock)
    found = survey(stock, basis=basis or bases[0])
    told = named or stock.synthetic
    status, sources = _evidence(district)
    area = sum(one.let_m2 for one in found.endings)
    return {
        "on": on.isoformat(),
        "measure_basis": found.measure_basis,
        "bases": bases,
        "synthetic": found.synthetic,
        "data_status": status,
        "sources": sources,
        "total": _holding(found.total),
        "carriers": [_holding(one) for one in found.carriers],
        "sectors": [asdict(one) | {"tax": _tax(one.tax)} for one in found.sectors],
        "expiries": [asdict(one) for one in found.expiries],
        "endings": [_ending(row) for row in asdict(found)["endings"]] if told else None,
        "ending_count": len(found.endings),
        "ending_m2": area,
        "placement": _placement(stock) if told else None,
        "placement_state": "closed" if not told else _placement_state(stock),
    }


def rows_of(found: Mapping[str, Any]) -> list[Json]:
    """Carriers and the total as flat rows, each of which says whether it is made up."""
    marks = {"synthetic": found["synthetic"], "survey_date": found["on"], "measure_basis": found["measure_basis"]}
    rows = []
    for one in (*found["carriers"], found["total"]):
        tax = {f"tax_{name}": value for name, value in one["tax"].items()}
        rows.append(marks | {name: value for name, value in one.items() if name not in ("tax", "trade_name")} | tax)
    return rows


def _bases(stock: Stock) -> list[str]:
    counts: dict[str, int] = {}
    for suite in stock.suites:
        counts[suite.basis] = counts.get(suite.basis, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))


def _holding(one: Holding) -> Json:
    zh, en = SECTOR_NAMES[one.trade] if one.trade else ("", "")
    told = {name: getattr(one, name) for name in _SHOWN}
    return told | {"trade_name": {"en": en, "zh": zh}, "tax": _tax(one.tax)}


def _tax(cell: TaxCell) -> Json:
    withheld = None if cell.withheld is None else _WITHHELD.get(cell.withheld, "unknown")
    return {
        "firm_count": cell.tax_firms_count,
        "per_let_band_yuan_per_m2": cell.tax_per_let_band_yuan_per_m2,
        "per_total_band_yuan_per_m2": cell.tax_per_total_band_yuan_per_m2,
        "withheld": withheld,
    }


def _ending(row: Mapping[str, Any]) -> Json:
    """One lease; its share of the tax is not told here."""
    return plain({name: value for name, value in row.items() if name not in ("tax_share", "risk_share")})


def _evidence(district: Any) -> tuple[str, list[Json]]:
    """The worst status of the tables, and the sources of their rows."""
    frames = [table(district, name) for name in TABLES]
    statuses = {status for frame in frames for status in frame["status"].unique().to_list()}
    used = {source for frame in frames for row in frame["source"].to_list() for source in _split(row)}
    titles = {row["id"]: row for row in table(district, "sources").to_dicts()}
    worst = max((WORST.index(status) for status in statuses if status in WORST), default=2)
    return WORST[worst], [_titled(name, titles.get(name, {})) for name in sorted(used)]


def _titled(name: str, row: Mapping[str, Any]) -> Json:
    title = both_of(row, "title")
    return {"id": name, "title": {"en": title.en or name, "zh": title.zh or name}}


def _split(source: Any) -> Iterable[str]:
    parts = source if isinstance(source, list) else str(source or "").split(";")
    return [part for part in parts if part]


def _placement_state(stock: Stock) -> str:
    """``told``, ``none`` (nobody seeks), or ``large``: left to the command line."""
    if not stock.seekers:
        return "none"
    return "large" if len(stock.seekers) * len(stock.suites) > MOST_PAIRS else "told"


def _placement(stock: Stock) -> Json | None:
    if _placement_state(stock) != "told":
        return None
    try:
        return place(stock, stop=lambda: True).as_dict()
    except (InfeasibleError, NotConvergedError):  # no proof in time: the command line says more
        return None
