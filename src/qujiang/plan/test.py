"""The main job: does the plan hold, and what binds each landmark."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl

from qujiang import __version__
from qujiang.freight.assign import assign
from qujiang.freight.calibrate import FREE, Calibration, calibrate, modal_constants
from qujiang.freight.problem import FreightProblem, build_problem
from qujiang.freight.rates import Rates
from qujiang.freight.result import FreightResult
from qujiang.outlook.series import read as read_observations
from qujiang.plan.limits import (
    Group,
    Limit,
    LockLoad,
    berth_limits,
    binders,
    check_base,
    container_berths_t,
    documented_berths,
    lock_limits,
    lock_loads,
    port_groups,
)
from qujiang.plan.measures import Binds, answer, cost_binders, freight_values, judge_measures, landmark_answers
from qujiang.plan.result import Binder, PlanResult

if TYPE_CHECKING:
    from qujiang.district import District

#: Wait over service that a port should not exceed at its berths (handbook level for general cargo and bulk; assumed).
WAIT_RATIO = 0.1
#: A year to look at where no freight measure names one.
LOOK_AHEAD_YEARS = 3


@dataclass(frozen=True, slots=True)
class _Freight:
    """Freight at the base year (as calibrated) and at the target year (with the scenario)."""

    calibration: Calibration
    base: FreightResult
    target: FreightResult
    modal: Mapping[str, float]


def test_plan(district: District, scenario: str | None = None) -> PlanResult:
    """Test a district's plan over the base future.

    Freight is calibrated on the district as it is; the scenario then changes what it changes, and only that. The base
    future grows demand by its middle rates, lets every shipper choose, and holds the throughput at the lowest limit.

    Parameters
    ----------
    district
        A district that was opened, and so checked.
    scenario
        Name of one of its scenarios, or a path.

    Raises
    ------
    DataError
        The base year lies above a physical capacity, or some table that the plan needs is faulty.
    ScenarioError
        The scenario does not fit the district.
    """
    overlaid = district if scenario is None else district.with_scenario(scenario)
    info = district.info
    year = _target_year(overlaid["measures"], info.base_year)
    freight = _run_freight(district, overlaid, year)
    today = _today(overlaid["measures"], "freight_throughput", freight.base.throughput_t())
    ratio = freight.target.throughput_t() / freight.base.throughput_t()
    loads = lock_loads(overlaid, freight.target, year)
    groups = port_groups(freight.target, today / freight.base.throughput_t())
    limits = _limits(district, overlaid, freight, groups, loads)
    check_base(_physical_at_base(district, freight, today), today)
    throughput, bound_by = binders(groups, loads, limits)
    peers = _peers(overlaid["peer_ports"], info.base_year, ratio)
    ratios = {
        "teu": _safe_ratio(freight.target.throughput_teu(), freight.base.throughput_teu()),
        "water_cost": _safe_ratio(freight.target.water_freight_yuan_per_t(), freight.base.water_freight_yuan_per_t()),
    }
    measures = overlaid["measures"]
    today_teu = _today(measures, "freight_teu", freight.base.throughput_teu())
    teu, boxes = _box_binders(overlaid, today_teu * ratios["teu"], freight.target.problem.forms.t_per_teu)
    values = freight_values(measures, throughput, teu, ratios["water_cost"], peers)
    observations = read_observations(overlaid["observations"])
    states = judge_measures(measures, values, observations, now_year=info.base_year, area=info.name_zh)
    costs = _costs(measures, freight.target.problem)
    rows = {row["id"]: row for row in measures.to_dicts()}
    binds = Binds(bound_by, boxes, costs, peers)
    answers = [answer(state, rows[state.id], binds) for state in states]
    landmarks = landmark_answers(overlaid["landmarks"], answers, {s.id: s.landmark_no for s in states})
    return PlanResult(
        district={
            "id": info.id,
            "name_zh": info.name_zh,
            "name_en": info.name_en,
            "base_year": info.base_year,
            "target_year": year,
            "hash": district.hash,
        },
        scenario=_scenario_words(overlaid, scenario),
        landmarks=landmarks,
        limits=bound_by,
        residuals=tuple(_residual_rows(freight.calibration)),
        calibration=tuple(_moved_rows(freight.calibration)),
        modal_constants=tuple(_modal_rows(freight.modal)),
        locks=tuple(_lock_rows(overlaid, loads)),
        figures=_figures(freight, today, throughput, ratio),
        tables=_tables(freight.target),
        run=_run(district, scenario),
    )


test_plan.__test__ = False  # type: ignore[attr-defined]  # a verb of the house, not a test for pytest


def _target_year(measures: pl.DataFrame, base_year: int) -> int:
    years = measures.filter(pl.col("model").str.starts_with("freight") & pl.col("counts"))["target_year"].drop_nulls()
    return int(years.max()) if years.len() else base_year + LOOK_AHEAD_YEARS  # type: ignore[arg-type]


def _run_freight(district: District, overlaid: District, year: int) -> _Freight:
    port, base_year = district.info.port_place, district.info.base_year
    base = build_problem(district, port_place=port, base_year=base_year)
    facts = district["calibration_facts"]
    named = facts["scenario"].drop_nulls().unique(maintain_order=True).to_list() if "scenario" in facts.columns else []
    others = {
        name: build_problem(district.with_scenario(name), port_place=port, base_year=base_year)
        for name in named
        if name in district.scenarios
    }
    fitted = calibrate(base, facts, others)
    base = fitted.result.problem
    if overlaid is district:
        target = base.grown(district["demand"], district["demand_growth"], year)
    else:
        kept = _fitted_in(base.rates, district, overlaid)
        target = build_problem(overlaid, port_place=port, base_year=base_year, year=year, set_rates=kept)
    observed = district["demand"].group_by("observed_mode").agg(pl.col("demand_t_per_year").sum())
    modal = modal_constants(base, dict(zip(observed["observed_mode"], observed["demand_t_per_year"], strict=True)))
    return _Freight(fitted, fitted.result, assign(target), modal)


def _fitted_in(base: Rates, district: District, overlaid: District) -> dict[str, float]:
    """The calibrated values, except where the scenario itself sets a rate."""
    before, after = (dict(zip(d["rates"]["id"], d["rates"]["rate_value"], strict=True)) for d in (district, overlaid))
    return {name: base[name] for name in FREE if before.get(name) == after.get(name)}


def _today(measures: pl.DataFrame, model: str, otherwise: float) -> float:
    """Today's published figure of the measure with a model; the model's own where the district has none."""
    rows = measures.filter((pl.col("model") == model) & pl.col("today_value").is_not_null())
    return float(rows["today_value"][0]) if rows.height else otherwise


def _limits(
    district: District, overlaid: District, freight: _Freight, groups: list[Group], loads: list[LockLoad]
) -> list[Limit]:
    """All limits of the port's throughput at the target year."""
    demand_t = sum(group.tonnes for group in groups)
    port = district.info.port_place
    documented = documented_berths(overlaid["terminals"], port)
    return [
        Limit("demand that chooses the port", "选择本港的货运需求", "demand", demand_t, physical=False, assumed=True),
        *([documented] if documented else []),
        *berth_limits(overlaid, port, _mean_call_t(freight.target), WAIT_RATIO),
        *lock_limits(loads, _lock_names(overlaid), groups, demand_t),
    ]


