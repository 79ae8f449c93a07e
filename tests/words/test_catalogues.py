"""Both catalogues hold the same keys with the same blanks, and every key that is asked for."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Formatter

import pytest

import qujiang
from qujiang.words import Both, en, known, say, tell, zh
from qujiang.words.speech import WORDS

ROOT = files(qujiang)
MEASURE_UNITS = [
    "tonnes_per_year", "ratio", "teu_per_year", "yuan_per_t", "yuan_per_year", "companies", "m2_per_company", "percent",
    "yuan_per_m2_year", "yuan_per_yuan", "dramas_per_year", "person_visits_per_year", "performances_per_year",
    "events_per_year", "nights_per_year", "working_hours", "minutes",
]  # fmt: skip
#: Families whose last part is a code of the data.
FAMILIES = {
    "status": ["met", "on_track", "off_track", "untestable", "unknown"],
    "mode": ["water", "road", "rail", "air"],
    "use": ["fit", "check", "hold_out"],
    "kind": ["demand", "berth_documented", "berth_design_code", "berth_service_level", "crane", "gate", "lock_physical", "growth", "cost"],
    "section": ["answer", "landmarks", "limits", "map", "calibration", "assumptions", "tensions", "run"],
}  # fmt: skip


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    assert en.WORDS.keys() == zh.WORDS.keys()
    assert en.UNITS.keys() == zh.UNITS.keys()


@pytest.mark.parametrize("key", sorted(en.WORDS))
def test_both_languages_have_the_same_blanks_and_are_not_empty(key):
    assert blanks(en.WORDS[key]) == blanks(zh.WORDS[key])
    assert en.WORDS[key].strip() and zh.WORDS[key].strip()
    assert re.search(r"[一-鿿]", zh.WORDS[key]) or not re.search("[A-Za-z]{2}", re.sub(r"\{.*?\}", "", zh.WORDS[key]))


def test_every_unit_has_its_number():
    for units in (en.UNITS, zh.UNITS):
        assert all("n" in blanks(form) for form in units.values())
    assert set(MEASURE_UNITS) <= en.UNITS.keys()


def test_codes_of_the_data_have_words():
    for family, codes in FAMILIES.items():
        assert {f"{family}.{code}" for code in codes} <= en.WORDS.keys()


def test_every_key_that_is_asked_for_exists():
    """Keys in templates and code; ``say("section." ~ x)`` and ``known("kind", x)`` are families, tested above."""
    asked = set()
    for file in [*(ROOT / "report").iterdir(), *(ROOT / "report" / "templates").iterdir()]:
        if file.name.endswith((".py", ".j2")):
            text = file.read_text(encoding="utf-8")
            asked |= set(re.findall(r"\b(?:say|tell|told|part\.head|part\.twin)\(\s*\"([\w.]+)\"\s*[,)]", text))
            asked |= set(re.findall(r"\b(?:part\.cell)\(\s*\"([\w.]+)\"", text))
    assert len(asked) > 60
    assert asked <= WORDS["en"].keys()


def test_words_of_a_key():
    assert say("base.year", "en", year=2027) == "Base 2027"
    assert tell("base.year", year=2027) == Both("Base 2027", "2027年走向")
    assert tell("binds.short", what=Both("demand", "货源"), gain="+1") == Both("demand: +1", "货源：+1")
    assert known("kind", "rain_fall") == Both("rain fall", "rain fall")
    with pytest.raises(KeyError):
        say("no.such.key", "en")
