"""Studies over HTTP: saved scenarios, their progress and answers; levers, and the district's own plan."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from qujiang import studies
from qujiang.errors import UnknownCallerError
from qujiang.report.differences import differences
from qujiang.store import ANONYMOUS
from qujiang.studies import Arguments, Draft
from qujiang.web import bodies
from qujiang.web.acts import COOKIE, Reading, Write, as_json, house_of, identify, key_of
from qujiang.web.plans import Plans, Which, plans_of
from qujiang.web.tries import lever_list, overlay_of

router = APIRouter(tags=["studies"])
Code = Annotated[str | None, Query(max_length=32, pattern=r"^[\w-]+$")]


def reading_open(request: Request) -> Reading:
    """For routes that are open to everyone: who calls without a session or key is anonymous."""
    known = key_of(request) or request.cookies.get(COOKIE)
    return Reading(house_of(request), identify(request) if known else ANONYMOUS)


def reading_plan(request: Request) -> Reading:
    """For the district's own plan: open to everyone, or to who is signed in, as the server is started."""
    read = reading_open(request)
    if read.caller.account_id is None and not request.app.state.settings.open_cockpit:
        raise UnknownCallerError("log in, or send an API key")
    return read


def which(study: Code = None, scenario: Code = None) -> Which:
    """The answer that an address means."""
    return Which(study, scenario)


AskedFor = Annotated[Which, Depends(which)]
OpenRead = Annotated[Reading, Depends(reading_open)]
PlanRead = Annotated[Reading, Depends(reading_plan)]
HasPlans = Annotated[Plans, Depends(plans_of)]


@router.get("/levers")
def levers(read: PlanRead, plans: HasPlans) -> Response:
    """What can be tried: every number with its bounds, unit, status and source; and the district's scenarios."""
    return as_json(lever_list(plans))


@router.post("/studies/check")
def check(body: bodies.OverlayBody, read: PlanRead, plans: HasPlans) -> Response:
    """Whether a scenario fits the district: its TOML and what it changes, or all its faults at once. Nothing is kept."""
    overlay = overlay_of(plans, body.overlay, body.values, body.scenarios, body.projects, "")
    laid = studies.laid_over(plans.district, overlay)
    changes = [
        {"table": c.table, "row_id": c.row_id, "column": c.column, "before": c.before, "after": c.after}
        for c in laid.changes
    ]
    return as_json({"overlay": overlay, "changes": changes})


@router.get("/studies")
def listed(
    read: OpenRead,
    plans: HasPlans,
    mine: bool = False,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Public studies and my own, the newest first."""
    return read.run(lambda c: studies.listed(c, read.caller, plans.ground, mine=mine, before=before, limit=limit))


@router.post("/studies", status_code=201)
def save(body: bodies.StudyBody, write: Write, plans: HasPlans) -> Response:
    """Save a scenario and run it in the background."""
    overlay = overlay_of(plans, body.overlay, body.values, body.scenarios, body.projects, body.title)
    studies.laid_over(plans.district, overlay)  # its faults are told before anything is written
    draft = Draft(body.title, overlay, Arguments(body.futures, body.seed), body.visibility)
    answer = write.run(lambda unit: studies.save(unit, plans.ground, draft, plans.savers), status=201)
    plans.wake()
    return answer


@router.get("/studies/{code}")
def shown(code: str, read: OpenRead, plans: HasPlans) -> Response:
    """One study with its progress."""
    return read.run(lambda c: studies.shown(c, read.caller, plans.ground, code, read.house.store.now()))


@router.get("/studies/{code}/progress")
def progress(code: str, read: OpenRead) -> Response:
    """How far its run is."""
    return read.run(lambda c: studies.progress(c, read.caller, code, read.house.store.now()))


@router.get("/studies/{code}/scenario.toml")
def scenario(code: str, read: OpenRead) -> Response:
    """The scenario as a file that ``qujiang plan --scenario`` reads."""
    with read.house.store.read() as connection:
        overlay = studies.find(connection, read.caller, code)["overlay"]
    return toml_file(overlay, code)


@router.get("/studies/{code}/result")
def result(code: str, read: OpenRead, plans: HasPlans) -> Response:
    """The whole answer."""
    with read.house.store.read() as connection:
        return as_json(plans.of_study(connection, read.caller, code).content)


@router.get("/studies/{code}/difference")
def difference(code: str, read: PlanRead, plans: HasPlans, other: Code = None) -> Response:
    """What the study moves against the district's own plan, or against another study."""
    with read.house.store.read() as connection:
        before = plans.shown(connection, read.caller, Which(other))
        after = plans.of_study(connection, read.caller, code)
    return as_json(differences(before.content, after.content))


@router.post("/studies/{code}/edit")
def edit(code: str, body: bodies.StudyEdit, write: Write) -> Response:
    """Rename it, or share it otherwise."""
    return write.run(
        lambda u: {"version": studies.edit(u, code, body.version, title=body.title, visibility=body.visibility)}
    )


@router.post("/studies/{code}/cancel")
def cancel(code: str, body: bodies.Seen, write: Write) -> Response:
    """Stop its run, unless another study asks for the same."""
    return write.run(lambda u: {"version": studies.cancel(u, code, body.version)})


@router.post("/studies/{code}/run")
def run_again(code: str, body: bodies.Seen, write: Write, plans: HasPlans) -> Response:
    """Run it again: after a failure or a cancel, or on the district as it is now."""
    with write.house.store.read() as connection:
        caller = identify(write.request)
        overlay = studies.find(connection, caller, code)["overlay"]
    studies.laid_over(plans.district, overlay)
    answer = write.run(lambda u: {"version": studies.run_again(u, plans.ground, code, body.version)})
    plans.wake()
    return answer


@router.post("/studies/{code}/delete")
def remove(code: str, body: bodies.Seen, write: Write) -> Response:
    """Delete it."""

    def act(unit: Any) -> dict[str, bool]:
        studies.remove(unit, code, body.version)
        return {"deleted": True}

    return write.run(act)


@router.get("/plan")
def own_plan(read: PlanRead, plans: HasPlans, which: AskedFor) -> Response:
    """The district's own plan, or one of its scenarios: the whole answer, and whether it is of the district as it is now."""
    with read.house.store.read() as connection:
        known = plans.shown(connection, read.caller, which)
    return as_json({"is_current": known.is_current, "is_of_district": known.is_of_district, **known.content})


def toml_file(overlay: str, name: str) -> Response:
    """TOML as a file to keep."""
    text = overlay + "\n" if overlay else "# No change: the plan as it stands.\n"
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return Response(text, headers=headers, media_type="application/toml; charset=utf-8")
