"""A simulated port in words and rows of tables, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qujiang.port.at_once import FORMULA
from qujiang.port.replay import Replay
from qujiang.port.result import PortResult
from qujiang.report.answer import figure
from qujiang.words import Both, both_numbers, en, known, number, percent, row_name, tell

NOTHING = Both("–", "–")
#: A wait below this would not be noticed [h]: about a second and a half.
UNSEEN_H = 5e-4
#: A stage that is used less than this and still waited for owes its wait to something else than its load.
LITTLE_USED = 0.3
DAY_H = 24.0

Named = Callable[[str], Both]


@dataclass(frozen=True, slots=True)
class Row:
    """One stage: what is waited for, how long, what the formula says, how much it is used, its state."""

    stage: Both
    where: Both
    wait: Both
    band: Both
    exact: Both
    difference: Both
    use: Both
    used_percent: float
    state: str
    state_words: Both
    reason: Both | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place in the ranking of what is waited for; ``at`` is the length of its bar [percent]."""

    what: Both
    share: Both
    queue: Both
    at: float


def names(terminals: Mapping[str, Both | str]) -> Named:
    """A function from a stage's name (``qj1 dry_bulk``) to words; ``terminals`` gives the names of the terminals by id."""
    called = {id_: row_name({"name": name}) if isinstance(name, str) else name for id_, name in terminals.items()}

    def words(text: str) -> Both:
        parts = [called.get(word) or known("port.goods", word) for word in text.split(" ")]
        return Both(" ".join(part.en for part in parts), "".join(part.zh for part in parts))

    return words


def hours(value: float | None) -> Both:
    """A time in hours; what nobody would notice is a plain 0."""
    if value is None:
        return NOTHING
    return figure(round(value, 3), "h")


def stage_rows(answer: Mapping[str, Any], named: Named) -> tuple[Row, ...]:
    """Stages in the order of the chain."""
    return tuple(_row(row, named) for row in answer["stages"])


def _row(row: Mapping[str, Any], named: Named) -> Row:
    wait, seen = row["wait_h"], row["wait_h"] is not None and row["wait_h"] >= UNSEEN_H
    low, high = row["wait_h_low"], row["wait_h_high"]
    banded = wait is not None and row["stage"] != "gate"
    gap = row.get("exact_difference_percent")
    return Row(
        stage=known("port.stage", row["stage"]),
        where=NOTHING if row["name"] == row["stage"] else named(row["name"]),
        wait=hours(wait),
        band=tell("to", low=hours(low), high=hours(high)) if banded and seen else NOTHING,
        exact=hours(row["exact_wait_h"]),
        difference=NOTHING if gap is None or not seen else part_of(gap / 100),
        use=part_of(row["utilisation"]),
        used_percent=round(100 * min(1.0, row["utilisation"]), 1),
        state=row["state"],
        state_words=known("port.state", row["state"]),
        reason=reason(row),
    )


def reason(row: Mapping[str, Any]) -> Both | None:
    """Why one waits at a stage that is hardly used: its opening hours, or lots that come together."""
    wait = row["wait_h"]
    if wait is None or wait < UNSEEN_H or row["utilisation"] > LITTLE_USED:
        return None
    if row.get("open_share", 1.0) < 1 and row["closed_wait_h"] > 0.2 * wait:
        works = figure(row["open_share"] * DAY_H, "h")
        return tell("port.reason.closed", works=works, wait=figure(row["closed_wait_h"], "h"))
    return tell("port.reason.few") if row["stage"] == "customs" else None


def ranking(answer: Mapping[str, Any], named: Named) -> tuple[Ranked, ...]:
    """Who waits for what: stages by their part of all hours waited."""
    rows = [row for row in answer["stages"] if row.get("share_of_waiting")]
    rows.sort(key=lambda row: -row["share_of_waiting"])
    top = max((row["share_of_waiting"] for row in rows), default=1.0)
    return tuple(
        Ranked(
            what=called(row["stage"], row["name"], named),
            share=part_of(row["share_of_waiting"]),
            queue=both_numbers(number, row["queue"]),
            at=round(100 * row["share_of_waiting"] / top, 1),
        )
        for row in rows
    )


def called(stage: str, name: str, named: Named) -> Both:
    """A stage with its place in words."""
    words = known("port.stage", stage)
    return words if name == stage else tell("port.stage.at", stage=words, place=named(name))


def part_of(share: float) -> Both:
    """A share as percent with one decimal."""
    return both_numbers(percent, round(share, 3))


def binding(answer: Mapping[str, Any], named: Named) -> Both | None:
    """The stage that binds first."""
    if answer["binds"] is None:
        return None
    stage, name = answer["binds"].split(" ", 1)
    return called(stage, name, named)


