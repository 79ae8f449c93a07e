"""What can be tried on a district: every number that the plan rests on and that someone could change, with bounds for a slider.

Levers are read from the district's own tables: capacities of terminals, berths, cranes and locks; rates; growth; targets. What
is chosen becomes a scenario overlay, so that ``District.with_scenario`` checks it like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from qujiang.district.assumptions import STATUS_OF, row_ids, suffix_of
from qujiang.district.info import quote
from qujiang.district.observations import read as read_observations
from qujiang.district.ranges import find_ends
from qujiang.district.scenario import VERBS, Scenario
from qujiang.district.vocabulary import TABLE
from qujiang.errors import DataError, Fault
from qujiang.freight.rates import NEEDED, TURN_AWAY
from qujiang.plan.draws import EQUIPMENT, HELD
from qujiang.words import Both, both_of, known, row_name, tell

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.tables import Column

GROUPS = ("capacity", "rates", "growth", "targets")
#: Items of ``port_equipment`` that move the plan: those that futures draw, and the gate.
ITEMS = (*EQUIPMENT, "gate_lanes")
#: A slider goes from this to this part of a number that has no range [1].
WITHOUT_RANGE = (0.5, 2.0)
#: The same for a growth, up and down [percentage points].
WITHOUT_RANGE_POINTS = 5.0
STEPS = 100


@dataclass(frozen=True, slots=True)
class Lever:
    """One number. ``key`` is the name of the draw of futures that it belongs to, where one does.

    ``ranged`` says that the bounds are the number's own range; else they are set around it.
    """

    id: str
    group: str
    table: str
    row: str
    column: str
    name: Both
    unit: str
    now: float
    low: float
    high: float
    step: float
    whole: bool
    ranged: bool
    status: str
    source: tuple[str, ...]
    key: str

    def as_dict(self) -> dict[str, Any]:
        """JSON form."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"name": {"en": self.name.en, "zh": self.name.zh}, "source": list(self.source)}


def levers(district: District, locks: Sequence[str] | None = None) -> tuple[Lever, ...]:
    """Levers of a district, by group and in the order of its tables.

    Parameters
    ----------
    locks
        Only these locks (those that the district's own vessels pass, as a rule); None takes all.
    """
    ranges = {(r["table"], r["row_id"], r["column"]): r for r in district.assumptions().iter_rows(named=True)}
    found = [*_capacity(district, ranges, locks), *_rates(district, ranges), *_growth(district, ranges)]
    found += _targets(district, ranges)
    return tuple(sorted((lever for lever in found if lever is not None), key=lambda x: GROUPS.index(x.group)))


Ranges = Mapping[tuple[str, str, str], Mapping[str, Any]]


def _capacity(district: District, ranges: Ranges, locks: Sequence[str] | None) -> Iterator[Lever | None]:
    port = district.info.port_place
    if port is None:
        return
    here = district["terminals"].filter((pl.col("place") == port) & ~pl.col("is_total").fill_null(False))
    names = {row["id"]: row_name(row) for row in here.to_dicts()}
    for row in _rows(here, "terminals"):
        yield _lever(ranges, "capacity", "terminals", row, "capacity_t_per_year", names[row["id"]])
    for row in _rows(district["berths"].filter(pl.col("terminal").is_in(list(names))), "berths"):
        name = _joined(names[row["terminal"]], known("berth_type", row["berth_type"]))
        for column in ("berth_count", "crane_count", "crane_rate_t_per_h"):
            yield _lever(ranges, "capacity", "berths", row, column, name, key=f"berths:{column}")
    equipment = district["port_equipment"].filter(pl.col("terminal").is_in(list(names)) & pl.col("item").is_in(ITEMS))
    for row in _rows(equipment, "port_equipment"):
        name = _joined(names[row["terminal"]], known("equipment", row["item"]))
        key = f"port_equipment:{row['item']}"
        yield _lever(ranges, "capacity", "port_equipment", row, "equipment_value", name, key=key, unit=row["unit"])
    for row in _rows(district["locks"], "locks"):
        if locks is None or row["id"] in locks:
            for column in ("lockages_per_year", "vessels_per_lockage_count"):
                yield _lever(ranges, "capacity", "locks", row, column, _named(row), key=f"{column}:{row['id']}")


