"""``qujiang store`` and ``qujiang audit``: the live database's own care."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from qujiang.cli import as_json

database = click.option("--database", required=True, metavar="URL", help="A file, sqlite:///file or postgresql://…")
for_machines = click.option("--json", "wants_json", is_flag=True, help="For machines.")


def answer(wants_json: bool, values: dict[str, Any]) -> None:
    """Print an answer's names and values."""
    click.echo(as_json(values) if wants_json else "\n".join(f"{name}  {value}" for name, value in values.items()))


@click.group()
def store() -> None:
    """Store: backup and restore of the live database while it runs."""


@store.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database
@for_machines
def backup(file: Path, database: str, wants_json: bool) -> None:
    """Write one consistent state to FILE (*.jsonl.gz is portable)."""
    from qujiang.store import Store
    from qujiang.store.backup import backup as write

    live = Store(database)
    try:
        answer(wants_json, write(live, file))
    finally:
        live.close()


@store.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@database
@click.option("--yes", is_flag=True, help="Replace what the database holds.")
@for_machines
def restore(file: Path, database: str, yes: bool, wants_json: bool) -> None:
    """Put the state of FILE in the database's place, whole or not at all."""
    from qujiang.store import Store
    from qujiang.store.backup import restore as put_back

    if not yes:
        raise click.UsageError("restoring replaces everything that the database holds; say --yes")
    live = Store(database)
    try:
        head = put_back(live, file)
        answer(wants_json, {"audit_rows": head.rows, "audit_head": head.hash})
    finally:
        live.close()


@click.group()
def audit() -> None:
    """Audit: the trail of everything that was done, hash-chained."""


@audit.command()
@database
@click.option("--head", metavar="ROWS:HASH", help="What an earlier verify printed: finds rows cut off since.")
@for_machines
def verify(database: str, head: str | None, wants_json: bool) -> None:
    """Walk the trail and name the first row that is not as it was written."""
    from qujiang.store import Store
    from qujiang.store.trail import Head
    from qujiang.store.trail import verify as walk

    expected = None
    if head is not None:
        rows, _, digest = head.partition(":")
        if not rows.isdigit() or len(digest) != 64:
            raise click.BadParameter("write ROWS:HASH as verify prints it", param_hint="--head")
        expected = Head(int(rows), digest)
    live = Store(database)
    try:
        with live.read() as connection:
            found = walk(connection, expected_head=expected)
    finally:
        live.close()
    answer(wants_json, {"whole": True, "rows": found.rows, "head": f"{found.rows}:{found.hash}"})
