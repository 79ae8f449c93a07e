"""A port as rows: what the engine, the exact bounds and the sizing all read.

Time runs over the hours in which the port works (working days times hours a day); days without work are left out.
Berths, cranes, yards, lock, gate and calls are rows; a new port is new rows, never a new class.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from qujiang.errors import DataError, Fault, ScenarioError

MODES = ("finish", "resume", "restart", "fit")
CLOSES = ("cranes", "berths", "customs", "lock")
MOST_BERTHS = 64


@dataclass(frozen=True, slots=True)
class CranePool:
    """Cranes that can reach the same berths. A gang of g works at g^interference_exponent times the rate of one."""

    name: str
    crane_count: int
    rate_t_per_h: float
    mode: str = "resume"
    interference_exponent: float = 0.9


@dataclass(frozen=True, slots=True)
class Berth:
    """One berth; ``group`` names what closes it (its terminal)."""

    name: str
    group: str
    pool: str
    berth_type: str
    length_m: float = math.inf
    draught_m: float = math.inf


@dataclass(frozen=True, slots=True)
class Yard:
    """A yard or zone with room for ``capacity_t``; inf: never full."""

    name: str
    capacity_t: float = math.inf


@dataclass(frozen=True, slots=True)
class CallKind:
    """One kind of call. ``yard_share`` of its tonnes goes into ``yard`` and stays for ``dwell_h``.

    ``handling_stages``, ``dwell_stages``: Erlang shape of the factor drawn around the mean (0: no chance).
    """

    name: str
    berth_type: str
    terminal: str
    calls_per_year: float
    call_low_t: float
    call_high_t: float
    direction: str = "in"
    length_m: float = 0.0
    draught_m: float = 0.0
    berthing_h: float = 0.0
    handling_stages: int = 4
    gang_least: int = 1
    gang_most: int = 1
    priority: float = 0.0
    yard: str | None = None
    yard_share: float = 0.0
    dwell_h: float = 0.0
    dwell_stages: int = 1
    inspected_share: float = 0.0
    inspection_h: float = 0.0
    rail_share: float = 0.0
    lock_size: float = 1.0

    @property
    def mean_t(self) -> float:
        return (self.call_low_t + self.call_high_t) / 2

    @property
    def t_per_year(self) -> float:
        return self.calls_per_year * self.mean_t


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock in front of the port, both ways. ``others_per_h`` passes it in each direction without calling."""

    chamber_count: int
    chamber_size: float
    lockage_h: float
    hold_h: float = 0.0
    others_per_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Gate:
    """Lorry lanes of one terminal; the day's arrivals follow ``profile`` (24 shares)."""

    terminal: str
    lane_count: int
    service_h: float
    lorry_t: float
    t_per_year: float
    profile: tuple[float, ...] = tuple([1 / 24] * 24)


@dataclass(frozen=True, slots=True)
class Rail:
    """A train every ``gap_h`` that takes ``train_t``."""

    gap_h: float
    train_t: float


@dataclass(frozen=True, slots=True)
class Closure:
    """From ``from_h`` to ``to_h`` a resource has only ``capacity`` left. ``what``: cranes, berths, customs, lock."""

    what: str
    which: str
    from_h: float
    to_h: float
    capacity: int = 0


@dataclass(frozen=True, slots=True)
class Present:
    """A vessel in port when the run begins: at anchorage, or alongside with ``remaining_t`` to handle."""

    kind: str
    alongside: bool
    remaining_t: float


