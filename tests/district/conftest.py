"""The bundled district, and ways to plant mistakes in a copy of it."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from qujiang.district import TABLE, District
from qujiang.district.assumptions import row_ids
from qujiang.district.rules import check
from qujiang.district.scopes import Scope
from qujiang.districts import find_folder
from qujiang.errors import Fault
from qujiang.tables.columns import DTYPES

FACTS = Path(__file__).parents[2].parent / "shared" / "facts"

Edit = Callable[[str, str, str, str], None]


@pytest.fixture(scope="session")
def district() -> District:
    return District.open()


@pytest.fixture(scope="session")
def facts() -> Path:
    if not FACTS.is_dir():
        pytest.skip("the fact base does not lie beside this checkout")
    return FACTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled district."""
    return Path(shutil.copytree(find_folder(), tmp_path / "district"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Write one cell of the copy, named by file, row id and column."""

    def write(table: str, row_id: str, column: str, value: str) -> None:
        path = folder / f"{table}.csv"
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        at, key = rows[0].index(column), rows[0].index(TABLE[table].key[0])
        row = next(row for row in rows if row[key] == row_id)
        row[at] = value
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8")

    return write


@pytest.fixture
def planted(district: District) -> Callable[..., list[Fault]]:
    """Faults across tables after cells were changed in memory: ``planted(("locks", "tadi", "width_m", 5.0), ...)``."""

    def faults(*cells: tuple[str, str, str, Any], info: Any = None) -> list[Fault]:
        frames = dict(district.frames)
        for table, row_id, column, value in cells:
            here = row_ids(TABLE[table], frames[table]) == row_id
            assert here.any()
            new = pl.lit(value, dtype=DTYPES[TABLE[table].column(column).type])
            frames[table] = frames[table].with_columns(pl.when(here).then(new).otherwise(pl.col(column)).alias(column))
        return check(Scope(info or district.info, frames, district.lines))

    return faults
