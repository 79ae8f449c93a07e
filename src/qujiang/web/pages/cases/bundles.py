"""What can be done in one go, with its counts before and after; and the one-time notice of one bundle."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from qujiang import cases
from qujiang.cases.bundle import APPLICATION, materials_for
from qujiang.cases.model import Bundle
from qujiang.cases.views import LOOKS
from qujiang.errors import DataError, NotFoundError
from qujiang.web.pages.cases import fields
from qujiang.web.pages.cases.picture import picture
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import AnyFace, Face
from qujiang.web.pages.forms import errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
COUNTS = ("steps", "materials", "visits", "days")
SHOWN = 50


def titled(face: Face, bundle: Bundle) -> str:
    """A bundle's title in the page's language."""
    return bundle.title_zh if face.language == "zh" else bundle.title_en or bundle.title_zh


@view(router, "/cases", "cases/list.html.j2")
def listed(face: AnyFace, after: Annotated[str, Query(max_length=20)] = "") -> View:
    """Every bundle; below them the cases that the caller sees, the newest first."""
    library = face.house.library
    rows = [
        {"bundle": name, "title_zh": bundle.title_zh, "title_en": bundle.title_en, "lead": bundle.lead}
        | {f"{count}_{when}": counts[when][count] for count in COUNTS for when in ("before", "after")}
        for name, (_, bundle) in library.current.items()
        for counts in [cases.counts(bundle)]
    ]
    seen = _seen(face, after)
    more = seen[-1]["code"] if len(seen) == SHOWN else None
    data = {"bundles": rows, "cases": seen, "next": more}
    return View(data, rows, {"names": names, "library": library, "label": cases.label, "counts": COUNTS, "role": face.caller.role})  # fmt: skip


@router.get("/cases/find")
def find(face: AnyFace, code: Annotated[str, Query(max_length=40)] = "") -> Response:
    """A progress code leads to its case."""
    plain = re.sub(r"[\s-]", "", code).upper()
    if not re.fullmatch(r"[0-9A-Z]{12}", plain, re.ASCII):
        raise NotFoundError(f"no case {code!r}")
    return RedirectResponse(face.url(f"/cases/{plain}"), 303)


@view(router, "/cases/bundles/{name}", "cases/bundle.html.j2")
def notice(face: AnyFace, name: str, request: Request) -> View:
    """One bundle; with the deciding answers in the address, everything that they will ask for, said once."""
    _, bundle = face.house.library.named(name)
    given = {key: value for key, value in request.query_params.items() if key != "lang"}
    typed = {key: given[key] for key in cases.decisive(bundle) if key in given}
    told, faults = None, []
    if typed:
        try:
            told = cases.preview(face.house.library, name, fields.answers_of(bundle, typed), names.today(face))
        except DataError as error:
            faults = errors_of(error, face)
    data: dict[str, Any] = {"bundle": name, "title_zh": bundle.title_zh, "title_en": bundle.title_en, "counts": cases.counts(bundle), "notice": told}  # fmt: skip
    return View(data, told["materials"] if told else None, _aside(face, bundle, typed, told, faults))


def _aside(
    face: Face, bundle: Bundle, typed: dict[str, str], told: Any, faults: list[dict[str, Any]]
) -> dict[str, Any]:
    properties = bundle.forms[APPLICATION]["properties"]
    steps = tuple(step["step"] for step in told["steps"]) if told else tuple(node.id for node in bundle.process.steps)
    asked = materials_for(bundle, steps)
    made = [(paper, paper.made_by) for paper in bundle.materials if paper not in asked and paper.made_by in steps]
    return {
        "title": titled(face, bundle),
        "names": names,
        "label": cases.label,
        "used": bundle,
        "asked": [fields.field(face, bundle, name, properties[name], True) for name in cases.decisive(bundle)],
        "typed": typed,
        "faults": faults,
        "made": made if told else [],
        "count_names": COUNTS,
        "may_apply": face.caller.role == "enterprise" or not face.signed_in,
        "picture": picture(face, bundle, cases.plan_of(bundle)) if bundle.drawing else None,
    }


def _seen(face: Face, after: str) -> list[dict[str, Any]]:
    if face.caller.role not in LOOKS:
        return []
    with face.house.store.read() as connection:
        return cases.listed(connection, face.caller, face.house.library, after=after or None, limit=SHOWN)
