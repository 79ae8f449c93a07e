"""Resources of a district: the wait of the base year, counts, capacities, and what is refused."""

from __future__ import annotations

import polars as pl
import pytest

from qujiang.errors import DataError, ScenarioError
from qujiang.freight.assign import assign
from qujiang.freight.congestion import build_congestion, fit_lock_waits, own_vessels
from qujiang.methods.delay import delay, waits_multi_server
from tests.freight.shared_places import congested_tables, prepared, shrunk, small


@pytest.mark.parametrize("chambers", [1, 2, 3])
def test_the_curve_passes_the_assumed_wait_at_the_load_of_the_base_year(chambers):
    tables = congested_tables(chambers=chambers)
    problem, waits, congestion = prepared(tables)
    load = (20.0 + own_vessels(assign(problem))["gate"]) / 400.0
    assert waits.of["gate"].load_share == pytest.approx(load)
    at = congestion.names.index("gate")
    flow = [load * 400.0 if i == at else 0.0 for i in range(len(congestion.names))]
    assert delay(congestion.curves, flow)[at] == pytest.approx(problem.rates.lock_wait_h("gate"))


def test_steepness_is_bounded_by_a_lockage_there_and_back():
    tables = congested_tables(lockages=100_000.0)
    _, waits, _ = prepared(tables)
    assert waits.of["gate"].factor_h == pytest.approx(2 * 40 / 60)
    assert waits.of["gate"].base_h == pytest.approx(0.75, abs=0.01)


def test_own_vessels_agree_with_the_table_of_locks():
    problem = small(congested_tables())
    result = assign(problem)
    table = result.table_locks().group_by("lock").agg(pl.col("laden_vessels_per_year").sum())
    laden = dict(zip(table["lock"], table["laden_vessels_per_year"], strict=True))
    for lock, vessels in own_vessels(result).items():
        assert vessels == pytest.approx(laden[lock] * 1.3, rel=1e-12)


def test_an_uncounted_lock_keeps_its_wait_and_is_named():
    _, waits, congestion = prepared(congested_tables())
    assert "weir" not in congestion.names
    assert any("not counted" in note and "weir" in note for note in waits.notes)


def test_a_count_above_the_capacity_refutes_the_capacity():
    _, _, congestion = prepared(congested_tables(others=500.0))
    assert "gate" not in congestion.names
    assert any("more vessels were counted" in note and "gate" in note for note in congestion.notes)


def test_a_base_year_above_capacity_is_a_fault_of_the_data():
    tables = congested_tables(others=390.0)
    with pytest.raises(DataError, match=r"gate.*exceed it in the base year"):
        fit_lock_waits(tables, assign(small(tables)))


def test_a_second_chamber_moves_on_the_same_curve():
    tables = congested_tables()
    _, waits, before = prepared(tables)
    after = build_congestion(small(tables), shrunk(tables, 800.0, 2), waits)
    at = before.names.index("gate")
    assert after.curves.factor[at] == before.curves.factor[at]
    load = 240.0 / 800.0
    wanted = waits.of["gate"].base_h + waits.of["gate"].factor_h * float(waits_multi_server(2, load)[()])
    assert delay(after.curves, [240.0])[at] == pytest.approx(wanted)


def test_a_capacity_of_nothing_is_refused_with_what_was_meant():
    problem, waits, _ = prepared(congested_tables())
    with pytest.raises(ScenarioError, match="did you mean: gate"):
        build_congestion(problem, congested_tables(), waits, capacity_t_per_year={"gaet": 1e5})
    for tonnes in (0.0, -5.0, float("inf")):
        with pytest.raises(ScenarioError, match="must be positive"):
            build_congestion(problem, congested_tables(), waits, capacity_t_per_year={"gate": tonnes})


def waits_frame(factor: float = 2.0) -> pl.DataFrame:
    """An M/M/3 berth of 300,000 t."""
    flow = [50_000.0, 150_000.0, 220_000.0, 270_000.0]
    wait = [factor * float(waits_multi_server(3, f / 300_000)[()]) for f in flow]
    rows = {"flow_t_per_year": flow, "wait_h": wait}
    return pl.DataFrame({**rows, "terminal": "port", "capacity_t_per_year": 300_000.0, "berth_count": 3.0})


def test_a_berth_curve_is_found_again_from_the_table_of_the_port():
    problem, waits, _ = prepared(congested_tables())
    options = {"waits": waits_frame(), "base_flow_t": {"port": 100_000.0}}
    congestion = build_congestion(problem, congested_tables(), waits, **options)
    at = congestion.names.index("port:berths")
    assert congestion.curves.factor[at] == pytest.approx(2.0)
    assert congestion.assumed_h[at] == pytest.approx(2.0 * float(waits_multi_server(3, 1 / 3)[()]))


def test_berth_waits_that_no_queue_has_are_refused():
    problem, waits, _ = prepared(congested_tables())
    falling = waits_frame().with_columns(pl.Series("wait_h", [4.0, 3.0, 2.0, 1.0]))
    with pytest.raises(DataError, match="must rise with flow"):
        build_congestion(problem, congested_tables(), waits, waits=falling)
    stepped = waits_frame().with_columns(pl.Series("wait_h", [0.0, 9.0, 9.0, 9.0]))
    with pytest.raises(DataError, match="comes nearer"):
        build_congestion(problem, congested_tables(), waits, waits=stepped)
