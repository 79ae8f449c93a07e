"""Formulas of the checks: what they give, and what they refuse."""

from __future__ import annotations

import operator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.district import District
from qujiang.district.formulas import LIMIT_CHARACTERS, Evaluator, FormulaError, columns_read, parse

NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: (repr(x) if x >= 0 else f"({x!r})", x))
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def joined(parts: tuple) -> tuple[str, float]:
    (left, a), sign, (right, b) = parts
    return f"({left} {sign} {right})", SIGNS[sign](a, b)


EXPRESSION = st.recursive(
    NUMBER, lambda inner: st.tuples(inner, st.sampled_from(list(SIGNS)), inner).map(joined), max_leaves=6
)


@given(EXPRESSION)
def test_arithmetic_is_arithmetic(expression: tuple[str, float]) -> None:
    text, value = expression
    if len(text) <= LIMIT_CHARACTERS:
        assert Evaluator({}).value(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("1 < 2", 1),
        ("1 > 2", 0),
        ("(4200000/500000)**(1/4)", 8.4**0.25),
        ("7 / 2", 3.5),
    ],
)
def test_known_values(formula: str, value: float) -> None:
    assert Evaluator({}).value(formula) == pytest.approx(value)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("__import__('os').system('true')", "calls with quoted words"),
        ("open('x')", "knows no function open"),
        ("(1).__class__", "may hold only"),
        ("[1][0]", "may hold only"),
        ("'a' * 3", "may hold only"),
        ("True + 1", "numbers only"),
        ("1 if 2 else 3", "may hold only"),
        ("lambda: 1", "may hold only"),
        ("1 // 2", "may hold only"),
        ("1 < 2 < 3", "may hold only"),
        ("1 +", "cannot be read"),
        ("", "cannot be read"),
        ("1is 2", "cannot be read"),
        ("(" * 300 + ")" * 300, "longer than"),
        ("+".join("1" * 200), "parts"),
        ("9**9**9", "exponent"),
        ("1e300 * 1e300", "finite"),
        ("9999.0 ** 63 * 9999.0 ** 63", "finite"),
        ("1e30 ** 60", "too large"),
        ("(0-2) ** 0.5", "root of a negative"),
        ("1 / 0", "divides by zero"),
        ("0 ** -1", "divides by zero"),
        ("km('a')", "takes 2 words"),
        ("km(1, 2)", "quoted words only"),
        ("km('a', b='c')", "may hold only"),
        ("rows('lokcs')", "no table"),
        ("rows('locks.id')", "a table only"),
        ("sum('locks.widht_m')", "no column"),
        ("sum('locks')", "table.column"),
        ("count('locks', 'status')", "column=value"),
        ("count('locks', 'status.id=1')", "refers to no other"),
        ("rows('\\x41')", "no table"),
    ],
)
def test_anything_else_is_refused(formula: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        Evaluator({}).value(formula)


def test_questions_to_the_tables(district: District) -> None:
    ask = Evaluator(district.frames).value
    locks, demand = district["locks"], district["demand"]
    assert ask('rows("locks")') == locks.height
    assert ask('count("locks", "status=assumed")') == locks.filter(pl.col("status") == "assumed").height
    assert ask('sum("locks.width_m")') == pytest.approx(locks["width_m"].sum())
    assert ask('sum("locks.width_m*length_m")') == pytest.approx((locks["width_m"] * locks["length_m"]).sum())
    assert ask('distinct("demand.cargo+observed_mode")') == demand.select("cargo", "observed_mode").n_unique()
    inward = demand.join(district["cargoes"].select(cargo="id", direction="direction"), on="cargo")
    assert ask('count("demand", "cargo.direction=in")') == inward.filter(pl.col("direction") == "in").height


def test_tonne_kilometres_of_one_flow(district: District) -> None:
    frames = dict(district.frames)
    frames["demand"] = (
        frames["demand"].filter((pl.col("origin") == "ningbo") & (pl.col("observed_mode") == "water")).head(1)
    )
    tonnes = frames["demand"]["demand_t_per_year"][0]
    assert Evaluator(frames).value('tkm("demand") / 421.8') == pytest.approx(tonnes)


def test_what_a_formula_reads() -> None:
    assert columns_read("1 + 2") == set()
    assert columns_read('sum("cargoes.share_percent*container_share", "direction=in")') == {
        ("cargoes", "share_percent"),
        ("cargoes", "container_share"),
        ("cargoes", "direction"),
    }
    assert ("water_links", "length_km") in columns_read('km("a", "b")')
    assert ("cargoes", "direction") in columns_read('count("demand", "cargo.direction=in")')


def test_the_bundled_checks_are_all_of_one_form(district: District) -> None:
    for formula in district["checks"]["formula"]:
        parse(formula)
