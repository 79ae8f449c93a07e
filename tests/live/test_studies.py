"""Saved scenarios and their queue, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from qujiang import studies
from qujiang.errors import ConflictError, DataError, ForbiddenError, NotFoundError, ScenarioError, ThrottledError
from qujiang.store import ANONYMOUS, SYSTEM, Caller, Store, trail
from qujiang.store.backup import backup, restore
from qujiang.store.schema_studies import studies as table
from qujiang.store.schema_studies import study_runs
from qujiang.studies import Arguments, Draft, Ground, Outcome, Runner, queue, saved
from qujiang.studies.question import MOST_OVERLAY_BYTES, key_of

GROUND = Ground("testland", "a" * 64, "1.0")
HEAD = 'name_zh = "试"\nname_en = "try"\nreason = "r"\n'


def save(store: Store, who: Caller, **changes) -> str:
    draft = replace(Draft("a title", HEAD, Arguments(0), "private"), **changes)
    with store.write(who) as unit:
        return studies.save(unit, GROUND, draft)["code"]


def state(store: Store, who: Caller, code: str) -> str:
    with store.read() as connection:
        return studies.progress(connection, who, code, store.now())["state"]


def claim(store: Store, runner: str = "one") -> queue.Claim | None:
    with store.write(SYSTEM) as unit:
        return queue.claim(unit, runner)


def verbs(store: Store) -> list[str]:
    with store.read() as connection:
        trail.verify(connection)
        return list(connection.execute(text("SELECT verb FROM audit ORDER BY seq")).scalars())


def test_a_study_is_saved_run_and_answered(store: Store, people) -> None:
    code = save(store, people["transport"], overlay=HEAD + "\r\n")
    assert state(store, people["transport"], code) == "queued"
    runner = Runner(store, lambda held, report: Outcome(studies.pack({"asked": held.overlay})))
    assert runner.run_one()
    assert not runner.run_one()
    with store.read() as connection:
        row = studies.find(connection, people["transport"], code)
        answer = studies.unpack(connection.execute(select(study_runs.c.result)).scalar_one())
    assert row["state"] == "done" and row["overlay"] == HEAD.strip()
    assert answer == {"asked": HEAD.strip()}
    assert [verb for verb in verbs(store) if verb.startswith(("study", "run"))] == [
        "study_saved",
        "study_done",
        "run_done",
    ]


def test_equal_questions_share_one_run_whatever_line_ends_they_have(store: Store, people) -> None:
    first = save(store, people["transport"])
    second = save(store, people["supervisor"], overlay=HEAD.replace("\n", "\r\n"))
    save(store, people["tax"], arguments=Arguments(0, seed=9))  # a seed means nothing without futures
    other = save(store, people["tax"], arguments=Arguments(128, seed=9))
    with store.read() as connection:
        assert len(connection.execute(select(study_runs.c.id)).all()) == 2
    Runner(store, lambda held, report: Outcome(studies.pack(held.arguments.futures))).run_one()
    assert state(store, people["transport"], first) == state(store, people["supervisor"], second) == "done"
    assert state(store, people["tax"], other) == "queued"
    again = save(store, people["clerk"])  # the answer is there at once
    assert state(store, people["clerk"], again) == "done"


@pytest.mark.parametrize(
    "change",
    [{"district_id": "other"}, {"district_hash": "b" * 64}, {"program": "2.0"}],
)
def test_another_district_or_program_is_another_question(change) -> None:
    assert key_of(GROUND, HEAD, Arguments(1)) != key_of(replace(GROUND, **change), HEAD, Arguments(1))
    assert key_of(GROUND, HEAD, Arguments(1)) != key_of(GROUND, HEAD + "# x", Arguments(1))
    assert key_of(GROUND, HEAD, Arguments(1)) != key_of(GROUND, HEAD, Arguments(2))


def test_many_runners_never_claim_one_run_twice(store: Store, people) -> None:
    who = list(people.values())
    savers = [caller for caller in who if caller.role in ("officer", "supervisor", "joint_meeting", "admin")]
    for number in range(20):
        save(store, savers[number % len(savers)], overlay=f"{HEAD}# {number}")
    claimed: list[int] = []
    lock, start = threading.Lock(), threading.Barrier(6)

    def work(name: int) -> None:
        start.wait()
        while (held := claim(store, f"runner {name}")) is not None:
            with lock:
                claimed.append(held.run_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert len(claimed) == len(set(claimed)) == 20


def test_a_run_whose_runner_fell_silent_is_taken_up_and_the_late_answer_is_thrown_away(
    store: Store, people, clock
) -> None:
    code = save(store, people["transport"])
    lost = claim(store, "dead")
    assert lost is not None and claim(store, "other") is None
    clock.forward(seconds=queue.SILENT.total_seconds() - 1)
    assert claim(store, "other") is None
    clock.forward(seconds=2)
    held = claim(store, "other")
    assert held is not None and held.run_id == lost.run_id
    with store.write(SYSTEM) as unit:
        assert not queue.beat(unit, lost, 0.5, "base")
        assert not queue.finish(unit, lost, studies.pack("late"), 1.0)
        assert queue.finish(unit, held, studies.pack("right"), 1.0)
    with store.read() as connection:
        assert studies.answer_of(connection, held.run_id) == b'"right"'
    assert state(store, people["transport"], code) == "done"


def test_a_runner_that_beats_keeps_its_run(store: Store, people, clock) -> None:
    save(store, people["transport"])
    held = claim(store)
    assert held is not None
    for _ in range(5):
        clock.forward(seconds=40)
        with store.write(SYSTEM) as unit:
            assert queue.beat(unit, held, 0.1, "base")
        assert claim(store, "other") is None


def test_a_run_that_kills_every_runner_fails_with_the_reason(store: Store, people, clock) -> None:
    code = save(store, people["transport"])
    for number in range(queue.MOST_ATTEMPTS):
        assert claim(store, f"runner {number}") is not None
        clock.forward(minutes=5)
    assert claim(store, "last") is None
    with store.read() as connection:
        told = studies.progress(connection, people["transport"], code, store.now())
    assert told["state"] == "failed" and "died 3 times" in told["faults"][0]
    assert "study_failed" in verbs(store)


def test_progress_tells_share_time_left_and_place_in_the_queue(store: Store, people, clock) -> None:
    first = save(store, people["transport"])
    second = save(store, people["tax"], overlay=HEAD + "# other")
    held = claim(store)
    assert held is not None
    clock.forward(seconds=30)
    with store.write(SYSTEM) as unit:
        queue.beat(unit, held, 0.25, "futures")
    with store.read() as connection:
        one = studies.progress(connection, people["transport"], first, store.now())
        two = studies.progress(connection, people["tax"], second, store.now())
    assert (one["share"], one["step"], one["left_s"]) == (
        0.25,
        "futures",
        90.0,
    )  # 30 s for a quarter: three quarters to go
    assert (two["state"], two["ahead"], two["left_s"]) == ("queued", 1, None)


def test_cancel_ends_the_run_but_not_one_that_another_study_asks_for(store: Store, people) -> None:
    mine, theirs = save(store, people["transport"]), save(store, people["tax"])
    held = claim(store)
    assert held is not None
    with store.write(people["transport"]) as unit:
        studies.cancel(unit, mine, 1)
    with store.read() as connection:
        assert queue.is_held(connection, held)
    assert (state(store, people["transport"], mine), state(store, people["tax"], theirs)) == ("cancelled", "running")
    with store.write(people["tax"]) as unit:
        studies.cancel(unit, theirs, 1)
    with store.read() as connection:
        assert not queue.is_held(connection, held)
    with store.write(people["tax"]) as unit, pytest.raises(ConflictError, match="nothing to cancel"):
        studies.cancel(unit, theirs, 2)
    with store.write(people["tax"]) as unit:
        studies.run_again(unit, GROUND, theirs, 2)
    assert (state(store, people["transport"], mine), state(store, people["tax"], theirs)) == ("cancelled", "queued")


def test_the_runner_tells_stops_and_gives_back(store: Store, people) -> None:
    code = save(store, people["transport"])
    seen: list[bool] = []

    def cancelled_in_the_middle(held: queue.Claim, report: Callable[[float, str], bool]) -> Outcome | None:
        seen.append(report(0.2, "base"))
        with store.write(people["transport"]) as unit:
            studies.cancel(unit, code, 1)
        seen.append(report(0.3, "base"))
        return None

    Runner(store, cancelled_in_the_middle, beat_s=0).run_one()
    assert seen == [True, False]
    assert state(store, people["transport"], code) == "cancelled"

    other = save(store, people["transport"], overlay=HEAD + "# 2")
    runner: Runner

    def stopped_in_the_middle(held: queue.Claim, report: Callable[[float, str], bool]) -> Outcome | None:
        runner.stop()
        assert not report(0.5, "base")
        return None

    runner = Runner(store, stopped_in_the_middle)
    runner.run_one()
    with store.read() as connection:
        attempts, now = connection.execute(
            select(study_runs.c.attempts, study_runs.c.state).order_by(study_runs.c.id.desc())
        ).first()
    assert (attempts, now) == (0, "queued")
    assert state(store, people["transport"], other) == "queued"


def test_a_runner_that_meets_an_error_keeps_it_as_a_sentence_and_works_on(store: Store, people, caplog) -> None:
    first = save(store, people["transport"])
    second = save(store, people["transport"], overlay=HEAD + "# 2")

    def fails(held: queue.Claim, report: Callable[[float, str], bool]) -> Outcome | None:
        raise (
            ScenarioError("the river is dry")
            if held.run_id == 1 or held.overlay == HEAD.strip()
            else ZeroDivisionError("x")
        )

    runner = Runner(store, fails)
    assert runner.run_one() and runner.run_one() and not runner.run_one()
    with store.read() as connection:
        told = [studies.progress(connection, people["transport"], code, store.now()) for code in (first, second)]
    assert told[0]["state"] == told[1]["state"] == "failed"
    assert told[0]["faults"] == ["the river is dry"]
    assert "should not happen: ZeroDivisionError" in told[1]["faults"][0]
    assert "ZeroDivisionError" in caplog.text


def test_the_loop_works_what_comes_and_stops_at_once(store: Store, people) -> None:
    runner = Runner(store, lambda held, report: Outcome(studies.pack(1)), every_s=0.05)
    runner.start()
    code = save(store, people["transport"])
    runner.wake()
    for _ in range(200):
        if state(store, people["transport"], code) == "done":
            break
        threading.Event().wait(0.05)
    runner.stop()
    assert state(store, people["transport"], code) == "done"
    later = save(store, people["transport"], overlay=HEAD + "# later")
    threading.Event().wait(0.2)
    assert state(store, people["transport"], later) == "queued"


SEES = {
    "private": {"transport", "admin", "auditor"},
    "link": {"transport", "admin", "auditor", "tax", "clerk", "port_company", "supervisor", "meeting", "firm", "other_firm", "anonymous"},
}  # fmt: skip


@pytest.mark.parametrize("visibility", ["private", "link", "public"])
def test_who_sees_what_by_code_and_in_lists(store: Store, people, visibility) -> None:
    code = save(store, people["transport"], visibility=visibility)
    by_code = SEES["private" if visibility == "private" else "link"]
    in_list = SEES["link"] if visibility == "public" else SEES["private"]
    for name, caller in {**people, "anonymous": ANONYMOUS}.items():
        with store.read() as connection:
            try:
                studies.shown(connection, caller, GROUND, code, store.now())
                found = True
            except NotFoundError:
                found = False
            listed = studies.listed(connection, caller, GROUND)["studies"]
        assert found == (name in by_code), (name, "code")
        assert bool(listed) == (name in in_list), (name, "list")


def test_who_may_save_change_cancel_and_delete(store: Store, people) -> None:
    for name, caller in people.items():
        if name in ("firm", "other_firm", "auditor"):
            with pytest.raises(ForbiddenError):
                save(store, caller)
        else:
            save(store, caller)
    with pytest.raises(ForbiddenError):
        save(store, ANONYMOUS)
    with store.write(people["firm"]) as unit:
        draft = Draft("t", HEAD, Arguments(0), "private")
        assert studies.save(unit, GROUND, draft, "accounts")["state"] == "queued"
    code = save(store, people["transport"], visibility="public", overlay=HEAD + "# mine")
    for name in set(people) - {"transport"}:
        for act in (
            lambda unit: studies.edit(unit, code, 1, title="stolen"),
            lambda unit: studies.run_again(unit, GROUND, code, 1),
            *(() if name == "admin" else (lambda u: studies.cancel(u, code, 1), lambda u: studies.remove(u, code, 1))),
        ):
            with pytest.raises(ForbiddenError), store.write(people[name]) as unit:
                act(unit)
    with store.write(people["admin"]) as unit:
        studies.cancel(unit, code, 1)
        studies.remove(unit, code, 2)
    with store.read() as connection, pytest.raises(NotFoundError):
        studies.find(connection, people["transport"], code)


def test_the_second_of_two_edits_is_told_the_version(store: Store, people) -> None:
    code = save(store, people["transport"])
    with store.write(people["transport"]) as unit:
        assert studies.edit(unit, code, 1, title="  better  ", visibility="link") == 2
    with pytest.raises(ConflictError) as late, store.write(people["transport"]) as unit:
        studies.edit(unit, code, 1, title="worse")
    assert late.value.version == 2
    with store.read() as connection:
        assert studies.find(connection, people["transport"], code)["title"] == "better"


def test_faulty_drafts_name_every_fault_and_leave_nothing(store: Store, people) -> None:
    with pytest.raises(DataError) as told:
        save(store, people["transport"], title="  ", visibility="everyone")
    assert [fault.column for fault in told.value.faults] == ["title", "visibility"]
    with pytest.raises(DataError) as told:
        save(store, people["transport"], arguments=Arguments(20_000, -1))
    assert [fault.column for fault in told.value.faults] == ["futures", "seed"]
    with pytest.raises(DataError, match="more than 65,536"):
        save(store, people["transport"], overlay="#" * (MOST_OVERLAY_BYTES + 1))
    with store.read() as connection:
        assert connection.execute(select(table.c.id)).first() is None
        assert connection.execute(select(study_runs.c.id)).first() is None


def test_one_account_cannot_fill_the_queue(store: Store, people, monkeypatch) -> None:
    for number in range(saved.MOST_WAITING):
        save(store, people["transport"], overlay=f"{HEAD}# {number}")
    with pytest.raises(ThrottledError, match="cancel"):
        save(store, people["transport"], overlay=HEAD + "# more")
    save(store, people["tax"], overlay=HEAD + "# more")
    monkeypatch.setattr(saved, "MOST_WAITING_ALL", 6)
    with pytest.raises(ThrottledError, match="wait already"):
        save(store, people["clerk"], overlay=HEAD + "# yet more")
    runner = Runner(store, lambda held, report: Outcome(studies.pack(1)))
    assert runner.run_one() and runner.run_one()
    save(store, people["transport"], overlay=HEAD + "# more")  # one of two places that came free
    monkeypatch.setattr(saved, "MOST_KEPT", 3)
    with pytest.raises(ConflictError, match="delete some"):
        save(store, people["transport"])


def test_codes_cannot_be_guessed(store: Store, people) -> None:
    codes = {save(store, caller) for caller in people.values() if caller.role in ("officer", "supervisor", "admin")}
    assert len(codes) == 6
    assert all(len(code) >= 24 for code in codes)  # 144 bits


def test_the_districts_own_plan_is_shown_old_while_a_new_one_is_made(store: Store) -> None:
    def known(ground: Ground):
        with store.read() as connection:
            return studies.standing(connection, ground, 1000)

    def ask(ground: Ground) -> None:
        with store.write(SYSTEM) as unit:
            studies.ask_standing(unit, ground, 1000)
            studies.ask_standing(unit, ground, 1000)  # asked twice is asked once

    runner = Runner(store, lambda held, report: Outcome(studies.pack(held.arguments.futures)))
    assert known(GROUND).run_id is None
    ask(GROUND)
    assert known(GROUND).waiting is not None
    assert runner.run_one()
    first = known(GROUND)
    assert (first.futures, first.is_current, first.is_of_district) == (0, False, True) and first.waiting is not None
    assert runner.run_one() and not runner.run_one()
    assert (known(GROUND).futures, known(GROUND).is_current, known(GROUND).waiting) == (1000, True, None)
    changed = replace(GROUND, district_hash="c" * 64)
    ask(changed)
    assert (known(changed).run_id, known(changed).is_of_district) == (known(GROUND).run_id, False)
    assert runner.run_one()
    assert (known(changed).futures, known(changed).is_of_district) == (
        0,
        True,
    )  # of this district, though fewer futures


def test_the_districts_own_plan_goes_first_and_nobody_can_cancel_it(store: Store, people) -> None:
    code = save(store, people["transport"], overlay="")
    with store.write(SYSTEM) as unit:
        studies.ask_standing(unit, GROUND, 500)
    with store.write(people["transport"]) as unit:
        studies.cancel(unit, code, 1)
    order = []
    Runner(store, lambda held, report: order.append(held.arguments.futures) or Outcome(studies.pack(1))).run_one()
    held = claim(store)
    assert order == [0] and held is not None and held.arguments.futures == 500


def test_old_answers_that_nobody_names_are_forgotten(store: Store, people, clock) -> None:
    kept, dropped = save(store, people["transport"]), save(store, people["transport"], overlay=HEAD + "# 2")
    with store.write(SYSTEM) as unit:
        studies.ask_standing(unit, GROUND, 0)
    runner = Runner(store, lambda held, report: Outcome(studies.pack(1)))
    assert runner.run_one() and runner.run_one() and runner.run_one()
    with store.write(people["transport"]) as unit:
        studies.remove(unit, dropped, 1)
    clock.forward(days=31)
    with store.write(SYSTEM) as unit:
        assert studies.forget_old(unit, timedelta(days=30)) == 1
    assert state(store, people["transport"], kept) == "done"


def test_studies_go_along_in_a_backup(store: Store, people, tmp_path: Path) -> None:
    code = save(store, people["transport"], visibility="public")
    Runner(store, lambda held, report: Outcome(studies.pack({"value": 1.5, "zh": "衢江"}))).run_one()
    backup(store, tmp_path / "all.jsonl.gz")
    with store.write(people["transport"]) as unit:
        studies.remove(unit, code, 1)
    restore(store, tmp_path / "all.jsonl.gz")
    with store.read() as connection:
        row = studies.find(connection, people["transport"], code)
        assert studies.answer_of(connection, row["run_id"]) == '{"value":1.5,"zh":"衢江"}'.encode()
    save(store, people["transport"], overlay=HEAD + "# after")  # numbers go on where the backup ended
