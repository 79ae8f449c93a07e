"""Dated decision tables: exact integers, and a proof that every question has exactly one answer on every day."""

from qujiang.rules.proof import Clash, prove
from qujiang.rules.read import read_table
from qujiang.rules.table import ChoiceInput, Decision, DecisionTable, Input, IntegerInput, Rule, Span
from qujiang.rules.words import KeywordRule, classify, read_keywords

__all__ = [
    "ChoiceInput",
    "Clash",
    "Decision",
    "DecisionTable",
    "Input",
    "IntegerInput",
    "KeywordRule",
    "Rule",
    "Span",
    "classify",
    "prove",
    "read_keywords",
    "read_table",
]
