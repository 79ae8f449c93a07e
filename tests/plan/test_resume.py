"""Stopped and killed runs go on with the same bytes; another run's folder is refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from qujiang.errors import ScenarioError
from qujiang.plan.ensemble import run
from qujiang.plan.futures import Block, FutureModel
from qujiang.plan.kept import Kept

FUTURES = 512
ASKED = {"district_hash": "a" * 20, "scenario": None, "futures": 300, "seed": 1}


def small_model(district) -> FutureModel:
    """Without freight: a block takes a millisecond."""
    import dataclasses

    from qujiang.plan.futures import build_model

    frames = dict(district.frames)
    frames["demand"] = frames["demand"].clear()
    bare = dataclasses.replace(district, frames=frames)
    return build_model(bare, bare, None)


def test_what_is_kept_comes_back_bit_for_bit(tmp_path, district):
    model = small_model(district)
    whole = run(model, 300, seed=4)
    kept = Kept(tmp_path / "work", ASKED)
    run(model, 300, seed=4, kept=kept)
    again = Kept(tmp_path / "work", ASKED)
    assert [number for number, _ in again.blocks()] == [0, 1, 2]
    (tmp_path / "work" / "block000001.npz").write_bytes(b"cut off")  # a damaged block is run again
    assert [number for number, _ in again.blocks()] == [0, 2]
    found = run(model, 300, seed=4, kept=again)
    for name, values in whole.values.items():
        assert found.values[name].tobytes() == values.tobytes()
    for name, points in whole.points.items():
        assert found.points[name].tobytes() == points.tobytes()
    again.drop()
    assert not (tmp_path / "work").exists()


def test_kept_blocks_are_not_run_again(tmp_path, district, monkeypatch):
    model = small_model(district)
    kept = Kept(tmp_path, ASKED)
    run(model, 300, seed=4, kept=kept)
    monkeypatch.setattr("qujiang.plan.processes.run_block", lambda *_: pytest.fail("run again"))
    told: list[tuple[int, int]] = []
    run(model, 300, seed=4, kept=kept, progress=lambda done, of: told.append((done, of)))
    assert told == [(300, 300)]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"seed": 2}, "seed: kept 1, asked 2"),
        ({"futures": 400}, "number of futures: kept 300, asked 400"),
        ({"district_hash": "b" * 20}, "tables have changed.*kept aaaaaaaaaaaa, asked bbbbbbbbbbbb"),
        ({"scenario": "opening"}, "scenario: kept None, asked opening"),
    ],
)
def test_another_run_is_refused_and_the_difference_named(tmp_path, changed, sentence):
    Kept(tmp_path, ASKED)
    with pytest.raises(ScenarioError, match=sentence):
        Kept(tmp_path, {**ASKED, **changed})


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ScenarioError, match="holds other files"):
        Kept(tmp_path, ASKED)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ScenarioError, match="cannot keep a run"):
        Kept(tmp_path / "file", ASKED)


def test_drop_leaves_what_is_not_its_own(tmp_path):
    kept = Kept(tmp_path, ASKED)
    none = np.zeros(128)
    kept.keep(0, Block({}, {}, none, none, {}, none, none, {}, none, 0))
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    kept.drop()
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def _start(*more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "qujiang", "plan", "--futures", str(FUTURES), "--seed", "9", "--json", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for_blocks(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 300
    while len(list(folder.glob("block*.npz"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.endurance), "2"])
def test_interrupted_then_killed_then_finished_gives_the_same_bytes(tmp_path, workers):
    whole, _ = _start("--workers", "1").communicate(timeout=600)
    folder = tmp_path / "work"
    asked = ("--workers", workers, "--resume", str(folder))
    first = _start(*asked)
    _wait_for_blocks(folder, 1, first)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=120)
    assert (first.returncode, out) == (130, "")
    assert "kept in" in err
    assert "Traceback" not in err
    before = len(list(folder.glob("block*.npz")))
    second = _start(*asked)
    _wait_for_blocks(folder, before + 1, second)
    second.kill()
    second.communicate(timeout=120)
    third = _start(*asked)
    out, err = third.communicate(timeout=600)
    assert third.returncode == 0, err
    assert out == whole
    assert not folder.exists()


@pytest.mark.slow
def test_the_command_line_refuses_another_number_of_futures(tmp_path):
    process = _start("--workers", "1", "--resume", str(tmp_path / "work"))
    _wait_for_blocks(tmp_path / "work", 1, process)
    process.kill()
    process.communicate(timeout=60)
    other = subprocess.run(
        [sys.executable, "-m", "qujiang", "plan", "--futures", "256", "--seed", "9", "--resume", str(tmp_path / "work")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert other.returncode == 1
    assert "number of futures: kept 512, asked 256" in other.stderr
    assert "Traceback" not in other.stderr
