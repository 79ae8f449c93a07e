"""A bundle's files compiled: the process proved to reach its end, forms merged, materials de-duplicated, days counted.

Files: ``bundle.toml`` (title, lead, decisions), ``process.bpmn``, ``forms/application.json`` and one form per step that
needs more, ``materials.csv``, ``items.csv`` (the single things as they were before), and perhaps ``labels.csv`` (words in both languages).
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qujiang.cases import forms as form_words
from qujiang.cases import walk
from qujiang.cases.bpmn import read_process
from qujiang.cases.diagram import read_drawing
from qujiang.cases.labels import read_labels
from qujiang.cases.model import Bundle, DecisionUse, Item, Material, Process
from qujiang.errors import DataError, Fault
from qujiang.rules import DecisionTable
from qujiang.store.files import KINDS, MOST_BYTES
from qujiang.tables.plain import PlainRow, parse_rows

APPLICATION = "application"
LABELS = "labels.csv"  # if absent: a reader of English finds the forms' own words
MATERIALS = ("code", "name_zh", "name_en", "steps", "made_by", "tolerance_wd")
FILE_RULES = ("kinds", "most_mb")  # if absent: every kind, 10 MB
ITEMS = ("code", "name_zh", "step", "steps_before", "visits_before", "days_before", "window", "status")


def read_files(folder: Path) -> dict[str, str]:
    """A bundle's files as text, by their names within the folder."""
    names = ["bundle.toml", "process.bpmn", "materials.csv", "items.csv"]
    names += sorted(f"forms/{path.name}" for path in (folder / "forms").glob("*.json"))
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise DataError(
            [Fault(name, None, None, None, "the file is missing", f"write {folder / name}") for name in missing]
        )
    names += [LABELS] if (folder / LABELS).exists() else []
    return {name: (folder / name).read_text(encoding="utf-8-sig") for name in names}


def compile_bundle(name: str, files: Mapping[str, str], tables: Mapping[str, DecisionTable]) -> Bundle:
    """Compile and prove a bundle.

    Raises
    ------
    DataError
        Every fault of the first layer that has some: the files' form, then their agreement, then the walk.
    """
    process = read_process(files["process.bpmn"])
    declared = _read_toml(files["bundle.toml"])
    forms, faults = _read_forms(files)
    materials = _read_materials(files["materials.csv"], process, faults)
    items = _read_items(files["items.csv"], process, faults)
    decisions = tuple(
        DecisionUse(d.get("table", ""), d.get("at", ""), d.get("inputs", {})) for d in declared.get("decision", [])
    )
    faults += _decision_faults(decisions, process, forms, tables)
    for node in process.steps:
        if node.form and node.form not in forms:
            faults.append(
                Fault(
                    "process.bpmn",
                    None,
                    "id",
                    node.id,
                    f"form {node.form!r} is missing",
                    f"write forms/{node.form}.json",
                )
            )
    if faults:
        raise DataError(faults)
    _, faults = form_words.merge_forms(forms)
    labels = read_labels(files.get(LABELS, ""), faults)
    domains = _domains(process, forms, decisions, tables, faults)
    if faults:
        raise DataError(faults)
    found = _find_ways(process, domains)
    digest = hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()
    title_zh, title_en, lead = (str(declared.get(word, "")) for word in ("title_zh", "title_en", "lead"))
    drawn = read_drawing(files["process.bpmn"], process)
    return Bundle(
        name, digest, title_zh, title_en, lead, process, forms, materials, items, decisions, found, drawn, labels
    )


def counts(bundle: Bundle) -> dict[str, dict[str, int]]:
    """Steps, materials, visits and working days before and after, from the files alone.

    Before: every item by itself, one after the other, each with its own papers. After: the most that any way through
    the process takes: its steps, each paper once (none that a step makes itself), one visit where any item still needs
    the window, the longest chain of limits.
    """
    joined = {item.step for item in bundle.items}
    before = {
        "steps": sum(item.steps_before for item in bundle.items),
        "materials": sum(len(joined & set(material.steps)) for material in bundle.materials),
        "visits": sum(item.visits_before for item in bundle.items),
        "days": sum(item.days_before for item in bundle.items),
    }
    after = {
        "steps": max(len(way) for way in bundle.ways),
        "materials": max(len(materials_for(bundle, way)) for way in bundle.ways),
        "visits": int(any(item.window for item in bundle.items)),
        "days": max(walk.longest_days(bundle.process, frozenset(way)) for way in bundle.ways),
    }
    return {"before": before, "after": after}


