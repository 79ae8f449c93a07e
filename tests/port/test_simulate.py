"""A simulated year against formulas, its own books, and its promises."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from qujiang.cli.port import port
from qujiang.errors import DataError, InfeasibleError, QujiangError, ScenarioError
from qujiang.methods.queue_kernels import one_queue
from qujiang.methods.queue_paths import waits_first_come
from qujiang.methods.queues import wait_between, wait_over_service
from qujiang.port import log
from qujiang.port.arrivals import drawn
from qujiang.port.gate import gate_day
from qujiang.port.path import by_hand, check, follow
from qujiang.port.problem import Berth, CallKind, Closure, CranePool, Gate, Lock, PortProblem, Present, Yard
from qujiang.port.simulate import measure, simulate
from qujiang.port.stages import hold_cv2, stages


def quay(berths: int, calls: float, *, stages_: int = 1, hold_h: float = 5.0, **more) -> PortProblem:
    """Equal berths with a crane each; all of the time at the berth is handling."""
    return PortProblem(
        tuple(Berth(f"b{k}", "t", "p", "any") for k in range(berths)),
        (CranePool("p", berths, 100.0),),
        (CallKind("k", "any", "t", calls, 100 * hold_h, 100 * hold_h, handling_stages=stages_),),
        **more,
    )


@pytest.mark.parametrize(("berths", "use", "letter", "shape"), [(4, 0.75, "M", 1), (3, 0.6, "E2", 2), (2, 0.7, "D", 0)])
def test_wait_meets_the_formula(berths: int, use: float, letter: str, shape: int):
    """60 replications of 4,000 counted calls after 1,000: 4 standard errors of their mean (1 to 3 %)."""
    calls = use * berths / 5.0 * 8760
    problem = quay(berths, calls, stages_=shape)
    kept = stages(problem)
    waits = [
        measure(problem, follow(problem, drawn(problem, 5000, 77, r)), kept, 1000, 4000).wait_h[0] for r in range(60)
    ]
    error = np.std(waits, ddof=1) / math.sqrt(len(waits))
    exact = 5.0 * wait_over_service("M", letter, berths, use)
    assert abs(np.mean(waits) - exact) < 4 * error
    assert kept[0].exact_wait_h == pytest.approx(exact, rel=1e-9)
    assert kept[0].offered == pytest.approx(use)


def test_scheduled_arrivals_meet_the_formula():
    """Erlang-2 gaps and handling, five berths at 0.8; 60 replications, 4 standard errors."""
    problem = quay(5, 0.8 * 5 / 5.0 * 8760, stages_=2, gap_stages=2)
    kept = stages(problem)
    waits = [
        measure(problem, follow(problem, drawn(problem, 5000, 5, r)), kept, 1000, 4000).wait_h[0] for r in range(60)
    ]
    assert abs(np.mean(waits) - 5 * wait_over_service("E2", "E2", 5, 0.8)) < 4 * np.std(waits, ddof=1) / math.sqrt(60)
    assert kept[0].exact_wait_h is None  # no claim is made for gaps that are not exponential


def test_variance_of_the_time_at_the_berth():
    """40,000 drawn calls; the ratio's standard error is about 1 %."""
    kind = CallKind("k", "any", "t", 1000, 400, 1200, berthing_h=1.5, handling_stages=4)
    problem = PortProblem((Berth("b", "t", "p", "any"),), (CranePool("p", 1, 100.0),), (kind,))
    work = drawn(problem, 40_000, 3, 0).work_t / 100 + 1.5
    assert hold_cv2(problem, [kind]) == pytest.approx(work.var() / work.mean() ** 2, rel=0.04)


def test_priority_classes_meet_the_formula():
    """M/M/3, loads 0.9 and 1.2 erlang, 50 replications of 8,000 calls, 4 standard errors."""
    base = quay(3, 1.0)
    rows = [
        replace(base.kinds[0], name=f"k{c}", priority=c, calls_per_year=load / 5 * 8760)
        for c, load in enumerate((0.9, 1.2))
    ]
    problem = replace(base, kinds=tuple(rows))
    first, second = [], []
    for r in range(50):
        path = follow(problem, drawn(problem, 8000, 8, r))
        wait = path.wait_h("berth")[500:]
        kind = path.calls.kind[500:]
        first.append(wait[kind == 0].mean() / 5)
        second.append(wait[kind == 1].mean() / 5)
    for values, exact in [(first, 0.234450), (second, 0.781499)]:
        assert abs(np.mean(values) - exact) < 4 * np.std(values, ddof=1) / math.sqrt(50)


