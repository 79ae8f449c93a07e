"""The port in the plan: freight at the base and target year, what the port can handle, and what binds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from qujiang.district.economy import effective_growth
from qujiang.freight.assign import assign
from qujiang.freight.calibrate import FREE, Calibration, calibrate, modal_constants
from qujiang.freight.problem import FreightProblem, build_problem
from qujiang.freight.rates import Rates
from qujiang.freight.result import FreightResult
from qujiang.plan.coupling import Coupled, couple, gains, quay_tonnes
from qujiang.plan.limits import (
    Limit,
    LockLoad,
    berth_limits,
    check_base,
    container_berths_t,
    documented_berths,
    lock_limits,
    lock_loads,
    port_groups,
)
from qujiang.plan.measures import Binds, cost_binders, freight_values
from qujiang.plan.result import Binder

if TYPE_CHECKING:
    from qujiang.district import District

#: Wait over service that a port should not exceed at its berths (handbook level for general cargo and bulk; assumed).
WAIT_RATIO = 0.1
#: A year to look at where no freight measure names one.
LOOK_AHEAD_YEARS = 3
#: Tables without which no freight is computed.
NEEDED = ("places", "cargoes", "demand", "rates", "vessel_classes", "emission_factors", "rail_tariffs")


@dataclass(frozen=True, slots=True)
class Fitted:
    """The district as it is: freight calibrated, and what its cost and time do not explain of each mode."""

    calibration: Calibration
    modal: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Freight:
    """Freight at the base year (as calibrated) and at the target year (with the scenario).

    ``free`` is the target year at today's waits, with room for all; ``target`` the one that stands.
    """

    calibration: Calibration
    base: FreightResult
    free: FreightResult
    target: FreightResult
    modal: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """What freight and port say to the plan; ``values`` are the base values of measures, not rounded."""

    freight: Freight
    coupled: Coupled
    today_t: float
    throughput_t: float
    growth_ratio: float
    loads: tuple[LockLoad, ...]
    binds: Binds
    values: Mapping[str, float]


def has_freight(district: District) -> bool:
    """Whether the district names a port and holds the tables that freight needs."""
    return district.info.port_place is not None and all(district[name].height for name in NEEDED)


def _place(district: District) -> str:
    place = district.info.port_place
    assert place is not None, "has_freight was asked before"
    return place


def answer_port(
    district: District, overlaid: District, year: int, *, fitted: Fitted | None = None, with_binders: bool = True
) -> PortAnswer:
    """Run freight at both years, and bring freight and port to agree in the later one.

    Parameters
    ----------
    fitted
        The district as it is, calibrated already; else it is calibrated here.
    with_binders
        Whether what binds is found too; the values do not need that.

    Raises
    ------
    DataError
        The base year lies above a physical capacity, or some table of freight is faulty.
    """
    freight = _run_freight(district, overlaid, year, fitted or fit_freight(district))
    base, free, measures = freight.base, freight.free, overlaid["measures"]
    today = today_of(measures, "freight_throughput", base.throughput_t())
    check_base(_physical_at_base(district, freight, today), today)
    coupled, limits, boxes = agree(district, overlaid, base, free, year)
    found = coupled.answer.flows
    ratio = _safe_ratio(free.throughput_t(), base.throughput_t())
    peers = _peers(overlaid["peer_ports"], district.info.base_year, ratio)
    teu = boxes.today_teu * _safe_ratio(found.throughput_teu(), base.throughput_teu())
    cost_ratio = _safe_ratio(found.water_freight_yuan_per_t(), base.water_freight_yuan_per_t())
    return PortAnswer(
        replace(freight, target=found),
        coupled,
        today,
        coupled.throughput_t,
        ratio,
        tuple(lock_loads(overlaid, found, year)),
        _binds(coupled, limits, boxes, teu, measures, peers) if with_binders else Binds((), (), (), peers),
        freight_values(measures, coupled.throughput_t, teu, cost_ratio, peers),
    )


def agree(
    district: District, overlaid: District, base: FreightResult, free: FreightResult, year: int
) -> tuple[Coupled, list[Limit], Boxes]:
    """Freight and port of a later year in agreement, with the port's limits and its boxes.

    Parameters
    ----------
    base
        The calibrated assignment of the base year.
    free
        The later year's at today's waits, with room for all.
    """
    measures = overlaid["measures"]
    today = today_of(measures, "freight_throughput", base.throughput_t())
    scale = today / base.throughput_t() if base.throughput_t() > 0 else 1.0
    limits = _limits(district, overlaid, free, scale, year)
    boxes = _boxes(overlaid, base, measures)
    wall = boxes.berths_t_of_model
    return couple(district, overlaid, base, free.problem, limits, scale=scale, box_cap_t=wall), limits, boxes


def _binds(
    coupled: Coupled, limits: list[Limit], boxes: Boxes, teu: float, measures: pl.DataFrame, peers: Mapping[str, float]
) -> Binds:
    of_boxes = _box_binders(boxes, teu, coupled.free)
    return Binds(gains(coupled, limits), of_boxes, _costs(measures, coupled.answer.flows.problem), peers)


def target_year(measures: pl.DataFrame, base_year: int) -> int:
    """The last year that a counted freight measure names; some years ahead where none does."""
    years = measures.filter(pl.col("model").str.starts_with("freight") & pl.col("counts"))["target_year"].drop_nulls()
    return int(years.max()) if years.len() else base_year + LOOK_AHEAD_YEARS  # type: ignore[arg-type]


def fit_freight(district: District) -> Fitted:
    """Calibrate freight on the district as it is; whatever a scenario changes later, this stays."""
    port, base_year = _place(district), district.info.base_year
    base = build_problem(district, port_place=port, base_year=base_year)
    facts = district["calibration_facts"]
    named = facts["scenario"].drop_nulls().unique(maintain_order=True).to_list() if "scenario" in facts.columns else []
    others = {
        name: build_problem(district.with_scenario(name), port_place=port, base_year=base_year, search=False)
        for name in named
        if name in district.scenarios
    }
    calibration = calibrate(base, facts, others)
    observed = district["demand"].group_by("observed_mode").agg(pl.col("demand_t_per_year").sum())
    tonnes = dict(zip(observed["observed_mode"], observed["demand_t_per_year"], strict=True))
    return Fitted(calibration, modal_constants(calibration.result.problem, tonnes))


def _run_freight(district: District, overlaid: District, year: int, fitted: Fitted) -> Freight:
    port, base_year = _place(district), district.info.base_year
    base = fitted.calibration.result.problem
    if overlaid is district:
        target = base.grown(district["demand"], effective_growth(district), year)
    else:
        kept = _fitted_in(base.rates, district, overlaid)
        target = build_problem(overlaid, port_place=port, base_year=base_year, year=year, set_rates=kept)
    free = assign(target)
    return Freight(fitted.calibration, fitted.calibration.result, free, free, fitted.modal)


def _fitted_in(base: Rates, district: District, overlaid: District) -> dict[str, float]:
    """The calibrated values, except where the scenario itself sets a rate."""
    before, after = (dict(zip(d["rates"]["id"], d["rates"]["rate_value"], strict=True)) for d in (district, overlaid))
    return {name: base[name] for name in FREE if before.get(name) == after.get(name)}


def today_of(measures: pl.DataFrame, model: str, otherwise: float) -> float:
    """Today's published figure of the measure with a model; the model's own where the district has none."""
    rows = measures.filter((pl.col("model") == model) & pl.col("today_value").is_not_null())
    return float(rows["today_value"][0]) if rows.height else otherwise


def _limits(district: District, overlaid: District, free: FreightResult, scale: float, year: int) -> list[Limit]:
    """All limits of the port's throughput at the target year."""
    loads, groups = lock_loads(overlaid, free, year), port_groups(free, scale)
    demand_t = sum(group.tonnes for group in groups)
    port = _place(district)
    documented = documented_berths(overlaid["terminals"], port)
    return [
        Limit("demand that chooses the port", "选择本港的货运需求", "demand", demand_t, physical=False, assumed=True),
        *([documented] if documented else []),
        *berth_limits(overlaid, port, _mean_call_t(free), WAIT_RATIO),
        *lock_limits(loads, _lock_names(overlaid), groups, demand_t),
    ]


