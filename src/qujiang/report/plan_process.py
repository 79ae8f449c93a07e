"""A plan tested in a process of its own: one question in, lines of progress out, then the answer or the reasons.

``python -m qujiang.report.plan_process`` reads one line of JSON from its input: ``folder``, ``hash`` (of the district that is
meant), ``overlay`` (TOML text, may be empty), ``futures``, ``seed``, ``nice``. It writes one JSON object a line: ``{"share", "step"}``
while it works, at the end ``{"answer", "report"}`` (both packed) or ``{"faults"}``. When its input closes, whoever asked is gone, and it ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qujiang.district import District
    from qujiang.plan.result import PlanResult, Projects
    from qujiang.plan.years import YearFlows

#: Share of the work that each step begins at, without and with futures.
STEPS = {False: {"opening": 0.0, "base": 0.3, "years": 0.7, "writing": 0.95},
         True: {"opening": 0.0, "base": 0.05, "futures": 0.15, "years": 0.9, "writing": 0.97}}  # fmt: skip
#: Called with the share done and the step.
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Tested:
    """A tested plan: its result, the district with its scenario, flows by year, and what each project moves alone (None: not asked)."""

    result: PlanResult
    district: District
    years: tuple[YearFlows, ...]
    projects: Projects | None

    def answer(self) -> dict[str, Any]:
        """What the pages show."""
        from qujiang.report.cockpit import cockpit

        projects = None if self.projects is None else self.projects.as_dict()
        return cockpit(self.result, self.district, self.years) | {"projects": projects}

    def report(self) -> str:
        """The self-contained page, with what each project moves; it holds both languages."""
        from qujiang.report.page import report_html

        return report_html(replace(self.result, projects=self.projects), self.district)


def answer_plan(question: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What the pages show of the plan that a question means."""
    return try_plan(question, tell).answer()


def try_plan(question: Mapping[str, Any], tell: Tell) -> Tested:
    """Test the plan that a question means.

    Raises
    ------
    QujiangError
        The district or the overlay is at fault, or the district is no longer the one that was meant.
    """
    from qujiang.district import District
    from qujiang.errors import ScenarioError
    from qujiang.plan import test_futures, test_plan
    from qujiang.plan.years import flows_by_year
    from qujiang.studies import as_file

    count, overlay = int(question["futures"]), str(question["overlay"])
    steps = STEPS[count > 0]

    def futures_done(done: int, of: int) -> None:
        tell(steps["futures"] + (steps["years"] - steps["futures"]) * done / of, "futures")

    tell(steps["opening"], "opening")
    district = District.open(question["folder"])
    if district.hash != question["hash"]:
        raise ScenarioError("the district's files changed since this was asked: ask again")
    with as_file(overlay) if overlay else nullcontext(None) as path:
        scenario = None if path is None else str(path)
        overlaid = district if scenario is None else district.with_scenario(scenario)
        tell(steps["base"], "base")
        if count:
            result = test_futures(district, scenario, count=count, seed=int(question["seed"]), progress=futures_done)
        else:
            result = test_plan(district, scenario)
    tell(steps["years"], "years")
    years = flows_by_year(district, overlaid, {row["name"]: row["after"] for row in result.calibration})
    gains = project_gains(district) if count and not overlay else None
    tell(steps["writing"], "writing")
    return Tested(result, overlaid, years, gains)


def project_gains(district: District) -> Projects | None:
    """What each project with a declared effect moves by the target year, alone; None where none has one."""
    from qujiang.plan.projects import Trials, find_gains
    from qujiang.plan.result import Projects

    if "project_effects" not in district or district["project_effects"].height == 0:
        return None
    trials = Trials.of(district)
    return Projects(trials.year, find_gains(trials))


def faults_of(error: Exception) -> list[str]:
    """An error as sentences."""
    faults = getattr(error, "faults", None)
    return [str(fault) for fault in faults] if faults else [str(error)]


def main() -> None:
    """One question from the input, one answer to the output."""
    from qujiang.errors import QujiangError
    from qujiang.studies import pack

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints goes to stderr
    question = json.loads(sys.stdin.readline())
    os.nice(int(question.get("nice", 0)))
    threading.Thread(target=_end_with_the_asker, daemon=True).start()

    def say(line: Mapping[str, Any]) -> None:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        out.flush()

    try:
        tested = try_plan(question, lambda share, step: say({"share": share, "step": step}))
        say({"answer": pack(tested.answer()), "report": pack(tested.report())})
    except QujiangError as error:
        say({"faults": faults_of(error)})


def _end_with_the_asker() -> None:
    while sys.stdin.buffer.raw.read(1024):  # type: ignore[attr-defined]
        pass
    os._exit(3)


if __name__ == "__main__":
    main()
