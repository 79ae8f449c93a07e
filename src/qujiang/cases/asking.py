"""The one-time notice before a form is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from qujiang.cases.library import Library
from qujiang.cases.running import need_decisive, told


def preview(library: Library, name: str, choices: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The one-time notice (一次告知) before a form is filled in: only the deciding answers are needed.

    Raises
    ------
    DataError
        Every deciding answer that is missing or wrong.
    """
    _, bundle = library.named(name)
    need_decisive(bundle, choices)
    return told(library, bundle, choices, on)
