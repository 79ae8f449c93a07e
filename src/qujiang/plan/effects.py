"""What a project changes, drawn from the range of its effect: one position a project, from its weak end to its strong end.

All rows of one project move together: a project that brings less cargo than hoped also brings fewer firms. The weak end of a row is the
one nearer to what stands without the project: where the middle effect takes a number down, the high end is the weak one. Between
the ends a row follows the triangular law with its middle effect as mode.

Drawn are effects on numbers that futures hold: rates, demand and its growth, lockages, vessels a lockage, and what is added to a
measure. An effect on another number (berths, cranes, chambers, equipment) stays at its middle, and is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.district.overlay import overlay
from qujiang.district.project_effects import project_scenario
from qujiang.methods import quasi_random
from qujiang.plan.draws import Input, Inputs
from qujiang.plan.input_names import input_name, row_names

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.plan.futures_side import Side

Floats = np.ndarray
#: Stream of chance of the effects: no other draw moves with it.
STREAM = 3
#: Columns whose effects are drawn, with the name of the number among the draws.
VALUES = {
    ("rates", "rate_value"): "rates:{}",
    ("locks", "lockages_per_year"): "lockages_per_year:{}",
    ("locks", "vessels_per_lockage_count"): "vessels_per_lockage_count:{}",
    ("demand_growth", "growth_percent"): "growth:{}",
}
FLOW, MEASURE = ("demand", "demand_t_per_year"), ("measures", "added_value")


@dataclass(frozen=True, slots=True)
class Pull:
    """One row of ``project_effects`` with a range, on numbers that futures hold.

    ``keys`` names these numbers among the draws, or measures; it is empty for demand. ``less`` says that the low end is the strong one.
    """

    id: str
    project: str
    verb: str
    table: str
    keys: tuple[str, ...]
    low: float
    middle: float
    high: float
    less: bool

    def number(self, position: Floats) -> Floats:
        """The effect's number at positions from weak (0) to strong (1)."""
        at = 1 - position if self.less else position
        return quasi_random.triangular(at, self.low, self.middle, self.high)


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of the projects that are open, as they are drawn; ``held`` names rows with a range that stay at their middle."""

    pulls: tuple[Pull, ...]
    items: tuple[Input, ...]
    held: tuple[tuple[str, str], ...] = ()  # project, row

    @property
    def inputs(self) -> Inputs:
        """What is drawn: one position a project."""
        return Inputs(STREAM, self.items)

    def of(self, projects: Collection[str]) -> Effects:
        """Those of some projects."""
        wanted = {key_of(name) for name in projects}
        return Effects(
            tuple(pull for pull in self.pulls if pull.project in projects),
            tuple(item for item in self.items if item.key in wanted),
            tuple(row for row in self.held if row[0] in projects),
        )

    def added(self, own: Mapping[str, Floats], project: str | None = None) -> dict[str, Floats]:
        """By measure: what the draws add to it beyond the middle effects, of all projects or of one."""
        found: dict[str, Floats] = {}
        for pull in self.pulls:
            if pull.table == MEASURE[0] and project in (None, pull.project):
                more = pull.number(own[key_of(pull.project)]) - pull.middle
                for measure in pull.keys:
                    found[measure] = found.get(measure, 0.0) + more
        return found


def key_of(project: str) -> str:
    """The name of a project's effect among the inputs.

    >>> key_of("k05")
    'project:k05:effect'
    """
    return f"project:{project}:effect"


def read_effects(overlaid: District, projects: Sequence[str]) -> Effects:
    """The ranged effects of projects.

    Parameters
    ----------
    overlaid
        The district with its scenario and without the projects.
    """
    pulls, held = [], []
    rows = overlaid["project_effects"].filter(pl.col("project").is_in(list(projects)))
    for row in rows.to_dicts():
        if row["effect_value"] is None or not _ranged(row):
            continue
        pull = _pull(overlaid, row)
        if pull is None:
            held.append((row["project"], row["id"]))
        else:
            pulls.append(pull)
    names = row_names(overlaid)
    drawn = [name for name in projects if any(pull.project == name for pull in pulls)]
    items = [Input(key_of(name), "", 0.0, 0.5, 1.0, "uniform") for name in drawn]
    told = [input_name(item.key, names) for item in items]
    named = (replace(x, name_en=y.en, name_zh=y.zh) for x, y in zip(items, told, strict=True) if y is not None)
    return Effects(tuple(pulls), tuple(named), tuple(held))


def _ranged(row: Mapping[str, Any]) -> bool:
    low, _, high = _ends(row)
    return low < high


def _ends(row: Mapping[str, Any]) -> tuple[float, float, float]:
    middle = float(row["effect_value"])
    low, high = (middle if row[name] is None else float(row[name]) for name in ("low_value", "high_value"))
    return min(low, middle), middle, max(high, middle)


def _pull(overlaid: District, row: Mapping[str, Any]) -> Pull | None:
    """A row as it is drawn; None where its number is not one that futures hold."""
    where = (row["table"], row["column"])
    if where not in {*VALUES, FLOW, MEASURE} or row["verb"] not in ("set", "scale", "increase"):
        return None
    low, middle, high = _ends(row)
    if row["verb"] == "scale" and middle == 0:
        return None  # nothing is left of which to take a part
    touched = _touched(overlaid, row)
    if not touched:
        return None
    keys = () if where == FLOW else tuple(VALUES.get(where, "{}").format(name) for name in touched)
    return Pull(row["id"], row["project"], row["verb"], row["table"], keys, low, middle, high, _less(row, touched))


def _touched(overlaid: District, row: Mapping[str, Any]) -> dict[str, float | None]:
    """Rows whose number the effect moves, with the number as it stands without the project; none where a row is one that it adds."""
    alone = overlaid["project_effects"].filter(pl.col("id") == row["id"])
    probe = _moved(alone, row["id"], float(row["effect_value"]) + 1.0)
    frames = {**overlaid.frames, "project_effects": probe}
    made = overlay(overlaid.frames, overlaid.lines, project_scenario(frames, [row["project"]]))
    if made.faults:
        return {}
    moved = [c for c in made.changes if (c.table, c.column) == (row["table"], row["column"])]
    return {c.row_id: None if c.before is None else float(c.before) for c in moved}


def _moved(effects: pl.DataFrame, name: str, value: float) -> pl.DataFrame:
    here = pl.col("id") == name
    return effects.with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(pl.col("effect_value")).alias("effect_value"),
        *(pl.when(here).then(None).otherwise(pl.col(end)).alias(end) for end in ("low_value", "high_value")),
    )


def _less(row: Mapping[str, Any], touched: Mapping[str, float | None]) -> bool:
    middle = float(row["effect_value"])
    if row["verb"] == "scale":
        return middle < 1
    if row["verb"] == "increase":
        return middle < 0
    before = [value for value in touched.values() if value is not None]
    return bool(before) and middle < sum(before) / len(before)


@dataclass(frozen=True, slots=True)
class FlowPull:
    """A ranged effect on demand: tonnes of each flow for one unit more of the effect's number."""

    pull: Pull
    slope_t: Floats  # (flows,)


