"""The tables of a plan's answer as files, and the record of its run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import polars as pl

from qujiang.plan.result import PlanResult
from qujiang.report.aside import LAST, written_aside

Format = Literal["csv", "parquet"]


def write_tables(result: PlanResult, folder: Path | str, format: Format = "csv") -> list[Path]:
    """Write every table of a result as ``<room>/<name>.csv`` (or ``.parquet``), and ``run.json``.

    CSV is UTF-8 with a byte order mark, so that a spreadsheet reads Chinese; a list in a cell is joined by ``;``. All files
    are written aside and renamed, ``run.json`` last.

    Returns
    -------
    list[Path]
        The files written.
    """
    folder = Path(folder)
    with written_aside(folder) as aside:
        names = fill(result, aside, format)
    return [folder / name for name in names]


def fill(result: PlanResult, folder: Path, format: Format) -> list[str]:
    """Write tables and ``run.json`` into a folder as it stands; the names of the files."""
    names = []
    for key, frame in result.tables.items():
        name = f"{key}.{format}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if format == "parquet":
            frame.write_parquet(path)
        else:
            _flat(frame).write_csv(path, include_bom=True)
        names.append(name)
    (folder / LAST).write_text(run_json(result, names), encoding="utf-8")
    return [*names, LAST]


def run_json(result: PlanResult, files: list[str]) -> str:
    """What ran: district, scenario, versions, input hash, seed, arguments, files."""
    record = {
        "district": dict(result.district),
        "scenario": None if result.scenario is None else dict(result.scenario),
        "run": dict(result.run),
        "figures": dict(result.figures),
        "files": files,
    }
    return json.dumps(record, ensure_ascii=False, indent=2, default=str) + "\n"


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(";") for name in lists)
