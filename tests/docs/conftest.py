"""The generator of the pages, loaded from tools/ (which is no package)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def home() -> Path:
    return HOME


@pytest.fixture(scope="session")
def build_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_docs", HOME / "tools" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def each_plan_once() -> Iterator[None]:
    """Pages, examples and README ask for the same few plans; each is computed once."""
    import qujiang.plan
    from qujiang.district import District
    from qujiang.plan import PlanResult, test_plan

    known: dict[tuple[str, str | None, tuple[str, ...]], PlanResult] = {}

    def remembered(district: District, scenario: str | None = None, projects: Sequence[str] = ()) -> PlanResult:
        key = (district.hash, scenario, tuple(projects))
        if key not in known:
            known[key] = test_plan(district, scenario, projects)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qujiang.plan, "test_plan", remembered)
        yield
