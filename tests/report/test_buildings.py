"""The buildings in the report: the survey's figures in both languages, marked as made up, and nothing of single firms of a real stock."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from qujiang.buildings.stock import read_stock
from qujiang.buildings.survey import survey
from qujiang.district import District
from qujiang.districts import find_folder
from qujiang.report import report_html
from qujiang.report.buildings import SHOWN, buildings, span_words, tax_words
from qujiang.words import Both

DAY = date(2026, 11, 23)
CHINESE = re.compile("[一-鿿]")


@pytest.fixture(scope="module")
def district() -> District:
    return District.open()


def changed(target: Path, **tables) -> District:
    folder = Path(shutil.copytree(find_folder(), target))
    for name, change in tables.items():
        path = folder / f"{name}.csv"
        change(pl.read_csv(path, infer_schema=False)).write_csv(path)
    return District.open(folder)


def test_bands_and_spans_are_told_in_both_languages() -> None:
    told = {"per_let_band_yuan_per_m2": "100..200", "withheld": None}
    assert tax_words(told) == Both("CNY 100 to 200", "100—200元")
    assert tax_words({"per_let_band_yuan_per_m2": "1,600+", "withheld": None}).en == "over CNY 1,600"
    assert tax_words({"per_let_band_yuan_per_m2": None, "withheld": "few"}).zh == "不列：不足三家企业"
    assert span_words("0..12") == Both("0 to 12 months", "0—12个月")
    assert span_words("36+").en == "more than 36 months"
    assert span_words("held over").zh.startswith("逾期续用")


def test_the_section_shows_the_survey_and_says_that_it_is_made_up(result, district) -> None:
    text = report_html(result, district, DAY)
    section = text[text.index('<section id="buildings"') :]
    section = section[: section.index("</section>")]
    assert "SYNTHETIC STOCK" in section and "合成数据" in section
    found = survey(read_stock(district, date(2025, 10, 1)))
    for one in found.carriers:
        assert f"{one.id} {one.name_en}" in section and f"{one.id} {one.name_zh}" in section
    assert section.count("withheld:") == sum(one.tax.withheld is not None for one in (*found.carriers, *found.sectors))
    assert "no placement is better" in section and "已证明最优" in section


def test_every_text_is_in_both_languages(district) -> None:
    found = buildings(district, DAY)
    assert found is not None and found.synthetic and found.placement is not None
    rows = [*found.sectors, *found.expiries, *found.carriers]
    for text in (found.lead, found.placement, *(row.name for row in rows), *(why for _, why in found.not_placed)):
        assert CHINESE.search(text.zh) and not CHINESE.search(text.en), text
    assert len(found.placed) == SHOWN and f"the first {SHOWN} of" in found.placed_head.en


def test_single_firms_of_a_real_stock_are_not_told(tmp_path: Path) -> None:
    def real(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(synthetic=pl.lit("no"))

    found = buildings(changed(tmp_path / "real", carriers=real, firms_seeking=real), DAY)
    assert found is not None and not found.synthetic
    assert (found.placed, found.not_placed, found.placement) == ((), (), None)
    assert found.hint == "buildings.placement.closed"


def test_a_stock_that_contradicts_itself_is_told_and_a_district_without_one_has_no_section(
    tmp_path: Path, result
) -> None:
    def larger(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(let_m2=pl.lit("999999"))

    found = buildings(changed(tmp_path / "faulty", leases=larger), DAY)
    assert found is not None and found.fault and "qujiang check" in found.lead.en
    bare = changed(tmp_path / "bare", leases=lambda frame: frame.head(0), suites=lambda frame: frame.head(0))
    assert buildings(bare, DAY) is None
    assert 'id="buildings"' not in report_html(result, bare, DAY)
