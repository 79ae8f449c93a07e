"""How the server works a study: in a process of its own that is watched, limited and ended at once when it must end."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qujiang.studies import Claim, Outcome, Report

COMMAND = (sys.executable, "-m", "qujiang.report.plan_process")
#: A line of progress is awaited at most so long before the run is looked at again [s].
LOOK_S = 0.25
LONGEST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take; memory is watched where the system tells it (Linux)."""

    minutes: float = 30.0
    memory_mb: float = 4096.0
    nice: int = 10


@dataclass(frozen=True, slots=True)
class PlanWork:
    """Works claims of one district's folder."""

    folder: Path
    limits: Limits = Limits()
    command: Sequence[str] = COMMAND

    def __call__(self, claim: Claim, report: Report) -> Outcome | None:
        """Run one claim; None where ``report`` says that it is no longer wanted."""
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            return self._follow(process, claim, report)
        finally:
            end(process)

    def _follow(self, process: subprocess.Popen[bytes], claim: Claim, report: Report) -> Outcome | None:
        lines, errors = _lines(process), _tail(process)
        _ask(process, self._question(claim))
        deadline = time.monotonic() + 60 * self.limits.minutes
        share, step = 0.0, "opening"
        while True:
            try:
                line = lines.get(timeout=LOOK_S)
            except queue.Empty:
                line = b""
            if line is None:
                return Outcome(None, (_died(process, errors),))
            told: dict[str, Any] = json.loads(line) if line else {}
            if "answer" in told:
                return Outcome(told["answer"], report=told.get("report"))
            if "faults" in told:
                return Outcome(None, tuple(told["faults"]))
            share, step = told.get("share", share), told.get("step", step)
            if not report(share, step):
                return None
            if time.monotonic() > deadline:
                return Outcome(None, (f"it took longer than {self.limits.minutes:g} minutes and was ended",))
            if _memory_mb(process.pid) > self.limits.memory_mb:
                return Outcome(None, (f"it took more than {self.limits.memory_mb:,.0f} MB and was ended",))

    def _question(self, claim: Claim) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "hash": claim.ground.district_hash,
            "overlay": claim.overlay,
            **claim.arguments.as_dict(),
            "nice": self.limits.nice,
        }


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, at once."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what was not read needs no reader now
                pipe.close()
    process.wait()


def _ask(process: subprocess.Popen[bytes], question: dict[str, Any]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it died at once: the reader tells
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()


def _lines(process: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    """Lines of the process as they come; None at its end."""
    found: queue.Queue[bytes | None] = queue.Queue()
    assert process.stdout is not None
    pipe = process.stdout

    def read() -> None:
        with suppress(ValueError):  # closed while it was read: the run has ended
            for line in pipe:
                found.put(line)
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    return found


def _tail(process: subprocess.Popen[bytes]) -> list[bytes]:
    """The last lines that the process complained with, kept while it runs so that its pipe never fills."""
    last: list[bytes] = []
    assert process.stderr is not None
    pipe = process.stderr

    def read() -> None:
        with suppress(ValueError):
            for line in pipe:
                last.append(line)
                del last[:-20]

    threading.Thread(target=read, daemon=True).start()
    return last


def _died(process: subprocess.Popen[bytes], errors: list[bytes]) -> str:
    code = process.wait()
    time.sleep(0.05)  # the last words are on their way
    said = b"".join(errors[-1:]).decode("utf-8", "replace").strip()[:LONGEST_ERROR]
    return f"the process that ran it ended with code {code}" + (f": {said}" if said else "")


def _memory_mb(pid: int) -> float:
    """Memory that a process holds [MB]; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
