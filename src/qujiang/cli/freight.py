"""``qujiang freight``: assign; further verbs are named in VERBS and imported only when one is called."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qujiang.cli import as_json
from qujiang.errors import ScenarioError

if TYPE_CHECKING:
    from qujiang.freight.road_network import RoadAssignment, RoadDemand, RoadNetwork

#: name -> (module, attribute, one line of help), for verbs that live in modules of their own.
VERBS: dict[str, tuple[str, str, str]] = {
    "quote": (
        "qujiang.cli.freight_quote",
        "quote",
        "Quote a consignment: the chains that nobody beats in cost, hours and CO2 at once.",
    ),
    "flows": (
        "qujiang.cli.freight_flows",
        "flows",
        "Send all cargoes of the district: flows, waits, prices and who uses what.",
    ),
}


class Verbs(click.Group):
    """A group whose further verbs are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in VERBS:
            module, attribute, _ = VERBS[cmd_name]
            return getattr(importlib.import_module(module), attribute)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(name, line) for name, (_, _, line) in VERBS.items()]
        lines += [(name, command.get_short_help_str(90)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


@click.group(cls=Verbs)
def freight() -> None:
    """Freight: how cargo goes, what it costs, where it binds."""


_FOLDER = click.Path(path_type=Path)


@freight.command()
@click.option("--tntp", type=_FOLDER, nargs=2, metavar="NET TRIPS", help="A road network and its trips in TNTP form.")
@click.option(
    "--gmns", type=_FOLDER, metavar="DIR", help="A road network and its demand in GMNS form: a folder of CSV files."
)
@click.option(
    "--nodes", type=_FOLDER, metavar="FILE", help="Coordinates of a TNTP network (node X Y), for GMNS and GeoJSON."
)
@click.option(
    "--gap", type=click.FloatRange(min=0, min_open=True), default=1e-6, show_default=True, help="Relative gap to reach."
)
@click.option("--pass-limit", type=click.IntRange(min=1), default=500, show_default=True, help="Passes at most.")
@click.option("--system-optimum", is_flag=True, help="Least total cost, instead of user equilibrium.")
@click.option(
    "--toll-factor", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Time per unit of toll."
)
@click.option(
    "--distance-factor", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Time per unit of length."
)
@click.option("--closed-zones", is_flag=True, help="GMNS: a node with a zone_id is not driven through.")
@click.option("--length-unit", help="GMNS: unit of length, where config.csv does not say it (km, m, mile, foot).")
@click.option("--speed-unit", help="GMNS: unit of speed, where config.csv does not say it (kph, mph, m/s).")
@click.option("--out", type=_FOLDER, metavar="DIR", help="Write flows.csv, passes.csv and summary.json there.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def assign(
    tntp: tuple[Path, Path] | None,
    gmns: Path | None,
    nodes: Path | None,
    gap: float,
    pass_limit: int,
    system_optimum: bool,
    toll_factor: float,
    distance_factor: float,
    closed_zones: bool,
    length_unit: str | None,
    speed_unit: str | None,
    out: Path | None,
    json_wanted: bool,
) -> None:
    """Assign: send all trips of a road network to equilibrium, with the proof."""
    if (tntp is None) == (gmns is None):
        raise click.UsageError("give either --tntp NET TRIPS or --gmns DIR")
    from qujiang.freight.road_network import assign_roads

    if tntp is not None:
        from qujiang.freight.tntp import read_tntp

        network, demand = read_tntp(*tntp, nodes)
    else:
        from qujiang.freight.gmns import read_gmns

        assert gmns is not None
        network, demand = read_gmns(gmns, closed_zones=closed_zones, length_unit=length_unit, speed_unit=speed_unit)
    result = assign_roads(
        network, demand, gap=gap, system_optimum=system_optimum, toll_factor=toll_factor,
        distance_factor=distance_factor, pass_limit=pass_limit,
    )  # fmt: skip
    if out is not None:
        _write(out, result, network, demand)
    summary = result.summary()
    if json_wanted:
        click.echo(as_json(summary))
        return
    for name, value in summary.items():
        shown = (
            f"{value:.12g}" if isinstance(value, float) else "; ".join(value) if isinstance(value, list) else str(value)
        )
        click.echo(f"{name:<24}{shown}")


def _write(out: Path, result: RoadAssignment, network: RoadNetwork, demand: RoadDemand) -> None:
    """Flows, passes and summary; GMNS with the flows, and GeoJSON, where the coordinates allow them."""
    from qujiang.freight.gmns import gmns_tables, link_geojson, write_tables

    answer = result.answer
    ends = [(network.node_ids[t], network.node_ids[h]) for t, h in zip(network.tail, network.head, strict=True)]
    rows = zip(network.link_ids, ends, answer.flow.tolist(), answer.cost.tolist(), strict=True)
    write_tables(
        out,
        {
            "flows.csv": [
                ("link", "from", "to", "flow", "time"),
                *((name, *pair, flow, cost) for name, pair, flow, cost in rows),
            ],
            "passes.csv": [
                ("pass", "relative_gap", "objective", "lower_bound", "sweeps", "links_added"),
                *(
                    (p.number, p.relative_gap, p.objective, p.lower_bound, p.sweeps, p.links_added)
                    for p in answer.passes
                ),
            ],
        },
    )
    _write_text(out / "summary.json", as_json(result.summary()))
    try:
        write_tables(out / "gmns", {**gmns_tables(network, demand, answer.flow)})
        _write_text(out / "links.geojson", link_geojson(network, {"flow": answer.flow, "time": answer.cost}))
    except ScenarioError as reason:
        click.echo(f"qujiang: not written: {reason}", err=True)


def _write_text(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
