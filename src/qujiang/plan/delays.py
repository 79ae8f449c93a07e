"""Projects that are late in some futures: what they change counts from the day on which they are finished.

A future draws a delay for each project of the plan. What the plan says with some of the projects finished is computed as a
whole for every set of them that is needed (a *state*); a year lies between states by the share of it in which each project is
finished. With shares a the weight of the state S is max(0, min of a over S - max of a outside S): the weights are not negative and
sum to 1, and a project that is finished all year, or not at all, leaves one state only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.district.project_effects import project_scenario
from qujiang.errors import ScenarioError
from qujiang.outlook.projects import BEGUN, FINISHED, Project, read_projects
from qujiang.outlook.schedule import expect_finishes
from qujiang.plan.dated import Dated
from qujiang.plan.draws import Input, Inputs, triangular
from qujiang.plan.effects import Effects, read_effects, side_with_effects
from qujiang.plan.input_names import with_names
from qujiang.words import Both

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.plan.futures import FutureModel

Floats = np.ndarray
#: Stream of chance of the projects: no other draw moves with it.
STREAM = 2
#: Months by which a project is late: least, most likely, most (assumed). A project with both of its ``duration_days`` and
#: ``duration_high_days`` has its own: from none, the most likely, to the difference.
DELAY_MONTHS = (0.0, 3.0, 24.0)
#: Correlation of the normal scores of two delays (assumed).
DELAY_CORRELATION = 0.5
#: Projects that change more than what is added to a measure: each doubles the states that are run.
MOST_STATES = 3
HELD_MANY = f"only the first {MOST_STATES} projects that change tables of the model are delayed"
HELD_TESTABLE = "without it a measure could not be tested"
FACTOR = "factor:project delays"
_MONTH_DAYS = 365.25 / 12
_YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Delay:
    """One project of the plan and the law of its delay.

    ``finish`` is the expected finish without a drawn delay, as a year with decimals; ``work_years`` are its days of work where it begins
    only when all of ``after`` are finished. ``held`` says why no delay is drawn: it is then open in all futures.
    """

    id: str
    name_zh: str
    name_en: str
    finish: float
    low_months: float
    middle_months: float
    high_months: float
    assumed: bool
    undated: bool
    after: tuple[str, ...] = ()
    work_years: float | None = None
    held: str = ""

    @property
    def input(self) -> Input | None:
        """Its delay as an input; None where there is nothing to draw."""
        if self.held:
            return None
        group = {"group": FACTOR, "correlation": DELAY_CORRELATION}
        name = f"delay of {self.name_en} [months]"
        return triangular(f"delay:{self.id}", name, self.low_months, self.middle_months, self.high_months, **group)


@dataclass(frozen=True, slots=True)
class Delays:
    """The projects of a plan, those that are waited for first; ``states`` the model with each set of ``moving`` projects finished."""

    projects: tuple[Delay, ...]
    moving: tuple[str, ...]
    states: Mapping[frozenset[str], FutureModel]
    added: Mapping[str, Mapping[str, float]]  # project -> measure -> what it adds
    bare: FutureModel | None = None  # without any of the projects

    @property
    def inputs(self) -> Inputs:
        """What is drawn."""
        drawn = [found for found in (project.input for project in self.projects) if found is not None]
        factor = Input(FACTOR, "project delays: what they share", 0, 0.5, 1, "factor")
        names = {("projects", project.id): Both(project.name_en, project.name_zh) for project in self.projects}
        return Inputs(STREAM, with_names((factor, *drawn), names) if drawn else ())

    def finishes(self, own: Mapping[str, Floats], count: int) -> dict[str, Floats]:
        """Finish of each project as a year with decimals, shape (futures,): one that waits for a late project is late with it."""
        inputs = self.inputs
        late = inputs.values(inputs.positions(own))
        found: dict[str, Floats] = {}
        for project in self.projects:
            base = np.full(count, project.finish)
            if project.work_years is not None:
                for other in (found[name] for name in project.after if name in found):
                    base = np.maximum(base, other + project.work_years)
            months = late.get(f"delay:{project.id}", np.full(count, project.middle_months))
            found[project.id] = base if project.held else base + months / 12
        return found


def open_projects(overlaid: District, projects: Sequence[str], year: int) -> tuple[str, ...]:
    """The projects that a plan asks for, each once.

    Raises
    ------
    ScenarioError
        One is not in the table, has no declared effect, is open already or is expected after the target year; all are named.
    """
    asked = tuple(dict.fromkeys(projects))
    read = {project.id: project for project in read_projects(overlaid["projects"])}
    effects = set(overlaid["project_effects"]["project"])
    expected = expect_finishes(tuple(read.values()), _day(overlaid))
    told = []
    for name in asked:
        if name not in read:
            told.append(f"{name}: no such project (projects.csv)")
        elif name not in effects:
            told.append(f"{name}: no effect is declared (project_effects.csv)")
        elif read[name].state in FINISHED:
            told.append(f"{name}: open already, it is in today's figures")
        else:
            finish = expected[name].finish
            if finish is not None and finish.year > year:
                told.append(f"{name}: opens {finish}, after {year}")
    if told:
        raise ScenarioError("projects that the plan cannot count: " + "; ".join(told))
    return asked


def lay_over(overlaid: District, projects: Collection[str]) -> District:
    """The district with these projects open; itself where there are none."""
    if not projects:
        return overlaid
    ordered = _in_order(overlaid, projects)
    return overlaid.with_overlay(project_scenario(overlaid.frames, ordered, lines=overlaid.lines))


def with_delays(
    overlaid: District,
    projects: Sequence[str],
    year: int,
    build: Callable[[District], FutureModel],
    dated: Dated | None = None,
) -> FutureModel:
    """The model of the plan with the projects open, which draws when.

    Parameters
    ----------
    overlaid
        The district with its scenario and without the projects.
    build
        Makes the model of a district.
    dated
        What of the scenario waits for projects.
    """
    opened, waited = tuple(projects), () if dated is None else dated.projects
    projects = tuple(dict.fromkeys([*opened, *waited]))
    plan = _Plan(overlaid, opened, dated)
    effects = overlaid["project_effects"]
    plain = (pl.col("verb") == "increase") & (pl.col("table") == "measures") & (pl.col("column") == "added_value")
    mixed = {*effects.filter(~plain)["project"], *waited}
    heavy = [name for name in projects if name in mixed]
    moving = tuple(heavy[:MOST_STATES])
    held = dict.fromkeys(heavy[MOST_STATES:], HELD_MANY)
    states = _states(plan, moving, held, build)
    asked = {row["id"] for row in states[frozenset()].measures}
    other = [name for name in moving if {row["id"] for row in states[frozenset([name])].measures} != asked]
    if other:  # without it there is no value to go back to
        held |= dict.fromkeys(other, HELD_TESTABLE)
        moving = tuple(name for name in moving if name not in other)
        states = _states(plan, moving, held, build)
    added = {name: _added(overlaid, name) for name in projects if name not in mixed}
    drawn = read_effects(overlaid, opened)
    states = {state: _with_effects(model, plan, {*state, *held}, drawn) for state, model in states.items()}
    bare = states[frozenset()]
    if held:  # they are open in that state: without any project is one more
        bare = replace(build(plan.lay(())), effects=drawn.of(()))
    delays = Delays(tuple(_delays(plan, projects, held, year)), moving, states, added, bare)
    return replace(states[frozenset(moving)], delays=delays, effects=drawn)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The district with its scenario, the projects that are opened besides, and what of the scenario waits for projects."""

    overlaid: District
    opened: tuple[str, ...]
    dated: Dated | None

    def lay(self, finished: Collection[str]) -> District:
        """With these projects finished, and no other."""
        return lay_over(self.scenario(finished), self.own(finished))

    def scenario(self, finished: Collection[str]) -> District:
        """The scenario as far as these projects are finished."""
        return self.overlaid if self.dated is None else self.dated.lay(finished)

    def own(self, finished: Collection[str]) -> list[str]:
        """Those whose effects are open."""
        return _in_order(self.overlaid, set(finished) & set(self.opened))


