"""What a test of the plan answers: records, and their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

#: Money that the gains of projects are told for [yuan]: 100 million, 1 亿.
PER_YUAN = 1e8


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
    sweep: tuple[Mapping[str, float], ...] = ()  # x, probability that the measure lies on the wanted side of x
    years: tuple[Mapping[str, float], ...] = ()  # year, low, median, high

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        answer: dict[str, Any] = {"indicator": self.id}
        for name in self.__slots__:
            if name not in ("id", "binds"):
                answer[name] = getattr(self, name)
        answer["binds"] = [binder.as_dict() for binder in self.binds]
        answer["sweep"], answer["years"] = [dict(row) for row in self.sweep], [dict(row) for row in self.years]
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
    probability: float | None = None  # of all its counted measures in one future; None where one of them is unknown
    probability_at_most: float | None = None  # the same over the measures that are known

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "landmark": self.number,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "status": self.status,
            "reason": self.reason,
            "reason_zh": self.reason_zh,
            "probability": self.probability,
            "probability_at_most": self.probability_at_most,
            "measures": [measure.as_dict() for measure in self.measures],
        }


@dataclass(frozen=True, slots=True)
class Gain:
    """What a project moves one measure by, in the wanted direction and in the measure's unit; low and high from the ends of its effects."""

    measure: str
    unit: str
    gain: float
    low: float
    high: float

    def per(self, cost_yuan: float | None) -> float | None:
        """Gain for 100 million yuan (1 亿); None where the money is not known."""
        return None if not cost_yuan else self.gain / cost_yuan * PER_YUAN


@dataclass(frozen=True, slots=True)
class ProjectGain:
    """One project with a declared effect.

    ``counts`` says whether it can be open by the target year and is not open today; ``reason`` says why not, or what that rests on. ``assumed`` marks an
    effect or a cost that was chosen because nothing was found.
    """

    id: str
    name_zh: str
    name_en: str
    state: str
    cost_yuan: float | None
    cost_low_yuan: float | None
    cost_high_yuan: float | None
    opens: date | None
    counts: bool
    assumed: bool
    reason: str
    reason_zh: str
    gains: tuple[Gain, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON form; each gain with its gain for 100 million yuan."""
        answer: dict[str, Any] = {
            name: getattr(self, name) for name in self.__slots__ if name not in ("gains", "opens")
        }
        answer["opens"] = None if self.opens is None else str(self.opens)
        answer["gains"] = [
            {
                "measure": gain.measure,
                "unit": gain.unit,
                "gain": gain.gain,
                "gain_low": gain.low,
                "gain_high": gain.high,
                "gain_per_100_million_yuan": gain.per(self.cost_yuan),
            }
            for gain in self.gains
        ]
        return answer


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best set within a budget, and how sure it is.

    ``score`` counts landmarks: the sum over the six of the mean share of its measures' gaps that is closed (or, for one measure, its gain in its unit).
    ``added_score`` is what the projects' own scores add up to, ``score`` what the set gives when it is run as a whole. ``bound`` is the largest score that
    the integer program leaves possible for a set that was not run, or ``score``; ``proven`` says that every affordable set was run.
    """

    budget_yuan: float
    measure: str | None
    projects: tuple[str, ...]
    cost_yuan: float
    score: float
    added_score: float
    bound: float
    proven: bool
    candidates: tuple[str, ...]
    sets_count: int
    pairs_left_count: int
    #: measure, name_zh, name_en, unit, bound, target, before, after, gain, added_gain, met_before, met_after
    measures: tuple[Mapping[str, Any], ...]

    @property
    def gap(self) -> float:
        """Bound less score."""
        return max(self.bound - self.score, 0.0)

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        answer: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        answer |= {"projects": list(self.projects), "candidates": list(self.candidates), "gap": self.gap}
        answer["measures"] = [dict(row) for row in self.measures]
        return answer


@dataclass(frozen=True, slots=True)
class Projects:
    """What each project moves by the target year, alone; and the set chosen within a budget, where one was asked for."""

    year: int
    gains: tuple[ProjectGain, ...]
    chosen: Chosen | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "year": self.year,
            "gains": [project.as_dict() for project in self.gains],
            "chosen": None if self.chosen is None else self.chosen.as_dict(),
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
    futures: Mapping[str, Any] | None = None  # what many futures say together; None where only the base future was run
    projects: Projects | None = None  # what each project moves, and the set that was chosen; None where not asked for

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
            "futures": None if self.futures is None else dict(self.futures),
            "projects": None if self.projects is None else self.projects.as_dict(),
        }
