"""Rules across tables, and the checks that a district brings along. A rule that would tell a known mistake again is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qujiang.district import capacity_rules, economy_rules, network_rules, plan_rules, project_rules
from qujiang.district.formulas import Evaluator, FormulaError, columns_read
from qujiang.district.scopes import CrossRule, Known, Scope, reads_of
from qujiang.errors import Fault

RULES: tuple[CrossRule, ...] = (
    *plan_rules.RULES,
    *project_rules.RULES,
    *network_rules.RULES,
    *capacity_rules.RULES,
    *economy_rules.RULES,
)


def check(scope: Scope, known: Sequence[Fault] = ()) -> list[Fault]:
    """Every fault across tables.

    Parameters
    ----------
    known
        Faults found so far; what they touch is not told again.
    """
    faulty, found = Known(known), list[Fault]()
    for rule in RULES:
        if not faulty.touch(reads_of(rule)):
            more = list(rule.find(scope))
            faulty.add(more)
            found += more
    return [*found, *check_formulas(scope, faulty)]


def check_formulas(scope: Scope, faulty: Known) -> Iterator[Fault]:
    """Each row of ``checks`` gives what it should. A check of tables that a scenario changed is left alone: it states what
    holds without the scenario."""
    evaluator = Evaluator(scope.frames)
    rows = scope.frames["checks"].select("id", "subject", "formula", "expected_value", "tolerance_value", "unit")
    for row, (name, subject, formula, expected, tolerance, unit) in enumerate(rows.iter_rows()):
        if formula is None or expected is None or tolerance is None:
            continue
        try:
            reads = columns_read(formula)
            if faulty.touch(reads) or any(table in scope.changed for table, _ in reads):
                continue
            value = evaluator.value(formula)
        except FormulaError as error:
            yield scope.fault("checks", row, "formula", f"{name}: {error}", "see `qujiang schema checks`")
            continue
        if not abs(value - expected) <= tolerance:
            rule = f"{name} {subject}: gives {value:.10g} {unit or ''}".rstrip()
            mend = f"expected {expected:.10g}, tolerance {tolerance:.3g}; mend the data or the check"
            yield scope.fault("checks", row, "formula", rule, mend)
