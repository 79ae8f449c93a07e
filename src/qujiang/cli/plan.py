"""``qujiang plan``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.plan import PlanResult
    from qujiang.plan.result import Projects


def _budget(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """Money as people write it; what is none is a wrong use."""
    if text is None:
        return None
    from qujiang.words import read_amount

    amount = read_amount(text)
    if amount is None:
        raise click.BadParameter(f"{text!r} is no amount of money; write 300000000, 3e8, 3亿 or 5000万")
    if amount <= 0:
        raise click.BadParameter(f"{text!r}: a budget is above 0")
    return amount


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
@click.option(
    "--open",
    "projects",
    multiple=True,
    metavar="PROJECT",
    help="Open this project of project_effects (repeat for more); each future draws by how much it is late.",
)
@click.option("--projects", "gains_wanted", is_flag=True, help="Also run each project: what it moves, and per yuan.")
@click.option(
    "--choose",
    "budget",
    metavar="BUDGET",
    callback=_budget,
    help="The best set of projects for this money: 300000000, 3e8 or 3亿.",
)
@click.option("--for", "measure", metavar="MEASURE", help="Choose for this measure alone, such as m11.")
@click.option(
    "--totals",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Total Sobol indices of so many leading inputs of each measure of freight; each input costs 512 more futures.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep finished futures in this folder: a run that was stopped goes on from there.",
)
@click.option("--cluster", metavar="tcp://HOST:PORT", help="Run the futures on a Dask cluster (extra: cluster).")
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
    projects: tuple[str, ...],
    gains_wanted: bool,
    budget: float | None,
    measure: str | None,
    totals: int,
    resume: Path | None,
    cluster: str | None,
    json_wanted: bool,
) -> None:
    """Test the plan: where each landmark stands and what binds it.

    DISTRICT is a folder, or the name of a bundled district; without one, the bundled district is used. Without --out
    nothing is written. With --futures every uncertain number is drawn from its range: probabilities, bands, what binds how
    often, and which assumptions move what. With --open the plan has these projects. With --projects the plan is run again with each project of project_effects open; with
    --choose the best set within a budget is found, and run as a whole; with --futures too, every future has that set, and says its chances with and without it.
    """
    from qujiang.cli import as_json
    from qujiang.district import District
    from qujiang.plan import test_plan

    if measure is not None and budget is None:
        raise click.UsageError("--for says what --choose is to move: give a budget too")
    opened = District.open(district)
    if projects and (gains_wanted or budget is not None):
        raise click.UsageError(
            "--open is the plan with these projects; --projects and --choose compare them: ask one at a time"
        )
    if not futures and (resume is not None or cluster is not None or totals):
        raise click.UsageError("--resume, --cluster and --totals belong to --futures")
    run = Run(futures, seed, workers, resume, cluster, totals)
    found = _compared(opened, scenario, budget, measure) if gains_wanted or budget is not None else None
    if found is not None and found.chosen is not None and futures:
        projects = found.chosen.projects  # the futures have the set, and say what they would be without it
    result = _over_futures(opened, scenario, run, projects) if futures else test_plan(opened, scenario, projects)
    if found is not None:
        result = _with_projects(result, found)
    if out is not None:
        from qujiang.report import write_plan

        tested = opened if scenario is None else opened.with_scenario(scenario)
        if projects:
            from qujiang.plan.delays import lay_over

            tested = lay_over(tested, projects)
        write_plan(result, tested, out, form=form, language=language)
    if json_wanted:
        click.echo(as_json(result.as_dict()))
        return
    from qujiang.report import plan_text

    click.echo(plan_text(result, language=language))
    if futures:
        from qujiang.plan.futures_text import futures_text

        click.echo(futures_text(result, language))
    if result.projects is not None:
        from qujiang.report.projects import projects_text

        click.echo("\n" + projects_text(result, language=language))
    if out is not None:
        click.echo(f"report: {out / 'report.html'}")


@dataclass(frozen=True, slots=True)
class Run:
    """How the futures are asked for."""

    futures: int
    seed: int
    workers: int | None
    resume: Path | None
    cluster: str | None
    totals: int = 0


def _over_futures(opened: District, scenario: str | None, asked: Run, projects: tuple[str, ...]) -> PlanResult:
    """Run the futures with a bar and the time left on stderr, where that is a terminal."""
    import os
    import sys

    from qujiang.plan import test_futures

    # a process takes some seconds to start: it pays from about five hundred futures on
    most = min(os.cpu_count() or 1, -(-asked.futures // 512))
    done = 0
    with click.progressbar(
        length=asked.futures, label=f"{asked.futures:,} futures", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def tell(now: int, every: int) -> None:
            nonlocal done
            done, bar.length = min(now, asked.futures), every
            bar.update(now - bar.pos)

        try:
            return test_futures(
                opened, scenario, count=asked.futures, seed=asked.seed, workers=asked.workers or most, progress=tell,
                cluster=asked.cluster, resume=asked.resume, projects=projects, totals=asked.totals,
            )  # fmt: skip
        except KeyboardInterrupt:
            click.echo(_stopped(done, asked), err=True)
            raise SystemExit(130) from None


def _stopped(done: int, asked: Run) -> str:
    begun = f"\nstopped: {done:,} of {asked.futures:,} futures were done"
    if asked.resume is None:
        return f"{begun}; nothing is kept. With --resume FOLDER a stopped run can go on."
    return f"{begun} and are kept in {asked.resume}. The same command goes on from there."


def _compared(opened: District, scenario: str | None, budget: float | None, measure: str | None) -> Projects:
    """The plan run again with each project, and with the sets that a choice asks for; a budget with which nothing can be chosen is told
    before anything is run."""
    from qujiang.plan.choose import check_budget, choose
    from qujiang.plan.projects import Trials, find_gains
    from qujiang.plan.result import Projects

    trials = Trials.of(opened, scenario)
    if budget is not None:
        check_budget(trials, budget, measure)
    gains = find_gains(trials)
    chosen = None if budget is None else choose(trials, gains, budget, measure)
    return Projects(trials.year, gains, chosen)


def _with_projects(result: PlanResult, found: Projects) -> PlanResult:
    """The answer with what each project moves."""
    from dataclasses import replace

    from qujiang.plan.projects import gains_table

    tables = {**result.tables, "plan/project_gains": gains_table(found.gains)}
    return replace(result, projects=found, tables=tables)
