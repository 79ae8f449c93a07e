"""``qujiang check``, ``qujiang new`` and ``qujiang schema``: a district's tables."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from qujiang.cli import as_json
from qujiang.errors import DataError, QujiangError

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.errors import Fault

DISTRICT = click.argument("district", required=False)


@click.command()
@DISTRICT
@click.option("--scenario", metavar="NAME", help="Check it with this scenario laid over it.")
@click.option("--datapackage", is_flag=True, help="Also write datapackage.json into a district without faults.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object with all faults.")
def check(
    district: str | None, scenario: str | None, datapackage: bool, language: Literal["en", "zh"], json_wanted: bool
) -> None:
    """Check a district: every fault of every file at once.

    DISTRICT is a folder, or the name of a bundled district; without one, the bundled district is checked. Leaves with 1
    where there is a fault.
    """
    from qujiang.district.district import read
    from qujiang.words import number, say

    opened, faults = read(district)
    if opened is not None and not faults and scenario is not None:
        try:
            opened = opened.with_scenario(scenario)
        except DataError as error:
            faults = list(error.faults)
    if opened is not None and not faults:
        faults = _stock_faults(opened)
    if opened is not None and not faults and datapackage:
        _describe(opened)
    name = opened.info.id if opened is not None else str(district)
    if json_wanted:
        click.echo(as_json({"district": name, "scenario": scenario, "faults": [fault.as_dict() for fault in faults]}))
        if faults:
            sys.exit(1)
        return
    if faults or opened is None:
        raise DataError(faults)
    rows = sum(frame.height for frame in opened.values())
    filled = sum(frame.height > 0 for frame in opened.values())
    click.echo(say("check.none", language, name=name, filled=filled, rows=number(rows, language, exact=True)))


def _stock_faults(opened: District) -> list[Fault]:
    """Faults among carriers, suites and leases that no table alone shows: leases that overlap, floors larger than their building."""
    from qujiang.buildings.faults import find_faults
    from qujiang.district.scopes import Scope

    return find_faults(Scope(opened.info, opened.frames, opened.lines))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from", "source", metavar="DISTRICT", help="Copy this district, e.g. qujiang, in place of blank templates."
)
def new(folder: Path, source: str | None) -> None:
    """Start a district: a folder of blank templates.

    FOLDER must not exist, or be empty. Its README.md explains every table and column.
    """
    if source is None:
        from qujiang.district.starting import write_blank

        write_blank(folder, base_year=date.today().year - 1)
        click.echo(f"{folder}: blank tables; fill district.toml first, then `qujiang check {folder}`")
        return
    from qujiang.district import District

    District.open(source).save(folder)
    click.echo(f"{folder}: a copy of {source}; `qujiang check {folder}` checks it")


@click.command()
@click.argument("table", required=False)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, one object a column.")
@click.option(
    "--datapackage",
    "folder",
    metavar="DISTRICT",
    help="Write datapackage.json (Data Package v2) into this district's folder.",
)
def schema(table: str | None, json_wanted: bool, folder: str | None) -> None:
    """Show the data dictionary: every table and column.

    TABLE shows one table only.
    """
    from qujiang.district import TABLE, TABLES, District
    from qujiang.district.info import did_you_mean
    from qujiang.tables import dictionary, dictionary_rows

    if folder is not None:
        click.echo(f"written: {_describe(District.open(folder))}")
        return
    if table is not None and table not in TABLE:
        hint = did_you_mean(table, TABLE) or f"there are {', '.join(TABLE)}"
        raise QujiangError(f"{table}: no such table; {hint}")
    shown = TABLES if table is None else (TABLE[table],)
    click.echo(as_json(dictionary_rows(shown)) if json_wanted else dictionary(shown).rstrip())


def _describe(district: District) -> Path:
    """Write the data package of a district beside its tables."""
    from qujiang.district import TABLES
    from qujiang.tables import write_datapackage

    info, folder = district.info, district.folder
    assert folder is not None
    listed = district["sources"].select("title", "address").iter_rows()
    sources = [{"title": title} | ({"path": address} if address else {}) for title, address in listed]
    licences = [{"path": "district.toml", "title": info.licence}] if info.licence else []
    title = f"{info.name_zh} {info.name_en}"
    try:
        return write_datapackage(TABLES, folder, name=info.id, title=title, licenses=licences, sources=sources)
    except OSError as error:
        raise QujiangError(f"{folder}: cannot be written: {error.strerror or error}") from None
