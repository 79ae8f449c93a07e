"""How an error is told over HTTP: one shape, one status per kind, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from qujiang.errors import (
    ConflictError,
    DataError,
    Fault,
    ForbiddenError,
    NotFoundError,
    QujiangError,
    StoreAwayError,
    ThrottledError,
    UnknownCallerError,
)
from qujiang.web.guard import TooLargeError

log = logging.getLogger("qujiang.web")

STATUS: tuple[tuple[type[QujiangError], int], ...] = (
    (UnknownCallerError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (ThrottledError, 429),
    (StoreAwayError, 503),
    (QujiangError, 422),
)

#: What any route may answer besides its own; for the OpenAPI description.
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "not understood"},
    401: {"description": "no valid session or key"},
    403: {"description": "not for this role, or without the session's CSRF token"},
    404: {"description": "no such thing for this caller"},
    409: {"description": "someone was faster, or the state does not allow it"},
    413: {"description": "the body is too large"},
    422: {"description": "faulty values, each named"},
    429: {"description": "too many attempts"},
    503: {"description": "the database does not answer"},
}


def status_of(error: QujiangError) -> int:
    """The HTTP status of an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def told(error: QujiangError) -> JSONResponse:
    """An error as an answer."""
    answer: dict[str, Any] = {"error": type(error).__name__, "message": _plain(str(error))}
    headers: dict[str, str] = {}
    if isinstance(error, DataError):
        answer["faults"] = [
            {k: _plain(v) if isinstance(v, str) else v for k, v in f.as_dict().items()} for f in error.faults
        ]
    if isinstance(error, ConflictError) and error.version is not None:
        answer["version"] = error.version
    if isinstance(error, ThrottledError):
        headers["Retry-After"] = str(error.wait_s)
    if isinstance(error, StoreAwayError):
        headers["Retry-After"] = "5"
    if isinstance(error, UnknownCallerError):
        headers["WWW-Authenticate"] = 'Bearer realm="qujiang"'
    return JSONResponse(answer, status_of(error), headers)


def install(app: FastAPI) -> None:
    """Tell every error in the one shape."""

    @app.exception_handler(QujiangError)
    async def own(request: Request, error: QujiangError) -> Response:
        return await _page(request, status_of(error), str(error), error) or told(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        places = [(".".join(map(str, e["loc"][1:])), e["msg"]) for e in error.errors()[:50]]
        told = DataError([Fault("form", None, _plain(place), None, _plain(rule), "") for place, rule in places])
        page = await _page(request, 422, "", told)
        if page is not None:
            return page
        faults = [
            {
                "file": str(e["loc"][0]),
                "column": _plain(".".join(map(str, e["loc"][1:]))),
                "rule": _plain(str(e["msg"])),
            }
            for e in error.errors()[:50]
        ]
        return JSONResponse({"error": "DataError", "message": "faulty values", "faults": faults}, 422)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        page = await _page(request, error.status_code, str(error.detail))
        if page is not None:
            page.headers.update(error.headers or {})
            return page
        return JSONResponse({"error": "HTTP", "message": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        if isinstance(error, TooLargeError):
            raise error
        trace = request.scope.get("state", {}).get("trace", "")
        log.error("trace %s", trace, exc_info=error)
        page = await _page(request, 500, "")
        return page or JSONResponse({"error": "Internal", "message": f"this should not happen; trace {trace}"}, 500)


async def _page(request: Request, status: int, message: str, error: QujiangError | None = None) -> Response | None:
    """The error as a page, where the application has pages and a person asked."""
    shown = getattr(request.app.state, "error_page", None)
    return None if shown is None else await run_in_threadpool(shown, request, status, _plain(message), error)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
