"""The plan behind API and pages: its district, the answers that are kept, and the runner that makes new ones."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from sqlalchemy import Connection

from qujiang import __version__, studies
from qujiang.errors import NotFoundError, QujiangError
from qujiang.store import SYSTEM, Caller, Store
from qujiang.studies import Ground, Runner, Savers
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.settings import Settings
from qujiang.web.study_work import Limits, PlanWork

if TYPE_CHECKING:
    from qujiang.district import District

log = logging.getLogger("qujiang.web")
#: Answers that are held unpacked; each takes a few megabytes.
HELD = 24


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is shown: its content, a mark that changes with it, and what is to be said about its age."""

    content: Mapping[str, Any]
    run_id: int
    is_current: bool
    is_of_district: bool
    waiting: int | None
    failed: tuple[str, ...]


class Plans:
    """The district's plan while the application runs."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        work = PlanWork(folder_of(settings), Limits(settings.study_minutes, settings.study_memory_mb))
        self.runner = Runner(store, work, every_s=settings.study_every_s) if settings.study_every_s else None
        self._begun: threading.Thread | None = None
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._answer = lru_cache(maxsize=HELD)(self._read_answer)

    @property
    def savers(self) -> Savers:
        """Who may save studies."""
        return "accounts" if self.settings.open_studies else "staff"

    @property
    def district(self) -> District:
        """The district, read and checked once."""
        return district_of(self.settings)

    @property
    def ground(self) -> Ground:
        """The district as it is and this program."""
        return Ground(self.district.info.id, self.district.hash, __version__)

    def start(self) -> None:
        """Ask for the district's own plan and begin to work the queue, beside the server's start."""
        if self.runner is not None:
            self._begun = threading.Thread(target=self._begin, name="plans", daemon=True)
            self._begun.start()

    def stop(self) -> None:
        """Give back what is being worked."""
        if self._begun is not None:
            self._begun.join(30)
        if self.runner is not None:
            self.runner.stop()

    def wake(self) -> None:
        """There may be work."""
        if self.runner is not None:
            self.runner.wake()

    def own(self, connection: Connection) -> Answered:
        """The district's own plan.

        Raises
        ------
        NotFoundError
            There is no answer yet.
        """
        known = studies.standing(connection, self.ground, self.settings.study_futures)
        if known.run_id is None:
            raise NotFoundError("the plan is being computed for the first time: look again in a minute")
        return Answered(
            self._answer(known.run_id),
            known.run_id,
            known.is_current,
            known.is_of_district,
            known.waiting,
            known.failed,
        )

    def of_study(self, connection: Connection, caller: Caller, code: str) -> Answered:
        """The answer of a study, within the caller's scope."""
        row = studies.find(connection, caller, code)
        if row["state"] != "done" or row["cancelled"]:
            raise NotFoundError("the study has no answer yet")
        of_district = row["district_hash"] == self.ground.district_hash
        current = of_district and row["program"] == self.ground.program
        return Answered(self._answer(row["run_id"]), row["run_id"], current, of_district, None, ())

    def shown(self, connection: Connection, caller: Caller, code: str | None) -> Answered:
        """A study's answer, or the district's own."""
        return self.own(connection) if code is None else self.of_study(connection, caller, code)

    def kept(self, name: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What was made of the district once."""
        if name not in self._kept:
            if len(self._kept) > HELD:
                self._kept.clear()
            self._kept[name] = make()
        return self._kept[name]

    def _read_answer(self, run_id: int) -> Mapping[str, Any]:
        with self.store.read() as connection:
            return json.loads(studies.answer_of(connection, run_id))

    def _begin(self) -> None:
        assert self.runner is not None
        try:
            with self.store.write(SYSTEM) as unit:
                studies.forget_old(unit)
                studies.ask_standing(unit, self.ground, self.settings.study_futures)
            self.runner.start()
        except QujiangError as error:  # a faulty district: the desk works all the same, the plan's pages say it
            log.warning("no plan: %s", error)


def plans_of(request: Request) -> Plans:
    """The running application's plans."""
    return request.app.state.plans