def _rates(district: District, ranges: Ranges) -> Iterator[Lever | None]:
    for row in _rows(district["rates"], "rates"):
        acts = row["id"] in NEEDED or row["id"].startswith("lock_wait_h.") or row["id"] in ("truck_payload", TURN_AWAY)
        if acts and row["id"] not in HELD and row["use"] == "input":
            words = known("rate", row["id"])
            bare = row["id"].replace("_", " ")
            name = words if words.zh != bare else both_of(row, "description")
            key = f"rates:{row['id']}"
            yield _lever(ranges, "rates", "rates", row, "rate_value", name, key=key, unit=row["unit"])


def _growth(district: District, ranges: Ranges) -> Iterator[Lever | None]:
    cargoes = {row["id"]: row for row in district["cargoes"].to_dicts()}
    moved = set(district["demand"]["cargo"])
    for row in _rows(district["demand_growth"], "demand_growth"):
        if row["cargo"] in moved and row["cargo"] in cargoes:
            name = _named(cargoes[row["cargo"]])
            key = f"growth:{row['cargo']}"
            yield _lever(ranges, "growth", "demand_growth", row, "growth_percent", name, key=key)
    economy = {(row["area"], row["indicator"]): row for row in _rows(district["economy_growth"], "economy_growth")}
    grown = district["measures"].filter(pl.col("model") == "growth")
    named = grown.select("id", "model_argument").iter_rows()
    pace_of = {(district.info.name_zh, argument): f"pace:{name}" for name, argument in named}
    for of, row in economy.items():
        name = _series_name(district, row["area"], row["indicator"])
        key = pace_of.get(of, f"economy:{row['area']}:{row['indicator']}")
        yield _lever(ranges, "growth", "economy_growth", row, "growth_percent", name, key=key)
    observations = read_observations(district["observations"])
    rows = {row["__id"]: row for row in _rows(district["observations"], "observations")}
    for measure in grown.to_dicts():
        if (district.info.name_zh, measure["model_argument"]) in economy:
            continue  # one lever for the measure and for the cargo that follows it
        found = observations.latest_growth(district.info.name_zh, measure["model_argument"] or "")
        if found is not None and found.id in rows:
            name, key = _named(measure), f"pace:{measure['id']}"
            row = rows[found.id]
            yield _lever(ranges, "growth", "observations", row, "published_growth_percent", name, key=key)


def _targets(district: District, ranges: Ranges) -> Iterator[Lever | None]:
    for row in _rows(district["measures"], "measures"):
        if row["counts"]:
            yield _lever(ranges, "targets", "measures", row, "target_value", _named(row), unit=row["unit"])


def _rows(frame: pl.DataFrame, table: str) -> list[dict[str, Any]]:
    ids = row_ids(TABLE[table], frame).to_list()
    return [row | {"__id": name} for name, row in zip(ids, frame.to_dicts(), strict=True)]


