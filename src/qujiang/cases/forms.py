"""Forms: one JSON Schema per step, merged into one form in which every field is asked once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from qujiang.errors import Fault
from qujiang.store.accounts import credit_code_is_valid

FIELD_WORDS = {"type", "title", "description", "enum", "minimum", "maximum", "minLength", "maxLength", "format"}
TYPES = {"string", "integer", "boolean"}
FORMATS = {"date", "credit-code"}
#: A text without a limit of its own is cut off here.
LONGEST = 4000


def _is_date(value: object) -> bool:
    try:
        return not isinstance(value, str) or bool(date.fromisoformat(value))
    except ValueError:
        return False


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(_is_date)
_FORMATS.checks("credit-code")(lambda value: not isinstance(value, str) or credit_code_is_valid(value))


def form_faults(file: str, schema: Any) -> list[Fault]:
    """What a form may not hold. Only plain words are known: no reference is followed, no pattern is run."""
    faults: list[Fault] = []
    if not isinstance(schema, dict) or schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        return [
            Fault(file, None, None, None, "is no form", 'write {"type": "object", "properties": {…}, "required": […]}')
        ]
    for word in set(schema) - {"type", "title", "properties", "required", "$schema"}:
        faults.append(Fault(file, None, word, None, "is not supported in a form", "leave it out"))
    for name, field in schema["properties"].items():
        if not isinstance(field, dict) or field.get("type") not in TYPES:
            faults.append(
                Fault(file, None, name, None, f"type must be one of {', '.join(sorted(TYPES))}", "money is whole fen")
            )
            continue
        for word in set(field) - FIELD_WORDS:
            faults.append(Fault(file, None, f"{name}.{word}", None, "is not supported in a field", "leave it out"))
        if "format" in field and field["format"] not in FORMATS:
            faults.append(
                Fault(
                    file,
                    None,
                    f"{name}.format",
                    str(field["format"]),
                    f"must be one of {', '.join(sorted(FORMATS))}",
                    "",
                )
            )
    for name in schema.get("required", []):
        if name not in schema["properties"]:
            faults.append(Fault(file, None, "required", str(name), "is no field of the form", "add the field"))
    return faults


def merge_forms(forms: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], list[Fault]]:
    """One form for all: the union of the fields, each once, with the forms that use it; a field must mean one thing."""
    properties: dict[str, Any] = {}
    used_by: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for form, schema in forms.items():
        for name, field in schema["properties"].items():
            if name in properties and properties[name] != field:
                rule = f"is another field in {used_by[name][0]}"
                faults.append(Fault(f"forms/{form}.json", None, name, None, rule, "make them equal or rename one"))
            properties.setdefault(name, field)
            used_by.setdefault(name, []).append(form)
    merged = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {name: {**field, "x-used-by": used_by[name]} for name, field in properties.items()},
        "required": sorted({name for schema in forms.values() for name in schema.get("required", [])}),
        "additionalProperties": False,
    }
    return merged, faults


def answer_faults(merged: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Fault]:
    """Every fault of some answers to a merged form."""
    faults = []
    for error in Draft202012Validator(dict(merged), format_checker=_FORMATS).iter_errors(dict(answers)):
        place = ".".join(map(str, error.absolute_path)) or _missing(error)
        faults.append(Fault("answers", None, place, None, error.message[:200], ""))
    for name, value in answers.items():
        if isinstance(value, str) and (
            len(value) > LONGEST or any((ord(s) < 32 and s not in "\n\t") or 0xD800 <= ord(s) < 0xE000 for s in value)
        ):
            faults.append(Fault("answers", None, name, None, "is too long or holds control signs", "send plain text"))
        if isinstance(value, int) and abs(value) > 2**53:
            faults.append(Fault("answers", None, name, None, "is too large a number", "at most 2^53"))
    return faults


def _missing(error: ValidationError) -> str | None:
    """The field that an error of the whole form means: the one that is required and missing."""
    found = re.match(r"'([^']+)' is a required property", error.message) if error.validator == "required" else None
    return found[1] if found else None


def words_of(field: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The words that a field may be; None where they cannot be counted."""
    if field.get("type") == "boolean":
        return "true", "false"
    if "enum" in field:
        return tuple(str(value) for value in field["enum"])
    return None


def only(forms: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The named forms that exist."""
    return {name: forms[name] for name in dict.fromkeys(names) if name in forms}
