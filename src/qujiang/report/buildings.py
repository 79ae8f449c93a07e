"""The building stock in words of both languages: rows that the report shows, and forms that the pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qujiang.errors import DataError, ScenarioError
from qujiang.report.building_rows import buildings_on, has_stock, survey_day
from qujiang.words import Both, both_numbers, known, number, percent, quantity, tell

#: Firms and leases that are listed; all of them stand in the page's JSON and on the command line.
SHOWN = 12
NOTHING = Both("–", "–")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its name, its cells in words, and the width of its bar [percent]."""

    name: Both
    cells: tuple[Both, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Buildings:
    """What the report shows of the stock; ``fault`` says why there is nothing else."""

    lead: Both
    synthetic: bool = False
    fault: bool = False
    figures: tuple[tuple[Both, Both], ...] = ()
    carriers: tuple[Bar, ...] = ()
    sectors: tuple[Bar, ...] = ()
    expiries: tuple[Bar, ...] = ()
    sources: Both = NOTHING
    placement: Both | None = None
    hint: str = ""
    placed: tuple[tuple[Both, ...], ...] = ()
    not_placed: tuple[tuple[Both, Both], ...] = ()
    placed_head: Both = NOTHING
    not_placed_head: Both = NOTHING


def buildings(district: Any, today: date | None = None) -> Buildings | None:
    """The stock as the report shows it; None where the district has none."""
    if not has_stock(district):
        return None
    try:
        found = buildings_on(district, survey_day(district, today or date.today()))
    except DataError as error:
        return Buildings(tell("buildings.fault", count=len(error.faults)), fault=True)
    except ScenarioError as error:
        return Buildings(Both(str(error), str(error)), fault=True)
    return Buildings(
        tell("buildings.lead", on=found["on"], basis=known("area_basis", found["measure_basis"])),
        found["synthetic"],
        figures=_figures(found["total"]),
        carriers=tuple(_carrier(one) for one in (*found["carriers"], found["total"])),
        sectors=tuple(_sector(one) for one in found["sectors"]),
        expiries=tuple(_expiry(one) for one in found["expiries"]),
        sources=titles_of(found["sources"]),
        placement=placement_words(found["placement"]),
        hint=hint_key(found),
        placed=_placed(found["placement"]),
        not_placed=_not_placed(found["placement"]),
        placed_head=_head(found["placement"], "placed"),
        not_placed_head=_head(found["placement"], "not_placed"),
    )


def titles_of(sources: Sequence[Mapping[str, Any]]) -> Both:
    """Titles of sources, one after the other."""
    titles = [source["title"] for source in sources]
    return Both("; ".join(one["en"] for one in titles), "；".join(one["zh"] for one in titles))


def tax_words(tax: Mapping[str, Any]) -> Both:
    """A band of tax a square metre, or why there is none."""
    text = tax["per_let_band_yuan_per_m2"]
    if text is None:
        return tell(f"buildings.withheld.{tax['withheld']}")
    low, dots, high = text.partition("..")
    return tell("buildings.tax.band" if dots else "buildings.tax.over", low=low.rstrip("+"), high=high)


def span_words(span: str) -> Both:
    """A span of the expiry profile: ``0..12``, ``36+``, ``held over``."""
    low, dots, high = span.partition("..")
    if dots:
        return tell("buildings.span.months", low=low, high=high)
    return tell("buildings.span.more", low=low.rstrip("+")) if low.endswith("+") else tell("buildings.span.held_over")


def years_words(years: float | None) -> Both:
    """Remaining years, with two decimals."""
    return NOTHING if years is None else tell("buildings.wale.years", years=f"{years:.2f}")


def placement_words(placement: Mapping[str, Any] | None) -> Both | None:
    """How many firms are placed, how good that is and how sure."""
    if placement is None:
        return None
    metres = {name: both_numbers(quantity, placement[f"{name}_m2"], "m2") for name in ("objective", "bound")}
    proven = tell("buildings.placement.proven" if placement["proven"] else "buildings.placement.not_proven")
    count = len(placement["placed"]) + len(placement["not_placed"])
    gap = both_numbers(percent, placement["gap_share"])
    return tell(
        "buildings.placement.answer", placed=len(placement["placed"]), count=count, gap=gap, proven=proven, **metres
    )


def hint_key(found: Mapping[str, Any]) -> str:
    """What is said where no placement is shown; nothing where nobody seeks space."""
    if found["placement"] is not None or found["placement_state"] == "none":
        return ""
    return "buildings.placement.closed" if found["placement_state"] == "closed" else "buildings.placement.hint"


def _share(value: float | None) -> Both:
    return NOTHING if value is None else both_numbers(percent, value)


def _area(value: float) -> Both:
    return both_numbers(quantity, value, "m2")


def _name(row: Mapping[str, Any]) -> Both:
    if row["id"] == "total":
        return tell("buildings.total")
    return Both(f"{row['id']} {row['name_en'] or row['name_zh']}", f"{row['id']} {row['name_zh']}")


def _figures(total: Mapping[str, Any]) -> tuple[tuple[Both, Both], ...]:
    return (
        (tell("buildings.lettable"), _area(total["lettable_m2"])),
        (tell("buildings.contracted"), _share(total["contracted_share"])),
        (tell("buildings.moved_in"), _share(total["moved_in_share"])),
        (tell("buildings.firms"), both_numbers(number, total["firm_count"])),
        (tell("buildings.registered"), _share(total["registered_share"])),
        (tell("buildings.wale"), years_words(total["wale_area_years"])),
        (tell("buildings.tax"), tax_words(total["tax"])),
    )


def _carrier(one: Mapping[str, Any]) -> Bar:
    cells = (
        _area(one["lettable_m2"]), _share(one["contracted_share"]), _share(one["moved_in_share"]),
        both_numbers(number, one["firm_count"]), years_words(one["wale_area_years"]), tax_words(one["tax"]),
    )  # fmt: skip
    return Bar(_name(one), cells, round(100 * (one["moved_in_share"] or 0.0), 2))


def _sector(one: Mapping[str, Any]) -> Bar:
    cells = (
        both_numbers(number, one["firm_count"]), _area(one["moved_in_m2"]), _share(one["moved_in_share"]),
        tax_words(one["tax"]),
    )  # fmt: skip
    name = Both(f"{one['sector']} {one['name_en']}", f"{one['sector']} {one['name_zh']}")
    return Bar(name, cells, round(100 * (one["moved_in_share"] or 0.0), 2))


def _expiry(one: Mapping[str, Any]) -> Bar:
    cells = (_area(one["area_m2"]), _share(one["area_share"]), _share(one["break_share"]))
    return Bar(span_words(one["span"]), cells, round(100 * (one["area_share"] or 0.0), 2))


def _placed(placement: Mapping[str, Any] | None) -> tuple[tuple[Both, ...], ...]:
    return tuple(
        (
            Both(f"{one['firm']} {one['name_en']}", f"{one['firm']} {one['name_zh']}"), _plain(" + ".join(one["suites"])),
            _area(one["area_m2"]), _area(one["wanted_m2"]), _plain(one["free_from"]), _area(one["value_m2"]),
        )
        for one in (placement or {"placed": ()})["placed"][:SHOWN]
    )  # fmt: skip


def _not_placed(placement: Mapping[str, Any] | None) -> tuple[tuple[Both, Both], ...]:
    return tuple(
        (Both(f"{one['firm']} {one['name_en']}", f"{one['firm']} {one['name_zh']}"), Both(one["reason"], one["reason_zh"]))
        for one in (placement or {"not_placed": ()})["not_placed"][:SHOWN]
    )  # fmt: skip


def _head(placement: Mapping[str, Any] | None, name: str) -> Both:
    count = len(placement[name]) if placement else 0
    head = tell(f"buildings.{name}")
    return tell("buildings.first", name=head, shown=SHOWN, count=count) if count > SHOWN else head


def _plain(text: str) -> Both:
    return Both(text, text)
