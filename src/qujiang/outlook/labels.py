"""How Chinese statistical tables write periods, units, numbers and growth: text in, values out.

Years stand as ``2024年``, year-to-date as ``1-8月``, ``上半年``, ``前三季度``; units carry a multiplier (``亿元``, ``万吨``); a missing figure is a
dash or dots. What cannot be read raises ``ValueError`` with the rule.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from qujiang.methods import periods
from qujiang.methods.periods import Span

_MULTIPLIERS = {"千万": 10**7, "百万": 10**6, "亿": 10**8, "万": 10**4, "千": 10**3}
_UNITS = {
    "元": "yuan", "美元": "usd", "吨": "t", "吨公里": "t_km", "人": "persons", "人次": "person_visits", "标箱": "teu", "标准箱": "teu", "TEU": "teu",
    "平方米": "m2", "平方公里": "km2", "公里": "km", "千米": "km", "%": "percent", "％": "percent", "个百分点": "percent_points",
    "元/吨": "yuan_per_t", "元/平方米": "yuan_per_m2", "家": "companies", "部": "dramas", "场": "events", "艘": "vessels", "个": "count",
}  # fmt: skip
#: Labels of yearbooks that have a name in the district's vocabulary.
NAMES = {
    "社会消费品零售总额": "retail_sales", "地区生产总值": "gdp", "生产总值": "gdp", "第一产业增加值": "va_primary", "第二产业增加值": "va_secondary",
    "第三产业增加值": "va_tertiary", "服务业增加值": "va_tertiary", "进出口总额": "foreign_trade", "外贸进出口总额": "foreign_trade",
    "一般公共预算收入": "budget_revenue", "一般公共预算支出": "budget_expenditure", "港口货物吞吐量": "throughput", "货物吞吐量": "throughput",
    "港口吞吐量": "throughput", "集装箱吞吐量": "containers",
}  # fmt: skip
MISSING = frozenset(
    {"", "-", "--", "—", "——", "–", "…", "……", "...", "…...", "*", "#", "/", "/A", "n/a", "N/A", "无", "缺"}
)
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_YEAR = re.compile(r"((?:19|20)\d{2})(?:\.0)?年?")
_IN_YEAR = re.compile(r"((?:19|20)\d{2})\s*[年\-./]?\s*(.*)")
_RANGE = re.compile(r"(\d{1,2})月?\s*[-–—~～至]\s*(\d{1,2})月(?:份)?(?:累计)?")
_MONTH = re.compile(r"0?(\d{1,2})(?:月(?:份)?)?")
_QUARTER = re.compile(r"(?:第?([一二三四1-4])季度|[Qq]([1-4]))")


def read_period(text: str, *, year: int | None = None, cumulative: bool = False) -> tuple[str, Span] | None:
    """Read one period as (basis, span); None where the text is no period.

    Parameters
    ----------
    text
        As printed: ``2024年``, ``2024年1-8月``, ``1-2月``, ``上半年``, ``2024Q3``, ``2024-05``.
    year
        The year that a heading above gives, for texts without one.
    cumulative
        Whether the table says that a single month stands for the year up to it (累计).

    Examples
    --------
    >>> basis, span = read_period("2025年1-8月")
    >>> basis, str(span)
    ('ytd', '2025-01..2025-08')
    >>> read_period("上半年") is None
    True
    """
    text = re.sub(r"\s+", "", text)
    if _YEAR.fullmatch(text):
        return "year", periods.months(int(text[:4]), 1, 12)
    found = _IN_YEAR.fullmatch(text)
    if found:
        year, text = int(found[1]), found[2]
    elif text.isdigit():
        return None  # a bare number under a year is a figure, not a month
    months = None if year is None or not text else _months(text)
    if months is None or year is None or not 1 <= months[0] <= months[1] <= 12:
        return None
    first, last = (1, months[1]) if cumulative else months
    span = periods.months(year, first, last)
    if span.kind == "year":
        return "year", span
    if first == 1 and (last > 1 or cumulative) and not _QUARTER.fullmatch(text):
        return "ytd", span
    return (span.kind if span.kind in ("month", "quarter") else "other"), span


def _months(text: str) -> tuple[int, int] | None:
    words = {"上半年": (1, 6), "前三季度": (1, 9), "全年": (1, 12), "下半年": (7, 12), "前三季": (1, 9)}
    if text in words:
        return words[text]
    if found := _RANGE.fullmatch(text):
        return int(found[1]), int(found[2])
    if found := _QUARTER.fullmatch(text):
        number = _QUARTERS[found[1] or found[2]]
        return 3 * number - 2, 3 * number
    if found := _MONTH.fullmatch(text):
        return int(found[1]), int(found[1])
    return None


def read_unit(text: str) -> tuple[int, str]:
    """Multiplier and plain unit of a printed unit.

    >>> read_unit("亿元"), read_unit("万人次"), read_unit("%")
    ((100000000, 'yuan'), (10000, 'person_visits'), (1, 'percent'))
    """
    text = re.sub(r"\s+", "", text)
    for name in (text, text.upper()):
        if name in _UNITS:
            return 1, _UNITS[name]
        for prefix, factor in _MULTIPLIERS.items():
            if name.startswith(prefix) and name.removeprefix(prefix) in _UNITS:
                return factor, _UNITS[name.removeprefix(prefix)]
    raise ValueError(f"unit '{text}' is not known: write 亿元, 万元, 万吨, 万人次, %, …")


def read_number(text: str) -> Decimal | None:
    """A printed number, exact; None where the cell says that the figure is missing.

    >>> read_number("1,234.50"), read_number("…")
    (Decimal('1234.50'), None)
    """
    text = text.strip().replace(" ", "").replace("\u00a0", "")
    if text in MISSING:
        return None
    try:
        number = Decimal(text.replace(",", "").replace("，", "").rstrip("%％"))
    except InvalidOperation as error:
        raise ValueError(f"'{text}' is not a number") from error
    if not number.is_finite() or number.adjusted() > 30:
        raise ValueError(f"'{text}' is not a number that a table could hold")
    return number


def split_unit(label: str) -> tuple[str, str | None]:
    """A label without its unit, and the unit in brackets behind it.

    >>> split_unit("社会消费品零售总额（亿元）")
    ('社会消费品零售总额', '亿元')
    """
    found = re.fullmatch(r"(.*?)\s*[（(]([^（()）]*)[)）]\s*", label.strip())
    if found is None:
        return label.strip(), None
    try:
        read_unit(found[2])
    except ValueError:
        return label.strip(), None
    return found[1].strip(), found[2]


def is_growth(label: str) -> bool:
    """Whether a row or column holds growth on the year before.

    >>> is_growth("同比增长(%)"), is_growth("零售总额")
    (True, False)
    """
    name = re.sub(r"\s+", "", label)
    return bool(re.search(r"增长|增速|增幅|同比|±%|比上年", name)) and not re.search(r"亿元|万元|吨", name)