def side_with_effects(side: Side, overlaid: District, projects: Sequence[str], effects: Effects) -> Side:
    """A side of which ``projects`` are open, with what draws of their effects move on it."""
    mine = effects.of(projects)
    values = tuple(pull for pull in mine.pulls if pull.table not in (FLOW[0], MEASURE[0]))
    flows = tuple(
        FlowPull(pull, _slope(side, overlaid, projects, pull)) for pull in mine.pulls if pull.table == FLOW[0]
    )
    return replace(side, pulls=values, flow_pulls=flows)


def _slope(side: Side, overlaid: District, projects: Sequence[str], pull: Pull) -> Floats:
    """How many tonnes each flow gains for one more of the effect's number, all other effects at their middle."""

    def totals(effects: pl.DataFrame) -> list[tuple[str, float]]:
        scenario = project_scenario({**overlaid.frames, "project_effects": effects}, projects)
        demand = overlay(overlaid.frames, overlaid.lines, scenario).frames["demand"]
        grouped = demand.group_by("origin", "destination", "cargo", maintain_order=True)
        return list(grouped.agg(pl.col("demand_t_per_year").sum()).select("cargo", "demand_t_per_year").iter_rows())

    effects = overlaid["project_effects"]
    before, after = totals(effects), totals(_moved(effects, pull.id, pull.middle + 1.0))
    forms = {cargo: int((side.cargo_of_form == at).sum()) for at, cargo in enumerate(side.cargoes)}
    ratio = [
        (new - old) / old if old > 0 else 0.0
        for (cargo, old), (_, new) in zip(before, after, strict=True)
        for _ in range(forms.get(cargo, 0))
    ]
    if len(ratio) != len(side.flow_t):
        raise ValueError(f"{len(ratio)} flows of the demand, {len(side.flow_t)} of the problem")
    return side.flow_t * np.array(ratio)


def pulled(side: Side, values: Mapping[str, Floats], positions: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """Values with the effects of projects as drawn: a set number is the effect's own, one that is scaled or increased starts from its own draw."""
    if not side.pulls:
        return values
    found = dict(values)
    for key in dict.fromkeys(key for pull in side.pulls for key in pull.keys):
        here = [pull for pull in side.pulls if key in pull.keys]
        drawn = {pull.id: pull.number(positions[key_of(pull.project)]) for pull in here}
        factor = middle = 1.0
        more = taken = 0.0
        for pull in here:
            if pull.verb == "scale":
                factor, middle = factor * drawn[pull.id], middle * pull.middle
            elif pull.verb == "increase":
                more, taken = more + drawn[pull.id], taken + pull.middle
        sets = [drawn[pull.id] for pull in here if pull.verb == "set"]
        plain = side.plain(key)
        if plain is None:
            continue
        start = sets[-1] if sets else (values.get(key, plain) - taken) / middle
        least = -100.0 if key.startswith("growth:") else 0.0
        found[key] = np.maximum(start * factor + more, least)
    return found


def flow_tonnes(side: Side, positions: Mapping[str, Floats]) -> Floats:
    """Tonnes of each flow with the effects of projects as drawn, shape (flows, futures) or (flows, 1) [t/year]."""
    flow = side.flow_t[:, None]
    for one in side.flow_pulls:
        more = one.pull.number(positions[key_of(one.pull.project)]) - one.pull.middle
        flow = flow + one.slope_t[:, None] * more[None, :]
    return np.maximum(flow, 0.0)
