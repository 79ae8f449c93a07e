"""A scenario: rows of a district removed, set, scaled, increased and added, each with its reason.

::

    name_zh = "..."
    name_en = "..."
    reason = "what the scenario is about"
    reason_zh = "..."            # may be left out

    [[set]]                      # [[remove]], [[set]], [[scale]], [[increase]] and [[add]] are applied in this order
    table = "locks"
    key = "fuchunjiang"          # or keys = [...], or where = { column = value, ... }, or neither: every row
    values = { chamber_count = 2 }
    copy = { depth_m = "depth_low_m" }   # takes the value of another column of the same row
    reason = "why"

    [[scale]]                    # a number and the two ends of its range
    table = "demand"
    column = "demand_t_per_year"
    where = { observed_mode = "water" }
    factor = 1.2
    reason = "why"

    [[increase]]                 # likewise; by = ... may be negative
    table = "berths"
    key = "qj2_container"
    column = "crane_count"
    by = 1
    reason = "why"

    [[add]]
    table = "road_links"
    values = { id = "r900", from_place = "qj_port", ... }
    reason = "why"
    project = "j10"              # any entry may say to which project it belongs: futures draw it as late as that project
    opens = "2026-06"            # and when it opens: a year, month or day; else the project's own finish
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qujiang.district.info import did_you_mean, read_toml
from qujiang.district.vocabulary import TABLE
from qujiang.errors import Fault, ScenarioError
from qujiang.methods.periods import read_span

#: The order in which a scenario is applied.
VERBS = ("remove", "set", "scale", "increase", "add")
_CHOOSE = ("key", "keys", "where")
_PROJECT = ("project", "opens")
KEYS = {
    "remove": ("table", *_CHOOSE, "reason", *_PROJECT),
    "set": ("table", *_CHOOSE, "values", "copy", "reason", *_PROJECT),
    "scale": ("table", *_CHOOSE, "column", "factor", "reason", *_PROJECT),
    "increase": ("table", *_CHOOSE, "column", "by", "reason", *_PROJECT),
    "add": ("table", "values", "reason", *_PROJECT),
}
_HEAD = ("name_zh", "name_en", "reason")
#: Head keys that may be left out: the reason in Chinese; without it the reason stands as it is.
_MORE = ("reason_zh",)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a scenario, as written, with the line of its header."""

    verb: str
    line: int | None
    content: Mapping[str, Any]

    @property
    def table(self) -> str:
        """The table that it changes."""
        return str(self.content["table"])

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The rows that it names; None where it names none."""
        one, many = self.content.get("key"), self.content.get("keys")
        return None if one is None and many is None else (str(one),) if many is None else tuple(map(str, many))

    @property
    def project(self) -> str | None:
        """The project that it belongs to; None where it stands by itself."""
        return self.content.get("project")

    @property
    def opens(self) -> str | None:
        """When it opens, as written: ``opens``, else the ``opened`` of its row; None where it does not say."""
        written = self.content.get("opens", self.content.get("values", {}).get("opened"))
        return None if written is None else str(written)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as read: names, reason, and entries in the order in which they are applied."""

    name: str
    name_zh: str
    name_en: str
    reason: str
    file: str
    entries: tuple[Entry, ...] = field(repr=False)
    reason_zh: str = ""


def find_scenario(folder: Path | None, name: str | Path) -> tuple[Path, Path | None]:
    """The file of a scenario, and the folder that it may not lead out of (None for a file that the user names).

    Raises
    ------
    ScenarioError
        There is none of that name; those that exist are listed.
    """
    text = str(name)
    home = None if folder is None else folder / "scenarios"
    known = scenario_names(folder)
    if home is not None and text in known:
        return home / f"{text}.toml", folder
    if isinstance(name, Path) or text.endswith(".toml"):
        if Path(name).exists():
            return Path(name), None
        raise ScenarioError(
            f"{text}: there is no such scenario file (scenarios of this district: {', '.join(known) or 'none'})"
        )
    if "/" in text or "\\" in text:
        raise ScenarioError(
            f"{text}: leads out of the district's scenarios; name one of {', '.join(known)} or a .toml file"
        )
    hint = did_you_mean(text, known)
    raise ScenarioError(f"{text}: no such scenario; {hint + ' ' if hint else ''}there are {', '.join(known) or 'none'}")


def scenario_names(folder: Path | None) -> list[str]:
    """Names of the scenarios that a district's folder holds."""
    return sorted(path.stem for path in (folder / "scenarios").glob("*.toml")) if folder is not None else []


def read_scenario(path: Path, *, inside: Path | None = None) -> tuple[Scenario | None, list[Fault]]:
    """Read a scenario and check its form; None where it cannot be used at all."""
    file = f"scenarios/{path.name}" if inside is not None else path.name
    content, faults = read_toml(path, inside=inside, name=file)
    if content is None:
        return None, faults
    places = _lines(path.read_text(encoding="utf-8-sig"))
    for key, value in content.items():
        if key not in (*_HEAD, *_MORE, *VERBS):
            known = (*_HEAD, *_MORE, *VERBS)
            faults.append(Fault(file, places.get(key), key, None, "unknown key", did_you_mean(key, known)))
        elif key in (*_HEAD, *_MORE) and not isinstance(value, str):
            faults.append(Fault(file, None, key, str(value), "must be text", "put it in quotes"))
    for key in _HEAD:
        if not content.get(key):
            faults.append(Fault(file, None, key, None, "key is missing", f'write {key} = "..."'))
    entries: list[Entry] = []
    for verb in VERBS:
        written = content.get(verb, [])
        if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
            faults.append(Fault(file, None, verb, None, "must be a list of tables", f"write [[{verb}]]"))
            continue
        for at, one in enumerate(written):
            entry = Entry(verb, places.get(f"{verb}#{at}"), one)
            wrong = faults_of(entry, file)
            faults += wrong
            if not wrong:
                entries.append(entry)
    names = {key: str(content.get(key, "")) for key in (*_HEAD, *_MORE)}
    return Scenario(path.stem, **names, file=file, entries=tuple(entries)), faults


