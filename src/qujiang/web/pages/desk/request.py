"""One request: its story, its clock explained, and what may be done with it, each act a form."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from qujiang import desk
from qujiang.desk.access import ALLOWED, part_of
from qujiang.desk.after import RATINGS
from qujiang.desk.rulebook import Attribute
from qujiang.errors import ConflictError, ForbiddenError, NotFoundError, QujiangError
from qujiang.store import Unit
from qujiang.web.pages.desk import names
from qujiang.web.pages.desk.acts import ACTS
from qujiang.web.pages.desk.clock import clock_lines
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.forms import SignedInForm, act, errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
TEMPLATE = "desk/request.html.j2"


@view(router, "/desk/requests/{number}", TEMPLATE)
def shown(face: SignedIn, number: str) -> View:
    """One request with its story."""
    return _view(face, number)


@router.post("/desk/requests/{number}/{name}")
def done(number: str, name: str, form: SignedInForm) -> Response:
    """One act."""
    face = form.face
    if name not in ACTS:
        raise NotFoundError(f"no act {name[:40]!r}")
    if part_of(face.caller) not in ALLOWED[name]:
        raise ForbiddenError(face.say("web.desk.not_yours"))
    with face.house.store.read() as connection:  # who may not see it learns nothing of its state
        desk.shown(connection, face.caller, face.house.book, number, names.today(face))

    def do(unit: Unit) -> str:
        ACTS[name].do(unit, face.house.book, number, form.whole("version") or 0, form)
        return _next(face, unit.connection, number, name)

    return act(form, do, again=lambda error: _again(face, number, name, dict(form.fields), error))


def _next(face: Face, connection: Connection, number: str, name: str) -> str:
    """The request itself, or the list where it went out of sight."""
    try:
        desk.shown(connection, face.caller, face.house.book, number, names.today(face))
    except NotFoundError:
        return f"/desk/requests?done={name}-{number}"
    return f"/desk/requests/{number}?done={name}"


def _again(face: Face, number: str, name: str, typed: dict[str, str], error: QujiangError) -> Response:
    """The page with what was typed; where someone was faster, with what they did."""
    shown = _view(face, number)
    seen = int(typed["version"]) if typed.get("version", "").isdecimal() else 0
    news: list[dict[str, Any]] = []
    if isinstance(error, ConflictError) and shown.data["version"] != seen:
        news = [event for event in shown.data["events"] if (event["version"] or 0) > seen]
    faults = [] if news else errors_of(error, face)
    words = {key: value for key, value in typed.items() if key not in ("version", "form_token", "once")}
    changed = {"tried": name, "typed": words, "faults": faults, "news": news}
    return face.page(TEMPLATE, twins={}, **{**shown.data, **shown.aside, **changed})


def _view(face: Face, number: str) -> View:
    book, on = face.house.book, names.today(face)
    with face.house.store.read() as connection:
        seen = desk.shown(connection, face.caller, book, number, on)
        may = desk.possible(connection, face.caller, book, number, on)
        clock = None if seen["due_days"] is None else desk.explain(connection, face.caller, book, number)
        alike = ()
        if "merge" in may:
            draft = desk.Draft(
                seen["title"],
                seen["description"],
                service_code=seen["service_code"],
                enterprise_code=seen["enterprise_code"],
            )
            alike = desk.alike(connection, face.caller, book, draft, on)
    data = seen | {"possible": list(may), "clock": None if clock is None else clock.as_dict()}
    service = book.services.get(seen["service_code"] or "")
    questions = {question.code: question for question in service.attributes} if service else {}
    aside = {
        "names": names,
        "seen": seen,
        "number_": seen["number"],  # in a template ``number`` writes numbers
        "inner": part_of(face.caller) != "enterprise",
        "lines": [] if clock is None else clock_lines(book.calendar, clock, face),
        "answers": [_answered(face, questions.get(code), code, value) for code, value in seen["attributes"].items()],
        "acts": [ACTS[name] for name in may],
        "alike": [other for other in alike if other != seen["number"]],
        "ratings": [(rating, face.say(f"web.desk.rating.{rating}")) for rating in RATINGS],
        "tried": "", "typed": {}, "faults": [], "news": [],
        "done": _done(face),
    }  # fmt: skip
    return View(data, [{k: v for k, v in seen.items() if not isinstance(v, list | dict)}], aside)


def _done(face: Face) -> str:
    done = face.request.query_params.get("done", "")
    return done if done in ACTS else ""


def _answered(face: Face, question: Attribute | None, code: str, value: Any) -> tuple[str, str]:
    """A question and its answer in words; a question that the rules no longer know is shown by its code."""
    values = value if isinstance(value, list) else [value]
    if question is None:
        return code, ", ".join(map(str, values))
    words, _, choices = names.asked(face, question)
    known = dict(choices)
    return words, ("、" if face.language == "zh" else ", ").join(known.get(str(item), str(item)) for item in values)
