"""Period algebra: worked retail figures, the pair that has no January, and sums that close."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qujiang.errors import ScenarioError
from qujiang.methods.periods import Flow, Span, ask, find, month, months, pieces, quarter, read_span

# National retail sales, 亿元, National Bureau of Statistics (facts S86).
RETAIL_2022 = [Flow(months(2022, 1, 2), 74_426.0), Flow(month(2022, 3), 34_233.0)]


def test_the_pair_and_march_are_the_published_first_quarter() -> None:
    found = ask(RETAIL_2022, quarter(2022, 1))
    assert found.value == 108_659.0
    assert found.label == "quarter, from 2022-01..2022-02 + 2022-03"


def test_march_is_the_difference_of_neighbours() -> None:
    found = ask([RETAIL_2022[0], Flow(months(2022, 1, 3), 108_659.0)], month(2022, 3))
    assert found.value == 34_233.0
    assert found.label == "month, from 2022-01..2022-03 - 2022-01..2022-02"


@pytest.mark.parametrize("number", [1, 2])
def test_january_and_february_alone_are_not_published(number: int) -> None:
    assert find(RETAIL_2022, month(2022, number)) is None
    with pytest.raises(ScenarioError, match=r"not published: January and February are one observation"):
        ask(RETAIL_2022, month(2022, number))


def test_nothing_is_said_of_a_period_that_nothing_holds() -> None:
    with pytest.raises(ScenarioError, match="nothing published holds it"):
        ask(RETAIL_2022, month(2023, 5))


def test_a_missing_middle_month_leaves_a_difference_of_two_months() -> None:
    ytd = [Flow(months(2024, 1, last), float(10 * last)) for last in (2, 3, 5, 6)]
    assert [(str(piece.span), piece.span.kind) for piece in pieces(ytd)] == [
        ("2024-01..2024-02", "pair"),
        ("2024-03", "month"),
        ("2024-04..2024-05", "2 months"),
        ("2024-06", "month"),
    ]
    assert find(ytd, month(2024, 4)) is None
    assert ask(ytd, quarter(2024, 2)).value == 30.0


def test_quarters_and_the_rest_of_a_year_from_year_to_date() -> None:
    ytd = [Flow(months(2025, 1, 3), 30.0), Flow(months(2025, 1, 6), 66.0), Flow(months(2025, 1, 12), 150.0)]
    assert ask(ytd, quarter(2025, 2)).value == 36.0
    assert ask(ytd, months(2025, 7, 12)).value == 84.0
    assert ask(ytd, months(2025, 7, 12)).span.kind == "6 months"


def test_pieces_start_anew_with_each_year() -> None:
    ytd = [Flow(months(year, 1, last), float(last)) for year in (2023, 2024) for last in (2, 3)]
    assert [str(piece.span) for piece in pieces(ytd)] == ["2023-01..2023-02", "2023-03", "2024-01..2024-02", "2024-03"]


@pytest.mark.parametrize(
    ("start", "end", "text", "kind", "count"),
    [
        ("2024", "2024", "2024", "year", 12),
        ("2024-02", "2024-02", "2024-02", "month", 1),
        ("2024-01", "2024-02", "2024-01..2024-02", "pair", 2),
        ("2024-02", "2024-03", "2024-02..2024-03", "2 months", 2),
        ("2024-04", "2024-06", "2024-04..2024-06", "quarter", 3),
        ("2023-01", "2023-02-20", "2023-01-01..2023-02-20", "51 days", None),
        ("2024-08", "2025-09", "2024-08..2025-09", "14 months", 14),
    ],
)
def test_periods_are_read_and_named(start: str, end: str, text: str, kind: str, count: int | None) -> None:
    span = read_span(start, end)
    assert (str(span), span.kind, span.whole_months) == (text, kind, count)


@pytest.mark.parametrize(
    "start,end", [("2024-13", "2024"), ("2024-02-30", "2024"), ("latest", "2024"), ("2025", "2024"), ("24", "24")]
)
def test_faulty_periods_are_refused(start: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"period|month|calendar"):
        read_span(start, end)


def test_the_end_of_february_moves_with_leap_years() -> None:
    assert months(2023, 1, 2).shifted(1) == months(2024, 1, 2)
    assert months(2024, 1, 2).shifted(-1) == months(2023, 1, 2)
    assert Span(date(2024, 2, 29), date(2024, 2, 29)).shifted(1).end == date(2025, 2, 28)


whole = st.integers(0, 10**9)


@given(st.lists(whole, min_size=12, max_size=12), st.integers(1, 12), st.data())
def test_any_run_of_months_is_recovered_from_year_to_date(values: list[int], first: int, data: st.DataObject) -> None:
    last = data.draw(st.integers(first, 12))
    ytd = [Flow(months(2024, 1, n), float(sum(values[:n]))) for n in range(2, 13)]
    if first == 2 or (first, last) == (1, 1):
        assert find(ytd, months(2024, first, last)) is None
    else:
        assert ask(ytd, months(2024, first, last)).value == sum(values[first - 1 : last])


@given(st.lists(whole, min_size=12, max_size=12), st.sets(st.integers(2, 12), min_size=1))
def test_pieces_sum_to_the_last_year_to_date(values: list[int], ends: set[int]) -> None:
    ytd = [Flow(months(2024, 1, n), float(sum(values[:n]))) for n in ends]
    found = pieces(ytd)
    assert sum(piece.value for piece in found) == sum(values[: max(ends)])
    assert all(before.span.end < after.span.start for before, after in pairwise(found))
