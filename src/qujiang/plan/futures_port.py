"""Freight and port of one block of futures: base year, target year in agreement, and what binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qujiang.freight.congestion import LOCKAGES_MISSED
from qujiang.freight.rates import TURN_AWAY
from qujiang.methods.equilibrium_chains import ChainEquilibrium
from qujiang.plan.futures_coupling import FULLEST, Agreed, Crowd, Crowded, Drawn, lock_curves, queue_shape
from qujiang.plan.futures_freight import costs, shares
from qujiang.plan.futures_limits import KINDS, PHYSICAL, container_t, slower, whole_limits
from qujiang.plan.futures_side import Side, State, state_of
from qujiang.plan.limits import GROWTH_OF_RELAXED_DEMAND, MOST_SHARE

Floats = np.ndarray
Values = Mapping[str, np.ndarray]
#: Gains below this part of the throughput are not told apart from what more demand gains [1].
SMALL_SHARE = 0.02
#: Demand that grows by so many times what a lock can gain at most gains more than that lock, as a rule: it is tried first.
ENOUGH = 3.0


@dataclass(frozen=True, slots=True)
class PortFutures:
    """What freight and port say in each future; every array has the futures first."""

    throughput_t: Floats
    kind: Floats  # index into KINDS of what binds
    lock: Floats  # row of the lock that binds, -1 for none
    wait_h: Floats  # mean wait for a berth beyond that of the base year
    free_ratio: Floats  # tonnes at today's waits with room for all, over those in agreement
    growth_ratio: Floats  # demand that chooses the port at today's waits, target over base year
    boxes_teu: Floats
    cost_ratio: Floats  # water freight, target over base year
    peers: Mapping[str, Floats]
    figures: Mapping[str, Floats]
    contradicts: Floats
    steps: int


@dataclass(frozen=True, slots=True)
class Today:
    """Published figures of today, and the years."""

    throughput_t: float
    boxes_teu: float
    base_year: int
    year: int


@dataclass(frozen=True, slots=True)
class _Years:
    """Base and target year of a block, before they agree."""

    base: State
    target: State
    before: Floats  # (rows of Terms, futures) tonnes of the base year
    before_cost: Floats  # water freight of the base year [yuan/t], by row
    free: Floats  # tonnes of the target year at today's waits
    cost: Floats  # (rows of Terms, futures)
    freight: Floats
    scale: Floats
    base_t: Floats
    levels: Mapping[str, Floats]  # limits of the whole port
    contradicts: Floats


def run_port(
    base_side: Side,
    side: Side,
    today: Today,
    positions: Mapping[str, Floats],
    start: str,
    economy: Values | None = None,
    *,
    with_binders: bool = True,
) -> PortFutures:
    """Run freight and port over a block's positions; ``economy`` as in `state_of`; what binds may be left out."""
    years = _years(base_side, side, today, positions, economy)
    assert side.crowd is not None
    drawn, refuted = _draw(side.crowd, years, today)
    crowded = Crowded(side.crowd, drawn)
    agreed, solved = crowded.all(start)
    tonnes_t = years.scale * weighted(side.outputs.calls, agreed.tonnes)
    kind, lock = np.zeros(len(tonnes_t), dtype=np.int64), np.full(len(tonnes_t), -1)
    if with_binders:
        kind, lock = _bind(crowded, years, agreed, solved, tonnes_t)
    free_t = weighted(side.outputs.calls, years.free)
    ratio = _over(free_t, years.base_t)
    cost = _water_cost(side, years.freight + agreed.freight, agreed.tonnes)
    peers = {port: years.target.values.get(key, value + 0 * ratio) * ratio for port, (key, value) in side.peers.items()}
    boxes = _over(weighted(side.outputs.box_calls, agreed.tonnes), weighted(base_side.outputs.box_calls, years.before))
    figures = {"demand_t": years.scale * free_t, "water_freight_yuan_per_t": cost, "throughput_t": tonnes_t}
    for r in np.flatnonzero(np.array(side.crowd.kinds) == "berth").tolist():
        name = side.crowd.ids[r]
        figures[f"berth_flow_t:{name}"] = years.scale * np.array([found.flow[r] for found in solved])
        figures[f"berth_wait_h:{name}"] = agreed.wait_h[r]
    if years.levels:
        figures["cap_t"] = np.min(list(years.levels.values()), axis=0)
    if side.crowd.port_wall >= 0:
        figures["full_price_yuan_per_t"] = agreed.price[side.crowd.port_wall]
    return PortFutures(
        tonnes_t, kind, lock, _berth_wait(side.crowd, agreed, solved, drawn), _over(years.scale * free_t, tonnes_t), ratio,
        today.boxes_teu * boxes, _over(cost, _water_cost(base_side, years.before_cost, years.before)), peers, figures,
        years.contradicts | refuted, agreed.steps,
    )  # fmt: skip


