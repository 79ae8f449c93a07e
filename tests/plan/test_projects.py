"""What projects move, and the best set for a budget, against every subset."""

from __future__ import annotations

import dataclasses
import json
from itertools import chain, combinations
from typing import Any

import numpy as np
import polars as pl
import pytest

from qujiang.cli import main
from qujiang.district import TABLE, District
from qujiang.district.plan_rules import FREIGHT
from qujiang.errors import DataError, ScenarioError
from qujiang.plan import test_plan
from qujiang.plan.choose import choose
from qujiang.plan.projects import Trials, find_gains, gains_table
from tests.plan.conftest import measure

USUAL = {"project": {"kind": "park", "state": "planned", "status": "derived", "source": ["ASSUME"]}}
USUAL["effect"] = {"status": "derived", "source": ["ASSUME"], "unit": "ratio"}


def frame(table: str, usual: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLE[table].schema
    return pl.DataFrame([{name: (USUAL[usual] | row).get(name) for name in schema} for row in rows], schema=schema)


def planned(
    district: District, projects: list[dict[str, Any]], effects: list[dict[str, Any]], *, port: bool
) -> District:
    """The bundled district with these projects only; without its port the plan is measures alone, and fast."""
    named = [{"name_zh": row["id"], "name_en": row["id"]} | row for row in projects]
    numbered = [{"id": f"e{n}"} | row for n, row in enumerate(effects)]
    frames = dict(district.frames)
    frames |= {
        "projects": frame("projects", "project", named),
        "project_effects": frame("project_effects", "effect", numbered),
    }
    lines = dict(district.lines)
    lines |= {
        name: pl.Series(range(2, frames[name].height + 2), dtype=pl.Int64) for name in ("projects", "project_effects")
    }
    if not port:
        frames |= {name: TABLE[name].empty() for name in (*FREIGHT, "checks")}
        lines |= {name: pl.Series([], dtype=pl.Int64) for name in (*FREIGHT, "checks")}
    info = district.info if port else dataclasses.replace(district.info, port_place=None)
    return dataclasses.replace(district, info=info, frames=frames, lines=lines)


def adds(project: str, name: str, value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    effect = {"project": project, "verb": "increase", "table": "measures", "row": name, "column": "added_value"}
    return effect | {"effect_value": value, "low_value": low, "high_value": high}


def subsets(names: list[str]):
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def test_a_gain_is_what_is_declared_and_per_yuan(district: District) -> None:
    projects = [{"id": "a", "cost_yuan": 5e7}, {"id": "b"}, {"id": "c", "cost_yuan": 1e8}]
    effects = [adds("a", "m41", 100.0, 50.0, 120.0), adds("b", "m31", 1e6), adds("c", "m22", -40.0)]
    made = planned(district, projects, effects, port=False)
    a, b, c = find_gains(Trials.of(made))
    (gain,) = a.gains
    assert (gain.gain, gain.low, gain.high) == (100.0, 50.0, 120.0)
    assert gain.per(a.cost_yuan) == 200.0
    assert b.gains[0].gain == pytest.approx(1e6)
    assert b.gains[0].per(b.cost_yuan) is None
    assert c.gains[0].gain == 40.0  # less floor area a firm is what is wanted
    table = gains_table((a, b, c))
    assert table["gain_per_100_million_yuan_value"].to_list() == [200.0, None, 40.0]
    assert set(table["assumed"]) == {False}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"state": "open"}, "open already: it is in today's figures"),
        ({"opened_or_due": "2029"}, "opens 2029-12-31, after 2027"),
        ({"planned_start": "2027-01-01", "duration_days": 400}, "opens 2028-02-05, after 2027"),
    ],
)
def test_a_project_that_cannot_add_by_the_target_year_adds_nothing(district: District, row: dict, said: str) -> None:
    made = planned(district, [{"id": "a", "cost_yuan": 1e6} | row], [adds("a", "m41", 100.0)], port=False)
    (project,) = find_gains(Trials.of(made))
    assert (project.counts, project.reason, project.gains) == (False, said, ())
    with pytest.raises(ScenarioError, match="no project to choose from"):
        choose(Trials.of(made), (project,), 1e9)


def test_an_effect_without_change_gains_exactly_nothing(district: District) -> None:
    effect = {"project": "a", "verb": "scale", "table": "demand", "row": "all", "column": "demand_t_per_year"}
    made = planned(district, [{"id": "a"}], [effect | {"effect_value": 1.0}], port=True)
    assert find_gains(Trials.of(made))[0].gains == ()


