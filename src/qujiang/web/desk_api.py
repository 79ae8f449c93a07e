"""The desk over HTTP. Every write names the version that the caller saw and carries an idempotency key."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from qujiang import desk
from qujiang.calendar import due
from qujiang.desk import boards, sheets
from qujiang.store import Unit
from qujiang.web import bodies
from qujiang.web.acts import Read, Write, as_json
from qujiang.web.pages.place import name_of

router = APIRouter(tags=["desk"])
Word = Annotated[str | None, Query(max_length=40, pattern=r"^[\w.-]+$")]


@router.get("/due")
def count_due(read: Read, start: date, days: Annotated[int, Query(ge=0, le=2000)]) -> Response:
    """The last day of a limit in working days, with its arithmetic."""
    return as_json(due(read.house.book.calendar, start, days).as_dict())


@router.get("/services")
def services(read: Read) -> Response:
    """What can be asked for."""
    return as_json(list(read.house.book.services.values()))


@router.post("/requests", status_code=201)
def receive(body: bodies.RequestBody, write: Write) -> Response:
    """Hand a request in; it is classified and dispatched by the rules of the day."""
    draft = desk.Draft(**body.model_dump())
    return write.run(lambda unit: desk.receive(unit, write.house.book, draft), status=201)


@router.get("/requests")
def listed(
    read: Read,
    state: Word = None,
    department: Word = None,
    service: Word = None,
    overdue: bool = False,
    after: Word = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    text: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = None,
) -> Response:
    """The requests that I may see, the newest first; ``text`` is sought in title, enterprise and description."""
    wanted = desk.Filter(state, department, service, overdue, after, limit, text)
    return read.run(lambda c: desk.listed(c, read.caller, read.house.book, wanted, read.today))


@router.get("/requests/{number}")
def shown(number: str, read: Read) -> Response:
    """One request with its story."""
    return read.run(lambda c: desk.shown(c, read.caller, read.house.book, number, read.today))


@router.get("/requests/{number}/due")
def explained(number: str, read: Read) -> Response:
    """The arithmetic of its last day."""
    return read.run(lambda c: desk.explain(c, read.caller, read.house.book, number).as_dict())


@router.post("/requests/{number}/dispatch")
def dispatch(number: str, body: bodies.DispatchBody, write: Write) -> Response:
    """The desk dispatches by hand."""
    return _act(write, lambda u: desk.dispatch(u, write.house.book, number, body.version, service=body.service, lead=body.lead, note=body.note))  # fmt: skip


@router.post("/requests/{number}/contact")
def contact(number: str, body: bodies.Noted, write: Write) -> Response:
    """The lead has spoken with the enterprise."""
    return _act(write, lambda u: desk.contact(u, number, body.version, body.note))


@router.post("/requests/{number}/return")
def send_back(number: str, body: bodies.Reasoned, write: Write) -> Response:
    """Not ours: back to the desk."""
    return _act(write, lambda u: desk.send_back(u, write.house.book, number, body.version, body.reason))


@router.post("/requests/{number}/opinion")
def opinion(number: str, body: bodies.Worded, write: Write) -> Response:
    """An assisting department's answer to the lead."""
    return _act(write, lambda u: desk.give_opinion(u, number, body.version, body.text))


@router.post("/requests/{number}/interim")
def interim(number: str, body: bodies.Worded, write: Write) -> Response:
    """A word on the way."""
    return _act(write, lambda u: desk.reply_interim(u, number, body.version, body.text))


@router.post("/requests/{number}/pause")
def pause(number: str, body: bodies.Reasoned, write: Write) -> Response:
    """The clock stands."""
    return _act(write, lambda u: desk.pause(u, number, body.version, body.reason))


@router.post("/requests/{number}/resume")
def resume(number: str, body: bodies.Noted, write: Write) -> Response:
    """The clock runs on."""
    return _act(write, lambda u: desk.resume(u, write.house.book, number, body.version, body.note))


@router.post("/requests/{number}/extension")
def ask_extension(number: str, body: bodies.ExtensionBody, write: Write) -> Response:
    """More time is asked for."""
    return _act(
        write,
        lambda u: desk.ask_extension(u, write.house.book, number, body.version, days=body.days, reason=body.reason),
    )


