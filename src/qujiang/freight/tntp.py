"""Reader of the TNTP form: ``*_net.tntp``, ``*_trips.tntp`` and ``*_node.tntp``.

Metadata lines ``<KEY> value`` come in any order and end with ``<END OF METADATA>``; ``~`` begins a comment; a row ends in
``;`` or at its line's end; trips are ``destination : amount ;`` in any order, spread over lines. All faults of both files
are told at once, each with its line.

The form does not name its units. Free-flow time is taken as it stands ("minutes" may be hundredths of an hour), and toll
and distance cost nothing unless their factors are given, because they come with a network's notes, not with its file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from qujiang.errors import DataError, Fault
from qujiang.freight.road_network import RoadDemand, RoadNetwork

COLUMNS = ("init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll", "link_type")
NET_KEYS = ("NUMBER OF ZONES", "NUMBER OF NODES", "FIRST THRU NODE", "NUMBER OF LINKS")
#: Sums of trips are compared with the metadata to this relative precision.
TOTAL_PRECISION = 1e-6

_PAIRS = re.compile(r"\s*(?:\d+\s*:\s*[-+.\deE]+\s*;\s*)*")
_TOKENS = re.compile(r"[:;]|[^\s:;]+")


@dataclass(slots=True)
class _File:
    """The lines of one file without comments, its metadata, and its faults."""

    name: str
    rows: list[tuple[int, str]] = field(default_factory=list)
    keys: dict[str, tuple[int, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int | None, column: str | None, value: str | None, rule: str, mend: str = "") -> None:
        self.faults.append(Fault(self.name, line, column, value, rule, mend))


def read_tntp(net: Path, trips: Path, node: Path | None = None) -> tuple[RoadNetwork, RoadDemand]:
    """Read a network, its trips and, if given, its coordinates.

    Raises
    ------
    DataError
        All faults of all files: syntax, ranges, counts against the metadata.
    """
    net_file, trips_file = _open(net), _open(trips)
    network = _network(net_file, net.name.removesuffix(".tntp").removesuffix("_net"))
    demand = _demand(trips_file, len(network.node_ids) if network else None, _whole(net_file, "NUMBER OF ZONES"))
    faults = [*net_file.faults, *trips_file.faults]
    if node is not None and network is not None:
        node_file = _open(node, metadata=False)
        network = _with_coordinates(network, node_file)
        faults += node_file.faults
    if faults or network is None or demand is None:
        raise DataError(faults)
    return network, demand


def _open(path: Path, *, metadata: bool = True) -> _File:
    file = _File(path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        file.fault(None, None, None, "there is no such file", "check the path")
        return file
    except (OSError, UnicodeDecodeError) as error:
        file.fault(None, None, None, f"cannot be read as text: {error}", "save it as plain UTF-8 text")
        return file
    inside = metadata
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if inside and content.startswith("<"):
            key, _, value = content[1:].partition(">")
            key = key.strip().upper()
            inside = key != "END OF METADATA"
            if inside:
                file.keys[key] = (number, value.partition("~")[0].strip())
            continue
        content = content.partition("~")[0].strip()
        if content:
            if inside:
                file.fault(number, None, None, "a row before <END OF METADATA>", "close the metadata first")
                inside = False
            file.rows.append((number, content))
    if inside:
        file.fault(None, None, None, "<END OF METADATA> is missing", "add it after the last <KEY> line")
    return file


def _whole(file: _File, key: str) -> int | None:
    """A metadata value as a positive whole number; None (and a fault, once) where it is not."""
    if key not in file.keys:
        if not (file.keys or file.rows) and file.faults:  # the file was not read at all
            return None
        if not any(fault.column == f"<{key}>" for fault in file.faults):
            file.fault(None, f"<{key}>", None, "is missing", "add it to the metadata")
        return None
    line, text = file.keys[key]
    try:
        value = int(text)
        if value >= 1:
            return value
    except ValueError:
        pass
    if not any(fault.line == line for fault in file.faults):
        file.fault(line, f"<{key}>", text, "must be a whole number from 1")
    return None


def _network(file: _File, name: str) -> RoadNetwork | None:
    zones, nodes, first_thru, links = (_whole(file, key) for key in NET_KEYS)
    values = [
        row for number, text in file.rows for piece in text.split(";") if (row := _link(file, number, piece, nodes))
    ]
    if zones is not None and nodes is not None and zones > nodes:
        line, text = file.keys["NUMBER OF ZONES"]
        file.fault(line, "<NUMBER OF ZONES>", text, f"must not be above the number of nodes, {nodes}")
    rows = sum(bool(piece.strip()) for _, text in file.rows for piece in text.split(";"))
    if links is not None and rows != links:
        file.fault(
            file.keys["NUMBER OF LINKS"][0],
            "<NUMBER OF LINKS>",
            str(links),
            f"the file holds {rows} rows",
            "count again",
        )
    if file.faults or nodes is None or first_thru is None:
        return None
    table = np.array(values, dtype=np.float64).reshape(-1, len(COLUMNS) - 1)
    notes = []
    if table[:, 8].any():
        notes.append("the file holds tolls: they count with a toll factor only")
    return RoadNetwork(
        name=name,
        node_ids=tuple(str(number) for number in range(1, nodes + 1)),
        passable=np.arange(1, nodes + 1) >= first_thru,
        link_ids=tuple(str(number) for number in range(1, rows + 1)),
        tail=table[:, 0].astype(np.int64) - 1,
        head=table[:, 1].astype(np.int64) - 1,
        capacity=table[:, 2].copy(),
        length=table[:, 3].copy(),
        free_flow=table[:, 4].copy(),
        b=table[:, 5].copy(),
        power=table[:, 6].copy(),
        toll=table[:, 8].copy(),
        notes=tuple(notes),
    )


def _link(file: _File, number: int, piece: str, nodes: int | None) -> list[float] | None:
    """One link's numbers; faults go to the file."""
    words = piece.split()
    if not words:
        return None
    if len(words) not in (len(COLUMNS) - 1, len(COLUMNS)):
        file.fault(
            number, None, piece.strip(), f"a link has {len(COLUMNS)} values, not {len(words)}", ", ".join(COLUMNS)
        )
        return None
    row = [_number(file, number, column, word) for column, word in zip(COLUMNS[:-1], words, strict=False)]
    for column, word, value in zip(COLUMNS[:2], words, row, strict=False):
        if not math.isnan(value) and not (value == int(value) and 1 <= value <= (nodes or value)):
            file.fault(number, column, word, f"must be a node from 1 to {nodes or 'the number of nodes'}")
    capacity, b, power = row[2], row[5], row[6]
    if capacity == 0.0 and b > 0.0 and power > 0.0:
        file.fault(number, "capacity", words[2], "must be above 0 where b and power are", "give it, or set b to 0")
    return row


