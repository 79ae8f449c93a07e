"""Cargo as freight sees it: each kind in bulk and, where part of it travels so, in boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from qujiang.errors import DataError, Fault
from qujiang.freight.rates import Rates

#: A long-haul lorry charges for at least this distance [km]; the rates of the table are for trips above and below it.
LONG_HAUL_LEAST_KM = 100.0


@dataclass(frozen=True, slots=True)
class CargoForms:
    """Rows are (cargo, form); arrays have shape (forms,). Money and time are for one tonne of cargo."""

    cargo: tuple[str, ...]
    boxed: np.ndarray
    share: np.ndarray  # of the cargo's tonnes that travel in this form
    value_of_time: np.ndarray  # [yuan/(t h)]
    rail_base: np.ndarray  # [yuan/t]
    rail_per_km: np.ndarray  # [yuan/(t km)]
    road_per_km: np.ndarray  # (forms, 2): local, long-haul lorry [yuan/(t km)]
    road_least_km: np.ndarray  # (forms, 2) distance charged at least [km]
    handling: np.ndarray  # one load or unload of a vessel [yuan/t]
    rail_handling: np.ndarray  # one load or unload of a wagon [yuan/t]
    rail_water: np.ndarray  # wagon to vessel or back, in one move [yuan/t]
    hub_kg: np.ndarray  # one hub visit [kgCO2e/t]
    last_mile: np.ndarray  # lorry between a town's own quay or station and its plants [yuan/t]
    t_per_teu: float

    def __len__(self) -> int:
        return len(self.cargo)


def latest_tariffs(frame: pl.DataFrame) -> dict[str, dict]:
    """The newest version of each rail tariff class that has both a base and a distance part."""

    def year(row: dict) -> int:
        found = re.search(r"\d{4}", row["effective"] or "")
        return int(found.group()) if found else 0

    newest: dict[str, dict] = {}
    for row in frame.filter(pl.col("base_value").is_not_null() & pl.col("distance_value").is_not_null()).to_dicts():
        if row["class"] not in newest or year(row) > year(newest[row["class"]]):
            newest[row["class"]] = row
    return newest


def read_cargo_forms(
    cargoes: pl.DataFrame, tariffs: pl.DataFrame, rates: Rates, t_per_teu: float, hub_kg: tuple[float, float]
) -> CargoForms:
    """Split each cargo into bulk and boxes and give each its charges.

    Parameters
    ----------
    hub_kg
        Emissions of a hub visit: bulk [kgCO2e/t], box [kgCO2e/box].

    Raises
    ------
    DataError
        A cargo names a rail class that has no tariff.
    """
    newest = latest_tariffs(tariffs)
    rows = cargoes.to_dicts()
    unknown = [row for row in rows if row["rail_class"] not in newest]
    if unknown:
        known = ", ".join(sorted(newest))
        raise DataError(
            [
                Fault("cargoes.csv", None, "rail_class", r["rail_class"], "has no tariff", f"use one of {known}")
                for r in unknown
            ]
        )
    box_km = rates["road_box_20"] / t_per_teu
    box_least_km = rates["dray_box"] / rates["road_box_20"]
    forms: list[tuple] = []
    for row in rows:
        boxed_share = 0.0 if row["container_share"] is None else float(row["container_share"])
        for boxed, share in ((False, 1 - boxed_share), (True, boxed_share)):
            if share <= 0:
                continue
            tariff = newest[row["rail_class"] if not boxed or row["rail_class"].startswith("box") else "box_20ft"]
            per_t = t_per_teu * (2.0 if "40" in tariff["class"] else 1.0) if "box" in tariff["base_unit"] else 1.0
            forms.append(
                (
                    row["id"],
                    boxed,
                    share,
                    row["value_of_time_yuan_per_t_h"],
                    tariff["base_value"] / per_t,
                    tariff["distance_value"] / per_t,
                    (box_km, box_km) if boxed else (rates["road_bulk_short"], rates["road_bulk_long"]),
                    (box_least_km, box_least_km) if boxed else (0.0, LONG_HAUL_LEAST_KM),
                    rates["lift_box"] / t_per_teu if boxed else rates["handling_bulk"],
                    rates["lift_box"] / t_per_teu if boxed else rates["tr_road_rail"],
                    rates["lift_box"] / t_per_teu if boxed else rates["tr_rail_water"],
                    hub_kg[1] / t_per_teu if boxed else hub_kg[0],
                    rates["dray_box"] / t_per_teu if boxed else rates["dray_plant"],
                )
            )
    columns = list(zip(*forms, strict=True))
    return CargoForms(tuple(columns[0]), *(np.array(column) for column in columns[1:]), t_per_teu=t_per_teu)


def lorry_yuan_per_t(forms: CargoForms, form: np.ndarray, length_km: np.ndarray) -> np.ndarray:
    """Cheaper of the local and the long-haul lorry [yuan/t]; 0 where nothing is driven.

    A lorry charges its rate for the distance driven, but for a least distance at least, so the cost never falls with
    distance.

    Parameters
    ----------
    form, length_km
        Of one shape.
    """
    charged = np.maximum(length_km[..., None], forms.road_least_km[form])
    return np.where(length_km > 0, (forms.road_per_km[form] * charged).min(axis=-1), 0.0)
