"""Futures of a plan: the model as arrays that any process can run, and one block of futures run to its measures.

Each future draws every input, prices the chains, lets the shippers choose at the waits and prices that they make themselves,
and pivots on today's documented throughput.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.district.economy import points_faster
from qujiang.district.observations import read as read_observations
from qujiang.methods import quasi_random
from qujiang.outlook.measures import MeasureState, ceiling
from qujiang.plan.delayed import delayed_block
from qujiang.plan.delays import Delays
from qujiang.plan.draws import Foreseen, Inputs, foresee_measure, measure_inputs
from qujiang.plan.economy import Driver, points_off_reference, read_drivers, with_economy
from qujiang.plan.effects import Effects
from qujiang.plan.futures_coupling import STARTS
from qujiang.plan.futures_limits import KINDS
from qujiang.plan.futures_port import PortFutures, Today, run_port
from qujiang.plan.futures_side import Side, box_parts, cargo_shares, read_side
from qujiang.plan.measures import judge_measures
from qujiang.plan.port import PortAnswer, target_year, today_of

if TYPE_CHECKING:
    from qujiang.district import District

Floats = np.ndarray
Values = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class FutureModel:
    """Everything that a process needs to run futures; small, immutable, picklable."""

    base: Side | None
    target: Side | None  # the same object as ``base`` where no scenario is asked for
    foresight: Inputs
    measures: tuple[Mapping[str, Any], ...]  # testable rows of ``measures``
    paces: Mapping[str, tuple[float, int]]  # growth [percent a year] and first year of grown and carried measures
    foreseen: Mapping[str, Foreseen]  # forecasts of measures that grow
    base_year: int
    year: int
    today_t: float
    today_teu: float
    drivers: tuple[Driver, ...] = ()  # what of the economy drives demand
    delays: Delays | None = None  # of projects; the rest of this model has them all finished
    effects: Effects | None = None  # of the projects that are open here: what is drawn of them

    def collapsed(self) -> FutureModel:
        """Every range shrunk to its middle."""

        def still(side: Side | None) -> Side | None:
            if side is None:
                return None
            middle = np.repeat(side.value_of_time[:, 1:2], 3, axis=1)
            return replace(side, inputs=side.inputs.collapsed(), value_of_time=middle, pulls=(), flow_pulls=())

        base = still(self.base)
        target = base if self.target is self.base else still(self.target)
        return replace(self, base=base, target=target, foresight=self.foresight.collapsed(), effects=None)


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of futures answers; every array has the futures first."""

    values: Mapping[str, Floats]  # measure -> value at its target year
    starts: Mapping[str, Floats]  # measure -> value in its first year
    kinds: Floats  # index into KINDS
    locks: Floats  # row of the lock that binds, -1 for none
    points: Mapping[str, Floats]  # the independent points that were drawn, by input
    waits_h: Floats  # mean wait for a berth beyond today's
    free_ratio: Floats  # tonnes at today's waits and with room for all, over those of the agreement
    figures: Mapping[str, Floats]
    contradicts: Floats  # a draw says that today's throughput could not have been
    steps: int  # of the equilibria
    courses: Mapping[str, Floats] = field(default_factory=dict)  # <measure>:<year>, where projects are delayed
    finish: Mapping[str, Floats] = field(default_factory=dict)  # project -> year with decimals
    without: Mapping[str, Floats] = field(default_factory=dict)  # measure -> value without any of the projects


def build_model(
    district: District, overlaid: District, port: PortAnswer | None, measures: pl.DataFrame | None = None
) -> FutureModel:
    """Read a district into arrays.

    Parameters
    ----------
    port
        The base future's freight and port (`qujiang.plan.port.answer_port`); None where the district has no freight.
    measures
        The measures to follow; those of ``overlaid`` by default.
    """
    info, faster = district.info, points_faster(overlaid)
    measures = overlaid["measures"] if measures is None else measures
    year = target_year(measures, info.base_year)
    seen = read_observations(overlaid["observations"])
    states = judge_measures(measures, {}, seen, now_year=info.base_year, area=info.name_zh, faster=faster)
    testable = [row for row, state in zip(measures.to_dicts(), states, strict=True) if _has_future(row, state)]
    paces = {
        state.id: (state.growth_percent_per_year or 0.0, state.today_year)
        for state in states
        if state.model in ("growth", "carried")
    }
    foreseen = {
        row["id"]: foresee_measure(seen, info.name_zh, row["model_argument"], row["target_year"])
        for row in testable
        if row["model"] == "growth" and row["model_argument"] and row["target_year"]
    }
    rest = [row for row in testable if row["model"] in ("growth", "carried")]
    drawn = {(info.name_zh, row["model_argument"]): row["id"] for row in rest if row["model"] == "growth"}
    drivers = read_drivers(overlaid, seen, drawn, year, info.areas or {}) if port is not None else ()
    foresight = with_economy(measure_inputs(rest, paces, foreseen), drivers)
    base = target = None
    today_t = today_teu = 0.0
    if port is not None:
        target = read_side(overlaid, port.freight.free.problem, port.coupled)
        base = target if overlaid is district else read_side(district, port.freight.base.problem, None)
        today_t = port.today_t
        today_teu = today_of(measures, "freight_teu", port.freight.base.throughput_teu())
    return FutureModel(
        base, target, foresight, tuple(testable), paces, foreseen, info.base_year, year, today_t, today_teu, drivers
    )


