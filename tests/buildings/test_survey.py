"""The survey: by hand on small stocks, as a whole on the bundled one."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
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


def metered(at: str, count: int, first: int = 0) -> list:
    return [
        lease(f"{at}{n}", 100, carrier=at, suite=f"{at}{n}", energy_kwh_per_year=5_000.0 + n)
        for n in range(first, first + count)
    ]


def test_energy_tells_of_no_single_firm_and_no_subtraction_does() -> None:
    """Carrier c has one metered firm: its figure is withheld, and one more with it, or total less the others would give it."""
    here = [carrier("a"), carrier("b"), carrier("c")]
    found = survey(let([*metered("a", 5), *metered("b", 3), *metered("c", 1)], carriers=here))
    shown = {one.id: one.energy_kwh_per_m2 for one in found.carriers}
    assert shown["c"] is None and shown["b"] is None
    assert shown["a"] == pytest.approx(50.02)
    assert found.total.energy_kwh_per_m2 == pytest.approx((5 * 5_002 + 3 * 5_001 + 5_000) / 900)
    # solved: what the table shows leaves more than one firm's figure open in every direction
    equations = np.array([[1.0] * 9, [1.0] * 5 + [0.0] * 4])
    for firm in range(9):
        single = np.eye(9)[firm]
        assert np.linalg.matrix_rank(np.vstack([equations, single])) == np.linalg.matrix_rank(equations) + 1
    everybody = survey(let([*metered("a", 5), *metered("b", 3)], carriers=here[:2]))
    assert all(one.energy_kwh_per_m2 is not None for one in (everybody.total, *everybody.carriers))


@settings(deadline=None, max_examples=60)
@given(LEASES)
def test_what_the_survey_shows_of_tax_can_be_solved_for_no_firm(leases: list) -> None:
    """The survey's own answer as a system of equations in what each firm pays in each place: no firm and no pair of firms follows from it."""
    leases = [dataclasses.replace(one, sector="FG"[int(one.firm[1:]) % 2]) for one in leases]  # a firm has one sector
    found = survey(let(leases, carriers=[carrier("a"), carrier("b")]))
    taxed = [one for one in leases if one.moved_in]
    if not taxed:
        assert found.total.tax.withheld is not None
        return
    unknowns = sorted({(one.firm, one.carrier, one.sector) for one in taxed})
    rows = [[1.0] * len(unknowns)] if found.total.tax.withheld is None else []
    for holding in (one for one in found.carriers if one.tax.withheld is None):
        rows.append([float(at == holding.id) for _, at, _ in unknowns])
    for cell in (one for one in found.sectors if one.tax.withheld is None):
        rows.append([float(sector == cell.sector) for _, _, sector in unknowns])
    shown = np.array(rows).reshape(-1, len(unknowns))
    firms = sorted({firm for firm, _, _ in unknowns})
    for chosen in [(one,) for one in firms] + [(a, b) for a in firms for b in firms if a < b]:
        outside = [n for n, (firm, _, _) in enumerate(unknowns) if firm not in chosen]
        rank = np.linalg.matrix_rank(shown) if shown.size else 0
        assert (np.linalg.matrix_rank(shown[:, outside]) if outside and shown.size else 0) == rank


def test_a_small_stock_by_hand() -> None:
    """Five leases: WALE, tax per m2 let and of the whole, occupancy, profile, with the numbers of a sheet of paper."""
    leases = [
        lease("a", 100, 0.5, tax_yuan_per_year=30_000.0, rent_yuan_per_m2_month=20.0),
        lease("b", 200, 1.5, tax_yuan_per_year=60_000.0, rent_yuan_per_m2_month=30.0),
        lease("c", 300, 2.5, tax_yuan_per_year=90_000.0, rent_yuan_per_m2_month=10.0),
        lease("d", 400, 5.0, tax_yuan_per_year=0.0, rent_yuan_per_m2_month=40.0, moved_in=False),
        lease("e", 50, 0.0, tax_yuan_per_year=None, rent_yuan_per_m2_month=None, holds_over=True),
    ]
    found = survey(let(leases, spare_m2=950))
    total = found.total
    assert total.lettable_m2 == 2_000.0
    # (100 * 0.5 + 200 * 1.5 + 300 * 2.5 + 400 * 5 + 50 * 0) / 1050 and by rent (2000, 6000, 3000, 16000)
    assert total.wale_area_years == pytest.approx(3_100 / 1_050)
    assert total.wale_rent_years == pytest.approx((1_000 + 9_000 + 7_500 + 80_000) / 27_000)
    assert total.tax.tax_firms_count == 3  # d has not moved in, e's tax is not known
    assert total.tax.tax_per_let_band_yuan_per_m2 == "200..400"  # 180,000 / 600 = 300
    assert total.tax.tax_per_total_band_yuan_per_m2 == "50..100"  # 180,000 / 2,000 = 90
    assert [(row.span, row.area_m2) for row in found.expiries] == [
        ("held over", 50.0), ("0..12", 100.0), ("12..24", 200.0), ("24..36", 300.0), ("36+", 400.0),
    ]  # fmt: skip
    assert sum(row.area_share for row in found.expiries) == pytest.approx(1.0)
