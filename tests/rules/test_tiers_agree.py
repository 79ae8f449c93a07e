"""The tiers of micro-dramas stand twice: as the district's facts [yuan] and as the rule that decides [fen]. They must say the same."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

DISTRICT = Path(str(files("qujiang.districts"))) / "qujiang"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


FACTS = rows(DISTRICT / "short_drama_tiers.csv")
RULES = rows(DISTRICT / "services" / "short_drama_tiers.csv")


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_a_fact_is_the_rule_of_an_ordinary_subject(fact: dict[str, str]) -> None:
    period = fact["effective_from"], fact["effective_to"]
    of_tier = [
        r
        for r in RULES
        if (r["effective_from"], r["effective_to"]) == period
        and (r["tier"], r["tier_zh"]) == (fact["tier_en"], fact["tier_zh"])
    ]
    assert of_tier and {r["source"] for r in of_tier} == {fact["source"]}
    assert {r["reviewer"].partition(" publishes")[0] for r in of_tier} == {fact["reviewer"].partition(" publishes")[0]}
    bands = {
        (int(r["cost_fen_min_incl"] or 0), int(r["cost_fen_max_excl"] or 0))
        for r in of_tier
        if r["subject"] == "general" and r["push"] in ("none", "*")
    }
    assert bands == {(int(fact["least_yuan"] or 0) * 100, int(fact["below_yuan"] or 0) * 100)}
    if "special subject" in fact["condition"]:
        assert any(r["subject"] == "special" and not r["cost_fen_min_incl"] for r in of_tier)


def test_every_rule_that_is_documented_has_its_fact() -> None:
    known = {(fact["effective_from"], fact["tier_en"]) for fact in FACTS}
    assert {(r["effective_from"], r["tier"]) for r in RULES if r["status"] == "documented"} == known