def weighted(weight: Floats, tonnes: Floats) -> Floats:
    """Sum over chains; one order of adding whatever the machine's threads."""
    return np.einsum("c,cf->f", weight, tonnes)


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.ones_like(above), where=below > 0)


def _years(
    base_side: Side, side: Side, today: Today, positions: Mapping[str, Floats], economy: Values | None
) -> _Years:
    base = state_of(base_side, positions, 0, moved=False)
    target = state_of(side, positions, today.year - today.base_year, moved=True, economy=economy)
    base_cost, before_cost = costs(base_side.terms, base.prices)
    before = base.tonnes(shares(base_side.terms, base.prices, base_cost))
    base_t = weighted(base_side.outputs.calls, before)
    cost, freight = costs(side.terms, target.prices)
    free = target.tonnes(shares(side.terms, target.prices, cost))
    call_t = _mean_call_t(side, free)
    levels = whole_limits(side.berths, target.values, call_t, _payload_factor(side, target))
    raised = {k: np.maximum(v, today.throughput_t) if k in PHYSICAL else v for k, v in levels.items()}
    refuted = np.zeros(len(base_t), dtype=bool)
    for kind, level in levels.items():
        refuted |= raised[kind] > level
    scale = np.divide(today.throughput_t, base_t, out=np.ones_like(base_t), where=base_t > 0)
    return _Years(base, target, before, before_cost, free, cost, freight, scale, base_t, raised, refuted)


def _mean_call_t(side: Side, tonnes: Floats) -> Floats:
    carried = (side.outputs.group_tonnes @ tonnes).sum(axis=0)
    calls = (side.outputs.group_vessels @ tonnes).sum(axis=0)
    return np.where(calls > 0, carried / np.where(calls > 0, calls, 1.0), side.terms.fleet.payload_t.max())


def _payload_factor(side: Side, state: State) -> Floats | float:
    known = side.rates.get("truck_payload")
    return state.values.get("rates:truck_payload", known) / known if known else 1.0  # type: ignore[operator]


def _water_cost(side: Side, freight: Floats, tonnes: Floats) -> Floats:
    at_port = side.terms.at_port[:, None] * tonnes
    total = at_port.sum(axis=0)
    return (freight * at_port).sum(axis=0) / np.where(total > 0, total, 1.0)


def _draw(crowd: Crowd, years: _Years, today: Today) -> tuple[Drawn, Floats]:
    """The coupled problem of each future; and where a drawn berth could not have carried today's cargo."""
    target, count = years.target, years.cost.shape[1]
    shape = (crowd.count, count)
    of = crowd.curves
    held, wall = np.repeat(crowd.assumed_h[:, None], count, axis=1), np.full(shape, np.inf)
    first, factor, capacity = (np.repeat(x[:, None], count, axis=1) for x in (of.base, of.factor, of.capacity))
    others = np.zeros(shape)
    empty = 1 + target.prices.rates["empty_return_share"] / 100
    berths = _Berths(crowd, years, today.throughput_t)
    speed = _of_rate(target, "truck_speed")
    for r, kind in enumerate(crowd.kinds):
        if kind == "lock":
            held[r], first[r], factor[r], capacity[r], others[r] = _lock(crowd, r, years, today)
        elif kind == "berth":
            held[r], first[r], factor[r], capacity[r] = berths.curve(r)
        elif kind == "road":
            held[r], first[r], factor[r] = held[r] / speed, first[r] / speed, factor[r] / speed
            others[r] = (
                crowd.set.demand[crowd.own_groups + int(np.flatnonzero(crowd.others == r)[0])]
                if r in crowd.others
                else 0
            )
    if crowd.port_wall >= 0 and years.levels:
        wall[crowd.port_wall] = np.min(list(years.levels.values()), axis=0) / years.scale
    if crowd.box_wall >= 0:
        wall[crowd.box_wall] = _box_wall(years, today)
    demand = _own_demand(target)
    drawn = Drawn(
        years.cost, years.free, demand, target.prices.value_of_time, target.prices.standing, empty, target.prices.rates["logit_scale"],
        target.prices.rates[TURN_AWAY], _payload_factor(target.side, target), speed, held, first, factor, capacity, others[crowd.others], wall,
    )  # fmt: skip
    return drawn, berths.refuted


def _own_demand(state: State) -> Floats:
    """Tonnes of each flow and season, shape (own groups, futures)."""
    side = state.side
    flow = state.flow_t * state.demand[side.form_of_flow]
    return (flow[:, None, :] * side.season_share[None, :, None]).reshape(-1, flow.shape[1])


