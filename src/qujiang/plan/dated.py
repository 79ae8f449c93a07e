"""Entries of a scenario that belong to projects: they open when the project does, and are as late as it is.

An entry belongs to a project where it says so (``project = "j10"``). It opens on the date that it carries (``opens``, or the
``opened`` of its row; the last one where entries of one project differ), else at the project's own expected finish, else before the
target year begins. Entries without a project, and those of a project that is finished today, hold in all futures from the start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from qujiang.district.scenario import Scenario
from qujiang.errors import ScenarioError
from qujiang.methods.periods import read_span
from qujiang.outlook.projects import FINISHED

if TYPE_CHECKING:
    from qujiang.district import District


@dataclass(frozen=True, slots=True)
class Dated:
    """A scenario of which some entries wait for projects; ``opens`` holds the dates that entries carry."""

    district: District  # without the scenario
    scenario: Scenario
    projects: tuple[str, ...]
    opens: Mapping[str, date]

    def lay(self, finished: Collection[str]) -> District:
        """The district with the scenario as far as these projects are finished."""
        waiting = set(self.projects) - set(finished)
        entries = tuple(entry for entry in self.scenario.entries if entry.project not in waiting)
        return self.district.with_overlay(replace(self.scenario, entries=entries))

    def as_dict(self) -> dict[str, str | None]:
        """Project -> the date that its entries carry, for the identity of a run."""
        return {name: str(self.opens[name]) if name in self.opens else None for name in self.projects}


def read_dated(district: District, overlaid: District, year: int) -> Dated | None:
    """What of a scenario waits for projects; None where nothing does.

    Parameters
    ----------
    district, overlaid
        Without and with the scenario, both without projects that are opened besides.
    year
        The target year.

    Raises
    ------
    ScenarioError
        Entries carry a date after the target year: the base future has them, and no future would.
    """
    scenario = overlaid.scenario
    if scenario is None or scenario is district.scenario:
        return None
    states = dict(zip(district["projects"]["id"], district["projects"]["state"], strict=True))
    owned = dict.fromkeys(entry.project for entry in scenario.entries if entry.project is not None)
    names = tuple(name for name in owned if states.get(name) not in FINISHED)
    opens: dict[str, date] = {}
    for entry in scenario.entries:
        if entry.project in names and entry.opens is not None:
            end = read_span(entry.opens, entry.opens).end
            opens[entry.project] = max(end, opens.get(entry.project, end))
    late = [f"{name} ({day})" for name, day in opens.items() if day.year > year]
    if late:
        raise ScenarioError(
            f"{scenario.file}: entries of these projects open after the target year {year}: {', '.join(late)}; "
            "give an earlier date, or leave these entries out"
        )
    return Dated(district, scenario, names, opens) if names else None
