"""What the desk's codes are called in the page's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from qujiang.calendar import china_date
from qujiang.desk.access import ALLOWED, part_of
from qujiang.desk.rulebook import Attribute
from qujiang.web.pages.face import Face
from qujiang.web.pages.place import towns_of


def today(face: Face) -> date:
    """The day in China."""
    return china_date(face.house.store.now())


def may(face: Face) -> frozenset[str]:
    """What the caller's part may do at the desk at all."""
    part = part_of(face.caller)
    return frozenset(act for act, parts in ALLOWED.items() if part in parts)


def department(face: Face, code: str | None) -> str:
    """A department's name; a code that the rules no longer know is shown as it stands."""
    found = face.house.book.departments.get(code or "")
    return _of(face, found.name_en, found.name_zh) if found else code or "–"


def agency(face: Face, name: str) -> str:
    """A department that is told by its Chinese name, in the page's language."""
    found = (code for code, one in face.house.book.departments.items() if one.name_zh == name)
    code = next(found, None)
    return name if code is None else department(face, code)


def service(face: Face, code: str | None) -> str:
    """A service's name."""
    found = face.house.book.services.get(code or "")
    return _of(face, found.name_en, found.name_zh) if found else code or face.say("web.desk.no_service")


def services(face: Face) -> list[tuple[str, str]]:
    """Every service as an option of a choice."""
    return [(code, service(face, code)) for code in face.house.book.services]


def departments(face: Face) -> list[tuple[str, str]]:
    """Every department but the desk itself as an option of a choice."""
    return [(code, department(face, code)) for code in face.house.book.departments if code != "desk"]


def towns(face: Face, chosen: str = "") -> list[tuple[str, str]]:
    """The district's towns as options of a choice, their Chinese names as values; one chosen elsewhere stands first."""
    found = [(town.zh, town.of(face.language)) for town in towns_of(face.settings)]
    return found if not found or not chosen or chosen in dict(found) else [(chosen, chosen), *found]


def place(face: Face, town: str | None, address: str | None) -> Markup:
    """Where it is: the town in the page's language where the district knows it, and the address as it was written."""
    known = dict(towns(face))
    parts = [
        Markup.escape(known[town]) if town in known else face.spoken(town) if town else "",
        face.spoken(address or ""),
    ]
    return Markup(" ").join(part for part in parts if part)


def clock(face: Face, row: dict[str, object]) -> tuple[str, str]:
    """A request's clock as (colour, words): its state is told by the words too."""
    colour = str(row["colour"])
    if colour == "red":
        return "red", face.say("web.desk.clock.red", n=row["late_wd"])
    if colour in ("yellow", "green"):
        left = row["left_wd"]
        return colour, face.say("web.desk.clock.today") if left == 0 else face.say("web.desk.clock.left", n=left)
    if colour == "grey":
        return "", face.say("web.desk.clock.grey")
    if row["late_wd"]:
        return "warn", face.say("web.desk.clock.was_late", n=row["late_wd"])
    return "", face.say(f"web.desk.state.{row['state']}")


#: Verbs whose notes the desk may write by itself; all other notes are people's own words.
_OWN_NOTES = ("received", "dispatched", "merged", "called_back", "recounted")


def note(face: Face, event: Mapping[str, Any]) -> str:
    """An event's note; one that the desk wrote, in the page's language and without the digests of its rules."""
    text = str(event["note"])
    if event["verb"] not in _OWN_NOTES:
        return text
    return face.refusal(re.sub(r"@[0-9a-f]{16}", "", text))


def asked(face: Face, question: Attribute) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """A service's further question: its words, its hint, its choices."""
    if face.language == "zh" or not question.description_en:
        return question.description_zh, question.datatype_description_zh, question.values
    return question.description_en, question.datatype_description_en, question.values_en or question.values


def _of(face: Face, en: str, zh: str) -> str:
    return zh if face.language == "zh" else en or zh
