"""Placement: an exhaustive search as referee, hand-made cases for every reason."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.buildings.options import Option, Weights, find_options, touching
from qujiang.buildings.packing import pack
from qujiang.buildings.place import place
from qujiang.buildings.stock import Stock
from qujiang.errors import InfeasibleError, ScenarioError
from tests.buildings.conftest import ON, lease, seek, seeker, suite


def best_by_search(options: list[Option], must: tuple[str, ...] = ()) -> float | None:
    """The most that any choice is worth, by trying all of them, firm by firm; None where no choice places those that must be."""
    firms = sorted({option.firm for option in options} | set(must))

    def go(n: int, taken: frozenset[str]) -> float | None:
        if n == len(firms):
            return 0.0
        found = [] if firms[n] in must else [go(n + 1, taken)]
        for option in options:
            if option.firm == firms[n] and not taken & set(option.suites):
                rest = go(n + 1, taken | set(option.suites))
                found.append(None if rest is None else rest + option.value_m2)
        return max((value for value in found if value is not None), default=None)

    return go(0, frozenset())


AREAS = st.sampled_from([100.0, 150.0, 200.0, 260.0, 400.0])
SUITES = st.lists(st.tuples(AREAS, st.sampled_from("ab"), st.integers(1, 3)), min_size=1, max_size=6).map(
    lambda found: [suite(f"u{n}", area, at=at, level=level) for n, (area, at, level) in enumerate(found)]
)
FIRMS = st.lists(
    st.tuples(AREAS, st.sampled_from("FG"), st.booleans(), st.sampled_from([0.1, 0.3, 0.9])), min_size=1, max_size=5
).map(
    lambda found: [
        seeker(f"f{n}", area, sector=sector, may_split=split, slack=slack)
        for n, (area, sector, split, slack) in enumerate(found)
    ]
)


@settings(deadline=None, max_examples=150)
@given(SUITES, FIRMS, st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([0.0, 0.5]))
def test_it_is_as_good_as_trying_everything(suites: list, firms: list, misfit: float, trade: float) -> None:
    stock, weights = seek(suites, firms, trades={"a": "F", "b": "G"}), Weights(misfit, trade)
    options = find_options(stock, weights)
    found = place(stock, weights=weights)
    assert found.objective_m2 == pytest.approx(best_by_search(options))
    assert found.bound_m2 == pytest.approx(found.objective_m2) and found.proven
    assert sum(found.terms_m2.values()) == pytest.approx(found.objective_m2)
    assert sum(one.value_m2 for one in found.placed) == pytest.approx(found.objective_m2)
    held = [name for one in found.placed for name in one.suites]
    assert len(held) == len(set(held))
    assert sorted(one.firm for one in (*found.placed, *found.not_placed)) == sorted(one.id for one in firms)
    for one in found.not_placed:
        forced = best_by_search(options, (one.firm,))
        assert one.cost_m2 == (None if forced is None else pytest.approx(found.objective_m2 - forced, abs=1e-6))
        assert one.reason


@settings(deadline=None)
@given(SUITES, FIRMS)
def test_all_firms_that_must_be_placed_are_or_a_smallest_clash_is_named(suites: list, firms: list) -> None:
    stock, must = seek(suites, firms), tuple(one.id for one in firms)
    options = find_options(stock, Weights())
    if best_by_search(options, must) is None:
        with pytest.raises(InfeasibleError) as told:
            place(stock, must=must)
        clash = tuple(name for name in must if name in str(told.value).split(" can")[0].split(", "))
        assert clash and best_by_search(options, clash) is None
        assert all(
            best_by_search(options, tuple(other for other in clash if other != name)) is not None for name in clash
        )
    else:
        assert {one.firm for one in place(stock, must=must).placed} == set(must)


def test_one_building_one_trade_decides_between_equal_suites() -> None:
    stock = seek(
        [suite("a1", 100, at="a"), suite("b1", 100, at="b")],
        [seeker("f", 100, sector="G")],
        trades={"a": "F", "b": "G"},
    )
    (placed,) = place(stock).placed
    assert (placed.carrier, placed.right_trade, placed.value_m2) == ("b", True, 150.0)
    assert place(stock, weights=Weights(0.5, 0.0)).objective_m2 == 100.0


def test_two_suites_only_where_they_touch_and_the_firm_says_so() -> None:
    near = [
        suite("a1", 100, level=3),
        suite("a2", 100, level=4),
        suite("a3", 100, level=6),
        suite("b1", 100, at="b", level=3),
    ]
    assert [(one.id, other.id) for one, other in touching(near)] == [("a1", "a2")]
    assert place(seek(near, [seeker("f", 200, may_split=True)])).placed[0].suites == ("a1", "a2")
    (alone,) = place(seek(near, [seeker("f", 200)])).not_placed
    assert alone.reason == "no suite is large enough: it needs 160 m2, the largest has 100 m2"


@pytest.mark.parametrize(
    ("given_suite", "wish", "said"),
    [
        ({}, {"least_m2": 900.0, "most_m2": 950.0}, "no suite is large enough: it needs 900 m2, the largest has 100 m2"),
        ({}, {"least_m2": 10.0, "most_m2": 20.0}, "no suite has 10 to 20 m2"),
        ({"free": date(2026, 2, 1)}, {}, "no suite of 80 to 120 m2 is free by 2025-12-31; the first is free on 2026-02-01"),
        ({"free": None}, {}, "no suite of 80 to 120 m2 is free by 2025-12-31; all are let without a known end"),
        ({"offers": "fibre"}, {"needs": frozenset({"crane"})}, "no suite of 80 to 120 m2 that is free by 2025-12-31 offers crane"),
        ({"basis": "usable"}, {}, "no suite is measured as construction, the standard of its wish"),
        ({"free": None}, {"may_split": True}, "no suite alone or as a pair that touches of 80 to 120 m2 is free by 2025-12-31"),
    ],
)  # fmt: skip
def test_why_no_suite_will_do(given_suite: dict, wish: dict, said: str) -> None:
    stock = seek([suite("u", 100, **given_suite)], [seeker("f", 100, **wish)])
    (found,) = place(stock).not_placed
    assert (found.reason, found.cost_m2) == (said, None)


def test_who_outbids_whom_and_what_it_would_cost() -> None:
    stock = seek([suite("u", 100)], [seeker("a", 100), seeker("b", 90)])
    found = place(stock)
    assert [one.firm for one in found.placed] == ["a"]
    (loser,) = found.not_placed
    assert (loser.reason, loser.cost_m2) == ("outbid by a (u)", pytest.approx(5.0))


def test_a_suite_too_far_from_what_is_wanted_stays_empty() -> None:
    stock = seek([suite("u", 100)], [seeker("f", 400, least_m2=50.0)])
    (found,) = place(stock).not_placed
    assert found.reason == "would add -50 m2 at most (u): too far from what it wants"
    assert found.cost_m2 == pytest.approx(50.0)


def test_nobody_to_place_and_nothing_to_let() -> None:
    with pytest.raises(ScenarioError, match="nobody to place"):
        place(seek([suite("u", 100)], []))
    with pytest.raises(ScenarioError, match="no such firm seeks space: x"):
        place(seek([suite("u", 100)], [seeker("f", 100)]), must=("x",))
    with pytest.raises(InfeasibleError, match=r"^f cannot be placed: no suite of 80 to 120 m2 is free by"):
        place(seek([suite("u", 100, free=None)], [seeker("f", 100)]), must=("f",))
    with pytest.raises(InfeasibleError, match=r"^a, b cannot all be placed: they have only u$"):
        place(
            seek([suite("u", 100), suite("v", 500)], [seeker("a", 100), seeker("b", 100), seeker("c", 500)]),
            must=("a", "b", "c"),
        )


def test_let_suites_can_be_left_to_their_tenants() -> None:
    stock = dataclasses.replace(
        seek([suite("u", 100), suite("v", 90)], [seeker("f", 100)]), leases=(lease("l", 100, suite="u"),)
    )
    assert place(stock).placed[0].suites == ("u",)
    assert place(stock, vacant_only=True).placed[0].suites == ("v",)


def test_pricing_can_be_stopped() -> None:
    found = place(seek([suite("u", 100)], [seeker("a", 100), seeker("b", 90)]), stop=lambda: True)
    assert [one.cost_m2 for one in found.not_placed] == [None]


def test_the_bundled_stock(bundled: Stock) -> None:
    found = place(bundled)
    assert found.synthetic and found.proven
    assert len(found.placed) + len(found.not_placed) == 60
    seekers = {one.id: one for one in bundled.seekers}
    suites = {one.id: one for one in bundled.suites}
    for one in found.placed:
        wish = seekers[one.firm]
        assert wish.least_m2 <= one.area_m2 <= wish.most_m2
        assert one.free_from <= wish.latest
        assert all(wish.needs <= suites[name].offers for name in one.suites)
    assert place(bundled) == found


def test_the_linear_relaxation_is_never_below(bundled: Stock) -> None:
    """A second solver: scipy's linear program over the same rows bounds the packing from above."""
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    options = find_options(bundled, Weights())
    names = sorted({option.firm for option in options} | {name for option in options for name in option.suites})
    row = {name: n for n, name in enumerate(names)}
    at = [(row[name], n) for n, option in enumerate(options) for name in (option.firm, *option.suites)]
    matrix = csr_array((np.ones(len(at)), tuple(zip(*at, strict=True))), shape=(len(names), len(options)))
    relaxed = linprog([-option.value_m2 for option in options], A_ub=matrix, b_ub=np.ones(len(names)), bounds=(0, 1))
    packing = pack(options)
    assert packing is not None
    assert packing.objective <= -relaxed.fun + 1e-6
    assert packing.objective >= -relaxed.fun * 0.98
    assert ON


