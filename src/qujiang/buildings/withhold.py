"""Which cells of published tax would tell of a single firm, and which others must go so that no sum or difference does.

A cell is a sum over firms. A cell of fewer than ``LEAST_FIRMS`` is withheld. What is left is then audited as a whole: every combination of published
cells, whatever its factors, that speaks of one or two firms only is a disclosure, and the smallest cell that it uses is withheld too. Firms that stand
in exactly the same cells can never be told apart, so the audit works on groups of them: with N a basis of the null space of the published
cells, some combination speaks of the groups G alone exactly when the rows G of N are linearly dependent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space

LEAST_FIRMS = 3
TOO_FEW, REVEALS = "fewer than 3 firms", "would reveal another cell"
#: What is below this is nought; all entries of the matrices are 0 or 1.
_NOUGHT = 1e-9

#: What one firm pays in one place, of which every cell holds all or nothing: (firm, place).
Part = tuple[str, str]


def withhold(cells: Mapping[str, frozenset[Part]]) -> dict[str, str]:
    """Cells that may not be published, with the reason.

    Parameters
    ----------
    cells
        The parts that each cell sums up. Of two cells with as many firms the later is withheld.

    Returns
    -------
    dict
        Reason by cell; all others may be published together.
    """
    found = {name: TOO_FEW for name, parts in cells.items() if 0 < len(_firms(parts)) < LEAST_FIRMS}

    def published() -> dict[str, frozenset[Part]]:
        return {name: parts for name, parts in cells.items() if name not in found and parts}

    while used := _disclosure(published()):
        found[min(reversed(used), key=lambda name: len(_firms(cells[name])))] = REVEALS
    for name in [name for name, reason in found.items() if reason == REVEALS]:
        del found[name]  # it may have become harmless since
        if _disclosure(published()):
            found[name] = REVEALS
    return found


def _firms(parts: frozenset[Part]) -> frozenset[str]:
    return frozenset(firm for firm, _ in parts)


def _disclosure(published: Mapping[str, frozenset[Part]]) -> list[str]:
    """The cells of a combination that tells of one or two firms; none where there is none."""
    groups = _groups(published)
    if not groups:
        return []
    matrix = np.array([[name in told for told in groups] for name in published], dtype=np.float64)
    free = null_space(matrix, rcond=_NOUGHT)
    members = list(groups.values())
    small = [n for n, parts in enumerate(members) if len(_firms(parts)) < LEAST_FIRMS]
    place = {n: at for at, n in enumerate(small)}
    products = free[small] @ free[small].T
    for at in _small_sets(members):
        amounts = _dependence(products, [place[n] for n in at])
        if amounts is not None:
            told = np.zeros(len(groups))
            told[at] = amounts
            factors = np.linalg.lstsq(matrix.T, told, rcond=None)[0]
            return [name for name, factor in zip(published, factors, strict=True) if abs(factor) > _NOUGHT]
    return []


def _groups(published: Mapping[str, frozenset[Part]]) -> dict[frozenset[str], frozenset[Part]]:
    """Parts by the cells that they stand in."""
    cells_of: dict[Part, set[str]] = defaultdict(set)
    for name, parts in published.items():
        for part in parts:
            cells_of[part].add(name)
    groups: dict[frozenset[str], set[Part]] = defaultdict(set)
    for part, names in cells_of.items():
        groups[frozenset(names)].add(part)
    return {names: frozenset(parts) for names, parts in sorted(groups.items(), key=lambda item: sorted(item[0]))}


def _small_sets(members: list[frozenset[Part]]) -> Iterator[list[int]]:
    """All groups within one firm, for each firm that has some; then within each two firms."""
    of_firms: dict[frozenset[str], list[int]] = defaultdict(list)
    for n, parts in enumerate(members):
        if len(firms := _firms(parts)) < LEAST_FIRMS:
            of_firms[firms].append(n)
    alone = {firm: at for firms, at in of_firms.items() if len(firms) == 1 for firm in firms}
    yield from alone.values()
    for firms, at in of_firms.items():
        if len(firms) > 1:
            yield [*at, *(n for firm in firms for n in alone.get(firm, ()))]
    for one, other in combinations(alone, 2):
        if frozenset((one, other)) not in of_firms:
            yield [*alone[one], *alone[other]]


def _dependence(products: NDArray[np.float64], at: list[int]) -> NDArray[np.float64] | None:
    """Factors, not all nought, with which the rows at these places sum to nought; None where there are none.

    ``products`` are the inner products of all rows; some rows depend on each other exactly when theirs are singular.
    """
    if len(at) == 1 and products[at[0], at[0]] >= _NOUGHT:
        return None
    if len(at) == 2:
        a, b, c = products[at[0], at[0]], products[at[0], at[1]], products[at[1], at[1]]
        if a * c - b * b >= _NOUGHT:
            return None
    sizes, directions = np.linalg.eigh(products[np.ix_(at, at)])
    return directions[:, 0] if sizes[0] < _NOUGHT else None
