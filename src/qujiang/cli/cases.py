"""``qujiang cases``: check bundles and count what they save."""

from __future__ import annotations

from pathlib import Path

import click

from qujiang.cli import as_json
from qujiang.cli.desk import services_folder


@click.group()
def cases() -> None:
    """Cases: one thing done in one go, across departments."""


@cases.command()
@click.option("--district", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Whose bundles.")
@click.option("--json", "wants_json", is_flag=True, help="For machines.")
def counts(district: Path | None, wants_json: bool) -> None:
    """Count steps, materials, visits and working days, before and after, from the bundles' files."""
    from qujiang.cases import counts as count
    from qujiang.cases import read_bundles

    _, found = read_bundles(services_folder(district))
    answer = {name: count(bundle) for name, (bundle, _) in found.items()}
    if wants_json:
        click.echo(as_json(answer))
        return
    for name, numbers in answer.items():
        click.echo(name)
        for thing in ("steps", "materials", "visits", "days"):
            click.echo(f"  {thing:10}{numbers['before'][thing]:5} -> {numbers['after'][thing]}")
