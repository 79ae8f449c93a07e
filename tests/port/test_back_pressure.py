"""A full stage stops the one before it: closed forms against the engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qujiang.port.arrivals import design
from qujiang.port.path import by_hand, follow
from qujiang.port.problem import Berth, CallKind, CranePool, PortProblem, Yard

HANDLING_H = 5.0
CALLS, RUN_IN, PATHS = 6000, 500, 30


def blocked(room: int) -> PortProblem:
    """One berth that is always wanted, a yard with places for lots, one inspector that empties it.

    The lot takes its place before the first lift and leaves the yard when it is inspected.
    """
    return PortProblem(
        (Berth("b", "t", "p", "any"),),
        (CranePool("p", 1, 100.0),),
        (CallKind("k", "any", "t", 1.0, 500, 500, yard="y", yard_share=1.0, inspected_share=1.0, inspection_h=1.0),),
        yards=(Yard("y", room * 500.0),),
        inspectors=1,
    )


@pytest.mark.parametrize("spaces", [0, 1, 3, 8])
def test_two_exponential_stations_with_spaces_between(spaces: int):
    """Equal rates, the first saturated, blocking after service: throughput mu (B + 2)/(B + 3).

    The engine's crane takes yard room before it lifts (blocking before service). A lot holds its room while the crane
    works, so with R places the second station has R - 1 behind the one being lifted; what is in the chain is at most R:
    a closed pair of exponential stations with R in it, whose throughput is mu R/(R + 1). Blocking after service with B
    spaces keeps at most B + 2 in the chain, hence R = B + 2. 30 paths of 5,500 counted calls, 4 standard errors.

    References
    ----------
    Hunt (1956), Operations Research 4, 674-683
    """
    problem, room = blocked(spaces + 2), spaces + 2
    rates = []
    for path_number in range(PATHS):
        rng = np.random.default_rng([spaces, path_number])
        calls = by_hand(
            np.zeros(CALLS),
            [0] * CALLS,
            100 * rng.exponential(HANDLING_H, CALLS),
            lot_t=np.full(CALLS, 500.0),
            inspect_h=rng.exponential(HANDLING_H, CALLS),
        )
        done = follow(problem, calls, port=design(problem)).at("out")
        out = np.sort(done)
        rates.append((CALLS - RUN_IN) / (out[-1] - out[RUN_IN - 1]) * HANDLING_H)
    exact = (spaces + 2) / (spaces + 3)
    assert exact == pytest.approx(room / (room + 1))
    error = np.std(rates, ddof=1) / math.sqrt(PATHS)
    assert error < 0.003
    assert (
        abs(np.mean(rates) - exact) < 4 * error + 2 * room / CALLS
    )  # the end of a path empties: room of so many calls
