"""What a study asks: an overlay, how many futures, which seed. Equal questions have one key and one answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from qujiang.errors import DataError, Fault

MOST_FUTURES = 10_000
MOST_SEED = 2**31 - 1
#: An overlay is a page of text, not a book.
MOST_OVERLAY_BYTES = 64 * 1024
MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Arguments:
    """How a plan is run; ``futures`` 0 asks for the base future only."""

    futures: int = 256
    seed: int = 1

    def as_dict(self) -> dict[str, int]:
        """JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a study stands: a district as it is, and the program that computes."""

    district_id: str
    district_hash: str
    program: str


def check_arguments(arguments: Arguments) -> None:
    """Refuse what would never end.

    Raises
    ------
    DataError
        Every argument that is out of bounds.
    """
    bounds = {"futures": (0, MOST_FUTURES), "seed": (0, MOST_SEED)}
    faults = [
        Fault("arguments", None, name, str(getattr(arguments, name)), f"must lie from {low} to {high:,}", "choose less")
        for name, (low, high) in bounds.items()
        if not low <= getattr(arguments, name) <= high
    ]
    if faults:
        raise DataError(faults)


def key_of(ground: Ground, overlay: str, arguments: Arguments) -> str:
    """One text per question; line ends do not make another one, and a seed counts only where futures are drawn."""
    asked = arguments.as_dict() if arguments.futures else {"futures": 0}
    parts = [ground.district_id, ground.district_hash, ground.program, plain_text(overlay), asked]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def plain_text(overlay: str) -> str:
    """An overlay with plain line ends and no blanks around it."""
    return overlay.replace("\r\n", "\n").strip()


def read_arguments(content: Mapping[str, Any]) -> Arguments:
    """Arguments from their JSON form."""
    return Arguments(int(content["futures"]), int(content["seed"]))
