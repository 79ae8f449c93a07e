"""Two scenarios side by side: who gains, who loses, and what is saved.

A tonne is counted once. Where it stays with its mode, the saving is the change of that mode's cost; where it changes over,
the saving is the old mode's cost less the new one's. The saving of a tonne that was on the water before, and the whole
difference of road and water, are never added up for the same tonne.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.errors import ScenarioError
from qujiang.freight.chains import SIGNATURES
from qujiang.freight.result import FreightResult

#: Below this a pair and cargo neither gains nor loses [yuan/year].
NOTHING_YUAN = 0.5


@dataclass(frozen=True, slots=True)
class Saving:
    """What the later scenario saves against the earlier one, a year; negative where it costs more."""

    yuan: float
    tonne_h: float
    co2e_kg: float

    def __add__(self, other: Saving) -> Saving:
        return Saving(self.yuan + other.yuan, self.tonne_h + other.tonne_h, self.co2e_kg + other.co2e_kg)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``pairs`` has one row a pair and cargo with its gain: change of logsum times tonnes (mean of both years' tonnes).

    ``stayed`` and ``shifted`` are of the demand of the later scenario and add up to all that is saved on it; ``growth_t`` is
    the demand that only the later one has, and is not counted as saved or lost.
    """

    pairs: pl.DataFrame
    gained_yuan: float
    lost_yuan: float
    stayed: Saving
    shifted: Saving
    stayed_t: float
    shifted_t: float
    growth_t: float

    @property
    def saved(self) -> Saving:
        """All that is saved."""
        return self.stayed + self.shifted


def compare(before: FreightResult, after: FreightResult) -> Comparison:
    """What changes from one assignment to another of the same pairs and cargoes.

    Raises
    ------
    ScenarioError
        The two do not have the same pairs and cargoes.
    """
    one, other = before.problem, after.problem
    keys = [_keys(p.place_ids, p.origin, p.destination, p.forms.cargo, p.forms.boxed, p.form) for p in (one, other)]
    if keys[0] != keys[1] or len(one.season_share) != len(other.season_share):
        raise ScenarioError(
            "the two scenarios differ in their pairs or cargoes; compare scenarios of the same demand table"
        )
    mean_t = (one.demand_t_per_year + other.demand_t_per_year) / 2
    logsums = [np.where(np.isfinite(r.logsum), r.logsum, 0.0) for r in (before, after)]
    change = logsums[0] @ one.season_share - logsums[1] @ other.season_share
    pairs = _table(after, change, mean_t)
    gains = pairs["gain_yuan_per_year"].to_numpy()
    stayed, shifted, kept_t, moved_t = _savings(before, after)
    return Comparison(
        pairs, float(gains[gains > NOTHING_YUAN].sum()), float(-gains[gains < -NOTHING_YUAN].sum()), stayed, shifted, kept_t,
        moved_t, float((other.demand_t_per_year - one.demand_t_per_year).sum()),
    )  # fmt: skip


def _keys(ids, origin, destination, cargo, boxed, form) -> list[tuple]:
    rows = zip(origin.tolist(), destination.tolist(), form.tolist(), strict=True)
    return [(ids[a], ids[b], cargo[f], bool(boxed[f])) for a, b, f in rows]


def _table(after: FreightResult, change: np.ndarray, tonnes: np.ndarray) -> pl.DataFrame:
    problem, ids = after.problem, np.array(after.problem.place_ids)
    frame = pl.DataFrame(
        {
            "origin": ids[problem.origin],
            "destination": ids[problem.destination],
            "cargo": np.array(problem.forms.cargo)[problem.form],
            "demand_t_per_year": tonnes,
            "gain_yuan_per_year": change * tonnes,
        }
    )
    keys = ["origin", "destination", "cargo"]
    summed = frame.group_by(keys, maintain_order=True).agg(pl.col("demand_t_per_year", "gain_yuan_per_year").sum())
    per_t = pl.col("gain_yuan_per_year") / pl.col("demand_t_per_year")
    found = summed.with_columns(
        pl.when(pl.col("demand_t_per_year") > 0).then(per_t).otherwise(0.0).alias("gain_yuan_per_t")
    )
    return found.sort("gain_yuan_per_year", descending=True)


def _savings(before: FreightResult, after: FreightResult) -> tuple[Saving, Saving, float, float]:
    """Split what is saved on the later demand into tonnes that keep their signature and tonnes that change it."""
    demand = np.outer(after.problem.demand_t_per_year, after.problem.season_share)
    share = [_by_signature(r, r.share) for r in (before, after)]
    kept = np.minimum(share[0], share[1])
    saved = {}
    for name, of in _QUANTITIES.items():
        total = [_by_signature(r, r.share * of(r)) for r in (before, after)]
        mean = [np.divide(t, s, out=np.zeros_like(t), where=s > 0) for t, s in zip(total, share, strict=True)]
        staying = (kept * (mean[0] - mean[1])).sum(axis=2)
        everything = (total[0] - total[1]).sum(axis=2)
        saved[name] = (float((staying * demand).sum()), float(((everything - staying) * demand).sum()))
    kept_t = float((kept.sum(axis=2) * demand).sum())
    parts = [Saving(saved["yuan"][i], saved["hours"][i], saved["kg"][i]) for i in range(2)]
    return parts[0], parts[1], kept_t, float(demand.sum()) - kept_t


_QUANTITIES = {
    "yuan": lambda result: result.legs.yuan_per_t(),
    "hours": lambda result: result.legs.hours.sum(axis=1),
    "kg": lambda result: result.legs.kgco2e_per_t(),
}


def _by_signature(result: FreightResult, value: np.ndarray) -> np.ndarray:
    """Sum over chains by flow, season and signature."""
    chains, problem = result.problem.chains, result.problem
    total = np.zeros((len(problem.origin), len(problem.season_share), len(SIGNATURES)))
    np.add.at(total, (chains.flow, chains.season, chains.signature), value)
    return total
