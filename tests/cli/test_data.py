"""``qujiang check``, ``new`` and ``schema`` as a shell sees them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qujiang.cli import COMMANDS, cli, main
from qujiang.cli import data as commands
from qujiang.district import TABLE, TABLES
from qujiang.districts import find_folder


class Shell:
    """Runs the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return int(stop.value.code or 0), out, err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(find_folder(), tmp_path / "faulty"))
    path = folder / "zones.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("666666.7", "666,666.7万"), encoding="utf-8")
    locks = folder / "locks.csv"
    locks.write_text(locks.read_text(encoding="utf-8").replace("塔底船闸", "", 1), encoding="utf-8")
    return folder


def test_the_bundled_district_has_no_fault(shell: Shell) -> None:
    code, out, err = shell("check")
    assert (code, err) == (0, "")
    assert out.startswith("qujiang: no fault in 46 tables with ")


def test_no_fault_in_json(shell: Shell) -> None:
    code, out, err = shell("check", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"district": "qujiang", "scenario": None, "faults": []}


def test_faults_go_to_stderr(shell: Shell, faulty: Path) -> None:
    code, out, err = shell("check", faulty)
    assert (code, out) == (1, "")
    assert "locks.csv:2  name_zh" in err
    assert "zones.csv:5" in err
    assert "Traceback" not in err


def test_faults_in_json(shell: Shell, faulty: Path) -> None:
    code, out, err = shell("check", faulty, "--json")
    assert (code, err) == (1, "")
    answer = json.loads(out)
    assert answer["district"] == "qujiang"
    assert [fault["file"] for fault in answer["faults"]] == ["locks.csv", "zones.csv"]
    assert all(list(fault) == ["file", "line", "column", "value", "rule", "mend"] for fault in answer["faults"])


def test_check_with_a_scenario(shell: Shell, tmp_path: Path) -> None:
    assert shell("check", "--scenario", "low-water")[0] == 0
    path = tmp_path / "bad.toml"
    path.write_text(
        'name_zh = "x"\nname_en = "x"\nreason = "x"\n[[set]]\ntable = "lock"\nreason = "x"\n', encoding="utf-8"
    )
    code, out, _ = shell("check", "--scenario", path, "--json")
    assert code == 1
    assert json.loads(out)["faults"][0]["mend"] == "did you mean 'locks'?"


@pytest.mark.parametrize(
    "words", [("check", "/nowhere"), ("new", "{there}"), ("schema", "lokcs"), ("check", "--scenario", "x")]
)
def test_what_cannot_be_done_gets_one_sentence(shell: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    code, out, err = shell(*(word.format(there=tmp_path) for word in words))
    assert (code, out) == (1, "")
    assert err.startswith("qujiang: ")
    assert err.count("\n") == 1


def test_a_missing_folder_in_json(shell: Shell) -> None:
    code, out, _ = shell("check", "/nowhere", "--json")
    assert code == 1
    assert json.loads(out)["error"] == "QujiangError"


def test_new_writes_templates_that_check(shell: Shell, tmp_path: Path) -> None:
    assert shell("new", tmp_path / "mine")[0] == 0
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert names == {table.file for table in TABLES} | {"README.md", "district.toml", "scenarios"}
    code, out, err = shell("check", tmp_path / "mine")
    assert (code, err) == (0, "")
    assert out == "my_district: no fault in 0 tables with 0 rows\n"


def test_new_copies_a_district(shell: Shell, tmp_path: Path) -> None:
    assert shell("new", tmp_path / "copy", "--from", "qujiang")[0] == 0
    for table in TABLES:
        assert (tmp_path / "copy" / table.file).read_bytes() == (find_folder() / table.file).read_bytes()
    assert (tmp_path / "copy" / "scenarios" / "today.toml").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "copy"]


def test_schema(shell: Shell) -> None:
    code, out, _ = shell("schema")
    assert code == 0
    assert [line[3:] for line in out.splitlines() if line.startswith("## ")] == list(TABLE)
    _, one, _ = shell("schema", "locks")
    assert one.startswith("## locks\n")
    _, text, _ = shell("schema", "locks", "--json")
    assert [row["column"] for row in json.loads(text)] == list(TABLE["locks"].names)


@pytest.mark.parametrize("words", [("schema", "--datapackage"), ("check", "--datapackage")])
def test_data_package(shell: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    assert shell(*words, folder)[0] == 0
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert [resource["name"] for resource in package["resources"]] == list(TABLE)
    assert len(package["sources"]) == 109
    assert shell("check", folder)[0] == 0


def test_frictionless_finds_the_bundled_package_valid(shell: Shell, tmp_path: Path) -> None:
    """A second opinion on the good district, and on one with a foreign key that leads nowhere."""
    frictionless = pytest.importorskip("frictionless")
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    assert shell("schema", "--datapackage", folder)[0] == 0
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:10]
    terminals = folder / "terminals.csv"
    terminals.write_text(terminals.read_text(encoding="utf-8").replace("qj_port", "nowhere", 1), encoding="utf-8")
    found = frictionless.Package(str(folder / "datapackage.json")).validate().flatten(["type"])
    assert ["foreign-key"] in found


@pytest.mark.parametrize("name", ["check", "new", "schema"])
def test_help_begins_as_the_list_of_commands_says(shell: Shell, name: str) -> None:
    command = getattr(commands, COMMANDS[name][1])
    assert (command.help or "").splitlines()[0] == COMMANDS[name][2]
    code, out, _ = shell(name, "--help")
    assert code == 0
    assert COMMANDS[name][2] in out
    assert cli is not None


def test_check_holds_the_building_stock_against_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_folder(), tmp_path / "district"))
    leases = (folder / "leases.csv").read_text(encoding="utf-8").splitlines()
    first = leases[1].split(",")
    again = ",".join(["again", *first[1:]])
    (folder / "leases.csv").write_text("\n".join([*leases, again]) + "\n", encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["check", str(folder)])
    told = capsys.readouterr().err
    assert left.value.code == 1
    assert f"leases.csv:{len(leases) + 1}" in told or "leases.csv:2" in told
