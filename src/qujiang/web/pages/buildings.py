"""The buildings: how full they are, who rents, what they pay, when contracts end, and which firm fits where."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from qujiang.calendar import china_date
from qujiang.district.buildings import BASES
from qujiang.report.building_rows import buildings_on, has_stock, rows_of, survey_day
from qujiang.report.buildings import SHOWN, hint_key, placement_words, span_words, tax_words, titles_of, years_words
from qujiang.store import Caller
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.pages.public import PublicFace
from qujiang.web.pages.views import View, view
from qujiang.web.pages.warm import Warm

router = APIRouter(include_in_schema=False)
#: Who reads of single leases and firms, also of a stock that is not made up: those who work for the district.
OFFICERS = frozenset({"officer", "supervisor", "joint_meeting", "admin", "auditor"})
_stocks: Warm = Warm(16)


@view(router, "/buildings", "buildings.html.j2")
def buildings(face: PublicFace, basis: Annotated[str, Query(max_length=20)] = "") -> View:
    """The stock on its day, areas by one standard; single leases and firms for officers."""
    district = district_of(face.settings)
    if not has_stock(district):
        return View({"on": None, "carriers": []}, [], {"found": False})
    on = survey_day(district, china_date(face.house.store.now()))
    chosen, named = basis if basis in BASES else None, reads_names(face.caller)
    key = (folder_of(face.settings), on, chosen, named)
    found = _stocks.get(key, lambda: buildings_on(district, on, basis=chosen, named=named))
    aside = {
        "found": True,
        "shown": SHOWN,
        "sources_told": face.of(titles_of(found["sources"])),
        "tax_words": tax_words,
        "span_words": span_words,
        "years_words": years_words,
        "placed_words": placement_words(found["placement"]),
        "hint": hint_key(found),
    }
    return View(found, rows_of(found), aside)


def reads_names(caller: Caller) -> bool:
    """Whether a caller reads of single leases and firms."""
    return caller.role in OFFICERS