def test_lock_with_a_fixed_timetable():
    """A chamber of 3 that leaves every hour from each side's turn: over-lie is M/D/3, plus half a cycle.

    A lock that moves without pause leaves one side every 2 lockages; background from both sides keeps it moving.
    60 replications of 3,000 passages a side; 4 standard errors and 1 % for turns on which it pauses.
    """
    use, cycle = 0.8, 2.0
    lock = Lock(1, 3, cycle / 2, others_per_h=use * 3 / cycle)
    problem = quay(1, 1.0, lock=lock)
    waits = []
    for r in range(60):
        calls = drawn(problem, 1, 4, r)
        rng = np.random.default_rng(r)
        at = np.sort(rng.uniform(0, 2000, rng.poisson(2 * lock.others_per_h * 2000)))
        calls = by_hand(at, [0] * len(at), np.zeros(len(at)), side=rng.integers(0, 2, len(at)))
        path = follow(problem, calls)
        waits.append((path.at("lock_out") - path.at("arrived"))[400:-400].mean())
    exact = cycle * wait_over_service("M", "D", 3, use) + cycle / 2
    assert abs(np.mean(waits) - exact) < 4 * np.std(waits, ddof=1) / math.sqrt(60) + 0.01 * exact


def test_overload_is_told_and_the_rest_is_answered():
    base = quay(2, 0.5 * 2 / 5 * 8760)
    other = PortProblem(
        (*base.berths, Berth("c", "u", "q", "any")),
        (*base.pools, CranePool("q", 1, 100.0)),
        (*base.kinds, CallKind("m", "any", "u", 1.3 / 5 * 8760, 500, 500)),
    )
    result = simulate(other)
    states = {(row.stage, row.name): row for row in result.stages}
    assert states["berth", "u any"].state == "overloaded"
    assert states["berth", "u any"].wait is None
    assert states["crane", "q"].as_dict()["wait_h"] is None
    assert states["berth", "t any"].wait is not None
    assert result.turnaround is None
    assert result.binds is not None
    assert "u any" in result.binds or "q" in result.binds
    json.dumps(result.as_dict(), allow_nan=False)


def test_answer_is_the_same_on_any_number_of_threads():
    problem = quay(3, 3000.0)
    one, two = simulate(problem, workers=1).as_dict(), simulate(problem, workers=3).as_dict()
    one.pop("seconds"), two.pop("seconds")
    assert one == two


def test_precision_is_kept():
    result = simulate(quay(2, 0.85 * 2 / 5 * 8760), precision=0.03)
    assert result.turnaround is not None
    mean = result.turnaround["mean"]
    assert result.stopped_by == "precision"
    assert mean.half_width <= 0.03 * mean.mean


def test_starting_from_today():
    """Two vessels alongside and one at anchorage: the first year starts with them, and all of it counts."""
    present = (Present("k", True, 300.0), Present("k", True, 100.0), Present("k", False, 500.0))
    problem = quay(2, 100.0, present=present)
    path = follow(problem, drawn(problem, 5, 1, 0))
    assert path.at("arrived")[:3].tolist() == [0, 0, 0]
    assert path.at("berthed")[:3].tolist() == [0, 0, 1]
    assert path.at("done")[:3].tolist() == [3, 1, 6]
    assert simulate(problem, steady=False).warm_up_calls == 0


