"""``qujiang buildings``: survey, place."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qujiang.cli import as_json
from qujiang.errors import QujiangError

if TYPE_CHECKING:
    from qujiang.buildings.place import Placement
    from qujiang.buildings.result import Holding, Survey, TaxCell
    from qujiang.buildings.stock import Stock

DISTRICT = click.option("--district", metavar="DIR", help="A district's folder; without it, the bundled one.")
SCENARIO = click.option("--scenario", metavar="NAME", help="A scenario of the district.")
ON = click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day to ask for; else today (synthetic: its own day)."
)
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write the tables here, as CSV."
)
WIDTH = 140
#: Leases and firms shown on a terminal; all of them stand in --json and --out.
SHOWN = 12


@click.group()
def buildings() -> None:
    """Buildings: how full they are and which firm fits where."""


@buildings.command()
@DISTRICT
@SCENARIO
@ON
@click.option(
    "--basis",
    type=click.Choice(["construction", "usable", "ipms3", "boma_rentable"]),
    help="Only areas measured by this standard; needed where there are several.",
)
@click.option(
    "--internal",
    is_flag=True,
    help="Tell the tax share of each lease that ends soon. For the officers in charge; not for publication.",
)
@OUT
@JSON
def survey(
    district: str | None,
    scenario: str | None,
    day: datetime | None,
    basis: str | None,
    internal: bool,
    out: Path | None,
    json_wanted: bool,
) -> None:
    """Survey: occupancy, tax, mix, what ends soon.

    Tax is told as bands, for three firms and more, and never where a sum or difference would tell of fewer.
    """
    from qujiang.buildings.survey import survey as measure

    name, stock = _open(district, scenario, day)
    found = measure(stock, basis=basis, internal=internal)
    if out is not None:
        _write(found, out)
    if json_wanted:
        click.echo(as_json({"district": name} | found.as_dict()))
        return
    _banner(stock)
    click.echo(f"Buildings on {found.on}, areas as {found.measure_basis}\n")
    _show_total(found)
    rows = [_carrier_line(one) for one in (*found.carriers, found.total)]
    heading = (
        "carrier",
        "trade",
        "lettable m2",
        "contracted",
        "moved in",
        "firms",
        "registered",
        "top 5",
        "HHI",
        "WALE",
        "tax yuan/m2 let",
    )
    _table(heading, rows, right=(2, 3, 4, 5, 6, 7, 8, 9))
    click.echo("")
    mix = [
        (
            f"{one.sector} {one.name_en}",
            str(one.firm_count),
            f"{one.moved_in_m2:,.0f}",
            _percent(one.moved_in_share),
            _tax(one.tax),
        )
        for one in found.sectors
    ]
    _table(("sector", "firms", "moved in m2", "share", "tax yuan/m2 let"), mix, right=(1, 2, 3))
    _show_endings(found)
    if out is not None:
        click.echo(f"\nwritten: {out}")


def _show_total(found: Survey) -> None:
    total = found.total
    click.echo(
        f"  contracted {_percent(total.contracted_share)} of the area ({_percent(total.contracted_suite_share)} of {total.suite_count:,} suites), "
        f"moved in {_percent(total.moved_in_share)} ({_percent(total.moved_in_suite_share)})"
    )
    click.echo(
        f"  {total.firm_count:,} firms moved in, {_percent(total.registered_share)} registered here"
        + (f" (not known of {total.registration_unknown_count})" if total.registration_unknown_count else "")
    )
    click.echo(
        f"  WALE by area {_years(total.wale_area_years)} years (to the first break {_years(total.wale_break_area_years)}), "
        f"by rent {_years(total.wale_rent_years)} ({_years(total.wale_break_rent_years)})"
    )
    tax = total.tax
    if tax.withheld is None:
        click.echo(
            f"  tax in twelve months {tax.tax_band_yuan} yuan; a m2: {tax.tax_per_let_band_yuan_per_m2} of let, "
            f"{tax.tax_per_total_band_yuan_per_m2} of all lettable area"
        )
    else:
        click.echo(f"  tax: withheld, {tax.withheld}")
    spans = ", ".join(f"{one.span} {_percent(one.area_share)} ({_percent(one.break_share)})" for one in found.expiries)
    click.echo(f"  contracts end, by months (first break): {spans}\n")


def _show_endings(found: Survey) -> None:
    area = sum(one.let_m2 for one in found.endings)
    click.echo(f"\n{len(found.endings):,} leases with {area:,.0f} m2 end within twelve months or are held over")
    if not found.endings:
        return
    heading: tuple[str, ...] = ("lease", "firm", "carrier", "suite", "sector", "m2", "last day", "state")
    rows = []
    for one in found.endings[:SHOWN]:
        line = (one.lease, one.firm, one.carrier, one.suite, one.sector, f"{one.let_m2:,.0f}", str(one.last_day))
        line += ("held over" if one.holds_over else f"{one.remaining_years * 12:.0f} months",)
        rows.append((*line, _percent(one.tax_share, 2), _percent(one.risk_share, 2)) if found.internal else line)
    if found.internal:
        click.echo("INTERNAL: tax of single firms; not for publication")
        heading += ("tax share", "at risk")
    _table(heading, rows, right=(5, 8, 9))
    if len(found.endings) > SHOWN:
        click.echo(f"... and {len(found.endings) - SHOWN:,} more (--json, --out)")


def _carrier_line(one: Holding) -> tuple[str, ...]:
    return (
        f"{one.id} {one.name_en}" if one.id != "total" else "total",
        one.trade or "",
        f"{one.lettable_m2:,.0f}",
        _percent(one.contracted_share),
        _percent(one.moved_in_share),
        str(one.firm_count),
        _percent(one.registered_share),
        _percent(one.top5_share),
        "" if one.hhi_factor is None else f"{one.hhi_factor:,.0f}",
        _years(one.wale_area_years),
        _tax(one.tax),
    )


def _tax(cell: TaxCell) -> str:
    return cell.tax_per_let_band_yuan_per_m2 or f"withheld: {cell.withheld}"


@buildings.command()
@DISTRICT
@SCENARIO
@ON
@click.option(
    "--misfit-factor",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="Cost of a m2 more or less than wanted, in m2 let.",
)
@click.option(
    "--trade-factor",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="Worth of a m2 of the carrier's one trade, in m2 let.",
)
@click.option(
    "--vacant", is_flag=True, help="Only suites that nobody rents today: those whose lease ends may be renewed."
)
@click.option("--must", multiple=True, metavar="FIRM", help="A firm that has to be placed; may be repeated.")
@JSON
def place(
    district: str | None,
    scenario: str | None,
    day: datetime | None,
    misfit_factor: float,
    trade_factor: float,
    vacant: bool,
    must: tuple[str, ...],
    json_wanted: bool,
) -> None:
    """Place: which firm fits which suite, and why not.

    An integer program (HiGHS): area let, less misfit, plus area in the carrier's own trade; each firm in one suite or in two that touch.
    """
    from qujiang.buildings.options import Weights
    from qujiang.buildings.place import place as find

    name, stock = _open(district, scenario, day)
    found = find(stock, weights=Weights(misfit_factor, trade_factor), must=must, vacant_only=vacant)
    if json_wanted:
        click.echo(as_json({"district": name} | found.as_dict()))
        return
    _banner(stock)
    _show_placement(found)


def _show_placement(found: Placement) -> None:
    click.echo(f"Firms placed from {found.on}: {len(found.placed)} of {len(found.placed) + len(found.not_placed)}\n")
    rows = [
        (
            f"{one.firm} {one.name_en}",
            one.sector,
            "+".join(one.suites),
            f"{one.area_m2:,.0f}",
            f"{one.wanted_m2:,.0f}",
            str(one.free_from),
            "yes" if one.right_trade else "",
            f"{one.value_m2:,.0f}",
        )
        for one in found.placed
    ]
    if rows:
        _table(("firm", "sector", "suites", "m2", "wanted", "from", "its trade", "adds m2"), rows, right=(3, 4, 7))
    terms = " ".join(f"{name} {value:+,.1f}" for name, value in found.terms_m2.items())
    click.echo(f"\nobjective {found.objective_m2:,.1f} m2 = {terms}")
    click.echo(
        f"bound {found.bound_m2:,.1f} m2, gap {found.gap_share:.2%}: {'proven best' if found.proven else 'not proven'}; "
        f"{found.option_count:,} options, {found.free_suite_count:,} suites that are or get free with {found.free_m2:,.0f} m2"
    )
    if found.not_placed:
        click.echo("\nNot placed")
        lines = [
            (
                f"{one.firm} {one.name_en}",
                one.reason,
                "" if one.cost_m2 is None else f"placing it costs {one.cost_m2:,.0f} m2",
            )
            for one in found.not_placed
        ]
        _table(("firm", "why", ""), lines, right=())


def _open(path: str | None, scenario: str | None, day: datetime | None) -> tuple[str, Stock]:
    from qujiang.buildings.stock import read_stock, usual_day
    from qujiang.district import District

    opened = District.open(path)
    if scenario is not None:
        opened = opened.with_scenario(scenario)
    on = day.date() if day is not None else usual_day(opened, date.today())
    return opened.info.id, read_stock(opened, on)


def _write(found: Survey, out: Path) -> None:
    try:
        found.write(out)
    except OSError as error:
        raise QujiangError(f"{out}: cannot be written ({error.strerror})") from error


def _banner(stock: Stock) -> None:
    from qujiang.buildings.result import SYNTHETIC_WORDS

    if stock.synthetic:
        click.echo(f"{SYNTHETIC_WORDS}\n")


def _percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}%}"


def _years(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(heading: tuple[str, ...], rows: list[tuple[str, ...]], *, right: tuple[int, ...]) -> None:
    from qujiang.report.columns import table_lines

    for line in table_lines([heading, *rows], WIDTH, right=right):
        click.echo(line.rstrip())
