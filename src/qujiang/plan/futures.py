"""Futures of a plan: the model as arrays that any process can run, and one block of futures run to its measures.

Each future draws every input, prices the chains, lets the shippers choose, pivots on today's documented throughput, adds the
wait that more traffic brings to the port until flow and wait agree, and holds the port at its limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.errors import NotConvergedError
from qujiang.freight.congestion import latest_count
from qujiang.freight.problem import FreightProblem, build_problem
from qujiang.methods import quasi_random
from qujiang.outlook.measures import MeasureState
from qujiang.outlook.series import read as read_observations
from qujiang.plan.draws import MOVING, Inputs, measure_inputs, room_inputs
from qujiang.plan.futures_freight import Outputs, Prices, Terms, choose, price, read_outputs, read_terms
from qujiang.plan.futures_limits import (
    KINDS,
    Berths,
    Binding,
    Loads,
    bind,
    container_t,
    mean_wait_h,
    read_berths,
    whole_limits,
)
from qujiang.plan.measures import judge_measures
from qujiang.plan.port import WAIT_RATIO, _fitted_in, _today, has_freight, target_year

if TYPE_CHECKING:
    from qujiang.district import District

Floats = np.ndarray
Values = Mapping[str, np.ndarray]
#: Flow and wait agree when the wait moves by less than this [h].
WAIT_TOLERANCE_H = 1e-6
MOST_PASSES = 60


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock of the tables."""

    id: str
    lockages: float
    vessels: float
    counted: float  # vessels of others in the year of their count
    count_year: int
    growth_percent: float


@dataclass(frozen=True, slots=True)
class Side:
    """A district as arrays: as it is (today), or with a scenario (the target year)."""

    inputs: Inputs
    terms: Terms
    outputs: Outputs
    berths: Berths
    locks: tuple[Lock, ...]
    rates: Mapping[str, float]
    flow_t: Floats  # (flows,) demand at the base year
    cargoes: tuple[str, ...]
    cargo_of_form: Floats
    growth_percent: Floats  # (cargoes,)
    boxed: Floats  # (forms,)
    box_share: Floats  # (forms,) of its cargo's tonnes in boxes where it has both forms, NaN elsewhere
    value_of_time: Floats  # (forms, 3) low, middle, high
    peers: Mapping[str, tuple[str, float]]  # port -> (input, throughput [t])


