"""The marks that every row carries: where it comes from, how sure it is, and its range."""

from __future__ import annotations

from typing import Any

from qujiang.tables import Column

STATUSES = ("documented", "derived", "assumed")

STATUS = Column(
    "status",
    "choice",
    "documented: stands in the source; derived: arithmetic on other values; assumed: chosen because nothing was found",
    choices=STATUSES,
    required=True,
)
SOURCE = Column(
    "source", "list", "where it comes from: ids of sources, separated by ;", reference="sources.id", required=True
)
NOTE = Column("note", "text", "what a reader should know about this row")
#: Of tables whose notes pages show.
NOTE_ZH = Column("note_zh", "text", "the note in Chinese", if_absent="note is shown")
MARKS = (STATUS, SOURCE, NOTE)

NAME_ZH = Column("name_zh", "text", "Chinese name", required=True)
NAME_EN = Column("name_en", "text", "English name", required=True)


def key(meaning: str = "short name, unique in the table") -> Column:
    """The key column ``id``."""
    return Column("id", "text", meaning, key=True, pattern=r"\S+")


def part_status(name: str, meaning: str) -> Column:
    """A status of one part of the row, beside the row's own."""
    return Column(name, "choice", meaning, choices=STATUSES)


def ranged(stem: str, unit: str, meaning: str, *, type: str = "number", **rules: Any) -> tuple[Column, Column, Column]:
    """A number with its low and its high end."""
    ends = {name: value for name, value in rules.items() if name != "required"}
    return (
        Column(f"{stem}_{unit}", type, meaning, **rules),
        Column(f"{stem}_low_{unit}", type, f"{meaning}: low end of the range", **ends),
        Column(f"{stem}_high_{unit}", type, f"{meaning}: high end of the range", **ends),
    )


def ends(stem: str, unit: str, meaning: str, *, type: str = "number", **rules: Any) -> tuple[Column, Column]:
    """The low and the high end of a number that has no middle of its own."""
    return (
        Column(f"{stem}_low_{unit}", type, f"{meaning}: low end", **rules),
        Column(f"{stem}_high_{unit}", type, f"{meaning}: high end", **rules),
    )


def point() -> tuple[Column, Column, Column]:
    """Longitude, latitude and how sure they are."""
    return (
        Column("lon_deg", "number", "longitude, WGS84", minimum=-180, maximum=180),
        Column("lat_deg", "number", "latitude, WGS84", minimum=-90, maximum=90),
        part_status("coord_status", "how sure the point is"),
    )
