"""A district's freight as arrays: who sends what where, over which network, at which rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from qujiang.district.economy import effective_growth
from qujiang.errors import DataError, Fault
from qujiang.freight.cargo import CargoForms, read_cargo_forms
from qujiang.freight.chains import LEGS, Chains, find_chains
from qujiang.freight.network import (
    SEASONS,
    Links,
    VirtualNetwork,
    build_network,
    fitting_means,
    place_index,
    read_links,
    read_water_links,
)
from qujiang.freight.parts import BOX_HUB_FACTOR, HUB_FACTOR, LegParts, measure_legs, no_parts
from qujiang.freight.price import WaterPrice, water_price
from qujiang.freight.rates import Rates, read_rates
from qujiang.freight.skims import Skims, build_skims
from qujiang.freight.vessels import Fleet, read_fleet

#: Kinds of place that are towns: their plants lie away from their quay or station.
TOWN_KINDS = ("hinterland", "water_city", "road_city")


@dataclass(frozen=True, slots=True)
class FreightProblem:
    """Flows have shape (flows,), one a (pair, cargo form); networks and skims one a season."""

    place_ids: tuple[str, ...]
    place_names: tuple[tuple[str, str], ...]  # (zh, en)
    last_mile: np.ndarray  # (places,) True where a quay or station still needs a lorry to the plant
    port: int
    base_year: int
    year: int
    origin: np.ndarray
    destination: np.ndarray
    form: np.ndarray
    demand_t_per_year: np.ndarray
    forms: CargoForms
    fleet: Fleet
    rates: Rates
    factors: Mapping[str, tuple[float, float]]  # well-to-tank, tank-to-wheel [kg/(t km)]
    networks: tuple[VirtualNetwork, ...]
    skims: tuple[Skims, ...]
    season_share: np.ndarray
    chains: Chains
    parts: LegParts

    def vessel_of(self, season: int) -> np.ndarray:
        """Vessel class of each way of sailing."""
        means = self.networks[season].means
        return np.array([means[m].vessel for m in self.skims[season].water_means], dtype=np.int64)

    def payload_of(self, season: int) -> np.ndarray:
        """Payload of each way of sailing [t]."""
        means = self.networks[season].means
        return np.array([means[m].payload_t for m in self.skims[season].water_means])

    def prices(self) -> list[WaterPrice]:
        """Cost per tonne of each way of sailing, one entry a season."""
        return [
            water_price(self.fleet, self.vessel_of(s), self.payload_of(s), self.rates, dict(self.factors))
            for s in range(len(self.networks))
        ]

    def with_rates(self, rates: Rates, *, search: bool = False) -> FreightProblem:
        """The same problem at other rates; ``search`` looks for the best chains anew instead of repricing the known."""
        changed = replace(self, rates=rates)
        return changed.searched() if search else changed

    def grown(self, demand: pl.DataFrame, growth: pl.DataFrame, year: int) -> FreightProblem:
        """The same network and chains with the demand of another year; ``growth`` is `qujiang.district.economy.effective_growth`'s."""
        index = {name: row for row, name in enumerate(self.place_ids)}
        *_, tonnes = demand_by_form(demand, growth, self.forms, index, year - self.base_year)
        return replace(self, year=year, demand_t_per_year=tonnes)

    def searched(self) -> FreightProblem:
        """The same problem with its chains looked for anew."""
        found = find_chains(
            self.origin, self.destination, self.form, self.forms,
            list(self.skims), self.prices(), self.rates, self.last_mile,
        )  # fmt: skip
        missing = np.setdiff1d(np.arange(len(self.origin)), found.flow)
        if len(missing):
            pairs = dict.fromkeys((int(self.origin[f]), int(self.destination[f])) for f in missing)
            rule, mend = "has no chain of road, rail or water at all", "join the two places by open links"
            raise DataError(
                [
                    Fault(
                        "demand.csv",
                        None,
                        "origin, destination",
                        f"{self.place_ids[a]} to {self.place_ids[b]}",
                        rule,
                        mend,
                    )
                    for a, b in pairs
                ]
            )
        parts = measure_legs(
            found,
            self.form[found.flow],
            self.forms,
            self.skims,
            self.prices(),
            self.last_mile,
            self.rates["port_dues"],
            self.factors,
        )
        return replace(self, chains=found, parts=parts)


def season_months(limits: pl.DataFrame) -> np.ndarray:
    """Share of the year of each season, from the ``months`` (``03-11``, or ``12-02`` across the new year) of its rows."""
    shares = []
    for season in SEASONS:
        texts = limits.filter(pl.col("season") == season)["months"].unique().to_list()
        first, last = (int(part) for part in (texts[0] if texts else "01-12").split("-"))
        shares.append(((last - first) % 12 + 1) / 12)
    total = sum(shares)
    return np.array(shares) / total