def _number(file: _File, number: int, column: str, word: str) -> float:
    """A finite number, not negative; NaN (and a fault) where it is not."""
    try:
        value = float(word)
    except ValueError:
        file.fault(number, column, word, "must be a number")
        return math.nan
    if not math.isfinite(value) or value < 0.0:
        file.fault(number, column, word, "must be finite and not negative")
        return math.nan
    return value


def _demand(file: _File, nodes: int | None, net_zones: int | None) -> RoadDemand | None:
    zones = _whole(file, "NUMBER OF ZONES")
    if zones is not None and net_zones is not None and zones != net_zones:
        line, text = file.keys["NUMBER OF ZONES"]
        file.fault(line, "<NUMBER OF ZONES>", text, f"the network has {net_zones}")
    origin, target, amount, lines = _pairs(file, zones)
    known = (origin >= 0) & (target >= 0)
    key = origin * (int(target.max(initial=0)) + 1) + target
    _, first = np.unique(key, return_index=True)
    again = np.setdiff1d(np.flatnonzero(known), first)
    for i in again:
        file.fault(int(lines[i]), "destination", str(target[i] + 1), f"is given twice for origin {origin[i] + 1}")
    if not file.faults:
        _compare_total(file, float(amount.sum()))
    if file.faults or nodes is None:
        return None
    within = origin == target
    sent = ~within & (amount > 0.0)
    return RoadDemand(origin[sent], target[sent], amount[sent], float(amount[within].sum()))


