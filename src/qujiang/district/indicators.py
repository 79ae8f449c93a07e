"""Figures of the plan, figures observed, facts to calibrate with, and checks that the data must pass."""

from __future__ import annotations

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, NOTE, NOTE_ZH, SOURCE, STATUS, key
from qujiang.tables import Column, Table

PERIOD = r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?)?"
BASES = ("ytd", "month", "quarter", "year", "cumulative", "forecast", "peak_day", "growth", "other")

INDICATORS = Table(
    "indicators",
    "Every figure of the plan, in plain units",
    (
        key(),
        Column("section", "text", "part of the plan"),
        NAME_ZH,
        NAME_EN,
        Column("stated_value", "number", "the figure", required=True),
        Column("unit", "text", "unit of the figure", required=True),
        Column(
            "bound",
            "choice",
            "= as stated; > more than; < less than; ~ about; ~< nearly",
            choices=("=", ">", "<", "~", "~<"),
            required=True,
        ),
        Column("period", "text", "what time it is about, in words"),
        Column("period_start", "text", "first month or year", pattern=PERIOD),
        Column("period_end", "text", "last month or year", pattern=PERIOD),
        Column(
            "type", "choice", "actual figure, target, or claim", choices=("actual", "target", "claim"), required=True
        ),
        Column("phrase", "text", "the words it stands in"),
        *MARKS,
    ),
    if_absent="the plan's own figures are not shown",
)

OBSERVATIONS = Table(
    "observations",
    "Published and estimated figures by area and period",
    (
        key(),
        Column("area", "text", "area, lock or firm; areas stand in district.toml", required=True),
        Column("indicator", "text", "what is counted", required=True),
        Column(
            "basis",
            "choice",
            "ytd: from January of the year; cumulative: since the start; growth: mean a year over the period; forecast: not yet seen; other: another range of months, which no other figure is taken from",
            choices=BASES,
            required=True,
        ),
        Column("period_start", "text", "first month, day or year", pattern=PERIOD, required=True),
        Column("period_end", "text", "last month, day or year", pattern=PERIOD, required=True),
        Column("observed_value", "number", "the figure", required=True),
        Column("unit", "text", "unit of the figure", required=True),
        Column(
            "published_growth_percent",
            "number",
            "growth over the year before, as published; its base may have been revised",
        ),
        Column(
            "growth_basis",
            "choice",
            "prices or scope of the published growth",
            choices=("nominal", "real", "same_scope", "unknown"),
        ),
        *MARKS,
    ),
    if_absent="no indicator is followed over time",
)

#: Bases whose values add up over time.
FLOWS = ("ytd", "month", "quarter", "year")

CALIBRATION_FACTS = Table(
    "calibration_facts",
    "Facts that a model is fitted to, checked with, or tested on at the end",
    (
        key(),
        Column("fact", "text", "short name", required=True),
        NAME_EN,
        Column("name_zh", "text", "Chinese name", if_absent="the words of the known facts, else the English name"),
        Column("fact_value", "number", "value", required=True),
        Column("tolerance_low_value", "number", "lowest value that agrees", required=True),
        Column("tolerance_high_value", "number", "highest value that agrees", required=True),
        Column("unit", "text", "unit of the three values", required=True),
        Column("from_place", "text", "where it is measured from", reference="places.id"),
        Column("to_place", "text", "where it is measured to", reference="places.id"),
        Column("scenario", "text", "scenario under whose conditions it held", if_absent="as today"),
        Column(
            "use",
            "choice",
            "fit: may be used to estimate; check: must lie inside the tolerance; hold_out: looked at only after fitting",
            choices=("fit", "check", "hold_out"),
            required=True,
        ),
        SOURCE,
        STATUS,
        NOTE,
        NOTE_ZH,
    ),
    if_absent="nothing is calibrated",
)

CHECKS = Table(
    "checks",
    "Cross-checks that the data must pass",
    (
        key(),
        Column("subject", "text", "what is checked", required=True),
        Column(
            "kind",
            "choice",
            "arithmetic: numbers only; graph: distances and locks on the networks; data: sums and counts on the tables",
            choices=("arithmetic", "graph", "data"),
            required=True,
        ),
        Column(
            "formula", "text", "numbers, + - * / ** < > ( ) and the functions of district/formulas.py", required=True
        ),
        Column("expected_value", "number", "what it must give (1: true)", required=True),
        Column("tolerance_value", "number", "how far it may differ", minimum=0, required=True),
        Column("unit", "text", "unit of the result"),
        NOTE,
        STATUS,
        SOURCE,
    ),
    if_absent="no cross-check is made",
)

TABLES = (INDICATORS, OBSERVATIONS, CALIBRATION_FACTS, CHECKS)
