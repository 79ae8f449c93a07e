"""Sources of the rows, and ranges of the numbers that have none in their own row."""

from __future__ import annotations

from qujiang.district.marks import NOTE, SOURCE, STATUS, key
from qujiang.tables import Column, Table

SOURCES = Table(
    "sources",
    "What the rows rest on: publications, and the two ways of having none (assumed, derived)",
    (
        key("id by which rows name the source"),
        Column("title", "text", "title, publisher, date", required=True),
        Column("title_zh", "text", "the same in Chinese", if_absent="title is shown"),
        Column("title_en", "text", "the same in English", if_absent="title is shown"),
        Column("address", "text", "where it can be read; empty when only a copy of the text was read"),
        Column(
            "confidence",
            "choice",
            "H official body or named news outlet; M secondary page or copy; L old or contradicted; D derived; A assumed",
            choices=("H", "M", "L", "D", "A"),
            required=True,
        ),
    ),
    required=True,
)

RANGES = Table(
    "ranges",
    "Low and high ends, as factors or additions, for numbers without range columns in their own table",
    (
        key(),
        Column("table", "text", "table of the number", required=True),
        Column("column", "text", "column of the number", required=True),
        Column(
            "rows",
            "text",
            "rows it holds for: `all`, or terms separated by ;, each a row's key or column=value; a row that meets one of them is meant",
            required=True,
        ),
        Column("low_factor", "number", "low end = value x this", minimum=0),
        Column("high_factor", "number", "high end = value x this", minimum=0),
        Column("low_add_value", "number", "low end = value + this, in the column's own unit"),
        Column("high_add_value", "number", "high end = value + this, in the column's own unit"),
        NOTE,
        STATUS,
        SOURCE,
    ),
    if_absent="assumed numbers must have low and high columns of their own",
)

TABLES = (SOURCES, RANGES)
