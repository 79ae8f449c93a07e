"""Critical paths: a textbook's project, brute force over all chains, and circles."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.methods.critical_path import critical_path, find_circle, order_tasks

#: Hillier and Lieberman, Introduction to Operations Research, project planning: the Reliable Construction Co. Weeks, what it waits for, slack.
RELIABLE = {
    "A": (2, "", 0), "B": (4, "A", 0), "C": (10, "B", 0), "D": (6, "C", 4), "E": (4, "C", 0), "F": (5, "E", 0), "G": (7, "D", 4),
    "H": (9, "EG", 4), "I": (7, "C", 2), "J": (8, "FI", 0), "K": (4, "J", 1), "L": (5, "J", 0), "M": (2, "H", 4), "N": (6, "KL", 0),
}  # fmt: skip


def test_the_textbook_project_takes_44_weeks() -> None:
    days = {name: float(weeks) for name, (weeks, _, _) in RELIABLE.items()}
    after = {name: list(before) for name, (_, before, _) in RELIABLE.items()}
    path = critical_path(days, after)
    assert path.length_days == 44.0
    assert path.chain == path.critical == tuple("ABCEFJLN")
    assert path.slack_days == {name: float(slack) for name, (_, _, slack) in RELIABLE.items()}
    assert {name: free for name, free in path.free_days.items() if free} == {"I": 2.0, "K": 1.0, "M": 4.0}


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

    circle = find_circle(after)
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

    path = critical_path(days, after)
    assert path.length_days == max(longest(name) for name in NAMES)
    assert all(slack >= 0 for slack in path.slack_days.values())
    assert any(path.earliest_start_days[name] + days[name] == path.length_days for name in path.critical)
    for name, others in after.items():
        assert all(path.earliest_start_days[other] + days[other] <= path.earliest_start_days[name] for other in others)


def test_faulty_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="a -> b -> a"):
        critical_path({"a": 1, "b": 1}, {"a": ["b"], "b": ["a"]})
    with pytest.raises(ValueError, match="no duration of c"):
        critical_path({"a": 1}, {"a": ["c"]})
    assert critical_path({}, {}).length_days == 0.0


@given(st.data())
def test_floats_are_the_delays_that_do_no_harm(data: st.DataObject) -> None:
    """Total float: a task may take so much longer and the whole does not; free float: and nobody who waits begins later. One day more does."""
    days = {name: float(data.draw(st.integers(1, 9))) for name in NAMES}
    after = {
        name: data.draw(st.lists(st.sampled_from(NAMES[:n]), unique=True, max_size=3))
        for n, name in enumerate(NAMES)
        if n
    }
    path = critical_path(days, after)
    for name in NAMES:
        for more, length in ((path.slack_days[name], 0.0), (path.slack_days[name] + 1.0, 1.0)):
            longer = critical_path(days | {name: days[name] + more}, after)
            assert longer.length_days == path.length_days + length
        for more, moved in ((path.free_days[name], False), (path.free_days[name] + 1.0, True)):
            longer = critical_path(days | {name: days[name] + more}, after)
            others = {x: at for x, at in longer.earliest_start_days.items() if x != name}
            before = {x: path.earliest_start_days[x] for x in others}
            assert (others != before or longer.length_days > path.length_days) == moved
    assert sum(days[name] for name in path.chain) == path.length_days
    assert all(earlier in after[later] for earlier, later in pairwise(path.chain))


def test_a_long_chain_is_no_trouble() -> None:
    names = [f"t{n}" for n in range(2000)]
    after = {later: [earlier] for earlier, later in pairwise(names)}
    assert critical_path(dict.fromkeys(names, 1.0), after).length_days == 2000.0
    assert order_tasks(dict.fromkeys(names, 1.0), after) == names
    circle = find_circle(after | {"t0": ["t1999"]})
    assert circle is not None
    assert len(circle) == 2001
