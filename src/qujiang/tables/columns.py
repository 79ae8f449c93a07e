"""What a table is: columns, their types and rules, and row rules.

A declaration is written once; checks, templates, the data dictionary, the data package and the test generators read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from qujiang.units import unit_of

#: How each type of column is held in a frame.
DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "choice": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "list": pl.List(pl.String()),
}
#: What separates the values of a list within its cell.
LIST_SEPARATOR = ";"
#: A table is read from a file with its name and one of these endings.
SUFFIXES = (".csv", ".xlsx", ".parquet")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*(\|[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, type, meaning and rules.

    Parameters
    ----------
    name
        Lower case; a numeric name ends in a unit that ``qujiang.units.SUFFIXES`` knows.
    type
        ``text``, ``integer``, ``number``, ``boolean`` (yes/no), ``date`` (YYYY-MM-DD), ``choice`` or ``list`` (values
        joined by ``;``).
    meaning
        One line of English.
    key
        Part of the table's key: never empty, unique together with the other key columns.
    reference
        ``table.column`` where every value, or every item of a list, must exist; ``a.id|b.id`` means in either.
    minimum, maximum, exclusive_minimum
        Range of a number, in the unit of the name.
    choices
        The values allowed, or the items allowed in a list.
    pattern
        Regular expression that a text matches as a whole.
    required
        The cell may not be empty, unless there is a default.
    default
        Stands in where the column or the cell is absent.
    if_absent
        What an empty cell means.
    """

    name: str
    type: str
    meaning: str
    key: bool = field(default=False, kw_only=True)
    reference: str | None = field(default=None, kw_only=True)
    minimum: float | None = field(default=None, kw_only=True)
    maximum: float | None = field(default=None, kw_only=True)
    exclusive_minimum: float | None = field(default=None, kw_only=True)
    choices: tuple[str, ...] = field(default=(), kw_only=True)
    pattern: str | None = field(default=None, kw_only=True)
    required: bool = field(default=False, kw_only=True)
    default: Any = field(default=None, kw_only=True)
    if_absent: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        for wrong, said in (
            (not _NAME.fullmatch(self.name), "a name is lower case letters, digits and _"),
            (self.type not in DTYPES, f"type must be one of {', '.join(DTYPES)}"),
            (self.type == "choice" and not self.choices, "a choice needs choices"),
            (bool(self.choices) and self.type not in ("choice", "list"), "choices need type choice or list"),
            (any(LIST_SEPARATOR in choice for choice in self.choices), f"a choice may not hold {LIST_SEPARATOR}"),
            (self.bounded and self.type not in ("integer", "number"), "a range needs a number"),
            (self.pattern is not None and self.type != "text", "a pattern needs type text"),
            (self.reference is not None and not _REFERENCE.fullmatch(self.reference), "a reference is table.column"),
        ):
            if wrong:
                raise ValueError(f"column {self.name!r}: {said}")
        if self.pattern is not None:
            _check_pattern(self.name, self.pattern)

    @property
    def bounded(self) -> bool:
        """Whether a range is declared."""
        return not (self.minimum is None and self.maximum is None and self.exclusive_minimum is None)

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers, and so has a unit."""
        return self.type in ("integer", "number")

    @property
    def unit(self) -> str | None:
        """The unit in words, from the name's suffix; None for what is not a number."""
        return unit_of(self.name) if self.numeric else None

    @property
    def needed(self) -> bool:
        """Whether every row must fill the cell: key, or required without a default."""
        return self.key or (self.required and self.default is None)

    @property
    def references(self) -> tuple[tuple[str, str], ...]:
        """The targets as (table, column); empty without a reference.

        >>> Column("at", "text", "where", reference="locks.id|places.id").references
        (('locks', 'id'), ('places', 'id'))
        """
        if self.reference is None:
            return ()
        return tuple((table, name) for table, _, name in (one.partition(".") for one in self.reference.split("|")))


def _check_pattern(name: str, pattern: str) -> None:
    """Both polars, which checks, and Python, which generates, understand the pattern."""
    try:
        re.compile(pattern)
        pl.Series([""]).str.contains(pattern)
    except (re.error, pl.exceptions.ComputeError) as error:
        raise ValueError(f"column {name!r}: pattern {pattern!r}: {error}") from error


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between the cells of one row.

    Parameters
    ----------
    text
        The rule as it is told, e.g. ``"must not exceed high_value"``.
    expression
        True where the row is good. A row where it is neither true nor false (an empty cell) is good.
    column
        The column that is shown with the fault; None shows the whole line.
    mend
        What to do about it.
    """

    text: str
    expression: pl.Expr = field(compare=False)
    column: str | None = None
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name (and so its file), meaning, columns and rules.

    Parameters
    ----------
    name
        Also the file's name without its ending.
    meaning
        One line of English.
    columns
        In the order of the file.
    required
        The file must exist.
    if_absent
        What it means that there is no such file.
    rules
        Rules between cells of a row.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    required: bool = field(default=False, kw_only=True)
    if_absent: str = field(default="", kw_only=True)
    rules: tuple[Rule, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names or not _NAME.fullmatch(self.name):
            raise ValueError(f"table {self.name!r}: needs columns, and a name of lower case letters, digits and _")
        if twice:
            raise ValueError(f"table {self.name!r}: column declared twice: {', '.join(twice)}")
        for rule in self.rules:
            unknown = ({*rule.expression.meta.root_names(), rule.column} - {None}) - set(names)
            if unknown:
                raise ValueError(
                    f"table {self.name!r}: rule {rule.text!r} uses unknown columns {sorted(map(str, unknown))}"
                )

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column.name for column in self.columns)

    @property
    def file(self) -> str:
        """The file's usual name."""
        return self.name + ".csv"

    @property
    def schema(self) -> pl.Schema:
        """Column names and polars types."""
        return pl.Schema({column.name: DTYPES[column.type] for column in self.columns})

    def column(self, name: str) -> Column:
        """The column of that name; ``KeyError`` without one."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    def empty(self) -> pl.DataFrame:
        """A frame without rows."""
        return pl.DataFrame(schema=self.schema)