@router.post("/requests/{number}/extension/decision")
def decide_extension(number: str, body: bodies.ExtensionAnswer, write: Write) -> Response:
    """The supervisor grants or refuses."""
    return _act(write, lambda u: desk.decide_extension(u, write.house.book, number, body.version, grant=body.grant, reason=body.reason))  # fmt: skip


@router.post("/requests/{number}/escalate")
def escalate(number: str, body: bodies.Reasoned, write: Write) -> Response:
    """To the joint meeting."""
    return _act(write, lambda u: desk.escalate(u, number, body.version, body.reason))


@router.post("/requests/{number}/decision")
def decide(number: str, body: bodies.DecisionBody, write: Write) -> Response:
    """What the joint meeting decided."""
    return _act(write, lambda u: desk.decide(u, write.house.book, number, body.version, lead=body.lead, days=body.days, resolution=body.resolution))  # fmt: skip


@router.post("/requests/{number}/reply")
def reply(number: str, body: bodies.Worded, write: Write) -> Response:
    """The answer to the enterprise."""
    return _act(write, lambda u: desk.reply(u, number, body.version, body.text))


@router.post("/requests/{number}/call-back")
def call_back(number: str, body: bodies.CallBackBody, write: Write) -> Response:
    """What the enterprise said when asked."""
    return _act(write, lambda u: desk.call_back(u, write.house.book, number, body.version, resolved=body.resolved, rating=body.rating, note=body.note))  # fmt: skip


@router.post("/requests/{number}/rating")
def rate(number: str, body: bodies.RatingBody, write: Write) -> Response:
    """One of five levels, once per handling."""
    return _act(write, lambda u: desk.rate(u, number, body.version, rating=body.rating, comment=body.comment))


@router.post("/requests/{number}/reopen")
def reopen(number: str, body: bodies.Reasoned, write: Write) -> Response:
    """Closed too early."""
    return _act(write, lambda u: desk.reopen(u, write.house.book, number, body.version, body.reason))


@router.post("/requests/{number}/merge")
def merge(number: str, body: bodies.MergeBody, write: Write) -> Response:
    """The same thing asked twice."""
    return _act(write, lambda u: desk.merge(u, number, body.version, body.into))


@router.post("/requests/{number}/clear")
def clear(number: str, body: bodies.Seen, write: Write) -> Response:
    """The public list may show the text."""
    return _act(write, lambda u: desk.clear(u, number, body.version))


@router.post("/requests/recount")
def recount(write: Write) -> Response:
    """Count every open deadline again."""
    return write.run(lambda unit: {"moved": desk.recount(unit, write.house.book)})


@router.post("/intake/hotline")
async def hotline(request: Request, write: Write) -> Response:
    """A hotline's CSV file, at most 1 MB; larger ones go through the command line."""
    from starlette.concurrency import run_in_threadpool

    text = (await request.body()).decode("utf-8-sig", "replace")
    return await run_in_threadpool(write.run, lambda unit: desk.take_hotline(unit, write.house.book, text))


@router.get("/board")
def board(read: Read, first: date, last: date) -> Response:
    """The three rates with n and interval, ageing, and a line per department."""
    return read.run(lambda c: desk.board(c, read.caller, read.house.book, first, last, read.today).as_dict())


@router.get("/board.csv")
def board_csv(read: Read, first: date, last: date) -> Response:
    """The board as CSV."""
    with read.house.store.read() as connection:
        rows = boards.board_table(desk.board(connection, read.caller, read.house.book, first, last, read.today))
    headers = {"Content-Disposition": 'attachment; filename="board.csv"'}
    return Response(sheets.as_csv(rows, list(rows[0])), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/observations")
def observations(
    read: Read, request: Request, first: date, months: Annotated[int, Query(ge=1, le=36)] = 12
) -> Response:
    """The desk's own indicators by month, as rows of the district's table ``observations``."""
    area = name_of(request.app.state.settings).zh
    starts = [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(months)]
    return read.run(lambda c: desk.observations(c, read.caller, read.house.book, starts, read.today, area=area))


def _act(write: Write, act: Any) -> Response:
    def told(unit: Unit) -> dict[str, int]:
        return {"version": act(unit)}

    return write.run(told)