def _compare_total(file: _File, total: float) -> None:
    if "TOTAL OD FLOW" not in file.keys:
        return
    line, text = file.keys["TOTAL OD FLOW"]
    try:
        stated = float(text)
    except ValueError:
        file.fault(line, "<TOTAL OD FLOW>", text, "must be a number")
        return
    if not abs(total - stated) <= TOTAL_PRECISION * max(abs(stated), 1.0):
        file.fault(
            line,
            "<TOTAL OD FLOW>",
            text,
            f"the trips of the file sum to {total:.10g}",
            "complete the trips or mend the total",
        )


def _pairs(file: _File, zones: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Origin and destination (from 0), amount and line of every entry."""
    origins: list[int] = []
    targets: list[int] = []
    amounts: list[float] = []
    lines: list[int] = []
    origin: int | None = None
    held: list[tuple[int, str]] = []  # tokens of an entry that its line does not complete
    for number, text in file.rows:
        if text[:6].lower() == "origin":
            _flush(file, held)
            origin = _zone(file, number, "origin", text[6:].strip().rstrip(";"), zones)
            continue
        if origin is None:
            file.fault(number, None, text, "trips before the first Origin", "begin with: Origin 1")
            origin = -1
        if not held and _PAIRS.fullmatch(text):
            words = text.replace(":", " ").replace(";", " ").split()
            entries = zip([number] * len(words), words[::2], words[1::2], strict=False)
        else:
            held += [(number, token) for token in _TOKENS.findall(text)]
            entries = _complete(file, held)
        for line, zone, word in entries:
            target = _zone(file, line, "destination", zone, zones)
            value = _number(file, line, "trips", word)
            origins.append(origin)
            targets.append(target)
            amounts.append(value)
            lines.append(line)
    _flush(file, held)
    return np.array(origins, dtype=np.int64), np.array(targets, dtype=np.int64), np.array(amounts), np.array(lines)


def _complete(file: _File, held: list[tuple[int, str]]) -> list[tuple[int, str, str]]:
    """Take whole entries ``zone : amount [;]`` from the front of the tokens; a bad token is told and skipped."""
    entries = []
    while held:
        words = [token for _, token in held[:3]]
        if words[0] == ";":
            del held[0]
        elif words[0] == ":" or (len(words) > 1 and words[1] != ":") or (len(words) > 2 and words[2] in ":;"):
            line, token = held.pop(0)
            file.fault(line, None, token, "must be part of: destination : trips ;")
        elif len(words) < 3:
            break
        else:
            entries.append((held[0][0], words[0], words[2]))
            del held[:3]
    return entries


def _flush(file: _File, held: list[tuple[int, str]]) -> None:
    if held:
        line, token = held[0]
        file.fault(line, None, token, "an entry without its trips", "write: destination : trips ;")
        held.clear()


def _zone(file: _File, number: int, column: str, word: str, zones: int | None) -> int:
    """A zone from 0; -1 (and a fault) where it is none."""
    if word.isdecimal() and 1 <= int(word) <= (zones or int(word)):
        return int(word) - 1
    file.fault(number, column, word, f"must be a zone from 1 to {zones or 'the number of zones'}")
    return -1


def _with_coordinates(network: RoadNetwork, file: _File) -> RoadNetwork:
    place = {name: number for number, name in enumerate(network.node_ids)}
    x = np.full(len(place), np.nan)
    y = np.full(len(place), np.nan)
    for number, text in file.rows:
        words = text.replace(";", " ").split()
        if words and words[0].lower() == "node":
            continue
        if len(words) < 3 or words[0] not in place:
            file.fault(number, "node", words[0] if words else None, "must be: node X Y, of a node of the network")
            continue
        try:
            x[place[words[0]]], y[place[words[0]]] = float(words[1]), float(words[2])
        except ValueError:
            file.fault(number, "X Y", " ".join(words[1:3]), "must be numbers")
    missing = [name for name in network.node_ids if np.isnan(x[place[name]])]
    if missing and not file.faults:
        file.fault(None, "node", missing[0], f"{len(missing)} nodes of the network have no coordinates")
    return replace(network, x=x, y=y)
