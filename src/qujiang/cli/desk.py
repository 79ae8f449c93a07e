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
