"""Open a file that a stranger wrote: what may be read at all, and in which encoding."""

from __future__ import annotations

import codecs
from pathlib import Path

from qujiang.errors import Fault

#: Larger files are refused before they are read.
LIMIT_BYTES = 64 * 1024 * 1024
SAVE_AS_UTF8 = "save it as 'CSV UTF-8'"

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "if it is a workbook, name it .xlsx"),
    (b"PAR1", "a Parquet file", "name it .parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save it as .xlsx or 'CSV UTF-8'"),
    (b"\x89PNG", "a PNG picture", "put the table in its place"),
    (b"\xff\xd8\xff", "a JPEG picture", "put the table in its place"),
    (b"%PDF", "a PDF document", "put the table in its place"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"<!doctype html", "a web page", "download the table itself"),
    (b"<html", "a web page", "download the table itself"),
)


def file_fault(file: str, rule: str, mend: str, *, line: int | None = None) -> Fault:
    """A fault of the whole file, or of a whole line."""
    return Fault(file, line, None, None, rule, mend)


def read_bytes(path: Path, *, file: str, limit_bytes: int = LIMIT_BYTES, inside: Path | None = None) -> bytes | Fault:
    """The bytes of a file, or the one reason why it may not or cannot be read.

    Parameters
    ----------
    path
        What to read.
    file
        The name to tell in a fault.
    limit_bytes
        A larger file is refused unread [bytes].
    inside
        A link that leads out of this folder is refused.
    """
    try:
        refused = _refusal(path, file, limit_bytes, inside)
        return refused or path.read_bytes()
    except OSError as error:
        return file_fault(
            file, f"cannot be read: {error.strerror or type(error).__name__}", "check the file and its permissions"
        )


def _refusal(path: Path, file: str, limit_bytes: int, inside: Path | None) -> Fault | None:
    if inside is not None and not path.resolve().is_relative_to(inside.resolve()):
        return file_fault(file, "may not be a link that leads out of the folder", "put the file itself into the folder")
    if path.is_symlink() and not path.exists():
        return file_fault(file, "is a link that leads nowhere", "put the file itself into the folder")
    if not path.exists():
        return file_fault(file, "file is missing", "check the path")
    if path.is_dir():
        return file_fault(file, "must be a file, and is a folder", "rename or remove the folder")
    if not path.is_file():
        return file_fault(file, "must be a plain file", "put a plain file in its place")
    size = path.stat().st_size
    if size == 0:
        return file_fault(file, "may not be empty", "write at least the header line, or remove the file")
    if size > limit_bytes:
        return file_fault(
            file,
            f"is too large: {size:,} bytes, the limit is {limit_bytes:,}",
            "split it, or leave out what is not needed",
        )
    return None


def as_text(data: bytes, *, file: str) -> str | Fault:
    """Decode UTF-8 (with or without mark) or UTF-16 with mark; name anything else instead of guessing."""
    for start, what, mend in _SIGNATURES:
        if data[: len(start)].lower() == start.lower():
            return file_fault(file, f"must be a text file, and is {what}", mend)
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        return _encoding_fault(data, file, error)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return file_fault(file, "must be a text file, and holds NUL bytes", SAVE_AS_UTF8, line=line)
    if not text.strip():
        return file_fault(file, "may not be empty", "write at least the header line, or remove the file")
    return text


def _encoding_fault(data: bytes, file: str, error: UnicodeDecodeError) -> Fault:
    line = data[: error.start].count(b"\n") + 1
    if b"\0" in data:
        return file_fault(file, "must be a text file, and holds NUL bytes", SAVE_AS_UTF8)
    if error.encoding.startswith("utf-16") or error.encoding.startswith("utf_16"):
        return file_fault(file, "must be UTF-8; it begins as UTF-16 and is damaged", SAVE_AS_UTF8)
    if _is_gb18030(data):
        return file_fault(file, "must be UTF-8; the file is GB18030 (GBK)", SAVE_AS_UTF8, line=line)
    byte = data[error.start]
    return file_fault(file, f"must be UTF-8; byte 0x{byte:02X} in this line is not", SAVE_AS_UTF8, line=line)


def _is_gb18030(data: bytes) -> bool:
    """Whether the bytes are Chinese text in GB18030: every one decodes, and most of what is not ASCII is Chinese."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    other = [character for character in text[:1_000_000] if ord(character) > 127]
    chinese = sum("\u4e00" <= character <= "\u9fff" or "\u3000" <= character <= "\u303f" for character in other)
    return chinese > len(other) / 2
