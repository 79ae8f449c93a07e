"""A new request: the service chosen, its further questions as fields, a hint where it repeats another; then the receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from qujiang import desk
from qujiang.calendar import CHINA
from qujiang.desk.access import allow, part_of
from qujiang.desk.intake import LONGEST, Draft
from qujiang.errors import QujiangError, ScenarioError
from qujiang.store import Unit
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.forms import Sent, SignedInForm, act, errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
PLAIN = ("title", "description", "enterprise_name", "contact_name", "phone", "email", "address")
CLERKS_CHANNELS = ("telephone", "window")
MOST_TOWN = 40


class AlikeError(ScenarioError):
    """Nothing was sent: open requests of the same enterprise say much the same."""

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__(", ".join(numbers))
        self.numbers = numbers


@router.get("/desk/new")
def form(face: SignedIn, service: str = "") -> Response:
    """The empty form, with who and where the enterprise wrote last."""
    allow(face.caller, "receive")
    with face.house.store.read() as connection:
        known = desk.last_contact(connection, face.caller)
    return _page(face, known | {"service_code": service})


@router.post("/desk/new")
def send(form: SignedInForm) -> Response:
    """Take it in; first a hint where an open request says the same."""
    face = form.face
    allow(face.caller, "receive")
    if form.text("step") == "service":  # without scripts: show the questions of the service just chosen
        return _page(face, _typed(form))
    draft, on = _draft(face, form), names.today(face)

    def do(unit: Unit) -> str:
        alike = () if form.text("sure") else desk.alike(unit.connection, face.caller, face.house.book, draft, on)
        if alike:
            raise AlikeError(alike)
        made = desk.receive(unit, face.house.book, draft)
        return f"/desk/requests/{made.number}/receipt"

    return act(form, do, again=lambda error: _again(face, form, error))


@view(router, "/desk/requests/{number}/receipt", "desk/receipt.html.j2")
def receipt(face: SignedIn, number: str) -> View:
    """What became of the request: its number, who answers, until when."""
    with face.house.store.read() as connection:
        seen = desk.shown(connection, face.caller, face.house.book, number, names.today(face))
    told = ("number", "received_at", "title", "service_code", "state", "lead_department", "contact_due_on", "due_on")
    return View(
        {name: seen[name] for name in told} | {"provisional": seen["provisional"]},
        aside={"names": names, "request_number": seen["number"]},
    )


def _draft(face: Face, form: Sent) -> Draft:
    clerk = part_of(face.caller) == "clerk"
    channel = form.text("channel") if clerk and form.text("channel") in CLERKS_CHANNELS else "page"
    texts: dict[str, Any] = {name: form.text(name).replace("\r\n", "\n") for name in PLAIN}
    return Draft(
        **texts,
        channel=channel,
        service_code=form.text("service_code") or None,
        enterprise_code=(form.text("enterprise_code").upper() or None) if clerk else None,
        town=form.text("town")[:MOST_TOWN] or None,
        attributes=_answers(face, form),
    )


def _answers(face: Face, form: Sent) -> dict[str, Any]:
    """The answers to the chosen service's questions; a moment typed without a zone is one in China."""
    service = face.house.book.services.get(form.text("service_code"))
    answers: dict[str, Any] = {}
    for question in service.attributes if service else ():
        name = f"attribute[{question.code}]"
        if not question.variable or name not in form.fields:
            continue
        if question.datatype == "multivaluelist":
            answers[question.code] = list(form.lists[name])
        elif question.datatype == "datetime":
            answers[question.code] = _zoned(form.text(name))
        else:
            answers[question.code] = form.text(name)
    return {code: value for code, value in answers.items() if value not in ("", [])}


def _zoned(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if at.tzinfo else at.replace(tzinfo=CHINA).isoformat()


def _typed(form: Sent) -> dict[str, Any]:
    lists = {name: list(values) for name, values in form.lists.items() if name.startswith("attribute[")}
    return dict(form.fields) | {"lists": lists}


def _again(face: Face, form: Sent, error: QujiangError) -> Response:
    if isinstance(error, AlikeError):
        return _page(face, _typed(form), alike=error.numbers)
    return _page(face, _typed(form), faults=errors_of(error, face))


def _page(face: Face, typed: dict[str, Any], *, faults: list[dict[str, Any]] | None = None, alike: tuple[str, ...] = ()) -> Response:  # fmt: skip
    chosen = typed.get("service_code", "")
    questions = [
        (service, sorted(service.attributes, key=lambda question: question.order))
        for service in face.house.book.services.values()
        if service.attributes
    ]
    return face.page(
        "desk/new.html.j2",
        typed=typed,
        lists=typed.get("lists", {}),
        chosen=chosen,
        questions=questions,
        faults=faults or [],
        alike=alike,
        names=names,
        longest=LONGEST | {"town": MOST_TOWN},
        clerk=part_of(face.caller) == "clerk",
        channels=[(channel, face.say(f"web.desk.channel.{channel}")) for channel in CLERKS_CHANNELS],
    )
