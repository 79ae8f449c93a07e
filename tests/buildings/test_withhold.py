"""Small cells: whatever is added, subtracted or multiplied, what is published never speaks of fewer than three firms.

The referee is a plain search over combinations of published cells; it knows nothing of null spaces.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.buildings.survey import survey
from qujiang.buildings.withhold import REVEALS, TOO_FEW, withhold
from tests.buildings.conftest import carrier, lease, let

Part = tuple[str, str]


def two_ways(parts: list[tuple[str, str, str]]) -> dict[str, frozenset[Part]]:
    """Cells of (firm, carrier, sector): the total, by carrier, by sector."""
    cells = {"total": frozenset((firm, f"{at} {sector}") for firm, at, sector in parts)}
    for n, kind in ((1, "carrier"), (2, "sector")):
        for name in sorted({part[n] for part in parts}):
            cells[f"{kind} {name}"] = frozenset((part[0], f"{part[1]} {part[2]}") for part in parts if part[n] == name)
    return cells


def disclosed(published: dict[str, frozenset[Part]], factors: tuple[int, ...]) -> list[set[str]]:
    """Firms of which a combination with small whole factors tells, where they are one or two."""
    found = []
    for chosen in product(factors, repeat=len(published)):
        sums: Counter[Part] = Counter()
        for factor, parts in zip(chosen, published.values(), strict=True):
            for part in parts if factor else ():
                sums[part] += factor
        firms = {firm for (firm, _), count in sums.items() if count}
        if 0 < len(firms) < 3:
            found.append(firms)
    return found


def told(cells: dict[str, frozenset[Part]]) -> dict[str, frozenset[Part]]:
    hidden = withhold(cells)
    return {name: parts for name, parts in cells.items() if name not in hidden and parts}


def test_a_lone_small_cell_takes_another_with_it() -> None:
    parts = (
        [(f"a{n}", "a", "F") for n in range(9)]
        + [(f"b{n}", "b", "F") for n in range(4)]
        + [("x", "c", "F"), ("y", "c", "F")]
    )
    hidden = withhold(two_ways(parts))
    assert hidden["carrier c"] == TOO_FEW
    assert hidden["carrier b"] == REVEALS  # 15 - 9 - 4 = 2: one more goes, the smallest that is left
    assert "carrier a" not in hidden and "total" not in hidden


def test_two_small_cells_of_one_firm_each_take_a_third() -> None:
    parts = (
        [(f"a{n}", "a", "F") for n in range(9)]
        + [(f"b{n}", "b", "F") for n in range(4)]
        + [("x", "c", "F"), ("y", "d", "F")]
    )
    assert set(withhold(two_ways(parts))) == {"carrier b", "carrier c", "carrier d"}


def test_a_difference_between_the_two_tables_is_found() -> None:
    """Sector G is carrier b and one firm more: neither is small, their difference is that firm."""
    parts = [(f"a{n}", "a", "F") for n in range(9)] + [(f"b{n}", "b", "G") for n in range(4)] + [("x", "a", "G")]
    published = told(two_ways(parts))
    assert disclosed(two_ways(parts), (-1, 0, 1))
    assert not disclosed(published, (-2, -1, 0, 1, 2))
    assert len(published) >= 3


def test_nothing_is_withheld_without_need() -> None:
    parts = [(f"{at}{sector}{n}", at, sector) for at in "abc" for sector in "FG" for n in range(3)]
    assert withhold(two_ways(parts)) == {}


def test_one_firm_in_many_places_is_one_firm() -> None:
    parts = [("x", at, "F") for at in "abcdef"] + [(f"g{n}", "g", "G") for n in range(5)]
    hidden = withhold(two_ways(parts))
    assert {f"carrier {at}" for at in "abcdef"} <= set(hidden)
    assert not disclosed(told(two_ways(parts)), (-1, 0, 1))


PARTS = st.lists(
    st.tuples(st.sampled_from([f"f{n}" for n in range(14)]), st.sampled_from("abc"), st.sampled_from("FGI")),
    min_size=1,
    max_size=24,
)


def one_sector(parts: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    sector: dict[str, str] = {}
    return sorted({(firm, at, sector.setdefault(firm, trade)) for firm, at, trade in parts})


#: Firms of one sector, as the tables ask, and firms of several, also within one carrier.
EITHER = PARTS.map(one_sector) | PARTS.map(lambda parts: sorted(set(parts)))


@settings(deadline=None, max_examples=60)
@given(EITHER)
def test_no_difference_tells_of_fewer_than_three_firms(parts: list[tuple[str, str, str]]) -> None:
    assert disclosed(told(two_ways(parts)), (-1, 0, 1)) == []


def test_a_firm_of_two_sectors_in_one_carrier_is_not_told_by_their_difference() -> None:
    """Carrier c less sector F is what x pays as G: as wholes of (firm, carrier) the two cells look alike."""
    at_c = [("x", "c", "F"), ("x", "c", "G"), ("y", "c", "F"), ("z", "c", "F")]
    parts = at_c + [(f"g{n}", "d", "G") for n in range(4)] + [(f"h{n}", "d", "I") for n in range(4)]
    assert {"x"} in disclosed(two_ways(parts), (-1, 0, 1))
    published = told(two_ways(parts))
    assert not {"carrier c", "sector F"} <= set(published)
    assert disclosed(published, (-1, 0, 1)) == []
    assert len(published) >= 2  # not all is withheld for it


def test_the_survey_audits_what_each_firm_pays_in_each_sector() -> None:
    leases = [
        lease(f"{firm}{sector}", 100.0, firm=firm, sector=sector, carrier=at, suite=f"{at}{firm}{sector}", tax_yuan_per_year=tax)
        for firm, at, sector, tax in (
            ("x", "c", "F", 1e6), ("x", "c", "G", 7e6), ("y", "c", "F", 1e6), ("z", "c", "F", 1e6),
            *((f"g{n}", "d", "G", 1e6) for n in range(4)), *((f"h{n}", "d", "I", 1e6) for n in range(4)),
        )
    ]  # fmt: skip
    found = survey(let(leases, carriers=[carrier("c"), carrier("d")]))
    cells = {f"carrier {one.id}": one.tax for one in found.carriers} | {
        f"sector {one.sector}": one.tax for one in found.sectors
    }
    assert any(cells[name].withheld for name in ("carrier c", "sector F"))
    assert {name for name, cell in cells.items() if cell.withheld is None}


@settings(deadline=None, max_examples=60)
@given(EITHER)
def test_no_difference_of_what_is_published_in_the_survey_is_of_a_firm(parts: list[tuple[str, str, str]]) -> None:
    """The survey itself on random stocks: its published cells against the plain search."""
    leases = [
        lease(f"{n}", 100.0, firm=firm, sector=sector, carrier=at, suite=f"s{n}", tax_yuan_per_year=1e6)
        for n, (firm, at, sector) in enumerate(parts)
    ]
    found = survey(let(leases, carriers=[carrier(at) for at in sorted({at for _, at, _ in parts})]))
    cells = {"total": found.total.tax} | {f"carrier {one.id}": one.tax for one in found.carriers}
    cells |= {f"sector {one.sector}": one.tax for one in found.sectors}
    published = {name: held for name, held in two_ways(parts).items() if cells[name].withheld is None}
    assert disclosed(published, (-1, 0, 1)) == []


@settings(deadline=None, max_examples=60)
@given(EITHER)
def test_no_combination_with_any_factors_does(parts: list[tuple[str, str, str]]) -> None:
    """By least squares: the sum over one or two firms, with any factors of their parts, is no combination of what is published."""
    cells = two_ways(parts)
    published, columns = told(cells), sorted(cells["total"])
    matrix = np.array([[float(part in held) for part in columns] for held in published.values()]).reshape(
        -1, len(columns)
    )
    firms = sorted({firm for firm, _ in columns})
    for chosen in (*combinations(firms, 1), *combinations(firms, 2)):
        outside = [n for n, (firm, _) in enumerate(columns) if firm not in chosen]
        # a combination that is nought outside the chosen firms must be nought inside too
        assert np.linalg.matrix_rank(matrix[:, outside]) == np.linalg.matrix_rank(matrix)


@settings(deadline=None)
@given(EITHER)
def test_every_published_cell_has_three_firms(parts: list[tuple[str, str, str]]) -> None:
    published = told(two_ways(parts))
    assert all(len({firm for firm, _ in held}) >= 3 for held in published.values())
