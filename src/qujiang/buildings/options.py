"""Options: which suites would do for which firm, and why none does."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from qujiang.buildings.stock import Seeker, Stock, Suite
from qujiang.words import Both, known, tell


@dataclass(frozen=True, slots=True)
class Weights:
    """What a square metre of misfit costs, and one of the right trade is worth [square metres let]."""

    misfit_factor: float = 0.5
    trade_factor: float = 0.5


@dataclass(frozen=True, slots=True)
class Option:
    """One firm in one suite, or in two that touch. ``value_m2`` = area - misfit + trade, the last two as weighted."""

    firm: str
    carrier: str
    suites: tuple[str, ...]
    area_m2: float
    misfit_m2: float
    trade_m2: float
    right_trade: bool
    free_from: date

    @property
    def value_m2(self) -> float:
        return self.area_m2 - self.misfit_m2 + self.trade_m2


def find_options(stock: Stock, weights: Weights) -> list[Option]:
    """Every option, in the order of firms, then of areas."""
    trades = {carrier.id: carrier.trade for carrier in stock.carriers}
    free = [suite for suite in stock.suites if suite.free_from is not None]
    pairs = touching(free) if any(seeker.may_split for seeker in stock.seekers) else []
    singles = _by_area([(suite,) for suite in free])
    both = _by_area([*((suite,) for suite in free), *pairs])
    found = []
    for seeker in stock.seekers:
        areas, sets = both if seeker.may_split else singles
        for n in range(bisect_left(areas, seeker.least_m2), bisect_right(areas, seeker.most_m2)):
            if _suits(seeker, sets[n]):
                found.append(_option(seeker, sets[n], areas[n], trades[sets[n][0].carrier], weights))
    return found


def _by_area(sets: Sequence[tuple[Suite, ...]]) -> tuple[list[float], list[tuple[Suite, ...]]]:
    areas = [sum(suite.lettable_m2 for suite in suites) for suites in sets]
    order = sorted(range(len(sets)), key=lambda n: areas[n])
    return [areas[n] for n in order], [sets[n] for n in order]


def _option(seeker: Seeker, suites: tuple[Suite, ...], area: float, trade: str | None, weights: Weights) -> Option:
    right = trade == seeker.sector
    return Option(
        seeker.id,
        suites[0].carrier,
        tuple(suite.id for suite in suites),
        area,
        weights.misfit_factor * abs(area - seeker.wanted_m2),
        weights.trade_factor * area if right else 0.0,
        right,
        max(suite.free_from for suite in suites if suite.free_from is not None),
    )


def touching(suites: list[Suite]) -> list[tuple[Suite, Suite]]:
    """Pairs of one carrier on one floor or on floors that touch."""
    on_floor: dict[tuple[str, int], list[Suite]] = defaultdict(list)
    for suite in suites:
        on_floor[suite.carrier, suite.level].append(suite)
    found = []
    for (carrier, level), here in on_floor.items():
        found += [(one, other) for n, one in enumerate(here) for other in here[n + 1 :]]
        found += [(one, other) for one in here for other in on_floor.get((carrier, level + 1), [])]
    return found


def _suits(seeker: Seeker, suites: tuple[Suite, ...]) -> bool:
    """All but the area, which is looked up."""
    return all(
        suite.basis == seeker.basis
        and suite.free_from is not None
        and suite.free_from <= seeker.latest
        and seeker.needs <= suite.offers
        for suite in suites
    )


def why_no_option(stock: Stock, seeker: Seeker) -> Both:
    """Why no suite will do: the first of its wishes that leaves none."""
    return next(_reasons(stock, seeker))


def _reasons(stock: Stock, seeker: Seeker) -> Iterator[Both]:
    left = [suite for suite in stock.suites if suite.basis == seeker.basis]
    if not left:
        yield tell("place.no_basis", basis=Both(seeker.basis, known("area_basis", seeker.basis).zh))
    fitting = [suite for suite in left if seeker.least_m2 <= suite.lettable_m2 <= seeker.most_m2]
    size = {"least": f"{seeker.least_m2:g}", "most": f"{seeker.most_m2:g}", "latest": str(seeker.latest)}
    if not fitting and not seeker.may_split:
        largest = max((suite.lettable_m2 for suite in left), default=0.0)
        key = "place.too_large" if largest < seeker.least_m2 else "place.no_size"
        yield tell(key, largest=f"{largest:g}", **size)
    in_time = [suite for suite in fitting if suite.free_from is not None and suite.free_from <= seeker.latest]
    if not in_time and not seeker.may_split:
        days = [suite.free_from for suite in fitting if suite.free_from is not None]
        when = tell("place.first_free", day=str(min(days))) if days else tell("place.none_free")
        yield tell("place.not_in_time", when=when, **size)
    offering = [suite for suite in in_time if seeker.needs <= suite.offers]
    wishes = sorted(seeker.needs)
    needs = Both(", ".join(wishes), "、".join(known("building_need", wish).zh for wish in wishes))
    if not offering and not seeker.may_split:
        yield tell("place.not_offered", needs=needs, **size)
    with_needs = tell("place.with_needs", needs=needs) if seeker.needs else Both("", "")
    yield tell("place.none_as_pair" if seeker.may_split else "place.none", with_needs=with_needs, **size)
