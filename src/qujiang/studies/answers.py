"""Answers as they are kept: JSON, deflated, in base64 so that every database and backup holds them as plain text."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from qujiang.errors import ConflictError, NotFoundError
from qujiang.store import Unit
from qujiang.store.schema_studies import study_runs
from qujiang.studies.question import Arguments, Ground, plain_text
from qujiang.studies.queue import ask


def pack(answer: Any) -> str:
    """The text that is kept of an answer."""
    told = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(told.encode(), 6)).decode()


def unpack_bytes(text: str) -> bytes:
    """The JSON of a kept answer, as it goes out."""
    return zlib.decompress(base64.b64decode(text))


def unpack(text: str) -> Any:
    """A kept answer."""
    return json.loads(unpack_bytes(text))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the district's own plan.

    ``run_id`` names the answer that is shown, None where there is none yet; ``is_current`` says that it is of this district and
    program and has all the futures that are asked for; ``is_of_district`` that it is of this district as it is now. ``waiting``
    names the run that is under way.
    """

    run_id: int | None
    is_current: bool
    is_of_district: bool
    futures: int
    waiting: int | None
    failed: tuple[str, ...]


def ask_standing(unit: Unit, ground: Ground, futures: int, seed: int = 1, scenarios: Sequence[str] = ()) -> None:
    """Ask for the district's own plan, the base future at once and many futures, and then for its scenarios (as TOML)."""
    for count in dict.fromkeys((0, futures)):
        ask(unit, ground, "", Arguments(count, seed if count else 1), standing=True)
    for overlay in scenarios:
        ask(unit, ground, overlay, Arguments(futures, seed if futures else 1), standing=True)


def standing(connection: Connection, ground: Ground, futures: int, overlay: str = "") -> Standing:
    """The best answer there is for the district's own plan, or one of its scenarios.

    It is of this district and program with most futures, else the latest.
    """
    columns = (study_runs.c.id, study_runs.c.district_hash, study_runs.c.program, study_runs.c.arguments,
               study_runs.c.state, study_runs.c.faults)  # fmt: skip
    mine = (
        study_runs.c.standing.is_(True),
        study_runs.c.district_id == ground.district_id,
        study_runs.c.overlay == plain_text(overlay),
    )
    rows = connection.execute(select(*columns).where(*mine).order_by(study_runs.c.id)).all()
    done = [row for row in rows if row.state == "done"]
    here = [row for row in rows if (row.district_hash, row.program) == (ground.district_hash, ground.program)]
    waiting = [row.id for row in here if row.state in ("queued", "running")]
    failed = tuple(fault for row in here if row.state == "failed" for fault in row.faults)
    if not done:
        return Standing(None, False, False, 0, waiting[0] if waiting else None, failed)

    def worth(row: Any) -> tuple[bool, bool, int, int]:
        of_district = row.district_hash == ground.district_hash
        return of_district, row.program == ground.program, row.arguments["futures"], row.id

    best = max(done, key=worth)
    of_district, of_program, count, _ = worth(best)
    current = of_district and of_program and count >= futures
    return Standing(best.id, current, of_district, count, waiting[0] if waiting else None, failed)


def has_report(connection: Connection, run_id: int) -> bool:
    """Whether a run's report is kept beside its answer."""
    known = select(study_runs.c.id).where(study_runs.c.id == run_id, study_runs.c.report.is_not(None))
    return connection.execute(known).first() is not None


def report_of(connection: Connection, run_id: int) -> str:
    """The report of a run, as its process wrote it.

    Raises
    ------
    NotFoundError
        There is none: the run was worked by a program that wrote none.
    """
    text = connection.execute(select(study_runs.c.report).where(study_runs.c.id == run_id)).scalar_one_or_none()
    if text is None:
        raise NotFoundError("there is no report of this answer: run it again")
    return unpack(text)


def answer_of(connection: Connection, run_id: int) -> bytes:
    """The JSON of a run's answer.

    Raises
    ------
    ConflictError
        The run has none, or none yet.
    """
    row = connection.execute(
        select(study_runs.c.state, study_runs.c.result).where(study_runs.c.id == run_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("no such run")
    if row.result is None:
        raise ConflictError(f"there is no answer: the run is {row.state}")
    return unpack_bytes(row.result)
