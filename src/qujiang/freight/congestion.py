"""What waits and what is full: the resources that chains share, as arrays for an equilibrium.

Four kinds of resource:

lock
    flow in vessel passages a year, both directions together, laden and empty; an M/M/s queue with the chambers as servers and
    ``lockages_per_year`` x ``vessels_per_lockage_count`` as capacity. The traffic of others passes too, and turns away where
    the wait would exceed ``lock_turn_away_h`` of the rates (a day, assumed).
berth
    flow in tonnes a year over a terminal's quay; its curve is fitted to a table ``waits`` that the port room hands over
road
    flow in vehicles an hour; only where a road link carries a capacity and a count of its own. The bundled district counts no
    road traffic, so none of its roads is delayed: tonnes a year say nothing about a road without the traffic of others.
capacity
    tonnes a year that a place, lock or link may carry at most; it has a price instead of a delay

The wait that a district assumes at a lock belongs to the load of its base year. The curve goes through that point, and its
steepness is bounded: a vessel that misses its lockage waits for the chamber to go there and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.errors import DataError, Fault, ScenarioError
from qujiang.freight.problem import FreightProblem
from qujiang.freight.rates import LOCK_WAIT_FACTOR
from qujiang.freight.result import FreightResult
from qujiang.freight.use import passages_of
from qujiang.freight.vessels import voyage_cost
from qujiang.methods.delay import BPR, CONSTANT, MULTI_SERVER, Curves, curves, delay, waits_multi_server

#: A vessel that misses its lockage waits for so many at most, each time: the chamber goes there and back.
LOCKAGES_MISSED = 2.0
#: Curve of the Bureau of Public Roads.
BPR_FACTOR, BPR_POWER = 0.15, 4.0
HOURS_PER_YEAR = 8760.0
#: A fit of a berth curve may miss the table handed over by this part of its longest wait, and 0.05 h.
CURVE_MISS = 0.1


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that chains share. ``assumed_wait_h`` is the delay that the chains' own costs already hold.

    ``at`` is the place, lock or link; a hard capacity there has the id ``<at>:capacity``. ``share`` is the part of a tonne that
    goes over it where several berths serve one quay; ``boxed`` is None where it serves every cargo, else only boxes or only the rest.
    """

    id: str
    at: str
    kind: str  # lock, berth, road, capacity
    flow_unit: str
    assumed_wait_h: float
    background: float  # traffic of others, in the unit of flow
    capacity: float  # of a queue or a road; the hard limit where the kind is capacity
    share: float = 1.0
    boxed: bool | None = None

    @property
    def is_hard(self) -> bool:
        """Has a price and no delay."""
        return self.kind == "capacity"


@dataclass(frozen=True, slots=True)
class Congestion:
    """Resources with their curves, the traffic of others at them, and what had to be left out."""

    resources: tuple[Resource, ...]
    curves: Curves
    background_yuan_per_h: float  # what an hour costs a vessel of others
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the resources."""
        return tuple(r.id for r in self.resources)

    @property
    def hard(self) -> np.ndarray:
        """Hard capacity of each resource, infinite for those with a delay, shape (resources,)."""
        return np.array([r.capacity if r.is_hard else np.inf for r in self.resources])

    @property
    def background(self) -> np.ndarray:
        """Traffic of others at each resource, shape (resources,)."""
        return np.array([r.background for r in self.resources])

    @property
    def assumed_h(self) -> np.ndarray:
        """Delay that chains already hold, shape (resources,)."""
        return np.array([r.assumed_wait_h for r in self.resources])


@dataclass(frozen=True, slots=True)
class LockWait:
    """Wait at a lock [h]: ``base_h`` whatever the load, and ``factor_h`` on the queue's shape."""

    base_h: float
    factor_h: float
    load_share: float  # of the base year


@dataclass(frozen=True, slots=True)
class LockWaits:
    """How the wait at each lock rises, as the base year tells it; locks without a queue are in ``notes``."""

    of: Mapping[str, LockWait]
    notes: tuple[str, ...]


