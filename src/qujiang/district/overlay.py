"""Apply a scenario to a district's tables: new tables, nothing is changed in place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from qujiang.district.assumptions import row_ids
from qujiang.district.info import did_you_mean
from qujiang.district.ranges import find_ends
from qujiang.district.scenario import Entry, Scenario
from qujiang.district.vocabulary import TABLE
from qujiang.errors import Fault
from qujiang.tables import Column
from qujiang.tables.columns import DTYPES
from qujiang.tables.values import type_rule, write

_PYTHON: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "choice": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "date": (date,),
    "list": (list,),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that a scenario changed; ``column`` is None for a row added or removed."""

    verb: str
    table: str
    row_id: str
    column: str | None
    before: str | None
    after: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Overlaid:
    """What a scenario makes of a district's tables."""

    frames: dict[str, pl.DataFrame]
    lines: dict[str, pl.Series]
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...]


def overlay(frames: Mapping[str, pl.DataFrame], lines: Mapping[str, pl.Series], scenario: Scenario) -> Overlaid:
    """Apply every entry in order; what does not fit is a fault, and the others are applied all the same."""
    state = _State(dict(frames), dict(lines), scenario.file)
    for entry in scenario.entries:
        state.apply(entry)
    return Overlaid(state.frames, state.lines, tuple(state.changes), tuple(state.faults))


