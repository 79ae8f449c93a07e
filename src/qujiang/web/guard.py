"""What every request passes first: a size limit, a trace number, and headers that give a browser no room."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1_000_000
#: A body that carries a file, on the routes that take one.
MOST_UPLOAD_BYTES = 11_000_000

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class TooLargeError(Exception):
    """The body went past the limit while it came in."""


class Guard:
    """An ASGI layer; a body that says it is too large is refused before one byte of it is read."""

    def __init__(self, app: ASGIApp, prefix: str = "", uploads: Collection[str] = ()) -> None:
        self.app, self.prefix = app, prefix
        self.uploads = tuple(uploads)  # beginnings of the paths that take files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.prefix:  # a proxy may pass it on or strip it
            path = scope["path"]
            below = path == self.prefix or path.startswith(self.prefix + "/")
            scope = {**scope, "root_path": self.prefix, "path": path if below else self.prefix + path}
        trace = secrets.token_hex(8)
        scope.setdefault("state", {})["trace"] = trace
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        takes_files = scope["path"].removeprefix(self.prefix).startswith(self.uploads)
        most = MOST_UPLOAD_BYTES if takes_files else MOST_BYTES
        if not length.isdigit() or int(length) > most:
            await _refuse(scope, send, most)
            return
        begun, refused, count = False, False, 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > most:
                raise TooLargeError
            return message

        async def guarded(message: Message) -> None:
            nonlocal begun, refused
            if count > most and not begun:  # whatever the application makes of the cut body
                begun = refused = True
                await _refuse(scope, send, most)
            if refused:
                return
            if message["type"] == "http.response.start":
                begun = True
                own = message.get("headers", [])
                said = {name.lower() for name, _ in own}  # a page states its own policy
                message["headers"] = [*own, *(h for h in HEADERS if h[0] not in said), (b"x-trace", trace.encode())]
            await send(message)

        try:
            await self.app(scope, counted, guarded)
        except TooLargeError:
            if not begun:
                await _refuse(scope, send, most)


async def _refuse(scope: Scope, send: Send, most: int) -> None:
    """413: as a page where a person asked, else as JSON."""
    message = f"a body has at most {most} bytes"
    page = await _page(scope, message)
    if page is None:
        answer: dict[str, Any] = {"error": "TooLargeError", "message": message}
        body, own = json.dumps(answer).encode(), [(b"content-type", b"application/json")]
    else:
        body, own = bytes(page.body), [pair for pair in page.raw_headers if pair[0] != b"content-length"]
    said = {name for name, _ in own}
    headers = [
        *own,
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *(header for header in HEADERS if header[0] not in said),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _page(scope: Scope, message: str) -> Response | None:
    """The refusal as a page, where the application has pages and the path is one of theirs."""
    shown = getattr(scope["app"].state, "error_page", None) if "app" in scope else None
    return None if shown is None else await run_in_threadpool(shown, Request(scope), 413, message, None)