@dataclass(frozen=True, slots=True)
class FutureModel:
    """Everything that a process needs to run futures; small, immutable, picklable."""

    base: Side | None
    target: Side | None  # the same object as ``base`` where no scenario is asked for
    foresight: Inputs
    measures: tuple[Mapping[str, Any], ...]  # testable rows of ``measures``
    paces: Mapping[str, tuple[float, int]]  # growth [percent a year] and first year of grown and carried measures
    base_year: int
    year: int
    today_t: float
    today_teu: float

    def collapsed(self) -> FutureModel:
        """Every range shrunk to its middle."""

        def still(side: Side | None) -> Side | None:
            if side is None:
                return None
            middle = np.repeat(side.value_of_time[:, 1:2], 3, axis=1)
            return replace(side, inputs=side.inputs.collapsed(), value_of_time=middle)

        base = still(self.base)
        target = base if self.target is self.base else still(self.target)
        return replace(self, base=base, target=target, foresight=self.foresight.collapsed())


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of futures answers; every array has the futures first."""

    values: Mapping[str, Floats]  # measure -> value at its target year
    starts: Mapping[str, Floats]  # measure -> value in its first year
    kinds: Floats  # index into KINDS
    locks: Floats  # row of the lock that binds, -1 for none
    points: Mapping[str, Floats]  # the independent points that were drawn, by input
    waits_h: Floats  # wait at the port beyond today's
    without_wait_ratio: Floats  # flow at the starting wait (0: as if nobody minded it) over the flow that agrees
    figures: Mapping[str, Floats]
    contradicts: Floats  # today's throughput would not fit the drawn capacities
    passes: int
    programs: int


def build_model(
    district: District, overlaid: District, fitted: Mapping[str, float], measures: pl.DataFrame | None = None
) -> FutureModel:
    """Read a district into arrays.

    Parameters
    ----------
    fitted
        The calibrated rates by name: the middles of the draws.
    measures
        The measures to follow; those of ``overlaid`` by default.
    """
    info = district.info
    measures = overlaid["measures"] if measures is None else measures
    year = target_year(measures, info.base_year)
    states = judge_measures(
        measures, {}, read_observations(overlaid["observations"]), now_year=info.base_year, area=info.name_zh
    )
    testable = [row for row, state in zip(measures.to_dicts(), states, strict=True) if _has_future(row, state)]
    paces = {
        state.id: (state.growth_percent_per_year or 0.0, state.today_year)
        for state in states
        if state.model in ("growth", "carried")
    }
    foreseen = [row for row in testable if row["model"] in ("growth", "carried")]
    foresight = measure_inputs(foreseen, {name: pace for name, (pace, _) in paces.items()})
    base = target = None
    today_t = today_teu = 0.0
    if has_freight(overlaid):
        problem = _base_problem(district, fitted)
        base = _side(district, problem)
        target = base if overlaid is district else _side(overlaid, _target_problem(district, overlaid, problem))
        tonnes = problem.demand_t_per_year
        shares = choose(base.terms, _middle_prices(base), np.zeros(1)).share[:, 0]
        model_t = base.terms.season_share * shares * tonnes[base.terms.flow]
        today_t = _today(measures, "freight_throughput", float(base.outputs.calls @ model_t))
        today_teu = _today(measures, "freight_teu", float(base.outputs.box_calls @ model_t) / base.terms.t_per_teu)
    return FutureModel(base, target, foresight, tuple(testable), paces, info.base_year, year, today_t, today_teu)


def _has_future(row: Mapping[str, Any], state: MeasureState) -> bool:
    """Today and a model of where it goes are known; grown measures need a published growth."""
    if row["today_value"] is None and row["model"] not in ("freight_throughput", "freight_peer_ratio"):
        return False
    if row["model"] == "growth":
        return state.growth_percent_per_year is not None
    return row["model"] == "carried" or str(row["model"]).startswith("freight")


def _base_problem(district: District, fitted: Mapping[str, float]) -> FreightProblem:
    place = district.info.port_place
    assert place is not None
    problem = build_problem(district, port_place=place, base_year=district.info.base_year)
    return problem.with_rates(problem.rates.with_values(**fitted), search=True)


def _target_problem(district: District, overlaid: District, base: FreightProblem) -> FreightProblem:
    place = district.info.port_place
    assert place is not None
    kept = _fitted_in(base.rates, district, overlaid)
    return build_problem(overlaid, port_place=place, base_year=district.info.base_year, set_rates=kept)


def _side(district: District, problem: FreightProblem) -> Side:
    place = district.info.port_place
    assert place is not None
    forms = problem.forms
    ids = list(district["locks"]["id"])
    outputs = read_outputs(problem, ids)
    used = [name for name, row in zip(ids, outputs.lock_vessels.sum(axis=1), strict=True) if row > 0]
    inputs = room_inputs(district, district.assumptions(), problem, used, place)
    cargoes = tuple(dict.fromkeys(forms.cargo))
    growth = dict(zip(district["demand_growth"]["cargo"], district["demand_growth"]["growth_percent"], strict=True))
    rows = {row["id"]: row for row in district["cargoes"].to_dicts()}
    times = [
        [rows[c]["value_of_time_low_yuan_per_t_h"], v, rows[c]["value_of_time_high_yuan_per_t_h"]]
        for c, v in zip(forms.cargo, forms.value_of_time, strict=True)
    ]
    times = [[v if low is None else min(low, v), v, v if high is None else max(high, v)] for low, v, high in times]
    share = np.array([rows[c]["container_share"] or 0.0 for c in forms.cargo], dtype=float)
    return Side(
        inputs=inputs,
        terms=read_terms(problem, district),
        outputs=outputs,
        berths=read_berths(district, place, WAIT_RATIO),
        locks=tuple(_lock(row, district["background"]) for row in district["locks"].to_dicts()),
        rates={name: problem.rates[name] for name in problem.rates.value},
        flow_t=problem.demand_t_per_year,
        cargoes=cargoes,
        cargo_of_form=np.array([cargoes.index(c) for c in forms.cargo]),
        growth_percent=np.array([growth.get(c, 0.0) for c in cargoes], dtype=float),
        boxed=forms.boxed,
        box_share=np.where((share > 0) & (share < 1), share, np.nan),
        value_of_time=np.array(times, dtype=float),
        peers=_peers(district),
    )


def _lock(row: Mapping[str, Any], background: pl.DataFrame) -> Lock:
    mine = background.filter(pl.col("lock") == row["id"])
    vessels, year, growth = 0.0, 0, 0.0
    if mine.height:
        used, year = latest_count(mine)
        vessels = float(used["vessels_count"].fill_null(0).sum())
        ends = [float(used[f"growth_{end}_percent"].fill_null(0).to_numpy().mean()) for end in ("low", "high")]
        growth = sum(ends) / 2
    passing = row["lockages_per_year"], row["vessels_per_lockage_count"]
    return Lock(row["id"], float(passing[0] or 0), float(passing[1] or 0), vessels, year, growth)


def _peers(district: District) -> dict[str, tuple[str, float]]:
    known = district["peer_ports"].filter(
        (pl.col("year") <= district.info.base_year) & pl.col("throughput_t").is_not_null()
    )
    return {
        row["port"]: (f"peer:{row['port']}:{row['year']}", row["throughput_t"]) for row in known.sort("year").to_dicts()
    }


def _middle_prices(side: Side) -> Prices:
    one = np.ones(1)
    rates = {name: value * one for name, value in side.rates.items()}
    return price(side.terms, rates, side.value_of_time[:, 1:2], lockage_factor=one, rail_factor=one)


@dataclass(frozen=True, slots=True)
class _State:
    """One side in one year, in all futures of a block."""

    side: Side
    values: Values
    prices: Prices
    demand: Floats  # (flows' forms, futures) factor on each form's tonnes
    scale: Floats | float = 1.0

    def tonnes(self, share: Floats) -> Floats:
        terms = self.side.terms
        weight = self.side.flow_t[terms.flow] * terms.season_share
        return share * weight[:, None] * self.demand[terms.form]


def run_block(model: FutureModel, seed: int, block: int, *, start_wait_h: float = 0.0, coupled: bool = True) -> Block:
    """Run one block of 128 futures.

    Parameters
    ----------
    start_wait_h
        The wait from which flow and wait are brought to agree; the answer does not depend on it.
    coupled
        False leaves the port's hours as they are today, as the base future does.

    Raises
    ------
    NotConvergedError
        Flow and wait do not agree.
    """
    own = model.foresight.own(seed, block)
    values, starts = _foreseen(model, model.foresight.values(model.foresight.positions(own)))
    none = np.zeros(quasi_random.BLOCK)
    if model.base is None or model.target is None:
        lock = np.full(len(none), -1)
        return Block(values, starts, none.astype(int), lock, own, none, none, {}, none.astype(bool), 0, 0)
    rooms = _all_inputs(model.base.inputs, model.target.inputs)
    drawn = rooms.own(seed, block)
    own.update(drawn)
    port = _run_port(model, rooms.positions(drawn), start_wait_h, coupled)
    found, begun = _freight_measures(model, port)
    return Block(
        {**values, **found}, {**starts, **begun}, port.binding.kind, port.binding.lock, own, port.wait_h,
        port.without_wait_ratio, port.figures, port.contradicts, port.passes, port.binding.programs,
    )  # fmt: skip


def _all_inputs(base: Inputs, target: Inputs) -> Inputs:
    known = set(target.keys)
    return Inputs(target.stream, (*target.items, *(item for item in base.items if item.key not in known)))


@dataclass(frozen=True, slots=True)
class _Port:
    binding: Binding
    wait_h: Floats
    without_wait_ratio: Floats
    growth_ratio: Floats
    boxes_teu: Floats
    cost_ratio: Floats
    peers: Mapping[str, Floats]
    figures: Mapping[str, Floats]
    contradicts: Floats
    passes: int


def _state(side: Side, positions: Mapping[str, Floats], years: int, *, moved: bool) -> _State:
    """Values, prices and demand of a side ``years`` after the base year."""
    values = side.inputs.values({k: positions[k] for k in side.inputs.keys})
    count = len(next(iter(positions.values())))
    one = np.ones(count)
    rates = {
        name: values.get(f"rates:{name}", value * one) if moved or name not in MOVING else value * one
        for name, value in side.rates.items()
    }
    low, middle, high = (side.value_of_time[:, k : k + 1] for k in range(3))
    at = positions.get("cargoes:value_of_time", 0.5 * one)
    prices = price(
        side.terms,
        rates,
        quasi_random.triangular(at[None, :], low, middle, high),
        lockage_factor=values.get("locks:lockage_min", one),
        rail_factor=values.get("rail_tariffs", one),
    )
    return _State(side, values, prices, _demand_factors(side, values, years, count))


def cargo_shares(side: Side, values: Values, count: int) -> Floats:
    """Share of each cargo in the demand of the base year [percent], shape (cargoes, futures); each column sums to 100."""
    middle = np.zeros(len(side.cargoes))
    form_t = np.zeros(len(side.cargo_of_form))
    np.add.at(form_t, _form_of_flow(side), side.flow_t)
    np.add.at(middle, side.cargo_of_form, form_t)
    factor = np.stack([values.get(f"share:{cargo}", np.ones(count)) for cargo in side.cargoes])
    return quasi_random.normalised(middle[:, None] * factor, axis=0)


def _form_of_flow(side: Side) -> Floats:
    form = np.zeros(len(side.flow_t), dtype=np.int64)
    form[side.terms.flow] = side.terms.form
    return form


def box_parts(side: Side, values: Values, count: int) -> Floats:
    """Factor on the tonnes of each form, shape (forms, futures): bulk and boxes of a mixed cargo still sum to the whole."""
    one = np.ones(count)
    share = side.box_share[:, None]
    drawn = np.clip(share * values.get("cargoes:container_share", one), 0.0, 1.0)
    factor = np.where(side.boxed[:, None], drawn / share, (1 - drawn) / (1 - share))
    return np.where(np.isfinite(share), factor, 1.0)


def _demand_factors(side: Side, values: Values, years: int, count: int) -> Floats:
    still = cargo_shares(side, {}, 1)
    shares = cargo_shares(side, values, count)
    level = np.where(still > 0, shares / np.where(still > 0, still, 1.0), 1.0)
    one = np.ones(count)
    growth = np.stack(
        [values.get(f"growth:{cargo}", g * one) for cargo, g in zip(side.cargoes, side.growth_percent, strict=True)]
    )
    cargo = level * (1 + growth / 100) ** years
    return cargo[side.cargo_of_form] * box_parts(side, values, count)


def _run_port(model: FutureModel, positions: Mapping[str, Floats], start_wait_h: float, coupled: bool) -> _Port:
    base_side, side = model.base, model.target
    assert base_side is not None and side is not None
    base = _state(base_side, positions, 0, moved=False)
    target = _state(side, positions, model.year - model.base_year, moved=True)
    none = np.zeros(quasi_random.BLOCK)
    choice = choose(base_side.terms, base.prices, none)
    before = base.tonnes(choice.share)
    base_t = _weighted(base_side.outputs.calls, before)
    scale = np.where(base_t > 0, model.today_t / np.where(base_t > 0, base_t, 1.0), 1.0)
    today_wait, contradicts = _wait_today(model, base, before, scale)

    def handled(extra_h: Floats) -> tuple[Floats, Floats, Any, Floats]:
        """Wait beyond today's that the flow at ``extra_h`` makes, that flow, the choice and its tonnes."""
        chosen = choose(side.terms, target.prices, extra_h)
        tonnes = target.tonnes(chosen.share)
        call_t = _mean_call_t(side, tonnes)
        cap = _cap(side, target, call_t)
        flow = np.minimum((side.outputs.group_tonnes @ tonnes).sum(axis=0) * scale, cap)
        made = mean_wait_h(side.berths, target.values, flow, call_t) - today_wait if coupled else 0.0 * flow
        return made, flow, chosen, tonnes

    extra, flow, chosen, tonnes, first, passes = _agree(handled, np.full(quasi_random.BLOCK, start_wait_h))
    binding, demand_t = _bind(side, target, tonnes, scale, model.year)
    boxes = _boxes(model, base_side, side, target, before, tonnes)
    cost = _water_cost(side.terms, chosen, tonnes) / _water_cost(base_side.terms, choice, before)
    ratio = _weighted(side.outputs.calls, tonnes) / np.where(base_t > 0, base_t, 1.0)
    peers = {port: target.values.get(key, value + none) * ratio for port, (key, value) in side.peers.items()}
    figures = {"demand_t": demand_t, "water_freight_yuan_per_t": _water_cost(side.terms, chosen, tonnes)}
    return _Port(binding, extra, first / flow, ratio, boxes, cost, peers, figures, contradicts, passes)


