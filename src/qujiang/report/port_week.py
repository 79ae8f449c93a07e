"""A week of the simulated port, vessel by vessel, and how it stands at one hour; for a picture that moves and for its words."""

from __future__ import annotations

from typing import Any

from qujiang.port.arrivals import drawn
from qujiang.port.path import follow
from qujiang.port.problem import PortProblem
from qujiang.port.replay import Replay, replay, visits
from qujiang.port.result import PortResult

HOURS = 168
#: Vessels that come within these hours are shown on their way in.
AHEAD_H = 3.0
Json = dict[str, Any]


def week(problem: PortProblem, result: PortResult) -> tuple[Json, Replay] | None:
    """The middle week of the first replication; None where the port is overloaded, for its queues have no end."""
    if result.overloaded:
        return None
    path = follow(problem, drawn(problem, max(1, round(problem.calls_per_year)), result.seed, 0))
    from_h = problem.hours_h_per_year / 2
    shown = replay(problem, path, from_h=from_h, hours=HOURS)
    every = [
        {
            "berth": visit.berth,
            "anchored_h": round(visit.anchored_h, 3),
            "berthed_h": round(visit.berthed_h, 3),
            "left_h": round(visit.left_h, 3),
            "direction": visit.direction,
            "load_t": round(visit.load_t, 1),
        }
        for visit in visits(problem, path, from_h=from_h, hours=HOURS)
    ]
    told: Json = {
        "hours": HOURS,
        "ahead_h": AHEAD_H,
        "berths": [{"name": berth.name, "pool": berth.pool} for berth in problem.berths],
        "visits": every,
        "fill": {name: [list(step) for step in steps] for name, steps in shown.fill.items()},
    }
    return told, shown


def at_hour(told: Json, hour: float) -> Json:
    """Who is where at an hour: visits on their way in, at anchor, and by berth; yards' shares."""
    arriving, anchored, berthed = [], [], {}
    for visit in told["visits"]:
        if hour < visit["anchored_h"] <= hour + told["ahead_h"]:
            arriving.append(visit)
        elif visit["anchored_h"] <= hour < visit["berthed_h"]:
            anchored.append(visit)
        elif visit["berthed_h"] <= hour < visit["left_h"]:
            berthed[visit["berth"]] = visit
    fill = {
        name: max((step for step in steps if step[0] <= hour), default=(0.0, 0.0))[1]
        for name, steps in told["fill"].items()
    }
    return {"arriving": arriving, "anchored": anchored, "berthed": berthed, "fill": fill}


def busiest_hour(told: Json) -> int:
    """The full hour with most vessels in port."""
    spans = [(visit["anchored_h"], visit["left_h"]) for visit in told["visits"]]
    return max(range(told["hours"]), key=lambda hour: sum(a <= hour < b for a, b in spans))
