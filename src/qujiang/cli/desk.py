"""``qujiang desk``: deadlines, boards, intake of a hotline's file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from qujiang.cli import as_json


@click.group()
def desk() -> None:
    """Desk: an enterprise asks, the government answers, on the clock."""


def services_folder(district: Path | None) -> Path:
    """Where a district keeps the data of its services; the bundled district when none is named."""
    from importlib.resources import files

    root = Path(str(files("qujiang.districts"))) / "qujiang" if district is None else district
    return root / "services"


def _pause(text: str) -> tuple[date, date | None]:
    start, _, end = text.partition("..")
    try:
        return date.fromisoformat(start), date.fromisoformat(end) if end else None
    except ValueError:
        raise click.BadParameter(f"{text}: write 2026-10-08..2026-10-12, or 2026-10-08.. while it stands") from None


@desk.command()
@click.argument("start", type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--days", type=click.IntRange(0, 2000), required=True, help="Working days; the day of the event is not counted."
)
@click.option("--pause", "pauses", multiple=True, metavar="FROM..UNTIL", help="The clock stands; UNTIL counts again.")
@click.option(
    "--district", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Whose own days to use."
)
@click.option("--json", "wants_json", is_flag=True, help="For machines.")
def due(start, days: int, pauses: tuple[str, ...], district: Path | None, wants_json: bool) -> None:
    """Show the last day of a limit in working days, with its arithmetic."""
    from qujiang import calendar

    table = services_folder(district) / "workdays.csv"
    days_of = calendar.WorkCalendar(calendar.read_overrides(table) if table.exists() else ())
    spans = [calendar.Pause(*_pause(text)) for text in pauses]
    answer = calendar.due(days_of, start.date(), days, pauses=spans)
    if wants_json:
        click.echo(as_json(answer.as_dict()))
        return
    for step in answer.steps:
        click.echo(step.says)
    click.echo(f"due {answer.due}" if answer.due else "due: open, the clock stands")
    if answer.note:
        click.echo(answer.note)


@desk.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--database", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://…")
@click.option("--district", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Whose rules.")
@click.option("--json", "wants_json", is_flag=True, help="For machines.")
def intake(file: Path, database: str, district: Path | None, wants_json: bool) -> None:
    """Take in a hotline's CSV, whole or not at all; a ticket taken before is passed over."""
    from qujiang.desk import read_rulebook, take_hotline
    from qujiang.store import Caller, open_store

    book, store = read_rulebook(services_folder(district)), open_store(database)
    try:
        with store.write(Caller(None, "command line", "officer", "desk")) as unit:
            answer = take_hotline(unit, book, file.read_text(encoding="utf-8-sig"), file.name)
    finally:
        store.close()
    click.echo(as_json(answer) if wants_json else f"{answer['taken']} taken in, {answer['known']} known before")


@desk.command()
@click.argument("first", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("last", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--database", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://…")
@click.option("--district", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Whose rules.")
@click.option("--csv", "wants_csv", is_flag=True, help="The CSV twin.")
@click.option("--json", "wants_json", is_flag=True, help="For machines.")
def board(first, last, database: str, district: Path | None, wants_csv: bool, wants_json: bool) -> None:
    """The three rates with n and interval, ageing, and a line per department."""
    import json

    from qujiang.calendar import china_date
    from qujiang.desk import board as make
    from qujiang.desk import boards, read_rulebook, sheets
    from qujiang.store import Caller, open_store

    book, store = read_rulebook(services_folder(district)), open_store(database)
    try:
        with store.read() as connection:
            made = make(
                connection,
                Caller(None, "command line", "auditor"),
                book,
                first.date(),
                last.date(),
                china_date(store.now()),
            )
    finally:
        store.close()
    if wants_json:
        click.echo(json.dumps(made.as_dict(), ensure_ascii=False, indent=1, default=str))
        return
    rows = boards.board_table(made)
    if wants_csv:
        click.echo(sheets.as_csv(rows, list(rows[0])), nl=False)
        return
    for row in rows:
        shares = "  ".join(
            f"{name} {'–' if row[f'{name}_share'] is None else format(row[f'{name}_share'], '.1%')} (n={row[f'{name}_n']})"
            for name in ("response", "resolution", "satisfaction")
        )
        click.echo(
            f"{row['department']:14} received {row['received']}  open {row['open']}  overdue {row['overdue']}  {shares}"
        )


@desk.command("export-person")
@click.argument("account")
@click.option("--database", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://…")
def export_person(account: str, database: str) -> None:
    """All that is held about ACCOUNT, table by table, as JSON."""
    from qujiang.store import open_store
    from qujiang.store.person import export_person as export

    store = open_store(database)
    try:
        with store.read() as connection:
            click.echo(as_json(export(connection, account)))
    finally:
        store.close()


@desk.command("erase-person")
@click.argument("account")
@click.option("--database", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://…")
@click.option("--yes", is_flag=True, help="It cannot be undone.")
def erase_person(account: str, database: str, yes: bool) -> None:
    """Take the person out of ACCOUNT: contact, files, sessions, keys; requests, cases and the trail stay."""
    from qujiang.store import SYSTEM, open_store
    from qujiang.store.person import erase_person as erase

    if not yes:
        raise click.UsageError("what is erased does not come back; say --yes")
    store = open_store(database)
    try:
        with store.write(SYSTEM) as unit:
            click.echo(as_json(erase(unit, account)))
    finally:
        store.close()
