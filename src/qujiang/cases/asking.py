"""What must be known before anything else: the answers that decide the way, and the one-time notice from them alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from qujiang.cases.bundle import APPLICATION
from qujiang.cases.forms import answer_faults
from qujiang.cases.library import Library
from qujiang.cases.model import Bundle
from qujiang.cases.running import told
from qujiang.errors import DataError


def decisive(bundle: Bundle) -> tuple[str, ...]:
    """The application's fields that flows or decision tables ask, in the form's order."""
    asked = {flow.field for flow in bundle.process.flows.values() if flow.field}
    asked |= {name for use in bundle.decisions for name in use.inputs.values()}
    return tuple(name for name in bundle.forms[APPLICATION]["properties"] if name in asked)


def preview(library: Library, name: str, choices: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The one-time notice (一次告知) before a form is filled in: only the deciding answers are needed.

    Raises
    ------
    DataError
        Every deciding answer that is missing or wrong.
    """
    _, bundle = library.named(name)
    names = decisive(bundle)
    properties = {field: bundle.forms[APPLICATION]["properties"][field] for field in names}
    faults = answer_faults({"type": "object", "properties": properties, "required": list(names)}, choices)
    if faults:
        raise DataError(faults)
    return told(library, bundle, choices, on)
