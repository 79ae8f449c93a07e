"""What can go wrong, and how it is told.

::

    QujiangError                 one clear sentence; the command line prints it without a traceback
    ├── DataError                faulty data; carries every fault found, not only the first
    ├── ScenarioError            a scenario or a question that cannot be applied to this district
    ├── InfeasibleError          no answer exists; names the smallest clash found
    ├── NotConvergedError        no answer yet; carries the best result so far
    └── LiveError                the live half refuses one act; nothing of it was done
        ├── UnknownCallerError   no valid login, session or key
        ├── ForbiddenError       the caller's role may not do this
        ├── NotFoundError        no such thing, or not for this caller: both sound alike
        ├── ConflictError        someone was faster, or the state does not allow it; carries the current version
        ├── ThrottledError       too many attempts; carries the seconds to wait
        └── StoreAwayError       the database does not answer, or its disk is full

A message says where, what, which rule, and the mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


class QujiangError(Exception):
    """Base of every error that a user can act on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the data.

    ``line`` counts from 1 and includes the header, as an editor shows it; None where the fault belongs to the whole
    file. ``column`` is None where the fault belongs to the whole line or file. ``value`` is the text as written.
    """

    file: str
    line: int | None
    column: str | None
    value: str | None
    rule: str
    mend: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        what = "" if self.column is None else f"  {self.column}" + ("" if self.value is None else f" = {self.value}")
        mend = f" ({self.mend})" if self.mend else ""
        return f"{place}{what}  {self.rule}{mend}"

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON-ready keys ``file, line, column, value, rule, mend``."""
        return asdict(self)


#: Faults of one rule in one column that are still printed one by one.
FOLD_ABOVE = 3


def tell_faults(faults: Sequence[Fault]) -> list[str]:
    """Faults as lines of text, in their order; many of one rule in one column become one line that names all their lines.

    >>> lines = [Fault("a.csv", n, "x", str(n), "is not positive", "mend it") for n in (2, 3, 4, 9)]
    >>> tell_faults(lines)
    ['a.csv:2-4,9  x  is not positive (mend it) [4 values: 2, 3, 4, …]']
    """
    alike: dict[tuple[str, str | None, str, str], list[Fault]] = {}
    for fault in faults:
        alike.setdefault((fault.file, fault.column, fault.rule, fault.mend), []).append(fault)
    lines: list[str] = []
    for (file, column, rule, mend), group in alike.items():
        at = sorted({fault.line for fault in group if fault.line is not None})
        if len(group) <= FOLD_ABOVE or len(at) < len(group):
            lines += map(str, group)
            continue
        shown = [fault.value for fault in group[:FOLD_ABOVE] if fault.value is not None]
        values = f" [{len(group)} values: {', '.join(shown)}, …]" if shown else f" [{len(group)} lines]"
        lines.append(str(Fault(f"{file}:{_runs(at)}", None, column, None, rule, mend)) + values)
    return lines


def _runs(numbers: Sequence[int]) -> str:
    """Numbers in rising order with their runs joined: ``2-4,9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)


class DataError(QujiangError):
    """Faulty data. ``faults`` holds all of them; the message folds those that are alike (`tell_faults`)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        count = len(self.faults)
        super().__init__(f"{count} fault{'s' if count != 1 else ''}:\n" + "\n".join(tell_faults(self.faults)))


class ScenarioError(QujiangError):
    """A scenario or a question does not fit the district."""


class InfeasibleError(QujiangError):
    """No answer exists; the message names the smallest clash found."""


class NotConvergedError(QujiangError):
    """The asked precision was not reached; ``best`` is the best result so far."""

    def __init__(self, message: str, best: Any = None) -> None:
        super().__init__(message)
        self.best = best


class LiveError(QujiangError):
    """The live half refuses one act; nothing of it was done."""


class UnknownCallerError(LiveError):
    """No valid login, session or key."""


class ForbiddenError(LiveError):
    """The caller's role may not do this."""


class NotFoundError(LiveError):
    """No such thing, or not for this caller: both sound alike, so that nothing is betrayed."""


class ConflictError(LiveError):
    """Someone was faster, or the state does not allow it; ``version`` is the current one where there is one."""

    def __init__(self, message: str, version: int | None = None) -> None:
        super().__init__(message)
        self.version = version


class ThrottledError(LiveError):
    """Too many attempts; ``wait_s`` seconds must pass."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class StoreAwayError(LiveError):
    """The database does not answer, or its disk is full."""
