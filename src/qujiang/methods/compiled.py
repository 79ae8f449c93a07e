"""Compiled kernels: one decorator, so that caching never keeps the program from running.

numba keeps compiled code beside the source, else in the user's cache folder. Where neither can be written (a container,
a read-only install) it refuses; then the temporary folder is used, and as the last resort nothing is kept.

Import this only inside a verb or in a kernels module: it imports numba.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config as numba_config


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function on its first call: ``@kernel`` or ``@kernel(parallel=True)``.

    Division follows IEEE rules (no hidden checks) and the interpreter lock is released, so that replications can run in
    threads.

    >>> @kernel
    ... def double(x):
    ...     return 2 * x
    >>> double(21)
    42
    """
    if function is None:
        return lambda later: kernel(later, **options)
    chosen = {"nogil": True, "error_model": "numpy", **options}
    try:
        return numba.njit(cache=True, **chosen)(function)
    except (RuntimeError, OSError):
        return _kept_elsewhere(function, chosen)


def _kept_elsewhere(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    config: Any = numba_config
    before = config.CACHE_DIR
    folder = Path(tempfile.gettempdir()) / f"qujiang-compiled-{_user()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        config.CACHE_DIR = str(folder)  # numba asks for it only while it decorates
        return numba.njit(cache=True, **options)(function)
    except (RuntimeError, OSError):
        return numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = before


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "anyone"
