"""Who is near a venue, as long as no walking network is read: circles of a walk in a straight line.

An approximation, and marked so wherever it is shown: the walk is a straight line made longer by one assumed factor. Rivers,
railways and closed blocks are not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qujiang.words import tell

MINUTES = 15
#: Walking speed of an adult (assumed planning value) [m/min].
SPEED_M_PER_MIN = 80.0
#: Way on foot over straight distance (assumed; street networks give 1.2 to 1.4) [1].
DETOUR_RATIO = 1.3
#: Mean radius of the earth [m].
EARTH_M = 6_371_008.8
CORNERS = 48
OPEN = ("open",)


def radius_m(minutes: float = MINUTES) -> float:
    """Straight distance that a walk of some minutes covers [m].

    >>> round(radius_m())
    923
    """
    return minutes * SPEED_M_PER_MIN / DETOUR_RATIO


def coverage(venues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The assumptions, and which venues have a circle: open ones with a point."""
    words = tell("cockpit.coverage", minutes=MINUTES, speed=f"{SPEED_M_PER_MIN:g}", detour=f"{DETOUR_RATIO:g}")
    return {
        "minutes": MINUTES,
        "speed_m_per_min": SPEED_M_PER_MIN,
        "detour_ratio": DETOUR_RATIO,
        "radius_m": radius_m(),
        "status": "assumed",
        "how": {"en": words.en, "zh": words.zh},
        "venues": [v["id"] for v in venues if v["lon"] is not None and v["lat"] is not None and v["state"] in OPEN],
    }


def circle(lon_deg: float, lat_deg: float, metres: float) -> list[list[float]]:
    """A closed ring of points at one distance on the globe, counter-clockwise, from the north [degrees]."""
    lat, far = math.radians(lat_deg), metres / EARTH_M
    ring = []
    for corner in range(CORNERS):
        turn = -2 * math.pi * corner / CORNERS
        up = math.asin(math.sin(lat) * math.cos(far) + math.cos(lat) * math.sin(far) * math.cos(turn))
        east = math.atan2(math.sin(turn) * math.sin(far) * math.cos(lat), math.cos(far) - math.sin(lat) * math.sin(up))
        ring.append([round(lon_deg + math.degrees(east), 6), round(math.degrees(up), 6)])
    return [*ring, ring[0]]
