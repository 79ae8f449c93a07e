"""The answer of a plan as one page that needs nothing but itself."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qujiang.plan.result import PlanResult
from qujiang.report import answer, buildings, cards, evidence, flowmap, futures, gantt, limits, projects
from qujiang.report.aside import write_text, written_aside
from qujiang.report.tables import Format, fill
from qujiang.words import Both, Language, tell

if TYPE_CHECKING:
    from jinja2 import Environment

SECTIONS = (
    "answer",
    "landmarks",
    "futures",
    "limits",
    "projects",
    "buildings",
    "map",
    "calibration",
    "assumptions",
    "tensions",
    "run",
)


def write_report(result: PlanResult, district: Any, path: Path | str, *, language: Language = "en") -> Path:
    """Write the answer as one HTML file: no script, no other file, no request.

    Parameters
    ----------
    district
        The district that was tested (with its scenario): ``places``, ``measures``, ``sources`` and ``assumptions()`` are
        read, and ``outlines.geojson`` of its folder where there is one.
    language
        The language in which the page opens; it holds both.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    path = Path(path)
    write_text(path, report_html(result, district, language=language))
    return path


def write_plan(
    result: PlanResult, district: Any, folder: Path | str, *, form: Format = "csv", language: Language = "en"
) -> list[Path]:
    """Write ``report.html``, every table and ``run.json`` into a folder, all of them or none."""
    folder = Path(folder)
    with written_aside(folder) as aside:
        text = report_html(result, district, language=language)
        (aside / "report.html").write_text(text, encoding="utf-8", newline="\n")
        names = fill(result, aside, form)
    return [folder / name for name in ("report.html", *names)]


def report_html(result: PlanResult, district: Any, on: date | None = None, *, language: Language = "en") -> str:
    """The page as text; the projects stand as on the day ``on``, else today."""
    assumed = evidence.assumptions(district)
    template = _environment().get_template("report.html.j2")
    plan = gantt.project_plan(district, on)
    stock = buildings.buildings(district, on)
    shown = {
        "futures": result.futures is not None,
        "projects": result.projects is not None or plan is not None,
        "buildings": stock is not None,
    }
    text = template.render(
        result=result,
        name=answer.name_of(result.district),
        scenario=tell("scenario.none")
        if result.scenario is None
        else tell("scenario", name=answer.name_of(result.scenario)),
        told_answer=_joined(answer.sentences(result, assumed.count)),
        cards=cards.cards(result),
        limits=limits.limits(result),
        map=flowmap.flow_map(result, district),
        facts=evidence.facts(result),
        facts_met=sum(row["met"] is True for row in result.residuals),
        moved=evidence.moved(result),
        modal=evidence.modal(result),
        assumed=assumed,
        tensions=evidence.tensions(result, district),
        figures=evidence.figure_rows(result),
        run=evidence.run_rows(result),
        futures=futures,
        projects=projects,
        plan=plan,
        stock=stock,
        sections=[name for name in SECTIONS if shown.get(name, True)],
        css=_css(),
    )
    return opened_in(text, language)


def opened_in(text: str, language: Language) -> str:
    """A report that opens in a language: it holds both, and the reader can switch."""
    if language == "en":
        return text
    turned = text.replace('<html lang="en">', '<html lang="zh-Hans">', 1)
    turned = turned.replace(' id="language-en" checked ', ' id="language-en" ', 1)
    return turned.replace(' id="language-zh" ', ' id="language-zh" checked ', 1)


def _joined(sentences: list[Both]) -> Both:
    """One paragraph; Chinese sentences stand without a gap."""
    return Both(" ".join(said.en for said in sentences), "".join(said.zh for said in sentences))


@cache
def _environment() -> Environment:
    # jinja2 is needed by the page only, and the command line starts without it
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("qujiang.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = lambda key, **values: spans(tell(key, **values))
    environment.globals["told"] = tell
    environment.filters["both"] = spans
    return environment


@cache
def _css() -> str:
    return (files("qujiang.report") / "templates" / "report.css").read_text(encoding="utf-8")


def spans(text: Both) -> Any:
    """A text in both languages as two spans of which the page shows one; escaped."""
    from markupsafe import Markup, escape

    if text.en == text.zh:
        return escape(text.en)
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-Hans">{}</span>').format(*text)
