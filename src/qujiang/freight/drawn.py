"""Where the legs of a quoted chain run: place by place, as the network that priced them goes."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from qujiang.freight.book import QuoteBook
from qujiang.freight.problem import FreightProblem
from qujiang.freight.quote import MODES, RAIL, ROAD, Chain, Leg
from qujiang.freight.skims import Skim, way


class Drawn(NamedTuple):
    """One leg of a chain, both counted from 1: its mode, and the places that it passes, both ends included."""

    chain: int
    leg: int
    mode: str
    places: tuple[str, ...]


class Ways:
    """The ways behind a book of quotes; made of the problem that the book was made of."""

    def __init__(self, book: QuoteBook, problem: FreightProblem) -> None:
        if tuple(book.places.ids) != tuple(problem.place_ids):
            raise ValueError("the book and the problem are of different places")
        self.ids, self._skims = book.places.ids, problem.skims

    @cached_property
    def _water(self) -> tuple[Skim, ...]:
        """Ways of sailing of all seasons, numbered as in the book."""
        return tuple(skim for skims in self._skims for skim in skims.water)

    def of_leg(self, leg: Leg) -> tuple[str, ...]:
        """Ids of the places on the way of a leg."""
        skim = {ROAD: self._skims[0].road, RAIL: self._skims[0].rail}.get(leg.mode) or self._water[leg.way]
        return tuple(self.ids[place] for place in way(skim, leg.start, leg.end))

    def of_chains(self, chains: tuple[Chain, ...]) -> list[Drawn]:
        """Every leg of every chain."""
        return [
            Drawn(number, at, MODES[leg.mode], self.of_leg(leg))
            for number, chain in enumerate(chains, 1)
            for at, leg in enumerate(chain.legs, 1)
        ]
