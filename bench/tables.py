"""How long it takes to read and check a large table: ``python bench/tables.py [rows]``."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from qujiang.tables import Column, Table, check_folder

PLACES = Table("places", "Places", (Column("id", "text", "name", key=True, pattern=r"\S+"),))
TRIPS = Table(
    "trips",
    "Trips",
    (
        Column("id", "text", "name", key=True, pattern=r"\S+"),
        Column("from_place", "text", "start", reference="places.id", required=True),
        Column("to_place", "text", "end", reference="places.id", required=True),
        Column("via", "list", "on the way", reference="places.id"),
        Column("mode", "choice", "mode", choices=("road", "rail", "water", "air"), required=True),
        Column("length_km", "number", "length", exclusive_minimum=0, maximum=5_000, required=True),
        Column("cargo_t", "number", "cargo", minimum=0),
        Column("trips_count", "integer", "trips", minimum=1, default=1),
        Column("paved", "boolean", "paved"),
        Column("opened", "date", "since"),
        Column("note", "text", "note"),
    ),
)


def write_folder(folder: Path, count: int, *, quoted: bool) -> None:
    """A folder of 2,000 places and ``count`` trips; ``quoted`` puts a comma into every tenth note."""
    rng = random.Random(1)
    places = [f"place_{number}" for number in range(2_000)]
    (folder / "places.csv").write_text("id\n" + "\n".join(places) + "\n", encoding="utf-8")
    lines = [",".join(TRIPS.names)]
    for number in range(count):
        start, end, via, other = rng.choices(places, k=4)
        mode = rng.choice(("road", "rail", "water", "air"))
        note = '"wet, slow"' if quoted and number % 10 == 0 else "dry"
        km, cargo = round(rng.uniform(1, 900), 3), rng.randrange(40_000)
        lines.append(
            f"trip_{number},{start},{end},{via};{other},{mode},{km},{cargo},{number % 9 + 1},yes,2026-05-01,{note}"
        )
    (folder / "trips.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    for quoted in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_folder(folder, count, quoted=quoted)
            size = (folder / "trips.csv").stat().st_size / 1e6
            seconds = []
            for _ in range(5):
                start = time.perf_counter()
                checked = check_folder((PLACES, TRIPS), folder)
                seconds.append(time.perf_counter() - start)
            assert not checked.faults
            kind = "with quotes" if quoted else "plain"
            print(
                f"{count:,} rows x {len(TRIPS.columns)} columns, {size:.0f} MB, {kind}: best {min(seconds):.2f} s of 5"
            )


if __name__ == "__main__":
    main()
