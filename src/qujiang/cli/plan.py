"""``qujiang plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command()
@click.argument("district", required=False)
@click.option("--scenario", metavar="NAME", help="A scenario of the district, or a path to one.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write report.html, tables and run.json here."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Form of the tables.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the printed table.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object instead of a table.")
def plan(
    district: str | None,
    scenario: str | None,
    out: Path | None,
    form: Literal["csv", "parquet"],
    language: Literal["en", "zh"],
    json_wanted: bool,
) -> None:
    """Test the plan: where each landmark stands and what binds it.

    DISTRICT is a folder, or the name of a bundled district; without one, the bundled district is used. Without --out
    nothing is written.
    """
    from qujiang.cli import as_json
    from qujiang.district import District
    from qujiang.plan import test_plan

    opened = District.open(district)
    result = test_plan(opened, scenario)
    if out is not None:
        from qujiang.report import write_plan

        write_plan(result, opened if scenario is None else opened.with_scenario(scenario), out, form=form)
    if json_wanted:
        click.echo(as_json(result.as_dict()))
        return
    from qujiang.report import plan_text

    click.echo(plan_text(result, language=language))
    if out is not None:
        click.echo(f"report: {out / 'report.html'}")
