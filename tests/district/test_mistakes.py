"""A district that a stranger wrote: every mistake of every file in one answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qujiang.district import District
from qujiang.district.district import read
from qujiang.errors import DataError, Fault, QujiangError

Edit = Callable[[str, str, str, str], None]

#: table, row, column, what is written, and what must be told
TEN = [
    ("locks", "tadi", "width_m", "-23", "must be > 0"),
    ("water_links", "w001", "state", "opne", "must be one of"),
    ("terminals", "qj1", "place", "qj_prot", "must exist in places.id"),
    ("projects", "j01", "cost_yuan", "4.2亿", "must be a number"),
    ("demand_growth", "dg01", "growth_percent", "40", "must lie between"),
    ("cargoes", "coal", "share_percent", "20", "sum to 101"),
    ("observations", "ec01", "observed_value", "209350000000", "above 衢州市"),
    ("rates", "diesel_price", "source", "", "may not be empty"),
    ("lock_counts", "lc02", "passed_t", "4185180000", "the most that fuchunjiang"),
    ("checks", "k099", "expected_value", "11679000", "retail per year"),
]


def test_ten_mistakes_in_ten_files_are_ten_faults(folder: Path, edit: Edit) -> None:
    for table, row_id, column, value, _ in TEN:
        edit(table, row_id, column, value)
    with pytest.raises(DataError) as raised:
        District.open(folder)
    faults = raised.value.faults
    assert len(faults) == 10
    for table, _row, column, value, said in TEN:
        (fault,) = [fault for fault in faults if fault.file == f"{table}.csv"]
        assert said in fault.rule, fault
        assert fault.mend
        if table == "cargoes":  # a sum belongs to the column, not to one line
            assert (fault.line, fault.column) == (None, "share_percent")
        elif table != "checks":
            assert (fault.column, fault.value) == (column, value)
    lines = {fault.file: fault.line for fault in faults}
    assert (lines["locks.csv"], lines["checks.csv"], lines["rates.csv"]) == (2, 100, 46)


def spoil_header(folder: Path) -> None:
    path = folder / "locks.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("width_m", "widht_m", 1), encoding="utf-8")


def spoil_encoding(folder: Path) -> None:
    path = folder / "towns.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))


SPOILED: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("misspelt column", spoil_header, "locks.csv", "unknown column"),
    ("GB18030", spoil_encoding, "towns.csv", "GB18030"),
    ("unknown file", lambda f: (f / "lokcs.csv").write_text("id\n1\n"), "lokcs.csv", "unknown file"),
    ("empty file", lambda f: (f / "zones.csv").write_bytes(b""), "zones.csv", "may not be empty"),
    ("binary file", lambda f: (f / "zones.csv").write_bytes(b"\x89PNG\r\n\0\1\2"), "zones.csv", "PNG picture"),
    ("required file missing", lambda f: (f / "landmarks.csv").unlink(), "landmarks.csv", "file is missing"),
    ("no description", lambda f: (f / "district.toml").unlink(), "district.toml", "file is missing"),
    ("broken description", lambda f: (f / "district.toml").write_text("id = \n"), "district.toml", "is not TOML"),
    ("description too large", lambda f: (f / "district.toml").write_bytes(b"#" * 2**21), "district.toml", "is too large"),
    ("description in Latin", lambda f: (f / "district.toml").write_bytes(b'id = "\xff"'), "district.toml", "UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "file", "said"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED])
def test_a_spoiled_file_gets_one_sentence(folder: Path, spoil: Callable[[Path], object], file: str, said: str) -> None:
    spoil(folder)
    found = [fault for fault in read(folder)[1] if fault.file == file]
    assert len([fault for fault in found if said in fault.rule]) == 1, found


def test_a_huge_file_is_refused_unread(folder: Path) -> None:
    with (folder / "demand.csv").open("wb") as file:
        os.truncate(file.fileno(), 100 * 1024 * 1024)
    found = [fault for fault in read(folder)[1] if fault.file == "demand.csv"]
    assert len(found) == 1
    assert "too large" in found[0].rule


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("district.toml", "zones.csv"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    told = {fault.file: fault.rule for fault in read(folder)[1]}
    assert "leads out" in told["district.toml"]
    assert "leads out" in told["zones.csv"]


def missing(tmp_path: Path) -> Path:
    return tmp_path / "nowhere"


def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def a_file(tmp_path: Path) -> Path:
    (tmp_path / "file.csv").write_text("id\n")
    return tmp_path / "file.csv"


@pytest.mark.parametrize(
    ("make", "said"), [(missing, "there is no such folder"), (empty, "the folder is empty"), (a_file, "is a file")]
)
def test_what_is_no_district_gets_one_sentence(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    with pytest.raises(QujiangError, match=said) as raised:
        District.open(make(tmp_path))
    assert "\n" not in str(raised.value)


DESCRIPTIONS = [
    ('id = "x"\nname_zh = "x"\nname_en = "x"\n', "base_year", "key is missing"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\nport_palce = "p"\n', "port_palce", "unknown key"),
    ('id = 7\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\n', "id", "must be text"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = "2024"\n', "base_year", "must be a year"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\nareas = "a"\n', "areas", "must be tables"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\n[[areas]]\nname = "a"\nparent = "b"\n', "areas", "no area"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\n[[areas]]\nname = "a"\n[[areas]]\nname = "a"\n', "areas", "twice"),
    ('id = "x"\nname_zh = "x"\nname_en = "x"\nbase_year = 2024\n[[areas]]\nnmae = "a"\n', "areas", "unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "said"), DESCRIPTIONS)
def test_faults_of_the_description(folder: Path, text: str, column: str, said: str) -> None:
    (folder / "district.toml").write_text(text, encoding="utf-8")
    district, faults = read(folder)
    assert district is None
    assert any((fault.file, fault.column) == ("district.toml", column) and said in fault.rule for fault in faults)


def test_a_fault_is_printed_as_place_value_rule_mend(folder: Path, edit: Edit) -> None:
    edit("water_links", "w001", "state", "opne")
    (fault,) = read(folder)[1]
    assert isinstance(fault, Fault)
    assert str(fault) == (
        "water_links.csv:2  state = opne  must be one of open, under_construction, closed, planned (did you mean 'open'?)"
    )


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("after", "j99", "j99"),
        ("progress_share", "0.4", "progress needs its day"),
        ("progress_share", "40", "must be <= 1"),
        ("spent_yuan", "1000", "money spent needs its day"),
        ("duration_days", "0", "must be >= 1"),
    ],
)
def test_mistakes_of_a_project(folder: Path, edit: Edit, column: str, value: str, told: str) -> None:
    edit("projects", "j10", column, value)
    with pytest.raises(DataError, match=told) as raised:
        District.open(folder)
    assert [fault.file for fault in raised.value.faults] == ["projects.csv"]
