"""What pages of the plan keep warm: made once by the first that asks, while others who ask for the same wait for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Warm:
    """The latest answers of one kind, by key. At most ``at_once`` are being made at a time; errors are not kept."""

    def __init__(self, most: int, at_once: int = 1) -> None:
        self._most, self._kept = most, OrderedDict[Hashable, Any]()
        self._lock, self._making, self._room = (
            threading.Lock(),
            dict[Hashable, threading.Lock](),
            threading.Semaphore(at_once),
        )

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer of a key, made by ``make`` where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            own = self._making.setdefault(key, threading.Lock())
        try:
            with own:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                with self._room:
                    made = make()
                with self._lock:
                    self._kept[key] = made
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)
