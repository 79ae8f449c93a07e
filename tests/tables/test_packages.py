"""The data package, with frictionless as the second opinion: it agrees on a good folder and on each mutation."""

from __future__ import annotations

import hashlib
import json

import pytest

from qujiang.tables import check_folder, datapackage, write_datapackage

WORDS = {"name": "district", "title": "A district", "licenses": [{"name": "CC-BY-4.0"}], "sources": [{"title": "Plan"}]}


@pytest.fixture
def second_opinion(folder, tables):
    """Faults that frictionless finds, as (table, kind)."""

    def judge():
        frictionless = pytest.importorskip("frictionless")
        path = write_datapackage(tables, folder, **WORDS)
        report = frictionless.Package(str(path)).validate()
        assert not report.errors, report.errors
        return [(task.name, error.type) for task in report.tasks for error in task.errors]

    return judge


def test_frictionless_finds_the_good_folder_good(second_opinion):
    assert second_opinion() == []


# file, text of the good file, mutation, the kind that frictionless names
MUTATIONS = [
    ("links", "12.5", "long", "type-error"),
    ("links", "12.5", "", "constraint-error"),
    ("links", "12.5", "0", "constraint-error"),
    ("links", "12.5", "5001", "constraint-error"),
    ("links", ",10,", ",-1,", "constraint-error"),
    ("links", ",4,", ",4.5,", "type-error"),
    ("links", ",4,", ",0,", "constraint-error"),
    ("links", "road", "raod", "constraint-error"),
    ("links", "yes", "perhaps", "type-error"),
    ("links", "2026-05-01", "2026-05-32", "type-error"),
    ("links", "a,port", "a,prot", "foreign-key"),
    ("links", "\nb,", "\na,", "primary-key"),
    ("links", "\nb,", "\nb b,", "constraint-error"),
    ("links", "\nb,", "\n,", "primary-key"),
    ("links", "city,water,80,,,no,,,,city", "city,water,80", "missing-cell"),
    ("links", "no,,,,city", "no,,,,city,more", "extra-cell"),
    ("places", "Port", "", "constraint-error"),
    ("places", "id,name,note", "id,nombre,note", None),
]


@pytest.mark.parametrize(("name", "good", "planted", "kind"), MUTATIONS)
def test_frictionless_faults_what_we_fault(folder, tables, second_opinion, name, good, planted, kind):
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, planted, 1), encoding="utf-8")
    assert {fault.file for fault in check_folder(tables, folder).faults} >= {path.name}
    found = second_opinion()
    assert found
    assert kind is None or (name, kind) in found


def test_the_descriptor_says_what_the_file_is(folder, tables):
    described = datapackage(tables, folder, **WORDS)
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert [described[word] for word in WORDS] == [WORDS[word] for word in WORDS]
    places, links = described["resources"]
    data = (folder / "places.csv").read_bytes()
    assert places["bytes"] == len(data)
    assert places["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert (places["path"], places["format"], places["mediatype"], places["encoding"]) == (
        "places.csv",
        "csv",
        "text/csv",
        "utf-8",
    )
    assert links["schema"]["primaryKey"] == ["id"]
    assert links["schema"]["missingValues"] == [""]
    assert links["schema"]["foreignKeys"] == [
        {"fields": ["from_place"], "reference": {"resource": "places", "fields": ["id"]}}
    ]
    fields = {field["name"]: field for field in links["schema"]["fields"]}
    assert fields["length_km"]["constraints"] == {"required": True, "exclusiveMinimum": 0, "maximum": 5000}
    assert fields["length_km"]["unit"] == "kilometres"
    assert fields["open"]["trueValues"] == ["yes", "true"]
    assert (fields["via"]["type"], fields["via"]["delimiter"]) == ("list", ";")
    assert fields["next"]["reference"] == "links.id|places.id"


def test_tables_without_a_file_are_left_out(folder, tables):
    (folder / "places.csv").unlink()
    (links,) = datapackage(tables, folder, **WORDS)["resources"]
    assert "foreignKeys" not in links["schema"]


def test_a_semicolon_file_names_its_dialect(folder, tables, second_opinion):
    (folder / "places.csv").write_text("id;name;note\nport;P;\ncity;C;\n")
    (places, _) = datapackage(tables, folder, **WORDS)["resources"]
    assert places["dialect"]["delimiter"] == ";"
    assert second_opinion() == []


def test_the_file_is_written_as_readable_json(folder, tables):
    path = write_datapackage(tables, folder, name="district", title="衢江区")
    assert "衢江区" in path.read_text(encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == datapackage(tables, folder, name="district", title="衢江区")
    assert check_folder(tables, folder).faults == []
