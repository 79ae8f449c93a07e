"""Cases over HTTP."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from qujiang import cases
from qujiang.calendar import china_date
from qujiang.store.files import KINDS, Stored, disposition, keep_file
from qujiang.web import bodies
from qujiang.web.acts import Read, Upload, Write, as_json, house_of

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


@router.get("/bundles/{name}/drawing")
def plan(name: str, request: Request) -> Response:
    """The picture of a bundle's process: lanes, nodes and edges with their places. Public."""
    return as_json(cases.plan_of(house_of(request).library.named(name)[1]))


@router.post("/bundles/{name}/notice")
def notice(name: str, body: bodies.AnswersBody, request: Request) -> Response:
    """Everything that these answers will ask for, said once (一次告知). Public; nothing is kept."""
    house = house_of(request)
    return as_json(cases.notice(house.library, name, body.answers, china_date(house.store.now())))


@router.post("/cases", status_code=201)
def start(body: bodies.CaseBody, write: Write) -> Response:
    """Open a case: one form, one set of papers, one progress code."""
    house = write.house
    files = {code: tuple(numbers) for code, numbers in body.files.items()}
    application = cases.Application(body.bundle, body.answers, body.materials, tuple(body.promised), files)
    return write.run(lambda unit: cases.start_case(unit, house.library, house.book.calendar, application), status=201)


@router.get("/cases")
def listed(
    read: Read,
    state: Annotated[str | None, Query(max_length=20, pattern=r"^[a-z]+$")] = None,
    after: Annotated[str | None, Query(max_length=20, pattern=r"^[0-9A-Z]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The cases that I may see, the newest first."""
    return read.run(lambda c: cases.listed(c, read.caller, read.house.library, state=state, after=after, limit=limit))


Place = Annotated[str, Query(max_length=140)]


@router.get("/cases/worklist")
def worklist(
    read: Read,
    request: Request,
    after: Place = "",
    before: Place = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Response:
    """My department's ready steps, the most urgent first; ``X-Total-Count`` tells how many there are, ``Link`` the pages around."""
    with read.house.store.read() as connection:
        found = cases.worklist(connection, read.caller, after=after, before=before, limit=limit)
    answer = as_json(found.rows)
    answer.headers["X-Total-Count"] = str(found.total)
    path = request.scope.get("root_path", "").rstrip("/") + "/api/v1/cases/worklist"
    links = [
        f'<{path}?{urlencode({name: place, "limit": limit})}>; rel="{rel}"'
        for rel, name, place in (("prev", "before", found.previous), ("next", "after", found.next))
        if place
    ]
    if links:
        answer.headers["Link"] = ", ".join(links)
    return answer


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


@router.get("/progress/{code}/drawing")
def drawing(code: str, request: Request) -> Response:
    """Where a case stands in the picture of its process, for anyone with the progress code."""
    house = house_of(request)
    with house.store.read() as connection:
        return as_json(cases.drawing(connection, house.library, code))


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
        lambda unit: cases.give_material(
            unit, write.house.library, code, body.version, material, body.reference, files=tuple(body.files)
        )
    )


@router.post(
    "/files",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def upload(write: Upload, name: Annotated[str, Query(min_length=1, max_length=300)]) -> Response:
    """Upload a file of mine, as the bare body; it waits two days to be handed in with a case."""
    content = await write.request.body()
    return await run_in_threadpool(write.run, lambda unit: keep_file(unit, name, content), status=201)


@router.get("/cases/{code}/files/{file_id}")
def open_file(code: str, file_id: Annotated[int, Path(ge=1, le=2_000_000_000)], read: Read) -> Response:
    """A file of a case; a browser saves it and does not show it."""
    with read.house.store.read() as connection:
        stored, content = cases.open_file(connection, read.caller, code, file_id)
    return handed_out(stored, content)


def handed_out(stored: Stored, content: bytes) -> Response:
    """A file as an answer: of its known kind, always to be saved, never shown as a page."""
    policy = "default-src 'none'; frame-ancestors 'none'; sandbox"
    headers = {"Content-Disposition": disposition(stored.name), "Content-Security-Policy": policy}
    return Response(content, headers=headers, media_type=KINDS[stored.kind])
