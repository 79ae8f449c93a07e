"""Decision tables: the tiers of the notices, the proof against a plain count, and faulty tables."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.errors import DataError, ScenarioError
from qujiang.rules import ChoiceInput, IntegerInput, Rule, Span, classify, prove, read_keywords, read_table

SERVICES = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
FIRST = date(2025, 2, 5)


@pytest.mark.parametrize(
    ("filed", "yuan_hundredths", "subject", "push", "tier"),
    [
        ("2025-12-31", 500_000_00, "general", "none", "ordinary"),
        ("2026-01-01", 500_000_00, "general", "none", "other"),
        ("2025-06-01", 1_000_000_00, "general", "none", "key"),
        ("2026-06-01", 1_000_000_00, "general", "none", "ordinary"),
        ("2025-06-01", 299_999_99, "general", "none", "other"),
        ("2025-06-01", 300_000_00, "general", "none", "ordinary"),
        ("2025-06-01", 999_999_99, "general", "none", "ordinary"),
        ("2026-06-01", 999_999_99, "general", "none", "other"),
        ("2026-06-01", 2_999_999_99, "general", "none", "ordinary"),
        ("2026-06-01", 3_000_000_00, "general", "none", "key"),
        ("2025-06-01", 10_000_00, "special", "none", "key"),
        ("2026-06-01", 10_000_00, "special", "none", "key"),
        ("2025-06-01", 10_000_00, "general", "pushed", "key"),
        ("2026-06-01", 10_000_00, "general", "chosen", "unclear"),
    ],
)
def test_the_tier_is_that_of_the_rule_in_force_on_the_day(filed, yuan_hundredths, subject, push, tier) -> None:
    table = read_table(SERVICES, "short_drama_tiers")
    decision = table.decide(date.fromisoformat(filed), cost_fen=yuan_hundredths, subject=subject, push=push)
    assert decision.outcome["tier"] == tier
    again = table.decide(decision.on, cost_fen=yuan_hundredths, subject=subject, push=push)
    assert (again.rule, again.version) == (decision.rule, decision.version)


def test_a_day_before_the_first_rule_a_fraction_and_an_unknown_word_are_refused() -> None:
    table = read_table(SERVICES, "short_drama_tiers")
    with pytest.raises(ScenarioError, match="no rule before 2025-02-05"):
        table.decide(date(2025, 2, 4), cost_fen=1, subject="general", push="none")
    for answers in (
        {"cost_fen": 1.0, "subject": "general", "push": "none"},
        {"cost_fen": True, "subject": "general", "push": "none"},
        {"cost_fen": -1, "subject": "general", "push": "none"},
        {"cost_fen": 1, "subject": "__import__('os')", "push": "none"},
        {"cost_fen": 1, "subject": "general"},
        {"cost_fen": 1, "subject": "general", "push": "none", "more": 1},
    ):
        with pytest.raises(ScenarioError):
            table.decide(date(2026, 1, 1), **answers)


SIZE = 6  # the domain of the random tables, small enough to count point by point
INPUTS = (IntegerInput("n", "fen", Span(0, SIZE)), ChoiceInput("c", ("a", "b", "c")))


@st.composite
def rules(draw) -> list[Rule]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        low = draw(st.integers(0, SIZE - 1))
        since = FIRST + timedelta(days=draw(st.integers(0, 4)))
        until = draw(st.none() | st.integers(0, 3).map(lambda n, d=since: d + timedelta(days=n)))
        conditions = (
            Span(low, draw(st.integers(low + 1, SIZE))),
            frozenset(draw(st.sets(st.sampled_from("abc"), min_size=1))),
        )
        made.append(Rule(f"r{number}", since, until, conditions, {}, number))
    return made


@given(rules())
@settings(max_examples=300)
def test_the_proof_finds_a_gap_or_overlap_exactly_where_a_plain_count_does(table: list[Rule]) -> None:
    first = min(rule.since for rule in table)
    counts = {
        sum(rule.in_force(on) and n in rule.conditions[0] and c in rule.conditions[1] for rule in table)
        for on, n, c in itertools.product([first + timedelta(days=d) for d in range(12)], range(SIZE), "abc")
    }
    clashes = prove(INPUTS, table)
    assert bool(clashes) == (counts != {1})
    for clash in clashes:
        held = [
            rule.id
            for rule in table
            if rule.in_force(clash.since)
            and clash.point["n"] in rule.conditions[0]
            and clash.point["c"] in rule.conditions[1]
        ]
        assert tuple(held) == clash.rules
    if len(clashes) < 50:
        assert any(not clash.rules for clash in clashes) == (0 in counts)


def write(folder: Path, rows: str, declaration: str | None = None) -> Path:
    (folder / "t.toml").write_text(
        declaration
        or 'outputs = ["x"]\n[[input]]\nname = "fen"\nkind = "integer"\nunit = "fen"\nmin = 0\n'
        '[[input]]\nname = "who"\nkind = "choice"\nvalues = ["a", "b"]\n',
        encoding="utf-8",
    )
    (folder / "t.csv").write_text(
        "id,effective_from,effective_to,fen_min_incl,fen_max_excl,who,x\n" + rows, encoding="utf-8"
    )
    return folder


def test_the_gap_at_one_million_is_found(tmp_path: Path) -> None:
    write(tmp_path, "r1,2026-01-01,,,100000000,*,low\nr2,2026-01-01,,100000001,,*,high\n")
    with pytest.raises(DataError, match="fen = 100000000, who = a: no rule"):
        read_table(tmp_path, "t")


def test_the_overlap_of_two_versions_on_one_day_is_found(tmp_path: Path) -> None:
    write(tmp_path, "r1,2025-01-01,2026-01-01,,,*,old\nr2,2026-01-01,,,,*,new\n")
    with pytest.raises(DataError, match="from 2026-01-01 to 2026-01-01, fen = 0, who = a: rules r1 and r2 both hold"):
        read_table(tmp_path, "t")


def test_every_fault_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "r1,soon,,x,,c,1\nr1,2026-01-01,2025-01-01,5,5,a,2\n")
    with pytest.raises(DataError) as told:
        read_table(tmp_path, "t")
    columns = [(fault.line, fault.column) for fault in told.value.faults]
    assert columns == [
        (2, "effective_from"),
        (2, "fen_min_incl"),
        (2, "who"),
        (3, "id"),
        (3, "effective_to"),
        (3, "fen_max_excl"),
    ]


@pytest.mark.parametrize(
    "declaration", ["outputs = [", 'outputs = ["x"]', 'outputs=["x"]\n[[input]]\nname="a"\nkind="python"\n']
)
def test_a_faulty_declaration_is_told(tmp_path: Path, declaration: str) -> None:
    with pytest.raises(DataError):
        read_table(write(tmp_path, "", declaration), "t")
    with pytest.raises(DataError, match="missing"):
        read_table(tmp_path, "nothing")


def test_keywords_speak_for_a_subject_while_in_force_and_a_tie_is_left_to_a_person(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_text(
        "subject,words,effective_from,effective_to\nport,码头|泊位,2026-01-01,\ntax,发票,2026-01-01,2026-06-30\n",
        encoding="utf-8",
    )
    words = read_keywords(path)
    assert classify(words, "码头泊位排队，发票", date(2026, 3, 1)) == ("port", ["码头", "泊位"])
    assert classify(words, "码头发票", date(2026, 3, 1)) == (None, [])
    assert classify(words, "码头发票", date(2026, 7, 1)) == ("port", ["码头"])
    assert classify(words, "其他", date(2026, 7, 1)) == (None, [])
