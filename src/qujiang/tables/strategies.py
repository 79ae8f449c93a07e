"""Generators of valid tables for property tests. Hypothesis is imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from qujiang.tables.columns import LIST_SEPARATOR, Column, Table

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_INT64 = 2**63
_ITEMS = "abcdefghijklmnopqrstuvwxyz0123456789_-衢江区"


def rows(
    table: Table, references: Mapping[str, Sequence[Any]] | None = None, *, min_size: int = 0, max_size: int = 8
) -> SearchStrategy[pl.DataFrame]:
    """Frames of valid rows: what ``write_table`` writes and ``read_table`` reads back the same, without a fault.

    Parameters
    ----------
    table
        The declaration.
    references
        For each ``table.column`` referred to, the values that exist there; the table's own key is known.
    min_size, max_size
        Bounds of the number of rows; row rules may take some away again.

    Raises
    ------
    ValueError
        A needed column refers to values that are not given.
    """
    from hypothesis import strategies as st

    known = dict(references or {})
    own = [column for column in table.columns if _is_own(table, column)]
    row = st.fixed_dictionaries(
        {column.name: st.none() if column in own else cells(column, known) for column in table.columns}
    )
    unique_by = (lambda cells: tuple(cells[name] for name in table.key)) if table.key else None
    lists = st.lists(row, min_size=min_size, max_size=max_size, unique_by=unique_by)

    @st.composite
    def frames(draw: Any) -> pl.DataFrame:
        made = draw(lists)
        for column in own:
            for cell, value in zip(made, draw(_own_references(table, column, made)), strict=True):
                cell[column.name] = value
        frame = pl.DataFrame(made, schema=table.schema)
        for rule in table.rules:
            frame = frame.filter(rule.expression.fill_null(True))
        return frame

    return frames()


def _is_own(table: Table, column: Column) -> bool:
    """Whether the column refers to the table's own key, and can be drawn only when the rows are."""
    return any((table.name, name) == target for name in table.key for target in column.references) and not column.key


def _own_references(table: Table, column: Column, made: Sequence[Mapping[str, Any]]) -> Any:
    """For each row, a row that is there already; rows rules could take one away, so then each row names itself."""
    from hypothesis import strategies as st

    name = next(name for target, name in column.references if target == table.name)
    each = []
    for row in made:
        targets = [row[name]] if table.rules else [other[name] for other in made]
        one = st.sampled_from(targets)
        drawn = st.lists(one, min_size=1, max_size=3) if column.type == "list" else one
        each.append(drawn if column.needed else st.none() | drawn)
    return st.tuples(*each)


def cells(column: Column, references: Mapping[str, Sequence[Any]]) -> Any:
    """Valid values of one column; None where its cell may be empty."""
    from hypothesis import strategies as st

    targets = [value for target in column.references for value in references.get(".".join(target), ())]
    if column.reference and not targets:
        if column.needed:
            raise ValueError(f"column {column.name!r} needs values of {column.reference}")
        return st.none() if column.default is None else st.just(column.default)
    filled = _filled(column, targets)
    return filled if column.needed or column.default is not None else st.none() | filled


def _filled(column: Column, targets: Sequence[Any]) -> Any:
    from hypothesis import strategies as st

    choices = list(targets) or list(column.choices)
    if column.type == "list":
        item = st.sampled_from(choices) if choices else st.text(alphabet=_ITEMS, min_size=1, max_size=4)
        return st.lists(item, min_size=1, max_size=4)
    if choices:
        return st.sampled_from(choices)
    if column.numeric:
        return _numbers(column)
    if column.type == "boolean":
        return st.booleans()
    if column.type == "date":
        return st.dates()
    return _texts(column)


def _numbers(column: Column) -> Any:
    from hypothesis import strategies as st

    exclusive = column.exclusive_minimum
    low = exclusive if exclusive is not None else column.minimum
    if column.type == "integer":
        least = -_INT64 if low is None else int(low) + (exclusive is not None)
        return st.integers(least, _INT64 - 1 if column.maximum is None else int(column.maximum))
    return st.floats(low, column.maximum, exclude_min=exclusive is not None, allow_nan=False, allow_infinity=False)


def _texts(column: Column) -> Any:
    from hypothesis import strategies as st

    characters = st.characters(codec="utf-8", exclude_characters="\0\ufffd")
    free = st.text(characters, min_size=1, max_size=12)
    texts = free if column.pattern is None else st.from_regex(column.pattern, fullmatch=True)
    return texts.filter(lambda text: _is_plain(text, column))


def _is_plain(text: str, column: Column) -> bool:
    """Whether a drawn text may stand in a cell: no formula, no lost character, no blanks where values are compared."""
    inner = text.strip("\x1c\x1d\x1e\x1f").strip()
    if column.key and LIST_SEPARATOR in text:
        return False
    if (column.key or column.pattern is not None) and text != inner:
        return False
    return bool(inner) and text[0] not in "=#" and not set(text) & {"\0", "\ufffd"}
