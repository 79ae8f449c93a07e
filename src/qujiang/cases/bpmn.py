"""Read a BPMN 2.0 process into our own model.

Understood: one process with start and end events, user tasks, sequence flows, parallel, exclusive and inclusive
gateways, and lanes, whose ``q:department`` says who does the steps. Everything else is a fault with its id. A
condition is a field and the words that it may be (``q:field``, ``q:equals``); an expression is refused, never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree as safe
from defusedxml.common import DefusedXmlException

from qujiang.cases.model import Flow, Kind, Node, Process
from qujiang.errors import DataError, Fault

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
OURS = "{urn:qujiang:bpmn:1}"
IGNORED = {"documentation", "extensionElements", "incoming", "outgoing", "laneSet", "textAnnotation", "association"}
FILE = "process.bpmn"
MOST_NODES = 300
_ID = re.compile(r"[A-Za-z_][\w.-]{0,79}", re.ASCII)


def read_process(text: str) -> Process:
    """Compile a BPMN file.

    Raises
    ------
    DataError
        Every element that is not understood or does not fit, by its id.
    """
    root = parse(text)
    processes = root.findall(f"{BPMN}process")
    if len(processes) != 1:
        raise DataError([_fault(None, f"holds {len(processes)} processes", "keep one")])
    faults: list[Fault] = []
    for child in root:
        if _local(child) in ("collaboration", "message", "signal", "error", "escalation", "choreography"):
            if _local(child) == "collaboration" and not child.findall(f"{BPMN}messageFlow"):
                continue
            faults.append(
                _fault(child.get("id"), f"{_local(child)} is not supported", "draw one process without messages")
            )
    nodes, flows = _read_elements(processes[0], faults)
    if len(nodes) > MOST_NODES:
        faults.append(_fault(None, f"holds {len(nodes)} nodes", f"at most {MOST_NODES}"))
    if not faults:
        _check_flows(nodes, flows, faults)
    if faults:
        raise DataError(faults)
    process = _link(nodes, flows)
    faults = list(_check_shape(process))
    if faults:
        raise DataError(faults)
    return process


def parse(text: str) -> Element:
    """The file's tree; a document type, an entity or another kind of file is refused."""
    try:
        root = safe.fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise DataError(
            [_fault(None, "declares a document type or an entity", "remove it; nothing is ever expanded")]
        ) from None
    except (ParseError, ValueError) as error:
        raise DataError([_fault(None, f"is not XML: {error}", "export it again")]) from None
    if root.tag != f"{BPMN}definitions":
        raise DataError([_fault(None, "is no BPMN 2.0 file", "its root is bpmn:definitions")])
    return root


def _read_elements(process: Element, faults: list[Fault]) -> tuple[dict[str, Node], dict[str, Flow]]:
    lanes = _read_lanes(process, faults)
    nodes: dict[str, Node] = {}
    flows: dict[str, Flow] = {}
    defaults = {element.get("default") for element in process if element.get("default")}
    for element in process:
        kind, id_ = _local(element), element.get("id") or ""
        if kind in IGNORED:
            continue
        if not _ID.fullmatch(id_) or id_ in nodes or id_ in flows:
            faults.append(_fault(id_, f"{kind} has no id of its own", "letters, digits, _ . -, at most 80"))
        elif kind == "sequenceFlow":
            flows[id_] = _read_flow(element, id_ in defaults, faults)
        elif kind in set(Kind):
            nodes[id_] = _read_node(element, Kind(kind), lanes.get(id_, ""), faults)
        else:
            faults.append(_fault(id_, f"{kind} is not supported", f"use {', '.join(Kind)} and sequenceFlow"))
    return nodes, flows


def _read_lanes(process: Element, faults: list[Fault]) -> dict[str, str]:
    lanes: dict[str, str] = {}
    for lane in process.iter(f"{BPMN}lane"):
        department = lane.get(f"{OURS}department", "")
        if not department:
            faults.append(_fault(lane.get("id"), "the lane names no department", 'write q:department="…"'))
        for reference in lane.findall(f"{BPMN}flowNodeRef"):
            lanes[(reference.text or "").strip()] = department
    return lanes


def _read_node(element: Element, kind: Kind, department: str, faults: list[Fault]) -> Node:
    id_ = element.get("id", "")
    for child in element:
        if _local(child) not in ("incoming", "outgoing", "documentation", "extensionElements"):
            faults.append(_fault(child.get("id") or id_, f"{_local(child)} in {id_} is not supported", "remove it"))
    due = element.get(f"{OURS}due_wd")
    if due is not None and not (due.isascii() and due.isdigit() and 1 <= int(due) <= 250):
        faults.append(_fault(id_, f"q:due_wd = {due} must be 1 to 250 working days", "write a whole number"))
        due = None
    if kind is Kind.STEP and not department:
        faults.append(_fault(id_, "the step lies in no lane", "put it into its department's lane"))
    final = element.get(f"{OURS}final") == "true"
    return Node(
        id_,
        kind,
        element.get("name") or id_,
        department,
        int(due) if due else None,
        element.get(f"{OURS}form", ""),
        final,
    )


