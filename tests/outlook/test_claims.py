"""Claims of the plan against its own figures."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from qujiang.district import observations as series
from qujiang.outlook.claims import check_claims

from .frames import measures, observations, seen

INDICATOR = {
    "id": pl.String,
    "name_zh": pl.String,
    "name_en": pl.String,
    "stated_value": pl.Float64,
    "unit": pl.String,
    "type": pl.String,
    "phrase": pl.String,
    "period_end": pl.String,
}


def indicators(*rows: tuple[str, str, float, str, str, str, str | None]) -> pl.DataFrame:
    names = ("id", "name_zh", "stated_value", "unit", "type", "phrase", "period_end")
    return pl.DataFrame([dict(zip(names, row, strict=True)) | {"name_en": row[1]} for row in rows], schema=INDICATOR)


PORT = (
    ("n27", "港区年吞吐量(期初)", 500_000.0, "tonnes_per_year", "actual", "从50万吨", None),
    ("n28", "港区年吞吐量(期末)", 4_200_000.0, "tonnes_per_year", "actual", "增长到420万吨", None),
)
SEEN = series.read(
    observations(
        seen("2025-01", "2025-08", 34e6, indicator="consumption_subsidy"),
        seen("2025-01", "2025-08", 1.4e9, indicator="consumption_moved"),
        seen("2025-01", "2025-07", 10.995e9, 49.21, indicator="foreign_trade"),
    )
)


def found(plan: pl.DataFrame, *rows: dict[str, Any]) -> list[Any]:
    return list(check_claims(plan, measures(*rows), SEEN))


def test_grew_eight_times_is_contradicted_by_its_own_figures() -> None:
    claim = ("n29", "吞吐量增长倍数", 8.0, "times", "claim", "增长了8倍", None)
    (finding,) = check_claims(indicators(*PORT, claim), measures())
    assert (finding.kind, finding.rows) == ("contradicted", ("n27", "n28", "n29"))
    assert finding.figures["multiple_ratio"] == pytest.approx(8.4)
    assert finding.figures["growth_percent"] == pytest.approx(740.0)
    assert finding.figures["claimed_growth_percent"] == 800.0
    assert "8.4 times the base, +740 %" in finding.sentence


@pytest.mark.parametrize("stated,phrase", [(8.0, "增长到8倍"), (7.0, "增长了7倍"), (7.4, "增长了7.4倍")])
def test_what_the_figures_carry_is_no_finding(stated: float, phrase: str) -> None:
    claim = ("n29", "吞吐量增长倍数", stated, "times", "claim", phrase, None)
    assert check_claims(indicators(*PORT, claim), measures()) == ()


def test_targets_without_a_year_are_listed() -> None:
    plan = indicators(
        ("n31", "千万吞吐", 1e7, "tonnes_per_year", "target", "千万吞吐", None),
        ("n45", "标志性成果", 6.0, "outcomes", "target", "到2027年", "2027"),
    )
    tested = {"today_value": 4.2e6, "target_value": 1e7}
    rows = check_claims(
        plan,
        measures(
            tested | {"id": "m11", "target_status": "documented"},
            tested | {"id": "m12", "target_year": None},
            tested | {"id": "m13"},
            tested | {"id": "m23", "target_value": None, "target_year": None},
        ),
    )
    assert [(row.kind, row.rows) for row in rows] == [
        ("no_year", ("n31",)),
        ("year_assumed", ("m11",)),
        ("no_year", ("m12",)),
    ]


def test_gross_voucher_leverage_is_never_an_effect() -> None:
    honest = {"id": "m33", "unit": "yuan_per_yuan", "today_value": 4.4, "target_value": 3.0}
    (finding,) = found(indicators(), honest)
    assert finding.kind == "gross_not_effect"
    assert finding.figures["gross_ratio"] == pytest.approx(41.2, abs=0.05)
    wrong = found(indicators(), honest | {"today_value": 41.0})
    assert [row.kind for row in wrong] == ["gross_not_effect", "contradicted"]


def test_port_trade_is_never_foreign_trade() -> None:
    goal = ("n32", "百亿贸易", 1e10, "yuan", "target", "百亿贸易", None)
    port = {
        "id": "m15",
        "name_zh": "百亿贸易",
        "name_en": "port trade",
        "target_value": 1e10,
        "model": "none",
        "model_argument": None,
    }
    kinds = {row.kind: row for row in found(indicators(goal), port)}
    assert (
        "cannot mean foreign trade, which was 10,995,000,000 yuan in 2025-01..2025-07" in kinds["not_the_same"].sentence
    )
    assert "contradicted" not in kinds
    for change in ({"model_argument": "foreign_trade"}, {"today_value": 10.995e9}):
        kinds = {row.kind: row for row in found(indicators(goal), port | change)}
        assert kinds["contradicted"].rows == ("m15",)


def test_a_share_that_falls_while_its_part_grows_is_a_tension() -> None:
    def told(now: float) -> list[Any]:
        share = {"indicator": "share_tertiary", "unit": "percent", "basis": "year"}
        rows = observations(
            seen("2020", "2020", 53.4, **share),
            seen("2024", "2024", now, **share),
            seen("2022", "2024", 6.2, indicator="va_tertiary", unit="percent_per_year", basis="growth"),
        )
        return list(check_claims(indicators(), measures(), series.read(rows)))

    (finding,) = told(46.0)
    assert finding.kind == "tension"
    assert (
        "46 % (2024) after 53.4 % (2020), though va_tertiary grew 6.2 % a year (2022-01..2024-12)" in finding.sentence
    )
    assert told(54.0) == []
