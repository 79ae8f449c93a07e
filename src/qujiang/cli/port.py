"""``qujiang port``: queue, simulate, size, capacity."""

from __future__ import annotations

import click

from qujiang.cli import as_json


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
    """Queue: mean wait over mean service, exact, and its inversions."""
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
