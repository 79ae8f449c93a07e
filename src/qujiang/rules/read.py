"""Read a decision table: ``name.toml`` declares its questions and outcomes, ``name.csv`` holds its rows.

A column ``x_min_incl``/``x_max_excl`` bounds the whole number ``x`` (empty: to the domain's end); a column named as a
choice holds one word, several with ``|``, or ``*`` for all.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from qujiang.errors import DataError, Fault
from qujiang.rules.proof import prove
from qujiang.rules.table import ChoiceInput, Condition, DecisionTable, Input, IntegerInput, Rule, Span
from qujiang.tables.plain import PlainRow, read_rows


def read_table(folder: Path, name: str) -> DecisionTable:
    """Read and prove one table.

    Raises
    ------
    DataError
        Every fault of its files, then every gap and overlap.
    """
    inputs, outputs = _read_declaration(folder / f"{name}.toml")
    path = folder / f"{name}.csv"
    columns = [
        "id",
        "effective_from",
        "effective_to",
        *(c for question in inputs for c in _columns(question)),
        *outputs,
    ]
    faults: list[Fault] = []
    rules: list[Rule] = []
    seen: set[str] = set()
    for row in read_rows(path, columns):
        if row["id"] in seen:
            faults.append(row.fault("id", "stands twice", "give each rule its own"))
        seen.add(row["id"])
        rule = _read_rule(row, inputs, outputs, faults)
        if rule is not None:
            rules.append(rule)
    if faults:
        raise DataError(faults)
    clashes = prove(inputs, rules)
    if clashes:
        raise DataError(
            [Fault(path.name, None, None, None, str(c), "mend the rows so that one rule holds") for c in clashes]
        )
    text = (folder / f"{name}.toml").read_bytes() + path.read_bytes()
    return DecisionTable(name, tuple(inputs), tuple(outputs), tuple(rules), hashlib.sha256(text).hexdigest()[:16])


def _read_declaration(path: Path) -> tuple[list[Input], list[str]]:
    def faulty(rule: str, mend: str) -> DataError:
        return DataError([Fault(path.name, None, None, None, rule, mend)])

    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise faulty("the file is missing", f"write {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise faulty(f"is not TOML: {error}", "mend it") from None
    inputs: list[Input] = []
    for question in declared.get("input", []):
        if question.get("kind") == "integer":
            inputs.append(
                IntegerInput(question["name"], question["unit"], Span(question["min"], question.get("max_excl")))
            )
        elif question.get("kind") == "choice" and question.get("values"):
            inputs.append(ChoiceInput(question["name"], tuple(question["values"])))
        else:
            raise faulty(f"input {question.get('name')!r}", "kind is integer (unit, min) or choice (values)")
    outputs = declared.get("outputs", [])
    if not inputs or not outputs:
        raise faulty("declares no input or no outputs", 'write [[input]] and outputs = ["…"]')
    return inputs, outputs


def _columns(question: Input) -> tuple[str, ...]:
    if isinstance(question, IntegerInput):
        return f"{question.name}_min_incl", f"{question.name}_max_excl"
    return (question.name,)


def _read_rule(row: PlainRow, inputs: Sequence[Input], outputs: Sequence[str], faults: list[Fault]) -> Rule | None:
    count = len(faults)
    since = _read_date(row, "effective_from", faults)
    until = _read_date(row, "effective_to", faults) if row["effective_to"] else None
    if since and until and until < since:
        faults.append(row.fault("effective_to", "lies before effective_from"))
    if not row["effective_from"]:
        faults.append(row.fault("effective_from", "is empty", "write YYYY-MM-DD"))
    conditions = [_read_condition(row, question, faults) for question in inputs]
    if len(faults) > count or since is None:
        return None
    return Rule(row["id"], since, until, tuple(conditions), {name: row[name] for name in outputs}, row.line)


def _read_condition(row: PlainRow, question: Input, faults: list[Fault]) -> Condition:
    if isinstance(question, IntegerInput):
        low_name, high_name = _columns(question)
        low = _read_whole(row, low_name, question.domain.low, faults)
        high = _read_whole(row, high_name, question.domain.high, faults)
        if low is not None and high is not None and high <= low:
            faults.append(row.fault(high_name, "is not above the lower bound"))
        return Span(low or 0, high)
    if row[question.name] == "*":
        return frozenset(question.values)
    words = frozenset(word.strip() for word in row[question.name].split("|"))
    for word in sorted(words - set(question.values)):
        faults.append(row.fault(question.name, f"{word!r} is unknown", f"one of {', '.join(question.values)}, or *"))
    return words


def _read_whole(row: PlainRow, column: str, empty: int | None, faults: list[Fault]) -> Any:
    text = row[column]
    if not text:
        return empty
    if not (text.isascii() and text.isdigit()):
        faults.append(row.fault(column, "must be a whole number", "write digits only"))
        return None
    return int(text)


def _read_date(row: PlainRow, column: str, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        if row[column]:
            faults.append(row.fault(column, "is no date", "write YYYY-MM-DD"))
        return None
