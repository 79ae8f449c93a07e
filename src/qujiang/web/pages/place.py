"""The district behind the pages: its name at once, its tables when a page first asks for them."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from qujiang.district.info import read_info
from qujiang.web.settings import Settings
from qujiang.words import Both, both_of

if TYPE_CHECKING:
    from qujiang.district import District

_opening = threading.Lock()


def folder_of(settings: Settings) -> Path:
    """The district's folder; the one around the services' data where none is named."""
    return settings.district or settings.services.parent


def name_of(settings: Settings) -> Both:
    """What the district is called; the folder's name where ``district.toml`` does not say it."""
    return _name(folder_of(settings))


def has(settings: Settings, name: str) -> bool:
    """Whether the district has rows in a table (``berths.csv``), or files in a folder (``services``); read once."""
    at = settings.services.parent if name.split("/")[0] == "services" else folder_of(settings)
    return _has(at, name)


def district_of(settings: Settings) -> District:
    """The district, read and checked once.

    Raises
    ------
    DataError
        Its tables are faulty.
    """
    with _opening:
        return _open(folder_of(settings))


def towns_of(settings: Settings) -> tuple[Both, ...]:
    """The district's towns and street offices by name, in the order of its table; empty where it has none.

    Only this table is read, and one that cannot be read counts as none: the desk works beside a district at fault.
    """
    return _towns(folder_of(settings))


@lru_cache(maxsize=8)
def _towns(folder: Path) -> tuple[Both, ...]:
    path = folder / "towns.csv"
    if not path.is_file():
        return ()
    from qujiang.district.vocabulary import TABLE
    from qujiang.tables import read_table

    rows = read_table(TABLE["towns"], path).frame.to_dicts()
    return tuple(both_of(row, "name") for row in rows if row["name_zh"] or row["name_en"])


@lru_cache(maxsize=8)
def _name(folder: Path) -> Both:
    info, _ = read_info(folder)
    return Both(info.name_en or info.name_zh, info.name_zh) if info else Both(folder.name, folder.name)


@lru_cache(maxsize=64)
def _has(folder: Path, name: str) -> bool:
    place = folder / name
    if place.is_dir():
        return any(place.iterdir())
    try:
        with place.open(encoding="utf-8", errors="replace") as file:
            return sum(1 for line in file if line.strip()) > 1  # the heading is one
    except OSError:
        return False


@lru_cache(maxsize=8)
def _open(folder: Path) -> District:
    from qujiang.district import District

    return District.open(folder)
