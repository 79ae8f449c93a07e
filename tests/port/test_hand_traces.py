"""Paths worked out by hand (methods, 5.1): shifts, fit, lock, ties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qujiang.errors import DataError
from qujiang.port.path import by_hand, follow
from qujiang.port.problem import Berth, CallKind, Closure, CranePool, Lock, PortProblem, Yard


def kind(name: str, **more) -> CallKind:
    return CallKind(name, "any", "t", 1.0, 1.0, 1.0, **more)


def berths(count: int, pool: str = "p") -> tuple[Berth, ...]:
    return tuple(Berth(f"b{k}", "t", pool, "any") for k in range(count))


@pytest.mark.parametrize(
    ("mode", "overtake", "ends"),
    [
        ("finish", False, (11, 17)),
        ("resume", False, (19, 20)),
        ("restart", False, (21, 22)),
        ("fit", False, (21, 22)),
        ("fit", True, (21, 8)),
    ],
)
def test_shift(mode: str, overtake: bool, ends: tuple[float, float]):
    """Shift [0,8) and [16,24), one crane; job 1 needs 5 h from 6, job 2 needs 1 h from 7."""
    problem = PortProblem(
        berths(2),
        (CranePool("p", 1, 1.0, mode=mode),),
        (kind("k"),),
        closures=(Closure("cranes", "p", 8, 16), Closure("cranes", "p", 24, 40)),
        overtake=overtake,
    )
    path = follow(problem, by_hand([6, 7], [0, 0], [5, 1]))
    assert path.at("done").tolist() == list(ends)


@pytest.mark.parametrize(
    ("strict", "reserve", "waits"),
    [(False, False, [0, 0, 3.9, 3.7]), (True, False, [0, 0, 3.9, 3.8]), (False, True, [0, 3.9, 0, 7.7])],
)
def test_fit(strict: bool, reserve: bool, waits: list[float]):
    """Berths A (up to 500 t) and B (up to 1,000 t), 4 h each; B may be kept for vessels over 500 t."""
    closed = {("large", "A")} | ({("small", "B")} if reserve else set())
    problem = PortProblem(
        (Berth("A", "t", "p", "any"), Berth("B", "t", "p", "any")),
        (CranePool("p", 2, 1.0),),
        (kind("small"), kind("large")),
        strict=strict,
        closed_to=frozenset(closed),
    )
    path = follow(problem, by_hand([0, 0.1, 0.2, 0.3], [0, 0, 1, 0], [4, 4, 4, 4]))
    assert path.wait_h("berth") == pytest.approx(waits, abs=1e-12)
    assert path.area_h[1] == pytest.approx(sum(waits), abs=1e-12)


def lock_problem(hold_h: float) -> PortProblem:
    return PortProblem(berths(1), (CranePool("p", 1, 1.0),), (kind("k"),), lock=Lock(1, 2, 0.5, hold_h))


@pytest.mark.parametrize(
    ("hold_h", "waits", "end"),
    [(0.0, [0, 0.9, 0.8, 0.2], 1.5), (0.15, [0.1, 0, 1.2, 0.45], 1.9)],
)
def test_lock(hold_h: float, waits: list[float], end: float):
    """A chamber of 2, half an hour a movement, on side 0 at the start; three from side 0, one from side 1."""
    calls = by_hand([0, 0.1, 0.2, 0.3], [0] * 4, [0] * 4, side=[0, 0, 0, 1])
    path = follow(lock_problem(hold_h), calls)
    assert path.at("lock_out") - path.at("arrived") == pytest.approx(waits, abs=1e-12)
    assert np.nanmax(path.at("locked_out")) == pytest.approx(end, abs=1e-12)
    assert path.area_h[0] == pytest.approx(sum(waits), abs=1e-12)


def test_tie_ends_before_arrivals():
    """Gap = service = 1, one berth: nobody waits."""
    problem = PortProblem(berths(1), (CranePool("p", 1, 1.0),), (kind("k"),))
    path = follow(problem, by_hand(np.arange(50.0), [0] * 50, np.ones(50)))
    assert np.all(path.wait_h("berth") == 0)


def test_work_due_at_the_closing():
    """What ends at 8 is done; what is due to start at 8, when the shift ends, does not start."""
    problem = PortProblem(berths(2), (CranePool("p", 1, 1.0),), (kind("k"),), closures=(Closure("cranes", "p", 8, 16),))
    path = follow(problem, by_hand([5, 6], [0, 0], [3, 1]))
    assert path.at("done").tolist() == [8, 17]


def test_second_crane_only_if_nobody_waits():
    """Three cranes, up to two a vessel: the third vessel gets the third crane, the fourth waits."""
    problem = PortProblem(berths(4), (CranePool("p", 3, 1.0, interference_exponent=1.0),), (kind("k", gang_most=2),))
    path = follow(problem, by_hand([0, 1, 2], [0, 0, 0], [10, 10, 10]))
    assert path.gang_of.tolist() == [2, 1, 2]
    assert path.at("craned").tolist() == [0, 1, 5]


def test_full_yard_holds_crane_and_berth():
    """Room for one lot of 10 t that stays 6 h: the second vessel holds its crane from 4 until the first lot leaves at 10."""
    problem = PortProblem(
        berths(2),
        (CranePool("p", 2, 10.0),),
        (CallKind("k", "any", "t", 1, 10, 10, yard="y", yard_share=1.0),),
        yards=(Yard("y", 10.0),),
    )
    path = follow(problem, by_hand([3, 4], [0, 0], [10, 10], lot_t=[10, 10], dwell_h=[6, 6]))
    assert path.at("worked").tolist() == [3, 10]
    assert path.at("left").tolist() == [4, 11]
    assert path.at("out").tolist() == [10, 17]


def test_customs_and_train():
    """One inspector, 2 h each; then 1 h of dwell; a train at every 10 h takes 15 t."""
    from qujiang.port.problem import Rail

    problem = PortProblem(
        berths(2),
        (CranePool("p", 2, 10.0),),
        (
            CallKind(
                "k", "any", "t", 1, 10, 10, yard="y", yard_share=1.0, inspected_share=1, inspection_h=2, rail_share=1
            ),
        ),
        yards=(Yard("y"),),
        inspectors=1,
        rail=Rail(10, 15),
    )
    calls = by_hand([0, 0], [0, 0], [10, 10], lot_t=[10, 10], inspect_h=[2, 2], dwell_h=[1, 1], by_rail=[1, 1])
    path = follow(problem, calls)
    assert path.at("inspected").tolist() == [1, 3]
    assert path.at("ready").tolist() == [4, 6]
    assert path.at("out").tolist() == [10, 20]  # 15 t in the first train; the last 5 t leave with the second


def test_priority_and_ageing():
    """One berth busy until 10. Class 1 came at 1, class 0 at 9: class 0 first, unless 5 h of waiting are worth a class."""

    def order(ageing_h: float) -> list[float]:
        problem = PortProblem(
            berths(1), (CranePool("p", 1, 1.0),), (kind("later", priority=1), kind("first")), ageing_h=ageing_h
        )
        return follow(problem, by_hand([0, 1, 9], [0, 0, 1], [10, 1, 1])).at("berthed").tolist()

    assert order(math.inf) == [0, 11, 10]
    assert order(5.0) == [0, 10, 11]


def test_closed_channel_keeps_vessels_out():
    problem = PortProblem(berths(1), (CranePool("p", 1, 1.0),), (kind("k"),), closures=(Closure("berths", "t", 2, 5),))
    path = follow(problem, by_hand([1, 3], [0, 0], [3, 1]))
    assert path.at("berthed").tolist() == [1, 5]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"kinds": (CallKind("huge", "any", "t", 1, 1, 1, length_m=200),)},
            "huge: fits no berth .length 200 m > 100 m",
        ),
        ({"kinds": (CallKind("ore", "ore", "t", 1, 1, 1),)}, "ore: fits no berth .cargo"),
        ({"pools": (CranePool("p", 0, 1.0),)}, "has 0 cranes"),
        ({"pools": (CranePool("p", 1, 1.0, mode="stop"),)}, "mode stop must be one of"),
        ({"closures": (Closure("cranes", "p", 3, 9), Closure("cranes", "p", 5, 7))}, "overlaps 3-9 h"),
        ({"closures": (Closure("cranes", "p", 9, 3),)}, "must end after it begins"),
        ({"closures": (Closure("cranes", "q", 1, 3),)}, "no such cranes: q"),
        (
            {"kinds": (CallKind("k", "any", "t", 1, 1, 1, lock_size=3),), "lock": Lock(1, 2, 0.5)},
            "larger .3. than the lock chamber",
        ),
    ],
)
def test_faults_are_one_sentence_each(change: dict, sentence: str):
    rows = {
        "berths": (Berth("b", "t", "p", "any", length_m=100),),
        "pools": (CranePool("p", 1, 1.0),),
        "kinds": (kind("k"),),
    }
    with pytest.raises(DataError, match=sentence):
        PortProblem(**{**rows, **change})
