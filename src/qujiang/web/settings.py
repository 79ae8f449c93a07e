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
    """``services`` is the district's folder of service data, ``district`` the whole of it (None: the bundled one); ``secure``
    marks the cookie for https only; ``prefix`` is what a proxy puts before every path; ``open_cockpit`` shows the plan's
    pages to everyone, else to who is signed in. ``study_every_s`` is how often this process looks for studies to work (0: never),
    ``study_futures`` how many futures the district's own plan is tested on; ``open_studies`` lets enterprises save studies.
    ``private_webhooks`` lets events be posted to this machine and private networks."""

    database: str
    services: Path
    district: Path | None = None
    prefix: str = ""
    open_cockpit: bool = True
    secure: bool = False
    contact: str = "request desk"
    pool_size: int = 10
    threads: int = 16
    webhook_every_s: float = 2.0
    study_every_s: float = 0.0
    study_futures: int = 1000
    study_scenarios: bool = True  # the district's own scenarios are computed as well
    study_minutes: float = 30.0
    study_memory_mb: float = 4096.0
    open_studies: bool = False
    private_webhooks: bool = False
    clock: Callable[[], datetime] = utc_now


def from_environment() -> Settings:
    """The settings that ``qujiang serve`` hands to each of its processes."""
    try:
        database, services = os.environ["QUJIANG_DATABASE"], os.environ["QUJIANG_SERVICES"]
    except KeyError as missing:
        raise ScenarioError(f"{missing.args[0]} is not set; start the server with qujiang serve") from None
    district = os.environ.get("QUJIANG_DISTRICT")
    return Settings(
        database,
        Path(services),
        district=Path(district) if district else None,
        prefix=os.environ.get("QUJIANG_PREFIX", ""),
        open_cockpit=os.environ.get("QUJIANG_COCKPIT", "open") == "open",
        secure=os.environ.get("QUJIANG_SECURE") == "1",
        study_every_s=float(os.environ.get("QUJIANG_STUDY_EVERY_S", "1")),
        study_futures=int(os.environ.get("QUJIANG_STUDY_FUTURES", "1000")),
        open_studies=os.environ.get("QUJIANG_OPEN_STUDIES") == "1",
        private_webhooks=os.environ.get("QUJIANG_PRIVATE_WEBHOOKS") == "1",
    )
