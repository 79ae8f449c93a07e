"""The bundled district, opened once, and scenarios written for a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from qujiang.district import District
from qujiang.plan import PlanResult, test_plan
from qujiang.plan.futures import FutureModel, build_model
from qujiang.plan.port import PortAnswer, answer_port, target_year


@pytest.fixture(scope="session")
def district() -> District:
    return District.open()


@pytest.fixture(scope="session")
def result(district: District) -> PlanResult:
    return test_plan(district)


@pytest.fixture(scope="session")
def port(district: District) -> PortAnswer:
    """The bundled port in its target year."""
    return answer_port(district, district, target_year(district["measures"], district.info.base_year))


@pytest.fixture(scope="session")
def model(district: District, port: PortAnswer) -> FutureModel:
    """What the futures of the bundled district are run on."""
    return build_model(district, district, port)


@pytest.fixture
def scenario(tmp_path: Path):
    """Write a scenario of ``set`` and ``scale`` entries and return its path."""

    def write(*entries: str) -> str:
        path = tmp_path / "test.toml"
        head = 'name_zh = "试"\nname_en = "Test"\nreason = "a test"\n'
        path.write_text(head + "\n".join(f'{entry}\nreason = "a test"' for entry in entries), encoding="utf-8")
        return str(path)

    return write


def measure(result: PlanResult, name: str):
    """One measure of a result by its id."""
    return next(m for landmark in result.landmarks for m in landmark.measures if m.id == name)
