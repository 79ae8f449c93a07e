"""Scripts, styles and pictures of the pages: named by the hash of their bytes, kept for a year by browsers, sent packed."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from qujiang.errors import NotFoundError

router = APIRouter(include_in_schema=False)
ROOT = Path(str(files("qujiang.web.pages"))) / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".toml": "text/plain; charset=utf-8",
}
YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    kind: str
    plain: bytes
    packed: bytes
    mark: str


@cache
def asset(name: str) -> Asset:
    """A file below ``static``.

    Raises
    ------
    NotFoundError
        There is none of this name.
    """
    path = (ROOT / name).resolve()
    if ROOT.resolve() not in path.parents or path.suffix not in TYPES or not path.is_file():
        raise NotFoundError(f"no file {name}")
    plain = path.read_bytes()
    return Asset(TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16])


def address(name: str) -> str:
    """Where a page finds a file: below the application's root, with the file's hash in it."""
    return f"/static/{asset(name).mark}/{name}"


@router.get("/static/{mark}/{name:path}")
def sent(mark: str, name: str, request: Request) -> Response:
    """One file; an address with an old hash is answered with the present file, which then is not kept."""
    if len(name) > 200 or "\0" in name:
        raise NotFoundError("no such file")
    file = asset(name)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": YEAR if mark == file.mark else "no-cache", "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packed else file.plain, headers=headers, media_type=file.kind)
