"""The main job: does the plan hold, and what binds each landmark."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl

from qujiang import __version__
from qujiang.district.economy import points_faster
from qujiang.district.observations import read as read_observations
from qujiang.freight.calibrate import NOT_EXPLAINED_YUAN_PER_T, Calibration
from qujiang.freight.equilibrium import EquilibriumResult
from qujiang.freight.result import FreightResult
from qujiang.plan.limits import LockLoad
from qujiang.plan.measures import Binds, answer, judge_measures, landmark_answers, significant
from qujiang.plan.port import PortAnswer, answer_port, has_freight, target_year
from qujiang.plan.result import PlanResult

if TYPE_CHECKING:
    from qujiang.district import District

NOTHING_BINDS = Binds((), (), (), {})


def test_plan(district: District, scenario: str | None = None, projects: Sequence[str] = ()) -> PlanResult:
    """Test a district's plan over the base future.

    Freight is calibrated on the district as it is; the scenario then changes what it changes, and only that. The base
    future grows demand by its middle rates, lets every shipper choose, and holds the throughput at the lowest limit. A
    district without freight tables is tested on its other measures; those that freight would compute are unknown.

    Parameters
    ----------
    district
        A district that was opened, and so checked.
    scenario
        Name of one of its scenarios, or a path.
    projects
        Ids of projects with a declared effect that are taken as open in the target year.

    Raises
    ------
    DataError
        The base year lies above a physical capacity, or some table that the plan needs is faulty.
    ScenarioError
        The scenario does not fit the district, or a project cannot count.
    """
    return answer_plan(district, scenario, projects)[0]


def answer_plan(
    district: District, scenario: str | None = None, projects: Sequence[str] = ()
) -> tuple[PlanResult, District, PortAnswer | None]:
    """The same, with the district that the scenario makes and what freight and port say: where many futures begin."""
    overlaid = district if scenario is None else district.with_scenario(scenario)
    if projects:
        from qujiang.plan.delays import lay_over, open_projects

        until = target_year(overlaid["measures"], district.info.base_year)
        overlaid = lay_over(overlaid, open_projects(overlaid, projects, until))
    info, measures = district.info, overlaid["measures"]
    year = target_year(measures, info.base_year)
    port = answer_port(district, overlaid, year) if has_freight(overlaid) else None
    states = judge_measures(
        measures,
        {name: significant(value) for name, value in port.values.items()} if port else {},
        read_observations(overlaid["observations"]),
        now_year=info.base_year,
        area=info.name_zh,
        faster=points_faster(overlaid),
    )
    rows = {row["id"]: row for row in measures.to_dicts()}
    answers = [answer(state, rows[state.id], port.binds if port else NOTHING_BINDS) for state in states]
    landmarks = landmark_answers(overlaid["landmarks"], answers, {s.id: s.landmark_no for s in states})
    result = PlanResult(
        district={
            "id": info.id,
            "name_zh": info.name_zh,
            "name_en": info.name_en,
            "base_year": info.base_year,
            "target_year": year,
            "hash": district.hash,
        },
        scenario=_scenario_words(overlaid),
        landmarks=landmarks,
        limits=tuple(port.binds.throughput) if port else (),
        residuals=tuple(_residual_rows(port.freight.calibration)) if port else (),
        calibration=tuple(_moved_rows(port.freight.calibration)) if port else (),
        modal_constants=tuple(_modal_rows(port.freight.modal)) if port else (),
        locks=tuple(lock_rows(overlaid, port.loads, port.coupled.answer)) if port else (),
        figures=_figures(port) if port else {},
        tables=_tables(port.freight.target) if port else {},
        run=_run(district, overlaid),
    )
    return result, overlaid, port


test_plan.__test__ = False  # type: ignore[attr-defined]  # a verb of the house, not a test for pytest


def _scenario_words(overlaid: District) -> dict[str, Any] | None:
    words = overlaid.scenario
    if words is None:
        return None
    return {
        "name": words.name,
        "name_zh": words.name_zh,
        "name_en": words.name_en,
        "reason": words.reason,
        "reason_zh": words.reason_zh,
    }


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
            "name_zh": r.name_zh,
            "note_zh": r.note_zh,
        }
        for r in calibration.residuals
    ]


def _moved_rows(calibration: Calibration) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": float(before), "low": float(low), "high": float(high), "after": float(after)}
        for name, before, low, high, after in calibration.moved
    ]


def _modal_rows(modal: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {"mode": mode, "yuan_per_t": value, "explained": abs(value) <= NOT_EXPLAINED_YUAN_PER_T}
        for mode, value in modal.items()
    ]


def lock_rows(overlaid: District, loads: Sequence[LockLoad], answer: EquilibriumResult | None) -> list[dict[str, Any]]:
    """Locks with their place (the middle of their link), load and nominal tonnage; the wait where ``answer`` has a queue."""
    where = _lock_points(overlaid)
    resources = () if answer is None else zip(
        answer.congestion.resources, answer.wait_h, answer.turned_away, strict=True
    )  # fmt: skip
    waits = {r.id: (r.assumed_wait_h, float(wait), float(turned)) for r, wait, turned in resources if r.kind == "lock"}
    none = (None, None, None)
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
            "wait_today_h": waits.get(load.lock, none)[0],
            "wait_h": waits.get(load.lock, none)[1],
            "turned_away_vessels": waits.get(load.lock, none)[2],
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


def _figures(port: PortAnswer) -> dict[str, float]:
    base, target, free = port.freight.base, port.freight.target, port.freight.free
    found = {
        "throughput_today_t_per_year": port.today_t,
        "throughput_target_t_per_year": port.throughput_t,
        "throughput_model_base_t_per_year": base.throughput_t(),
        "throughput_model_target_t_per_year": free.throughput_t(),
        "growth_of_demand_ratio": port.growth_ratio,
        "water_freight_yuan_per_t": target.water_freight_yuan_per_t(),
        "mean_haul_km": target.mean_haul_km(),
        "boxes_teu_per_year": target.throughput_teu(),
        "out_per_in_ratio": target.out_per_in(),
        "co2e_t_per_year": target.co2e_kg() / 1000,
        "berth_wait_today_h": port.coupled.berth_wait_h[0],
        "berth_wait_h": port.coupled.berth_wait_h[1],
        "full_port_price_yuan_per_t": port.coupled.full_price_yuan,
        **{f"{name}_t_per_year": tonnes for name, tonnes in target.signature_t.items()},
    }
    return {name: value for name, value in found.items() if value == value}  # a port without calls has no mean haul


def _tables(result: FreightResult) -> dict[str, pl.DataFrame]:
    return {
        "freight/chains": result.table_chains(),
        "freight/legs": result.table_legs(),
        "freight/links": result.table_links(),
        "freight/locks": result.table_locks(),
        "freight/calls": result.table_calls(),
    }


def _run(district: District, overlaid: District) -> dict[str, Any]:
    packages = ("numpy", "polars", "scipy")
    return {
        "version": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "input_hash": district.hash,
        "scenario_hash": None if overlaid is district else overlaid.hash,
        "arguments": {"scenario": None if overlaid.scenario is None else overlaid.scenario.name, "futures": 0},
        "seed": None,
    }
