"""The picture of a process: what the BPMN file's diagram (BPMN DI) draws, as data.

Source: OMG, BPMN 2.0.2 (formal/2013-12-09), chapter 12: shapes have bounds, edges have waypoints, both in points (1/72 in).
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from qujiang.cases.bpmn import BPMN, FILE, OURS, parse
from qujiang.cases.model import Drawing, DrawnEdge, DrawnLane, DrawnNode, Process
from qujiang.errors import DataError, Fault

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DC = "{http://www.omg.org/spec/DD/20100524/DC}"
_POINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
MOST_POINTS = 100_000.0


def read_drawing(text: str, process: Process) -> Drawing | None:
    """The diagram of a BPMN file; None where the file has none.

    Raises
    ------
    DataError
        Every node without a shape and every flow without waypoints, when others have them.
    """
    root = parse(text)
    shapes = {shape.get("bpmnElement", ""): shape for shape in root.iter(f"{_DI}BPMNShape")}
    edges = {edge.get("bpmnElement", ""): edge for edge in root.iter(f"{_DI}BPMNEdge")}
    if not shapes:
        return None
    faults: list[Fault] = []
    nodes = tuple(
        DrawnNode(node.id, str(node.kind), node.name if node.name != node.id else "", *_bounds(shapes, node.id, faults))
        for node in process.nodes.values()
    )
    lanes = tuple(
        DrawnLane(
            lane.get("id", ""),
            lane.get("name", ""),
            lane.get(f"{OURS}department", ""),
            *_bounds(shapes, lane.get("id", ""), faults),
        )
        for lane in root.iter(f"{BPMN}lane")
    )
    drawn = tuple(
        DrawnEdge(flow.id, flow.source, flow.target, _points(edges, flow.id, faults)) for flow in process.flows.values()
    )
    if faults:
        raise DataError(faults)
    corners = [(item.x, item.y) for item in (*nodes, *lanes)]
    ends = [(item.x + item.width, item.y + item.height) for item in (*nodes, *lanes)]
    every = [*corners, *ends, *(point for edge in drawn for point in edge.points)]
    (left, top), (right, bottom) = (tuple(pick(p[n] for p in every) for n in (0, 1)) for pick in (min, max))
    return Drawing(left, top, right - left, bottom - top, lanes, nodes, drawn)


def _bounds(shapes: Mapping[str, Element], id_: str, faults: list[Fault]) -> tuple[float, float, float, float]:
    bounds = shapes[id_].find(f"{_DC}Bounds") if id_ in shapes else None
    found = None if bounds is None else _numbers(bounds, ("x", "y", "width", "height"))
    if found is None or found[2] <= 0 or found[3] <= 0:
        faults.append(Fault(FILE, None, "id", id_, "has no shape with bounds in the diagram", "draw it and save again"))
        return 0.0, 0.0, 0.0, 0.0
    return found[0], found[1], found[2], found[3]


def _points(edges: Mapping[str, Element], id_: str, faults: list[Fault]) -> tuple[tuple[float, float], ...]:
    waypoints = edges[id_].findall(_POINT) if id_ in edges else []
    found = [_numbers(point, ("x", "y")) for point in waypoints]
    if len(found) < 2 or None in found:
        faults.append(Fault(FILE, None, "id", id_, "has no waypoints in the diagram", "draw it and save again"))
        return ()
    return tuple((point[0], point[1]) for point in found if point is not None)


def _numbers(element: Element, names: tuple[str, ...]) -> list[float] | None:
    try:
        numbers = [float(element.get(name, "")) for name in names]
    except ValueError:
        return None
    return numbers if all(abs(number) <= MOST_POINTS for number in numbers) else None
