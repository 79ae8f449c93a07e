"""Saved scenarios: save, rename, share, cancel, run again, delete; each within the caller's scope and in the trail."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from qujiang.errors import ConflictError, DataError, Fault, ForbiddenError, NotFoundError, ThrottledError
from qujiang.store import Caller, Unit
from qujiang.store.schema import accounts
from qujiang.store.schema_studies import studies, study_runs
from qujiang.studies import access, queue
from qujiang.studies.overlay import check_size
from qujiang.studies.question import Arguments, Ground, check_arguments, plain_text, read_arguments

VISIBILITIES = ("private", "link", "public")
#: Studies of one account that may wait or run at once, and of all accounts together.
MOST_WAITING, MOST_WAITING_ALL = 5, 200
#: Studies that one account may keep.
MOST_KEPT = 500
LONGEST_TITLE = 200
#: 25 signs of base 64 cannot be guessed.
_CODE_BYTES = 18
_RUN = (
    study_runs.c.state, study_runs.c.share, study_runs.c.step, study_runs.c.started_at, study_runs.c.finished_at,
    study_runs.c.seconds, study_runs.c.faults, study_runs.c.district_hash, study_runs.c.program,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be saved; ``overlay`` is TOML text, already checked against the district."""

    title: str
    overlay: str
    arguments: Arguments
    visibility: str = "private"


def save(unit: Unit, ground: Ground, draft: Draft, savers: access.Savers = "staff") -> dict[str, Any]:
    """Save a study and ask for its run; an answer that exists already is taken at once.

    Raises
    ------
    DataError
        Title, visibility, arguments or the overlay's length are at fault.
    ThrottledError
        Too many studies of this account, or of all, are waiting.
    ConflictError
        The account keeps too many studies.
    """
    access.allow_save(unit.caller, savers)
    _check(draft.title, draft.visibility)
    check_arguments(draft.arguments)
    check_size(draft.overlay)
    _check_room(unit)
    run_id = queue.ask(unit, ground, draft.overlay, draft.arguments)
    code = secrets.token_urlsafe(_CODE_BYTES)
    values = {
        "code": code, "account_id": unit.caller.account_id, "title": draft.title.strip(),
        "visibility": draft.visibility, "overlay": plain_text(draft.overlay), "arguments": draft.arguments.as_dict(),
        "run_id": run_id, "cancelled": False, "created_at": unit.now, "updated_at": unit.now, "version": 1,
    }  # fmt: skip
    number = unit.execute(insert(studies).values(values).returning(studies.c.id)).scalar_one()
    told = {"visibility": draft.visibility, **draft.arguments.as_dict(), "run": run_id}
    unit.tell("study_saved", f"study:{number}", after=told)
    return {"code": code, "version": 1, "state": _state(find(unit.connection, unit.caller, code))}


def edit(unit: Unit, code: str, version: int, *, title: str | None = None, visibility: str | None = None) -> int:
    """Rename a study or share it otherwise; its new version."""
    row = _changeable(unit, code, version)
    changes = {
        "title": title.strip() if title is not None else row["title"],
        "visibility": visibility or row["visibility"],
    }
    _check(changes["title"], changes["visibility"])
    before = {name: row[name] for name in changes}
    unit.tell("study_edited", f"study:{row['id']}", before=before, after=changes)
    return _store(unit, row, changes)


def run_again(unit: Unit, ground: Ground, code: str, version: int) -> int:
    """Ask for the run anew: of a cancelled or failed study, or on the district as it is now; the new version."""
    row = _changeable(unit, code, version)
    _check_room(unit)
    run_id = queue.ask(unit, ground, row["overlay"], read_arguments(row["arguments"]))
    unit.tell("study_asked_again", f"study:{row['id']}", before={"run": row["run_id"]}, after={"run": run_id})
    new = _store(unit, row, {"run_id": run_id, "cancelled": False})
    if run_id != row["run_id"]:
        queue.stop_unwanted(unit, row["run_id"])
    return new


def cancel(unit: Unit, code: str, version: int) -> int:
    """Stop asking; the run ends unless another study asks for it too. The new version."""
    row = _stoppable(unit, code, version, "cancel")
    if _state(row) not in queue.WAITING:
        raise ConflictError(f"the study is {_state(row)}: there is nothing to cancel", row["version"])
    new = _store(unit, row, {"cancelled": True})
    queue.stop_unwanted(unit, row["run_id"])
    unit.tell("study_cancelled", f"study:{row['id']}")
    return new


def remove(unit: Unit, code: str, version: int) -> None:
    """Delete a study; its run ends unless another study asks for it too. The trail keeps that it was."""
    row = _stoppable(unit, code, version, "delete")
    unit.execute(delete(studies).where(studies.c.id == row["id"]))
    queue.stop_unwanted(unit, row["run_id"])
    unit.tell("study_deleted", f"study:{row['id']}", before={"title": row["title"], "visibility": row["visibility"]})


def find(connection: Connection, caller: Caller, code: str, *, lock: bool = False) -> RowMapping:
    """A study with its run, within the caller's scope.

    Raises
    ------
    NotFoundError
        There is none of that code, or not for this caller: both sound alike.
    """
    query = (
        select(studies, accounts.c.display_name, accounts.c.name.label("owner"), *_RUN)
        .join(study_runs, study_runs.c.id == studies.c.run_id)
        .join(accounts, accounts.c.id == studies.c.account_id)
        .where(studies.c.code == code, access.by_code(caller))
    )
    row = connection.execute(query.with_for_update(of=studies) if lock else query).mappings().first()
    if row is None:
        raise NotFoundError("there is no such study, or it is not shared with you")
    return row


