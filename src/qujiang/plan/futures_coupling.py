"""The coupled problem of `coupling`, in many futures: what changes from one to the next is written into arrays, and each is solved.

Chains and what they use stay as they are. A future changes costs, demand, waits at the base year's load, capacities and the
traffic of others; its equilibrium is found from the central future's, a neighbour. The answer does not depend on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from qujiang.errors import InfeasibleError, NotConvergedError
from qujiang.freight.shared import SharedChains, with_values
from qujiang.freight.use import payload_of_legs, quay_calls
from qujiang.methods.delay import CONSTANT, MULTI_SERVER, Curves, delay
from qujiang.methods.equilibrium_chains import ChainEquilibrium, ChainSet, chain_equilibrium, fall_by_wait
from qujiang.plan.coupling import BerthCurve, Coupled

Floats = np.ndarray
#: Residual of the equilibrium: misfit of flow and wait over the capacity.
TOLERANCE = 1e-9
#: Where a draw says that the base year overfilled what in fact carried it, the capacity is raised to this load (assumed).
FULLEST = 0.98
#: Starts: what shippers would choose at today's waits, cut where a queue would be longer than others bear; the central future's
#: answer; empty resources; queues nearly full and high prices. The first takes half the steps of the second.
STARTS = ("free", "neighbour", "empty", "full")


@dataclass(frozen=True, slots=True)
class Crowd:
    """The central future's chains and resources, as arrays; small enough to be sent to any process."""

    set: ChainSet
    cell: Floats
    rank: Floats  # for each chain of ``set``: its row in ``Terms``
    own_groups: int
    seasons: int
    calls: Floats  # (own chains,) calls at the port's quays
    entry_chain: Floats
    entry_resource: Floats
    entry_count: Floats
    entry_per_t: Floats  # at the central future
    entry_class: Floats  # vessel class, -1 on land
    entry_per_payload: Floats
    entry_form: Floats
    ids: tuple[str, ...]
    kinds: tuple[str, ...]  # lock, berth, road, capacity
    serves: tuple[bool | None, ...]
    curves: Curves
    hard: Floats  # capacity of each wall, infinite elsewhere
    assumed_h: Floats
    others: Floats  # resources with traffic of others
    locks: tuple[int, ...]  # for each resource that is a lock: its row among the side's locks, else -1
    wait_rates: tuple[str, ...]  # by resource: the rate that holds a lock's wait
    base_berths: tuple[BerthCurve, ...]
    carries_bulk: Floats  # vessel classes
    scale: float  # documented tonnes a tonne of the model, at the central future
    start: tuple[Floats, Floats]  # flow and price of the central future
    port_wall: int  # -1 where no limit of the whole port is known
    box_wall: int

    @property
    def count(self) -> int:
        """Number of resources."""
        return len(self.ids)