def _with_effects(model: FutureModel, plan: _Plan, finished: Collection[str], effects: Effects) -> FutureModel:
    """A state with what is drawn of the effects of its projects."""
    target, own = model.target, plan.own(finished)
    if target is not None:
        target = side_with_effects(target, plan.scenario(finished), own, effects)
    return replace(model, target=target, effects=effects.of(own))


def _in_order(overlaid: District, projects: Collection[str]) -> list[str]:
    return [name for name in overlaid["projects"]["id"] if name in projects]


def _states(
    plan: _Plan, moving: Sequence[str], held: Collection[str], build: Callable[[District], FutureModel]
) -> dict[frozenset[str], FutureModel]:
    sets = [frozenset(chosen) for size in range(len(moving) + 1) for chosen in combinations(moving, size)]
    return {chosen: build(plan.lay({*chosen, *held})) for chosen in sets}


def _added(overlaid: District, name: str) -> dict[str, float]:
    before, after = (frame["measures"] for frame in (overlaid, lay_over(overlaid, [name])))
    rows = zip(before["id"], before["added_value"], after["added_value"], strict=True)
    found = {measure: (new or 0.0) - (old or 0.0) for measure, old, new in rows}
    return {measure: value for measure, value in found.items() if value}


def _delays(plan: _Plan, projects: Sequence[str], held: Mapping[str, str], year: int) -> list[Delay]:
    """Laws and finishes; a scenario says of its own projects that they are open, so these are read without it."""
    dated = plan.dated
    overlaid = plan.overlaid if dated is None else dated.lay(())
    read = {project.id: project for project in read_projects(overlaid["projects"])}
    rows = {row["id"]: row for row in overlaid["projects"].to_dicts()}
    expected = expect_finishes(tuple(read.values()), _day(overlaid))
    made = []
    for name in sorted(projects, key=lambda one: (_depth(one, read), projects.index(one))):
        project, finish = read[name], expected[name].finish
        given = None if dated is None else dated.opens.get(name)
        finish = finish if given is None else given
        own = _own_months(rows[name])
        waits = bool(project.after) and project.state not in BEGUN and project.planned_days is not None and not given
        made.append(
            Delay(
                name, project.name_zh, project.name_en, float(year) if finish is None else year_of(finish),
                *(own or DELAY_MONTHS), own is None, finish is None,
                project.after if waits else (),
                (project.planned_days or 0) / _YEAR_DAYS if waits else None, held.get(name, ""),
            )
        )  # fmt: skip
    return made


