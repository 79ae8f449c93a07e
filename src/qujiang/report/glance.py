"""A plan at a glance, picked from its kept answer: one card a landmark, and what another answer makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qujiang.report.layers import pairs

Json = dict[str, Any]
#: Rows that a page lists beside its map.
FLOWS_SHOWN, LOCKS_SHOWN = 12, 10
PARTS = ("today", "target", "target_year", "base", "low", "high", "probability")


def glance(answer: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[Json]:
    """One card a landmark: its leading measure, what binds it first, and the change against ``before``."""
    old = {} if before is None else {landmark["number"]: landmark for landmark in before["landmarks"]}
    return [_card(landmark, old.get(landmark["number"])) for landmark in answer["landmarks"]]


def measure_of(landmark: Mapping[str, Any], name: str | None) -> Mapping[str, Any] | None:
    """A measure of a landmark by its id."""
    return next((measure for measure in landmark["measures"] if measure["id"] == name), None)


def _card(landmark: Mapping[str, Any], before: Mapping[str, Any] | None) -> Json:
    lead = measure_of(landmark, landmark["lead"])
    card: Json = {
        key: landmark[key] for key in ("number", "name", "status", "reason", "probability", "probability_at_most")
    }
    card["measures"] = len(landmark["measures"])
    card["lead"] = None
    if lead is not None:
        core = {key: lead[key] for key in ("id", "name", "unit", "bound", "status", "reason", *PARTS)}
        card["lead"] = {**core, "binds": lead["binds"][0] if lead["binds"] else None}
    if before is not None:
        first = None if lead is None else measure_of(before, lead["id"])
        card["before"] = {
            "status": before["status"],
            "probability": before["probability"],
            "base": None if first is None else first["base"],
        }
    return card


def flow_rows(answer: Mapping[str, Any], at: int, cargo: str | None = None, most: int = FLOWS_SHOWN) -> list[Json]:
    """The largest flows between neighbours in a year, with both names of both ends."""
    tables = answer["map"]
    found = pairs(tables["links"], at, cargo)
    largest = sorted((key for key, t in found.items() if sum(t) > 0), key=lambda key: (-sum(found[key]), key))[:most]
    rows = []
    for mode, a, b in largest:
        there, back = found[mode, a, b]
        ends = [tables["places"].get(name, {"en": name, "zh": name}) for name in (a, b)]
        rows.append(
            {
                "mode": mode,
                "from": {"id": a, "en": ends[0]["en"], "zh": ends[0]["zh"]},
                "to": {"id": b, "en": ends[1]["en"], "zh": ends[1]["zh"]},
                "there_t": there,
                "back_t": back,
                "total_t": there + back,
            }
        )
    return rows


def lock_rows(answer: Mapping[str, Any], at: int, most: int = LOCKS_SHOWN) -> list[Json]:
    """The most loaded locks that carry own cargo in a year."""
    rows = [row for row in answer["map"]["locks"][at] if row["own_t"]]
    return sorted(rows, key=lambda row: -(row["load_share"] or 0.0))[:most]


def cargoes_by_weight(answer: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    """Cargoes with their names, those first that move most tonne-links."""
    weight: dict[str, int] = {}
    for link in answer["map"]["links"]:
        for cargo, tonnes in link["cargo"].items():
            weight[cargo] = weight.get(cargo, 0) + tonnes[-1]
    names = answer["map"]["cargoes"]
    return [(cargo, names[cargo]) for cargo in sorted(weight, key=lambda c: (-weight[c], c)) if cargo in names]


def rows_of(cards: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Cards as rows of a table."""
    rows = []
    for card in cards:
        lead = card["lead"] or {}
        row: Json = {
            "landmark": card["number"],
            "name_en": card["name"]["en"],
            "name_zh": card["name"]["zh"],
            "status": card["status"],
        }
        row["landmark_probability"] = _number(card["probability"])
        row["measure"] = lead.get("id")
        row["unit"] = lead.get("unit")
        for part in ("today", "target", "base", "low", "high", "probability"):
            row[part] = _number(lead.get(part))
            row[f"{part}_status"] = (lead.get(part) or {}).get("status")
        row["target_year"] = lead.get("target_year")
        binds = lead.get("binds")
        row["binds_en"], row["binds_zh"] = (binds["what"]["en"], binds["what"]["zh"]) if binds else (None, None)
        rows.append(row)
    return rows


def measure_rows(landmark: Mapping[str, Any]) -> list[Json]:
    """Measures of a landmark as rows of a table."""
    rows = []
    for measure in landmark["measures"]:
        row: Json = {"measure": measure["id"], "name_en": measure["name"]["en"], "name_zh": measure["name"]["zh"]}
        row |= {"unit": measure["unit"], "status": measure["status"], "target_year": measure["target_year"]}
        for part in ("today", "target", "base", "low", "high", "probability"):
            row[part] = _number(measure[part])
            row[f"{part}_status"] = (measure[part] or {}).get("status")
            row[f"{part}_source"] = ";".join((measure[part] or {}).get("source", ()))
        rows.append(row)
    return rows


def _number(figure: Mapping[str, Any] | None) -> float | None:
    return None if figure is None else figure["value"]
