"""Freight at equilibrium: every cargo's chains at the waits and prices that the flows themselves cause, with the proof.

Three kinds of answer over the same chains. ``stochastic``: shares by path-size logit, as shippers differ. ``deterministic``:
nobody gains by changing chain. ``optimum``: the least cost of all together, the traffic of others included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from qujiang.errors import InfeasibleError, NotConvergedError, ScenarioError
from qujiang.freight.congested_chains import CHEAPER_YUAN, Charges, keep_chains, signature_key, with_new_chains
from qujiang.freight.congestion import Congestion
from qujiang.freight.equilibrium_check import Checked, check
from qujiang.freight.problem import FreightProblem
from qujiang.freight.result import FreightResult
from qujiang.freight.room import require_room
from qujiang.freight.shared import SharedChains, delayed_legs, share_chains
from qujiang.methods.delay import delay
from qujiang.methods.equilibrium_chains import ChainEquilibrium, chain_equilibrium
from qujiang.methods.equilibrium_paths import path_equilibrium

Kind = Literal["stochastic", "deterministic", "optimum"]
KINDS: tuple[Kind, ...] = ("stochastic", "deterministic", "optimum")
#: Chains are looked for anew at most so often.
SEARCHES = 8
#: Busiest month over mean month where a district does not say.
PEAK_MONTH_FACTOR = 1.3
MONTHS = 12


@dataclass(frozen=True, slots=True)
class EquilibriumResult:
    """An assignment at equilibrium. Arrays by resource have shape (resources,), in the order of ``congestion``.

    ``flows`` holds tonnes, costs and logsums; its legs stand at the waits found. ``turned_away`` is the traffic of others that
    would rather not wait. ``searched`` says that no cheaper chain exists at these waits, also among those not known before.
    """

    kind: Kind
    flows: FreightResult
    shared: SharedChains
    amount: np.ndarray
    wait_h: np.ndarray
    price_yuan: np.ndarray  # of hard capacities [yuan/t], 0 elsewhere
    toll_yuan: np.ndarray  # per unit of a resource's flow, at the optimum: what it costs the others
    resource_flow: np.ndarray
    turned_away: np.ndarray
    checked: Checked
    lower_bound: float | None
    objective: float | None
    searched: bool
    searches: int
    steps: int
    state: ChainEquilibrium

    @property
    def problem(self) -> FreightProblem:
        """The problem with the chains of this answer."""
        return self.flows.problem

    @property
    def congestion(self) -> Congestion:
        """The resources."""
        return self.shared.congestion

    @property
    def relative_gap(self) -> float:
        """(total - cheapest) / total, recomputed from the flows [1]."""
        return self.checked.relative_gap

    def social_yuan(self) -> float:
        """What freight costs all who use the resources, the rent of full capacities not counted [yuan/year]."""
        return self.checked.social_yuan


def equilibrate(
    problem: FreightProblem,
    congestion: Congestion,
    *,
    kind: Kind = "stochastic",
    start: EquilibriumResult | None = None,
    tolerance: float = 1e-8,
    search: bool = True,
) -> EquilibriumResult:
    """Flows at which every chain's cost is the one that the flows cause.

    Parameters
    ----------
    start
        The answer of a neighbouring question: another year's demand, another capacity.
    tolerance
        Relative gap to reach.
    search
        Look for chains anew at the waits found, until no cheaper one exists. Without it the chains of the problem (or of
        ``start``) are all there is, which is enough between neighbouring futures.

    Raises
    ------
    InfeasibleError
        The capacities cannot carry the demand whatever their price; those that hold it back are named.
    NotConvergedError
        Gap, conservation or capacities do not hold when recomputed; carries the answer.

    References
    ----------
    Fisk (1980), Transportation Research B 14, pp. 243-255; Beckmann, McGuire and Winsten (1956), Studies in the Economics of
    Transportation
    """
    if kind not in KINDS:
        raise ScenarioError(f"kind = {kind}: must be one of {', '.join(KINDS)}")
    problem = _with_chains_of(problem, start)
    answer = _solve(problem, congestion, kind, start, tolerance)
    closed, searches = not search and not answer.congestion.resources, 0
    swapped: set[int] = set()
    while search and not closed and searches < SEARCHES:
        wider = _wider(answer, swapped)
        searches += 1
        if wider is None:
            closed = True
        else:
            answer = _solve(wider, congestion, kind, answer, tolerance)
    answer = replace(answer, searched=closed, searches=searches)
    require(answer, tolerance)
    return answer


def require(answer: EquilibriumResult, tolerance: float) -> None:
    """Refuse to call an answer solved whose proof does not hold when recomputed."""
    checked = answer.checked
    faults = []
    if not -1e-12 <= checked.relative_gap <= tolerance:
        faults.append(f"relative gap {checked.relative_gap:.3g}")
    if checked.conservation_error > 1e-9:
        faults.append(f"conservation error {checked.conservation_error:.3g}")
    if checked.residual > 10 * tolerance:
        faults.append(f"residual {checked.residual:.3g}")
    bound, objective = answer.lower_bound, answer.objective
    if bound is not None and objective is not None and objective < bound - 1e-9 * abs(bound):
        faults.append("the objective lies below its lower bound")
    if faults:
        raise NotConvergedError(f"not solved: {', '.join(faults)}; {tolerance:.3g} was asked", answer)


def _with_chains_of(problem: FreightProblem, start: EquilibriumResult | None) -> FreightProblem:
    """The problem with the chains of a neighbour's answer, where that one found more of them over the same network."""
    if start is None or start.problem.networks is not problem.networks or start.problem.forms is not problem.forms:
        return problem
    if len(start.problem.origin) != len(problem.origin) or start.problem.chains is problem.chains:
        return problem
    return replace(problem, skims=start.problem.skims, chains=start.problem.chains, parts=start.problem.parts)


