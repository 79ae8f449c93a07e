"""What a bundle's codes are called in both languages: fields, their values, forms and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qujiang.cases import forms as form_words
from qujiang.cases.model import Bundle, Process
from qujiang.errors import Fault
from qujiang.tables.plain import parse_rows

FILE = "labels.csv"
COLUMNS = ("kind", "code", "name_zh", "name_en")
KINDS = ("field", "value", "form", "step")


def read_labels(text: str, faults: list[Fault]) -> dict[tuple[str, str], tuple[str, str]]:
    """The labels by kind and code; ``value`` is written ``field.word``. Empty without the file.

    A label of what the drawing or the forms no longer hold stays unused: whoever removes a step need not mend the labels.
    """
    if not text:
        return {}
    read: dict[tuple[str, str], tuple[str, str]] = {}
    for row in parse_rows(text, FILE, COLUMNS):
        key = row["kind"], row["code"]
        if row["kind"] not in KINDS:
            faults.append(row.fault("kind", f"must be one of {', '.join(KINDS)}"))
        if key in read:
            faults.append(row.fault("code", "stands twice"))
        if not row["name_zh"] or not row["name_en"]:
            faults.append(row.fault("name_zh", "a label has both languages"))
        read[key] = row["name_zh"], row["name_en"]
    return read


def label_codes(process: Process, forms: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Everything of a bundle that a reader meets by name."""
    merged, _ = form_words.merge_forms(forms)
    fields = merged["properties"]
    values = {("value", f"{name}.{word}") for name, field in fields.items() for word in field.get("enum", ())}
    steps = {("step", node.id) for node in process.steps}
    return {("field", name) for name in fields} | values | {("form", name) for name in forms} | steps


def label(bundle: Bundle, kind: str, code: str, language: str) -> str:
    """A code's words; without a label those of the bundle's own files, which are Chinese."""
    both = bundle.labels.get((kind, code))
    if both is not None:
        return both[0] if language == "zh" else both[1]
    if kind == "step" and code in bundle.process.nodes:
        return bundle.process.nodes[code].name
    if kind == "form" and code in bundle.forms:
        return str(bundle.forms[code].get("title", code))
    if kind == "field":
        for schema in bundle.forms.values():
            if code in schema["properties"]:
                return str(schema["properties"][code].get("title", code))
    return code.rpartition(".")[2]
