"""Text and JSON of ``qujiang outlook vintages``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from qujiang.cli.outlook_text import table
from qujiang.outlook.comparisons import GrowthCheck
from qujiang.outlook.vintages import Revision
from qujiang.words import Language, known, quantity, say

#: Day of release (None where not known), by the base known on that day, by the base known last.
Growths = Sequence[tuple[date | None, GrowthCheck, GrowthCheck]]
HEAD = {
    "en": ("released", "series", "period", "published", "by the base then", "by the last base", "gap", "flag"),
    "zh": ("发布日", "序列", "时期", "公布增速", "按当时基数", "按最新基数", "差", "说明"),
}


def vintages_lines(
    growths: Growths, changed: Sequence[Revision], language: Language, *, released: bool
) -> Iterator[str]:
    """A line for each published growth, then the figures that were revised."""
    zh = language == "zh"
    yield say("vintages.head", language)
    yield ""
    rows = [_row(day, then, now, language) for day, then, now in growths]
    if rows:
        cut = 0 if released else 1  # without releases no day is known
        yield from table(
            HEAD[language][cut:], [row[cut:] for row in rows], right=tuple(at - cut for at in (3, 4, 5, 6))
        )
    else:
        yield say("vintages.no_growth", language)
    yield ""
    if not released:
        yield say("vintages.no_releases", language)
        return
    yield say("vintages.revised" if changed else "vintages.none_revised", language)
    for each in changed:
        percent = each.change_percent
        yield "  " + say(
            "vintages.revision",
            language,
            area=each.area,
            name=known("series", each.indicator).zh if zh else each.indicator,
            period=each.period,
            first=f"{each.first_value:,.12g}" if not zh else quantity(each.first_value, "count", "zh", exact=True),
            last=f"{each.last_value:,.12g}" if not zh else quantity(each.last_value, "count", "zh", exact=True),
            first_day=each.first_vintage,
            last_day=each.last_vintage,
            change="?" if percent is None else f"{percent:+.2f}",
        )


def _row(day: date | None, then: GrowthCheck, now: GrowthCheck, language: Language) -> tuple[str, ...]:
    row = now.observation
    name = known("series", row.indicator).zh if language == "zh" else row.indicator
    gap = now.difference_percent
    flag = then.flag if _differs(then) else now.flag
    told = next((check for check in (then, now) if check.flag == flag), now)
    return (
        str(day or ""),
        f"{row.area} {name}",
        str(row.span),
        f"{row.published_growth_percent:g} %",
        _percent(then.computed_percent),
        _percent(now.computed_percent),
        "" if gap is None else f"{gap:+.2f}",
        ((told.flag_zh if language == "zh" else flag) or "") if flag else say("vintages.agrees", language),
    )


def vintages_json(growths: Growths, changed: Sequence[Revision]) -> dict[str, Any]:
    """The same as JSON parts; every check with both computed growths."""
    return {
        "growths": [
            {
                "vintage": None if day is None else str(day),
                "observation": now.observation,
                "published_growth_percent": now.observation.published_growth_percent,
                "computed_then_percent": then.computed_percent,
                "computed_percent": now.computed_percent,
                "difference_percent": now.difference_percent,
                "implied_base_value": now.implied_base_value,
                "flag_then": then.flag,
                "flag": now.flag,
                "differs": _differs(then) or _differs(now),
            }
            for day, then, now in growths
        ],
        "revisions": [
            {name: getattr(each, name) for name in each.__slots__} | {"change_percent": each.change_percent}
            for each in changed
        ],
    }


def _differs(check: GrowthCheck) -> bool:
    return (check.flag or "").startswith("differs")


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f} %"