def _physical_at_base(district: District, freight: Freight, today_t: float) -> list[Limit]:
    """Capacities of today that the throughput of today cannot have passed."""
    base, port = freight.base, _place(district)
    groups = port_groups(base, today_t / base.throughput_t() if base.throughput_t() > 0 else 1.0)
    loads = lock_loads(district, base, district.info.base_year)
    documented = documented_berths(district["terminals"], port)
    berths = berth_limits(district, port, _mean_call_t(base), WAIT_RATIO)
    return [*([documented] if documented else []), *berths, *lock_limits(loads, _lock_names(district), groups, today_t)]


def _lock_names(district: District) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["name_zh"], row["name_en"]) for row in district["locks"].to_dicts()}


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of today, and what the container berths carry at the level of service (infinite where there are none)."""

    today_teu: float
    berths_teu: float
    teu_per_t_of_model: float

    @property
    def berths_t_of_model(self) -> float:
        """Tonnes of the model that the container berths carry [t/year]."""
        return self.berths_teu / self.teu_per_t_of_model if self.teu_per_t_of_model > 0 else np.inf


def _boxes(overlaid: District, base: FreightResult, measures: pl.DataFrame) -> Boxes:
    today = today_of(measures, "freight_teu", base.throughput_teu())
    tonnes = quay_tonnes(base, True)
    berths_t = container_berths_t(overlaid, _place(overlaid), WAIT_RATIO)
    berths = berths_t / base.problem.forms.t_per_teu if berths_t > 0 else np.inf
    return Boxes(today, berths, today / tonnes if tonnes > 0 else 0.0)


def _box_binders(boxes: Boxes, teu: float, free: FreightResult) -> tuple[Binder, ...]:
    """What binds the boxes: the demand for them, or the container berths at the level of service."""
    wanted = quay_tonnes(free, True) * boxes.teu_per_t_of_model
    full = teu >= boxes.berths_teu * (1 - 1e-6)
    spare = boxes.berths_teu - teu if np.isfinite(boxes.berths_teu) else 0.0
    unit = "teu_per_year"
    found = [Binder("demand for boxes", "集装箱需求", "demand", 0.0 if full else spare, unit, wanted)]
    if np.isfinite(boxes.berths_teu):
        gain = max(wanted - teu, 0.0) if full else 0.0
        found.append(Binder("container berths", "集装箱泊位", "berth_service_level", gain, unit, boxes.berths_teu))
    return tuple(sorted(found, key=lambda binder: -binder.gain))


def _mean_call_t(result: FreightResult) -> float:
    """Mean load of a vessel at the port [t]; the largest payload of the fleet where nothing calls."""
    calls = result.table_calls()
    total = float(calls["calls_per_year"].sum())
    if total <= 0:
        return float(result.problem.fleet.payload_t.max())
    return float((calls["calls_per_year"] * calls["load_t_per_call"]).sum()) / total


def _peers(frame: pl.DataFrame, base_year: int, ratio: float) -> dict[str, float]:
    """Throughput of each peer at the target year: its latest figure up to the base year, grown as the own demand grows."""
    known = frame.filter((pl.col("year") <= base_year) & pl.col("throughput_t").is_not_null()).sort("year")
    return {row["port"]: row["throughput_t"] * ratio for row in known.to_dicts()}


def _costs(measures: pl.DataFrame, problem: FreightProblem) -> tuple:
    rows = measures.filter((pl.col("model") == "freight_water_cost") & pl.col("today_value").is_not_null())
    return cost_binders(problem, float(rows["today_value"][0])) if rows.height else ()


def _safe_ratio(above: float, below: float) -> float:
    return above / below if below > 0 else 1.0
