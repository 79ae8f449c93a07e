"""Text to types and back: how each type of column is written in a cell."""

from __future__ import annotations

import polars as pl

from qujiang.tables.columns import DTYPES, LIST_SEPARATOR, Column

TRUE, FALSE = "yes", "no"
#: What a spreadsheet leaves where a formula failed; full-width and lower-case forms do not occur.
SPREADSHEET_ERROR = r"^#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)$"

# an empty item, or blanks around one
_LOOSE_LIST = r"(^|;)(;|$)|^\s|\s$|;\s|\s;"
_WHOLE_BELOW = 2.0**53
_RULES = {
    "text": "must be text",
    "choice": "must be text",
    "list": f"must be values joined by {LIST_SEPARATOR}",
    "integer": "must be a whole number",
    "number": "must be a number",
    "boolean": "must be yes or no",
    "date": "must be a date, YYYY-MM-DD",
}


def type_rule(column: Column) -> str:
    """The rule that a cell of the wrong type breaks."""
    return _RULES[column.type]


def parse(text: pl.Series, column: Column) -> pl.Series:
    """Read text as the column's type; null where the cell is empty or cannot be read.

    Not-a-number and the infinities are not numbers of a district and are null too.
    """
    match column.type:
        case "integer":
            return text.cast(pl.Int64, strict=False)
        case "number":
            number = text.cast(pl.Float64, strict=False)
            return _keep(number, number.is_finite())
        case "boolean":
            lower = text.str.to_lowercase()
            return lower.replace_strict(
                {TRUE: True, "true": True, FALSE: False, "false": False}, default=None, return_dtype=pl.Boolean
            )
        case "date":
            date = text.str.to_date("%Y-%m-%d", strict=False)
            return _keep(date, text.str.contains(r"^\d{4}-\d{2}-\d{2}$"))
        case "list":
            items = text.str.split(LIST_SEPARATOR)
            return _keep(items, ~text.str.contains(_LOOSE_LIST))
        case _:
            return text


def _keep(values: pl.Series, good: pl.Series) -> pl.Series:
    return pl.select(pl.when(good).then(values)).to_series()


def write(values: pl.Series) -> pl.Series:
    """Write a typed series as text that ``parse`` reads back as the same values.

    Numbers are the shortest text that reads back as the same number; whole numbers have no point.

    >>> write(pl.Series([4200000.0, 0.1, None])).to_list()
    ['4200000', '0.1', None]
    """
    dtype = values.dtype
    if dtype == pl.Boolean:
        return values.replace_strict({True: TRUE, False: FALSE}, default=None, return_dtype=pl.String)
    if dtype.is_float():
        whole = (values == values.floor()) & (values.abs() < _WHOLE_BELOW)
        short = (
            pl.when(whole).then(values.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(values.cast(pl.String))
        )
        return pl.select(short).to_series()
    if isinstance(dtype, pl.List):
        if values.explode().cast(pl.String).str.contains(LIST_SEPARATOR, literal=True).any():
            raise ValueError(f"{values.name}: a value that holds {LIST_SEPARATOR} cannot stand in a list")
        joined = values.list.eval(pl.element().cast(pl.String)).list.join(LIST_SEPARATOR)
        return _keep(joined, values.list.len() > 0)
    if isinstance(dtype, pl.Datetime):
        day = values.dt.strftime("%Y-%m-%d")
        whole_day = values.dt.time() == pl.Series([0]).cast(pl.Time)[0]
        return pl.select(pl.when(whole_day).then(day).otherwise(values.dt.strftime("%Y-%m-%d %H:%M:%S"))).to_series()
    return values.cast(pl.String)


def constant(column: Column) -> pl.Expr:
    """The column's default as an expression of its type."""
    value = list(column.default) if column.type == "list" and column.default is not None else column.default
    return pl.lit(value, dtype=DTYPES[column.type])
