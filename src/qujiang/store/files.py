"""Files that are handed in: known by their first bytes, limited in size, never a page.

The content lies in the database: one transaction holds a file and what points to it, and one backup holds both.
No virus scan is made; whoever opens a file does so as any file that came from outside.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select

from qujiang.errors import ConflictError, DataError, Fault, NotFoundError
from qujiang.store.caller import Caller
from qujiang.store.engine import Unit
from qujiang.store.schema import files

MOST_BYTES = 10_000_000
MOST_WAITING = 60  # files of one account that belong to no case yet
WAITS = timedelta(days=2)

#: kind -> media type, for the answer that hands a file out.
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
}
_ENDINGS = {"jpg": "jpeg"}
_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "OFD.xml": "ofd"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in the store."""

    id: int
    name: str
    kind: str
    bytes: int
    digest: str


def kind_of(content: bytes) -> str:
    """The kind by the file's own first bytes; empty for every other kind."""
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return _kind_of_parts(content) if content.startswith(b"PK\x03\x04") else ""


def file_faults(name: str, content: bytes, *, most_bytes: int = MOST_BYTES) -> list[Fault]:
    """Everything that is wrong with a file: its name, its size, its kind; the ending must say what the bytes say."""
    shown = _shown(name)
    faults: list[Fault] = []

    def fault(rule: str, mend: str) -> None:
        faults.append(Fault("file", None, "file", shown, rule, mend))

    if not plain_name(name):
        fault("has no name", "name the file")
    if not content:
        fault("is empty", "choose the file again")
        return faults
    if len(content) > most_bytes:
        fault(f"has {len(content)} bytes, more than {most_bytes}", "scan it coarser or split it")
    kind = kind_of(content)
    ending = name.rpartition(".")[2].lower()
    if not kind:
        fault("is of no kind that is taken", f"hand in {', '.join(KINDS)}; no macros")
    elif _ENDINGS.get(ending, ending) != kind:
        fault(f"ends in .{ending[:10]} but is {kind}", f"name it .{kind}")
    return faults


def keep_file(unit: Unit, name: str, content: bytes) -> Stored:
    """Keep a file of the caller; it waits until it is handed in with a case.

    Raises
    ------
    DataError
        Every fault of the file.
    ConflictError
        Too many files of the account wait already.
    """
    unit.caller.need("enterprise")
    faults = file_faults(name, content)
    if faults:
        raise DataError(faults)
    mine = (files.c.account_id == unit.caller.account_id, files.c.case_id.is_(None))
    unit.execute(delete(files).where(*mine, files.c.at < unit.now - WAITS))
    if unit.execute(select(func.count()).select_from(files).where(*mine)).scalar_one() >= MOST_WAITING:
        raise ConflictError(f"{MOST_WAITING} files wait already; hand some in with a case, or wait two days")
    values = {
        "account_id": unit.caller.account_id,
        "name": plain_name(name),
        "kind": kind_of(content),
        "bytes": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "content": content,
        "at": unit.now,
    }
    number = unit.execute(insert(files).returning(files.c.id), values).scalar_one()
    told = {name: values[name] for name in ("kind", "bytes", "digest")}
    unit.tell("file_kept", f"file:{number}", after=told)
    return Stored(number, values["name"], values["kind"], values["bytes"], values["digest"])


def content_of(connection: Connection, file_id: int) -> bytes:
    """A file's bytes; whether the caller may see them is asked before."""
    content = connection.execute(select(files.c.content).where(files.c.id == file_id)).scalar()
    if content is None:
        raise NotFoundError(f"no content of file {file_id}: it was erased or never was")
    return bytes(content)


def waits_for(connection: Connection, caller: Caller, file_id: int) -> Stored | None:
    """The caller's own file that belongs to no case yet."""
    row = connection.execute(
        select(files.c.id, files.c.name, files.c.kind, files.c.bytes, files.c.digest).where(
            files.c.id == file_id, files.c.account_id == caller.account_id, files.c.case_id.is_(None)
        )
    ).first()
    return None if row is None else Stored(*row)


def disposition(name: str) -> str:
    """The header that makes a browser save a file and never show it (RFC 6266)."""
    from urllib.parse import quote

    plain = re.sub(r"[^\w. -]", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def plain_name(name: str) -> str:
    """A name without folders, control signs and marks of direction, at most 120 characters with its ending."""
    last = re.split(r"[/\\]", name)[-1]
    last = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    if len(last) <= 120:
        return last
    head, _, ending = last.rpartition(".")
    return f"{head[: 119 - len(ending[:10])]}.{ending[:10]}"


def _shown(name: str) -> str:
    return plain_name(name)[:80]


def _kind_of_parts(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return ""
    if any(name.casefold().endswith("vbaproject.bin") for name in names):
        return ""
    return next((kind for part, kind in _PARTS.items() if part in names), "")