def shown(connection: Connection, caller: Caller, ground: Ground, code: str, now: datetime) -> dict[str, Any]:
    """One study with its progress, and what this caller may do with it."""
    row = find(connection, caller, code)
    return _shown(row, caller, ground) | {"overlay": row["overlay"], "progress": _progress(connection, row, now)}


def progress(connection: Connection, caller: Caller, code: str, now: datetime) -> dict[str, Any]:
    """How far the run is."""
    return _progress(connection, find(connection, caller, code), now)


def listed(
    connection: Connection,
    caller: Caller,
    ground: Ground,
    *,
    mine: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Public studies and the caller's own, the newest first; ``next`` is the ``before`` of the following page."""
    conditions = [access.in_lists(caller)]
    if mine:
        conditions.append(studies.c.account_id == caller.account_id)
    if before is not None:
        conditions.append(studies.c.id < before)
    query = (
        select(studies, accounts.c.display_name, accounts.c.name.label("owner"), *_RUN)
        .join(study_runs, study_runs.c.id == studies.c.run_id)
        .join(accounts, accounts.c.id == studies.c.account_id)
        .where(*conditions)
        .order_by(studies.c.id.desc())
        .limit(limit + 1)
    )
    rows = connection.execute(query).mappings().all()
    page = rows[:limit]
    return {
        "studies": [_shown(row, caller, ground) for row in page],
        "next": page[-1]["id"] if len(rows) > limit else None,
    }


def _shown(row: RowMapping, caller: Caller, ground: Ground) -> dict[str, Any]:
    owner = row["account_id"]
    return {
        "code": row["code"],
        "version": row["version"],
        "title": row["title"],
        "owner": row["display_name"] or row["owner"],
        "mine": caller.account_id == owner and owner is not None,
        "may_change": access.may_change(caller, owner),
        "may_stop": access.may_stop(caller, owner),
        "visibility": row["visibility"],
        "arguments": row["arguments"],
        "state": _state(row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "run_id": row["run_id"],
        "district_hash": row["district_hash"],
        "program": row["program"],
        "is_of_district": row["district_hash"] == ground.district_hash,
        "share": row["share"],
        "seconds": row["seconds"],
        "faults": list(row["faults"]),
    }


def _state(row: RowMapping) -> str:
    return "cancelled" if row["cancelled"] else row["state"]


def _progress(connection: Connection, row: RowMapping, now: datetime) -> dict[str, Any]:
    ahead = queue.places_ahead(connection, row["run_id"]) if row["state"] == "queued" else 0
    return queue.progress_of(row, now, ahead) | {"state": _state(row), "version": row["version"]}


def _stoppable(unit: Unit, code: str, version: int, verb: str) -> RowMapping:
    row = find(unit.connection, unit.caller, code, lock=True)
    if not access.may_stop(unit.caller, row["account_id"]):
        raise ForbiddenError(f"only its owner or an administrator may {verb} a study")
    return _seen(row, version)


def _changeable(unit: Unit, code: str, version: int) -> RowMapping:
    row = find(unit.connection, unit.caller, code, lock=True)
    if not access.may_change(unit.caller, row["account_id"]):
        raise ForbiddenError("only its owner may change a study; save a copy of your own")
    return _seen(row, version)


def _seen(row: RowMapping, version: int) -> RowMapping:
    if row["version"] != version:
        raise ConflictError(f"the study was changed meanwhile: it is at version {row['version']}", row["version"])
    return row


def _store(unit: Unit, row: RowMapping, changes: dict[str, Any]) -> int:
    version = row["version"] + 1
    values = {**changes, "version": version, "updated_at": unit.now}
    unit.execute(update(studies).where(studies.c.id == row["id"]).values(values))
    return version


def _check(title: str, visibility: str) -> None:
    faults = []
    if not title.strip():
        faults.append(Fault("study", None, "title", title, "must not be empty", "give it a name"))
    if len(title.strip()) > LONGEST_TITLE:
        faults.append(Fault("study", None, "title", None, f"has more than {LONGEST_TITLE} signs", "shorten it"))
    if visibility not in VISIBILITIES:
        rule = f"must be one of {', '.join(VISIBILITIES)}"
        faults.append(Fault("study", None, "visibility", visibility, rule, "choose one"))
    if faults:
        raise DataError(faults)


def _check_room(unit: Unit) -> None:
    mine = studies.c.account_id == unit.caller.account_id
    waiting = (
        select(func.count())
        .select_from(studies)
        .join(study_runs, study_runs.c.id == studies.c.run_id)
        .where(study_runs.c.state.in_(queue.WAITING), studies.c.cancelled.is_(False))
    )
    if unit.execute(waiting.where(mine)).scalar_one() >= MOST_WAITING:
        raise ThrottledError(f"{MOST_WAITING} studies of yours wait or run already: let one end or cancel it", 30)
    if unit.execute(waiting).scalar_one() >= MOST_WAITING_ALL:
        raise ThrottledError(f"{MOST_WAITING_ALL} studies wait already: try again later", 300)
    if unit.execute(select(func.count()).select_from(studies).where(mine)).scalar_one() >= MOST_KEPT:
        raise ConflictError(f"you keep {MOST_KEPT} studies: delete some first")
