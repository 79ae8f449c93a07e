"""What an assignment says: records first, tables and figures as functions of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from qujiang.freight.chains import SIGNATURES
from qujiang.freight.legs import PricedLegs
from qujiang.freight.modes import Mode
from qujiang.freight.price import MODES
from qujiang.freight.problem import FreightProblem
from qujiang.freight.skims import Skim, way


@dataclass(frozen=True)
class FreightResult:
    """Chains with their shares and tonnes; everything else is derived when asked.

    ``cost``, ``share``, ``tonnes`` have shape (chains,): generalized cost [yuan/t], share of its flow and season,
    tonnes a year. ``logsum`` has shape (flows, seasons) [yuan/t].
    """

    problem: FreightProblem
    legs: PricedLegs
    cost: np.ndarray
    share: np.ndarray
    tonnes: np.ndarray
    logsum: np.ndarray

    def throughput_t(self, place: int | None = None) -> float:
        """Tonnes loaded on and unloaded from vessels at a place (the district's port when none is named), a year.

        Lorries and trains that only pass the place do not count.
        """
        place = self.problem.port if place is None else place
        chains = self.problem.chains
        water = chains.leg_mode == Mode.WATER
        calls = ((chains.leg_from == place) & water).sum(axis=1) + ((chains.leg_to == place) & water).sum(axis=1)
        return float(calls @ self.tonnes)

    def throughput_teu(self, place: int | None = None) -> float:
        """Boxes over the quay of a place [TEU/year]."""
        place = self.problem.port if place is None else place
        forms, chains = self.problem.forms, self.problem.chains
        boxed = forms.boxed[self.problem.form[chains.flow]]
        water = chains.leg_mode == Mode.WATER
        calls = (((chains.leg_from == place) | (chains.leg_to == place)) & water).sum(axis=1)
        return float((calls * boxed) @ self.tonnes) / forms.t_per_teu

    def uses_port(self, place: int | None = None) -> np.ndarray:
        """Which water legs load or unload at a place, shape (chains, 5)."""
        place = self.problem.port if place is None else place
        chains = self.problem.chains
        return (chains.leg_mode == Mode.WATER) & ((chains.leg_from == place) | (chains.leg_to == place))

    def water_freight_yuan_per_t(self) -> float:
        """Mean freight of the vessel legs of the district's port, handling and lorries not included [yuan/t]."""
        weight = np.where(self.uses_port(), self.tonnes[:, None], 0.0)
        return float((weight * self.legs.freight_yuan).sum() / weight.sum()) if weight.sum() > 0 else float("nan")

    def mean_haul_km(self) -> float:
        """Mean length of the vessel legs of the district's port [km]."""
        weight = np.where(self.uses_port(), self.tonnes[:, None], 0.0)
        return float((weight * self.legs.length_km).sum() / weight.sum()) if weight.sum() > 0 else float("nan")

    def signature_costs(self, what: np.ndarray) -> np.ndarray:
        """``what`` (one value a chain) by flow and signature, mean over the seasons, shape (flows, signatures); NaN where none."""
        chains = self.problem.chains
        weight = self.problem.season_share[chains.season]
        shape = (len(self.problem.origin), len(SIGNATURES))
        total, share = np.zeros(shape), np.zeros(shape)
        np.add.at(total, (chains.flow, chains.signature), what * weight)
        np.add.at(share, (chains.flow, chains.signature), weight)
        return np.where(share > 0, total / np.where(share > 0, share, 1.0), np.nan)

    def out_per_in(self) -> float:
        """Tonnes loaded over tonnes unloaded at the district's port."""
        chains, port = self.problem.chains, self.problem.port
        water = chains.leg_mode == Mode.WATER
        loaded = float(((chains.leg_from == port) & water).any(axis=1) @ self.tonnes)
        unloaded = float(((chains.leg_to == port) & water).any(axis=1) @ self.tonnes)
        return loaded / unloaded if unloaded else float("nan")

    @cached_property
    def signature_t(self) -> dict[str, float]:
        """Tonnes a year by mode signature."""
        total = np.bincount(self.problem.chains.signature, weights=self.tonnes, minlength=len(SIGNATURES))
        return {name: float(t) for name, t in zip(SIGNATURES, total, strict=True)}

    def table_chains(self) -> pl.DataFrame:
        """One row a chain: pair, cargo, form, season, signature, share, tonnes, cost, hours, emissions."""
        p, chains, forms = self.problem, self.problem.chains, self.problem.forms
        form = p.form[chains.flow]
        ids = np.array(p.place_ids)
        return pl.DataFrame(
            {
                "origin": ids[p.origin[chains.flow]],
                "destination": ids[p.destination[chains.flow]],
                "cargo": np.array(forms.cargo)[form],
                "boxed": forms.boxed[form],
                "season": np.array([n.season for n in p.networks])[chains.season],
                "signature": np.array(SIGNATURES)[chains.signature],
                "chain_share": self.share,
                "flow_t_per_year": self.tonnes,
                "cost_yuan_per_t": self.legs.yuan_per_t(),
                "generalized_yuan_per_t": self.cost,
                "door_to_door_h": self.legs.hours.sum(axis=1),
                "co2e_kg_per_t": self.legs.kgco2e_per_t(),
            }
        )

    def table_legs(self) -> pl.DataFrame:
        """Tonnes by leg: mode, means, from, to."""
        p, chains = self.problem, self.problem.chains
        row, leg = np.nonzero(chains.leg_mode >= 0)
        mode, means, season = chains.leg_mode[row, leg], chains.leg_means[row, leg], chains.season[row]
        vessels = [np.append(p.vessel_of(s), 0) for s in range(len(p.networks))]
        named = [
            p.fleet.ids[vessels[s][w]] if m == Mode.WATER else MODES[Mode(m)]
            for m, w, s in zip(mode.tolist(), means.tolist(), season.tolist(), strict=True)
        ]
        ids = np.array(p.place_ids)
        frame = pl.DataFrame(
            {
                "mode": [MODES[Mode(m)] for m in mode.tolist()],
                "means": named,
                "from_place": ids[chains.leg_from[row, leg]],
                "to_place": ids[chains.leg_to[row, leg]],
                "flow_t_per_year": self.tonnes[row],
                "leg_km": self.legs.length_km[row, leg],
            }
        )
        keys = ["mode", "means", "from_place", "to_place"]
        return (
            frame.group_by(keys, maintain_order=True)
            .agg(pl.col("flow_t_per_year").sum(), pl.col("leg_km").mean())
            .sort("flow_t_per_year", descending=True)
        )

    @cached_property
    def _on_ways(self) -> dict[tuple[int, int, int, int, int], float]:
        """Tonnes by (season, mode, skim, from, to) of legs."""
        chains = self.problem.chains
        total: dict[tuple[int, int, int, int, int], float] = defaultdict(float)
        row, leg = np.nonzero((chains.leg_mode >= 0) & (self.tonnes[:, None] > 0))
        columns = (
            chains.season[row], chains.leg_mode[row, leg], chains.leg_means[row, leg],
            chains.leg_from[row, leg], chains.leg_to[row, leg], self.tonnes[row],
        )  # fmt: skip
        for season, mode, means, a, b, tonnes in zip(*(c.tolist() for c in columns), strict=True):
            total[season, mode, means, a, b] += tonnes
        return total

    @cached_property
    def steps(self) -> list[tuple[int, int, int, int, int, float]]:
        """Tonnes on every step of a way: (season, mode, skim, from, to, tonnes), summed over legs."""
        total: dict[tuple[int, int, int, int, int], float] = defaultdict(float)
        for (season, mode, means, a, b), tonnes in self._on_ways.items():
            skims = self.problem.skims[season]
            skim: Skim = {Mode.ROAD: skims.road, Mode.RAIL: skims.rail}.get(Mode(mode)) or skims.water[means]
            places = way(skim, a, b)
            for here, there in pairwise(places):
                total[season, mode, means, here, there] += tonnes
        return [(*key, tonnes) for key, tonnes in total.items()]

    def sailed(self) -> dict[tuple[int, int, int, int], float]:
        """Tonnes by (season, way of sailing, from, to) of the vessel legs."""
        return {(s, means, a, b): t for (s, mode, means, a, b), t in self._on_ways.items() if mode == Mode.WATER}

    def locks_between(self, season: int, means: int, a: int, b: int) -> list[str]:
        """Locks on the way of a vessel leg."""
        places = way(self.problem.skims[season].water[means], a, b)
        water = self.problem.networks[season].water
        return [
            lock
            for here, there in pairwise(places)
            for row in _rows_between(self.problem, season, here, there)
            for lock in water.locks[row]
        ]

    def table_links(self) -> pl.DataFrame:
        """Tonnes a year between neighbouring places by mode, both directions apart."""
        ids = self.problem.place_ids
        rows = [(MODES[Mode(mode)], ids[a], ids[b], t) for _, mode, _, a, b, t in self.steps]
        frame = pl.DataFrame(rows, schema=["mode", "from_place", "to_place", "flow_t_per_year"], orient="row")
        keys = ["mode", "from_place", "to_place"]
        return frame.group_by(keys, maintain_order=True).agg(pl.col("flow_t_per_year").sum())

    def table_locks(self) -> pl.DataFrame:
        """Own tonnes and vessels at every lock, by direction: ``up`` is against the order of the link's ends."""
        p = self.problem
        total: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for season, mode, means, a, b, tonnes in self.steps:
            if mode != Mode.WATER:
                continue
            water = p.networks[season].water
            payload = p.payload_of(season)[means]
            for row in _rows_between(p, season, a, b):
                direction = "down" if int(water.links.tail[row]) == a else "up"
                for lock in water.locks[row]:
                    total[lock, direction][0] += tonnes
                    total[lock, direction][1] += tonnes / payload
        rows = [(lock, direction, t, v) for (lock, direction), (t, v) in total.items()]
        schema = {
            "lock": pl.String,
            "direction": pl.String,
            "own_t_per_year": pl.Float64,
            "laden_vessels_per_year": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row").sort("lock", "direction")

    def table_calls(self) -> pl.DataFrame:
        """What the port gets: calls by class, cargo and direction (port contract of the house)."""
        p, chains = self.problem, self.problem.chains
        total: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        row, leg = np.nonzero(self.uses_port() & (self.tonnes[:, None] > 0))
        for i, j in zip(row.tolist(), leg.tolist(), strict=True):
            season, means = int(chains.season[i]), int(chains.leg_means[i, j])
            direction = "out" if chains.leg_from[i, j] == p.port else "in"
            key = (p.fleet.ids[p.vessel_of(season)[means]], p.forms.cargo[p.form[chains.flow[i]]], direction)
            total[key][0] += self.tonnes[i]
            total[key][1] += self.tonnes[i] / p.payload_of(season)[means]
        rows = [(p.place_ids[p.port], *key, calls, t / calls) for key, (t, calls) in sorted(total.items())]
        schema = ["terminal", "class", "cargo", "direction", "calls_per_year", "load_t_per_call"]
        return pl.DataFrame(rows, schema=schema, orient="row")

    def co2e_kg(self) -> float:
        """Well-to-wheel emissions of all flows [kg/year]."""
        return float(self.legs.kgco2e_per_t() @ self.tonnes)


def _rows_between(problem: FreightProblem, season: int, a: int, b: int) -> list[int]:
    """The water link between neighbours (parallel links would be the shortest one)."""
    links = problem.networks[season].water.links
    rows = np.flatnonzero(((links.tail == a) & (links.head == b)) | ((links.tail == b) & (links.head == a)))
    return [] if len(rows) == 0 else [int(rows[links.length_km[rows].argmin()])]
