"""Flows of every year: equal to the plan's own at both ends, growing as each cargo does in between."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest

from qujiang.plan import test_plan as run_plan
from qujiang.plan.years import MOST_YEARS, flows_by_year, years_between


@pytest.fixture(scope="module")
def fitted(result) -> dict[str, float]:
    return {row["name"]: row["after"] for row in result.calibration}


@pytest.fixture(scope="module")
def years(district, fitted):
    return flows_by_year(district, district, fitted)


def by_link(flows) -> dict[tuple[str, str, str], float]:
    total: dict[tuple[str, str, str], float] = defaultdict(float)
    for (mode, a, b, _), tonnes in flows.links.items():
        total[mode, a, b] += tonnes
    return total


def test_the_ends_are_those_of_the_plan(years, result) -> None:
    assert years[0].year == result.district["base_year"] and years[-1].year == result.district["target_year"]
    assert years[0].throughput_t_per_year == pytest.approx(result.figures["throughput_model_base_t_per_year"])
    assert years[-1].throughput_t_per_year == pytest.approx(result.figures["throughput_model_target_t_per_year"])
    links = {
        (row["mode"], row["from_place"], row["to_place"]): row["flow_t_per_year"]
        for row in result.tables["freight/links"].to_dicts()
    }
    assert by_link(years[-1]) == pytest.approx(links)
    assert [dict(row) for row in years[-1].locks] == [dict(row) for row in result.locks]


def test_every_cargo_grows_on_every_link_by_its_own_rate(years, district) -> None:
    """Costs do not depend on flows, so shares stay: a link's tonnes of a cargo grow as its demand, (1 + g) a year."""
    growth = dict(zip(district["demand_growth"]["cargo"], district["demand_growth"]["growth_percent"], strict=True))
    first = years[0]
    assert len(first.links) > 1000
    for later in years[1:]:
        assert later.links.keys() == first.links.keys()
        for key, tonnes in first.links.items():
            grown = tonnes * (1 + growth[key[3]] / 100) ** (later.year - first.year)
            assert later.links[key] == pytest.approx(grown, rel=1e-9)


def test_tonnes_are_conserved_at_every_place(years, result) -> None:
    """What enters a place by all modes and does not leave it ends there; over all places that sums to nothing."""
    net: dict[str, float] = defaultdict(float)
    for (_, a, b, _), tonnes in years[0].links.items():
        net[a] -= tonnes
        net[b] += tonnes
    assert math.fsum(net.values()) == pytest.approx(0, abs=1e-3)
    produced = -math.fsum(value for value in net.values() if value < 0)
    ended = math.fsum(value for value in net.values() if value > 0)
    assert produced == pytest.approx(ended)


def test_a_scenario_is_in_force_from_the_first_later_year_on(district, fitted, years, scenario) -> None:
    path = scenario('[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = 2.0')
    doubled = flows_by_year(district, district.with_scenario(path), fitted)
    assert doubled[0].links == pytest.approx(years[0].links)
    for once, twice in zip(years[1:], doubled[1:], strict=True):
        assert math.fsum(twice.links.values()) == pytest.approx(2 * math.fsum(once.links.values()), rel=1e-6)
    last = run_plan(district, path)
    assert doubled[-1].throughput_t_per_year == pytest.approx(last.figures["throughput_model_target_t_per_year"])


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(2024, 2024, [2024]), (2025, 2024, [2025]), (2024, 2027, [2024, 2025, 2026, 2027])],
)
def test_years_between(first: int, last: int, expected: list[int]) -> None:
    assert years_between(first, last) == expected


def test_a_far_target_keeps_both_ends_and_few_years() -> None:
    found = years_between(2024, 2060)
    assert (found[0], found[-1], len(found)) == (2024, 2060, MOST_YEARS)
    assert found == sorted(set(found))