def _solve(
    problem: FreightProblem, congestion: Congestion, kind: Kind, start: EquilibriumResult | None, tolerance: float
) -> EquilibriumResult:
    shared = share_chains(problem, congestion, known=None if start is None else start.shared)
    require_room(shared)
    # the other kinds only start from it; below 1e-11 rounding decides, and the answer's own gap is checked anyway
    asked = max(min(1e-3 * tolerance, 1e-9), 1e-11) if kind == "stochastic" else 1e-9
    state = _choice(shared, start, asked)
    if kind == "stochastic":
        symmetric = shared.set.symmetric
        ends = (state.lower_bound, state.objective) if symmetric else (None, None)
        hard = np.isfinite(shared.capacity)
        price = np.where(hard, state.price - delay(shared.curves, state.flow * ~hard), 0.0)
        return _told(shared, kind, state.amount, price, state, ends, state.steps)
    found = path_equilibrium(
        shared.set, shared.curves, shared.capacity, system_optimum=kind == "optimum", tolerance=0.3 * tolerance,
        start=state.amount,
    )  # fmt: skip
    known = np.isfinite(found.lower_bound)
    ends = (found.lower_bound, found.objective) if known else (None, None)
    return _told(shared, kind, found.amount, found.price, state, ends, state.steps + found.steps)


def _choice(shared: SharedChains, start: EquilibriumResult | None, tolerance: float) -> ChainEquilibrium:
    """The stochastic equilibrium: an answer of its own, and a start inside all queues for the others."""
    before = None if start is None or start.state.price.shape != shared.capacity.shape else start.state
    if before is not None and start is not None and start.congestion.names != shared.congestion.names:
        before = None
    if (
        before is not None
        and not (before.flow < np.where(shared.curves.is_queue, shared.curves.capacity, np.inf)).all()
    ):
        before = None
    try:
        return chain_equilibrium(
            shared.set, shared.scale, shared.curves, shared.capacity, tolerance=tolerance, start=before
        )
    except NotConvergedError as reason:
        if before is None:
            raise NotConvergedError(str(reason), None) from None
        return _choice(shared, None, tolerance)


def _told(
    shared: SharedChains,
    kind: Kind,
    amount: np.ndarray,
    price: np.ndarray,
    state: ChainEquilibrium,
    ends: tuple[float | None, float | None],
    steps: int,
) -> EquilibriumResult:
    """The answer with everything recomputed from its flows."""
    problem, count = shared.problem, len(shared.congestion.resources)
    checked = check(shared, amount, price[:count], kind)
    own = len(problem.chains)
    demand = shared.set.demand[shared.set.group[:own]]
    share = np.divide(amount[:own], demand, out=np.zeros(own), where=demand > 0)
    least = checked.logsum[: shared.own_groups].reshape(-1, len(problem.season_share))
    legs = delayed_legs(shared, checked.wait_h)
    flows = FreightResult(problem, legs, checked.cost[:own], share, amount[:own], least)
    passing = np.zeros(count)
    others = np.flatnonzero(shared.congestion.background > 0)
    passing[others] = amount[own : own + len(others)]
    turned = np.maximum(shared.congestion.background - passing, 0.0) if count else passing
    return EquilibriumResult(
        kind, flows, shared, amount, checked.wait_h, price[:count], checked.toll_yuan, checked.flow, turned, checked,
        ends[0], ends[1], False, 0, steps, state,
    )  # fmt: skip


def _wider(answer: EquilibriumResult, swapped: set[int]) -> FreightProblem | None:
    """The problem with the chains that are cheaper at the waits found; None where there are none.

    For stochastic choice a cheaper chain takes the place of the one with its signature: a second chain of nearly the same
    cost would look like a choice that shippers do not have. Where a place was taken before (``swapped``), two chains hold
    the balance, and both stay as one alternative.
    """
    congestion, problem = answer.congestion, answer.problem
    if not congestion.resources:
        return None
    hard = np.array([r.is_hard for r in congestion.resources])
    later = np.where(hard, 0.0, answer.wait_h - congestion.assumed_h)
    money = answer.price_yuan + answer.toll_yuan
    if not (abs(later) > 1e-9).any() and not (money > 1e-9).any():
        return None
    known = len(problem.chains)
    wider = with_new_chains(problem, congestion, Charges(later, money))
    at = check(share_chains(wider, congestion), np.zeros(0), answer.price_yuan, answer.kind, at=answer.checked)
    cost, chains = at.cost[: len(wider.chains)], wider.chains
    group = chains.flow * len(problem.season_share) + chains.season
    key = signature_key(wider) if answer.kind == "stochastic" else group
    best = np.full(int(key.max()) + 1, np.inf)
    np.minimum.at(best, key[:known], cost[:known])
    cheaper = cost < best[key] - CHEAPER_YUAN
    cheaper[:known] = False
    if not cheaper.any():
        return None
    kept = cheaper.copy()
    kept[:known] = True
    if answer.kind == "stochastic":
        new = set(key[cheaper].tolist())
        kept[:known] = ~np.isin(key[:known], list(new - swapped))
        swapped |= new
    return keep_chains(wider, np.flatnonzero(kept))


