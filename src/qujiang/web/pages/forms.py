"""What is changed: a form is read, proved to come from the session's own page, and done once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from qujiang.errors import ForbiddenError, QujiangError, ScenarioError, UnknownCallerError
from qujiang.store import Unit
from qujiang.store.repeats import Answer, claim, fingerprint, keep
from qujiang.web.faults import status_of
from qujiang.web.pages import tokens
from qujiang.web.pages.face import Face, face_of

MOST_FIELDS = 400
HIDDEN = ("form_token", "once")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was posted: its fields, each with its last value, and the files that came with it."""

    face: Face
    fields: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    files: Mapping[str, UploadFile]

    def text(self, name: str) -> str:
        """A field without the blanks around it; empty where it is missing."""
        return self.fields.get(name, "").strip()

    def whole(self, name: str) -> int | None:
        """A whole number, or None where the field is empty.

        Raises
        ------
        ScenarioError
            The field holds something else.
        """
        value = self.text(name)
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise ScenarioError(f"{name} = {value[:40]!r} must be a whole number") from None


async def sent(request: Request) -> AsyncIterator[Sent]:
    """Read a form; its files are closed when the answer is made.

    Raises
    ------
    ForbiddenError
        It was posted by another site, or carries no valid mark of this session.
    UnknownCallerError
        The session has ended.
    """
    _from_here(request)
    face = await run_in_threadpool(face_of, request)
    async with request.form(max_files=20, max_fields=MOST_FIELDS) as form:
        fields, lists, files = _parts(form)
        if face.token is not None and not tokens.form_token_matches(face.token, fields.get("form_token", "")):
            raise ForbiddenError(face.say("web.form_old"))
        yield Sent(face, fields, lists, files)


def sent_signed_in(form: Annotated[Sent, Depends(sent)]) -> Sent:
    """Read a form of someone who must be signed in."""
    if not form.face.signed_in:
        raise UnknownCallerError("sign in first")
    return form


Form = Annotated[Sent, Depends(sent)]
SignedInForm = Annotated[Sent, Depends(sent_signed_in)]


def act(
    form: Sent,
    do: Callable[[Unit], str],
    *,
    again: Callable[[QujiangError], Response] | None = None,
) -> Response:
    """Do a form's act in one transaction, once, and lead to the page that shows it.

    Parameters
    ----------
    do
        Does the act and gives the path to go to next.
    again
        Shows the form anew with the error; without it the error has a page of its own.
    """
    face = form.face
    key = form.text("once")
    if not 8 <= len(key) <= 100 or not key.isascii() or not key.isalnum():
        raise ForbiddenError(face.say("web.form_old"))
    mark = fingerprint(face.path.encode(), *_content(form))
    try:
        with face.house.store.write(face.caller, trace=face.request.scope["state"]["trace"]) as unit:
            before = claim(unit, key, mark)
            if before is not None:
                return RedirectResponse(face.url(before.body), 303)
            path = do(unit)
            keep(unit, key, Answer(303, path))
    except QujiangError as error:
        if again is None or status_of(error) not in (403, 409, 422):
            raise
        shown = again(error)
        shown.status_code = status_of(error)
        return shown
    return RedirectResponse(face.url(path), 303)


def _content(form: Sent) -> list[bytes]:
    """What was filled in: the same form with other words is another act, and is told so instead of being taken as done."""
    filled = [
        f"{name}={value}" for name, values in sorted(form.lists.items()) if name not in HIDDEN for value in values
    ]
    filled += [f"{name}@{file.filename}:{file.size}" for name, file in sorted(form.files.items())]
    return [text.encode("utf-8", "replace") for text in filled]


def safe_next(path: str) -> str:
    """A path to go to after the sign-in: one within the application, else the start page."""
    parts = urlsplit(path)
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if plain and "\\" not in path and path.isprintable() else "/"


def _from_here(request: Request) -> None:
    """Refuse a form that another site's page posted."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site in ("same-origin", "none") or (site is None and origin is None):
        return
    if site is None and origin and urlsplit(origin).netloc == request.headers.get("host", ""):
        return
    raise ForbiddenError("this form was sent by another site")


def _parts(form: FormData) -> tuple[dict[str, str], dict[str, tuple[str, ...]], dict[str, UploadFile]]:
    fields: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files[name] = value
        else:
            fields[name] = value
            lists[name] = (*lists.get(name, ()), value)
    return fields, lists, files


def errors_of(error: QujiangError, face: Face) -> list[dict[str, Any]]:
    """An error as the lines of a summary, in the page's language: ``field`` (None: the whole form) and ``text``."""
    faults = getattr(error, "faults", None)
    if not faults:
        return [{"field": None, "text": face.refusal(str(error))}]
    return [{"field": f.column, "text": face.fault(f.rule, f.mend)} for f in faults]
