"""The building stock: carriers (楼宇项目), their suites, the leases in them, and firms that seek space."""

from __future__ import annotations

import polars as pl

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, key
from qujiang.tables import Column, Rule, Table

#: The standard by which an area was measured; the same building differs by up to a quarter from one to another.
BASES = ("construction", "usable", "ipms3", "boma_rentable")
#: Sections of the national classification of industries, GB/T 4754-2017.
SECTORS = tuple("ABCDEFGHIJKLMNOPQRST")

SYNTHETIC = Column("synthetic", "boolean", "made up to try the program on; no such thing exists", default=False)


def _basis() -> Column:
    meaning = "standard by which the area was measured: 建筑面积, 套内面积, IPMS 3, BOMA rentable"
    return Column("measure_basis", "choice", meaning, choices=BASES, required=True)


def _sector(meaning: str, *, name: str = "sector", required: bool = True) -> Column:
    return Column(name, "choice", f"{meaning}: section of GB/T 4754-2017", choices=SECTORS, required=required)


CARRIERS = Table(
    "carriers",
    "Building projects (楼宇项目) whose space is let to firms",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("building", "text", "the named building, where it is one", reference="buildings.id"),
        Column("gross_area_m2", "number", "gross floor area, 建筑面积", exclusive_minimum=0, required=True),
        Column("opened", "date", "first day of use", if_absent="not known; taken as open"),
        Column(
            "trade",
            "choice",
            "the one trade that it is kept for (一楼一产业): section of GB/T 4754-2017",
            choices=SECTORS,
            if_absent="the sector that rents most of it",
        ),
        Column("offers", "list", "what every suite of it offers: free words, matched with what firms need"),
        SYNTHETIC,
        *MARKS,
    ),
    if_absent="no occupancy is surveyed and no firm is placed",
)

SUITES = Table(
    "suites",
    "Suites: the parts of a carrier that are let, each to one firm at a time",
    (
        key(),
        Column("carrier", "text", "the carrier", reference="carriers.id", required=True),
        Column(
            "floor", "text", "floor: 12, or B1 for the first below ground", pattern=r"B?[1-9]\d{0,2}", required=True
        ),
        Column("lettable_m2", "number", "area that can be let", exclusive_minimum=0, required=True),
        _basis(),
        Column("available_from", "date", "first day on which it can be used", if_absent="as soon as it is not let"),
        Column("offers", "list", "what it offers beside what its carrier offers"),
        *MARKS,
    ),
    if_absent="no occupancy is surveyed and no firm is placed",
)

LEASES = Table(
    "leases",
    "Leases: who rents which suite, from when to when",
    (
        key(),
        Column("suite", "text", "the suite", reference="suites.id", required=True),
        Column("firm", "text", "number of the firm; the same firm has the same number everywhere", required=True),
        _sector("the firm's main trade"),
        Column("let_m2", "number", "area let", exclusive_minimum=0, required=True),
        _basis(),
        Column("contracted_from", "date", "first day of the contract", required=True),
        Column("contracted_to", "date", "last day of the contract", required=True),
        Column("moved_in", "date", "first day on which the firm worked there", if_absent="has not moved in"),
        Column(
            "moved_out",
            "date",
            "day on which the suite was given back",
            if_absent="still there: after the contract it holds over, until another lease of the suite begins",
        ),
        Column("first_break", "date", "last day, if the next option to leave is used", if_absent="there is no option"),
        Column("rent_yuan_per_m2_month", "number", "rent", minimum=0, if_absent="not known"),
        Column("registered_here", "boolean", "registered in the district", if_absent="not known"),
        Column("tax_yuan_per_year", "number", "tax paid in the last twelve months", minimum=0, if_absent="not known"),
        Column(
            "energy_kwh_per_year", "number", "electricity in the last twelve months", minimum=0, if_absent="not known"
        ),
        *MARKS,
    ),
    if_absent="every suite is empty",
    rules=(
        Rule(
            "must not be before contracted_from",
            pl.col("contracted_to") >= pl.col("contracted_from"),
            "contracted_to",
            "a lease ends after it begins; swap the two, or mend one",
        ),
        Rule(
            "must lie within the contract",
            pl.col("first_break").is_between("contracted_from", "contracted_to"),
            "first_break",
            "mend the date, or leave it empty where there is no option",
        ),
        Rule(
            "must not be after contracted_to",
            pl.col("moved_in") <= pl.col("contracted_to"),
            "moved_in",
            "mend one of the two",
        ),
        Rule(
            "must not be before contracted_from",
            pl.col("moved_out") >= pl.col("contracted_from"),
            "moved_out",
            "mend one of the two",
        ),
        Rule(
            "must not be before moved_in", pl.col("moved_out") >= pl.col("moved_in"), "moved_out", "mend one of the two"
        ),
    ),
)

FIRMS_SEEKING = Table(
    "firms_seeking",
    "Firms that seek space",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        _sector("the firm's main trade"),
        Column("wanted_m2", "number", "area that it would like", exclusive_minimum=0, required=True),
        Column("least_m2", "number", "least area that will do", exclusive_minimum=0, required=True),
        Column("most_m2", "number", "most area that it would take", exclusive_minimum=0, required=True),
        _basis(),
        Column("latest", "date", "last day on which it must be able to begin", required=True),
        Column("needs", "list", "what a suite must offer: free words, matched with offers"),
        Column("may_split", "boolean", "also takes two suites, on one floor or on floors that touch", default=False),
        SYNTHETIC,
        *MARKS,
    ),
    if_absent="nobody is placed",
    rules=(
        Rule(
            "must not be above wanted_m2", pl.col("least_m2") <= pl.col("wanted_m2"), "least_m2", "mend one of the two"
        ),
        Rule("must not be below wanted_m2", pl.col("most_m2") >= pl.col("wanted_m2"), "most_m2", "mend one of the two"),
    ),
)

TABLES = (CARRIERS, SUITES, LEASES, FIRMS_SEEKING)
