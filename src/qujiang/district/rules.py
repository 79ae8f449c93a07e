"""Rules across tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from qujiang.district.info import Info
from qujiang.errors import Fault


def check(
    info: Info, frames: Mapping[str, pl.DataFrame], lines: Mapping[str, pl.Series], known: Sequence[Fault]
) -> list[Fault]:
    """Every fault across tables."""
    return []
