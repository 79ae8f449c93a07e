"""Tables and the record of a run: what is written, and that nothing is half-written."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from qujiang.report import write_plan, write_report, write_tables
from qujiang.report.aside import write_text, written_aside


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_csv_and_the_record_are_written(result, tmp_path):
    out = tmp_path / "out"
    written = write_tables(result, out)
    assert names(out) == ["freight/links.csv", "port/calls.csv", "run.json"]
    assert sorted(written) == sorted(out / name for name in names(out))
    assert_frame_equal(pl.read_csv(out / "freight/links.csv"), result.tables["freight/links"])
    assert (out / "port/calls.csv").read_text("utf-8-sig").splitlines() == ["terminal,classes", "qj1,v500;v800"]
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert record["run"]["input_hash"] == "abc"
    assert record["files"] == ["freight/links.csv", "port/calls.csv"]


def test_a_spreadsheet_sees_that_csv_is_utf8(result, tmp_path):
    write_tables(result, tmp_path / "out")
    assert (tmp_path / "out/freight/links.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_parquet_reads_back_equal(result, tmp_path):
    write_tables(result, tmp_path / "out", "parquet")
    for key, frame in result.tables.items():
        assert_frame_equal(pl.read_parquet(tmp_path / "out" / f"{key}.parquet"), frame)


def test_the_whole_answer_is_written(result, district, tmp_path):
    write_plan(result, district, tmp_path / "out", form="parquet")
    assert names(tmp_path / "out") == ["freight/links.parquet", "port/calls.parquet", "report.html", "run.json"]
    assert names(tmp_path) == [f"out/{name}" for name in names(tmp_path / "out")]


def test_a_second_run_writes_over_the_first_and_spares_what_is_not_its_own(result, tmp_path):
    write_tables(result, tmp_path / "out")
    (tmp_path / "out" / "my notes.txt").write_text("kept", encoding="utf-8")
    shorter = {"freight/links": result.tables["freight/links"].head(1), "port/calls": result.tables["port/calls"]}
    write_tables(replace(result, tables=shorter), tmp_path / "out")
    assert pl.read_csv(tmp_path / "out/freight/links.csv").height == 1
    assert (tmp_path / "out" / "my notes.txt").read_text(encoding="utf-8") == "kept"


class Stopped(BaseException):
    """Stands for a keyboard interrupt."""


class Stopping(pl.DataFrame):
    """A table that cannot be written to the end."""

    def with_columns(self, *expressions, **named):
        raise Stopped


@pytest.mark.parametrize("before", [False, True])
def test_an_interrupted_run_leaves_everything_as_it_was(result, tmp_path, before):
    out = tmp_path / "out"
    if before:
        write_tables(result, out)
    kept = {name: (out / name).read_bytes() for name in names(out)} if before else {}
    changed = {"freight/links": result.tables["freight/links"].head(1), "port/calls": Stopping({"a": [[1]]})}
    with pytest.raises(Stopped):
        write_tables(replace(result, tables=changed), out)
    assert out.exists() == before
    assert {name: (out / name).read_bytes() for name in names(tmp_path / "out")} == kept
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if before else [])


def test_an_interrupted_page_leaves_the_old_one(result, district, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def stop(*_):
        raise Stopped

    monkeypatch.setattr("pathlib.Path.replace", stop)
    with pytest.raises(Stopped):
        write_report(result, district, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_files_are_renamed_whole_and_the_record_last(tmp_path):
    (tmp_path / "out").mkdir()
    with written_aside(tmp_path / "out") as aside:
        assert aside.parent == tmp_path
        (aside / "run.json").write_text("{}", encoding="utf-8")
        (aside / "z").mkdir()
        (aside / "z" / "last.csv").write_text("a", encoding="utf-8")
        assert names(tmp_path / "out") == []
    assert names(tmp_path) == ["out/run.json", "out/z/last.csv"]


def test_a_text_is_written_where_no_folder_was(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "衢江\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "衢江\n".encode()
