"""The rooms of the application. A room joins by one line in ``ROOMS`` and one in ``routers``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter

from qujiang.store import Caller
from qujiang.store.schema import ROLES
from qujiang.web.pages.place import has
from qujiang.web.settings import Settings

EVERYONE = frozenset({"anonymous", *ROLES})
PEOPLE = frozenset(ROLES)


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the menu: its name is the word ``web.room.<id>``.

    ``needs`` is a file or folder of the district without whose rows the room would stand empty; None: it never does.
    """

    id: str
    path: str
    roles: frozenset[str] = EVERYONE
    needs: str | None = None


ROOMS: tuple[Room, ...] = (
    Room("cockpit", "/"),
    Room("try", "/try"),
    Room("studies", "/studies"),
    Room("freight", "/freight", needs="demand.csv"),
    Room("port", "/port", needs="berths.csv"),
    Room("projects", "/projects", needs="projects.csv"),
    Room("buildings", "/buildings", needs="suites.csv"),
    Room("outlook", "/outlook"),
    Room("desk", "/desk", needs="services"),
    Room("cases", "/cases", needs="services/bundles"),
    Room("accounts", "/accounts", frozenset({"admin"})),
)


def open_rooms(caller: Caller, settings: Settings) -> tuple[Room, ...]:
    """The rooms that a caller finds in the menu: those of the role, without those for which the district has no data."""
    return tuple(
        room for room in ROOMS if caller.role in room.roles and (room.needs is None or has(settings, room.needs))
    )


def routers() -> Iterator[APIRouter]:
    """The routers of all rooms."""
    from qujiang.web.pages import (
        accounts,
        assets,
        buildings,
        cases,
        desk,
        entry,
        freight,
        outlook,
        plan,
        port,
        projects,
        tries,
    )

    yield from (assets.router, entry.router, accounts.router)
    yield from (
        plan.router,
        tries.router,
        freight.router,
        port.router,
        projects.router,
        buildings.router,
        outlook.router,
    )
    yield from desk.routers()
    yield from cases.routers()
