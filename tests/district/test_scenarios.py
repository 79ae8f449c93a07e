"""Scenarios: those that are shipped hold, and what does not fit is told all at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from qujiang.district import District
from qujiang.districts import find_folder
from qujiang.errors import DataError, ScenarioError

SHIPPED = sorted(path.stem for path in (find_folder() / "scenarios").glob("*.toml"))
HEAD = 'name_zh = "试"\nname_en = "Try"\nreason = "to try"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "try.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_those_asked_for_are_shipped() -> None:
    assert {"today", "plan-2027", "yongjin-qushang-opens", "fuchunjiang-second-chamber", "low-water"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_is_without_fault_and_gives_reasons(district: District, name: str) -> None:
    before = district.hash
    made = district.with_scenario(name)
    assert made.check() == ()
    assert made.scenario is not None and made.scenario.name_zh and made.scenario.reason
    assert all(change.reason for change in made.changes)
    assert (made.hash == before) == (name == "today")
    assert district.hash == before


def test_a_scenario_can_be_saved_and_opened(district: District, tmp_path: Path) -> None:
    made = district.with_scenario("fuchunjiang-second-chamber")
    again = District.open(made.save(tmp_path / "second"))
    assert again.hash == made.hash
    assert again["locks"].equals(made["locks"])


def test_second_chamber_doubles_the_lockages(district: District) -> None:
    key = pl.col("id") == "fuchunjiang"
    one, two = (
        d["locks"].row(by_predicate=key, named=True)
        for d in (district, district.with_scenario("fuchunjiang-second-chamber"))
    )
    for column in ("chamber_count", "lockages_per_year", "lockages_low_per_year", "lockages_high_per_year"):
        assert two[column] == 2 * one[column]


def test_low_water_is_never_deeper(district: District) -> None:
    low = district.with_scenario("low-water")["channel_limits"]
    assert (low["depth_m"] == low["depth_low_m"]).all()
    assert (low["depth_m"] <= district["channel_limits"]["depth_m"]).all()
    assert low.drop("depth_m").equals(district["channel_limits"].drop("depth_m"))


def test_the_expressway_shortens_roads_and_no_other_way(district: District) -> None:
    made = district.with_scenario("yongjin-qushang-opens")
    shorter = made["road_links"]["length_km"] < district["road_links"]["length_km"]
    assert shorter.sum() == 10
    assert (made["road_links"]["length_km"] >= made["road_links"]["great_circle_km"]).all()
    assert made["water_links"].equals(district["water_links"])


def test_every_verb(district: District, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[[set]]
table = "locks"
keys = ["tadi", "youbu"]
values = { lockage_min = 35, note = "quicker" }
reason = "practice"

[[set]]
table = "venues"
where = { kind = "park" }
values = { indicators = ["n20"], is_class = true }
reason = "lists and yes"

[[scale]]
table = "demand"
column = "demand_t_per_year"
where = { observed_mode = "road" }
factor = 1.5
reason = "more by road"

[[add]]
table = "road_links"
values = { id = "r900", from_place = "qujiang", to_place = "longyou", length_km = 30, state = "open", status = "derived", source = ["DERIVE"] }
reason = "a new road"

[[remove]]
table = "projects"
key = "j08"
reason = "given up"
""",
    )
    made = district.with_scenario(path)
    locks = dict(made["locks"].select("id", "lockage_min").iter_rows())
    assert (locks["tadi"], locks["youbu"], locks["yaojia"]) == (35, 35, 40)
    assert made["venues"].filter(pl.col("kind") == "park")["indicators"].to_list() == [["n20"]]
    for column in ("demand_t_per_year", "demand_low_t_per_year", "demand_high_t_per_year"):
        of = {
            name: d["demand"].group_by("observed_mode").agg(pl.col(column).sum())
            for name, d in (("old", district), ("new", made))
        }
        old, new = (dict(frame.iter_rows()) for frame in (of["old"], of["new"]))
        assert new["road"] == pytest.approx(1.5 * old["road"])
        assert new["water"] == old["water"]
    assert made["road_links"].height == district["road_links"].height + 1
    assert "j08" not in made["projects"]["id"]
    assert {change.verb for change in made.changes} == {"set", "scale", "add", "remove"}
    tadi = next(change for change in made.changes if change.row_id == "tadi" and change.column == "lockage_min")
    assert (tadi.before, tadi.after, tadi.reason) == ("40", "35", "practice")


