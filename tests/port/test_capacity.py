"""Capacity by three notions."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qujiang.errors import ScenarioError
from qujiang.port import capacity
from qujiang.port.capacity import BerthPool


def small_district() -> dict[str, pl.DataFrame]:
    """Two open terminals and one that is only planned; the fitted rates of phase I and II."""
    return {
        "terminals": pl.DataFrame(
            {
                "id": ["qj1", "qj2", "qj", "late"],
                "state": ["open", "open", "open", "planned"],
                "is_total": [False, False, True, False],
                "capacity_t_per_year": [3.8e6, 3.2e6, 7.0e6, 1e6],
            }
        ),
        "berths": pl.DataFrame(
            {
                "terminal": ["qj1", "qj1", "qj2", "qj2", "qj2", "late"],
                "berth_type": ["dry_bulk", "general", "dry_bulk", "general", "container", "general"],
                "berth_count": [8, 5, 5, 4, 2, 3],
                "crane_count": [8, 5, 5, 4, 2, 3],
                "crane_rate_t_per_h": [103.0, 61.0, 108.0, 64.0, 79.0, 60.0],
            }
        ),
        "port_equipment": pl.DataFrame(
            {
                "terminal": ["qj1", "qj1", "qj2", "qj2"],
                "item": ["working_days", "design_call_t", "working_days", "shifts"],
                "equipment_value": [330.0, 500.0, 330.0, 3.0],
            }
        ),
    }


def test_design_code_returns_the_documented_phases():
    """The crane rates were fitted so that the formula gives 3.79 and 3.20 Mt (facts, section 8)."""
    table = capacity.berth_capacity(small_district())
    got = {(row["terminal"], row["notion"]): row["capacity_t_per_year"] for row in table.to_dicts()}
    assert got["qj1", "design_code"] == pytest.approx(3.79e6, abs=0.01e6)
    assert got["qj2", "design_code"] == pytest.approx(3.20e6, abs=0.01e6)
    assert got["qj1", "documented"] == 3.8e6
    assert set(table["terminal"]) == {"qj1", "qj2"}


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 20), st.floats(100, 2000), st.floats(0.05, 1.0))
def test_queueing_capacity_stands_at_its_level(berths: int, call_t: float, ratio: float):
    pool = BerthPool("t", "general", berths, berths, 60.0)
    flow = capacity.queueing_capacity_t_per_year(pool, call_t, ratio)
    assert capacity.wait_ratio_at(pool, flow, call_t) == pytest.approx(ratio, rel=1e-6)


def test_berths_without_cranes_are_named():
    with pytest.raises(ScenarioError, match="qj1 general: 0 cranes"):
        capacity.design_code_capacity_t_per_year(BerthPool("qj1", "general", 5, 0, 60.0))


def test_too_much_is_told_with_its_growth():
    pool = BerthPool("t", "general", 2, 2, 60.0)
    with pytest.raises(ScenarioError, match="the queue grows by"):
        capacity.wait_ratio_at(pool, 3e6, 850)
