"""The cockpit: the plan at a glance, each landmark, two answers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from qujiang import studies
from qujiang.errors import NotFoundError
from qujiang.report import glance as pick
from qujiang.report.differences import differences
from qujiang.report.page import opened_in
from qujiang.report.plan_charts import bullet, sweep_curve, years_curve
from qujiang.report.plan_still import still_map
from qujiang.web.pages.face import Face
from qujiang.web.pages.map import map_setting
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.sources import said_of
from qujiang.web.pages.views import View, as_attachment, view
from qujiang.web.plans import OWN, Answered, Plans, Which, plans_of
from qujiang.web.studies_api import AskedFor, Code
from qujiang.web.tries import scenarios_of
from qujiang.words import both_of

router = APIRouter(include_in_schema=False)
HasPlans = Annotated[Plans, Depends(plans_of)]
Year = Annotated[str, Query(max_length=4)]
Cargo = Annotated[str, Query(max_length=40)]
LAYERS = ("flows", "locks", "places", "terminals", "venues", "coverage")
#: Layers that are shown where nothing is asked.
FIRST_LAYERS = ("flows", "locks", "places", "terminals")


@view(router, "/", "plan/cockpit.html.j2", twin="/cockpit")
def cockpit(
    face: PublicFace,
    plans: HasPlans,
    which: AskedFor,
    year: Year = "",
    cargo: Cargo = "",
    layer: Annotated[list[str] | None, Query(max_length=10)] = None,
) -> View:
    """The landmarks at a glance, and the map of a year."""
    which = Which(which.study or None, which.scenario or None)
    with face.house.store.read() as connection:
        known, waiting = _answer(plans, connection, face, which)
        before = None if which == OWN or known is None else _answer(plans, connection, face, OWN)[0]
        choices = scenario_choices(face, plans, connection)
    if known is None:
        data = {"which": _named(which), "state": "computing", "landmarks": [], "message": waiting}
        return View(data, [], {"choices": choices, "which": which})
    answer = known.content
    cards = pick.glance(answer, None if before is None else before.content)
    years = answer["map"]["years"]
    at = years.index(int(year)) if year.isdecimal() and int(year) in years else len(years) - 1
    shown_cargo = cargo if cargo in answer["map"]["cargoes"] else ""
    data = {
        "which": _named(which),
        "state": "current" if known.is_current else "old",
        "district": answer["district"],
        "scenario": answer["scenario"],
        "answer": answer["answer"],
        "futures": answer["futures"],
        "landmarks": cards,
        "limits": answer["limits"],
        "sources": answer["sources"],
        "year": years[at] if years else None,
        "cargo": shown_cargo or None,
        "flows": pick.flow_rows(answer, at, shown_cargo or None) if years else [],
        "locks": pick.lock_rows(answer, at) if years else [],
    }
    layers = [name for name in LAYERS if name in layer] if layer else list(FIRST_LAYERS)
    aside = {
        "known": known,
        "which": which,
        "choices": choices,
        "charts": {card["number"]: bullet(card["lead"]) for card in cards if card["lead"]},
        "said": said_of(face, answer["sources"]),
        "years": years,
        "cargoes": pick.cargoes_by_weight(answer),
        "layers": [(name, name in layers) for name in LAYERS],
        "totals": answer["map"]["totals"][at] if years else None,
        "coverage": answer["map"]["coverage"],
        "still": still_map(answer, at, folder=plans.district.folder, cargo=shown_cargo or None) if years else None,
        "map": _map(face, answer, which) if years else None,
    }
    return View(data, pick.rows_of(cards), aside)


@view(router, "/landmarks/{number}", "plan/landmark.html.j2")
def landmark(face: PublicFace, plans: HasPlans, which: AskedFor, number: int) -> View:
    """One landmark: every measure with its band, its sweep, what binds it and what moves it."""
    with face.house.store.read() as connection:
        known = plans.shown(connection, face.caller, which)
    answer = known.content
    found = next((row for row in answer["landmarks"] if row["number"] == number), None)
    if found is None:
        raise NotFoundError(f"there is no landmark {number}")
    data = {"which": _named(which), "landmark": found, "sources": answer["sources"], "futures": answer["futures"]}
    aside = {
        "known": known,
        "which": which,
        "said": said_of(face, answer["sources"]),
        "charts": {m["id"]: (bullet(m), years_curve(m), sweep_curve(m)) for m in found["measures"]},
        "numbers": [row["number"] for row in answer["landmarks"]],
        "limits": answer["limits"] if any(m["unit"] == "tonnes_per_year" for m in found["measures"]) else None,
    }
    return View(data, pick.measure_rows(found), aside)


@view(router, "/difference", "plan/difference.html.j2")
def difference(face: PublicFace, plans: HasPlans, which: AskedFor, other: Code = None) -> View:
    """What a study or scenario moves, against the plan as it stands or another study."""
    with face.house.store.read() as connection:
        before = plans.shown(connection, face.caller, Which(other or None))
        after = plans.shown(connection, face.caller, which)
    table = differences(before.content, after.content)
    rows = [
        {"measure": row["id"], "name_en": row["name"]["en"], "name_zh": row["name"]["zh"], "unit": row["unit"], "part": part, **row[part], "source": ";".join(row[part]["source"])}
        for row in table["measures"]
        for part in ("today", "target", "base", "low", "high", "probability")
    ]  # fmt: skip
    return View(
        {"which": _named(which), **table}, rows, {"which_": which, "said": said_of(face, after.content["sources"])}
    )


#: A report opened within the site may do nothing: it has no script, and its styles stand inside it.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"


@router.get("/report.html")
def report(face: PublicFace, plans: HasPlans, which: AskedFor) -> Response:
    """The self-contained report of the answer that is shown, as a file: made when its plan was run, never here."""
    which = Which(which.study or None, which.scenario or None)
    with face.house.store.read() as connection:
        known, text = plans.report(connection, face.caller, which)
    part = f"study-{known.run_id}" if which.study else which.scenario
    name = "-".join(word for word in (known.content["district"]["id"], part, "report", face.language) if word)
    headers = {
        "Content-Disposition": as_attachment(f"{name}.html"),
        "Content-Security-Policy": REPORT_POLICY,
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Language",
    }
    return Response(opened_in(text, face.language), headers=headers, media_type="text/html; charset=utf-8")


def scenario_choices(face: Face, plans: Plans, connection: Any) -> list[tuple[str, str, str]]:
    """What the cockpit can show: (query name, value, words): the plan, the district's scenarios, finished studies."""
    found = [("scenario", s.name, face.of({"en": s.name_en, "zh": s.name_zh})) for s in scenarios_of(plans)]
    listed = studies.listed(connection, face.caller, plans.ground, limit=100)["studies"]
    found += [("study", row["code"], row["title"]) for row in listed if row["state"] == "done"]
    return [("", "", face.say("web.plan.own")), *found]


