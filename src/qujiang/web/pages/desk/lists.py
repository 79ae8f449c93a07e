"""The desk's lists: the enterprise's own requests, and the worklists of who works at the desk."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from qujiang import desk
from qujiang.desk.access import ALLOWED, part_of
from qujiang.web.pages.desk import names
from qujiang.web.pages.desk.acts import ACTS
from qujiang.web.pages.face import AnyFace, Face, SignedIn
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=100)]


@router.get("/desk")
def front(face: AnyFace) -> Response:
    """Where the menu leads: to the own list, or to what the desk is."""
    return RedirectResponse(face.url("/desk/requests" if desk.lists_of(face.caller) else "/desk/about"), 303)


@router.get("/desk/find")
def find(face: SignedIn, q: Text = "") -> Response:
    """A number leads to its request; any other word searches the list."""
    with face.house.store.read() as connection:
        number = desk.found(connection, face.caller, q)
    if number:
        return RedirectResponse(face.url(f"/desk/requests/{number}"), 303)
    return RedirectResponse(face.url("/desk/requests", q=q or None), 303)


@view(router, "/desk/requests", "desk/list.html.j2")
def listed(
    face: SignedIn,
    request: Request,
    list: Text = "",
    service: Text = "",
    department: Text = "",
    colour: Text = "",
    q: Text = "",
    after: Text = "",
) -> View:
    """One page of one list."""
    wanted = desk.Wanted(list, department or None, service or None, colour or None, q, after)
    with face.house.store.read() as connection:
        page = desk.worklist(connection, face.caller, face.house.book, wanted, names.today(face))
        counts = desk.waiting(connection, face.caller)
    data = {"list": page.name, "counts": counts, "requests": page.rows, "next": page.next, "looked": page.looked}
    asked = {"service": service, "department": department, "colour": colour, "q": q, "after": after}
    return View(data, page.rows, _aside(face, page, counts) | {"asked": asked})


def _aside(face: Face, page: desk.Page, counts: dict[str, int]) -> dict[str, Any]:
    part = part_of(face.caller)
    tabs = [(name, face.say(f"web.desk.list.{name}"), counts.get(name)) for name in desk.lists_of(face.caller)]
    return {
        "part_": part,
        "tabs": tabs if len(tabs) > 1 else [],
        "title": face.say("web.desk.mine" if part == "enterprise" else "web.desk.worklist"),
        "may": names.may(face),
        "all_acts": ACTS,
        "keys": [act for act in ACTS.values() if act.key and part in ALLOWED[act.name]],
        "names": names,
        "looked_at": desk.LOOKED,
        "most_counted": desk.MOST_COUNTED,
        "done": face.request.query_params.get("done", "")[:40],
    }
