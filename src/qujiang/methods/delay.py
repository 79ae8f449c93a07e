"""Delay curves: cost of one unit as a function of flow, with slope, integral and marginal cost.

Four kinds of link, told by a code:

==================  ===========================================================================================
``CONSTANT``        ``base``
``BPR``             ``base + factor * (flow / capacity) ** power``; the printed form has ``factor = b * base``
``SINGLE_SERVER``   ``base + factor * r / (1 - r)``, r = flow / capacity: the wait of M/G/1 with
                    ``factor = (1 + cs2) / 2 * service time * value of time``
``MULTI_SERVER``    ``base + factor * C(s, s r) / (s (1 - r))``, s = ``power`` servers, C = Erlang's formula: the wait of
                    M/G/s by Allen and Cunneen, with the same factor; s = 1 is ``SINGLE_SERVER``
==================  ===========================================================================================

A queue's cost is infinite at and above capacity: there is no steady state. It is never clamped. The capacity of a road is
a practical value, not a wall. Flow and capacity carry one unit, any; the rest is in units of cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CONSTANT, BPR, SINGLE_SERVER, MULTI_SERVER = range(4)


@dataclass(frozen=True, slots=True)
class Curves:
    """One delay curve a link; every field has shape (links,). Make it with `curves`, which checks it."""

    kind: NDArray[np.int8]
    base: Floats
    factor: Floats
    capacity: Floats
    power: Floats

    @property
    def is_queue(self) -> NDArray[np.bool_]:
        """True where flow must stay below capacity."""
        return self.kind >= SINGLE_SERVER


def curves(
    base: ArrayLike,
    *,
    kind: ArrayLike = CONSTANT,
    factor: ArrayLike = 0.0,
    capacity: ArrayLike = 1.0,
    power: ArrayLike = 1.0,
) -> Curves:
    """Delay curves of links; values are spread over the links of ``base``.

    A factor of 0, or a BPR curve of power 0 or without capacity, is a constant: no 0 ** 0 and no division by 0 is left.

    Raises
    ------
    ValueError
        A value is negative or not finite, a queue has no capacity, or a number of servers is not whole.
    """
    bases = np.array(base, dtype=np.float64, ndmin=1)
    shape = bases.shape
    kinds = np.broadcast_to(np.asarray(kind, dtype=np.int8), shape).copy()
    factors, capacities, powers = (
        np.broadcast_to(np.asarray(values, dtype=np.float64), shape).copy() for values in (factor, capacity, power)
    )
    for name, values in (("base", bases), ("factor", factors), ("power", powers)):
        if not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise ValueError(f"{name} must be finite and not negative")
    queue = kinds >= SINGLE_SERVER
    if (kinds < CONSTANT).any() or (kinds > MULTI_SERVER).any():
        raise ValueError("kind must be CONSTANT, BPR, SINGLE_SERVER or MULTI_SERVER")
    if not (capacities[queue] > 0.0).all() or not np.isfinite(capacities[queue]).all():
        raise ValueError("a queue needs a positive, finite capacity")
    servers = powers[kinds == MULTI_SERVER]
    if (servers < 1.0).any() or (servers != np.floor(servers)).any():
        raise ValueError("the number of servers (power) must be whole and at least 1")
    flat_road = (kinds == BPR) & ((powers == 0.0) | ~(capacities > 0.0))
    bases[flat_road & (powers == 0.0)] += factors[flat_road & (powers == 0.0)]
    kinds[flat_road] = CONSTANT
    kinds[(factors == 0.0) & ~queue] = CONSTANT
    still = kinds == CONSTANT
    factors[still], capacities[still], powers[still] = 0.0, 1.0, 1.0
    return Curves(kinds, bases, factors, capacities, powers)


def bpr(free_flow: ArrayLike, b: ArrayLike, capacity: ArrayLike, power: ArrayLike) -> Curves:
    """Curves of the Bureau of Public Roads: ``free_flow * (1 + b * (flow / capacity) ** power)``.

    Examples
    --------
    >>> round(float(delay(bpr(30.0, 0.15, 2000.0, 4.0), [2600.0])[0]), 5)
    42.85245

    References
    ----------
    Bureau of Public Roads (1964), Traffic Assignment Manual
    """
    free = np.array(free_flow, dtype=np.float64, ndmin=1)
    return curves(free, kind=BPR, factor=free * np.asarray(b, dtype=np.float64), capacity=capacity, power=power)


def delay(of: Curves, flow: ArrayLike) -> Floats:
    """Cost of one unit at a flow; infinite where a queue is full."""
    return of.base + of.factor * _shape(of, _ratio(of, flow), 0)


def delay_slope(of: Curves, flow: ArrayLike) -> Floats:
    """Derivative of the cost by flow; infinite where a queue is full."""
    return of.factor * _shape(of, _ratio(of, flow), 1) / of.capacity


def delay_integral(of: Curves, flow: ArrayLike) -> Floats:
    """Integral of the cost from 0 to a flow: the link's part of the Beckmann objective."""
    volume = np.asarray(flow, dtype=np.float64)
    return of.base * volume + of.factor * of.capacity * _shape(of, _ratio(of, flow), -1)


