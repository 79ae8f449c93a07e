"""Wait as a smooth rising function of load, from a few exact values: fast enough for a loop over flows and futures.

(1 - u)·W/S is bounded and smooth on 0 <= u <= 1, so it is interpolated, never W itself, which is not bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.methods.queues import wait_over_service

#: Utilisations at which the exact value is computed.
GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class WaitCurve:
    """Mean wait of one queue as a function of the flow offered to it.

    ``capacity_per_h`` is the flow at utilisation 1, where a wait does not exist: above it ``wait_h`` is NaN and
    ``excess_per_h`` says what is too much. Nothing is clamped.
    """

    arrival: str
    service: str
    servers: int
    service_h: float

    @property
    def capacity_per_h(self) -> float:
        return self.servers / self.service_h

    def wait_h(self, flow_per_h: ArrayLike) -> NDArray[np.float64]:
        """Mean wait [h] at each flow [1/h]; NaN from the capacity on.

        >>> curve = WaitCurve("M", "M", 1, 2.0)
        >>> curve.wait_h([0.25, 0.6]).round(9).tolist()
        [2.0, nan]
        """
        utilisation = np.asarray(flow_per_h, dtype=float) / self.capacity_per_h
        shape = _shape(self.arrival, self.service, self.servers)
        steady = (utilisation >= 0) & (utilisation < 1)
        inside = np.where(steady, utilisation, 0.0)
        return np.where(steady, self.service_h * shape(inside) / (1 - inside), np.nan)

    def excess_per_h(self, flow_per_h: ArrayLike) -> NDArray[np.float64]:
        """Flow above the capacity [1/h], by which the queue grows; 0 below."""
        return np.maximum(0.0, np.asarray(flow_per_h, dtype=float) - self.capacity_per_h)


@lru_cache(maxsize=512)
def _shape(arrival: str, service: str, servers: int) -> Any:
    from scipy.interpolate import PchipInterpolator

    known = np.array([(1 - u) * wait_over_service(arrival, service, servers, u) for u in GRID])
    limit = known[-1] + (known[-1] - known[-2]) / (GRID[-1] - GRID[-2]) * (1 - GRID[-1])
    return PchipInterpolator([*GRID, 1.0], [*known, limit])
