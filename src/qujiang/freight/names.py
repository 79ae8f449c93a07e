"""Find a place or a cargo by what people call it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qujiang.errors import ScenarioError

#: Endings of Chinese place names that may be left out.
ENDINGS = ("特别行政区", "自治区", "街道", "省", "市", "县", "区", "镇", "乡")


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means: its ``row``; else ``several`` rows that carry it, or the ``near`` ones that nearly do."""

    row: int | None = None
    several: tuple[int, ...] = ()
    near: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """Rows with an id, names and aliases; ``known`` maps each written form to the rows that carry it."""

    what: str
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    exact: Mapping[str, tuple[int, ...]]
    alias: Mapping[str, tuple[int, ...]]
    bare: Mapping[str, tuple[int, ...]]

    def find(self, text: str) -> int:
        """Row of a name: exactly, then by alias, then without its ending, then by a unique prefix.

        Raises
        ------
        ScenarioError
            Nothing is called so (with the nearest names), or several are (with all of them).
        """
        found = self.search(text)
        if found.row is not None:
            return found.row
        if found.several:
            raise ScenarioError(f"{text} may be several {self.what}s: {self._list(found.several)}; name one by its id")
        if not _fold(text):
            raise ScenarioError(f"a {self.what} must be named; it is empty")
        hint = (
            f"did you mean {self._list(found.near)}?"
            if found.near
            else f"the table holds {len(self.ids)} of them, by id, Chinese or English name"
        )
        raise ScenarioError(f"no {self.what} is called {text}: {hint}")

    def search(self, text: str) -> Found:
        """The row of a name, or the rows that may be meant; never an error."""
        wanted = _fold(text)
        if not wanted:
            return Found()
        for table, key in ((self.exact, wanted), (self.alias, wanted), (self.bare, _bare(wanted))):
            if key in table:
                return _only(table[key])
        rows = {
            row
            for table in (self.exact, self.alias)
            for name in table
            if name.startswith(wanted)
            for row in table[name]
        }
        if rows:
            return _only(tuple(sorted(rows)))
        near = difflib.get_close_matches(wanted, [*self.exact, *self.alias], n=5, cutoff=0.6)
        found = (row for name in near for row in (*self.exact.get(name, ()), *self.alias.get(name, ())))
        return Found(near=tuple(dict.fromkeys(found)))

    def _list(self, rows: Sequence[int]) -> str:
        return ", ".join(f"{self.ids[row]} ({self.labels[row]})" for row in rows[:8])


def _only(rows: tuple[int, ...]) -> Found:
    return Found(row=rows[0]) if len(rows) == 1 else Found(several=rows)


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _bare(name: str) -> str:
    for ending in ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)]
    return name


def index_names(what: str, rows: Sequence[tuple[str, str, str, Sequence[str]]]) -> Names:
    """Index ``(id, name_zh, name_en, aliases)`` rows. Brackets at the end of a name are an explanation, not part of it."""
    exact: dict[str, list[int]] = {}
    alias: dict[str, list[int]] = {}
    bare: dict[str, list[int]] = {}

    def enter(table: dict[str, list[int]], name: str, row: int) -> None:
        key = _fold(name)
        if key and row not in table.setdefault(key, []):
            table[key].append(row)

    for row, (id_, zh, en, aliases) in enumerate(rows):
        for name in (id_, zh, en):
            enter(exact, name, row)
        for name in (*aliases, zh.split(" (")[0].split("（")[0], en.split(" (")[0]):
            enter(alias, name, row)
        for name in (zh, zh.split(" (")[0], en, *aliases):
            enter(bare, _bare(_fold(name)), row)
    frozen = [{name: tuple(at) for name, at in table.items()} for table in (exact, alias, bare)]
    labels = tuple(f"{zh} {en}" for _, zh, en, _ in rows)
    return Names(what, tuple(row[0] for row in rows), labels, *frozen)
