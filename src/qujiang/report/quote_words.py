"""A quote in words of both languages: places, means, and the rates that its figures rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qujiang.report.evidence import table
from qujiang.report.flowmap import short_name
from qujiang.report.geography import Outlines, read_outlines
from qujiang.words import Both, both_numbers, both_of, known, listed, number, quantity, tell
from qujiang.words.speech import WORDS

#: Rates that no price follows from, only hours.
ONLY_HOURS = ("truck_speed", "train_speed")
#: Rates that hours follow from.
HOURS = (*ONLY_HOURS, "lock_wait_h", "port_hours_per_call", "ukc_m")
TABLES = {"channel depths": "channel_limits", "lock times": "locks", "vessel hulls": "vessel_classes"}


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate that a quote rests on."""

    id: str
    name: Both
    value: Both
    range: Both
    status: Both
    source: Both


class QuoteWords:
    """The names of a district's places, vessels and rates."""

    def __init__(self, district: Any) -> None:
        self.district = district
        self.places: dict[str, Mapping[str, Any]] = {row["id"]: row for row in table(district, "places").to_dicts()}
        self.titles = {row["id"]: both_of(row, "title") for row in table(district, "sources").to_dicts()}

    @cached_property
    def outlines(self) -> Outlines | None:
        """The district's outlines."""
        return read_outlines(self.district)

    @cached_property
    def _vessels(self) -> dict[str, Both]:
        return {row["id"]: _vessel(row) for row in table(self.district, "vessel_classes").to_dicts()}

    @cached_property
    def _rates(self) -> dict[str, Mapping[str, Any]]:
        return {row["id"]: row for row in table(self.district, "rates").to_dicts()}

    @cached_property
    def _services(self) -> dict[str, Both]:
        return {
            row["id"]: Both(row["name_en"], row["name_zh"]) for row in table(self.district, "water_services").to_dicts()
        }

    def place(self, id_: str) -> Both:
        """A place without what stands in brackets."""
        row = self.places[id_]
        return Both(short_name(row, "en"), short_name(row, "zh"))

    def means(self, leg: Mapping[str, Any]) -> Both:
        """What carries a leg."""
        return self._vessels.get(leg["means"]) or known("means", leg["means"])

    def carrier(self, leg: Mapping[str, Any]) -> Both:
        """Who runs it: a service by its name, else in general words."""
        return self._services.get(leg["carrier"]) or known("carrier", leg["carrier"].replace(" ", "_"))

    def chain(self, signature: str) -> Both:
        """The modes of a chain."""
        return known("mode", signature)

    def rests_on(self, assumed: Iterable[str], *, hours: bool) -> Both:
        """The names of assumed things behind a cost (or behind hours), as one list."""
        chosen = [name for name in assumed if (name in HOURS or name in TABLES if hours else name not in ONLY_HOURS)]
        return listed([self.thing(name) for name in chosen], ", ", "、")

    def thing(self, name: str) -> Both:
        """A rate, or a kind of table, that a quote rests on."""
        key = name.replace(" ", "_")
        if f"rate.{key}" not in WORDS["en"] and name in self._rates:
            return both_of(self._rates[name], "description")
        return known("rate", key)

    def rates(self, names: Iterable[str]) -> list[Rate]:
        """The rates among assumed things, with their values, ranges and sources."""
        return [self._rate(self._rates[name]) for name in dict.fromkeys(names) if name in self._rates]

    def _rate(self, row: Mapping[str, Any]) -> Rate:
        unit = row["unit"]
        ends = {end: both_numbers(quantity, row[f"{end}_value"], unit) for end in ("low", "high")}
        ranged = row["low_value"] is not None and row["high_value"] is not None
        sources = row["source"] if isinstance(row["source"], list) else str(row["source"]).split(";")
        told = listed([self.titles.get(source, Both(source, source)) for source in sources if source])
        status = known("data_status", row["status"])
        value = both_numbers(quantity, row["rate_value"], unit)
        return Rate(
            row["id"], self.thing(row["id"]), value, tell("to", **ends) if ranged else Both("–", "–"), status, told
        )


def _vessel(row: Mapping[str, Any]) -> Both:
    name = row["name"]
    if row.get("name_zh"):
        return Both(name, row["name_zh"])
    if row["capacity_teu"]:
        teu = both_numbers(number, row["capacity_teu"]).zh
        return Both(name, f"{teu}标箱集装箱船" if "coastal" not in name else f"{number(row['dwt_t'], 'zh')}吨级海船")
    return Both(name, f"{number(row['dwt_t'], 'zh')}吨级货船")
