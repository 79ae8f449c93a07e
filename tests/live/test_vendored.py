"""The front-end libraries are those of their packages, byte for byte, each with its licence; nothing else is vendored."""

from __future__ import annotations

import hashlib
import re
import tomllib
from importlib.resources import files
from pathlib import Path

PAGES = Path(str(files("qujiang.web.pages")))
VENDOR = PAGES / "static" / "vendor"
LISTED = tomllib.loads((VENDOR / "VENDORED.toml").read_text(encoding="utf-8"))["file"]


def test_every_file_has_its_hash_and_licence() -> None:
    assert {f["name"] for f in LISTED} == {p.name for p in VENDOR.iterdir() if p.suffix in (".js", ".css")}
    for file in LISTED:
        assert hashlib.sha256((VENDOR / file["name"]).read_bytes()).hexdigest() == file["sha256"], file["name"]
        assert (VENDOR / file["licence_file"]).stat().st_size > 200


def test_no_page_holds_a_script_or_a_style_or_an_address_elsewhere() -> None:
    for path in (PAGES / "templates").rglob("*.j2"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), path.name
        assert not re.search(r"<style|\bstyle=|\bon[a-z]+=\"", text), path.name
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), path.name
    for path in (PAGES / "static").glob("*.*s"):
        assert not re.search(r"https?://(?!www\.w3\.org/)", path.read_text(encoding="utf-8")), path.name
