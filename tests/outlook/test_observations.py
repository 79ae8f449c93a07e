"""Observations: worked retail figures, silent revisions, district and city, levels of a year, faults."""

from __future__ import annotations

import pytest

from qujiang.district import observations as series
from qujiang.errors import DataError, ScenarioError
from qujiang.methods.periods import month, months, quarter
from qujiang.outlook import comparisons

from .frames import observations, seen

NATION = {"area": "全国", "source": "S86"}
CITY = {"area": "衢州市", "source": "S68"}
RETAIL = observations(
    seen("2019-01", "2019-02", 66_064e8, **NATION),
    seen("2020-01", "2020-02", 66_064e8, **NATION),  # stands in for the base of 2021, which was measured against 2019
    seen("2021-01", "2021-02", 69_737e8, 6.4, **NATION),
    seen("2022-01", "2022-02", 74_426e8, 6.7, **NATION),
    seen("2022-03", "2022-03", 34_233e8, basis="month", **NATION),
    seen("2022-01", "2022-03", 108_659e8, **NATION),
    seen("2023-01", "2023-02", 77_067e8, 3.5, **NATION),
    seen("2022-01", "2022-03", 17_764_000_000, **CITY),
    seen("2023-01", "2023-06", 42_660_000_000, 9.7, **CITY),
    seen("2023-01", "2023-11", 86_980_000_000, 10.1, **CITY),
    seen("2024-01", "2024-08", 7_522_700_000, status="derived"),
    seen("2025-01", "2025-08", 7_786_000_000, 3.5),
)


def test_published_growth_stands_beside_the_recomputed_one_and_the_silent_revision_is_flagged() -> None:
    checks = {
        (check.observation.area, str(check.observation.span)): check
        for check in comparisons.check_growth(series.read(RETAIL))
    }
    assert checks["全国", "2022-01..2022-02"].flag is None
    assert checks["全国", "2022-01..2022-02"].computed_percent == pytest.approx(6.72, abs=0.005)
    assert checks["全国", "2023-01..2023-02"].flag is None
    revised = checks["全国", "2021-01..2021-02"]
    assert revised.computed_percent == pytest.approx(5.56, abs=0.005)
    assert revised.implied_base_value == pytest.approx(65_542e8, rel=1e-5)
    assert revised.flag == "differs beyond rounding: base revised or scope changed"
    assert revised.difference_percent == pytest.approx(0.84, abs=0.005)


def test_a_base_derived_from_the_growth_proves_nothing() -> None:
    last = comparisons.check_growth(series.read(RETAIL))[-1]
    assert last.computed_percent == pytest.approx(3.5, abs=0.001)
    assert last.flag == "a level is not documented: no evidence"


def test_real_growth_is_never_recomputed_from_levels() -> None:
    gdp = {"indicator": "gdp", "basis": "year", "growth_basis": "real"}
    found = comparisons.check_growth(
        series.read(
            observations(seen("2023", "2023", 212.52e9, 6.8, **gdp), seen("2024", "2024", 226.283e9, 6.4, **gdp))
        )
    )
    assert [check.computed_percent for check in found] == [None, None]
    assert found[0].flag == "no figure of the year before"
    assert found[1].flag is not None and "constant prices" in found[1].flag


def test_published_figures_close_and_a_typing_slip_does_not() -> None:
    assert comparisons.find_clashes(series.read(RETAIL)) == ()
    slip = RETAIL.with_columns(observed_value=RETAIL["observed_value"].replace(108_659e8, 108_569e8))
    clashes = comparisons.find_clashes(series.read(slip))
    assert {str(clash.published.span) for clash in clashes} == {"2022-01..2022-02", "2022-03", "2022-01..2022-03"}


def test_flows_feed_the_period_algebra() -> None:
    from qujiang.methods.periods import ask

    flows = series.read(RETAIL).flows("全国", "retail_sales")
    assert ask(flows, quarter(2022, 1)).value == 108_659e8
    with pytest.raises(ScenarioError, match="January and February are one observation"):
        ask(flows, month(2023, 1))


def test_the_district_does_not_exceed_its_city() -> None:
    both = observations(
        seen("2023-01", "2023-06", 42.66e9, **CITY),
        seen("2023-01", "2023-11", 86.98e9, **CITY),
        seen("2023-01", "2023-06", 5.1e9),
        seen("2023-07", "2023-11", 50e9, basis="other"),
        seen("2023-01", "2023-11", 778.6e9),  # 亿 read as bn
    )
    found = comparisons.compare_areas(series.read(both), "衢江区", "衢州市")
    assert [(str(row.span), row.holds) for row in found] == [("2023-01..2023-06", True), ("2023-01..2023-11", False)]
    assert found[0].share_percent == pytest.approx(11.95, abs=0.01)