@pytest.mark.parametrize("seed", range(3))
def test_no_subset_is_better_on_small_districts(district: District, seed: int) -> None:
    """Independent score: gaps closed by the sum of what is declared, at most whole, each landmark weighing the same."""
    rng = np.random.default_rng(seed)
    names = [f"p{n}" for n in range(int(rng.integers(3, 7)))]
    cost = {name: float(rng.integers(1, 12)) * 1e7 for name in names}
    asked = {"m41": 1.0, "m42": 1e6, "m43": 100.0, "m51": 1.0, "m21": 1.0, "m22": -10.0, "m31": 1e7}
    declared = {
        name: {m: float(rng.integers(-20, 200)) * asked[m] for m in rng.choice(list(asked), 2, replace=False)}
        for name in names
    }
    effects = [adds(name, m, value) for name in names for m, value in declared[name].items()]
    made = planned(district, [{"id": n, "cost_yuan": cost[n]} for n in names], effects, port=False)
    base = {m.id: m for landmark in test_plan(made).landmarks for m in landmark.measures}
    budget = max(float(rng.uniform(0.2, 0.9)) * sum(cost.values()), min(cost.values()))

    def score(chosen: tuple[str, ...]) -> float:
        total = 0.0
        for landmark in test_plan_numbers:
            counted = [m for m in base.values() if number[m.id] == landmark and m.counts and m.median is not None]
            parts = []
            for m in counted:
                moved = sum(declared[name].get(m.id, 0.0) for name in chosen)
                sign = -1.0 if m.bound == "<=" else 1.0
                gap = sign * (m.target - m.median)
                parts.append(
                    min(sign * moved / gap, 1.0) if gap > 0 else min(0.0, (sign * moved - gap) / abs(m.target))
                )
            total += sum(parts) / len(parts) if parts else 0.0
        return total

    number = {row["id"]: row["landmark_no"] for row in made["measures"].to_dicts()}
    test_plan_numbers = sorted(set(number.values()))
    affordable = [s for s in subsets(names) if sum(cost[n] for n in s) <= budget]
    best = max(map(score, affordable))
    trials = Trials.of(made)
    found = choose(trials, find_gains(trials), budget)
    assert found.projects in affordable
    assert found.score == pytest.approx(best, abs=1e-9)
    assert score(found.projects) == pytest.approx(best, abs=1e-9)
    assert found.added_score >= found.score - 1e-9  # gaps are closed once only
    assert found.bound == pytest.approx(found.score, abs=1e-6)


def test_what_a_set_gives_is_what_the_plan_gives_with_it(district: District, scenario) -> None:
    """Two limits of one port, relaxed alone and together; each subset as a scenario written by hand."""
    entries = {
        "berths": '[[increase]]\ntable = "terminals"\nkeys = ["qj1", "qj"]\ncolumn = "capacity_t_per_year"\nby = 900000',
        "cargo": '[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = 1.1',
        "crews": '[[scale]]\ntable = "rates"\nkey = "crew_wage"\ncolumn = "rate_value"\nfactor = 0.9',
    }
    narrow = dict(district.frames)
    capacity = {"qj1": 1.0e6, "qj": 4.2e6}
    narrow["terminals"] = narrow["terminals"].with_columns(
        pl.col("id")
        .replace_strict(capacity, default=pl.col("capacity_t_per_year"), return_dtype=pl.Float64)
        .alias("capacity_t_per_year")
    )
    projects = [{"id": name, "cost_yuan": cost} for name, cost in (("berths", 4e8), ("cargo", 3e8), ("crews", 2e8))]
    effects = [
        {"project": "berths", "verb": "increase", "table": "terminals", "row": "qj1+qj", "column": "capacity_t_per_year", "effect_value": 9e5},
        {"project": "cargo", "verb": "scale", "table": "demand", "row": "all", "column": "demand_t_per_year", "effect_value": 1.1},
        {"project": "crews", "verb": "scale", "table": "rates", "row": "crew_wage", "column": "rate_value", "effect_value": 0.9},
    ]  # fmt: skip
    made = planned(dataclasses.replace(district, frames=narrow), projects, effects, port=True)
    trials = Trials.of(made)
    cost = {row["id"]: row["cost_yuan"] for row in projects}
    base = measure(test_plan(made), "m11").median
    gains = {}
    for chosen in subsets(list(entries)):
        by_hand = test_plan(made, scenario(*(entries[name] for name in chosen))) if chosen else test_plan(made)
        gains[chosen] = measure(by_hand, "m11").median - base
        assert trials.gain("m11", chosen) == pytest.approx(gains[chosen], abs=1100.0)  # the plan rounds to four digits
    assert gains["berths", "cargo"] > gains["berths",] + gains["cargo",] + 1e4  # only together do they help so much
    for budget in (4e8, 7e8, 9e8):
        affordable = [s for s in gains if sum(cost[n] for n in s) <= budget]
        found = choose(trials, find_gains(trials), budget, "m11")
        assert found.score == pytest.approx(max(gains[s] for s in affordable), abs=1100.0)
        assert gains[found.projects] == pytest.approx(found.score, abs=1100.0)
        assert found.added_score == pytest.approx(sum(gains[name,] for name in found.projects), abs=3300.0)


def test_a_new_row_is_a_copy_with_changes(district: District) -> None:
    trials = Trials.of(district)
    effects = district["project_effects"].filter(pl.col("project") == "k01")
    assert "add" in set(effects["verb"])
    from qujiang.district.project_effects import project_scenario

    made = district.with_overlay(project_scenario(district.frames, ["k01"]))
    third = made["berths"].filter(pl.col("terminal") == "qj3")
    second = made["berths"].filter(pl.col("terminal") == "qj2")
    assert third.drop("id", "terminal").equals(second.drop("id", "terminal"))
    assert made["terminals"].filter(pl.col("id") == "qj")["capacity_t_per_year"][0] == 10.2e6
    assert 0.0 < trials.gain("m11", ["k01"]) < 0.001 * 4.2e6  # demand binds, not berths: only waits are shorter


