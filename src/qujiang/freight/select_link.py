"""Who uses a lock, a link or a quay: tonnes by cargo and by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.freight.result import FreightResult
from qujiang.freight.use import use_of


@dataclass(frozen=True, slots=True)
class SelectLink:
    """Tonnes that use a resource. Each tonne counts once, however often it passes; ``passed_t`` counts every passage."""

    resource: str
    used_t: float
    passed_t: float
    by_cargo: pl.DataFrame
    by_pair: pl.DataFrame


def select_link(flows: FreightResult, resource: str) -> SelectLink:
    """Tonnes a year that use a place's quay, a lock or a link (by its id), largest first.

    Raises
    ------
    KeyError
        Nothing has this id.
    """
    problem, chains = flows.problem, flows.problem.chains
    times = use_of(problem, resource).reshape(chains.leg_mode.shape).sum(axis=1)
    row = np.flatnonzero((times > 0) & (flows.tonnes > 0))
    flow, tonnes = chains.flow[row], flows.tonnes[row]
    ids = np.array(problem.place_ids)
    table = pl.DataFrame(
        {
            "origin": ids[problem.origin[flow]],
            "destination": ids[problem.destination[flow]],
            "cargo": np.array(problem.forms.cargo)[problem.form[flow]],
            "flow_t_per_year": tonnes,
        }
    )
    total = float(tonnes.sum())
    return SelectLink(
        resource, total, float(times[row] @ tonnes), _largest(table, ["cargo"], total),
        _largest(table, ["origin", "destination"], total),
    )  # fmt: skip


def _largest(table: pl.DataFrame, keys: list[str], total: float) -> pl.DataFrame:
    share = pl.col("flow_t_per_year") / total if total else pl.lit(0.0)
    found = table.group_by(keys, maintain_order=True).agg(pl.col("flow_t_per_year").sum())
    return found.with_columns(share.alias("flow_share")).sort("flow_t_per_year", descending=True)
