"""The port page: how long ships wait, what another port would do, and a week of it that moves."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from qujiang.errors import DataError, Fault, QujiangError
from qujiang.port.busiest import busiest_month, month_factor
from qujiang.port.problem import MOST_BERTHS, PortProblem
from qujiang.port.replay import Replay
from qujiang.port.result import PortResult
from qujiang.port.rows import port_problem
from qujiang.port.simulate import simulate
from qujiang.port.what_if import MOST_CRANES, MOST_OF_A_POOL, Units, faults_of, units_of, with_all
from qujiang.report import port_rows
from qujiang.report.port_week import at_hour, busiest_hour, week
from qujiang.web.pages.face import Face
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.views import View, view
from qujiang.web.pages.warm import Warm
from qujiang.words import names_by_id

router = APIRouter(include_in_schema=False)
#: No further batch of replications is begun after so many seconds.
LIMIT_S = 4.0
#: A stage that is used so much is shown even where nobody waits for it.
BUSY = 0.5
LEAST_T, MOST_T = 10_000, 60_000_000
_runs: Warm = Warm(64, at_once=1)


@dataclass(frozen=True, slots=True)
class Port:
    """One port and what its simulation says; ``week`` is None where it is overloaded."""

    problem: PortProblem
    result: PortResult
    answer: Mapping[str, Any]
    busiest: Mapping[str, Any] | None
    week: Mapping[str, Any] | None
    replay: Replay | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as typed, its faults, and what is wanted where there are none; ``units`` empty: today's."""

    values: Mapping[str, str]
    faults: tuple[Fault, ...]
    tonnes: float | None
    units: tuple[Units, ...]


@view(router, "/port", "port.html.j2")
def port(face: PublicFace, hour: str = "") -> View:
    """Today's port, and beside it the port of the form."""
    district = district_of(face.settings)
    base = port_problem(district)
    asked = _asked(face, base)
    if asked.faults and face.path.endswith((".json", ".csv")):
        raise DataError(asked.faults)
    now = _run(face, None, ())
    changed = None if asked.tonnes is None and not asked.units else _run(face, asked.tonnes, asked.units)
    shown = changed or now
    named = port_rows.names(names_by_id(district["terminals"].to_dicts()))
    data = {
        "asked": {"throughput_t_per_year": asked.tonnes, "units": [_unit(unit) for unit in asked.units]},
        "now": now.answer,
        "changed": None if changed is None else changed.answer,
        "busiest_month": shown.busiest,
        "week": shown.week,
    }
    aside = {
        **_form(face, asked, base, named),
        **_words(shown, now, changed, named),
        **_still(shown, hour),
        "named": named,
    }
    return View(data, _rows(now, changed), aside, status=422 if asked.faults else 200)


def _unit(unit: Units) -> dict[str, Any]:
    return {"pool": unit.pool, "berth_count": unit.berth_count, "crane_count": unit.crane_count}


def _run(face: Face, tonnes: float | None, units: tuple[Units, ...]) -> Port:
    return _runs.get((folder_of(face.settings), tonnes, units), lambda: _simulated(face, tonnes, units))


def _simulated(face: Face, tonnes: float | None, units: tuple[Units, ...]) -> Port:
    """Simulate within the limit of time: what is not precise by then says so by its interval."""
    district = district_of(face.settings)
    problem = with_all(port_problem(district, throughput_t_per_year=tonnes), units)
    end = time.monotonic() + LIMIT_S

    def late(_count: int, _width: float) -> bool:
        return time.monotonic() > end

    result = simulate(problem, workers=1, stop=late)
    factor, busiest = month_factor(district), None
    if factor is not None and not result.overloaded and not late(0, 0):
        found = busiest_month(problem, factor, stop=late)
        if found.stopped_by != "stop":
            told_ = {name: value for name, value in found.as_dict().items() if name != "assumptions"}
            busiest = {"month_factor": factor, **told_}
    told = week(problem, result)
    return Port(problem, result, result.as_dict(), busiest, *(told or (None, None)))


# -- the form ----------------------------------------------------------------------------------------------------------


