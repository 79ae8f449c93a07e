"""``qujiang freight flows`` from the outside."""

from __future__ import annotations

import json

import polars as pl
import pytest
from click.testing import CliRunner

from qujiang.cli import cli

ASKED = ["freight", "flows", "--year", "2027", "--capacity", "qj1=4000000", "--select", "富春江船闸"]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """One run with everything asked for, and the folder that it wrote."""
    out = tmp_path_factory.mktemp("flows")
    run = CliRunner().invoke(cli, [*ASKED, "--compare", "fuchunjiang-second-chamber", "--out", str(out), "--json"])
    assert run.exit_code == 0, run.output
    return {**json.loads(run.stdout), "folder": out}


def test_demand_is_told_by_its_terms_and_sent_whole(told):
    demand = told["demand"]
    assert demand["growth_t_per_year"] > 0
    assert demand["induced_t_per_year"] == 0
    assert sum(told["signatures"].values()) == pytest.approx(demand["total_t_per_year"], rel=1e-9)


def test_the_proof_is_shown(told):
    proof = told["proof"]
    assert 0 <= proof["relative_gap"] <= 1e-8
    assert proof["max_conservation_error"] < 1e-9
    assert proof["no_cheaper_chain"] is True
    assert proof["lower_bound"] is None
    assert "values of time differ" in proof["bound"]


def test_every_resource_has_its_mean_and_its_busiest_month(told):
    of = {row["resource"]: row for row in told["resources"]}
    assert {"fuchunjiang", "qj_port:capacity"} <= of.keys()
    for row in of.values():
        assert row["busiest_month_load_share"] == pytest.approx(1.3 * row["load_share"])
    assert of["fuchunjiang"]["busiest_month_wait_h"] > of["fuchunjiang"]["wait_h"]
    assert of["qj_port:capacity"]["flow"] == pytest.approx(told["port"]["throughput_t_per_year"], rel=1e-9)
    assert of["qj_port:capacity"]["flow"] <= 4_000_000 * (1 + 1e-7)
    assert of["qj_port:capacity"]["busiest_month_exceeds_share"] is True
    gain = {row["resource"]: row for row in told["gains"]}
    assert gain["qj_port:capacity"]["price_yuan"] > 0
    assert gain["fuchunjiang"]["one_more_saves_yuan"] > 0


def test_ships_are_whole(told):
    for row in told["calls"]:
        assert row["calls_per_year"] <= row["whole_calls_per_year"] < row["calls_per_year"] + 1
    loaded = sum(row["loaded_t_per_year"] for row in told["calls"])
    assert loaded == pytest.approx(told["port"]["throughput_t_per_year"], rel=1e-6)


def test_emissions_are_apart_and_name_their_factors(told):
    kg = told["emissions"]
    parts = [kg[f"{name}_kg_per_year"] for name in ("well_to_tank", "tank_to_wheel", "hub")]
    assert all(part > 0 for part in parts)
    assert kg["total_kg_per_year"] == pytest.approx(sum(parts))
    assert any("GLEC" in name for name in kg["factors"])


def test_a_missed_fact_says_what_it_would_take(told):
    missed = [fact for fact in told["facts"] if fact["met"] is False]
    assert missed
    for fact in missed:
        assert {need["parameter"] for need in fact["takes"]} == {
            "vessel_cost_factor", "empty_return_share", "port_hours_per_call", "logit_scale",
        }  # fmt: skip
        assert all(need["words"] for need in fact["takes"])
    assert all(not fact["takes"] for fact in told["facts"] if fact["met"])


def test_a_second_chamber_helps_those_who_pass_it_and_hurts_who_compete_for_the_full_port(told):
    assert told["compare"]["gained_yuan_per_year"] > told["compare"]["lost_yuan_per_year"] > 0
    moved = told["compare"]["stayed_t_per_year"] + told["compare"]["shifted_t_per_year"]
    assert moved == pytest.approx(told["demand"]["total_t_per_year"], rel=1e-9)


def test_select_names_cargoes_and_pairs(told):
    select = told["select"]
    assert select["resource"] == "fuchunjiang"
    assert sum(row["flow_t_per_year"] for row in select["by_cargo"]) == pytest.approx(select["used_t_per_year"])
    assert sum(row["flow_t_per_year"] for row in select["by_pair"]) == pytest.approx(select["used_t_per_year"])


def test_files(told):
    folder = told["folder"]
    features = json.loads((folder / "flows.geojson").read_text(encoding="utf-8"))["features"]
    links = pl.read_csv(folder / "links.csv")
    assert len(features) == links.filter(pl.col("flow_t_per_year") > 0).height
    assert all(f["geometry"] is None or len(f["geometry"]["coordinates"]) == 2 for f in features)
    chains = pl.read_csv(folder / "chains.csv")
    assert chains["flow_t_per_year"].sum() == pytest.approx(told["demand"]["total_t_per_year"], rel=1e-9)
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["year"] == 2027
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--capacity", "nonsense"], "write ID=T_PER_YEAR"),
        (["--kind", "best"], "is not one of"),
    ],
)
def test_wrong_use(arguments, said):
    run = CliRunner().invoke(cli, ["freight", "flows", *arguments])
    assert run.exit_code == 2
    assert said in run.output


@pytest.mark.slow
def test_every_kind_prints_its_tables():
    for kind in ("deterministic", "optimum"):
        run = CliRunner().invoke(cli, ["freight", "flows", "--kind", kind, "--capacity", "qj_port=4000000"])
        assert run.exit_code == 0, run.output
        assert "qj_port:capacity" in run.output
        assert "no cheaper chain exists" in run.output