def demand_by_form(
    demand: pl.DataFrame, growth: pl.DataFrame, forms: CargoForms, index: dict[str, int], years: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mode-free demand: origin, destination, form and tonnes of each flow, observed modes added up."""
    rate = dict(zip(growth["cargo"], growth["growth_percent"], strict=True)) if growth.height else {}
    total = (
        demand.group_by("origin", "destination", "cargo", maintain_order=True)
        .agg(pl.col("demand_t_per_year").sum())
        .to_dicts()
    )
    rows = [
        (index[r["origin"]], index[r["destination"]], form, r["demand_t_per_year"] * forms.share[form] * grown)
        for r in total
        for grown in ((1 + rate.get(r["cargo"], 0.0) / 100) ** years,)
        for form in range(len(forms))
        if forms.cargo[form] == r["cargo"]
    ]
    table = np.array(rows, dtype=float).reshape(-1, 4)
    return table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2].astype(int), table[:, 3]


def emission_factors(frame: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Well-to-tank and tank-to-wheel by id; where a table gives only their sum, it stands as tank-to-wheel."""
    found = {}
    for row in frame.to_dicts():
        wtt, ttw = row["well_to_tank_value"], row["tank_to_wheel_value"]
        found[row["id"]] = (0.0, row["well_to_wheel_value"]) if wtt is None or ttw is None else (wtt, ttw)
    return found


def _tonnes_per_teu(fleet: Fleet) -> float:
    """Tonnes in a TEU as the box vessels of the district load them."""
    boxes = fleet.carries_boxes & ~fleet.carries_bulk & (fleet.capacity_teu > 0)
    return float((fleet.payload_t[boxes] / fleet.capacity_teu[boxes]).mean()) if boxes.any() else 15.0


def build_problem(
    tables: Mapping[str, pl.DataFrame],
    *,
    port_place: str,
    base_year: int,
    year: int | None = None,
    set_rates: Mapping[str, float] | None = None,
    search: bool = True,
) -> FreightProblem:
    """Decode the freight tables of a district.

    Parameters
    ----------
    tables
        Polars frames by table name (a ``District`` will do).
    port_place
        The place of the district's own port.
    year
        Demand is grown from ``base_year`` to this year by each cargo's growth; None means the base year.
    set_rates
        Rates that replace those of the table (a calibration's).
    search
        Look for the best chains at once; without it the problem has none until ``searched``.

    Raises
    ------
    DataError
        A rate is missing, a rail class has no tariff, or some demand has no chain.
    """
    places = tables["places"]
    index = place_index(places)
    rates = read_rates(tables["rates"]).with_values(**(set_rates or {}))
    fleet = read_fleet(tables["vessel_classes"])
    factors = emission_factors(tables["emission_factors"])
    hub = (sum(factors[HUB_FACTOR]), sum(factors[BOX_HUB_FACTOR]))
    forms = read_cargo_forms(tables["cargoes"], tables["rail_tariffs"], rates, _tonnes_per_teu(fleet), hub)
    year = base_year if year is None else year
    flows = demand_by_form(tables["demand"], effective_growth(tables), forms, index, year - base_year)
    networks = _networks(tables, index, rates, fleet)
    values = (0.0, float(forms.value_of_time.max()))
    skims = tuple(_skims(network, fleet, rates, factors, values) for network in networks)
    names = tuple(zip(places["name_zh"], places["name_en"], strict=True))
    last_mile = places["kind"].is_in(TOWN_KINDS).to_numpy()
    nothing = np.empty((0, LEGS))
    none = Chains(*(np.empty(0, dtype=np.int64) for _ in range(3)), *(nothing.astype(np.int64) for _ in range(4)))
    problem = FreightProblem(
        tuple(places["id"]), names, last_mile, index[port_place], base_year, year, *flows, forms, fleet, rates, factors,
        networks, skims, season_months(tables["channel_limits"]),
        none, no_parts(LEGS),
    )  # fmt: skip
    return problem.searched() if search else problem


def _networks(
    tables: Mapping[str, pl.DataFrame], index: dict[str, int], rates: Rates, fleet: Fleet
) -> tuple[VirtualNetwork, ...]:
    road = read_links(tables["road_links"], index)
    rail: Links = read_links(tables["rail_links"].filter(pl.col("freight")), index)
    networks = []
    for season in SEASONS:
        water = read_water_links(tables["water_links"], tables["channel_limits"], tables["locks"], index, season, rates)
        means = fitting_means(fleet, water, rates["ukc_m"])
        networks.append(build_network(season, tuple(tables["places"]["id"]), road, rail, water, means))
    return tuple(networks)


def water_price_of_means(problem: FreightProblem, season: int) -> WaterPrice:
    """Cost per tonne of each means of a season's network (not of each way of sailing)."""
    means = problem.networks[season].means
    vessel = np.array([m.vessel for m in means], dtype=np.int64)
    payload = np.array([m.payload_t for m in means])
    return water_price(problem.fleet, vessel, payload, problem.rates, dict(problem.factors))


def _skims(
    network: VirtualNetwork,
    fleet: Fleet,
    rates: Rates,
    factors: dict[str, tuple[float, float]],
    values: tuple[float, ...],
) -> Skims:
    vessel = np.array([m.vessel for m in network.means], dtype=np.int64)
    payload = np.array([m.payload_t for m in network.means])
    price = water_price(fleet, vessel, payload, rates, factors)
    return build_skims(network, price.per_km, price.per_lock_h, price.speed_km_per_h, values)