def _wait_today(model: FutureModel, base: _State, tonnes: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Wait of today's flow, and the futures whose drawn berths could not have carried it (they wait as when full)."""
    side = base.side
    call_t = _mean_call_t(side, tonnes)
    cap = _cap(side, base, call_t)
    flow = (side.outputs.group_tonnes @ tonnes).sum(axis=0) * scale
    return mean_wait_h(side.berths, base.values, np.minimum(flow, cap), call_t), flow > cap


def _agree(handled: Any, start: Floats) -> tuple[Floats, Floats, Any, Floats, Floats, int]:
    """Find the wait that the flow at that wait makes.

    The wait made falls with the wait supposed, so there is one answer; each pass closes a bracket around it, and the next
    guess is the secant's where that lies inside, else the middle.
    """
    x = start
    low, high = np.full_like(x, -np.inf), np.full_like(x, np.inf)
    old_x = old_gap = None
    first = None
    for passes in range(1, MOST_PASSES + 1):
        made, flow, chosen, tonnes = handled(x)
        first = flow if first is None else first
        gap = made - x
        if np.abs(gap).max() < WAIT_TOLERANCE_H:
            return x, flow, chosen, tonnes, first, passes
        low, high = np.maximum(low, np.minimum(x, made)), np.minimum(high, np.maximum(x, made))
        guess = made
        if old_x is not None and old_gap is not None:
            change = gap - old_gap
            steep = np.where(np.abs(change) > 0, change, 1.0)
            guess = np.where(np.abs(change) > 0, x - gap * (x - old_x) / steep, made)
        inside = (guess >= low) & (guess <= high)
        old_x, old_gap = x, gap
        # where the size of calls shifts the curve by a hair the bracket may miss the answer: plain iteration goes on there
        halved = np.where((made > low) & (made < high), (low + high) / 2, made)
        x = np.where(np.abs(gap) < WAIT_TOLERANCE_H / 10, x, np.where(inside, guess, halved))
    raise NotConvergedError("flow and wait at the port do not agree")


def _weighted(weight: Floats, tonnes: Floats) -> Floats:
    """Sum over chains; one order of adding whatever the machine's threads."""
    return np.einsum("c,cf->f", weight, tonnes)


def _mean_call_t(side: Side, tonnes: Floats) -> Floats:
    carried = (side.outputs.group_tonnes @ tonnes).sum(axis=0)
    calls = (side.outputs.group_vessels @ tonnes).sum(axis=0)
    return np.where(calls > 0, carried / np.where(calls > 0, calls, 1.0), side.terms.fleet.payload_t.max())


def _payload_factor(side: Side, state: _State) -> Floats | float:
    known = side.rates.get("truck_payload")
    return state.values.get("rates:truck_payload", known) / known if known else 1.0  # type: ignore[operator]


def _cap(side: Side, state: _State, call_t: Floats) -> Floats:
    levels = whole_limits(side.berths, state.values, call_t, _payload_factor(side, state))
    return np.min([np.full_like(call_t, np.inf), *levels.values()], axis=0)


def loads_of(side: Side, state: _State, tonnes: Floats, scale: Floats, year: int) -> Loads:
    """Groups and locks of a side in a year."""
    empty = 1 + state.prices.rates["empty_return_share"] / 100
    outputs, values = side.outputs, state.values
    one = np.ones(tonnes.shape[1])
    counted = np.stack([lock.counted * values.get(f"background:{lock.id}", one) for lock in side.locks])
    grown = np.stack(
        [
            (1 + values.get(f"background_growth:{lock.id}", lock.growth_percent * one) / 100)
            ** max(year - lock.count_year, 0)
            for lock in side.locks
        ]
    )
    lockages = np.stack([values.get(f"lockages_per_year:{k.id}", k.lockages * one) for k in side.locks])
    vessels = np.stack([values.get(f"vessels_per_lockage_count:{k.id}", k.vessels * one) for k in side.locks])
    passes = np.array([[lock.id in group for group in outputs.groups] for lock in side.locks], dtype=float)
    return Loads(
        passes=passes,
        tonnes=(outputs.group_tonnes @ tonnes) * scale,
        vessels=(outputs.group_vessels @ tonnes) * scale * empty,
        own=(outputs.lock_vessels @ tonnes) * empty,
        others=counted * grown,
        capacity=lockages * vessels,
        refuted=counted > lockages * vessels,
    )


def _bind(side: Side, state: _State, tonnes: Floats, scale: Floats, year: int) -> tuple[Binding, Floats]:
    loads = loads_of(side, state, tonnes, scale, year)
    whole = whole_limits(side.berths, state.values, _mean_call_t(side, tonnes), _payload_factor(side, state))
    return bind(loads, whole), loads.tonnes.sum(axis=0)


def _boxes(model: FutureModel, base: Side, side: Side, state: _State, before: Floats, after: Floats) -> Floats:
    """Boxes at the target year, held at the container berths [TEU/year]."""
    first = _weighted(base.outputs.box_calls, before) / base.terms.t_per_teu
    last = _weighted(side.outputs.box_calls, after) / side.terms.t_per_teu
    demand = model.today_teu * np.where(first > 0, last / np.where(first > 0, first, 1.0), 1.0)
    berths = container_t(side.berths, state.values) / side.terms.t_per_teu
    return np.minimum(demand, np.where(np.asarray(berths) > 0, berths, np.inf))


def _water_cost(terms: Terms, chosen: Any, tonnes: Floats) -> Floats:
    at_port = terms.at_port[:, None] * tonnes
    total = at_port.sum(axis=0)
    return (chosen.water_freight * at_port).sum(axis=0) / np.where(total > 0, total, 1.0)


def significant(values: Floats, digits: int = 4) -> Floats:
    """Rounded as the base future is (``measures.significant``), so that both are judged alike."""
    size = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-300))) - digits + 1)
    return np.where(values == 0, 0.0, np.round(values / size) * size)


