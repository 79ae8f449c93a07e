"""What each project moves, and per yuan: the plan run again with the project open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from qujiang.district.economy import points_faster
from qujiang.district.observations import read as read_observations
from qujiang.district.project_effects import End, project_scenario
from qujiang.methods import growth
from qujiang.outlook.measures import MeasureState
from qujiang.outlook.projects import FINISHED, read_projects
from qujiang.outlook.schedule import expect_finishes
from qujiang.plan.measures import judge_measures, significant
from qujiang.plan.port import Fitted, answer_port, fit_freight, has_freight, target_year
from qujiang.plan.result import Gain, ProjectGain

if TYPE_CHECKING:
    from qujiang.district import District

#: A gain below this part of the measure is the solver's tolerance.
NOTHING = 1e-9
#: A move of a freight measure below this part of it is not shown: the figures that it rests on have three digits.
SMALLEST = 5e-4


@dataclass(frozen=True, slots=True)
class _Trial:
    """One run: measures as the plan judges them (rounded as published figures are), and their base values before rounding."""

    states: Mapping[str, MeasureState]
    values: Mapping[str, float]


@dataclass(eq=False)
class Trials:
    """The plan with some projects open: every set is run once.

    Freight is calibrated on the district as it is; a set changes only what its effects change.
    """

    district: District
    overlaid: District
    year: int
    fitted: Fitted | None
    _seen: dict[tuple[frozenset[str], End], _Trial] = field(default_factory=dict)
    _port: dict[str, float] | None = None

    @classmethod
    def of(cls, district: District, scenario: str | None = None) -> Trials:
        """The trials of a district under a scenario."""
        overlaid = district if scenario is None else district.with_scenario(scenario)
        year = target_year(overlaid["measures"], district.info.base_year)
        return cls(district, overlaid, year, fit_freight(district) if has_freight(overlaid) else None)

    @property
    def runs_count(self) -> int:
        """Sets that were run, the empty one among them."""
        return len(self._seen)

    def states(self, projects: Collection[str] = ()) -> Mapping[str, MeasureState]:
        """Every measure with these projects open, judged as the plan judges it.

        Raises
        ------
        DataError
            The set makes the district faulty: a rule across tables is broken.
        """
        return self._trial(frozenset(projects), "middle").states

    def gain(self, measure: str, projects: Collection[str], end: End = "middle") -> float:
        """What a set moves one measure by, in the wanted direction; 0 where the measure has no value.

        It is the difference of two runs before they are rounded.
        """
        first, second = self._trial(frozenset(), "middle"), self._trial(frozenset(projects), end)
        before, after = first.values.get(measure), second.values.get(measure)
        if before is None or after is None:
            return 0.0
        moved = after - before
        if first.states[measure].bound.startswith("<"):
            moved = -moved
        return moved if abs(moved) > NOTHING * max(abs(before), abs(after)) else 0.0

    def _trial(self, projects: frozenset[str], end: End) -> _Trial:
        key = (projects, end)
        if key not in self._seen:
            if projects:
                self._trial(frozenset(), "middle")  # what no project touches is taken from there
            self._seen[key] = self._run([name for name in self.overlaid["projects"]["id"] if name in projects], end)
        return self._seen[key]

    def _run(self, projects: list[str], end: End) -> _Trial:
        tried = self.overlaid
        if projects:
            scenario = project_scenario(tried.frames, projects, end=end, lines=tried.lines)
            tried = tried.with_overlay(scenario)
        moved = {change.table for change in tried.changes[len(self.overlaid.changes) :]}
        port = self._port if self._port is not None and moved <= {"measures"} else self._run_port(tried)
        if not projects:
            self._port = port
        rounded = {name: significant(value) for name, value in port.items()}
        states = self._judge(tried, rounded)
        values = {name: state.base_value for name, state in self._judge(tried, port).items()}
        return _Trial(states, {name: value for name, value in values.items() if value is not None})

    def _judge(self, tried: District, port: Mapping[str, float]) -> dict[str, MeasureState]:
        info = self.district.info
        seen = read_observations(tried["observations"])
        states = judge_measures(
            tried["measures"], port, seen, now_year=info.base_year, area=info.name_zh, faster=points_faster(tried)
        )
        return {state.id: state for state in states}

    def _run_port(self, tried: District) -> dict[str, float]:
        if self.fitted is None or not has_freight(tried):
            return {}
        return dict(answer_port(self.district, tried, self.year, fitted=self.fitted, with_binders=False).values)


def find_gains(trials: Trials, *, on: date | None = None) -> tuple[ProjectGain, ...]:
    """Every project with a declared effect, and what it moves alone: the plan run with its effects at their middle, low and high end.

    Parameters
    ----------
    on
        The day from which finishes are expected; else the last day of the base year.
    """
    found = []
    for project in find_projects(trials, on=on):
        found.append(replace(project, gains=_gains(project.id, trials)) if project.counts else project)
    return tuple(found)


def find_projects(trials: Trials, *, on: date | None = None) -> tuple[ProjectGain, ...]:
    """The projects with a declared effect, and whether each can count; nothing is run."""
    frames = trials.overlaid.frames
    effects = frames["project_effects"]
    wanted = set(effects["project"])
    if not wanted:
        return ()
    expected = expect_finishes(read_projects(frames["projects"]), on or date(trials.district.info.base_year, 12, 31))
    found = []
    for row in frames["projects"].to_dicts():
        if row["id"] in wanted:
            statuses = effects.filter(pl.col("project") == row["id"])["status"].to_list()
            found.append(_project(row, statuses, expected[row["id"]].finish, trials.year))
    return tuple(found)


def _project(row: Mapping[str, Any], statuses: list[str], finish: date | None, year: int) -> ProjectGain:
    counts, reason, reason_zh = _timing(row, finish, year)
    return ProjectGain(
        row["id"],
        row["name_zh"],
        row["name_en"],
        row["state"],
        row["cost_yuan"],
        row["cost_low_yuan"],
        row["cost_high_yuan"],
        finish,
        counts,
        "assumed" in statuses or (row["cost_yuan"] is not None and row["status"] == "assumed"),
        reason,
        reason_zh,
    )


def _gains(project: str, trials: Trials) -> tuple[Gain, ...]:
    effects = trials.overlaid["project_effects"].filter(pl.col("project") == project)
    ranged = effects.filter(
        (pl.col("low_value") != pl.col("effect_value")) | (pl.col("high_value") != pl.col("effect_value"))
    ).height
    gains = []
    for name, state in trials.states().items():
        middle = trials.gain(name, (project,))
        ends = [trials.gain(name, (project,), end) for end in ("low", "high")] if ranged else [middle]
        least = SMALLEST * abs(state.base_value or 0.0) if state.model.startswith("freight") else 0.0
        if max(map(abs, (middle, *ends))) > least:
            gains.append(Gain(name, state.unit, middle, min(middle, *ends), max(middle, *ends)))
    return tuple(gains)


def _timing(row: Mapping[str, Any], finish: date | None, year: int) -> tuple[bool, str, str]:
    """Whether a project can add to the target year, and why not or on what that rests."""
    if row["state"] in FINISHED:
        return False, "open already: it is in today's figures", "已建成：已计入今日数值"
    if finish is None:
        return True, f"no date: taken as open by {year} (assumed)", f"没有日期：假定{year}年前建成"
    if finish.year > year:
        return False, f"opens {finish}, after {year}", f"{finish} 建成，晚于{year}年"
    return True, f"opens {finish}", f"{finish} 建成"


def shortfall(state: MeasureState) -> float | None:
    """How far a measure misses its target, in its unit; negative where it is passed; None where it cannot be said."""
    if state.base_value is None or state.target_value is None:
        return None
    return float(growth.gap(state.base_value, state.target_value, state.bound))


def gains_table(projects: Collection[ProjectGain]) -> pl.DataFrame:
    """One row for each project and measure that it moves; one with empty figures for a project that moves none."""
    rows: list[dict[str, Any]] = []
    for project in projects:
        head = {
            "project": project.id,
            "name_zh": project.name_zh,
            "name_en": project.name_en,
            "cost_yuan": project.cost_yuan,
            "counts": project.counts,
            "assumed": project.assumed,
            "reason": project.reason,
        }
        for gain in project.gains or (None,):
            rows.append(
                head
                | {
                    "measure": gain.measure if gain else None,
                    "unit": gain.unit if gain else None,
                    "gain_value": gain.gain if gain else None,
                    "gain_low_value": gain.low if gain else None,
                    "gain_high_value": gain.high if gain else None,
                    "gain_per_100_million_yuan_value": gain.per(project.cost_yuan) if gain else None,
                }
            )
    return pl.DataFrame(rows, schema=GAINS, orient="row")


#: Columns of ``gains_table``.
GAINS = pl.Schema(
    {
        "project": pl.String(),
        "name_zh": pl.String(),
        "name_en": pl.String(),
        "cost_yuan": pl.Float64(),
        "counts": pl.Boolean(),
        "assumed": pl.Boolean(),
        "reason": pl.String(),
        "measure": pl.String(),
        "unit": pl.String(),
        "gain_value": pl.Float64(),
        "gain_low_value": pl.Float64(),
        "gain_high_value": pl.Float64(),
        "gain_per_100_million_yuan_value": pl.Float64(),
    }
)
