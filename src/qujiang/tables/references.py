"""Check that what one table refers to stands in another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from qujiang.tables.checks import outside
from qujiang.tables.columns import LIST_SEPARATOR, Column, Table
from qujiang.tables.hints import spelling
from qujiang.tables.reading import Reading


def check_declarations(tables: Sequence[Table]) -> None:
    """Every reference leads to a declared column; a mistake in the declarations is a ``ValueError``."""
    columns = {(table.name, name) for table in tables for name in table.names}
    for table in tables:
        for column in table.columns:
            for target in column.references:
                if target not in columns:
                    raise ValueError(f"{table.name}.{column.name} refers to {'.'.join(target)}, which is not declared")


def check_references(readings: Mapping[str, Reading], present: Mapping[str, bool]) -> None:
    """Add a fault to the findings of each table for what refers to nothing.

    Parameters
    ----------
    readings
        All tables by name.
    present
        Whether a table has a file. Where a target has none, one fault tells it for the whole column.
    """
    known: dict[tuple[str, str], pl.Series] = {}
    for reading in readings.values():
        for column in reading.table.columns:
            targets = column.references
            if not targets or not present[reading.table.name] or reading.frame.is_empty():
                continue
            if all(readings[table].complete for table, _ in targets):
                for target in targets:
                    if target not in known:
                        known[target] = _values(readings[target[0]], target[1])
                _check_column(reading, column, pl.concat([known[target] for target in targets]), present)


def _values(reading: Reading, name: str) -> pl.Series:
    """What stands in a column, as text; also where the cell has a fault, so that it is not told again elsewhere."""
    written = reading.found.text[name].str.strip_chars()
    return pl.concat([written, reading.frame[name].cast(pl.String)]).drop_nulls().unique()


def _check_column(reading: Reading, column: Column, known: pl.Series, present: Mapping[str, bool]) -> None:
    found, values = reading.found, reading.frame[column.name]
    where = " or ".join(f"{table}.{name}" for table, name in column.references)
    absent = [table for table, _ in column.references if not present[table]]
    if len(absent) == len(column.references):
        filled = (values.is_not_null() & ~found.bad[column.name]).arg_true()
        if len(filled):
            rule = f"refers to {where}, and there is no {' or '.join(f'{table}.csv' for table in absent)}"
            advice = f"add the file, or leave the column empty ({len(filled):,} rows)"
            found.whole(
                rule, advice, column=column.name, value=found.text[column.name][filled[0]], line=found.lines[filled[0]]
            )
        return
    wrong = ~values.cast(pl.String).is_in(known.implode()) if column.type != "list" else outside(values, known)
    if not wrong.any():
        return
    candidates = set(known.to_list())
    nearest = spelling(candidates)

    def mend(written: str) -> str:
        items = written.split(LIST_SEPARATOR) if column.type == "list" else [written]
        if column.type == "list" and re.search("[；、,|]", written):
            return f"join the values with {LIST_SEPARATOR}"
        hints = [nearest(item) for item in items if item not in candidates]
        return "; ".join(hint for hint in hints if hint) or f"add it to {column.references[0][0]}, or mend it here"

    found.cells(
        column.name,
        wrong,
        f"must exist in {where}" if column.type != "list" else f"every value must exist in {where}",
        mend,
    )
