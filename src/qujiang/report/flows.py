"""Flows between neighbouring places and the locks on their way, as records and as rows of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from qujiang.report import answer
from qujiang.words import Both, Language, both_numbers, known, number, percent


@dataclass(frozen=True, slots=True)
class Flow:
    """Both directions of a link by mode [t/year]."""

    mode: str
    a: str
    b: str
    there_t: float
    back_t: float

    @property
    def total_t(self) -> float:
        """Both directions [t/year]."""
        return self.there_t + self.back_t


def read_flows(links: pl.DataFrame | None) -> list[Flow]:
    """Both directions of every link together, the largest first."""
    if links is None or links.height == 0:
        return []
    tonnes: dict[tuple[str, str, str], float] = {}
    for row in links.to_dicts():
        key = (row["mode"], row["from_place"], row["to_place"])
        tonnes[key] = tonnes.get(key, 0.0) + row["flow_t_per_year"]
    found = []
    for (mode, a, b), there in tonnes.items():
        back = tonnes.get((mode, b, a), 0.0)
        if there > back or (there == back and a <= b):
            found.append(Flow(mode, a, b, there, back))
    return sorted(found, key=lambda flow: -flow.total_t)


def flow_row(flow: Flow, places: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Both]:
    """A flow in words."""
    return {
        "mode": known("mode", flow.mode),
        "from": answer.name_of(places[flow.a]),
        "to": answer.name_of(places[flow.b]),
        "there": answer.figure(flow.there_t, "tonnes_per_year"),
        "back": answer.figure(flow.back_t, "tonnes_per_year"),
        "total": answer.figure(flow.total_t, "tonnes_per_year"),
    }


def load_of(lock: Mapping[str, Any]) -> float:
    """Share of a lock's capacity that is in use; 0 where it is not known."""
    return lock.get("load_share") or 0.0


def lock_row(lock: Mapping[str, Any]) -> Mapping[str, Any]:
    """A lock in words."""
    return {
        "name": answer.name_of(lock),
        "own": answer.figure(lock.get("own_t"), "tonnes_per_year"),
        "own_vessels": both_numbers(_vessels, lock.get("own_vessels")),
        "background": both_numbers(_vessels, lock.get("background_vessels")),
        "capacity": both_numbers(_vessels, lock.get("capacity_vessels")),
        "load": both_numbers(percent, lock.get("load_share")),
        "full": load_of(lock) > 1,
        "nominal": answer.figure(lock.get("nominal_t"), "tonnes_per_year"),
        "refuted": bool(lock.get("refuted")),
    }


def _vessels(value: float | None, language: Language) -> str:
    return number(None if value is None else round(value), language)