def test_a_closure_costs_and_the_others_pay_for_priority():
    """Same vessels: a crane lost, a flood week, and a class put first each move waits the way they must."""
    problem = quay(3, 0.75 * 3 / 5 * 8760)
    calls = drawn(problem, 1500, 2, 0)
    base = follow(problem, calls).wait_h("berth").mean()
    lost = replace(problem, closures=(Closure("cranes", "p", 500, 3000, capacity=2),))
    flood = replace(problem, closures=(Closure("berths", "t", 500, 668),))
    stay = follow(problem, calls)
    assert (follow(lost, calls).at("left") - calls.at_h).mean() > (stay.at("left") - calls.at_h).mean()
    assert follow(flood, calls).wait_h("berth").mean() > base
    kinds = tuple(
        replace(problem.kinds[0], name=n, priority=c, calls_per_year=1971.0) for n, c in (("cold", 0.0), ("rest", 1.0))
    )
    two = replace(problem, kinds=kinds)
    flat = replace(two, kinds=tuple(replace(kind, priority=0.0) for kind in kinds))
    vessels = drawn(two, 1500, 2, 0)
    first, equal = follow(two, vessels).wait_h("berth"), follow(flat, vessels).wait_h("berth")
    cold = vessels.kind == 0
    assert first[cold].mean() < equal[cold].mean()
    assert first[~cold].mean() > equal[~cold].mean()


def test_more_berths_never_wait_longer():
    problem, larger = quay(3, 4000.0), quay(4, 4000.0)
    calls = drawn(problem, 2000, 6, 0)
    assert np.all(follow(larger, calls).wait_h("berth") <= follow(problem, calls).wait_h("berth") + 1e-9)


def test_books_that_do_not_close_are_refused():
    problem = quay(2, 2000.0)
    path = follow(problem, drawn(problem, 200, 1, 0))
    path.log[50, 3] += 1.0
    with pytest.raises(QujiangError, match="books do not close"):
        check(path)


def test_jobs_longer_than_every_shift():
    nights = tuple(Closure("cranes", "p", 24 * d + 8.0, 24 * d + 24.0) for d in range(40))
    problem = replace(quay(1, 10.0), closures=nights, pools=(CranePool("p", 1, 100.0, mode="fit"),))
    path = by_hand([0.0], [0], [900.0])
    assert follow(problem, path).at("berthed")[0] == 0  # starts after the last closing
    forever = (Closure("cranes", "p", 8.0, 1e9),)
    restart = replace(problem, closures=forever, pools=(CranePool("p", 1, 100.0, mode="restart"),))
    assert follow(restart, path).at("done")[0] == pytest.approx(1e9 + 9)


def test_small_engine_is_kiefer_wolfowitz():
    rng = np.random.default_rng(12)
    at, service = np.cumsum(rng.exponential(1, 5000)), rng.exponential(2.6, 5000)
    start, server = np.empty(5000), np.empty(5000, np.int64)
    one_queue(at, service, 3, start, server)
    assert start - at == pytest.approx(waits_first_come(at.tolist(), service.tolist(), 3), abs=1e-12)


def test_gate_of_a_level_day_is_the_steady_queue():
    gate = Gate("t", 2, 0.1, 1.0, 24 * 15 * 365.0)
    for letter, cv2 in [("M", 1.0), ("E2", 0.5)]:
        day = gate_day(gate, 8760, service_cv2=cv2)
        assert day.wait_h == pytest.approx(0.1 * wait_over_service("M", letter, 2, 0.75), rel=1e-6)
    busy = replace(gate, profile=(0.02,) * 7 + (0.06,) * 12 + (0.02,) * 5)
    level, peaked = gate_day(gate, 8760), gate_day(busy, 8760)
    assert peaked.wait_h is not None
    assert level.wait_h is not None
    assert peaked.worst_wait_h is not None
    assert peaked.worst_wait_h > peaked.wait_h > level.wait_h
    assert gate_day(replace(gate, t_per_year=2 * gate.t_per_year), 8760).wait_h is None


def test_wait_between_holds_its_ends():
    assert wait_between("M", 4, 0.7, 0.5) == pytest.approx(wait_over_service("M", "E2", 4, 0.7))
    assert wait_between("M", 4, 0.7, 0.0) == pytest.approx(wait_over_service("M", "D", 4, 0.7))


# -- the log -----------------------------------------------------------------------------------------------------------


