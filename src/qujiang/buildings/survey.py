"""Survey: occupancy, registration, tax per m2, mix, concentration, remaining terms and what ends soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qujiang.buildings.figures import (
    TAX_EDGES_YUAN,
    TAX_EDGES_YUAN_PER_M2,
    band,
    herfindahl,
    share,
    top_share,
    weighted_mean,
)
from qujiang.buildings.result import Ending, Expiry, Holding, SectorShare, Survey, TaxCell
from qujiang.buildings.sectors import SECTOR_NAMES
from qujiang.buildings.stock import Carrier, Lease, Stock, Suite
from qujiang.buildings.withhold import LEAST_FIRMS, withhold
from qujiang.errors import ScenarioError

TOTAL = "total"
#: Spans of the expiry profile: name, from and to [years from the day]; a lease held over has none left.
SPANS = (("0..12", 0.0, 1.0), ("12..24", 1.0, 2.0), ("24..36", 2.0, 3.0), ("36+", 3.0, float("inf")))


def survey(stock: Stock, *, basis: str | None = None, internal: bool = False) -> Survey:
    """Measure the stock.

    Parameters
    ----------
    basis
        Survey only suites measured by this standard.
    internal
        Tell the tax share of each lease that ends soon: for the officers in charge, not for publication.

    Raises
    ------
    ScenarioError
        Suites are measured by different standards and none was chosen: such areas may not be added.
    """
    chosen = _one_basis(stock.suites, basis)
    suites = [suite for suite in stock.suites if suite.basis == chosen]
    ids = {suite.id for suite in suites}
    part = _Part(tuple(suites), tuple(lease for lease in stock.leases if lease.suite in ids))
    here = [carrier for carrier in stock.carriers if any(suite.carrier == carrier.id for suite in suites)]
    by_carrier = {one.id: part.only(lambda item, name=one.id: item.carrier == name) for one in here}
    sectors = sorted({lease.sector for lease in part.moved_in})
    by_sector = {name: [lease for lease in part.taxed if lease.sector == name] for name in sectors}
    hidden = _hidden(part, by_carrier, by_sector)
    dark = _hidden_energy(part, by_carrier)
    gross = {one.id: one.gross_area_m2 for one in here}
    everything = Carrier(TOTAL, "合计", "total", sum(gross.values()), None, False, False)
    return Survey(
        stock.on,
        chosen,
        stock.synthetic,
        internal,
        _holding(everything, part, hidden.get(TOTAL), TOTAL not in dark),
        tuple(
            _holding(one, by_carrier[one.id], hidden.get(f"carrier {one.id}"), f"carrier {one.id}" not in dark)
            for one in here
        ),
        tuple(_sector(name, part, by_sector[name], hidden.get(f"sector {name}")) for name in sectors),
        _expiries(part.leases),
        _endings(part, internal=internal),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Suites and the leases in them."""

    suites: tuple[Suite, ...]
    leases: tuple[Lease, ...]

    @property
    def lettable_m2(self) -> float:
        return sum(suite.lettable_m2 for suite in self.suites)

    @property
    def moved_in(self) -> tuple[Lease, ...]:
        return tuple(lease for lease in self.leases if lease.moved_in)

    @property
    def taxed(self) -> list[Lease]:
        return [lease for lease in self.moved_in if lease.tax_yuan_per_year is not None]

    @property
    def metered(self) -> list[Lease]:
        return [lease for lease in self.moved_in if lease.energy_kwh_per_year is not None]

    def only(self, wanted: Callable[[Suite | Lease], bool]) -> _Part:
        return _Part(tuple(filter(wanted, self.suites)), tuple(filter(wanted, self.leases)))


def _one_basis(suites: Sequence[Suite], wanted: str | None) -> str:
    counts: dict[str, int] = defaultdict(int)
    for suite in suites:
        counts[suite.basis] += 1
    told = ", ".join(f"{name} ({count} suites)" for name, count in sorted(counts.items()))
    if wanted is not None and wanted not in counts:
        raise ScenarioError(f"no suite is measured as {wanted}; there are {told}")
    if wanted is None and len(counts) > 1:
        raise ScenarioError(f"areas of different standards may not be added: {told}; choose one with --basis")
    return wanted or next(iter(counts))


def _hidden(part: _Part, by_carrier: Mapping[str, _Part], by_sector: Mapping[str, list[Lease]]) -> dict[str, str]:
    """Why the tax of a cell is withheld; the total and both sets of parts are looked at together."""
    cells = {TOTAL: _parts(part.taxed)}
    cells |= {f"carrier {name}": _parts(one.taxed) for name, one in by_carrier.items()}
    cells |= {f"sector {name}": _parts(leases) for name, leases in by_sector.items()}
    return withhold(cells)


def _hidden_energy(part: _Part, by_carrier: Mapping[str, _Part]) -> dict[str, str]:
    """Why the energy of a cell is withheld, by the same rule as tax: it tells as much of a single firm."""
    cells = {TOTAL: _parts(part.metered)}
    return withhold(cells | {f"carrier {name}": _parts(one.metered) for name, one in by_carrier.items()})


def _parts(leases: Iterable[Lease]) -> frozenset[tuple[str, str]]:
    """What each firm pays in one carrier and sector: no cell holds a part of it only, also where a firm has two trades in a carrier."""
    return frozenset((lease.firm, f"{lease.carrier} {lease.sector}") for lease in leases)


