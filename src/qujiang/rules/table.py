"""A decision table: rows of conditions, each in force for a span of days, each giving an outcome.

A condition is a span of whole numbers or a set of words; nothing is ever evaluated. The table is proved when it is
read: no day and no question without a rule, and none with two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qujiang.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from ``low`` (included) to ``high`` (excluded; None: without end)."""

    low: int
    high: int | None = None

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value and (self.high is None or value < self.high)

    def __str__(self) -> str:
        return f"{self.low} or more" if self.high is None else f"{self.low} to below {self.high}"


@dataclass(frozen=True, slots=True)
class IntegerInput:
    """A question whose answer is a whole number of ``unit``, within ``domain``."""

    name: str
    unit: str
    domain: Span

    def check(self, value: Any) -> int:
        """The value when it is a whole number of the domain."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ScenarioError(f"{self.name} = {value!r} must be a whole number of {self.unit}")
        if value not in self.domain:
            raise ScenarioError(f"{self.name} = {value} must lie in {self.domain} {self.unit}")
        return value


@dataclass(frozen=True, slots=True)
class ChoiceInput:
    """A question whose answer is one of some words."""

    name: str
    values: tuple[str, ...]

    def check(self, value: Any) -> str:
        """The value when it is one of the words."""
        if value not in self.values:
            raise ScenarioError(f"{self.name} = {value!r} must be one of {', '.join(self.values)}")
        return value


Input = IntegerInput | ChoiceInput
Condition = Span | frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: in force from ``since`` to ``until`` (both included; None: until further notice)."""

    id: str
    since: date
    until: date | None
    conditions: tuple[Condition, ...]
    outcome: Mapping[str, str]
    line: int

    def in_force(self, on: date) -> bool:
        """Whether the rule is in force on that day."""
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome, the rule that gave it, and the version of the table, so that it can be given again."""

    outcome: Mapping[str, str]
    rule: str
    table: str
    version: str
    on: date

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "table": self.table,
            "version": self.version,
            "rule": self.rule,
            "on": self.on.isoformat(),
            **self.outcome,
        }


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A proved table; ``version`` is a hash of its text."""

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    rules: tuple[Rule, ...]
    version: str

    def decide(self, on: date, **answers: Any) -> Decision:
        """The one rule in force on that day that fits the answers.

        Raises
        ------
        ScenarioError
            An answer is missing, unknown or outside its domain, or the day lies before the first rule.
        """
        unknown = set(answers) - {question.name for question in self.inputs}
        if unknown:
            raise ScenarioError(f"{self.name} does not ask for {', '.join(sorted(unknown))}")
        point = []
        for question in self.inputs:
            if question.name not in answers:
                raise ScenarioError(f"{self.name} asks for {question.name}")
            point.append(question.check(answers[question.name]))
        for rule in self.rules:
            if rule.in_force(on) and all(value in held for value, held in zip(point, rule.conditions, strict=True)):
                return Decision(rule.outcome, rule.id, self.name, self.version, on)
        raise ScenarioError(f"{self.name} has no rule before {min(rule.since for rule in self.rules)}; asked for {on}")
