"""Faults as text: each is named, many alike are folded into one line with all their lines."""

from __future__ import annotations

import doctest

from qujiang import errors
from qujiang.errors import DataError, Fault, tell_faults


def fault(line: int | None, value: str | None = "-1", column: str | None = "x", rule: str = "must be > 0") -> Fault:
    return Fault("a.csv", line, column, value, rule, "mend it")


def test_few_faults_are_told_one_by_one() -> None:
    assert tell_faults([fault(2), fault(3, "-7"), fault(4, column="y")]) == [
        "a.csv:2  x = -1  must be > 0 (mend it)",
        "a.csv:3  x = -7  must be > 0 (mend it)",
        "a.csv:4  y = -1  must be > 0 (mend it)",
    ]


def test_many_alike_are_one_line_with_every_line_and_the_error_keeps_them_all() -> None:
    faults = [fault(n, str(-n)) for n in (*range(2, 80), 90, 92)] + [fault(5, rule="other")]
    error = DataError(faults)
    assert len(error.faults) == 81 and str(error).startswith("81 faults:\n")
    assert tell_faults(faults) == [
        "a.csv:2-79,90,92  x  must be > 0 (mend it) [80 values: -2, -3, -4, …]",
        "a.csv:5  x = -1  other (mend it)",
    ]


def test_faults_of_whole_files_or_of_one_line_are_not_folded() -> None:
    assert len(tell_faults([fault(None)] * 5)) == 5
    assert len(tell_faults([fault(3)] * 5)) == 5


def test_examples() -> None:
    assert doctest.testmod(errors).failed == 0
