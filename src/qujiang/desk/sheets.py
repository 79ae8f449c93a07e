"""Files in and out: a hotline's CSV, and CSV answers that no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from qujiang.desk.access import allow
from qujiang.desk.intake import Draft, receive
from qujiang.desk.rulebook import Rulebook
from qujiang.errors import DataError, Fault
from qujiang.store import Unit
from qujiang.store.schema_rooms import requests
from qujiang.tables.plain import PlainRow, parse_rows

HOTLINE = (
    "ticket",
    "received_at",
    "enterprise_code",
    "enterprise_name",
    "contact_name",
    "phone",
    "service_code",
    "title",
    "description",
)
OPTIONAL = ("town", "address")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def take_hotline(unit: Unit, book: Rulebook, text: str, file: str = "hotline.csv") -> dict[str, Any]:
    """Take in a hotline's file: whole or, with every fault told, not at all. A ticket taken before is passed over."""
    allow(unit.caller, "intake")
    rows = parse_rows(text, file, HOTLINE, OPTIONAL)
    tickets = [row["ticket"] for row in rows]
    faults = [
        row.fault("ticket", "stands twice" if row["ticket"] else "is empty")
        for n, row in enumerate(rows)
        if not row["ticket"] or row["ticket"] in tickets[:n]
    ]
    known = _known(unit, tickets)
    taken: list[str] = []
    for row in rows:
        if row["ticket"] in known:
            continue
        try:
            draft, at = _draft(row)
            if at > unit.now:
                raise DataError([row.fault("received_at", "lies in the future")])
            taken.append(receive(unit, book, draft, received_at=at).number)
        except DataError as error:
            faults += [Fault(file, row.line, f.column, f.value, f.rule, f.mend) for f in error.faults]
    if faults:
        raise DataError(faults)
    return {"taken": len(taken), "known": len(known), "numbers": taken}


def _known(unit: Unit, tickets: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(tickets), 500):
        query = select(requests.c.source_ref).where(
            requests.c.channel == "hotline", requests.c.source_ref.in_(tickets[start : start + 500])
        )
        found |= set(unit.execute(query).scalars())
    return found


def _draft(row: PlainRow) -> tuple[Draft, datetime]:
    try:
        at = datetime.fromisoformat(row["received_at"])
    except ValueError:
        raise DataError([row.fault("received_at", "is no date-time", "write 2026-11-23T09:30:00+08:00")]) from None
    if at.tzinfo is None:
        raise DataError([row.fault("received_at", "names no time zone", "add +08:00")])
    cells: dict[str, Any] = {name: row.cells.get(name, "") for name in (*HOTLINE, *OPTIONAL) if name != "received_at"}
    cells["source_ref"] = cells.pop("ticket")
    for name in ("enterprise_code", "service_code", "town"):
        cells[name] = cells[name] or None
    return Draft(channel="hotline", **cells), at


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """CSV with a mark, so that a spreadsheet reads Chinese; a text that looks like a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([plain_cell(row.get(name)) for name in columns])
    return "\ufeff" + out.getvalue()


def plain_cell(value: Any) -> Any:
    """A cell that stays text in a spreadsheet; numbers stay numbers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value