def decisive(bundle: Bundle) -> tuple[str, ...]:
    """The application's fields that flows or decision tables ask, in the form's order."""
    asked = {flow.field for flow in bundle.process.flows.values() if flow.field}
    asked |= {name for use in bundle.decisions for name in use.inputs.values()}
    return tuple(name for name in bundle.forms[APPLICATION]["properties"] if name in asked)


def merged_form(bundle: Bundle) -> dict[str, Any]:
    """The one form: what the application always asks, and the fields that a step asks only where it applies."""
    merged, _ = form_words.merge_forms(bundle.forms)
    return merged | {"title": bundle.title_zh, "required": sorted(bundle.forms[APPLICATION].get("required", []))}


def form_for(bundle: Bundle, steps: tuple[str, ...]) -> dict[str, Any]:
    """The form with exactly the fields of the steps that apply; fields of other steps may stand but are not asked."""
    names = (APPLICATION, *(bundle.process.nodes[step].form for step in steps))
    merged, _ = form_words.merge_forms(form_words.only(bundle.forms, names))
    every, _ = form_words.merge_forms(bundle.forms)
    return merged | {"properties": every["properties"]}


def materials_for(bundle: Bundle, steps: tuple[str, ...]) -> tuple[Material, ...]:
    """The papers that the applicant brings for these steps, each once."""
    return tuple(m for m in bundle.materials if set(m.steps) & set(steps) and m.made_by not in steps)


def _read_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError([Fault("bundle.toml", None, None, None, f"is not TOML: {error}", "mend it")]) from None


def _read_forms(files: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    forms: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    for file, text in files.items():
        if not file.startswith("forms/"):
            continue
        try:
            schema = json.loads(text)
        except ValueError as error:
            faults.append(Fault(file, None, None, None, f"is not JSON: {error}", "mend it"))
            continue
        faults += form_words.form_faults(file, schema)
        forms[file.removeprefix("forms/").removesuffix(".json")] = schema
    if APPLICATION not in forms and not faults:
        faults.append(
            Fault("forms/application.json", None, None, None, "the file is missing", "ask there what always is asked")
        )
    return forms, faults


def _read_materials(text: str, process: Process, faults: list[Fault]) -> tuple[Material, ...]:
    known = {node.id for node in process.steps}
    read: dict[str, Material] = {}
    for row in parse_rows(text, "materials.csv", MATERIALS, FILE_RULES):
        if row["code"] in read:
            faults.append(row.fault("code", "stands twice", "one line per paper; name all its steps there"))
        steps = tuple(filter(None, row["steps"].split("|")))
        for step in {*steps, row["made_by"]} - known - {""}:
            faults.append(row.fault("steps", f"{step!r} is no step of the process"))
        if not steps:
            faults.append(row.fault("steps", "is empty", "remove a paper that nobody uses"))
        tolerance = _whole(row, "tolerance_wd", faults) if row["tolerance_wd"] else None
        kinds, most_mb = _read_file_rules(row, faults)
        names = row["code"], row["name_zh"], row["name_en"]
        read[row["code"]] = Material(*names, steps, row["made_by"], tolerance, kinds, most_mb)
    return tuple(read.values())


def _read_file_rules(row: PlainRow, faults: list[Fault]) -> tuple[tuple[str, ...], int]:
    """Which kinds of file a paper may be, and how large [MB]."""
    kinds = tuple(filter(None, row.cells.get("kinds", "").split("|"))) or tuple(KINDS)
    for kind in kinds:
        if kind not in KINDS:
            faults.append(row.fault("kinds", f"{kind!r} is no kind that is taken", "|".join(KINDS)))
    most = MOST_BYTES // 1_000_000
    if row.cells.get("most_mb"):
        most_mb = _whole(row, "most_mb", faults)
        if not 1 <= most_mb <= most:
            faults.append(row.fault("most_mb", f"must lie between 1 and {most}"))
        return kinds, most_mb
    return kinds, most


def _read_items(text: str, process: Process, faults: list[Fault]) -> tuple[Item, ...]:
    known = {node.id for node in process.steps}
    items = []
    for row in parse_rows(text, "items.csv", ITEMS):
        if row["step"] not in known:
            faults.append(row.fault("step", "is no step of the process"))
        if row["window"] not in ("yes", "no"):
            faults.append(row.fault("window", "must be yes or no"))
        steps, visits, days = (_whole(row, name, faults) for name in ("steps_before", "visits_before", "days_before"))
        items.append(
            Item(row["code"], row["name_zh"], row["step"], steps, visits, days, row["window"] == "yes", row["status"])
        )
    return tuple(items)


def _whole(row: PlainRow, column: str, faults: list[Fault]) -> int:
    text = row[column]
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        faults.append(row.fault(column, "must be a whole number"))
        return 0
    return int(text)


def _decision_faults(
    decisions: tuple[DecisionUse, ...],
    process: Process,
    forms: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, DecisionTable],
) -> list[Fault]:
    steps = {node.id for node in process.steps}
    asked = set(forms.get(APPLICATION, {}).get("required", []))
    faults = []
    for use in decisions:
        if use.table not in tables:
            faults.append(Fault("bundle.toml", None, "table", use.table, "is no decision table", ", ".join(tables)))
            continue
        if use.at not in steps:
            faults.append(Fault("bundle.toml", None, "at", use.at, "is no step of the process", ""))
        for question in tables[use.table].inputs:
            field = use.inputs.get(question.name, "")
            if field not in asked:
                faults.append(
                    Fault(
                        "bundle.toml", None, question.name, field, "is no required field of forms/application.json", ""
                    )
                )
    return faults


