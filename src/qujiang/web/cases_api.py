"""Cases over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from qujiang import cases
from qujiang.calendar import china_date
from qujiang.web import bodies
from qujiang.web.acts import Read, Write, as_json, house_of

router = APIRouter(tags=["cases"])


@router.get("/bundles")
def bundles(request: Request) -> Response:
    """What can be done in one go, with the counts before and after. Public."""
    library = house_of(request).library
    return as_json(
        [
            {
                "bundle": name,
                "title_zh": b.title_zh,
                "title_en": b.title_en,
                "lead": b.lead,
                "version": b.digest,
                "counts": cases.counts(b),
            }
            for name, (_, b) in library.current.items()
        ]
    )


@router.get("/bundles/{name}/form")
def form(name: str, request: Request) -> Response:
    """The one form of a bundle, as JSON Schema. Public."""
    return as_json(cases.merged_form(house_of(request).library.named(name)[1]))


@router.post("/bundles/{name}/notice")
def notice(name: str, body: bodies.AnswersBody, request: Request) -> Response:
    """Everything that these answers will ask for, said once (一次告知). Public; nothing is kept."""
    house = house_of(request)
    return as_json(cases.notice(house.library, name, body.answers, china_date(house.store.now())))


@router.post("/cases", status_code=201)
def start(body: bodies.CaseBody, write: Write) -> Response:
    """Open a case: one form, one set of papers, one progress code."""
    house = write.house
    application = cases.Application(body.bundle, body.answers, body.materials, tuple(body.promised))
    return write.run(lambda unit: cases.start_case(unit, house.library, house.book.calendar, application), status=201)


@router.get("/cases/worklist")
def worklist(read: Read) -> Response:
    """My department's ready steps, the most urgent first."""
    return read.run(lambda c: cases.worklist(c, read.caller))


@router.get("/cases/{code}")
def shown(code: str, read: Read) -> Response:
    """One case with its story."""
    return read.run(lambda c: cases.shown(c, read.caller, read.house.library, code))


@router.get("/progress/{code}")
def progress(code: str, request: Request) -> Response:
    """What anyone with the progress code sees."""
    house = house_of(request)
    with house.store.read() as connection:
        return as_json(cases.progress(connection, house.library, code))


@router.post("/cases/{code}/steps/{step}")
def complete(code: str, step: str, body: bodies.StepBody, write: Write) -> Response:
    """My department's step is done."""
    house = write.house
    return write.run(
        lambda unit: cases.complete_step(unit, house.library, house.book.calendar, code, step, note=body.note)
    )


@router.post("/cases/{code}/materials/{material}")
def give(code: str, material: str, body: bodies.MaterialBody, write: Write) -> Response:
    """A promised paper is handed in."""
    return write.run(
        lambda unit: cases.give_material(unit, write.house.library, code, body.version, material, body.reference)
    )