def _freight_measures(model: FutureModel, port: _Port) -> tuple[dict[str, Floats], dict[str, Floats]]:
    values: dict[str, Floats] = {}
    starts: dict[str, Floats] = {}
    throughput = port.binding.throughput_t
    for row in model.measures:
        today, name = row["today_value"], row["id"]
        if row["model"] == "freight_throughput":
            values[name], start = throughput, model.today_t
        elif row["model"] == "freight_peer_ratio" and row["model_argument"] in port.peers:
            values[name], start = throughput / port.peers[row["model_argument"]], today
        elif row["model"] == "freight_teu":
            values[name], start = port.boxes_teu, today
        elif row["model"] == "freight_water_cost":
            values[name], start = today * port.cost_ratio, today
        else:
            continue
        values[name] = significant(values[name])
        if start is not None:
            starts[name] = np.full(len(throughput), float(start))
    return values, starts


def _foreseen(model: FutureModel, drawn: Values) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Measures that grow or are carried: today's value times its growth; a share in percent stays below 100."""
    values: dict[str, Floats] = {}
    starts: dict[str, Floats] = {}
    for row in model.measures:
        name = row["id"]
        if row["model"] not in ("growth", "carried") or row["target_year"] is None:
            continue
        _, first = model.paces[name]
        start = drawn.get(f"today:{name}", np.full(quasi_random.BLOCK, float(row["today_value"])))
        grown = start * (1 + drawn[f"pace:{name}"] / 100) ** max(row["target_year"] - first, 0)
        values[name] = np.minimum(grown, 100.0) if row["unit"] == "percent" else grown
        starts[name] = start
    return values, starts


__all__ = ["KINDS", "Block", "FutureModel", "Side", "box_parts", "build_model", "cargo_shares", "run_block"]
