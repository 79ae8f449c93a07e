"""Declarations: what a table says of itself, and which declarations are refused."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from qujiang.tables import Column, Rule, Table, check_folder


def test_a_table_knows_its_key_file_schema_and_columns(tables):
    links = tables[1]
    assert links.key == ("id",)
    assert links.file == "links.csv"
    assert links.column("since").type == "date"
    assert links.schema == {
        "id": pl.String,
        "from_place": pl.String,
        "mode": pl.String,
        "length_km": pl.Float64,
        "low_km": pl.Float64,
        "lanes_count": pl.Int64,
        "open": pl.Boolean,
        "since": pl.Date,
        "via": pl.List(pl.String),
        "cargoes": pl.List(pl.String),
        "next": pl.String,
    }
    assert links.empty().schema == links.schema
    assert links.empty().height == 0


def test_units_come_from_names(tables):
    links = tables[1]
    assert links.column("length_km").unit == "kilometres"
    assert links.column("id").unit is None


def test_an_unknown_column_is_a_key_error(tables):
    with pytest.raises(KeyError, match="depth_m"):
        tables[1].column("depth_m")


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Column("Name", "text", "capital"),
        lambda: Column("name", "string", "unknown type"),
        lambda: Column("name", "choice", "no choices"),
        lambda: Column("name", "text", "choices of a text", choices=("a",)),
        lambda: Column("name", "text", "range of a text", minimum=1),
        lambda: Column("name_m", "number", "pattern of a number", pattern="1"),
        lambda: Column("name", "text", "reference", reference="places"),
        lambda: Column("name", "text", "pattern that polars has not", pattern="(?=a)a"),
        lambda: Table("t", "twice", (Column("a", "text", "a"), Column("a", "text", "a"))),
        lambda: Table("t", "no columns", ()),
        lambda: Table("t", "rule", (Column("a", "text", "a"),), rules=(Rule("r", pl.col("b") == "x"),)),
        lambda: Table("t", "rule", (Column("a", "text", "a"),), rules=(Rule("r", pl.col("a") == "x", "b"),)),
    ],
)
def test_faulty_declarations_are_refused(declare):
    with pytest.raises(ValueError):
        declare()


def test_a_reference_to_an_undeclared_column_is_a_mistake_of_the_declaration(tmp_path):
    table = Table("t", "t", (Column("a", "text", "a", reference="nowhere.id"),))
    with pytest.raises(ValueError, match=r"nowhere\.id"):
        check_folder((table,), tmp_path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("a_m", "number", "a", default=2), 2.0),
        (Column("a_count", "integer", "a", default=3), 3),
        (Column("a", "boolean", "a", default=False), False),
        (Column("a", "date", "a", default=date(2026, 5, 1)), date(2026, 5, 1)),
        (Column("a", "list", "a", default=("x", "y")), ["x", "y"]),
        (Column("a", "choice", "a", choices=("p", "q"), default="q", required=True), "q"),
    ],
)
@pytest.mark.parametrize("text", ["id\n1\n", "id,{name}\n1,\n"])
def test_a_default_stands_where_column_or_cell_is_absent(column, value, text, tmp_path):
    (tmp_path / "t.csv").write_text(text.format(name=column.name))
    checked = check_folder((Table("t", "t", (Column("id", "text", "id", key=True), column)),), tmp_path)
    assert checked.faults == []
    assert checked.frames["t"][column.name].to_list() == [value]
