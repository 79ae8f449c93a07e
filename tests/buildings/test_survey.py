"""The survey: by hand on small stocks, as a whole on the bundled one."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.buildings.result import ENDINGS, EXPIRIES, HOLDINGS, SECTOR_MIX
from qujiang.buildings.stock import Stock, read_stock, usual_day
from qujiang.buildings.survey import survey
from qujiang.district import District
from qujiang.errors import ScenarioError
from qujiang.tables import read_table
from qujiang.units import unit_of
from tests.buildings.conftest import ON, carrier, lease, let, suite


def test_wale_by_area_and_by_rent_to_expiry_and_to_the_first_break() -> None:
    rents = {"rent_yuan_per_m2_month": 10.0}
    leases = [lease("a", 1_000, 1.0, **rents), lease("b", 3_000, 3.0, break_years=1.0, rent_yuan_per_m2_month=30.0)]
    few = survey(let(leases)).total
    assert (few.wale_area_years, few.wale_break_area_years) == (2.5, 1.0)
    assert few.wale_rent_years is None  # two tenants: their rents could be told
    total = survey(let([*leases, lease("c", 1_000, 0.0, holds_over=True, **rents)])).total
    assert total.wale_area_years == (1 * 1 + 3 * 3 + 0) / 5
    assert total.wale_rent_years == pytest.approx((1 * 10 + 3 * 90 + 0) / 110)
    assert total.wale_break_rent_years == pytest.approx(100 / 110)


def test_contracted_is_not_moved_in() -> None:
    leases = [lease("a", 300), lease("b", 100, moved_in=False)]
    total = survey(let(leases, spare_m2=600)).total
    assert (total.contracted_share, total.moved_in_share) == (0.4, 0.3)
    assert (total.contracted_suite_share, total.moved_in_suite_share) == (2 / 3, 1 / 3)
    assert total.firm_count == 1


def test_registration_counts_firms_once_and_leaves_out_the_unknown() -> None:
    leases = [
        lease("a", 1),
        lease("b", 1, firm="a"),
        lease("c", 1, registered_here=False),
        lease("d", 1, registered_here=None),
    ]
    total = survey(let(leases)).total
    assert (total.firm_count, total.registered_share, total.registration_unknown_count) == (3, 0.5, 1)


def test_concentration_adds_the_suites_of_a_firm() -> None:
    total = survey(let([lease("a", 25), lease("b", 25, firm="a"), lease("c", 30), lease("d", 20)])).total
    assert total.hhi_factor == 3_800
    assert total.top5_share == 1.0


def test_expiry_profile() -> None:
    leases = [
        lease("a", 10, 0.0, holds_over=True),
        lease("b", 20, 1.0),
        lease("c", 30, 1.01, break_years=0.5),
        lease("d", 40, 9.0),
    ]
    found = survey(let(leases))
    assert [one.area_m2 for one in found.expiries] == [10, 20, 30, 0, 40]
    assert [one.break_m2 for one in found.expiries] == [10, 50, 0, 0, 40]
    assert [one.lease for one in found.endings] == ["a", "b"]
    assert all(one.tax_share is None and one.risk_share is None for one in found.endings)


def test_officers_see_what_is_at_risk() -> None:
    leases = [
        lease("a", 10, 0.5, tax_yuan_per_year=300.0),
        lease("b", 10, 0.25, tax_yuan_per_year=100.0),
        lease("c", 10, 5.0, tax_yuan_per_year=600.0),
    ]
    found = survey(let(leases), internal=True)
    assert found.internal
    assert [(one.lease, one.tax_share, one.risk_share) for one in found.endings] == [
        ("a", 0.3, 0.15),
        ("b", 0.1, pytest.approx(0.075)),
    ]


def test_tax_is_a_band_of_three_firms_and_more() -> None:
    three = [lease(name, 100, tax_yuan_per_year=12_000.0) for name in "abc"]
    tax = survey(let(three, spare_m2=300)).total.tax
    assert (tax.tax_band_yuan, tax.tax_per_let_band_yuan_per_m2, tax.tax_per_total_band_yuan_per_m2) == (
        "0..1,000,000",
        "100..200",
        "50..100",
    )
    assert tax.withheld is None
    two = survey(let(three[:2])).total.tax
    assert (two.tax_band_yuan, two.tax_per_let_band_yuan_per_m2, two.withheld) == (None, None, "fewer than 3 firms")
    none = survey(let([lease("a", 1, tax_yuan_per_year=None)])).total.tax
    assert none.withheld == "no firm whose tax is known"


def test_areas_of_two_standards_are_not_added() -> None:
    stock = let([lease("a", 100)], spare_m2=100)
    mixed = dataclasses.replace(stock, suites=(*stock.suites, suite("u", 70, basis="usable")))
    with pytest.raises(ScenarioError, match=r"may not be added: construction \(2 suites\), usable \(1 suites\)"):
        survey(mixed)
    assert survey(mixed, basis="usable").total.lettable_m2 == 70
    assert survey(mixed, basis="construction").total.lettable_m2 == 200
    with pytest.raises(ScenarioError, match="no suite is measured as ipms3"):
        survey(mixed, basis="ipms3")


LEASES = st.lists(
    st.builds(
        lambda n, at, area, years, sector, moved: lease(
            f"{n}", area, years, carrier=at, firm=f"f{n % 7}", sector=sector, moved_in=moved
        ),
        st.integers(0, 10**6),
        st.sampled_from("ab"),
        st.floats(10, 5_000),
        st.floats(0.01, 9),
        st.sampled_from("FG"),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: one.id,
)


@settings(deadline=None)
@given(LEASES)
def test_parts_sum_to_the_total(leases: list) -> None:
    found = survey(let(leases, carriers=[carrier("a"), carrier("b")]))
    for name in ("lettable_m2", "contracted_m2", "moved_in_m2", "suite_count"):
        assert sum(getattr(one, name) for one in found.carriers) == pytest.approx(getattr(found.total, name))
    assert sum(one.area_m2 for one in found.expiries) == pytest.approx(found.total.contracted_m2)
    assert sum(one.break_m2 for one in found.expiries) == pytest.approx(found.total.contracted_m2)
    assert sum(one.moved_in_m2 for one in found.sectors) == pytest.approx(found.total.moved_in_m2)
    wale, first = found.total.wale_area_years, found.total.wale_break_area_years
    assert wale is not None and first is not None and first <= wale + 1e-9


def test_the_bundled_stock_has_the_plans_totals(bundled: Stock, district: District) -> None:
    found = survey(bundled)
    stated = dict(district["indicators"].select("id", "stated_value").iter_rows())
    assert found.synthetic
    assert len(found.carriers) == stated["n13"] == 18
    assert found.total.gross_area_m2 == stated["n14"] == 1_000_000
    assert found.total.firm_count == 497 < stated["n15"]
    assert usual_day(district, date(2031, 1, 1)) == bundled.on


def test_a_survey_agrees_with_the_tables(bundled: Stock, district: District) -> None:
    """The same figures by polars, straight from the CSV."""
    on = bundled.on
    leases = district["leases"].filter((pl.col("contracted_from") <= on) & (pl.col("moved_out").is_null()))
    lettable = district["suites"]["lettable_m2"].sum()
    total = survey(bundled).total
    assert total.contracted_m2 == pytest.approx(leases["let_m2"].sum())
    assert total.contracted_share == pytest.approx(leases["let_m2"].sum() / lettable)
    assert total.moved_in_m2 == pytest.approx(leases.filter(pl.col("moved_in") <= on)["let_m2"].sum())
    days = leases.select(((pl.col("contracted_to") - on).dt.total_days() + 1).clip(0) / 365.25).to_series()
    assert total.wale_area_years == pytest.approx((days * leases["let_m2"]).sum() / leases["let_m2"].sum(), abs=2e-3)


def test_tables_read_back_as_written(bundled: Stock, tmp_path: Path) -> None:
    found = survey(bundled)
    found.write(tmp_path)
    for table in (HOLDINGS, SECTOR_MIX, EXPIRIES, ENDINGS):
        assert all(unit_of(column.name) for column in table.columns if column.numeric)
        reading = read_table(table, tmp_path / table.file)
        assert not reading.faults
        assert reading.frame["synthetic"].all()
    assert read_table(HOLDINGS, tmp_path / HOLDINGS.file).frame["contracted_share"][0] == found.total.contracted_share


def test_a_day_before_all_leases(district: District) -> None:
    total = survey(read_stock(district, date(2001, 1, 1))).total
    assert (total.contracted_share, total.firm_count, total.wale_area_years, total.hhi_factor) == (0.0, 0, None, None)
    assert date(2025, 10, 1) > ON
