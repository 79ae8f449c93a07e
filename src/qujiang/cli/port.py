"""``qujiang port``: queue, simulate, size, capacity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from qujiang.cli import as_json
from qujiang.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from qujiang.district import District
    from qujiang.port.problem import PortProblem


@click.group()
def port() -> None:
    """Port: how long ships wait and what the port can carry."""


@port.command()
@click.option(
    "--arrival",
    type=click.Choice(["M", "D", "E2"]),
    default="M",
    show_default=True,
    help="Gaps: exponential, constant, Erlang-2.",
)
@click.option(
    "--service", type=click.Choice(["M", "D", "E2"]), default="E2", show_default=True, help="Service times, likewise."
)
@click.option("--servers", type=int, help="Berths (or lanes, chambers) before one queue.")
@click.option("--utilisation", type=float, help="Arrivals per service time and server, below 1.")
@click.option("--load", type=float, help="Offered load in erlang: arrivals per hour times mean service hours.")
@click.option(
    "--wait-ratio", type=float, help="Invert: the largest utilisation (with --servers) or fewest servers (with --load)."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def queue(
    arrival: str,
    service: str,
    servers: int | None,
    utilisation: float | None,
    load: float | None,
    wait_ratio: float | None,
    json_wanted: bool,
) -> None:
    """Exact mean wait over mean service, and its inversions."""
    answer: dict[str, object] = {"arrival": arrival, "service": service}
    answer.update(_answer(arrival, service, servers, utilisation, load, wait_ratio))
    if json_wanted:
        click.echo(as_json(answer))
    else:
        for name, value in answer.items():
            click.echo(f"{name:<22}{value:.12g}" if isinstance(value, float) else f"{name:<22}{value}")


def _answer(
    arrival: str,
    service: str,
    servers: int | None,
    utilisation: float | None,
    load: float | None,
    wait_ratio: float | None,
) -> dict[str, object]:
    from qujiang.methods import queues

    if utilisation is not None and servers is not None and load is None:
        answer: dict[str, object] = {"servers": servers, "utilisation": utilisation}
        answer["wait_over_service"] = queues.wait_over_service(arrival, service, servers, utilisation)
        if wait_ratio is not None:
            answer["wait_ratio"] = wait_ratio
            answer["servers_needed"] = queues.servers_needed(arrival, service, servers * utilisation, wait_ratio)
            answer["utilisation_allowed"] = queues.utilisation_allowed(arrival, service, servers, wait_ratio)
        return answer
    if load is not None and utilisation is None and servers is not None and wait_ratio is None:
        return {
            "servers": servers,
            "load": load,
            "wait_over_service": queues.wait_over_service(arrival, service, servers, load / max(servers, 1)),
        }
    if wait_ratio is not None and load is None and servers is not None:
        return {
            "servers": servers,
            "wait_ratio": wait_ratio,
            "utilisation_allowed": queues.utilisation_allowed(arrival, service, servers, wait_ratio),
        }
    if wait_ratio is not None and load is not None and servers is None and utilisation is None:
        return {
            "load": load,
            "wait_ratio": wait_ratio,
            "servers_needed": queues.servers_needed(arrival, service, load, wait_ratio),
        }
    if wait_ratio is not None and utilisation is not None:
        needed = queues.servers_at_utilisation(arrival, service, utilisation, wait_ratio)
        return {"utilisation": utilisation, "wait_ratio": wait_ratio, "servers_needed": needed}
    raise click.UsageError(
        "give --servers and --utilisation (or --load); or --wait-ratio with --servers, --load or --utilisation to invert"
    )


DISTRICT = click.option("--district", metavar="DIR", help="A folder or a bundled district's name.")
SCENARIO = click.option("--scenario", metavar="NAME", help="A scenario of the district, or a path to one.")
CALLS = click.option(
    "--calls", type=click.Path(path_type=Path, dir_okay=False), help="Calls as freight writes them (CSV or Parquet)."
)
LOCK = click.option("--lock", metavar="ID", help="Put this lock of the district in front of the port.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Names all draws.")
OUT = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write tables, log and result here.")
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def _opened(district: str | None, scenario: str | None) -> District:
    from qujiang.district import District

    opened = District.open(district)
    return opened if scenario is None else opened.with_scenario(scenario)


def _table(calls: Path | None) -> pl.DataFrame | None:
    if calls is None:
        return None
    import polars as pl

    if not calls.is_file():
        raise ScenarioError(f"{calls}: there is no such file")
    try:
        return pl.read_parquet(calls) if calls.suffix == ".parquet" else pl.read_csv(calls)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{calls}: cannot be read as a table: {str(error).splitlines()[0]}") from None


@port.command()
@click.option("--throughput", type=float, help="Tonnes a year, in and out. Without it: today's.")
@click.option("--year", type=int, help="Grow today's cargo to this year.")
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Half-width of the mean turnaround's interval over the mean.",
)
@LOCK
@click.option(
    "--present",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Start from the vessels in port now (CSV: kind, place, remaining_t); the whole year counts.",
)
@click.option(
    "--month-factor", type=float, help="Busiest month over mean month. Without it: the rate peak_month_factor."
)
@click.option(
    "--capacity", "capacity_wanted", is_flag=True, help="Also the notions of capacity, at a wait ratio of 0.1."
)
@CALLS
@DISTRICT
@SCENARIO
@SEED
@OUT
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text."
)
@JSON
def simulate(
    throughput: float | None,
    year: int | None,
    precision: float,
    lock: str | None,
    present: Path | None,
    month_factor: float | None,
    capacity_wanted: bool,
    calls: Path | None,
    district: str | None,
    scenario: str | None,
    seed: int,
    out: Path | None,
    language: Literal["en", "zh"],
    json_wanted: bool,
) -> None:
    """Simulate a year: waiting, turnaround, use of every stage.

    With --out, tables, log and a page in both languages (port.html) are written.
    """
    from qujiang.port.rows import port_problem, present_from
    from qujiang.port.simulate import simulate as run

    opened, given = _opened(district, scenario), _table(calls)
    problem = port_problem(opened, throughput_t_per_year=throughput, year=year, calls=given, lock=lock)
    now = _table(present)
    if now is not None:
        problem = present_from(problem, now)
    result = run(problem, precision=precision, seed=seed, steady=now is None)
    answer = result.as_dict()
    answer["busiest_month"] = _busiest(opened, problem, month_factor, precision, seed) if now is None else None
    if capacity_wanted:
        from qujiang.port.notions import notions

        answer["capacity"] = notions(opened, calls=given, seed=seed, gains=False)
    if out is not None:
        from qujiang.port.write import write_simulation
        from qujiang.report.port_page import write_port

        shown = write_simulation(problem, result, out, answer)
        more = {"busiest": answer["busiest_month"], "capacity": answer.get("capacity")}
        write_port(result, opened, out / "port.html", shown=shown, **more)
    if json_wanted:
        click.echo(as_json(answer))
    elif language == "en":
        click.echo(_simulation_text(answer))
    else:
        from qujiang.report.port_rows import names
        from qujiang.report.port_text import simulation_lines
        from qujiang.words import names_by_id

        click.echo("\n".join(simulation_lines(answer, names(names_by_id(opened["terminals"].to_dicts())), language)))


def _busiest(
    opened: District, problem: PortProblem, factor: float | None, precision: float, seed: int
) -> dict[str, object] | None:
    """The answer at the busiest month's flow; None where no factor is known."""
    from qujiang.port.busiest import busiest_month
    from qujiang.port.busiest import month_factor as known_factor

    factor = known_factor(opened) if factor is None else factor
    if factor is None:
        return None
    found = busiest_month(problem, factor, precision=precision, seed=seed).as_dict()
    return {"month_factor": factor, **{name: value for name, value in found.items() if name != "assumptions"}}