def sentences(answer: Mapping[str, Any], named: Named, busiest: Mapping[str, Any] | None) -> list[Both]:
    """The answer in a few sentences: flow, time in port, what binds, the busiest month."""
    told = [
        tell(
            "port.answer.flow",
            tonnes=figure(answer["throughput_t_per_year"], "tonnes_per_year"),
            calls=both_numbers(number, answer["calls_per_year"]),
        )
    ]
    if answer["turnaround_mean_h"] is None:
        if answer["stopped_by"] != FORMULA:  # nothing is simulated yet
            told.append(tell("port.answer.unsteady"))
    else:
        told.append(
            tell("port.answer.time", mean=hours(answer["turnaround_mean_h"]), late=hours(answer["turnaround_p90_h"]))
        )
    what = binding(answer, named)
    if what is not None:
        over = answer["state"] != "steady"
        told.append(tell("port.answer.over" if over else "port.answer.binds", what=what))
    if busiest is not None:
        told.append(_month(busiest, named))
    return told


def _month(busiest: Mapping[str, Any], named: Named) -> Both:
    flow = part_of(busiest["month_factor"])
    if busiest["turnaround_mean_h"] is None:
        return tell("port.answer.month.over", flow=flow, what=binding(busiest, named) or NOTHING)
    ratio = part_of(busiest["wait_over_service"])
    return tell("port.answer.month", flow=flow, mean=hours(busiest["turnaround_mean_h"]), ratio=ratio)


def turnaround_rows(answer: Mapping[str, Any], busiest: Mapping[str, Any] | None) -> list[dict[str, Both]]:
    """Time in port over the year and in its busiest month."""
    rows = []
    for label, found in (("port.year", answer), ("port.month", busiest)):
        if found is None:
            continue
        row = {"name": tell(label)}
        for name in ("mean", "p90", "p95"):
            row[name] = hours(found[f"turnaround_{name}_h"])
        known_ = found["turnaround_mean_h"] is not None
        ends = {end: hours(found[f"turnaround_mean_h_{end}"]) for end in ("low", "high")}
        row["band"] = tell("to", **ends) if known_ else NOTHING
        row["ratio"] = part_of(found["wait_over_service"]) if known_ else NOTHING
        row["state"] = known("port.state", found["state"])
        rows.append(row)
    return rows


def notion_rows(capacity: Mapping[str, Any]) -> list[dict[str, Both]]:
    """Five notions of capacity, each with what it says."""
    rows = []
    for name in ("documented", "design_code", "queueing_by_kind", "simulated", "queueing_any_berth"):
        value = capacity["capacity_t_per_year" if name == "simulated" else f"{name}_t_per_year"]
        shown = NOTHING if value is None else figure(value, "tonnes_per_year")
        if name == "simulated":
            ends = {e: figure(capacity[f"capacity_t_per_year_{e}"], "tonnes_per_year") for e in ("low", "high")}
            shown = tell("port.notion.band", value=shown, band=tell("to", **ends))
        rows.append({"name": known("port.notion", name), "value": shown, "says": known("port.notion.says", name)})
    return rows


#: Sentences of the port's own assumptions, by key; their English text is what the room writes.
ASSUMED = tuple(key for key in en.WORDS if key.startswith("port.assumed."))


def assumption(text: str) -> Both:
    """An assumption of the port in both languages; one that the catalogue lacks stays as it is."""
    for key in ASSUMED:
        blanks = re.findall(r"\{(\w+)\}", en.WORDS[key])
        form = re.sub(r"\\\{\w+\\\}", "(.+?)", re.escape(en.WORDS[key]))
        found = re.fullmatch(form, text)
        if found is not None:
            return tell(key, **dict(zip(blanks, found.groups(), strict=True)))
    return Both(text, text)


def week_rows(shown: Replay) -> list[dict[str, Both]]:
    """The picture's twin: by day, vessels that berth, berths in use in the mean, most vessels at anchor at once."""
    rows = []
    for day in range(int(shown.hours // DAY_H)):
        begin, end = day * DAY_H, (day + 1) * DAY_H
        held = sum(max(0.0, min(end, until) - max(begin, since)) for _, since, until, _ in shown.stays)
        waits = [
            (max(begin, since), min(end, until)) for _, since, until, _ in shown.waits if since < end and until > begin
        ]
        most = max((sum(a <= at < b for a, b in waits) for at, _ in waits), default=0)
        rows.append(
            {
                "day": both_numbers(number, day + 1),
                "berthed": both_numbers(
                    number, sum(begin <= since < end and since > 0 for _, since, *_ in shown.stays)
                ),
                "in_use": both_numbers(number, round(held / DAY_H, 1)),
                "waiting": both_numbers(number, most),
            }
        )
    return rows


def fill_rows(shown: Replay, named: Named) -> list[dict[str, Both]]:
    """How full each yard and zone was: least and most of the week."""
    return [
        {
            "name": named(name),
            "range": tell("to", low=part_of(min(parts)), high=part_of(max(parts))),
        }
        for name, steps in shown.fill.items()
        if (parts := [share for _, share in steps])
    ]


def run_rows(result: PortResult, scenario: Both) -> list[tuple[Both, Both]]:
    """How the run was made."""
    return [
        (tell("run.scenario"), scenario),
        (tell("run.seed"), both_numbers(number, result.seed, exact=True)),
        (tell("port.replications"), both_numbers(number, result.replications)),
        (tell("port.warm_up"), both_numbers(number, result.warm_up_calls)),
        (tell("port.stopped"), known("port.stopped", result.stopped_by)),
    ]