def fit_lock_waits(tables: Mapping[str, pl.DataFrame], base: FreightResult) -> LockWaits:
    """Lay each lock's curve through the assumed wait at the load of the base year.

    Parameters
    ----------
    tables
        The district without a scenario: ``locks`` and ``background``.
    base
        Its assignment in the base year.

    Raises
    ------
    DataError
        Own vessels of the model and the counted ones of others together exceed a lock's capacity in the base year.
    """
    problem = base.problem
    own, counted = own_vessels(base), background_at(tables, problem.base_year)
    found: dict[str, LockWait] = {}
    refuted, uncounted, faults = [], [], []
    for row in _locks(tables):
        lock, capacity = row["id"], row["lockages_per_year"] * row["vessels_per_lockage_count"]
        if lock not in counted:
            if own.get(lock):
                uncounted.append(lock)
            continue
        if counted[lock] > capacity:
            refuted.append(lock)
            continue
        load = (counted[lock] + own.get(lock, 0.0)) / capacity
        if load >= 1.0:
            rule = f"{counted[lock]:,.0f} vessels of others and {own[lock]:,.0f} own a year exceed it in the base year"
            mend = "correct the lockages, the vessels a lockage, the count or the demand"
            faults.append(
                Fault("locks.csv", None, "lockages_per_year", f"{capacity:,.0f} vessels", f"{lock}: {rule}", mend)
            )
            continue
        wait = assumed_wait_h(problem, lock)
        shape = float(waits_multi_server(row["chamber_count"], load)[()])
        steepest = LOCKAGES_MISSED * row["lockage_min"] / 60
        bounded = wait > steepest * shape  # the rest of the wait is there whatever the load
        found[lock] = (
            LockWait(wait - steepest * shape, steepest, load) if bounded else LockWait(0.0, wait / shape, load)
        )
    if faults:
        raise DataError(faults)
    notes = []
    if refuted:
        notes.append(f"more vessels were counted than the capacity allows, so the wait is fixed: {', '.join(refuted)}")
    if uncounted:
        notes.append(f"the traffic of others is not counted, so the wait is fixed: {', '.join(uncounted)}")
    return LockWaits(found, tuple(notes))


def build_congestion(
    problem: FreightProblem,
    tables: Mapping[str, pl.DataFrame],
    locks: LockWaits,
    *,
    waits: pl.DataFrame | None = None,
    base_flow_t: Mapping[str, float] | None = None,
    capacity_t_per_year: Mapping[str, float] | None = None,
) -> Congestion:
    """Resources of a problem's year and scenario.

    Parameters
    ----------
    problem
        The year decides how far the traffic of others has grown.
    tables
        The district with its scenario.
    locks
        From `fit_lock_waits`: with more chambers or lockages a lock moves on its own curve.
    waits
        The port's wait by flow: ``terminal``, ``flow_t_per_year``, ``wait_h``, ``capacity_t_per_year``, and ``berth_count``
        where known. ``terminal`` is a place or a terminal of ``terminals``. With ``berth_type`` and ``share`` it holds one curve a
        kind of berth (`qujiang.port.waits.berth_waits`): boxes go over those called container where there are any, and a part
        ``share`` of each tonne over each of the others.
    base_flow_t
        Flow of the base year of each terminal in ``waits`` [t/year] (of each ``<terminal>:<berth_type>`` where there are
        kinds of berth): the hours of a call already hold the wait there.
    capacity_t_per_year
        Hard capacities by place, lock, link or terminal; ``<place>:boxes`` holds for boxes alone.

    Raises
    ------
    ScenarioError
        A capacity names nothing in the district, or is not positive.
    DataError
        The port's waits do not rise with flow, or no queue fits them.
    """
    parts = [_lock_part(problem, tables, locks), _road_part(problem, tables)]
    if waits is not None:
        parts.append(_berth_part(problem, tables, waits, base_flow_t or {}))
    if capacity_t_per_year:
        parts.append(_capacity_part(problem, tables, capacity_t_per_year))
    rows = [row for part in parts for row in part]
    resources = tuple(resource for resource, *_ in rows)
    kind, base, factor, power = ([row[column] for row in rows] for column in (1, 2, 3, 4))
    of = curves(
        np.array(base, dtype=float).reshape(-1), kind=np.array(kind, dtype=np.int8), factor=np.array(factor, dtype=float),
        capacity=np.array([1.0 if r.is_hard else r.capacity for r in resources]), power=np.array(power, dtype=float),
    ) if rows else no_curves()  # fmt: skip
    notes = list(locks.notes)
    if not any(r.kind == "road" for r in resources):
        notes.append("no road carries a counted traffic, so roads are not delayed")
    turned = [r.id for r in resources if r.kind == "lock" and r.background >= r.capacity]
    if turned:
        notes.append(
            f"others alone would fill these locks; they turn away beyond {problem.rates.turn_away_h:g} h: {', '.join(turned)}"
        )
    yuan = voyage_cost(problem.fleet, problem.rates).per_port_h[problem.fleet.carries_bulk]
    return Congestion(resources, of, float(np.median(yuan)) if len(yuan) else 0.0, tuple(notes))


def no_curves() -> Curves:
    """Curves of nothing."""
    none = np.empty(0)
    return Curves(np.empty(0, dtype=np.int8), none, none, none, none)


_Row = tuple[Resource, int, float, float, float]  # resource, kind of curve, base, factor, power


