"""Try a change: sliders and forms, the run in the background, before and after, saved and shared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse

from qujiang import studies
from qujiang.errors import DataError, Fault, NotFoundError, QujiangError
from qujiang.plan.levers import GROUPS, Lever
from qujiang.report.differences import differences
from qujiang.store import Unit
from qujiang.studies import Arguments, Draft
from qujiang.web.faults import status_of
from qujiang.web.pages.face import AnyFace, Face
from qujiang.web.pages.forms import Sent, SignedInForm, act, errors_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.sources import said_of
from qujiang.web.pages.views import View, view
from qujiang.web.plans import OWN, Plans, plans_of
from qujiang.web.studies_api import toml_file
from qujiang.web.tries import lever_list, levers_of, overlay_of, projects_of, scenarios_of

router = APIRouter(include_in_schema=False)
HasPlans = Annotated[Plans, Depends(plans_of)]
#: Field of a lever: this and its id.
MARK = "v:"
#: Levers on top of the page: those that move the landmarks most.
MAIN = 14
#: More levers than these are tried by a TOML file.
MOST_LEVERS = 330
FUTURES = (0, 256, 1000, 5000)
LARGEST_FILE = 65_536


@view(router, "/try", "plan/try.html.j2")
def try_page(face: PublicFace, plans: HasPlans) -> View:
    """What can be changed."""
    data = lever_list(plans)
    rows = [{**lever, "name_en": lever["name"]["en"], "name_zh": lever["name"]["zh"], "source": ";".join(lever["source"])}
            for lever in data["levers"]]  # fmt: skip
    for row in rows:
        del row["name"]
    return View(data, rows, _form(face, plans, {}, []))


@router.post("/try")
def try_it(form: SignedInForm, plans: HasPlans) -> Response:
    """Save what was chosen and run it."""

    def draft() -> Draft:
        overlay = overlay_of(
            plans,
            "",
            _values(plans, form),
            form.lists.get("scenario", ()),
            form.lists.get("project", ()),
            form.text("title"),
        )
        if not overlay:
            raise DataError([Fault("form", None, None, None, form.face.say("web.try.nothing"), "")])
        return _draft(form, overlay)

    def again(error: QujiangError) -> Response:
        return _shown_again(form.face, plans, form, error)

    return _save(form, plans, draft, again)


@router.post("/try/file")
def try_file(form: SignedInForm, plans: HasPlans) -> Response:
    """Save a scenario that was uploaded or pasted, and run it."""

    def draft() -> Draft:
        return _draft(form, _written(form))

    def again(error: QujiangError) -> Response:
        return _shown_again(form.face, plans, form, error, written=True)

    return _save(form, plans, draft, again)


@view(router, "/studies", "plan/studies.html.j2")
def listed(face: PublicFace, plans: HasPlans, before: int | None = None) -> View:
    """Public studies and my own, the newest first."""
    with face.house.store.read() as connection:
        found = studies.listed(connection, face.caller, plans.ground, before=before)
    rows = [
        {key: row[key] for key in ("title", "owner", "state", "visibility", "created_at", "seconds")}
        for row in found["studies"]
    ]
    return View(found, rows, {"may_save": studies.may_save(face.caller, plans.savers)})


@router.get("/studies/{code}.toml")
def scenario(code: str, face: PublicFace) -> Response:
    """The scenario as a file that ``qujiang plan --scenario`` reads."""
    with face.house.store.read() as connection:
        overlay = studies.find(connection, face.caller, code)["overlay"]
    return toml_file(overlay, code)


@router.get("/studies/{code}/part")
def part(code: str, face: PublicFace, plans: HasPlans) -> Response:
    """The progress of a study, as the part of its page that changes; when it is over, the page is loaded anew."""
    with face.house.store.read() as connection:
        study = studies.shown(connection, face.caller, plans.ground, code, face.house.store.now())
    answer = face.page("plan/progress.html.j2", study=study, progress=study["progress"])
    if study["progress"]["state"] not in ("queued", "running"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@view(router, "/studies/{code}", "plan/study.html.j2")
def study_page(face: AnyFace, plans: HasPlans, code: str) -> View:
    """One study: its progress, then before and after."""
    with face.house.store.read() as connection:
        study = studies.shown(connection, face.caller, plans.ground, code, face.house.store.now())
        table, after, missing = None, None, ""
        if study["state"] == "done" and (face.settings.open_cockpit or face.signed_in):
            try:
                after = plans.of_study(connection, face.caller, code)
                table = differences(plans.shown(connection, face.caller, OWN).content, after.content)
            except (
                NotFoundError
            ) as error:  # the district's own plan is not there yet, or an answer is of another format
                missing = face.refusal(str(error))
    changes = after.content["changes"] if table and after else []
    data = {"study": study, "difference": table, "changes": changes}
    aside = {
        "progress": study["progress"],
        "told": face.request.query_params.get("told", ""),
        "has_report": after is not None and after.has_report,
        "unread": after is None,
        "missing": missing,
        "link": str(face.request.base_url).rstrip("/") + face.url(f"/studies/{code}").removeprefix(face.root),
        "said": said_of(face, after.content["sources"] if after else {}),
        **(table or {}),
    }
    rows = [] if table is None else [
        {"measure": row["id"], "unit": row["unit"], "part": name, **row[name], "source": ";".join(row[name]["source"])}
        for row in table["measures"]
        for name in ("target", "base", "low", "high", "probability")
    ]  # fmt: skip
    return View(data, rows, aside)


@router.post("/studies/{code}/cancel")
def cancel(code: str, form: SignedInForm) -> Response:
    """Stop its run."""
    return _step(form, code, lambda unit, version: studies.cancel(unit, code, version))


@router.post("/studies/{code}/edit")
def edit(code: str, form: SignedInForm) -> Response:
    """Rename it, or share it otherwise."""
    title, visibility = form.text("title"), form.text("visibility")
    return _step(
        form, code, lambda unit, version: studies.edit(unit, code, version, title=title, visibility=visibility)
    )


@router.post("/studies/{code}/run")
def run_again(code: str, form: SignedInForm, plans: HasPlans) -> Response:
    """Run it again."""
    with form.face.house.store.read() as connection:
        overlay = studies.find(connection, form.face.caller, code)["overlay"]
    studies.laid_over(plans.district, overlay)
    answer = _step(form, code, lambda unit, version: studies.run_again(unit, plans.ground, code, version))
    plans.wake()
    return answer


@router.post("/studies/{code}/delete")
def remove(code: str, form: SignedInForm) -> Response:
    """Delete it."""

    def do(unit: Unit) -> str:
        studies.remove(unit, code, form.whole("version") or 0)
        return "/studies"

    return act(form, do)


@router.get("/scenario")
def switch(face: PublicFace, show: str = "") -> Response:
    """The cockpit's switch: lead to the plan, a scenario or a study."""
    name, _, value = show.partition(":")
    query = {name: value} if name in ("scenario", "study") and value else {}
    return RedirectResponse(face.url("/", **query), 303)


