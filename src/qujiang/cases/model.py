"""The nouns of a bundle: steps, gateways and flows of its process, its materials, and the things it joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from qujiang.store.files import KINDS, MOST_BYTES


class Kind(StrEnum):
    """What a node of the process is."""

    START = "startEvent"
    END = "endEvent"
    STEP = "userTask"
    ALL = "parallelGateway"
    ONE = "exclusiveGateway"
    SOME = "inclusiveGateway"


@dataclass(frozen=True, slots=True)
class Node:
    """One node; a step has a department (its lane's), a limit, perhaps a form; ``final`` waits for every material."""

    id: str
    kind: Kind
    name: str
    department: str = ""
    due_wd: int | None = None
    form: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """One arrow; taken where the answer to ``field`` is one of ``values`` (no field: always), or as the default."""

    id: str
    source: str
    target: str
    field: str = ""
    values: frozenset[str] = frozenset()
    default: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A compiled process: acyclic, checked, with its flows by node in the file's order."""

    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    outgoing: Mapping[str, tuple[str, ...]]
    incoming: Mapping[str, tuple[str, ...]]
    start: str

    @property
    def steps(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes.values() if node.kind is Kind.STEP)


@dataclass(frozen=True, slots=True)
class Material:
    """One paper; ``steps`` use it; ``made_by`` a step of the bundle (免提交); ``tolerance_wd`` days to bring it later (容缺).

    ``kinds`` of file that are taken for it, at most ``most_mb`` megabytes (10^6 bytes) each.
    """

    code: str
    name_zh: str
    name_en: str
    steps: tuple[str, ...]
    made_by: str
    tolerance_wd: int | None
    kinds: tuple[str, ...] = tuple(KINDS)
    most_mb: int = MOST_BYTES // 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One single thing that the bundle joins, as it was before."""

    code: str
    name_zh: str
    step: str
    steps_before: int
    visits_before: int
    days_before: int
    window: bool
    status: str


@dataclass(frozen=True, slots=True)
class DecisionUse:
    """A dated decision table asked when ``at`` is done: table input -> field of the form."""

    table: str
    at: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A node in the picture [points]; ``kind`` as in BPMN."""

    id: str
    kind: str
    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """A lane in the picture [points]."""

    id: str
    name: str
    department: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """An arrow in the picture: its points from ``source`` to ``target`` [points]."""

    id: str
    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of a process; (x, y) is its upper left corner [points]."""

    x: float
    y: float
    width: float
    height: float
    lanes: tuple[DrawnLane, ...]
    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """One thing done in one go, compiled; ``digest`` names this version of its files."""

    name: str
    digest: str
    title_zh: str
    title_en: str
    lead: str
    process: Process
    forms: Mapping[str, Mapping[str, Any]]
    materials: tuple[Material, ...]
    items: tuple[Item, ...]
    decisions: tuple[DecisionUse, ...]
    ways: frozenset[tuple[str, ...]]  # the steps of every combination of answers
    drawing: Drawing | None = None
    labels: Mapping[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict
    )  # (kind, code) -> (Chinese, English)