def worth(stock: Stock, misfit: float, trade: float) -> float:
    """The best assignment from suites and wishes alone, by the words of the help: no code of the room is used."""
    right = {one.id: one.trade for one in stock.carriers}

    def value(wish, taken: tuple) -> float | None:
        area = sum(one.lettable_m2 for one in taken)
        one, *others = taken
        fits = wish.least_m2 <= area <= wish.most_m2 and all(
            s.free_from is not None and s.free_from <= wish.latest and wish.needs <= s.offers and s.basis == wish.basis
            for s in taken
        )
        if others and not (
            wish.may_split and others[0].carrier == one.carrier and abs(others[0].level - one.level) <= 1
        ):
            return None
        if not fits:
            return None
        return area - misfit * abs(area - wish.wanted_m2) + (trade * area if right[one.carrier] == wish.sector else 0.0)

    def go(wishes: tuple, left: tuple) -> float:
        if not wishes:
            return 0.0
        best = go(wishes[1:], left)
        pairs = [(a, b) for n, a in enumerate(left) for b in left[n + 1 :]]
        for taken in [*((one,) for one in left), *pairs]:
            gain = value(wishes[0], taken)
            if gain is not None:
                best = max(best, gain + go(wishes[1:], tuple(one for one in left if one not in taken)))
        return best

    return go(stock.seekers, stock.suites)


@settings(deadline=None, max_examples=80)
@given(SUITES, FIRMS, st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([0.0, 0.5]))
def test_every_assignment_tried_from_the_tables_gives_the_same(
    suites: list, firms: list, misfit: float, trade: float
) -> None:
    stock = seek(suites, firms, trades={"a": "F", "b": "G"})
    found = place(stock, weights=Weights(misfit, trade))
    best = worth(stock, misfit, trade)
    assert found.objective_m2 == pytest.approx(best)
    assert found.bound_m2 >= best - 1e-6
