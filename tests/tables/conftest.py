"""A small pair of tables that has every type and every rule, and a good folder of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from qujiang.errors import Fault
from qujiang.tables import Column, Rule, Table, check_folder

PLACES = Table(
    "places",
    "Places",
    (
        Column("id", "text", "short name", key=True, pattern=r"\S+"),
        Column("name", "text", "name", required=True),
        Column("note", "text", "note"),
    ),
    required=True,
)
LINKS = Table(
    "links",
    "Links between places",
    (
        Column("id", "text", "short name", key=True, pattern=r"\S+"),
        Column("from_place", "text", "one end", reference="places.id", required=True),
        Column("mode", "choice", "mode", choices=("road", "rail", "water", "air"), required=True),
        Column("length_km", "number", "length", exclusive_minimum=0, maximum=5000, required=True),
        Column("low_km", "number", "low end of the length", minimum=0),
        Column("lanes_count", "integer", "lanes", minimum=1, maximum=12, default=2),
        Column("open", "boolean", "whether it is open", if_absent="not known"),
        Column("since", "date", "day of opening"),
        Column("via", "list", "places on the way", reference="places.id"),
        Column("cargoes", "list", "what may pass", choices=("stone", "grain")),
        Column("next", "text", "the link behind", reference="links.id|places.id"),
    ),
    if_absent="nothing moves",
    rules=(Rule("must not exceed length_km", pl.col("low_km") <= pl.col("length_km"), "low_km", "swap the two"),),
)
TABLES = (PLACES, LINKS)

GOOD_PLACES = 'id,name,note\nport,Port,\ncity,City,"big, old"\n'
HEAD = "id,from_place,mode,length_km,low_km,lanes_count,open,since,via,cargoes,next\n"
GOOD_ROW = "a,port,road,12.5,10,4,yes,2026-05-01,port;city,stone;grain,b\n"
GOOD_LINKS = HEAD + GOOD_ROW + "b,city,water,80,,,no,,,,city\n"


@pytest.fixture
def tables() -> tuple[Table, Table]:
    return TABLES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder without a fault."""
    (tmp_path / "places.csv").write_text(GOOD_PLACES, encoding="utf-8", newline="")
    (tmp_path / "links.csv").write_text(GOOD_LINKS, encoding="utf-8", newline="")
    return tmp_path


@pytest.fixture
def faults_of(folder: Path) -> Callable[..., list[Fault]]:
    """Write a file into the good folder and give the faults."""

    def check(name: str, content: str | bytes, **options: object) -> list[Fault]:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return check_folder(TABLES, folder, **options).faults  # type: ignore[arg-type]

    return check


@pytest.fixture
def row_faults(faults_of: Callable[..., list[Fault]]) -> Callable[..., list[Fault]]:
    """Change some cells of the first good link and give the faults."""

    def check(**cells: str) -> list[Fault]:
        names = HEAD.strip().split(",")
        row = dict(zip(names, GOOD_ROW.strip().split(","), strict=True)) | cells
        line = ",".join(f'"{row[name]}"' if "," in row[name] else row[name] for name in names)
        return faults_of("links.csv", HEAD + line + "\n" + "b,city,water,80,,,no,,,,city\n")

    return check
