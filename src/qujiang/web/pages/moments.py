"""Days and instants as a reader in China sees them."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime

from qujiang.calendar import CHINA
from qujiang.words import Language, date


def day(value: Day | None, language: Language) -> str:
    """A day in words; a dash where there is none."""
    return "–" if value is None else date(value.isoformat(), language)


def moment(value: datetime | None, language: Language) -> str:
    """An instant as the day and the minute in China."""
    if value is None:
        return "–"
    local = value.astimezone(CHINA)
    return f"{date(local.date().isoformat(), language)} {local:%H:%M}"
