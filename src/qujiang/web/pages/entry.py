"""Sign in, sign out, the own password, and what the application is made of."""

from __future__ import annotations

import tomllib

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from qujiang import __version__
from qujiang.errors import LiveError, QujiangError, ScenarioError
from qujiang.store import accounts
from qujiang.web.acts import COOKIE, address_of
from qujiang.web.faults import status_of
from qujiang.web.pages import assets
from qujiang.web.pages.face import AnyFace, Face, SignedIn
from qujiang.web.pages.forms import Form, SignedInForm, errors_of, safe_next

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_form(face: AnyFace, next: str = "/") -> Response:
    """The form; who is signed in already goes on."""
    if face.signed_in:
        return RedirectResponse(face.url(safe_next(next)), 303)
    return _sign_in_page(face, next, "", [])


@router.post("/sign-in")
def sign_in(form: Form) -> Response:
    """Open a session and go to the page that was asked for."""
    face, name = form.face, form.text("name")
    next_ = safe_next(form.text("next") or "/")
    try:
        session = accounts.log_in(face.house.store, name, form.fields.get("password", ""), address_of(face.request))
    except LiveError as error:
        if status_of(error) not in (401, 429):
            raise
        shown = _sign_in_page(face, next_, name, errors_of(error, face))
        shown.status_code = status_of(error)
        return shown
    answer = RedirectResponse(face.url("/password" if session.caller.must_change else next_), 303)
    # "lax", so that a link from a letter finds its reader signed in; every write asks for the form's mark besides
    answer.set_cookie(
        COOKIE,
        session.token,
        httponly=True,
        samesite="lax",
        secure=face.settings.secure,
        path=face.root or "/",
        max_age=accounts.SESSION_H * 3600,
    )
    return answer


@router.post("/sign-out")
def sign_out(form: Form) -> Response:
    """End the session."""
    face = form.face
    if face.token is not None:
        with face.house.store.write(face.caller) as unit:
            accounts.log_out(unit, face.token)
    answer = RedirectResponse(face.url("/sign-in", told="out"), 303)
    answer.delete_cookie(COOKIE, path=face.root or "/")
    return answer


@router.get("/password")
def password_form(face: SignedIn) -> Response:
    """Change the own password."""
    return face.page("password.html.j2", faults=[])


@router.post("/password")
def change_password(form: SignedInForm) -> Response:
    """Change it; every session of the account ends, this one too."""
    face = form.face
    try:
        if form.fields.get("new", "") != form.fields.get("again", ""):
            raise ScenarioError(face.say("web.password.differ"))
        with face.house.store.write(face.caller) as unit:
            accounts.change_password(unit, form.fields.get("old", ""), form.fields.get("new", ""))
    except QujiangError as error:
        if status_of(error) not in (403, 422):
            raise
        return face.page("password.html.j2", status_of(error), faults=errors_of(error, face))
    answer = RedirectResponse(face.url("/sign-in", told="changed"), 303)
    answer.delete_cookie(COOKIE, path=face.root or "/")
    return answer


@router.get("/about")
def about(face: AnyFace) -> Response:
    """The version, and the parts of others with their licences."""
    vendored = tomllib.loads(assets.asset("vendor/VENDORED.toml").plain.decode())["file"]
    return face.page("about.html.j2", version=__version__, parts=vendored)


def _sign_in_page(face: Face, next_: str, name: str, faults: list[dict[str, object]]) -> Response:
    told = face.request.query_params.get("told", "")
    words = {"out": "web.signed_out", "changed": "web.password.changed"}.get(told)
    return face.page("sign_in.html.j2", next=safe_next(next_), name=name, faults=faults, told=words)