def _read_flow(element: Element, default: bool, faults: list[Fault]) -> Flow:
    id_ = element.get("id", "")
    if element.find(f"{BPMN}conditionExpression") is not None:
        faults.append(
            _fault(
                id_, "conditionExpression is not supported: text is never evaluated", 'write q:field="…" q:equals="a|b"'
            )
        )
    name, words = element.get(f"{OURS}field", ""), element.get(f"{OURS}equals", "")
    if bool(name) != bool(words):
        faults.append(_fault(id_, "q:field and q:equals come together", "write both or none"))
    values = frozenset(word.strip() for word in words.split("|") if word.strip())
    return Flow(id_, element.get("sourceRef", ""), element.get("targetRef", ""), name, values, default)


def _check_flows(nodes: dict[str, Node], flows: dict[str, Flow], faults: list[Fault]) -> None:
    for flow in flows.values():
        for end in (flow.source, flow.target):
            if end not in nodes:
                faults.append(_fault(flow.id, f"leads to or from {end!r}, which is no node", "connect it"))
        source = nodes.get(flow.source)
        splits = source is not None and source.kind in (Kind.ONE, Kind.SOME)
        if (flow.field or flow.default) and not splits:
            faults.append(
                _fault(flow.id, "has a condition but leaves no exclusive or inclusive gateway", "draw a gateway")
            )
        if flow.field and flow.default:
            faults.append(_fault(flow.id, "is a default flow with a condition", "remove the condition"))


def _link(nodes: dict[str, Node], flows: dict[str, Flow]) -> Process:
    outgoing = {id_: tuple(f.id for f in flows.values() if f.source == id_) for id_ in nodes}
    incoming = {id_: tuple(f.id for f in flows.values() if f.target == id_) for id_ in nodes}
    start = next((node.id for node in nodes.values() if node.kind is Kind.START), "")
    return Process(nodes, flows, outgoing, incoming, start)


def _check_shape(process: Process) -> Iterator[Fault]:
    kinds = [node.kind for node in process.nodes.values()]
    if kinds.count(Kind.START) != 1:
        yield _fault(None, f"has {kinds.count(Kind.START)} start events", "draw one")
    if Kind.END not in kinds or Kind.STEP not in kinds:
        yield _fault(None, "has no end event or no user task", "draw both")
    for node in process.nodes.values():
        comes, goes = len(process.incoming[node.id]), len(process.outgoing[node.id])
        if node.kind is not Kind.START and comes == 0:
            yield _fault(node.id, "is not reached", "connect it")
        if node.kind is Kind.START and comes:
            yield _fault(node.id, "a start event has no incoming flow", "draw a gateway behind it")
        if node.kind is Kind.END and goes:
            yield _fault(node.id, "an end event has no outgoing flow", "remove it")
        if node.kind is not Kind.END and goes == 0:
            yield _fault(node.id, "leads nowhere", "connect it to an end event")
        if node.kind in (Kind.STEP, Kind.START) and goes > 1:
            yield _fault(node.id, "has several outgoing flows", "draw a gateway behind it")
        if node.kind is Kind.STEP and comes > 1:
            yield _fault(node.id, "has several incoming flows", "join them in a gateway before it")
        if node.kind is Kind.ONE and goes > 1:
            bare = [f for f in process.outgoing[node.id] if not process.flows[f].field and not process.flows[f].default]
            for flow in bare:
                yield _fault(
                    flow,
                    "leaves an exclusive gateway without a condition",
                    "write q:field and q:equals, or make it the default",
                )
    circle = _circle(process)
    if circle:
        yield _fault(circle, "lies on a circle", "a process goes forward; a return is an act of the step, not a flow")


def _circle(process: Process) -> str | None:
    """A node on a circle, found by taking away what has no incoming flow left."""
    left = {id_: len(process.incoming[id_]) for id_ in process.nodes}
    free = [id_ for id_, count in left.items() if count == 0]
    while free:
        for flow in process.outgoing[free.pop()]:
            target = process.flows[flow].target
            left[target] -= 1
            if left[target] == 0:
                free.append(target)
    return next((id_ for id_, count in left.items() if count > 0), None)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "comment"


def _fault(id_: str | None, rule: str, mend: str) -> Fault:
    return Fault(FILE, None, "id" if id_ else None, id_ or None, rule, mend)
