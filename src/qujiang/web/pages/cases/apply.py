"""One form (一表申请) and one set of papers (一套材料): generated from the bundle, checked again by the server, fault by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from qujiang import cases
from qujiang.errors import DataError, Fault, QujiangError
from qujiang.store import Unit
from qujiang.store.files import MOST_BYTES, file_faults, keep_file, waits_for
from qujiang.web.pages.cases import fields
from qujiang.web.pages.cases.bundles import titled
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.forms import Sent, SignedInForm, act, errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
KEPT = re.compile(r"kept:([\w.-]{1,60})")


@router.get("/cases/bundles/{name}/apply")
def form(face: SignedIn, name: str, request: Request) -> Response:
    """The form with exactly the fields that the deciding answers need; without those, back to the notice."""
    face.caller.need("enterprise")
    _, bundle = face.house.library.named(name)
    typed = {key: value for key, value in request.query_params.items() if key in cases.decisive(bundle)}
    try:
        cases.preview(face.house.library, name, fields.answers_of(bundle, typed), names.today(face))
    except DataError:
        return RedirectResponse(face.url(f"/cases/bundles/{name}", **typed), 303)
    return _page(face, name, typed)


@router.post("/cases/bundles/{name}/apply")
def send(name: str, form: SignedInForm) -> Response:
    """Open the case; what is at fault comes back with everything that was typed and every good file."""
    face = form.face
    face.caller.need("enterprise")
    _, bundle = face.house.library.named(name)
    answers = fields.answers_of(bundle, form.fields)
    uploads = uploads_of(form, "file:")

    def do(unit: Unit) -> str:
        faults = [
            fault for code, (title, content) in uploads.items() for fault in _at(code, file_faults(title, content))
        ]
        files = {code: numbers for code, numbers in _kept(form).items() if code not in uploads}
        files |= {code: (keep_file(unit, *file).id,) for code, file in uploads.items() if not file_faults(*file)}
        promised = tuple(code.removeprefix("later:") for code in form.fields if code.startswith("later:"))
        given = cases.Application(name, answers, {}, tuple(code for code in promised if code not in files), files)
        try:
            made = cases.start_case(unit, face.house.library, face.house.book.calendar, given)
        except DataError as error:
            own = {fault.column for fault in faults}
            raise DataError([*faults, *(fault for fault in error.faults if fault.column not in own)]) from None
        if faults:
            raise DataError(faults)
        return f"/cases/{made['code']}/receipt"

    return act(form, do, again=lambda error: _again(face, form, name, uploads, error))


@view(router, "/cases/{code}/receipt", "cases/receipt.html.j2")
def receipt(face: SignedIn, code: str) -> View:
    """The progress code, and what comes next."""
    with face.house.store.read() as connection:
        seen = cases.shown(connection, face.caller, face.house.library, code)
        bundle = cases.bundle_of(connection, face.house.library, code)
    told = {name: seen[name] for name in ("code", "bundle", "title_zh", "title_en", "state", "steps", "materials")}
    return View(told, seen["steps"], {"names": names, "label": cases.label, "used": bundle, "title": titled(face, bundle)})  # fmt: skip


def uploads_of(form: Sent, prefix: str) -> dict[str, tuple[str, bytes]]:
    """The files that came with a form, by paper: name and content, read up to the limit and one byte more."""
    return {
        name.removeprefix(prefix): (file.filename or "", file.file.read(MOST_BYTES + 1))
        for name, file in form.files.items()
        if name.startswith(prefix)
    }


def _kept(form: Sent) -> dict[str, tuple[int, ...]]:
    """Files that were kept when the form came back before."""
    found: dict[str, tuple[int, ...]] = {}
    for name, values in form.lists.items():
        paper = KEPT.fullmatch(name)
        if paper:
            found[paper[1]] = tuple(int(value) for value in values if re.fullmatch(r"\d{1,9}", value, re.ASCII))
    return {code: numbers for code, numbers in found.items() if numbers}


def _at(code: str, faults: list[Fault]) -> list[Fault]:
    return [Fault(fault.file, None, code, fault.value, fault.rule, fault.mend) for fault in faults]


def _again(
    face: Face, form: Sent, name: str, uploads: Mapping[str, tuple[str, bytes]], error: QujiangError
) -> Response:
    """The form as it was sent: good files are kept now, so that nobody chooses them again."""
    kept = _kept(form)
    good = {code: file for code, file in uploads.items() if not file_faults(*file)}
    if good:
        with face.house.store.write(face.caller, trace=face.request.scope["state"]["trace"]) as unit:
            kept |= {code: (keep_file(unit, *file).id,) for code, file in good.items()}
    return _page(face, name, dict(form.fields), faults=errors_of(_in_its_language(face, name, error), face), kept=kept)


def _in_its_language(face: Face, name: str, error: QujiangError) -> QujiangError:
    """The error with papers called by their names in the page's language."""
    papers = {paper.code: paper for paper in face.house.library.named(name)[1].materials}
    if face.language == "zh" or not isinstance(error, DataError):
        return error
    return DataError(
        [
            replace(fault, mend=papers[fault.column].name_en)
            if fault.column in papers and fault.mend == papers[fault.column].name_zh
            else fault
            for fault in error.faults
        ]
    )


def _page(
    face: Face,
    name: str,
    typed: Mapping[str, str],
    *,
    faults: list[dict[str, Any]] | None = None,
    kept: Mapping[str, tuple[int, ...]] | None = None,
) -> Response:
    _, bundle = face.house.library.named(name)
    decisive = cases.decisive(bundle)
    answers = fields.answers_of(bundle, typed)
    choices = {key: answers[key] for key in decisive if key in answers}
    told = cases.preview(face.house.library, name, choices, names.today(face))
    groups = fields.groups(face, bundle, told["form"], [step["step"] for step in told["steps"]])
    waiting = {}
    with face.house.store.read() as connection:
        for code, numbers in (kept or {}).items():
            found = [waits_for(connection, face.caller, number) for number in numbers]
            waiting[code] = [file for file in found if file is not None]
    return face.page(
        "cases/apply.html.j2",
        bundle=name,
        title=titled(face, bundle),
        groups=groups,
        decisive=decisive,
        choices=fields.worded(face, bundle, choices),
        query=fields.typed_of(choices),
        typed=typed,
        materials=told["materials"],
        days=told["days"],
        faults=faults or [],
        kept=waiting,
    )
