"""The live database: engine, migrations, accounts, audit trail, backup."""

from qujiang.store.caller import ANONYMOUS, SYSTEM, Caller
from qujiang.store.engine import Store, Unit
from qujiang.store.migrate import migrate

__all__ = ["ANONYMOUS", "SYSTEM", "Caller", "Store", "Unit", "migrate", "open_store"]


def open_store(url: str, **options) -> Store:
    """Open a live database and bring its tables up to date."""
    store = Store(url, **options)
    migrate(store)
    return store