def marginal_cost(of: Curves, flow: ArrayLike) -> Floats:
    """Cost that one more unit causes to all: ``cost + flow * slope``."""
    volume = np.asarray(flow, dtype=np.float64)
    toll = np.zeros(np.broadcast_shapes(volume.shape, of.base.shape))
    np.multiply(volume, delay_slope(of, flow), out=toll, where=(volume > 0.0) & (of.factor > 0.0))
    return delay(of, flow) + toll


def scaled(of: Curves, scale: ArrayLike) -> Curves:
    """The same curves in another unit of cost (a value of time, say)."""
    by = np.asarray(scale, dtype=np.float64)
    return replace(of, base=of.base * by, factor=of.factor * by)


def waits_multi_server(servers: int, utilisation: ArrayLike) -> Floats:
    """Mean wait of M/M/s in units of one service time: ``C(s, s r) / (s (1 - r))``; infinite from r = 1.

    References
    ----------
    Erlang (1917); Allen (1990), Probability, Statistics and Queueing Theory, section 5.3
    """
    ratio = np.asarray(utilisation, dtype=np.float64)
    kinds = curves(np.zeros(ratio.shape or 1), kind=MULTI_SERVER, factor=1.0, power=float(servers))
    return delay(kinds, ratio).reshape(ratio.shape)


def _ratio(of: Curves, flow: ArrayLike) -> Floats:
    volume = np.asarray(flow, dtype=np.float64)
    if not (volume >= 0.0).all():
        raise ValueError("flow must not be negative or NaN")
    return np.broadcast_to(volume / of.capacity, np.broadcast_shapes(volume.shape, of.base.shape))


def _shape(of: Curves, ratio: Floats, derivative: int) -> Floats:
    """Curve without base and factor at flow / capacity: its value, slope (1) or integral (-1)."""
    answer = np.zeros(ratio.shape)
    for kind, of_kind in ((BPR, _bpr), (SINGLE_SERVER, _single), (MULTI_SERVER, _multi)):
        here = np.broadcast_to(of.kind == kind, ratio.shape)
        if here.any():
            power = np.broadcast_to(of.power, ratio.shape)[here]
            answer[here] = of_kind(ratio[here], power, derivative)
    return answer


def _bpr(ratio: Floats, power: Floats, derivative: int) -> Floats:
    if derivative == 0:
        return ratio**power
    if derivative < 0:
        return ratio ** (power + 1.0) / (power + 1.0)
    steep = (ratio <= 0.0) & (
        power < 1.0
    )  # the slope is infinite there; a search needs a number: the value at the foot
    safe = np.where(steep, 1.0, ratio)
    return np.where(steep, np.inf, power * safe ** (power - 1.0))


def _single(ratio: Floats, power: Floats, derivative: int) -> Floats:
    idle = np.where(ratio < 1.0, 1.0 - ratio, np.nan)
    answers = {-1: -ratio - np.log(idle), 0: ratio / idle, 1: idle**-2}
    return np.where(ratio < 1.0, answers[derivative], np.inf)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def _multi(ratio: Floats, servers: Floats, derivative: int) -> Floats:
    below = np.where(ratio < 1.0, ratio, 0.0)
    load = servers * below
    if derivative < 0:
        points = load[..., None] * (_NODES + 1.0) / 2.0
        blocked = _erlang_b(points, servers[..., None])
        smooth = (1.0 - blocked) / (servers[..., None] - points * (1.0 - blocked))
        answer = (-np.log1p(-below) - (smooth @ _WEIGHTS) * load / 2.0) / servers
    else:
        blocked = _erlang_b(load, servers)
        under = servers - load * (1.0 - blocked)
        value = servers * blocked / under / (servers - load)
        rise = np.where(load > 0.0, servers / np.where(load > 0.0, load, 1.0) - 1.0 + blocked, 0.0) * blocked
        rise = np.where((load == 0.0) & (servers == 1.0), 1.0, rise)
        cross = servers * (rise * under - blocked * (blocked - 1.0 + load * rise)) / under**2
        answer = value if derivative == 0 else servers * (cross + value) / (servers - load)
    return np.where(ratio < 1.0, answer, np.inf)


def _erlang_b(load: Floats, servers: Floats) -> Floats:
    """Share of arrivals that find all servers busy, if none may wait."""
    blocked = np.ones(np.broadcast_shapes(load.shape, servers.shape))
    for k in range(1, int(servers.max(initial=0.0)) + 1):
        blocked = np.where(k <= servers, load * blocked / (k + load * blocked), blocked)
    return blocked
