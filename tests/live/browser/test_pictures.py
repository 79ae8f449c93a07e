"""The pictures of the README are taken from the running pages: ``QUJIANG_PICTURES=1 pytest …/test_pictures.py`` renews them."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.browser.conftest import DRAWN, MAP, Site, serving

IMAGES = Path(__file__).parents[3] / "docs" / "img"
PICTURES = {
    "web-cockpit-zh": ("/", "zh", "desktop", False),
    "web-cockpit": ("/", "en", "desktop", False),
    "web-cockpit-phone": ("/", "zh", "phone", True),
    "web-try": ("/try", "en", "desktop", False),
    "web-quote": ("/freight?from=changshan&to=suzhou&cargo=steel&tonnes=500", "en", "desktop", False),
    "web-port": ("/port", "zh", "desktop", False),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, planned_template: Path) -> Iterator[Site]:
    """A server that keeps the plan."""
    with serving(tmp_path_factory.mktemp("pictures"), planned_template, study_futures=128) as (_, made):
        yield made


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_is_taken_as_a_picture(visit, tmp_path: Path, name: str) -> None:
    path, language, size, dark = PICTURES[name]
    page = visit(path, language=language, size=size, dark=dark, meant=MAP)
    if page.locator("[data-map]").count():
        page.wait_for_selector(DRAWN, timeout=30_000)
    taken = tmp_path / f"{name}.png"
    page.screenshot(path=taken)
    width, height, shades = measured(taken.read_bytes())
    assert (width, height) == {"desktop": (1280, 900), "phone": (360, 780)}[size]
    assert shades > 50  # more than a blank page or one line of text
    if os.environ.get("QUJIANG_PICTURES"):
        shutil.copy(taken, IMAGES / taken.name)


def test_the_readmes_show_pictures_that_are_taken_here() -> None:
    root = IMAGES.parents[1]
    for readme in ("README.md", "README.zh.md"):
        text = (root / readme).read_text(encoding="utf-8")
        shown = {name for name in PICTURES if f"docs/img/{name}.png" in text}
        assert shown and all((IMAGES / f"{name}.png").is_file() for name in shown), readme


def measured(png: bytes) -> tuple[int, int, int]:
    """Width, height and the number of different bytes in the lines of a PNG."""
    width, height = struct.unpack(">II", png[16:24])
    packed, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return width, height, len(set(zlib.decompress(packed)))
