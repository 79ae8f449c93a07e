"""Headings of monthly bulletins: the period stands in the title, the columns say only 本月, 累计, 1-8月 or 绝对值.

``2025年1-8月主要经济指标`` above ``指标名称, 计量单位, 绝对值, 同比增长(%)`` is such a heading.
"""

from __future__ import annotations

import re

from qujiang.methods import periods
from qujiang.methods.periods import Span
from qujiang.outlook import labels

_PERIOD = re.compile(
    r"((?:19|20)\d{2})\s*年\s*(\d{1,2}\s*月?\s*[-–—~～至]\s*\d{1,2}\s*月(?:份)?|\d{1,2}\s*月(?:份)?|上半年|下半年|前三季度|全年|第?[一二三四]季度)?"
)
_MONTH = frozenset({"本月", "当月", "本月实绩", "本月数", "本月完成", "当月值", "当月数"})
_TO_DATE = frozenset(
    {"累计", "本年累计", "本月止累计", "本月累计", "年初累计", "自年初累计", "1-本月", "1-本月累计", "年初至今", "累计值", "累计数", "累计完成"}
)  # fmt: skip
_LEVEL = frozenset(
    {
        "绝对值",
        "绝对量",
        "绝对数",
        "总量",
        "数值",
        "实绩",
        "完成",
        "完成数",
        "指标值",
        "金额",
        "本期",
        "数额",
        "实际完成",
    }
)

Period = tuple[str, Span]


def title_period(cells: list[str]) -> Period | None:
    """The one period that the lines above a heading name, as (basis, span); None where they name none, or two.

    >>> basis, span = title_period(["衢江区2025年1-8月主要经济指标"])
    >>> basis, str(span)
    ('ytd', '2025-01..2025-08')
    """
    found = {
        read
        for cell in cells
        for hit in _PERIOD.finditer(cell)
        if (read := labels.read_period(f"{hit[1]}年{hit[2] or ''}")) is not None
    }
    return found.pop() if len(found) == 1 else None


def column_period(label: str, title: Period) -> Period | None:
    """The period of a column under a title; None where the label names none.

    A year-to-date column (累计) ends with the last month of the title, a column of the month (本月) is that month, and a column
    of levels (绝对值) has the title's own period.

    Raises
    ------
    ValueError
        The title names a single month and the label does not say whether it is the month or the year so far.

    Examples
    --------
    >>> title = title_period(["2025年8月主要经济指标"])
    >>> [str(column_period(label, title)[1]) for label in ("本月", "累计", "1-7月")]
    ['2025-08', '2025-01..2025-08', '2025-01..2025-07']
    """
    text = re.sub(r"\s+", "", label)
    basis, span = title
    last = span.end.month
    if text in _MONTH:
        return "month", periods.month(span.end.year, last)
    if text in _TO_DATE:
        months = periods.months(span.end.year, 1, last)
        return ("year" if last == 12 else "ytd"), months
    if text in _LEVEL:
        if basis == "month":
            raise ValueError(f"'{text}' under {span} may be the month or the year so far: head the column 本月 or 累计")
        return title
    return labels.read_period(text, year=span.end.year)
