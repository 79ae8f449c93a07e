"""A simulation as files: its result, its stages, and one replication's log in three forms."""

from __future__ import annotations

from pathlib import Path

from qujiang.port import log
from qujiang.port.arrivals import drawn
from qujiang.port.path import follow
from qujiang.port.problem import PortProblem
from qujiang.port.replay import as_svg, replay
from qujiang.port.result import PortResult

#: Calls in the OCEL file: it is verbose, and a month is enough to look at.
OCEL_CALLS = 1000


def write_simulation(problem: PortProblem, result: PortResult, out: Path) -> None:
    """Write ``result.json``, ``stages.csv``, ``log.parquet``, ``log.csv``, ``log.ocel.json`` and ``week.svg`` into ``out``.

    The log is replication 0, a year from the empty port; an overloaded port has none, since its queues have no end.
    """
    import polars as pl

    out.mkdir(parents=True, exist_ok=True)
    answer = result.as_dict()
    log.write_json(answer, out / "result.json")
    log.write_events(pl.DataFrame(answer["stages"], infer_schema_length=None), out / "stages.csv")
    if result.overloaded:
        return
    path = follow(problem, drawn(problem, max(1, round(problem.calls_per_year)), result.seed, 0))
    frame = log.events(problem, path)
    log.write_events(frame, out / "log.parquet")
    log.write_events(frame, out / "log.csv")
    log.write_json(log.ocel(log.events(problem, path, calls=OCEL_CALLS)), out / "log.ocel.json")
    shown = replay(problem, path, from_h=problem.hours_h_per_year / 2)
    log.write_text(as_svg(shown, title="One week of the port", anchor="at anchor", yard="yard"), out / "week.svg")