def _simulation_text(answer: Mapping[str, Any]) -> str:
    lines = [
        f"{answer['throughput_t_per_year'] / 1e6:.3g} Mt a year in {answer['calls_per_year']:,.0f} calls; {answer['replications']} replications"
    ]
    heads = ("stage", "where", "wait, h", "95 % interval", "exact", "use", "state")
    rows = [_stage_cells(row) for row in answer["stages"]]
    wide = [max(len(cells[k]) for cells in (heads, *rows)) for k in range(len(heads))]
    for cells in (heads, *rows):
        placed = [
            text.rjust(w) if 2 <= k <= 5 else text.ljust(w) for k, (text, w) in enumerate(zip(cells, wide, strict=True))
        ]
        lines.append("  ".join(placed).rstrip())
    for row in answer["stages"]:
        if row["wait_h"] and row.get("closed_wait_h") and row["utilisation"] < 0.3:
            lines.append(
                f"{row['name']} is hardly used and waited for: it works {24 * row['open_share']:.3g} of 24 h, "
                f"and waiting for it to open alone takes {row['closed_wait_h']:.3g} h in the mean"
            )
    if answer["turnaround_mean_h"] is not None:
        mean, late = answer["turnaround_mean_h"], answer["turnaround_p90_h"]
        low, high = answer["turnaround_mean_h_low"], answer["turnaround_mean_h_high"]
        lines.append(f"time in port {mean:.1f} h ({low:.1f} to {high:.1f}); nine of ten within {late:.1f} h")
    if answer["binds"] is not None:
        lines.append(f"binds first: {answer['binds']}")
    month = answer["busiest_month"]
    if month is not None:
        lines.append(_month_text(month))
    lines += [f"assumed: {text}" for text in answer["assumptions"]]
    return "\n".join(lines)


