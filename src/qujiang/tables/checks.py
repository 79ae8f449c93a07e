"""Check one table by itself: types, empty cells, ranges, choices, patterns, key and row rules."""

from __future__ import annotations

import polars as pl

from qujiang.tables.columns import LIST_SEPARATOR, Column, Table
from qujiang.tables.findings import Findings
from qujiang.tables.hints import mend_type, spelling
from qujiang.tables.values import SPREADSHEET_ERROR, parse, type_rule

# one look finds the cells that need a closer one: formulas, lost characters, blanks at the ends
_ODD = r"^[#=\s]|\s$|\x{FFFD}"


def typed(table: Table, found: Findings) -> pl.DataFrame:
    """The frame of a table as typed columns, without defaults; what is wrong goes to ``found``."""
    _check_empty_rows(table, found)
    columns = []
    for column in table.columns:
        text = found.text[column.name]
        _check_writing(column, text, found)
        values = _check_type(column, text, found)
        _check_range(column, values, found)
        _check_choices(column, values, found)
        _check_pattern(column, text, found)
        columns.append(values.alias(column.name))
    frame = pl.DataFrame(columns, schema=table.schema)
    _check_key(table, frame, found)
    return frame


def _check_empty_rows(table: Table, found: Findings) -> None:
    """A row of empty cells only, where something must be filled: one fault, not one for each cell."""
    if any(column.needed and found.text[column.name].null_count() for column in table.columns):
        empty = found.text.select(pl.all_horizontal(pl.all().is_null())).to_series()
        found.lines_wrong(empty, "the row is empty", "fill it, or delete the line")


def _check_writing(column: Column, text: pl.Series, found: Findings) -> None:
    """What no cell may hold: formulas, the traces of failed ones, and, where values are compared, blanks at the ends."""
    name = column.name
    if column.key and column.type == "text":
        held = text.str.contains(LIST_SEPARATOR, literal=True)
        advice = "choose another name; no list could hold this one"
        found.cells(name, held, f"may not hold {LIST_SEPARATOR}", advice)
    if not text.str.contains(_ODD).any():
        return
    first = text.str.slice(0, 1)
    failed = (first == "#") & text.str.contains(SPREADSHEET_ERROR)
    found.cells(name, failed, "may not be a spreadsheet error", "mend the formula in the spreadsheet, then save again")
    formula = (first == "=") & (text.str.len_bytes() > 1)
    found.cells(name, formula, "may not be a formula", "paste the value in its place; a text may not begin with =")
    lost = text.str.contains("\ufffd", literal=True)
    advice = "write the text again; it was damaged by a wrong encoding"
    found.cells(name, lost, "may not hold the sign of a lost character", advice)
    if column.key or column.reference or column.choices or column.pattern:
        rule = "may not have blanks at its beginning or end"
        found.cells(name, text != text.str.strip_chars(), rule, lambda written: f"write '{written.strip()}'")
    if column.needed:
        found.cells(name, text.str.strip_chars() == "", "may not be empty", "write a value")


def _check_type(column: Column, text: pl.Series, found: Findings) -> pl.Series:
    """Typed values; null wherever the cell has a fault by now."""
    values = parse(text, column)
    if values.null_count() != text.null_count():
        unread = text.is_not_null() & values.is_null()
        found.cells(column.name, unread, type_rule(column), lambda written: mend_type(written, column))
    if column.needed and text.null_count():
        found.cells(column.name, text.is_null(), "may not be empty", "write a value")
    bad = found.bad[column.name]
    return pl.select(pl.when(~bad).then(values)).to_series() if bad.any() else values


def _check_range(column: Column, values: pl.Series, found: Findings) -> None:
    unit = f" [{column.unit}]" if column.unit else ""
    mend = f"{column.meaning}{unit}"
    if column.exclusive_minimum is not None:
        found.cells(column.name, values <= column.exclusive_minimum, f"must be > {column.exclusive_minimum:.15g}", mend)
    if column.minimum is not None:
        found.cells(column.name, values < column.minimum, f"must be >= {column.minimum:.15g}", mend)
    if column.maximum is not None:
        found.cells(column.name, values > column.maximum, f"must be <= {column.maximum:.15g}", mend)


def _check_choices(column: Column, values: pl.Series, found: Findings) -> None:
    if not column.choices:
        return
    allowed = pl.Series(list(column.choices), dtype=pl.String)
    rule = f"must be one of {', '.join(column.choices)}"
    nearest = spelling(column.choices)
    if column.type == "list":

        def mend(written: str) -> str:
            hints = [nearest(item) for item in written.split(LIST_SEPARATOR) if item not in column.choices]
            return "; ".join(hint for hint in hints if hint)

        found.cells(column.name, outside(values, allowed), f"every value {rule}", mend)
    else:
        found.cells(column.name, ~values.is_in(allowed.implode()), rule, nearest)


def outside(lists: pl.Series, allowed: pl.Series) -> pl.Series:
    """Which lists hold an item that is not allowed."""
    frame = pl.DataFrame({"row": pl.int_range(len(lists), eager=True), "item": lists})
    items = frame.filter(pl.col("item").list.len() > 0).explode("item")
    rows = items.filter(~pl.col("item").is_in(allowed.implode()))["row"].unique()
    return frame["row"].is_in(rows.implode())


def _check_pattern(column: Column, text: pl.Series, found: Findings) -> None:
    if column.pattern is not None:
        wrong = ~text.str.contains(rf"\A(?:{column.pattern})\z")
        found.cells(column.name, wrong, f"must match {column.pattern}", column.meaning)


def _check_key(table: Table, frame: pl.DataFrame, found: Findings) -> None:
    """The key is there once; a later row names the line of the first."""
    if not table.key or frame.height < 2:
        return
    sound = pl.Series([True]).new_from_index(0, frame.height)
    for name in table.key:
        sound = sound & ~found.bad[name] & frame[name].is_not_null()
    keys = frame.select(table.key).with_columns(row=pl.int_range(pl.len())).filter(sound)
    if keys.select(table.key).n_unique() == keys.height:
        return
    first = keys.with_columns(first=pl.col("row").min().over(table.key)).filter(pl.col("first") != pl.col("row"))
    first_of = dict(zip(first["row"], first["first"], strict=True))
    later = pl.int_range(frame.height, eager=True).is_in(first["row"].implode())
    what = "must be unique" if len(table.key) == 1 else f"{' + '.join(table.key)} must be unique together"

    def rule(row: int) -> str:
        return f"{what}; line {found.lines[first_of[row]]} has the same"

    found.rows(table.key[-1], later, rule, "change it, or delete one of the two lines")


def check_rules(table: Table, frame: pl.DataFrame, found: Findings) -> None:
    """Row rules, on the frame with its defaults; rows in which a cell concerned has a fault are left alone."""
    for rule in table.rules:
        good = frame.select(rule.expression.alias("good")).to_series()
        concerned = set(rule.expression.meta.root_names()) & set(table.names)
        wrong = ~good.fill_null(True)
        for name in concerned:
            wrong = wrong & ~found.bad[name]
        if rule.column is not None:
            found.cells(rule.column, wrong, rule.text, rule.mend)
        else:
            _tell_rows(wrong, rule.text, rule.mend, found)


def _tell_rows(wrong: pl.Series, text: str, mend: str, found: Findings) -> None:
    for line in found.lines.filter(wrong).head(found.limit):
        found.whole(text, mend, line=line)
    more = int(wrong.sum()) - found.limit
    if more > 0:
        found.whole(
            f"and {more:,} more: {text}", "mend those above, then check again", line=found.lines.filter(wrong)[-1]
        )
