"""The port page: how long ships wait, what another port would do, and a week of it that moves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from qujiang.errors import DataError, Fault, QujiangError
from qujiang.port.problem import MOST_BERTHS, PortProblem
from qujiang.port.rows import port_problem
from qujiang.port.what_if import MOST_CRANES, MOST_OF_A_POOL, Units, faults_of, units_of, with_all
from qujiang.report import port_rows
from qujiang.report.port_told import rests_on
from qujiang.report.port_week import at_hour, busiest_hour
from qujiang.web.pages.face import Face
from qujiang.web.pages.later import Running
from qujiang.web.pages.place import district_of
from qujiang.web.pages.port_runs import LIMIT_S, PATIENCE_S, TWIN_PATIENCE_S, Known, Port, known_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.sources import titles_of, told_by
from qujiang.web.pages.views import View, view
from qujiang.words import names_by_id

router = APIRouter(include_in_schema=False)
#: A stage that is used so much is shown even where nobody waits for it.
BUSY = 0.5
LEAST_T, MOST_T = 10_000, 60_000_000


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
    twin = face.path.endswith((".json", ".csv"))
    if asked.faults and twin:
        raise DataError(asked.faults)
    known = known_of(face, asked.tonnes, asked.units, TWIN_PATIENCE_S if twin else PATIENCE_S)
    now, changed, shown = known.now, known.changed, known.shown
    named = port_rows.names(names_by_id(district["terminals"].to_dicts()))
    rests = rests_on(district)
    busiest = None if isinstance(known.busiest, Running) else known.busiest
    data = {
        "asked": {"throughput_t_per_year": asked.tonnes, "units": [_unit(unit) for unit in asked.units]},
        "simulating": list(known.running),
        "now": now.answer,
        "changed": None if changed is None else changed.answer,
        "busiest_month": busiest,
        "week": shown.week,
        "rests_on": rests,
    }
    aside = {
        **_form(face, asked, base, named),
        **_words(known, busiest, named),
        **_still(shown, hour),
        **_progress(known),
        "named": named,
        "source": told_by(face, titles_of(district)),
        "typed_tonnes": asked.tonnes is not None,
        "limit_s": LIMIT_S,
    }
    return View(data, _rows(now, changed), aside, status=422 if asked.faults else 200)


@router.get("/port/part")
def part(face: PublicFace) -> Response:
    """How the simulations of a page stand; when one of them is over, the page is loaded anew."""
    asked = _asked(face, port_problem(district_of(face.settings)))
    known = known_of(face, asked.tonnes, asked.units, 0.0)
    seen = face.request.query_params.get("waits", "")
    answer = face.page("port_part.html.j2", **_progress(known))
    if ",".join(known.running) != seen:
        answer.headers["HX-Refresh"] = "true"
    return answer


def _progress(known: Known) -> dict[str, Any]:
    """For the part of the page that says what is still being simulated."""
    name, one = next(iter(known.running.items()), (None, None))
    return {"waits": ",".join(known.running), "awaited": name, "running": one}


def _unit(unit: Units) -> dict[str, Any]:
    return {"pool": unit.pool, "berth_count": unit.berth_count, "crane_count": unit.crane_count}


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


def _words(known: Known, busiest: Mapping[str, Any] | None, named: port_rows.Named) -> dict[str, Any]:
    now, changed, shown = known.now, known.changed, known.shown
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
        "told_answer": port_rows.sentences(shown.answer, named, busiest),
        "no_month": known.busiest is None and not shown.running and not shown.result.overloaded,
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
