"""Who uses a lock, a link or a quay, against the tables of the assignment."""

from __future__ import annotations

import polars as pl
import pytest

from qujiang.freight.assign import assign
from qujiang.freight.select_link import select_link
from tests.freight.shared_places import congested_tables, small


@pytest.fixture
def flows():
    return assign(small(congested_tables()))


@pytest.mark.parametrize("lock", ["gate", "weir"])
def test_a_lock_carries_what_the_table_of_locks_says(flows, lock):
    found = select_link(flows, lock)
    table = flows.table_locks().filter(pl.col("lock") == lock)
    assert found.used_t == pytest.approx(table["own_t_per_year"].sum())
    assert found.by_cargo["flow_t_per_year"].sum() == pytest.approx(found.used_t)
    assert found.by_pair["flow_t_per_year"].sum() == pytest.approx(found.used_t)
    assert found.by_cargo["flow_share"].sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("link", "mode", "ends"), [("r2", "road", {"port", "town"}), ("t1", "rail", {"rails", "town"}), ("w2", "water", {"quay", "town"})])  # fmt: skip
def test_a_link_carries_what_the_table_of_links_says(flows, link, mode, ends):
    table = flows.table_links().filter(
        (pl.col("mode") == mode) & pl.col("from_place").is_in(list(ends)) & pl.col("to_place").is_in(list(ends))
    )
    assert select_link(flows, link).passed_t == pytest.approx(table["flow_t_per_year"].sum())


def test_a_quay_counts_loads_and_unloads(flows):
    found = select_link(flows, "port")
    assert found.passed_t == pytest.approx(flows.throughput_t())
    assert set(found.by_cargo["cargo"]) <= {"coal", "paper"}


def test_nothing_of_that_name(flows):
    with pytest.raises(KeyError):
        select_link(flows, "nowhere")