def _locks(tables: Mapping[str, pl.DataFrame]) -> list[dict]:
    """Locks whose capacity the district states."""
    needed = {"chamber_count", "lockages_per_year", "vessels_per_lockage_count", "lockage_min"}
    rows = tables["locks"].to_dicts()
    return [row for row in rows if all(row.get(name) for name in needed)]


def _lock_part(problem: FreightProblem, tables: Mapping[str, pl.DataFrame], locks: LockWaits) -> list[_Row]:
    others = background_at(tables, problem.year)
    rows: list[_Row] = []
    for row in _locks(tables):
        fitted = locks.of.get(row["id"])
        if fitted is None:
            continue
        capacity = row["lockages_per_year"] * row["vessels_per_lockage_count"]
        held = assumed_wait_h(problem, row["id"])
        resource = Resource(
            row["id"], row["id"], "lock", "vessels_per_year", held, others.get(row["id"], 0.0), capacity
        )
        rows.append((resource, MULTI_SERVER, fitted.base_h, fitted.factor_h, float(row["chamber_count"])))
    return rows


def _road_part(problem: FreightProblem, tables: Mapping[str, pl.DataFrame]) -> list[_Row]:
    """Roads with a capacity and a count, both in vehicles an hour; lorry speeds hold at the count."""
    frame = tables["road_links"]
    if not {"capacity_veh_per_h", "counted_veh_per_h"} <= set(frame.columns):
        return []
    rows: list[_Row] = []
    for row in frame.filter(pl.col("state") == "open").to_dicts():
        if not row["capacity_veh_per_h"] or row["counted_veh_per_h"] is None:
            continue
        free_h = row["length_km"] / problem.rates["truck_speed"]
        ratio = row["counted_veh_per_h"] / row["capacity_veh_per_h"]
        base = free_h / (1 + BPR_FACTOR * ratio**BPR_POWER)  # the speed is that of the counted traffic
        resource = Resource(
            row["id"], row["id"], "road", "vehicles_per_h", free_h, row["counted_veh_per_h"], row["capacity_veh_per_h"]
        )
        rows.append((resource, BPR, base, base * BPR_FACTOR, BPR_POWER))
    return rows


def _berth_part(
    problem: FreightProblem, tables: Mapping[str, pl.DataFrame], waits: pl.DataFrame, base_flow_t: Mapping[str, float]
) -> list[_Row]:
    rows: list[_Row] = []
    keys = ["terminal", "berth_type"] if "berth_type" in waits.columns else ["terminal"]
    own = "container" in waits["berth_type"] if len(keys) == 2 else False  # boxes have berths of their own
    for key, points in waits.group_by(keys, maintain_order=True):
        name, ordered = ":".join(map(str, key)), points.sort("flow_t_per_year")
        at = resource_name(problem, tables, str(key[0]))
        flow, wait = ordered["flow_t_per_year"].to_numpy(), ordered["wait_h"].to_numpy()
        capacity = float(ordered["capacity_t_per_year"][0])
        servers = float(ordered["berth_count"][0]) if "berth_count" in ordered.columns else 1.0
        base, factor = fit_queue(name, flow, wait, capacity, int(servers))
        curve = curves(base, kind=MULTI_SERVER, factor=factor, capacity=capacity, power=servers)
        now = base_flow_t.get(name, 0.0)
        if now >= capacity:
            rule = f"carries {now:,.0f} t in the base year"
            raise DataError(
                [Fault("waits", None, "capacity_t_per_year", f"{capacity:,.0f}", f"{name} {rule}", "raise it")]
            )
        resource = Resource(
            f"{at}:berths" if len(keys) == 1 else name, at, "berth", "t_per_year", float(delay(curve, [now])[0]), 0.0,
            capacity, float(ordered["share"][0]) if "share" in ordered.columns else 1.0,
            key[1] == "container" if own else None,
        )  # fmt: skip
        rows.append((resource, MULTI_SERVER, base, factor, servers))
    return rows


def fit_queue(name: str, flow: np.ndarray, wait: np.ndarray, capacity: float, servers: int) -> tuple[float, float]:
    """Base and factor [h] of the queue that comes nearest to the waits handed over, each weighed by the room left there."""
    from scipy.optimize import nnls

    if (np.diff(wait) < 0).any() or (wait < 0).any() or len(wait) < 2 or flow.max() >= capacity:
        rule, mend = "must rise with flow, below the capacity, in two points at least", "hand over the port's own curve"
        raise DataError([Fault("waits", None, "wait_h", None, f"{name}: {rule}", mend)])
    shape = waits_multi_server(servers, flow / capacity)
    room = 1 - flow / capacity
    (base, factor), _ = nnls(np.stack([np.ones(len(flow)), shape], axis=1) * room[:, None], wait * room)
    miss = float((abs(base + factor * shape - wait) * room).max())
    if miss > CURVE_MISS * (wait * room).max() + 0.05:
        rule = f"no queue of {servers} servers comes nearer than {miss:.2f} h"
        raise DataError([Fault("waits", None, "wait_h", None, f"{name}: {rule}", "give berth_count and the capacity")])
    return float(base), float(factor)


