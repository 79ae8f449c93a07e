"""What pages of the plan keep warm: made once by the first that asks, while others who ask for the same wait for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from qujiang.errors import ThrottledError

T = TypeVar("T")


class Warm:
    """The latest answers of one kind, by key. At most ``at_once`` are being made at a time; errors are not kept.

    Who must wait longer than ``wait_s``, or finds ``queue`` others waiting, is sent away, so that long work never holds all
    threads of the server.
    """

    def __init__(self, most: int, at_once: int = 1, *, queue: int = 6, wait_s: float = 20.0) -> None:
        self._most, self._kept = most, OrderedDict[Hashable, Any]()
        self._lock, self._making = threading.Lock(), dict[Hashable, threading.Lock]()
        self._room, self._queue, self._wait_s, self._waiting = threading.Semaphore(at_once), queue, wait_s, 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer of a key, made by ``make`` where it is not kept.

        Raises
        ------
        ThrottledError
            Too many ask for answers that are still to be made.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            if self._waiting >= self._queue:
                raise _busy()
            self._waiting += 1
            own = self._making.setdefault(key, threading.Lock())
        try:
            if not own.acquire(timeout=self._wait_s):
                raise _busy()
            try:
                return self._made(key, make)
            finally:
                own.release()
        finally:
            with self._lock:
                self._waiting -= 1
                if not own.locked():
                    self._making.pop(key, None)

    def _made(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        if not self._room.acquire(timeout=self._wait_s):
            raise _busy()
        try:
            made = make()
        finally:
            self._room.release()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def _busy() -> ThrottledError:
    return ThrottledError("many ask for this at once; try again in 5 s", 5)