@dataclass(frozen=True, slots=True)
class PeakMonth:
    """A resource in the busiest month. Without a steady state the queue grows all month: ``grows`` is then True."""

    resource: str
    flow_per_month: float
    load_share: float
    wait_h: float  # mean over the month's arrivals
    grows: bool
    queue_at_end: float  # vessels or tonnes that wait at the month's end


def busiest_month(answer: EquilibriumResult) -> tuple[PeakMonth, ...]:
    """Waits of the busiest month, with the shares of chains chosen for the year.

    Where a queue is full the fluid form holds: it grows by the excess, and the mean wait is half of the last one's.
    """
    factor = answer.problem.rates.value.get("peak_month_factor", PEAK_MONTH_FACTOR)
    month_h = 8760.0 / MONTHS
    found = []
    flow = answer.resource_flow * factor
    within = np.where([r.kind in ("lock", "berth") and v >= r.capacity for r, v in _pairs(answer, flow)], 0.0, flow)
    waits = delay(answer.congestion.curves, within) if len(flow) else flow
    for index, (resource, volume) in enumerate(_pairs(answer, flow)):
        load = volume / resource.capacity
        grows = resource.kind in ("lock", "berth") and load >= 1.0
        wait = (load - 1) / 2 * month_h + answer.congestion.curves.base[index] if grows else float(waits[index])
        queue = (volume - resource.capacity) / MONTHS if grows else 0.0
        per_month = volume / MONTHS if resource.kind != "road" else volume
        found.append(PeakMonth(resource.id, per_month, load, float(wait), grows, queue))
    return tuple(found)


def _pairs(answer: EquilibriumResult, flow: np.ndarray):
    return list(zip(answer.congestion.resources, flow.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Gain:
    """Worth of one more unit of a capacity [yuan a unit], by solving again a little above and below; ``price`` is the dual."""

    resource: str
    unit: str
    price_yuan: float
    more_yuan: float
    less_yuan: float


def gain(answer: EquilibriumResult, resource: str, *, step_share: float = 1e-3) -> Gain:
    """What one more unit of a resource's capacity saves all users, and what one less costs.

    ``less_yuan`` is infinite where less capacity cannot carry the demand.
    """
    index = next((i for i, r in enumerate(answer.congestion.resources) if r.id == resource), None)
    if index is None:
        raise ScenarioError(f"{resource} is no resource of this answer: {', '.join(answer.congestion.names)}")
    of = answer.congestion.resources[index]
    step = of.capacity * step_share
    saved = []
    for sign in (1.0, -1.0):
        moved = with_capacity(answer.congestion, {resource: of.capacity + sign * step})
        try:
            there = equilibrate(answer.problem, moved, kind=answer.kind, start=answer, tolerance=1e-9, search=False)
            saved.append((answer.social_yuan() - there.social_yuan()) / step * sign)
        except InfeasibleError:
            saved.append(np.inf)
    unit = (
        "yuan_per_t" if of.flow_unit == "t_per_year" else "yuan_per_vessel" if of.kind == "lock" else "yuan_per_vehicle"
    )
    return Gain(resource, unit, float(answer.price_yuan[index]), saved[0], saved[1])


def with_capacity(congestion: Congestion, capacity: Mapping[str, float]) -> Congestion:
    """The same resources with other capacities."""
    resources = tuple(replace(r, capacity=capacity.get(r.id, r.capacity)) for r in congestion.resources)
    values = np.array([1.0 if r.is_hard else r.capacity for r in resources])
    kept = np.where(congestion.curves.kind == 0, congestion.curves.capacity, values)
    return replace(congestion, resources=resources, curves=replace(congestion.curves, capacity=kept))


@dataclass(frozen=True, slots=True)
class DemandTerms:
    """Where the demand of a year comes from [t/year]: the base year's, its growth, and what cheaper freight would induce.

    Induced demand is 0 here: the district states no elasticity, and none is made up.
    """

    base_t: float
    growth_t: float
    induced_t: float = 0.0

    @property
    def total_t(self) -> float:
        """All three [t/year]."""
        return self.base_t + self.growth_t + self.induced_t


def demand_terms(base: FreightProblem, problem: FreightProblem) -> DemandTerms:
    """Base and growth of a problem's demand."""
    then = float(base.demand_t_per_year.sum())
    return DemandTerms(then, float(problem.demand_t_per_year.sum()) - then)
