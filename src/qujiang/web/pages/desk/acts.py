"""What is done with a request, each as one form: its letter on the keyboard, and how the form is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qujiang import desk
from qujiang.desk import Rulebook
from qujiang.errors import DataError, Fault
from qujiang.store import Unit
from qujiang.web.pages.forms import Sent

Do = Callable[[Unit, Rulebook, str, int, Sent], int]


@dataclass(frozen=True, slots=True)
class Act:
    """One act; ``key`` opens its form on the request's page (empty: no letter)."""

    name: str
    key: str
    do: Do


def _missing(form: Sent, name: str) -> DataError:
    return DataError([Fault("form", None, name, None, form.face.say("web.desk.needed"), "")])


def _number(form: Sent, name: str) -> int:
    value = form.whole(name)
    if value is None:
        raise _missing(form, name)
    return value


def _answer(form: Sent, name: str) -> bool | None:
    """yes, no, or neither; a form in which nothing was chosen is at fault."""
    answers: dict[str, bool | None] = {"yes": True, "no": False, "none": None}
    if form.text(name) not in answers:
        raise _missing(form, name)
    return answers[form.text(name)]


def _ask_extension(u: Unit, b: Rulebook, n: str, v: int, f: Sent) -> int:
    return desk.ask_extension(u, b, n, v, days=_number(f, "days"), reason=f.text("reason"))


def _decide(u: Unit, b: Rulebook, n: str, v: int, f: Sent) -> int:
    return desk.decide(
        u, b, n, v, lead=f.text("lead"), days=_number(f, "days"), resolution=f.text("resolution")
    )  # fmt: skip


def _dispatch(u: Unit, b: Rulebook, n: str, v: int, f: Sent) -> int:
    return desk.dispatch(u, b, n, v, service=f.text("service"), lead=f.text("lead") or None, note=f.text("note"))


def _call_back(u: Unit, b: Rulebook, n: str, v: int, f: Sent) -> int:
    return desk.call_back(
        u, b, n, v, resolved=_answer(f, "resolved"), rating=f.whole("rating"), note=f.text("note")
    )  # fmt: skip


ACTS: dict[str, Act] = {
    act.name: act
    for act in (
        Act("dispatch", "d", _dispatch),
        Act("contact", "c", lambda u, b, n, v, f: desk.contact(u, n, v, f.text("note"))),
        Act("reply", "r", lambda u, b, n, v, f: desk.reply(u, n, v, f.text("text"))),
        Act("interim", "i", lambda u, b, n, v, f: desk.reply_interim(u, n, v, f.text("text"))),
        Act("opinion", "o", lambda u, b, n, v, f: desk.give_opinion(u, n, v, f.text("text"))),
        Act("pause", "p", lambda u, b, n, v, f: desk.pause(u, n, v, f.text("reason"))),
        Act("resume", "p", lambda u, b, n, v, f: desk.resume(u, b, n, v, f.text("note"))),
        Act("ask_extension", "x", _ask_extension),
        Act(
            "decide_extension",
            "x",
            lambda u, b, n, v, f: desk.decide_extension(u, b, n, v, grant=bool(_answer(f, "grant")), reason=f.text("reason")),
        ),
        Act("return", "b", lambda u, b, n, v, f: desk.send_back(u, b, n, v, f.text("reason"))),
        Act("escalate", "e", lambda u, b, n, v, f: desk.escalate(u, n, v, f.text("reason"))),
        Act("decide", "d", _decide),
        Act("call_back", "k", _call_back),
        Act("rate", "", lambda u, b, n, v, f: desk.rate(u, n, v, rating=_number(f, "rating"), comment=f.text("comment"))),
        Act("reopen", "w", lambda u, b, n, v, f: desk.reopen(u, b, n, v, f.text("reason"))),
        Act("merge", "m", lambda u, b, n, v, f: desk.merge(u, n, v, f.text("into"))),
        Act("clear", "v", lambda u, b, n, v, f: desk.clear(u, n, v)),
    )
}  # fmt: skip
