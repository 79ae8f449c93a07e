"""Describe a folder of tables as a Data Package, version 2 (https://datapackage.org)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qujiang.tables.columns import LIST_SEPARATOR, SUFFIXES, Column, Table
from qujiang.tables.csv_text import separator_of
from qujiang.tables.files import as_text
from qujiang.tables.values import FALSE, TRUE
from qujiang.tables.writing import write_aside

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

_TYPES = {
    "text": "string",
    "choice": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "list": "list",
}
_MEDIA = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}


def datapackage(
    tables: Sequence[Table],
    folder: str | Path,
    *,
    name: str,
    title: str,
    licenses: Sequence[Mapping[str, str]] = (),
    sources: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The descriptor of the tables that the folder holds.

    Parameters
    ----------
    tables
        The declared tables; one without a file is left out, and so are references to it.
    folder
        Where the files are; they are taken as checked.
    name, title
        The package's short name and its title.
    licenses, sources
        As the standard has them: ``name``, ``path``, ``title``.

    Returns
    -------
    dict
        JSON-ready. A reference to one of several tables, and one from the items of a list, is beyond the standard's
        foreign keys and stands in the property ``reference`` of its field.
    """
    folder = Path(folder)
    files = {
        table.name: path
        for table in tables
        for ending in SUFFIXES
        if (path := folder / (table.name + ending)).is_file()
    }
    described: dict[str, Any] = {"$schema": PROFILE, "name": name, "title": title}
    if licenses:
        described["licenses"] = [dict(one) for one in licenses]
    if sources:
        described["sources"] = [dict(one) for one in sources]
    described["resources"] = [
        _resource(table, files[table.name], set(files)) for table in tables if table.name in files
    ]
    return described


def write_datapackage(tables: Sequence[Table], folder: str | Path, **words: Any) -> Path:
    """Write ``datapackage.json`` into the folder; ``words`` as in ``datapackage``."""
    text = json.dumps(datapackage(tables, folder, **words), ensure_ascii=False, indent=2) + "\n"
    return write_aside(Path(folder) / "datapackage.json", text.encode())


def _resource(table: Table, path: Path, present: set[str]) -> dict[str, Any]:
    data = path.read_bytes()
    resource: dict[str, Any] = {
        "name": table.name,
        "type": "table",
        "path": path.name,
        "description": table.meaning,
        "format": path.suffix[1:],
        "mediatype": _MEDIA[path.suffix],
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
    }
    if path.suffix == ".csv":
        text = as_text(data, file=path.name)
        resource["encoding"] = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        separator, skipped = separator_of(text, table.names) if isinstance(text, str) else (",", 0)
        if (separator, skipped) != (",", 0):
            resource["dialect"] = {"delimiter": separator, "headerRows": [skipped + 1]}
    resource["schema"] = _schema(table, present)
    return resource


def _schema(table: Table, present: set[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(table, column) for column in table.columns], "missingValues": [""]}
    if not all(column.needed for column in table.columns):
        # a column that is not needed may be absent from the file
        schema["fieldsMatch"] = "partial"
    if table.key:
        schema["primaryKey"] = list(table.key)
    keys = [_foreign_key(table, column) for column in table.columns if _is_foreign_key(column, present)]
    if keys:
        schema["foreignKeys"] = keys
    return schema


def _is_foreign_key(column: Column, present: set[str]) -> bool:
    return column.type != "list" and len(column.references) == 1 and column.references[0][0] in present


def _foreign_key(table: Table, column: Column) -> dict[str, Any]:
    ((target, field),) = column.references
    return {
        "fields": [column.name],
        # within its own table the standard leaves the resource out
        "reference": {"fields": [field]} if target == table.name else {"resource": target, "fields": [field]},
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES[column.type], "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    if column.type == "list":
        field |= {"delimiter": LIST_SEPARATOR, "itemType": "string"}
    if column.type == "boolean":
        field |= {"trueValues": [TRUE, "true"], "falseValues": [FALSE, "false"]}
    if column.reference and (column.type == "list" or len(column.references) > 1):
        field["reference"] = column.reference
    constraints = {
        "required": True if column.needed else None,
        "unique": True if table.key == (column.name,) else None,
        "minimum": column.minimum,
        "exclusiveMinimum": column.exclusive_minimum,
        "maximum": column.maximum,
        "enum": list(column.choices) if column.choices and column.type == "choice" else None,
        "pattern": column.pattern,
    }
    set_ones = {rule: value for rule, value in constraints.items() if value is not None}
    return field | ({"constraints": set_ones} if set_ones else {})
