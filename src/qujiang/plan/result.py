"""What a test of the plan answers: records, and their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Binder:
    """One limit of a measure, relaxed alone.

    ``kind`` says which notion of limit is meant (demand, berth_documented, berth_design_code, berth_service_level,
    crane, gate, lock_physical, growth, cost, ...). ``gain`` is what relaxing this limit alone adds to the measure, in
    ``unit`` (for a cost: what it takes off, as a positive number). ``level`` is the limit itself where it has one.
    """

    what: str
    what_zh: str
    kind: str
    gain: float
    unit: str
    level: float | None = None
    assumed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``price_or_gain`` is the gain."""
        return {
            "what": self.what,
            "what_zh": self.what_zh,
            "kind": self.kind,
            "price_or_gain": self.gain,
            "unit": self.unit,
            "level": self.level,
            "assumed": self.assumed,
        }


@dataclass(frozen=True, slots=True)
class MeasureAnswer:
    """One measure of a landmark.

    ``status`` is met (today already), on_track (the base future reaches the target by its year), off_track (it does
    not), or untestable (``reason`` says what is missing; nothing is filled in).
    """

    id: str
    name_zh: str
    name_en: str
    unit: str
    bound: str
    counts: bool
    today: float | None
    today_status: str | None
    target: float | None
    target_year: int | None
    target_status: str | None
    target_year_status: str | None
    median: float | None
    basis: str  # how the base value comes about, one English sentence
    basis_zh: str
    status: str
    reason: str
    reason_zh: str
    required_growth_percent_per_year: float | None
    assumed: bool  # whether today, target or base value rests on an assumption
    source: str
    binds: tuple[Binder, ...] = ()
    low: float | None = None
    high: float | None = None
    probability: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        answer: dict[str, Any] = {"indicator": self.id}
        for name in self.__slots__:
            if name not in ("id", "binds"):
                answer[name] = getattr(self, name)
        answer["binds"] = [binder.as_dict() for binder in self.binds]
        return answer


@dataclass(frozen=True, slots=True)
class LandmarkAnswer:
    """One landmark: met when all its counted measures are. ``status`` is met, on_track, off_track or untestable."""

    number: int
    name_zh: str
    name_en: str
    status: str
    reason: str
    reason_zh: str
    measures: tuple[MeasureAnswer, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "landmark": self.number,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "status": self.status,
            "reason": self.reason,
            "reason_zh": self.reason_zh,
            "measures": [measure.as_dict() for measure in self.measures],
        }


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The whole answer. ``tables`` are written under ``out/<room>/<name>`` by key ``room/name``."""

    district: Mapping[str, Any]  # id, name_zh, name_en, base_year, hash
    scenario: Mapping[str, Any] | None  # name, name_zh, name_en, reason
    landmarks: tuple[LandmarkAnswer, ...]
    limits: tuple[Binder, ...]  # every limit of the port's throughput, the binding one first
    residuals: tuple[Mapping[str, Any], ...]  # fact, name_en, use, unit, fact_value, low, high, model_value, met, note
    calibration: tuple[Mapping[str, Any], ...]  # name, before, low, high, after
    modal_constants: tuple[Mapping[str, Any], ...]  # mode, yuan_per_t, explained
    locks: tuple[
        Mapping[str, Any], ...
    ]  # lock, name_zh, name_en, lon_deg, lat_deg, own_t, background_t, capacity_t, nominal_t, load_share
    figures: Mapping[str, float]  # headline numbers of the freight run
    tables: Mapping[str, pl.DataFrame] = field(repr=False)
    run: Mapping[str, Any] = field(default_factory=dict)  # versions, input hash, seed, arguments, seconds

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "district": dict(self.district),
            "scenario": None if self.scenario is None else dict(self.scenario),
            "landmarks": [landmark.as_dict() for landmark in self.landmarks],
            "limits": [limit.as_dict() for limit in self.limits],
            "residuals": [dict(row) for row in self.residuals],
            "calibration": [dict(row) for row in self.calibration],
            "modal_constants": [dict(row) for row in self.modal_constants],
            "locks": [dict(row) for row in self.locks],
            "figures": dict(self.figures),
            "run": dict(self.run),
        }
