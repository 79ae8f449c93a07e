"""Earned schedule, lights at their edges, and the critical path against brute force."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.methods import earned


def test_a_project_that_ends_late_stays_late() -> None:
    """Planned 100 days, done after 125: SPI runs to EV / PV = 1, SPI(t) to 100 / 125."""
    assert earned.schedule_index([0.0, 1.0], [0.0, 100.0], 1.0, 125.0) == 0.8
    assert earned.cost_index(1.0, 100.0, 125.0) == 0.8
    assert earned.schedule_index([0.0, 1.0], [0.0, 100.0], 0.0, 0.0) is None
    assert earned.cost_index(0.5, 100.0, 0.0) is None


@given(st.floats(1.0, 1000.0), st.floats(0.0, 1.0))
def test_progress_as_planned_is_on_schedule(days: float, share: float) -> None:
    assert earned.earned_schedule([0.0, 1.0], [0.0, days], share) == pytest.approx(share * days)
    if share > 0.001:
        assert earned.schedule_index([0.0, 1.0], [0.0, days], share, share * days) == pytest.approx(1.0)


def test_the_schedule_follows_the_curve_of_the_plan() -> None:
    plan, days = [0.0, 0.1, 0.1, 0.6, 1.0], [0, 30, 60, 90, 120]
    assert earned.earned_schedule(plan, days, 0.1) == 30.0  # the earliest day that had it
    assert earned.earned_schedule(plan, days, 0.35) == 75.0
    assert earned.earned_schedule(plan, days, 1.0) == 120.0
    with pytest.raises(ValueError, match="does not fall"):
        earned.earned_schedule([0.0, 0.5, 0.4], [0, 1, 2], 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        earned.earned_schedule([0.0, 1.0], [0, 1], 40.0)


@pytest.mark.parametrize(
    "behind,light", [(-20, "green"), (9.99, "green"), (10, "yellow"), (30, "yellow"), (30.01, "red"), (80, "red")]
)
def test_lights_change_at_ten_and_thirty_points(behind: float, light: str) -> None:
    assert earned.progress_light(0.8, 0.8 - behind / 100) == light


NAMES = "abcdef"
graphs = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3, unique=True), max_size=6)


@given(graphs)
def test_a_circle_is_found_where_there_is_one(after: dict[str, list[str]]) -> None:
    def reach(name: str) -> set[str]:
        found: set[str] = set()
        waiting = list(after.get(name, ()))
        while waiting:
            other = waiting.pop()
            if other not in found:
                found.add(other)
                waiting += after.get(other, ())
        return found

    circle = earned.find_circle(after)
    assert (circle is not None) == any(name in reach(name) for name in after)
    if circle:
        assert circle[0] == circle[-1]
        assert all(later in after[earlier] for earlier, later in pairwise(circle))


@given(st.data())
def test_the_critical_path_is_the_longest_chain(data: st.DataObject) -> None:
    days = {name: float(data.draw(st.integers(1, 20))) for name in NAMES}
    after = {
        name: data.draw(st.lists(st.sampled_from(NAMES[:n]), unique=True, max_size=3))
        for n, name in enumerate(NAMES)
        if n
    }

    def longest(name: str) -> float:
        return days[name] + max((longest(other) for other in after.get(name, ())), default=0.0)

    path = earned.critical_path(days, after)
    assert path.length_days == max(longest(name) for name in NAMES)
    assert all(slack >= 0 for slack in path.slack_days.values())
    assert any(path.earliest_start_days[name] + days[name] == path.length_days for name in path.critical)
    for name, others in after.items():
        assert all(path.earliest_start_days[other] + days[other] <= path.earliest_start_days[name] for other in others)


def test_faulty_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="a -> b -> a"):
        earned.critical_path({"a": 1, "b": 1}, {"a": ["b"], "b": ["a"]})
    with pytest.raises(ValueError, match="no duration of c"):
        earned.critical_path({"a": 1}, {"a": ["c"]})
    assert earned.critical_path({}, {}).length_days == 0.0