def _domains(
    process: Process,
    forms: Mapping[str, Mapping[str, Any]],
    decisions: tuple[DecisionUse, ...],
    tables: Mapping[str, DecisionTable],
    faults: list[Fault],
) -> dict[str, tuple[str, ...]]:
    """For every field that a flow asks: the words that it may be. Outcomes of a table are ``table.outcome``."""
    application = forms[APPLICATION]
    domains: dict[str, tuple[str, ...]] = {}
    for use in decisions:
        for outcome in tables[use.table].outputs:
            domains[f"{use.table}.{outcome}"] = tuple(
                sorted({rule.outcome[outcome] for rule in tables[use.table].rules})
            )
    for flow in process.flows.values():
        for use in decisions:
            if flow.field.startswith(f"{use.table}.") and _reached_without(process, use.at, flow.source):
                faults.append(
                    Fault("process.bpmn", None, "id", flow.id, f"asks {use.table} before step {use.at} has decided", "")
                )
        if not flow.field or flow.field in domains:
            continue
        field = application["properties"].get(flow.field)
        words = form_words.words_of(field) if field and flow.field in application.get("required", []) else None
        if words is None:
            faults.append(
                Fault(
                    "process.bpmn",
                    None,
                    "id",
                    flow.id,
                    f"{flow.field!r} is no required choice of forms/application.json",
                    "",
                )
            )
            continue
        domains[flow.field] = words
    for flow in process.flows.values():
        for word in sorted(flow.values - set(domains.get(flow.field, flow.values))):
            faults.append(Fault("process.bpmn", None, "id", flow.id, f"{word!r} is no answer to {flow.field}", ""))
    return domains


def _reached_without(process: Process, step: str, node: str) -> bool:
    """Whether some path from the start comes to ``node`` past ``step``."""
    seen, left = set(), [process.start]
    while left:
        here = left.pop()
        if here == node:
            return True
        if here != step and here not in seen:
            seen.add(here)
            left.extend(process.flows[flow].target for flow in process.outgoing[here])
    return False


def _find_ways(process: Process, domains: Mapping[str, tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    asked = {flow.field for flow in process.flows.values() if flow.field}
    total = math.prod(len(domains[name]) for name in asked)
    if total > walk.MOST_WAYS:
        rule = f"has {total} ways, more than {walk.MOST_WAYS}"
        raise DataError([Fault("process.bpmn", None, None, None, rule, "split the bundle")])
    ways: set[tuple[str, ...]] = set()
    faults = []
    for answers, found in walk.ways(process, domains):
        if isinstance(found, walk.StuckError):
            where = ", ".join(f"{name} = {value}" for name, value in answers.items())
            faults.append(
                Fault("process.bpmn", None, None, None, f"with {where or 'any answers'}: {found}", "mend the drawing")
            )
        else:
            ways.add(found)
    reached = {step for way in ways for step in way}
    if not faults:
        faults = [
            Fault("process.bpmn", None, "id", node.id, "is reached by no answers", "mend the conditions")
            for node in process.steps
            if node.id not in reached
        ]
    if faults:
        raise DataError(faults[:50])
    return frozenset(ways)
