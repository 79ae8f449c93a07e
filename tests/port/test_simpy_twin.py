"""The whole chain once more, in plain SimPy: on the same draws every instant is the engine's to 1e-9.

Nothing is shared with the engine but the rows and the drawn calls. Ties: an instant's ends come first (SimPy's own
order), then changes of capacity, then arrivals; dispatch is an event of the lowest priority at that instant.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.methods.draws import erlang, stream, uniform
from qujiang.port.arrivals import drawn, gang_speeds
from qujiang.port.kernels import Calls
from qujiang.port.path import INSTANTS, follow
from qujiang.port.problem import Berth, CallKind, Closure, CranePool, Lock, PortProblem, Rail, Yard

LAST = 9  # SimPy serves smaller priorities first


@dataclass
class Ship:
    number: int
    kind: int
    side: int
    joined: float = math.nan
    turn: int = 0
    berth: int = -1
    gang: int = 0
    granted: simpy.Event | None = None
    seen: dict[str, float] = field(default_factory=dict)


class Twin:
    """State in lists, decisions in ``dispatch``; ships and lots are SimPy processes that wait to be granted."""

    def __init__(self, problem: PortProblem, calls: Calls) -> None:
        self.problem, self.calls, self.env = problem, calls, simpy.Environment()
        self.free = set(range(len(problem.berths)))
        self.closed: set[str] = set()
        self.pools = {pool.name: pool for pool in problem.pools}
        self.able = {pool.name: pool.crane_count for pool in problem.pools}
        self.idle = dict(self.able)
        self.stock = {yard.name: 0.0 for yard in problem.yards}
        self.room = {yard.name: yard.capacity_t for yard in problem.yards}
        self.anchorage: list[Ship] = []
        self.crane_queue = {pool.name: deque() for pool in problem.pools}
        self.yard_queue = {yard.name: deque() for yard in problem.yards}
        self.customs: deque = deque()
        self.inspectors = self.idle_inspectors = problem.inspectors
        self.sides: tuple[deque, deque] = (deque(), deque())
        count = problem.lock.chamber_count if problem.lock else 0
        self.chambers = [{"side": 0, "busy": False, "until": None} for _ in range(count)]
        self.turns = 0
        self.asked = False
        self.train, self.train_room = 0, problem.rail.train_t if problem.rail else 0.0
        self.ships = [Ship(k, int(calls.kind[k]), int(calls.side[k])) for k in range(len(calls.at_h))]
        for closure in problem.closures:
            self.env.process(self.close(closure))
        self.env.process(self.source())
        self.env.run()

    # -- chance of dispatch: once an instant, after everything else ----------------------------------------------------

    def ask(self) -> None:
        if not self.asked:
            self.asked = True
            event = simpy.Event(self.env)
            event._ok, event._value = True, None
            event.callbacks.append(lambda _: self.dispatch())
            self.env.schedule(event, priority=LAST)

    def dispatch(self) -> None:
        self.asked = False
        while self.serve_customs() or self.serve_yards() or self.serve_cranes() or self.serve_berths():
            pass
        self.serve_lock()

    # -- processes -----------------------------------------------------------------------------------------------------

    def source(self):
        for ship in self.ships:
            yield self.env.timeout(self.calls.at_h[ship.number] - self.env.now)
            self.env.process(self.passing(ship) if ship.side >= 0 else self.calling(ship))

    def through_lock(self, ship: Ship, side: int, inward: bool):
        if not self.problem.lock:
            return
        ship.granted = self.env.event()
        self.sides[side].append(ship)
        self.ask()
        yield ship.granted
        ship.seen["lock_in" if inward else "lock_out"] = self.env.now
        yield ship.left_lock  # type: ignore[attr-defined]
        ship.seen["locked_in" if inward else "locked_out"] = self.env.now

    def passing(self, ship: Ship):
        ship.seen["arrived"] = self.env.now
        yield from self.through_lock(ship, ship.side, inward=False)

    def calling(self, ship: Ship):
        k, kind = ship.number, self.problem.kinds[ship.kind]
        ship.seen["arrived"] = self.env.now
        yield from self.through_lock(ship, 0, inward=True)
        ship.joined, ship.turn = self.env.now, self.turns
        self.turns += 1
        yield from self.wait_in(self.anchorage, ship)
        ship.seen["berthed"] = self.env.now
        if self.calls.berthing_h[k] > 0:
            yield self.env.timeout(self.calls.berthing_h[k])
        pool = self.pools[self.problem.berths[ship.berth].pool]
        yield from self.wait_in(self.crane_queue[pool.name], ship)
        ship.seen["craned"] = self.env.now
        if kind.yard and self.calls.lot_t[k] > 0:
            yield from self.wait_in(self.yard_queue[kind.yard], ship)
        ship.seen["worked"] = self.env.now
        yield from self.handle(pool, self.work_h(ship))
        self.idle[pool.name] += ship.gang
        self.free.add(ship.berth)
        ship.seen["done"] = ship.seen["left"] = self.env.now
        self.ask()
        if self.calls.inspect_h[k] > 0 or self.calls.lot_t[k] > 0:
            self.env.process(self.lot(ship))
        yield from self.through_lock(ship, 1, inward=False)

    def lot(self, ship: Ship):
        k, kind = ship.number, self.problem.kinds[ship.kind]
        if self.calls.inspect_h[k] > 0:
            granted = self.env.event()
            self.customs.append(granted)
            self.ask()
            yield granted
            ship.seen["inspected"] = self.env.now
            yield self.env.timeout(self.calls.inspect_h[k])
            ship.seen["released"] = self.env.now
            self.idle_inspectors += 1
            self.ask()
        yield self.env.timeout(self.calls.dwell_h[k])
        ship.seen["ready"] = self.env.now
        if self.calls.by_rail[k]:
            rail = self.problem.rail
            self.train = max(self.train, math.ceil(self.env.now / rail.gap_h))
            rest = self.calls.lot_t[k]
            while rest > self.train_room:
                rest, self.train_room, self.train = rest - self.train_room, rail.train_t, self.train + 1
            self.train_room -= rest
            if self.train * rail.gap_h > self.env.now:
                yield self.env.timeout(self.train * rail.gap_h - self.env.now)
        ship.seen["out"] = self.env.now
        if kind.yard:
            self.stock[kind.yard] -= self.calls.lot_t[k]
        self.ask()

    def wait_in(self, line, ship: Ship):
        ship.granted = self.env.event()
        line.append(ship)
        self.ask()
        yield ship.granted

    def work_h(self, ship: Ship) -> float:
        pool = self.pools[self.problem.berths[ship.berth].pool]
        return self.calls.work_t[ship.number] / gang_speeds(pool, ship.gang)[-1]

    def handle(self, pool: CranePool, work: float):
        """The work in pieces between the closings of its cranes."""
        spans = sorted(
            (c.from_h, c.to_h)
            for c in self.problem.closures
            if c.what == "cranes" and c.which == pool.name and c.capacity == 0
        )
        if pool.mode in ("finish", "fit") or not spans:
            for begin, end in spans:
                if begin <= self.env.now < end:
                    yield self.env.timeout(end - self.env.now)
            yield self.env.timeout(work)
            return
        left = work
        for begin, end in spans:
            if end <= self.env.now:
                continue
            if begin > self.env.now:
                if self.env.now + left <= begin:
                    break
                left = left - (begin - self.env.now) if pool.mode == "resume" else work
            yield self.env.timeout(end - self.env.now)
        yield self.env.timeout(left)

    def close(self, closure: Closure):
        yield self.env.timeout(closure.from_h)
        self.set(closure, closure.capacity)
        yield self.env.timeout(closure.to_h - closure.from_h)
        self.set(closure, None)

    def set(self, closure: Closure, capacity: int | None) -> None:
        if closure.what == "cranes":
            to = self.pools[closure.which].crane_count if capacity is None else capacity
            self.idle[closure.which] += to - self.able[closure.which]
            self.able[closure.which] = to
        elif closure.what == "berths":
            (self.closed.discard if capacity is None else self.closed.add)(closure.which)
        elif closure.what == "customs":
            to = self.problem.inspectors if capacity is None else capacity
            self.idle_inspectors += to - self.inspectors
            self.inspectors = to
        else:
            self.usable = self.problem.lock.chamber_count if capacity is None else capacity
        self.ask()

    # -- decisions -----------------------------------------------------------------------------------------------------

    def serve_customs(self) -> bool:
        served = False
        while self.idle_inspectors > 0 and self.customs:
            self.idle_inspectors -= 1
            self.customs.popleft().succeed()
            served = True
        return served

    def serve_yards(self) -> bool:
        served = False
        for name, line in self.yard_queue.items():
            while line and self.stock[name] + self.calls.lot_t[line[0].number] <= self.room[name]:
                ship = line.popleft()
                self.stock[name] += self.calls.lot_t[ship.number]
                ship.granted.succeed()
                served = True
        return served

    def serve_cranes(self) -> bool:
        served = False
        for name, line in self.crane_queue.items():
            for ship in list(line):
                kind = self.problem.kinds[ship.kind]
                if self.idle[name] < kind.gang_least:
                    break
                ship.gang = min(kind.gang_most, self.idle[name]) if len(line) == 1 else kind.gang_least
                ends = [
                    c.from_h
                    for c in self.problem.closures
                    if c.what == "cranes" and c.which == name and c.from_h > self.env.now and c.capacity == 0
                ]
                if self.pools[name].mode == "fit" and ends and self.env.now + self.work_h(ship) > min(ends):
                    if not self.problem.overtake:
                        break
                    continue
                self.idle[name] -= ship.gang
                line.remove(ship)
                ship.granted.succeed()
                served = True
        return served

    def serve_berths(self) -> bool:
        def rank(ship: Ship) -> tuple[float, int]:
            kind = self.problem.kinds[ship.kind]
            return kind.priority - (self.env.now - ship.joined) / self.problem.ageing_h, ship.turn

        for ship in sorted(self.anchorage, key=rank):
            for number in sorted(self.free):
                berth = self.problem.berths[number]
                if (
                    berth.group not in self.closed
                    and self.problem.why_not(self.problem.kinds[ship.kind], berth) is None
                ):
                    self.anchorage.remove(ship)
                    self.free.remove(number)
                    ship.berth = number
                    ship.granted.succeed()
                    return True
            if self.problem.strict:
                return False
        return False

    def serve_lock(self) -> None:
        lock = self.problem.lock
        usable = getattr(self, "usable", len(self.chambers))
        for chamber in self.chambers[:usable]:
            if chamber["busy"]:
                continue
            line = self.sides[chamber["side"]]
            aboard, room = [], 0.0
            for ship in line:
                if room + self.calls.size[ship.number] > lock.chamber_size:
                    break
                room += self.calls.size[ship.number]
                aboard.append(ship)
            full = len(aboard) < len(line) or room >= lock.chamber_size
            if not aboard:
                over_there = 1 - chamber["side"]
                coming = sum(
                    (c["side"] if not c["busy"] else 1 - c["side"]) == over_there for c in self.chambers[:usable]
                )
                if sum(self.calls.size[s.number] for s in self.sides[over_there]) <= coming * lock.chamber_size:
                    continue
            elif not full and lock.hold_h > 0:
                if chamber["until"] is None:
                    chamber["until"] = self.env.now + lock.hold_h
                    self.env.process(self.wake(lock.hold_h))
                if self.env.now < chamber["until"]:
                    continue
            chamber["until"], chamber["busy"] = None, True
            over = self.env.event()
            for ship in aboard:
                line.remove(ship)
                ship.left_lock = over  # type: ignore[attr-defined]
                ship.granted.succeed()
            self.env.process(self.move(chamber, over))

    def wake(self, after_h: float):
        yield self.env.timeout(after_h)
        self.ask()

    def move(self, chamber: dict, over: simpy.Event):
        yield self.env.timeout(self.problem.lock.lockage_h)
        chamber["side"], chamber["busy"] = 1 - chamber["side"], False
        over.succeed()
        self.ask()


def assert_equal(problem: PortProblem, calls: Calls) -> None:
    path, twin = follow(problem, calls), Twin(problem, calls)
    for k, instant in enumerate(INSTANTS):
        plain = np.array([ship.seen.get(instant, math.nan) for ship in twin.ships])
        np.testing.assert_allclose(path.log[:, k], plain, rtol=0, atol=1e-9, equal_nan=True, err_msg=instant)
    called = calls.side < 0
    assert path.berth_of[called].tolist() == [ship.berth for ship in twin.ships if ship.side < 0]
    assert path.gang_of[called].tolist() == [ship.gang for ship in twin.ships if ship.side < 0]


def chain(**more) -> PortProblem:
    """Two terminals, three berths that differ in length, shared cranes, a yard that fills, customs, trains, closures."""
    berths = (
        Berth("a1", "a", "pa", "bulk", length_m=50),
        Berth("a2", "a", "pa", "bulk", length_m=50),
        Berth("a3", "a", "pa", "bulk", length_m=90),
        Berth("b1", "b", "pb", "box", length_m=90),
        Berth("b2", "b", "pb", "box", length_m=90),
    )
    kinds = (
        CallKind(
            "small",
            "bulk",
            "a",
            2200,
            300,
            500,
            length_m=45,
            berthing_h=0.5,
            gang_most=2,
            yard="ya",
            yard_share=1,
            dwell_h=30,
        ),
        CallKind(
            "large",
            "bulk",
            "a",
            700,
            800,
            1000,
            length_m=80,
            berthing_h=0.7,
            gang_most=2,
            direction="out",
            handling_stages=2,
        ),
        CallKind(
            "boxes",
            "box",
            "b",
            1500,
            200,
            700,
            length_m=65,
            priority=1,
            yard="yb",
            yard_share=1,
            dwell_h=40,
            dwell_stages=2,
            inspected_share=0.4,
            inspection_h=5,
            rail_share=0.3,
        ),
        CallKind(
            "cold",
            "box",
            "b",
            300,
            200,
            300,
            length_m=65,
            priority=0,
            gang_least=1,
            gang_most=2,
            yard="yb",
            yard_share=0.5,
            dwell_h=5,
        ),
    )
    rows = {
        "berths": berths,
        "pools": (CranePool("pa", 4, 110.0), CranePool("pb", 2, 120.0)),
        "kinds": kinds,
        "yards": (Yard("ya", 6000.0), Yard("yb", 5000.0)),
        "inspectors": 1,
        "rail": Rail(12.0, 900.0),
    }
    return PortProblem(**{**rows, **more})


def test_chain_on_2000_calls():
    problem = chain()
    path = follow(problem, drawn(problem, 2000, 11, 0))
    assert (path.wait_h("yard") > 0).sum() > 20  # the yard does push back, trains and customs do wait
    assert np.nansum(path.wait_h("customs") > 0) > 20
    assert_equal(problem, drawn(problem, 2000, 11, 0))


@pytest.mark.parametrize("mode", ["finish", "resume", "restart", "fit"])
@pytest.mark.parametrize("overtake", [False, True])
def test_chain_with_shifts_and_closures(mode: str, overtake: bool):
    nights = tuple(
        Closure("cranes", name, 24 * d + 18.25, 24 * d + 31.5 - 8) for d in range(60) for name in ("pa", "pb")
    )
    closures = (
        *nights,
        Closure("berths", "a", 100.0, 160.0),
        Closure("customs", "customs", 50.0, 75.0),
        Closure("cranes", "pa", 24 * 60 + 30.0, 24 * 60 + 90.0, capacity=3),
    )
    base = chain(closures=closures, overtake=overtake)
    problem = replace(base, pools=tuple(replace(pool, mode=mode) for pool in base.pools), ageing_h=20.0)
    assert_equal(problem, drawn(problem, 700, 5, 2))


@pytest.mark.parametrize("hold_h", [0.0, 0.4])
@pytest.mark.parametrize("chambers", [1, 2])
def test_chain_behind_a_lock(hold_h: float, chambers: int):
    base = chain(
        lock=Lock(chambers, 3, 0.75, hold_h, others_per_h=0.8 * chambers),
        closures=(Closure("lock", "lock", 200.0, 230.0),),
    )
    problem = replace(
        base, kinds=tuple(replace(kind, lock_size=1.5 if kind.name == "large" else 1.0) for kind in base.kinds)
    )
    assert_equal(problem, drawn(problem, 800, 3, 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 3), st.booleans(), st.floats(0.5, 1.6))
def test_chain_on_any_draws(seed: int, gap_stages: int, strict: bool, load: float):
    problem = replace(chain(gap_stages=gap_stages, strict=strict), present=()).scaled(load)
    assert_equal(problem, drawn(problem, 150, seed, 0))


# -- draws -------------------------------------------------------------------------------------------------------------

MASK = 2**64 - 1


def plain_mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_splitmix64_published():
    """Seed 1234567, first three outputs."""
    outputs = [plain_mix((1234567 + (i + 1) * 0x9E3779B97F4A7C15) & MASK) for i in range(3)]
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    compiled = [uniform(np.uint64(1234567), i) for i in range(3)]
    assert compiled == [((z >> 11) + 0.5) * 2.0**-53 for z in outputs]


@settings(deadline=None)
@given(st.integers(0, 2**62), st.integers(0, 10_000), st.integers(0, 10**9), st.integers(0, 4))
def test_compiled_draws_have_the_plain_bits(seed: int, replication: int, index: int, stages: int):
    state = plain_mix((plain_mix((seed + 0x9E3779B97F4A7C15) & MASK) + replication * 0xD1B54A32D192ED03) & MASK)
    assert int(stream(seed, replication)) == state
    product = 1.0
    for k in range(stages):
        product *= ((plain_mix((state + (index + k + 1) * 0x9E3779B97F4A7C15) & MASK) >> 11) + 0.5) * 2.0**-53
    expected = -math.log(product) / stages if stages else 1.0
    assert erlang(np.uint64(state), index, stages) == pytest.approx(expected, rel=1e-14)


def test_a_berth_or_a_crane_more_changes_no_vessel():
    first = chain()
    second = replace(
        first,
        berths=(*first.berths, Berth("a4", "a", "pa", "bulk", length_m=90)),
        pools=(replace(first.pools[0], crane_count=6), first.pools[1]),
    )
    for one, other in zip(drawn(first, 500, 9, 4), drawn(second, 500, 9, 4), strict=True):
        assert np.array_equal(one, other)
