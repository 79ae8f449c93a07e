"""One path of events: run the engine on given calls, and hold its log against what must always be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qujiang.errors import InfeasibleError, QujiangError
from qujiang.port import kernels
from qujiang.port.arrivals import design
from qujiang.port.kernels import COLUMNS, STATIONS, Calls, Port
from qujiang.port.problem import PortProblem

#: The columns of a path's log, in order: instants of one call [h].
INSTANTS = (
    "arrived",
    "lock_in",
    "locked_in",
    "berthed",
    "craned",
    "worked",
    "done",
    "left",
    "lock_out",
    "locked_out",
    "inspected",
    "released",
    "ready",
    "out",
)
#: station -> the instants between which it is waited for
WAITS = {
    "lock": ("arrived", "lock_in"),
    "berth": ("anchored", "berthed"),
    "crane": ("moored", "craned"),
    "yard": ("craned", "worked"),
    "customs": ("done", "inspected"),
    "rail": ("ready", "out"),
}


@dataclass(frozen=True, slots=True)
class Path:
    """What happened to every call: ``log`` [call, instant], the berth, the gang, ∫ queue dt by station [h]."""

    port: Port
    calls: Calls
    log: NDArray[np.float64]
    berth_of: NDArray[np.int64]
    gang_of: NDArray[np.int64]
    area_h: NDArray[np.float64]

    def at(self, instant: str) -> NDArray[np.float64]:
        """One instant of every call [h]; ``anchored`` and ``moored`` follow from others."""
        if instant == "anchored":
            return self.at("arrived") if self.port.chambers == 0 else self.at("locked_in")
        if instant == "moored":
            return self.at("berthed") + self.calls.berthing_h
        return self.log[:, INSTANTS.index(instant)]

    def wait_h(self, station: str) -> NDArray[np.float64]:
        """Wait of every call at a station [h]; NaN where it did not come there."""
        since, until = WAITS[station]
        return self.at(until) - self.at(since)


def follow(problem: PortProblem, calls: Calls, *, port: Port | None = None) -> Path:
    """Let ``calls`` pass through the port, and check the books.

    Raises
    ------
    InfeasibleError
        A job is longer than every shift of its cranes, or a resource stays closed for ever.
    """
    port = design(problem) if port is None else port
    count = len(calls.at_h)
    log, area = np.empty((count, COLUMNS)), np.zeros(STATIONS)
    berth_of, gang_of = np.full(count, -1), np.zeros(count, np.int64)
    code = kernels.run(port, calls, log, berth_of, gang_of, area, 0.0)
    path = Path(
        port, calls, np.ascontiguousarray(log.T).T, berth_of, gang_of, area
    )  # instants are read by column from here on
    if code == 1:
        raise InfeasibleError(
            "a call's handling is longer than every shift of its cranes; use mode resume or longer shifts"
        )
    stuck = int(np.sum((calls.side < 0) & np.isnan(path.at("left"))))
    if stuck:
        raise InfeasibleError(f"{stuck} calls never leave: a resource they need stays closed or too small to the end")
    check(path)
    return path


def by_hand(at_h: ArrayLike, kind: Sequence[int], work_t: ArrayLike, **more: Any) -> Calls:
    """Calls written out one by one; fields left out are 0 (``side`` -1)."""
    at = np.asarray(at_h, dtype=float)
    fields: dict[str, Any] = {name: np.zeros(len(at)) for name in Calls._fields}
    fields.update(at_h=at, work_t=np.asarray(work_t, dtype=float), kind=np.asarray(kind, np.int64))
    fields.update(side=np.full(len(at), -1), by_rail=np.zeros(len(at), np.int64), size=np.ones(len(at)))
    for name, values in more.items():
        fields[name] = np.asarray(values, dtype=fields[name].dtype)
    return Calls(**fields)


def check(path: Path) -> None:
    """Little's identity at every station, order of instants, and no resource used beyond its number.

    ∫ queue dt equals the sum of waits to rounding on a cleared path: any slip in the engine's books shows here.
    """
    waits = [
        path.wait_h("lock"),
        path.wait_h("berth"),
        path.wait_h("crane"),
        path.wait_h("yard"),
        path.wait_h("customs"),
    ]
    if path.port.chambers:
        outward = np.where(path.calls.side < 0, path.at("left"), path.at("arrived"))
        waits[0] = np.concatenate([waits[0], path.at("lock_out") - outward])
    for station, (wait, area) in enumerate(zip(waits, path.area_h, strict=True)):
        total, span = float(np.nansum(wait)), max(1.0, float(np.nanmax(path.log, initial=0.0)))
        if abs(total - area) > 1e-9 * span * max(1, len(wait)) or np.nanmin(wait, initial=0.0) < -1e-9 * span:
            raise QujiangError(
                f"the books do not close at station {station}: sum of waits {total:g} h, queue integral {area:g} h"
            )
    called = path.calls.side < 0
    _never_above(
        path.at("berthed")[called], path.at("left")[called], path.berth_of[called], np.ones(len(path.port.berth_pool))
    )


def _never_above(since: NDArray[Any], until: NDArray[Any], which: NDArray[Any], most: NDArray[Any]) -> None:
    """Each berth holds one vessel at a time: stays of one berth, in order, do not overlap."""
    order = np.lexsort((since, which))
    same = which[order][1:] == which[order][:-1]
    if np.any(since[order][1:][same] < until[order][:-1][same]):
        raise QujiangError("the books do not close: two vessels at one berth")
