"""A district of six places, small enough to count by hand."""

from __future__ import annotations

import polars as pl
import pytest

RATES = {
    "road_bulk_long": 0.32, "road_bulk_short": 0.5, "road_box_20": 6.0, "dray_plant": 10.0, "dray_box": 450.0,
    "handling_bulk": 11.0, "lift_box": 125.0, "port_dues": 1.5, "tr_road_rail": 13.5, "tr_rail_water": 11.0,
    "truck_speed": 65.0, "train_speed": 40.0, "lock_fee": 0.0, "lock_wait_h": 0.75, "port_hours_per_call": 36.0,
    "empty_return_share": 30.0, "ukc_m": 0.2, "crew_wage": 85_000.0, "diesel_price": 7.2, "vessel_interest": 5.0,
    "vessel_life": 20.0, "vessel_upkeep": 5.0, "vessel_hours": 7_500.0, "vessel_price_factor": 1.0, "fuel_factor": 1.0,
    "other_margin": 0.0, "logit_scale": 0.1,
}  # fmt: skip

VESSELS = [
    # id, payload, length, beam, empty draught, t/cm, air draught, speed, teu, price, crew, fuel, empty factor, carries
    ("v500", 480.0, 46.0, 9.2, 0.7, 3.809, 5.1, 11.0, 0, 1_300_000.0, 5.0, 24.0, 0.7, "bulk"),
    ("v800", 850.0, 55.0, 10.8, 0.75, 5.346, 5.4, 11.0, 0, 2_400_000.0, 6.0, 34.0, 0.7, "bulk"),
    ("box36", 540.0, 58.0, 10.8, 0.8, 5.638, 5.6, 12.0, 36, 3_200_000.0, 6.0, 40.0, 0.7, "boxes"),
]


def rates_frame(**changes: float) -> pl.DataFrame:
    values = {**RATES, **changes}
    return pl.DataFrame(
        [
            {"id": k, "rate_value": v, "low_value": v * 0.8, "high_value": v * 1.2, "use": "input", "status": "assumed"}
            for k, v in values.items()
        ]
    )


def vessels_frame() -> pl.DataFrame:
    names = (
        "id", "payload_t", "length_m", "beam_m", "draught_empty_m", "draught_t_per_cm", "air_draught_empty_m",
        "speed_km_per_h", "capacity_teu", "price_yuan", "crew_count", "fuel_kg_per_h", "fuel_empty_factor", "carries",
    )  # fmt: skip
    frame = pl.DataFrame(VESSELS, schema=names, orient="row")
    return frame.with_columns(
        pl.col("id").alias("name"), pl.lit(3.0).alias("air_draught_laden_m"), pl.lit("iww").alias("emission_factor")
    )


def links(rows: list[tuple], **extra: object) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["id", "from_place", "to_place", "length_km"], orient="row")
    return frame.with_columns(pl.lit("open").alias("state"), *(pl.lit(v).alias(k) for k, v in extra.items()))


def small_tables() -> dict[str, pl.DataFrame]:
    """Plant, port, quay, town by the water, town by rail, far town. Depth 2.6 m, in low water 2.35 m on the second link."""
    places = pl.DataFrame(
        {
            "id": ["plant", "port", "quay", "town", "rails", "far"],
            "name_zh": ["厂", "港", "码头", "城", "站", "远城"],
            "name_en": ["Plant", "Port", "Quay", "Town", "Rails", "Far"],
            "kind": ["hinterland", "hub", "water_port", "water_city", "rail_station", "road_city"],
        }
    )
    water = links([("w1", "port", "quay", 200.0), ("w2", "quay", "town", 100.0)]).with_columns(
        pl.lit("river").alias("waterway"), pl.Series("locks", [["gate", "weir"], None], dtype=pl.List(pl.String))
    )
    limits = pl.DataFrame(
        [
            {"link": w, "season": s, "months": m, "depth_m": d, "beam_m": 18.0, "air_draught_m": 7.5}
            for w, s, m, d in [
                ("w1", "normal", "03-11", 3.0), ("w1", "low_water", "12-02", 3.0),
                ("w2", "normal", "03-11", 2.6), ("w2", "low_water", "12-02", 2.35),
            ]
        ]
    )  # fmt: skip
    lock = {"length_m": 230.0, "width_m": 23.0, "sill_m": 4.0, "lockage_min": 40.0}
    cargo = {"rail_class": "wagon_4", "handling": "dry_bulk", "direction": "in"}
    factor = {"unit": "kg_co2e_per_t_km"}
    return {
        "places": places,
        "water_links": water,
        "channel_limits": limits,
        "locks": pl.DataFrame([{"id": "gate", **lock}, {"id": "weir", **lock}]),
        "road_links": links(
            [("r1", "plant", "port", 15.0), ("r2", "port", "town", 260.0), ("r3", "plant", "rails", 20.0),
             ("r4", "town", "far", 60.0), ("r5", "rails", "far", 300.0)]
        ),
        "rail_links": links([("t1", "rails", "town", 250.0)], freight=True),
        "rail_tariffs": pl.DataFrame(
            [
                {"class": "wagon_4", "effective": "2008-07-01", "base_value": 9.6, "distance_value": 0.0484, "base_unit": "yuan_per_t"},
                {"class": "wagon_4", "effective": "2015-02-01", "base_value": 16.3, "distance_value": 0.098, "base_unit": "yuan_per_t"},
                {"class": "box_20ft", "effective": "2015-02-01", "base_value": 500.0, "distance_value": 2.025, "base_unit": "yuan_per_box"},
            ]
        ),
        "cargoes": pl.DataFrame(
            [
                {"id": "coal", "container_share": 0.0, "value_of_time_yuan_per_t_h": 0.0144, **cargo},
                {"id": "paper", "container_share": 0.4, "value_of_time_yuan_per_t_h": 0.168, **cargo},
            ]
        ),
        "demand": pl.DataFrame(
            [
                {"origin": "town", "destination": "plant", "cargo": "coal", "demand_t_per_year": 100_000.0, "observed_mode": "water"},
                {"origin": "town", "destination": "plant", "cargo": "coal", "demand_t_per_year": 50_000.0, "observed_mode": "road"},
                {"origin": "plant", "destination": "far", "cargo": "paper", "demand_t_per_year": 30_000.0, "observed_mode": "road"},
            ]
        ),
        "demand_growth": pl.DataFrame({"cargo": ["coal"], "growth_percent": [10.0]}),
        "rates": rates_frame(),
        "vessel_classes": vessels_frame(),
        "emission_factors": pl.DataFrame(
            [
                {"id": "iww", "well_to_tank_value": 0.0079, "tank_to_wheel_value": 0.0261, "well_to_wheel_value": 0.034, **factor},
                {"id": "road_tractor", "well_to_tank_value": 0.0128, "tank_to_wheel_value": 0.0423, "well_to_wheel_value": 0.0551, **factor},
                {"id": "rail_mixed", "well_to_tank_value": 0.0064, "tank_to_wheel_value": 0.0041, "well_to_wheel_value": 0.0105, **factor},
                {"id": "hub_trans", "well_to_tank_value": None, "tank_to_wheel_value": None, "well_to_wheel_value": 1.2, **factor},
                {"id": "hub_box", "well_to_tank_value": None, "tank_to_wheel_value": None, "well_to_wheel_value": 11.4, **factor},
            ]
        ),
    }  # fmt: skip


@pytest.fixture
def tables() -> dict[str, pl.DataFrame]:
    return small_tables()


@pytest.fixture
def make_rates():
    return rates_frame