def _lever(
    ranges: Ranges,
    group: str,
    table: str,
    row: Mapping[str, Any],
    column: str,
    name: Both,
    *,
    key: str = "",
    unit: str = "",
) -> Lever | None:
    """A lever; None where the number is not given."""
    now = row[column]
    if now is None:
        return None
    declared = TABLE[table].column(column)
    known_range = ranges.get((table, row["__id"], column))
    ends = _own_ends(table, column, row) if known_range is None else (known_range["low"], known_range["high"])
    ranged = ends is not None and ends[0] < ends[1]
    low, high = ends if ends is not None and ranged else _around(float(now), column)
    low, high = _inside(declared, min(low, now), max(high, now))
    whole = declared.type == "integer"
    status = row.get(STATUS_OF.get(table, {}).get(column, "status")) or row["status"]
    return Lever(
        id=f"{table}/{row['__id']}/{column}",
        group=group,
        table=table,
        row=row["__id"],
        column=column,
        name=tell(f"lever.{table}.{column}", name=name),
        unit=unit or suffix_of(column),
        now=float(now),
        low=low,
        high=high,
        step=1.0 if whole else step_of(low, high),
        whole=whole,
        ranged=ranged,
        status=status,
        source=tuple(row["source"] or ()),
        key=key,
    )


def _own_ends(table: str, column: str, row: Mapping[str, Any]) -> tuple[float, float] | None:
    ends = next((pair for pair in find_ends(TABLE[table]) if pair.middle == column), None)
    if ends is None or row[ends.low] is None or row[ends.high] is None:
        return None
    return float(row[ends.low]), float(row[ends.high])


def _around(now: float, column: str) -> tuple[float, float]:
    if column.endswith("growth_percent"):
        return now - WITHOUT_RANGE_POINTS, now + WITHOUT_RANGE_POINTS
    low, high = (now * part for part in WITHOUT_RANGE)
    return (low, high) if now > 0 else (high, low) if now < 0 else (0.0, 1.0)


def _inside(column: Column, low: float, high: float) -> tuple[float, float]:
    if column.type == "integer":
        low, high = math.floor(low), math.ceil(high)
    if column.minimum is not None:
        low = max(low, column.minimum)
    if column.maximum is not None:
        high = min(high, column.maximum)
    return float(low), float(high)


def step_of(low: float, high: float) -> float:
    """A round step (1, 2 or 5 times a power of ten): from forty to a hundred of them from low to high.

    >>> step_of(0.28, 0.5), step_of(1_600_000, 6_400_000)
    (0.005, 50000.0)
    """
    raw = (high - low) / STEPS
    if raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return float(f"{next(m for m in (1, 2, 5, 10) if m * power >= raw * 0.999) * power:.6g}")


def _named(row: Mapping[str, Any]) -> Both:
    return Both(row["name_en"], row["name_zh"])


def _series_name(district: District, area: str, indicator: str) -> Both:
    stands, what = (district.info.areas or {}).get(area), known("series", indicator)
    return Both(f"{what.en}, {(stands.name_en if stands else '') or area}", f"{area}{what.zh}")


def _joined(first: Both, second: Both) -> Both:
    return Both(f"{first.en}, {second.en}", f"{first.zh}，{second.zh}")


def chosen_overlay(
    known_levers: Sequence[Lever],
    chosen: Mapping[str, float],
    district: District,
    *,
    names: Both,
    reason: str,
    reason_zh: str = "",
    built_on: Sequence[Scenario] = (),
) -> str:
    """The overlay of what was chosen, as TOML text; empty where nothing differs from today's numbers.

    A number that has a range takes it along: scaled with the number, for a growth moved by the same points.

    Parameters
    ----------
    chosen
        Value by lever id.
    built_on
        Scenarios whose entries come first, in their order.

    Raises
    ------
    DataError
        Every value that names no lever, is no number, or lies outside what its column allows.
    """
    by_id = {lever.id: lever for lever in known_levers}
    faults = [fault for name, value in chosen.items() for fault in _faults(by_id.get(name), name, value)]
    if faults:
        raise DataError(faults)
    moved = [(by_id[name], value) for name, value in chosen.items() if not math.isclose(value, by_id[name].now)]
    if not moved and not built_on:
        return ""
    head = {"name_zh": names.zh, "name_en": names.en, "reason": reason, "reason_zh": reason_zh}
    lines = [f"{key} = {quote(value)}" for key, value in head.items() if value]
    own = [("set", _entry(lever, value, district, reason)) for lever, value in moved]
    own += [("set", entry) for entry in _sums(moved, district, reason)]
    parts = [(entry.verb, dict(entry.content)) for scenario in built_on for entry in scenario.entries] + own
    for verb in VERBS:
        for name, content in parts:
            if name == verb:
                lines += ["", f"[[{verb}]]", *(f"{key} = {toml(value)}" for key, value in content.items())]
    return "\n".join(lines) + "\n"