def _capacity_part(
    problem: FreightProblem, tables: Mapping[str, pl.DataFrame], capacity: Mapping[str, float]
) -> list[_Row]:
    rows: list[_Row] = []
    for name, tonnes in capacity.items():
        if not tonnes > 0 or not np.isfinite(tonnes):
            raise ScenarioError(f"capacity of {name} = {tonnes:g} t/year: must be positive")
        place, _, what = name.partition(":")
        boxed = True if what == "boxes" else None
        known = resource_name(problem, tables, place if boxed else name)
        own = f"{known}:capacity" if boxed is None else f"{known}:boxes"
        resource = Resource(own, known, "capacity", "t_per_year", 0.0, 0.0, float(tonnes), boxed=boxed)
        rows.append((resource, CONSTANT, 0.0, 0.0, 1.0))
    return rows


def resource_name(problem: FreightProblem, tables: Mapping[str, pl.DataFrame], name: str) -> str:
    """The place, lock or link that a name means; a terminal means its place.

    Raises
    ------
    ScenarioError
        Nothing has this name; near ones are listed.
    """
    from difflib import get_close_matches

    if "terminals" in tables:
        of_terminal = dict(zip(tables["terminals"]["id"], tables["terminals"]["place"], strict=True))
        name = of_terminal.get(name) or name
    for column in ("name_zh", "name_en"):  # names of locks and places, beside their ids
        for table in ("locks", "places"):
            frame = tables[table]
            if column in frame.columns and name in (names := frame[column].to_list()) and names.count(name) == 1:
                name = frame["id"][names.index(name)]
    network = problem.networks[0]
    links = [*network.road.ids, *network.rail.ids, *network.water.links.ids]
    known = [*problem.place_ids, *tables["locks"]["id"], *links]
    if name not in known:
        near = ", ".join(get_close_matches(name, known, 4))
        mend = f"did you mean: {near}" if near else "give the id of a place, terminal, lock or link"
        raise ScenarioError(f"nothing is called {name}; {mend}")
    return name


def assumed_wait_h(problem: FreightProblem, lock: str) -> float:
    """Wait before a lockage that the costs of chains hold [h]."""
    return problem.rates.lock_wait_h(lock) * problem.rates.value.get(LOCK_WAIT_FACTOR, 1.0)


def own_vessels(result: FreightResult) -> dict[str, float]:
    """Own vessels a year at each lock, empty ways back included."""
    problem = result.problem
    empty = 1 + problem.rates["empty_return_share"] / 100
    at = passages_of(problem)
    vessels = at.count * result.tonnes[at.leg // problem.chains.leg_mode.shape[1]] / at.payload_t * empty
    total = np.bincount(at.lock, vessels, len(at.locks))
    return {name: float(total[row]) for row, name in enumerate(at.locks) if total[row] > 0}


def background_at(tables: Mapping[str, pl.DataFrame], year: int | None) -> dict[str, float]:
    """Vessels of others a year at each lock, both directions, grown to a year in the middle of the stated range.

    The latest count stands: its row ``both``, or ``up`` and ``down`` together; never the three added up. ``year`` None: as counted.
    """
    frame = tables.get("background") if hasattr(tables, "get") else tables["background"]
    found: dict[str, float] = {}
    if frame is None:
        return found
    for count in counts_of_others(frame):
        years = 0 if year is None else max(year - count.year, 0)
        found[count.lock] = sum(
            vessels * (1 + (low + high) / 200) ** years for vessels, low, high in count.by_direction
        )
    return found


@dataclass(frozen=True, slots=True)
class Count:
    """The latest count of others at a lock, in parts that add up to both directions: vessels, low and high growth [percent]."""

    lock: str
    year: int
    by_direction: tuple[tuple[float, float, float], ...]


def counts_of_others(frame: pl.DataFrame) -> tuple[Count, ...]:
    """The count that stands for each lock: that of its latest year, the row ``both`` where there is one."""
    by_lock: dict[str, list[dict]] = {}
    for row in frame.to_dicts():
        by_lock.setdefault(str(row["lock"]), []).append(row)
    found = []
    for lock, rows in by_lock.items():
        year = max(row["year"] for row in rows)
        latest = [row for row in rows if row["year"] == year]
        used = [row for row in latest if row["direction"] == "both"] or latest
        parts = ("vessels_count", "growth_low_percent", "growth_high_percent")
        found.append(Count(lock, int(year), tuple(tuple(float(row[p] or 0) for p in parts) for row in used)))  # type: ignore[misc]
    return tuple(found)
