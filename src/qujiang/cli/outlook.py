"""``qujiang outlook``: track, foresee, projects, read."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qujiang.cli import as_json
from qujiang.errors import QujiangError, ScenarioError

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.district.observations import Observations
    from qujiang.outlook.foresee import Foresight
    from qujiang.outlook.projects import Standing
    from qujiang.outlook.schedule import Expected, Network
    from qujiang.words import Language

DISTRICT = click.option("--district", metavar="DIR", help="A district's folder; without it, the bundled one.")
SCENARIO = click.option("--scenario", metavar="NAME", help="A scenario of the district.")
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text."
)


@click.group()
def outlook() -> None:
    """Outlook: where indicators go and what the targets ask."""


@outlook.command()
@DISTRICT
@SCENARIO
@click.option(
    "--now", "now_year", type=int, metavar="YEAR", help="Count years left from here; else the district's base year."
)
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="ID=NUMBER",
    help="Value of a measure at its target year, from another room; may be repeated.",
)
@LANGUAGE
@JSON
def track(
    district: str | None,
    scenario: str | None,
    now_year: int | None,
    values: tuple[str, ...],
    language: Language,
    json_wanted: bool,
) -> None:
    """Track: what every target asks, and claims that fail.

    A published growth that differs from the one that the levels give is shown beside it.

    Measures that freight computes are shown as not computed here unless --value gives them; `qujiang plan` computes them.
    """
    from qujiang.district.economy import points_faster
    from qujiang.outlook.claims import check_claims
    from qujiang.outlook.comparisons import check_growth
    from qujiang.outlook.measures import judge_all

    opened, observations = _open(district, scenario)
    year = now_year or opened.info.base_year
    given = _given(values, set(opened["measures"]["id"]))
    states = judge_all(
        opened["measures"], given, observations, now_year=year, area=opened.info.name_zh, faster=points_faster(opened)
    )
    findings = check_claims(opened["indicators"], opened["measures"], observations)
    clashes = [found for found in check_growth(observations) if (found.flag or "").startswith("differs")]
    if json_wanted:
        measures = [_plain(state) | {"light": state.light} for state in states]
        click.echo(
            as_json(
                {
                    "district": opened.info.id,
                    "now_year": year,
                    "measures": measures,
                    "claims": [_plain(f) for f in findings],
                    "growth_clashes": [_plain(found) for found in clashes],
                }
            )
        )
        return
    from qujiang.cli.outlook_text import track_lines

    name = opened.info.name_zh if language == "zh" else opened.info.name_en
    for line in track_lines(name, year, states, findings, clashes, language):
        click.echo(line)


@outlook.command()
@click.argument("indicator")
@click.option(
    "--area", metavar="NAME", help="Area of the observations; else the district, or the only area that has it."
)
@click.option("--until", "until_year", type=int, metavar="YEAR", help="Last year; else two after the last one seen.")
@click.option(
    "--reach",
    "reach",
    type=float,
    multiple=True,
    metavar="X",
    help="Also print the probability of at least X; may be repeated.",
)
@DISTRICT
@SCENARIO
@LANGUAGE
@JSON
def foresee(
    indicator: str,
    area: str | None,
    until_year: int | None,
    reach: tuple[float, ...],
    district: str | None,
    scenario: str | None,
    language: Language,
    json_wanted: bool,
) -> None:
    """Foresee: where one indicator goes, with bands.

    INDICATOR is a name of the observations, such as retail_sales; a beginning that fits one name only will do.
    """
    from qujiang.outlook.foresee import foresee as find

    opened, observations = _open(district, scenario)
    named = _match(indicator, sorted({row.indicator for row in observations.rows}), "indicator")
    areas = observations.areas_of(named)
    where = _match(area, list(areas), f"area of {named}") if area else _usual_area(opened, named, areas)
    found = find(observations, where, named, until_year=until_year)
    chances = {str(x): found.probability_at_least(x) for x in reach}
    if json_wanted:
        click.echo(as_json({"district": opened.info.id} | _foresight(found) | {"probability_at_least": chances}))
        return
    from qujiang.cli.outlook_text import foresee_lines

    for line in foresee_lines(found, reach, language):
        click.echo(line)


def _foresight(found: Foresight) -> dict[str, Any]:
    forecast = found.forecast
    steps = [
        {"period": str(span), "median": forecast.median[n], "low": _at(forecast.low, n), "high": _at(forecast.high, n)}
        for n, span in enumerate(found.ahead)
    ]
    return _plain(
        {
            "area": found.area,
            "indicator": found.indicator,
            "unit": found.unit,
            "step": found.step,
            "points": forecast.points_count,
            "status": found.status,
            "rests_on": found.rests_on,
            "rests_on_zh": found.rests_on_zh,
            "years": found.years,
            "steps": steps,
            "members": {name: list(values) for name, values in forecast.members.items()},
            "guarded": forecast.guarded,
            "backtest": forecast.backtest,
        }
    )


def _at(bands: dict[float, Any], n: int) -> dict[float, float]:
    return {level: float(values[n]) for level, values in bands.items()}


@outlook.command()
@DISTRICT
@SCENARIO
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to ask for; else today.")
@click.option(
    "--gantt", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the chart as SVG here."
)
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of names and chart."
)
@JSON
def projects(
    district: str | None,
    scenario: str | None,
    day: datetime | None,
    gantt: Path | None,
    language: str,
    json_wanted: bool,
) -> None:
    """Projects: lights, dates, money, critical path.

    Of each project: its light on the day, SPI(t) where progress is reported, and when it will be finished. With dependencies (column after)
    also the critical path and the slack of every project in it.
    """
    from qujiang.outlook.projects import read_projects, stand
    from qujiang.outlook.schedule import expect_finishes, find_critical_path

    opened, _ = _open(district, scenario)
    on = day.date() if day else date.today()
    every = read_projects(opened["projects"])
    standings = [stand(project, on) for project in every]
    expected, network = expect_finishes(every, on), find_critical_path(every)
    path = network.path if network else None
    if gantt is not None:
        _write_gantt(standings, on, gantt, language, expected, path.critical if path else ())
    if json_wanted:
        rows = [_plain(standing) | {"expected": _plain(expected[standing.project.id])} for standing in standings]
        undated = list(network.undated) if network else []
        click.echo(
            as_json(
                {
                    "district": opened.info.id,
                    "on": str(on),
                    "projects": rows,
                    "critical_path": None if path is None else _plain(path),
                    "critical_path_undated": undated,
                }
            )
        )
        return
    zh = language == "zh"
    rows = [_project_line(standing, expected[standing.project.id], language) for standing in standings]
    click.echo(f"{opened.info.name_zh}：{on} 的重点项目\n" if zh else f"{opened.info.name_en}: projects on {on}\n")
    _table(PROJECTS_HEAD[language], rows, right=(4, 5))
    click.echo("")
    for line in _path_lines(network, language):
        click.echo(line)


PROJECTS_HEAD = {
    "en": ("light", "project", "started", "opened or due", "yuan", "SPI(t)", "finish expected", "why"),
    "zh": ("灯", "项目", "开工", "完成或计划完成", "元", "SPI(t)", "预计完成", "说明"),
}
LIGHTS_ZH = {"green": "绿", "yellow": "黄", "red": "红", "grey": "灰"}


def _project_line(standing: Standing, expected: Expected, language: str) -> tuple[str, ...]:
    project, zh = standing.project, language == "zh"
    start = project.started or project.planned_start
    late = expected.late_days or 0
    when = "?" if expected.finish is None else str(expected.finish)
    if late:
        when += f" ({late:+d} 天)" if zh else f" ({late:+d} days)"
    reason, because = (standing.reason_zh, expected.reason_zh) if zh else (standing.reason, expected.reason)
    sep = "；" if zh else "; "
    return (
        LIGHTS_ZH[standing.light] if zh else standing.light,
        f"{project.id} {project.name_zh if zh else project.name_en}",
        str(start or "?"),
        str(project.due or "?"),
        _yuan(project.cost_yuan, language),
        "" if standing.schedule_ratio is None else f"{standing.schedule_ratio:.2f}",
        "" if standing.reason == "finished" else when,
        reason if because in (reason, "") else f"{reason}{sep}{because}",
    )


def _yuan(value: float | None, language: str) -> str:
    from qujiang.words.numbers import quantity

    if value is None:
        return "?"
    return quantity(value, "yuan", "zh") if language == "zh" else f"{value:,.0f}"


def _path_lines(network: Network | None, language: str) -> list[str]:
    """The critical path and the slack of what is beside it, or why there is none."""
    zh = language == "zh"
    if network is None:
        return ["没有已知的先后关系" if zh else "no dependency among projects is known"]
    if network.path is None:
        names = ", ".join(network.undated)
        return [f"关键路径无法计算：{names} 没有工期" if zh else f"no critical path: the days of {names} are not known"]
    path = network.path
    head = f"关键路径 {path.length_days:.0f} 天：" if zh else f"critical path, {path.length_days:.0f} days: "
    lines = [head + " -> ".join(path.chain)]
    for name, slack in path.slack_days.items():
        if name not in path.critical:
            free = path.free_days[name]
            lines.append(
                f"  {name}：总时差 {slack:.0f} 天，自由时差 {free:.0f} 天"
                if zh
                else f"  {name}: {slack:.0f} days of slack, {free:.0f} of them free"
            )
    return lines


def _write_gantt(
    standings: list[Standing],
    on: date,
    file: Path,
    language: str,
    expected: dict[str, Expected],
    critical: tuple[str, ...],
) -> None:
    from qujiang.outlook.gantt import draw_gantt

    aside = file.with_name(f".{file.name}.part")
    try:
        svg = draw_gantt(
            standings, on, language="zh" if language == "zh" else "en", expected=expected, critical=critical
        )
        aside.write_text(svg, encoding="utf-8")
        aside.replace(file)
    except OSError as error:
        raise QujiangError(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        aside.unlink(missing_ok=True)


@outlook.command("read")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--area", default="", metavar="NAME", help="The area, where the table has no column for it.")
@click.option("--source", default="", metavar="ID", help="Source to write beside each figure; else the file's name.")
@click.option("--sheet", metavar="NAME", help="Sheet of an Excel file; else the first.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the observations here, as .csv or .xlsx.",
)
@LANGUAGE
@JSON
def read(
    file: Path,
    area: str,
    source: str,
    sheet: str | None,
    out: Path | None,
    language: Language,
    json_wanted: bool,
) -> None:
    """Read a yearbook's table (Excel or CSV).

    Each figure becomes one observation in plain units; a growth printed beside it is kept, and recomputed where it can be."""
    from qujiang.district.observations import read as check
    from qujiang.outlook.comparisons import check_growth
    from qujiang.outlook.sheets import write_table
    from qujiang.outlook.yearbook import read_table

    reading = read_table(file, area=area, source=source, sheet=sheet)
    frame, checked = reading.frame, check(reading.frame, file=file.name)
    if out is not None:
        write_table(frame, out)
    if json_wanted:
        missing = [dataclasses.asdict(cell) | {"span": str(cell.span)} for cell in reading.missing]
        click.echo(as_json({"observations": frame.to_dicts(), "missing": missing}))
        return
    from qujiang.cli.outlook_text import read_lines

    for line in read_lines(checked.rows, check_growth(checked), reading.missing, file.name, language):
        click.echo(line)
    if out is not None:
        click.echo(f"已写入：{out}" if language == "zh" else f"written: {out}")


@outlook.command()
@click.argument("indicator", required=False)
@click.option("--area", metavar="NAME", help="Only this area.")
@click.option(
    "--releases",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Figures with their day of release (column vintage, .csv or .xlsx); else the district's observations.",
)
@DISTRICT
@LANGUAGE
@JSON
def vintages(
    indicator: str | None,
    area: str | None,
    releases: Path | None,
    district: str | None,
    language: Language,
    json_wanted: bool,
) -> None:
    """Vintages: published growth beside the recomputed one.

    Each published growth is kept, the recomputed one stands beside it, and a gap beyond rounding is flagged. With --releases also by the
    base known on the day of release, and every figure that was revised. INDICATOR names one series; else all.
    """
    from qujiang.cli.vintages_text import vintages_json, vintages_lines
    from qujiang.outlook.comparisons import check_growth
    from qujiang.outlook.releases import check_released_growth, read_releases
    from qujiang.outlook.vintages import revisions

    frame = None if releases is None else read_releases(releases)
    observed = _open(district, None)[1] if frame is None else None
    known = [(row.indicator, row.area) for row in observed.rows] if observed else []
    known += [] if frame is None else list(frame.select("indicator", "area").iter_rows())
    named = _match(indicator, sorted({name for name, _ in known}), "indicator") if indicator else None
    areas = list(dict.fromkeys(where for name, where in known if named in (None, name)))
    where = _match(area, areas, f"area of {named}" if named else "area") if area else None

    def wanted(row: Any) -> bool:
        return named in (None, row.indicator) and where in (None, row.area)

    growths: list[Any] = [(None, check, check) for check in check_growth(observed)] if observed else []
    if frame is not None and releases is not None:
        growths += [(each.vintage, each.then, each.now) for each in check_released_growth(frame, file=releases.name)]
    growths = [each for each in growths if wanted(each[2].observation)]
    changed = [] if frame is None else [each for each in revisions(frame) if wanted(each)]
    if json_wanted:
        click.echo(as_json(_plain(vintages_json(growths, changed))))
        return
    for line in vintages_lines(growths, changed, language, released=frame is not None):
        click.echo(line)


def _open(path: str | None, scenario: str | None) -> tuple[District, Observations]:
    from qujiang.district import District
    from qujiang.district.observations import read as read_observations

    opened = District.open(path)
    if scenario is not None:
        opened = opened.with_scenario(scenario)
    return opened, read_observations(opened["observations"])


def _given(values: tuple[str, ...], known: set[str]) -> dict[str, float]:
    given: dict[str, float] = {}
    for text in values:
        name, _, number = text.partition("=")
        try:
            given[name] = float(number)
        except ValueError as error:
            raise click.UsageError(f"--value {text}: write ID=NUMBER") from error
        if name not in known or not math.isfinite(given[name]):
            raise ScenarioError(
                f"--value {text}: {'not a finite number' if name in known else f'there is no measure {name}'}"
            )
    return given


def _match(text: str, names: list[str], what: str) -> str:
    """Exactly, then without 省/市/县/区, then by a beginning that fits one name only."""
    if text in names:
        return text
    found = [name for name in names if name.rstrip("省市县区") == text.rstrip("省市县区")] or [
        name for name in names if name.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    raise ScenarioError(
        f"{what} '{text}': {'it could be' if found else 'there is none; known are'} {', '.join(found or names)}"
    )


def _usual_area(opened: District, indicator: str, areas: tuple[str, ...]) -> str:
    for name in (opened.info.name_zh, opened.info.port_area):
        if name in areas:
            return name
    if len(areas) == 1:
        return areas[0]
    raise ScenarioError(f"{indicator} has several areas; choose one with --area: {', '.join(areas)}")


def _table(heading: tuple[str, ...], rows: list[tuple[str, ...]], *, right: tuple[int, ...]) -> None:
    from qujiang.cli.outlook_text import table

    for line in table(heading, rows, right=right):
        click.echo(line)


def _plain(value: Any) -> Any:
    """A record as JSON-ready parts: periods and days as text, numbers that are not finite as null."""
    from qujiang.methods.periods import Span

    if isinstance(value, Span | date):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
