"""Rules on projects: days of the calendar in order, and no circle among those that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from qujiang.district.project_effects import check_effects
from qujiang.district.scopes import CrossRule, Scope
from qujiang.district.vocabulary import TABLE
from qujiang.errors import Fault
from qujiang.methods.critical_path import find_circle
from qujiang.methods.periods import Span, read_span

DATES = ("started", "opened_or_due", "planned_start")


def read_date(text: str | None) -> Span | None:
    """A date as the table writes it, as exact as it is: ``2025``, ``2025-08``, ``2025-08-31``, ``after 2011-12``.

    Raises
    ------
    ValueError
        It is no period of the calendar.
    """
    bare = (text or "").removeprefix("after ")
    return read_span(bare, bare) if bare else None


def find_wrong_dates(scope: Scope) -> Iterator[Fault]:
    """Dates are days of the calendar, and no project is due before it begins."""
    for row, cells in enumerate(scope.frames["projects"].select(*DATES).iter_rows(named=True)):
        read: dict[str, Span | None] = {}
        for name in DATES:
            try:
                read[name] = read_date(cells[name])
            except ValueError as error:
                yield scope.fault("projects", row, name, str(error), "write YYYY, YYYY-MM or YYYY-MM-DD")
        due = read.get("opened_or_due")
        for name in ("started", "planned_start"):
            start = read.get(name)
            if start and due and due.end < start.start:
                rule = f"lies before {name} {cells[name]}"
                yield scope.fault("projects", row, "opened_or_due", rule, "mend one of them")


def find_waiting_circles(scope: Scope) -> Iterator[Fault]:
    """Projects do not wait for each other in a circle; where they do, the circle is shown."""
    frame = scope.frames["projects"]
    ids = frame["id"].to_list()
    circle = find_circle({name: after or () for name, after in zip(ids, frame["after"].to_list(), strict=True)})
    if circle:
        rule = f"projects wait for each other in a circle: {' -> '.join(circle)}"
        yield scope.fault("projects", ids.index(circle[0]), "after", rule, "cut one of them")


def find_wrong_effects(scope: Scope) -> Iterator[Fault]:
    """What projects change exists, and is of the type that is written."""
    if scope.frames["project_effects"].height:
        yield from check_effects(scope.frames, scope.lines)


RULES = (
    CrossRule({"projects": DATES}, find_wrong_dates),
    CrossRule({"projects": ("id", "after")}, find_waiting_circles),
    CrossRule({"project_effects": TABLE["project_effects"].names, "projects": ("id",)}, find_wrong_effects),
)
