"""What the tables of the stock may not say together: let twice, let more than there is, areas of two standards in one suite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from qujiang.district.scopes import Scope
from qujiang.errors import Fault


def find_faults(scope: Scope) -> list[Fault]:
    """Every fault of the stock across rows and tables, with file, line and mend."""
    found = [*_wrong_areas(scope), *_overlaps(scope), *_firms_of_two_sectors(scope), *_carriers_too_small(scope)]
    return sorted(found, key=lambda fault: (fault.file, fault.line or 0))


def last_day(lease: dict[str, Any]) -> date:
    """The last day of a lease as far as it is written: given back, or the end of the contract."""
    return lease["moved_out"] or lease["contracted_to"]


def _wrong_areas(scope: Scope) -> Iterator[Fault]:
    suites = {suite["id"]: suite for suite in scope.frames["suites"].iter_rows(named=True)}
    for row, lease in enumerate(scope.frames["leases"].iter_rows(named=True)):
        suite = suites[lease["suite"]]
        if lease["measure_basis"] != suite["measure_basis"]:
            rule = f"differs from {suite['id']}, measured as {suite['measure_basis']}: the two may not be compared"
            yield scope.fault("leases", row, "measure_basis", rule, "give both areas by one standard")
        elif lease["let_m2"] > suite["lettable_m2"]:
            rule = f"is more than {suite['id']} has, {suite['lettable_m2']:g} m2"
            yield scope.fault("leases", row, "let_m2", rule, "mend the lease's area or the suite's")


def _overlaps(scope: Scope) -> Iterator[Fault]:
    of_suite: dict[str, list[tuple[date, int, dict[str, Any]]]] = defaultdict(list)
    for row, lease in enumerate(scope.frames["leases"].iter_rows(named=True)):
        of_suite[lease["suite"]].append((lease["contracted_from"], row, lease))
    for suite, leases in of_suite.items():
        leases.sort(key=lambda item: item[:2])
        _, _, before = leases[0]
        for begins, row, lease in leases[1:]:
            if begins <= last_day(before):
                rule = f"overlaps lease {before['id']} of {suite}, which ends on {last_day(before)}"
                mend = "a suite is let to one firm at a time: mend a date, fill moved_out, or divide the suite"
                yield scope.fault("leases", row, "contracted_from", rule, mend)
            before = max(before, lease, key=last_day)


def _firms_of_two_sectors(scope: Scope) -> Iterator[Fault]:
    first: dict[str, tuple[str, str]] = {}
    for row, lease in enumerate(scope.frames["leases"].iter_rows(named=True)):
        sector, told = first.setdefault(lease["firm"], (lease["sector"], lease["id"]))
        if sector != lease["sector"]:
            rule = f"firm {lease['firm']} is of sector {sector} in lease {told}"
            yield scope.fault("leases", row, "sector", rule, "a firm has one main trade; mend one of the two")


def _carriers_too_small(scope: Scope) -> Iterator[Fault]:
    lettable: dict[str, float] = defaultdict(float)
    for suite in scope.frames["suites"].iter_rows(named=True):
        if suite["measure_basis"] == "construction":
            lettable[suite["carrier"]] += suite["lettable_m2"]
    for row, carrier in enumerate(scope.frames["carriers"].iter_rows(named=True)):
        if lettable[carrier["id"]] > carrier["gross_area_m2"] * (1 + 1e-9):
            rule = f"is less than its suites have together, {lettable[carrier['id']]:,.0f} m2"
            yield scope.fault("carriers", row, "gross_area_m2", rule, "mend the gross area or the suites")