def test_levels_of_a_year_say_how_they_were_found() -> None:
    rows = series.read(RETAIL)
    twelfths = comparisons.level_of_year(rows, "衢江区", "retail_sales", 2025)
    assert twelfths.value == pytest.approx(7.786e9 * 12 / 8)
    assert (twelfths.status, twelfths.how) == ("derived", "2025-01..2025-08 x 12/8")
    assert comparisons.level_of_year(rows, "衢州市", "retail_sales", 2023).value == pytest.approx(94.887e9, rel=1e-4)
    shaped = series.read(
        observations(
            seen("2024-01", "2024-08", 60.0),
            seen("2024", "2024", 100.0, basis="year"),
            seen("2025-01", "2025-08", 66.0),
        )
    )
    assert comparisons.level_of_year(shaped, "衢江区", "retail_sales", 2025).value == pytest.approx(110.0)
    assert (
        comparisons.level_of_year(shaped, "衢江区", "retail_sales", 2025).how
        == "2025-01..2025-08 scaled by the shape of 2024"
    )
    whole = comparisons.level_of_year(shaped, "衢江区", "retail_sales", 2024)
    assert (whole.value, whole.status) == (100.0, "documented")


def test_a_year_that_adds_up_is_not_scaled() -> None:
    rows = series.read(observations(seen("2024-01", "2024-08", 60.0), seen("2024-09", "2024-12", 45.0, basis="ytd2")))
    assert comparisons.level_of_year(rows, "衢江区", "retail_sales", 2024).value == pytest.approx(
        90.0
    )  # an unknown basis adds nothing
    quarters = [seen(f"2024-{3 * n - 2:02}", f"2024-{3 * n:02}", 10.0 * n, basis="quarter") for n in range(1, 5)]
    found = comparisons.level_of_year(series.read(observations(*quarters)), "衢江区", "retail_sales", 2024)
    assert (found.value, found.status) == (100.0, "derived")


def test_a_year_without_figures_is_refused() -> None:
    with pytest.raises(ScenarioError, match="has no flow in 2026"):
        comparisons.level_of_year(series.read(RETAIL), "衢江区", "retail_sales", 2026)
    only = series.read(observations(seen("2024-04", "2024-06", 5.0, basis="quarter")))
    with pytest.raises(ScenarioError, match="not scaled up"):
        comparisons.level_of_year(only, "衢江区", "retail_sales", 2024)


def test_a_cumulative_count_becomes_a_rate_a_year() -> None:
    rows = series.read(
        observations(seen("2024-08", "2025-09", 400, indicator="dramas", unit="dramas", basis="cumulative"))
    )
    rate = comparisons.rate_per_year(rows.rows[0])
    assert rate.value == pytest.approx(342.9, abs=0.05)
    assert (rate.status, rate.how) == ("derived", "2024-08..2025-09 x 12/14")


def test_every_fault_is_told_with_its_line_and_mend() -> None:
    faulty = observations(
        seen("2024-01", "2024-03", 30e8),
        seen("2024-01", "2024-03", 31e8),  # twice
        seen("2024-01", "2024-06", 20e8),  # falls
        seen("2024-01", "2024-09", 900_000.0, unit="万元"),  # mixed units
        seen("2024-13", "2024-14", 1.0),  # no month
        seen("2024-05", "2024-04", 1.0),  # backwards
        seen("2024-03", "2024-05", 1.0),  # not year-to-date
        seen("2024-03", "2024-05", 1.0, basis="quarter"),  # not a quarter
        {"period_start": "2024", "period_end": "2024", "basis": "year"},  # no value
    )
    with pytest.raises(DataError) as caught:
        series.read(faulty)
    told = [(fault.line, fault.column) for fault in caught.value.faults]
    assert told == [
        (3, "period_start"),
        (4, "observed_value"),
        (5, "unit"),
        (6, "period_start"),
        (7, "period_start"),
        (8, "basis"),
        (9, "basis"),
        (10, "observed_value"),
    ]
    assert all(fault.mend and fault.rule for fault in caught.value.faults)


def test_two_units_are_no_fault_between_bases() -> None:
    rows = observations(
        seen("2024", "2024", 10.0, basis="year", unit="t"),
        seen("2019", "2023", 6.2, basis="growth", unit="percent"),
    )
    assert len(series.read(rows).rows) == 2


def test_months_helper_and_areas() -> None:
    rows = series.read(RETAIL)
    assert rows.areas_of("retail_sales") == ("全国", "衢州市", "衢江区")
    assert [row.span for row in rows.of("衢州市", "retail_sales")] == [
        months(2022, 1, 3),
        months(2023, 1, 6),
        months(2023, 1, 11),
    ]
    latest = rows.latest_growth("衢江区", "retail_sales")
    assert latest is not None and latest.span == months(2025, 1, 8)


def test_the_weakest_status_wins() -> None:
    assert series.worst_status("documented", "assumed", "derived") == "assumed"
    assert series.worst_status("documented", None) == "assumed"
