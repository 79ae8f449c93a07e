"""``qujiang plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.plan import PlanResult


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
@click.option(
    "--futures", type=click.IntRange(min=0), default=0, show_default=True, help="Sampled futures; 0: base future only."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Names the set of futures.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes; by default as many as pay. Same answer with any."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object instead of a table.")
def plan(
    district: str | None,
    scenario: str | None,
    out: Path | None,
    form: Literal["csv", "parquet"],
    language: Literal["en", "zh"],
    futures: int,
    seed: int,
    workers: int | None,
    json_wanted: bool,
) -> None:
    """Test the plan: where each landmark stands and what binds it.

    DISTRICT is a folder, or the name of a bundled district; without one, the bundled district is used. Without --out
    nothing is written. With --futures every uncertain number is drawn from its range: probabilities, bands, what binds how
    often, and which assumptions move what.
    """
    from qujiang.cli import as_json
    from qujiang.district import District
    from qujiang.plan import test_plan

    opened = District.open(district)
    result = _over_futures(opened, scenario, futures, seed, workers) if futures else test_plan(opened, scenario)
    if out is not None:
        from qujiang.report import write_plan

        write_plan(result, opened if scenario is None else opened.with_scenario(scenario), out, form=form)
    if json_wanted:
        click.echo(as_json(result.as_dict()))
        return
    from qujiang.report import plan_text

    click.echo(plan_text(result, language=language))
    if futures:
        from qujiang.plan.futures_text import futures_text

        click.echo(futures_text(result, language))
    if out is not None:
        click.echo(f"report: {out / 'report.html'}")


def _over_futures(opened: District, scenario: str | None, futures: int, seed: int, workers: int | None) -> PlanResult:
    """Run the futures with a bar and the time left on stderr, where that is a terminal."""
    import os
    import sys

    from qujiang.plan import test_futures

    # a process takes a second to start: it pays from about a thousand futures on
    count = min(os.cpu_count() or 1, -(-futures // 1024)) if workers is None else workers
    with click.progressbar(
        length=futures, label=f"{futures:,} futures", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        return test_futures(
            opened,
            scenario,
            count=futures,
            seed=seed,
            workers=count,
            progress=lambda done, _: bar.update(done - bar.pos),
        )