def _physical_at_base(district: District, freight: _Freight, today_t: float) -> list[Limit]:
    """Capacities of today that the throughput of today cannot have passed."""
    base, info = freight.base, district.info
    groups = port_groups(base, today_t / base.throughput_t())
    loads = lock_loads(district, base, info.base_year)
    documented = documented_berths(district["terminals"], info.port_place)
    return [*([documented] if documented else []), *lock_limits(loads, _lock_names(district), groups, today_t)]


def _lock_names(district: District) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["name_zh"], row["name_en"]) for row in district["locks"].to_dicts()}


def _box_binders(overlaid: District, demand_teu: float, t_per_teu: float) -> tuple[float, tuple[Binder, ...]]:
    """Boxes that the port can handle, and what binds them: demand, or the container berths at the level of service."""
    berths = container_berths_t(overlaid, overlaid.info.port_place, WAIT_RATIO) / t_per_teu
    limits = [("demand for boxes", "集装箱需求", "demand", demand_teu)]
    if berths > 0:
        limits.append(("container berths", "集装箱泊位", "berth_service_level", berths))
    least = min(level for *_, level in limits)
    rest = max(level for *_, level in limits)
    found = [
        Binder(what, what_zh, kind, rest - least if level == least else 0.0, "teu_per_year", level)
        for what, what_zh, kind, level in limits
    ]
    return least, tuple(sorted(found, key=lambda binder: -binder.gain))


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