def _has_future(row: Mapping[str, Any], state: MeasureState) -> bool:
    """Today and a model of where it goes are known; grown measures need a published growth."""
    if row["today_value"] is None and row["model"] not in ("freight_throughput", "freight_peer_ratio"):
        return False
    if row["model"] == "growth":
        return state.growth_percent_per_year is not None
    return row["model"] == "carried" or str(row["model"]).startswith("freight")


def run_block(
    model: FutureModel, seed: int, block: int, *, start: str = STARTS[0], again: str = "", rooms: bool = True
) -> Block:
    """Run one block of 128 futures.

    Parameters
    ----------
    again
        An input that is drawn a second time, with all others as they are (`qujiang.plan.totals`). What binds is not asked then.
    rooms
        Without them only the measures that no room computes are: in milliseconds.
    start
        Where the agreement of freight and port is searched from (`futures_coupling.STARTS`); the answer does not depend on it.

    Raises
    ------
    NotConvergedError
        Freight and port do not agree.
    InfeasibleError
        Cargo without another way is more than a drawn capacity.
    """
    if model.delays is not None:
        drawn = model.delays.inputs.own(seed, block, again) | _own_effects(model, seed, block, again)
        return delayed_block(
            model, drawn, lambda state: _run_state(state, seed, block, start, again, rooms), quasi_random.BLOCK
        )
    return _run_state(model, seed, block, start, again, rooms)


def _run_state(model: FutureModel, seed: int, block: int, start: str, again: str, rooms: bool) -> Block:
    own = model.foresight.own(seed, block, again)
    seen = model.foresight.values(model.foresight.positions(own))
    of_projects = _own_effects(model, seed, block, again)
    added = model.effects.added(of_projects) if model.effects is not None else {}
    values, starts = _foreseen(model, seen, added)
    own.update(of_projects)
    none = np.zeros(quasi_random.BLOCK)
    if model.base is None or model.target is None or not rooms:
        lock = np.full(len(none), -1)
        return Block(values, starts, none.astype(int), lock, own, none, none + 1, {}, none.astype(bool), 0)
    all_inputs = _all_inputs(model.base.inputs, model.target.inputs)
    drawn = all_inputs.own(seed, block, again)
    own.update(drawn)
    today = Today(model.today_t, model.today_teu, model.base_year, model.year)
    positions = all_inputs.positions(drawn) | of_projects
    economy = points_off_reference(model.drivers, model.foresight, seen)
    port = run_port(model.base, model.target, today, positions, start, economy, with_binders=not again)
    found, begun = _freight_measures(model, port, added)
    return Block(
        {**values, **found}, {**starts, **begun}, port.kind, port.lock, own, port.wait_h, port.free_ratio, port.figures,
        port.contradicts, port.steps,
    )  # fmt: skip


def _own_effects(model: FutureModel, seed: int, block: int, again: str) -> dict[str, Floats]:
    """Positions of the projects' effects; no group shares anything, so that points and positions are one."""
    return {} if model.effects is None else model.effects.inputs.own(seed, block, again)


def _all_inputs(base: Inputs, target: Inputs) -> Inputs:
    known = set(target.keys)
    return Inputs(target.stream, (*target.items, *(item for item in base.items if item.key not in known)))


def significant(values: Floats, digits: int = 4) -> Floats:
    """Rounded as the base future is (``measures.significant``), so that both are judged alike."""
    size = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-300))) - digits + 1)
    return np.where(values == 0, 0.0, np.round(values / size) * size)


def _freight_measures(
    model: FutureModel, port: PortFutures, added: Values
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    values: dict[str, Floats] = {}
    starts: dict[str, Floats] = {}
    throughput = port.throughput_t
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
        found = significant(values[name]) + _added(row) + added.get(name, 0.0)
        values[name] = np.minimum(found, ceiling(row["unit"], today))
        if start is not None:
            starts[name] = np.full(len(throughput), float(start))
    return values, starts


def _added(row: Mapping[str, Any]) -> float:
    """What a scenario or projects add by the target year, as in the base future (`qujiang.outlook.measures.judge`)."""
    return float(row.get("added_value") or 0.0)


def _foreseen(model: FutureModel, drawn: Values, added: Values) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Measures that grow or are carried: today's value times its growth, and what is added, up to their ceiling."""
    values: dict[str, Floats] = {}
    starts: dict[str, Floats] = {}
    for row in model.measures:
        name = row["id"]
        if row["model"] not in ("growth", "carried") or row["target_year"] is None:
            continue
        _, first = model.paces[name]
        start = drawn.get(f"today:{name}", np.full(quasi_random.BLOCK, float(row["today_value"])))
        grown = start * (1 + drawn[f"pace:{name}"] / 100) ** max(row["target_year"] - first, 0)
        grown = grown + _added(row) + added.get(name, 0.0)
        values[name] = np.minimum(grown, ceiling(row["unit"], row["today_value"]))
        starts[name] = start
    return values, starts


__all__ = ["KINDS", "Block", "FutureModel", "Side", "box_parts", "build_model", "cargo_shares", "run_block"]
