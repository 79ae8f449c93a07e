"""Who calls, and how a write is done: once per idempotency key, in one transaction, with its row in the trail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from sqlalchemy import Connection

from qujiang.calendar import china_date
from qujiang.cases import Library
from qujiang.desk import Rulebook
from qujiang.errors import ForbiddenError, ScenarioError, UnknownCallerError
from qujiang.store import Caller, Store, Unit
from qujiang.store.accounts import csrf_matches, key_caller, session_caller
from qujiang.store.repeats import Answer, claim, fingerprint, keep

COOKIE = "qujiang_session"


@dataclass(frozen=True, slots=True)
class House:
    """What the application holds while it runs."""

    store: Store
    book: Rulebook
    library: Library


def house_of(request: Request) -> House:
    """The running application's parts."""
    return request.app.state.house


def address_of(request: Request) -> str:
    """Whence the call comes."""
    return request.client.host if request.client else ""


def key_of(request: Request) -> str | None:
    """An API key, as a bearer token or in ``X-API-Key``."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key")


def identify(request: Request, *, to_change: bool = False) -> Caller:
    """The caller of a request; a cookie alone writes nothing, for it must come with the session's CSRF token."""
    house = house_of(request)
    key, token = key_of(request), request.cookies.get(COOKIE)
    with house.store.glance() as connection:
        if key:
            caller = key_caller(connection, key, address_of(request))
        elif token:
            caller = session_caller(connection, token, house.store.now(), address_of(request))
        else:
            raise UnknownCallerError("log in, or send an API key")
    if (
        not key
        and token
        and request.method not in ("GET", "HEAD")
        and not csrf_matches(token, request.headers.get("x-csrf-token", ""))
    ):
        raise ForbiddenError("the X-CSRF-Token of this session is missing or wrong")
    if caller.must_change and not to_change:
        raise ForbiddenError("the password is for one time: change it first (POST /api/v1/account/password)")
    return caller


@dataclass(frozen=True, slots=True)
class Reading:
    """A read on behalf of a caller."""

    house: House
    caller: Caller

    def run(self, ask: Callable[[Connection], Any]) -> Response:
        """Ask one question of one state of the database."""
        with self.house.store.read() as connection:
            return as_json(ask(connection))

    @property
    def today(self) -> date:
        """The day in China."""
        return china_date(self.house.store.now())


@dataclass(frozen=True, slots=True)
class Writing:
    """A write on behalf of a caller, under an idempotency key."""

    house: House
    request: Request
    key: str
    print_: str
    secret: bool = False

    def run(self, act: Callable[[Unit], Any], *, status: int = 200, to_change: bool = False) -> Response:
        """Do it once; a repeated call gets the first answer again, but for a secret, which is shown once."""
        caller = identify(self.request, to_change=to_change)
        trace = self.request.scope["state"]["trace"]
        with self.house.store.write(caller, trace=trace) as unit:
            before = claim(unit, self.key, self.print_)
            if before is not None:
                return Response(before.body, before.status, {"Idempotent-Replay": "true"}, "application/json")
            answer = as_json(act(unit), status)
            kept = '{"shown": "once"}' if self.secret else bytes(answer.body).decode()
            keep(unit, self.key, Answer(status, kept))
        return answer


def reading(request: Request) -> Reading:
    """For routes that read."""
    return Reading(house_of(request), identify(request))


async def writing(
    request: Request,
    idempotency_key: Annotated[
        str, Header(min_length=8, max_length=100, description="new for each act, the same for its repetition")
    ],
) -> Writing:
    """For routes that write."""
    if not re.fullmatch(r"[\x21-\x7e]+", idempotency_key):
        raise ScenarioError("an idempotency key is made of plain signs without blanks")
    url = f"{request.url.path}?{request.url.query}"
    mark = fingerprint(request.method.encode(), url.encode(), await request.body())
    return Writing(house_of(request), request, idempotency_key, mark)


async def writing_secret(write: Annotated[Writing, Depends(writing)]) -> Writing:
    """For routes whose body or answer holds a secret: no trace of either is kept."""
    path = write.request.url.path.encode()
    return replace(write, secret=True, print_=fingerprint(write.request.method.encode(), path))


async def uploading(
    caller_known: Annotated[Reading, Depends(reading)], write: Annotated[Writing, Depends(writing)]
) -> Writing:
    """For routes with a large body: who calls is known before one byte of it is read."""
    caller_known.caller.need("enterprise")
    return write


Read = Annotated[Reading, Depends(reading)]
Write = Annotated[Writing, Depends(writing)]
Upload = Annotated[Writing, Depends(uploading)]
SecretWrite = Annotated[Writing, Depends(writing_secret)]


def as_json(value: Any, status: int = 200) -> Response:
    """One JSON answer; dates as text."""
    text = json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False)
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