@dataclass(frozen=True, slots=True)
class PortProblem:
    """Everything asked of the port. Checked once, here; nothing later writes into it."""

    berths: tuple[Berth, ...]
    pools: tuple[CranePool, ...]
    kinds: tuple[CallKind, ...]
    yards: tuple[Yard, ...] = ()
    lock: Lock | None = None
    gates: tuple[Gate, ...] = ()
    rail: Rail | None = None
    inspectors: int = 0
    closures: tuple[Closure, ...] = ()
    present: tuple[Present, ...] = ()
    hours_h_per_year: float = 8760.0
    gap_stages: int = 1
    strict: bool = False
    overtake: bool = False
    ageing_h: float = math.inf
    closed_to: frozenset[tuple[str, str]] = frozenset()  # (kind, berth) that a rule forbids
    assumptions: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        faults = [*self._berth_faults(), *self._kind_faults(), *self._closure_faults()]
        if faults:
            raise DataError(faults)

    @property
    def calls_per_year(self) -> float:
        return sum(kind.calls_per_year for kind in self.kinds)

    @property
    def t_per_year(self) -> float:
        return sum(kind.t_per_year for kind in self.kinds)

    def why_not(self, kind: CallKind, berth: Berth) -> str | None:
        """Why a kind of call cannot use a berth; None if it can."""
        if kind.berth_type != berth.berth_type:
            return "cargo"
        if kind.terminal != berth.group:
            return "terminal"
        if kind.length_m > berth.length_m:
            return f"length {kind.length_m:g} m > {berth.length_m:g} m"
        if kind.draught_m > berth.draught_m:
            return f"draught {kind.draught_m:g} m > {berth.draught_m:g} m"
        return "a rule" if (kind.name, berth.name) in self.closed_to else None

    def scaled(self, factor: float) -> PortProblem:
        """The same port with every flow times ``factor``."""
        kinds = tuple(replace(kind, calls_per_year=kind.calls_per_year * factor) for kind in self.kinds)
        gates = tuple(replace(gate, t_per_year=gate.t_per_year * factor) for gate in self.gates)
        return replace(self, kinds=kinds, gates=gates)

    def _berth_faults(self) -> Iterable[Fault]:
        pools = {pool.name: pool for pool in self.pools}
        if len(self.berths) > MOST_BERTHS:
            yield _fault(
                "berths",
                str(len(self.berths)),
                f"at most {MOST_BERTHS} berths in one run",
                "simulate the terminals apart",
            )
        for berth in self.berths:
            pool = pools.get(berth.pool)
            if pool is None or pool.crane_count < 1:
                yield _fault("berths", berth.name, "has 0 cranes that reach it", "give it a pool with a crane")
        for pool in self.pools:
            if not pool.rate_t_per_h > 0:
                yield _fault("cranes", pool.name, f"rate {pool.rate_t_per_h:g} t/h must be above 0")
            if pool.mode not in MODES:
                yield _fault("cranes", pool.name, f"mode {pool.mode} must be one of {', '.join(MODES)}")

    def _kind_faults(self) -> Iterable[Fault]:
        yards = {yard.name: yard.capacity_t for yard in self.yards}
        cranes = {pool.name: pool.crane_count for pool in self.pools}
        for kind in self.kinds:
            reasons = {reason: None for berth in self.berths if (reason := self.why_not(kind, berth)) is not None}
            fitting = [berth for berth in self.berths if self.why_not(kind, berth) is None]
            if not fitting:
                why = "; ".join(reasons) or "there is no berth"
                yield _fault("calls", kind.name, f"fits no berth ({why})", "change the berth or the vessel")
            elif all(cranes.get(berth.pool, 0) < kind.gang_least for berth in fitting):
                yield _fault("calls", kind.name, f"needs {kind.gang_least} cranes at once; no pool has so many")
            if kind.yard is not None and kind.yard not in yards:
                yield _fault("calls", kind.name, f"yard {kind.yard} is not among the yards")
            elif kind.yard is not None and kind.call_high_t * kind.yard_share > yards[kind.yard]:
                yield _fault(
                    "calls", kind.name, f"one lot is larger than the whole yard {kind.yard} ({yards[kind.yard]:g} t)"
                )
            if kind.inspected_share > 0 and self.inspectors < 1:
                yield _fault("calls", kind.name, "is inspected, but there are 0 inspectors")
            if kind.rail_share > 0 and self.rail is None:
                yield _fault("calls", kind.name, "goes by rail, but there is no train")
            if not 0 <= kind.call_low_t <= kind.call_high_t or not kind.calls_per_year >= 0:
                yield _fault("calls", kind.name, "needs 0 <= low tonnes <= high tonnes and calls a year from 0 up")
            if self.lock is not None and kind.lock_size > self.lock.chamber_size:
                yield _fault(
                    "calls",
                    kind.name,
                    f"is larger ({kind.lock_size:g}) than the lock chamber ({self.lock.chamber_size:g})",
                )

    def _closure_faults(self) -> Iterable[Fault]:
        names = {
            "cranes": {pool.name for pool in self.pools},
            "berths": {berth.group for berth in self.berths},
            "customs": {"customs"},
            "lock": {"lock"},
        }
        last: dict[tuple[str, str], Closure] = {}
        for closure in sorted(self.closures, key=lambda c: (c.what, c.which, c.from_h)):
            where = f"{closure.what} {closure.which} {closure.from_h:g}-{closure.to_h:g} h"
            if closure.what not in CLOSES:
                yield _fault("closures", where, f"what must be one of {', '.join(CLOSES)}")
            elif closure.which not in names[closure.what]:
                yield _fault("closures", where, f"no such {closure.what}: {closure.which}")
            if not closure.from_h < closure.to_h or math.isinf(closure.to_h):
                yield _fault("closures", where, "must end after it begins, at a finite hour")
            before = last.get((closure.what, closure.which))
            if before is not None and closure.from_h < before.to_h:
                yield _fault(
                    "closures", where, f"overlaps {before.from_h:g}-{before.to_h:g} h of the same resource", "join them"
                )
            last[closure.what, closure.which] = closure


def _fault(file: str, value: str, rule: str, mend: str = "") -> Fault:
    return Fault(file=file, line=None, column=None, value=value, rule=f"{value}: {rule}", mend=mend)


def require_target(target_t_per_year: float) -> None:
    """Refuse a target that is not a number of tonnes."""
    if not (math.isfinite(target_t_per_year) and target_t_per_year > 0):
        raise ScenarioError(f"{target_t_per_year:g} t a year: must be a number above 0")
