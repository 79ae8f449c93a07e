"""Long answers of pages: made one after the other behind them, and kept. A page waits a little, then shows what is known so far."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from qujiang.errors import ThrottledError

T = TypeVar("T")
#: Told by the work while it runs: simulated years so far, and how far its mean may be off [1].
Report = Callable[[int, float], None]
Make = Callable[[Report], T]


@dataclass(frozen=True, slots=True)
class Running:
    """An answer that is still to come: how many stand before it, and what its work has told last."""

    ahead: int
    count: int = 0
    width: float | None = None


@dataclass(slots=True)
class _Job(Generic[T]):
    make: Make[T]
    done: threading.Event
    told: tuple[int, float] | None = None
    answer: T | None = None
    error: BaseException | None = None


class Later:
    """The latest answers, by key, made by one thread in the order in which they were asked for; errors are not kept.

    Who finds ``queue`` answers waiting is sent away.
    """

    def __init__(self, most: int, *, queue: int = 12) -> None:
        self._most, self._queue = most, queue
        self._kept = OrderedDict[Hashable, Any]()
        self._jobs: dict[Hashable, _Job[Any]] = {}
        self._waiting: deque[Hashable] = deque()
        self._lock, self._working = threading.Lock(), False

    def get(self, key: Hashable, make: Make[T], wait_s: float) -> T | Running:
        """The answer of a key, or how its work stands after so many seconds.

        Raises
        ------
        ThrottledError
            Too many answers are still to be made.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            job = self._jobs.get(key) or self._begin(key, make)
        job.done.wait(wait_s)
        if not job.done.is_set():
            return self._stand(key, job)
        if job.error is not None:
            raise job.error
        return job.answer  # type: ignore[return-value]

    def _begin(self, key: Hashable, make: Make[T]) -> _Job[T]:
        if len(self._waiting) >= self._queue:
            raise ThrottledError("many ask for this at once; try again in 5 s", 5)
        job = self._jobs[key] = _Job(make, threading.Event())
        self._waiting.append(key)
        if not self._working:
            self._working = True
            threading.Thread(target=self._work, daemon=True, name="later").start()
        return job

    def _stand(self, key: Hashable, job: _Job[Any]) -> Running:
        with self._lock:
            ahead = self._waiting.index(key) + 1 if key in self._waiting else 0
        return Running(ahead) if job.told is None else Running(ahead, *job.told)

    def _work(self) -> None:
        """Make what is asked for until nothing is; the next one who asks begins anew."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                key = self._waiting.popleft()
                job = self._jobs[key]

            def report(count: int, width: float, own: _Job[Any] = job) -> None:
                own.told = (count, width)

            try:
                job.answer = job.make(report)
            except BaseException as error:
                job.error = error
            with self._lock:
                del self._jobs[key]
                if job.error is None:
                    self._kept[key] = job.answer
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
            job.done.set()
