"""``--choose`` with ``--futures``: the futures have the chosen set, and say what they would be without it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qujiang.cli import main
from qujiang.plan.delays import with_delays
from qujiang.plan.ensemble import over_futures, run
from qujiang.plan.futures import build_model
from qujiang.plan.futures_summary import without_projects
from qujiang.plan.futures_text import futures_text

OFFICES = "k08"


@pytest.fixture(scope="module")
def small(district):
    return with_delays(district, [OFFICES], 2027, lambda state: build_model(district, state, None))


def test_the_chances_without_are_those_of_the_same_futures_without_the_project(district, result, small):
    found = run(small, 512, seed=2)
    answer = over_futures(result, small, found, seed=2)
    bare = build_model(district, district, None)
    plain = over_futures(result, bare, run(bare, 512, seed=2), seed=2)
    assert "without" not in plain.futures
    for landmark, other in zip(plain.landmarks, answer.futures["without"]["landmarks"], strict=True):
        assert (landmark.number, landmark.probability, landmark.probability_at_most) == tuple(other.values())
    of = {row["measure"]: row for row in answer.futures["without"]["measures"]}
    for landmark in plain.landmarks:
        for m in landmark.measures:
            if m.probability is not None:
                assert (of[m.id]["probability"], of[m.id]["median"]) == (m.probability, m.median)
    with_ = {m.id: m for landmark in answer.landmarks for m in landmark.measures}
    assert with_["m21"].median > of["m21"]["median"]
    table = answer.tables["futures/without_projects"]
    row = table.filter(measure="m21").to_dicts()[0]
    assert row["probability_without_share"] == of["m21"]["probability"]
    assert row["probability_share"] == with_["m21"].probability
    assert without_projects(answer.landmarks, found) == answer.futures["without"]
    assert "(without the projects" in futures_text(answer) and "（无这些项目时" in futures_text(answer, "zh")


def test_projects_that_are_open_in_all_futures_are_not_in_the_plan_without(district):
    """Four projects change tables and one of them is held open; without the projects it is not there either."""
    names = ["k01", "k02", "k03", "k04", OFFICES]
    model = with_delays(district, names, 2027, lambda state: build_model(district, state, None))
    assert any(project.held for project in model.delays.projects)
    assert model.delays.bare is not model.delays.states[frozenset()]
    found, plain = run(model, 128, seed=1), run(build_model(district, district, None), 128, seed=1)
    for name, values in plain.values.items():
        assert found.without[name].tobytes() == values.tobytes(), name
    assert np.all(found.values["m21"] >= found.without["m21"] * (1 - 1e-12))


@pytest.mark.slow
def test_the_chosen_set_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["plan", "--choose", "5000万", "--for", "m21", "--futures", "128", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert left.value.code == 0
    chosen = answer["projects"]["chosen"]
    assert OFFICES in chosen["projects"]
    assert {row["id"] for row in answer["futures"]["projects"]} == set(chosen["projects"])
    without = {row["measure"]: row for row in answer["futures"]["without"]["measures"]}
    rows = {m["indicator"]: m for landmark in answer["landmarks"] for m in landmark["measures"]}
    assert rows["m21"]["probability"] >= without["m21"]["probability"]
    assert rows["m21"]["median"] > without["m21"]["median"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--choose", "1万", "--futures", "128"), "below the cheapest project"),
        (("--choose", "1亿", "--for", "m99", "--futures", "128"), "there is no measure m99"),
    ],
)
def test_what_cannot_be_chosen_is_refused_before_any_future_is_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("qujiang.plan.test_futures", lambda *_, **__: pytest.fail("futures were run"))
    with pytest.raises(SystemExit) as left:
        main(["plan", *words])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (1, "")
    assert said in told.err


@pytest.mark.parametrize(
    "words", [("--totals", "2"), ("--open", "k08", "--choose", "1亿"), ("--futures", "10", "--totals", "-1")]
)
def test_options_that_do_not_belong_together_are_wrong_use(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["plan", *words])
    assert left.value.code == 2
    assert capsys.readouterr().out == ""
