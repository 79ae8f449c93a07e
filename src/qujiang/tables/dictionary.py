"""The data dictionary: every table and column in words, for people (Markdown) and machines (rows)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from qujiang.tables.columns import LIST_SEPARATOR, Column, Table
from qujiang.tables.values import FALSE, TRUE

_HEAD = "| column | type | unit | rules | meaning | if absent |\n| --- | --- | --- | --- | --- | --- |"


def dictionary(tables: Sequence[Table]) -> str:
    """The data dictionary as Markdown: a chapter for each table, a line for each column."""
    return "\n".join(_chapter(table) for table in tables)


def _chapter(table: Table) -> str:
    lines = [f"## {table.name}", "", f"{table.meaning}.", ""]
    if table.required:
        lines += ["The file is required.", ""]
    elif table.if_absent:
        lines += [f"If absent: {table.if_absent}.", ""]
    lines += [_HEAD, *(_line(column) for column in table.columns), ""]
    if table.rules:
        lines += ["Rules of a row:", "", *(f"- {_rule(rule.column, rule.text)}" for rule in table.rules), ""]
    return "\n".join(lines)


def _rule(column: str | None, text: str) -> str:
    return f"`{column}` {text}" if column else text


def _line(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.type,
        column.unit or "",
        "; ".join(_rules(column)),
        column.meaning,
        absent(column),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _rules(column: Column) -> Iterable[str]:
    if column.key:
        yield "key"
    elif column.needed:
        yield "required"
    if column.references:
        yield "in " + " or ".join(f"`{table}.{name}`" for table, name in column.references)
    if column.choices:
        yield "one of " + ", ".join(f"`{choice}`" for choice in column.choices)
    for sign, bound in ((">", column.exclusive_minimum), (">=", column.minimum), ("<=", column.maximum)):
        if bound is not None:
            yield f"{sign} {bound:.15g}"
    if column.pattern is not None:
        yield f"matches `{column.pattern}`"


def absent(column: Column) -> str:
    """What an empty cell means: the column's own words, or its default."""
    if column.if_absent:
        return column.if_absent
    return "" if column.default is None else as_cell(column.default)


def as_cell(value: Any) -> str:
    """A plain value as it is written in a cell."""
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return LIST_SEPARATOR.join(map(str, value))
    return f"{value:.17g}" if isinstance(value, float) and value == int(value) else str(value)


def dictionary_rows(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """The data dictionary as JSON-ready rows, one for each column; the table's own words stand in each of its rows."""
    return [_row(table, column) for table in tables for column in table.columns]


def _row(table: Table, column: Column) -> dict[str, Any]:
    return {
        "table": table.name,
        "file": table.file,
        "table_meaning": table.meaning,
        "table_required": table.required,
        "table_if_absent": table.if_absent,
        "table_rules": [_rule(rule.column, rule.text) for rule in table.rules],
        "column": column.name,
        "type": column.type,
        "unit": column.unit,
        "meaning": column.meaning,
        "key": column.key,
        "required": column.needed,
        "reference": column.reference,
        "minimum": column.minimum,
        "exclusive_minimum": column.exclusive_minimum,
        "maximum": column.maximum,
        "choices": list(column.choices),
        "pattern": column.pattern,
        "default": None if column.default is None else as_cell(column.default),
        "if_absent": column.if_absent,
    }
