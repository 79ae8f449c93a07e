"""Faults of one file, gathered column by column: one fault a cell at most, and a count where there are too many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from qujiang.errors import Fault

#: So many faults of one file, column and rule are told; one more says how many there are beyond.
LIMIT_FAULTS = 1_000


@dataclass(slots=True)
class Findings:
    """The faults of one file while it is checked.

    Attributes
    ----------
    file
        The file's name as it is told.
    text
        The declared columns as written; null where the cell is empty.
    lines
        Source line of each row.
    bad
        For each column, the cells that have their fault already and are left alone.
    limit
        So many faults of a column and a rule are told.
    """

    file: str
    text: pl.DataFrame
    lines: pl.Series
    bad: dict[str, pl.Series]
    limit: int = LIMIT_FAULTS
    faults: list[Fault] = field(default_factory=list)

    def whole(
        self, rule: str, mend: str, *, column: str | None = None, value: str | None = None, line: int | None = None
    ) -> None:
        """A fault of the file, its header, or a line."""
        self.faults.append(Fault(self.file, line, column, value, rule, mend))

    def cells(self, column: str, wrong: pl.Series, rule: str, mend: str | Callable[[str], str]) -> None:
        """A fault for each cell that is wrong and has none yet; an unknown (null) is not wrong."""
        self.rows(column, wrong, lambda _row: rule, mend)

    def rows(self, column: str, wrong: pl.Series, rule: Callable[[int], str], mend: str | Callable[[str], str]) -> None:
        """The same where the rule differs from row to row."""
        if not wrong.any():
            return
        wrong = wrong.fill_null(False) & ~self.bad[column]
        at = wrong.arg_true()
        if at.is_empty():
            return
        self.bad[column] = self.bad[column] | wrong
        told = at.head(self.limit)
        hints: dict[str, str] = {}
        first = ""
        for row, line, value in zip(told, self.lines.gather(told), self.text[column].gather(told), strict=True):
            text = value or ""
            if text not in hints:
                hints[text] = mend(text) if callable(mend) else mend
            first = first or rule(row)
            self.faults.append(Fault(self.file, line, column, text, rule(row), hints[text]))
        self._close(column, len(at) - len(told), self.lines[at[-1]], first)

    def lines_wrong(self, wrong: pl.Series, rule: str, mend: str) -> None:
        """A fault for each row that is wrong as a whole; all its cells are left alone afterwards."""
        untouched = ~pl.DataFrame(self.bad).select(pl.any_horizontal(pl.all())).to_series()
        at = (wrong.fill_null(False) & untouched).arg_true()
        for line in self.lines.gather(at.head(self.limit)):
            self.faults.append(Fault(self.file, line, None, None, rule, mend))
        if len(at):
            self._close(None, len(at) - self.limit, self.lines[at[-1]], rule)
            self.bad = {name: bad | wrong for name, bad in self.bad.items()}

    def _close(self, column: str | None, more: int, line: int, rule: str) -> None:
        if more > 0:
            mend = f"the last one is in line {line}; mend those above, then check again"
            self.faults.append(Fault(self.file, line, column, None, f"and {more:,} more: {rule}", mend))
