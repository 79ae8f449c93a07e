"""The supervisor's board: the three rates with n and interval, ageing, a line per department, and what waits for a decision."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from qujiang import desk
from qujiang.desk.access import allow, part_of
from qujiang.desk.boards import board_table
from qujiang.errors import ScenarioError
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
SHOWN = 10


@view(router, "/desk/board", "desk/board.html.j2")
def shown(
    face: SignedIn, first: Annotated[str, Query(max_length=10)] = "", last: Annotated[str, Query(max_length=10)] = ""
) -> View:
    """The requests received from ``first`` to ``last``; without them, this month so far and the one before."""
    allow(face.caller, "board")
    on = names.today(face)
    start = _day(face, first) if first else (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    end = _day(face, last) if last else on
    waiting: dict[str, Any] = {}
    with face.house.store.read() as connection:
        made = desk.board(connection, face.caller, face.house.book, start, end, on)
        for name in ("extension", "escalated"):
            if name in desk.lists_of(face.caller):
                wanted = desk.Wanted(name, limit=SHOWN)
                waiting[name] = desk.worklist(connection, face.caller, face.house.book, wanted, on).rows
    data = made.as_dict() | {"waiting": waiting}
    most = max((step["open"] for step in made.ageing), default=0)
    aside = {"names": names, "part_": part_of(face.caller), "most": most, "may": names.may(face)}
    return View(data, board_table(made), aside)


def _day(face: Face, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ScenarioError(face.say("web.desk.board.no_day", text=text)) from None
