"""Freight and port brought to agree in the target year: one problem in which every shipper knows all waits and prices.

The economy's growth by cargo makes the demand. Freight chooses its chains at the waits of locks (freight's own queues) and of
berths (the port's curves), and at the prices of full capacities; the flows make those waits and prices. A limit of the port is
never a clamp: where demand would pass it, a price rises from 0 until the rest goes another way.

The base year changes nothing: every curve passes through the wait that its costs already hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from qujiang.errors import ScenarioError
from qujiang.freight.assign import assign
from qujiang.freight.congestion import Congestion, LockWaits, build_congestion, fit_lock_waits, fit_queue
from qujiang.freight.equilibrium import EquilibriumResult, equilibrate, with_capacity
from qujiang.freight.problem import FreightProblem
from qujiang.freight.result import FreightResult
from qujiang.freight.use import quay_calls
from qujiang.methods.delay import CONSTANT, waits_multi_server
from qujiang.methods.equilibrium_chains import fall_by_wait
from qujiang.plan.limits import GROWTH_OF_RELAXED_DEMAND, UNIT, Limit
from qujiang.plan.result import Binder
from qujiang.port.waits import berth_waits

if TYPE_CHECKING:
    from qujiang.district import District

#: A lock is solved for anew without its queue where that may gain more than this part of the throughput [1].
LEAST_GAIN_SHARE = 1e-4
#: Relative gap of the equilibrium.
TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Quay:
    """The port's berths as freight sees them; ``waits`` is in tonnes of the model (the pivot taken out)."""

    waits: pl.DataFrame | None  # one curve a kind of berth; None where none is known
    base: tuple[BerthCurve, ...]  # of the base year, those that its flow does not refute
    held_h: Mapping[bool | None, float]  # wait that the base year's costs hold: of boxes, of the rest, of all cargo
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BerthCurve:
    """Wait at one kind of berth: ``first_h + factor_h`` times the shape of its queue at flow over capacity."""

    terminal: str
    berth_type: str
    serves: bool | None  # boxes, the rest, or (without container berths) all cargo
    berth_count: int
    share: float  # of the tonnes that it serves
    first_h: float
    factor_h: float
    capacity_t: float  # [t/year, documented]

    @property
    def name(self) -> str:
        """Its name among freight's resources."""
        return f"{self.terminal}:{self.berth_type}"


@dataclass(frozen=True, slots=True)
class Coupled:
    """The target year. ``free`` is what shippers would choose at today's waits with room for all."""

    free: FreightResult
    answer: EquilibriumResult
    scale: float  # documented tonnes a tonne of the model: the pivot on today's figure
    cap_t: float  # the lowest limit of the whole port [t/year, documented]
    box_cap_t: float  # that of boxes [t/year, of the model]
    locks: LockWaits
    quay: Quay
    notes: tuple[str, ...]

    @property
    def throughput_t(self) -> float:
        """Tonnes over the quays [t/year]."""
        return self.scale * self.answer.flows.throughput_t()

    @property
    def berth_wait_h(self) -> tuple[float, float]:
        """Mean wait for a berth in the base year and in the target year, by tonnes [h]; 0 where no berth has a curve."""
        at = [i for i, r in enumerate(self.answer.congestion.resources) if r.kind == "berth"]
        flow = self.answer.resource_flow[at]
        if not flow.sum():
            return 0.0, 0.0
        now, then = self.answer.congestion.assumed_h[at], self.answer.wait_h[at]
        return float(now @ flow / flow.sum()), float(then @ flow / flow.sum())

    @property
    def full_price_yuan(self) -> float:
        """Price of room at the port's lowest limit, 0 while there is room [yuan/t]."""
        return self.price_yuan(f"{self.answer.problem.place_ids[self.answer.problem.port]}:capacity")

    def price_yuan(self, name: str) -> float:
        """Price of a full capacity, 0 where there is none [yuan/t]."""
        names = self.answer.congestion.names
        return float(self.answer.price_yuan[names.index(name)]) if name in names else 0.0


def read_quay(district: District, laid: District, base: FreightResult, scale: float) -> Quay:
    """Wait curves of the laid district's berths, and the wait that the base year's costs hold.

    A kind of berth that its flow of the base year would overfill is refuted by that flow: its hours stay as they are.
    """
    if not laid["berths"].height or not district["berths"].height:
        return Quay(None, (), {}, ("the district has no berths: no wait at the port rises with its flow",))
    try:
        now = berth_waits(district)
        then = now if _same_port(district, laid) else berth_waits(laid)
    except ScenarioError as reason:
        return Quay(None, (), {}, (f"no wait at the port rises with its flow: {reason}",))
    fitted = fit_berths(now)
    tonnes = {serves: quay_tonnes(base, serves) * scale for serves in {curve.serves for curve in fitted}}
    kept = tuple(curve for curve in fitted if curve.share * tonnes[curve.serves] < curve.capacity_t)
    full = [curve.name for curve in fitted if curve not in kept]
    left = then.filter(~pl.concat_str("terminal", "berth_type", separator=":").is_in(full))
    columns = [pl.col(column) / scale for column in ("flow_t_per_year", "capacity_t_per_year")]
    notes = tuple(f"{name} cannot have carried its flow of the base year, so its wait is fixed" for name in full)
    return Quay(left.with_columns(columns) if left.height else None, kept, held_hours(kept, tonnes), notes)


