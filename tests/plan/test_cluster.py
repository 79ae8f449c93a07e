"""A real Dask cluster of several processes: same bytes, also when a worker is killed; clear faults where there is none."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from qujiang.errors import ScenarioError
from qujiang.plan import processes
from qujiang.plan.ensemble import run
from tests.plan.test_resume import small_model

pytest.importorskip("distributed")

PLAIN = [sys.executable, "-m"]


class Cluster:
    """A scheduler and workers, each a process of its own, without dashboards."""

    def __init__(self, folder, workers: int) -> None:
        self.folder, self.parts = folder, []
        self.log = (folder / "scheduler.log").open("w+")
        self.scheduler = self._start(
            ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], self.log
        )
        self.address = self._address()
        self.workers = [self.add_worker() for _ in range(workers)]

    def _start(self, words: list[str], log) -> subprocess.Popen:
        part = subprocess.Popen([*PLAIN, *words], stdout=log, stderr=log, cwd=self.folder)
        self.parts.append(part)
        return part

    def _address(self) -> str:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            text = (self.folder / "scheduler.log").read_text()
            if found := re.search(r"tcp://127\.0\.0\.1:\d+", text):
                return found.group()
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def add_worker(self) -> subprocess.Popen:
        words = [
            "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self.folder),
        ]  # fmt: skip
        with (self.folder / "worker.log").open("a") as log:
            return self._start(words, log)

    def stop(self) -> None:
        for part in self.parts:
            part.kill()
            part.wait(timeout=30)
        self.log.close()


@pytest.fixture
def cluster(tmp_path):
    found = Cluster(tmp_path, 3)
    yield found
    found.stop()


@pytest.mark.parametrize("victims", [[0], [1], [0, 2]])
def test_workers_killed_during_the_run_lose_nothing(cluster, district, victims):
    """Whichever worker dies, also the one that was sent the model first."""
    model = small_model(district)
    count = 128 * 300
    here = run(model, count, seed=6)
    killed: list[int] = []

    def tell(done: int, _: int) -> None:
        if done > count / 10 and not killed:
            killed.append(done)
            for victim in victims:
                os.kill(cluster.workers[victim].pid, signal.SIGKILL)

    there = run(model, count, seed=6, progress=tell, cluster=cluster.address)
    assert killed and all(cluster.workers[victim].wait(timeout=30) == -signal.SIGKILL for victim in victims)
    for name, values in here.values.items():
        assert there.values[name].tobytes() == values.tobytes()
    assert (there.steps, there.count) == (here.steps, count)


@pytest.mark.slow
def test_freight_on_the_cluster_has_the_same_bytes(cluster):
    asked = [*PLAIN, "qujiang", "plan", "--futures", "300", "--seed", "3", "--json"]
    one = subprocess.run([*asked, "--workers", "1"], capture_output=True, check=True, timeout=600)
    many = subprocess.Popen([*asked, "--cluster", cluster.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(12)
    cluster.workers[1].kill()
    out, err = many.communicate(timeout=600)
    assert many.returncode == 0, err
    assert out == one.stdout


def test_no_cluster_is_told_soon(monkeypatch):
    monkeypatch.setattr(processes, "CLUSTER_WAIT_S", 1.0)
    begun = time.monotonic()
    with pytest.raises(ScenarioError, match=r"no cluster answers at tcp://127\.0\.0\.1:1"):
        processes.connect("tcp://127.0.0.1:1")
    with pytest.raises(ScenarioError, match="must be the address of a scheduler"):
        processes.connect("localhost")
    assert time.monotonic() - begun < 20


def test_a_cluster_without_workers_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "CLUSTER_WAIT_S", 2.0)
    empty = Cluster(tmp_path, 0)
    try:
        with pytest.raises(ScenarioError, match="has no worker"):
            processes.connect(empty.address)
    finally:
        empty.stop()


def test_without_the_extra_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ScenarioError, match=r"qujiang\[cluster\]"):
        processes.connect("tcp://127.0.0.1:8786")
