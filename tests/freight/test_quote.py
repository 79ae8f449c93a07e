"""Quotes: nothing beaten is offered, nothing best is missing, legs add up, bad questions get one clear sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.districts import find_folder
from qujiang.errors import InfeasibleError, ScenarioError
from qujiang.freight.answer import as_answer, break_even
from qujiang.freight.book import build_book, load_book, same_book, save_book
from qujiang.freight.candidates import Consignment, candidates
from qujiang.freight.problem import build_problem
from qujiang.freight.quote import Question, ask, offer_of, pareto, quote, reprice
from qujiang.freight.shelf import book_of
from tests.freight.conftest import small_tables


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return book_of(find_folder())


@pytest.fixture
def small():
    tables = small_tables()
    tables["places"] = tables["places"].with_columns(pl.lit(None).alias("aliases"))
    names = [pl.col("id").alias("name_zh"), pl.col("id").alias("name_en"), pl.lit(None).alias("aliases")]
    tables["cargoes"] = tables["cargoes"].with_columns(names)
    return build_book(tables, build_problem(tables, port_place="port", base_year=2024))


def some_questions(book, count: int, seed: int) -> list[Question]:
    draw = np.random.default_rng(seed)
    places = np.flatnonzero(np.isfinite(book.road_km[0]))
    found = []
    while len(found) < count:
        a, b = draw.choice(places, 2, replace=False)
        form, tonnes = int(draw.integers(len(book.form_share))), float(draw.choice([10, 500, 3_000]))
        found.append(Question(int(a), int(b), form, tonnes, int(draw.integers(1, 13))))
    return found


def found_by(book, question):
    offer = offer_of(book, question)
    load = Consignment.of(book, question.form, question.tonnes, offer.payload_t)
    return candidates(book, offer, load, question.origin, question.destination)


def test_no_chain_is_beaten_and_the_best_of_each_kind_is_there(book):
    for question in some_questions(book, 60, 1):
        chains = quote(book, question)
        mine = np.array([[c.yuan, c.hours, c.kg] for c in chains])
        for row in mine:
            beaten = (mine <= row + 1e-9).all(axis=1) & (mine < row - 1e-9).any(axis=1)
            assert not beaten.any()
        every = found_by(book, question).points
        assert mine.min(axis=0) == pytest.approx(every.min(axis=0), rel=1e-9)


def test_spelled_out_legs_add_up_to_the_candidates(book):
    for question in some_questions(book, 60, 2):
        points = found_by(book, question).points
        for chain in quote(book, question):
            total = np.array([chain.yuan, chain.hours, chain.kg])
            assert np.abs(points - total).max(axis=1).min() < 1e-6
            assert chain.legs[0].start == question.origin
            assert chain.legs[-1].end == question.destination
            for one, other in zip(chain.legs, chain.legs[1:], strict=False):
                assert one.end == other.start
            assert all(leg.yuan >= 0 and leg.hours >= 0 and leg.kg >= 0 for leg in chain.legs)


def test_the_cheapest_chain_is_the_assignments(small):
    """One vessel load, so that nothing is rounded: money, time and emissions equal the chains of the assignment."""
    from qujiang.freight.legs import price_legs
    from tests.freight.conftest import small_tables as tables

    problem = build_problem(tables(), port_place="port", base_year=2024)
    legs = price_legs(problem)
    question = ask(small, "town", "plant", "coal", 850.0 * 30 * 12)  # whole lorries, whole vessels of 850 t
    at = (
        (problem.chains.season == 0)
        & (problem.chains.signature == 1)
        & (problem.origin[problem.chains.flow] == question.origin)
    )
    water = [chain for chain in quote(small, question) if chain.signature == "water"]
    assert min(c.yuan for c in water) == pytest.approx(float(legs.yuan_per_t()[at].min()), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(1, 100)] * 3), min_size=1, max_size=40))
def test_pareto_keeps_every_unbeaten_point_when_not_thinned(points):
    table = np.array(points)
    kept = set(pareto(table, epsilon=0.0))
    for row, point in enumerate(table):
        beaten = ((table <= point).all(axis=1) & (table < point).any(axis=1)).any()
        twin = any((table[k] == point).all() for k in kept)
        assert (row in kept or twin) is not bool(beaten)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(1, 100)] * 3), min_size=1, max_size=40))
def test_thinning_never_drops_the_least_of_a_column(points):
    table = np.array(points)
    kept = table[pareto(table, epsilon=0.3)]
    assert (kept.min(axis=0) == table.min(axis=0)).all()


def test_ships_and_lorries_are_whole(book):
    question = ask(book, "衢江港区", "杭州", "coal", 850.0)
    chain = next(c for c in quote(book, question) if c.signature == "water")
    leg = next(leg for leg in chain.legs if leg.mode == 2)
    payload = float(book.way_payload_t[leg.way])

    def freight(tonnes: float) -> float:
        return next(x for x in reprice(book, replace(question, tonnes=tonnes), chain).legs if x.mode == 2).freight_yuan

    assert freight(payload / 2) == pytest.approx(2 * freight(payload))
    assert freight(1.5 * payload) == pytest.approx(2 / 1.5 * freight(payload))


def test_boxes_are_asked_in_teu(book):
    question = ask(book, "衢江区", "宁波", "光伏组件", 100.0)
    answer = as_answer(book, question, quote(book, question))
    assert answer["form"] == "boxes"
    assert answer["teu"] == pytest.approx(100 / 15)
    vessels = {leg["means"] for chain in answer["chains"] for leg in chain["legs"] if leg["mode"] == "water"}
    assert vessels <= {"box36", "box48", "sea3000"}


def test_low_water_loads_lighter_or_costs_more(book):
    for month, worse in ((1, True), (7, False)):
        question = ask(book, "衢江港区", "嘉兴", "coal", 3_000, date(2026, month, 5))
        assert question.season(book) == int(worse)


def test_answer_has_the_promised_keys(book):
    question = ask(book, "常山县", "苏州", "steel", 500)
    answer = json.loads(json.dumps(as_answer(book, question, quote(book, question)), allow_nan=False))
    for chain in answer["chains"]:
        assert {"yuan_per_t", "hours", "kgco2e_per_t", "legs", "assumed"} <= chain.keys()
        for share in ("yuan_share", "hours_share", "kgco2e_share"):
            assert sum(leg[share] for leg in chain["legs"]) == pytest.approx(1.0)
        for leg in chain["legs"]:
            assert {"mode", "means", "from", "to", "km", "yuan_per_t", "hours", "kgco2e_per_t"} <= leg.keys()
            parts = leg["well_to_tank_kg_per_t"] + leg["tank_to_wheel_kg_per_t"] + leg["hub_kg_per_t"]
            assert parts == pytest.approx(leg["kgco2e_per_t"])
    assert answer["emission_factors"]
    cheap = [leg for chain in answer["chains"] for leg in chain["legs"] if leg["means"] in ("v300", "v500")]
    assert bool(cheap) == any("no greener" in text for text in answer["warnings"])


def test_break_even_tonnage_is_where_the_best_starts_to_win(book):
    question = ask(book, "常山县", "苏州", "steel", 500)
    chains = quote(book, question)
    even = break_even(book, question, chains)
    rival = min((c for c in chains if c.signature != chains[0].signature), key=lambda c: c.yuan)
    assert even["saved_yuan_per_t"] == pytest.approx(rival.yuan - chains[0].yuan)
    at = replace(question, tonnes=even["tonnes"])
    assert reprice(book, at, chains[0]).yuan <= reprice(book, at, rival).yuan


@pytest.mark.parametrize("tonnes", [0.0, -5.0, float("nan"), float("inf")])
def test_tonnage_must_be_a_positive_number(book, tonnes):
    with pytest.raises(ScenarioError, match="above 0"):
        ask(book, "常山", "苏州", "steel", tonnes)


def test_unknown_names_and_same_places(book):
    with pytest.raises(ScenarioError, match="did you mean"):
        ask(book, "Suzhuo", "常山", "steel", 5)
    with pytest.raises(ScenarioError, match="no cargo is called"):
        ask(book, "苏州", "常山", "unobtainium", 5)
    with pytest.raises(ScenarioError, match="same place"):
        ask(book, "苏州", "Suzhou", "steel", 5)


def test_no_chain_says_which_leg_is_missing(small):
    far = small.places.find("far")
    small.road_km[far, :] = small.road_km[:, far] = np.inf
    small.road_km[far, far] = 0.0
    with pytest.raises(InfeasibleError, match=r"no open road joins them.*no quay can be reached"):
        quote(small, Question(far, small.places.find("plant"), 0, 100.0))


def test_a_kept_book_is_the_same_and_a_changed_file_is_never_answered_from_it(book, tmp_path, monkeypatch):
    import shutil

    path = tmp_path / "book.npz"
    save_book(book, path)
    assert same_book(load_book(path), book)
    path.write_bytes(path.read_bytes()[:1000])
    assert load_book(path) is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "copy"
    shutil.copytree(find_folder(), folder)
    before = book_of(folder)
    rates = folder / "rates.csv"
    text = rates.read_text(encoding="utf-8")
    assert "\nroad_bulk_long,road," in text
    rates.write_text(text.replace(",0.32,0.28,0.5,", ",0.45,0.28,0.5,"), encoding="utf-8")
    after = book_of(folder)
    assert after.road_per_km.max() == before.road_per_km.max()
    assert not np.array_equal(after.road_per_km, before.road_per_km)


def test_command_line():
    from qujiang.cli import cli

    run = CliRunner().invoke(
        cli, ["freight", "quote", "常山县", "苏州", "--cargo", "steel", "--tonnes", "500", "--json"]
    )
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["chains"][0]["yuan_per_t"] > 0