def _stage_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    wait = band = exact = ""
    if row["wait_h"] is not None:
        wait, band = _hours(row["wait_h"]), f"{_hours(row['wait_h_low'])} to {_hours(row['wait_h_high'])}"
    if row["exact_wait_h"] is not None:
        exact = _hours(row["exact_wait_h"])
    if row["stage"] == "gate":
        band = ""  # calculated, so there is no chance in it
    return row["stage"], row["name"], wait, band, exact, f"{row['utilisation']:.2f}", row["state"].replace("_", " ")


def _hours(value: float) -> str:
    return "0" if value == 0 else "< 0.001" if value < 0.001 else f"{value:.3g}"


def _month_text(month: Mapping[str, Any]) -> str:
    flow = f"busiest month ({month['month_factor']:g} of the mean flow, as if it lasted)"
    if month["turnaround_mean_h"] is None:
        return f"{flow}: {month['binds']} cannot keep up, {month['state'].replace('_', ' ')}"
    mean, late = month["turnaround_mean_h"], month["turnaround_p90_h"]
    return f"{flow}: time in port {mean:.1f} h, nine of ten within {late:.1f} h; most waited for: {month['binds']}"


TARGET_WAIT = click.option(
    "--wait-ratio",
    type=float,
    default=0.1,
    show_default=True,
    help="Mean wait for a berth over mean time at the berth.",
)


@port.command()
@TARGET_WAIT
@click.option("--gains/--no-gains", default=True, show_default=True, help="Also search with one unit more of each.")
@CALLS
@DISTRICT
@SCENARIO
@SEED
@JSON
def capacity(
    wait_ratio: float,
    gains: bool,
    calls: Path | None,
    district: str | None,
    scenario: str | None,
    seed: int,
    json_wanted: bool,
) -> None:
    """Largest throughput at a service level, by four notions."""
    from qujiang.port.notions import notions

    answer = notions(_opened(district, scenario), wait_ratio, calls=_table(calls), seed=seed, gains=gains)
    if json_wanted:
        click.echo(as_json(answer))
        return
    click.echo(f"mix of today, wait at most {wait_ratio:g} of the time at the berth:")
    for name in ("documented", "design_code", "queueing_by_kind", "queueing_any_berth"):
        value = answer[f"{name}_t_per_year"]
        click.echo(f"  {name:<22}" + ("not given" if value is None else f"{value / 1e6:6.2f} Mt a year"))
    low, high = answer["capacity_t_per_year_low"], answer["capacity_t_per_year_high"]
    click.echo(
        f"  {'simulated':<22}{answer['capacity_t_per_year'] / 1e6:6.2f} Mt a year ({low / 1e6:.2f} to {high / 1e6:.2f})"
    )
    for line in answer["explained"]:
        click.echo(f"  {line}")
    for row in answer["gains"]:
        click.echo(
            f"  one {row['unit']:<24}{row['gain_t_per_year'] / 1e3:+8.0f} kt ({row['gain_t_per_year_low'] / 1e3:+.0f} to {row['gain_t_per_year_high'] / 1e3:+.0f})"
        )


