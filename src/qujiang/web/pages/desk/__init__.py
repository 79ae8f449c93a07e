"""The counter of the request desk 企呼我应: enterprise portal, officer's desk, supervisor's board, public list."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter


def routers() -> Iterator[APIRouter]:
    """The routers of this counter."""
    from qujiang.web.pages.desk import board, hotline, intake, lists, public, request

    yield from (public.router, intake.router, hotline.router, board.router, lists.router, request.router)