def logged() -> tuple[PortProblem, pl.DataFrame]:
    problem = replace(
        quay(2, 3000.0),
        yards=(Yard("y"),),
        kinds=(replace(quay(2, 3000.0).kinds[0], yard="y", yard_share=1.0, dwell_h=10.0),),
    )
    return problem, log.events(problem, follow(problem, drawn(problem, 60, 1, 0)))


def test_log_conserves_vessels_and_tonnes():
    _, frame = logged()
    assert frame["time_h"].is_sorted()
    for first, last in [("arrive", "leave berth"), ("berth", "leave berth"), ("ready for collection", "leave yard")]:
        counts = [frame.filter(pl.col("activity") == name).height for name in (first, last)]
        assert counts == [60, 60]
    tonnes = frame.group_by("activity").agg(pl.col("amount_t").sum())
    amounts = dict(tonnes.iter_rows())
    assert amounts["start handling"] == pytest.approx(amounts["end handling"])
    assert amounts["leave yard"] == pytest.approx(60 * 500)


def test_ocel_document_is_whole(tmp_path):
    _, frame = logged()
    document = log.ocel(frame)
    assert list(document) == ["objectTypes", "eventTypes", "objects", "events"]
    names = {entry["id"] for entry in document["objects"]}
    assert len(names) == len(document["objects"])
    kinds, activities = ({e["name"] for e in document[key]} for key in ("objectTypes", "eventTypes"))
    for event in document["events"]:
        assert event["type"] in activities
        assert event["relationships"]
        assert {link["objectId"] for link in event["relationships"]} <= names
    assert {entry["type"] for entry in document["objects"]} == kinds == {"call", "lot", "berth", "cranes", "yard"}
    log.write_json(document, tmp_path / "log.ocel.json")
    assert json.loads((tmp_path / "log.ocel.json").read_text(encoding="utf-8")) == document
    for suffix, read in [(".csv", pl.read_csv), (".parquet", pl.read_parquet)]:
        log.write_events(frame, tmp_path / f"log{suffix}")
        assert read(tmp_path / f"log{suffix}").height == frame.height
    assert not list(tmp_path.glob("*.part"))


def test_replay_shows_what_the_log_says():
    """Berth-hours of the week shown equal the path's; nobody shares a place at anchor; the picture is one well-formed SVG."""
    from xml.etree import ElementTree

    from qujiang.port.replay import as_svg, replay

    problem = quay(3, 0.85 * 3 / 5 * 8760, yards=(Yard("y", 9000.0),))
    problem = replace(problem, kinds=(replace(problem.kinds[0], yard="y", yard_share=1.0, dwell_h=30.0),))
    path = follow(problem, drawn(problem, 400, 1, 0))
    shown = replay(problem, path, from_h=200.0)
    held = np.clip(path.at("left") - 200, 0, 168) - np.clip(path.at("berthed") - 200, 0, 168)
    assert sum(until - since for _, since, until, _ in shown.stays) == pytest.approx(held.sum())
    waited = np.clip(path.at("berthed") - 200, 0, 168) - np.clip(path.at("arrived") - 200, 0, 168)
    assert sum(until - since for _, since, until, _ in shown.waits) == pytest.approx(waited.sum())
    for place in {slot for slot, *_ in shown.waits}:
        own = sorted((since, until) for slot, since, until, _ in shown.waits if slot == place)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(own))
    assert all(0 <= share <= 1 for _, share in shown.fill["y"])
    picture = as_svg(shown, title="一周 <week>", anchor="at anchor", yard="yard")
    assert len(picture) < 200_000
    assert ElementTree.fromstring(picture).tag.endswith("svg")


# -- the bundled district ----------------------------------------------------------------------------------------------


