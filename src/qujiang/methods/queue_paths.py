"""Waits along one path: given arrivals and services in, waits out. The referees of any event engine."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray


def waits_first_come(arrivals_h: Sequence[float], services_h: Sequence[float], servers: int) -> NDArray[np.float64]:
    """Wait of each arrival before ``servers`` equal servers, first come first served [h].

    Parameters
    ----------
    arrivals_h
        Instants in rising order.
    services_h
        Service of each arrival, in the same order.

    References
    ----------
    Kiefer and Wolfowitz (1955), Transactions of the American Mathematical Society 78, 1-18, doi:10.2307/1992945

    Examples
    --------
    >>> waits_first_come([0, 1, 2, 3, 4, 10], [5, 4, 3, 2, 1, 1], 2).tolist()
    [0.0, 0.0, 3.0, 2.0, 3.0, 0.0]
    """
    free = [-np.inf] * servers
    heapify(free)
    waits = np.empty(len(arrivals_h))
    for k, (arrival, service) in enumerate(zip(arrivals_h, services_h, strict=True)):
        start = max(arrival, free[0])
        waits[k] = start - arrival
        heapreplace(free, start + service)
    return waits


def waits_of_one_server(gaps_h: Sequence[float], services_h: Sequence[float]) -> NDArray[np.float64]:
    """Lindley's recursion: wait' = max(0, wait + service - gap), the first arrival finding nobody [h].

    ``gaps_h[k]`` lies between arrival k and k+1; one entry fewer than services, or as many (the last is unused).

    >>> waits_of_one_server([1, 1, 1], [2, 0.5, 2, 1]).tolist()
    [0.0, 1.0, 0.5, 1.5]
    """
    services = np.asarray(services_h, dtype=float)
    steps = services[:-1] - np.asarray(gaps_h, dtype=float)[: len(services) - 1]
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    return walk - np.minimum.accumulate(walk)
