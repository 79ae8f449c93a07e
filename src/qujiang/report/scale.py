"""The scale of a chart: from values to places on a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Where the largest value is more than this times the smallest, a linear scale would hide the small one.
LOG_FROM_RATIO = 30.0
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A line from ``low`` to ``high``; ``log`` says that equal steps are equal ratios."""

    low: float
    high: float
    log: bool

    def at(self, value: float) -> float:
        """Place of a value in percent of the line, kept on it."""
        if self.log:
            part = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(part, 0.0), 1.0), 2)

    def ticks(self, most: int = 4) -> list[float]:
        """Round values on the line, ``most`` + 1 at the utmost."""
        if self.log:
            powers = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
            stride = max(1, math.ceil((len(powers) - 1) / most))
            return [10.0**power for power in powers[::stride]]
        step = _step((self.high - self.low) / most)
        return [self.low + i * step for i in range(int((self.high - self.low) / step * 1.000001) + 1)]


def scale_for(values: Sequence[float | None], *, full: float | None = None) -> Scale:
    """A scale that holds all values: linear from zero, or logarithmic where they are orders of magnitude apart.

    ``full`` is the end of a natural range, such as 100 for percent.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low > 0 and high / low > LOG_FROM_RATIO:
        return Scale(10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9), log=True)
    if full is not None and low >= 0 and high <= full and high >= 0.25 * full:
        return Scale(0.0, full, log=False)
    top, bottom = max(high, 0.0), min(low, 0.0)
    step = _step((top - bottom) / 4 or 1.0)
    end = (math.floor(top * 1.02 / step) + 1) * step if top > 0 or bottom == 0 else 0.0
    return Scale(math.floor(bottom / step) * step, end, log=False)


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in STEPS if step * power >= rough * 0.999999) * power
