"""Open311 GeoReport v2 over HTTP: XML and JSON, and errors in the shape that the specification asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring  # only ever written here, never parsed

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from qujiang.desk import open311
from qujiang.errors import DataError, ForbiddenError, NotFoundError, QujiangError, StoreAwayError, UnknownCallerError
from qujiang.store import Caller
from qujiang.store.accounts import key_caller
from qujiang.store.repeats import Answer, claim, fingerprint, keep
from qujiang.web.acts import House, address_of, as_json, house_of

router = APIRouter(tags=["open311"])

#: What an item of a list is called in XML.
ITEMS = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}


@router.get("/discovery.{fmt}")
def discovery(request: Request, fmt: str) -> Response:
    """Where the service lies and what it speaks."""
    endpoint = str(request.base_url).rstrip("/") + "/open311/v2"
    return _told(fmt, "discovery", lambda: open311.discovery(endpoint, request.app.state.settings.contact))


@router.get("/services.{fmt}")
def services(request: Request, fmt: str) -> Response:
    """What can be asked for."""
    return _told(fmt, "services", lambda: open311.services(house_of(request).book))


@router.get("/services/{service_code}.{fmt}")
def definition(request: Request, service_code: str, fmt: str) -> Response:
    """The further questions of one service."""
    return _told(fmt, "service_definition", lambda: open311.definition(house_of(request).book, service_code))


@router.post("/requests.{fmt}", status_code=201)
async def post(request: Request, fmt: str) -> Response:
    """Hand a request in; needs a key."""
    async with request.form() as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    house = house_of(request)
    return await run_in_threadpool(_told, fmt, "service_requests", lambda: _post(request, house, fields), 201)


def _post(request: Request, house: House, fields: list[tuple[str, str]]) -> list[dict[str, Any]]:
    key = dict(fields).get("api_key") or request.query_params.get("api_key") or ""
    form = [(name, value) for name, value in fields if name != "api_key"]
    caller = _caller(request, house, key)
    with house.store.write(caller, trace=request.scope["state"]["trace"]) as unit:
        again = request.headers.get("idempotency-key", "")[:100]
        if again:
            before = claim(unit, again, fingerprint(repr(form).encode()))
            if before is not None:
                return json.loads(before.body)
        answer = [open311.post(unit, house.book, form)]
        if again:
            keep(unit, again, Answer(201, json.dumps(answer)))
    return answer


@router.get("/tokens/{token}.{fmt}")
def token(request: Request, token: str, fmt: str) -> Response:
    """The number behind a token."""

    def ask() -> list[dict[str, Any]]:
        with house_of(request).store.read() as connection:
            return [open311.token(connection, token)]

    return _told(fmt, "service_requests", ask)


@router.get("/requests.{fmt}")
def listed(request: Request, fmt: str) -> Response:
    """The public list."""
    names = open311.Query.__dataclass_fields__
    query = open311.Query(**{name: request.query_params.get(name, "") for name in names})
    house = house_of(request)

    def ask() -> list[dict[str, Any]]:
        with house.store.read() as connection:
            return open311.listed(connection, house.book, query, house.store.now())

    return _told(fmt, "service_requests", ask)


@router.get("/requests/{service_request_id}.{fmt}")
def one(request: Request, service_request_id: str, fmt: str) -> Response:
    """One request."""
    house = house_of(request)
    more = request.query_params.get("extensions", "").casefold() == "true"

    def ask() -> list[dict[str, Any]]:
        with house.store.read() as connection:
            return open311.one(connection, house.book, service_request_id, extensions=more)

    return _told(fmt, "service_requests", ask)


def _caller(request: Request, house: House, key: str) -> Caller:
    if not key:
        raise ForbiddenError("api_key is missing")
    with house.store.glance() as connection:
        caller = key_caller(connection, key, address_of(request))
    if caller.must_change:
        raise ForbiddenError("the account's password is for one time: change it first")
    return caller


def _told(fmt: str, root: str, ask: Callable[[], Any], status: int = 200) -> Response:
    """The answer, or its errors, in the format asked for."""
    if fmt not in ("xml", "json"):
        return _written(
            "xml", "errors", [{"code": 400, "description": f"format {fmt[:20]} is not known: xml or json"}], 400
        )
    try:
        return _written(fmt, root, ask(), status)
    except DataError as error:
        texts = [f"{fault.column} {fault.rule}" for fault in error.faults]
        return _written(fmt, "errors", [{"code": 400, "description": text} for text in texts], 400)
    except QujiangError as error:
        code = _code(error)
        return _written(fmt, "errors", [{"code": code, "description": str(error)}], code)


def _code(error: QujiangError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, ForbiddenError | UnknownCallerError):
        return 403
    return 503 if isinstance(error, StoreAwayError) else 400


def _written(fmt: str, root: str, value: Any, status: int) -> Response:
    if fmt == "json":
        answer = as_json(value, status)
        answer.headers["content-type"] = "application/json; charset=utf-8"
        return answer
    element = Element(root)
    _fill(element, value, ITEMS.get(root, "item"))
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(element, encoding="utf-8").replace(
        b"<?xml version='1.0' encoding='utf-8'?>\n", b""
    )
    return Response(body, status, media_type="text/xml; charset=utf-8")


def _fill(element: Element, value: Any, item: str) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            _fill(SubElement(element, name), part, ITEMS.get(name, "item"))
    elif isinstance(value, list):
        for part in value:
            _fill(SubElement(element, item), part, item)
    elif value is not None:
        element.text = _xml_text(str(value).lower() if isinstance(value, bool) else str(value))


def _xml_text(text: str) -> str:
    """Without the signs that XML 1.0 does not know."""
    return "".join(
        s if s in "\t\n\r" or 0x20 <= ord(s) <= 0xD7FF or 0xE000 <= ord(s) <= 0xFFFD or ord(s) > 0xFFFF else "�"
        for s in text
    )
