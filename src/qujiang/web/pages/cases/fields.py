"""A bundle's fields as fields of a page, and what was typed there as answers; money is typed in yuan and kept in fen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qujiang import cases
from qujiang.cases.bundle import APPLICATION
from qujiang.cases.model import Bundle
from qujiang.web.pages.face import Face
from qujiang.words import date

LONG = 300  # a text that may be longer gets a field of several lines


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``kind`` is text, long, whole, yuan, date, choice or yesno."""

    name: str
    label: str
    kind: str
    needed: bool
    options: tuple[tuple[str, str], ...] = ()
    most: int | None = None
    low: int | None = None
    high: int | None = None


def field(face: Face, bundle: Bundle, name: str, schema: Mapping[str, Any], needed: bool) -> Field:
    """One field of the form."""
    words = cases.label(bundle, "field", name, face.language)
    if "enum" in schema:
        options = tuple(
            (word, cases.label(bundle, "value", f"{name}.{word}", face.language)) for word in schema["enum"]
        )
        return Field(name, words, "choice", needed, options)
    if schema["type"] == "boolean":
        return Field(name, words, "yesno", needed)
    if schema["type"] == "integer":
        if name.endswith("_fen"):
            return Field(name, face.say("web.cases.in_yuan", what=words), "yuan", needed)
        return Field(name, words, "whole", needed, low=schema.get("minimum"), high=schema.get("maximum"))
    if schema.get("format") == "date":
        return Field(name, words, "date", needed)
    most = schema.get("maxLength")
    return Field(name, words, "long" if most is None or most > LONG else "text", needed, most=most)


def groups(face: Face, bundle: Bundle, form: Mapping[str, Any], steps: Iterable[str]) -> list[tuple[str, list[Field]]]:
    """The form's fields by the part that asks first: the application, then each step's own; each field once."""
    names = [APPLICATION, *(bundle.process.nodes[step].form for step in steps)]
    placed: set[str] = set()
    found = []
    for part in dict.fromkeys(name for name in names if name in bundle.forms):
        own = [name for name in bundle.forms[part]["properties"] if name not in placed]
        placed |= set(own)
        fields = [field(face, bundle, name, form["properties"][name], name in form["required"]) for name in own]
        if fields:
            found.append((cases.label(bundle, "form", part, face.language), fields))
    return found


def answers_of(bundle: Bundle, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed as answers; what is no number stays as it is, for the form's rules to name."""
    found: dict[str, Any] = {}
    for schema in bundle.forms.values():
        for name, rules in schema["properties"].items():
            text = typed.get(name, "").strip().replace("\r\n", "\n")
            if text:
                found[name] = _answer(name, rules, text)
    return found


def _answer(name: str, rules: Mapping[str, Any], text: str) -> Any:
    if rules["type"] == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if rules["type"] != "integer":
        return text
    plain = text.replace(",", "").replace("，", "")
    if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,6})?", plain, re.ASCII):
        return text
    amount = Decimal(plain) * (100 if name.endswith("_fen") else 1)
    return int(amount) if amount == amount.to_integral_value() else text


def typed_of(answers: Mapping[str, Any]) -> dict[str, str]:
    """Answers as they would be typed."""
    return {name: _typed(name, value) for name, value in answers.items()}


def _typed(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and name.endswith("_fen"):
        return f"{Decimal(value) / 100:.2f}".removesuffix(".00")
    return str(value)


def worded(face: Face, bundle: Bundle, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Answers in words, in the order of the forms."""
    found = []
    rules = {name: rules for schema in bundle.forms.values() for name, rules in schema["properties"].items()}
    for name in rules:
        if name not in answers:
            continue
        value, words = answers[name], cases.label(bundle, "field", name, face.language)
        if isinstance(value, bool):
            shown = face.say("web.yes" if value else "web.no")
        elif isinstance(value, int) and name.endswith("_fen"):
            shown = face.say("web.cases.yuan", amount=f"{Decimal(value) / 100:,.2f}")
        elif ("value", f"{name}.{value}") in bundle.labels:
            shown = cases.label(bundle, "value", f"{name}.{value}", face.language)
        elif rules[name].get("format") == "date":
            shown = date(str(value), face.language)
        else:
            shown = str(value)
        found.append((words, shown))
    return found
