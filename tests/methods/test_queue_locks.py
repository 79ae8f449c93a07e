"""Lock formulas against the worked examples of their sources."""

from __future__ import annotations

import pytest

from qujiang.errors import ScenarioError
from qujiang.methods import locks


def test_tonnage_of_the_design_code():
    """Liulaojian no. 3, code 6.1.18: n 30, N 350, G 4,000 t, α 0.55, β 1.15 -> 21.00 and 10.0435 Mt one way."""
    assert locks.lock_tonnage_t_per_year(30, 350, 4000, 1.0) == pytest.approx(21.0e6)
    assert locks.lock_tonnage_t_per_year(30, 350, 4000, 0.55, imbalance_factor=1.15) == pytest.approx(10.0435e6, abs=50)


@pytest.mark.parametrize(("u", "over_lie"), [(0.6, 0.1584), (0.7, 0.2862), (0.8, 0.5539), (0.9, 1.3779)])
def test_fixed_timetable(u: float, over_lie: float):
    assert locks.over_lie_fixed_timetable(3, u) == pytest.approx(over_lie, abs=5e-5)


@pytest.mark.parametrize(
    ("ratio", "values"),
    [
        (0.5, (0.210, 0.170, 0.129)),
        (0.6, (0.526, 0.398, 0.271)),
        (0.7, (1.051, 0.743, 0.445)),
        (0.8, (2.102, 1.382, 0.708)),
        (0.9, (5.255, 3.198, 1.344)),
    ],
)
def test_kooman(ratio: float, values: tuple[float, ...]):
    got = [float(locks.over_lie_kooman(ratio, name)) for name in ("irregular", "average", "regular")]
    assert got == pytest.approx(values, abs=5.5e-4)


def test_outside_the_tables():
    with pytest.raises(ScenarioError, match=r"0\.95"):
        locks.over_lie_kooman(0.95)
    with pytest.raises(ScenarioError, match="regularity = odd"):
        locks.over_lie_kooman(0.5, "odd")
    with pytest.raises(ScenarioError, match=r"0\.2"):
        locks.rws_passage_min(0.2)
    assert locks.rws_passage_min(0.8) == (125, 250)
