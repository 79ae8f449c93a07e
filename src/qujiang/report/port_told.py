"""What a port's figures rest on: the published throughput, the calls derived from it, and the equipment that is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qujiang.report.evidence import table
from qujiang.words import tell

Json = dict[str, Any]
#: Statuses from the surest to the least sure.
ORDER = ("documented", "derived", "assumed")
#: What is simulated stands in these tables.
SIMULATED = ("berths", "port_equipment")
MODEL = "MODEL"


def rests_on(district: Any) -> dict[str, Json]:
    """``status``, ``source`` (ids) and ``how`` of a port's figures: throughput, calls, and whatever is simulated."""
    facts = [row for row in table(district, "calibration_facts").to_dicts() if row["fact"] == "throughput"]
    cargoes = table(district, "cargoes").to_dicts()
    counts = table(district, "lock_counts").to_dicts()
    built = [row for name in SIMULATED for row in table(district, name).to_dicts()]
    calls = _told([*facts[:1], *cargoes, *counts], "port.told.calls")
    return {
        "throughput": _told(facts[:1], "port.told.throughput"),
        "calls": calls | {"status": _weakest(["derived", calls["status"]])},
        "simulated": {**_told(built, "port.told.simulated"), "source": [MODEL, *_sources(built)]},
        "use": {**_told(built, "port.told.use"), "source": [MODEL, *_sources(built)]},
        "exact": {**_told(built, "port.told.exact"), "source": [MODEL, *_sources(built)]},
        "week": {**_told(built, "port.told.week"), "source": [MODEL, *_sources(built)]},
    }


def _told(rows: Iterable[Mapping[str, Any]], key: str) -> Json:
    every = list(rows)
    how = tell(key)
    status = _weakest(row["status"] for row in every)
    return {"status": status, "source": _sources(every), "how": {"en": how.en, "zh": how.zh}}


def _weakest(statuses: Iterable[str | None]) -> str:
    return max((status or "assumed" for status in statuses), key=ORDER.index, default="assumed")


def _sources(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every source of some rows, once, in their order."""
    cells = (row["source"] for row in rows)
    each = (cell if isinstance(cell, list | tuple) else str(cell or "").split(";") for cell in cells)
    return list(dict.fromkeys(name for names in each for name in names if name))