def _lines(text: str) -> dict[str, int]:
    """Line of each top-level key, and of the header of each entry as ``verb#number``."""
    found: dict[str, int] = {}
    counted: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[\s*\"?(\w+)\"?\s*\]\]", line)
        if header:
            at = counted.get(header[1], 0)
            counted[header[1]] = at + 1
            found[f"{header[1]}#{at}"] = number
            found.setdefault(header[1], number)
        elif (plain := re.match(r"\s*\[?\s*([\w-]+)\s*[=\]]", line)) is not None:
            found.setdefault(plain[1], number)
    return found


def faults_of(entry: Entry, file: str) -> list[Fault]:
    """What is wrong with the form of one entry."""
    faults: list[Fault] = []

    def fault(column: str | None, value: Any, rule: str, mend: str) -> None:
        faults.append(Fault(file, entry.line, column, None if value is None else str(value), rule, mend))

    content, allowed = entry.content, KEYS[entry.verb]
    for key in content:
        if key not in allowed:
            fault(
                key, None, f"unknown key of [[{entry.verb}]]", did_you_mean(key, allowed) or f"use {', '.join(allowed)}"
            )
    reason = content.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        fault("reason", reason, "a change needs a reason", 'write reason = "..."')
    for key, rule, mend in _project_faults(entry):
        fault(key, content[key], rule, mend)
    table = content.get("table")
    if not isinstance(table, str):
        fault("table", table, "key is missing", 'write table = "..."')
        return faults
    if table not in TABLE:
        outside = "/" in table or "\\" in table or table.startswith("..")
        rule = "leads out of the district: a scenario changes its tables only" if outside else "is no table"
        fault("table", table, rule, did_you_mean(table, TABLE) or "name a table, see `qujiang schema`")
        return faults
    _check_parts(entry, fault)
    return faults


def _project_faults(entry: Entry) -> Iterator[tuple[str, str, str]]:
    """Key, rule and mend of what is wrong with the project and the opening of an entry."""
    project, opens = (entry.content.get(key) for key in _PROJECT)
    if project is not None and not (isinstance(project, str) and project.strip()):
        yield "project", "must be the id of a project", 'write project = "j10"'
    if opens is None:
        return
    if project is None:
        yield "opens", "says when, but not which project opens", 'write project = "..." beside it'
    try:
        read_span(str(opens), str(opens))
        right = isinstance(opens, str)
    except ValueError:
        right = False
    if not right:
        yield "opens", "must be a date in quotes", 'write "2027", "2027-06" or "2027-06-30"'


def _check_parts(entry: Entry, fault: Any) -> None:
    content, names = entry.content, TABLE[entry.table].names
    chosen = [key for key in _CHOOSE if key in content]
    if len(chosen) > 1:
        fault(chosen[1], None, f"stands beside {chosen[0]}", "choose rows in one way")
    if "keys" in content and not isinstance(content["keys"], list):
        fault("keys", content["keys"], "must be a list", 'write keys = ["...", "..."]')
    if entry.verb == "remove" and not chosen:
        fault("key", None, "says no row to remove", 'write key = "...", keys = [...] or where = { ... }')
    for part in ("values", "copy", "where"):
        written = content.get(part, {})
        if not isinstance(written, dict):
            fault(part, written, "must be a table", f"write {part} = {{ column = ... }}")
            continue
        for column in written:
            if column not in names:
                fault(column, None, f"{entry.table} has no such column", did_you_mean(column, names))
        for source in written.values() if part == "copy" else ():
            if source not in names:
                fault("copy", source, f"{entry.table} has no such column", did_you_mean(str(source), names))
    if entry.verb == "set" and not (content.get("values") or content.get("copy")):
        fault("values", None, "sets nothing", "write values = { column = ... }")
    if entry.verb == "add" and not content.get("values"):
        fault("values", None, "adds nothing", "write values = { column = ... }")
    if entry.verb in ("scale", "increase"):
        _check_number(entry, fault)


def _check_number(entry: Entry, fault: Any) -> None:
    column, table = entry.content.get("column"), TABLE[entry.table]
    if column not in table.names or not table.column(str(column)).numeric:
        numeric = [one.name for one in table.columns if one.numeric]
        fault("column", column, f"is no numeric column of {table.name}", did_you_mean(str(column), numeric))
    name = "factor" if entry.verb == "scale" else "by"
    number = entry.content.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        fault(name, number, "must be a number", f"write {name} = 1.2")
    elif name == "factor" and number < 0:
        fault(name, number, "must be a number of 0 or more", "write factor = 1.2")
