"""A simulated port as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qujiang.port.replay import Replay, as_svg
from qujiang.port.result import PortResult
from qujiang.report import answer as answer_words
from qujiang.report import port_rows
from qujiang.report.aside import write_text
from qujiang.report.page import _css, _environment, _joined
from qujiang.words import Both, names_by_id, tell

if TYPE_CHECKING:
    from qujiang.district import District

SECTIONS = ("answer", "stages", "turnaround", "ranking", "capacity", "week", "assumptions", "run")
STATES = {"steady": ("met", "tick"), "overloaded": ("off_track", "cross"), "not_steady": ("off_track", "cross")}


def write_port(
    result: PortResult,
    district: District,
    path: Path | str,
    *,
    shown: Replay | None = None,
    busiest: Mapping[str, Any] | None = None,
    capacity: Mapping[str, Any] | None = None,
) -> Path:
    """Write a simulated year as one HTML file: no script, no other file, no request; whole or not at all.

    Parameters
    ----------
    district
        ``terminals`` is read for the names, ``info`` for the district's and the scenario's.
    shown
        The week of the moving picture; None leaves it out.
    busiest
        The answer at the busiest month's flow, with ``month_factor``.
    capacity
        What ``notions`` says; None leaves the comparison out.
    """
    path = Path(path)
    write_text(path, port_html(result, district, shown=shown, busiest=busiest, capacity=capacity))
    return path


def port_html(
    result: PortResult,
    district: District,
    *,
    shown: Replay | None = None,
    busiest: Mapping[str, Any] | None = None,
    capacity: Mapping[str, Any] | None = None,
) -> str:
    """The page as text."""
    answer = result.as_dict()
    named = port_rows.names(names_by_id(district["terminals"].to_dicts()))
    scenario = _scenario(district)
    return (
        _environment()
        .get_template("port.html.j2")
        .render(
            name=answer_words.name_of(district.info),
            scenario=scenario,
            told_answer=_joined(port_rows.sentences(answer, named, busiest)),
            rows=port_rows.stage_rows(answer, named),
            states=STATES,
            turnaround=port_rows.turnaround_rows(answer, busiest),
            ranking=port_rows.ranking(answer, named),
            notions=None if capacity is None else port_rows.notion_rows(capacity),
            wait_ratio=None if capacity is None else capacity["wait_ratio"],
            week=None if shown is None else _week(shown, named),
            assumptions=[port_rows.assumption(text) for text in result.assumptions],
            run=port_rows.run_rows(result, scenario),
            sections=[
                s
                for s in SECTIONS
                if not (s == "capacity" and capacity is None) and not (s == "week" and shown is None)
            ],
            css=_css(),
            port_css=_port_css(),
        )
    )


def _week(shown: Replay, named: port_rows.Named) -> dict[str, Any]:
    from markupsafe import Markup

    words: dict[str, Any] = {
        "title": tell("port.week.title"),
        "anchor": tell("port.week.anchor"),
        "yard": "",
        "named": named,
    }
    still_h = _busiest_hour(shown)
    return {  # every text in the picture is escaped where it is drawn
        "moving": Markup(as_svg(shown, **words)),
        "still": Markup(as_svg(shown, **words, still_h=still_h)),
        "still_day": int(still_h // port_rows.DAY_H) + 1,
        "still_hour": int(still_h % port_rows.DAY_H),
        "rows": port_rows.week_rows(shown),
        "fill": port_rows.fill_rows(shown, named),
        "berths": len(shown.berths),
    }


def _busiest_hour(shown: Replay) -> float:
    """The full hour with most vessels in port; the still picture stands there."""
    stays = [(since, until) for _, since, until, _ in (*shown.stays, *shown.waits)]
    return max(range(int(shown.hours)), key=lambda hour: sum(a <= hour < b for a, b in stays)) + 0.0


def _scenario(district: District) -> Both:
    scenario = district.scenario
    return tell("scenario.none") if scenario is None else tell("scenario", name=answer_words.name_of(scenario))


def _port_css() -> str:
    return (files("qujiang.report") / "templates" / "port.css").read_text(encoding="utf-8")
