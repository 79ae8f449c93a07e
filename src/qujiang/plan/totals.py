"""Total Sobol indices of the leading assumptions: what a measure's variance loses, at most, if one input were known.

First-order shares come from the futures themselves (`qujiang.plan.sensitivity`). A total index cannot: interactions among hundreds of
inputs are not seen in a thousand points. So the futures are run again with one input drawn a second time and all others as they
were, and half the mean square of the difference is held against the variance (Jansen). Each input asked about costs one more run
of ``SAMPLE`` futures; the full design of Saltelli would cost a run of each of the hundreds of inputs.

A measure that no room computes (today's figure times its growth, and what projects add) needs no freight and no port: total indices on
it cost milliseconds and are always told. Of a measure of freight the leading inputs are asked about as far as the user wants.

References
----------
Jansen (1999), Computer Physics Communications 117, 35-43; Saltelli et al. (2010), Computer Physics Communications 181, 259-270
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qujiang.methods.quasi_random import BLOCK
from qujiang.plan.futures import Block, FutureModel, run_block
from qujiang.plan.processes import run_blocks
from qujiang.plan.sensitivity import BOOTSTRAPS, INTERVAL, Effect

Floats = np.ndarray
#: Futures that are run again for each input; fewer where fewer are asked for.
SAMPLE = 512


@dataclass(frozen=True, slots=True)
class Total:
    """Total index of one input on one measure, with its 90 % interval."""

    share: float
    low: float
    high: float


def total_order(first: Floats, changed: Floats, second: Floats | None = None) -> float:
    """Jansen's estimate of a total index: ``mean((first - changed)^2) / 2`` over the variance.

    Parameters
    ----------
    first
        The measure in each future, shape (futures,).
    changed
        The same with one input drawn a second time.
    second
        A further sample that the variance is taken of, together with ``first``; ``changed`` by default, which has the same law.
    """
    variance = np.var(np.concatenate([first, changed if second is None else second]))
    return float(0.5 * np.mean((first - changed) ** 2) / variance) if variance > 0 else 0.0


def total(first: Floats, changed: Floats, seed: int) -> Total:
    """The estimate with a bootstrap's interval: futures are resampled, each with its twin."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    count = len(first)
    rows = (rng.integers(0, count, count) for _ in range(BOOTSTRAPS))
    low, high = np.quantile([total_order(first[row], changed[row]) for row in rows], INTERVAL)
    return Total(total_order(first, changed), float(low), float(high))


def foreseen_measures(model: FutureModel) -> set[str]:
    """Measures that no room computes."""
    return {row["id"] for row in model.measures if row["model"] in ("growth", "carried")}


def asked(model: FutureModel, ranked: Mapping[str, Sequence[Effect]], leading: int) -> dict[bool, tuple[str, ...]]:
    """Inputs whose total index is computed, with (True) and without freight and port: the leading ones, and all that are ranked."""
    quick, long = dict[str, None](), dict[str, None]()
    foreseen = foreseen_measures(model)
    for measure, effects in ranked.items():
        if measure in foreseen:
            quick |= dict.fromkeys(effect.key for effect in effects)
        else:
            long |= dict.fromkeys(effect.key for effect in effects[:leading])
    return {True: tuple(long), False: tuple(quick)}


def again(model: FutureModel, seed: int, number: tuple[int, str, bool]) -> Block:
    """One block with one input drawn a second time, with or without freight and port; only its values are kept."""
    block, key, rooms = number
    found = run_block(model, seed, block, again=key, rooms=rooms)
    none: dict[str, Any] = {}
    return replace(found, starts=none, points=none, figures=none, courses=none, finish=none, without=none)


def with_totals(
    model: FutureModel,
    ranked: Mapping[str, Sequence[Effect]],
    values: Mapping[str, Floats],
    seed: int,
    leading: int,
    workers: int = 1,
    cluster: str | None = None,
    told: Callable[[int, int], None] | None = None,
) -> dict[str, tuple[Effect, ...]]:
    """The ranking with total indices of the inputs that are `asked` about.

    Parameters
    ----------
    ranked
        By measure, the leading inputs first.
    values
        By measure, in every future: the first of them are run again.
    leading
        How many inputs are asked about for each measure of freight.
    told
        Called with the futures run again and all that will be.
    """
    keys, foreseen = asked(model, ranked, leading), foreseen_measures(model)
    count = min(SAMPLE, len(next(iter(values.values()), ())))
    blocks = range(-(-count // BLOCK))
    quick, long = ([(block, key, rooms) for key in keys[rooms] for block in blocks] for rooms in (False, True))
    done = {number: again(model, seed, number) for number in quick}
    for number, block in run_blocks(model, seed, long, workers, cluster, job=again) if long else ():
        done[number] = block
        if told is not None:
            told((len(done) - len(quick)) * BLOCK, len(long) * BLOCK)

    def of(measure: str, effect: Effect) -> Effect:
        rooms = measure not in foreseen
        if effect.key not in keys[rooms]:
            return effect
        parts = [done[block, effect.key, rooms].values[measure] for block in blocks]
        changed = np.concatenate(parts)[:count]
        found = total(values[measure][:count], changed, seed)
        return replace(effect, total=found.share, total_low=found.low, total_high=found.high)

    return {measure: tuple(of(measure, effect) for effect in effects) for measure, effects in ranked.items()}
