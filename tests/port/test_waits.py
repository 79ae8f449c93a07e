"""What is handed to freight, and the codes' worked examples (their doctests hold the figures)."""

from __future__ import annotations

import doctest

import numpy as np
import polars as pl
import pytest

from qujiang.district import District
from qujiang.errors import ScenarioError
from qujiang.port import berth_capacity, design_code
from qujiang.port.rows import port_problem
from qujiang.port.stages import stages
from qujiang.port.waits import waits


@pytest.fixture(scope="module")
def district() -> District:
    return District.open()


def test_waits_rise_to_the_capacity(district: District):
    table = waits(district)
    assert table.columns == ["terminal", "flow_t_per_year", "wait_h", "capacity_t_per_year"]
    for (_,), rows in table.group_by(["terminal"]):
        flow, wait = rows["flow_t_per_year"].to_numpy(), rows["wait_h"].to_numpy()
        assert np.all(np.diff(flow) > 0)
        assert np.all(np.diff(wait) >= 0)
        assert flow[-1] < rows["capacity_t_per_year"][0]
        assert wait[0] == pytest.approx(0, abs=1e-6)


def test_waits_are_the_stages_own(district: District):
    """At a flow of the table the port's exact stages say the same wait, calls-weighted."""
    table = waits(district).filter(pl.col("terminal") == "qj1")
    row = table.row(9, named=True)
    problem = port_problem(district)
    own = {k for k, kind in enumerate(problem.kinds) if kind.terminal == "qj1"}
    today = sum(problem.kinds[k].t_per_year for k in own)
    scaled = problem.scaled(row["flow_t_per_year"] / today)
    found = [stage for stage in stages(scaled) if stage.station == "berth" and set(stage.kinds) <= own]
    numbers = [sum(scaled.kinds[k].calls_per_year for k in stage.kinds) for stage in found]
    mean = sum(n * (stage.exact_wait_h or 0) for n, stage in zip(numbers, found, strict=True)) / sum(numbers)
    assert row["wait_h"] == pytest.approx(mean)


def test_berth_capacity_of_the_bundled_port(district: District):
    table = berth_capacity(district)
    total = dict(table.group_by("notion").agg(pl.col("capacity_t_per_year").sum()).iter_rows())
    own = table.filter(pl.col("terminal").is_in(["qj1", "qj2"]))
    assert own.filter(pl.col("notion") == "documented")["capacity_t_per_year"].sum() == 7.0e6
    assert set(total) == {"documented", "design_code", "queueing"}


def zoned(district: District, rows: list[tuple[str, str, float]]) -> dict[str, pl.DataFrame]:
    """The district's tables with figures of zones at qj1 added."""
    tables = dict(district)
    more = pl.DataFrame(
        {
            "terminal": ["qj1"] * len(rows),
            "item": [r[0] for r in rows],
            "berth_type": [r[1] for r in rows],
            "equipment_value": [r[2] for r in rows],
        }
    )
    tables["port_equipment"] = pl.concat([tables["port_equipment"].select(more.columns), more])
    return tables


def test_zones_take_their_share_and_fill(district: District):
    """A tenth of the inward calls goes to the cold chain, which has room for one lot in two: it binds, and its calls come first."""
    rows = [("zone_share", "cold_chain", 10.0), ("zone_dwell", "cold_chain", 1.0), ("zone_priority", "cold_chain", 0.0)]
    plain, problem = (
        port_problem(dict(district)),
        port_problem(zoned(district, [*rows, ("zone_capacity", "cold_chain", 2000.0)])),
    )
    assert problem.t_per_year == pytest.approx(plain.t_per_year)
    cold = [kind for kind in problem.kinds if kind.yard == "qj1 cold_chain"]
    inward = [kind for kind in plain.kinds if kind.terminal == "qj1" and kind.direction == "in"]
    assert sum(kind.t_per_year for kind in cold) == pytest.approx(0.1 * sum(kind.t_per_year for kind in inward))
    assert {kind.priority for kind in cold} == {0.0}
    assert {kind.priority for kind in problem.kinds if kind not in cold} == {1.0}
    stage = next(stage for stage in stages(problem) if stage.name == "qj1 cold_chain")
    stock = sum(kind.t_per_year for kind in cold) / problem.hours_h_per_year * 24
    assert stage.offered == pytest.approx(stock / 2000)


def test_zones_that_share_out_too_much(district: District):
    with pytest.raises(ScenarioError, match="more than 100 percent"):
        port_problem(zoned(district, [("zone_share", "cold_chain", 70.0), ("zone_share", "bonded", 40.0)]))


GOOD = {"class": ["v800"], "cargo": ["coal"], "direction": ["in"], "calls_per_year": [100.0], "t_per_call": [850.0]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"class": ["raft"]}, "class = raft is not in vessel_classes.csv"),
        ({"cargo": ["gold"]}, "cargo = gold is not in cargoes.csv"),
        ({"direction": ["up"]}, "must be in or out"),
        ({"calls_per_year": [-1.0]}, "calls from 0 up"),
        ({"calls_per_year": [0.0]}, "has no call"),
        ({"calls_per_year": ["many"]}, "must be numbers"),
        ({"t_per_call": [0.0]}, "tonnes above 0"),
    ],
)
def test_faulty_calls_are_one_sentence(district: District, change: dict, sentence: str):
    with pytest.raises(ScenarioError, match=sentence):
        port_problem(district, calls=pl.DataFrame({**GOOD, **change}))


def test_calls_without_a_column(district: District):
    with pytest.raises(ScenarioError, match="column cargo is missing"):
        port_problem(district, calls=pl.DataFrame(GOOD).drop("cargo"))


def test_a_district_without_berths(district: District):
    with pytest.raises(ScenarioError, match="no berths in an open terminal"):
        port_problem({**district, "berths": district["berths"].clear()})


def test_a_later_year_grows_each_cargo(district: District):
    """By each cargo's own growth: within the smallest and the largest, compounded."""
    growth = district["demand_growth"]["growth_percent"]
    low, high = ((1 + g / 100) ** 6 for g in (growth.min(), growth.max()))
    ratio = port_problem(district, year=district.info.base_year + 6).t_per_year / port_problem(district).t_per_year
    assert low <= ratio <= high


def test_code_examples():
    assert doctest.testmod(design_code).failed == 0