def fit_berths(waits: pl.DataFrame) -> tuple[BerthCurve, ...]:
    """The port's curves as queues."""
    own = "container" in waits["berth_type"]
    found = []
    for (terminal, kind), points in waits.group_by(["terminal", "berth_type"], maintain_order=True):
        head = points.row(0, named=True)
        flow, wait = (points[column].to_numpy() for column in ("flow_t_per_year", "wait_h"))
        capacity, berths = head["capacity_t_per_year"], head["berth_count"]
        serves = kind == "container" if own else None
        first, factor = fit_queue(f"{terminal}:{kind}", flow, wait, capacity, berths)
        found.append(BerthCurve(str(terminal), str(kind), serves, berths, head["share"], first, factor, capacity))
    return tuple(found)


def held_hours(curves: Sequence[BerthCurve], tonnes: Mapping[bool | None, float]) -> dict[bool | None, float]:
    """Mean wait of the base year by whom the berths serve, at the documented tonnes of each [h]."""
    found = {}
    for serves in {curve.serves for curve in curves}:
        own = [curve for curve in curves if curve.serves == serves]
        waits = [
            c.first_h
            + c.factor_h * float(waits_multi_server(c.berth_count, c.share * tonnes[serves] / c.capacity_t)[()])
            for c in own
        ]
        found[serves] = sum(c.share * w for c, w in zip(own, waits, strict=True)) / sum(c.share for c in own)
    return found


def _same_port(district: District, laid: District) -> bool:
    needed = ("terminals", "berths", "port_equipment", "vessel_classes", "cargoes", "rates", "calibration_facts")
    return all(district[name].equals(laid[name]) for name in needed)


def quay_tonnes(base: FreightResult, boxed: bool | None) -> float:
    """Tonnes of the model over the port's quays, all or only boxes or only the rest [t/year]."""
    problem = base.problem
    calls = quay_calls(problem, problem.port).reshape(problem.chains.leg_mode.shape).sum(axis=1)
    if boxed is not None:
        calls = calls * (problem.forms.boxed[problem.form[problem.chains.flow]] == boxed)
    return float(calls @ base.tonnes)


def couple(
    district: District, laid: District, base: FreightResult, target: FreightProblem, limits: Sequence[Limit],
    *, scale: float, box_cap_t: float = np.inf,
) -> Coupled:  # fmt: skip
    """Bring freight and port to agree.

    Parameters
    ----------
    district, laid
        Without and with the scenario.
    base
        The calibrated assignment of the base year.
    target
        The problem of the target year.
    limits
        Those of the whole port are priced, the lowest of them.
    scale
        Documented tonnes a tonne of the model.
    box_cap_t
        What the container berths carry [t/year, of the model].

    Raises
    ------
    InfeasibleError
        Cargo without another way is more than the port can carry; the capacity is named.
    """
    locks = fit_lock_waits(district, base)
    quay = read_quay(district, laid, base, scale)
    whole = [limit.level_t_per_year for limit in limits if limit.lock is None and limit.kind != "demand"]
    cap_t = min(whole, default=np.inf)
    congestion = _congestion(laid, target, locks, quay, (cap_t / scale, box_cap_t))
    answer = equilibrate(target, congestion, tolerance=TOLERANCE, search=False)
    return Coupled(assign(target), answer, scale, cap_t, box_cap_t, locks, quay, (*congestion.notes, *quay.notes))


def _congestion(
    laid: District, target: FreightProblem, locks: LockWaits, quay: Quay, walls_t: tuple[float, float]
) -> Congestion:
    """Locks, berths and walls of the target year. The costs of a call hold the mean wait of the base year's berths, whatever
    berths a scenario adds."""
    port = target.place_ids[target.port]
    names = (port, f"{port}:boxes")
    walls = {name: level for name, level in zip(names, walls_t, strict=True) if np.isfinite(level)}
    found = build_congestion(target, laid, locks, waits=quay.waits, capacity_t_per_year=walls or None)
    resources = tuple(
        replace(r, assumed_wait_h=quay.held_h.get(r.boxed, 0.0)) if r.kind == "berth" else r for r in found.resources
    )
    return replace(found, resources=resources)


