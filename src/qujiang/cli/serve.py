"""``qujiang serve``: the live half over HTTP."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import click

from qujiang.cli.desk import services_folder


@click.command()
@click.argument("district", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--database",
    default="qujiang.sqlite3",
    show_default=True,
    metavar="URL",
    help="A file, sqlite:///file or postgresql://…",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes; more than one asks for PostgreSQL.",
)
@click.option("--https", is_flag=True, help="Behind https: the cookie is marked secure.")
@click.option("--prefix", default="", metavar="/PATH", help="What a proxy puts before every path, such as /qujiang.")
@click.option(
    "--proxy",
    default="",
    metavar="ADDRESS",
    help="Trust this proxy's word on who calls (X-Forwarded-For); without it, its own address counts.",
)
@click.option(
    "--samples", is_flag=True, help="Fill an empty database with accounts of every role and sample requests, to try."
)
@click.option("--closed", is_flag=True, help="Show the plan's pages only to who is signed in.")
@click.option(
    "--futures",
    type=click.IntRange(0, 10_000),
    default=1000,
    show_default=True,
    help="Futures that the district's own plan is tested on, in the background.",
)
@click.option("--private-webhooks", is_flag=True, help="Events may be posted to this machine and to private networks.")
@click.option("--open-studies", is_flag=True, help="Enterprises may save and run scenarios too.")
def serve(
    district: Path | None,
    database: str,
    host: str,
    port: int,
    workers: int,
    https: bool,
    prefix: str,
    proxy: str,
    samples: bool,
    closed: bool,
    futures: int,
    open_studies: bool,
    private_webhooks: bool,
) -> None:
    """Serve: pages, API and Open311 in one process, until interrupted.

    The first start makes an administrator and prints a one-time password. Health is at /health, readiness at /ready.
    """
    import uvicorn

    from qujiang.cases import read_bundles
    from qujiang.cli.samples import fill
    from qujiang.desk import read_rulebook
    from qujiang.store import open_store

    if prefix and not re.fullmatch(r"(/[\w.~-]+)+", prefix):
        raise click.BadParameter(f"{prefix}: write /qujiang, without a slash at the end", param_hint="--prefix")
    services = services_folder(district)
    book = read_rulebook(services, needed=False)  # a faulty district is told here, not by a server that does not start
    read_bundles(services)
    if not services.exists():
        click.echo(f"no counters: there is no folder {services}; the plan's pages are served alone", err=True)
    store = open_store(database)
    try:
        password = _first_admin(store)
        tried = fill(store, book) if samples else None
        address = store.url.render_as_string(hide_password=False)
    finally:
        store.close()
    where = f"http://{host}:{port}{prefix}"
    if password:
        click.echo(f"first start: sign in at {where}/sign-in as admin with the one-time password {password}")
    if tried:
        click.echo(f"samples: password {tried[0]} for {', '.join(tried[1])}")
    os.environ["QUJIANG_DATABASE"], os.environ["QUJIANG_SERVICES"] = address, str(services.resolve())
    os.environ["QUJIANG_SECURE"] = "1" if https else "0"
    os.environ["QUJIANG_PREFIX"], os.environ["QUJIANG_COCKPIT"] = prefix, "closed" if closed else "open"
    os.environ["QUJIANG_STUDY_FUTURES"], os.environ["QUJIANG_OPEN_STUDIES"] = str(futures), "1" if open_studies else "0"
    os.environ["QUJIANG_PRIVATE_WEBHOOKS"] = "1" if private_webhooks else "0"
    os.environ["QUJIANG_DISTRICT"] = "" if district is None else str(district.resolve())
    click.echo(f"{where}/  {where}/api/v1  {where}/open311/v2/discovery.json", err=True)
    uvicorn.run(
        "qujiang.web.app:from_environment_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        timeout_keep_alive=65,  # longer than a reader thinks, and than a proxy keeps its own end open
    )


def _first_admin(store) -> str | None:
    """An administrator for an empty database; the password, or None when there is one already."""
    from sqlalchemy import select

    from qujiang.store import SYSTEM
    from qujiang.store.accounts import NewAccount, create_account
    from qujiang.store.schema import accounts

    with store.write(SYSTEM) as unit:
        if unit.execute(select(accounts.c.id).where(accounts.c.role == "admin").limit(1)).first():
            return None
        password = secrets.token_urlsafe(15)
        create_account(unit, NewAccount("admin", "admin", password=password, one_time=True))
        return password
