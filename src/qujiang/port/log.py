"""What happened, as data: one row per event, for tables, for process mining (OCEL 2.0) and for the animation.

Instants are hours from the start of the run; the run's zero is given a date only where a format demands one.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from qujiang.port.path import Path
from qujiang.port.problem import PortProblem

if TYPE_CHECKING:
    import polars as pl

#: activity -> (instant, kind of resource)
ACTIVITIES = {
    "arrive": ("arrived", None),
    "enter lock inward": ("lock_in", "lock"),
    "leave lock inward": ("locked_in", "lock"),
    "berth": ("berthed", "berth"),
    "take cranes": ("craned", "pool"),
    "start handling": ("worked", "pool"),
    "end handling": ("done", "pool"),
    "leave berth": ("left", "berth"),
    "enter lock outward": ("lock_out", "lock"),
    "leave lock outward": ("locked_out", "lock"),
    "start inspection": ("inspected", "customs"),
    "release": ("released", "customs"),
    "ready for collection": ("ready", "yard"),
    "leave yard": ("out", "yard"),
}
CALL_EVENTS = frozenset(list(ACTIVITIES)[:10])


def events(problem: PortProblem, path: Path, *, calls: int | None = None) -> pl.DataFrame:
    """The log in order of time: ``time_h``, ``call_no``, ``activity``, ``kind``, ``resource``, ``amount_t``.

    ``amount_t`` is what the event moves: the handling's tonnes at its start and end (with the factor drawn for it), the
    lot's where it is inspected, collected or leaves.
    """
    import polars as pl

    chosen = np.flatnonzero(path.calls.side < 0)[:calls]
    kinds = np.array([kind.name for kind in problem.kinds], dtype=object)[path.calls.kind[chosen]]
    frames = []
    for activity, (instant, resource) in ACTIVITIES.items():
        at = path.at(instant)[chosen]
        seen = ~np.isnan(at)
        if not seen.any():
            continue
        rows = chosen[seen]
        amount = path.calls.lot_t[rows] if resource in ("customs", "yard") else path.calls.work_t[rows]
        frames.append(
            pl.DataFrame(
                {
                    "time_h": at[seen],
                    "call_no": np.searchsorted(chosen, rows),
                    "activity": [activity] * len(rows),
                    "kind": kinds[seen].tolist(),
                    "resource": _resources(problem, path, rows, resource),
                    "amount_t": amount if activity not in ("arrive", "berth", "leave berth") else np.zeros(len(rows)),
                }
            )
        )
    order = pl.Series("activity", list(ACTIVITIES))
    rank = pl.col("activity").replace_strict(order, pl.Series(range(len(order))), return_dtype=pl.Int64)
    return pl.concat(frames).sort("time_h", "call_no", rank, maintain_order=True)


def _resources(problem: PortProblem, path: Path, rows: np.ndarray, resource: str | None) -> list[str]:
    if resource is None:
        return [""] * len(rows)
    if resource in ("lock", "customs"):
        return [resource] * len(rows)
    if resource == "yard":
        return [problem.kinds[k].yard or "" for k in path.calls.kind[rows]]
    berths = [problem.berths[b] for b in path.berth_of[rows]]
    return [berth.name if resource == "berth" else berth.pool for berth in berths]


def write_events(frame: pl.DataFrame, file: File) -> None:
    """Write the log as .csv or .parquet, aside and then in its place."""
    aside = file.with_name(file.name + ".part")
    try:
        if file.suffix == ".parquet":
            frame.write_parquet(aside)
        else:
            frame.write_csv(aside)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def ocel(
    frame: pl.DataFrame, *, start: datetime.datetime = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
) -> dict[str, Any]:
    """The log as an OCEL 2.0 document: objects are calls, lots, berths, crane pools, yards, lock and customs.

    A lot is an object of its own from the end of handling on, since it leaves the vessel there.

    References
    ----------
    Berti and others (2024), OCEL 2.0 specification, arXiv:2403.01975
    """
    objects: dict[str, dict[str, Any]] = {}
    entries = []
    for number, row in enumerate(frame.iter_rows(named=True)):
        call, activity = f"call-{row['call_no']}", row["activity"]
        _object(objects, call, "call", {"kind": row["kind"]})
        links = [(call, "call")] if activity in CALL_EVENTS else []
        if activity not in CALL_EVENTS or activity == "end handling":
            lot = f"lot-{row['call_no']}"
            _object(objects, lot, "lot", {"kind": row["kind"]})
            links.append((lot, "lot"))
        if row["resource"]:
            kind = {"pool": "cranes"}.get(str(ACTIVITIES[activity][1]), str(ACTIVITIES[activity][1]))
            name = f"{kind}-{row['resource']}".replace(" ", "_")
            _object(objects, name, kind, {})
            links.append((name, "at"))
        entries.append(
            {
                "id": f"e{number}",
                "type": activity,
                "time": (start + datetime.timedelta(hours=row["time_h"]))
                .isoformat(timespec="milliseconds")
                .replace("+00:00", "Z"),
                "attributes": [{"name": "amount_t", "value": row["amount_t"]}],
                "relationships": [{"objectId": who, "qualifier": how} for who, how in links],
            }
        )
    used = list(dict.fromkeys(entry["type"] for entry in entries))
    kinds = list(dict.fromkeys(entry["type"] for entry in objects.values()))
    stamp = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for entry in objects.values():
        entry["attributes"] = [{"name": n, "value": v, "time": stamp} for n, v in entry["attributes"].items()]
    with_kind = {"call", "lot"}
    return {
        "objectTypes": [
            {"name": k, "attributes": [{"name": "kind", "type": "string"}] if k in with_kind else []} for k in kinds
        ],
        "eventTypes": [{"name": name, "attributes": [{"name": "amount_t", "type": "float"}]} for name in used],
        "objects": list(objects.values()),
        "events": entries,
    }


def _object(objects: dict[str, dict[str, Any]], name: str, kind: str, attributes: dict[str, Any]) -> None:
    if name not in objects:
        objects[name] = {"id": name, "type": kind, "attributes": attributes, "relationships": []}


def write_json(answer: Any, file: File) -> None:
    """Write JSON aside and then in its place."""
    write_text(json.dumps(answer, ensure_ascii=False, allow_nan=False), file)


def write_text(text: str, file: File) -> None:
    """Write a text aside and then in its place."""
    aside = file.with_name(file.name + ".part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
