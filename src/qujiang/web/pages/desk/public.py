"""Open to everyone: what the desk is and how to get an account, and the list of requests that a clerk has cleared."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from qujiang import desk
from qujiang.desk import open311
from qujiang.desk.access import ALLOWED, part_of
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import AnyFace
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
SHOWN = 20


@view(router, "/desk/about", "desk/about.html.j2")
def about(face: AnyFace) -> View:
    """What can be asked for, who answers within how many working days, how to get an account."""
    book, on = face.house.book, names.today(face)
    rows = []
    for service in book.services.values():
        rule = book.dispatch_of(service.code, on)
        clocks = book.clocks_of(service.kind, len(rule.assisting), on)
        rows.append(
            {
                "service": service.code,
                "name_zh": service.name_zh,
                "name_en": service.name_en,
                "department": rule.lead,
                "contact_wd": clocks.contact_wd,
                "reply_wd": clocks.reply_wd,
                "public": service.type != "blackbox",
            }
        )
    part = part_of(face.caller)
    aside = {"names": names, "may": names.may(face), "may_ask": part in ALLOWED["receive"], "has_list": bool(desk.lists_of(face.caller)), "contact": face.settings.contact}  # fmt: skip
    return View({"services": rows}, rows, aside)


@view(router, "/desk/public", "desk/public.html.j2")
def cleared(face: AnyFace, after: Annotated[str, Query(max_length=20)] = "") -> View:
    """The cleared requests, the newest first; neither names nor numbers of people are in them."""
    with face.house.store.read() as connection:
        rows, next_ = open311.cleared(connection, face.house.book, after, SHOWN)
    return View({"requests": rows, "next": next_}, rows, {"names": names, "may": names.may(face)})
