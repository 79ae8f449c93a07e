"""The proof that a table answers every question on every day exactly once.

Every rule is a box: days x inputs. The edges of all boxes cut the domain into cells within which every rule holds
everywhere or nowhere, so that one point of each cell decides. Cells are met by cutting one axis after the other,
keeping only the rules that reach into the slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qujiang.rules.table import Condition, Input, IntegerInput, Rule, Span

MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Clash:
    """One cell without a rule (``rules`` empty) or with several; ``point`` is one question inside it."""

    since: date
    until: date | None
    point: dict[str, Any]
    rules: tuple[str, ...]

    def __str__(self) -> str:
        days = f"from {self.since}" + (f" to {self.until}" if self.until else " on")
        where = ", ".join(f"{name} = {value}" for name, value in self.point.items())
        what = "no rule" if not self.rules else f"rules {' and '.join(self.rules)} both hold"
        return f"{days}, {where}: {what}"


def prove(inputs: Sequence[Input], rules: Sequence[Rule]) -> list[Clash]:
    """Every gap and overlap (at most 50) from the first rule's first day on; an empty list is the proof."""
    if not rules:
        return [Clash(date.min, None, {}, ())]
    found: list[Clash] = []
    days = Span(min(rule.since for rule in rules).toordinal())
    boxes = [(_days(rule), rule) for rule in rules]
    for slice_ in _cuts(days, [box for box, _ in boxes]):
        here = [rule for box, rule in boxes if slice_.low in box]
        last = None if slice_.high is None else date.fromordinal(slice_.high - 1)
        for point, held in _cells(inputs, here, 0):
            if len(held) != 1:
                first = date.fromordinal(slice_.low)
                found.append(Clash(first, last, point, tuple(rule.id for rule in held)))
                if len(found) == MOST_FOUND:
                    return found
    return found


def _cells(
    inputs: Sequence[Input], rules: Sequence[Rule], axis: int
) -> Iterator[tuple[dict[str, Any], Sequence[Rule]]]:
    """One point of every cell with the rules that hold there; a slice with one whole-axis story is not cut further."""
    if axis == len(inputs) or not rules:
        yield {question.name: _any_value(question) for question in inputs[axis:]}, rules
        return
    question = inputs[axis]
    for value in _representatives(question, [rule.conditions[axis] for rule in rules]):
        here = [rule for rule in rules if value in rule.conditions[axis]]
        for point, held in _cells(inputs, here, axis + 1):
            yield {question.name: value, **point}, held


def _representatives(question: Input, conditions: Sequence[Condition]) -> Iterator[Any]:
    if isinstance(question, IntegerInput):
        spans = [held for held in conditions if isinstance(held, Span)]
        yield from (cell.low for cell in _cuts(question.domain, spans))
    else:
        yield from question.values


def _cuts(domain: Span, spans: Sequence[Span]) -> Iterator[Span]:
    edges = {domain.low}
    for span in spans:
        edges |= {edge for edge in (span.low, span.high) if edge is not None and edge in domain}
    rising = sorted(edges)
    yield from (Span(low, high) for low, high in zip(rising, [*rising[1:], domain.high], strict=True))


def _days(rule: Rule) -> Span:
    return Span(rule.since.toordinal(), None if rule.until is None else rule.until.toordinal() + 1)


def _any_value(question: Input) -> Any:
    return question.domain.low if isinstance(question, IntegerInput) else question.values[0]