def _scenario_words(overlaid: District, scenario: str | None) -> dict[str, Any] | None:
    if scenario is None or overlaid.scenario is None:
        return None
    words = overlaid.scenario
    return {"name": words.name, "name_zh": words.name_zh, "name_en": words.name_en, "reason": words.reason}


def _residual_rows(calibration: Calibration) -> list[dict[str, Any]]:
    return [
        {
            "fact": r.fact,
            "name_en": r.name_en,
            "use": r.use,
            "unit": r.unit,
            "fact_value": r.fact_value,
            "low": r.low,
            "high": r.high,
            "model_value": r.model_value,
            "met": r.met,
            "note": r.note,
        }
        for r in calibration.residuals
    ]


def _moved_rows(calibration: Calibration) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": float(before), "low": float(low), "high": float(high), "after": float(after)}
        for name, before, low, high, after in calibration.moved
    ]


def _modal_rows(modal: Mapping[str, float]) -> list[dict[str, Any]]:
    from qujiang.freight.calibrate import NOT_EXPLAINED_YUAN_PER_T

    return [
        {"mode": mode, "yuan_per_t": value, "explained": abs(value) <= NOT_EXPLAINED_YUAN_PER_T}
        for mode, value in modal.items()
    ]


def _lock_rows(overlaid: District, loads: list[LockLoad]) -> list[dict[str, Any]]:
    """Locks with their place (the middle of their link), load and nominal tonnage."""
    where = _lock_points(overlaid)
    of = {row["id"]: row for row in overlaid["locks"].to_dicts()}
    return [
        {
            "lock": load.lock,
            "name_zh": of[load.lock]["name_zh"],
            "name_en": of[load.lock]["name_en"],
            "lon_deg": where.get(load.lock, (None, None))[0],
            "lat_deg": where.get(load.lock, (None, None))[1],
            "own_t": load.own_t_per_year,
            "own_vessels": load.own_vessels_per_year,
            "background_vessels": load.background_vessels_per_year,
            "capacity_vessels": load.capacity_vessels_per_year,
            "capacity_t": load.capacity_t_per_year,
            "nominal_t": of[load.lock]["capacity_t_per_year"],
            "load_share": load.load_share,
            "refuted": load.refuted,
        }
        for load in loads
    ]


def _lock_points(overlaid: District) -> dict[str, tuple[float, float]]:
    at = {row["id"]: (row["lon_deg"], row["lat_deg"]) for row in overlaid["places"].to_dicts()}
    points: dict[str, tuple[float, float]] = {}
    for row in overlaid["water_links"].to_dicts():
        (x0, y0), (x1, y1) = at[row["from_place"]], at[row["to_place"]]
        names = row["locks"] or []
        for number, lock in enumerate(names, 1):
            part = number / (len(names) + 1)
            points[lock] = (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)
    return points


def _figures(freight: _Freight, today: float, throughput: float, ratio: float) -> dict[str, float]:
    base, target = freight.base, freight.target
    return {
        "throughput_today_t_per_year": today,
        "throughput_target_t_per_year": throughput,
        "throughput_model_base_t_per_year": base.throughput_t(),
        "throughput_model_target_t_per_year": target.throughput_t(),
        "growth_of_demand_ratio": ratio,
        "water_freight_yuan_per_t": target.water_freight_yuan_per_t(),
        "mean_haul_km": target.mean_haul_km(),
        "boxes_teu_per_year": target.throughput_teu(),
        "out_per_in_ratio": target.out_per_in(),
        "co2e_t_per_year": target.co2e_kg() / 1000,
        **{f"{name}_t_per_year": tonnes for name, tonnes in target.signature_t.items()},
    }


def _tables(result: FreightResult) -> dict[str, pl.DataFrame]:
    return {
        "freight/chains": result.table_chains(),
        "freight/legs": result.table_legs(),
        "freight/links": result.table_links(),
        "freight/locks": result.table_locks(),
        "freight/calls": result.table_calls(),
    }


def _run(district: District, scenario: str | None) -> dict[str, Any]:
    packages = ("numpy", "polars", "scipy")
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "input_hash": district.hash,
        "scenario": scenario,
        "seed": None,
        "futures": 0,
    }
