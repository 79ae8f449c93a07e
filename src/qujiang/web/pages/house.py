"""The pages join the application."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from qujiang.errors import QujiangError, UnknownCallerError
from qujiang.web.pages.face import OneTimePasswordError, any_face, nobodys_face
from qujiang.web.pages.rooms import routers

#: Paths that machines read: their errors stay JSON or XML.
MACHINES = ("/api/", "/open311/", "/static/", "/health", "/ready")


def install(app: FastAPI) -> None:
    """Add every room's router, and show errors of pages as pages."""
    for router in routers():
        app.include_router(router)
    app.state.error_page = error_page


def error_page(request: Request, status: int, message: str, error: QujiangError | None) -> Response | None:
    """An error as a page; None where a machine asked, which gets its JSON."""
    root = request.scope.get("root_path", "").rstrip("/")
    path = request.url.path.removeprefix(root)
    if path.startswith(MACHINES) or path.endswith((".json", ".csv", ".geojson", ".toml")):
        return None
    if getattr(request.app.state, "house", None) is None:
        return None
    try:
        face = any_face(request)
    except QujiangError:  # the database is away: nobody can be known
        face = nobodys_face(request)
    if isinstance(error, UnknownCallerError) and request.method in ("GET", "HEAD"):
        query = "?" + request.url.query if request.url.query else ""
        return RedirectResponse(face.url("/sign-in", next=face.path + query), 303)
    if isinstance(error, OneTimePasswordError):
        return RedirectResponse(face.url("/password"), 303)
    trace = request.scope.get("state", {}).get("trace", "")
    faults = getattr(error, "faults", ())
    colon = face.say("web.colon")
    lines = [f"{fault.column or fault.file}{colon}{face.fault(fault.rule, fault.mend)}" for fault in faults] or [
        face.refusal(message)
    ]
    known = (
        status if status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503) else 400 if status < 500 else 500
    )
    return face.page("error.html.j2", status, head=f"web.error.{known}", lines=lines, trace=trace)
