"""A district's flows from its tables: calibrated rates, lock waits of the base year, congestion and equilibrium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qujiang.district import District
from qujiang.district.economy import effective_growth
from qujiang.errors import ScenarioError
from qujiang.freight.calibrate import FREE, Calibration, calibrate
from qujiang.freight.congestion import LockWaits, build_congestion, fit_lock_waits
from qujiang.freight.equilibrium import DemandTerms, EquilibriumResult, Kind, demand_terms, equilibrate
from qujiang.freight.problem import FreightProblem, build_problem

NEEDED = ("places", "cargoes", "demand", "rates", "vessel_classes", "emission_factors", "rail_tariffs")


@dataclass(frozen=True, slots=True)
class BaseYear:
    """A district's base year, fitted once: every scenario and year is asked from here."""

    district: District
    calibration: Calibration
    locks: LockWaits
    others: Mapping[str, FreightProblem]  # of the scenarios that facts name

    @property
    def problem(self) -> FreightProblem:
        """The base year at fitted rates."""
        return self.calibration.result.problem


@dataclass(frozen=True, slots=True)
class DistrictFlows:
    """One scenario's answer with where its demand comes from."""

    scenario: str | None
    district: District
    answer: EquilibriumResult
    demand: DemandTerms


def base_year(district: District) -> BaseYear:
    """Calibrate a district and lay the lock curves through its base year.

    Raises
    ------
    ScenarioError
        The district names no port, or lacks a table that freight needs.
    DataError
        The base year exceeds a lock's capacity.
    """
    port = district.info.port_place
    empty = [name for name in NEEDED if not district[name].height]
    if port is None or empty:
        raise ScenarioError(
            f"no freight without {', '.join(empty)}: fill these tables"
            if empty
            else "district.toml names no port_place"
        )
    year = district.info.base_year
    base = build_problem(district, port_place=port, base_year=year)
    facts = district["calibration_facts"]
    named = facts["scenario"].drop_nulls().unique(maintain_order=True).to_list() if "scenario" in facts.columns else []
    others = {
        name: build_problem(district.with_scenario(name), port_place=port, base_year=year)
        for name in named
        if name in district.scenarios
    }
    fitted = calibrate(base, facts, others)
    return BaseYear(district, fitted, fit_lock_waits(district, fitted.result), others)


def district_flows(
    base: BaseYear,
    scenario: str | None = None,
    *,
    year: int | None = None,
    kind: Kind = "stochastic",
    capacity_t_per_year: Mapping[str, float] | None = None,
    start: EquilibriumResult | None = None,
) -> DistrictFlows:
    """Flows of a scenario and year at equilibrium."""
    first = base.district.info.base_year
    if year is not None and not first <= year <= first + 50:
        raise ScenarioError(f"year = {year}: must lie from {first}, the base year, to {first + 50}")
    year = first if year is None else year
    laid = base.district if scenario is None else base.district.with_scenario(scenario)
    if scenario is None:
        problem = base.problem.grown(laid["demand"], effective_growth(laid), year)
    else:
        port = laid.info.port_place
        assert port is not None, "base_year has asked"
        kept = fitted_in(base, laid)
        problem = build_problem(laid, port_place=port, base_year=first, year=year, set_rates=kept)
    congestion = build_congestion(problem, laid, base.locks, capacity_t_per_year=capacity_t_per_year)
    answer = equilibrate(problem, congestion, kind=kind, start=start)
    return DistrictFlows(scenario, laid, answer, demand_terms(base.problem, problem))


def fitted_in(base: BaseYear, laid: District) -> dict[str, float]:
    """The fitted rates, except where the scenario itself sets one."""
    before, after = (dict(zip(d["rates"]["id"], d["rates"]["rate_value"], strict=True)) for d in (base.district, laid))
    return {name: base.problem.rates[name] for name in FREE if before.get(name) == after.get(name)}
