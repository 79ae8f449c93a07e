"""The page of the building stock: the survey's figures, what it withholds, who reads of single firms, and that a made-up stock says so."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient

from qujiang.buildings.stock import read_stock
from qujiang.buildings.survey import survey
from qujiang.district import District
from qujiang.report.building_rows import buildings_on, survey_day
from qujiang.store import accounts
from qujiang.web import Settings, create_app
from qujiang.web.acts import COOKIE
from tests.live.conftest import SERVICES, make_people

ON = date(2025, 10, 1)
FOLDER = SERVICES.parent


@pytest.fixture(scope="module")
def district() -> District:
    return District.open()


def opened(folder: Path, database: Path) -> Iterator[TestClient]:
    settings = Settings(f"sqlite:///{database}", SERVICES, district=folder, webhook_every_s=3600)
    with TestClient(create_app(settings), headers={"Accept-Language": "en"}) as client:
        yield client


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield from opened(FOLDER, tmp_path_factory.mktemp("buildings") / "live.sqlite3")


def copied(target: Path, **changed: str) -> Path:
    """The bundled district with the cells of ``synthetic`` rewritten, or tables cut to their heads."""
    shutil.copytree(FOLDER, target)
    for name, change in changed.items():
        path = target / f"{name}.csv"
        frame = pl.read_csv(path, infer_schema=False)
        frame = frame.head(0) if change == "empty" else frame.with_columns(synthetic=pl.lit(change))
        frame.write_csv(path)
    return target


@pytest.fixture
def real(tmp_path: Path) -> Iterator[TestClient]:
    """The same stock, not marked as made up."""
    yield from opened(copied(tmp_path / "real", carriers="no", firms_seeking="no"), tmp_path / "live.sqlite3")


def test_figures_are_those_of_the_tables(site: TestClient, district: District) -> None:
    """Straight from the tables: the bundled leases end when their contract does, or are held over."""
    told = site.get("/buildings.json").json()
    lettable = district["suites"]["lettable_m2"].sum()
    there = district["leases"].filter(
        (pl.col("contracted_from") <= ON) & (pl.col("moved_out").is_null() | (pl.col("moved_out") >= ON))
    )
    latest = there.sort("contracted_from").group_by("suite").last()
    held = latest.filter((pl.col("contracted_to") >= ON) | (pl.col("moved_in") <= ON))
    assert (told["on"], told["total"]["lettable_m2"]) == (ON.isoformat(), lettable)
    assert told["total"]["contracted_share"] == pytest.approx(held["let_m2"].sum() / lettable, rel=1e-12)
    inside = held.filter(pl.col("moved_in") <= ON)
    assert told["total"]["moved_in_share"] == pytest.approx(inside["let_m2"].sum() / lettable, rel=1e-12)
    assert told["total"]["firm_count"] == inside["firm"].n_unique() == sum(len(set(part["firm"])) for part in [inside])
    assert sum(one["moved_in_m2"] for one in told["sectors"]) == pytest.approx(inside["let_m2"].sum())
    assert sum(one["area_m2"] for one in told["expiries"]) == pytest.approx(held["let_m2"].sum())


@pytest.fixture
def thin(tmp_path: Path) -> Iterator[TestClient]:
    """The stock with the tax of two firms only known in the first carrier."""
    folder = copied(tmp_path / "thin")
    frame = pl.read_csv(folder / "leases.csv", infer_schema=False).with_row_index("row")
    first = frame.filter(pl.col("suite").str.starts_with("c01") & pl.col("tax_yuan_per_year").is_not_null())
    there = District.open(folder)
    living = {lease.id for lease in read_stock(there, ON).leases if lease.moved_in}
    kept = [row["firm"] for row in first.to_dicts() if row["id"] in living]
    two = list(dict.fromkeys(kept))[:2]
    cut = pl.col("suite").str.starts_with("c01") & ~pl.col("firm").is_in(two)
    tax = pl.when(cut).then(None).otherwise("tax_yuan_per_year").alias("tax_yuan_per_year")
    frame.drop("row").with_columns(tax).write_csv(folder / "leases.csv")
    yield from opened(folder, tmp_path / "live.sqlite3")


def test_what_the_survey_withholds_stays_withheld_in_page_and_twins(thin: TestClient, tmp_path: Path) -> None:
    site, district = thin, District.open(tmp_path / "thin")
    told, found = site.get("/buildings.json").json(), survey(read_stock(district, ON))
    cells = [*zip(told["carriers"], found.carriers, strict=True), *zip(told["sectors"], found.sectors, strict=True)]
    cells.append((told["total"], found.total))
    hidden = [shown["tax"] for shown, own in cells if own.tax.withheld is not None]
    assert 2 <= len(hidden) < len(cells)  # the small one, and another so that no difference tells it
    assert next(one for one in told["carriers"] if one["id"] == "c01")["tax"]["withheld"] == "few"
    for shown, own in cells:
        assert shown["tax"]["per_let_band_yuan_per_m2"] == own.tax.tax_per_let_band_yuan_per_m2
        assert (shown["tax"]["withheld"] is None) == (own.tax.withheld is None)
        assert (shown["tax"]["per_total_band_yuan_per_m2"] is None) or own.tax.withheld is None
    rows = list(csv.DictReader(io.StringIO(site.get("/buildings.csv").content.decode("utf-8-sig"))))
    assert len(rows) == len(found.carriers) + 1
    for row in rows:
        assert bool(row["tax_withheld"]) != bool(row["tax_per_let_band_yuan_per_m2"])
    for text in (site.get("/buildings.json").text, site.get("/buildings.csv").text, site.get("/buildings").text):
        assert "tax_yuan" not in text and "kwh" not in text and "rent_yuan" not in text and "risk_share" not in text
    assert site.get("/buildings").text.count("withheld: ") == sum(
        one.tax.withheld is not None for one in (*found.carriers, *found.sectors)
    )


@pytest.mark.parametrize(("language", "said"), [("en", "SYNTHETIC STOCK"), ("zh", "合成数据")])
def test_a_made_up_stock_says_so_everywhere(site: TestClient, language: str, said: str) -> None:
    page = site.get(f"/buildings?lang={language}").text
    assert page.count(said) > 20  # on top, and at every figure
    assert site.get("/buildings.json").json()["synthetic"] is True
    rows = list(csv.DictReader(io.StringIO(site.get("/buildings.csv").content.decode("utf-8-sig"))))
    assert {row["synthetic"] for row in rows} == {"True"}


def test_chinese_is_complete(site: TestClient) -> None:
    page = site.get("/buildings?lang=zh").text
    main = re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])
    for source in site.get("/buildings.json").json()["sources"]:
        main = main.replace(source["title"]["zh"], "")
    words = set(re.findall(r"[A-Za-z][a-z]{3,}", main))
    assert words == set()


def test_placement_tells_bound_and_reasons(site: TestClient) -> None:
    told = site.get("/buildings.json").json()["placement"]
    assert told["proven"] and told["gap_share"] <= 1e-9
    assert told["objective_m2"] == pytest.approx(sum(told["terms_m2"].values()))
    assert len(told["placed"]) + len(told["not_placed"]) == 60
    suites = [suite for one in told["placed"] for suite in one["suites"]]
    assert len(suites) == len(set(suites))
    page = site.get("/buildings?lang=zh").text
    for one in told["not_placed"]:
        assert one["reason"] and re.search("[一-鿿]", one["reason_zh"])
        assert one["reason_zh"] in page


def test_single_firms_of_a_real_stock_are_for_officers(real: TestClient) -> None:
    store = real.app.state.house.store  # type: ignore[attr-defined]
    make_people(store)
    for who in ("", "firm", "transport", "auditor"):
        real.cookies.clear()
        if who:
            real.cookies.set(COOKIE, accounts.log_in(store, who, f"pass phrase of {who}", "x").token)
        texts = [real.get("/buildings" + twin).text for twin in ("", ".json", ".csv")]
        reads = who in ("transport", "auditor")
        for text in texts[:2]:
            assert bool(re.search(r"\bl\d{4}\b", text)) is reads, who  # a lease
            assert bool(re.search(r"\bs\d\d\b", text)) is reads, who  # a firm that seeks
        assert not re.search(r"\bl\d{4}\b|\bf\d{4}\b", texts[2])
        assert "SYNTHETIC" not in texts[0]
        if not reads:
            assert "shown to the district&#39;s officers" in texts[0]


def test_a_closed_server_shows_it_only_to_who_is_signed_in(tmp_path: Path) -> None:
    settings = Settings(f"sqlite:///{tmp_path}/x.sqlite3", SERVICES, webhook_every_s=3600, open_cockpit=False)
    with TestClient(create_app(settings)) as client:
        assert client.get("/buildings", follow_redirects=False).status_code == 303
        assert client.get("/buildings.json").status_code == 401
        assert client.get("/buildings.csv").status_code == 401


def test_a_district_without_buildings_says_so(tmp_path: Path) -> None:
    folder = copied(tmp_path / "bare", leases="empty", suites="empty")
    for client in opened(folder, tmp_path / "live.sqlite3"):
        assert "has no building stock" in client.get("/buildings").text
        assert client.get("/buildings.json").json()["carriers"] == []


def test_areas_of_two_standards_are_shown_one_at_a_time(tmp_path: Path, district: District) -> None:
    folder = copied(tmp_path / "two")
    for name in ("suites", "leases"):
        path = folder / f"{name}.csv"
        frame = pl.read_csv(path, infer_schema=False)
        mine = pl.col("carrier" if name == "suites" else "suite").str.starts_with("c01")
        basis = pl.when(mine).then(pl.lit("usable")).otherwise("measure_basis").alias("measure_basis")
        frame.with_columns(basis).write_csv(path)
    for client in opened(folder, tmp_path / "live.sqlite3"):
        first = client.get("/buildings.json").json()
        other = client.get("/buildings.json?basis=usable").json()
        assert (first["measure_basis"], other["measure_basis"]) == ("construction", "usable")
        assert len(first["carriers"]) == 17 and [one["id"] for one in other["carriers"]] == ["c01"]
        assert 'value="usable"' in client.get("/buildings").text
        assert client.get("/buildings?basis=none").status_code == 200


def test_the_day_of_a_real_stock_is_the_first_of_its_month(tmp_path: Path, district: District) -> None:
    assert survey_day(district, date(2026, 11, 23)) == ON
    real = District.open(copied(tmp_path / "real", carriers="no", firms_seeking="no"))
    assert survey_day(real, date(2026, 11, 23)) == date(2026, 11, 1)
    found = buildings_on(real, date(2025, 10, 1))
    assert found["endings"] is None and found["placement"] is None and found["placement_state"] == "closed"
    assert found["ending_count"] > 0
