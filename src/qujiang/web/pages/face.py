"""One request as a page sees it: who asks, in which language, and the page that answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from qujiang.errors import ForbiddenError, UnknownCallerError
from qujiang.store import ANONYMOUS, Caller
from qujiang.store.accounts import session_caller
from qujiang.web.acts import COOKIE, House, address_of, house_of
from qujiang.web.pages import assets, language, tokens
from qujiang.web.pages.moments import day, moment
from qujiang.web.pages.place import name_of
from qujiang.web.settings import Settings
from qujiang.words import (
    Both,
    Language,
    both_of,
    date,
    known,
    number,
    percent,
    quantity,
    say,
    signed_quantity,
    written_in,
)
from qujiang.words.refusals import fault_in_chinese, mend_in_chinese

#: Nothing but our own files; no script or style inside a page, no frame around it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Face:
    """Who asks for a page, how, and in which language; ``token`` is the session's, None without one."""

    request: Request
    house: House
    settings: Settings
    caller: Caller
    language: Language
    token: str | None
    _marks: Iterator[int] = field(default_factory=lambda: count(1), compare=False, repr=False)

    @property
    def root(self) -> str:
        """What a proxy puts before every path; empty without one."""
        return self.request.scope.get("root_path", "").rstrip("/")

    @property
    def path(self) -> str:
        """The path of this page, below the root."""
        full = self.request.url.path
        return full[len(self.root) :] if self.root and full.startswith(self.root) else full

    @property
    def signed_in(self) -> bool:
        """Whether a session stands behind the request."""
        return self.caller.account_id is not None

    def url(self, path: str, **query: Any) -> str:
        """An address within the application: below the proxy's prefix, with the query parts that are not None."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self.root + path + (f"?{urlencode(asked)}" if asked else "")

    def here(self, **changed: Any) -> str:
        """This page's address with some query parts changed; None takes a part away."""
        asked = dict(self.request.query_params) | changed
        return self.url(self.path, **asked)

    @property
    def district(self) -> str:
        """What the district is called."""
        return name_of(self.settings).of(self.language)

    def say(self, key: str, **values: Any) -> str:
        """A sentence of the catalogue in the page's language."""
        return say(key, self.language, **values)

    def wrote(self, key: str, **values: Any) -> Markup:
        """A sentence of the catalogue whose blanks are what somebody wrote, each marked where it is in another language."""
        return Markup(escape(say(key, self.language, **{name: f"{{{name}}}" for name in values}))).format(
            **{name: self.spoken(value) for name, value in values.items()}
        )

    def of(self, text: Both | Mapping[str, str] | str) -> str:
        """A text in the page's language."""
        if isinstance(text, Mapping):
            return text[self.language]
        return text.of(self.language) if isinstance(text, Both) else text

    def tag_of(self, text: Any) -> str | None:
        """The tag of the language that a text is written in, where that is not the page's; for ``lang=``."""
        own = written_in(text) if isinstance(text, str) else None
        return None if own is None or own == self.language else language.TAGS[own]

    def lang(self, text: Any) -> Markup:
        """``lang="..."`` for an element that holds what somebody wrote in another language; empty where it is the page's."""
        tag = self.tag_of(text)
        return Markup("") if tag is None else Markup(' lang="{}"').format(tag)

    def spoken(self, text: Any) -> Markup:
        """What somebody wrote, for a page: in another language it is marked as such, so that it is read out rightly."""
        tag = self.tag_of(text)
        return escape(text) if tag is None else Markup('<span lang="{}">{}</span>').format(tag, text)

    def code(self, prefix: str, word: str) -> str:
        """The words for a code such as ``status.met``; a code without words as it stands."""
        return known(prefix, word).of(self.language)

    def refusal(self, text: str) -> str:
        """An error's sentence in the page's language."""
        return fault_in_chinese(text) if self.language == "zh" else text

    def fault(self, rule: str, mend: str) -> str:
        """A fault's rule with its mend, in the page's language."""
        told, help_ = self.refusal(rule), mend_in_chinese(mend) if mend and self.language == "zh" else mend
        return told + ((f"（{help_}）" if self.language == "zh" else f" ({help_})") if mend else "")

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Fill a template; the page is never kept by a cache in between, for it may be one person's."""
        from qujiang.web.pages.rooms import open_rooms

        told = (
            _environment()
            .get_template(template)
            .render(
                face=self,
                rooms=open_rooms(self.caller, self.settings),
                language_tag=language.TAGS[self.language],
                **values,
            )
        )
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Vary": "Cookie, Accept-Language",
            "Content-Language": language.TAGS[self.language],
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        }
        if self.settings.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        answer = Response(told, status, headers, "text/html; charset=utf-8")
        if language.asked(self.request):
            secure = self.settings.secure
            answer.set_cookie(
                language.COOKIE, self.language, max_age=31_536_000, samesite="lax", path=self.root or "/", secure=secure
            )
        return answer

    def mark(self, kind: str) -> str:
        """A name within this page that no other element has."""
        return f"{kind}-{next(self._marks)}"

    def form_token(self) -> str:
        """What a form must send back; another one each time, so that packing a page does not give it away."""
        return tokens.form_token(self.token) if self.token else ""

    def once(self) -> str:
        """A mark that makes a form count once, however often it is sent."""
        return tokens.once()


class OneTimePasswordError(ForbiddenError):
    """Who signed in with a one-time password may do nothing but change it."""


#: Open to who still has a one-time password.
BEFORE_THE_CHANGE = ("/password", "/sign-out")


def face_of(request: Request) -> Face:
    """The face of a request; a session that has ended counts as none.

    Raises
    ------
    OneTimePasswordError
        The password must be changed first; a page then leads there.
    """
    face = any_face(request)
    if face.caller.must_change and face.path not in BEFORE_THE_CHANGE:
        raise OneTimePasswordError("the password is for one time: change it first")
    return face


def nobodys_face(request: Request) -> Face:
    """The face of a request whose sender is not asked for: the database may be away."""
    caller = Caller(None, ANONYMOUS.name, ANONYMOUS.role, address=address_of(request))
    return Face(request, house_of(request), request.app.state.settings, caller, language.language_of(request), None)


def any_face(request: Request) -> Face:
    """The face of a request whoever asks, also with a one-time password."""
    house, token = house_of(request), request.cookies.get(COOKIE)
    if not token:
        return nobodys_face(request)
    try:
        with house.store.glance() as connection:
            caller = session_caller(connection, token, house.store.now(), address_of(request))
    except UnknownCallerError:
        return nobodys_face(request)
    return Face(request, house, request.app.state.settings, caller, language.language_of(request), token)


def signed_in_face(request: Request) -> Face:
    """The face of someone who is signed in and has a password of their own.

    Raises
    ------
    UnknownCallerError
        Nobody is signed in; the page then leads to the sign-in.
    """
    face = face_of(request)
    if not face.signed_in:
        raise UnknownCallerError("sign in first")
    return face


AnyFace = Annotated[Face, Depends(face_of)]
SignedIn = Annotated[Face, Depends(signed_in_face)]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qujiang.web.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "asset": assets.address,
        "number": number,
        "quantity": quantity,
        "percent": percent,
        "signed_quantity": signed_quantity,
        "date": date,
        "day": day,
        "moment": moment,
        "both_of": both_of,
    }
    return environment