def test_two_that_increase_one_number_both_count(district: District) -> None:
    effects = [adds("a", "m41", 100.0), adds("b", "m41", 30.0)]
    made = planned(district, [{"id": "a"}, {"id": "b"}], effects, port=False)
    assert Trials.of(made).gain("m41", ["a", "b"]) == 130.0


@pytest.mark.parametrize(
    ("budget", "measure_id", "said"),
    [
        (1000.0, None, "below the cheapest project, a a at 50,000,000 yuan"),
        (-1.0, None, "must be a number of yuan above 0"),
        (float("nan"), None, "must be a number of yuan above 0"),
        (1e9, "m99", "there is no measure m99"),
        (1e9, "m15", "m15 has no value to move"),
    ],
)
def test_what_cannot_be_chosen_is_refused(district: District, budget: float, measure_id: str | None, said: str) -> None:
    made = planned(district, [{"id": "a", "cost_yuan": 5e7}], [adds("a", "m41", 1.0)], port=False)
    trials = Trials.of(made)
    with pytest.raises(ScenarioError, match=said):
        choose(trials, find_gains(trials), budget, measure_id)


def test_a_set_that_harms_is_not_bought(district: District) -> None:
    made = planned(district, [{"id": "a", "cost_yuan": 5e7}], [adds("a", "m41", -50.0)], port=False)
    trials = Trials.of(made)
    found = choose(trials, find_gains(trials), 1e8)
    assert (found.projects, found.cost_yuan, found.score, found.proven) == ((), 0.0, 0.0, True)


EFFECT = {
    "project": "a",
    "verb": "set",
    "table": "rates",
    "row": "diesel_price",
    "column": "rate_value",
    "effect_value": 7.0,
}


@pytest.mark.parametrize(
    ("effect", "column", "said"),
    [
        (EFFECT | {"table": "rate"}, "table", "is no table"),
        (EFFECT | {"row": "diesel"}, "key", "rates has no such row"),
        (EFFECT | {"column": "rate"}, "rate", "rates has no such column"),
        (EFFECT | {"verb": "scale", "column": "mode"}, "column", "no numeric column"),
        (EFFECT | {"verb": "scale", "effect_value": -1.0}, "factor", "0 or more"),
        (EFFECT | {"column": "mode"}, "mode", "text"),
        (EFFECT | {"effect_value": None, "effect_text": "seven"}, "rate_value", "number"),
        (EFFECT | {"table": "observations", "row": "s001"}, "table", "no project changes"),
        (
            EFFECT | {"verb": "add", "row": "diesel_b", "like": "diesel", "effect_value": None, "column": None},
            "like",
            "no such row",
        ),
    ],
)
def test_mistakes_among_effects_are_told_with_their_line(
    district: District, effect: dict, column: str, said: str
) -> None:
    faults = planned(district, [{"id": "a"}], [adds("a", "m41", 1.0), effect], port=True).check()
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [("project_effects.csv", 3, column)]
    assert said in faults[0].rule


def test_a_set_that_breaks_a_rule_is_refused(district: District) -> None:
    effect = {
        "project": "a",
        "verb": "increase",
        "table": "terminals",
        "row": "qj2",
        "column": "berth_count",
        "effect_value": 2.0,
    }
    made = planned(district, [{"id": "a"}], [effect], port=True)
    with pytest.raises(DataError, match=r"dry_bulk 5 \+ general 4 \+ container 2\) sum to 11, terminals.csv says 13"):
        find_gains(Trials.of(made))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--choose", "much"), 2, "is no amount of money"),
        (("--choose", "-3e8"), 2, "a budget is above 0"),
        (("--choose", "nan"), 2, "is no amount of money"),
        (("--choose", "0"), 2, "a budget is above 0"),
        (("--choose", "1万"), 1, "below the cheapest project"),
        (("--for", "m11"), 2, "give a budget too"),
    ],
)
def test_budgets_that_are_none(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["plan", *words])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (code, "")
    assert said in told.err


@pytest.mark.slow
def test_the_bundled_projects_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["plan", "--choose", "1亿", "--json"])
    answer = json.loads(capsys.readouterr().out)["projects"]
    assert left.value.code == 0
    assert {row["id"] for row in answer["gains"]} == {f"k0{n}" for n in range(1, 10)}
    chosen = answer["chosen"]
    assert chosen["cost_yuan"] <= 1e8
    assert chosen["bound"] - chosen["score"] == pytest.approx(chosen["gap"], abs=1e-12)
    moved = {
        row["measure"]: row["gain_per_100_million_yuan"]
        for p in answer["gains"]
        if p["id"] == "k08"
        for row in p["gains"]
    }
    assert moved == {"m21": pytest.approx(150.0), "m22": pytest.approx(525.0)}
