"""The bundles at hand: those of the files for new cases, and every version that a running case began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from qujiang.cases.bundle import compile_bundle, read_files
from qujiang.cases.model import Bundle
from qujiang.errors import NotFoundError
from qujiang.rules import DecisionTable, read_table
from qujiang.store import SYSTEM, Store
from qujiang.store.schema import bundles


@dataclass(frozen=True, slots=True)
class Library:
    """``current`` maps a name to its number and bundle; older versions are compiled from the store when asked for."""

    current: Mapping[str, tuple[int, Bundle]]
    tables: Mapping[str, DecisionTable]
    compiled: dict[int, Bundle] = field(default_factory=dict)

    def named(self, name: str) -> tuple[int, Bundle]:
        """The bundle for new cases."""
        if name not in self.current:
            raise NotFoundError(f"no bundle {name!r}; one of {', '.join(self.current)}")
        return self.current[name]

    def of(self, connection: Connection, bundle_id: int) -> Bundle:
        """The version that a case began with."""
        if bundle_id not in self.compiled:
            row = connection.execute(select(bundles).where(bundles.c.id == bundle_id)).one()
            self.compiled[bundle_id] = compile_bundle(row.name, row.files, self.tables)
        return self.compiled[bundle_id]


def read_bundles(services: Path) -> tuple[dict[str, DecisionTable], dict[str, tuple[Bundle, dict[str, str]]]]:
    """The decision tables and the compiled bundles of a services folder."""
    tables = {path.stem: read_table(services, path.stem) for path in sorted(services.glob("*.toml"))}
    found: dict[str, tuple[Bundle, dict[str, str]]] = {}
    for folder in sorted((services / "bundles").glob("*/")):
        files = read_files(folder)
        found[folder.name] = (compile_bundle(folder.name, files, tables), files)
    return tables, found


def load_library(store: Store, services: Path) -> Library:
    """Bring the files' bundles into the store; a bundle that changed becomes a new version beside the old one."""
    tables, found = read_bundles(services)
    current: dict[str, tuple[int, Bundle]] = {}
    for name, (bundle, files) in found.items():
        with store.write(SYSTEM) as unit:
            known = unit.execute(
                select(bundles.c.id, bundles.c.current)
                .where(bundles.c.name == name, bundles.c.digest == bundle.digest)
                .with_for_update()
            ).first()
            if known is None:
                values = {"name": name, "digest": bundle.digest, "files": files, "current": True, "loaded_at": unit.now}
                number = unit.execute(insert(bundles).values(values).returning(bundles.c.id)).scalar_one()
                unit.tell("bundle_loaded", f"bundle:{number}", after={"name": name, "digest": bundle.digest})
            else:
                number = known.id
            if known is None or not known.current:
                unit.execute(update(bundles).where(bundles.c.name == name).values(current=bundles.c.id == number))
        current[name] = (number, bundle)
    return Library(current, tables, dict(current.values()))
