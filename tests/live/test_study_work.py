"""A run in a process of its own: followed, limited, ended at once; and the bundled district's plan in earnest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from qujiang import __version__
from qujiang.district import District
from qujiang.districts import find_folder
from qujiang.studies import Arguments, Claim, Ground, unpack
from qujiang.web.study_work import COMMAND, Limits, PlanWork

CLAIM = Claim(1, "me", Ground("x", "h", "1"), "", Arguments(0), False)
SLEEPER = """
import json, subprocess, sys
question = json.loads(sys.stdin.readline())
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(json.dumps({"share": 0.4, "step": "base"}), flush=True)
open(PATH, "w").write(f"{child.pid}")
import time; time.sleep(600)
"""


def work(code: str, **limits) -> PlanWork:
    return PlanWork(Path("nowhere"), Limits(**limits), command=(sys.executable, "-c", code))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if Path("/proc").exists() else True
    )


def test_lines_are_followed_to_the_answer() -> None:
    seen: list[tuple[float, str]] = []

    def report(share: float, step: str) -> bool:
        seen.append((share, step))
        return True

    code = """
import json, sys
question = json.loads(sys.stdin.readline())
print("noise on stderr", file=sys.stderr)
for share in (0.25, 0.5):
    print(json.dumps({"share": share, "step": "futures"}), flush=True)
print(json.dumps({"answer": json.dumps(question, sort_keys=True)}), flush=True)
"""
    outcome = work(code)(CLAIM, report)
    assert outcome is not None and outcome.result is not None and not outcome.faults
    asked = json.loads(outcome.result)
    assert (asked["hash"], asked["futures"], asked["seed"], asked["overlay"]) == ("h", 0, 1, "")
    assert [pair for pair in seen if pair[1] == "futures"][:2] == [(0.25, "futures"), (0.5, "futures")]


def test_a_run_that_is_no_longer_wanted_ends_at_once_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    stop = threading.Event()
    outcomes = []
    runner = work(SLEEPER.replace("PATH", repr(str(pid))))
    thread = threading.Thread(target=lambda: outcomes.append(runner(CLAIM, lambda share, step: not stop.is_set())))
    thread.start()
    deadline = time.monotonic() + 20
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(pid.read_text())
    assert alive(child)
    stop.set()
    begun = time.monotonic()
    thread.join(10)
    assert time.monotonic() - begun < 3
    assert outcomes == [None]
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.02)
    assert not alive(child)


def test_too_long_and_too_large_are_ended_with_the_reason() -> None:
    sleep = "import sys, time; sys.stdin.readline(); time.sleep(600)"
    outcome = work(sleep, minutes=0.01)(CLAIM, lambda share, step: True)
    assert outcome is not None and outcome.result is None and "0.01 minutes" in outcome.faults[0]
    if not Path("/proc/self/statm").exists():
        pytest.skip("the system does not tell a process's memory")
    fat = "import sys, time; sys.stdin.readline(); hold = b'x' * 300_000_000; time.sleep(600)"
    outcome = work(fat, memory_mb=200)(CLAIM, lambda share, step: True)
    assert outcome is not None and outcome.result is None and "more than 200 MB" in outcome.faults[0]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit(7)", "code 7"),
        (
            "import sys; sys.stdin.readline(); print('the river is dry', file=sys.stderr); sys.exit(1)",
            "the river is dry",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "code -9"),
    ],
)
def test_a_process_that_dies_is_told(code: str, said: str) -> None:
    outcome = work(code)(CLAIM, lambda share, step: True)
    assert outcome is not None and outcome.result is None and said in outcome.faults[0]


def test_the_bundled_plan_is_computed_and_another_district_refused() -> None:
    folder = find_folder()
    ground = Ground("qujiang", District.open(folder).hash, __version__)
    overlay = (folder / "scenarios" / "low-water.toml").read_text(encoding="utf-8")
    steps: list[str] = []

    def report(share: float, step: str) -> bool:
        steps.append(step)
        return True

    runner = PlanWork(folder, Limits(nice=0))
    outcome = runner(Claim(1, "me", ground, overlay, Arguments(0), False), report)
    assert outcome is not None and outcome.result is not None, outcome
    answer = unpack(outcome.result)
    assert answer["scenario"]["name_zh"] and answer["futures"] is None and answer["changes"]
    assert len(answer["landmarks"]) == 6 and answer["map"]["years"][0] == 2024
    assert list(dict.fromkeys(steps))[:2] == ["opening", "base"]
    assert outcome.report is not None
    page = unpack(outcome.report)
    assert page.startswith('<!doctype html>\n<html lang="en">') and page.rstrip().endswith("</html>")
    assert answer["scenario"]["name_en"] in page and answer["scenario"]["name_zh"] in page
    other = Claim(1, "me", Ground("qujiang", "0" * 64, __version__), "", Arguments(0), False)
    refused = runner(other, report)
    assert refused is not None and "changed since this was asked" in refused.faults[0]
    broken = runner(Claim(1, "me", ground, "[[set]]\ntable = 'nothing'", Arguments(0), False), report)
    assert broken is not None and len(broken.faults) >= 3  # names, reason and the table: all at once


def test_the_process_ends_when_its_asker_is_gone() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None and process.stdout is not None
    question = {"folder": str(find_folder()), "hash": "", "overlay": "", "futures": 10_000, "seed": 1}
    process.stdin.write(json.dumps(question | {"hash": District.open().hash}).encode() + b"\n")
    process.stdin.flush()
    assert b"opening" in process.stdout.readline()
    process.stdin.close()
    process.stdout.close()
    assert process.wait(10) != 0
    assert process.returncode in (3, -signal.SIGPIPE)