def _faults(lever: Lever | None, name: str, value: Any) -> Iterator[Fault]:
    if lever is None:
        yield Fault("levers", None, name, str(value), "is no lever of this district", "choose one from its list")
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield Fault(
            "levers", None, name, str(value), "must be a number", f"write one from {lever.low:g} to {lever.high:g}"
        )
        return
    if lever.whole and value != int(value):
        yield Fault("levers", None, name, f"{value:g}", "must be a whole number", f"write {round(value)}")
    column = TABLE[lever.table].column(lever.column)
    if (column.minimum is not None and value < column.minimum) or (
        column.maximum is not None and value > column.maximum
    ):
        least, most = (("" if end is None else f"{end:g}") for end in (column.minimum, column.maximum))
        yield Fault(
            "levers", None, name, f"{value:g}", "lies outside what is possible", f"write one from {least} to {most}"
        )


def _entry(lever: Lever, value: float, district: District, reason: str) -> dict[str, Any]:
    values: dict[str, Any] = {lever.column: _typed(lever, value)}
    table, frame = TABLE[lever.table], district[lever.table]
    row = frame.filter(row_ids(table, frame) == lever.row).to_dicts()[0]
    ends = next((pair for pair in find_ends(table) if pair.middle == lever.column), None)
    for end, side in ((ends.low, min), (ends.high, max)) if ends is not None else ():
        if row[end] is not None:
            along = row[end] + value - lever.now if lever.unit == "percent" else _scaled(row[end], lever.now, value)
            values[end] = _typed(lever, side(_clipped(table.column(end), along, lever.whole), value))
    return {"table": lever.table, "key": lever.row, "values": values, "reason": reason}


def _sums(moved: Sequence[tuple[Lever, float]], district: District, reason: str) -> Iterator[dict[str, Any]]:
    """Berths by kind sum to the terminal's, and terminals to the row of the place that sums them: both follow."""
    terminal_of = dict(district["berths"].select("id", "terminal").iter_rows())
    more: dict[str, int] = {}
    for lever, value in moved:
        if (lever.table, lever.column) == ("berths", "berth_count"):
            terminal = terminal_of[lever.row]
            more[terminal] = more.get(terminal, 0) + int(value - lever.now)
    rows = {row["id"]: row for row in district["terminals"].to_dicts()}
    for terminal, change in list(more.items()):
        for row in rows.values():
            if row["is_total"] and row["place"] == rows[terminal]["place"]:
                more[row["id"]] = more.get(row["id"], 0) + change
    for terminal, change in more.items():
        if change and rows[terminal]["berth_count"] is not None:
            count = rows[terminal]["berth_count"] + change
            yield {"table": "terminals", "key": terminal, "values": {"berth_count": count}, "reason": reason}


def _scaled(end: float, now: float, value: float) -> float:
    return end * value / now if now else end + value


def _clipped(column: Column, value: float, whole: bool) -> float:
    value = round(value) if whole else value
    value = value if column.minimum is None else max(value, column.minimum)
    return value if column.maximum is None else min(value, column.maximum)


def _typed(lever: Lever, value: float) -> int | float:
    return int(value) if lever.whole else float(f"{value:.10g}")


def toml(value: Any) -> str:
    """A TOML value.

    >>> toml({"a": [1, 0.5], "b": True, "c": "x"})
    '{ a = [1, 0.5], b = true, c = "x" }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return quote(value) if isinstance(value, str) else value.isoformat()  # a date
