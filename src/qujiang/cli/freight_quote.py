"""``qujiang freight quote``."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import click

from qujiang.cli import as_json


@click.command()
@click.argument("origin", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.option("--cargo", required=True, help="Cargo by id, Chinese or English name.")
@click.option("--tonnes", required=True, type=float, help="Tonnes of the consignment.")
@click.option(
    "--depart",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="Day of departure: decides season and closures.",
)
@click.option("--district", metavar="DIR", help="A district's folder or name; the bundled one without it.")
@click.option("--scenario", metavar="NAME", help="A scenario of the district.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def quote(
    origin: str,
    destination: str,
    cargo: str,
    tonnes: float,
    depart: datetime | None,
    district: str | None,
    scenario: str | None,
    language: Literal["en", "zh"],
    json_wanted: bool,
) -> None:
    """Quote a consignment: the chains that nobody beats in cost, hours and CO2 at once.

    FROM and TO are places by id, Chinese or English name.
    """
    from qujiang.districts import find_folder
    from qujiang.freight.answer import as_answer, as_lines
    from qujiang.freight.quote import ask
    from qujiang.freight.quote import quote as find_chains
    from qujiang.freight.shelf import book_of

    book = book_of(find_folder(district), scenario=scenario)
    question = ask(book, origin, destination, cargo, tonnes, depart.date() if depart else None)
    chains = find_chains(book, question)
    if json_wanted:
        click.echo(as_json(as_answer(book, question, chains)))
    elif language == "en":
        click.echo("\n".join(as_lines(book, question, chains)))
    else:
        from qujiang.district import District
        from qujiang.report.quote_text import quote_lines
        from qujiang.report.quote_words import QuoteWords

        words = QuoteWords(District.open(find_folder(district)))
        click.echo("\n".join(quote_lines(as_answer(book, question, chains), words, language)))
