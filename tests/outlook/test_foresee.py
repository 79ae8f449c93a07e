"""Forecasts of indicators: which steps are fitted, what is borrowed, what is said, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qujiang.district import observations as series
from qujiang.errors import ScenarioError
from qujiang.outlook.foresee import foresee

from .frames import observations, seen


def year_to_date(years: range, skip: tuple[str, ...] = (), last: int = 12) -> list[dict[str, Any]]:
    """A monthly series told year-to-date, growing 5 % a year with a peak in December; no January alone."""
    rows = []
    for year in years:
        total = 0.0
        for month in range(1, 13):
            total += 100.0 * 1.05 ** (year - 2020 + month / 12) * (1.3 if month == 12 else 1.0)
            if month > 1 and f"{year}-{month:02}" not in skip and (year < years[-1] or month <= last):
                rows.append(seen(f"{year}-01", f"{year}-{month:02}", round(total, 6)))
    return rows


def test_months_are_fitted_as_eleven_steps_a_year_and_summed_by_year() -> None:
    found = foresee(
        series.read(observations(*year_to_date(range(2021, 2026), last=8))), "衢江区", "retail_sales", until_year=2026
    )
    assert found.step == "pair and months"
    assert found.seen[0].span.kind == "pair"
    assert len(found.seen) == 4 * 11 + 7
    assert str(found.ahead[0]) == "2025-09" and str(found.ahead[4]) == "2026-01..2026-02"
    months = [1.05 ** (month / 12) * (130.0 if month == 12 else 100.0) for month in range(1, 13)]
    expected = {year: sum(months) * 1.05 ** (year - 2020) for year in (2025, 2026)}
    for year in found.years:
        assert year.median_value == pytest.approx(expected[year.year], rel=0.02)
        assert year.low_value[0.8] <= year.median_value <= year.high_value[0.8]
    assert found.years[0].known_value == pytest.approx(sum(months[:8]) * 1.05**5)
    assert found.probability_at_least(0.5 * expected[2026]) > 0.999
    assert found.forecast.backtest is not None and found.status == "derived"


def test_a_gap_inside_leaves_the_steps_after_it() -> None:
    rows = year_to_date(range(2023, 2026), skip=("2023-05",))
    found = foresee(series.read(observations(*rows)), "衢江区", "retail_sales")
    assert str(found.seen[0].span) == "2023-07"  # without January-May, neither May nor June is known alone
    assert "steps before 2023-07 left out: the step before it is not published alone" in found.rests_on


def test_quarters_are_fitted_where_months_are_not_known() -> None:
    rows = [
        seen(f"{year}-01", f"{year}-{3 * n:02}", 10.0 * n * 1.04 ** (year - 2021), indicator="gdp")
        for year in range(2021, 2025)
        for n in (1, 2, 3, 4)
    ]
    found = foresee(series.read(observations(*rows)), "衢江区", "gdp")
    assert (found.step, found.forecast.points_count) == ("quarter", 16)
    assert [year.year for year in found.years] == [2025, 2026]


def test_years_after_the_last_gap_are_fitted() -> None:
    years = [2010, *range(2014, 2025)]
    rows = [seen(str(year), str(year), 100 * 1.03 ** (year - 2010), basis="year", indicator="gdp") for year in years]
    found = foresee(series.read(observations(*rows)), "衢江区", "gdp", until_year=2027)
    assert (found.step, found.forecast.points_count) == ("year", 11)
    assert "years before 2014 left out: a year between is not published" in found.rests_on
    assert [year.year for year in found.years] == [2025, 2026, 2027]


POOL = [
    seen("2024", "2024", 10.0, percent, basis="year", indicator=f"other{n}", area="衢州市")
    for n, percent in enumerate((2.0, 4.0, 5.0, 6.0, 8.0))
]


def test_a_short_series_says_how_many_points_it_has_and_what_it_borrows() -> None:
    rows = series.read(observations(seen("2025-01", "2025-08", 7.786e9, 3.5), *POOL))
    found = foresee(rows, "衢江区", "retail_sales", until_year=2027)
    assert found.forecast.points_count == 1 and found.forecast.backtest is None
    said = " | ".join(found.rests_on)
    assert "the series has 1 point: growth shrunk towards 5 rates (weight of its own 0.50)" in said
    assert "level of 2025: 2025-01..2025-08 x 12/8" in said
    assert "rates borrowed from indicators in yuan" in said and "published growth 3.5 % (2025)" in said
    assert found.years[-1].median_value == pytest.approx(
        7.786e9 * 1.5 * 1.035 * 1.05, rel=1e-9
    )  # two years at the mean of both rates
    assert found.status == "derived"
    low, high = found.years[-1].low_value[0.8], found.years[-1].high_value[0.8]
    assert found.probability_at_least(low) == pytest.approx(0.9, abs=1e-6)
    assert found.probability_at_least(high) == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "points", "note"),
    [
        ({2018: 100, 2019: 101, 2021: 103, 2022: 104, 2024: 106}, 1, "years 2018 to 2022 left out"),
        ({2020: -2, 2021: -1, 2022: 0, 2023: 5, 2024: 6}, 2, "years 2020 to 2022 left out"),
        ({2022: 100, 2023: 110, 2024: 121}, 3, None),
    ],
)
def test_a_short_series_says_which_years_it_leaves_out(values: dict[int, float], points: int, note: str | None) -> None:
    rows = [seen(str(year), str(year), value, basis="year", indicator="gdp") for year, value in values.items()]
    found = foresee(series.read(observations(*rows, *POOL)), "衢江区", "gdp")
    assert found.forecast.points_count == points
    told = [line for line in found.rests_on if "left out" in line]
    assert [line.split(":")[0] for line in told] == ([] if note is None else [note])


def test_assumed_levels_make_an_assumed_forecast_and_zeros_are_left_behind() -> None:
    port = {"area": "衢江港区", "indicator": "throughput", "basis": "year", "unit": "t"}
    rows = [
        seen(str(year), str(year), value, status="assumed", **port)
        for year, value in ((2018, 0.0), (2019, 1e5), (2020, 5e5))
    ]
    rows.append(seen("2021", "2021", 4.2e6, **port))
    found = foresee(series.read(observations(*rows, *POOL)), "衢江港区", "throughput")
    assert (found.status, found.forecast.points_count) == ("assumed", 3)
    assert "rates borrowed from all published growth" in found.rests_on


@pytest.mark.parametrize(
    ("rows", "area", "until", "sentence"),
    [
        (POOL, "衢江区", None, "no flow of retail_sales in 衢江区; areas that have it: none"),
        ([seen("2025", "2025", 5.0, basis="year"), *POOL], "衢江区", 2025, "2025 is over: the last step seen is 2025"),
        ([seen("2025", "2025", 0.0, basis="year"), *POOL], "衢江区", None, "stands at 0: no growth leads away"),
        (
            [seen("2025", "2025", 5.0, basis="year"), *POOL[:4]],
            "衢江区",
            None,
            "has 1 points and only 4 growth rates to borrow from",
        ),
        (
            [seen("2025-04", "2025-06", 5.0, basis="quarter"), *POOL],
            "衢江区",
            None,
            "parts of a year are not scaled up",
        ),
    ],
)
def test_what_cannot_be_foreseen_is_refused(
    rows: list[dict[str, Any]], area: str, until: int | None, sentence: str
) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        foresee(series.read(observations(*rows)), area, "retail_sales", until_year=until)


def test_bands_of_a_sum_are_sums_of_bands() -> None:
    found = foresee(
        series.read(observations(*year_to_date(range(2022, 2025)))), "衢江区", "retail_sales", until_year=2025
    )
    assert found.years[0].low_value[0.8] == pytest.approx(float(np.sum(found.forecast.low[0.8])))
