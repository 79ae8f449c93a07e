"""The walk of a case through its process: tokens on flows, steps that are ready; nothing but data.

An inclusive gateway joins by the rule of BPMN 2.0 (13.4.3): it waits while some token could still reach one of its
empty incoming flows and none of its filled ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qujiang.cases.model import Kind, Process
from qujiang.errors import ConflictError

MOST_WAYS = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands: flows that hold a waiting token, and steps that are ready."""

    tokens: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()

    @property
    def over(self) -> bool:
        return not self.tokens and not self.ready


class StuckError(ConflictError):
    """The process cannot go on or would do a step twice: its drawing is at fault."""


def begin(process: Process, answers: Mapping[str, Any]) -> Place:
    """Where a new case stands."""
    return _settle(process, process.outgoing[process.start], frozenset(), frozenset(), answers)


def travelled(process: Process, done: Iterable[str], answers: Mapping[str, Any]) -> frozenset[str]:
    """The flows that held a token when the steps ``done`` were done in this order."""
    seen: set[str] = set()
    place = _settle(process, process.outgoing[process.start], frozenset(), frozenset(), answers, seen)
    for step in done:
        place = _settle(process, process.outgoing[step], place.tokens, place.ready - {step}, answers, seen)
    return frozenset(seen)


def ahead(process: Process, place: Place, answers: Mapping[str, Any]) -> frozenset[str]:
    """The nodes that may still be reached; where the answer to a gateway is not known yet, every flow may be taken."""
    left = [*place.tokens, *(flow for step in place.ready for flow in process.outgoing[step])]
    seen: set[str] = set()
    while left:
        flow = left.pop()
        node = process.flows[flow].target
        if node in seen:
            continue
        seen.add(node)
        asked = {process.flows[f].field for f in process.outgoing[node]} - {""}
        left.extend(_leave(process, node, answers) if asked <= set(answers) else process.outgoing[node])
    return frozenset(seen)


def complete(process: Process, place: Place, step: str, answers: Mapping[str, Any]) -> Place:
    """Where the case stands when a ready step is done."""
    if step not in place.ready:
        raise ConflictError(f"step {step} is not ready")
    return _settle(process, process.outgoing[step], place.tokens, place.ready - {step}, answers)


def holds(value: Any, words: frozenset[str]) -> bool:
    """Whether an answer is one of the words; yes and no are written true and false."""
    return (str(value).lower() if isinstance(value, bool) else str(value)) in words


def _settle(
    process: Process,
    new: tuple[str, ...],
    tokens: frozenset[str],
    ready: frozenset[str],
    answers: Mapping[str, Any],
    seen: set[str] | None = None,
) -> Place:
    held, steps = set(tokens), set(ready)
    fresh = list(new)
    while True:
        while fresh:
            flow = fresh.pop()
            if flow in held:
                raise StuckError(f"two tokens meet on flow {flow}")
            held.add(flow)
            if seen is not None:
                seen.add(flow)
        gone = _fire(process, held, steps, answers)
        if gone is None:
            return Place(frozenset(held), frozenset(steps))
        fresh = gone


def _fire(process: Process, held: set[str], steps: set[str], answers: Mapping[str, Any]) -> list[str] | None:
    """Let one node act; the flows that it fills, or None when all must wait."""
    for flow in sorted(held):
        node = process.nodes[process.flows[flow].target]
        comes = process.incoming[node.id]
        if node.kind is Kind.STEP:
            held.discard(flow)
            if node.id in steps:
                raise StuckError(f"step {node.id} would be done twice")
            steps.add(node.id)
            return []
        if node.kind in (Kind.END, Kind.ONE):
            held.discard(flow)
            return _leave(process, node.id, answers)
        if node.kind is Kind.ALL and all(f in held for f in comes):
            held.difference_update(comes)
            return _leave(process, node.id, answers)
        if node.kind is Kind.SOME and not _awaited(process, node.id, held, steps):
            held.difference_update(comes)
            return _leave(process, node.id, answers)
    return None


def _leave(process: Process, id_: str, answers: Mapping[str, Any]) -> list[str]:
    kind, goes = process.nodes[id_].kind, process.outgoing[id_]
    if kind in (Kind.ALL, Kind.END) or len(goes) == 1:
        return list(goes)
    flows = [process.flows[f] for f in goes]
    true = [f.id for f in flows if not f.default and (not f.field or holds(answers.get(f.field), f.values))]
    chosen = true or [f.id for f in flows if f.default]
    if not chosen:
        raise StuckError(f"gateway {id_}: no flow fits the answers and there is no default")
    if kind is Kind.ONE and len(chosen) > 1:
        raise StuckError(f"gateway {id_}: flows {', '.join(chosen)} fit the answers at once")
    return chosen


def _awaited(process: Process, join: str, held: set[str], steps: set[str]) -> bool:
    """Whether some token can still reach an empty incoming flow of the join, and none of its filled ones."""
    filled = {f for f in process.incoming[join] if f in held}
    empty = set(process.incoming[join]) - filled
    starts = (held - filled) | {flow for step in steps for flow in process.outgoing[step]}
    for start in starts:
        reached = _reach(process, start, join)
        if reached & empty and not reached & filled:
            return True
    return False


def _reach(process: Process, start: str, join: str) -> set[str]:
    """The flows on all paths from ``start`` that do not pass through the join."""
    seen, left = set(), [start]
    while left:
        flow = left.pop()
        if flow in seen:
            continue
        seen.add(flow)
        target = process.flows[flow].target
        if target != join:
            left.extend(process.outgoing[target])
    return seen


def way(process: Process, answers: Mapping[str, Any]) -> tuple[str, ...]:
    """The steps that these answers lead through, in one possible order; raises ``StuckError`` where they lead nowhere."""
    place, done = begin(process, answers), []
    while place.ready:
        step = min(place.ready, key=lambda id_: list(process.nodes).index(id_))
        if step in done:
            raise StuckError(f"step {step} would be done twice")
        done.append(step)
        place = complete(process, place, step, answers)
    if not place.over:
        raise StuckError(f"a token waits for ever on {', '.join(sorted(place.tokens))}")
    return tuple(done)


def ways(
    process: Process, domains: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[dict[str, str], tuple[str, ...] | StuckError]]:
    """The way of every combination of the answers that the process asks about.

    Given the answers, the walk has no further choice and steps side by side do not disturb each other, so that one
    order stands for all: a process without a fault here has none in any order.
    """
    fields = sorted({flow.field for flow in process.flows.values() if flow.field})
    for values in itertools.product(*(domains[name] for name in fields)):
        answers = dict(zip(fields, values, strict=True))
        try:
            yield answers, way(process, answers)
        except StuckError as error:
            yield answers, error


def longest_days(process: Process, steps: frozenset[str]) -> int:
    """Working days on the longest chain of the given steps, each taking its whole limit."""
    best: dict[str, int] = {}

    def until(id_: str) -> int:
        if id_ not in best:
            node = process.nodes[id_]
            own = (node.due_wd or 0) if id_ in steps else 0
            best[id_] = own + max((until(process.flows[f].source) for f in process.incoming[id_]), default=0)
        return best[id_]

    return max(until(id_) for id_ in process.nodes)