def read_crowd(coupled: Coupled, order: Floats, lock_rows: Mapping[str, int]) -> Crowd:
    """Take the arrays out of the central future's answer.

    Parameters
    ----------
    order
        Row among the problem's chains of each row of ``Terms``.
    lock_rows
        Row of each lock in the side's list.
    """
    shared: SharedChains = coupled.answer.shared
    problem, congestion, uses = shared.problem, shared.congestion, shared.uses
    resources = congestion.resources
    width = problem.chains.leg_mode.shape[1]
    chain = uses.leg // width
    vessels = [problem.vessel_of(s) for s in range(len(problem.networks))]
    payload = payload_of_legs(problem, uses.leg)
    means, season = problem.chains.leg_means.ravel()[uses.leg], problem.chains.season[chain]
    afloat = np.isfinite(payload)
    of_class = [int(vessels[s][m]) if ok else -1 for s, m, ok in zip(season, means, afloat, strict=True)]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    names = [r.id for r in resources]
    port = problem.place_ids[problem.port]
    rates = [
        f"lock_wait_h.{r.at}" if f"lock_wait_h.{r.at}" in problem.rates.value else "lock_wait_h" for r in resources
    ]
    calls = quay_calls(problem, problem.port).reshape(-1, width).sum(axis=1)
    return Crowd(
        set=shared.set, cell=shared.cell, rank=rank, own_groups=shared.own_groups,
        seasons=len(problem.season_share), calls=calls, entry_chain=chain, entry_resource=uses.resource,
        entry_count=uses.count, entry_per_t=shared.per_t, entry_class=np.array(of_class, dtype=np.int64),
        entry_per_payload=np.where(afloat, 1 / payload, 0.0), entry_form=problem.form[problem.chains.flow[chain]],
        ids=tuple(names), kinds=tuple(r.kind for r in resources), serves=tuple(r.boxed for r in resources),
        curves=shared.curves, hard=shared.capacity, assumed_h=congestion.assumed_h,
        others=np.flatnonzero(congestion.background > 0),
        locks=tuple(lock_rows[r.at] if r.kind == "lock" else -1 for r in resources),
        wait_rates=tuple(rates),
        base_berths=coupled.quay.base, scale=coupled.scale, carries_bulk=problem.fleet.carries_bulk,
        start=(coupled.answer.state.flow, coupled.answer.state.price),
        port_wall=names.index(f"{port}:capacity") if f"{port}:capacity" in names else -1,
        box_wall=names.index(f"{port}:boxes") if f"{port}:boxes" in names else -1,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a block of futures says of the coupled problem; the last axis is the futures."""

    cost: Floats  # (rows of Terms,) at the waits that costs hold [yuan/t]
    free: Floats  # (rows of Terms,) tonnes at these costs
    demand: Floats  # (own groups,) [t/year, of the model]
    value_of_time: Floats  # (forms,)
    standing: Floats  # (classes,) [yuan/h]
    empty: Floats  # laden and empty passages a laden one
    logit_scale: Floats
    turn_away_h: Floats  # wait at a lock beyond which others turn away
    payload: Floats | float  # factor on a lorry's load
    speed: Floats | float  # factor on a lorry's speed
    held_h: Floats  # (resources,) wait that costs hold
    curve_base: Floats  # (resources,)
    curve_factor: Floats
    curve_capacity: Floats
    others: Floats  # (resources with others,) vessels a year
    wall_t: Floats  # (resources,) hard capacities [t/year, of the model], infinite elsewhere


@dataclass(frozen=True, slots=True)
class Agreed:
    """Freight and port in agreement; the last axis is the futures."""

    tonnes: Floats  # (rows of Terms,)
    freight: Floats  # (rows of Terms,) what the waits add to the freight of the vessel [yuan/t]
    wait_h: Floats  # (resources,)
    price: Floats  # (resources,) of walls [yuan/t]
    gains_at_most: Floats  # (resources,) tonnes at the port that a wait beyond the held one takes off, all else fixed [t/year, of the model]
    steps: int


class Crowded:
    """A block of futures, ready to be solved one by one."""

    def __init__(self, crowd: Crowd, drawn: Drawn) -> None:
        self.crowd, self.drawn = crowd, drawn
        kinds = np.array(crowd.kinds)
        self.of_lock, self.of_berth = (
            np.isin(crowd.entry_resource, np.flatnonzero(kinds == k)) for k in ("lock", "berth")
        )
        self.of_road = np.isin(crowd.entry_resource, np.flatnonzero(kinds == "road"))
        self.of_wall = np.isin(crowd.entry_resource, np.flatnonzero(kinds == "capacity"))
        self.hard = kinds == "capacity"
        self.own = len(crowd.rank)
        self.bearable = self._bearable_flow()

    def _bearable_flow(self) -> Floats:
        """Flow at which each queue makes others turn away, shape (resources, futures); infinite where there is no queue."""
        shape = self.drawn.curve_base.shape
        made = [self.curves(f) for f in range(shape[1])]
        of = Curves(*(np.concatenate([getattr(c, name) for c in made]) for name in Curves.__slots__))
        most = np.repeat(self.drawn.turn_away_h, shape[0])
        low, high = np.zeros(len(of.base)), np.where(of.is_queue, of.capacity, 0.0)
        for _ in range(30):
            middle = (low + high) / 2
            over = delay(of, middle) > most
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return np.where(of.is_queue, low, np.inf).reshape(shape[1], shape[0]).T

    def vessel_yuan(self, f: int) -> Floats:
        """What an hour at each entry's resource costs the vessel [yuan/(t h)]."""
        crowd, drawn = self.crowd, self.drawn
        afloat = crowd.entry_class >= 0
        yuan = np.where(afloat, drawn.standing[np.maximum(crowd.entry_class, 0), f], 0.0) * crowd.entry_per_payload
        return yuan * np.where(self.of_lock, drawn.empty[f], np.where(self.of_berth, 1.0, 0.0))

    def chains(self, f: int) -> ChainSet:
        """The chains of one future."""
        crowd, drawn = self.crowd, self.drawn
        value = drawn.value_of_time[crowd.entry_form, f]
        worth = np.where(self.of_wall, crowd.entry_count, crowd.entry_count * (self.vessel_yuan(f) + value))
        lorry = drawn.payload if np.isscalar(drawn.payload) else drawn.payload[f]  # type: ignore[index]
        per_t = np.where(self.of_road, crowd.entry_per_t / lorry, crowd.entry_per_t)
        per_t = np.where(self.of_lock, crowd.entry_count * crowd.entry_per_payload * drawn.empty[f], per_t)
        held = np.where(self.of_wall, 0.0, worth * drawn.held_h[crowd.entry_resource, f])
        cost = drawn.cost[crowd.rank, f] - np.bincount(crowd.entry_chain, held, self.own)
        hour = float(np.median(drawn.standing[crowd.carries_bulk, f])) if crowd.carries_bulk.any() else 0.0
        ones = np.ones(len(crowd.others))
        turning = len(crowd.set.cost_yuan) - self.own - len(crowd.others)
        made = with_values(crowd.set, crowd.cell, np.concatenate([per_t, ones]), np.concatenate([worth, hour * ones]))
        return replace(
            made,
            cost_yuan=np.concatenate([cost, 0 * ones, np.full(turning, hour * drawn.turn_away_h[f])]),
            demand=np.concatenate([drawn.demand[:, f], drawn.others[:, f]]),
        )

    def curves(self, f: int) -> Curves:
        """Delay curves of one future; those without a factor are constant."""
        of, drawn = self.crowd.curves, self.drawn
        flat = drawn.curve_factor[:, f] <= 0
        kind = np.where(flat, CONSTANT, of.kind).astype(np.int8)
        return Curves(
            kind, drawn.curve_base[:, f], np.where(flat, 0.0, drawn.curve_factor[:, f]),
            np.where(flat, 1.0, drawn.curve_capacity[:, f]), np.where(flat, 1.0, of.power),
        )  # fmt: skip

    def solve(
        self,
        f: int,
        *,
        start: str | ChainEquilibrium = STARTS[0],
        growth: float = 1.0,
        fixed: int = -1,
        chains: ChainSet | None = None,
    ) -> tuple[ChainSet, ChainEquilibrium]:
        """One future, with every own flow grown by a factor, or with the wait of one resource as costs hold it.

        Parameters
        ----------
        start
            Where the search begins: a name, or the answer of a neighbouring question.
        chains
            Those of this future, where they are at hand.

        Raises
        ------
        InfeasibleError, NotConvergedError
            As the equilibrium does; the future is named.
        """
        chains, curves = self.chains(f) if chains is None else chains, self.curves(f)
        if growth != 1.0:
            demand = chains.demand.copy()
            demand[: self.crowd.own_groups] *= growth
            chains = replace(chains, demand=demand)
        if fixed >= 0:
            curves = _fixed(curves, fixed, float(self.drawn.held_h[fixed, f]))
        scale = np.full(len(chains.demand), self.drawn.logit_scale[f])
        walls = self.drawn.wall_t[:, f]
        begin = self._begin(start, f, chains, curves, walls) if isinstance(start, str) else start
        try:
            return chains, chain_equilibrium(chains, scale, curves, walls, tolerance=TOLERANCE, start=begin)
        except (NotConvergedError, InfeasibleError) as reason:
            if isinstance(reason, InfeasibleError) or begin is None:
                raise type(reason)(f"future {f} of its block: {reason}") from None
            return chains, chain_equilibrium(chains, scale, curves, walls, tolerance=TOLERANCE)

    def _begin(self, start: str, f: int, chains: ChainSet, curves: Curves, walls: Floats) -> ChainEquilibrium | None:
        if start == "empty":
            return None
        flow, price = self.crowd.start
        if start == "free":
            tonnes = np.zeros(len(chains.cost_yuan))
            tonnes[: self.own] = self.drawn.free[self.crowd.rank, f]
            flow, price = chains.use.T @ tonnes, np.zeros(len(walls))
            flow[self.crowd.others] += self.drawn.others[:, f]
            flow = np.minimum(flow, self.bearable[:, f])
        if start == "full":
            flow = np.where(curves.is_queue, 0.999 * curves.capacity, flow)
            price = np.where(np.isfinite(walls), 100.0, price)
        none = np.zeros(0)
        return ChainEquilibrium(none, none, none, flow, price, np.nan, np.nan, np.nan, 0)

    def all(self, start: str = STARTS[0]) -> tuple[Agreed, list[ChainEquilibrium]]:
        """Every future of the block. Its chains are not kept: a block of them is half a gigabyte."""
        futures, gains = [], np.zeros(self.drawn.held_h.shape)
        for f in range(self.drawn.cost.shape[1]):
            chains, found = self.solve(f, start=start)
            futures.append(found)
            gains[:, f] = self._lock_gains_at_most(f, chains, found)
        crowd = self.crowd
        tonnes = np.empty_like(self.drawn.cost)
        freight = np.empty_like(tonnes)
        wait, price = (np.empty((crowd.count, len(futures))) for _ in range(2))
        for f, found in enumerate(futures):
            tonnes[crowd.rank, f] = found.amount[: self.own]
            later = np.where(self.hard, 0.0, found.price - self.drawn.held_h[:, f])
            added = crowd.entry_count * self.vessel_yuan(f) * later[crowd.entry_resource]
            freight[crowd.rank, f] = np.bincount(crowd.entry_chain, added, self.own)
            wait[:, f] = np.where(self.hard, 0.0, found.price)
            price[:, f] = np.where(self.hard, found.price, 0.0)
        return Agreed(tonnes, freight, wait, price, gains, sum(found.steps for found in futures)), futures

    def _lock_gains_at_most(self, f: int, chains: ChainSet, found: ChainEquilibrium) -> Floats:
        scale = np.full(len(chains.demand), self.drawn.logit_scale[f])
        fall = fall_by_wait(chains, scale, found.amount, found.share, self.crowd.calls)
        return np.where(self.hard, 0.0, fall * (found.price - self.drawn.held_h[:, f]))

    def tonnes_at_port(self, found: ChainEquilibrium) -> float:
        """Tonnes over the quays [t/year, of the model]."""
        return float(self.crowd.calls @ found.amount[: self.own])


def _fixed(curves: Curves, at: int, wait_h: float) -> Curves:
    kind, base, factor, capacity = (x.copy() for x in (curves.kind, curves.base, curves.factor, curves.capacity))
    kind[at], base[at], factor[at], capacity[at] = CONSTANT, wait_h, 0.0, 1.0
    return replace(curves, kind=kind, base=base, factor=factor, capacity=capacity)


def lock_curves(wait_h: Floats, load: Floats, servers: float, steepest_h: Floats) -> tuple[Floats, Floats]:
    """Base and factor [h] of a lock whose wait at a load is known, no steeper than a bound (`fit_lock_waits`, over futures)."""
    shape = queue_shape(servers, load)
    bounded = wait_h > steepest_h * shape
    factor = np.where(bounded, steepest_h, np.divide(wait_h, shape, out=np.zeros_like(wait_h), where=shape > 0))
    return np.where(bounded, wait_h - steepest_h * shape, 0.0), factor


def queue_shape(servers: float, load: Floats) -> Floats:
    """Wait of M/M/s in service times at loads below 1."""
    ones = np.ones(load.shape)
    kind = np.full(load.shape, MULTI_SERVER, dtype=np.int8)
    return delay(Curves(kind, 0 * ones, ones, ones, servers * ones), load)
