"""The queue of runs: asked for, claimed by one runner alone, told of its progress, finished or given back.

A claim is one write: SQLite lets one writer in at a time, PostgreSQL skips rows that another has locked, so no run is claimed
twice. A runner beats while it works; a run whose runner has been silent for ``SILENT`` is claimed anew. Whoever lost a run
learns it from the next beat and throws the work away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from qujiang.store import Unit
from qujiang.store.schema_studies import studies, study_runs
from qujiang.studies.question import Arguments, Ground, key_of, plain_text, read_arguments

#: A runner beats several times in this span; one that does not is taken for dead.
SILENT = timedelta(seconds=60)
#: A run that outlived this many runners is given up.
MOST_ATTEMPTS = 3
WAITING = ("queued", "running")
OVER = ("done", "failed", "cancelled")
#: A question that is asked twice at once is one run.
_ADD = {
    name: dialect.insert(study_runs).on_conflict_do_nothing().returning(study_runs.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One run in the hands of one runner."""

    run_id: int
    runner: str
    ground: Ground
    overlay: str
    arguments: Arguments
    standing: bool


def ask(unit: Unit, ground: Ground, overlay: str, arguments: Arguments, *, standing: bool = False) -> int:
    """The run that answers a question: the one there is, begun again where it failed or was cancelled, or a new one.

    ``standing`` runs are the district's own plan: they go first and are kept without a study.
    """
    fresh = {
        "state": "queued", "share": 0.0, "step": "", "claimed_by": None, "beat_at": None, "attempts": 0,
        "asked_at": unit.now, "started_at": None, "finished_at": None, "faults": [],
    }  # fmt: skip
    key = key_of(ground, overlay, arguments)
    values = {
        "key": key, "district_id": ground.district_id, "district_hash": ground.district_hash,
        "overlay": plain_text(overlay), "arguments": arguments.as_dict(), "program": ground.program,
        "standing": standing, **fresh,
    }  # fmt: skip
    made = unit.execute(_ADD[unit.connection.dialect.name], values).first()
    if made is not None:
        return made.id
    row = unit.execute(select(study_runs).where(study_runs.c.key == key).with_for_update()).mappings().one()
    changes: dict[str, Any] = fresh if row["state"] in ("failed", "cancelled") else {}
    if standing and not row["standing"]:
        changes = {**changes, "standing": True}
    if changes:
        unit.execute(update(study_runs).where(study_runs.c.id == row["id"]).values(changes))
    return row["id"]


def is_work(connection: Connection, now: datetime) -> bool:
    """Whether some run waits for a runner."""
    return connection.execute(select(study_runs.c.id).where(_open(now)).limit(1)).first() is not None


def claim(unit: Unit, runner: str) -> Claim | None:
    """Take the next run: the district's own plan first, then in the order of asking; None where there is none.

    A run that has outlived ``MOST_ATTEMPTS`` runners fails here, with the reason.
    """
    while True:
        query = select(study_runs).where(_open(unit.now)).order_by(study_runs.c.standing.desc(), study_runs.c.id)
        row = unit.execute(query.limit(1).with_for_update(skip_locked=True)).mappings().first()
        if row is None:
            return None
        if row["attempts"] < MOST_ATTEMPTS:
            values = {
                "state": "running", "claimed_by": runner, "beat_at": unit.now, "started_at": unit.now, "share": 0.0,
                "step": "opening", "attempts": row["attempts"] + 1,
            }  # fmt: skip
            unit.execute(update(study_runs).where(study_runs.c.id == row["id"]).values(values))
            return _claim(row, runner)
        _end(unit, row["id"], "failed", faults=[f"the process that ran it died {MOST_ATTEMPTS} times"])


def beat(unit: Unit, held: Claim, share: float, step: str) -> bool:
    """Tell that the work goes on; False where the run is no longer this runner's."""
    values = {"beat_at": unit.now, "share": min(max(share, 0.0), 1.0), "step": step}
    return unit.execute(update(study_runs).where(_mine(held)).values(values)).rowcount == 1


def is_held(connection: Connection, held: Claim) -> bool:
    """Whether the run is still this runner's: not cancelled, not taken up by another."""
    return connection.execute(select(study_runs.c.id).where(_mine(held))).first() is not None


def finish(unit: Unit, held: Claim, result: str, seconds: float, report: str | None = None) -> bool:
    """Keep the answer and its report; False, and nothing is kept, where the run is no longer this runner's."""
    kept = {"result": result, "report": report, "share": 1.0, "faults": []}
    return _end(unit, held.run_id, "done", held=held, seconds=seconds, **kept)


