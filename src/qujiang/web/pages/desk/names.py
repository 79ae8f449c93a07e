"""What the desk's codes are called in the page's language."""

from __future__ import annotations

from datetime import date

from qujiang.calendar import china_date
from qujiang.desk.access import ALLOWED, part_of
from qujiang.web.pages.face import Face


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


def _of(face: Face, en: str, zh: str) -> str:
    return zh if face.language == "zh" else en or zh
