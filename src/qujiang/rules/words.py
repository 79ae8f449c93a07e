"""What a text is about: dated keywords kept as data; the most hits win, a tie or none is left to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qujiang.errors import DataError, Fault
from qujiang.tables.plain import read_rows


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """A word that speaks for a subject while the rule is in force."""

    subject: str
    word: str
    since: date
    until: date | None


def read_keywords(path: Path) -> tuple[KeywordRule, ...]:
    """Read CSV ``subject,words,effective_from,effective_to``; several words stand with ``|``."""
    faults: list[Fault] = []
    rules: list[KeywordRule] = []
    for row in read_rows(path, ("subject", "words", "effective_from", "effective_to")):
        try:
            since = date.fromisoformat(row["effective_from"])
            until = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
        except ValueError:
            faults.append(row.fault("effective_from", "is no date", "write YYYY-MM-DD"))
            continue
        words = [word.strip().casefold() for word in row["words"].split("|") if word.strip()]
        if not words:
            faults.append(row.fault("words", "is empty"))
        rules += [KeywordRule(row["subject"], word, since, until) for word in words]
    if faults:
        raise DataError(faults)
    return tuple(rules)


def classify(rules: Iterable[KeywordRule], text: str, on: date) -> tuple[str | None, list[str]]:
    """The subject with the most hits and the words that spoke for it; None on a tie or without any hit."""
    plain = text.casefold()
    hits: Counter[str] = Counter()
    spoke: dict[str, list[str]] = {}
    for rule in rules:
        if rule.since <= on and (rule.until is None or on <= rule.until) and rule.word in plain:
            hits[rule.subject] += 1
            spoke.setdefault(rule.subject, []).append(rule.word)
    best = hits.most_common(2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return None, []
    return best[0][0], spoke[best[0][0]]