def _depth(name: str, read: Mapping[str, Project]) -> int:
    return 1 + max((_depth(other, read) for other in read[name].after), default=-1)


def _own_months(row: Mapping[str, Any]) -> tuple[float, float, float] | None:
    days, most = row["duration_days"], row["duration_high_days"]
    if days is None or most is None:
        return None
    return 0.0, 0.0, max(most - days, 0) / _MONTH_DAYS


def _day(district: District) -> date:
    return date(district.info.base_year, 12, 31)


def year_of(day: date) -> float:
    """The end of a day as a year with decimals.

    >>> year_of(date(2027, 12, 31)), round(year_of(date(2027, 7, 2)), 3)
    (2028.0, 2027.501)
    """
    first, after = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return day.year + ((day - first).days + 1) / (after - first).days


def year_share(finish: Floats, year: int) -> Floats:
    """Share of a year in which a project is finished.

    >>> year_share(np.array([2026.0, 2027.25, 2029.0]), 2027).tolist()
    [1.0, 0.75, 0.0]
    """
    return np.clip(year + 1 - finish, 0.0, 1.0)


def state_weights(
    shares: Mapping[str, Floats], states: Collection[frozenset[str]], count: int
) -> dict[frozenset[str], Floats]:
    """Weight of each state, shape (futures,); they sum to 1."""
    found = {}
    for state in states:
        least, most = np.ones(count), np.zeros(count)
        for name, share in shares.items():
            if name in state:
                least = np.minimum(least, share)
            else:
                most = np.maximum(most, share)
        found[state] = np.maximum(least - most, 0.0)
    return found
