"""The rooms of the application. A room joins by one line in ``ROOMS`` and one in ``routers``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter

from qujiang.store import Caller
from qujiang.store.schema import ROLES

EVERYONE = frozenset({"anonymous", *ROLES})
PEOPLE = frozenset(ROLES)


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the menu: its name is the word ``web.room.<id>``."""

    id: str
    path: str
    roles: frozenset[str] = EVERYONE


ROOMS: tuple[Room, ...] = (
    Room("cockpit", "/"),
    Room("try", "/try"),
    Room("studies", "/studies"),
    Room("freight", "/freight"),
    Room("port", "/port"),
    Room("projects", "/projects"),
    Room("outlook", "/outlook"),
    Room("desk", "/desk"),
    Room("cases", "/cases"),
    Room("accounts", "/accounts", frozenset({"admin"})),
)


def open_rooms(caller: Caller) -> tuple[Room, ...]:
    """The rooms that a caller finds in the menu."""
    return tuple(room for room in ROOMS if caller.role in room.roles)


def routers() -> Iterator[APIRouter]:
    """The routers of all rooms."""
    from qujiang.web.pages import accounts, assets, cases, desk, entry, freight, outlook, plan, port, projects, tries

    yield from (assets.router, entry.router, accounts.router)
    yield from (plan.router, tries.router, freight.router, port.router, projects.router, outlook.router)
    yield from desk.routers()
    yield from cases.routers()
