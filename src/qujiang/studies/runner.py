"""The background runner: claims runs, has them worked, tells their progress, and keeps what comes out.

The face hands it the function that works (a child process, as a rule). The runner owns no computation: it claims, beats,
stops what was cancelled, and writes the end. A server that stops gives its run back; a server that dies is found silent.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from qujiang.errors import QujiangError, StoreAwayError
from qujiang.store import SYSTEM, Store
from qujiang.studies import queue
from qujiang.studies.queue import Claim

log = logging.getLogger("qujiang.studies")

#: Told of the share done and the step; answers whether to go on.
Report = Callable[[float, str], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: with an answer and its report (packed text), or with the reasons why there is none."""

    result: str | None
    faults: tuple[str, ...] = ()
    report: str | None = None


#: Works one run: calls ``report`` at least every second or two, and returns None as soon as it answers False.
Work = Callable[[Claim, Report], Outcome | None]


class Runner:
    """One thread that works the queue; any number of them, in any number of processes, share it."""

    def __init__(self, store: Store, work: Work, *, every_s: float = 1.0, beat_s: float = 5.0) -> None:
        self.store, self.work, self.every_s, self.beat_s = store, work, every_s, beat_s
        self.name = secrets.token_hex(12)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work the queue."""
        self._thread = threading.Thread(target=self._loop, name="studies", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be work: look now."""
        self._wake.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop: what is being worked goes back into the queue."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def run_one(self) -> bool:
        """Work one run if there is one; whether there was."""
        with self.store.glance() as connection:
            if not queue.is_work(connection, self.store.now()):
                return False
        with self.store.write(SYSTEM) as unit:
            held = queue.claim(unit, self.name)
        if held is None:
            return False
        self._work(held)
        return True

    def _work(self, held: Claim) -> None:
        begun = time.monotonic()
        told = _Told(self, held)
        try:
            outcome = self.work(held, told)
        except QujiangError as error:
            outcome = Outcome(None, (str(error),))
        except Exception as error:
            log.exception("run %s", held.run_id)
            outcome = Outcome(None, (f"this should not happen: {type(error).__name__}: {error}",))
        seconds = round(time.monotonic() - begun, 3)
        with self.store.write(SYSTEM) as unit:
            if outcome is None:
                if self._stop.is_set():
                    queue.give_back(unit, held)
            elif outcome.result is not None:
                queue.finish(unit, held, outcome.result, seconds, outcome.report)
            else:
                queue.fail(unit, held, outcome.faults, seconds)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                while not self._stop.is_set() and self.run_one():
                    pass
            except StoreAwayError as error:
                log.warning("studies wait: %s", error)
            except Exception:
                log.exception("studies")
            self._wake.wait(self.every_s)


class _Told:
    """Reports of one run: a beat when the step or the share moved, or after a while; a look at the row otherwise."""

    def __init__(self, runner: Runner, held: Claim) -> None:
        self.runner, self.held = runner, held
        self.at, self.share, self.step = time.monotonic(), 0.0, "opening"

    def __call__(self, share: float, step: str) -> bool:
        if self.runner._stop.is_set():
            return False
        now = time.monotonic()
        moved = (step != self.step or share - self.share >= 0.02) and now - self.at >= 0.5
        try:
            if not moved and now - self.at < self.runner.beat_s:
                with self.runner.store.glance() as connection:
                    return queue.is_held(connection, self.held)
            self.at, self.share, self.step = now, share, step
            with self.runner.store.write(SYSTEM) as unit:
                return queue.beat(unit, self.held, share, step)
        except StoreAwayError as error:  # the work goes on; the end is written when the database is back
            log.warning("studies: %s", error)
            return True
