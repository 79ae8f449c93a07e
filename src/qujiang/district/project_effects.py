"""What projects change, as a scenario laid over the district: one way for a person's scenario and for a project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import polars as pl

from qujiang.district.assumptions import ABOUT_DATA, row_ids
from qujiang.district.info import did_you_mean
from qujiang.district.overlay import overlay
from qujiang.district.ranges import find_ends
from qujiang.district.scenario import VERBS, Entry, Scenario, faults_of
from qujiang.district.vocabulary import TABLE
from qujiang.errors import Fault
from qujiang.tables import Column

FILE = "project_effects.csv"
#: Which end of an effect's range is taken.
End = Literal["low", "middle", "high"]
_NUMBER = {"increase": "by", "scale": "factor"}
_COLUMN = {"low": "low_value", "middle": "effect_value", "high": "high_value"}
#: What a project cannot change: what was seen, and what the other projects are.
CLOSED = (*ABOUT_DATA, "observations", "projects", "project_effects")


def project_scenario(
    frames: Mapping[str, pl.DataFrame],
    projects: Sequence[str],
    *,
    end: End = "middle",
    lines: Mapping[str, pl.Series] | None = None,
) -> Scenario:
    """The scenario in which these projects are open.

    Effects of one verb are applied in the order of the table: numbers are first set, then multiplied, then increased, then rows are added. Two projects
    that increase one number both count; of two that set it the later row of the table stands.

    Parameters
    ----------
    frames
        The district's tables.
    end
        Which end of the effects' ranges is taken; one without a range stays at its value.
    lines
        Source lines of the tables, for faults.
    """
    effects = frames["project_effects"]
    where = effects.with_row_index("at").filter(pl.col("project").is_in(list(projects)))
    rows = list(where.iter_rows(named=True))
    at = {row["id"]: None if lines is None else lines["project_effects"][row["at"]] for row in rows}
    new = {(row["table"], row["row"]): row for row in rows if row["verb"] == "add"}
    entries = [_added(row, rows, frames, end, at[row["id"]]) for row in new.values()]
    for row in rows:
        if row["verb"] != "add" and not (row["verb"] == "set" and (row["table"], row["row"]) in new):
            entries.append(_changed(row, frames, end, at[row["id"]]))
    names = dict(zip(frames["projects"]["id"], frames["projects"]["name_en"], strict=True))
    zh = dict(zip(frames["projects"]["id"], frames["projects"]["name_zh"], strict=True))
    entries.sort(key=lambda entry: VERBS.index(entry.verb))
    return Scenario(
        "+".join(projects),
        "、".join(zh[name] or name for name in projects),
        ", ".join(names[name] or name for name in projects),
        "These projects are open.",
        FILE,
        tuple(entries),
    )


def _changed(row: Mapping[str, Any], frames: Mapping[str, pl.DataFrame], end: End, line: int | None) -> Entry:
    content: dict[str, Any] = {"table": row["table"], "reason": row["note"] or f"{row['project']}: {row['id']}"}
    if row["row"] != "all":
        content |= _rows(row, frames)
    if row["verb"] == "set":
        content["values"] = _values(row, end)
    else:
        content |= {"column": row["column"], _NUMBER[row["verb"]]: _number(row, end)}
    return Entry(row["verb"], line, content)


def _rows(row: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """Which rows are meant: a key as a whole, which may hold a + itself; column=value; else several keys separated by +."""
    table, text = TABLE.get(row["table"]), str(row["row"])
    column, equals, value = text.partition("=")
    if table is not None and text in set(row_ids(table, frames[table.name])):
        return {"keys": [text]}
    if equals and table is not None and column in table.names:
        return {"where": {column: value}}
    return {"keys": text.split("+")}


def _values(row: Mapping[str, Any], end: End) -> dict[str, Any]:
    """The cells that a set gives: the number with the range of the effect, or the word."""
    column, table = row["column"], TABLE.get(row["table"])
    declared = table.column(column) if table is not None and column in table.names else None
    if row["effect_text"] is not None:
        return {column: _word(row["effect_text"], declared)}
    values = {column: _typed(_number(row, end), declared)}
    ends = next((one for one in find_ends(table) if one.middle == column), None) if table is not None else None
    if ends is not None and table is not None:
        low, high = (row["effect_value"] if row[x] is None else row[x] for x in ("low_value", "high_value"))
        values |= {ends.low: _typed(low, declared), ends.high: _typed(high, declared)}
    return values


def _added(
    row: Mapping[str, Any],
    rows: Iterable[Mapping[str, Any]],
    frames: Mapping[str, pl.DataFrame],
    end: End,
    line: int | None,
) -> Entry:
    """A copy of a row under a new key, with the cells that other effects of the set give it."""
    table = TABLE.get(row["table"])
    content: dict[str, Any] = {"table": row["table"], "reason": row["note"] or f"{row['project']}: {row['id']}"}
    values: dict[str, Any] = {}
    if table is not None and row["table"] in frames:
        frame = frames[row["table"]]
        found = frame.filter(row_ids(table, frame) == row["like"])
        values = {name: cell for name, cell in (found.to_dicts() or [{}])[0].items() if cell is not None}
        values[(table.key or table.names[:1])[0]] = row["row"]
    for other in rows:
        if other["verb"] == "set" and (other["table"], other["row"]) == (row["table"], row["row"]):
            values |= _values(other, end)
    return Entry("add", line, content | {"values": values})


def _number(row: Mapping[str, Any], end: End) -> float:
    value = row[_COLUMN[end]]
    return float(row["effect_value"] if value is None else value)


def _typed(value: float, column: Column | None) -> float | int:
    return int(value) if column is not None and column.type == "integer" and float(value).is_integer() else value


def _word(text: str, column: Column | None) -> Any:
    """A word as a cell of its column holds it."""
    kind = None if column is None else column.type
    if kind == "list":
        return [part for part in text.split(";") if part]
    if kind == "boolean" and text in ("yes", "no"):
        return text == "yes"
    if kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def check_effects(frames: Mapping[str, pl.DataFrame], lines: Mapping[str, pl.Series]) -> Iterator[Fault]:
    """Effects speak of tables, rows, columns and types that exist, and leave alone what was seen."""
    effects = frames["project_effects"]
    closed = effects.filter(pl.col("table").is_in(CLOSED))
    for row in effects.with_row_index("at").filter(pl.col("table").is_in(CLOSED)).iter_rows(named=True):
        rule = "is a table that no project changes"
        yield Fault(
            FILE, lines["project_effects"][row["at"]], "table", row["table"], rule, "change a table of what will be"
        )
    sound = set(effects["project"].drop_nulls()) - set(closed["project"].drop_nulls())
    for project in effects["project"].unique(maintain_order=True):
        if project in sound:
            yield from _check_project(frames, lines, project)


def _check_project(frames: Mapping[str, pl.DataFrame], lines: Mapping[str, pl.Series], project: str) -> Iterator[Fault]:
    rows = frames["project_effects"].with_row_index("at").filter(pl.col("project") == project)
    for row in rows.filter(pl.col("verb") == "add").iter_rows(named=True):
        table = TABLE.get(row["table"])
        if table is not None and row["like"] not in set(row_ids(table, frames[table.name])):
            mend = did_you_mean(row["like"] or "", row_ids(table, frames[table.name]).drop_nulls().to_list())
            line = lines["project_effects"][row["at"]]
            yield Fault(
                FILE, line, "like", row["like"], f"{row['table']} has no such row", mend or "name a row that exists"
            )
            return
    scenario = project_scenario(frames, [project], lines=lines)
    faults = [fault for entry in scenario.entries for fault in faults_of(entry, FILE)]
    yield from faults or overlay(frames, lines, scenario).faults
