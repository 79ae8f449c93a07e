"""The unit costs that freight needs, read from a district's table ``rates`` by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from qujiang.errors import DataError, Fault

#: id -> (unit, meaning). A district's ``rates`` must hold each of them, with ``use`` = input.
NEEDED: dict[str, tuple[str, str]] = {
    "road_bulk_long": ("yuan_per_t_km", "road freight of bulk beyond 100 km"),
    "road_bulk_short": ("yuan_per_t_km", "road freight of bulk under 100 km"),
    "road_box_20": ("yuan_per_box_km", "road freight of a 20 ft box"),
    "dray_plant": ("yuan_per_t", "lorry between a quay or station and a plant of the same town, 15 km"),
    "dray_box": ("yuan_per_box", "least charge of a container lorry, up to 30 km"),
    "handling_bulk": ("yuan_per_t", "loading or unloading a vessel, once"),
    "lift_box": ("yuan_per_box", "one lift of a box"),
    "port_dues": ("yuan_per_t", "port dues, each port call of the cargo"),
    "tr_road_rail": ("yuan_per_t", "between lorry and wagon"),
    "tr_rail_water": ("yuan_per_t", "between wagon and vessel"),
    "truck_speed": ("km_per_h", "lorry"),
    "train_speed": ("km_per_h", "goods train, stops included"),
    "lock_fee": ("yuan_per_passage", "a vessel through a lock"),
    "lock_wait_h": ("h_per_passage", "wait at an ordinary lock, without the lockage"),
    "port_hours_per_call": ("h_per_voyage", "both port calls of one laden voyage"),
    "empty_return_share": ("percent", "empty km as a share of laden km"),
    "ukc_m": ("m", "under-keel clearance"),
    "crew_wage": ("yuan_per_year", "one crew member"),
    "diesel_price": ("yuan_per_kg", "marine diesel"),
    "vessel_interest": ("percent_per_year", "interest on the price of a vessel"),
    "vessel_life": ("years", "life of a vessel"),
    "vessel_upkeep": ("percent_per_year", "upkeep, insurance and survey, of the price"),
    "vessel_hours": ("h_per_year", "hours over which standing cost is spread"),
    "vessel_price_factor": ("ratio", "on the price of every vessel class"),
    "fuel_factor": ("ratio", "on the fuel of every vessel class"),
    "other_margin": ("percent", "margin and office cost of the carrier, on vessel cost"),
    "logit_scale": ("per_yuan_per_t", "how sharply shippers choose the cheaper chain"),
}


#: Hours: the traffic of others turns away from a lock rather than wait longer. A district without this row has the assumed
#: value and range of ``TURN_AWAY_RANGE_H``.
TURN_AWAY = "lock_turn_away_h"
#: Least, most likely and most [h] (assumed).
TURN_AWAY_RANGE_H = (12.0, 24.0, 72.0)
#: A factor on every wait at a lock, set to ask what shorter waits are worth; never read from a district.
LOCK_WAIT_FACTOR = "lock_wait_factor"


@dataclass(frozen=True, slots=True)
class Rates:
    """Values by id, with their ranges. ``lock_wait_h.<lock>`` overrides ``lock_wait_h`` for one lock."""

    value: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    assumed: frozenset[str]

    def __getitem__(self, name: str) -> float:
        return self.value[name]

    def lock_wait_h(self, lock: str) -> float:
        """Mean wait before the lockage [h]."""
        return self.value.get(f"lock_wait_h.{lock}", self.value["lock_wait_h"])

    @property
    def turn_away_h(self) -> float:
        """Wait at a lock beyond which the traffic of others turns away [h]."""
        return self.value.get(TURN_AWAY, TURN_AWAY_RANGE_H[1])

    def with_values(self, **changes: float) -> Rates:
        """The same rates with some values set (names as in ``value``)."""
        return Rates({**self.value, **changes}, self.low, self.high, self.assumed)


def read_rates(frame: pl.DataFrame) -> Rates:
    """Decode the table ``rates``.

    Raises
    ------
    DataError
        An id that freight needs is missing; all missing ids are named.
    """
    rows = frame.filter(pl.col("use").is_in(["input", "scenario"])).to_dicts()
    value = {row["id"]: float(row["rate_value"]) for row in rows}
    missing = [name for name in NEEDED if name not in value]
    if missing:
        raise DataError(
            [
                Fault(
                    "rates.csv",
                    None,
                    "id",
                    None,
                    f"must hold the rate {name}",
                    f"{NEEDED[name][1]} [{NEEDED[name][0]}]",
                )
                for name in missing
            ]
        )
    low = {row["id"]: float(row["low_value"]) for row in rows if row["low_value"] is not None}
    high = {row["id"]: float(row["high_value"]) for row in rows if row["high_value"] is not None}
    assumed = {row["id"] for row in rows if row["status"] == "assumed"}
    if TURN_AWAY not in value:
        low[TURN_AWAY], value[TURN_AWAY], high[TURN_AWAY] = TURN_AWAY_RANGE_H
        assumed.add(TURN_AWAY)
    return Rates(value, low, high, frozenset(assumed))
