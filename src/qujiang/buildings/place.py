"""Place: which firm that seeks space gets which suite, proven best by an integer program.

Maximise over options o = (firm, one suite or two that touch), each taken or not::

    sum of x_o * [ area_o  -  misfit * |area_o - wanted|  +  trade * area_o * (the firm's sector is the carrier's trade) ]

with every firm in at most one option and every suite in at most one. All terms are in m2, so that a weight reads as: one square metre of misfit, or of the
right trade, counts as so many square metres let.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from qujiang.buildings.options import Option, Weights, find_options, why_no_option
from qujiang.buildings.packing import Packing, pack
from qujiang.buildings.result import plain
from qujiang.buildings.stock import Stock
from qujiang.errors import InfeasibleError, ScenarioError
from qujiang.words import Both, tell

#: Differences of the objective below this are nought [m2].
SAME_M2 = 1e-6


@dataclass(frozen=True, slots=True)
class Placed:
    """A firm with its suites, and what it adds to the objective [m2]."""

    firm: str
    name_zh: str
    name_en: str
    sector: str
    carrier: str
    suites: tuple[str, ...]
    area_m2: float
    wanted_m2: float
    free_from: date
    right_trade: bool
    value_m2: float


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """A firm without a suite, and why (in both languages). ``cost_m2``: what the objective would lose if it had to be placed; None where it cannot be."""

    firm: str
    name_zh: str
    name_en: str
    reason: str
    reason_zh: str
    cost_m2: float | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Who goes where. ``objective_m2`` is reached, ``bound_m2`` can be passed by no placement; ``terms_m2`` sum to the objective."""

    on: date
    synthetic: bool
    weights: Weights
    objective_m2: float
    bound_m2: float
    gap_share: float
    proven: bool
    terms_m2: dict[str, float]
    option_count: int
    free_suite_count: int
    free_m2: float
    placed: tuple[Placed, ...]
    not_placed: tuple[NotPlaced, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The placement as JSON-ready parts."""
        return plain(asdict(self))


def place(
    stock: Stock,
    *,
    weights: Weights | None = None,
    must: Sequence[str] = (),
    vacant_only: bool = False,
    stop: Callable[[], bool] | None = None,
) -> Placement:
    """Give suites to firms so that the objective is greatest.

    Parameters
    ----------
    weights
        Of misfit and of trade; without them 0.5 each.
    must
        Firms that have to be placed.
    vacant_only
        Leave out suites that are let today, also those whose lease ends in time: their tenants may want to renew.
    stop
        Asked before each firm that is not placed is priced by a further program; those left are told without a price.

    Raises
    ------
    ScenarioError
        Nobody seeks space, or a firm that must be placed is not among them.
    InfeasibleError
        Firms that must be placed cannot all be; the smallest set that clashes is named.
    """
    weights = weights or Weights()
    names = [seeker.id for seeker in stock.seekers]
    if not names:
        raise ScenarioError("firms_seeking.csv is missing or has no row: there is nobody to place")
    unknown = sorted(set(must) - set(names))
    if unknown:
        raise ScenarioError(f"no such firm seeks space: {', '.join(unknown)}")
    if vacant_only:
        let = {lease.suite for lease in stock.leases}
        stock = replace(stock, suites=tuple(suite for suite in stock.suites if suite.id not in let))
    options = find_options(stock, weights)
    _refuse_clash(stock, options, must)
    best = pack(options, must)
    return _placement(stock, weights, options, best, tuple(must), stop or (lambda: False))


def _refuse_clash(stock: Stock, options: Sequence[Option], must: Sequence[str]) -> None:
    """Where the firms that must be placed cannot all be, name a smallest set that cannot: each is needed for the clash."""
    if not must or pack(options, must) is not None:
        return
    clash = list(dict.fromkeys(must))
    for firm in list(clash):
        fewer = [name for name in clash if name != firm]
        if fewer and pack(options, fewer) is None:
            clash = fewer
    if len(clash) == 1:
        seeker = next(one for one in stock.seekers if one.id == clash[0])
        raise InfeasibleError(f"{clash[0]} cannot be placed: {why_no_option(stock, seeker).en}")
    suites = sorted({suite for option in options if option.firm in clash for suite in option.suites})
    shown = ", ".join(suites[:8]) + (", ..." if len(suites) > 8 else "")
    raise InfeasibleError(f"{', '.join(clash)} cannot all be placed: they have only {shown}")


def _placement(
    stock: Stock,
    weights: Weights,
    options: Sequence[Option],
    best: Packing | None,
    must: tuple[str, ...],
    stop: Callable[[], bool],
) -> Placement:
    if best is None:
        raise InfeasibleError("the firms that must be placed cannot all be")
    chosen = [options[n] for n in best.chosen]
    free = [suite for suite in stock.suites if suite.free_from is not None]
    seekers = {seeker.id: seeker for seeker in stock.seekers}
    placed = [
        Placed(
            one.firm,
            seekers[one.firm].name_zh,
            seekers[one.firm].name_en,
            seekers[one.firm].sector,
            one.carrier,
            one.suites,
            one.area_m2,
            seekers[one.firm].wanted_m2,
            one.free_from,
            one.right_trade,
            one.value_m2,
        )
        for one in sorted(chosen, key=lambda one: one.firm)
    ]
    return Placement(
        stock.on,
        stock.synthetic,
        weights,
        best.objective,
        best.bound,
        best.gap,
        best.gap <= 1e-9,
        {
            "area": math.fsum(one.area_m2 for one in chosen),
            "misfit": -math.fsum(one.misfit_m2 for one in chosen),
            "trade": math.fsum(one.trade_m2 for one in chosen),
        },
        len(options),
        len(free),
        math.fsum(suite.lettable_m2 for suite in free),
        tuple(placed),
        _not_placed(stock, options, best, must, stop),
    )


def _not_placed(
    stock: Stock, options: Sequence[Option], best: Packing, must: tuple[str, ...], stop: Callable[[], bool]
) -> tuple[NotPlaced, ...]:
    holder = {suite: options[n].firm for n in best.chosen for suite in options[n].suites}
    own: dict[str, list[Option]] = defaultdict(list)
    for option in options:
        own[option.firm].append(option)
    found = []
    for seeker in stock.seekers:
        if seeker.id in holder.values():
            continue
        cost = None
        if not own[seeker.id]:
            reason = why_no_option(stock, seeker)
        else:
            forced = None if stop() else pack(options, (*must, seeker.id))
            cost = None if forced is None else max(0.0, best.objective - forced.objective)
            reason = _why_not_chosen(own[seeker.id], holder)
        found.append(NotPlaced(seeker.id, seeker.name_zh, seeker.name_en, reason.en, reason.zh, cost))
    return tuple(found)


def _why_not_chosen(own: Sequence[Option], holder: dict[str, str]) -> Both:
    """Every suite that would do is taken by others who add more, or it would cost more than it adds."""
    empty = [option for option in own if not any(suite in holder for suite in option.suites)]
    if empty:
        best = max(empty, key=lambda option: option.value_m2)
        return tell("place.too_far", value=f"{best.value_m2:,.0f}", suites="+".join(best.suites))
    taken = {suite: holder[suite] for option in own for suite in option.suites if suite in holder}
    shown = [tell("place.holder", firm=firm, suite=suite) for suite, firm in sorted(taken.items())]
    more = tell("place.more", count=len(shown) - 4) if len(shown) > 4 else Both("", "")
    firms = Both(", ".join(one.en for one in shown[:4]), "、".join(one.zh for one in shown[:4]))
    return tell("place.outbid", firms=firms, more=more)
