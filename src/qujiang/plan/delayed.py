"""One block of futures with its projects late: states run on the same draws, mixed by what each year holds of them; and what is told of projects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from qujiang.outlook.measures import ceiling
from qujiang.plan.delays import Delays, state_weights, year_share
from qujiang.plan.effects import Effects, key_of

if TYPE_CHECKING:
    from qujiang.plan.futures import Block, FutureModel

Floats = np.ndarray


def delayed_block(
    model: FutureModel, own: Mapping[str, Floats], run: Callable[[FutureModel], Block], count: int
) -> Block:
    """One block of futures with its projects late.

    Parameters
    ----------
    own
        Independent points of ``Delays.inputs`` and of the projects' effects.
    run
        Runs the block in one state.
    """
    delays = model.delays
    assert delays is not None
    finish = delays.finishes(own, count)
    blocks = _Lazy(delays.states, run)
    full = blocks[frozenset(delays.moving)]

    def mixed(year: int, value: Callable[[Block], Floats]) -> Floats:
        shares = {name: year_share(finish[name], year) for name in delays.moving}
        total = np.zeros(count)
        for state, weight in state_weights(shares, list(delays.states), count).items():
            if weight.any():
                total = total + weight * value(blocks[state])
        return total

    drawn = {} if model.effects is None else {name: model.effects.added(own, name) for name in delays.added}

    def plus(measure: str, year: int) -> Floats:
        parts = [
            (name, by[measure] + drawn.get(name, {}).get(measure, 0.0))
            for name, by in delays.added.items()
            if measure in by
        ]
        return sum((year_share(finish[name], year) * value for name, value in parts), np.zeros(count))

    rows = {row["id"]: row for row in model.measures}
    values: dict[str, Floats] = {}
    courses: dict[str, Floats] = {}
    for name in full.values:
        last, first = rows[name]["target_year"] or model.year, model.paces.get(name, (0.0, model.base_year))[1]
        capped = ceiling(rows[name]["unit"], rows[name]["today_value"])
        added = any(name in by for by in delays.added.values())
        values[name] = _end(mixed(last, lambda block, name=name: block.values[name]), plus(name, last), capped, added)
        start = full.starts.get(name)
        if start is None or last <= first or np.any(start <= 0) or np.any(full.values[name] <= 0):
            continue
        for year in range(first, last + 1):

            def at(block: Block, name: str = name, part: float = (year - first) / (last - first)) -> Floats:
                return block.starts[name] * (block.values[name] / block.starts[name]) ** part

            courses[f"{name}:{year}"] = _end(mixed(year, at), plus(name, year), capped, added)
    shares = {name: year_share(finish[name], model.year) for name in delays.moving}
    weights = state_weights(shares, list(delays.states), count)
    heaviest = np.argmax(np.stack(list(weights.values())), axis=0)
    most = [blocks[state] if weights[state].any() else full for state in weights]
    picked = np.arange(count)
    return replace(
        full,
        values=values,
        without=_bare_values(delays, blocks, run),
        kinds=np.stack([block.kinds for block in most])[heaviest, picked],
        locks=np.stack([block.locks for block in most])[heaviest, picked],
        points={**full.points, **own},
        waits_h=mixed(model.year, lambda block: block.waits_h),
        free_ratio=mixed(model.year, lambda block: block.free_ratio),
        steps=sum(block.steps for block in blocks.values()),
        courses=courses,
        finish=finish,
    )


def _bare_values(delays: Delays, blocks: _Lazy, run: Callable[[FutureModel], Block]) -> Mapping[str, Floats]:
    """Values without any of the projects, on the same draws."""
    if delays.bare is None or delays.bare is delays.states[frozenset()]:
        return blocks[frozenset()].values
    return run(delays.bare).values


def _end(value: Floats, more: Floats, capped: float, added: bool) -> Floats:
    return np.minimum(value + more, capped) if added else value


class _Lazy(dict[frozenset[str], "Block"]):
    """Blocks by state, each run when it is first asked for."""

    def __init__(self, states: Mapping[frozenset[str], FutureModel], run: Callable[[FutureModel], Block]) -> None:
        super().__init__()
        self.states, self.run = states, run

    def __missing__(self, state: frozenset[str]) -> Block:
        self[state] = self.run(self.states[state])
        return self[state]


def project_rows(
    delays: Delays, finish: Mapping[str, Floats], year: int, effects: Effects | None = None
) -> list[dict[str, Any]]:
    """In which share of the futures each project is finished by the end of a year, and the share of that year in which it counts;
    whether its effect is drawn from its range, and which rows of it stay at their middle."""
    drawn = set() if effects is None else {item.key for item in effects.items}
    still = () if effects is None else effects.held
    found = []
    for project in delays.projects:
        ends = finish[project.id]
        found.append(
            {
                "id": project.id, "name_zh": project.name_zh, "name_en": project.name_en, "year": year,
                "expected_finish_year": project.finish, "undated": project.undated,
                "delay_low_months": project.low_months, "delay_months": project.middle_months,
                "delay_high_months": project.high_months, "assumed": project.assumed,
                "finished_share": float(np.mean(ends <= year + 1)),
                "year_share": float(np.mean(year_share(ends, year))),
                "median_finish_year": float(np.median(ends)),
                "held": project.held,
                "effect_drawn": key_of(project.id) in drawn,
                "effects_held": ";".join(row for name, row in still if name == project.id),
            }
        )  # fmt: skip
    return found


def projects_table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The same as a table."""
    names = {
        "id": pl.String, "name_zh": pl.String, "name_en": pl.String, "year": pl.Int64, "expected_finish_year": pl.Float64,
        "undated": pl.Boolean, "delay_low_months": pl.Float64, "delay_months": pl.Float64, "delay_high_months": pl.Float64,
        "assumed": pl.Boolean, "finished_share": pl.Float64, "year_share": pl.Float64, "median_finish_year": pl.Float64,
        "held": pl.String, "effect_drawn": pl.Boolean, "effects_held": pl.String,
    }  # fmt: skip
    return pl.DataFrame([dict(row) for row in rows], schema=names).rename({"id": "project"})
