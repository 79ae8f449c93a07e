"""One side of a plan as arrays - a district as it is, or with a scenario - and its values, prices and demand in many futures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.district.economy import follows
from qujiang.errors import ScenarioError
from qujiang.freight.congestion import Count, counts_of_others
from qujiang.freight.problem import FreightProblem, demand_by_form
from qujiang.methods import quasi_random
from qujiang.plan.coupling import Coupled
from qujiang.plan.draws import MOVING, Inputs, room_inputs
from qujiang.plan.effects import FlowPull, Pull, flow_tonnes, pulled
from qujiang.plan.futures_coupling import Crowd, read_crowd
from qujiang.plan.futures_freight import Outputs, Prices, Terms, price, read_outputs, read_terms, rows_of
from qujiang.plan.futures_limits import Berths, read_berths
from qujiang.plan.port import WAIT_RATIO

if TYPE_CHECKING:
    from qujiang.district import District

Floats = np.ndarray
Values = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock of the tables."""

    id: str
    lockages: float
    vessels: float
    lockage_min: float
    chambers: float
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
    form_of_flow: Floats
    season_share: Floats
    growth_percent: Floats  # (cargoes,) while the economy grows at its reference
    elasticity: Floats  # (cargoes,) 0 where a cargo does not follow the economy
    economy: tuple[str | None, ...]  # (cargoes,) row of ``economy_growth`` that each follows
    boxed: Floats  # (forms,)
    box_share: Floats  # (forms,) of its cargo's tonnes in boxes where it has both forms, NaN elsewhere
    value_of_time: Floats  # (forms, 3) low, middle, high
    peers: Mapping[str, tuple[str, float]]  # port -> (input, throughput [t])
    crowd: Crowd | None  # the target year's coupled problem
    pulls: tuple[Pull, ...] = ()  # of projects that are open: what is drawn of their effects on values
    flow_pulls: tuple[FlowPull, ...] = ()  # and on demand

    def plain(self, key: str) -> float | None:
        """A value that a project's effect moves, where the value itself is not drawn; None where no room reads it."""
        kind, _, name = key.partition(":")
        if kind == "rates":
            return self.rates.get(name)
        if kind == "growth":
            return float(self.growth_percent[self.cargoes.index(name)]) if name in self.cargoes else None
        locks = {lock.id: lock for lock in self.locks}
        if name not in locks:
            return None
        return locks[name].lockages if kind == "lockages_per_year" else locks[name].vessels


def read_side(district: District, problem: FreightProblem, coupled: Coupled | None) -> Side:
    place = district.info.port_place
    assert place is not None
    forms = problem.forms
    ids = list(district["locks"]["id"])
    outputs = read_outputs(problem, ids)
    used = [name for name, row in zip(ids, outputs.lock_vessels.sum(axis=1), strict=True) if row > 0]
    inputs = room_inputs(district, district.assumptions(), problem, used, place)
    cargoes = tuple(dict.fromkeys(forms.cargo))
    counts = {count.lock: count for count in counts_of_others(district["background"])}
    growth = {row["cargo"]: row for row in district["demand_growth"].iter_rows(named=True)}
    followed = {cargo: row for cargo, row in growth.items() if follows(row)}
    rows = {row["id"]: row for row in district["cargoes"].to_dicts()}
    times = [
        [rows[c]["value_of_time_low_yuan_per_t_h"], v, rows[c]["value_of_time_high_yuan_per_t_h"]]
        for c, v in zip(forms.cargo, forms.value_of_time, strict=True)
    ]
    times = [[v if low is None else min(low, v), v, v if high is None else max(high, v)] for low, v, high in times]
    share = np.array([rows[c]["container_share"] or 0.0 for c in forms.cargo], dtype=float)
    index = {name: row for row, name in enumerate(problem.place_ids)}
    *_, flow_t = demand_by_form(district["demand"], district["demand_growth"], forms, index, 0)
    locks = tuple(_lock(row, counts) for row in district["locks"].to_dicts())
    lock_rows = {lock.id: row for row, lock in enumerate(locks)}
    return Side(
        inputs=inputs,
        terms=read_terms(problem, district),
        outputs=outputs,
        berths=read_berths(district, place, WAIT_RATIO),
        locks=locks,
        rates={name: problem.rates[name] for name in problem.rates.value},
        flow_t=flow_t,
        cargoes=cargoes,
        cargo_of_form=np.array([cargoes.index(c) for c in forms.cargo]),
        form_of_flow=problem.form,
        season_share=problem.season_share,
        growth_percent=np.array([growth[c]["growth_percent"] if c in growth else 0.0 for c in cargoes]),
        elasticity=np.array([followed[c]["elasticity_ratio"] if c in followed else 0.0 for c in cargoes]),
        economy=tuple(followed[c]["economy"] if c in followed else None for c in cargoes),
        boxed=forms.boxed,
        box_share=np.where((share > 0) & (share < 1), share, np.nan),
        value_of_time=np.array(times, dtype=float),
        peers=_peers(district),
        crowd=None if coupled is None else read_crowd(coupled, rows_of(problem), lock_rows),
    )


