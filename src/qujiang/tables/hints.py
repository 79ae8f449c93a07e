"""The mend that is told with a fault: what the writer most likely meant."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection

from qujiang.tables.columns import LIST_SEPARATOR, Column

#: So many comparisons of spelling are made for one column; beyond, only case, width and blanks are looked through.
_COMPARISONS = 40_000
# a longer text is no misspelt name
_LONG = 100
_WORDS = {"万": "1e4", "亿": "1e8"}
_NOTHING = {
    "-",
    "--",
    "—",
    "–",
    "/",
    "n/a",
    "na",
    "nan",
    "null",
    "none",
    "nil",
    "无",
    "空",
    "暂无",
    "?",
    "？",
    "..",
    "…",
    "tbd",
}
_YES = {"是", "有", "对", "y", "1", "t", "真", "√", "1.0"}
_NO = {"否", "无", "没有", "n", "0", "f", "假", "×", "0.0"}


def did_you_mean(written: str, candidates: Collection[str]) -> str:
    """The nearest candidate as a question, or nothing.

    >>> did_you_mean("raod", ["road", "rail"])
    "did you mean 'road'?"
    """
    return spelling(candidates)(written)


def spelling(candidates: Collection[str]) -> Callable[[str], str]:
    """``did_you_mean`` for many words against the same candidates, with a bound on its work."""
    plain = {_plain(candidate): candidate for candidate in candidates}
    left = _COMPARISONS

    def nearest(written: str) -> str:
        nonlocal left
        word = _plain(written)
        near = plain.get(word)
        if near is None and len(plain) <= left:
            left -= len(plain)
            close = difflib.get_close_matches(word[:_LONG], plain, n=1)
            near = plain[close[0]] if close else None
        return "" if near is None else f"did you mean '{near}'?"

    return nearest


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def mend_type(written: str, column: Column) -> str:
    """What to write instead of a cell that is not of the column's type."""
    plain = unicodedata.normalize("NFKC", written).strip()
    if column.type in ("integer", "number"):
        return _mend_number(written, plain, column)
    if column.type == "boolean":
        yes, no = plain.casefold() in _YES, plain.casefold() in _NO
        return "write yes" if yes else "write no" if no else "write yes or no"
    if column.type == "date":
        return _mend_date(plain)
    items = [item.strip() for item in plain.split(LIST_SEPARATOR)]
    return f"write {LIST_SEPARATOR.join(item for item in items if item) or 'nothing'}: no blanks, no empty items"


def _mend_number(written: str, plain: str, column: Column) -> str:
    if plain.casefold() in _NOTHING:
        return "leave the cell empty if there is no value"
    if re.fullmatch(r"[+-]?(inf|infinity)", plain.casefold()):
        return "leave the cell empty if there is no limit"
    if re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", plain):
        return "the number is too large" if column.type == "number" else "write it without exponent"
    number = re.fullmatch(r"(?P<sign>[+-]?)(?P<digits>\d[\d,.\s]*)(?P<rest>.*)", plain)
    if number is None:
        return "write digits only" + ("" if column.type == "integer" else ", with a point for the decimals")
    digits, rest = number["sign"] + number["digits"].strip(), number["rest"].strip()
    separated = re.fullmatch(r"[+-]?\d{1,3}([,\s]\d{3})+(\.\d+)?", digits)
    bare = re.sub(r"[,\s]", "", digits) if separated else digits.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?", bare):
        return "write one number, with one point for the decimals"
    return _mend_digits(written, plain, column, bare, rest, bool(separated))


def _mend_digits(written: str, plain: str, column: Column, bare: str, rest: str, separated: bool) -> str:
    if rest[:1] in _WORDS:
        size = _WORDS[rest[0]]
        return f"{rest[0]} = {size}: write {float(bare) * float(size):.15g}"
    if rest == "%":
        share = column.name.endswith("share") and f"write {float(bare) / 100:.15g}, as a share of 1"
        return share or f"write {bare}, without the sign"
    if rest and not rest[0].isalpha():
        return "write one number"
    if rest:
        return f"write {bare}, the unit stands in the column's name"
    if separated:
        return f"remove the thousands separators: {bare}"
    if "," in plain:
        return f"use a point: {bare}"
    if column.type == "integer" and float(bare) != int(float(bare)):
        return "a count has no decimals"
    if column.type == "integer" and "." in bare:
        return f"write {int(float(bare))}"
    if column.type == "integer" and abs(int(bare)) >= 2**63:
        return "the number is too large"
    if written != written.strip():
        return f"remove the blanks: {bare}"
    return f"write plain digits: {bare}" if written != bare else "the number is too large"


def _mend_date(plain: str) -> str:
    parts = re.match(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?!\d)", plain)
    if parts is None:
        return "write year-month-day, e.g. 2026-05-01"
    year, month, day = (int(part) for part in parts.groups())
    written = f"{year:04}-{month:02}-{day:02}"
    return "there is no such day" if plain == written else f"write {written}"