def _step(form: Sent, code: str, do: Any) -> Response:
    def done(unit: Unit) -> str:
        do(unit, form.whole("version") or 0)
        return f"/studies/{code}"

    return act(form, done)


def _save(form: Sent, plans: Plans, draft: Any, again: Any) -> Response:
    """Check what was chosen before anything is written, then save it once."""
    try:
        made = draft()
        studies.laid_over(plans.district, made.overlay)
    except QujiangError as error:
        if status_of(error) != 422:
            raise
        shown = again(error)
        shown.status_code = 422
        return shown

    def do(unit: Unit) -> str:
        code = studies.save(unit, plans.ground, made, plans.savers)["code"]
        return f"/studies/{code}?told=saved"

    answer = act(form, do, again=again)
    plans.wake()
    return answer


def _draft(form: Sent, overlay: str) -> Draft:
    futures = form.whole("futures")
    title = form.text("title") or form.face.say("try.title")
    return Draft(
        title, overlay, Arguments(FUTURES[1] if futures is None else futures), form.text("visibility") or "private"
    )


def _written(form: Sent) -> str:
    upload = form.files.get("file")
    if upload is None:
        text = form.text("overlay")
        if not text:
            raise DataError([Fault("form", None, "overlay", None, form.face.say("web.try.no_file"), "")])
        return text
    with upload.file as file:
        content = file.read(LARGEST_FILE + 1)
    try:
        if len(content) > LARGEST_FILE:
            raise DataError([Fault("form", None, "file", None, form.face.say("web.try.large"), "")])
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError([Fault("form", None, "file", None, form.face.say("web.try.not_text"), "")]) from None


