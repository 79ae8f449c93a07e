"""Templates and the data dictionary say what the declarations say."""

from __future__ import annotations

import json

import pytest

from qujiang.tables import check_folder, dictionary, dictionary_rows, template, write_templates


def test_a_template_is_the_header(tables):
    assert template(tables[0]) == "id,name,note\n"


def test_blank_templates_are_a_folder_without_faults(tmp_path, tables):
    written = write_templates(tables, tmp_path / "new" / "district")
    assert [path.name for path in written] == ["places.csv", "links.csv", "README.md"]
    checked = check_folder(tables, tmp_path / "new" / "district")
    assert checked.faults == []
    assert [frame.height for frame in checked.frames.values()] == [0, 0]


def test_templates_never_overwrite(tmp_path, tables):
    (tmp_path / "links.csv").write_text("mine")
    with pytest.raises(FileExistsError, match=r"links\.csv"):
        write_templates(tables, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["links.csv"]
    assert (tmp_path / "links.csv").read_text() == "mine"


def test_the_readme_is_the_dictionary(tmp_path, tables):
    write_templates(tables, tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8").endswith(dictionary(tables))


def test_every_column_has_a_line_with_its_words(tables):
    text = dictionary(tables)
    for line in (
        "## places",
        "The file is required.",
        "If absent: nothing moves.",
        "| `length_km` | number | kilometres | required; > 0; <= 5000 | length |  |",
        "| `lanes_count` | integer | whole number of things | >= 1; <= 12 | lanes | 2 |",
        "| `open` | boolean |  |  | whether it is open | not known |",
        "| `next` | text |  | in `links.id` or `places.id` | the link behind |  |",
        "- `low_km` must not exceed length_km",
    ):
        assert line in text.splitlines()


def test_a_bar_in_a_pattern_does_not_break_the_table():
    from qujiang.tables import Column, Table

    table = Table("t", "t", (Column("a", "text", "either|or", pattern="x|y"),))
    (line,) = [line for line in dictionary((table,)).splitlines() if "`a`" in line]
    assert line.replace("\\|", "").count("|") == 7


def test_rows_are_json_and_complete(tables):
    rows = json.loads(json.dumps(dictionary_rows(tables)))
    assert [(row["table"], row["column"]) for row in rows] == [
        (table.name, column.name) for table in tables for column in table.columns
    ]
    lanes = next(row for row in rows if row["column"] == "lanes_count")
    assert (lanes["minimum"], lanes["maximum"], lanes["default"], lanes["unit"]) == (
        1,
        12,
        "2",
        "whole number of things",
    )
