"""What a rule across tables is given, and how it tells a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from qujiang.district.info import Info
from qujiang.district.vocabulary import TABLE
from qujiang.errors import Fault
from qujiang.tables.values import write


@dataclass(frozen=True, slots=True)
class Scope:
    """A district as a rule sees it.

    Attributes
    ----------
    changed
        Tables that a scenario changed.
    scenario_file
        The scenario's file, told with faults of rows that it added.
    """

    info: Info
    frames: Mapping[str, pl.DataFrame]
    lines: Mapping[str, pl.Series]
    changed: frozenset[str] = frozenset()
    scenario_file: str = ""

    def fault(self, table: str, row: int | None, column: str | None, rule: str, mend: str) -> Fault:
        """A fault of a cell, a line (no column) or a file (no row)."""
        file = TABLE[table].file
        if row is None:
            return Fault(file, None, column, None, rule, mend)
        value = None if column is None else write(self.frames[table][column].slice(row, 1))[0]
        line = self.lines[table][row]
        return Fault(file if line is not None else self.scenario_file or file, line, column, value, rule, mend)


@dataclass(frozen=True, slots=True)
class CrossRule:
    """A rule across tables.

    Attributes
    ----------
    reads
        Tables and the columns it looks at. Where one of them has a fault already, the rule is left alone: it would tell
        the same mistake twice.
    find
        Gives the faults.
    """

    reads: Mapping[str, tuple[str, ...]]
    find: Callable[[Scope], Iterable[Fault]]


class Known:
    """Columns and tables that have a fault already."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._columns: set[tuple[str, str]] = set()
        self._tables: set[str] = set()
        self.add(faults)

    def add(self, faults: Iterable[Fault]) -> None:
        """Remember further faults."""
        for fault in faults:
            table = fault.file.rsplit(".", 1)[0]
            if fault.column is None:
                self._tables.add(table)
            else:
                self._columns.add((table, fault.column))

    def touch(self, reads: Iterable[tuple[str, str]]) -> bool:
        """Whether one of these (table, column) has a fault."""
        return any(table in self._tables or (table, column) in self._columns for table, column in reads)


def reads_of(rule: CrossRule) -> list[tuple[str, str]]:
    """What a rule reads, flat."""
    return [(table, column) for table, columns in rule.reads.items() for column in columns]