def _values(plans: Plans, form: Sent) -> dict[str, float]:
    """Numbers that differ from today's; a faulty one is told beside its field."""
    values, faults = dict[str, float](), list[Fault]()
    for lever in levers_of(plans):
        text = form.text(MARK + lever.id).replace(",", "").replace("，", "")
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            mend = form.face.say("web.try.number.mend", low=f"{lever.low:g}", high=f"{lever.high:g}")
            faults.append(Fault("form", None, MARK + lever.id, text[:40], form.face.say("web.try.number"), mend))
        elif not math.isclose(value, float(f"{lever.now:.10g}")):
            values[lever.id] = value
    if faults:
        raise DataError(faults)
    return values


def _shown_again(face: Face, plans: Plans, form: Sent, error: QujiangError, *, written: bool = False) -> Response:
    faults = errors_of(error, face)
    for fault in faults:
        if fault["field"] and "/" in fault["field"] and not fault["field"].startswith(MARK):
            fault["field"] = MARK + fault["field"]
    aside = _form(face, plans, form.fields, faults, chosen=form.lists, written=written)
    return face.page("plan/try.html.j2", twins={}, **{**lever_list(plans), **aside})


def _form(
    face: Face,
    plans: Plans,
    typed: Mapping[str, str],
    faults: list[dict[str, Any]],
    *,
    chosen: Mapping[str, tuple[str, ...]] | None = None,
    written: bool = False,
) -> dict[str, Any]:
    found = levers_of(plans)[:MOST_LEVERS]
    main = _main(plans, found)
    groups = [(name, [x for x in found if x.group == name and x not in main]) for name in GROUPS]
    return {
        "may_save": studies.may_save(face.caller, plans.savers),
        "main": main,
        "groups": [(name, levers) for name, levers in groups if levers],
        "left": len(levers_of(plans)) - len(found),
        "scenario_list": scenarios_of(plans),
        "project_list": projects_of(plans),
        "chosen": {name: (chosen or {}).get(name, ()) for name in ("scenario", "project")},
        "typed": typed,
        "mark": MARK,
        "faults": faults,
        "futures_choices": [
            (n, face.say("web.try.futures.none") if n == 0 else face.say("web.try.futures", count=f"{n:,}"))
            for n in FUTURES
        ],
        "written": written,
    }


def _main(plans: Plans, found: tuple[Lever, ...]) -> list[Lever]:
    """The levers that move the landmarks most: by the largest share of variance that each explains anywhere."""
    with plans.store.read() as connection:
        try:
            answer = plans.own(connection).content
        except NotFoundError:
            return [lever for lever in found if lever.table in ("terminals", "berths")][:MAIN]
    weight: dict[str, float] = {}
    for landmark in answer["landmarks"]:
        for measure in landmark["measures"]:
            for effect in measure["ranking"]:
                weight[effect["key"]] = max(weight.get(effect["key"], 0.0), effect["first_order"])
    seen = [lever for lever in found if lever.key in weight]
    seen.sort(key=lambda lever: -weight[lever.key])
    targets = [lever for lever in found if lever.group == "targets"][:1]
    return [*seen[: MAIN - len(targets)], *targets]
