"""The plan behind API and pages: its district, the answers that are kept, and the runner that makes new ones."""

from __future__ import annotations

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
from qujiang.report.cockpit import FORMAT, read_cockpit
from qujiang.store import SYSTEM, Caller, Store
from qujiang.studies import Ground, Runner, Savers
from qujiang.web.pages.place import district_of, folder_of
from qujiang.web.settings import Settings
from qujiang.web.study_work import Limits, PlanWork

if TYPE_CHECKING:
    from qujiang.district import District

log = logging.getLogger("qujiang.web")
#: What computes: an answer of another version, or of another form, is computed anew.
PROGRAM = f"{__version__}/{FORMAT}"
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
    has_report: bool


@dataclass(frozen=True, slots=True)
class Which:
    """Which answer is meant: a study's, a scenario's of the district, or (neither) the plan as it stands."""

    study: str | None = None
    scenario: str | None = None


OWN = Which()


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
        return Ground(self.district.info.id, self.district.hash, PROGRAM)

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
        return self._standing(connection, "", "the plan is being computed for the first time: look again in a minute")

    def of_scenario(self, connection: Connection, name: str) -> Answered:
        """One of the district's own scenarios.

        Raises
        ------
        NotFoundError
            There is none of that name, or no answer yet.
        """
        return self._standing(
            connection, self.scenario_text(name), "this scenario is being computed: look again in a minute"
        )

    def scenario_text(self, name: str) -> str:
        """The TOML of one of the district's own scenarios.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        district = self.district
        if district.folder is None or name not in district.scenarios:
            raise NotFoundError(f"there is no scenario {name!r}")
        return (district.folder / "scenarios" / f"{name}.toml").read_text(encoding="utf-8-sig")

    def _standing(self, connection: Connection, overlay: str, none: str) -> Answered:
        known = studies.standing(connection, self.ground, self.settings.study_futures, overlay)
        if known.run_id is None:
            raise NotFoundError(known.failed[0] if known.failed and known.waiting is None else none)
        try:
            content = self._answer(known.run_id)
        except NotFoundError:  # of another format: the one of this program is being computed
            if known.waiting is None:
                raise
            raise NotFoundError(none) from None
        return Answered(
            content,
            known.run_id,
            known.is_current,
            known.is_of_district,
            known.waiting,
            known.failed,
            studies.has_report(connection, known.run_id),
        )

    def of_study(self, connection: Connection, caller: Caller, code: str) -> Answered:
        """The answer of a study, within the caller's scope."""
        row = studies.find(connection, caller, code)
        if row["state"] != "done" or row["cancelled"]:
            raise NotFoundError("the study has no answer yet")
        of_district = row["district_hash"] == self.ground.district_hash
        current = of_district and row["program"] == self.ground.program
        run_id = row["run_id"]
        has_report = studies.has_report(connection, run_id)
        return Answered(self._answer(run_id), run_id, current, of_district, None, (), has_report)

    def shown(self, connection: Connection, caller: Caller, which: Which) -> Answered:
        """A study's answer, a scenario's, or the district's own."""
        if which.study is not None:
            return self.of_study(connection, caller, which.study)
        return self.own(connection) if which.scenario is None else self.of_scenario(connection, which.scenario)

    def report(self, connection: Connection, caller: Caller, which: Which) -> tuple[Answered, str]:
        """The answer that is meant, and its report as its run wrote it.

        Raises
        ------
        NotFoundError
            There is no such answer, not for this caller, or it has no report.
        """
        known = self.shown(connection, caller, which)
        return known, studies.report_of(connection, known.run_id)

    def kept(self, name: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What was made of the district once."""
        if name not in self._kept:
            if len(self._kept) > HELD:
                self._kept.clear()
            self._kept[name] = make()
        return self._kept[name]

    def _read_answer(self, run_id: int) -> Mapping[str, Any]:
        with self.store.read() as connection:
            return read_cockpit(studies.answer_of(connection, run_id))

    def _begin(self) -> None:
        assert self.runner is not None
        try:
            ground = self.ground
            names = self.district.scenarios if self.settings.study_scenarios else ()
            scenarios = [self.scenario_text(name) for name in names]
            with self.store.write(SYSTEM) as unit:
                studies.forget_old(unit)
                studies.ask_standing(unit, ground, self.settings.study_futures, scenarios=scenarios)
            self.runner.start()
        except QujiangError as error:  # a faulty district: the desk works all the same, the plan's pages say it
            log.warning("no plan: %s", error)


def plans_of(request: Request) -> Plans:
    """The running application's plans."""
    return request.app.state.plans
