"""What is handed to freight, and the codes' worked examples (their doctests hold the figures)."""

from __future__ import annotations

import doctest

import numpy as np
import polars as pl
import pytest

from qujiang.district import District
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


def test_code_examples():
    assert doctest.testmod(design_code).failed == 0
