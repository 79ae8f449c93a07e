"""Reader and writer of the General Modeling Network Specification: a folder of CSV files.

``node.csv`` and ``link.csv`` are needed, ``demand.csv`` (``o_zone_id, d_zone_id, volume``) for an assignment, ``config.csv``
says the units. Read: capacity is per lane and hour and is multiplied by lanes; a link that is not ``directed`` becomes
two; free-flow time is ``vdf_fftt`` [min] or length over free speed; ``vdf_alpha`` and ``vdf_beta`` are the BPR numbers, 0.15 and
4 where absent. A unit that the files do not say is asked for, never guessed.

The specification has no first thru node: that zones may not be driven through is an explicit choice of the caller.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qujiang.errors import DataError, Fault, ScenarioError
from qujiang.freight.road_network import RoadDemand, RoadNetwork

#: Kilometres in one unit of length, by the names that the field uses.
KM_PER = {
    **dict.fromkeys(("km", "kilometer", "kilometre", "kilometers", "kilometres"), 1.0),
    **dict.fromkeys(("m", "meter", "metre", "meters", "metres"), 0.001),
    **dict.fromkeys(("mi", "mile", "miles"), 1.609344),
    **dict.fromkeys(("ft", "foot", "feet"), 0.0003048),
}
#: Kilometres an hour in one unit of speed.
KM_PER_H = {
    **dict.fromkeys(("kph", "kmh", "km/h", "kmph"), 1.0),
    **dict.fromkeys(("mph", "mi/h"), 1.609344),
    **dict.fromkeys(("m/s", "mps"), 3.6),
}
WGS84 = ("4326", "EPSG:4326", "WGS84", "WGS 84", "OGC:CRS84")
NODE_COLUMNS = ("node_id", "x_coord", "y_coord", "zone_id")
LINK_COLUMNS = (
    "link_id", "from_node_id", "to_node_id", "directed", "length", "capacity", "lanes", "toll", "vdf_fftt", "vdf_alpha", "vdf_beta",
)  # fmt: skip


@dataclass(slots=True)
class _Table:
    """Rows of one CSV file with their lines; faults are gathered."""

    name: str
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int | None, column: str | None, value: str | None, rule: str, mend: str = "") -> None:
        self.faults.append(Fault(self.name, line, column, value, rule, mend))

    def number(self, line: int, row: dict[str, str], column: str, default: float = math.nan) -> float:
        """A finite number, not negative; the default where the cell is empty; NaN (and a fault) where it is faulty."""
        text = row.get(column, "")
        if text in ("", "NaN"):
            return default
        try:
            value = float(text)
        except ValueError:
            self.fault(line, column, text, "must be a number")
            return math.nan
        if not (math.isfinite(value) and value >= 0.0):
            self.fault(line, column, text, "must be finite and not negative")
            return math.nan
        return value


def read_gmns(
    folder: Path, *, closed_zones: bool = False, length_unit: str | None = None, speed_unit: str | None = None
) -> tuple[RoadNetwork, RoadDemand]:
    """Read a network and its demand.

    Parameters
    ----------
    closed_zones
        True: a node with a ``zone_id`` may begin or end a trip but is not driven through.
    length_unit, speed_unit
        Where ``config.csv`` does not say ``long_length`` and ``speed``. A word that contradicts it is refused.

    Raises
    ------
    DataError
        All faults of all files.
    """
    nodes, links, demand = (_read(folder / name, needed=needed) for name, needed in _NEEDED)
    config = _config(folder)
    units = _units(config, links, length_unit, speed_unit)
    node_ids, zone_of, x, y = _nodes(nodes)
    network = _links(links, node_ids, units, nodes_ok=not nodes.faults)
    trips = _trips(demand, zone_of)
    faults = [*nodes.faults, *links.faults, *demand.faults, *config.faults]
    if faults or network is None or trips is None:
        raise DataError(faults)
    crs = config.rows[0][1].get("crs", "") if config.rows else ""
    passable = np.array([not (closed_zones and bool(zone)) for zone in zone_of], dtype=bool)
    return replace(network, name=folder.name, passable=passable, x=x, y=y, crs=crs), trips


_NEEDED = (
    ("node.csv", ("node_id", "x_coord", "y_coord")),
    ("link.csv", ("link_id", "from_node_id", "to_node_id", "directed")),
    ("demand.csv", ("o_zone_id", "d_zone_id", "volume")),
)


def _read(path: Path, *, needed: Sequence[str] = (), optional: bool = False) -> _Table:
    table = _Table(path.name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            table.columns = tuple(name.strip() for name in reader.fieldnames or ())
            reader.fieldnames = list(table.columns)
            for row in reader:
                inside = sum(value.count("\n") for value in row.values() if isinstance(value, str))
                cells = {key: (value or "").strip() for key, value in row.items() if key}
                table.rows.append((reader.line_num - inside, cells))
    except FileNotFoundError:
        if not optional:
            table.fault(None, None, None, "there is no such file", f"put it into {path.parent.name}/")
        return table
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        table.fault(None, None, None, f"cannot be read: {error}", "save it as CSV in UTF-8")
        return table
    for name in needed:
        if name not in table.columns:
            table.fault(1, name, None, "the column is missing")
    if any(fault.line == 1 for fault in table.faults):
        table.rows = []
    return table


def _config(folder: Path) -> _Table:
    table = _read(folder / "config.csv", optional=True)
    if len(table.rows) > 1:
        table.fault(table.rows[1][0], None, None, "config.csv must hold one row")
    return table


def _units(config: _Table, links: _Table, length_unit: str | None, speed_unit: str | None) -> tuple[str, float, float]:
    """Length unit as written, km per unit of length, km/h per unit of speed; NaN where unsaid, a fault where needed."""
    said = config.rows[0][1] if config.rows else {}
    by_speed = any(row.get("vdf_fftt", "") == "" for _, row in links.rows)
    factors = []
    words = []
    for column, asked, known in (("long_length", length_unit, KM_PER), ("speed", speed_unit, KM_PER_H)):
        word = said.get(column, "")
        if asked and word and known.get(asked.lower()) != known.get(word.lower()):
            config.fault(2, column, word, f"contradicts the unit asked for, {asked}", "drop one of the two")
        word = word or asked or ""
        if word and word.lower() not in known:
            config.fault(2, column, word, f"is not a known unit: {', '.join(known)}")
        if not word and by_speed and links.rows:
            config.fault(
                None,
                column,
                None,
                "is not said, and free-flow times depend on it",
                "say it in config.csv or as an option",
            )
        words.append(word)
        factors.append(known.get(word.lower(), math.nan))
    return words[0], factors[0], factors[1]


def _nodes(table: _Table) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    seen: set[str] = set()
    places: list[tuple[float, float]] = []
    for line, row in table.rows:
        name = row["node_id"]
        if not name or name in seen:
            table.fault(line, "node_id", name, "must be given and not twice")
        seen.add(name)
        place = []
        for column in ("x_coord", "y_coord"):
            try:
                place.append(float(row[column]))
            except ValueError:
                table.fault(line, column, row[column], "must be a number")
                place.append(math.nan)
        places.append((place[0], place[1]))
    points = np.array(places, dtype=np.float64).reshape(-1, 2)
    zones = tuple(row.get("zone_id", "") for _, row in table.rows)
    return tuple(row["node_id"] for _, row in table.rows), zones, points[:, 0].copy(), points[:, 1].copy()


def _links(
    table: _Table, node_ids: tuple[str, ...], units: tuple[str, float, float], *, nodes_ok: bool
) -> RoadNetwork | None:
    place = {name: number for number, name in enumerate(node_ids)}
    seen: set[str] = set()
    rows: list[tuple[str, int, int, tuple[float, ...]]] = []
    for line, row in table.rows:
        name = row["link_id"]
        if not name or name in seen:
            table.fault(line, "link_id", name, "must be given and not twice")
        seen.add(name)
        ends = [place.get(row[column], -1) for column in ("from_node_id", "to_node_id")]
        for column, end in zip(("from_node_id", "to_node_id"), ends, strict=True):
            if end < 0 and nodes_ok:
                table.fault(line, column, row[column], "is not a node of node.csv")
        directed = row["directed"].lower()
        if directed not in ("true", "1", "false", "0"):
            table.fault(line, "directed", row["directed"], "must be true or false")
        values = _link_values(table, line, row, units)
        rows.append((name, ends[0], ends[1], values))
        if directed in ("false", "0"):
            rows.append((f"{name} back", ends[1], ends[0], values))
    if table.faults or not nodes_ok:
        return None
    table_of = np.array([values for *_, values in rows], dtype=np.float64).reshape(-1, 6)
    length, free_flow, capacity, b, power, toll = (table_of[:, i].copy() for i in range(6))
    tail, head = (np.array([row[i] for row in rows], dtype=np.int64) for i in (1, 2))
    notes = []
    if toll.any():
        notes.append("the files hold tolls: they count with a toll factor only")
    if any(row.get("allowed_uses") for _, row in table.rows):
        notes.append("allowed_uses is not read: every link is open to every trip")
    return RoadNetwork(
        "", node_ids, np.ones(len(node_ids), dtype=bool), tuple(name for name, *_ in rows), tail, head,
        capacity, length, free_flow, b, power, toll, length_unit=units[0], notes=tuple(notes),
    )  # fmt: skip


def _link_values(table: _Table, line: int, row: dict[str, str], units: tuple[str, float, float]) -> tuple[float, ...]:
    """Length, free-flow time [min], capacity of all lanes, b, power and toll of one link."""
    _, km, km_per_h = units
    length = table.number(line, row, "length", 0.0)
    free_flow = table.number(line, row, "vdf_fftt")
    if row.get("vdf_fftt", "") == "":
        speed = table.number(line, row, "free_speed")
        for column, value in (("length", row.get("length", "")), ("free_speed", row.get("free_speed", ""))):
            if not value:
                table.fault(line, column, None, "is needed where vdf_fftt is not given")
        if speed == 0.0:
            table.fault(line, "free_speed", row["free_speed"], "must be above 0", "leave the link out to close it")
        free_flow = length * km / (speed * km_per_h) * 60.0 if speed > 0.0 else math.nan
    b, power = table.number(line, row, "vdf_alpha", 0.15), table.number(line, row, "vdf_beta", 4.0)
    capacity, lanes = table.number(line, row, "capacity"), table.number(line, row, "lanes")
    if b > 0.0 and power > 0.0:
        for column, value in (("capacity", capacity), ("lanes", lanes)):
            if not value > 0.0 and not (math.isnan(value) and row.get(column)):
                table.fault(
                    line,
                    column,
                    row.get(column),
                    "must be above 0 where vdf_alpha is",
                    "give it, or set vdf_alpha to 0",
                )
    else:
        capacity, lanes = (0.0 if math.isnan(capacity) else capacity), (1.0 if math.isnan(lanes) else lanes)
    return length, free_flow, capacity * lanes, b, power, table.number(line, row, "toll", 0.0)


def _trips(table: _Table, zone_of: tuple[str, ...]) -> RoadDemand | None:
    nodes: dict[str, list[int]] = {}
    for number, zone in enumerate(zone_of):
        if zone:
            nodes.setdefault(zone, []).append(number)
    rows: list[tuple[int, int, float]] = []
    seen: set[tuple[str, str]] = set()
    for line, row in table.rows:
        ends = []
        for column in ("o_zone_id", "d_zone_id"):
            here = nodes.get(row[column], [])
            if len(here) != 1:
                what = "is no node's zone_id" if not here else f"has {len(here)} nodes: one must stand for the zone"
                table.fault(line, column, row[column], what, "" if here else "check node.csv")
            ends.append(here[0] if here else -1)
        pair = (row["o_zone_id"], row["d_zone_id"])
        if pair in seen:
            table.fault(line, "d_zone_id", pair[1], f"is given twice for o_zone_id {pair[0]}")
        seen.add(pair)
        volume = table.number(line, row, "volume")
        if not row["volume"]:
            table.fault(line, "volume", None, "is missing")
        rows.append((ends[0], ends[1], volume))
    if table.faults:
        return None
    origin, target = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1))
    volumes = np.array([volume for *_, volume in rows])
    within = origin == target
    sent = ~within & (volumes > 0.0)
    return RoadDemand(origin[sent], target[sent], volumes[sent], float(volumes[within].sum()))


def gmns_tables(
    network: RoadNetwork, demand: RoadDemand | None = None, flow: NDArray[np.float64] | None = None
) -> dict[str, list[tuple]]:
    """A network as GMNS files: name of the file -> rows, the first is the header. Lanes are 1, capacity that of the link.

    Raises
    ------
    ScenarioError
        The network has no coordinates, which the specification requires.
    """
    if network.x is None or network.y is None:
        raise ScenarioError(f"{network.name} has no coordinates, which GMNS requires: read it with its node file")
    ends = np.unique(np.concatenate([demand.origin, demand.target])) if demand else np.array([], dtype=np.int64)
    zone = {int(i) for i in ends} | {int(i) for i in np.flatnonzero(~network.passable)}
    names = network.node_ids
    nodes = [
        (name, float(network.x[i]), float(network.y[i]), name if i in zone else "") for i, name in enumerate(names)
    ]
    columns = (
        network.length,
        network.capacity,
        np.ones(len(network.link_ids), dtype=int),
        network.toll,
        network.free_flow,
        network.b,
        network.power,
    )
    extra = () if flow is None else (flow,)
    links = [
        (
            name,
            names[network.tail[i]],
            names[network.head[i]],
            "true",
            *(column[i].item() for column in (*columns, *extra)),
        )
        for i, name in enumerate(network.link_ids)
    ]
    config = [("dataset_name", "long_length", "crs"), (network.name, network.length_unit, network.crs)]
    tables: dict[str, list[tuple]] = {
        "node.csv": [NODE_COLUMNS, *nodes],
        "link.csv": [(*LINK_COLUMNS, "flow") if extra else LINK_COLUMNS, *links],
        "config.csv": config,
    }
    if demand is not None:
        rows = zip(demand.origin, demand.target, demand.trips, strict=True)
        tables["demand.csv"] = [
            ("o_zone_id", "d_zone_id", "volume"),
            *((names[o], names[d], float(v)) for o, d, v in rows),
        ]
    return tables


def write_tables(folder: Path, tables: dict[str, Iterable[tuple]]) -> None:
    """Write CSV files; each is written aside and renamed, so none is ever half there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        aside = folder / f".{name}.part"
        with aside.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, lineterminator="\n").writerows(rows)
        aside.replace(folder / name)


def link_geojson(network: RoadNetwork, columns: dict[str, NDArray[np.float64]]) -> str:
    """Links as GeoJSON lines (RFC 7946) with the given columns as properties.

    Raises
    ------
    ScenarioError
        The coordinates are absent or not longitude and latitude.
    """
    if network.x is None or network.y is None:
        raise ScenarioError(f"{network.name} has no coordinates: read it with its node file")
    inside = (abs(network.x) <= 180.0).all() and (abs(network.y) <= 90.0).all()
    if (network.crs and network.crs.upper() not in WGS84) or not inside:
        what = f"coordinate system {network.crs}" if network.crs else "coordinates that are not degrees"
        raise ScenarioError(f"{network.name} has {what}: GeoJSON needs longitude and latitude (WGS84)")
    ends = np.stack([network.x, network.y], axis=1).tolist()
    features = [
        {
            "type": "Feature",
            "id": name,
            "geometry": {"type": "LineString", "coordinates": [ends[network.tail[i]], ends[network.head[i]]]},
            "properties": {
                "from": network.node_ids[network.tail[i]],
                "to": network.node_ids[network.head[i]],
                **{key: values[i].item() for key, values in columns.items()},
            },
        }
        for i, name in enumerate(network.link_ids)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False)
