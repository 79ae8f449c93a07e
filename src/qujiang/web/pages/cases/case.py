"""One case by its progress code: to anyone its steps, to who may see it all of it; and what may be done there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from qujiang import cases
from qujiang.errors import DataError, NotFoundError, QujiangError
from qujiang.store import Unit
from qujiang.store.files import keep_file
from qujiang.web.cases_api import handed_out
from qujiang.web.pages.cases import fields
from qujiang.web.pages.cases.apply import uploads_of
from qujiang.web.pages.cases.bundles import titled
from qujiang.web.pages.cases.picture import picture
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import AnyFace, Face, SignedIn
from qujiang.web.pages.forms import SignedInForm, act, errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
TEMPLATE = "cases/case.html.j2"
#: Steps on one page of the worklist.
SHOWN = 50
Place = Annotated[str, Query(max_length=140)]


@view(router, "/cases/worklist", "cases/worklist.html.j2")
def worklist(face: SignedIn, after: Place = "", before: Place = "") -> View:
    """My department's ready steps, the most urgent first, a page at a time; the CSV twin holds them all."""
    library, on = face.house.library, names.today(face)
    whole = face.path.endswith(".csv")
    with face.house.store.read() as connection:
        if whole:
            found = cases.worklist(connection, face.caller, limit=None)
        else:
            found = cases.worklist(connection, face.caller, after=after, before=before, limit=SHOWN)
        bundles = {row["bundle_id"]: library.of(connection, row["bundle_id"]) for row in found.rows}
    shown = []
    for row in found.rows:
        bundle = bundles[row["bundle_id"]]
        clock = cases.clock(face.house.book.calendar, row["due_on"], on)
        shown.append({name: row[name] for name in ("code", "node", "ready_on", "due_on")} | {"bundle": bundle.name, "step": cases.label(bundle, "step", row["node"], face.language), "title": titled(face, bundle), **clock})  # fmt: skip
    data = {"steps": shown, "total": found.total, "next": found.next, "previous": found.previous}
    return View(data, shown, {"names": names})


@view(router, "/cases/{code}", TEMPLATE)
def shown(face: AnyFace, code: str) -> View:
    """One case."""
    return _view(face, code)


@router.get("/cases/{code}/files/{number}")
def file(face: SignedIn, code: str, number: int) -> Response:
    """A file of a case, to be saved."""
    with face.house.store.read() as connection:
        stored, content = cases.open_file(connection, face.caller, code, number)
    return handed_out(stored, content)


@router.post("/cases/{code}/steps/{step}")
def complete(code: str, step: str, form: SignedInForm) -> Response:
    """My department's step is done."""
    face = form.face

    def do(unit: Unit) -> str:
        cases.complete_step(unit, face.house.library, face.house.book.calendar, code, step, note=form.text("note"))
        return f"/cases/{code}?done=step-{step}"

    with face.house.store.read() as connection:
        cases.shown(connection, face.caller, face.house.library, code)
    return act(form, do, again=lambda error: _again(face, code, step, dict(form.fields), error))


@router.post("/cases/{code}/materials/{material}")
def give(code: str, material: str, form: SignedInForm) -> Response:
    """A promised paper is handed in."""
    face = form.face
    face.caller.need("enterprise")

    def do(unit: Unit) -> str:
        kept = tuple(keep_file(unit, *content).id for content in uploads_of(form, "file").values())
        cases.give_material(unit, face.house.library, code, form.whole("version") or 0, material, files=kept)
        return f"/cases/{code}?done=material-{material}"

    with face.house.store.read() as connection:
        cases.shown(connection, face.caller, face.house.library, code)
    return act(form, do, again=lambda error: _again(face, code, material, {}, error))


def _again(face: Face, code: str, tried: str, typed: dict[str, str], error: QujiangError) -> Response:
    view_ = _view(face, code)
    faults = errors_of(error, face)
    if isinstance(error, DataError):  # one field on this form: the file
        faults = [{"field": None, "text": fault["text"]} for fault in faults]
    return face.page(
        TEMPLATE, twins={}, **{**view_.data, **view_.aside, "faults": faults, "tried": tried, "typed": typed}
    )


def _view(face: Face, code: str) -> View:
    library, on = face.house.library, names.today(face)
    with face.house.store.read() as connection:
        full = True
        try:
            data = cases.shown(connection, face.caller, library, code)
        except NotFoundError:
            data, full = cases.progress(connection, library, code), False
        bundle = cases.bundle_of(connection, library, code)
        drawn = None if bundle.drawing is None else cases.drawing(connection, library, code)
    own = face.caller.department if face.caller.role == "officer" else None
    for step in data["steps"]:
        step |= cases.clock(face.house.book.calendar, step["due_on"] if step["state"] == "ready" else None, on)
    aside: dict[str, Any] = {
        "full": full,
        "names": names,
        "label": cases.label,
        "used": bundle,
        "title": titled(face, bundle),
        "worded": fields.worded(face, bundle, data["answers"]) if full else [],
        "mine": [step for step in data["steps"] if full and own and step["department"] == own and step["state"] == "ready"],
        "gives": full and face.caller.role == "enterprise" and data["state"] == "open",
        "papers": {paper.code: paper for paper in bundle.materials},
        "picture": None if drawn is None else picture(face, bundle, drawn),
        "faults": [], "tried": "", "typed": {},
        "done": face.request.query_params.get("done", "")[:80],
    }  # fmt: skip
    return View(data, data["steps"], aside)