def fail(unit: Unit, held: Claim, faults: Sequence[str], seconds: float) -> bool:
    """Keep why there is no answer, as sentences."""
    return _end(unit, held.run_id, "failed", held=held, faults=list(faults), seconds=seconds)


def give_back(unit: Unit, held: Claim) -> None:
    """Put a run back into the queue, as if it had not been claimed: the server stops."""
    values = {
        "state": "queued", "claimed_by": None, "beat_at": None, "share": 0.0, "step": "", "started_at": None,
        "attempts": study_runs.c.attempts - 1,
    }  # fmt: skip
    unit.execute(update(study_runs).where(_mine(held)).values(values))


def stop_unwanted(unit: Unit, run_id: int) -> bool:
    """Cancel a waiting run that no study and not the district asks for any more; whether it was."""
    wanted = exists().where(studies.c.run_id == study_runs.c.id, studies.c.cancelled.is_(False))
    mine = and_(study_runs.c.id == run_id, study_runs.c.state.in_(WAITING), study_runs.c.standing.is_(False))
    values = {"state": "cancelled", "finished_at": unit.now, "claimed_by": None}
    return unit.execute(update(study_runs).where(mine, ~wanted).values(values)).rowcount == 1


def forget_old(unit: Unit, kept: timedelta = timedelta(days=30)) -> int:
    """Drop runs that are over, that no study names and that are not the district's own; how many."""
    named = exists().where(studies.c.run_id == study_runs.c.id)
    old = and_(
        study_runs.c.state.in_(OVER), study_runs.c.standing.is_(False), study_runs.c.finished_at < unit.now - kept
    )
    return unit.execute(delete(study_runs).where(old, ~named)).rowcount


def places_ahead(connection: Connection, run_id: int) -> int:
    """How many runs go before a queued one."""
    mine = select(study_runs.c.standing, study_runs.c.id).where(study_runs.c.id == run_id).subquery()
    first = or_(
        and_(study_runs.c.standing.is_(True), mine.c.standing.is_(False)),
        and_(study_runs.c.standing == mine.c.standing, study_runs.c.id < mine.c.id),
    )
    query = select(func.count()).select_from(study_runs).join(mine, first).where(study_runs.c.state.in_(WAITING))
    return connection.execute(query).scalar_one()


def progress_of(row: RowMapping, now: datetime, ahead: int = 0) -> dict[str, Any]:
    """Share done, step and seconds left of a run; what cannot be told yet is None."""
    left = None
    if row["state"] == "running" and row["share"] > 0.05 and row["started_at"] is not None:
        spent = (now - row["started_at"]).total_seconds()
        left = round(max(spent * (1 - row["share"]) / row["share"], 0.0), 1)
    return {
        "state": row["state"],
        "share": row["share"],
        "step": row["step"] if row["state"] == "running" else "",
        "left_s": left,
        "ahead": ahead,
        "faults": list(row["faults"]),
        "seconds": row["seconds"],
        "finished_at": row["finished_at"],
    }


def _open(now: datetime) -> Any:
    silent = and_(study_runs.c.state == "running", study_runs.c.beat_at < now - SILENT)
    return or_(study_runs.c.state == "queued", silent)


def _mine(held: Claim) -> Any:
    return and_(study_runs.c.id == held.run_id, study_runs.c.state == "running", study_runs.c.claimed_by == held.runner)


def _claim(row: RowMapping, runner: str) -> Claim:
    ground = Ground(row["district_id"], row["district_hash"], row["program"])
    return Claim(row["id"], runner, ground, row["overlay"], read_arguments(row["arguments"]), row["standing"])


def _end(unit: Unit, run_id: int, state: str, *, held: Claim | None = None, **values: Any) -> bool:
    mine = study_runs.c.id == run_id if held is None else _mine(held)
    step = {"state": state, "finished_at": unit.now, "claimed_by": None, **values}
    if unit.execute(update(study_runs).where(mine).values(step)).rowcount != 1:
        return False
    told = {"state": state, "seconds": values.get("seconds"), "faults": values.get("faults", [])}
    for study in unit.execute(select(studies.c.id).where(studies.c.run_id == run_id, studies.c.cancelled.is_(False))):
        unit.tell(f"study_{state}", f"study:{study.id}", after=told)
    unit.tell(f"run_{state}", f"run:{run_id}", after=told)
    return True


__all__ = [
    "Claim", "ask", "beat", "claim", "fail", "finish", "forget_old", "give_back", "is_held", "is_work",
    "places_ahead", "progress_of", "stop_unwanted",
]  # fmt: skip
