"""``qujiang freight flows``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qujiang.cli import as_json

if TYPE_CHECKING:
    from qujiang.freight.district_flows import DistrictFlows


def _capacities(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in values:
        name, sign, tonnes = text.rpartition("=")
        try:
            found[name] = float(tonnes)
        except ValueError:
            sign = ""
        if not sign or not name:
            raise click.BadParameter(f"{text}: write ID=T_PER_YEAR, for example qj_port=6000000")
    return found


@click.command()
@click.option("--district", metavar="DIR", help="A district's folder or name; the bundled one without it.")
@click.option("--scenario", metavar="NAME", help="A scenario of the district.")
@click.option("--year", type=int, metavar="Y", help="Year of the demand; the base year without it.")
@click.option(
    "--kind",
    type=click.Choice(["stochastic", "deterministic", "optimum"]),
    default="stochastic",
    show_default=True,
    help="Shippers differ; nobody gains by changing; least cost of all.",
)
@click.option("--select", "selected", metavar="RESOURCE", help="Show who uses a lock, link, place or terminal.")
@click.option("--compare", "compared", metavar="SCENARIO", help="Compare with another scenario: who gains, who loses.")
@click.option(
    "--capacity", "capacity", multiple=True, callback=_capacities, metavar="ID=T_PER_YEAR",
    help="A hard capacity of a place, terminal, lock or link; may be repeated.",
)  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write tables, GeoJSON and summary.json there.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def flows(
    district: str | None,
    scenario: str | None,
    year: int | None,
    kind: str,
    selected: str | None,
    compared: str | None,
    capacity: dict[str, float],
    out: Path | None,
    json_wanted: bool,
) -> None:
    """Send all cargoes of the district: flows, waits, prices and who uses what."""
    from qujiang.district import District
    from qujiang.freight.compare import compare
    from qujiang.freight.congestion import resource_name
    from qujiang.freight.district_flows import base_year, district_flows
    from qujiang.freight.flows_answer import compare_answer, compare_lines, lines, select_answer, select_lines, summary
    from qujiang.freight.select_link import select_link

    base = base_year(District.open(district))
    options: dict[str, Any] = {"year": year, "kind": kind, "capacity_t_per_year": capacity}
    found = district_flows(base, scenario, **options)
    told, shown, extra = summary(found, base), [], {}
    if selected is not None:
        name = resource_name(found.answer.problem, found.district, selected)
        link = select_link(found.answer.flows, name)
        told["select"] = select_answer(link)
        shown += select_lines(told["select"])
        extra |= {"select_by_cargo": link.by_cargo, "select_by_pair": link.by_pair}
    if compared is not None:
        other = district_flows(base, compared, **options)
        change = compare(found.answer.flows, other.answer.flows)
        told["compare"] = {"scenario": compared, **compare_answer(change)}
        shown += compare_lines(told["compare"], compared)
        extra["compare"] = change.pairs
    if out is not None:
        _write(out, told, found, extra)
    click.echo(as_json(told) if json_wanted else "\n".join([*lines(told, found.answer.congestion), *shown]))


def _write(out: Path, told: dict[str, Any], found: DistrictFlows, extra: dict[str, Any]) -> None:
    """Every file is written aside and renamed."""
    from qujiang.freight.flows_answer import flow_geojson, tables

    out.mkdir(parents=True, exist_ok=True)
    text, absent = flow_geojson(found.answer.flows, found.district["places"])
    _place(out / "flows.geojson", text)
    if absent:
        click.echo(f"qujiang: without coordinates, so without a line in flows.geojson: {', '.join(absent)}", err=True)
    for name, frame in tables(found.answer, extra).items():
        _place(out / f"{name}.csv", frame.write_csv())
    _place(out / "summary.json", as_json(told))


def _place(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