@port.command()
@click.option("--target", type=float, required=True, help="Tonnes a year, in and out.")
@TARGET_WAIT
@click.option(
    "--berth-yuan", type=click.FloatRange(0), default=45e6, show_default=True, help="One berth more (assumed)."
)
@click.option(
    "--crane-yuan", type=click.FloatRange(0), default=8e6, show_default=True, help="One crane more (assumed)."
)
@click.option("--designs", type=click.IntRange(1), default=600, show_default=True, help="Designs simulated at most.")
@LOCK
@CALLS
@DISTRICT
@SCENARIO
@SEED
@JSON
def size(
    target: float,
    wait_ratio: float,
    berth_yuan: float,
    crane_yuan: float,
    designs: int,
    lock: str | None,
    calls: Path | None,
    district: str | None,
    scenario: str | None,
    seed: int,
    json_wanted: bool,
) -> None:
    """Cheapest berths, cranes and lanes for a target."""
    from qujiang.port.options import UnitCosts
    from qujiang.port.rows import port_problem
    from qujiang.port.size import size as find

    problem = port_problem(_opened(district, scenario), calls=_table(calls), lock=lock)
    result = find(
        problem,
        target,
        wait_ratio,
        costs=UnitCosts(berth_yuan=berth_yuan, crane_yuan=crane_yuan),
        seed=seed,
        designs=designs,
    )
    if json_wanted:
        click.echo(as_json(result.as_dict()))
        return
    click.echo(
        f"{target / 1e6:g} Mt a year at a wait of {wait_ratio:g} services: {result.cost_yuan / 1e6:,.0f} million yuan more (unit costs assumed)"
    )
    for unit in result.units:
        click.echo(
            f"  {unit.pool:<20}{unit.berth_count:>3} berths (+{unit.more_berths}){unit.crane_count:>4} cranes (+{unit.more_cranes})"
        )
    if result.chambers is not None:
        click.echo(f"  lock chambers: {result.chambers}")
    click.echo(f"  gate lanes: {', '.join(f'{name} {count}' for name, count in result.lanes.items())}")
    ratio = result.wait_ratio
    click.echo(
        f"  wait over service on fresh seeds {ratio.mean:.3f} ({ratio.low:.3f} to {ratio.high:.3f}); {result.designs} designs, {result.seconds:.1f} s"
    )
    for name, gain in result.gains.items():
        click.echo(f"  one {name} more: {-gain.mean:+.4f} ({-gain.high:+.4f} to {-gain.low:+.4f})")


@port.command()
@click.option("--throughput", type=float, help="Tonnes a year, in and out. Without it: today's.")
@click.option("--reserve-t", type=float, help="Emergency stock: how long it lasts while nothing comes in.")
@click.option("--draw-t-per-day", type=float, help="What is taken from it a day.")
@LOCK
@CALLS
@DISTRICT
@SCENARIO
@SEED
@JSON
def stress(
    throughput: float | None,
    reserve_t: float | None,
    draw_t_per_day: float | None,
    lock: str | None,
    calls: Path | None,
    district: str | None,
    scenario: str | None,
    seed: int,
    json_wanted: bool,
) -> None:
    """A crane lost, a flood week, priority, a closed lock."""
    from qujiang.port.rows import port_problem
    from qujiang.port.stress import cover_days
    from qujiang.port.stress import stress as ask

    problem = port_problem(
        _opened(district, scenario), throughput_t_per_year=throughput, calls=_table(calls), lock=lock
    )
    if (reserve_t is None) != (draw_t_per_day is None):
        raise click.UsageError("give --reserve-t and --draw-t-per-day together")
    reserve = None if reserve_t is None or draw_t_per_day is None else cover_days(reserve_t, draw_t_per_day)
    answers = ask(problem, seed=seed)
    if json_wanted:
        answer = {"throughput_t_per_year": problem.t_per_year, "reserve_cover_days": reserve}
        click.echo(as_json({**answer, "stress": [answer.as_dict() for answer in answers]}))
        return
    click.echo(f"{problem.t_per_year / 1e6:.3g} Mt a year; hours added to the mean time in port, same vessels")
    for answer in answers:
        if answer.added_h is None or answer.worst_h is None:
            click.echo(f"  {answer.meaning}: overloaded")
            continue
        line = f"  {answer.meaning}: {answer.added_h.mean:+.2f} h ({answer.added_h.low:+.2f} to {answer.added_h.high:+.2f})"
        if answer.added_to_others_h is not None:
            line += f"; to the others {answer.added_to_others_h.mean:+.3f} h"
        click.echo(f"{line}; longest stay of the year {answer.worst_h:.0f} h")
    if reserve is not None:
        click.echo(f"  the reserve lasts {reserve:.1f} days while nothing comes in; the flood week has 7")
