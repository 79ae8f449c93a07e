"""Numbers as people of each language write them.

Chinese counts in 万 (10^4) and 亿 (10^8), English in million and bn with commas between thousands. What is shown is rounded half up, to four significant
digits where a number is scaled by 万 or 亿, to three elsewhere; **a digit before the decimal point is never rounded away**, so
343,210.46 reads 343,210 and 0.00228 keeps its digits. Trailing zeros after the point go. ``exact=True`` rounds nothing.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple, TypeGuard

from qujiang.words import en, zh

Language = Literal["en", "zh"]

#: Shown where there is no number.
NONE = "–"
MINUS = "\u2212"
DIGITS = 3
CHINESE_SCALED_DIGITS = 4
UNITS = {"en": en.UNITS, "zh": zh.UNITS}


class _Scale(NamedTuple):
    power: int
    word: str
    digits: int


SCALES: dict[str, tuple[_Scale, ...]] = {
    "en": (_Scale(9, " bn", DIGITS), _Scale(6, " million", DIGITS)),
    "zh": (
        _Scale(12, "万亿", CHINESE_SCALED_DIGITS),
        _Scale(8, "亿", CHINESE_SCALED_DIGITS),
        _Scale(4, "万", CHINESE_SCALED_DIGITS),
    ),
}
PLAIN = _Scale(0, "", DIGITS)


def number(value: float | None, language: Language, *, exact: bool = False) -> str:
    """A number in words and digits of a language.

    >>> number(4_200_000, "zh"), number(4_200_000, "en"), number(0.88, "en")
    ('420万', '4.2 million', '0.88')
    """
    if not _known(value):
        return NONE
    return "".join(_parts(value, language, exact))


def quantity(value: float | None, unit: str, language: Language, *, exact: bool = False) -> str:
    """A number with its unit in words.

    ``unit`` is a unit id such as ``tonnes_per_year``; one that the catalogue does not know is shown as it stands.

    >>> quantity(7_786_000_000, "yuan", "zh"), quantity(7_786_000_000, "yuan", "en")
    ('77.86亿元', 'CNY 7.79 bn')
    >>> quantity(4_200_000, "tonnes_per_year", "en"), quantity(95, "percent", "zh")
    ('4.2 Mt/year', '95%')
    """
    if not _known(value):
        return NONE
    digits, word = _parts(value, language, exact)
    form = UNITS[language].get(unit, "{n} " + unit.replace("_", " "))
    if "{M}" in form:  # tonnes: 4.2 Mt, not 4.2 million t
        mega, digits, word = _mega(value, language, exact, digits, word)
        return form.format(n=digits + word, M=mega)
    sign, digits = (MINUS, digits[1:]) if digits.startswith(MINUS) else ("", digits)
    text = form.format(n=digits + word)
    return sign + (_singular(text) if language == "en" and digits + word == "1" else text)


def bare_unit(unit: str, language: Language) -> str:
    """A unit in words, without a number.

    >>> bare_unit("yuan", "zh"), bare_unit("person_visits_per_year", "zh")
    ('元', '人次/年')
    """
    return UNITS[language].get(unit, "{n} " + unit.replace("_", " ")).format(n="", M="").strip()


def signed_quantity(value: float | None, unit: str, language: Language) -> str:
    """A change: like ``quantity``, with a plus sign where it is not negative.

    >>> signed_quantity(580_000, "tonnes_per_year", "zh")
    '+58万吨/年'
    """
    text = quantity(value, unit, language)
    return text if not _known(value) or text.startswith(MINUS) else f"+{text}"


def read_amount(text: str) -> float | None:
    """A number as people write it, with 万, 亿, 万亿 or 元 behind it; None where it is none.

    >>> read_amount("3亿"), read_amount("5,000 万元"), read_amount("1.5e8"), read_amount("much")
    (300000000.0, 50000000.0, 150000000.0, None)
    """
    bare = text.strip().replace(",", "").replace("，", "").removesuffix("元").strip()
    for word, power in (("万亿", 12), ("亿", 8), ("万", 4), ("", 0)):
        if bare.endswith(word):
            try:
                value = Decimal(bare.removesuffix(word).strip()).scaleb(power)
            except ArithmeticError:
                return None
            return float(value) if value.is_finite() else None
    return None


def percent(share: float | None, language: Language) -> str:
    """A share as percent.

    >>> percent(0.128, "en"), percent(0.128, "zh")
    ('12.8 %', '12.8%')
    """
    return quantity(share * 100, "percent", language) if _known(share) else NONE


def date(text: str, language: Language) -> str:
    """A year, month or day in ISO form, in words.

    >>> date("2025-08-31", "en"), date("2025-08-31", "zh"), date("2024-10", "en")
    ('31 August 2025', '2025年8月31日', 'October 2024')
    """
    parts = [int(part) for part in text.split("-")]
    if language == "zh":
        return "".join(f"{part}{word}" for part, word in zip(parts, "年月日", strict=False))
    words = [str(parts[0])]
    words += [en.MONTHS[parts[1] - 1]] if len(parts) > 1 else []
    words += [str(parts[2])] if len(parts) > 2 else []
    return " ".join(reversed(words))


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _parts(value: float, language: Language, exact: bool, scales: tuple[_Scale, ...] | None = None) -> tuple[str, str]:
    """Digits with their separators, and the scale's word."""
    amount = Decimal(repr(float(value)))
    scales = SCALES[language] if scales is None else scales
    scale = next((scale for scale in scales if abs(amount) >= Decimal(10) ** scale.power), PLAIN)
    shown = _round(amount.scaleb(-scale.power), scale, exact)
    larger = [
        other for other in scales if other.power > scale.power and abs(shown).scaleb(scale.power - other.power) >= 1
    ]
    if larger:  # 9,999.9万 rounds up to 1亿
        scale = larger[-1]
        shown = _round(amount.scaleb(-scale.power), scale, exact)
    return _written(shown, "," if language == "en" else ""), scale.word


def _round(amount: Decimal, scale: _Scale, exact: bool) -> Decimal:
    if exact or amount == 0:
        return amount
    places = max(0, scale.digits - 1 - amount.adjusted())
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _written(amount: Decimal, thousands: str) -> str:
    text = f"{abs(amount):,f}".replace(",", thousands)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if amount >= 0 or text == "0" else MINUS + text


def _mega(value: float, language: Language, exact: bool, digits: str, word: str) -> tuple[str, str, str]:
    """Tonnes in English: the scale goes before the unit."""
    if language != "en" or not word:
        return "", digits, word
    digits, word = _parts(value, language, exact, scales=(_Scale(6, "M", DIGITS),))
    return word, digits, ""


def _singular(text: str) -> str:
    for many, one in en.SINGULAR.items():
        text = text.replace(many, one)
    return text