def _area(leases: Iterable[Lease]) -> float:
    return sum(lease.let_m2 for lease in leases)


def _by_firm(leases: Iterable[Lease]) -> list[float]:
    areas: dict[str, float] = defaultdict(float)
    for lease in leases:
        areas[lease.firm] += lease.let_m2
    return list(areas.values())


def _holding(carrier: Carrier, part: _Part, hidden: str | None, energy_told: bool) -> Holding:
    leases, moved_in = part.leases, part.moved_in
    seats: dict[str, list[bool]] = defaultdict(list)
    for lease in moved_in:
        seats[lease.firm] += [] if lease.registered_here is None else [lease.registered_here]
    known = [any(told) for told in seats.values() if told]
    firms = _by_firm(leases)
    metered = part.metered if energy_told else []
    return Holding(
        carrier.id,
        carrier.name_zh,
        carrier.name_en,
        carrier.trade,
        carrier.gross_area_m2,
        part.lettable_m2,
        len(part.suites),
        _area(leases),
        _area(moved_in),
        share(_area(leases), part.lettable_m2),
        share(_area(moved_in), part.lettable_m2),
        share(len({lease.suite for lease in leases}), len(part.suites)),
        share(len({lease.suite for lease in moved_in}), len(part.suites)),
        len(seats),
        share(sum(known), len(known)),
        len(seats) - len(known),
        top_share(firms),
        herfindahl(firms),
        *_terms(leases),
        share(sum(lease.energy_kwh_per_year or 0.0 for lease in metered), _area(metered)),
        _tax(part.taxed, part.lettable_m2, hidden),
    )


def _terms(leases: Sequence[Lease]) -> tuple[float | None, float | None, float | None, float | None]:
    """WALE to expiry by area and by rent, then to the first option to leave. By rent only of three firms and more: rents of fewer could be told."""
    rented = [lease for lease in leases if lease.rent_yuan_per_m2_month is not None]
    if len({lease.firm for lease in rented}) < LEAST_FIRMS:
        rented = []
    area = [lease.let_m2 for lease in leases]
    rent = [lease.let_m2 * (lease.rent_yuan_per_m2_month or 0.0) for lease in rented]
    return (
        weighted_mean([lease.expiry_years for lease in leases], area),
        weighted_mean([lease.expiry_years for lease in rented], rent),
        weighted_mean([lease.break_years for lease in leases], area),
        weighted_mean([lease.break_years for lease in rented], rent),
    )


def _tax(leases: Sequence[Lease], lettable_m2: float | None, hidden: str | None) -> TaxCell:
    firms = len({lease.firm for lease in leases})
    if hidden is not None or not leases:
        return TaxCell(firms, None, None, None, hidden or "no firm whose tax is known")
    tax = sum(lease.tax_yuan_per_year or 0.0 for lease in leases)
    per_total = band(tax / lettable_m2, TAX_EDGES_YUAN_PER_M2) if lettable_m2 else None
    return TaxCell(firms, band(tax, TAX_EDGES_YUAN), band(tax / _area(leases), TAX_EDGES_YUAN_PER_M2), per_total, None)


def _sector(name: str, part: _Part, taxed: Sequence[Lease], hidden: str | None) -> SectorShare:
    here = [lease for lease in part.moved_in if lease.sector == name]
    zh, en = SECTOR_NAMES[name]
    moved_in_share = share(_area(here), _area(part.moved_in))
    firms = len({lease.firm for lease in here})
    return SectorShare(name, zh, en, firms, _area(here), moved_in_share, _tax(taxed, None, hidden))


def _expiries(leases: Sequence[Lease]) -> tuple[Expiry, ...]:
    total = _area(leases)
    held = [lease for lease in leases if lease.holds_over]
    rows = [("held over", _area(held), _area(held))]
    running = [lease for lease in leases if not lease.holds_over]
    for name, low, high in SPANS:
        ends = _area(lease for lease in running if low < lease.expiry_years <= high)
        leaves = _area(lease for lease in running if low < lease.break_years <= high)
        rows.append((name, ends, leaves))
    return tuple(Expiry(name, ends, share(ends, total), leaves, share(leaves, total)) for name, ends, leaves in rows)


def _endings(part: _Part, *, internal: bool) -> tuple[Ending, ...]:
    """Leases that end within a year: by date, or for officers by what they put at risk."""
    tax = sum(lease.tax_yuan_per_year or 0.0 for lease in part.taxed)
    found = []
    for lease in sorted(part.leases, key=lambda one: (one.last_day, one.id)):
        if lease.expiry_years > 1.0:
            continue
        paid = share(lease.tax_yuan_per_year, tax) if internal and lease.tax_yuan_per_year is not None else None
        risk = paid * (1.0 - lease.expiry_years) if paid is not None else None
        found.append(
            Ending(
                lease.id,
                lease.firm,
                lease.carrier,
                lease.suite,
                lease.sector,
                lease.let_m2,
                lease.last_day,
                lease.expiry_years,
                lease.holds_over,
                paid,
                risk,
            )
        )
    return tuple(sorted(found, key=lambda one: -(one.risk_share or 0.0)) if internal else found)
