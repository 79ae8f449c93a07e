"""Bring a live database to this version's tables; nothing to do costs one question."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from qujiang.errors import ScenarioError
from qujiang.store.engine import Store

_LOCK = 0x71756A6D


def configuration() -> Config:
    """Alembic's, without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    """The revision that this version of the program needs."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def stands_at(store: Store) -> str | None:
    """The revision of the database; None when it is empty."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(store: Store) -> None:
    """Create or upgrade the tables, alone: a second server waits until the first is done."""
    here = stands_at(store)
    if here == newest():
        store.learn_latest()
        return
    config = configuration()
    if here is not None and here not in {r.revision for r in ScriptDirectory.from_config(config).walk_revisions()}:
        raise ScenarioError(
            f"the database stands at revision {here}, which this version does not know; use a newer qujiang"
        )
    with store.engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            if not store.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    store.learn_latest()
