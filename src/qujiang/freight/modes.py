"""Words of freight that need no table: how a leg is carried, what happens on an arc."""

from __future__ import annotations

from enum import IntEnum

#: Sea distances stand for shortest ones; the emission table asks for 15 % on top (GLEC v3.2, module 2).
SEA_DISTANCE_FACTOR = 1.15


class Mode(IntEnum):
    """How a leg is carried."""

    ROAD = 0
    RAIL = 1
    WATER = 2


class Kind(IntEnum):
    """What happens on an arc."""

    LOAD = 0
    MOVE = 1
    TRANSSHIP = 2
    UNLOAD = 3