def _asked(face: Face, base: PortProblem) -> Asked:
    given, today = face.request.query_params, units_of(base)
    values = {
        name: given.get(name, "").strip()[:20] for name in ("tonnes", *(n for unit in today for n in _names(unit)))
    }
    faults: list[Fault] = []
    tonnes = _tonnes(face, values["tonnes"], faults)
    tonnes = None if tonnes is not None and abs(tonnes - base.t_per_year) < 1 else tonnes
    units = []
    for unit in today:
        berths, cranes = (_count(face, name, values[name], faults) for name in _names(unit))
        now = Units(
            unit.pool, unit.berth_count if berths is None else berths, unit.crane_count if cranes is None else cranes
        )
        units.append(now)
    wanted = tuple(units)
    if not faults:
        for where, rule in faults_of(wanted):
            field = "tonnes" if where is None else where.replace(" ", "_", 1).replace(" ", "_")
            said = face.say(f"web.port.fault.{rule}", most=MOST_BERTHS, berths=MOST_OF_A_POOL, cranes=MOST_CRANES)
            faults.append(Fault("form", None, field, None, said, ""))
    if not faults and wanted != today:
        try:
            with_all(base, wanted)
        except QujiangError as error:
            faults.append(Fault("form", None, "tonnes", None, face.refusal(str(error)), ""))
    if faults:
        return Asked(values, tuple(faults), None, ())
    return Asked(values, (), tonnes, wanted if wanted != today else ())


def _names(unit: Units) -> tuple[str, str]:
    own = unit.pool.replace(" ", "_")
    return f"berths_{own}", f"cranes_{own}"


def _tonnes(face: Face, text: str, faults: list[Fault]) -> float | None:
    if not text:
        return None
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = math.nan
    if LEAST_T <= value <= MOST_T:
        return value
    rule = face.say("web.port.fault.tonnes", low=f"{LEAST_T:,}", high=f"{MOST_T:,}")
    faults.append(Fault("form", None, "tonnes", text, rule, ""))
    return None


def _count(face: Face, name: str, text: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        faults.append(Fault("form", None, name, text, face.say("web.port.fault.whole"), ""))
        return None
    return int(text)


def _form(face: Face, asked: Asked, base: PortProblem, named: port_rows.Named) -> dict[str, Any]:
    pools = []
    for unit in units_of(base):
        berths, cranes = _names(unit)
        pools.append(
            {
                "name": named(unit.pool).of(face.language),
                "berths": (berths, asked.values[berths] or unit.berth_count, unit.berth_count, MOST_OF_A_POOL),
                "cranes": (cranes, asked.values[cranes] or unit.crane_count, unit.crane_count, MOST_CRANES),
            }
        )
    return {
        "pools": pools,
        "tonnes": asked.values["tonnes"] or f"{base.t_per_year:.0f}",
        "bounds": (LEAST_T, MOST_T),
        "faults": [{"field": fault.column, "text": fault.rule} for fault in asked.faults],
    }


# -- the answer --------------------------------------------------------------------------------------------------------


def _words(shown: Port, now: Port, changed: Port | None, named: port_rows.Named) -> dict[str, Any]:
    before = {(row["stage"], row["name"]): row for row in now.answer["stages"]}
    stages: list[dict[str, Any]] = []
    idle: list[dict[str, Any]] = []
    for row, told in zip(shown.answer["stages"], port_rows.stage_rows(shown.answer, named), strict=True):
        old = before.get((row["stage"], row["name"]))
        was = None if changed is None or old is None else port_rows.hours(old["wait_h"])
        told_ = {"told": told, "before": was}
        waits = (row["wait_h"] or 0) >= port_rows.UNSEEN_H or row["state"] != "steady" or row["utilisation"] >= BUSY
        (stages if waits or (old is not None and (old["wait_h"] or 0) >= port_rows.UNSEEN_H) else idle).append(told_)
    return {
        "told_answer": port_rows.sentences(shown.answer, named, shown.busiest),
        "no_month": shown.busiest is None and not shown.result.overloaded,
        "stages": [("waits", stages), ("idle", idle)],
        "compared": [("now", now.answer)] + ([] if changed is None else [("changed", changed.answer)]),
        "assumptions": [port_rows.assumption(text) for text in shown.result.assumptions],
        "hours": port_rows.hours,
        "part_of": port_rows.part_of,
        "binding": lambda answer: port_rows.binding(answer, named),
        "days": [] if shown.replay is None else port_rows.week_rows(shown.replay),
    }


def _still(shown: Port, hour: str) -> dict[str, Any]:
    """How the week stands at the hour of the address, or at its busiest one."""
    if shown.week is None:
        return {"hour": 0, "stand": None, "rows_of_berths": {}}
    known = hour.isascii() and hour.isdigit() and len(hour) < 4 and int(hour) < shown.week["hours"]
    at = int(hour) if known else busiest_hour(dict(shown.week))
    rows: dict[str, list[int]] = {}
    for number, berth in enumerate(shown.week["berths"]):
        rows.setdefault(berth["pool"], []).append(number)
    return {"hour": at, "stand": at_hour(dict(shown.week), at), "rows_of_berths": rows}


def _rows(now: Port, changed: Port | None) -> list[dict[str, Any]]:
    """One line a stage: of today's port, and of the changed one."""
    both = [("now", now)] + ([] if changed is None else [("changed", changed)])
    return [{"port": name, **row} for name, port_ in both for row in port_.answer["stages"]]
