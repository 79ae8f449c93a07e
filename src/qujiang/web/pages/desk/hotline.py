"""The hotline's file, for the clerk: taken in whole, or shown back with every fault at its line."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from qujiang import desk
from qujiang.desk import sheets
from qujiang.desk.access import allow
from qujiang.errors import DataError, Fault, QujiangError
from qujiang.store import Unit
from qujiang.web.faults import status_of
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.forms import SignedInForm, act, errors_of

router = APIRouter(include_in_schema=False)
MOST_BYTES = 900_000  # the body of a form is a little longer than its file
MOST_FAULTS = 200


@router.get("/desk/hotline")
def form(face: SignedIn, taken: int | None = None, known: int | None = None) -> Response:
    """The form, and what the last file brought."""
    allow(face.caller, "intake")
    return _page(face, taken=taken, known=known)


@router.get("/desk/hotline/blank.csv")
def blank(face: SignedIn) -> Response:
    """An empty file with the right columns."""
    allow(face.caller, "intake")
    text = sheets.as_csv([], (*sheets.HOTLINE, *sheets.OPTIONAL))
    headers = {"Content-Disposition": 'attachment; filename="hotline.csv"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


@router.post("/desk/hotline")
def send(form: SignedInForm) -> Response:
    """Take the file in."""
    face = form.face
    allow(face.caller, "intake")
    file = form.files.get("file")
    try:
        text = _read(face, file)
    except DataError as error:
        return _faulty(face, error)

    def do(unit: Unit) -> str:
        told = desk.take_hotline(unit, face.house.book, text, (file.filename if file else None) or "hotline.csv")
        return f"/desk/hotline?taken={told['taken']}&known={told['known']}"

    return act(form, do, again=lambda error: _faulty(face, error))


def _read(face: Face, file: Any) -> str:
    if file is None:
        raise DataError([Fault("hotline.csv", None, "file", None, face.say("web.desk.hotline.no_file"), "")])
    data = file.file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DataError([Fault(file.filename, None, "file", None, face.say("web.desk.hotline.too_large"), "")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError([Fault(file.filename, line, None, None, face.say("web.desk.hotline.not_utf8"), "")]) from None


def _faulty(face: Face, error: QujiangError) -> Response:
    faults = [
        {"line": fault.line, "column": fault.column, "value": fault.value, "text": face.fault(fault.rule, fault.mend)}
        for fault in getattr(error, "faults", ())[:MOST_FAULTS]
    ]
    count = len(getattr(error, "faults", ()))
    shown = _page(face, faults=faults or [{"line": None, "column": None, "value": None, "text": errors_of(error, face)[0]["text"]}], count=count)  # fmt: skip
    shown.status_code = status_of(error)
    return shown


def _page(face: Face, **told: Any) -> Response:
    values = {
        "taken": None,
        "known": None,
        "faults": [],
        "count": 0,
        "columns": sheets.HOTLINE,
        "further": sheets.OPTIONAL,
        "may": names.may(face),
    }
    return face.page("desk/hotline.html.j2", **{**values, **told})