def _answer(plans: Plans, connection: Any, face: Face, which: Which) -> tuple[Answered | None, str]:
    """An answer, or the words why there is none yet."""
    try:
        return plans.shown(connection, face.caller, which), ""
    except NotFoundError as error:
        if which.study is not None or "computed" not in str(error):
            raise
        return None, face.refusal(str(error))


def _named(which: Which) -> dict[str, str | None]:
    return {"study": which.study, "scenario": which.scenario}


def _map(face: Face, answer: Mapping[str, Any], which: Which) -> str:
    asked = "&".join(f"{key}={value}" for key, value in _named(which).items() if value)

    def address(name: str, *parts: str) -> str:
        query = "&".join(part for part in (asked, *parts) if part)
        return face.url(f"/api/v1/map/{name}.geojson") + (f"?{query}" if query else "")

    layers = [
        {"id": "flows", "kind": "flows", "url": address("flows", "year=YEAR", "cargo=CARGO")},
        {"id": "locks", "kind": "locks", "url": address("locks", "year=YEAR")},
        *({"id": name, "kind": name, "url": address(name)} for name in ("places", "terminals", "venues", "coverage")),
    ]
    port = answer["map"]["places"].get(answer["map"]["port"] or "")
    near = {"near": [port["lon"], port["lat"], 10]} if port else {}
    titles = {name: face.of(both_of(words, "title")) for name, words in answer["sources"].items()}
    return map_setting(
        face,
        face.say("web.plan.map"),
        layers,
        controls="view",
        titles=titles,
        sources={"flows": "MODEL", "locks": "MODEL"},
        **near,
    )