def ask(*words: str) -> dict:
    result = CliRunner().invoke(port, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_simulate_command(tmp_path):
    answer = ask("simulate", "--throughput", "7e6", "--out", str(tmp_path / "out"))
    assert {"calls_per_year", "throughput_t_per_year", "stages", "replications", "seconds"} <= set(answer)
    assert answer["throughput_t_per_year"] == pytest.approx(7e6)
    assert 7e6 / 900 < answer["calls_per_year"] < 7e6 / 500
    for row in answer["stages"]:
        assert {"wait_h", "wait_h_low", "wait_h_high", "utilisation", "state"} <= set(row)
        assert 0 <= row["wait_h_low"] <= row["wait_h"] <= row["wait_h_high"]
    assert {"result.json", "stages.csv", "log.parquet", "log.csv", "log.ocel.json", "week.svg"} == {
        p.name for p in (tmp_path / "out").iterdir()
    }


def test_simulate_command_under_overload():
    answer = ask("simulate", "--throughput", "20e6")
    over = [row for row in answer["stages"] if row["state"] == "overloaded"]
    assert over
    assert all(row["wait_h"] is None for row in over)
    assert answer["turnaround_mean_h"] is None


def test_calls_of_freight_are_taken(tmp_path):
    frame = pl.DataFrame(
        {
            "terminal": ["qj_port"] * 2,
            "class": ["v800", "v500"],
            "cargo": ["coal", "plate"],
            "direction": ["in", "out"],
            "calls_per_year": [2000.0, 800.0],
            "t_per_call": [850.0, 480.0],
        }
    )
    frame.write_csv(tmp_path / "calls.csv")
    answer = ask("simulate", "--calls", str(tmp_path / "calls.csv"))
    assert answer["calls_per_year"] == pytest.approx(2800)
    assert answer["throughput_t_per_year"] == pytest.approx(2000 * 850 + 800 * 480)


def test_start_from_the_vessels_now_in_port(tmp_path):
    """Twenty vessels at anchor today make the year's mean wait longer than the same year from an empty port."""
    file = tmp_path / "present.csv"
    row = "qj1 dry_bulk v800 in,anchorage,850\n"
    file.write_text("kind,place,remaining_t\nqj1 dry_bulk v800 in,alongside,400\n" + 20 * row, encoding="utf-8")
    empty = tmp_path / "empty.csv"
    empty.write_text("kind,place,remaining_t\nqj1 dry_bulk v800 in,alongside,1\n", encoding="utf-8")
    full, bare = (ask("simulate", "--present", str(f)) for f in (file, empty))
    waits = [next(r["wait_h"] for r in a["stages"] if r["name"] == "qj1 dry_bulk") for a in (full, bare)]
    assert waits[0] > waits[1]
    assert full["warm_up_calls"] == 0
    file.write_text("kind,place,remaining_t\nraft,alongside,1\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="line 2, kind = raft: known are qj1"):
        ask("simulate", "--present", str(file))


@pytest.mark.slow
def test_intervals_cover():
    """M/M/2 at 0.5, 400 runs of the default stop: the exact mean turnaround lies in 95 %; 4 sigma of a share of 400 and 1 %
    for stopping at the first success."""
    problem = quay(2, 0.5 * 2 / 5 * 8760)
    exact = 5 * (1 + wait_over_service("M", "M", 2, 0.5))
    hits = 0
    for seed in range(400):
        turnaround = simulate(problem, seed=1000 + seed, precision=0.02).turnaround
        assert turnaround is not None
        hits += turnaround["mean"].low <= exact <= turnaround["mean"].high
    assert abs(hits / 400 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 400) + 0.01


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("simulate", "--throughput", "-5"), "must be a number above 0"),
        (("simulate", "--year", "1990"), "year = 1990"),
        (("size", "--target", "0"), "target = 0"),
        (("size", "--target", "1e7", "--wait-ratio", "0"), "wait ratio = 0"),
        (("capacity", "--wait-ratio", "-1"), "wait ratio = -1"),
        (("simulate", "--calls", "nowhere.csv"), "no such file"),
    ],
)
def test_bad_questions_are_one_sentence(words: tuple[str, ...], sentence: str):
    with pytest.raises((ScenarioError, DataError), match=sentence):
        CliRunner().invoke(port, list(words), catch_exceptions=False)


def test_target_beyond_the_lock():
    from qujiang.port.size import size

    with pytest.raises(InfeasibleError, match="beyond the lock"):
        size(quay(3, 1000.0, lock=Lock(1, 1, 1.0)), 40e6, 0.1)