def test_all_faults_of_a_scenario_are_told_with_their_lines(district: District, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
colour = "red"
[[set]]
table = "lokcs"
key = "tadi"
values = { width_m = 20 }
reason = "r"
[[set]]
table = "locks"
key = "tadi"
values = { widht_m = 20 }
reason = "r"
[[set]]
table = "locks"
key = "tady"
values = { width_m = 20 }
reason = "r"
[[set]]
table = "locks"
key = "tadi"
values = { width_m = "wide" }
reason = "r"
[[set]]
table = "locks"
key = "tadi"
values = { width_m = 20 }
[[remove]]
table = "../secrets"
key = "a"
reason = "r"
[[remove]]
table = "locks"
reason = "r"
[[add]]
table = "locks"
valeus = { id = "x" }
reason = "r"
[[scale]]
table = "locks"
column = "name_zh"
factor = 2
reason = "r"
[[scale]]
table = "locks"
column = "width_m"
factor = -2
reason = "r"
""",
    )
    with pytest.raises(DataError) as raised:
        district.with_scenario(path)
    told = [(fault.line, fault.column, fault.rule, fault.mend) for fault in raised.value.faults]
    expected = [
        (5, "colour", "unknown key", ""),
        (6, "table", "is no table", "did you mean 'locks'?"),
        (11, "widht_m", "locks has no such column", "did you mean 'width_m'?"),
        (16, "key", "locks has no such row", "did you mean 'tadi'?"),
        (21, "width_m", "must be a number", "width of a chamber"),
        (26, "reason", "a change needs a reason", 'write reason = "..."'),
        (30, "table", "leads out of the district: a scenario changes its tables only", "name a table, see `qujiang schema`"),
        (34, "key", "says no row to remove", 'write key = "...", keys = [...] or where = { ... }'),
        (37, "valeus", "unknown key of [[add]]", "did you mean 'values'?"),
        (37, "values", "adds nothing", "write values = { column = ... }"),
        (41, "column", "is no numeric column of locks", ""),
        (46, "factor", "must be a number of 0 or more", "write factor = 1.2"),
    ]  # fmt: skip
    assert [one[:3] for one in told] == [one[:3] for one in expected]
    assert all(mend == hint for (*_, mend), (*_, hint) in zip(told, expected, strict=True) if hint)


def test_what_a_scenario_makes_is_checked_by_every_rule(district: District, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[[set]]
table = "terminals"
key = "qj1"
values = { place = "nowhere" }
reason = "r"
[[set]]
table = "cargoes"
key = "coal"
values = { share_percent = 90 }
reason = "r"
[[remove]]
table = "vessel_classes"
key = "v300"
reason = "r"
[[remove]]
table = "places"
key = "zhoukou"
reason = "r"
[[add]]
table = "rates"
values = { id = "new", mode = "road", description = "d", rate_value = 2, low_value = 3, high_value = 1, unit = "yuan", use = "input", status = "assumed", source = ["ASSUME"] }
reason = "r"
""",
    )
    with pytest.raises(DataError) as raised:
        district.with_scenario(path)
    told = {(fault.file, fault.line, fault.column): fault.rule for fault in raised.value.faults}
    assert "must exist in places.id" in told["terminals.csv", 2, "place"]
    assert "must lie between" in told["cargoes.csv", 2, "share_percent"]
    assert "must not be above" in told["try.toml", None, "low_value"]
    assert any(file == "demand.csv" and column in ("origin", "destination") for file, _, column in told)


def test_checks_of_changed_tables_state_what_held_before(district: District, tmp_path: Path) -> None:
    path = write(
        tmp_path, '[[scale]]\ntable = "demand"\ncolumn = "demand_t_per_year"\nfactor = 1.1\nreason = "growth"\n'
    )
    total = district.with_scenario(path)["demand"]["demand_t_per_year"].sum()
    assert total == pytest.approx(1.1 * district["demand"]["demand_t_per_year"].sum())


def test_two_scenarios_over_each_other(district: District) -> None:
    both = district.with_scenario("low-water").with_scenario("fuchunjiang-second-chamber")
    assert {change.table for change in both.changes} == {"channel_limits", "locks", "rates"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("low-watre", "did you mean 'low-water'"),
        ("../../locks", "leads out of the district's scenarios"),
        ("/nowhere/mine.toml", "no such scenario file"),
        ("", "no such scenario"),
    ],
)
def test_a_scenario_that_is_not_there(district: District, name: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        district.with_scenario(name)


def test_a_scenario_that_is_a_link_out_of_the_district(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(HEAD, encoding="utf-8")
    (folder / "scenarios" / "mine.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(DataError, match="leads out of the district's folder"):
        District.open(folder).with_scenario("mine")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [('name_zh = "x"\n[[set]\n', 2, "is not TOML"), ("a = 1\na = 2\n", 2, "is not TOML"), ("", None, "key is missing")],
)
def test_broken_toml(district: District, tmp_path: Path, text: str, line: int | None, said: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        district.with_scenario(path)
    assert raised.value.faults[0].line == line
    assert said in raised.value.faults[0].rule


def test_a_number_is_increased_with_its_range_and_an_empty_cell_is_not(district: District, tmp_path: Path) -> None:
    entry = '[[increase]]\ntable = "rates"\nkey = "diesel_price"\ncolumn = "rate_value"\nby = 0.5\nreason = "dearer"\n'
    made = district.with_scenario(write(tmp_path, entry))
    row = made["rates"].filter(pl.col("id") == "diesel_price").to_dicts()[0]
    assert (row["rate_value"], row["low_value"], row["high_value"]) == (7.7, 6.7, 9.0)
    empty = '[[increase]]\ntable = "terminals"\nkey = "jh3"\ncolumn = "capacity_t_per_year"\nby = 5\nreason = "more"\n'
    with pytest.raises(DataError, match="is empty in jh3: there is no number to increase"):
        district.with_scenario(write(tmp_path, empty))
    wrong = '[[increase]]\ntable = "rates"\nkey = "diesel_price"\ncolumn = "rate_value"\nby = nan\nreason = "?"\n'
    with pytest.raises(DataError, match="must be a number"):
        district.with_scenario(write(tmp_path, wrong))


def test_berths_that_a_scenario_makes_wrong_are_told_at_the_scenario(district: District, tmp_path: Path) -> None:
    entry = '[[set]]\ntable = "berths"\nkey = "qj2_general"\nvalues = { berth_count = 5 }\nreason = "one more"\n'
    with pytest.raises(DataError, match=r"try.toml.*berths of qj2 by kind \(dry_bulk 5 \+ general 5") as raised:
        district.with_scenario(write(tmp_path, entry))
    assert [(fault.line, fault.value) for fault in raised.value.faults] == [(None, None)]
