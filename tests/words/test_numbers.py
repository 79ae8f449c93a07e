"""Number forms of both languages: known examples, and what holds for every number."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.words import date, number, percent, quantity, signed_quantity

FORMS = [
    (4_200_000, "tonnes_per_year", "4.2 Mt/year", "420万吨/年"),
    (7_786_000_000, "yuan", "CNY 7.79 bn", "77.86亿元"),
    (10_000_000_000, "yuan_per_year", "CNY 10 bn/year", "100亿元/年"),
    (10_000_000, "tonnes_per_year", "10 Mt/year", "1000万吨/年"),
    (343_210.46, "tonnes", "343,210 t", "34.32万吨"),
    (17, "yuan_per_t", "CNY 17/t", "17元/吨"),
    (-14.6, "yuan_per_t", "−CNY 14.6/t", "−14.6元/吨"),
    (0.00228, "yuan_per_t_h", "CNY 0.00228/t-h", "0.00228元/吨·小时"),
    (15_000, "teu_per_year", "15,000 TEU/year", "1.5万标箱/年"),
    (86_000, "person_visits_per_year", "86,000 visits/year", "8.6万人次/年"),
    (510_000_000, "yuan_per_year", "CNY 510 million/year", "5.1亿元/年"),
    (500, "companies", "500 firms", "500家"),
    (2_000, "m2_per_company", "2,000 m² per firm", "2000平方米/家"),
    (95, "percent", "95 %", "95%"),
    (343, "dramas_per_year", "343 dramas/year", "343部/年"),
    (240, "performances_per_year", "240 performances/year", "240场/年"),
    (15, "events_per_year", "15 events/year", "15场/年"),
    (1_000, "nights_per_year", "1,000 nights/year", "1000人次/年"),
    (8, "working_hours", "8 working hours", "8个工作小时"),
    (1, "minutes", "1 minute", "1分钟"),
    (4.4, "yuan_per_yuan", "CNY 4.4 per CNY", "4.4元/元"),
    (350.5, "yuan_per_m2_year", "CNY 351/m²/year", "351元/平方米·年"),
    (0.88, "ratio", "0.88", "0.88"),
    (0, "tonnes", "0 t", "0吨"),
    (99_999_999, "yuan", "CNY 100 million", "1亿元"),
    (9_999.9, "tonnes", "10,000 t", "1万吨"),
    (999_999_999, "tonnes", "1,000 Mt", "10亿吨"),
    (1_234_567_890_123, "yuan", "CNY 1,235 bn", "1.235万亿元"),
    (12.5, "parsecs_per_day", "12.5 parsecs per day", "12.5 parsecs per day"),
    (None, "tonnes", "–", "–"),
    (float("nan"), "tonnes", "–", "–"),
]


@pytest.mark.parametrize(("value", "unit", "english", "chinese"), FORMS)
def test_quantities_read_as_people_write_them(value, unit, english, chinese):
    assert quantity(value, unit, "en") == english
    assert quantity(value, unit, "zh") == chinese


def test_changes_carry_their_sign():
    assert signed_quantity(1_620_000, "tonnes_per_year", "en") == "+1.62 Mt/year"
    assert signed_quantity(-1.8, "yuan_per_t", "zh") == "−1.8元/吨"
    assert signed_quantity(None, "tonnes", "en") == "–"


def test_shares_read_as_percent():
    assert percent(0.1284, "en") == "12.8 %"
    assert percent(1.04, "zh") == "104%"
    assert percent(None, "en") == "–"


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("2025", "2025", "2025年"),
        ("2025-08", "August 2025", "2025年8月"),
        ("2025-08-31", "31 August 2025", "2025年8月31日"),
    ],
)
def test_dates(text, english, chinese):
    assert date(text, "en") == english
    assert date(text, "zh") == chinese


SCALES = {"": 0, " million": 6, " bn": 9, "万": 4, "亿": 8, "万亿": 12}


def read(text: str) -> Decimal:
    """A shown number, read back."""
    found = re.fullmatch(r"(−?)([\d,]+(?:\.\d+)?)(.*)", text)
    assert found, text
    amount = Decimal(found[2].replace(",", "")).scaleb(SCALES[found[3]])
    return -amount if found[1] else amount


numbers = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9)
languages = st.sampled_from(["en", "zh"])


@given(numbers, languages)
def test_exact_form_loses_nothing(value, language):
    assert read(number(value, language, exact=True)) == Decimal(repr(value))


@given(numbers, languages)
def test_rounding_keeps_three_digits_and_all_whole_ones(value, language):
    shown, true = read(number(value, language)), Decimal(repr(value))
    scale = max((s for s in SCALES.values() if abs(true) >= Decimal(10) ** s), default=0)
    assert abs(shown - true) <= Decimal("0.5") * Decimal(10) ** scale
    if true:
        assert abs(shown - true) <= Decimal("0.005001") * abs(true)
    assert (shown >= 0) == (true >= 0) or shown == 0


@given(st.integers(-9_999, 9_999), languages)
def test_whole_numbers_below_the_first_scale_stand_whole(value, language):
    assert read(number(value, language)) == value


@given(numbers, numbers, languages)
def test_order_is_kept(a, b, language):
    small, large = sorted((a, b))
    assert read(number(small, language)) <= read(number(large, language))


@given(numbers, languages)
def test_scale_is_the_largest_that_fits(value, language):
    """9,999.9万 is written 1亿, and nothing is written 10000万."""
    digits = re.sub(r"[^\d.]", "", number(value, language).split(" ")[0].rstrip("万亿"))
    whole = digits.split(".")[0]
    limit = 4 if language == "zh" else 6
    assert len(whole) <= limit or abs(value) >= 1e12