def _of_rate(state: State, name: str) -> Floats | float:
    """Factor of a rate on its middle."""
    return state.prices.rates[name] / state.side.rates[name]


def _lock(crowd: Crowd, r: int, years: _Years, today: Today) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Held wait, curve and vessels of others of one lock; the curve passes through the base year's wait at its load.

    More vessels than a drawn capacity cannot have passed: such a capacity is raised to a load of ``FULLEST``.
    """
    row, rate = crowd.locks[r], crowd.wait_rates[r]
    base, target = years.base, years.target
    lock = base.side.locks[row]
    one = np.ones(years.cost.shape[1])
    counted = lock.counted * base.values.get(f"background:{lock.id}", one)
    grown = 1 + base.values.get(f"background_growth:{lock.id}", lock.growth_percent * one) / 100
    passed = counted * grown ** max(today.base_year - lock.count_year, 0)
    empty = 1 + base.prices.rates["empty_return_share"] / 100
    at = base.side.outputs.locks.index(lock.id)
    own = (base.side.outputs.lock_vessels[[at]] @ years.before)[0] * empty
    drawn = _lock_capacity(base.side, base.values, row, one)
    raised = np.maximum(drawn, (passed + own) / FULLEST)
    wait = base.prices.rates.get(rate, base.prices.rates["lock_wait_h"])
    steepest = LOCKAGES_MISSED * lock.lockage_min / 60 * base.values.get("locks:lockage_min", one)
    first, factor = lock_curves(wait * one, (passed + own) / raised, lock.chambers, steepest)
    capacity = _lock_capacity(target.side, target.values, row, one) * (raised / drawn)
    others = counted * grown ** max(today.year - lock.count_year, 0)
    return target.prices.rates[rate] * one, first, factor, capacity, others


def _lock_capacity(side: Side, values: Values, row: int, one: Floats) -> Floats:
    lock = side.locks[row]
    lockages = values.get(f"lockages_per_year:{lock.id}", lock.lockages * one)
    return lockages * values.get(f"vessels_per_lockage_count:{lock.id}", lock.vessels * one)


class _Berths:
    """Curves of the berths in each future: slower or faster, more or fewer hours, at the load of the base year."""

    def __init__(self, crowd: Crowd, years: _Years, today_t: float) -> None:
        self.crowd, self.scale = crowd, years.scale
        call_t = float(np.median(_mean_call_t(years.target.side, years.free)))
        self.now = slower(years.base.side.berths, years.base.values, call_t)
        self.then = slower(years.target.side.berths, years.target.values, call_t)
        boxes = years.scale * weighted(years.base.side.outputs.box_calls, years.before)
        every = years.scale * years.base_t
        self.tonnes = {True: boxes, False: every - boxes, None: every}
        self.raised: dict[str, Floats] = {}
        self.refuted = np.zeros(len(years.scale), dtype=bool)
        self.held = self._held()

    def _held(self) -> dict[bool | None, Floats]:
        sums: dict[bool | None, list[Floats | float]] = {}
        for curve in self.crowd.base_berths:
            time, hours = self.now[curve.name]
            capacity = curve.capacity_t * hours / time + 0 * self.scale
            tonnes = curve.share * self.tonnes[curve.serves]
            full = np.maximum(capacity, tonnes / FULLEST)
            self.raised[curve.name] = full / capacity
            self.refuted |= full > capacity
            wait = time * (curve.first_h + curve.factor_h * queue_shape(curve.berth_count, tonnes / full))
            total = sums.setdefault(curve.serves, [0.0, 0.0])
            total[0], total[1] = total[0] + curve.share * wait, total[1] + curve.share
        return {serves: np.asarray(wait / share) for serves, (wait, share) in sums.items()}

    def curve(self, r: int) -> tuple[Floats, Floats, Floats, Floats]:
        crowd, name = self.crowd, self.crowd.ids[r]
        time, hours = self.then[name]
        capacity = crowd.curves.capacity[r] * crowd.scale * hours / time * self.raised.get(name, 1.0) / self.scale
        held = self.held.get(crowd.serves[r], 0 * self.scale)
        one = np.ones(len(self.scale))
        return held, crowd.curves.base[r] * time * one, crowd.curves.factor[r] * time * one, capacity


def _box_wall(years: _Years, today: Today) -> Floats:
    """Tonnes in boxes that the container berths carry at the level of service [t/year, of the model]."""
    berths = container_t(years.target.side.berths, years.target.values) / years.target.side.terms.t_per_teu
    boxes = weighted(years.base.side.outputs.box_calls, years.before)
    level = np.asarray(berths) * boxes / today.boxes_teu if today.boxes_teu > 0 else np.full(len(boxes), np.inf)
    return np.where(level > 0, level, np.inf)


def _berth_wait(crowd: Crowd, agreed: Agreed, solved: Sequence[ChainEquilibrium], drawn: Drawn) -> Floats:
    """Mean wait for a berth beyond that of the base year, by tonnes [h]."""
    at = np.flatnonzero(np.array(crowd.kinds) == "berth")
    flow = np.stack([found.flow[at] for found in solved], axis=1)
    total = flow.sum(axis=0)
    later = ((agreed.wait_h[at] - drawn.held_h[at]) * flow).sum(axis=0)
    return np.divide(later, total, out=np.zeros(flow.shape[1]), where=total > 0)


def _bind(
    crowded: Crowded,
    years: _Years,
    agreed: Agreed,
    solved: Sequence[ChainEquilibrium],
    tonnes_t: Floats,
) -> tuple[Floats, Floats]:
    """The limit whose relaxation alone gains most in each future: a wall with a price, a lock, else demand."""
    crowd, count = crowded.crowd, len(tonnes_t)
    kind, lock = np.zeros(count, dtype=np.int64), np.full(count, -1)
    names = list(years.levels)
    levels = np.array([years.levels[name] for name in names]).reshape(len(names), count)
    cap = levels.min(axis=0, initial=np.inf)
    growth = _growth_of_demand(crowded, years)
    for f, found in enumerate(solved):
        if crowd.port_wall >= 0 and agreed.price[crowd.port_wall, f] > 0:
            kind[f] = KINDS.index(names[int(levels[:, f].argmin())])
            continue
        most = years.scale[f] * agreed.gains_at_most[:, f]
        most[[k != "lock" for k in crowd.kinds]] = 0.0
        demand_at_least = min(cap[f] - tonnes_t[f], SMALL_SHARE * tonnes_t[f]) if growth[f] > 1 + SMALL_SHARE else 0.0
        if most.max(initial=0.0) <= max(demand_at_least, 1e-6 * tonnes_t[f]):
            continue
        at = _best_lock(crowded, f, found, most, years.scale[f], tonnes_t[f], float(growth[f]))
        if at >= 0:
            kind[f], lock[f] = KINDS.index("lock_physical"), crowd.locks[at]
    return kind, lock


def _best_lock(
    crowded: Crowded, f: int, found: ChainEquilibrium, most: Floats, scale: float, now: float, growth: float
) -> int:
    """The lock that gains more than demand does, by solving again from the future's own answer; -1 where demand gains more.

    More demand gains more: where a little of it gains more than any lock can, the rest is not asked about.
    """
    chains = crowded.chains(f)

    def gain_of(**change) -> float:
        return scale * crowded.tonnes_at_port(crowded.solve(f, start=found, chains=chains, **change)[1]) - now

    best, gain = -1, 0.0
    little = min(growth, 1 + ENOUGH * most.max() / now)
    for grown in dict.fromkeys([little, growth]) if growth > 1 else ():
        gain = max(gain_of(growth=grown), 0.0)
        if gain >= most.max():
            return -1
    for at in np.argsort(-most, kind="stable").tolist():
        if most[at] <= max(gain, 1e-6 * now):
            break
        there = gain_of(fixed=at)
        if there > gain:
            best, gain = at, there
    return best


def _growth_of_demand(crowded: Crowded, years: _Years) -> Floats:
    """How far demand may grow alone: tenfold, or until a lock that most of the port's tonnes pass is full."""
    side, outputs = years.target.side, years.target.side.outputs
    carried = outputs.group_tonnes @ years.free
    total = carried.sum(axis=0)
    own = (outputs.lock_vessels @ years.free) * crowded.drawn.empty
    limit = np.full(len(total), np.inf)
    for r, row in enumerate(crowded.crowd.locks):
        if row < 0:
            continue
        name = side.locks[row].id
        here = np.array([name in group for group in outputs.groups])
        main = carried[here].sum(axis=0) >= MOST_SHARE * total
        mine = own[outputs.locks.index(name)]
        at = np.flatnonzero(crowded.crowd.others == r)
        others = crowded.drawn.others[at[0]] if len(at) else 0.0
        room = np.divide(
            crowded.drawn.curve_capacity[r] - others, mine, out=np.full(len(total), np.inf), where=mine > 0
        )
        limit = np.where(main & (mine > 0), np.minimum(limit, room), limit)
    return np.clip(limit, 1.0, GROWTH_OF_RELAXED_DEMAND)
