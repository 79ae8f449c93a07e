"""What every kind of input is called: the one place that knows the kinds by the beginnings of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from qujiang.words import Both, known, tell

if TYPE_CHECKING:
    import polars as pl

    from qujiang.plan.draws import Input

#: Names of rows by table and id.
Names = Mapping[tuple[str, str], Both]
#: Tables whose rows name inputs.
NAMED = ("cargoes", "locks", "measures", "projects")
#: Kinds that stand alone, and kinds that are of one row of a table.
ALONE = ("rail_tariffs", "berths", "locks")
OF_ROW = {
    "growth": "cargoes", "share": "cargoes", "lockages_per_year": "locks", "vessels_per_lockage_count": "locks",
    "elasticity": "cargoes", "background_growth": "locks", "background": "locks", "today": "measures", "pace": "measures", "delay": "projects",
}  # fmt: skip
LOCK_WAIT = "lock_wait_h."


def with_names(items: Iterable[Input], names: Names) -> tuple[Input, ...]:
    """Inputs with their Chinese names; one of a kind that is not known here keeps its own."""
    told = ((item, input_name(item.key, names)) for item in items)
    return tuple(item if words is None or item.name_zh else replace(item, name_zh=words.zh) for item, words in told)


def row_names(tables: Mapping[str, pl.DataFrame]) -> dict[tuple[str, str], Both]:
    """Names of the rows that inputs are of."""
    found = {
        (name, row["id"]): Both(row["name_en"] or row["name_zh"], row["name_zh"])
        for name in NAMED
        for row in tables[name].select("id", "name_en", "name_zh").to_dicts()
    }
    ports = tables["peer_ports"].select("port", "name_en", "name_zh").unique().to_dicts()
    return found | {("peer_ports", row["port"]): Both(row["name_en"], row["name_zh"]) for row in ports}


def input_name(key: str, names: Names) -> Both | None:
    """What an input is called in both languages; None where its kind is not known here, or a rate has no words.

    >>> input_name("growth:coal", {("cargoes", "coal"): Both("coal", "煤炭")})
    Both(en='growth of coal', zh='煤炭增速')
    """
    kind, _, of = key.partition(":")
    if kind in ALONE:
        return tell(f"input.{kind}")
    if kind in OF_ROW:
        return tell(f"input.{kind}", name=_row(names, OF_ROW[kind], of))
    special = SPECIAL.get(kind)
    return None if special is None else special(of, names)


def economy_name(area: Both, indicator: str) -> Both:
    """What the growth of an indicator of an area is called."""
    what = known("series", indicator)
    english = what.en if what.en[1:2].isupper() else what.en[:1].lower() + what.en[1:]  # an abbreviation stays
    return tell("input.economy", area=area, name=Both(english, what.zh))


def _row(names: Names, table: str, name: str) -> Both:
    return names.get((table, name), Both(name, name))


def _rate(name: str, names: Names) -> Both | None:
    if name.startswith(LOCK_WAIT):
        return tell("input.rates.lock_wait", name=_row(names, "locks", name.removeprefix(LOCK_WAIT)))
    words = known("rate", name)
    return None if words.zh == name.replace("_", " ") else words


def _of_cargoes(name: str, names: Names) -> Both:
    return tell(f"input.cargoes.{name}")


def _equipment(name: str, names: Names) -> Both:
    return tell("input.port_equipment", name=known("equipment", name))


def _peer(name: str, names: Names) -> Both:
    port, _, year = name.rpartition(":")
    return tell("input.peer", name=_row(names, "peer_ports", port), year=year)


def _economy(name: str, names: Names) -> Both:
    area, _, indicator = name.rpartition(":")
    return economy_name(_row(names, "areas", area), indicator)


def _effect(name: str, names: Names) -> Both:
    return tell("input.project", name=_row(names, "projects", name.removesuffix(":effect")))


def _factor(name: str, names: Names) -> Both:
    first, _, number = name.rpartition(" ")
    group = tell("input.group.landmark", number=number) if first == "landmark" else _group(name)
    return tell("input.factor", name=group)


def _group(name: str) -> Both:
    found = known("input.group", name.replace(" ", "_"))
    return found if found.zh != found.en else Both(name, name)


SPECIAL: dict[str, Callable[[str, Names], Both | None]] = {
    "rates": _rate,
    "cargoes": _of_cargoes,
    "port_equipment": _equipment,
    "peer": _peer,
    "economy": _economy,
    "project": _effect,
    "factor": _factor,
}
