"""A clock's arithmetic in the page's language: runs of days of one kind, each with the count so far."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from markupsafe import Markup

from qujiang.calendar import Due, WorkCalendar
from qujiang.web.pages.face import Face
from qujiang.web.pages.moments import day


def clock_lines(calendar: WorkCalendar, due: Due, face: Face) -> list[dict[str, Any]]:
    """One line per run of days that are counted, rested or paused: ``days``, ``kind``, ``name``, ``count``."""
    lines = []
    for (kind, name), run in groupby(enumerate(due.steps), key=lambda item: _kind(calendar, item, face)):
        steps = [step for _, step in run]
        first, last = steps[0].first, steps[-1].last
        lines.append(
            {
                "days": day(first, face.language) if first == last else f"{day(first, face.language)} – {day(last, face.language)}",
                "kind": kind,
                "name": name,
                "counted": kind in ("working", "make_up"),
                "from": steps[0].count,
                "to": steps[-1].count,
            }
        )  # fmt: skip
    return lines


def _kind(calendar: WorkCalendar, item: tuple[int, Any], face: Face) -> tuple[str, str]:
    number, step = item
    on = calendar.day(step.first)
    if number == 0:
        return "start", face.say("web.desk.day.start")
    if on.worked and not step.counted:
        return "paused", face.say("web.desk.day.paused")
    kind = on.kind.name.lower()
    words = face.say(f"web.desk.day.{kind}")
    if not on.holiday_zh or kind not in ("holiday", "make_up"):
        return kind, words
    if face.language == "zh":
        return kind, f"{words}（{on.holiday_zh}）"
    return kind, Markup("{} ({})").format(words, face.spoken(on.holiday_en))
