"""Buildings: seconds for reading, survey and placement; the bundled synthetic stock, and copies of it side by side.

    python bench/buildings.py [COPIES ...]      default: 1 5 (18 and 90 carriers)

Copies stand beside each other with their own firms and seekers, so the integer program grows with the square: 15 copies (270 carriers, as a large
city district has, and 900 firms that all seek at once) have no proof within a minute, and are refused.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from datetime import date

from qujiang.buildings.place import place
from qujiang.buildings.stock import Stock, read_stock
from qujiang.buildings.survey import survey
from qujiang.district import District

ON = date(2025, 10, 1)


def copies(stock: Stock, count: int) -> Stock:
    """The stock side by side with itself."""
    rows: dict[str, list] = {"carriers": [], "suites": [], "leases": [], "seekers": []}
    for n in range(count):
        rows["carriers"] += [replace(one, id=f"{n}/{one.id}") for one in stock.carriers]
        rows["suites"] += [replace(one, id=f"{n}/{one.id}", carrier=f"{n}/{one.carrier}") for one in stock.suites]
        rows["leases"] += [
            replace(
                one, id=f"{n}/{one.id}", suite=f"{n}/{one.suite}", carrier=f"{n}/{one.carrier}", firm=f"{n}/{one.firm}"
            )
            for one in stock.leases
        ]
        rows["seekers"] += [replace(one, id=f"{n}/{one.id}") for one in stock.seekers]
    return Stock(stock.on, *(tuple(rows[name]) for name in ("carriers", "suites", "leases", "seekers")))


def main(counts: list[int]) -> None:
    """Print one line for each number of copies."""
    begun = time.perf_counter()
    district = District.open()
    opened = time.perf_counter()
    stock = read_stock(district, ON)
    print(f"district opened in {opened - begun:.2f} s, stock read in {time.perf_counter() - opened:.3f} s (synthetic)")
    print("carriers  suites  firms in  seek  options  survey s  place s   gap  peak MB")
    for count in counts:
        made = copies(stock, count)
        begun = time.perf_counter()
        survey(made)
        surveyed = time.perf_counter()
        found = place(made, stop=lambda: True)
        placed = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{len(made.carriers):8}{len(made.suites):8,}{len(made.leases):10,}{len(made.seekers):6}{found.option_count:9,}"
            f"{surveyed - begun:10.2f}{placed - surveyed:9.2f}{found.gap_share:6.1%}{peak:9.0f}"
        )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 5])
