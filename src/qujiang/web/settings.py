"""What the application is started with."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qujiang.errors import ScenarioError
from qujiang.store.engine import utc_now


@dataclass(frozen=True, slots=True)
class Settings:
    """``services`` is the district's folder of service data; ``secure`` marks the cookie for https only."""

    database: str
    services: Path
    secure: bool = False
    contact: str = "request desk"
    pool_size: int = 10
    threads: int = 16
    webhook_every_s: float = 2.0
    clock: Callable[[], datetime] = utc_now


def from_environment() -> Settings:
    """The settings that ``qujiang serve`` hands to each of its processes."""
    try:
        database, services = os.environ["QUJIANG_DATABASE"], os.environ["QUJIANG_SERVICES"]
    except KeyError as missing:
        raise ScenarioError(f"{missing.args[0]} is not set; start the server with qujiang serve") from None
    return Settings(database, Path(services), secure=os.environ.get("QUJIANG_SECURE") == "1")
