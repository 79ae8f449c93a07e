"""Two answers of one district side by side: what a change moves, measure by measure, limit by limit, lock by lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
#: A change smaller than this part of the larger value is none [1]: the model's own rounding.
NOTHING = 1e-9
#: What flows and loads rest on.
MODELLED: Json = {"status": "assumed", "source": ["MODEL"]}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Json:
    """A table of differences.

    Returns
    -------
    dict
        ``landmarks`` (status and probability), ``measures`` (today, target, base value, band, probability, first limit),
        ``limits`` (level and gain), ``locks`` (load at the target year), ``figures``. Each row has ``before``, ``after`` and
        ``change`` (after less before, None where one side has no number) for every number, and ``changed``; figures of
        landmarks, measures, limits and locks carry the ``status`` and ``source`` of the later one.
    """
    return {
        "before": _who(before),
        "after": _who(after),
        "comparable_futures": _futures(before) == _futures(after),
        "landmarks": _landmarks(before, after),
        "measures": _measures(before, after),
        "limits": _limits(before, after),
        "locks": _locks(before, after),
        "figures": [
            {"figure": name, **_change(before["figures"].get(name), after["figures"].get(name))}
            for name in dict.fromkeys([*before["figures"], *after["figures"]])
        ],
    }


def _who(answer: Mapping[str, Any]) -> Json:
    return {"district": answer["district"], "scenario": answer["scenario"], "futures": _futures(answer)}


def _futures(answer: Mapping[str, Any]) -> Json | None:
    told = answer["futures"]
    return None if told is None else {"count": told["count"], "seed": told["seed"]}


def _value(figure: Mapping[str, Any] | None) -> float | None:
    return None if figure is None else figure["value"]


def _change(before: float | None, after: float | None) -> Json:
    change = None if before is None or after is None else after - before
    size = max(abs(before or 0.0), abs(after or 0.0))
    changed = before is not after if change is None else abs(change) > NOTHING * size
    return {"before": before, "after": after, "change": change, "changed": changed}


def _moved(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Json:
    """The change of a figure, with the status and sources of the later one."""
    known = after or before or {}
    rests = {"status": known.get("status", "assumed"), "source": list(known.get("source", ()))}
    return _change(_value(before), _value(after)) | rests


def _landmarks(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    old = {landmark["number"]: landmark for landmark in before["landmarks"]}
    found = []
    for new in after["landmarks"]:
        first = old.get(new["number"])
        found.append(
            {
                "number": new["number"],
                "name": new["name"],
                "status": {"before": first["status"] if first else None, "after": new["status"]},
                "probability": _moved(first["probability"] if first else None, new["probability"]),
            }
        )
    return found


def _measures(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    old = {m["id"]: m for landmark in before["landmarks"] for m in landmark["measures"]}
    found = []
    for landmark in after["landmarks"]:
        for new in landmark["measures"]:
            first = old.get(new["id"])
            row: Json = {
                "landmark": landmark["number"],
                "id": new["id"],
                "name": new["name"],
                "unit": new["unit"],
                "bound": new["bound"],
                "status": {"before": first["status"] if first else None, "after": new["status"]},
                "binds": {"before": _first(first), "after": _first(new)},
            }
            for part in ("today", "target", "base", "low", "high", "probability"):
                row[part] = _moved(first[part] if first else None, new[part])
            parts = ("today", "target", "base", "low", "high", "probability")
            row["changed"] = any(row[part]["changed"] for part in parts) or row["status"]["before"] != new["status"]
            found.append(row)
    return found


def _first(measure: Mapping[str, Any] | None) -> Json | None:
    if measure is None or not measure["binds"]:
        return None
    return {"what": measure["binds"][0]["what"], "kind": measure["binds"][0]["kind"]}


def _limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    sides = [{(b["kind"], b["what"]["en"]): b for b in answer["limits"]["shown"]} for answer in (before, after)]
    found = []
    for key in dict.fromkeys([*sides[1], *sides[0]]):
        old, new = (side.get(key) for side in sides)
        known = new or old
        assert known is not None
        level = _moved(old["level"] if old else None, new["level"] if new else None)
        gain = _moved(old["gain"] if old else None, new["gain"] if new else None)
        changed = level["changed"] or gain["changed"]
        found.append({"what": known["what"], "kind": known["kind"], "level": level, "gain": gain, "changed": changed})
    return found


def _locks(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    sides = [{row["lock"]: row for row in (answer["map"]["locks"] or [[]])[-1]} for answer in (before, after)]
    found = []
    for lock in dict.fromkeys([*sides[1], *sides[0]]):
        old, new = (side.get(lock) for side in sides)
        known = new or old
        assert known is not None
        load = _change(old["load_share"] if old else None, new["load_share"] if new else None) | MODELLED
        own = _change(old["own_t"] if old else None, new["own_t"] if new else None) | MODELLED
        names = {"en": known["name_en"], "zh": known["name_zh"]}
        found.append({"lock": lock, "name": names, "load_share": load, "own_t": own, "changed": load["changed"]})
    return found
