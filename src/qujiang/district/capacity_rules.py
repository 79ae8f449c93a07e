"""Rules on amounts: shares, counts that no lock or berth can have carried, sums of berths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from qujiang.district.scopes import CrossRule, Scope
from qujiang.errors import Fault

#: Shares are written to a hundredth of a percent.
SHARE_SLACK_PERCENT = 0.01


def find_wrong_shares(scope: Scope) -> Iterator[Fault]:
    """The shares of the cargoes sum to 100."""
    shares = scope.frames["cargoes"]["share_percent"]
    if shares.len() > shares.null_count():
        total = float(shares.sum())
        if abs(total - 100) > SHARE_SLACK_PERCENT:
            rule = f"the shares of all cargoes sum to {total:.10g}, not to 100"
            yield scope.fault("cargoes", None, "share_percent", rule, "mend the share that is wrong")


def largest_payload_t(scope: Scope, lock: dict) -> float | None:
    """The most that one vessel can carry through a lock [t]; None where no vessel is known to fit."""
    if lock["length_m"] is None or lock["width_m"] is None:
        return None
    fleet = scope.frames["vessel_classes"]
    fits = fleet.filter((pl.col("length_m") <= lock["length_m"]) & (pl.col("beam_m") <= lock["width_m"]))
    payload = fits.select(pl.max_horizontal("payload_t", "payload_high_t").max().alias("t"))["t"]
    return None if payload.is_empty() else payload[0]


def find_impossible_counts(scope: Scope) -> Iterator[Fault]:
    """What a lock is said to have passed lies below what it can pass at the very most."""
    for lock in scope.frames["locks"].iter_rows(named=True):
        lockages = lock["lockages_high_per_year"] or lock["lockages_per_year"]
        vessels = lock["vessels_per_lockage_high_count"] or lock["vessels_per_lockage_count"]
        payload = largest_payload_t(scope, lock)
        if None in (lockages, vessels, payload, lock["id"]):
            continue
        yield from _counts_above(scope, lock["id"], lockages, vessels, lockages * vessels * payload)


def _counts_above(scope: Scope, lock: str, lockages: float, vessels: float, most_t: float) -> Iterator[Fault]:
    limits = {"lockages_count": lockages, "vessels_count": lockages * vessels, "passed_t": most_t}
    how = "lockages x vessels x payload, all at their high ends"
    for table in ("lock_counts", "background"):
        frame = scope.frames[table]
        for row in (frame["lock"] == lock).arg_true():
            for column, most in limits.items():
                value = frame[column][row] if column in frame.columns else None
                if value is not None and value > most:
                    rule = f"is above the most that {lock} can pass in a year, {most:,.0f} ({how})"
                    yield scope.fault(table, row, column, rule, "mend the count, or the lock's high ends")


def find_throughput_above_berths(scope: Scope) -> Iterator[Fault]:
    """The port's throughput of the base year does not exceed its documented berth capacity."""
    info, observed = scope.info, scope.frames["observations"]
    if info.port_area is None or info.port_place is None:
        return
    open_now = scope.frames["terminals"].filter(
        (pl.col("place") == info.port_place) & (pl.col("state") == "open") & ~pl.col("is_total")
    )
    capacity = open_now["capacity_t_per_year"]
    if capacity.is_empty() or capacity.null_count():
        return
    year = str(info.base_year)
    for row, seen in enumerate(observed.iter_rows(named=True)):
        of_port = (seen["area"], seen["indicator"], seen["basis"]) == (info.port_area, "throughput", "year")
        value = seen["observed_value"]
        if of_port and str(seen["period_end"]).startswith(year) and value is not None and value > float(capacity.sum()):
            rule = (
                f"is above the documented berth capacity of the open terminals, {float(capacity.sum()):,.0f} t a year"
            )
            yield scope.fault("observations", row, "observed_value", rule, "mend one of the two")


def find_wrong_berth_sums(scope: Scope) -> Iterator[Fault]:
    """The berths of a terminal by kind sum to its berths.

    The fault stands at the terminal's first kind; where a scenario changed one of the two tables, at the scenario, since no line of a file is wrong.
    """
    terminals = scope.frames["terminals"]
    told = dict(zip(terminals["id"], terminals["berth_count"], strict=True))
    parts: dict[str, dict[int, int]] = defaultdict(dict)
    berths = scope.frames["berths"]
    for row, (terminal, count) in enumerate(zip(berths["terminal"], berths["berth_count"], strict=True)):
        if terminal is not None and count is not None:
            parts[terminal][row] = count
    for terminal, counts in parts.items():
        total = sum(counts.values())
        if told.get(terminal) is None or told[terminal] == total:
            continue
        kinds = " + ".join(f"{berths['berth_type'][row]} {count}" for row, count in counts.items())
        rule = f"the berths of {terminal} by kind ({kinds}) sum to {total}, terminals.csv says {told[terminal]}"
        if scope.changed & {"berths", "terminals"}:
            mend = f"change berth_count of terminal {terminal} and of its kinds together"
            yield Fault(scope.scenario_file, None, "berth_count", None, rule, mend)
        else:
            yield scope.fault("berths", next(iter(counts)), "berth_count", rule, "mend one of the two")


def find_wrong_totals(scope: Scope) -> Iterator[Fault]:
    """Traffic of others by direction sums to the row `both` of the same lock and year."""
    frame = scope.frames["background"]
    told: dict[tuple, dict[str, int]] = defaultdict(dict)
    for row, key in enumerate(zip(frame["lock"], frame["year"], frame["direction"], strict=True)):
        lock, year, direction = key
        if direction in told[lock, year]:
            rule = f"{lock}, {year}, {direction} stands twice"
            yield scope.fault("background", row, "direction", rule, "remove one of the two")
        told[lock, year][direction] = row
    for (lock, year), rows in told.items():
        if len(rows) == 3:
            tonnes = {direction: frame["passed_t"][row] for direction, row in rows.items()}
            if None not in tonnes.values() and abs(tonnes["up"] + tonnes["down"] - tonnes["both"]) > 1:
                rule = f"is not the sum of up and down at {lock} in {year}, {tonnes['up'] + tonnes['down']:,.0f}"
                yield scope.fault("background", rows["both"], "passed_t", rule, "mend one of the three")


# a lock whose length or width cannot be read is passed over by the rule itself
_LOCK = (
    *("id", "lockages_per_year", "lockages_high_per_year"),
    *("vessels_per_lockage_count", "vessels_per_lockage_high_count"),
)
_HULL = ("length_m", "beam_m", "payload_t", "payload_high_t")
RULES = (
    CrossRule({"cargoes": ("share_percent",)}, find_wrong_shares),
    CrossRule(
        {
            "locks": _LOCK,
            "vessel_classes": _HULL,
            "lock_counts": ("lock", "lockages_count", "vessels_count", "passed_t"),
            "background": ("lock", "vessels_count", "passed_t"),
        },
        find_impossible_counts,
    ),
    CrossRule(
        {
            "terminals": ("place", "state", "is_total", "capacity_t_per_year"),
            "observations": ("area", "indicator", "basis", "period_end", "observed_value"),
        },
        find_throughput_above_berths,
    ),
    CrossRule(
        {"terminals": ("berth_count",), "berths": ("terminal", "berth_type", "berth_count")}, find_wrong_berth_sums
    ),
    CrossRule({"background": ("lock", "year", "direction", "passed_t")}, find_wrong_totals),
)