def throughput_without(coupled: Coupled, wall_t: float) -> float:
    """Throughput with another limit of the whole port, none where it is infinite [t/year, documented]."""
    names = coupled.answer.congestion.names
    wall = f"{coupled.answer.problem.place_ids[coupled.answer.problem.port]}:capacity"
    if wall not in names:
        return coupled.throughput_t
    level = (
        wall_t / coupled.scale if np.isfinite(wall_t) else 1e3 * float(coupled.answer.problem.demand_t_per_year.sum())
    )
    return _solved(coupled, with_capacity(coupled.answer.congestion, {wall: level}))


def throughput_at_fixed_wait(coupled: Coupled, resource: str) -> float:
    """Throughput where one lock's wait stays as the base year has it [t/year, documented]."""
    congestion = coupled.answer.congestion
    at = congestion.names.index(resource)
    curves = congestion.curves
    kind, base, factor = curves.kind.copy(), curves.base.copy(), curves.factor.copy()
    kind[at], base[at], factor[at] = CONSTANT, congestion.resources[at].assumed_wait_h, 0.0
    return _solved(coupled, replace(congestion, curves=replace(curves, kind=kind, base=base, factor=factor)))


def throughput_of_more_demand(coupled: Coupled, growth: float) -> float:
    """Throughput where every flow grows by a factor [t/year, documented]."""
    problem = coupled.answer.problem
    more = replace(problem, demand_t_per_year=problem.demand_t_per_year * growth)
    return _solved(coupled, coupled.answer.congestion, more)


def _solved(coupled: Coupled, congestion: Congestion, problem: FreightProblem | None = None) -> float:
    asked = coupled.answer.problem if problem is None else problem
    answer = equilibrate(asked, congestion, start=coupled.answer, tolerance=TOLERANCE, search=False)
    return coupled.scale * answer.flows.throughput_t()


def gains(coupled: Coupled, limits: Sequence[Limit]) -> tuple[Binder, ...]:
    """Every limit relaxed alone, by solving again; the largest gain comes first.

    Relaxed demand is more of every flow (`growth_of_relaxed_demand`); a relaxed lock keeps its wait of the base year.
    """
    now = coupled.throughput_t
    gained = [_gain(coupled, limit, limits, now) for limit in limits]
    order = sorted(range(len(limits)), key=lambda i: (-gained[i], limits[i].level_t_per_year))
    return tuple(_binder(limits[i], gained[i]) for i in order)


def _gain(coupled: Coupled, limit: Limit, limits: Sequence[Limit], now: float) -> float:
    full = coupled.full_price_yuan > 0
    if limit.kind == "demand":
        growth = growth_of_relaxed_demand(limits)
        there = now if full or growth <= 1 else throughput_of_more_demand(coupled, growth)
    elif limit.lock is None:
        rest = [x.level_t_per_year for x in limits if x.lock is None and x.kind != "demand" and x is not limit]
        binds = full and limit.level_t_per_year <= coupled.cap_t
        there = throughput_without(coupled, min(rest, default=np.inf)) if binds else now
    else:
        most = lock_gains_at_most(coupled).get(limit.lock, 0.0)
        there = throughput_at_fixed_wait(coupled, limit.lock) if most > LEAST_GAIN_SHARE * now else now
    gain = max(there - now, 0.0)
    return round(gain, 3) if gain >= 1.0 else 0.0  # less than a tonne is the solver's tolerance


def growth_of_relaxed_demand(limits: Sequence[Limit]) -> float:
    """Tenfold, or until a lock that most of the port's tonnes pass is full: cargo of another kind would be another demand."""
    demand = next(x.level_t_per_year for x in limits if x.kind == "demand")
    full = min((x.level_t_per_year for x in limits if x.lock and np.isfinite(x.level_t_per_year)), default=np.inf)
    return float(np.clip(full / demand, 1.0, GROWTH_OF_RELAXED_DEMAND)) if demand > 0 else GROWTH_OF_RELAXED_DEMAND


def lock_gains_at_most(coupled: Coupled) -> dict[str, float]:
    """What each lock's wait beyond that of the base year takes off the throughput at most, all else fixed [t/year]."""
    answer = coupled.answer
    problem, shared = answer.problem, answer.shared
    calls = quay_calls(problem, problem.port).reshape(problem.chains.leg_mode.shape).sum(axis=1)
    taken = fall_by_wait(shared.set, shared.scale, answer.amount, answer.state.share, calls)
    moved = answer.wait_h - answer.congestion.assumed_h
    return {
        r.id: coupled.scale * float(taken[at] * moved[at])
        for at, r in enumerate(answer.congestion.resources)
        if r.kind == "lock"
    }


def _binder(limit: Limit, gain: float) -> Binder:
    level = limit.level_t_per_year
    return Binder(
        limit.what, limit.what_zh, limit.kind, gain, UNIT, level if np.isfinite(level) else None, limit.assumed
    )
