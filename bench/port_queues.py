"""Exact queue tables: cells a second, and the largest difference from the computed tables beside this checkout.

Run: python bench/port_queues.py
The tables lie in ../shared/bench/queues; without them only the speed is measured. The handbook's cells as typed in circulate
with errors; how many of the known ones are flagged is printed.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

from qujiang.methods import queues

FOLDER = Path(__file__).parents[1].parent / "shared" / "bench" / "queues"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    grid = [
        (arrival, service, servers, use / 20)
        for arrival, service in [
            ("M", "M"),
            ("M", "D"),
            ("M", "E2"),
            ("E2", "E2"),
            ("E2", "D"),
            ("E2", "M"),
            ("D", "M"),
            ("D", "E2"),
        ]
        for servers in range(1, 20, 2)
        for use in range(1, 20)
    ]
    begin = time.perf_counter()
    for arguments in grid:
        queues.wait_over_service(*arguments)
    spent = time.perf_counter() - begin
    print(f"{len(grid)} cells of 8 pairs in {spent:.2f} s")
    if not FOLDER.is_dir():
        print("computed tables: not beside this checkout")
        return
    cells = rows("exact_wait_ratio.csv")
    queues._wait.cache_clear()
    begin = time.perf_counter()
    worst: dict[str, tuple[float, float]] = {}
    for row in cells:
        exact = float(row["wait_over_service"])
        got = queues.wait_over_service(row["arrival"], row["service"], int(row["servers"]), float(row["utilisation"]))
        pair, miss = f"{row['arrival']}/{row['service']}", abs(got - exact)
        old = worst.get(pair, (0.0, 0.0))
        worst[pair] = (max(old[0], miss), max(old[1], miss / max(exact, 1e-3)))
    print(f"{len(cells)} computed cells in {time.perf_counter() - begin:.2f} s")
    for pair, (absolute, relative) in worst.items():
        print(f"  {pair:<6} largest difference {absolute:.1e} (relative {relative:.1e})")
    allowed = rows("utilisation_allowed.csv")
    miss = max(
        abs(
            queues.utilisation_allowed(r["arrival"], r["service"], int(r["servers"]), float(r["wait_over_service"]))
            - float(r["utilisation_allowed"])
        )
        for r in allowed
    )
    print(f"{len(allowed)} inversions: largest difference {miss:.1e} (eight decimals are printed)")
    wrong = rows("handbook_wrong_cells.csv")
    flagged = sum(
        queues.departs_from_exact(
            r["arrival"], r["service"], int(r["servers"]), float(r["utilisation"]), r["published"]
        )
        is not None
        for r in wrong
    )
    print(f"handbook cells flagged: {flagged} of {len(wrong)} known to be wrong")


if __name__ == "__main__":
    main()
