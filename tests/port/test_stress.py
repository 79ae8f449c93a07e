"""Trouble, on the same vessels."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from qujiang.cli.port import port
from qujiang.errors import ScenarioError
from qujiang.methods.queues import wait_by_class
from qujiang.port import stress
from qujiang.port.problem import Berth, CallKind, CranePool, Lock, PortProblem


def quay(use: float, **more) -> PortProblem:
    """Three berths, exponential handling of 5 h, two kinds of call: three sevenths and four sevenths of the load."""
    kinds = tuple(
        CallKind(name, "any", "t", part * use * 3 / 5 * 8760, 500, 500, handling_stages=1)
        for name, part in (("cold", 3 / 7), ("rest", 4 / 7))
    )
    return PortProblem(
        tuple(Berth(f"b{k}", "t", "p", "any") for k in range(3)), (CranePool("p", 3, 100.0),), kinds, **more
    )


def test_the_price_of_priority_is_the_formulas():
    """Loads 0.9 and 1.2 of M/M/3: what the first class saves and the second pays, 4 standard errors (t = 2.20, n = 12)."""
    found = stress.compare(quay(0.7), stress.priority(quay(0.7), [0]), "priority", "", chosen=[0])
    first, second = wait_by_class(3, [0.9, 1.2])
    equal = wait_by_class(3, [2.1])[0]
    assert found.added_h is not None
    assert found.added_to_others_h is not None
    assert abs(found.added_h.mean - 5 * (first - equal)) < 4 * found.added_h.half_width / 2.2
    assert abs(found.added_to_others_h.mean - 5 * (second - equal)) < 4 * found.added_to_others_h.half_width / 2.2


def test_a_flood_week_adds_what_a_week_must():
    """Little traffic: vessels of the closed week wait half of it in the mean, 168²/2/8760 h over the year's vessels.

    4 standard errors (t = 2.20, n = 12), and 0.25 h for the crowd when it opens.
    """
    problem = quay(0.08)
    found = stress.compare(problem, stress.flood_week(problem), "flood", "")
    assert found.added_h is not None
    assert abs(found.added_h.mean - 168**2 / 2 / 8760) < 4 * found.added_h.half_width / 2.2 + 0.25
    assert found.worst_h is not None
    assert found.worst_h > 120


def test_what_cannot_be_asked():
    with pytest.raises(ScenarioError, match="put a lock in front"):
        stress.lock_overhaul(quay(0.5), 10)
    with pytest.raises(ScenarioError, match="no pool q"):
        stress.crane_lost(quay(0.5), "q")
    with pytest.raises(ScenarioError, match="draw-down"):
        stress.cover_days(100, 0)
    assert stress.compare(quay(0.5), quay(1.2), "x", "").state == "overloaded"


def test_reserve():
    assert stress.cover_days(1000, 50) == 20
    assert stress.reserve_short_share(0, 50, 10) == 1


def test_every_standing_question_is_answered():
    problem = replace(quay(0.6), lock=Lock(1, 4, 0.5, others_per_h=1.0))
    answers = {answer.name: answer for answer in stress.stress(problem)}
    assert set(answers) == {"crane_lost", "flood_week", "priority", "lock_overhaul"}
    for answer in answers.values():
        assert answer.state == "steady"
        json.dumps(answer.as_dict(), allow_nan=False)
    assert answers["lock_overhaul"].added_h is not None
    assert answers["lock_overhaul"].added_h.low > 0


def test_stress_command():
    result = CliRunner().invoke(port, ["stress", "--throughput", "5e6", "--json"], catch_exceptions=False)
    names = [row["name"] for row in json.loads(result.stdout)["stress"]]
    assert names[:2] == ["crane_lost", "flood_week"]