def _lock(row: Mapping[str, Any], counts: Mapping[str, Count]) -> Lock:
    vessels, year, growth = 0.0, 0, 0.0
    count = counts.get(row["id"])
    if count is not None:
        vessels, year = sum(part[0] for part in count.by_direction), count.year
        growth = sum(low + high for _, low, high in count.by_direction) / 2 / len(count.by_direction)
    lockages, vessels_each, minutes, chambers = (
        float(row[name] or 0)
        for name in ("lockages_per_year", "vessels_per_lockage_count", "lockage_min", "chamber_count")
    )
    return Lock(row["id"], lockages, vessels_each, minutes, max(chambers, 1.0), vessels, year, growth)


def _peers(district: District) -> dict[str, tuple[str, float]]:
    known = district["peer_ports"].filter(
        (pl.col("year") <= district.info.base_year) & pl.col("throughput_t").is_not_null()
    )
    return {
        row["port"]: (f"peer:{row['port']}:{row['year']}", row["throughput_t"]) for row in known.sort("year").to_dicts()
    }


@dataclass(frozen=True, slots=True)
class State:
    """One side in one year, in all futures of a block."""

    side: Side
    values: Values
    prices: Prices
    demand: Floats  # (flows' forms, futures) factor on each form's tonnes
    flow_t: Floats  # (flows, futures or 1) demand at the base year

    def tonnes(self, share: Floats) -> Floats:
        terms = self.side.terms
        weight = self.flow_t[terms.flow] * terms.season_share[:, None]
        return share * weight * self.demand[terms.form]


def state_of(
    side: Side, positions: Mapping[str, Floats], years: int, *, moved: bool, economy: Values | None = None
) -> State:
    """Values, prices and demand of a side ``years`` after the base year.

    Parameters
    ----------
    economy
        Points a year that each indicator of ``economy_growth`` grows off its reference, shape (futures,); none by default.

    Raises
    ------
    ScenarioError
        A cargo would grow by -100 % a year or less in some future.
    """
    values = pulled(side, side.inputs.values({k: positions[k] for k in side.inputs.keys}), positions)
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
    flow_t = flow_tonnes(side, positions)
    return State(side, values, prices, _demand_factors(side, values, years, count, economy or {}, flow_t), flow_t)


def cargo_shares(side: Side, values: Values, count: int, flow_t: Floats | None = None) -> Floats:
    """Share of each cargo in the demand of the base year [percent], shape (cargoes, futures); each column sums to 100.

    ``flow_t`` is that demand by flow where futures differ in it, shape (flows, futures).
    """
    flow = side.flow_t[:, None] if flow_t is None else flow_t
    middle = np.zeros((len(side.cargoes), flow.shape[1]))
    form_t = np.zeros((len(side.cargo_of_form), flow.shape[1]))
    np.add.at(form_t, _form_of_flow(side), flow)
    np.add.at(middle, side.cargo_of_form, form_t)
    factor = np.stack([values.get(f"share:{cargo}", np.ones(count)) for cargo in side.cargoes])
    return quasi_random.normalised(middle * factor, axis=0)


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


def growth_of_cargo(side: Side, values: Values, count: int, economy: Values) -> Floats:
    """Growth of each cargo [percent a year], shape (cargoes, futures): its own, and its elasticity times the economy's points.

    Raises
    ------
    ScenarioError
        It is -100 or less in some future.
    """
    one = np.ones(count)
    found = []
    for row, cargo in enumerate(side.cargoes):
        growth = values.get(f"growth:{cargo}", side.growth_percent[row] * one)
        points = economy.get(side.economy[row] or "")
        if points is not None:
            growth = growth + values.get(f"elasticity:{cargo}", side.elasticity[row] * one) * points
        if growth.min() <= -100:
            raise ScenarioError(
                f"{cargo} would grow by {growth.min():.4g} % a year in a future: it must stay above -100; narrow its growth or "
                "elasticity (demand_growth.csv), or the range of what it follows (economy_growth.csv)"
            )
        found.append(growth)
    return np.stack(found)


def _demand_factors(side: Side, values: Values, years: int, count: int, economy: Values, flow_t: Floats) -> Floats:
    still = cargo_shares(side, {}, 1, flow_t)
    shares = cargo_shares(side, values, count, flow_t)
    level = np.where(still > 0, shares / np.where(still > 0, still, 1.0), 1.0)
    growth = growth_of_cargo(side, values, count, economy)
    cargo = level * (1 + growth / 100) ** years
    return cargo[side.cargo_of_form] * box_parts(side, values, count)
