"""Entries of a scenario that belong to a project open when it does: the rule, its ends, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from qujiang.errors import DataError, ScenarioError
from qujiang.plan.dated import read_dated
from qujiang.plan.delays import DELAY_MONTHS, with_delays, year_of, year_share
from qujiang.plan.ensemble import run_of
from qujiang.plan.futures import build_model, run_block

HEAD = 'name_zh = "试"\nname_en = "Test"\nreason = "a test"\n'
FIRMS = """
[[set]]
table = "measures"
key = "m21"
values = { added_value = 100.0 }
reason = "firms of the park"
"""
OWN = FIRMS + 'project = "j11"\n'
OTHER = """
[[set]]
table = "measures"
key = "m31"
values = { added_value = 5e8 }
reason = "stands by itself"
"""


@pytest.fixture
def laid(district, tmp_path: Path):
    """The district under a scenario of these entries."""

    def write(*entries: str):
        path = tmp_path / "park.toml"
        path.write_text(HEAD + "".join(entries), encoding="utf-8")
        return district.with_scenario(path)

    return write


def model_of(district, overlaid):
    dated = read_dated(district, overlaid, 2027)
    return with_delays(overlaid, [], 2027, lambda state: build_model(district, state, None), dated)


def test_entries_of_a_project_count_from_its_late_finish(district, laid):
    """Half the year 2026 is the date; the delay is drawn; what stands by itself holds in all futures."""
    overlaid = laid(OWN + 'opens = "2026-06-30"\n', OTHER)
    found = run_block(model_of(district, overlaid), 1, 0)
    plain = run_block(build_model(district, district, None), 1, 0)
    finish = found.finish["j11"]
    low, high = year_of(date(2026, 6, 30)) + DELAY_MONTHS[0] / 12, year_of(date(2026, 6, 30)) + DELAY_MONTHS[2] / 12
    assert (finish >= low).all() and (finish <= high).all() and np.ptp(finish) > 0.5
    share = year_share(finish, 2027)
    assert share.max() == 1 and ((share > 0) & (share < 1)).any()
    assert found.values["m21"] == pytest.approx(plain.values["m21"] + 100 * share, rel=1e-12)
    assert found.values["m31"] == pytest.approx(plain.values["m31"] + 5e8, rel=1e-12)
    assert found.without["m21"] == pytest.approx(plain.values["m21"], rel=1e-12)
    assert found.without["m31"] == pytest.approx(found.values["m31"], rel=1e-12)


def test_without_a_date_the_project_s_own_finish_counts_and_else_the_target_year(district, laid):
    assert district["projects"].filter(id="j11")["opened_or_due"].to_list() == [None]
    undated = model_of(district, laid(OWN)).delays.projects
    assert [p.finish for p in undated] == [2027.0] and undated[0].undated
    due = model_of(district, laid(FIRMS + 'project = "j35"\n')).delays.projects  # due 2028 by its own table
    assert due[0].finish == year_of(date(2028, 12, 31))
    dated = model_of(district, laid(FIRMS + 'project = "j35"\nopens = "2026"\n')).delays.projects
    assert dated[0].finish == year_of(date(2026, 12, 31))


def test_the_opening_date_of_a_row_will_do(district, laid):
    entry = """
[[set]]
table = "highways"
key = "h2"
values = { state = "open", opened = "2026-10" }
reason = "opens"
project = "j10"
"""
    (delay,) = model_of(district, laid(entry)).delays.projects
    assert delay.finish == year_of(date(2026, 10, 31))


def test_entries_without_a_project_and_of_a_finished_one_are_never_late(district, laid):
    for entries in ((FIRMS,), (FIRMS + 'project = "j02"\n',)):  # j02 is complete
        overlaid = laid(*entries)
        assert read_dated(district, overlaid, 2027) is None
    assert read_dated(district, district, 2027) is None


def test_a_project_that_the_scenario_itself_calls_open_is_late_all_the_same(district, laid):
    """The state is the scenario's wish; the delay is of the project as the district knows it."""
    state = '\n[[set]]\ntable = "projects"\nkey = "j11"\nvalues = { state = "open" }\nreason = "built"\n'
    model = model_of(district, laid(OWN, state))
    assert [p.id for p in model.delays.projects] == ["j11"]
    assert not model.delays.projects[0].held


def test_the_identity_of_a_run_holds_the_entries_projects(district, laid):
    plain, owned = laid(FIRMS), laid(OWN)
    assert plain.hash == owned.hash  # the tables are the same
    one, two = (run_of(district, x, x, 128, 1) for x in (plain, owned))
    assert one["entries_of_projects"] == [] and two["entries_of_projects"] == [["measures", "j11", None]]
    assert replace(owned).scenario is owned.scenario


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (FIRMS + 'project = "j99"\n', "projects has no such row"),
        (FIRMS + 'opens = "2026"\n', "not which project opens"),
        (FIRMS + 'project = "j11"\nopens = "soon"\n', "must be a date in quotes"),
        (FIRMS + 'project = "j11"\nopens = 2026\n', "must be a date in quotes"),
        (FIRMS + 'project = "j11"\nopens = "2026-13"\n', "must be a date in quotes"),
        (FIRMS + "project = 11\n", "must be the id of a project"),
    ],
)
def test_what_does_not_fit_is_refused(laid, entry, said):
    with pytest.raises(DataError, match=said):
        laid(entry)


def test_a_date_after_the_target_year_is_refused(district, laid):
    overlaid = laid(OWN + 'opens = "2029"\n')
    with pytest.raises(ScenarioError, match=r"j11 \(2029-12-31\).*earlier date"):
        read_dated(district, overlaid, 2027)
