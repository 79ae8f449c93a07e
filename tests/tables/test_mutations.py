"""A valid table with one planted mutation has exactly the fault of that mutation, wherever it is planted."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qujiang.tables import as_csv, check_folder, write_table
from qujiang.tables.strategies import rows

# column, text planted, rule; no mutation here is a valid value by chance
MUTATIONS = [
    ("id", "", "may not be empty"),
    ("id", "two words", r"must match \S+"),
    ("from_place", "atlantis", "must exist in places.id"),
    ("mode", "raod", "must be one of road, rail, water, air"),
    ("length_km", "far", "must be a number"),
    ("length_km", "6000", "must be <= 5000"),
    ("low_km", "-1", "must be >= 0"),
    ("lanes_count", "1.5", "must be a whole number"),
    ("open", "maybe", "must be yes or no"),
    ("since", "2026-13-01", "must be a date, YYYY-MM-DD"),
    ("via", "a;;b", "must be values joined by ;"),
    ("via", "atlantis", "every value must exist in places.id"),
    ("cargoes", "gold", "every value must be one of stone, grain"),
    ("next", "=A1", "may not be a formula"),
]


@pytest.mark.parametrize(("column", "planted", "rule"), MUTATIONS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_planted_mutation_is_exactly_its_fault(tables, tmp_path, column, planted, rule, data):
    places, links = tables
    there = data.draw(rows(places, min_size=1))
    frame = data.draw(
        rows(links, {"places.id": there["id"].to_list()}, min_size=1).filter(lambda made: made.height > 0)
    )
    row = data.draw(st.integers(0, frame.height - 1))
    if column == "id":
        # nobody refers to the row whose name is taken away
        frame = frame.with_columns(next=None)
    write_table(places, there, tmp_path / places.file)
    written = list(csv.reader(io.StringIO(as_csv(frame), newline="")))
    written[row + 1][links.names.index(column)] = planted
    with (tmp_path / links.file).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(written)
    checked = check_folder(tables, tmp_path)
    assert [(fault.column, fault.value, fault.rule) for fault in checked.faults] == [(column, planted, rule)]
    assert checked.faults[0].line == checked.lines["links"][row]
