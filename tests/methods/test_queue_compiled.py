"""Kernels compile where nothing can be kept beside the source."""

from __future__ import annotations

from typing import Any

import numba
import pytest

from qujiang.methods import compiled


def double(x):
    return 2 * x


def test_a_kernel_computes():
    assert compiled.kernel(double)(21) == 42
    assert compiled.kernel(fastmath=False)(double)(4) == 8


def refuse(monkeypatch: pytest.MonkeyPatch, *, also_elsewhere: bool) -> list[dict[str, Any]]:
    """numba as it is where neither the package's folder nor the user's cache can be written."""
    asked: list[dict[str, Any]] = []
    plain = numba.njit

    def njit(**options: Any):
        asked.append({**options, "folder": compiled.numba_config.CACHE_DIR})
        if options.get("cache") and (also_elsewhere or not compiled.numba_config.CACHE_DIR):
            raise RuntimeError("cannot cache function: no locator available")
        return plain(**{k: v for k, v in options.items() if k != "cache"})

    monkeypatch.setattr(numba, "njit", njit)
    return asked


def test_the_temporary_folder_is_next(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(compiled.numba_config, "CACHE_DIR", "")
    asked = refuse(monkeypatch, also_elsewhere=False)
    assert compiled.kernel(double)(21) == 42
    assert asked[-1]["folder"].startswith(str(tmp_path))
    assert compiled.numba_config.CACHE_DIR == ""


def test_and_without_any_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch):
    asked = refuse(monkeypatch, also_elsewhere=True)
    assert compiled.kernel(double)(21) == 42
    assert not asked[-1].get("cache")
