"""The key projects on any day: lights, dates, money, progress, the chart and the critical path."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from markupsafe import Markup

from qujiang.calendar import china_date
from qujiang.errors import DataError, Fault
from qujiang.report.project_rows import LIGHTS, gains_of, gantt_on, projects_on
from qujiang.web.pages.face import Face
from qujiang.web.pages.outlook import HasPlans, own_plan
from qujiang.web.pages.place import district_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.sources import titles_of, told_by
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
SIGNS = {"red": "■", "yellow": "▲", "green": "●", "grey": "○"}
FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)


@view(router, "/projects", "projects.html.j2")
def projects(face: PublicFace, plans: HasPlans, on: str = "", light: str = "") -> View:
    """Every project as it stands on a day; of one light, if asked. What each moves comes from the plan's kept answer."""
    fault = None
    try:
        day = _day(face, on)
    except DataError as error:
        if face.path.endswith((".json", ".csv")):
            raise
        day, fault = china_date(face.house.store.now()), error.faults[0]
    district = district_of(face.settings)
    found = projects_on(district, day) | {"gains": gains_of(own_plan(face, plans))}
    chosen = light if light in LIGHTS else ""
    shown = [record for record in found["projects"] if chosen in ("", record["light"])]
    names = {record["id"]: record[f"name_{face.language}"] for record in found["projects"]}
    aside = {
        "shown": shown,
        "chosen": chosen,
        "names": names,
        "signs": SIGNS,
        "order": LIGHTS,
        "day": on if fault else day.isoformat(),
        "faults": [] if fault is None else [{"field": "on", "text": fault.rule}],
        "source": told_by(face, titles_of(district)),
        "by_id": {record["id"]: record for record in found["projects"]},
        "cost_status": "assumed"
        if any(r["status"] == "assumed" for r in found["projects"] if r["cost_yuan"])
        else "derived",
        "gantt": Markup(gantt_on(district, day, face.language)),  # every text in it is escaped where it is drawn
    }
    rows = [{k: _flat(v) for k, v in record.items()} for record in shown]
    return View(found, rows, aside, status=422 if fault else 200)


def _day(face: Face, text: str) -> date:
    if not text:
        return china_date(face.house.store.now())
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        rule = face.say("web.projects.fault.on", first=FIRST.year, last=LAST.year)
        raise DataError((Fault("form", None, "on", text[:40], rule, ""),))
    return day


def _flat(value: object) -> object:
    if isinstance(value, dict):
        return "; ".join(str(text) for text in value.values())
    return "; ".join(map(str, value)) if isinstance(value, list) else value
