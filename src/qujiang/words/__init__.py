"""Wording in Chinese and English, and the number forms of both.

``en.py`` and ``zh.py`` are data: one dict of sentences and one of units each. ``numbers.py`` forms numbers, quantities and
dates; ``speech.py`` looks sentences up and holds a text in both languages.
"""

from qujiang.words.numbers import Language, date, number, percent, quantity, read_amount, signed_quantity
from qujiang.words.speech import (
    LANGUAGES,
    Both,
    both_numbers,
    both_of,
    known,
    listed,
    names_by_id,
    row_name,
    say,
    tell,
    written_in,
)

__all__ = [
    "LANGUAGES",
    "Both",
    "Language",
    "both_numbers",
    "both_of",
    "date",
    "known",
    "listed",
    "names_by_id",
    "number",
    "percent",
    "quantity",
    "read_amount",
    "row_name",
    "say",
    "signed_quantity",
    "tell",
    "written_in",
]
