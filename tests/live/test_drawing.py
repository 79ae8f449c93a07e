"""The picture of a process and where a case stands in it, and the lists that pages show."""

from __future__ import annotations

import xml.etree.ElementTree as tree

import pytest

from qujiang import cases, desk
from qujiang.cases import walk
from qujiang.cases.diagram import read_drawing
from qujiang.cases.drawing import node_states
from qujiang.errors import DataError, ForbiddenError, NotFoundError
from qujiang.store import Caller, Store
from tests.live.conftest import FIRM, SERVICES

BUNDLES = sorted(folder.name for folder in (SERVICES / "bundles").iterdir() if folder.is_dir())
TABLES, READ = cases.read_bundles(SERVICES)
CALL = {
    "vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": True, "foreign_trade": False,
    "last_port": "嘉兴", "draught_cm": 260, "lock_name": "安仁铺",
}  # fmt: skip
PAPERS = dict.fromkeys(("vessel_certificate", "manifest", "crew_list"), "x")


@pytest.mark.parametrize("name", BUNDLES)
def test_every_node_has_its_shape_in_its_lane_and_every_arrow_touches_both_ends(name: str) -> None:
    bundle = READ[name][0]
    drawn = bundle.drawing
    assert drawn is not None
    assert {node.id for node in drawn.nodes} == set(bundle.process.nodes)
    assert {edge.id for edge in drawn.edges} == set(bundle.process.flows)
    nodes, lanes = {node.id: node for node in drawn.nodes}, {lane.department: lane for lane in drawn.lanes}
    assert set(lanes) == {step.department for step in bundle.process.steps}
    for step in bundle.process.steps:
        node, lane = nodes[step.id], lanes[step.department]
        assert lane.y <= node.y and node.y + node.height <= lane.y + lane.height
        assert lane.x <= node.x and node.x + node.width <= lane.x + lane.width
    for edge in drawn.edges:
        for (x, y), end in ((edge.points[0], nodes[edge.source]), (edge.points[-1], nodes[edge.target])):
            assert end.x - 1 <= x <= end.x + end.width + 1 and end.y - 1 <= y <= end.y + end.height + 1, edge.id
    boxes = [(n.x, n.y, n.x + n.width, n.y + n.height) for n in drawn.nodes]
    for number, a in enumerate(boxes):  # no shape lies on another
        for b in boxes[number + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_picture_that_lacks_a_part_names_it_and_none_at_all_is_no_fault() -> None:
    bundle, files = READ["port_call"]
    root = tree.fromstring(files["process.bpmn"])
    plane = root.find(".//{http://www.omg.org/spec/BPMN/20100524/DI}BPMNPlane")
    assert plane is not None
    for part in list(plane):
        if part.get("bpmnElement") in ("lock", "f_start__arrival"):
            plane.remove(part)
    with pytest.raises(DataError) as told:
        read_drawing(tree.tostring(root, encoding="unicode"), bundle.process)
    assert sorted(fault.value or "" for fault in told.value.faults) == ["f_start__arrival", "lock"]
    for part in list(plane):
        plane.remove(part)
    assert read_drawing(tree.tostring(root, encoding="unicode"), bundle.process) is None


@pytest.mark.parametrize("name", BUNDLES)
def test_the_states_agree_with_the_walk_on_every_way(name: str) -> None:
    """Walk every combination of answers; at each place the picture says what the walk says, and the last is all done."""
    bundle = READ[name][0]
    fields = {flow.field: set[str]() for flow in bundle.process.flows.values() if flow.field}
    for flow in bundle.process.flows.values():
        if flow.field:
            fields[flow.field] |= flow.values
    domains = {name: (*sorted(words), "no such word") for name, words in fields.items()}
    for answers, found in walk.ways(bundle.process, domains):
        if isinstance(found, walk.StuckError):
            continue
        place, done = walk.begin(bundle.process, answers), []
        while True:
            states, travelled = node_states(bundle.process, place, done, answers)
            rest = set(found) - set(done)
            for step in bundle.process.steps:
                wanted = "done" if step.id in done else "ready" if step.id in place.ready else "ahead" if step.id in rest else "passed_by"  # fmt: skip
                assert states[step.id] == wanted, (step.id, answers)
            assert place.tokens <= travelled
            if not place.ready:
                break
            step = sorted(place.ready)[0]
            done.append(step)
            place = walk.complete(bundle.process, place, step, answers)
        assert set(states.values()) <= {"done", "passed_by"}


def test_a_running_case_is_drawn_with_its_state(store: Store, book: desk.Rulebook, people: dict[str, Caller]) -> None:
    library = cases.load_library(store, SERVICES)
    with store.write(people["firm"]) as unit:
        code = cases.start_case(unit, library, book.calendar, cases.Application("port_call", CALL, PAPERS))["code"]
    with store.write(people["transport"]) as unit:
        cases.complete_step(unit, library, book.calendar, code, "arrival")
    with store.read() as connection:
        drawn = cases.drawing(connection, library, code)
        with pytest.raises(NotFoundError):
            cases.drawing(connection, library, "NOSUCHCODE22")
    states = {node["id"]: node["state"] for node in drawn["nodes"]}
    assert (states["start"], states["arrival"], states["lock"], states["berth"]) == ("done", "done", "ready", "ready")
    assert (states["customs"], states["confirm"], states["end"]) == ("passed_by", "ahead", "ahead")
    assert (states["g_split"], states["g_customs"], states["g_join"]) == ("done", "done", "waiting")
    assert {edge["id"]: edge["travelled"] for edge in drawn["edges"]}["f_start__arrival"]
    assert "浙衢货0001" not in str(drawn) and FIRM not in str(drawn)


def test_cases_are_listed_by_scope_a_page_at_a_time(
    store: Store, book: desk.Rulebook, people: dict[str, Caller]
) -> None:
    library, codes = cases.load_library(store, SERVICES), []
    for who in ("firm", "firm", "other_firm"):
        with store.write(people[who]) as unit:
            application = cases.Application("port_call", CALL, PAPERS)
            codes.insert(0, cases.start_case(unit, library, book.calendar, application)["code"])
    with store.read() as connection:

        def seen(who: str, **more) -> list[str]:
            return [row["code"] for row in cases.listed(connection, people[who], library, **more)]

        assert seen("supervisor") == seen("clerk") == seen("transport") == codes
        assert seen("firm") == codes[1:] and seen("other_firm") == codes[:1] and seen("tax") == []
        assert seen("auditor", limit=2) == codes[:2] and seen("auditor", limit=2, after=codes[1]) == codes[2:]
        assert seen("auditor", state="done") == []
        row = cases.listed(connection, people["firm"], library)[0]
        assert (row["bundle"], [step["step"] for step in row["ready"]]) == ("port_call", ["arrival"])
        with pytest.raises(ForbiddenError):
            seen("admin")


def test_requests_are_sought_by_text_within_the_scope(
    store: Store, book: desk.Rulebook, people: dict[str, Caller], clock
) -> None:
    numbers = {}
    for who, title in (("firm", "Loan for 100% of A_B"), ("firm", "船闸待闸"), ("other_firm", "loan for a barge")):
        with store.write(people[who]) as unit:
            numbers[title] = desk.receive(unit, book, desk.Draft(title, "文", service_code="loan")).number
    on = clock().date()
    with store.read() as connection:

        def found(who: str, text: str) -> list[str]:
            wanted = desk.Filter(text=text)
            rows = [row["title"] for row in desk.listed(connection, people[who], book, wanted, on)]
            assert sum(desk.counted(connection, people[who], wanted, on).values()) == len(rows)
            return rows

        assert found("firm", "LOAN") == ["Loan for 100% of A_B"]
        assert found("supervisor", "loan") == ["loan for a barge", "Loan for 100% of A_B"]
        assert found("supervisor", "100%") == ["Loan for 100% of A_B"] and found("supervisor", "A%B") == []
        assert found("supervisor", "AxB") == [] and found("supervisor", "' OR 1=1 --") == []
        assert found("supervisor", numbers["船闸待闸"]) == ["船闸待闸"]
        assert found("firm", numbers["loan for a barge"]) == []