class _State:
    """The tables while a scenario is applied."""

    def __init__(self, frames: dict[str, pl.DataFrame], lines: dict[str, pl.Series], file: str) -> None:
        self.frames, self.lines, self.file = frames, lines, file
        self.changes: list[Change] = []
        self.faults: list[Fault] = []

    def apply(self, entry: Entry) -> None:
        """Apply one entry, or say why it does not fit."""
        if entry.project is not None and entry.project not in set(self.frames["projects"]["id"]):
            near = did_you_mean(entry.project, self.frames["projects"]["id"].to_list())
            self._fault(
                entry, "project", entry.project, "projects has no such row", near or "name a project that exists"
            )
        if entry.verb == "add":
            self._add(entry)
            return
        rows = self._chosen(entry)
        if rows is None:
            return
        verbs = {
            "remove": self._remove,
            "set": self._set,
            "scale": self._change_number,
            "increase": self._change_number,
        }
        verbs[entry.verb](entry, rows)

    def _fault(self, entry: Entry, column: str | None, value: Any, rule: str, mend: str) -> None:
        self.faults.append(Fault(self.file, entry.line, column, None if value is None else str(value), rule, mend))

    def _chosen(self, entry: Entry) -> pl.Series | None:
        """The rows that an entry means; None, and a fault, where it means none."""
        table, frame = TABLE[entry.table], self.frames[entry.table]
        ids = row_ids(table, frame)
        if entry.keys is not None:
            missing = [key for key in entry.keys if key not in set(ids)]
            for key in missing:
                mend = did_you_mean(key, ids.drop_nulls().to_list())
                self._fault(entry, "key", key, f"{entry.table} has no such row", mend or "name a row that exists")
            return None if missing else ids.is_in(list(entry.keys))
        rows = pl.Series([True], dtype=pl.Boolean).new_from_index(0, frame.height)
        for column, value in entry.content.get("where", {}).items():
            rows = rows & (write(frame[column]) == as_written(value)).fill_null(False)
        if not rows.any():
            self._fault(
                entry, "where", entry.content.get("where"), f"{entry.table} has no such row", "name one that exists"
            )
            return None
        return rows

    def _remove(self, entry: Entry, rows: pl.Series) -> None:
        ids = row_ids(TABLE[entry.table], self.frames[entry.table])
        self.changes += [self._change(entry, name, None, None, None) for name in ids.filter(rows)]
        self.frames[entry.table] = self.frames[entry.table].filter(~rows)
        self.lines[entry.table] = self.lines[entry.table].filter(~rows)

    def _set(self, entry: Entry, rows: pl.Series) -> None:
        table, frame = TABLE[entry.table], self.frames[entry.table]
        made: dict[str, pl.Expr] = {}
        for name, value in entry.content.get("values", {}).items():
            if self._fits(entry, table.column(name), value):
                made[name] = pl.lit(plain(value, table.column(name)), dtype=DTYPES[table.column(name).type])
        for name, source in entry.content.get("copy", {}).items():
            if table.column(source).type != table.column(name).type:
                self._fault(entry, "copy", source, f"is of another type than {name}", "copy a column of the same type")
            else:
                made[name] = pl.col(source)
        self._replace(entry, rows, frame, made)

    def _change_number(self, entry: Entry, rows: pl.Series) -> None:
        """Scale or increase a number, and the two ends of its range with it."""
        table, frame = TABLE[entry.table], self.frames[entry.table]
        column = str(entry.content["column"])
        empty = frame[column].filter(rows).is_null()
        if empty.all() or (entry.verb == "increase" and empty.any()):
            rule = f"is empty in {', '.join(row_ids(table, frame).filter(rows).filter(empty))}: there is no number to {entry.verb}"
            self._fault(entry, column, None, rule, "set it instead")
            return
        own = next((ends for ends in find_ends(table) if ends.middle == column), None)
        made = {}
        for name in [column] if own is None else [column, own.low, own.high]:
            old = pl.col(name)
            new = old * entry.content["factor"] if entry.verb == "scale" else old + entry.content["by"]
            made[name] = new.round().cast(pl.Int64) if table.column(name).type == "integer" else new
        self._replace(entry, rows, frame, made)

    def _replace(self, entry: Entry, rows: pl.Series, frame: pl.DataFrame, made: dict[str, pl.Expr]) -> None:
        after = frame.with_columns(
            pl.when(pl.lit(rows)).then(value).otherwise(pl.col(name)).alias(name) for name, value in made.items()
        )
        ids = row_ids(TABLE[entry.table], frame)
        for name in made:
            old, new = write(frame[name]), write(after[name])
            for row in (rows & old.ne_missing(new)).arg_true():
                self.changes.append(self._change(entry, ids[row], name, old[row], new[row]))
        self.frames[entry.table] = after

    def _add(self, entry: Entry) -> None:
        table, values = TABLE[entry.table], entry.content["values"]
        good = [self._fits(entry, table.column(name), value) for name, value in values.items()]
        if not all(good):
            return
        row = {c.name: plain(values.get(c.name, c.default), c) for c in table.columns}
        added = pl.DataFrame([row], schema=table.schema)
        self.changes.append(self._change(entry, row_ids(table, added)[0] or "", None, None, None))
        self.frames[entry.table] = pl.concat([self.frames[entry.table], added])
        self.lines[entry.table] = pl.concat([self.lines[entry.table], pl.Series("line", [None], dtype=pl.Int64)])

    def _fits(self, entry: Entry, column: Column, value: Any) -> bool:
        """Whether a value is of a column's type."""
        right = isinstance(value, _PYTHON[column.type]) and (column.type == "boolean" or not isinstance(value, bool))
        if isinstance(value, list):
            right = right and all(isinstance(item, str) for item in value)
        if isinstance(value, float):
            right = right and math.isfinite(value)
        if not right:
            self._fault(entry, column.name, value, type_rule(column), column.meaning)
        return right

    def _change(self, entry: Entry, row_id: str, column: str | None, before: str | None, after: str | None) -> Change:
        return Change(entry.verb, entry.table, row_id, column, before, after, str(entry.content["reason"]))


def plain(value: Any, column: Column) -> Any:
    """A TOML value as the column's own type."""
    return float(value) if column.type == "number" and value is not None else value


def as_written(value: Any) -> str:
    """A TOML value as a cell is written.

    >>> as_written(True), as_written(2027), as_written(["a", "b"])
    ('yes', '2027', 'a;b')
    """
    return write(pl.Series([value]))[0]
