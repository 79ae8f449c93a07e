"""Wording in Chinese and English, and the number forms of both.

``en.py`` and ``zh.py`` are data: one dict of sentences and one of units each. ``numbers.py`` forms numbers, quantities and
dates; ``speech.py`` looks sentences up and holds a text in both languages.
"""

from qujiang.words.numbers import Language, date, number, percent, quantity, read_amount, signed_quantity
from qujiang.words.speech import LANGUAGES, Both, both_numbers, known, say, tell

__all__ = [
    "LANGUAGES",
    "Both",
    "Language",
    "both_numbers",
    "date",
    "known",
    "number",
    "percent",
    "quantity",
    "read_amount",
    "say",
    "signed_quantity",
    "tell",
]
