"""The examples in the docstrings of this room run and print what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "methods.periods",
    "methods.growth",
    "methods.forecast",
    "methods.critical_path",
    "methods.earned",
    "district.observations",
    "outlook.bulletin",
    "outlook.labels",
    "outlook.measures",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"qujiang.{name}")).failed == 0
