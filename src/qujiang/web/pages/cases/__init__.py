"""The counter of one thing done in one go, 高效办成一件事: notice, one form, papers, progress, the officer's steps."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter


def routers() -> Iterator[APIRouter]:
    """The routers of this counter."""
    from qujiang.web.pages.cases import apply, bundles, case

    yield from (bundles.router, apply.router, case.router)
