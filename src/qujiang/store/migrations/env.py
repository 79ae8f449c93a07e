"""Alembic runs the migrations inside the transaction that ``migrate`` opened."""

from alembic import context

from qujiang.store.schema import metadata
from qujiang.store.schema_rooms import requests
from qujiang.store.schema_studies import studies

assert requests.metadata is studies.metadata is metadata  # every room's tables are known here
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
