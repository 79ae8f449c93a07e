"""Which columns are the low and the high end of which number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from qujiang.tables import Rule, Table


@dataclass(frozen=True, slots=True)
class Ends:
    """The two ends of a number; ``middle`` is None where only the ends are given."""

    middle: str | None
    low: str
    high: str


def find_ends(table: Table) -> tuple[Ends, ...]:
    """Pairs ``<stem>_low_<unit>``, ``<stem>_high_<unit>`` and their middle; ``low_value`` belongs to ``<table's>_value``."""
    names = table.names
    found = []
    for low in names:
        if "_low_" in low:
            high, middle = low.replace("_low_", "_high_", 1), low.replace("_low_", "_", 1)
            if middle not in names:
                middle = "fact_value" if low == "tolerance_low_value" and "fact_value" in names else None
        elif low == "low_value":
            high = "high_value"
            middle = next((name for name in names if name.endswith("_value") and name not in (low, high)), None)
        elif low.startswith("low_"):
            high, middle = "high_" + low.removeprefix("low_"), None
        else:
            continue
        if high in names:
            found.append(Ends(middle, low, high))
    return tuple(found)


def with_end_rules(table: Table) -> Table:
    """The table with the rules that low, value and high stand in this order in every row."""
    rules = []
    for ends in find_ends(table):
        rules.append(
            Rule(
                f"must not be above {ends.high}",
                pl.col(ends.low) <= pl.col(ends.high),
                ends.low,
                "swap the two, or mend one",
            )
        )
        if ends.middle is not None:
            inside = (pl.col(ends.middle) >= pl.col(ends.low)) & (pl.col(ends.middle) <= pl.col(ends.high))
            text = f"must lie between {ends.low} and {ends.high}"
            rules.append(Rule(text, inside, ends.middle, "mend the value or widen its range"))
    return replace(table, rules=(*table.rules, *rules))
